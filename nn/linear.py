"""Dense layers, and those that only change the shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Unflatten"]


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


class Bilinear(Module):
    """A bilinear form for each output, `y_k = x1^T weight_k x2 + bias_k`.

    Takes x1 (..., in1_features) and x2 (..., in2_features) with equal leading axes; the result is (..., out_features).

    Args:
        bias: whether to add one.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(in1_features).

    Parameters: weight (out_features, in1_features, in2_features), bias (out_features,) or None.

    >>> Bilinear(3, 4, 2, generator=0)(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)

    Raises ValueError for other numbers of features, or leading axes that differ.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in1_features=in1_features, in2_features=in2_features, out_features=out_features)
        dtype, generator = dtype or default_dtype(), as_generator(generator)
        self.weight = Parameter(np.empty((out_features, in1_features, in2_features), dtype))
        self.bias = Parameter(np.empty(out_features, dtype)) if bias else None
        bound = in1_features**-0.5
        for tensor in (self.weight, self.bias):
            if tensor is not None:
                init.uniform_(tensor, -bound, bound, generator)

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.bilinear(cast(x1, self.weight), cast(x2, self.weight), self.weight, self.bias)

    def extra_repr(self) -> str:
        n, in1, in2 = self.weight.shape
        return f"in1_features={in1}, in2_features={in2}, out_features={n}, bias={self.bias is not None}"


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


class Unflatten(Module):
    """Part axis `dim` into several of the lengths `unflattened_size`, of which one may be -1.

    >>> Unflatten(1, (3, 4))(np.zeros((2, 12))).shape
    (2, 3, 4)

    Raises ValueError where the lengths do not multiply to that of the axis.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        return F.unflatten(x, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """The input itself, where a module is wanted and nothing to be done. Any arguments are taken and left alone.

    >>> Identity(54, unused=True)(3.0)
    3.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        return x
