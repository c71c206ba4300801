"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.config import default_dtype, no_grad
from autodiff.errors import describe
from autodiff.numpy import expand_dims, squeeze
from autodiff.numpy.arguments import array_of
from autodiff.tensor import Tensor

from . import functional as F
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
    "LayerNorm", "LocalResponseNorm", "RMSNorm",
]  # fmt: skip


def _cast(x: Any, *tensors: Tensor | None) -> Any:
    """The input in the dtype of the first parameter that there is."""
    return next((cast(x, t) for t in tensors if t is not None), x)


class LayerNorm(Module):
    """Normalise each example by itself: `(x - mean) / sqrt(var + eps) weight + bias` over the last axes.

    Args:
        normalized_shape: the lengths of these axes; a number is the last axis alone.
        eps: keeps the root away from 0.
        elementwise_affine: whether there are weight and bias.
        bias: whether there is a bias beside the weight.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.

    Parameters: weight and bias (*normalized_shape), ones and zeros at first; or None.

    >>> LayerNorm(2, eps=0.0)([[1.0, 3.0], [5.0, 1.0]]).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]

    Raises ValueError for input of other last lengths. Ba, Kiros and Hinton, 2016.
    """

    weight: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = _lengths(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return F.layer_norm(_cast(x, self.weight), self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        text = f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return f"{text}, bias={self.bias is not None}"


class RMSNorm(Module):
    """Normalise each example by its size: `x / sqrt(mean(x^2) + eps) weight` over the last axes.

    Args:
        normalized_shape: the lengths of these axes; a number is the last axis alone.
        eps: keeps the root away from 0; by default the machine epsilon of the input's dtype.
        elementwise_affine: whether there is a weight.
        dtype: of the weight, `default_dtype()` unless given; floating input is cast to it.

    Parameters: weight (*normalized_shape), ones at first; or None.

    >>> RMSNorm(2, eps=0.0)([1.0, -1.0]).tolist()
    [1.0, -1.0]

    Raises ValueError for input of other last lengths. Zhang and Sennrich, 2019.
    """

    weight: Tensor | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = _lengths(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return F.rms_norm(_cast(x, self.weight), self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def _lengths(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    check_sizes(**{f"normalized_shape[{i}]": n for i, n in enumerate(sizes or (0,))})
    return tuple(map(int, sizes))


class GroupNorm(Module):
    """Normalise each example's groups of channels: `(x - mean) / sqrt(var + eps) weight + bias`.

    Mean and variance are over a group's channels and all places. Of one group this is layer normalisation, of as
    many groups as channels instance normalisation.

    Args:
        num_groups: into how many groups the channels are split.
        num_channels: c, for x (n, c, ...).
        affine: whether there are weight and bias.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        bias: whether there is a bias beside the weight.

    Parameters: weight and bias (c,), ones and zeros at first; or None.

    >>> GroupNorm(2, 4, eps=0.0)([[1.0, 3.0, 2.0, 4.0]]).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]

    Raises ValueError for groups that do not divide the channels, and for input of other shapes. Wu and He, 2018.
    """

    weight: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        check_sizes(num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(f"num_groups={num_groups} must divide num_channels={num_channels}")
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        self.weight, self.bias = _affine(num_channels, affine, bias, dtype)

    def forward(self, x: Any) -> Any:
        x = array_of(_cast(x, self.weight))
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"GroupNorm takes x (n, {self.num_channels}, ...), got {describe(x)}")
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        text = f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
        return f"{text}, bias={self.bias is not None}"


def _affine(num: int, affine: bool, bias: bool, dtype: Any) -> tuple[Tensor | None, Tensor | None]:
    """A weight of ones and a bias of zeros, or None."""
    dtype = dtype or default_dtype()
    return (
        Parameter(np.ones(num, dtype)) if affine else None,
        Parameter(np.zeros(num, dtype)) if affine and bias else None,
    )


class _ByChannel(Module):
    """What normalisations with statistics of each channel have in common."""

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    dims: tuple[int, ...] = ()
    """How many axes the input may have."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        check_sizes(num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight, self.bias = _affine(num_features, affine, bias, dtype)
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if track_running_stats:
            dtype = dtype or default_dtype()
            self.running_mean = Tensor(np.zeros(num_features, dtype))
            self.running_var = Tensor(np.ones(num_features, dtype))
            self.num_batches_tracked = Tensor(np.int64(0))

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1."""
        for tensor, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if tensor is not None:
                tensor[...] = value

    def _read(self, x: Any) -> Any:
        """The input in the parameters' dtype, if its shape is right."""
        x = array_of(_cast(x, self.weight, self.running_mean))
        if x.ndim not in self.dims or x.shape[1 if x.ndim == self.dims[-1] else self._channel] != self.num_features:
            forms = ["(" + ", ".join(self._form(n)) + ")" for n in self.dims]
            raise ValueError(f"{type(self).__name__} takes x {' or '.join(forms)}, got {describe(x)}")
        return x

    _channel = 1
    """Which axis holds the channels where the input has fewer axes than it may have."""

    def _form(self, ndim: int) -> list[str]:
        names = ["n", str(self.num_features), *["", "l", "h, w", "d, h, w"][self.dims[-1] - 2].split(", ")]
        return names[-ndim:] if self._channel == 0 else names[:ndim]

    def extra_repr(self) -> str:
        text = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        return f"{text}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"


class BatchNorm1d(_ByChannel):
    """Normalise each feature over the batch: `(x - mean) / sqrt(var + eps) weight + bias`, x (n, c) or (n, c, l).

    In training mean and variance (divisor n) are the batch's, and the running ones move towards them,
    `running = (1 - momentum) running + momentum batch`, the variance there with divisor n - 1. In evaluation they
    are the running ones.

    Args:
        num_features: c.
        eps: keeps the root away from 0.
        momentum: how far the running statistics move; None for the plain average of all batches.
        affine: whether there are weight and bias.
        track_running_stats: whether there are running statistics; without them the batch's are always taken.
        dtype: of parameters and statistics, `default_dtype()` unless given; floating input is cast to it.
        bias: whether there is a bias beside the weight.

    Parameters: weight and bias (c,), ones and zeros at first; or None.
    Buffers: running_mean and running_var (c,), num_batches_tracked (); or None.

    >>> BatchNorm1d(1, eps=0.0)([[1.0], [3.0]]).tolist()
    [[-1.0], [1.0]]

    Raises ValueError for input of other shapes, and in training for fewer than 2 values a channel.
    Ioffe and Szegedy, 2015.
    """

    dims: tuple[int, ...] = (2, 3)

    def forward(self, x: Any) -> Any:
        own = self.training or self.running_mean is None
        x = self._read(x)
        running = self.running_mean, self.running_var
        return F.batch_norm(x, *running, self.weight, self.bias, own, self._follow(), self.eps)

    def _follow(self) -> Any:
        """Count a batch in training, and say how far the running statistics move: `1 / batches` for None."""
        if self.num_batches_tracked is None or not self.training:
            return self.momentum or 0.0
        with no_grad():
            self.num_batches_tracked[...] = self.num_batches_tracked + 1
            return 1 / self.num_batches_tracked if self.momentum is None else self.momentum


class BatchNorm2d(BatchNorm1d):
    """`BatchNorm1d` for images, x (n, c, h, w): mean and variance of each channel are over batch and places.

    >>> BatchNorm2d(3)(np.random.default_rng(0).normal(size=(2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    dims = (4,)


class BatchNorm3d(BatchNorm1d):
    """`BatchNorm1d` for volumes, x (n, c, d, h, w).

    >>> BatchNorm3d(3)(np.random.default_rng(0).normal(size=(2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    dims = (5,)


class InstanceNorm1d(_ByChannel):
    """Normalise each channel of each example: `(x - mean) / sqrt(var + eps) weight + bias`, x (n, c, l) or (c, l).

    Mean and variance (divisor n) are over the places. Arguments, parameters and buffers are those of `BatchNorm1d`;
    by default there are none. With running statistics, evaluation takes these; batches are not counted.

    >>> InstanceNorm1d(1, eps=0.0)([[1.0, 3.0]]).tolist()
    [[-1.0, 1.0]]

    Raises ValueError for input of other shapes, and for fewer than 2 places. Ulyanov et al., 2016.
    """

    dims: tuple[int, ...] = (2, 3)
    _channel = 0

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype, bias=bias)

    def forward(self, x: Any) -> Any:
        x = self._read(x)
        if x.ndim == self.dims[0]:
            return squeeze(self.forward(expand_dims(x, 0)), 0)
        own = self.training or self.running_mean is None
        running = self.running_mean, self.running_var
        return F.instance_norm(x, *running, self.weight, self.bias, own, self.momentum, self.eps)


class InstanceNorm2d(InstanceNorm1d):
    """`InstanceNorm1d` for images, x (n, c, h, w) or (c, h, w).

    >>> InstanceNorm2d(3)(np.random.default_rng(0).normal(size=(2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    dims = (3, 4)


class InstanceNorm3d(InstanceNorm1d):
    """`InstanceNorm1d` for volumes, x (n, c, d, h, w) or (c, d, h, w).

    >>> InstanceNorm3d(3)(np.random.default_rng(0).normal(size=(2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    dims = (4, 5)


class LocalResponseNorm(Module):
    """Divide by what the neighbouring channels do, `x / (k + alpha mean(x^2))^beta` over a window of channels.

    Args:
        size: channels in the window.

    >>> LocalResponseNorm(3, alpha=3.0, beta=1.0)(np.ones((1, 3, 1))).ravel()
    array([0.33333333, 0.25      , 0.33333333])

    Krizhevsky, Sutskever and Hinton, 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        check_sizes(size=size)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Any) -> Any:
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
