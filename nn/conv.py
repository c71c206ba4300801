"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.functional import pair
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = ["Conv2d"]


class Conv2d(Module):
    """Two-dimensional convolution, (n, c, h, w) or one image (c, h, w) to (n, o, oh, ow).

    `out[n, o, p, q] = bias[o] + sum_cij weight[o, c, i, j] x[n, c, p s + i d - m, q s + j d - m]`
    for stride s, dilation d and padding m.

    Args:
        kernel_size, stride, padding, dilation: an int, or one per axis;
            padding also "same" or "valid".
        groups: the channels are split into this many groups that do not see each other.
        bias: whether to add one per output channel.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(c / groups * kh * kw).

    Parameters: weight (o, c / groups, kh, kw), bias (o,) or None.

    >>> Conv2d(3, 8, 3, stride=2, padding=1, generator=0)(np.zeros((1, 3, 9, 9))).shape
    (1, 8, 5, 5)

    Raises ValueError for sizes that do not go together, TypeError for input of integers.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: str | int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride = pair(stride, "stride", 1)
        self.dilation = pair(dilation, "dilation", 1)
        self.padding = padding if isinstance(padding, str) else pair(padding, "padding", 0)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'padding is "same", "valid", a number or a pair; got {padding!r}')
        if padding == "same" and self.stride != (1, 1):
            raise ValueError(f'padding="same" keeps the size, which stride={stride!r} does not')
        self.groups = groups
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.empty((out_channels, in_channels // groups, *self.kernel_size), dtype))
        self.bias = Parameter(np.empty(out_channels, dtype)) if bias else None
        init.default_(self.weight, self.bias, generator)

    @property
    def in_channels(self) -> int:
        """Channels of the input."""
        return self.weight.shape[1] * self.groups

    @property
    def out_channels(self) -> int:
        """Channels of the result."""
        return self.weight.shape[0]

    def forward(self, x: Any) -> Any:
        x = cast(x, self.weight)  # (n, c, h, w)
        return F.conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )  # (n, o, oh, ow)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual = {"padding": (0, 0), "dilation": (1, 1), "groups": 1}
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        return text + ", bias=False" * (self.bias is None)
