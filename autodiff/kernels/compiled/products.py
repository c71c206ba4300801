"""Products of any number of rows, put together from those of `tiles.py`, for the inside of compiled loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from ..threads import get_num_threads
from . import tiles

OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}

outer_8, outer_6, outer_4, outer_2, outer_1 = tiles.outer.values()
tail_8, tail_6, tail_4, tail_2, tail_1 = tiles.outer_tail.values()
dots_8, dots_6, dots_4, dots_2, dots_1 = tiles.dots.values()
wide_8, wide_6, wide_4, wide_2, wide_1 = tiles.WIDTH.values()


@njit(**OPTIONS)
def aligned(size: Any, like: Any) -> Any:
    """An array from the beginning of a cache line on: vectors that lie across two take twice as long to load."""
    each = like.itemsize
    raw = np.empty(size + 64 // each, like.dtype)
    start = -raw.ctypes.data % 64 // each
    return raw[start : start + size]


@njit(**OPTIONS)
def cleared(size: Any, like: Any) -> Any:
    """Zeros, likewise."""
    room = aligned(size, like)
    room[:] = 0
    return room


@njit(**OPTIONS)
def offsets(n: Any, step: Any) -> Any:
    """Offsets of n things that lie so far from each other."""
    return np.arange(n) * step


def rows_for(o: int) -> int:
    """How many output channels are computed together: few enough that not many are computed for nothing."""
    return min(tiles.WIDTH, key=lambda r: -(-o // r) * r * {1: 1.4, 2: 1.1}.get(r, 1.0))


def block_of(rows: int, columns: int) -> tuple[int, int]:
    """Of how many rows and columns blocks of sums are, that few are computed for nothing."""
    return min(tiles.COLUMNS.items(), key=lambda b: -(-rows // b[0]) * b[0] * -(-columns // b[1]) * b[1])


def packed(w: Any, groups: int, r: int) -> Any:
    """Weights (o, c / groups, taps) as (groups, blocks, terms, r), with zeros for channels that are not there."""
    o, terms = len(w) // groups, math.prod(w.shape[1:])
    blocks = -(-o // r)
    rows = np.zeros((groups, blocks * r, terms), w.dtype)
    rows[:, :o] = w.reshape(groups, o, terms)
    return np.ascontiguousarray(rows.reshape(groups, blocks, r, terms).transpose(0, 1, 3, 2)).reshape(-1)


def starts(bias: Any, groups: int, o: int, r: int, dtype: Any) -> Any:
    """The bias (groups o,) or none as (groups, blocks, r), with zeros for channels that are not there."""
    rows = np.zeros((groups, -(-o // r) * r), dtype)
    if bias is not None:
        rows[:, :o] = bias.reshape(groups, o)
    return rows.reshape(-1)


def whole_chunks(chunks: int) -> int:
    """Pieces of a thread's part, that no two threads copy or transform the same images, if there are enough chunks."""
    return max(1, chunks // get_num_threads())


@njit(**OPTIONS)
def product(
    r: Any, b: Any, b0: Any, w: Any, w0: Any, off: Any, k: Any, x: Any, x0: Any, out: Any, o0: Any, pitch: Any, n: Any,
    lanes: Any,
) -> None:  # fmt: skip
    """The sums of r rows at n places, rounded up to whole vectors."""
    p = 0
    if r == 8:
        while p + (wide_8 - 1) * lanes < n:
            outer_8(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_8 * lanes
        while p < n:
            tail_8(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 6:
        while p + (wide_6 - 1) * lanes < n:
            outer_6(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_6 * lanes
        while p < n:
            tail_6(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 4:
        while p + (wide_4 - 1) * lanes < n:
            outer_4(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_4 * lanes
        while p < n:
            tail_4(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 2:
        while p + (wide_2 - 1) * lanes < n:
            outer_2(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_2 * lanes
        while p < n:
            tail_2(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    else:
        while p + (wide_1 - 1) * lanes < n:
            outer_1(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_1 * lanes
        while p < n:
            tail_1(b, b0, w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes


@njit(**OPTIONS)
def dots(
    r: Any, a: Any, a0: Any, apart: Any, b: Any, b0: Any, off: Any, columns: Any, k: Any, n: Any, out: Any, p0: Any,
    images: Any, a_step: Any, b_step: Any,
) -> None:  # fmt: skip
    """Add the sums along n places of r rows with k columns to `out` (r, k)."""
    for j in range(0, k, columns):
        if r == 8:
            dots_8(a, a0, apart, b, b0, off, j, n, out, p0 + j, k, images, a_step, b_step)
        elif r == 6:
            dots_6(a, a0, apart, b, b0, off, j, n, out, p0 + j, k, images, a_step, b_step)
        elif r == 4:
            dots_4(a, a0, apart, b, b0, off, j, n, out, p0 + j, k, images, a_step, b_step)
        elif r == 2:
            dots_2(a, a0, apart, b, b0, off, j, n, out, p0 + j, k, images, a_step, b_step)
        else:
            dots_1(a, a0, apart, b, b0, off, j, n, out, p0 + j, k, images, a_step, b_step)
