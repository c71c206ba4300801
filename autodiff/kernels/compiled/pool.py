"""Compiled pooling: one pass over the windows, over up to three axes.

NumPy goes over whole images once for each tap, and for maxima several times. Here a row of places sees all its taps
while it is in the cache; windows of 2 x 2 that do not overlap have a loop of their own. Sums with steps along rows are
left to NumPy, whose additions of slices were measured to be as fast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ..conv import Sizes, Widths, places_of
from ..policy import Loop, loop, uses
from ..pool import check_windows
from .tiles import _INT, _Code, _helpers, _pointers

LEAST, QUICK = 1 << 14, 1 << 15
"""Elements that windows see, for a thread, and in windows of 2 x 2 side by side: 16 and 3 us, measured on one."""
_intrinsic: Any = intrinsic
_PLAIN = "T[:, :, :, ::1]"
_SHAPES = "UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3)"


@loop(
    f"void({_PLAIN}, {_PLAIN}, uint16[:, :, :, ::1], int64[:, :, ::1], {_SHAPES}, UniTuple(int64, 3), T, int64, int64)",
    shared="range",
)
def _largest(
    x: Any, out: Any, which: Any, first: Any, kernel: Any, stride: Any, lead: Any, dilation: Any, lowest: Any,
    start: Any, stop: Any,
) -> None:  # fmt: skip
    for n in range(start, stop):
        for d in range(out.shape[1]):
            for h in range(out.shape[2]):
                line, taps, begin = out[n, d, h], which[n, d, h], first[d, h]
                for w in range(line.size):
                    line[w] = lowest
                    taps[w] = begin[w]
                for a in range(kernel[0]):
                    for b in range(kernel[1]):
                        i = d * stride[0] - lead[0] + a * dilation[0]
                        j = h * stride[1] - lead[1] + b * dilation[1]
                        if 0 <= i < x.shape[1] and 0 <= j < x.shape[2]:
                            seen = x[n, i, j]
                            for c in range(kernel[2]):
                                k = c * dilation[2] - lead[2]
                                left = max(stride[2] - 1 - k, 0) // stride[2]
                                right = min(line.size, max(seen.size - k + stride[2] - 1, 0) // stride[2])
                                if left < right:
                                    tap = np.uint16((a * kernel[1] + b) * kernel[2] + c)
                                    bests, at = line[left:right], taps[left:right]
                                    part = seen[left * stride[2] + k :]
                                    if stride[2] == 1:
                                        for w in range(bests.size):
                                            value, best = part[w], bests[w]
                                            larger = (not (value <= best)) & (best == best)  # a NaN wins, the first
                                            bests[w] = value if larger else best
                                            at[w] = tap if larger else at[w]
                                    elif stride[2] == 2:
                                        for w in range(bests.size):
                                            value, best = part[2 * w], bests[w]
                                            larger = (not (value <= best)) & (best == best)
                                            bests[w] = value if larger else best
                                            at[w] = tap if larger else at[w]
                                    else:
                                        for w in range(bests.size):
                                            value, best = part[w * stride[2]], bests[w]
                                            larger = (not (value <= best)) & (best == best)
                                            bests[w] = value if larger else best
                                            at[w] = tap if larger else at[w]


# -- windows of 2 x 2, side by side -----------------------------------------------------------------------------------


@_intrinsic
def _fours(typing: Any, x: Any, upper: Any, lower: Any, out: Any, which: Any, to: Any, n: Any) -> Any:
    """The largest in each of n windows between two rows of x, and which: a vector of windows at a time."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_x, upper, lower, at_out, at_which, to, count = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, x.dtype, signature.args, args)
        for here, twice, mask in _vectors(code, count):
            seen = []
            for row in (upper, lower):
                parts = [code.load_some(code.at(at_x, row, place), some) for place, some in twice]
                seen += [code.pick(parts, list(range(first, 2 * code.lanes, 2))) for first in (0, 1)]
            tops = [(value, _taps(code, k)) for k, value in enumerate(seen)]
            while len(tops) > 1:
                tops = [_larger(builder, *pair) for pair in zip(tops[::2], tops[1::2], strict=True)]
            for value, pointer in zip(tops[0], (at_out, at_which), strict=True):
                code.store_some(value, code.at(pointer, to, here), mask)
        return context.get_dummy_value()

    return types.void(x, upper, lower, out, which, to, n), write


