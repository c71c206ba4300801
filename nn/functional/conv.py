"""Convolution, its transpose, and windows as columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff.errors import describe
from autodiff.functional import conv2d
from autodiff.kernels.conv import places_of
from autodiff.numpy.arguments import array_of
from autodiff.ops import conv as ops
from autodiff.ops import shape as shapes
from autodiff.windows import convolution, per_axis, with_bias

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "unfold",
]  # fmt: skip

Size = int | Sequence[int]


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Size = 1, padding: str | Size = 0, dilation: Size = 1,
    groups: int = 1,
) -> Any:  # fmt: skip
    """One-dimensional convolution, `out[n, o, p] = bias[o] + sum_ci weight[o, c, i] x[n, c, p stride + i dilation]`.

    Arguments are those of `conv2d`, with x (n, c, l) or (c, l) and weight (o, c / groups, k).

    >>> conv1d(np.arange(4.0).reshape(1, 4), np.ones((1, 1, 2)))
    array([[1., 3., 5.]])
    """
    return convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Size = 1, padding: str | Size = 0, dilation: Size = 1,
    groups: int = 1,
) -> Any:  # fmt: skip
    """Three-dimensional convolution, of x (n, c, d, h, w) or (c, d, h, w) with weight (o, c / groups, kd, kh, kw).

    Arguments are those of `conv2d`.

    >>> conv3d(np.ones((1, 3, 4, 5)), np.ones((2, 1, 3, 3, 3))).shape
    (2, 1, 2, 3)
    """
    return convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv1d`: x (n, c, l) or (c, l), weight (c, o / groups, k); as `conv_transpose2d`.

    >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.ones((1, 1, 3)), stride=2)
    array([[1., 1., 3., 2., 2.]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv2d`, as a linear map: each element of x adds a multiple of the kernel to the result.

    `out[n, o, p] = bias[o] + sum of weight[c, o, t] x[n, c, q]` over all c, q and taps t with
    `p = q stride + t dilation - padding`. Each axis becomes as long as
    `(size - 1) stride - 2 padding + dilation (kernel - 1) + 1 + output_padding`.

    Args:
        input: x, (n, c, h, w) or (c, h, w).
        weight: (c, o / groups, kh, kw).
        bias: (o,) or None.
        padding: how many elements are cut off at both ends of each axis.
        output_padding: how many are added at the end of each axis, since a convolution with a stride gives
            the same size for several inputs; less than the stride or the dilation.

    Raises ValueError for shapes that do not go together.

    >>> conv_transpose2d(np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[1., 1.],
           [1., 1.]])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Size = 1, padding: Size = 0, output_padding: Size = 0,
    groups: int = 1, dilation: Size = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv3d`: x (n, c, d, h, w), weight (c, o / groups, kd, kh, kw); as `conv_transpose2d`.

    >>> conv_transpose3d(np.ones((1, 2, 2, 2)), np.ones((1, 3, 2, 2, 2)), stride=2).shape
    (3, 4, 4, 4)
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    name: str, axes: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: int,
    dilation: Any,
) -> Any:  # fmt: skip
    x, weight = array_of(x), array_of(weight)
    if weight.ndim != axes + 2 or x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name} takes x (n, c, ...) and weight (c, o / groups, ...) with {axes} axes for the dots; "
            f"got {describe(x)} and {describe(weight)}"
        )
    if x.ndim == axes + 1:
        x = x.reshape((1, *x.shape))
        out = _transposed(name, axes, x, weight, bias, stride, padding, output_padding, groups, dilation)
        return out.reshape(out.shape[1:])
    if groups < 1 or x.shape[1] % groups or weight.shape[0] != x.shape[1]:
        raise ValueError(
            f"x {describe(x)} has {x.shape[1]} channels; weight {describe(weight)} takes {weight.shape[0]}, "
            f"which groups={groups} must divide"
        )
    steps, dilation = per_axis(stride, "stride", 1, axes), per_axis(dilation, "dilation", 1, axes)
    cut, more = per_axis(padding, "padding", 0, axes), per_axis(output_padding, "output_padding", 0, axes)
    if any(m >= max(s, d) for m, s, d in zip(more, steps, dilation, strict=True)):
        raise ValueError(f"output_padding={more} must be less than stride={steps} or dilation={dilation}")
    width = tuple([(p, max(p - m, 0)) for p, m in zip(cut, more, strict=True)])
    whole = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in
             zip(x.shape[2:], steps, dilation, weight.shape[2:], strict=True)]  # fmt: skip
    size = tuple([n - sum(ends) for n, ends in zip(whole, width, strict=True)])
    if min(size) < 1:
        raise ValueError(f"padding={cut} cuts off all of the {tuple(whole)} elements of {name} of {describe(x)}")
    out = ops.conv_dx(x, weight, shape=size, stride=steps, padding=width, dilation=dilation, groups=groups)
    zeros = tuple([(0, max(m - p, 0)) for p, m in zip(cut, more, strict=True)])
    if any(map(any, zeros)):
        out = shapes.pad(out, width=((0, 0), (0, 0), *zeros))
    return with_bias(out, weight.shape[1] * groups, bias)


def unfold(input: Any, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Any:
    """What a window sees at each place, as columns: (n, c, h, w) to (n, c * kh * kw, places), rows of places first.

    Convolution is a matrix product with these columns. Also of one image (c, h, w).

    >>> unfold(np.arange(6.0).reshape(1, 2, 3), 2)
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])

    Raises ValueError for an array of other shape, and for a window that does not fit.
    """
    x = array_of(input)
    if x.ndim not in (3, 4):
        raise ValueError(f"unfold takes x (n, c, h, w) or (c, h, w), got {describe(x)}")
    if x.ndim == 3:
        out = unfold(x.reshape((1, *x.shape)), kernel_size, dilation, padding, stride)
        return out.reshape(out.shape[1:])
    return ops.unfold(x, **_geometry(kernel_size, dilation, padding, stride))


def fold(
    input: Any, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Any:
    """Columns (n, c * kh * kw, places) added up where their windows lie in an image, (n, c, *output_size).

    The adjoint of `unfold`, not its inverse: where windows overlap there are sums.

    >>> fold(np.ones((4, 2)), (2, 3), 2)
    array([[[1., 2., 1.],
            [1., 2., 1.]]])

    Raises ValueError for another number of places than the image has, or of rows than the windows have.
    """
    x = array_of(input)
    if x.ndim not in (2, 3):
        raise ValueError(f"fold takes x (n, c * kh * kw, places), got {describe(x)}")
    if x.ndim == 2:
        out = fold(x.reshape((1, *x.shape)), output_size, kernel_size, dilation, padding, stride)
        return out.reshape(out.shape[1:])
    geometry = _geometry(kernel_size, dilation, padding, stride)
    size = per_axis(output_size, "output_size", 1, 2)
    places = places_of(size, **geometry)
    taps = math.prod(geometry["kernel"])
    if x.shape[1] % taps or x.shape[2] != math.prod(places):
        raise ValueError(
            f"fold into {size} with windows of {geometry['kernel']} takes (n, c * {taps}, {math.prod(places)}), "
            f"got {describe(x)}"
        )
    return ops.fold(x, size=size, **geometry)


def _geometry(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Any]:
    return {
        "kernel": per_axis(kernel_size, "kernel_size", 1, 2), "stride": per_axis(stride, "stride", 1, 2),
        "padding": tuple([(p, p) for p in per_axis(padding, "padding", 0, 2)]),
        "dilation": per_axis(dilation, "dilation", 1, 2),
    }  # fmt: skip
