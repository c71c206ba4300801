"""Weights of attention, in place and in one pass over each row of scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..policy import loop, uses
from ..threads import share
from . import vector
from .norm import NARROW

LEAST = 1 << 14  # elements for a thread


@loop("void(T[:, ::1], int64, int64, int64, T)")
def _weigh(scores: Any, length: Any, first: Any, causal: Any, scale: Any) -> None:
    """Rows of `scale scores`, number `first` and on of matrices of `length` rows."""
    number = type(scale)
    for r in range(len(scores)):
        seen = min((first + r) % length + 1, scores.shape[1]) if causal else scores.shape[1]
        row, rest, total = scores[r][:seen], scores[r][seen:], number(0)
        if scale != number(1):
            for i in range(row.size):
                row[i] *= scale
        top = vector.top(row)
        top = number(0) if top == number(-np.inf) else top
        for i in range(row.size):
            e = vector.exp(row[i] - top)
            row[i] = e
            total += e
        part = number(1) if total == number(0) else number(1) / total
        for i in range(row.size):
            row[i] *= part
        for i in range(rest.size):
            rest[i] = number(0)


def _run(scores: Any, causal: bool, scale: float) -> Any:
    length, source = scores.shape[-2:]
    rows, number = scores.reshape(-1, source), scores.dtype.type(scale)
    share(lambda start, stop: _weigh(rows[start:stop], length, start, causal, number), len(rows), LEAST // source)
    return scores


@uses(_weigh)
def masked_softmax(scores: Any, *, axis: int = -1) -> Any:
    """Error: 3 ulp, and that of the sum."""
    if axis not in (-1, scores.ndim - 1) or scores.ndim < 2 or scores.shape[-1] < NARROW or not scores.flags.carray:
        return None
    return _run(scores.copy(), False, 1)


@uses(_weigh)
def weights_of(scores: Any, *, scale: float, causal: bool) -> Any:
    """Error: that of `masked_softmax`, for scores rounded once more."""
    if scores.shape[-1] < NARROW or not scores.flags.carray:
        return None
    return _run(scores, causal, scale)


@loop("void(T[:, ::1], T[:, ::1], T)")
def _pull(g: Any, weights: Any, scale: Any) -> None:
    for r in range(len(g)):
        dy, row, total = g[r], weights[r], type(scale)(0)
        for i in range(row.size):
            total += dy[i] * row[i]
        for i in range(row.size):
            dy[i] = (dy[i] - total) * (row[i] * scale)


@uses(_pull)
def weights_slope(g: Any, weights: Any, *, scale: float) -> Any:
    """Error: that of the sum, and 3 roundings."""
    if g.shape != weights.shape or g.dtype != weights.dtype or not (g.flags.carray and weights.flags.carray):
        return None
    rows, others, number = g.reshape(-1, g.shape[-1]), weights.reshape(-1, g.shape[-1]), g.dtype.type(scale)
    share(lambda start, stop: _pull(rows[start:stop], others[start:stop], number), len(rows), LEAST // g.shape[-1])
    return g
