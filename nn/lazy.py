"""Layers that learn the size of their input from the first one they see.

`LazyLinear(10)` is a `Linear` without `in_features`. Its first call (or `load_state_dict`) makes the parameters, and
it is a plain `Linear` from then on. Make the optimizer after that: there is nothing to train before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autodiff.errors import describe

from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class _Arguments:
    """The signature of a lazy layer, worked out when asked for: that of the layer without the size."""

    def __get__(self, lazy: Any, kind: Any) -> Any:
        import inspect  # here, as it takes 5 ms

        whole = inspect.signature(kind.becomes)
        _, *parameters = whole.parameters.values()
        return whole.replace(parameters=[p.replace(default=kind.usual.get(p.name, p.default)) for p in parameters])


class Lazy(Module):
    """A module that becomes one of the class `becomes`, whose first argument is the length of an axis of the input.

    Args of a subclass:
        becomes: that class.
        axis: of the input, which has the size.
        at_least: the number of axes of an input.
        weight_axis: of the saved weight, which has the size.
        usual: arguments that have another default than in that class.
    """

    becomes: ClassVar[Any]
    axis: ClassVar[int]
    at_least: ClassVar[int]
    weight_axis: ClassVar[int]
    usual: ClassVar[dict[str, Any]]
    __signature__ = _Arguments()

    def __init_subclass__(cls, becomes: Any, axis: int, at_least: int = 0, weight_axis: int = 1, **usual: Any) -> None:
        cls.becomes, cls.axis, cls.at_least, cls.weight_axis = becomes, axis, at_least or -axis, weight_axis
        cls.usual = usual

    def __init__(self, *args: Any, **options: Any) -> None:
        try:
            given = type(self).__signature__.bind(*args, **options).arguments
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        self.given: dict[str, Any] = self.usual | given

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Make the parameters for this input, and compute with them."""
        x = inputs[0] if hasattr(inputs[0], "shape") else np.asarray(inputs[0])
        if len(x.shape) < self.at_least:
            raise ValueError(f"{type(self).__name__} takes an input of {self.at_least} axes or more, got {describe(x)}")
        self.complete(x.shape[self.axis])
        return self.forward(*inputs, **options)

    def complete(self, size: int) -> None:
        """Become a module of the class `becomes`, for an input of this size."""
        made = self.becomes(size, **self.given)
        del self.given
        vars(self).update(vars(made))
        object.__setattr__(self, "__class__", self.becomes)

    def _check_complete(self, name: str) -> None:
        raise ValueError(
            f"{name or 'the model'}, a {type(self).__name__}, has no parameters before its first call, as the size of "
            "its input is not known: call the model once, then ask for parameters or make the optimizer"
        )

    def _complete_from(self, state: Mapping[str, Any], prefix: str) -> None:
        weight = state.get(f"{prefix}weight", state.get(f"{prefix}running_mean"))
        if weight is not None:
            groups = self.given.get("groups", 1) if self.weight_axis else 1
            self.complete(np.shape(weight)[self.weight_axis] * groups)

    def _cast(self, dtype: np.dtype[Any]) -> None:
        self.given["dtype"] = dtype

    def extra_repr(self) -> str:
        return ", ".join([f"{name}={value!r}" for name, value in self.given.items()])


class LazyLinear(Lazy, becomes=Linear, axis=-1):
    """A `Linear` that takes `in_features` from its first input: `LazyLinear(out_features, bias, dtype, generator)`.

    >>> layer = LazyLinear(2, generator=0)
    >>> layer(np.ones((4, 3))).shape, layer
    ((4, 2), Linear(in_features=3, out_features=2, bias=True))
    """


class LazyConv1d(Lazy, becomes=Conv1d, axis=-2):
    """A `Conv1d` that takes `in_channels` from its first input."""


class LazyConv2d(Lazy, becomes=Conv2d, axis=-3):
    """A `Conv2d` that takes `in_channels` from its first input."""


class LazyConv3d(Lazy, becomes=Conv3d, axis=-4):
    """A `Conv3d` that takes `in_channels` from its first input."""


class LazyConvTranspose1d(Lazy, becomes=ConvTranspose1d, axis=-2, weight_axis=0):
    """A `ConvTranspose1d` that takes `in_channels` from its first input."""


class LazyConvTranspose2d(Lazy, becomes=ConvTranspose2d, axis=-3, weight_axis=0):
    """A `ConvTranspose2d` that takes `in_channels` from its first input."""


class LazyConvTranspose3d(Lazy, becomes=ConvTranspose3d, axis=-4, weight_axis=0):
    """A `ConvTranspose3d` that takes `in_channels` from its first input."""


class LazyBatchNorm1d(Lazy, becomes=BatchNorm1d, axis=1, at_least=2, weight_axis=0):
    """A `BatchNorm1d` that takes `num_features` from its first input."""


class LazyBatchNorm2d(Lazy, becomes=BatchNorm2d, axis=1, at_least=4, weight_axis=0):
    """A `BatchNorm2d` that takes `num_features` from its first input."""


class LazyBatchNorm3d(Lazy, becomes=BatchNorm3d, axis=1, at_least=5, weight_axis=0):
    """A `BatchNorm3d` that takes `num_features` from its first input."""


class LazyInstanceNorm1d(Lazy, becomes=InstanceNorm1d, axis=-2, weight_axis=0, affine=True, track_running_stats=True):
    """An `InstanceNorm1d` that takes `num_features` from its first input, and has parameters and running statistics."""


class LazyInstanceNorm2d(Lazy, becomes=InstanceNorm2d, axis=-3, weight_axis=0, affine=True, track_running_stats=True):
    """An `InstanceNorm2d` as `LazyInstanceNorm1d`."""


class LazyInstanceNorm3d(Lazy, becomes=InstanceNorm3d, axis=-4, weight_axis=0, affine=True, track_running_stats=True):
    """An `InstanceNorm3d` as `LazyInstanceNorm1d`."""
