"""Compiled convolution: direct, without unfolding, and Winograd's for windows of 3 x 3.

Everything is brought to three axes. An image is copied, with its padding, into a small room in the cache; along an axis
of stride s as s images of each s-th element, so that from one place to the next every tap moves by one element.
Then a tap is an offset, and a convolution is a product of the weights with rows of the room that begin at the
offsets (`tiles.py`). Places run through whole padded rows: what is computed behind the end of a row is not kept.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from .. import conv as reference
from ..conv import Sizes, Widths, places_of
from ..policy import loop, uses
from ..threads import share
from . import tiles

_OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}

outer_8, outer_6, outer_4, outer_2, outer_1 = tiles.outer.values()
tail_8, tail_6, tail_4, tail_2, tail_1 = tiles.outer_tail.values()
split_1, split_2, split_4 = tiles.split.values()
join_1, join_4 = tiles.join.values()
dots_8, dots_6, dots_4, dots_2, dots_1 = tiles.dots.values()
wide_8, wide_6, wide_4, wide_2, wide_1 = tiles.WIDTH.values()

CACHE = 1 << 18  # bytes of images that are worked on together
BAND = 512  # places that are worked on for all channels before the next ones


# -- inside loops -----------------------------------------------------------------------------------------------------


@njit(**_OPTIONS)
def _fill(image: Any, room: Any, at: Any, apart: Any, s: Any, lead: Any, q: Any) -> None:
    """Copy an image (c, d, h, w) behind `lead` zeros, for each axis as s parts of length q."""
    channels, depth, height, width = image.shape
    plane, flat = q[0] * q[1] * q[2], image.reshape(-1)
    for c in range(channels):
        for a in range(s[0]):
            for b in range(s[1]):
                to = at + c * apart + (a * s[1] + b) * s[2] * plane
                for i in range(q[0]):
                    d = i * s[0] + a - lead[0]
                    for j in range(q[1]):
                        h = j * s[1] + b - lead[1]
                        there = d >= 0 and d < depth and h >= 0 and h < height
                        line, size = (((c * depth + d) * height + h) * width, width) if there else (0, 0)
                        if s[2] == 1:
                            split_1(flat, line, size, lead[2], room, to, plane, q[2])
                        elif s[2] == 2:
                            split_2(flat, line, size, lead[2], room, to, plane, q[2])
                        else:
                            for k in range(s[2]):
                                for m in range(q[2]):
                                    w = m * s[2] + k - lead[2]
                                    room[to + k * plane + m] = flat[line + w] if 0 <= w < size else 0
                        to += q[2]


@njit(**_OPTIONS)
def _fill_fours(image: Any, room: Any, at: Any, top: Any, left: Any, high: Any, wide: Any) -> None:
    """Copy an image (h, w) behind top and left zeros, as 4 x 4 parts (high, wide) of each fourth row and column."""
    height, width = image.shape
    flat = image.reshape(-1)
    for a in range(4):
        for i in range(high):
            h, to = 4 * i + a - top, at + (4 * a * high + i) * wide
            line, size = (h * width, width) if h >= 0 and h < height else (0, 0)
            split_4(flat, line, size, left, room, to, high * wide, wide)


@njit(**_OPTIONS)
def _product(
    r: Any, w: Any, w0: Any, off: Any, k: Any, x: Any, x0: Any, out: Any, o0: Any, pitch: Any, n: Any, lanes: Any
) -> None:  # fmt: skip
    """The sums of r rows at n places, rounded up to whole vectors."""
    p = 0
    if r == 8:
        while p + (wide_8 - 1) * lanes < n:
            outer_8(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_8 * lanes
        while p < n:
            tail_8(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 6:
        while p + (wide_6 - 1) * lanes < n:
            outer_6(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_6 * lanes
        while p < n:
            tail_6(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 4:
        while p + (wide_4 - 1) * lanes < n:
            outer_4(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_4 * lanes
        while p < n:
            tail_4(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    elif r == 2:
        while p + (wide_2 - 1) * lanes < n:
            outer_2(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_2 * lanes
        while p < n:
            tail_2(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes
    else:
        while p + (wide_1 - 1) * lanes < n:
            outer_1(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += wide_1 * lanes
        while p < n:
            tail_1(w, w0, off, k, x, x0 + p, out, o0 + p, pitch)
            p += lanes


# -- direct -----------------------------------------------------------------------------------------------------------


@loop(
    "void(T[:, :, :, :, ::1], T[::1], int64[::1], T[:, :, :, :, ::1], T[::1], T[::1], UniTuple(int64, 3), "
    "UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), "
    "UniTuple(int64, 6), int64, int64)"
)
def _direct(
    x: Any, w: Any, off: Any, out: Any, room: Any, block: Any, s: Any, lead: Any, q: Any, places: Any, step: Any,
    first: Any, numbers: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    groups, blocks, r, band, pitch, lanes = numbers
    k, n_w, o = off.size, places[2], out.shape[1] // groups
    apart = s[0] * s[1] * s[2] * q[0] * q[1] * q[2]
    own, size, flat = x.shape[1] // groups * apart, out.shape, out.reshape(-1)
    total = block[block.size - lanes :]
    unit = start
    while unit < stop:
        n = unit // (groups * blocks)
        before = n * groups * blocks
        end = min(stop, before + groups * blocks)
        _fill(x[n], room, 0, apart, s, lead, q)
        for d in range(places[0]):
            for top in range(0, places[1], band):
                rows = min(band, places[1] - top)
                for u in range(unit, end):
                    g = (u - before) // blocks
                    b = u - before - g * blocks
                    here = g * own + (d * q[1] + top) * q[2]
                    end_row = (rows - 1) * q[2] + n_w
                    _product(r, w, (g * blocks + b) * k * r, off, k, room, here, block, 0, pitch, end_row, lanes)
                    for i in range(min(r, o - b * r)):
                        for h in range(rows):
                            line = (d * step[0] + first[0]) * size[3] + (top + h) * step[1] + first[1]
                            to = ((n * size[1] + g * o + b * r + i) * size[2] * size[3] + line) * size[4] + first[2]
                            at = i * pitch + h * q[2]
                            if step[2] == 1:
                                join_1(block, at, 0, flat, to, n_w, total)
                            else:
                                for j in range(n_w):
                                    flat[to + j * step[2]] = block[at + j]
        unit = end


def _rows_for(o: int) -> int:
    """How many output channels are computed together: few enough that not many are computed for nothing."""
    return min(tiles.WIDTH, key=lambda r: -(-o // r) * r * {1: 1.4, 2: 1.1}.get(r, 1.0))


def _block(rows: int, columns: int) -> tuple[int, int]:
    """Of how many rows and columns blocks of sums are, that few are computed for nothing."""
    return min(tiles.COLUMNS.items(), key=lambda b: -(-rows // b[0]) * b[0] * -(-columns // b[1]) * b[1])


def _packed(w: Any, groups: int, r: int) -> Any:
    """Weights (o, c / groups, taps) as (groups, blocks, terms, r), with zeros for channels that are not there."""
    o, terms = len(w) // groups, math.prod(w.shape[1:])
    blocks = -(-o // r)
    rows = np.zeros((groups, blocks * r, terms), w.dtype)
    rows[:, :o] = w.reshape(groups, o, terms)
    return np.ascontiguousarray(rows.reshape(groups, blocks, r, terms).transpose(0, 1, 3, 2)).reshape(-1)


def _run_direct(
    x: Any, w: Any, off: Any, out: Any, s: Sizes, lead: Sizes, q: Sizes, places: Sizes, step: Sizes, first: Sizes,
    groups: int,
) -> None:  # fmt: skip
    """`out` at first, first + step, ..., from weights (o, c / groups, taps) and the offset of each of their terms."""
    r = _rows_for(len(w) // groups)
    blocks, lanes = -(-len(w) // groups // r), tiles.lanes(x.itemsize)
    band = min(max(BAND // q[2], 1), places[1])
    pitch = -(-band * q[2] // lanes) * lanes
    packed = _packed(w, groups, r)
    size = x.shape[1] * math.prod(s) * math.prod(q) + lanes

    def run(start: int, stop: int) -> None:
        room, block = np.zeros(size, x.dtype), np.zeros(r * pitch + lanes, x.dtype)
        _direct(
            x, packed, off, out, room, block, s, lead, q, places, step, first,
            (groups, blocks, r, band, pitch, lanes), start, stop,
        )  # fmt: skip

    work = r * len(off) * math.prod(places)
    share(run, len(x) * groups * blocks, (1 << 20) // max(work, 1))


def _three(x: Any) -> Any:
    """An array (n, c, *size) in rows, with three axes after the first two."""
    return np.ascontiguousarray(x).reshape(*x.shape[:2], *(1,) * (5 - x.ndim), *x.shape[2:])


def _fits(*arrays: Any) -> bool:
    first = arrays[0]
    return all(type(x) is np.ndarray and x.dtype == first.dtype and x.size and x.ndim <= 5 for x in arrays)


def _offsets(channels: int, kernel: Sizes, dilation: Sizes, s: Sizes, q: Sizes) -> Any:
    """Where each term's elements begin in the room: (channels, taps)."""
    plane, taps = math.prod(q), []
    for tap in np.ndindex(*kernel):
        at = [t * d for t, d in zip(tap, dilation, strict=True)]
        a, b, c = [p % n for p, n in zip(at, s, strict=True)]
        i, j, k = [p // n for p, n in zip(at, s, strict=True)]
        taps.append(((a * s[1] + b) * s[2] + c) * plane + (i * q[1] + j) * q[2] + k)
    return (np.arange(channels)[:, None] * (plane * math.prod(s)) + np.array(taps)).reshape(-1)


def _geometry(stride: Sizes, padding: Widths, dilation: Sizes, kernel: Sizes, size: Sizes) -> Any:
    """All for three axes: the padded sizes, in steps of the stride, last."""
    ones = (1,) * (3 - len(kernel))
    s, lead = (*ones, *stride), (*(0,) * len(ones), *[before for before, _ in padding])
    whole = (*ones, *[n + sum(p) for n, p in zip(size, padding, strict=True)])
    q = tuple([-(-n // step) for n, step in zip(whole, s, strict=True)])
    return s, lead, (*ones, *dilation), (*ones, *kernel), q


# -- gradient by the weight -------------------------------------------------------------------------------------------


@loop(
    "void(T[:, :, :, :, ::1], T[:, :, :, :, ::1], int64[::1], T[::1], T[::1], T[::1], UniTuple(int64, 3), "
    "UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 7), int64, int64)"
)
def _weight(
    x: Any, g: Any, off: Any, parts: Any, room: Any, room_g: Any, s: Any, lead: Any, q: Any, numbers: Any, start: Any,
    stop: Any,
) -> None:  # fmt: skip
    groups, blocks, r, columns, together, chunks, apart_g = numbers
    k, n = off.size, x.shape[0]
    apart = s[0] * s[1] * s[2] * q[0] * q[1] * q[2]
    c, o = x.shape[1] // groups, g.shape[1] // groups
    step, step_g = x.shape[1] * apart, groups * blocks * r * apart_g
    places = ((g.shape[2] - 1) * q[1] + g.shape[3] - 1) * q[2] + g.shape[4]
    one, none, rows_g = (1, 1, 1), (0, 0, 0), (g.shape[2], q[1], q[2])
    unit = start
    while unit < stop:
        chunk = unit // (groups * blocks)
        before = chunk * groups * blocks
        end = min(stop, before + groups * blocks)
        last = n * (chunk + 1) // chunks
        for image in range(n * chunk // chunks, last, together):
            count = min(together, last - image)
            for i in range(count):
                _fill(x[image + i], room, i * step, apart, s, lead, q)
                for group in range(groups):
                    at = i * step_g + group * blocks * r * apart_g
                    _fill(g[image + i, group * o : group * o + o], room_g, at, apart_g, one, none, rows_g)
            for u in range(unit, end):
                group, a0, p0 = (u - before) // blocks, (u - before) * r * apart_g, u * r * k
                b0 = group * c * apart
                for j in range(0, k, columns):
                    if r == 8:
                        dots_8(room_g, a0, apart_g, room, b0, off, j, places, parts, p0 + j, k, count, step_g, step)
                    elif r == 6:
                        dots_6(room_g, a0, apart_g, room, b0, off, j, places, parts, p0 + j, k, count, step_g, step)
                    elif r == 4:
                        dots_4(room_g, a0, apart_g, room, b0, off, j, places, parts, p0 + j, k, count, step_g, step)
                    elif r == 2:
                        dots_2(room_g, a0, apart_g, room, b0, off, j, places, parts, p0 + j, k, count, step_g, step)
                    else:
                        dots_1(room_g, a0, apart_g, room, b0, off, j, places, parts, p0 + j, k, count, step_g, step)
        unit = end


# -- Winograd's -------------------------------------------------------------------------------------------------------

# F(4 x 4, 3 x 3) of Lavin and Gray (2016) with the points 0, 1, -1, 2, -2: y = A^T ((G w G^T) * (B^T x B)) A.
B_T = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0), (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)  # fmt: skip
A_T = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
G[0] = 1 / 4, 0, 0
A = tuple(zip(*A_T, strict=True))

_of_image, _of_sums, _of_gradient = tiles.transform(B_T), tiles.transform(A_T), tiles.transform(A)

TILES = 72  # tiles that are worked on together in `_winograd`
TILES_WEIGHT = 288  # in `_winograd_weight`, whose sums run along tiles
ROOM = 1 << 24  # bytes of what these are transformed to


@njit(**_OPTIONS)
def _squares(room: Any, at: Any, parts: Any, pitch: Any, shift: Any) -> None:
    """Offsets of a tile's elements (side, side), where each fourth element has a part of its own."""
    for i in range(shift):
        for j in range(shift):
            room[at + i * shift + j] = ((i % 4) * 4 + j % 4) * parts + (i // 4) * pitch + j // 4


@loop(
    "void(T[:, :, :, ::1], T[::1], T[:, :, :, ::1], T[::1], T[::1], T[::1], T[::1], int64[::1], T[::1], "
    "UniTuple(int64, 8), int64, int64)"
)
def _winograd(
    x: Any, u: Any, out: Any, room: Any, v: Any, m: Any, y: Any, off: Any, total: Any, numbers: Any, start: Any,
    stop: Any,
) -> None:  # fmt: skip
    r, images, high, wide, top, left, pitch, lanes = numbers
    n, channels, places_h, places_w, o = x.shape[0], x.shape[1], out.shape[2], out.shape[3], out.shape[1]
    seen, sums, rows = off[:36], off[36:72], off[72 : 72 + channels]
    part, each = (high + 1) * wide, high * wide
    _squares(off, 0, part, wide, 6)
    for i in range(36):
        sums[i] = i * r * pitch
    for i in range(channels):
        rows[i] = i * pitch
    bands, flat = -(-places_h // (4 * high)), out.reshape(-1)
    for unit in range(start, stop):
        first, band = unit // bands * images, unit % bands
        count = min(images, n - first)
        for c in range(channels):
            for i in range(count):
                _fill_fours(x[first + i, c], room, 0, top - 4 * high * band, left, high + 1, wide)
                for t in range(0, each, lanes):
                    _of_image(room, t, seen, v, c * pitch + i * each + t, channels * pitch)
        for block in range(-(-o // r)):
            for i in range(36):
                _product(
                    r, u, (block * 36 + i) * channels * r, rows, channels, v, i * channels * pitch, m, i * r * pitch,
                    pitch, count * each, lanes,
                )  # fmt: skip
            for j in range(min(r, o - block * r)):
                for i in range(count):
                    for t in range(0, each, lanes):
                        _of_sums(m, j * pitch + i * each + t, sums, y, t, each + lanes)
                    for a in range(min(4 * high, places_h - 4 * high * band)):
                        to = (((first + i) * o + block * r + j) * places_h + 4 * high * band + a) * places_w
                        join_4(
                            y, (a % 4) * 4 * (each + lanes) + (a // 4) * wide, each + lanes, flat, to, places_w, total
                        )


def _transformed(w: Any) -> Any:
    """G w G^T for each pair of channels: (o, c, 3, 3) to (o, c, 36)."""
    return w.reshape(*w.shape[:2], 9) @ np.kron(G, G).T.astype(w.dtype)


def _run_winograd(x: Any, w: Any, out: Any, lead: Sizes) -> bool:
    """Fill `out`, and say whether all of it is finite: what is not has spread over tiles."""
    x = np.ascontiguousarray(x)
    (n, c), o, (h, width), lanes = x.shape[:2], len(w), out.shape[2:], tiles.lanes(x.itemsize)
    r = _rows_for(o)
    blocks = -(-o // r)
    u = np.zeros((blocks * r, c, 36), w.dtype)
    u[:o] = _transformed(w)
    packed = np.ascontiguousarray(u.reshape(blocks, r, c, 36).transpose(0, 3, 2, 1)).reshape(-1)
    wide, high = -(-width // 4) + 1, -(-h // 4)
    bands = max(1, round(high * wide / TILES))
    high = -(-high // bands)
    images = max(1, TILES // (high * wide)) if bands == 1 else 1
    pitch = -(-images * high * wide // lanes) * lanes + lanes
    bad = []

    def run(start: int, stop: int) -> None:
        def new(size: int) -> Any:
            return np.empty(size, x.dtype)

        total = np.zeros(lanes, x.dtype)
        _winograd(
            x, packed, out, np.zeros(16 * (high + 1) * wide + wide + 2 * lanes, x.dtype),
            new(36 * c * pitch + lanes), new(36 * r * pitch + lanes), new(16 * (high * wide + lanes) + 4 * lanes),
            np.empty(72 + c, np.int64), total, (r, images, high, wide, *lead, pitch, lanes), start, stop,
        )  # fmt: skip
        if not math.isfinite(total.sum()):
            bad.append(start)

    with np.errstate(all="ignore"):
        share(run, -(-n // images) * -(-h // (4 * high)))
    return not bad


@loop(
    "void(T[:, :, :, ::1], T[:, :, :, ::1], T[::1], T[::1], T[::1], T[::1], int64[::1], UniTuple(int64, 11), "
    "int64, int64)"
)
def _winograd_weight(
    x: Any, g: Any, parts: Any, room: Any, v: Any, m: Any, off: Any, numbers: Any, start: Any, stop: Any
) -> None:
    r, columns, blocks, chunks, images, high, wide, top, left, pitch, lanes = numbers
    n, channels, o = x.shape[0], x.shape[1], g.shape[1]
    k = -(-channels // columns) * columns
    seen, whole, rows = off[:36], off[36:52], off[52 : 52 + k]
    part, each = (high + 1) * wide, high * wide
    _squares(off, 0, part, wide, 6)
    _squares(off, 36, each, wide, 4)
    for i in range(k):
        rows[i] = min(i, channels - 1) * pitch
    bands = -(-g.shape[2] // (4 * high))
    all_units = -(-n // images) * bands
    task = start
    while task < stop:
        chunk = task // blocks
        end = min(stop, (chunk + 1) * blocks)
        low, up = (task - chunk * blocks) * r, min((end - chunk * blocks) * r, o)
        for unit in range(all_units * chunk // chunks, all_units * (chunk + 1) // chunks):
            first, band = unit // bands * images, unit % bands
            count = min(images, n - first)
            for c in range(channels):
                for i in range(count):
                    _fill_fours(x[first + i, c], room, 0, top - 4 * high * band, left, high + 1, wide)
                    for t in range(0, each, lanes):
                        _of_image(room, t, seen, v, c * pitch + i * each + t, channels * pitch)
            for c in range(low, up):
                for i in range(count):
                    _fill_fours(g[first + i, c], room, 0, -4 * high * band, 0, high, wide)
                    for j in range(16 * each, 16 * each + lanes):
                        room[j] = 0
                    for t in range(0, each, lanes):
                        _of_gradient(room, t, whole, m, c * pitch + i * each + t, blocks * r * pitch)
                for i in range(36):
                    line = m[(i * blocks * r + c) * pitch : (i * blocks * r + c + 1) * pitch]
                    line[count * each :] = 0
            for i in range(36):
                for u in range(task, end):
                    a0, p0 = (i * blocks * r + (u - chunk * blocks) * r) * pitch, (u * 36 + i) * r * k
                    b0, places = i * channels * pitch, count * each
                    for j in range(0, k, columns):
                        if r == 8:
                            dots_8(m, a0, pitch, v, b0, rows, j, places, parts, p0 + j, k, 1, 0, 0)
                        elif r == 6:
                            dots_6(m, a0, pitch, v, b0, rows, j, places, parts, p0 + j, k, 1, 0, 0)
                        elif r == 4:
                            dots_4(m, a0, pitch, v, b0, rows, j, places, parts, p0 + j, k, 1, 0, 0)
                        elif r == 2:
                            dots_2(m, a0, pitch, v, b0, rows, j, places, parts, p0 + j, k, 1, 0, 0)
                        else:
                            dots_1(m, a0, pitch, v, b0, rows, j, places, parts, p0 + j, k, 1, 0, 0)
        task = end


def _run_winograd_weight(x: Any, g: Any, lead: Sizes) -> Any:
    """The sums of G^T (A g A^T) * (B^T x B) G over tiles."""
    x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    (n, c), (o, h, width), lanes = x.shape[:2], g.shape[1:], tiles.lanes(x.itemsize)
    r, columns = _block(o, c)
    blocks, k = -(-o // r), -(-c // columns) * columns
    wide, high = -(-width // 4) + 1, -(-h // 4)
    most = max(4 * lanes, min(TILES_WEIGHT, ROOM // (36 * (c + o) * x.itemsize)))
    high = -(-high // max(1, round(high * wide / most)))
    images = min(n, max(1, most // (high * wide))) if 4 * high >= h else 1
    pitch = -(-images * high * wide // lanes) * lanes + lanes
    chunks = min(-(-n // images) * -(-h // (4 * high)), 4 if 36 * k * o * x.itemsize < 1 << 22 else 1)
    parts = np.zeros((chunks, blocks, 36, r, k), x.dtype)

    def run(start: int, stop: int) -> None:
        room = np.zeros(16 * (high + 1) * wide + wide + 2 * lanes, x.dtype)
        v, m = np.zeros(36 * c * pitch + lanes, x.dtype), np.zeros(36 * blocks * r * pitch + lanes, x.dtype)
        off = np.empty(52 + k, np.int64)
        numbers = (r, columns, blocks, chunks, images, high, wide, *lead, pitch, lanes)
        _winograd_weight(
            x, g, parts.reshape(-1), room, v, m, off, numbers,
            start, stop,
        )  # fmt: skip

    share(run, chunks * blocks)
    sums = np.add.reduce(parts, axis=0).transpose(0, 2, 3, 1).reshape(blocks * r, k, 36)[:o, :c]
    return (sums @ np.kron(G, G).astype(x.dtype)).reshape(o, c, 3, 3)


def _choose(
    kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int, n: int, c: int, o: int, size: Sizes,
    weight: bool = False,
) -> str:  # fmt: skip
    """How a convolution of n images from c to o channels of a group is computed, or its gradient by the weight.

    Measured for 3 x 3 and as much padding as keeps the size, in ms on one busy core, float32:

        n   c = o   size       direct  winograd  gemm     by the weight: direct  winograd  gemm
        16      3  32 x 32       0.30      0.47  0.30                      0.26      0.38  0.30
        16      8  32 x 32       0.28      0.32  0.49                      0.32      0.38  0.50
        16     16  32 x 32       1.02      0.99  2.33                      1.25      1.15  3.06
        16     32  32 x 32       3.51      2.42  6.23                      4.34      3.06  7.37
        16     32    8 x 8       0.28      0.46  0.40                      0.39      0.47  0.62
        16     64  16 x 16       3.35      2.55  4.91                      4.95      3.13  6.44
        16     64    8 x 8       1.00      1.18  1.36                      1.51      1.32  1.68
        16    128  16 x 16      12.65      7.33  15.7                      18.6      9.78  18.7
        16    128    8 x 8       3.75      3.76  4.44                      6.64      4.15  5.58
        16    256  14 x 14       38.8      25.1  43.2                      60.9      42.0  47.2
         8    512    7 x 7       24.9      30.0  26.2                      54.1      53.4  28.4
        16    512  14 x 14        155      90.1   164                       234       190   173
         1    512  14 x 14       12.2      26.7  10.6                      16.6      48.5  11.2
    """
    way = reference.chosen_way()
    simple = kernel == (3, 3) and stride == dilation == (1, 1) and groups == 1 and max(map(max, padding)) <= 2
    if way == "auto":
        if math.prod(kernel) == 1 and not any(map(any, padding)):
            return "gemm"
        few, places = min(c, o), math.prod(size)
        if simple and few >= 16 and n * places >= 1024 and places >= (64 if weight and few >= 64 else 144):
            way = "winograd" if not weight or c * o <= 1 << 16 else "gemm"
        else:
            way = "gemm" if few >= (128 if weight else 256) else "direct"
    return "direct" if way == "winograd" and not simple else way


# -- kernels ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _plan(
    size: Sizes, channels: int, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes
) -> tuple[Sizes, Sizes, Sizes, Sizes, Any]:  # fmt: skip
    """Places, and how a room is laid out for them: steps, zeros before, length of the parts, offsets of terms."""
    places = places_of(size, kernel, stride, padding, dilation)
    s, lead, dilation, kernel, q = _geometry(stride, padding, dilation, kernel, size)
    return places, s, lead, q, _offsets(channels, kernel, dilation, s, q)


@uses(_direct, _winograd)
def conv(x: Any, w: Any, *, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error of the direct form: n roundings of the sum of |w| |x| over its n terms, and mostly few.

    Of Winograd's: 1e-5 of that sum in float32, 2e-14 in float64 (measured: 3e-6 and 4e-15). What is infinite or NaN
    would spread over a tile there; if any of the result is, the direct form computes all of it again.
    """
    if not _fits(x, w):
        return None
    kernel = w.shape[2:]
    way = _choose(kernel, stride, padding, dilation, groups, len(x), w.shape[1], len(w) // groups, x.shape[2:])
    if way == "gemm":
        return None
    places, s, lead, q, off = _plan(x.shape[2:], x.shape[1] // groups, kernel, stride, padding, dilation)
    out = np.empty((len(x), len(w), *places), x.dtype)
    if way == "winograd" and _run_winograd(x, w, out, lead[1:]):
        return out
    full = _three(out)
    _run_direct(_three(x), w, off, full, s, lead, q, full.shape[2:], (1, 1, 1), (0, 0, 0), groups)
    return out


@uses(_direct, _winograd)
def conv_dx(g: Any, w: Any, *, shape: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error: as `conv`."""
    if not _fits(g, w):
        return None
    way = _choose(w.shape[2:], stride, padding, dilation, groups, len(g), len(w) // groups, w.shape[1], shape)
    if way == "gemm":
        return None
    n, o, c = len(g), len(w) // groups, w.shape[1]
    out = np.empty((n, c * groups, *shape), g.dtype)
    if way == "winograd" and _run_winograd(
        g, w.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], out, tuple([2 - before for before, _ in padding])
    ):
        return out
    if not np.isfinite(w).all():  # times the zeros around g it would be NaN
        return None
    full, g = _three(out), _three(g)
    lead, q, rests = _plan_dx(full.shape[2:], o, w.shape[2:], stride, padding, dilation)
    taps = w.reshape(groups, o, c, -1).transpose(0, 2, 1, 3).reshape(groups * c, o, -1)
    for first, count, step, some, off in rests:
        _run_direct(g, taps[:, :, some], off, full, (1, 1, 1), lead, q, count, step, first, groups)
    return out


@lru_cache(maxsize=256)
def _plan_dx(
    size: Sizes, channels: int, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes
) -> tuple[Sizes, Sizes, list[Any]]:
    """How a room for gradients is laid out, and for each rest: first element, count, step, its taps, their offsets."""
    s, before, dilation, kernel, _ = _geometry(stride, padding, dilation, kernel, size[3 - len(kernel) :])
    # An element i sees the places p with p s + t d = i + before: for each rest of i + before by s, those of some taps.
    axes = [_rests(*axis) for axis in zip(size, kernel, s, before, dilation, strict=True)]
    shifts = [[shift for part in axis for _, shift in part[2]] for axis in axes]
    lead = tuple([max(0, -min(some, default=0)) for some in shifts])
    q = tuple([
        max(part[1] + max([shift for _, shift in part[2]], default=0) for part in axis) + before
        for axis, before in zip(axes, lead, strict=True)
    ])  # fmt: skip
    rests = []
    for rest in itertools.product(*axes):
        first, count = tuple([part[0] for part in rest]), tuple([part[1] for part in rest])
        taps = [np.array([t for t, _ in part[2]], np.intp) for part in rest]
        i, j, k = [np.array([shift + m for _, shift in part[2]], np.intp) for part, m in zip(rest, lead, strict=True)]
        seen = (i[:, None, None] * q[1] + j[:, None]) * q[2] + k
        some = (taps[0][:, None, None] * kernel[1] + taps[1][:, None]) * kernel[2] + taps[2]
        off = (np.arange(channels)[:, None] * math.prod(q) + seen.reshape(-1)).reshape(-1)
        if math.prod(count):
            rests.append((first, count, s, some.reshape(-1), off))
    return lead, q, rests


def _rests(size: int, kernel: int, stride: int, before: int, dilation: int) -> list[tuple[int, int, Any]]:
    """For each rest: the first such element, their count, and the taps that see them with their shifts."""
    found = []
    for rest in range(stride):
        first = (rest - before) % stride
        taps = [(t, (first + before - t * dilation) // stride) for t in range(kernel) if t * dilation % stride == rest]
        found.append((first, max(0, -(-(size - first) // stride)), taps))
    return found


@uses(_weight, _winograd_weight)
def conv_dw(x: Any, g: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error: as `conv`, over places and images."""
    if not _fits(x, g):
        return None
    n, o, terms = len(x), g.shape[1] // groups, x.shape[1] // groups * math.prod(kernel)
    way = _choose(kernel, stride, padding, dilation, groups, n, x.shape[1] // groups, o, x.shape[2:], True)
    if way == "gemm":
        return None
    _, s, lead, q, known = _plan(x.shape[2:], x.shape[1] // groups, kernel, stride, padding, dilation)
    if way == "winograd":
        found = _run_winograd_weight(x, g, lead[1:])
        if np.isfinite(found).all():
            return found
    x, g = _three(x), _three(g)
    r, columns = _block(o, terms)
    blocks, lanes = -(-o // r), tiles.lanes(x.itemsize)
    off = np.zeros(-(-terms // columns) * columns, np.int64)
    off[:terms] = known
    apart_g = -(-g.shape[2] * q[1] * q[2] // lanes) * lanes
    size, size_g = x.shape[1] * math.prod(s) * math.prod(q), groups * blocks * r * apart_g
    together = min(n, max(1, CACHE // ((size + size_g) * x.itemsize)))
    chunks = min(-(-n // together), 4)
    parts = np.zeros((chunks, groups, blocks * r, len(off)), x.dtype)

    def run(start: int, stop: int) -> None:
        room, room_g = np.zeros(together * size + lanes, x.dtype), np.zeros(together * size_g, x.dtype)
        numbers = (groups, blocks, r, columns, together, chunks, apart_g)
        _weight(x, g, off, parts.reshape(-1), room, room_g, s, lead, q, numbers, start, stop)

    work = r * len(off) * apart_g * n // chunks
    share(run, chunks * groups * blocks, (1 << 20) // work)
    out = np.add.reduce(parts, axis=0)[:, :o, :terms].reshape(groups * o, x.shape[1] // groups, *kernel)
    return out if np.isfinite(out).all() else None  # what lies between rows counts 0 times, and 0 inf is NaN
