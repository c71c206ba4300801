"""Softmax and what is made of it; normalisation to mean 0 and variance 1, or to root mean square 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .policy import compiled

FEW = 1024
"""Elements from which on the compiled forms are faster: at 512 some take as long as NumPy's."""
SOME = 4096
"""The same where NumPy has few passes to make, and twice that where it has fewest."""


@compiled("norm", FEW)
def softmax(x: Any, *, axis: int) -> Any:
    """`exp(x_i) / sum_j exp(x_j)` along an axis, without overflow."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True, initial=-np.inf))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


@compiled("norm", FEW)
def log_softmax(x: Any, *, axis: int) -> Any:
    """`x_i - log(sum_j exp(x_j))` along an axis, without overflow."""
    shifted = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    shifted -= np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))
    return shifted


@compiled("norm", SOME)
def softmax_slope(g: Any, s: Any, *, axis: int) -> Any:
    """`s (g - sum(g s))`."""
    product = g * s
    out = g - np.add.reduce(product, axis=axis, keepdims=True)
    out *= s
    return out


@compiled("norm", SOME)
def log_softmax_slope(g: Any, s: Any, *, axis: int) -> Any:
    """`g - e^s sum(g)`."""
    out = np.exp(s)
    out *= np.add.reduce(g, axis=axis, keepdims=True)
    return np.subtract(g, out, out=out)


# -- normalisation -----------------------------------------------------------------------------------------
#
# A scale of 1.0 and a shift of 0.0, Python's numbers, stand for none and cost nothing.

Axes = tuple[int, ...]


def _mean(x: Any, axis: Axes) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=True) / x.dtype.type(max(math.prod(x.shape[i] for i in axis), 1))


@compiled("norm", SOME)
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


@compiled("norm", FEW)
def standardize(x: Any, weight: Any, bias: Any, *, axis: Axes, eps: float) -> tuple[Any, tuple[Any, Any]]:
    """`(x - mean) / sqrt(var + eps) weight + bias` with mean and variance over axes."""
    return _scaled(x, *moments(x, axis=axis), weight, bias, eps)


@compiled("norm", FEW)
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


@compiled("norm", SOME)
def batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, var: Any, *, axis: Axes, eps: float
) -> tuple[Any, tuple[Any, Any]]:
    """`standardize` where the moments are at hand."""
    return _scaled(x, mean, var, weight, bias, eps)


@compiled("norm", FEW)
def batch_norm_vjp(
    g: Any, x: Any, weight: Any, bias: Any, saved: Any, needs: tuple[bool, ...], *, axis: Axes
) -> tuple[Any, Any, Any, None, None]:
    """Those of `standardize`: the moments are x's own, and the gradient by x contains what goes through them."""
    return *standardize_vjp(g, x, weight, bias, saved, needs[:3], axis=axis), None, None


@compiled("norm", 2 * SOME)
def rms_norm(x: Any, weight: Any, *, axis: Axes, eps: float) -> tuple[Any, Any]:
    """`x / sqrt(mean(x^2) + eps) weight`, and the reciprocal of that root."""
    scale = 1 / np.sqrt(_mean(x * x, axis) + eps)
    out = x * scale
    if type(weight) is not float:
        out *= weight
    return out, scale


@compiled("norm", SOME)
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
