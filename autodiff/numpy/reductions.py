"""Sums, means, extremes: functions that take several elements to one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import describe
from ..ops import compare, elementwise, reduce
from ..ops import shape as shapes
from ..tensor import Tensor, constant
from .arguments import Axis, array_of, axes_of, bare, cast, deliver, fixed, floating, known, ordered
from .elementwise import sqrt

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero", "max", "mean", "min", "nanargmax",
    "nanargmin", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "prod", "ptp", "std", "sum",
    "var",
]  # fmt: skip


# -- the arguments where= and initial= -------------------------------------------------------------------


def _mask(where: Any, shape: tuple[int, ...]) -> Any:
    """The mask as an array of this shape; None where it leaves all elements in."""
    if where is None or where is True:
        return None
    mask = array_of(where)
    if mask.dtype.kind != "b":
        raise TypeError(f"where= takes booleans, got {describe(mask)}")
    if mask.shape == shape:
        return mask
    return shapes.expand(mask, shape=shape)


def _masked(x: Any, where: Any, fill: Any) -> Any:
    """X with a number in place of the elements that a mask leaves out; they have no gradient."""
    mask = _mask(where, x.shape)
    return x if mask is None else elementwise.where(mask, x, fill)


def _initial(value: Any, dtype: Any, function: str) -> Any:
    """The number that a reduction starts from, in its dtype."""
    if np.ndim(bare(value)):
        raise ValueError(f"np.{function} starts from one number: initial= was {describe(value)}")
    return cast(value, dtype) if type(value) is Tensor else dtype.type(value)


def _count(where: Any, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool, dtype: Any) -> Any:
    """How many elements each output of a reduction is made of, as real numbers that go with a dtype."""
    mask = np.broadcast_to(np.True_, shape) if (mask := _mask(where, shape)) is None else mask
    return reduce.sum_(mask, axis=axes, keepdims=keepdims).astype(np.finfo(dtype).dtype)


def _warn(bad: Any, message: str) -> None:
    if known(bad) and np.any(bare(bad)):
        warnings.warn(message, RuntimeWarning, stacklevel=3)


# -- sums, products, means -------------------------------------------------------------------------------


def sum(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Sum over an axis, several, or all: `initial + sum_i x_i` over the elements where a mask is true.

    >>> sum(np.ones((2, 3)), axis=0)
    array([2., 2., 2.])
    """
    x = cast(a, dtype)
    result = reduce.sum_(_masked(x, where, 0), axis=axes_of(axis, x.ndim), keepdims=keepdims)
    result = result if dtype is None or result.dtype == dtype else result.astype(dtype)
    return deliver("sum", result if initial is None else result + _initial(initial, result.dtype, "sum"), out)


