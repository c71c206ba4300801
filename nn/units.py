"""Layers whose units are no weighted sum with a curve on top: the largest of several sums, and a distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.numpy import exp, expand_dims, max, negative, square, sum
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = ["RBF", "Maxout"]


class Maxout(Module):
    """The largest of several linear functions: `max_k (x w_k^T + b_k)`, x (..., in_features).

    Args:
        pieces: k, of how many straight pieces an output is made.
        bias: whether each has one.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(in_features).

    Parameters: weight (out_features * pieces, in_features), bias (out_features * pieces,) or None.

    >>> Maxout(3, 2, pieces=4, generator=0)(np.ones((5, 3))).shape
    (5, 2)

    Equal pieces share the gradient. Goodfellow et al., 2013.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features, pieces=pieces)
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.empty((out_features * pieces, in_features), dtype))
        self.bias = Parameter(np.empty(out_features * pieces, dtype)) if bias else None
        init.default_(self.weight, self.bias, generator)

    def forward(self, x: Any) -> Any:
        all_pieces = F.linear(cast(x, self.weight), self.weight, self.bias)  # (..., out * pieces)
        return max(all_pieces.reshape((*all_pieces.shape[:-1], self.out_features, self.pieces)), -1)

    def extra_repr(self) -> str:
        text = f"in_features={self.in_features}, out_features={self.out_features}, pieces={self.pieces}"
        return f"{text}, bias={self.bias is not None}"


class RBF(Module):
    """A layer of radial basis functions, `exp(-|x - c|^2 / (2 s^2))`: x (..., in_features).

    Each output is 1 where x is at its centre c, and falls off with the width s.

    Args:
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the centres from the normal distribution; the widths begin at 1.

    Parameters: centers (out_features, in_features), widths (out_features,).

    >>> RBF(3, 2, generator=0)(np.ones((5, 3))).shape
    (5, 2)

    Broomhead and Lowe, 1988.
    """

    def __init__(
        self, in_features: int, out_features: int, dtype: Any = None, generator: init.Randomness = None
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features)
        dtype = dtype or default_dtype()
        self.centers = init.normal_(Parameter(np.empty((out_features, in_features), dtype)), generator=generator)
        self.widths = Parameter(np.ones(out_features, dtype))

    def forward(self, x: Any) -> Any:
        x = cast(x, self.centers)
        in_features = self.centers.shape[1]
        if x.ndim == 0 or x.shape[-1] != in_features:
            raise ValueError(f"RBF takes x (..., {in_features}), got {describe(x)}")
        squares = sum(square(expand_dims(x, -2) - self.centers), -1)  # (..., out)
        return exp(negative(squares) / (2 * square(self.widths)))

    def extra_repr(self) -> str:
        out_features, in_features = self.centers.shape
        return f"in_features={in_features}, out_features={out_features}"
