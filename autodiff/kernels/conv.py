"""Convolution (cross-correlation, as in every deep-learning library) and its two adjoints, over any number of axes.

Shapes: x (n, c, *size); weight (o, c / groups, *kernel); out (n, o, *places). Along each axis of length `size`, with
`before` and `after` zeros around it, `places = (size + before + after - dilation (kernel - 1) - 1) // stride + 1`.

Each image is unfolded into columns, one per output element, so that the convolution is a matrix product. The compiled
forms do without: see `compiled/conv.py`, and `use_convolution` for the choice between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .policy import compiled

__all__ = ["use_convolution"]

Sizes = tuple[int, ...]
"""One number for each axis of an image."""

Widths = tuple[tuple[int, int], ...]
"""How much stands before and after an image, for each of its axes."""

SMALL = 256
"""Elements of an image or gradient from which on a compiled convolution is the faster one."""

WAYS = ("auto", "gemm", "direct", "winograd", "lanes")
_way = "auto"


@contextmanager
def use_convolution(way: str) -> Iterator[None]:
    """Choose how convolutions are computed in a block: "auto", "gemm", "direct", "winograd" or "lanes".

    "gemm" unfolds images and multiplies matrices; "direct" reads images where they lie; "winograd" computes 4 x 4
    elements at a time with a quarter of the products, for windows of 3 x 3 with stride and dilation 1 in one group, and
    is "direct" for others; "lanes" computes as many images at once as a vector has numbers, direct or in tiles as it is
    faster, of two axes with stride and dilation 1 in one group, and is "direct" for others. All but "gemm" need Numba.
    "auto" takes what was measured to be the fastest.
    It holds for all threads. Raises ValueError for another word.

    >>> with use_convolution("gemm"):
    ...     pass
    """
    global _way
    if way not in WAYS:
        raise ValueError(f"convolution is computed by one of {', '.join(map(repr, WAYS))}, got {way!r}")
    before, _way = _way, way
    try:
        yield
    finally:
        _way = before


def chosen_way() -> str:
    """What `use_convolution` says."""
    return _way


def output_size(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int) -> int:
    """Number of places where a kernel fits along one axis."""
    return (size + sum(padding) - dilation * (kernel - 1) - 1) // stride + 1


def places_of(size: Sizes, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> Sizes:
    """Number of places along each axis; ValueError if there is none."""
    places = tuple(map(output_size, size, kernel, stride, padding, dilation))
    if min(places) < 1:
        raise ValueError(
            f"window {kernel} with dilation {dilation} does not fit into images of {tuple(size)}, padded by {padding}"
        )
    return places


def pad(x: Any, padding: Widths, value: float = 0.0) -> Any:
    """Surround the axes after the first two with a constant."""
    if not any(map(any, padding)):
        return x
    size = [n + before + after for n, (before, after) in zip(x.shape[2:], padding, strict=True)]
    out = np.full((*x.shape[:2], *size), value, x.dtype)
    out[inside(x.shape[2:], padding)] = x
    return out


def inside(size: Sizes, padding: Widths) -> tuple[Any, ...]:
    """The part of a padded array that is not padding."""
    return (..., *[slice(before, before + n) for n, (before, _) in zip(size, padding, strict=True)])


def windows(x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """A view (n, c, *kernel, *places): `[:, :, *taps, *p]` is what these taps of the kernel see at output p."""
    padding = ((0, 0),) * len(kernel)
    places = tuple(map(output_size, x.shape[2:], kernel, stride, padding, dilation))
    steps = x.strides[2:]
    return np.lib.stride_tricks.as_strided(
        x, (*x.shape[:2], *kernel, *places),
        (*x.strides[:2], *[b * d for b, d in zip(steps, dilation, strict=True)],
         *[b * s for b, s in zip(steps, stride, strict=True)]),
        writeable=False,
    )  # fmt: skip


def each_tap(kernel: Sizes, stride: Sizes, dilation: Sizes, places: Sizes) -> Iterator[tuple[Sizes, tuple[Any, ...]]]:
    """Each tap of a kernel, with the elements of a padded image that it sees from all places."""
    for tap in np.ndindex(*kernel):
        seen = zip(tap, stride, dilation, places, strict=True)
        yield tap, (..., *[slice(t * d, t * d + s * (n - 1) + 1, s) for t, s, d, n in seen])


def unfold(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> Any:
    """What each place sees, as columns: (n, c, *size) to (n, c * taps, places)."""
    places_of(x.shape[2:], kernel, stride, padding, dilation)
    view = windows(pad(x, padding), kernel, stride, dilation)
    return np.array(view, order="C").reshape(_columns_shape(x, view))


def _columns_shape(x: Any, view: Any) -> tuple[int, int, int]:
    d = x.ndim - 2
    return len(x), math.prod(view.shape[1 : 2 + d]), math.prod(view.shape[2 + d :])


def fold(columns: Any, *, size: Sizes, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> Any:
    """The adjoint of `unfold`: each column is added to the elements that its place sees, (n, c, *size)."""
    places = places_of(size, kernel, stride, padding, dilation)
    channels = columns.shape[1] // math.prod(kernel)
    taps = columns.reshape(len(columns), channels, *kernel, *places)
    whole = [n + before + after for n, (before, after) in zip(size, padding, strict=True)]
    out = np.zeros((len(columns), channels, *whole), columns.dtype)
    for tap, seen in each_tap(kernel, stride, dilation, places):
        out[seen] += taps[(slice(None), slice(None), *tap)]
    return out[inside(size, padding)]


def _columns(x: Any, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """Unfold to (n, groups, c / groups * taps, places); where windows do not overlap this may be a view."""
    view = windows(pad(x, padding), kernel, stride, dilation)
    n, rows, places = _columns_shape(x, view)
    return view.reshape(n, groups, rows // groups, places)


@compiled("conv", SMALL)
def conv(x: Any, w: Any, *, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """`out[n, o, p] = sum over c and taps t of w[o, c, t] x[n, c, p stride + t dilation - before]`."""
    kernel = w.shape[2:]
    places = places_of(x.shape[2:], kernel, stride, padding, dilation)
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    out = w.reshape(groups, len(w) // groups, columns.shape[2]) @ columns  # (n, groups, o / groups, places)
    return out.reshape(len(x), len(w), *places)


@compiled("conv", SMALL)
def conv_bias(x: Any, w: Any, b: Any, *, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """`conv`, and one number b (o,) for each channel added."""
    out = conv(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return out + b.reshape((-1,) + (1,) * (out.ndim - 2))


@compiled("conv", SMALL)
def conv_dx(g: Any, w: Any, *, shape: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """The adjoint by x: each gradient goes back to the elements that its window saw. `shape` is x's size."""
    n, o, *places = g.shape
    kernel = w.shape[2:]
    rows = w.shape[1] * math.prod(kernel)
    taps, at = w.reshape(groups, o // groups, rows).mT, g.reshape(n, groups, o // groups, math.prod(places))
    columns = taps * at if groups == o else taps @ at  # of one channel each the product is an outer one
    columns = columns.reshape(n, groups * rows, math.prod(places))
    return fold(columns, size=shape, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


@compiled("conv", SMALL)
def conv_dw(x: Any, g: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes, groups: int) -> Any:
    """The adjoint by w: how each tap's elements go with the gradient, summed over images and places."""
    n, o, *places = g.shape
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    products = g.reshape(n, groups, o // groups, math.prod(places)) @ columns.mT
    return np.add.reduce(products, axis=0).reshape(o, x.shape[1] // groups, *kernel)
