"""Losses in one pass over memory each way."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..loss import SOME, given, reduced
from ..policy import loop, uses
from . import vector

NONE = -(1 << 40)  # rows that count, if a class does not exist
BLOCK = 4096  # numbers whose squares are summed up by themselves
LEAST = 1 << 16  # elements for a thread: measured, two gain from twice as many on
PLAIN = 4  # times as many, where there are no exponentials


@loop("void(T[:, ::1], int64[::1], T[::1], T[::1], T[::1], T[::1], int64[::1], int64, T, int64, int64)", shared="range")
def _cross_entropy(
    logits: Any, targets: Any, weight: Any, tops: Any, log_sums: Any, losses: Any, counts: Any, ignore: Any,
    smoothing: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    """`counts[start]` is how many rows count; far below zero if a class does not exist."""
    number, counted = type(smoothing), 0
    for r in range(start, stop):
        row, target = logits[r], targets[r]
        top, total = vector.top(row), number(0)
        for i in range(row.size):
            total += vector.exp(row[i] - top)
        log_sum = vector.log(total)
        tops[r], log_sums[r], losses[r] = top, log_sum, number(0)
        if target == ignore:
            continue
        if target < 0 or target >= row.size:
            counted = NONE
            break
        counted += 1
        loss = (log_sum - (row[target] - top)) * weight[target if len(weight) > 1 else 0]
        if smoothing > number(0):
            every = number(0)
            for i in range(row.size):
                every += (log_sum - (row[i] - top)) * weight[i if len(weight) > 1 else 0]
            loss = (number(1) - smoothing) * loss + smoothing / number(row.size) * every
        losses[r] = loss
    if stop > start:
        counts[start] = counted


@loop("void(T[::1], T[:, ::1], int64[::1], T[::1], T[::1], T[::1], T[:, ::1], int64, T, int64, int64)", shared="range")
def _cross_entropy_pulled(
    g: Any, logits: Any, targets: Any, weight: Any, tops: Any, log_sums: Any, out: Any, ignore: Any, smoothing: Any,
    start: Any, stop: Any,
) -> None:  # fmt: skip
    number = type(smoothing)
    each = smoothing / number(logits.shape[1])
    every = number(0)
    for i in range(logits.shape[1]):
        every += weight[i if len(weight) > 1 else 0] * each
    for r in range(start, stop):
        row, y, target, top, log_sum = logits[r], out[r], targets[r], tops[r], log_sums[r]
        if target == ignore:
            for i in range(row.size):
                y[i] = number(0)
            continue
        dy = g[r if len(g) > 1 else 0]
        one = (number(1) - smoothing) * weight[target if len(weight) > 1 else 0]
        whole = one + every
        for i in range(row.size):
            y[i] = dy * (vector.exp((row[i] - top) - log_sum) * whole)
        y[target] -= dy * one
        if smoothing > number(0):
            for i in range(row.size):
                y[i] -= dy * (each * weight[i if len(weight) > 1 else 0])


def _rows(logits: Any, targets: Any, weight: Any) -> Any:
    """Targets as integers of 64 bits and weights as a vector, if the loops are for them; of no weights one 1."""
    if logits.ndim != 2 or targets.dtype.kind != "i" or not logits.flags.carray:
        return None
    weight = np.asarray(weight)
    if weight.ndim and (weight.dtype != logits.dtype or len(weight) < 2):
        return None
    targets, weight = targets.astype(np.int64, copy=not targets.flags.carray), weight.reshape(-1).astype(logits.dtype)
    return targets, weight


@uses(_cross_entropy)
def cross_entropy(
    logits: Any, targets: Any, weight: Any, *, reduction: str, ignore_index: int, smoothing: float
) -> Any:
    """Error: 3 ulp of the larger of the sum's logarithm and the logit below the largest."""
    found = _rows(logits, targets, weight)
    if found is None:
        return None
    targets, weight = found
    n, number = len(targets), logits.dtype.type(smoothing)
    tops, log_sums, losses = np.empty((3, n), logits.dtype)
    counts = np.zeros(n, np.int64)
    args = logits, targets, weight, tops, log_sums, losses, counts, ignore_index, number
    _cross_entropy.share(*args, n=n, least=LEAST // logits.shape[1])
    divisor: Any = int(np.add.reduce(counts))
    if divisor < 0:
        return None  # the reference says which it was
    if weight.size > 1:
        divisor = np.add.reduce(weight[targets if divisor == n else targets[targets != ignore_index]])
    return reduced(losses, reduction, divisor), (tops[:, None], log_sums[:, None], divisor)


@uses(_cross_entropy_pulled)
def cross_entropy_vjp(
    g: Any, logits: Any, targets: Any, weight: Any, saved: Any, *, reduction: str, ignore_index: int, smoothing: float
) -> Any:
    """Error: 4 ulp of the larger of the two terms."""
    top, log_sum, divisor = saved
    found = _rows(logits, targets, weight)
    if found is None or not top.dtype == log_sum.dtype == logits.dtype or top.size != len(logits):
        return None
    targets, weight = found
    if reduction == "mean":
        g = g / divisor if divisor else g * np.nan
    g = np.ascontiguousarray(g, logits.dtype).reshape(-1)
    out, number = np.empty_like(logits), logits.dtype.type(smoothing)
    args = g, logits, targets, weight, top.reshape(-1), log_sum.reshape(-1), out, ignore_index, number
    _cross_entropy_pulled.share(*args, n=len(logits), least=LEAST // logits.shape[1])
    return out, None, None


# -- squared ---------------------------------------------------------------------------------------------


@loop("void(T[::1], T[::1], T[::1], T[::1], int64, int64)", shared="range")
def _squared_error(x: Any, y: Any, out: Any, sums: Any, start: Any, stop: Any) -> None:
    """Differences, and the sums of their squares over blocks."""
    for b in range(start, stop):
        first, last = b * BLOCK, (b + 1) * BLOCK
        row, other, d, total = x[first:last], y[first:last], out[first:last], type(x[0])(0)
        for i in range(d.size):
            d[i] = row[i] - other[i]
            total += d[i] * d[i]
        sums[b] = total


@uses(_squared_error)
def squared_error(x: Any, y: Any, *, reduction: str) -> Any:
    """Error: that of the sum of 4096 numbers, and of the sum of such sums."""
    if type(y) is not np.ndarray or y.shape != x.shape or y.dtype != x.dtype:
        return None
    if not (x.flags.carray and y.flags.carray):
        return None
    out, sums = np.empty_like(x), np.empty(-(-x.size // BLOCK), x.dtype)
    args = x.reshape(-1), y.reshape(-1), out.reshape(-1), sums
    _squared_error.share(*args, n=sums.size, least=-(-PLAIN * LEAST // BLOCK))
    total = np.add.reduce(sums)
    return total if reduction == "sum" else total / x.size, out


# -- binary ----------------------------------------------------------------------------------------------


@loop("void(T[::1], T[::1], T[::1])", shared="rows")
def _bce(x: Any, y: Any, out: Any) -> None:
    number = type(x[0])
    for i in range(x.size):
        bend = vector.log1p(vector.exp(-abs(x[i])))
        out[i] = abs(x[i]) * (number(1) - y[i] if x[i] >= number(0) else y[i]) + bend


@loop("void(T[::1], T[::1], T[::1], T[::1], T[::1])", shared="rows")
def _bce_weighted(x: Any, y: Any, weight: Any, pos_weight: Any, out: Any) -> None:
    number = type(x[0])
    for i in range(x.size):
        on, off = y[i] * pos_weight[i], number(1) - y[i]
        bend = vector.log1p(vector.exp(-abs(x[i])))
        out[i] = weight[i] * (abs(x[i]) * (off if x[i] >= number(0) else on) + (off + on) * bend)


@loop("void(T[::1], T[::1], T[::1], T)", shared="rows")
def _bce_pulled(x: Any, y: Any, out: Any, g: Any) -> None:
    number = type(g)
    for i in range(x.size):
        e = vector.exp(-abs(x[i]))
        right = number(1) if x[i] >= number(0) else e
        left = e if x[i] >= number(0) else number(1)
        out[i] = g * (((number(1) - y[i]) * right - y[i] * left) / (number(1) + e))


@loop("void(T[::1], T[::1], T[::1], T[::1], T[::1], T)", shared="rows")
def _bce_weighted_pulled(x: Any, y: Any, weight: Any, pos_weight: Any, out: Any, g: Any) -> None:
    number = type(g)
    for i in range(x.size):
        e = vector.exp(-abs(x[i]))
        right = number(1) if x[i] >= number(0) else e
        left = e if x[i] >= number(0) else number(1)
        on, off = y[i] * pos_weight[i], number(1) - y[i]
        out[i] = g * (weight[i] * ((off * right - on * left) / (number(1) + e)))


def _pairs(x: Any, y: Any, weight: Any, pos_weight: Any) -> list[Any] | None:
    """The arrays as vectors of one length, weights only if there are any, if the loops are for them."""
    arrays = [x, y]
    weighted = given(weight) or given(pos_weight)
    if weighted and x.size < 4 * SOME:
        return None  # to lay weights out costs more than is gained
    if weighted:
        arrays += [np.broadcast_to(w if np.ndim(w) else x.dtype.type(w), x.shape) for w in (weight, pos_weight)]
    if any(type(a) is not np.ndarray or a.dtype != x.dtype or a.shape != x.shape for a in arrays):
        return None
    return [(a if a.flags.carray else a.copy()).reshape(-1) for a in arrays]  # loops take no read-only arrays


@uses(_bce, _bce_weighted)
def bce_with_logits(x: Any, y: Any, weight: Any, pos_weight: Any, *, reduction: str) -> Any:
    """Error: 4 ulp of the largest term."""
    arrays = _pairs(x, y, weight, pos_weight)
    if arrays is None:
        return None
    out = np.empty(x.shape, x.dtype)
    arrays.append(out.reshape(-1))
    run = _bce if len(arrays) == 3 else _bce_weighted
    run.share(*arrays, n=x.size, least=LEAST)
    return reduced(out, reduction, x.size), None


@uses(_bce_pulled, _bce_weighted_pulled)
def bce_with_logits_vjp(g: Any, x: Any, y: Any, weight: Any, pos_weight: Any, needs: Any, *, reduction: str) -> Any:
    """Error: 5 ulp of the larger term; the targets' gradient is left to the reference."""
    arrays = None if needs[1] else _pairs(x, y, weight, pos_weight)
    if arrays is None:
        return None
    out = np.empty(x.shape, x.dtype)
    arrays.append(out.reshape(-1))
    run = _bce_pulled if len(arrays) == 3 else _bce_weighted_pulled
    number = x.dtype.type(1 if reduction == "none" else g / (x.size if reduction == "mean" else 1))
    run.share(*arrays, number, n=x.size, least=LEAST)
    if reduction == "none":
        out *= g
    return out, None, None, None
