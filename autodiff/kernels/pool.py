"""Pooling over windows of the axes after the first two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .conv import Sizes, Widths, each_tap, inside, pad, places_of, windows
from .policy import compiled

SMALL = 512
"""Elements from which on a compiled pooling is the faster one."""


def first_real(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, places: int) -> Any:
    """For each window along one axis, the first of its taps that lies in the image and not in the padding."""
    starts = np.arange(places) * stride - padding[0]
    taps = np.maximum(-(starts // dilation), 0)
    outside = (taps >= kernel) | (starts + taps * dilation >= size)
    if outside.any():
        raise ValueError(
            f"window {np.flatnonzero(outside)[0]} along an axis of length {size} lies wholly in the padding "
            f"(kernel_size {kernel}, stride {stride}, padding {padding}, dilation {dilation}); pad less"
        )
    return taps


def check_windows(
    size: Sizes, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, places: Sizes
) -> list[Any]:
    """The `first_real` taps of each axis; ValueError if a window lies wholly in the padding."""
    return [first_real(*axis) for axis in zip(size, kernel, stride, padding, dilation, places, strict=True)]


@compiled("pool", SMALL)
def max_pool(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> tuple[Any, Any]:
    """The largest element of each window, and which of its elements, counted row by row, that was (the first of
    equals)."""
    places = places_of(x.shape[2:], kernel, stride, padding, dilation)
    taps = check_windows(x.shape[2:], kernel, stride, padding, dilation, places)
    first = np.ravel_multi_index(np.ix_(*taps), kernel)  # where all are `lowest`, this one and not the padding
    lowest: Any = -np.inf if x.dtype.kind == "f" else False if x.dtype.kind == "b" else np.iinfo(x.dtype).min
    whole = pad(x, padding, lowest)
    count = math.prod(kernel)
    dtype = np.uint16 if count <= 1 << 16 else np.intp
    if count > math.prod(places):  # few and large windows
        seen = windows(whole, kernel, stride, dilation).reshape(*x.shape[:2], count, *places)
        which = seen.argmax(2)
        best = np.take_along_axis(seen, which[:, :, None], 2)[:, :, 0]
        return best, np.where(best == lowest, first, which).astype(dtype)
    tap, *others = [whole[seen] for _, seen in each_tap(kernel, stride, dilation, places)]
    best, which = tap.copy(), np.empty(tap.shape, dtype)
    which[...] = first
    for k, tap in enumerate(others, 1):
        larger = ~(tap <= best) & ~(best != best)  # a NaN wins, the first of them
        np.copyto(best, tap, where=larger)
        which[larger] = k
    return best, which


@compiled("pool", SMALL)
def max_pool_vjp(
    g: Any,
    x_shape: tuple[int, ...],
    saved: Any,
    *,
    kernel: Sizes,
    stride: Sizes,
    padding: Widths,
    dilation: Sizes,
) -> tuple[Any]:
    """Give each window's gradient to the element that was its largest."""
    size = x_shape[2:]
    whole = [n + before + after for n, (before, after) in zip(size, padding, strict=True)]
    out = np.zeros((*x_shape[:2], *whole), g.dtype)
    for k, (_, seen) in enumerate(each_tap(kernel, stride, dilation, g.shape[2:])):
        out[seen] += g * (saved == k)
    return (out[inside(size, padding)],)


@compiled("pool", SMALL)
def pool_sum(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths) -> Any:
    """The sum of each window's elements: (n, c, *size) to (n, c, *places)."""
    ones = (1,) * len(kernel)
    places = places_of(x.shape[2:], kernel, stride, padding, ones)
    whole = pad(x, padding)
    if math.prod(kernel) > math.prod(places):
        axes = tuple(range(2, 2 + len(kernel)))
        return np.add.reduce(windows(whole, kernel, stride, ones), axis=axes)
    out = np.zeros((*x.shape[:2], *places), x.dtype)
    for _, seen in each_tap(kernel, stride, ones, places):
        out += whole[seen]
    return out


@compiled("pool", SMALL)
def pool_spread(g: Any, *, size: Sizes, kernel: Sizes, stride: Sizes, padding: Widths) -> Any:
    """The adjoint of `pool_sum`: each number is added to all elements of its window, (n, c, *size)."""
    whole = [n + before + after for n, (before, after) in zip(size, padding, strict=True)]
    out = np.zeros((*g.shape[:2], *whole), g.dtype)
    ones = (1,) * len(kernel)
    if math.prod(kernel) > math.prod(g.shape[2:]):
        for place in np.ndindex(*g.shape[2:]):
            window: Any = [slice(p * s, p * s + k) for p, s, k in zip(place, stride, kernel, strict=True)]
            out[(..., *window)] += g[(..., *place)].reshape(*g.shape[:2], *ones)
    else:
        for _, seen in each_tap(kernel, stride, ones, g.shape[2:]):
            out[seen] += g
    return out[inside(size, padding)]


def max_places(x: Any, *tables: Any) -> Any:
    """Where in its image, counted row by row, the largest element of each window is; of equals the first.

    A table for each axis says which of its elements each window sees: (n, c, places, taps), or 1 for n and c.
    Result: (n, c, *places).
    """
    d = len(tables)
    here = np.ix_(*map(np.arange, x.shape[:2]))
    lengths = [(*t.shape[:2], *(1,) * (2 * i), *t.shape[2:], *(1,) * (2 * (d - 1 - i))) for i, t in enumerate(tables)]
    parts = [t.reshape(shape) for t, shape in zip(tables, lengths, strict=True)]  # (n, c, 1, 1, ..., p, k, ..., 1, 1)
    seen = x[(*[i.reshape(*i.shape, *(1,) * (2 * d)) for i in here], *parts)]  # (n, c, p, k, p, k, ...)
    flat: Any = 0
    for part, length in zip(parts, x.shape[2:], strict=True):
        flat = flat * length + part
    order = (0, 1, *range(2, 2 + 2 * d, 2), *range(3, 3 + 2 * d, 2))  # (n, c, *places, *taps)
    seen = seen.transpose(order)
    flat = np.broadcast_to(flat.transpose(order), seen.shape)
    rows = (*seen.shape[: 2 + d], math.prod(seen.shape[2 + d :]))
    which = seen.reshape(rows).argmax(-1)[..., None]
    return np.take_along_axis(flat.reshape(rows), which, -1)[..., 0]
