"""Convolution as a closed triad: the forward and its two adjoints, each the derivative of the others.

All three compute with the one trilinear form `<g, conv(x, w)>`; each is linear in both its arrays. How many axes an
image has is read off the shapes. `unfold` and `fold` are a pair of the same kind, without a weight.
"""

from __future__ import annotations

from typing import Any

from ..kernels import conv as kernels
from ..kernels.conv import Sizes, Widths
from ..op import Function, define
from .reduce import sum_rows


def _dx(
    g: Any,
    w: Any,
    x_shape: tuple[int, ...],
    *,
    stride: Sizes,
    padding: Widths,
    dilation: Sizes,
    groups: int,
) -> Any:
    return conv_dx(
        g, w, shape=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )  # fmt: skip


def _dw(
    g: Any,
    x: Any,
    w_shape: tuple[int, ...],
    *,
    stride: Sizes,
    padding: Widths,
    dilation: Sizes,
    groups: int,
) -> Any:
    return conv_dw(
        x, g, kernel=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )  # fmt: skip


conv: Function = define(
    "conv", kernels.conv, _dx, _dw, inputs="x w", kind="contract", linear="x w",
    doc="Convolution over the axes after two: x (n, c, *size), w (o, c / groups, *kernel), out (n, o, *places).",
)  # fmt: skip

conv_bias: Function = define(
    "conv_bias", kernels.conv_bias, _dx, _dw, lambda g: sum_rows(g, axis=(0, *range(2, g.ndim)), keepdims=False),
    inputs="x w b", kind="contract", doc="`conv`, and one number for each channel added, b (o,).",
)  # fmt: skip

conv_dx: Function = define(
    "conv_dx", kernels.conv_dx,
    lambda g, w, *, shape, stride, padding, dilation, groups: conv(
        g, w, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    lambda g, x, w_shape, *, shape, stride, padding, dilation, groups: conv_dw(
        g, x, kernel=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    inputs="x w", kind="contract", linear="x w",
    doc="Adjoint of convolution by the image (x here is its gradient): convolution transposed.",
)  # fmt: skip

conv_dw: Function = define(
    "conv_dw", kernels.conv_dw,
    lambda g, y, x_shape, *, kernel, stride, padding, dilation, groups: conv_dx(
        y, g, shape=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    lambda g, x, *, kernel, stride, padding, dilation, groups: conv(
        x, g, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    inputs="x y", kind="contract", linear="x y",
    doc="Adjoint of convolution by the weight: x the image, y the output's gradient.",
)  # fmt: skip

unfold: Function = define(
    "unfold", kernels.unfold,
    lambda g, x_shape, *, kernel, stride, padding, dilation: fold(
        g, size=x_shape[2:], kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    kind="contract", linear=True,
    doc="What a window sees at each place, as columns: (n, c, *size) to (n, c * taps, places).",
)  # fmt: skip

fold: Function = define(
    "fold", kernels.fold,
    lambda g, *, size, kernel, stride, padding, dilation: unfold(
        g, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    kind="contract", linear=True,
    doc="Adjoint of `unfold`: columns (n, c * taps, places) added up where their windows lie, (n, c, *size).",
)  # fmt: skip
