"""Arrays as sets: results hold distinct elements in ascending order, and gradients go back where they were read."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops import compare
from .arguments import array_of, cast, plain
from .indexing import take
from .joining import concatenate
from .shaping import ravel
from .sorting import unique

__all__ = ["intersect1d", "isin", "setdiff1d", "setxor1d", "union1d"]


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: str | None = None
) -> Any:
    """Whether each element is among others (or is not, with `invert`); a constant.

    >>> isin(np.array([1, 2, 3]), [1, 3])
    array([ True, False,  True])
    """
    return compare.isin(
        array_of(element), array_of(test_elements), assume_unique=assume_unique, invert=invert, kind=kind
    )


def union1d(ar1: Any, ar2: Any) -> Any:
    """The elements of either array.

    >>> union1d(np.array([3, 1]), np.array([2, 1]))
    array([1, 2, 3])
    """
    return unique(concatenate([ar1, ar2], None))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The elements of both arrays, as read from the first; with `return_indices` also where each of them has them.

    >>> intersect1d(np.array([3, 1, 2]), np.array([2, 3]))
    array([2, 3])
    """
    x, y = ravel(ar1), ravel(ar2)
    _, first, second = np.intersect1d(plain(x), plain(y), assume_unique, return_indices=True)
    values = cast(take(x, first), np.result_type(x.dtype, y.dtype))
    return (values, first, second) if return_indices else values


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of the first array that the second does not have.

    >>> setdiff1d(np.array([3, 1, 2]), np.array([2]))
    array([1, 3])
    """
    x = ravel(ar1) if assume_unique else unique(ar1)
    return x[np.isin(plain(x), plain(array_of(ar2)), assume_unique=True, invert=True)]


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of one array that the other does not have.

    >>> setxor1d(np.array([3, 1, 2]), np.array([2, 5]))
    array([1, 3, 5])
    """
    parts = [ravel(a) if assume_unique else unique(a) for a in (ar1, ar2)]
    values, counts = unique(concatenate(parts), return_counts=True)
    return values[plain(counts) == 1]
