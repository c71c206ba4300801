"""Attention, a head at a time: its products (`panels.py`) and its weights while they are in the cache.

Weights are computed in place, in one pass over each row of scores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..policy import FREEDOM, loop, uses
from ..threads import get_num_threads
from . import vector
from .norm import NARROW
from .panels import ROWS, address, pack, pack_turned, product, room
from .tiles import lanes

# For a thread, measured: two gain from twice as much on.
LEAST = 1 << 15  # elements of weights
SLOPE = 4  # times as many of their gradients, which have no exponentials
WORK = 1 << 19  # multiplications

_inline: Any = njit(error_model="numpy", fastmath=set(FREEDOM), forceinline=True)


@_inline
def _weigh_rows(scores: Any, length: Any, first: Any, causal: Any, scale: Any) -> None:
    """Rows of `scale scores`, number `first` and on of matrices of `length` rows."""
    number = type(scale)
    for r in range(len(scores)):
        seen = min((first + r) % length + 1, scores.shape[1]) if causal else scores.shape[1]
        row, rest, total = scores[r][:seen], scores[r][seen:], number(0)
        by = scale
        if scale <= number(0):  # the largest is then another one
            by = number(1)
            for i in range(row.size):
                row[i] *= scale
        top = vector.top(row) * by
        top = number(0) if top == number(-np.inf) else top
        for i in range(row.size):
            e = vector.exp(row[i] * by - top)
            row[i] = e
            total += e
        part = number(1) if total == number(0) else number(1) / total
        for i in range(row.size):
            row[i] *= part
        for i in range(rest.size):
            rest[i] = number(0)


@loop("void(T[:, ::1], int64, boolean, T, int64, int64)", shared="range")
def _weigh(scores: Any, length: Any, causal: Any, scale: Any, start: Any, stop: Any) -> None:
    _weigh_rows(scores[start:stop], length, start, causal, scale)


def _run(scores: Any, causal: bool, scale: float) -> Any:
    length, source = scores.shape[-2:]
    rows, number = scores.reshape(-1, source), scores.dtype.type(scale)
    _weigh.share(rows, length, causal, number, n=len(rows), least=LEAST // source)
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


@_inline
def _pull_rows(g: Any, weights: Any, scale: Any) -> None:
    for r in range(len(g)):
        dy, row, total = g[r], weights[r], type(scale)(0)
        for i in range(row.size):
            total += dy[i] * row[i]
        for i in range(row.size):
            dy[i] = (dy[i] - total) * (row[i] * scale)


@loop("void(T[:, ::1], T[:, ::1], T)", shared="rows")
def _pull(g: Any, weights: Any, scale: Any) -> None:
    _pull_rows(g, weights, scale)


@uses(_pull)
def weights_slope(g: Any, weights: Any, *, scale: float) -> Any:
    """Error: that of the sum, and 3 roundings."""
    if g.shape != weights.shape or g.dtype != weights.dtype or not (g.flags.carray and weights.flags.carray):
        return None
    rows, others, number = g.reshape(-1, g.shape[-1]), weights.reshape(-1, g.shape[-1]), g.dtype.type(scale)
    _pull.share(rows, others, number, n=len(rows), least=SLOPE * LEAST // g.shape[-1])
    return g


# -- whole heads ------------------------------------------------------------------------------------------


@_inline
def _attend_to(
    q: Any, k: Any, v: Any, out: Any, weights: Any, panels: Any, zeros: Any, scale: Any, causal: Any, start: Any,
    stop: Any,
) -> None:  # fmt: skip
    (_, heads, length, e), source, f, each = q.shape, k.shape[2], v.shape[3], q.itemsize
    packed, nothing = address(panels, 0), address(zeros, 0)
    q_row, k_row, v_row, to_row = (
        q.strides[2] // each,
        k.strides[2] // each,
        v.strides[2] // each,
        out.strides[2] // each,
    )
    for b in range(start, stop):
        i, j = b // heads, b % heads
        query, key, value, to, w = q[i, j], k[i, j], v[i, j], out[i, j], weights[b]
        pack_turned(scale, address(key, 0), k_row, e, source, packed)
        for r in range(0, length, ROWS):
            high = min(ROWS, length - r)
            at, scores = address(query, r * q_row), address(w, r * source)
            product(scale, at, q_row, 1, high, e, packed, source, nothing, 0, scores, source)
        _weigh_rows(w, length, 0, causal, scale)
        pack(scale, address(value, 0), v_row, source, f, packed)
        for r in range(0, length, ROWS):
            high = min(ROWS, length - r)
            at, result = address(w, r * source), address(to, r * to_row)
            product(scale, at, source, 1, high, source, packed, f, nothing, 0, result, to_row)


@loop(
    "void(T[:, :, :, :], T[:, :, :, :], T[:, :, :, :], T[:, :, :, :], T[:, :, ::1], int64, T, boolean, int64, int64)",
    shared="range",
)
def _attend(
    q: Any, k: Any, v: Any, out: Any, weights: Any, size: Any, scale: Any, causal: Any, start: Any, stop: Any
) -> None:
    panels, zeros = np.empty(size, q.dtype), np.zeros(max(weights.shape[2], v.shape[3]), q.dtype)
    _attend_to(q, k, v, out, weights, panels, zeros, scale, causal, start, stop)


@_inline
def _attend_back_to(
    g: Any, q: Any, k: Any, v: Any, weights: Any, dq: Any, dk: Any, dv: Any, d: Any, panels: Any, zeros: Any,
    scale: Any, for_q: Any, for_k: Any, for_v: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    (_, heads, length, e), source, f, each = q.shape, k.shape[2], v.shape[3], q.itemsize
    packed, nothing, scores = address(panels, 0), address(zeros, 0), address(d, 0)
    q_row, k_row, v_row, g_row = q.strides[2] // each, k.strides[2] // each, v.strides[2] // each, g.strides[2] // each
    dq_row, dk_row, dv_row = dq.strides[2] // each, dk.strides[2] // each, dv.strides[2] // each
    for b in range(start, stop):
        i, j = b // heads, b % heads
        w, gradient = weights[b], address(g[i, j], 0)
        if for_v:
            pack(scale, gradient, g_row, length, f, packed)
            to = dv[i, j]
            for r in range(0, source, ROWS):
                high, result = min(ROWS, source - r), address(to, r * dv_row)
                product(scale, address(w, r), 1, source, high, length, packed, f, nothing, 0, result, dv_row)
        if not (for_q or for_k):
            continue
        pack_turned(scale, address(v[i, j], 0), v_row, f, source, packed)
        for r in range(0, length, ROWS):
            high, at = min(ROWS, length - r), gradient + r * g_row * each
            product(scale, at, g_row, 1, high, f, packed, source, nothing, 0, address(d, r * source), source)
        _pull_rows(d, w, scale)
        if for_q:
            pack(scale, address(k[i, j], 0), k_row, source, e, packed)
            to = dq[i, j]
            for r in range(0, length, ROWS):
                high, at, result = min(ROWS, length - r), address(d, r * source), address(to, r * dq_row)
                product(scale, at, source, 1, high, source, packed, e, nothing, 0, result, dq_row)
        if for_k:
            pack(scale, address(q[i, j], 0), q_row, length, e, packed)
            to = dk[i, j]
            for r in range(0, source, ROWS):
                high, result = min(ROWS, source - r), address(to, r * dk_row)
                product(scale, scores + r * each, 1, source, high, length, packed, e, nothing, 0, result, dk_row)


@loop(
    "void(T[:, :, :, :], T[:, :, :, :], T[:, :, :, :], T[:, :, :, :], T[:, :, ::1], T[:, :, :, :], T[:, :, :, :], "
    "T[:, :, :, :], int64, T, boolean, boolean, boolean, int64, int64)",
    shared="range",
)
def _attend_back(
    g: Any, q: Any, k: Any, v: Any, weights: Any, dq: Any, dk: Any, dv: Any, size: Any, scale: Any, for_q: Any,
    for_k: Any, for_v: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    d, panels = np.empty(weights.shape[1:], q.dtype), np.empty(size, q.dtype)
    zeros = np.zeros(max(weights.shape[2], q.shape[3], v.shape[3]), q.dtype)
    _attend_back_to(g, q, k, v, weights, dq, dk, dv, d, panels, zeros, scale, for_q, for_k, for_v, start, stop)


def _heads(*arrays: Any) -> list[Any] | None:
    """The arrays with four axes, numbers of a row side by side, if they are of one dtype and one batch."""
    first, found = arrays[0], []
    for x in arrays:
        if x.dtype != first.dtype or x.shape[:-2] != first.shape[:-2] or x.ndim > 4 or not x.size:
            return None
        if x.strides[-1] != x.itemsize or any(step % x.itemsize for step in x.strides):
            x = np.ascontiguousarray(x)
        found.append(x[(None,) * (4 - x.ndim)])
    return found if found[0].shape[0] * found[0].shape[1] >= get_num_threads() else None


def _like(x: Any) -> Any:
    """Room laid out as x is, but that numbers of a row are side by side."""
    out = np.empty_like(x)
    return out if out.strides[-1] == x.itemsize else np.empty(x.shape, x.dtype)


def _least(heads: int, work: int) -> int:
    """Heads for a thread; `work` is the number of multiplications of all."""
    return -(-WORK * heads // work)


@uses(_attend)
def attention(
    q: Any, k: Any, v: Any, mask: Any, *, scale: float, causal: bool, p: float, seed: int, offset: int
) -> Any:
    """Error: that of `weights_of`, and of both products."""
    given = None if p or np.ndim(mask) else _heads(q, k, v)
    if given is None or k.shape[-2] < lanes(q.itemsize):
        return None
    (length, e), source, f, heads = q.shape[-2:], k.shape[-2], v.shape[-1], given[0].shape[0] * given[0].shape[1]
    out = _like(q) if e == f else np.empty((*q.shape[:-1], f), q.dtype)
    weights, number = np.empty((*q.shape[:-1], source), q.dtype), q.dtype.type(scale)
    to, flat = out[(None,) * (4 - out.ndim)], weights.reshape(heads, length, source)
    size = max(room(e, source, q.itemsize), room(source, f, q.itemsize))
    least = _least(heads, heads * length * source * (e + f))
    _attend.share(*given, to, flat, size, number, causal, n=heads, least=least)
    return out, weights


@uses(_attend_back)
def attention_vjp(
    g: Any, q: Any, k: Any, v: Any, saved: Any, needs: Any, *, scale: float, causal: bool, p: float, seed: int,
    offset: int,
) -> Any:  # fmt: skip
    """Error: that of `weights_slope`, and of two products."""
    given = None if p or needs[3] else _heads(g, q, k, v)
    if given is None or k.shape[-2] < lanes(q.itemsize) or saved.dtype != q.dtype or not saved.flags.carray:
        return None
    (length, e), source, f, heads = q.shape[-2:], k.shape[-2], v.shape[-1], given[0].shape[0] * given[0].shape[1]
    number, found = q.dtype.type(scale), [_like(x) for x in (q, k, v)]
    results, weights = [x[(None,) * (4 - x.ndim)] for x in found], saved.reshape(heads, length, source)
    shapes = (length, f), (f, source), (source, e), (length, e)
    size = max(room(*shape, q.itemsize) for shape in shapes)
    least = _least(heads, heads * length * source * (2 * e + 2 * f))
    _attend_back.share(*given, weights, *results, size, number, *needs[:3], n=heads, least=least)
    return (*[x if need else None for x, need in zip(found, needs[:3], strict=True)], None)
