"""Convolution as a closed triad: the forward and its two adjoints, each the derivative of the others.

All three compute with the one trilinear form `<g, conv(x, w)>`; each is linear in both its arrays.
"""

from __future__ import annotations

from typing import Any

from ..kernels import conv as kernels
from ..op import Function, define

Pair = tuple[int, int]


def _dx(
    g: Any,
    w: Any,
    x_shape: tuple[int, ...],
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Any:
    return conv2d_dx(
        g, w, shape=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )  # fmt: skip


def _dw(
    g: Any,
    x: Any,
    w_shape: tuple[int, ...],
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Any:
    return conv2d_dw(
        x, g, kernel=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )  # fmt: skip


conv2d: Function = define(
    "conv2d", kernels.conv2d, _dx, _dw, inputs="x w", kind="contract", linear="x w",
    doc="Two-dimensional convolution: x (n, c, h, w), w (o, c / groups, kh, kw), out (n, o, oh, ow).",
)  # fmt: skip

conv2d_dx: Function = define(
    "conv2d_dx", kernels.conv2d_dx,
    lambda g, w, *, shape, stride, padding, dilation, groups: conv2d(
        g, w, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    lambda g, x, w_shape, *, shape, stride, padding, dilation, groups: conv2d_dw(
        g, x, kernel=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    inputs="x w", kind="contract", linear="x w", doc="Adjoint of convolution by the image (x here is its gradient).",
)  # fmt: skip

conv2d_dw: Function = define(
    "conv2d_dw", kernels.conv2d_dw,
    lambda g, y, x_shape, *, kernel, stride, padding, dilation, groups: conv2d_dx(
        y, g, shape=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    lambda g, x, *, kernel, stride, padding, dilation, groups: conv2d(
        x, g, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    inputs="x y", kind="contract", linear="x y",
    doc="Adjoint of convolution by the weight: x the image, y the output's gradient.",
)  # fmt: skip
