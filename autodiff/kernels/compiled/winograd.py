"""Winograd's convolution for windows of 3 x 3: 6 x 6 elements give 4 x 4 places, with a quarter of the products.

The same six points serve windows of 5 x 5, whose tiles give 2 x 2 places (`lanes.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ..conv import Sizes
from ..linalg import matmul
from ..policy import loop
from . import tiles
from .products import OPTIONS, aligned, block_of, cleared, dots, offsets, product, rows_for, whole_chunks

split_4, join_4 = tiles.split[4], tiles.join[4]


@njit(**OPTIONS)
def _fill_fours(image: Any, room: Any, at: Any, top: Any, left: Any, high: Any, wide: Any) -> None:
    """Copy an image (h, w) behind top and left zeros, as 4 x 4 parts (high, wide) of each fourth row and column."""
    height, width = image.shape
    flat = image.reshape(-1)
    for a in range(4):
        for i in range(high):
            h, to = 4 * i + a - top, at + (4 * a * high + i) * wide
            line, size = (h * width, width) if h >= 0 and h < height else (0, 0)
            split_4(flat, line, size, left, room, to, high * wide, wide)


# F(4 x 4, 3 x 3) of Lavin and Gray (2016): y = A^T ((G w G^T) * (B^T x B)) A, and F(2 x 2, 5 x 5) of the same points.
POINTS = (0, 1, -1, 2, -2)  # and infinity
B_T = (
    (4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0), (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)  # fmt: skip
A_T_3, A_T_5 = [[[*[p**i for p in POINTS], int(i == m - 1)] for i in range(m)] for m in (4, 2)]
A_3, A_5 = [list(zip(*matrix, strict=True)) for matrix in (A_T_3, A_T_5)]
G = {k: np.array([[p**i / n for i in range(k)] for p, n in zip(POINTS, (4, -6, -6, 24, 24), strict=True)]
                 + [[int(i == k - 1) for i in range(k)]]) for k in (3, 5)}  # fmt: skip

BOTH = {(k, char): np.kron(g, g).astype(char) for k, g in G.items() for char in "fd"}  # for both sides of a window

of_image, of_sums, of_gradient = tiles.transform(B_T), tiles.transform(A_T_3), tiles.transform(A_3)


def transformed(w: Any) -> Any:
    """G w G^T for each pair of channels: (o, c, k, k) to (o, c, 36)."""
    return matmul(w.reshape(*w.shape[:2], -1), BOTH[w.shape[2], w.dtype.char].T)


def flipped(w: Any) -> Any:
    """Weights with which the gradient by the image is a convolution."""
    return w.swapaxes(0, 1)[:, :, ::-1, ::-1]


def back(sums: Any, k: int) -> Any:
    """G^T sums G, the transpose: (o, c, 36) to (o, c, k, k)."""
    return matmul(sums, BOTH[k, sums.dtype.char]).reshape(*sums.shape[:2], k, k)


def blocks_of(u: Any, r: int) -> Any:
    """Weights (o, c, 36) as (blocks, 36, c, r), with zeros for channels that are not there."""
    o, c, _ = u.shape
    rows = np.zeros((-(-o // r) * r, c, 36), u.dtype)
    rows[:o] = u
    return np.ascontiguousarray(rows.reshape(-1, r, c, 36).transpose(0, 3, 2, 1)).reshape(-1)


TILES = 72  # tiles that are worked on together in `forward`
TILES_WEIGHT = 288  # in `weight`, whose sums run along tiles
ROOM = 1 << 24  # bytes of what these are transformed to


@njit(**OPTIONS)
def _fours(side: Any, part: Any, pitch: Any) -> Any:
    """Offsets of a tile's elements (side, side), where each fourth element has a part of its own."""
    off = np.empty(side * side, np.int64)
    for i in range(side):
        for j in range(side):
            off[i * side + j] = ((i % 4) * 4 + j % 4) * part + (i // 4) * pitch + j // 4
    return off


@loop(
    "void(T[:, :, :, ::1], T[::1], T[::1], T[:, :, :, ::1], T[:, ::1], UniTuple(int64, 8), int64, int64)",
    shared="range",
)
def forward(x: Any, u: Any, bias: Any, out: Any, totals: Any, numbers: Any, start: Any, stop: Any) -> None:
    """The convolution of some images' bands of tiles."""
    r, images, high, wide, top, left, pitch, lanes = numbers
    n, channels, places_h, places_w, o = x.shape[0], x.shape[1], out.shape[2], out.shape[3], out.shape[1]
    part, each = (high + 1) * wide, high * wide
    room, y = cleared(16 * part + wide + 2 * lanes, x), aligned(16 * (each + lanes) + 4 * lanes, x)
    v, m = aligned(36 * channels * pitch + lanes, x), aligned(36 * r * pitch + lanes, x)
    seen, sums, rows = _fours(6, part, wide), offsets(36, r * pitch), offsets(channels, pitch)
    bands, flat = -(-places_h // (4 * high)), out.reshape(-1)
    for unit in range(start, stop):
        first, band, total = unit // bands * images, unit % bands, totals[unit]
        count = min(images, n - first)
        for c in range(channels):
            for i in range(count):
                _fill_fours(x[first + i, c], room, 0, top - 4 * high * band, left, high + 1, wide)
                for t in range(0, each, lanes):
                    of_image(room, t, seen, v, c * pitch + i * each + t, channels * pitch)
        for block in range(-(-o // r)):
            for i in range(36):
                begin = (block + 1) * r if i == 7 else 0  # A^T and A are 1 there: what stands there is added to all
                product(
                    r, bias, begin, u, (block * 36 + i) * channels * r, rows, channels, v, i * channels * pitch,
                    m, i * r * pitch, pitch, count * each, lanes,
                )  # fmt: skip
            for j in range(min(r, o - block * r)):
                for i in range(count):
                    for t in range(0, each, lanes):
                        of_sums(m, j * pitch + i * each + t, sums, y, t, each + lanes)
                    for a in range(min(4 * high, places_h - 4 * high * band)):
                        to = (((first + i) * o + block * r + j) * places_h + 4 * high * band + a) * places_w
                        join_4(
                            y, (a % 4) * 4 * (each + lanes) + (a // 4) * wide, each + lanes, flat, to, places_w, total
                        )


def run_forward(x: Any, w: Any, bias: Any, out: Any, lead: Sizes) -> bool:
    """Fill `out`, and say whether all of it is finite: what is not has spread over tiles."""
    x = np.ascontiguousarray(x)
    n, o, (h, width), lanes = len(x), len(w), out.shape[2:], tiles.lanes(x.itemsize)
    r = rows_for(o)
    u = blocks_of(transformed(w), r)
    b = np.zeros((-(-o // r) + 1) * r, x.dtype)
    if bias is not None:
        b[r : r + o] = bias
    wide, high = -(-width // 4) + 1, -(-h // 4)
    bands = max(1, round(high * wide / TILES))
    high = -(-high // bands)
    images = max(1, TILES // (high * wide)) if bands == 1 else 1
    pitch = -(-images * high * wide // lanes) * lanes + lanes
    totals = np.zeros((-(-n // images) * -(-h // (4 * high)), lanes), x.dtype)
    forward.share(x, u, b, out, totals, (r, images, high, wide, *lead, pitch, lanes), n=len(totals))
    return bool(np.isfinite(totals).all())


@loop(
    "void(T[:, :, :, ::1], T[:, :, :, ::1], T[::1], UniTuple(int64, 11), int64, int64)",
    shared="range",
)
def weight(x: Any, g: Any, parts: Any, numbers: Any, start: Any, stop: Any) -> None:
    """Sums over tiles of the products of transformed images and gradients."""
    r, columns, blocks, chunks, images, high, wide, top, left, pitch, lanes = numbers
    n, channels, o = x.shape[0], x.shape[1], g.shape[1]
    k = -(-channels // columns) * columns
    part, each = (high + 1) * wide, high * wide
    room, v = cleared(16 * part + wide + 2 * lanes, x), aligned(36 * channels * pitch + lanes, x)
    m = aligned(36 * blocks * r * pitch + lanes, x)
    for i in range(36):
        m[(i * blocks * r + o) * pitch : (i + 1) * blocks * r * pitch] = 0  # of channels that are not there
    seen, whole, rows = _fours(6, part, wide), _fours(4, each, wide), offsets(k, pitch)
    rows[channels:] = (channels - 1) * pitch
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
            places = count * each
            end_row = -(-places // lanes) * lanes
            for c in range(channels):
                for i in range(count):
                    _fill_fours(x[first + i, c], room, 0, top - 4 * high * band, left, high + 1, wide)
                    for t in range(0, each, lanes):
                        of_image(room, t, seen, v, c * pitch + i * each + t, channels * pitch)
                for i in range(36):
                    line = (i * channels + c) * pitch
                    v[line + places : line + end_row] = 0
            for c in range(low, up):
                for i in range(count):
                    _fill_fours(g[first + i, c], room, 0, -4 * high * band, 0, high, wide)
                    for j in range(16 * each, 16 * each + lanes):
                        room[j] = 0
                    for t in range(0, each, lanes):
                        of_gradient(room, t, whole, m, c * pitch + i * each + t, blocks * r * pitch)
                for i in range(36):
                    line = (i * blocks * r + c) * pitch
                    m[line + places : line + end_row] = 0
            for i in range(36):
                for u in range(task, end):
                    a0, p0 = (i * blocks * r + (u - chunk * blocks) * r) * pitch, (u * 36 + i) * r * k
                    dots(r, m, a0, pitch, v, i * channels * pitch, rows, columns, k, places, parts, p0, 1, 0, 0)
        task = end


def run_weight(x: Any, g: Any, lead: Sizes) -> Any:
    """The sums of G^T (A g A^T) * (B^T x B) G over tiles."""
    x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    (n, c), (o, h, width), lanes = x.shape[:2], g.shape[1:], tiles.lanes(x.itemsize)
    r, columns = block_of(o, c)
    blocks, k = -(-o // r), -(-c // columns) * columns
    wide, high = -(-width // 4) + 1, -(-h // 4)
    most = max(4 * lanes, min(TILES_WEIGHT, ROOM // (36 * (c + o) * x.itemsize)))
    high = -(-high // max(1, round(high * wide / most)))
    images = min(n, max(1, most // (high * wide))) if 4 * high >= h else 1
    pitch = -(-images * high * wide // lanes) * lanes + lanes
    chunks = min(-(-n // images) * -(-h // (4 * high)), 4 if 36 * k * o * x.itemsize < 1 << 22 else 1)
    parts = np.zeros((chunks, blocks, 36, r, k), x.dtype)
    numbers = (r, columns, blocks, chunks, images, high, wide, *lead, pitch, lanes)
    weight.share(x, g, parts.reshape(-1), numbers, n=chunks * blocks, pieces=whole_chunks(chunks))
    sums = np.add.reduce(parts, axis=0).transpose(0, 2, 3, 1).reshape(blocks * r, k, 36)[:o, :c]
    return back(sums, 3)