@_intrinsic
def _fours_back(typing: Any, g: Any, which: Any, at: Any, out: Any, upper: Any, lower: Any, n: Any) -> Any:
    """Write n windows between two rows of `out`: the number of g at the element that was the largest, and 0."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_g, at_which, at, at_out, upper, lower, count = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, g.dtype, signature.args, args)
        for here, twice, mask in _vectors(code, count):
            value = code.load_some(code.at(at_g, at, here), mask)
            taps = code.load_some(code.at(at_which, at, here), mask, 16)
            for row, first in ((upper, 0), (lower, 2)):
                parts = [
                    builder.select(builder.icmp_unsigned("==", taps, _taps(code, first + k)), value, code.zero)
                    for k in (0, 1)
                ]
                for v, (place, some) in enumerate(twice):
                    joined = code.pick(
                        parts, [(v * code.lanes + j) // 2 + j % 2 * code.lanes for j in range(code.lanes)]
                    )
                    code.store_some(joined, code.at(at_out, row, place), some)
        return context.get_dummy_value()

    return types.void(g, which, at, out, upper, lower, n), write


def _taps(code: _Code, k: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(16), code.lanes), [k] * code.lanes)


def _larger(builder: Any, first: Any, second: Any) -> Any:
    """Of two pairs (value, tap) that with the larger value, the first of equals; a NaN wins, the first."""
    best, value = first[0], second[0]
    larger = builder.and_(builder.fcmp_unordered(">", value, best), builder.fcmp_ordered("ord", best, best))
    return [builder.select(larger, new, old) for old, new in zip(first, second, strict=True)]


def _vectors(code: _Code, count: Any) -> Iterator[tuple[Any, list[tuple[Any, Any]], Any]]:
    """Inside of a loop over vectors of windows: where one begins, where its two vectors of a row do, and masks."""
    builder = code.builder
    blocks = builder.udiv(builder.add(count, _INT(code.lanes - 1)), _INT(code.lanes))
    with _helpers.for_range(builder, blocks) as each:
        here, two = builder.mul(each.index, _INT(code.lanes)), builder.mul(count, _INT(2))
        places = [builder.add(builder.mul(here, _INT(2)), _INT(v * code.lanes)) for v in (0, 1)]
        yield here, [(place, code.below(place, two)) for place in places], code.below(here, count)


@loop(f"void({_PLAIN}, {_PLAIN}, uint16[:, :, :, ::1])", shared="rows")
def _largest_of_four(x: Any, out: Any, which: Any) -> None:
    high, wide, flat, best, taps = out.shape[2], out.shape[3], x.reshape(-1), out.reshape(-1), which.reshape(-1)
    for n in range(x.shape[0]):
        for h in range(high):
            at = (n * x.shape[2] + 2 * h) * x.shape[3]
            _fours(flat, at, at + x.shape[3], best, taps, (n * high + h) * wide, wide)


@loop(f"void({_PLAIN}, uint16[:, :, :, ::1], {_PLAIN})", shared="rows")
def _largest_of_four_back(g: Any, which: Any, out: Any) -> None:
    high, wide, flat, grads, taps = g.shape[2], g.shape[3], out.reshape(-1), g.reshape(-1), which.reshape(-1)
    if 2 * high < out.shape[2] or 2 * wide < out.shape[3]:
        flat[:] = 0
    for n in range(g.shape[0]):
        for h in range(high):
            at = (n * out.shape[2] + 2 * h) * out.shape[3]
            _fours_back(grads, taps, (n * high + h) * wide, flat, at, at + out.shape[3], wide)


# -- kernels ----------------------------------------------------------------------------------------------------------


def _four(x: Any) -> Any:
    """An array (n, c, *size) in rows as (images, d, h, w)."""
    return np.ascontiguousarray(x).reshape(-1, *(1,) * (5 - x.ndim), *x.shape[2:])


def _three(values: Sizes, fill: int) -> Sizes:
    return (*(fill,) * (3 - len(values)), *values)


def _fits(x: Any, kernel: Sizes) -> bool:
    return type(x) is np.ndarray and bool(x.size) and x.ndim <= 5 and math.prod(kernel) <= 1 << 16


def _side_by_side(kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> bool:
    return kernel == stride == (2, 2) and dilation == (1, 1) and not any(map(any, padding))


def _share(run: Loop, each: int, images: Any, *args: Any) -> None:
    """Call a loop for images of which `each` is so much work."""
    least = QUICK if run in (_largest_of_four, _largest_of_four_back) else LEAST
    run.share(images, *args, n=len(images), least=-(-least // max(each, 1)))


@uses(_largest, _largest_of_four)
def max_pool(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> tuple[Any, Any] | None:
    """Exact."""
    if not _fits(x, kernel):
        return None
    places = places_of(x.shape[2:], kernel, stride, padding, dilation)
    if math.prod(kernel) > math.prod(places):  # NumPy's argmax is made for few and large windows
        return None
    out, which = np.empty((*x.shape[:2], *places), x.dtype), np.empty((*x.shape[:2], *places), np.uint16)
    images, best, taps = _four(x), _four(out), _four(which)
    each = math.prod(places) * math.prod(kernel)
    if _side_by_side(kernel, stride, padding, dilation):
        _share(_largest_of_four, each, images, best, taps)
    else:
        begin = check_windows(x.shape[2:], kernel, stride, padding, dilation, places)
        lead = _three(tuple([before for before, _ in padding]), 0)
        sizes = (_three(kernel, 1), _three(stride, 1), lead, _three(dilation, 1))
        first = np.ravel_multi_index(np.ix_(*begin), kernel).reshape(best.shape[1:])
        _share(_largest, each, images, best, taps, first, *sizes, x.dtype.type(-np.inf))
    return out, which


@loop(
    f"void({_PLAIN}, uint16[:, :, :, ::1], T[:, ::1], int64[::1], int64, UniTuple(int64, 3), int64, int64)",
    shared="range",
)
def _largest_back(g: Any, which: Any, out: Any, jump: Any, begin: Any, step: Any, start: Any, stop: Any) -> None:
    for n in range(start, stop):
        image = out[n]
        image[:] = 0
        for d in range(g.shape[1]):
            for h in range(g.shape[2]):
                line, taps, place = g[n, d, h], which[n, d, h], begin + d * step[0] + h * step[1]
                for w in range(line.size):
                    image[place + w * step[2] + jump[taps[w]]] += line[w]


@uses(_largest_back, _largest_of_four_back)
def max_pool_vjp(
    g: Any, x_shape: tuple[int, ...], saved: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes
) -> tuple[Any] | None:
    """Where windows overlap, a sum of as many roundings."""
    if not _fits(g, kernel) or saved.dtype != np.uint16 or saved.shape != g.shape:
        return None
    out = np.empty(x_shape, g.dtype)
    grads, taps, back = _four(g), _four(saved), out.reshape(-1, math.prod(x_shape[2:]))
    if _side_by_side(kernel, stride, padding, dilation):
        _share(_largest_of_four_back, out[0, 0].size, grads, taps, _four(out))
        return (out,)
    rows = [math.prod(x_shape[i + 1 :]) for i in range(2, len(x_shape))]  # elements from one to the next, by axis
    jump: Any = 0
    for count, row, apart in zip(kernel, rows, dilation, strict=True):
        jump = (np.asarray(jump)[..., None] + np.arange(count) * (row * apart)).reshape(-1)
    start = -sum(before * row for (before, _), row in zip(padding, rows, strict=True))
    step = _three(tuple([s * row for s, row in zip(stride, rows, strict=True)]), 0)
    _share(_largest_back, out[0, 0].size, grads, taps, back, jump, start, step)
    return (out,)


@loop(f"void({_PLAIN}, {_PLAIN}, {_SHAPES})", shared="rows")
def _sum(x: Any, out: Any, kernel: Any, stride: Any, lead: Any) -> None:
    for n in range(x.shape[0]):
        for d in range(out.shape[1]):
            for h in range(out.shape[2]):
                line = out[n, d, h]
                line[:] = 0
                for a in range(kernel[0]):
                    for b in range(kernel[1]):
                        i, j = d * stride[0] - lead[0] + a, h * stride[1] - lead[1] + b
                        if 0 <= i < x.shape[1] and 0 <= j < x.shape[2]:
                            seen = x[n, i, j]
                            for c in range(kernel[2]):
                                start, stop = max(lead[2] - c, 0), min(line.size, seen.size + lead[2] - c)
                                if start < stop:
                                    part = line[start:stop]
                                    terms = seen[start - lead[2] + c : stop - lead[2] + c]
                                    for w in range(part.size):
                                        part[w] += terms[w]


@uses(_sum)
def pool_sum(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths) -> Any:
    """A rounding for each element of the window."""
    if not _fits(x, kernel) or stride[-1] != 1:
        return None
    places = places_of(x.shape[2:], kernel, stride, padding, (1,) * len(kernel))
    out = np.empty((*x.shape[:2], *places), x.dtype)
    images, sums = _four(x), _four(out)
    sizes = (_three(kernel, 1), _three(stride, 1), _three(tuple([before for before, _ in padding]), 0))
    _share(_sum, math.prod(places) * math.prod(kernel), images, sums, *sizes)
    return out


@loop(f"void({_PLAIN}, {_PLAIN}, {_SHAPES})", shared="rows")
def _spread(g: Any, out: Any, kernel: Any, stride: Any, lead: Any) -> None:
    for n in range(g.shape[0]):
        out[n] = 0
        for d in range(g.shape[1]):
            for h in range(g.shape[2]):
                line = g[n, d, h]
                for a in range(kernel[0]):
                    for b in range(kernel[1]):
                        i, j = d * stride[0] - lead[0] + a, h * stride[1] - lead[1] + b
                        if 0 <= i < out.shape[1] and 0 <= j < out.shape[2]:
                            seen = out[n, i, j]
                            for c in range(kernel[2]):
                                start, stop = max(lead[2] - c, 0), min(line.size, seen.size + lead[2] - c)
                                if start < stop:
                                    part = line[start:stop]
                                    sums = seen[start - lead[2] + c : stop - lead[2] + c]
                                    for w in range(part.size):
                                        sums[w] += part[w]


@uses(_spread)
def pool_spread(g: Any, *, size: Sizes, kernel: Sizes, stride: Sizes, padding: Widths) -> Any:
    """A rounding for each window that sees an element."""
    if not _fits(g, kernel) or stride[-1] != 1:
        return None
    out = np.empty((*g.shape[:2], *size), g.dtype)
    grads, sums = _four(g), _four(out)
    sizes = (_three(kernel, 1), _three(stride, 1), _three(tuple([before for before, _ in padding]), 0))
    _share(_spread, math.prod(g.shape[2:]) * math.prod(kernel), grads, sums, *sizes)
    return out
