"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.random import as_generator
from autodiff.windows import per_axis

from . import functional as F
from .init import Randomness
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "FractionalMaxPool2d", "FractionalMaxPool3d",
    "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d",
    "MaxUnpool3d",
]  # fmt: skip

Size = int | Sequence[int]


class _Pool(Module):
    """What layers that slide a window have in common."""

    _axes: int

    def __init__(self, kernel_size: Size, stride: Size | None, padding: Size) -> None:
        per_axis(kernel_size, "kernel_size", 1, self._axes)
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride


# -- the largest --------------------------------------------------------------------------------------------


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.dilation, self.return_indices, self.ceil_mode = dilation, return_indices, ceil_mode

    def forward(self, x: Any) -> Any:
        function = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self._axes - 1]
        return function(
            x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """Largest element of each window of a sequence (n, c, l) or (c, l); arguments are those of `MaxPool2d`.

    >>> MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[3., 2.]])
    """

    _axes = 1


class MaxPool2d(_MaxPool):
    """Largest element of each window of an image (n, c, h, w) or (c, h, w).

    Args:
        kernel_size: the window's size, an int or one per axis.
        stride: from window to window; the window's size unless given.
        padding: lowest values around the image, at most half the window.
        dilation: distance of a window's elements.
        return_indices: whether to return also where in its image each largest element is, for `MaxUnpool2d`.
        ceil_mode: whether windows that begin in the image and end beyond it count.

    >>> MaxPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)

    Raises ValueError for a window that does not fit.
    """

    _axes = 2


class MaxPool3d(_MaxPool):
    """Largest element of each window of a volume (n, c, d, h, w) or (c, d, h, w); arguments are those of `MaxPool2d`.

    >>> MaxPool3d(2)(np.zeros((1, 3, 4, 6, 8))).shape
    (1, 3, 2, 3, 4)
    """

    _axes = 3


class _MaxUnpool(_Pool):
    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        super().__init__(kernel_size, stride, padding)
        axes = self._axes
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, axes)
        self.stride = per_axis(self.stride, "stride", 1, axes)
        self.padding = per_axis(padding, "padding", 0, axes)

    def forward(self, x: Any, indices: Any, output_size: Sequence[int] | None = None) -> Any:
        function = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self._axes - 1]
        return function(x, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Each number at the place it came from, and zeros elsewhere: for what `MaxPool1d` gives; as `MaxUnpool2d`.

    >>> MaxUnpool1d(2)(np.array([[3.0, 2.0]]), np.array([[1, 2]]))
    array([[0., 3., 2., 0.]])
    """

    _axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Each number at the place it came from, and zeros elsewhere: for what `MaxPool2d(..., return_indices=True)` gives.

    Takes the arguments of the pooling; the call takes the numbers, their places, and `output_size` if the image was
    larger than the windows tell.

    >>> MaxUnpool2d(2)(np.array([[[5.0]]]), np.array([[[2]]]))
    array([[[0., 0.],
            [5., 0.]]])

    Raises ValueError for an output size that pooling cannot have come from, IndexError for a place outside.
    """

    _axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Each number at the place it came from, and zeros elsewhere: for what `MaxPool3d` gives; as `MaxUnpool2d`.

    >>> MaxUnpool3d(2)(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), int)).shape
    (1, 2, 2, 2)
    """

    _axes = 3


class _FractionalMaxPool(Module):
    _axes: int

    def __init__(
        self,
        kernel_size: Size,
        output_size: Size | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Any = None,
        generator: Randomness = None,
    ) -> None:
        if (output_size is None) == (output_ratio is None):
            raise ValueError(f"give one of output_size and output_ratio, got {output_size=} and {output_ratio=}")
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, self._axes)
        self.output_size, self.output_ratio, self.return_indices = output_size, output_ratio, return_indices
        self._random_samples = _random_samples
        self.generator = None if generator is None else as_generator(generator)

    def forward(self, x: Any) -> Any:
        function = F.fractional_max_pool2d if self._axes == 2 else F.fractional_max_pool3d
        return function(
            x, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples,
            self.generator,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPool):
    """Largest element of windows of an image that lie at random places, in order (Graham, 2014).

    Args:
        kernel_size: of the windows, an int or one per axis.
        output_size: number of windows, an int or one per axis; or
        output_ratio: by what the size is multiplied, between 0 and 1.
        return_indices: whether to return also where in its image each largest element is.
        generator: draws the places anew at each call.

    >>> FractionalMaxPool2d(2, output_ratio=0.7, generator=0)(np.zeros((1, 3, 10, 10))).shape
    (1, 3, 7, 7)

    Raises ValueError for both or neither of output_size and output_ratio, and for windows that do not fit.
    """

    _axes = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """Largest element of windows of a volume that lie at random places; arguments are those of `FractionalMaxPool2d`.

    >>> FractionalMaxPool3d(2, output_size=3, generator=0)(np.zeros((1, 2, 5, 5, 5))).shape
    (1, 2, 3, 3, 3)
    """

    _axes = 3


# -- the mean, and norms -----------------------------------------------------------------------------------


class AvgPool1d(_Pool):
    """Mean of each window of a sequence (n, c, l) or (c, l); arguments are those of `AvgPool2d`.

    >>> AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[2., 1.]])
    """

    _axes = 1

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.kernel_size = per_axis(kernel_size, "kernel_size", 1, 1)
        self.stride = per_axis(self.stride, "stride", 1, 1)
        self.padding = per_axis(padding, "padding", 0, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, x: Any) -> Any:
        return F.avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_Pool):
    """Mean of each window of an image (n, c, h, w) or (c, h, w).

    Args:
        kernel_size: the window's size, an int or one per axis.
        stride: from window to window; the window's size unless given.
        padding: zeros around the image, at most half the window.
        ceil_mode: whether windows that begin in the image and end beyond it count.
        count_include_pad: whether the zeros around the image count as elements.
        divisor_override: divide by this and not by the number of elements.

    >>> AvgPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)

    Raises ValueError for a window that does not fit.
    """

    _axes = 2

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Any) -> Any:
        function = F.avg_pool2d if self._axes == 2 else F.avg_pool3d
        return function(
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool3d(AvgPool2d):
    """Mean of each window of a volume (n, c, d, h, w) or (c, d, h, w); arguments are those of `AvgPool2d`.

    >>> AvgPool3d(2)(np.zeros((1, 3, 4, 6, 8))).shape
    (1, 3, 2, 3, 4)
    """

    _axes = 3


class _LPPool(Module):
    _axes: int

    def __init__(
        self, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
    ) -> None:
        per_axis(kernel_size, "kernel_size", 1, self._axes)
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def forward(self, x: Any) -> Any:
        function = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self._axes - 1]
        return function(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """`(sum over the window of x^p)^(1/p)` for p = norm_type, of sequences (n, c, l) or (c, l); as `LPPool2d`.

    >>> LPPool1d(2, 2)(np.array([[3.0, 4.0]]))
    array([[5.]])
    """

    _axes = 1


class LPPool2d(_LPPool):
    """`(sum over the window of x^p)^(1/p)` for p = norm_type, of images (n, c, h, w) or (c, h, w).

    With p = 1 it is the sum, with p = inf the largest absolute value. An odd p needs sums that are not negative.
    Where the sum is 0 the gradient is 0. Other arguments are those of `AvgPool2d`.

    >>> LPPool2d(2, 2)(np.ones((1, 2, 2)))
    array([[[2.]]])
    """

    _axes = 2


class LPPool3d(_LPPool):
    """`(sum over the window of x^p)^(1/p)` for p = norm_type, of volumes (n, c, d, h, w); as `LPPool2d`.

    >>> LPPool3d(1, 2)(np.ones((1, 2, 2, 2)))
    array([[[[8.]]]])
    """

    _axes = 3


# -- windows by the number of results -----------------------------------------------------------------------


class _AdaptiveAvgPool(Module):
    _axes: int

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self._axes - 1](
            x, self.output_size
        )

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Mean of each of `output_size` parts of a sequence (n, c, l) or (c, l); as `AdaptiveAvgPool2d`.

    >>> AdaptiveAvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[2., 1.]])
    """

    _axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Mean of each part of an image (n, c, h, w) or (c, h, w) that is parted into `output_size`.

    `output_size` is an int or one per axis; None leaves an axis as it is. Part i of m of an axis of length n begins
    at `floor(i n / m)` and ends before `ceil((i + 1) n / m)`.

    >>> AdaptiveAvgPool2d(1)(np.zeros((2, 3, 5, 7))).shape
    (2, 3, 1, 1)

    Raises ValueError for another number of sizes, and for a size below 1.
    """

    _axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Mean of each part of a volume (n, c, d, h, w) or (c, d, h, w); as `AdaptiveAvgPool2d`.

    >>> AdaptiveAvgPool3d((1, None, 2))(np.zeros((2, 3, 5, 6, 7))).shape
    (2, 3, 1, 6, 2)
    """

    _axes = 3


class _AdaptiveMaxPool(_AdaptiveAvgPool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Any) -> Any:
        return (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self._axes - 1](
            x, self.output_size, self.return_indices
        )


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Largest element of each of `output_size` parts of a sequence (n, c, l) or (c, l); as `AdaptiveMaxPool2d`.

    >>> AdaptiveMaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
    array([[3., 2.]])
    """

    _axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Largest element of each part of an image (n, c, h, w) or (c, h, w); the parts are those of `AdaptiveAvgPool2d`.

    With `return_indices` also where in its image, counted row by row, each of them is.

    >>> AdaptiveMaxPool2d((2, None))(np.zeros((2, 3, 5, 7))).shape
    (2, 3, 2, 7)
    """

    _axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Largest element of each part of a volume (n, c, d, h, w) or (c, d, h, w); as `AdaptiveMaxPool2d`.

    >>> AdaptiveMaxPool3d(2)(np.zeros((2, 3, 5, 6, 7))).shape
    (2, 3, 2, 2, 2)
    """

    _axes = 3
