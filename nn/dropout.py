"""Dropout layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.random import as_generator

from . import functional as F
from .functional.arguments import probability
from .init import Randomness
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class Dropout(Module):
    """In training zero each element with probability p and scale the rest by `1 / (1 - p)`.

    In evaluation the input itself. Each call draws a new mask from the generator (the one that
    `manual_seed` seeds, unless given). With `inplace` the result goes into the input as well.

    >>> Dropout(0.5).eval()(3.0)
    3.0

    Raises ValueError for p outside [0, 1]. Srivastava et al., 2014.
    """

    _function: Callable[..., Any] = staticmethod(F.dropout)

    def __init__(self, p: float = 0.5, inplace: bool = False, generator: Randomness = None) -> None:
        probability(p)
        if not isinstance(inplace, bool):
            raise TypeError(f"inplace is True or False, got {inplace!r}; give a generator by its name, generator=")
        self.p, self.inplace = p, inplace
        self.generator = None if generator is None else as_generator(generator)

    def forward(self, x: Any) -> Any:
        return self._function(x, self.p, self.training, self.inplace, self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """`Dropout` of whole channels of x (n, c, l) or (c, l).

    >>> Dropout1d(1.0)([[1.0, 2.0]]).tolist()
    [[0.0, 0.0]]

    Raises ValueError for another number of axes. Tompson et al., 2015.
    """

    _function = staticmethod(F.dropout1d)


class Dropout2d(Dropout):
    """`Dropout` of whole channels of images x (n, c, h, w).

    >>> Dropout2d(1.0)([[[[1.0, 2.0]]]]).tolist()
    [[[[0.0, 0.0]]]]

    Raises ValueError for another number of axes. Tompson et al., 2015.
    """

    _function = staticmethod(F.dropout2d)


class Dropout3d(Dropout):
    """`Dropout` of whole channels of volumes x (n, c, d, h, w) or (c, d, h, w).

    >>> Dropout3d(1.0)([[[[1.0, 2.0]]]]).tolist()
    [[[[0.0, 0.0]]]]

    Raises ValueError for another number of axes. Tompson et al., 2015.
    """

    _function = staticmethod(F.dropout3d)


class AlphaDropout(Dropout):
    """Dropout for SELU: elements go to where SELU saturates, and mean 0 and variance 1 are kept.

    >>> AlphaDropout(0.5).eval()(3.0)
    3.0

    Klambauer et al., 2017.
    """

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels of x (n, c, ...).

    >>> FeatureAlphaDropout(1.0)([[[1.0, 2.0]]]).tolist()
    [[[0.0, 0.0]]]

    Raises ValueError for fewer than two axes.
    """

    _function = staticmethod(F.feature_alpha_dropout)
