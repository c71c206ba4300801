"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.tensor import Tensor

from . import functional as F
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = ["LayerNorm", "RMSNorm"]


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
