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
from . import lanes, tiles, winograd
from .products import OPTIONS, aligned, block_of, cleared, dots, packed, product, rows_for, starts, whole_chunks

split_1, split_2, join_1 = tiles.split[1], tiles.split[2], tiles.join[1]
BYTES = tiles.BYTES

CACHE = 1 << 18  # bytes of images that are worked on together
ROOM = 1 << 22  # bytes of a vector of images that `lanes` works on
BAND = 512  # places that are worked on for all channels before the next ones


# -- inside loops -----------------------------------------------------------------------------------------------------


@njit(**OPTIONS)
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


# -- direct -----------------------------------------------------------------------------------------------------------


@loop(
    "void(T[:, :, :, :, ::1], T[::1], T[::1], int64[::1], T[:, :, :, :, ::1], UniTuple(int64, 3), "
    "UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3), "
    "UniTuple(int64, 6), int64, int64)",
    shared="range",
)
def _direct(
    x: Any, w: Any, bias: Any, off: Any, out: Any, s: Any, lead: Any, q: Any, places: Any, step: Any, first: Any,
    numbers: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    groups, blocks, r, band, pitch, lanes = numbers
    k, n_w, o = off.size, places[2], out.shape[1] // groups
    apart = s[0] * s[1] * s[2] * q[0] * q[1] * q[2]
    own, size, flat = x.shape[1] // groups * apart, out.shape, out.reshape(-1)
    room, block, total = cleared(x.shape[1] * apart + lanes, x), aligned(r * pitch + lanes, x), cleared(lanes, x)
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
                    begin = (g * blocks + b) * r
                    product(r, bias, begin, w, begin * k, off, k, room, here, block, 0, pitch, end_row, lanes)
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


def _run_direct(
    x: Any, w: Any, bias: Any, off: Any, out: Any, s: Sizes, lead: Sizes, q: Sizes, places: Sizes, step: Sizes,
    first: Sizes, groups: int,
) -> None:  # fmt: skip
    """`out` at first, first + step, ..., from weights (o, c / groups, taps) and the offset of each of their terms."""
    r = rows_for(len(w) // groups)
    blocks, lanes = -(-len(w) // groups // r), tiles.lanes(x.itemsize)
    band = min(max(BAND // q[2], 1), places[1])
    pitch = -(-band * q[2] // lanes) * lanes
    b, w = starts(bias, groups, len(w) // groups, r, x.dtype), packed(w, groups, r)
    numbers, work = (groups, blocks, r, band, pitch, lanes), r * len(off) * math.prod(places)
    n, least = len(x) * groups * blocks, (1 << 20) // max(work, 1)
    _direct.share(x, w, b, off, out, s, lead, q, places, step, first, numbers, n=n, least=least)


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
    "void(T[:, :, :, :, ::1], T[:, :, :, :, ::1], int64[::1], T[::1], UniTuple(int64, 3), UniTuple(int64, 3), "
    "UniTuple(int64, 3), UniTuple(int64, 7), int64, int64)",
    shared="range",
)
def _weight(
    x: Any, g: Any, off: Any, parts: Any, s: Any, lead: Any, q: Any, numbers: Any, start: Any, stop: Any
) -> None:
    groups, blocks, r, columns, together, chunks, apart_g = numbers
    k, n = off.size, x.shape[0]
    apart = s[0] * s[1] * s[2] * q[0] * q[1] * q[2]
    c, o = x.shape[1] // groups, g.shape[1] // groups
    step, step_g = x.shape[1] * apart, groups * blocks * r * apart_g
    places = ((g.shape[2] - 1) * q[1] + g.shape[3] - 1) * q[2] + g.shape[4]
    one, none, rows_g = (1, 1, 1), (0, 0, 0), (g.shape[2], q[1], q[2])
    room, room_g = cleared(together * step + BYTES // x.itemsize, x), cleared(together * step_g, x)
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
                dots(r, room_g, a0, apart_g, room, b0, off, columns, k, places, parts, p0, count, step_g, step)
        unit = end


def _choose(
    kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int, n: int, c: int, o: int, size: Sizes,
    itemsize: int, weight: bool = False,
) -> str:  # fmt: skip
    """How a convolution of n images from c to o channels of a group is computed, or its gradient by the weight.

    In lanes if images fill them and their room fits in the cache: 0.5 to 0.95 of the time of all others (at worst 1.2).
    Otherwise measured for 3 x 3 and as much padding as keeps the size, in ms on one busy core, float32:

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
    plain = stride == dilation == (1, 1) and groups == 1  # so there are two axes
    simple = plain and kernel == (3, 3) and max(map(max, padding)) <= 2
    if way == "auto":
        if math.prod(kernel) == 1 and not any(map(any, padding)):
            return "gemm"
        few, places = min(c, o), math.prod(size)
        enough = n * places * c * o >= 1 << 21  # products of a tap: below, transforms cost more than they save
        if plain and _fills_lanes(n, itemsize) and max(c, o) * places * tiles.BYTES <= ROOM:
            way = "lanes"
        elif simple and few >= 16 and enough and places >= (64 if weight and few >= 64 else 144):
            way = "winograd" if not weight or c * o <= 1 << 16 else "gemm"
        else:
            way = "gemm" if few >= (128 if weight else 256) else "direct"
    if way == "lanes":
        return way if plain and all(p < k for ends, k in zip(padding, kernel, strict=True) for p in ends) else "direct"
    return "direct" if way == "winograd" and not simple else way


def _fills_lanes(n: int, itemsize: int) -> bool:
    """Whether at most a quarter of the lanes is without an image."""
    lanes = tiles.lanes(itemsize)
    return -(-n // lanes) * lanes * 3 <= 4 * n


# -- kernels ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _plan(
    size: Sizes, channels: int, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes
) -> tuple[Sizes, Sizes, Sizes, Sizes, Any]:  # fmt: skip
    """Places, and how a room is laid out for them: steps, zeros before, length of the parts, offsets of terms."""
    places = places_of(size, kernel, stride, padding, dilation)
    s, lead, dilation, kernel, q = _geometry(stride, padding, dilation, kernel, size)
    return places, s, lead, q, _offsets(channels, kernel, dilation, s, q)


def _convolve(
    x: Any, w: Any, bias: Any, stride: Sizes, padding: Widths, dilation: Sizes, groups: int
) -> Any:  # fmt: skip
    kernel = w.shape[2:]
    c, o = w.shape[1], len(w) // groups
    way = _choose(kernel, stride, padding, dilation, groups, len(x), c, o, x.shape[2:], x.itemsize)
    if way == "gemm":
        return None
    places, s, lead, q, off = _plan(x.shape[2:], x.shape[1] // groups, kernel, stride, padding, dilation)
    out = np.empty((len(x), len(w), *places), x.dtype)
    if way == "lanes" and lanes.run(np.ascontiguousarray(x), w, bias, out, lead[1:]):
        return out
    if way == "winograd" and winograd.run_forward(x, w, bias, out, lead[1:]):
        return out
    full = _three(out)
    _run_direct(_three(x), w, bias, off, full, s, lead, q, full.shape[2:], (1, 1, 1), (0, 0, 0), groups)
    return out


_FORWARD = _direct, winograd.forward, lanes.direct, lanes.winograd_forward


@uses(*_FORWARD)
def conv(x: Any, w: Any, *, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error of the direct form: n roundings of the sum of |w| |x| over its n terms, and mostly few.

    Of Winograd's: 1e-5 of the largest such sum in a channel in float32, 2e-14 in float64 (measured: 3e-6 and 4e-15).
    What is infinite or NaN would spread over a tile there; if any of the result is, the direct form computes all of
    it again.
    """
    return _convolve(x, w, None, stride, padding, dilation, groups) if _fits(x, w) else None


@uses(*_FORWARD)
def conv_bias(x: Any, w: Any, b: Any, *, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error: as `conv`; sums begin with the bias."""
    return _convolve(x, w, b, stride, padding, dilation, groups) if _fits(x, w, b) else None


@uses(_direct, winograd.forward, lanes.direct, lanes.winograd_image)
def conv_dx(g: Any, w: Any, *, shape: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error: as `conv`."""
    if not _fits(g, w):
        return None
    n, o, c = len(g), len(w) // groups, w.shape[1]
    way = _choose(w.shape[2:], stride, padding, dilation, groups, n, o, c, shape, g.itemsize)
    if way == "gemm":
        return None
    out = np.empty((n, c * groups, *shape), g.dtype)
    if way != "direct" and _by_image(way, g, w, out, tuple([before for before, _ in padding])):
        return out
    if not np.isfinite(w).all():  # times the zeros around g it would be NaN
        return None
    full, g = _three(out), _three(g)
    lead, q, rests = _plan_dx(full.shape[2:], o, w.shape[2:], stride, padding, dilation)
    taps = w.reshape(groups, o, c, -1).transpose(0, 2, 1, 3).reshape(groups * c, o, -1)
    for first, count, step, some, off in rests:
        _run_direct(g, taps[:, :, some], None, off, full, (1, 1, 1), lead, q, count, step, first, groups)
    return out


def _by_image(way: str, g: Any, w: Any, out: Any, before: Sizes) -> bool:
    """Fill `out` one of the ways that are not direct, and say whether all of it is finite."""
    if way == "lanes":
        return lanes.run_image(np.ascontiguousarray(g), w, out, before)
    return winograd.run_forward(g, winograd.flipped(w), None, out, (2 - before[0], 2 - before[1]))


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


@uses(_weight, winograd.weight, lanes.weight, lanes.winograd_weight)
def conv_dw(x: Any, g: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Error: as `conv`, over places and images."""
    if not _fits(x, g):
        return None
    n, o, terms = len(x), g.shape[1] // groups, x.shape[1] // groups * math.prod(kernel)
    c = x.shape[1] // groups
    way = _choose(kernel, stride, padding, dilation, groups, n, c, o, x.shape[2:], x.itemsize, weight=True)
    if way == "gemm":
        return None
    _, s, lead, q, known = _plan(x.shape[2:], x.shape[1] // groups, kernel, stride, padding, dilation)
    if way in ("lanes", "winograd"):
        x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
        found = lanes.run_weight(x, g, kernel, lead[1:]) if way == "lanes" else winograd.run_weight(x, g, lead[1:])
        if np.isfinite(found).all():
            return found
    x, g = _three(x), _three(g)
    r, columns = block_of(o, terms)
    blocks, width = -(-o // r), tiles.lanes(x.itemsize)
    off = np.zeros(-(-terms // columns) * columns, np.int64)
    off[:terms] = known
    apart_g = -(-g.shape[2] * q[1] * q[2] // width) * width
    each = x.shape[1] * math.prod(s) * math.prod(q) + groups * blocks * r * apart_g
    together = min(n, max(1, CACHE // (each * x.itemsize)))
    chunks = min(-(-n // together), 4)
    parts = np.zeros((chunks, groups, blocks * r, len(off)), x.dtype)
    numbers = (groups, blocks, r, columns, together, chunks, apart_g)
    units, least = chunks * groups * blocks, (1 << 20) // (r * len(off) * apart_g * n // chunks)
    _weight.share(x, g, off, parts.reshape(-1), s, lead, q, numbers, n=units, least=least, pieces=whole_chunks(chunks))
    out = np.add.reduce(parts[:, :, :o, :terms], axis=0).reshape(groups * o, x.shape[1] // groups, *kernel)
    return out if np.isfinite(out).all() else None  # what lies between rows counts 0 times, and 0 inf is NaN
