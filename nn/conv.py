"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.kernels.conv import places_of
from autodiff.random import as_generator
from autodiff.tensor import Tensor
from autodiff.windows import convolution, padding_of, per_axis

from . import functional as F
from . import init
from .functional.arguments import cast
from .functional.vision import PADDINGS
from .module import Module, Parameter, check_sizes

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Fold", "LocallyConnected1d",
    "LocallyConnected2d", "Unfold",
]  # fmt: skip

Size = int | Sequence[int]


class _Conv(Module):
    """What convolutions over any number of axes have in common: arguments, parameters and their text."""

    weight: Tensor
    bias: Tensor | None
    padding: Any
    _axes: int
    _transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: str | Size,
        output_padding: Size,
        dilation: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        generator: init.Randomness,
    ) -> None:
        check_sizes(in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"groups={groups} must divide in_channels={in_channels} and out_channels={out_channels}")
        axes = self._axes
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, axes)
        self.stride = per_axis(stride, "stride", 1, axes)
        self.dilation = per_axis(dilation, "dilation", 1, axes)
        self.padding = padding if isinstance(padding, str) else per_axis(padding, "padding", 0, axes)
        padding_of(padding, self.stride, self.kernel_size, self.dilation)
        self.output_padding = per_axis(output_padding, "output_padding", 0, axes)
        modes = ("zeros",) if self._transposed else ("zeros", *PADDINGS)
        if padding_mode not in modes:
            raise ValueError(
                f"padding_mode of {type(self).__name__} is one of {', '.join(modes)}; got {padding_mode!r}"
            )
        self.padding_mode = padding_mode
        self.groups = groups
        dtype = dtype or default_dtype()
        channels = (in_channels, out_channels) if self._transposed else (out_channels, in_channels)
        self.weight = Parameter(np.empty((channels[0], channels[1] // groups, *self.kernel_size), dtype))
        self.bias = Parameter(np.empty(out_channels, dtype)) if bias else None
        init.default_(self.weight, self.bias, generator)

    @property
    def in_channels(self) -> int:
        """Channels of the input."""
        return self.weight.shape[0] if self._transposed else self.weight.shape[1] * self.groups

    @property
    def out_channels(self) -> int:
        """Channels of the result."""
        return self.weight.shape[1] * self.groups if self._transposed else self.weight.shape[0]

    def forward(self, x: Any) -> Any:
        x = cast(x, self.weight)  # (n, c, *size)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            width = padding_of(padding, self.stride, self.kernel_size, self.dilation)
            x, padding = F.pad(x, [n for ends in width[::-1] for n in ends], self.padding_mode), 0
        return convolution(
            f"conv{self._axes}d", self._axes, x, self.weight, self.bias, self.stride, padding, self.dilation,
            self.groups,
        )  # (n, o, *places)  # fmt: skip

    def extra_repr(self) -> str:
        axes = self._axes
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual = {"padding": (0,) * axes, "dilation": (1,) * axes, "output_padding": (0,) * axes, "groups": 1}
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        text += ", bias=False" * (self.bias is None)
        return text + f", padding_mode={self.padding_mode}" * (self.padding_mode != "zeros")


class _Forward(_Conv):
    """A convolution with PyTorch's order of arguments."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: str | Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, dtype,
            generator,
        )  # fmt: skip


class Conv1d(_Forward):
    """One-dimensional convolution, (n, c, l) or one sequence (c, l) to (n, o, places).

    `out[n, o, p] = bias[o] + sum_ci weight[o, c, i] x[n, c, p s + i d - m]` for stride s, dilation d and padding m;
    arguments, parameters and errors are those of `Conv2d`.

    >>> Conv1d(3, 8, 5, generator=0)(np.zeros((1, 3, 9))).shape
    (1, 8, 5)
    """

    _axes = 1


class Conv2d(_Forward):
    """Two-dimensional convolution, (n, c, h, w) or one image (c, h, w) to (n, o, oh, ow).

    `out[n, o, p, q] = bias[o] + sum_cij weight[o, c, i, j] x[n, c, p s + i d - m, q s + j d - m]`
    for stride s, dilation d and padding m.

    Args:
        kernel_size, stride, padding, dilation: an int, or one per axis;
            padding also "same" or "valid".
        groups: the channels are split into this many groups that do not see each other.
        bias: whether to add one per output channel.
        padding_mode: what stands around the image: "zeros", "reflect", "replicate" or "circular".
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(c / groups * kh * kw).

    Parameters: weight (o, c / groups, kh, kw), bias (o,) or None.

    >>> Conv2d(3, 8, 3, stride=2, padding=1, generator=0)(np.zeros((1, 3, 9, 9))).shape
    (1, 8, 5, 5)

    Raises ValueError for sizes that do not go together, TypeError for input of integers. LeCun et al., 1989.
    """

    _axes = 2


class Conv3d(_Forward):
    """Three-dimensional convolution, (n, c, d, h, w) or (c, d, h, w) to (n, o, od, oh, ow).

    Arguments, parameters and errors are those of `Conv2d`, with one axis more.

    >>> Conv3d(3, 8, 3, padding="same", generator=0)(np.zeros((1, 3, 4, 5, 6))).shape
    (1, 8, 4, 5, 6)
    """

    _axes = 3


class _Backward(_Conv):
    """A transposed convolution with PyTorch's order of arguments."""

    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if isinstance(padding, str):
            raise ValueError(f"padding of {type(self).__name__} is an int, or one per axis; got {padding!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias,
            padding_mode, dtype, generator,
        )  # fmt: skip

    def forward(self, x: Any, output_size: Sequence[int] | None = None) -> Any:
        x = cast(x, self.weight)  # (n, c, *size)
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self._axes - 1]
        more = self.output_padding if output_size is None else self._more(x, output_size)
        return function(
            x, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )  # (n, o, *size)

    def _more(self, x: Any, output_size: Sequence[int]) -> list[int]:
        """The output padding that gives this size."""
        size = list(output_size)[-self._axes :]
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                x.shape[-self._axes :], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]  # fmt: skip
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        given = len(output_size) in (self._axes, x.ndim) and len(size) == self._axes
        if not given or any(not a <= n <= b for a, n, b in zip(least, size, most, strict=True)):
            raise ValueError(
                f"output_size={tuple(output_size)} of {describe(x)} has to lie between {tuple(least)} and {tuple(most)}"
            )
        return [n - a for n, a in zip(size, least, strict=True)]


class ConvTranspose1d(_Backward):
    """The transpose of `Conv1d`: (n, c, l) or (c, l) to (n, o, places); as `ConvTranspose2d`.

    >>> ConvTranspose1d(8, 3, 5, generator=0)(np.zeros((1, 8, 5))).shape
    (1, 3, 9)
    """

    _axes = 1


class ConvTranspose2d(_Backward):
    """The transpose of `Conv2d`: (n, c, h, w) or (c, h, w) to an image that is as large as the stride is.

    `out[n, o, p] = bias[o] + sum of weight[c, o, t] x[n, c, q]` over all c, q and taps t with `p = q s + t d - m`, for
    stride s, dilation d and padding m: what a convolution with these arguments does to gradients of its input.
    Each axis becomes `(size - 1) s - 2 m + d (kernel - 1) + 1 + output_padding` long.

    Args:
        padding: how much is cut off at both ends of each axis.
        output_padding: how much is added at the end of each axis; less than the stride or the dilation.
        kernel_size, stride, dilation, groups, bias, dtype, generator: as for `Conv2d`.

    Parameters: weight (c, o / groups, kh, kw), bias (o,) or None. The call takes `output_size`, the size of the image
    that shall come out, in place of `output_padding`.

    >>> layer = ConvTranspose2d(8, 3, 3, stride=2, padding=1, generator=0)
    >>> layer(np.zeros((1, 8, 5, 5))).shape, layer(np.zeros((1, 8, 5, 5)), output_size=(10, 10)).shape
    ((1, 3, 9, 9), (1, 3, 10, 10))

    Raises ValueError for sizes that do not go together. Zeiler et al., 2010.
    """

    _axes = 2


class ConvTranspose3d(_Backward):
    """The transpose of `Conv3d`: (n, c, d, h, w) or (c, d, h, w); as `ConvTranspose2d`.

    >>> ConvTranspose3d(8, 3, 2, stride=2, generator=0)(np.zeros((1, 8, 2, 3, 4))).shape
    (1, 3, 4, 6, 8)
    """

    _axes = 3


class _Local(Module):
    """What locally connected layers have in common."""

    weight: Tensor
    bias: Tensor | None
    _axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: Size,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_channels=in_channels, out_channels=out_channels)
        axes = self._axes
        self.input_size = per_axis(input_size, "input_size", 1, axes)
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, axes)
        self.stride = per_axis(stride, "stride", 1, axes)
        self.padding = per_axis(padding, "padding", 0, axes)
        width = tuple([(p, p) for p in self.padding])
        self.output_size = places_of(self.input_size, self.kernel_size, self.stride, width, (1,) * axes)
        dtype = dtype or default_dtype()
        shape = (*self.output_size, out_channels, in_channels, *self.kernel_size)
        self.weight = Parameter(np.empty(shape, dtype))
        self.bias = Parameter(np.empty((out_channels, *self.output_size), dtype)) if bias else None
        bound = 1 / float(in_channels * np.prod(self.kernel_size)) ** 0.5
        generator = as_generator(generator)
        for tensor in (self.weight, self.bias):
            if tensor is not None:
                init.uniform_(tensor, -bound, bound, generator)

    @property
    def in_channels(self) -> int:
        """Channels of the input."""
        return self.weight.shape[self._axes + 1]

    @property
    def out_channels(self) -> int:
        """Channels of the result."""
        return self.weight.shape[self._axes]

    def forward(self, x: Any) -> Any:
        x = cast(x, self.weight)  # (n, c, *size)
        shape = (self.in_channels, *self.input_size)
        if x.shape[-len(shape) :] != shape or x.ndim > 1 + len(shape):
            raise ValueError(f"this layer takes input (n, {', '.join(map(str, shape))}), got {describe(x)}")
        flat = (1,) * (2 - self._axes)  # a sequence is an image of height 1
        columns = F.unfold(
            anp.reshape(x, (-1, self.in_channels, *flat, *self.input_size)), (*flat, *self.kernel_size), 1,
            (*(0,) * len(flat), *self.padding), (*flat, *self.stride),
        )  # (n, c * taps, places)  # fmt: skip
        count = columns.shape[2]
        weight = anp.reshape(self.weight, (count, self.out_channels, -1))
        out = anp.matmul(weight, anp.transpose(columns, (2, 1, 0)))  # (places, o, n)
        out = anp.reshape(anp.transpose(out, (2, 1, 0)), (*x.shape[: x.ndim - len(shape)], -1, *self.output_size))
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, input_size={self.input_size}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding}" + ", bias=False" * (self.bias is None)
        )


