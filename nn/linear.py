"""Dense layers, and those that only change the shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = ["Flatten", "Identity", "Linear"]


class Linear(Module):
    """A dense layer, `x weight^T + bias`: x (..., in_features), result (..., out_features).

    Args:
        bias: whether to add one.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(in_features).

    Parameters: weight (out_features, in_features), bias (out_features,) or None.

    >>> Linear(3, 2, generator=0)(np.ones((4, 3))).shape
    (4, 2)

    Raises ValueError for another number of input features, TypeError for input of integers.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features)
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        self.bias = Parameter(np.empty(out_features, dtype)) if bias else None
        init.default_(self.weight, self.bias, generator)

    @property
    def in_features(self) -> int:
        """Length of the input's last axis."""
        return self.weight.shape[1]

    @property
    def out_features(self) -> int:
        """Length of the result's last axis."""
        return self.weight.shape[0]

    def forward(self, x: Any) -> Any:
        return F.linear(cast(x, self.weight), self.weight, self.bias)  # (..., out)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, {bias=}"


class Flatten(Module):
    """Join the axes from `start_dim` to `end_dim` into one; by default all but the batch axis.

    >>> Flatten()(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        return F.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """The input itself, where a module is wanted and nothing to be done.

    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        return x
