"""Images made larger and smaller, padded, rearranged, and read at other places."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.kernels.resample import Spec
from autodiff.numpy.arguments import array_of, floating
from autodiff.ops.activation import hardtanh
from autodiff.ops.index import ARRAY, gather
from autodiff.ops.resample import resample
from autodiff.windows import per_axis

__all__ = [
    "affine_grid", "channel_shuffle", "grid_sample", "interpolate", "pad", "pixel_shuffle", "pixel_unshuffle",
    "upsample",
]  # fmt: skip

# -- size -------------------------------------------------------------------------------------------------

_METHODS = {
    "nearest": ("nearest", (1, 2, 3)), "nearest-exact": ("nearest-exact", (1, 2, 3)), "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)), "bilinear": ("linear", (2,)), "trilinear": ("linear", (3,)), "bicubic": ("cubic", (2,)),
}  # fmt: skip


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Resample the axes of x (n, c, l), (n, c, h, w) or (n, c, d, h, w) after the first two to another size.

    Each output element is a weighted sum of the input elements around the place where it lies, along one axis after
    the other: `out_i = sum_j k(j - s_i) x_j`.

    Args:
        size: the size of the result, an int or one per axis; or
        scale_factor: what the size is multiplied by, a number or one per axis.
        mode: "nearest" and "nearest-exact" (one element; the first rounds down the place of an output element's left
            edge, the second takes the element that its centre lies in), "linear", "bilinear" and "trilinear" (two
            elements along each of one, two and three axes), "bicubic" (four along each of two), "area" (the mean of
            all elements that lie below).
        align_corners: whether the centres of the outermost elements stay where they are, or their edges;
            of the linear and cubic modes.
        recompute_scale_factor: whether places follow from the rounded size, or from `scale_factor` as given.
        antialias: "bilinear" and "bicubic" see more elements where an image becomes smaller.

    Raises ValueError for both or neither of size and scale_factor, and for a mode that does not go with x.

    >>> interpolate(np.array([[[0.0, 2.0]]]), 4, mode="linear")
    array([[[0. , 0.5, 1.5, 2. ]]])
    """
    x = floating(input)
    axes = x.ndim - 2
    if mode not in _METHODS:
        raise ValueError(f"mode is one of {', '.join(_METHODS)}; got {mode!r}")
    method, fits = _METHODS[mode]
    if axes not in fits:
        shapes = " or ".join(f"(n, c{', size' * k})" for k in fits)
        raise ValueError(f"mode {mode!r} resamples x {shapes}, got {describe(x)}")
    if align_corners is not None and method not in ("linear", "cubic"):
        raise ValueError(f"align_corners has no meaning in mode {mode!r}; leave it out")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f'antialias goes with mode "bilinear" and "bicubic", not with {mode!r}')
    if (size is None) == (scale_factor is None):
        raise ValueError(f"give one of size and scale_factor, got {size=} and {scale_factor=}")
    scales: list[float | None] = [None] * axes
    if scale_factor is None:
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor goes with scale_factor, not with size")
        lengths = per_axis(size, "size", 1, axes)
    else:
        factors = [scale_factor] * axes if isinstance(scale_factor, int | float) else list(scale_factor)
        if len(factors) != axes or not all(f > 0 for f in factors):
            raise ValueError(f"scale_factor is a number above 0 or {axes} of them, got {scale_factor!r}")
        lengths = tuple([math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=True)])
        if not recompute_scale_factor and method != "area":
            scales = [1 / f for f in factors]
    if 0 in (*x.shape[1:], *lengths):
        raise ValueError(f"interpolate of {describe(x)} to {lengths}: each of these is 1 at least")
    specs = [
        (axis, Spec(n, m, method, bool(align_corners), scale, antialias))
        for axis, (n, m, scale) in enumerate(zip(x.shape[2:], lengths, scales, strict=True), 2)
    ]
    for axis, spec in sorted(specs, key=lambda one: (one[1].m / one[1].n, -one[0])):  # what becomes shorter first
        if spec.m != spec.n or spec.scale not in (None, 1.0):
            x = resample(x, axis=axis, spec=spec)
    return x