class LocallyConnected1d(_Local):
    """A `Conv1d` whose kernel is another one at each place: (n, c, l) to (n, o, places); as `LocallyConnected2d`.

    >>> LocallyConnected1d(3, 8, 9, 5, generator=0)(np.zeros((1, 3, 9))).shape
    (1, 8, 5)
    """

    _axes = 1


class LocallyConnected2d(_Local):
    """A `Conv2d` whose kernel is another one at each place: (n, c, h, w) or (c, h, w) to (n, o, oh, ow).

    `out[n, o, p, q] = bias[o, p, q] + sum_cij weight[p, q, o, c, i, j] x[n, c, p s + i - m, q s + j - m]`
    for stride s and padding m.

    Args:
        input_size: the image's height and width, which the number of places follows from.
        kernel_size, stride, padding: an int, or one per axis.
        bias, dtype, generator: as for `Conv2d`.

    Parameters: weight (oh, ow, o, c, kh, kw), bias (o, oh, ow) or None.

    >>> LocallyConnected2d(3, 8, (9, 9), 3, stride=2, generator=0)(np.zeros((1, 3, 9, 9))).shape
    (1, 8, 4, 4)

    Raises ValueError for input of another size.
    """

    _axes = 2


class Unfold(Module):
    """What a window sees at each place, as columns: (n, c, h, w) to (n, c * kh * kw, places).

    >>> Unfold(3)(np.zeros((2, 5, 4, 6))).shape
    (2, 45, 8)
    """

    def __init__(self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> None:
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Any) -> Any:
        return F.unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Unfold):
    """Columns (n, c * kh * kw, places) added up where their windows lie in an image, (n, c, *output_size).

    >>> Fold((4, 6), 3)(np.zeros((2, 45, 8))).shape
    (2, 5, 4, 6)
    """

    def __init__(
        self, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return F.fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
