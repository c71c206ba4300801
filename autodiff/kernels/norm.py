"""Softmax and what is made of it."""

from __future__ import annotations

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