def upsample(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """`interpolate` under its older name.

    >>> upsample(np.array([[[1.0, 2.0]]]), scale_factor=2)
    array([[[1., 1., 2., 2.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


# -- padding ----------------------------------------------------------------------------------------------

PADDINGS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""The ways of padding besides "constant", and NumPy's words for them."""


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """Put elements before and after those of the last axes; a negative number takes as many away.

    Args:
        pad: (before, after) of the last axis, then of the last but one, and so on.
        mode: "constant" (`value`, 0 unless given), "reflect" (mirrored about the outermost element, which is not
            repeated), "replicate" (the outermost element), "circular" (the elements of the other end).

    Raises ValueError for an odd number of widths, another mode, and more elements than can be mirrored.

    >>> pad(np.array([1.0, 2.0, 3.0]), (2, 1), "reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    x = array_of(input)
    widths = [int(n) for n in pad]
    if len(widths) % 2 or len(widths) > 2 * x.ndim:
        raise ValueError(f"pad is (before, after) for the last axis, or for several, of {describe(x)}; got {pad!r}")
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    first = x.ndim - len(pairs)
    if mode != "constant" and mode not in PADDINGS:
        raise ValueError(f"mode is one of constant, {', '.join(PADDINGS)}; got {mode!r}")
    if mode != "constant" and value is not None:
        raise ValueError(f"value={value!r} goes with mode 'constant', not with {mode!r}")
    for axis, (before, after) in enumerate(pairs, first):
        if x.shape[axis] + before + after < 0:
            raise ValueError(f"pad={pad!r} takes more than there is away from axis {axis} of {describe(x)}")
    if mode == "circular":  # goes on from what is left
        x = _cut(x, pairs)
    for axis, (before, after) in enumerate(pairs, first):
        most = x.shape[axis] - (mode == "reflect")
        if mode in ("reflect", "circular") and max(before, after) > most:
            raise ValueError(
                f"mode {mode!r} pads axis {axis} of {describe(x)} by at most {most}, got {(before, after)}"
            )
    wide = [(0, 0)] * first + [(max(a, 0), max(b, 0)) for a, b in pairs]
    if mode == "constant":
        x = anp.pad(x, wide, constant_values=0 if value is None else value)
    elif any(map(any, wide)):
        x = anp.pad(x, wide, PADDINGS[mode])
    return x if mode == "circular" else _cut(x, pairs)  # what is mirrored is what was there


def _cut(x: Any, pairs: list[tuple[int, int]]) -> Any:
    """Without as many elements of the last axes as negative widths say."""
    if min(map(min, pairs), default=0) >= 0:
        return x
    ends = zip(pairs, x.shape[x.ndim - len(pairs) :], strict=True)
    return x[(..., *[slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in ends])]


# -- rearranging ------------------------------------------------------------------------------------------


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Channels become pixels: (..., c r r, h, w) to (..., c, h r, w r) for the factor r (Shi et al., 2016).

    `out[c, h r + i, w r + j] = x[c r r + i r + j, h, w]`. Raises ValueError for channels that r r does not divide.

    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    x, r = array_of(input), upscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-3] % (r * r):
        raise ValueError(f"pixel_shuffle by {r} takes x (..., c * {r * r}, h, w), got {describe(x)}")
    *batch, c, h, w = x.shape
    x = x.reshape((*batch, c // (r * r), r, r, h, w))
    k = len(batch)
    x = x.transpose((*range(k + 1), k + 3, k + 1, k + 4, k + 2))  # (..., c, h, r, w, r)
    return x.reshape((*batch, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """Pixels become channels, the inverse of `pixel_shuffle`: (..., c, h r, w r) to (..., c r r, h, w).

    >>> pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).ravel()
    array([0., 1., 2., 3.])

    Raises ValueError for a height or width that r does not divide.
    """
    x, r = array_of(input), downscale_factor
    if x.ndim < 3 or r < 1 or x.shape[-2] % r or x.shape[-1] % r:
        raise ValueError(f"pixel_unshuffle by {r} takes x (..., c, h * {r}, w * {r}), got {describe(x)}")
    *batch, c, h, w = x.shape
    x = x.reshape((*batch, c, h // r, r, w // r, r))
    k = len(batch)
    x = x.transpose((*range(k + 1), k + 2, k + 4, k + 1, k + 3))  # (..., c, r, r, h, w)
    return x.reshape((*batch, c * r * r, h // r, w // r))


def channel_shuffle(input: Any, groups: int) -> Any:
    """Deal the channels of (n, c, ...) out anew: the first of each group, the second of each ... (Zhang et al., 2018).

    >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).ravel()
    array([0., 2., 1., 3.])

    Raises ValueError for channels that the groups do not divide.
    """
    x = array_of(input)
    if x.ndim < 3 or groups < 1 or x.shape[1] % groups:
        raise ValueError(f"channel_shuffle takes x (n, c, ...) with c a multiple of {groups}, got {describe(x)}")
    n, c, *size = x.shape
    x = x.reshape((n, groups, c // groups, *size))
    return x.transpose((0, 2, 1, *range(3, x.ndim))).reshape((n, c, *size))


# -- reading at other places ------------------------------------------------------------------------------


def _centres(n: int, align_corners: bool, dtype: Any) -> Any:
    """The places of n elements on an axis from -1 to 1, the centres or the edges of its outermost elements."""
    ends = 1.0 if align_corners else 1 - 1 / n
    return np.linspace(-ends, ends, n, dtype=dtype) if n > 1 else np.zeros(1, dtype)


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """Where affine maps send the elements of an image, for `grid_sample` (Jaderberg et al., 2015).

    `out[n, h, w] = theta[n] (x_w, y_h, 1)`, with coordinates from -1 to 1 over the image, x along the last axis.

    Args:
        theta: (n, 2, 3), or (n, 3, 4) for three axes.
        size: of the image, (n, c, h, w) or (n, c, d, h, w).
        align_corners: whether -1 and 1 are the centres of the outermost elements or, by default, their edges.

    Result: (n, h, w, 2) or (n, d, h, w, 3). Raises ValueError for other shapes.

    >>> affine_grid(np.eye(2, 3)[None], (1, 1, 1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    theta, axes = floating(theta), len(size) - 2
    if axes not in (2, 3) or theta.shape != (size[0], axes, axes + 1) or min(size) < 1:
        raise ValueError(
            f"affine_grid takes theta (n, 2, 3) and size (n, c, h, w), or (n, 3, 4) and (n, c, d, h, w); "
            f"got {describe(theta)} and {tuple(size)}"
        )
    along = [_centres(n, bool(align_corners), theta.dtype) for n in size[2:]]
    places = [*np.meshgrid(*along, indexing="ij")[::-1], np.ones(tuple(size[2:]), theta.dtype)]
    base = np.stack(places, -1).reshape(-1, axes + 1)  # (d h w, 4)
    return anp.matmul(base, anp.swapaxes(theta, 1, 2)).reshape((*size[:1], *size[2:], axes))


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Any:
    """Read images at places of a grid, between their elements (Jaderberg et al., 2015).

    Args:
        input: x, (n, c, h, w) or (n, c, d, h, w).
        grid: (n, oh, ow, 2) or (n, od, oh, ow, 3), coordinates from -1 to 1, that of the last axis first.
        mode: "bilinear" (of the neighbours along each axis), "nearest" (halves go to the even), "bicubic" (of 4 x 4).
        padding_mode: what lies outside: "zeros", "border" (the outermost elements), "reflection" (mirrored).
        align_corners: whether -1 and 1 are the centres of the outermost elements or, by default, their edges.

    Result: (n, c, oh, ow) or (n, c, od, oh, ow). Has gradients by x and by the grid; the grid's are zero in mode
    "nearest", and where a place is brought back to the border (also right at it).
    Raises ValueError for other shapes and words.

    >>> grid_sample(np.array([[[[1.0, 3.0]]]]), np.array([[[[0.0, 0.0]]]]))
    array([[[[2.]]]])
    """
    x, grid = floating(input), floating(grid)
    axes = x.ndim - 2
    if axes not in (2, 3) or grid.ndim != x.ndim or grid.shape[0] != x.shape[0] or grid.shape[-1] != axes:
        raise ValueError(
            f"grid_sample takes x (n, c, h, w) and grid (n, oh, ow, 2), or (n, c, d, h, w) and (n, od, oh, ow, 3); "
            f"got {describe(x)} and {describe(grid)}"
        )
    if mode not in ("bilinear", "nearest", "bicubic") or (mode == "bicubic" and axes == 3):
        raise ValueError(f'mode is "bilinear", "nearest" or, of two axes, "bicubic"; got {mode!r}')
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(f'padding_mode is "zeros", "border" or "reflection", got {padding_mode!r}')
    if 0 in x.shape[2:]:
        raise ValueError(f"grid_sample reads from images that have elements, got {describe(x)}")
    sides = [  # for each axis: the elements to read, and their weights
        _side(grid[..., axes - 1 - i], x.shape[2 + i], mode, padding_mode, bool(align_corners)) for i in range(axes)
    ]
    n, c, *size = x.shape
    rows = anp.moveaxis(x, 1, -1).reshape((n * math.prod(size), c))  # all channels of an element together
    total: Any = 0.0
    for corner in itertools.product(*sides):
        row: Any = np.arange(n).reshape((n,) + (1,) * axes)
        for (place, _), length in zip(corner, size, strict=True):
            row = row * length + place
        weight = math.prod([weight for _, weight in corner[1:]], start=corner[0][1])
        total = total + gather(rows, row, index=(ARRAY,)) * anp.expand_dims(weight, -1)  # (n, oh, ow, c)
    return anp.moveaxis(total, -1, 1)


def _side(at: Any, n: int, mode: str, padding_mode: str, align_corners: bool) -> list[tuple[Any, Any]]:
    """Along one axis of length n, the elements that are read for coordinates from -1 to 1, and their weights."""
    at = (at + 1) * ((n - 1) / 2) if align_corners else ((at + 1) * n - 1) / 2
    if mode != "bicubic":
        at = _brought_in(at, n, padding_mode, align_corners)
    if mode == "nearest":
        taps = [(anp.round(at), None)]
    else:
        low = anp.floor(at)
        part = at - low
        weights = [1 - part, part] if mode == "bilinear" else _cubic_weights(part)
        first = 0 if mode == "bilinear" else -1
        taps = [(low + (first + k), weight) for k, weight in enumerate(weights)]
    return [_tap(place, weight, n, padding_mode, align_corners) for place, weight in taps]


def _tap(place: Any, weight: Any, n: int, padding_mode: str, align_corners: bool) -> tuple[Any, Any]:
    """An element to read that exists, and its weight: 0 for one that does not."""
    weight = np.ones((), place.dtype) if weight is None else weight
    place = _brought_in(place, n, padding_mode, align_corners)
    inside = anp.logical_and(place >= 0, place <= n - 1)
    return anp.astype(anp.where(inside, place, 0), np.intp), anp.where(inside, weight, 0)


def _cubic_weights(part: Any) -> list[Any]:
    a = -0.75
    outer = [((a * t - 5 * a) * t + 8 * a) * t - 4 * a for t in (part + 1, 2 - part)]
    inner = [((a + 2) * t - (a + 3)) * t * t + 1 for t in (part, 1 - part)]
    return [outer[0], inner[0], inner[1], outer[1]]


def _brought_in(at: Any, n: int, padding_mode: str, align_corners: bool) -> Any:
    """Places outside an axis of length n moved inside, as the padding mode says."""
    if padding_mode == "zeros":
        return at
    if padding_mode == "reflection":
        low, span = (0.0, n - 1.0) if align_corners else (-0.5, float(n))
        if span == 0:
            at = at * 0
        else:
            at = anp.abs(at - low)
            turns = anp.floor(at / span)
            rest = at - turns * span
            at = anp.where(turns % 2 == 0, rest, span - rest) + low
    return hardtanh(at, low=0.0, high=float(n - 1))
