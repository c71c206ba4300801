"""Compiled convolution of many images in two dimensions: one image in each lane of the vectors.

So many images as a vector has lanes are turned, such that an element of all of them is a vector. Rows of any length are
then whole vectors, and where a window or a tile begins does not matter: small images are computed without waste.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from ..conv import Sizes
from ..policy import loop
from ..threads import get_num_threads
from . import tiles, winograd
from .products import OPTIONS, aligned, block_of, cleared, dots, offsets, packed, product, rows_for

to_lanes, from_lanes = tiles.to_lanes, tiles.from_lanes
_of_image, _to_image = winograd.of_image, tiles.transform(tuple(zip(*winograd.B_T, strict=True)), add=True)
_of_sums_3, _of_sums_5 = winograd.of_sums, tiles.transform(winograd.A_T_5)
_of_gradient_3, _of_gradient_5 = winograd.of_gradient, tiles.transform(tuple(zip(*winograd.A_T_5, strict=True)))

BAND = 1 << 14  # sums of a channel that are computed before they are turned back
TILES = 10  # tiles of a channel that are worked on together


@njit(**OPTIONS)
def _fill(
    x: Any, first: Any, count: Any, channels: Any, high: Any, wide: Any, start: Any, stop: Any, room: Any, apart: Any,
    top: Any, left: Any, pitch: Any, lanes: Any,
) -> None:  # fmt: skip
    """Turn images (channels, high, wide) into rows `start` to `stop` of a room of zeros, rows of `pitch` vectors."""
    size = high * wide
    start, stop = max(start - top, 0), min(stop - top, high)
    together = stop - start if pitch == wide else 1  # rows
    for c in range(channels):
        for i in range(start, stop, max(together, 1)):
            to_lanes(
                x, (first * channels + c) * size + i * wide, channels * size, count, together * wide,
                room, (c * apart + (i + top) * pitch + left) * lanes,
            )  # fmt: skip


@njit(**OPTIONS)
def _range(piece: Any, cuts: Any, rows: Any, lanes: Any) -> Any:
    """The first image of a piece, one of `cuts` of a vector of images, and its range of rows."""
    part = piece % cuts
    return piece // cuts * lanes, rows * part // cuts, rows * (part + 1) // cuts


@njit(**OPTIONS)
def _tile(side: Any, pitch: Any, lanes: Any) -> Any:
    """Offsets of a tile's elements (side, side) in rows of `pitch` vectors."""
    off = np.empty(36, np.int64)
    for i in range(side * side):
        off[i] = (i // side * pitch + i % side) * lanes
    return off


@loop("void(T[::1], T[::1], T[::1], int64[::1], T[::1], UniTuple(int64, 15), int64, int64)", shared="range")
def direct(x: Any, w: Any, b: Any, off: Any, out: Any, numbers: Any, start: Any, stop: Any) -> None:
    """The convolution of some vectors of images, each of which is cut in ranges of rows."""
    n, c, high, wide, o, rows, columns, top, left, plane, pitch, band, r, cuts, lanes = numbers
    k, apart = off.size, band * columns * lanes
    room, block = cleared((c * plane + lanes) * lanes, x), aligned(r * apart + lanes * lanes, x)
    total = cleared(lanes, x)
    for piece in range(start, stop):
        first, begin, end = _range(piece, cuts, rows, lanes)
        count = min(lanes, n - first)
        _fill(x, first, count, c, high, wide, begin, end + plane // pitch - rows, room, plane, top, left, pitch, lanes)
        for u in range(-(-o // r)):
            for h in range(begin, end, band):
                size = min(band, end - h)
                for i in range(size):
                    product(
                        r, b, u * r, w, u * k * r, off, k, room, (h + i) * pitch * lanes, block, i * columns * lanes,
                        apart, columns * lanes, lanes,
                    )  # fmt: skip
                for i in range(min(r, o - u * r)):
                    to = ((first * o + u * r + i) * rows + h) * columns
                    from_lanes(block, i * apart, size * columns, out, to, o * rows * columns, count, total)


@loop("void(T[::1], T[::1], int64[::1], T[::1], UniTuple(int64, 16), int64, int64)", shared="range")
def weight(x: Any, g: Any, off: Any, parts: Any, numbers: Any, start: Any, stop: Any) -> None:
    """The gradient by the weight, in chunks of images, or of ranges of their rows."""
    n, c, high, wide, o, rows, columns, top, left, plane, pitch, r, some, chunks, cuts, lanes = numbers
    k, blocks, size, pieces = off.size, -(-o // r), rows * columns * lanes, -(-n // lanes) * cuts
    room, room_g = cleared((c * plane + lanes) * lanes, x), aligned(blocks * r * size + lanes * lanes, x)
    for chunk in range(start, stop):
        for piece in range(pieces * chunk // chunks, pieces * (chunk + 1) // chunks):
            first, begin, end = _range(piece, cuts, rows, lanes)
            count, seen = min(lanes, n - first), end + plane // pitch - rows
            _fill(x, first, count, c, high, wide, begin, seen, room, plane, top, left, pitch, lanes)
            _fill(g, first, count, o, rows, columns, begin, end, room_g, rows * columns, 0, 0, columns, lanes)
            for u in range(blocks):
                dots(
                    r, room_g, u * r * size + begin * columns * lanes, size, room, begin * pitch * lanes, off, some, k,
                    columns * lanes, parts, (chunk * blocks + u) * r * k, end - begin, columns * lanes, pitch * lanes,
                )  # fmt: skip


@loop("void(T[::1], T[::1], T[::1], T[::1], T[:, ::1], UniTuple(int64, 16), int64, int64)", shared="range")
def winograd_forward(x: Any, w: Any, b: Any, out: Any, totals: Any, numbers: Any, start: Any, stop: Any) -> None:
    """The convolution of some vectors of images in tiles, each cut in ranges of rows of tiles."""
    n, c, high, wide, o, rows, columns, top, left, m, down, right, band, r, cuts, lanes = numbers
    pitch, width, apart = right * m + 6 - m, right * m, band * right * lanes
    plane = (down * m + 6 - m) * pitch
    room, y = cleared((c * plane + lanes) * lanes, x), aligned((band * m * width + lanes) * lanes, x)
    v, s = aligned(36 * c * apart, x), aligned(36 * r * apart, x)
    seen, to, sums, terms = _tile(6, pitch, lanes), _tile(m, width, lanes), offsets(36, r * apart), offsets(c, apart)
    for piece in range(start, stop):
        first, begin, end = _range(piece, cuts, down, lanes)
        count, total, seen_rows = min(lanes, n - first), totals[piece], end * m + 6 - m
        _fill(x, first, count, c, high, wide, begin * m, seen_rows, room, plane, top, left, pitch, lanes)
        for a in range(begin, end, band):
            ending = min(band, end - a)
            for i in range(c):
                for d in range(ending):
                    for e in range(right):
                        _of_image(
                            room, (i * plane + (a + d) * m * pitch + e * m) * lanes, seen,
                            v, i * apart + (d * right + e) * lanes, c * apart,
                        )  # fmt: skip
            for u in range(-(-o // r)):
                for i in range(36):
                    begin = (u + 1) * r if i == 7 else 0  # A^T and A are 1 there: what stands there is added to all
                    product(
                        r, b, begin, w, (u * 36 + i) * c * r, terms, c, v, i * c * apart, s, i * r * apart, apart,
                        ending * right * lanes, lanes,
                    )  # fmt: skip
                for i in range(min(r, o - u * r)):
                    for d in range(ending):
                        for e in range(right):
                            here, there = i * apart + (d * right + e) * lanes, (d * m * width + e * m) * lanes
                            if m == 4:
                                _of_sums_3(s, here, sums, y, there, to)
                            else:
                                _of_sums_5(s, here, sums, y, there, to)
                    kept = min(ending * m, rows - a * m)
                    place = ((first * o + u * r + i) * rows + a * m) * columns
                    if width == columns:
                        from_lanes(y, 0, kept * columns, out, place, o * rows * columns, count, total)
                    else:
                        for d in range(kept):
                            from_lanes(
                                y,
                                d * width * lanes,
                                columns,
                                out,
                                place + d * columns,
                                o * rows * columns,
                                count,
                                total,
                            )


@loop("void(T[::1], T[::1], T[::1], T[::1], T[:, ::1], UniTuple(int64, 16), int64, int64)", shared="range")
def winograd_image(g: Any, w: Any, b: Any, out: Any, totals: Any, numbers: Any, start: Any, stop: Any) -> None:
    """The transpose of that: each tile of the gradient is added to the elements that it has seen.

    A range of rows gets the tiles before it too that reach into it.
    """
    n, c, high, wide, o, rows, columns, top, left, m, down, right, band, r, cuts, lanes = numbers
    pitch, width, apart = right * m + 6 - m, right * m, band * right * lanes
    plane, plane_g = (down * m + 6 - m) * pitch, down * m * width
    room, y = cleared((o * plane_g + lanes) * lanes, g), aligned((c * plane + lanes) * lanes, g)
    v, s = aligned(36 * o * apart, g), aligned(36 * r * apart, g)
    seen, to, sums, terms = _tile(m, width, lanes), _tile(6, pitch, lanes), offsets(36, r * apart), offsets(o, apart)
    for piece in range(start, stop):
        first, begin, end = _range(piece, cuts, down, lanes)
        count, total, reach = min(lanes, n - first), totals[piece], max(0, begin - 5 // m)
        last = plane // pitch if end == down else end * m  # the row after those of this piece
        _fill(g, first, count, o, rows, columns, reach * m, end * m, room, plane_g, 0, 0, width, lanes)
        for i in range(c):
            y[(i * plane + begin * m * pitch) * lanes : (i * plane + last * pitch) * lanes] = 0
        for a in range(reach, end, band):
            ending = min(band, end - a)
            for i in range(o):
                for d in range(ending):
                    for e in range(right):
                        here = (i * plane_g + (a + d) * m * width + e * m) * lanes
                        there = i * apart + (d * right + e) * lanes
                        if m == 4:
                            _of_gradient_3(room, here, seen, v, there, o * apart)
                        else:
                            _of_gradient_5(room, here, seen, v, there, o * apart)
            for u in range(-(-c // r)):
                for i in range(36):
                    product(
                        r, b, 0, w, (u * 36 + i) * o * r, terms, o, v, i * o * apart, s, i * r * apart, apart,
                        ending * right * lanes, lanes,
                    )  # fmt: skip
                for i in range(min(r, c - u * r)):
                    for d in range(ending):
                        for e in range(right):
                            there = (u * r + i) * plane + (a + d) * m * pitch + e * m
                            _to_image(s, i * apart + (d * right + e) * lanes, sums, y, there * lanes, to)
        for i in range(c):
            for d in range(max(0, begin * m - top), min(high, last - top)):
                here, there = i * plane + (d + top) * pitch + left, ((first * c + i) * high + d) * wide
                from_lanes(y, here * lanes, wide, out, there, c * high * wide, count, total)


@loop("void(T[::1], T[::1], T[::1], UniTuple(int64, 18), int64, int64)", shared="range")
def winograd_weight(x: Any, g: Any, parts: Any, numbers: Any, start: Any, stop: Any) -> None:
    """Sums over tiles of the products of transformed images and gradients, in chunks as in `weight`."""
    n, c, high, wide, o, rows, columns, top, left, m, down, right, band, r, some, chunks, cuts, lanes = numbers
    pitch, width, apart = right * m + 6 - m, right * m, band * right * lanes
    plane, plane_g, blocks = (down * m + 6 - m) * pitch, down * m * width, -(-o // r)
    pieces = -(-n // lanes) * cuts
    room, room_g = cleared((c * plane + lanes) * lanes, x), cleared((o * plane_g + lanes) * lanes, x)
    v, s = aligned(36 * c * apart, x), aligned(36 * blocks * r * apart, x)
    seen, whole, terms = _tile(6, pitch, lanes), _tile(m, width, lanes), offsets(-(-c // some) * some, apart)
    k = terms.size
    terms[c:] = (c - 1) * apart
    for chunk in range(start, stop):
        for piece in range(pieces * chunk // chunks, pieces * (chunk + 1) // chunks):
            first, begin, end = _range(piece, cuts, down, lanes)
            count, seen_rows = min(lanes, n - first), end * m + 6 - m
            _fill(x, first, count, c, high, wide, begin * m, seen_rows, room, plane, top, left, pitch, lanes)
            _fill(g, first, count, o, rows, columns, begin * m, end * m, room_g, plane_g, 0, 0, width, lanes)
            for a in range(begin, end, band):
                ending = min(band, end - a)
                for i in range(c):
                    for d in range(ending):
                        for e in range(right):
                            _of_image(
                                room, (i * plane + (a + d) * m * pitch + e * m) * lanes, seen,
                                v, i * apart + (d * right + e) * lanes, c * apart,
                            )  # fmt: skip
                for i in range(o):
                    for d in range(ending):
                        for e in range(right):
                            here = (i * plane_g + (a + d) * m * width + e * m) * lanes
                            there = i * apart + (d * right + e) * lanes
                            _of_gradient_3(room_g, here, whole, s, there, blocks * r * apart)
                for i in range(36):
                    for u in range(blocks):
                        dots(
                            r, s, (i * blocks + u) * r * apart, apart, v, i * c * apart, terms, some, k,
                            ending * right * lanes, parts, ((chunk * 36 + i) * blocks + u) * r * k, 1, 0, 0,
                        )  # fmt: skip


# -- calls ------------------------------------------------------------------------------------------------------------


def _cuts(n: int, lanes: int, rows: int, work: int) -> int:
    """In how many ranges of rows each vector of images is cut: all threads get as many, of 20 us and more each."""
    units, threads = -(-n // lanes), get_num_threads()
    if units >= 4 * threads:
        return 1
    enough = work // n * lanes >> 20  # ranges of so many products
    return min(rows, threads // math.gcd(units, threads), max(1, enough))


def _chunks(n: int, lanes: int, rows: int, work: int) -> tuple[int, int]:
    """How many sums by the weight are made and then added up, on any number of threads, and how images are cut."""
    units = -(-n // lanes)
    cuts = 2 if units < 4 and rows > 1 and work >= 1 << 21 else 1
    return min(4, units * cuts), cuts


@lru_cache(maxsize=256)
def _windows(kernel: Sizes, pitch: int, plane: int, channels: int, lanes: int) -> Any:
    """Where each term's elements begin in a room."""
    taps = np.arange(kernel[0])[:, None] * pitch + np.arange(kernel[1])
    return ((np.arange(channels)[:, None] * plane + taps.reshape(-1)) * lanes).reshape(-1)


def _run_direct(x: Any, w: Any, bias: Any, out: Any, lead: Sizes) -> bool:
    """Fill `out` (n, o, rows, columns) with the convolution of x, with `lead` zeros before it."""
    (n, c, high, wide), (o, rows, columns), lanes = x.shape, out.shape[1:], tiles.lanes(x.itemsize)
    kernel = w.shape[2:]
    r = rows_for(o)
    pitch, plane = columns + kernel[1] - 1, (columns + kernel[1] - 1) * (rows + kernel[0] - 1)
    off = _windows(kernel, pitch, plane, c, lanes)
    w = packed(w, 1, r)
    b = np.zeros(-(-o // r) * r, x.dtype)
    if bias is not None:
        b[:o] = bias
    band = min(rows, max(1, BAND // (columns * lanes)))
    cuts = _cuts(n, lanes, rows, out.size * len(off))
    numbers = (n, c, high, wide, o, rows, columns, *lead, plane, pitch, band, r, cuts, lanes)
    direct.share(x.reshape(-1), w, b, off, out.reshape(-1), numbers, n=-(-n // lanes) * cuts)
    return True


def _run_weight(x: Any, g: Any, kernel: Sizes, lead: Sizes) -> Any:
    """The gradient by the weight."""
    (n, c, high, wide), (o, rows, columns), lanes = x.shape, g.shape[1:], tiles.lanes(x.itemsize)
    terms = c * math.prod(kernel)
    r, some = block_of(o, terms)
    pitch, plane = columns + kernel[1] - 1, (columns + kernel[1] - 1) * (rows + kernel[0] - 1)
    off = np.zeros(-(-terms // some) * some, np.int64)
    off[:terms] = _windows(kernel, pitch, plane, c, lanes)
    blocks, (chunks, cuts) = -(-o // r), _chunks(n, lanes, rows, g.size * terms)
    parts = np.zeros((chunks, blocks * r, len(off)), x.dtype)
    numbers = (n, c, high, wide, o, rows, columns, *lead, plane, pitch, r, some, chunks, cuts, lanes)
    weight.share(x.reshape(-1), g.reshape(-1), off, parts.reshape(-1), numbers, n=chunks)
    return np.add.reduce(parts[:, :o, :terms], axis=0).reshape(o, c, *kernel)


def _cut(kernel: int, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Places in a tile, tiles down and right, and how many rows of tiles are worked on together."""
    m = 7 - kernel
    down, right = -(-rows // m), -(-columns // m)
    return m, down, right, min(down, max(1, round(TILES / right)))


def _run_winograd(x: Any, w: Any, bias: Any, out: Any, lead: Sizes, back: bool = False) -> bool:
    """Fill `out`, or the image of which the gradient is x to go `back`, and say whether all of it is finite."""
    image, sums = (out, x) if back else (x, out)
    (n, c, high, wide), (o, rows, columns), lanes = image.shape, sums.shape[1:], tiles.lanes(x.itemsize)
    r = rows_for(out.shape[1])
    u = winograd.transformed(w)
    u = winograd.blocks_of(u.swapaxes(0, 1) if back else u, r)
    b = np.zeros((-(-out.shape[1] // r) + 1) * r, x.dtype)
    if bias is not None:
        b[r : r + o] = bias
    m, down, *sizes = _cut(w.shape[2], rows, columns)
    cuts = _cuts(n, lanes, down, sums.size * c * w.shape[2] ** 2)
    numbers = (n, c, high, wide, o, rows, columns, *lead, m, down, *sizes, r, cuts, lanes)
    totals = np.zeros((-(-n // lanes) * cuts, lanes), x.dtype)
    loop = winograd_image if back else winograd_forward
    loop.share(x.reshape(-1), u, b, out.reshape(-1), totals, numbers, n=len(totals))
    return bool(np.isfinite(totals).all())


def _run_winograd_weight(x: Any, g: Any, kernel: Sizes, lead: Sizes) -> Any:
    """The gradient by the weight."""
    (n, c, high, wide), (o, rows, columns), lanes = x.shape, g.shape[1:], tiles.lanes(x.itemsize)
    r, some = block_of(o, c)
    m, down, *sizes = _cut(kernel[0], rows, columns)
    blocks, k, (chunks, cuts) = -(-o // r), -(-c // some) * some, _chunks(n, lanes, down, g.size * c * kernel[0] ** 2)
    parts = np.zeros((chunks, 36, blocks * r, k), x.dtype)
    numbers = (n, c, high, wide, o, rows, columns, *lead, m, down, *sizes, r, some, chunks, cuts, lanes)
    winograd_weight.share(x.reshape(-1), g.reshape(-1), parts.reshape(-1), numbers, n=chunks)
    sums = np.add.reduce(parts[:, :, :o, :c], axis=0)
    return winograd.back(sums.transpose(1, 2, 0), kernel[0])


def _in_tiles(w: Any) -> bool:
    return w.shape[2:] in ((3, 3), (5, 5)) and min(w.shape[:2]) >= 4 and w.shape[0] * w.shape[1] >= 96


def run(x: Any, w: Any, bias: Any, out: Any, lead: Sizes) -> bool:
    """Fill `out` (n, o, rows, columns) with the convolution of x, with `lead` zeros before it; say whether it is done.

    Winograd's for windows of 3 x 3 and 5 x 5 and more than a few channels, measured on one busy core in us, float32:

        n   c   o   size       window   direct  winograd      by the image      by the weight
        64   8   8   14 x 14   3 x 3       182       220       183     232       193     263
        64  16  16   14 x 14   3 x 3       588       489       590     513       589     595
        64  32  32   14 x 14   3 x 3      2290      1300      2240    1370      2470    1700
        64   6  16   14 x 14   5 x 5       318       296       581     354       324     395   (without padding)
        64  16  16   14 x 14   5 x 5      1480       992      1490    1040      1530    1340
    """
    return (_run_winograd if _in_tiles(w) else _run_direct)(x, w, bias, out, lead)


def run_image(g: Any, w: Any, out: Any, lead: Sizes) -> bool:
    """The gradient by the image, likewise."""
    if _in_tiles(w):
        return _run_winograd(g, w, None, out, lead, back=True)
    ahead = (w.shape[2] - 1 - lead[0], w.shape[3] - 1 - lead[1])
    return bool(np.isfinite(w).all()) and _run_direct(g, winograd.flipped(w), None, out, ahead)


def run_weight(x: Any, g: Any, kernel: Sizes, lead: Sizes) -> Any:
    """The gradient by the weight."""
    pairs = x.shape[1] * g.shape[1]
    tiled = kernel == (3, 3) and 256 <= pairs <= 1 << 16 and pairs * math.prod(g.shape[2:]) >= 3 << 14
    return (_run_winograd_weight if tiled else _run_weight)(x, g, kernel, lead)
