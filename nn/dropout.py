"""Dropout layers."""

from __future__ import annotations

from typing import Any

from autodiff.random import as_generator

from . import functional as F
from .init import Randomness
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training zero each element with probability p and scale the rest by `1 / (1 - p)`.

    In evaluation the input itself. Each call draws a new mask from the generator (the one that
    `manual_seed` seeds, unless given).

    >>> Dropout(0.5).eval()(3.0)
    3.0

    Raises ValueError for p outside [0, 1]. Srivastava et al., 2014.
    """

    def __init__(self, p: float = 0.5, generator: Randomness = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability must lie in [0, 1], got {p}")
        self.p = p
        self.generator = None if generator is None else as_generator(generator)

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self.p, self.training, self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}"
