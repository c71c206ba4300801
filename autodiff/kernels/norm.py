"""Softmax and what is made of it; normalisation to mean 0 and variance 1, or to root mean square 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def softmax(x: Any, *, axis: int) -> Any:
    """`exp(x_i) / sum_j exp(x_j)` along an axis, without overflow."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def log_softmax(x: Any, *, axis: int) -> Any:
    """`x_i - log(sum_j exp(x_j))` along an axis, without overflow."""
    shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))
    return shifted


def check_classes(targets: Any, classes: int) -> None:
    """Raise IndexError naming the first class index outside 0 .. classes-1."""
    if targets.size and (targets.min() < 0 or targets.max() >= classes):
        at = int(np.flatnonzero((targets < 0) | (targets >= classes))[0])
        raise IndexError(f"class index {targets.ravel()[at]} at position {at} is outside 0 .. {classes - 1}")


def cross_entropy(logits: Any, targets: Any, *, reduction: str) -> tuple[Any, tuple[Any, Any]]:
    """`-log softmax(logits)[target]` per row, reduced; returns the loss, and two numbers of each row.

    logits: (n, classes); targets: (n,) class indices. The numbers are the row's maximum and the logarithm of
    its sum of `exp(logit - maximum)`; added up, they would lose the second where logits are large.
    """
    check_classes(targets, logits.shape[1])
    rows = np.arange(len(targets))
    top = np.maximum.reduce(logits, axis=1, keepdims=True, initial=-np.inf)  # (n, 1)
    shifted = logits - top
    log_sum = np.log(np.add.reduce(np.exp(shifted), axis=1, keepdims=True))  # (n, 1)
    losses = log_sum[:, 0] - shifted[rows, targets]
    if reduction == "none":
        return losses, (top, log_sum)
    total = np.add.reduce(losses)
    return (total if reduction == "sum" else total / len(targets)), (top, log_sum)


def cross_entropy_vjp(g: Any, logits: Any, targets: Any, saved: Any, *, reduction: str) -> tuple[Any, None]:
    """`g (softmax(logits) - onehot(target))` per row, from the numbers that the forward saved."""
    top, log_sum = saved
    grad = logits - top
    grad -= log_sum
    np.exp(grad, out=grad)
    grad[np.arange(len(targets)), targets] -= 1
    if reduction == "mean":
        g = g / len(targets)
    grad *= g[:, None] if reduction == "none" else g
    return grad, None


# -- normalisation -----------------------------------------------------------------------------------------
#
# A scale of 1.0 and a shift of 0.0, Python's numbers, stand for none and cost nothing.

Axes = tuple[int, ...]


def _mean(x: Any, axis: Axes) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=True) / x.dtype.type(max(math.prod(x.shape[i] for i in axis), 1))


def moments(x: Any, *, axis: Axes) -> tuple[Any, Any]:
    """Mean and variance (divisor n) over axes, which stay as axes of length 1."""
    mean = _mean(x, axis)
    centred = x - mean
    centred *= centred
    return mean, _mean(centred, axis)


def _scaled(x: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, tuple[Any, Any]]:
    """`(x - mean) / sqrt(var + eps) weight + bias`, and what its gradient needs: mean and `1 / sqrt(var + eps)`."""
    rstd = 1 / np.sqrt(var + eps)
    out = x - mean
    out *= rstd
    if type(weight) is not float:
        out *= weight
    if type(bias) is not float:
        out += bias
    return out, (mean, rstd)


def standardize(x: Any, weight: Any, bias: Any, *, axis: Axes, eps: float) -> tuple[Any, tuple[Any, Any]]:
    """`(x - mean) / sqrt(var + eps) weight + bias` with mean and variance over axes."""
    return _scaled(x, *moments(x, axis=axis), weight, bias, eps)


def standardize_vjp(
    g: Any, x: Any, weight: Any, bias: Any, saved: Any, needs: tuple[bool, ...], *, axis: Axes
) -> tuple[Any, Any, Any]:
    """With y = (x - mean) rstd and u = g weight: `rstd (u - mean(u) - y mean(u y))`, sums of `g y`, sums of `g`."""
    mean, rstd = saved
    y = x - mean
    y *= rstd
    product = g * y
    dweight = sum_to(product, np.shape(weight)) if needs[1] else None
    dbias = sum_to(g, np.shape(bias)) if needs[2] else None
    if not needs[0]:
        return None, dweight, dbias
    if type(weight) is not float:
        product *= weight
    y *= _mean(product, axis)
    dx = np.multiply(g, weight, out=product)
    dx -= _mean(dx, axis)
    dx -= y
    dx *= rstd
    return dx, dweight, dbias


def batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, var: Any, *, axis: Axes, eps: float
) -> tuple[Any, tuple[Any, Any]]:
    """`standardize` where the moments are at hand."""
    return _scaled(x, mean, var, weight, bias, eps)


def batch_norm_vjp(
    g: Any, x: Any, weight: Any, bias: Any, saved: Any, needs: tuple[bool, ...], *, axis: Axes
) -> tuple[Any, Any, Any, None, None]:
    """Those of `standardize`: the moments are x's own, and the gradient by x contains what goes through them."""
    return *standardize_vjp(g, x, weight, bias, saved, needs[:3], axis=axis), None, None


def rms_norm(x: Any, weight: Any, *, axis: Axes, eps: float) -> tuple[Any, Any]:
    """`x / sqrt(mean(x^2) + eps) weight`, and the reciprocal of that root."""
    scale = 1 / np.sqrt(_mean(x * x, axis) + eps)
    out = x * scale
    if type(weight) is not float:
        out *= weight
    return out, scale


def rms_norm_vjp(g: Any, x: Any, weight: Any, saved: Any, needs: tuple[bool, bool], *, axis: Axes) -> tuple[Any, Any]:
    """With y = x scale and u = g weight: `scale (u - y mean(u y))`, and sums of `g y`."""
    y = x * saved
    product = g * y
    dweight = sum_to(product, np.shape(weight)) if needs[1] else None
    if not needs[0]:
        return None, dweight
    if type(weight) is not float:
        product *= weight
    y *= _mean(product, axis)
    dx = np.multiply(g, weight, out=product)
    dx -= y
    dx *= saved
    return dx, dweight


def sum_to(x: Any, shape: Axes) -> Any:
    """Sum over the axes along which something of this shape was broadcast to x."""
    more = x.ndim - len(shape)
    axis = (*range(more), *(more + i for i, n in enumerate(shape) if n == 1 < x.shape[more + i]))
    return np.add.reduce(x, axis=axis, keepdims=True).reshape(shape)


def window_sum(x: Any, *, axis: int, before: int, after: int) -> Any:
    """The sum of each element, so many before it and so many after it along an axis."""
    n, out = x.shape[axis], x.copy()
    x, moved = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    for k in range(1, min(before, n - 1) + 1):
        moved[k:] += x[:-k]
    for k in range(1, min(after, n - 1) + 1):
        moved[:-k] += x[k:]
    return out
