"""Compiled pooling: one pass over the windows, over up to three axes.

NumPy goes over whole images once for each tap, and for maxima several times. Here a row of places sees all its taps
while it is in the cache; windows of 2 x 2 that do not overlap have a loop of their own. Sums with steps along rows are
left to NumPy, whose additions of slices were measured to be as fast.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..conv import Sizes, Widths, places_of
from ..policy import loop, uses
from ..pool import check_windows
from ..threads import share

LEAST = 1 << 14  # places for a thread
_PLAIN = "T[:, :, :, ::1]"
_SHAPES = "UniTuple(int64, 3), UniTuple(int64, 3), UniTuple(int64, 3)"


@loop(f"void({_PLAIN}, {_PLAIN}, uint16[:, :, :, ::1], int64[:, :, ::1], {_SHAPES}, UniTuple(int64, 3), T)")
def _largest(
    x: Any, out: Any, which: Any, first: Any, kernel: Any, stride: Any, lead: Any, dilation: Any, lowest: Any
) -> None:
    for n in range(x.shape[0]):
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
                                start = max(stride[2] - 1 - k, 0) // stride[2]
                                stop = min(line.size, max(seen.size - k + stride[2] - 1, 0) // stride[2])
                                if start < stop:
                                    tap = np.uint16((a * kernel[1] + b) * kernel[2] + c)
                                    bests, at = line[start:stop], taps[start:stop]
                                    part = seen[start * stride[2] + k :]
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


@loop(f"void({_PLAIN}, {_PLAIN}, uint16[:, :, :, ::1])")
def _largest_of_four(x: Any, out: Any, which: Any) -> None:
    for n in range(x.shape[0]):
        for h in range(out.shape[2]):
            line, taps = out[n, 0, h], which[n, 0, h]
            upper, lower = x[n, 0, 2 * h, : 2 * line.size], x[n, 0, 2 * h + 1, : 2 * line.size]
            for w in range(line.size):
                best, at = upper[2 * w], 0
                value = upper[2 * w + 1]
                larger = (not (value <= best)) & (best == best)
                best, at = value if larger else best, 1 if larger else at
                value = lower[2 * w]
                larger = (not (value <= best)) & (best == best)
                best, at = value if larger else best, 2 if larger else at
                value = lower[2 * w + 1]
                larger = (not (value <= best)) & (best == best)
                line[w] = value if larger else best
                taps[w] = 3 if larger else at


def _four(x: Any) -> Any:
    """An array (n, c, *size) in rows as (images, d, h, w)."""
    return np.ascontiguousarray(x).reshape(-1, *(1,) * (5 - x.ndim), *x.shape[2:])


def _three(values: Sizes, fill: int) -> Sizes:
    return (*(fill,) * (3 - len(values)), *values)


def _fits(x: Any, kernel: Sizes) -> bool:
    return type(x) is np.ndarray and bool(x.size) and x.ndim <= 5 and math.prod(kernel) <= 1 << 16


def _share(run: Any, images: int, each: int) -> None:
    share(run, images, -(-LEAST // max(each, 1)))


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
    if kernel == stride == (2, 2) and dilation == (1, 1) and not any(map(any, padding)):

        def run(i: int, j: int) -> None:
            _largest_of_four(images[i:j], best[i:j], taps[i:j])
    else:
        begin = check_windows(x.shape[2:], kernel, stride, padding, dilation, places)
        lead = _three(tuple([before for before, _ in padding]), 0)
        sizes = (_three(kernel, 1), _three(stride, 1), lead, _three(dilation, 1))
        first = np.ravel_multi_index(np.ix_(*begin), kernel).reshape(best.shape[1:])
        lowest = x.dtype.type(-np.inf)

        def run(i: int, j: int) -> None:
            _largest(images[i:j], best[i:j], taps[i:j], first, *sizes, lowest)

    _share(run, len(images), math.prod(places) * math.prod(kernel))
    return out, which


@loop(f"void({_PLAIN}, uint16[:, :, :, ::1], T[:, ::1], int64[::1], int64, UniTuple(int64, 3))")
def _largest_back(g: Any, which: Any, out: Any, jump: Any, start: Any, step: Any) -> None:
    for n in range(g.shape[0]):
        image = out[n]
        image[:] = 0
        for d in range(g.shape[1]):
            for h in range(g.shape[2]):
                line, taps, place = g[n, d, h], which[n, d, h], start + d * step[0] + h * step[1]
                for w in range(line.size):
                    image[place + w * step[2] + jump[taps[w]]] += line[w]


@uses(_largest_back)
def max_pool_vjp(
    g: Any, x_shape: tuple[int, ...], saved: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes
) -> tuple[Any] | None:
    """Where windows overlap, a sum of as many roundings."""
    if not _fits(g, kernel) or saved.dtype != np.uint16 or saved.shape != g.shape:
        return None
    out = np.empty(x_shape, g.dtype)
    grads, taps, back = _four(g), _four(saved), out.reshape(-1, math.prod(x_shape[2:]))
    rows = [math.prod(x_shape[i + 1 :]) for i in range(2, len(x_shape))]  # elements from one to the next, by axis
    jump: Any = 0
    for count, row, apart in zip(kernel, rows, dilation, strict=True):
        jump = (np.asarray(jump)[..., None] + np.arange(count) * (row * apart)).reshape(-1)
    start = -sum(before * row for (before, _), row in zip(padding, rows, strict=True))
    step = _three(tuple([s * row for s, row in zip(stride, rows, strict=True)]), 0)
    _share(lambda i, j: _largest_back(grads[i:j], taps[i:j], back[i:j], jump, start, step), len(grads), out[0, 0].size)
    return (out,)


@loop(f"void({_PLAIN}, {_PLAIN}, {_SHAPES})")
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
    _share(lambda i, j: _sum(images[i:j], sums[i:j], *sizes), len(images), math.prod(places) * math.prod(kernel))
    return out


@loop(f"void({_PLAIN}, {_PLAIN}, {_SHAPES})")
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
    work = math.prod(g.shape[2:]) * math.prod(kernel)
    _share(lambda i, j: _spread(grads[i:j], sums[i:j], *sizes), len(grads), work)
    return out
