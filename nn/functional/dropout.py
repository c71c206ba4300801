"""Dropout: in training some elements are put out at random, so that no unit relies on another."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.numpy.arguments import array_of, floating, ordered, write_out
from autodiff.ops import random
from autodiff.ops.elementwise import where
from autodiff.random import Generator, as_generator
from autodiff.tensor import Tensor

from .activation import SELU
from .arguments import probability

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

Randomness: TypeAlias = "Generator | np.random.Generator | int | None"


def dropout(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Randomness = None
) -> Any:
    """In training zero each element with probability p and scale the rest by `1 / (1 - p)`, so that the mean stays.

    Raises ValueError for p outside [0, 1]. Srivastava et al., 2014.

    >>> dropout(np.ones(2), 0.5, training=False)
    array([1., 1.])
    """
    return _drop("dropout", input, p, training, inplace, generator)


def dropout1d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Randomness = None
) -> Any:
    """`dropout` of whole channels of x (n, c, l) or (c, l).

    >>> dropout1d(np.ones((1, 2, 3)), 0.5, generator=9)[0].tolist()
    [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]

    Raises ValueError for another number of axes. Tompson et al., 2015.
    """
    return _drop("dropout1d", input, p, training, inplace, generator, 1, (2, 3))


def dropout2d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Randomness = None
) -> Any:
    """`dropout` of whole channels of images x (n, c, h, w).

    Raises ValueError for another number of axes: three could be (c, h, w) or (n, c, l). Tompson et al., 2015.

    >>> dropout2d(np.ones((1, 2, 1, 2)), 0.5, generator=9).ravel()
    array([2., 2., 0., 0.])
    """
    return _drop("dropout2d", input, p, training, inplace, generator, 2, (4,))


def dropout3d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Randomness = None
) -> Any:
    """`dropout` of whole channels of volumes x (n, c, d, h, w) or (c, d, h, w).

    >>> dropout3d(np.ones((2, 1, 1, 2)), 0.5, generator=9).ravel()
    array([2., 2., 0., 0.])

    Raises ValueError for another number of axes. Tompson et al., 2015.
    """
    return _drop("dropout3d", input, p, training, inplace, generator, 3, (4, 5))


_FORMS = {(2, 3): "(n, c, l) or (c, l)", (4,): "(n, c, h, w)", (4, 5): "(n, c, d, h, w) or (c, d, h, w)"}


def _drop(
    name: str, x: Any, p: float, training: bool, inplace: bool, generator: Randomness,
    places: int = 0, dims: tuple[int, ...] = (),
) -> Any:  # fmt: skip
    """Dropout where elements along so many last axes share one fate."""
    _check(p, inplace)
    if dims and array_of(x).ndim not in dims:
        hint = " For (n, c, l) there is dropout1d; of one image make a batch, x[None]." * (dims == (4,))
        raise ValueError(f"{name} takes x {_FORMS[dims]}, got {describe(array_of(x))}.{hint}")
    if not training or p == 0:
        return x
    seed, offset = as_generator(generator).next_draw()
    out = random.dropout(array_of(x), p=float(p), seed=seed, offset=offset, places=places)
    return _into(name, x, out, inplace)


def _check(p: float, inplace: bool) -> None:
    if not isinstance(inplace, bool):
        raise TypeError(f"inplace is True or False, got {inplace!r}; give a generator by its name, generator=")
    probability(p)


def _into(name: str, x: Any, out: Any, inplace: bool) -> Any:
    if not inplace or not isinstance(x, Tensor | np.ndarray):
        return out
    return write_out(f"{name}(inplace=True)", x, out)


def alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Randomness = None
) -> Any:
    """In training set each element with probability p to where SELU saturates, and keep mean 0 and variance 1.

    `a x + b` of kept elements and `a s + b` of the others, with `s = -1.7581`, `a = ((1 - p) (1 + p s^2))^(-1/2)`
    and `b = -a p s`.

    >>> float(alpha_dropout(3.0, 0.5, training=False))
    3.0

    Raises ValueError for p outside [0, 1]. Klambauer et al., 2017.
    """
    return _alpha_drop("alpha_dropout", input, p, training, inplace, generator, 0)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Randomness = None
) -> Any:
    """`alpha_dropout` of whole channels of x (n, c, ...).

    >>> len(set(feature_alpha_dropout(np.ones((1, 1, 9)), 0.5, training=True, generator=0).ravel().tolist()))
    1

    Raises ValueError for fewer than two axes.
    """
    x = array_of(input)
    if x.ndim < 2:
        raise ValueError(f"feature_alpha_dropout takes x (n, c, ...), got {describe(x)}")
    return _alpha_drop("feature_alpha_dropout", x, p, training, inplace, generator, x.ndim - 2)


def _alpha_drop(
    name: str, given: Any, p: float, training: bool, inplace: bool, generator: Randomness, places: int
) -> Any:
    _check(p, inplace)
    if not training or p == 0:
        return given
    x = floating(ordered(given, name))
    if not x.size:
        return given
    if p == 1:
        return _into(name, given, x * 0.0, inplace)
    low = -SELU[0] * SELU[1]
    scale = ((1 - p) * (1 + p * low**2)) ** -0.5
    seed, offset = as_generator(generator).next_draw()
    with no_grad():
        one = x[(..., *(slice(1),) * places)]  # of elements that share one fate
        kept = random.drawn(one, distribution="random", seed=seed, offset=offset) >= p
    return _into(name, given, where(kept, x, low) * scale - scale * p * low, inplace)
