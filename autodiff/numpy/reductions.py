"""Sums, means, extremes: functions that take several elements to one."""

from __future__ import annotations

from typing import Any

from ..ops import compare, reduce
from .arguments import Axis, array_of, axes_of, cast, deliver, ordered, refuse
from .elementwise import sqrt

__all__ = ["all", "amax", "amin", "any", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum", "var"]


def sum(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Sum over an axis, several, or all.

    >>> sum(np.ones((2, 3)), axis=0)
    array([2., 2., 2.])
    """
    refuse("sum", initial=initial, where=where)
    x = cast(a, dtype)
    return deliver("sum", reduce.sum_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims), out)


def prod(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Product over an axis, several, or all; its gradient is right in the presence of zeros.

    >>> float(prod(np.array([2.0, 3.0])))
    6.0
    """
    refuse("prod", initial=initial, where=where)
    x = cast(a, dtype)
    return deliver("prod", reduce.prod(x, axis=axes_of(axis, x.ndim), keepdims=keepdims), out)


def mean(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Arithmetic mean over an axis, several, or all.

    >>> float(mean(np.array([1.0, 3.0])))
    2.0
    """
    refuse("mean", where=where)
    x = cast(a, dtype)
    return deliver("mean", reduce.mean(x, axis=axes_of(axis, x.ndim), keepdims=keepdims), out)


def var(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: int | None = None,
) -> Any:  # fmt: skip
    """Variance `sum (x - mean)^2 / (n - ddof)` over an axis, several, or all (NumPy's default, ddof 0).

    >>> float(var(np.array([1.0, 3.0])))
    1.0
    """
    refuse("var", where=where, mean=mean)
    if correction is not None:
        if ddof:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    x = cast(a, dtype)
    return deliver("var", reduce.var(x, axis=axes_of(axis, x.ndim), ddof=ddof, keepdims=keepdims), out)


def std(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: int | None = None,
) -> Any:  # fmt: skip
    """Standard deviation, the square root of `var`.

    >>> float(std(np.array([1.0, 3.0])))
    1.0
    """
    result = sqrt(var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))
    return deliver("std", result, out)


def max(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Largest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(max(np.array([2.0, 5.0, 3.0])))
    5.0
    """
    refuse("max", initial=initial, where=where)
    x = ordered(a, "max")
    return deliver("max", reduce.max_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims), out)


def min(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Smallest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(min(np.array([2.0, 5.0, 3.0])))
    2.0
    """
    refuse("min", initial=initial, where=where)
    x = ordered(a, "min")
    return deliver("min", reduce.min_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims), out)


amax, amin = max, min


def argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the largest element; a constant."""
    return deliver("argmax", compare.argmax(array_of(a), axis=axis, keepdims=keepdims), out)


def argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the smallest element; a constant."""
    return deliver("argmin", compare.argmin(array_of(a), axis=axis, keepdims=keepdims), out)


def any(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Any:
    """Whether any element is true; a constant."""
    refuse("any", where=where)
    return deliver("any", compare.any_(array_of(a), axis=axis, keepdims=keepdims), out)


def all(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Any:
    """Whether all elements are true; a constant."""
    refuse("all", where=where)
    return deliver("all", compare.all_(array_of(a), axis=axis, keepdims=keepdims), out)