def prod(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Product over an axis, several, or all; its gradient is right in the presence of zeros.

    >>> float(prod(np.array([2.0, 3.0])))
    6.0
    """
    x = cast(a, dtype)
    result = reduce.prod(_masked(x, where, 1), axis=axes_of(axis, x.ndim), keepdims=keepdims)
    result = result if dtype is None or result.dtype == dtype else result.astype(dtype)
    return deliver("prod", result if initial is None else result * _initial(initial, result.dtype, "prod"), out)


def mean(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Arithmetic mean over an axis, several, or all.

    >>> float(mean(np.array([1.0, 3.0])))
    2.0
    """
    _refuse_integers("mean", dtype)
    x = cast(a, dtype)
    axes = axes_of(axis, x.ndim)
    if where is None or where is True:
        return deliver("mean", reduce.mean(x, axis=axes, keepdims=keepdims), out)
    x = floating(x)
    wide = x.astype(np.float32) if x.dtype == np.float16 and dtype is None else x  # as NumPy adds them up
    n = _count(where, x.shape, axes, keepdims, wide.dtype)
    _warn(n == 0, "Mean of empty slice.")
    return deliver("mean", (sum(wide, axes, None, None, keepdims, None, where) / n).astype(x.dtype), out)


def _refuse_integers(function: str, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(f"np.{function} of Tensors takes a floating or complex dtype=, got {np.dtype(dtype)}")


def var(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Variance `sum |x - mean|^2 / (n - ddof)` over an axis, several, or all (NumPy's default, ddof 0).

    A `mean` that was computed before (with keepdims) may be given; a gradient flows back through it.

    >>> float(var(np.array([1.0, 3.0])))
    1.0
    """
    _refuse_integers("var", dtype)
    ddof = _divisor("var", ddof, correction)
    x = cast(a, dtype)
    axes = axes_of(axis, x.ndim)
    if mean is None and (where is None or where is True):
        return deliver("var", reduce.var(x, axis=axes, ddof=ddof, keepdims=keepdims), out)
    x = floating(x)
    n = _count(where, x.shape, axes, keepdims, x.dtype)
    _warn(n <= ddof, "Degrees of freedom <= 0 for slice.")
    return deliver(
        "var", _squares(x, axes, keepdims, where, mean) / elementwise.maximum(n - n.dtype.type(ddof), 0), out
    )


def _divisor(function: str, ddof: Any, correction: Any) -> Any:
    ddof, correction = fixed(function, "ddof", ddof), fixed(function, "correction", correction)
    if correction is None:
        return ddof
    if ddof:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def _squares(x: Any, axes: tuple[int, ...], keepdims: bool, where: Any, mean: Any) -> Any:
    """Sum of the squared distances from the mean."""
    if mean is None:
        n = _count(where, x.shape, axes, True, x.dtype)
        mean = sum(x, axes, None, None, True, None, where) / elementwise.maximum(n, 1)
    d = x - (mean if isinstance(mean, int | float | complex) else array_of(mean))
    return sum(
        elementwise.real(d * d.conj()) if d.dtype.kind == "c" else d * d, axes, None, None, keepdims, None, where
    )


def std(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Standard deviation, the square root of `var`.

    >>> float(std(np.array([1.0, 3.0])))
    1.0
    """
    result = sqrt(var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))
    return deliver("std", result, out)


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """Weighted mean `sum w x / sum w`, differentiable by x and by the weights.

    The weights have the shape of a, or that of its axes `axis`. With `returned`, also the sum of the weights.

    >>> float(average(np.array([1.0, 3.0]), weights=np.array([3.0, 1.0])))
    1.5

    Raises ZeroDivisionError where the weights sum to zero, ValueError for weights of another shape.
    """
    x = array_of(a)
    axes = axes_of(axis, x.ndim)
    if weights is None:
        result = mean(x, axis, keepdims=keepdims)
        total = np.full(result.shape, reduce.count(x.shape, axes), result.dtype)
    else:
        w = array_of(weights)
        if w.shape != x.shape:
            w = along("average", w, x, axis)
        x = cast(x, np.result_type(x.dtype, w.dtype, *([np.float64] if x.dtype.kind in "iub" else [])))
        w = cast(w, x.dtype)
        total = sum(w, axes, keepdims=keepdims)
        if known(total) and np.any(bare(total) == 0):
            raise ZeroDivisionError("average: the weights sum to zero")
        result = sum(x * w, axes, keepdims=keepdims) / total
    if not returned:
        return result
    total = total if np.shape(total) == result.shape else shapes.expand(total, shape=result.shape)
    return result, (constant(total) if type(result) is Tensor and type(total) is not Tensor else total)


def along(name: str, w: Any, x: Any, axis: Axis) -> Any:
    """Weights of some axes in the order of x's axes, with length 1 along the others."""
    if axis is None:
        raise TypeError(f"{name}: weights {describe(w)} for {describe(x)}; say which axis they belong to: axis=0")
    given = [i % x.ndim for i in (axis if isinstance(axis, tuple | list) else (axis,))]
    if w.shape != tuple([x.shape[i] for i in given]):
        raise ValueError(f"{name}: weights {describe(w)} do not have the lengths of axis {axis} of {describe(x)}")
    order = tuple(sorted(range(len(given)), key=given.__getitem__))
    return w.transpose(order).reshape(tuple([n if i in given else 1 for i, n in enumerate(x.shape)]))


# -- extremes ----------------------------------------------------------------------------------------------


def _least(dtype: Any) -> Any:
    """A number that no element is below."""
    return -np.inf if dtype.kind == "f" else dtype.kind != "b" and np.iinfo(dtype).min


def _most(dtype: Any) -> Any:
    """A number that no element is above."""
    return np.inf if dtype.kind == "f" else dtype.kind == "b" or np.iinfo(dtype).max


def _extreme(
    name: str, op: Any, larger: Any, bound: Any, a: Any, axis: Axis, out: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    x = ordered(a, name)
    axes = axes_of(axis, x.ndim)
    if initial is None:
        if _mask(where, x.shape) is not None:
            raise ValueError(f"np.{name} with where= needs initial=: what it is where the mask leaves nothing")
        return deliver(name, op(x, axis=axes, keepdims=keepdims), out)
    start = _initial(initial, x.dtype, name)
    if not reduce.count(x.shape, axes):
        return deliver(name, sum(x, axes, x.dtype, None, keepdims) + start, out)
    return deliver(name, larger(op(_masked(x, where, bound(x.dtype)), axis=axes, keepdims=keepdims), start), out)


def max(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Largest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(max(np.array([2.0, 5.0, 3.0])))
    5.0
    """
    return _extreme("max", reduce.max_, elementwise.maximum, _least, a, axis, out, keepdims, initial, where)


def min(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Smallest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(min(np.array([2.0, 5.0, 3.0])))
    2.0
    """
    return _extreme("min", reduce.min_, elementwise.minimum, _most, a, axis, out, keepdims, initial, where)


amax, amin = max, min


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> Any:
    """Largest minus smallest element over an axis, several, or all.

    >>> float(ptp(np.array([2.0, 5.0, 3.0])))
    3.0
    """
    return deliver("ptp", max(a, axis, None, keepdims) - min(a, axis, None, keepdims), out)


def argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the largest element; a constant."""
    return deliver("argmax", compare.argmax(array_of(a), axis=axis, keepdims=keepdims), out)


def argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the smallest element; a constant."""
    return deliver("argmin", compare.argmin(array_of(a), axis=axis, keepdims=keepdims), out)


# -- truth -------------------------------------------------------------------------------------------------


def any(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Any:
    """Whether any element is true; a constant."""
    return deliver("any", compare.any_(_masked(array_of(a), where, 0), axis=axis, keepdims=keepdims), out)


def all(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Any:
    """Whether all elements are true; a constant."""
    return deliver("all", compare.all_(_masked(array_of(a), where, 1), axis=axis, keepdims=keepdims), out)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """How many elements differ from zero; a constant.

    >>> int(count_nonzero(np.array([0.0, 2.0, 3.0])))
    2
    """
    return reduce.count_nonzero(array_of(a), axis=axis, keepdims=keepdims)


# -- leaving NaN out -----------------------------------------------------------------------------------------


def _without_nan(a: Any, fill: float, dtype: Any = None) -> Any:
    """A with a number in place of NaN; the gradient there is 0."""
    x = cast(a, dtype)
    return elementwise.where(compare.isnan(x), fill, x) if x.dtype.kind in "fc" else x


def nansum(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Sum of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nansum(np.array([1.0, np.nan])))
    1.0
    """
    return sum(_without_nan(a, 0, dtype), axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    """Product of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nanprod(np.array([3.0, np.nan])))
    3.0
    """
    return prod(_without_nan(a, 1, dtype), axis, dtype, out, keepdims, initial, where)


def _present(x: Any, where: Any) -> Any:
    """The mask of the elements that are not NaN, and that another mask leaves in."""
    mask, found = _mask(where, x.shape), compare.invert(compare.isnan(x))
    return found if mask is None else compare.and_(mask, found)


def nanmean(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Mean of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nanmean(np.array([1.0, np.nan, 3.0])))
    2.0
    """
    x = cast(a, dtype)
    if x.dtype.kind not in "fc":
        return mean(x, axis, dtype, out, keepdims, where=where)
    with np.errstate(invalid="ignore"):  # of a slice with nothing but NaN there is one warning
        return mean(x, axis, dtype, out, keepdims, where=_present(x, where))


def nanvar(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Variance of the elements that are not NaN, `sum |x - mean|^2 / (n - ddof)`; the gradient at the others is 0.

    >>> float(nanvar(np.array([1.0, np.nan, 3.0])))
    1.0
    """
    _refuse_integers("nanvar", dtype)
    x = floating(cast(a, dtype))
    axes, where = axes_of(axis, x.ndim), _present(x, where)
    free = _count(where, x.shape, axes, keepdims, x.dtype) - np.finfo(x.dtype).dtype.type(
        _divisor("nanvar", ddof, correction)
    )
    _warn(free <= 0, "Degrees of freedom <= 0 for slice.")
    squares = _squares(_without_nan(x, 0), axes, keepdims, where, mean)
    return deliver("nanvar", squares / elementwise.where(free > 0, free, np.nan), out)


def nanstd(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = None, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """Standard deviation of the elements that are not NaN, the square root of `nanvar`.

    >>> float(nanstd(np.array([1.0, np.nan, 3.0])))
    1.0
    """
    result = sqrt(nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction))
    return deliver("nanstd", result, out)


def _nan_extreme(
    name: str, op: Any, function: Any, larger: Any, a: Any, axis: Axis, out: Any, keepdims: bool, initial: Any,
    where: Any,
) -> Any:  # fmt: skip
    x = ordered(a, name)
    if x.dtype.kind != "f":
        return function(x, axis, out, keepdims, initial, where)
    axes = axes_of(axis, x.ndim)
    if initial is None and _mask(where, x.shape) is None:
        return deliver(name, op(x, axis=axes, keepdims=keepdims), out)
    bound = _least(x.dtype) if larger is elementwise.maximum else _most(x.dtype)
    return function(_without_nan(x, bound), axis, out, keepdims, initial, where)


def nanmax(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Largest element that is not NaN; equal ones share the gradient evenly, and at NaN it is 0.

    >>> float(nanmax(np.array([1.0, np.nan, 3.0])))
    3.0
    """
    return _nan_extreme("nanmax", reduce.nanmax, max, elementwise.maximum, a, axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Smallest element that is not NaN; equal ones share the gradient evenly, and at NaN it is 0.

    >>> float(nanmin(np.array([1.0, np.nan, 3.0])))
    1.0
    """
    return _nan_extreme("nanmin", reduce.nanmin, min, elementwise.minimum, a, axis, out, keepdims, initial, where)


def nanargmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the largest element that is not NaN; a constant."""
    return deliver("nanargmax", reduce.nanargmax(array_of(a), axis=axis, keepdims=keepdims), out)


def nanargmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Position of the smallest element that is not NaN; a constant."""
    return deliver("nanargmin", reduce.nanargmin(array_of(a), axis=axis, keepdims=keepdims), out)
