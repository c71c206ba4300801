"""Functions that put elements in order. Sorting is reading by an order, so gradients go back where elements were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import describe
from ..ops import sort as ops
from .arguments import array_of, cast, one_axis, plain, refuse
from .indexing import take, take_along_axis
from .shaping import flip

__all__ = [
    "argpartition", "argsort", "lexsort", "partition", "searchsorted", "sort", "sort_complex", "unique", "unique_all",
    "unique_counts", "unique_inverse", "unique_values",
]  # fmt: skip


def argsort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None,
    descending: bool = False,
) -> Any:  # fmt: skip
    """The places of the elements in ascending (or descending) order along an axis, NaN last (first); a constant.

    Equal elements keep their order, unless another `kind` is asked for.

    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    refuse("argsort", order=order)
    x = array_of(a)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, axis)
    if stable is not None and kind is not None:
        raise ValueError("argsort takes kind= or stable=, not both")
    kind = ("quicksort" if stable is False else "stable") if kind is None else kind
    if descending and x.ndim:
        return x.shape[axis] - 1 - flip(ops.argsort(flip(x, axis), axis=axis, kind=kind), axis)
    return ops.argsort(x, axis=axis, kind=kind)


def sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None,
    descending: bool = False,
) -> Any:  # fmt: skip
    """Elements in ascending (or descending) order along an axis, NaN last (first); with axis None, all in one row.

    The gradient of each element goes to where it stood; equal elements keep their order unless another `kind` is
    asked for.

    >>> sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    """
    refuse("sort", order=order)
    x = array_of(a)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, one_axis(axis, x.ndim))
    return take_along_axis(x, argsort(x, axis, kind, stable=stable, descending=descending), axis)


def sort_complex(a: Any) -> Any:
    """Complex numbers in ascending order, by their real parts and then by their imaginary parts.

    >>> sort_complex(np.array([2.0, 1.0]))
    array([1.+0.j, 2.+0.j])
    """
    x = sort(a)
    return cast(x, np.sort_complex(np.empty(0, x.dtype)).dtype)


def argpartition(
    a: Any, kth: int | Sequence[int], axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """An order along an axis that puts the k-th smallest elements at places k, smaller ones before; a constant."""
    refuse("argpartition", order=order)
    x = array_of(a)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, axis)
    places = np.atleast_1d(plain(kth))
    if places.dtype.kind not in "iu":
        raise TypeError(f"kth are places, integers; got {describe(places)}")
    return ops.argpartition(x, kth=tuple(places.ravel().tolist()), axis=axis, kind=kind)


def partition(
    a: Any, kth: int | Sequence[int], axis: int | None = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Elements along an axis, with the k-th smallest at place k, smaller ones before it and larger ones behind.

    >>> float(partition(np.array([3.0, 1.0, 2.0]), 1)[1])
    2.0
    """
    refuse("partition", order=order)
    x = array_of(a)
    x, axis = (x.reshape((-1,)), 0) if axis is None else (x, one_axis(axis, x.ndim))
    return take_along_axis(x, argpartition(x, kth, axis, kind), axis)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """The order that sorts by the last of several keys, then by the one before it, and so on; a constant.

    >>> lexsort([np.array([2, 1, 3]), np.array([1, 1, 0])])
    array([2, 1, 0])
    """
    parts = [array_of(key) for key in keys]
    if not parts:
        raise TypeError("lexsort needs at least one key")
    return ops.lexsort(*parts, axis=axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where to insert v into a sorted row a such that it stays sorted, before or after equals; a constant.

    >>> int(searchsorted(np.array([1.0, 2.0, 3.0]), 2.5))
    2
    """
    row = array_of(a)
    return ops.searchsorted(row if sorter is None else take(row, sorter), array_of(v), side=side)


# -- distinct elements ---------------------------------------------------------------------------------------


class UniqueAllResult(NamedTuple):
    """What `unique_all` returns."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` returns."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` returns."""

    values: Any
    inverse_indices: Any


def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: int | None = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    """The distinct elements in ascending order (or the distinct slices along an axis).

    With `return_index` also where each stands first, with `return_inverse` which of them each element is, with
    `return_counts` how many of each there are. The gradient goes to the first of equal elements.

    >>> unique(np.array([3.0, 1.0, 3.0]))
    array([1., 3.])
    """
    x = array_of(ar)
    axis = None if axis is None else one_axis(axis, x.ndim)
    places = ops.unique(x, axis=axis, equal_nan=bool(equal_nan))
    asked = (return_index, return_inverse, return_counts)
    results = [take(x, places[0], axis), *[p for p, wanted in zip(places, asked, strict=True) if wanted]]
    return tuple(results) if len(results) > 1 else results[0]


def unique_all(x: Any) -> UniqueAllResult:
    """Distinct elements, where each stands first, which of them each element is, and how many of each there are."""
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


def unique_counts(x: Any) -> UniqueCountsResult:
    """Distinct elements, and how many of each there are."""
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any) -> UniqueInverseResult:
    """Distinct elements, and which of them each element is."""
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


def unique_values(x: Any) -> Any:
    """Distinct elements; every NaN counts as one of its own."""
    return unique(x, equal_nan=False)
