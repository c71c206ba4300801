"""Padding layers: elements around a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.windows import per_axis

from . import functional as F
from .functional.arguments import as_array
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip

_FEWEST = -(1 << 62)  # a negative width takes elements away


class _Pad(Module):
    """What padding layers have in common; `padding` is one number, or (before, after) of the last axis, then of the
    last but one, and so on."""

    _axes: int
    _mode = "constant"
    value: float | None = None

    def __init__(self, padding: int | Sequence[int]) -> None:
        self.padding = per_axis(padding, "padding", _FEWEST, 2 * self._axes)

    def forward(self, x: Any) -> Any:
        x = as_array(x)
        if x.ndim not in (self._axes + 1, self._axes + 2):
            raise ValueError(
                f"{type(self).__name__} takes (n, c, size) or (c, size) with {self._axes} axes of size, got {x.shape}"
            )
        return F.pad(x, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Any) -> Any:
        return F.pad(x, self.padding, value=self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """One number around a sequence: padding is an int, or (left, right); a negative one takes elements away.

    >>> ConstantPad1d((1, 2), 9.0)(np.zeros((1, 2)))
    array([[9., 0., 0., 9., 9.]])
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """One number around an image: padding is an int, or (left, right, top, bottom).

    >>> ConstantPad2d(1, 9.0)(np.zeros((1, 2, 3))).shape
    (1, 4, 5)
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """One number around a volume: padding is an int, or (left, right, top, bottom, front, back).

    >>> ConstantPad3d(1, 9.0)(np.zeros((1, 2, 3, 4))).shape
    (1, 4, 5, 6)
    """

    _axes = 3


class ZeroPad1d(_Pad):
    """Zeros around a sequence: padding is an int, or (left, right).

    >>> ZeroPad1d((1, 2))(np.ones((1, 2)))
    array([[0., 1., 1., 0., 0.]])
    """

    _axes = 1


class ZeroPad2d(_Pad):
    """Zeros around an image: padding is an int, or (left, right, top, bottom).

    >>> ZeroPad2d(1)(np.zeros((1, 2, 3))).shape
    (1, 4, 5)
    """

    _axes = 2


class ZeroPad3d(_Pad):
    """Zeros around a volume: padding is an int, or (left, right, top, bottom, front, back).

    >>> ZeroPad3d(1)(np.zeros((1, 2, 3, 4))).shape
    (1, 4, 5, 6)
    """

    _axes = 3


class ReflectionPad1d(_Pad):
    """A sequence mirrored about its first and last elements: padding is an int, or (left, right).

    >>> ReflectionPad1d(2)(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 2., 1., 2., 3., 2., 1.]])

    Raises ValueError for a padding that is not less than the axis is long.
    """

    _axes, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """An image mirrored about its outermost elements: padding is an int, or (left, right, top, bottom).

    >>> ReflectionPad2d(1)(np.zeros((1, 2, 3))).shape
    (1, 4, 5)
    """

    _axes, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """A volume mirrored about its outermost elements: padding is an int, or one for each of its six sides.

    >>> ReflectionPad3d(1)(np.zeros((1, 2, 3, 4))).shape
    (1, 4, 5, 6)
    """

    _axes, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """The outermost elements of a sequence repeated: padding is an int, or (left, right).

    >>> ReplicationPad1d(2)(np.array([[1.0, 2.0, 3.0]]))
    array([[1., 1., 1., 2., 3., 3., 3.]])
    """

    _axes, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The outermost elements of an image repeated: padding is an int, or (left, right, top, bottom).

    >>> ReplicationPad2d(1)(np.zeros((1, 2, 3))).shape
    (1, 4, 5)
    """

    _axes, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """The outermost elements of a volume repeated: padding is an int, or one for each of its six sides.

    >>> ReplicationPad3d(1)(np.zeros((1, 2, 3, 4))).shape
    (1, 4, 5, 6)
    """

    _axes, _mode = 3, "replicate"


class CircularPad1d(_Pad):
    """A sequence that goes on from its other end: padding is an int, or (left, right).

    >>> CircularPad1d((2, 1))(np.array([[1.0, 2.0, 3.0]]))
    array([[2., 3., 1., 2., 3., 1.]])

    Raises ValueError for a padding that is more than the axis is long.
    """

    _axes, _mode = 1, "circular"


class CircularPad2d(_Pad):
    """An image that goes on from its other side: padding is an int, or (left, right, top, bottom).

    >>> CircularPad2d(1)(np.zeros((1, 2, 3))).shape
    (1, 4, 5)
    """

    _axes, _mode = 2, "circular"


class CircularPad3d(_Pad):
    """A volume that goes on from its other side: padding is an int, or one for each of its six sides.

    >>> CircularPad3d(1)(np.zeros((1, 2, 3, 4))).shape
    (1, 4, 5, 6)
    """

    _axes, _mode = 3, "circular"
