"""Functions made of pieces: choices between values, limits, interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..batched import Batched
from ..errors import describe
from ..ops import compare, elementwise
from ..ops.index import ARRAY, gather, scatter
from ..ops.shape import astype, concatenate, expand
from ..tensor import Tensor
from .arguments import array_of, bare, cast, deliver, fixed, plain, refuse, refuse_order
from .indexing import nonzero
from .sorting import argsort, searchsorted

__all__ = ["clip", "interp", "nan_to_num", "piecewise", "select", "where"]


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """`x` where `condition`, otherwise `y`; gradients flow into the branch that was taken.

    Given a condition alone, the places where it is true: an array of indices for each axis.

    >>> where(np.array([True, False]), 1.0, 2.0)
    array([1., 2.])
    """
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ValueError("np.where takes a condition alone, or with both x and y")
    return elementwise.where(condition, x, y)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The choice that belongs to the first condition that holds, element by element; `default` where none does.

    >>> x = np.arange(4)
    >>> select([x < 1, x < 3], [-x, x * x], 10)
    array([ 0,  1,  4, 10])
    """
    condlist, choicelist = list(condlist), list(choicelist)
    if len(condlist) != len(choicelist):
        raise ValueError(f"np.select takes a choice for each condition, got {len(condlist)} and {len(choicelist)}")
    if not condlist:
        raise ValueError("np.select takes one condition at least")
    for i, condition in enumerate(condlist):
        if np.result_type(bare(condition)) != np.bool:
            raise TypeError(f"condition {i} of np.select is {describe(bare(condition))}; booleans are needed")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = elementwise.where(condition, choice, result)
    return cast(result, np.result_type(*[bare(choice) for choice in (*choicelist, default)]))


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Apply each function to the elements of x for which its condition holds; the last condition that holds counts.

    A function is called as `f(x[condition], *args, **kw)`; a number stands for a constant function. One function
    more than there are conditions is for the elements where none holds; without it they become 0. The result has
    the dtype of x.

    >>> piecewise(np.array([-2.0, 3.0]), [np.array([True, False])], [lambda x: -x, lambda x: x * x])
    array([2., 9.])
    """
    x = array_of(x)
    if not isinstance(condlist, list | tuple) or not (x.ndim == 0 or np.ndim(bare(condlist[0]))):
        condlist = [condlist]
    conditions = np.asarray([plain(condition) for condition in condlist], bool)
    if len(funclist) == len(conditions) + 1:
        conditions = np.concatenate([conditions, ~conditions.any(axis=0, keepdims=True)])
    if len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"np.piecewise with {n} conditions takes {n} or {n + 1} functions, got {len(funclist)}")
    owner = np.full(x.shape, -1)
    for k, condition in enumerate(conditions):
        owner[condition] = k
    none = np.zeros(x.shape, bool)
    result = scatter(gather(x, none, index=(ARRAY,)), none, index=(ARRAY,), shape=x.shape)
    for k, f in enumerate(funclist):
        mine = np.asarray(owner == k)
        if mine.any():
            part = f(gather(x, mine, index=(ARRAY,)), *args, **kw) if callable(f) else f
            part = expand(cast(part, x.dtype), shape=(int(mine.sum()),))
            result = result + scatter(part, mine, index=(ARRAY,), shape=x.shape)
    return result


def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None,
    dtype: Any = None, casting: Any = "same_kind", order: str = "K", subok: bool = True, where: Any = None,
) -> Any:  # fmt: skip
    """Limit to [a_min, a_max] (or [min, max]), numbers or arrays; either may be None.

    The gradient at a bound is that of a, as it is inside; outside it is the bound's. Of crossed bounds the upper
    one wins.

    >>> clip(np.array([-2.0, 0.5, 2.0]), -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    refuse("clip", where=None if where is True else where)
    refuse_order("clip", order)
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError("np.clip takes a_min and a_max, or min and max, not some of both")
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    x = array_of(a)
    given = [v if isinstance(v, int | float | complex) else array_of(v) for v in (x, low, high) if v is not None]
    if dtype is not None:
        for v in given:
            if not np.can_cast(np.result_type(bare(v)), dtype, casting):
                raise TypeError(f'np.clip cannot cast {describe(v)} to {np.dtype(dtype)} with casting="{casting}"')
        x, low, high = (None if v is None else cast(v, dtype) for v in (x, low, high))
        given = [x]
    if np.result_type(*map(bare, given)).kind in "fc":
        x = elementwise.clip(x, -np.inf if low is None else low, np.inf if high is None else high)
    else:  # integers have neither an infinity nor a gradient
        limits = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None  # Python numbers may lie beyond x's dtype
        low = None if limits and type(low) is int and low <= limits.min else low
        high = None if limits and type(high) is int and high >= limits.max else high
        x = x if low is None else elementwise.maximum(x, low)
        x = x if high is None else elementwise.minimum(x, high)
    return deliver("clip", x, out)


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Put numbers in the place of NaN and infinities: 0, and the largest and lowest of the dtype, unless given.

    The gradient is that of the number put there, and so 0 for constants.

    >>> nan_to_num(np.array([np.nan, 1.0, np.inf]), posinf=9.0)
    array([0., 1., 9.])
    """
    if type(x) is not Tensor and not any(type(v) is Tensor for v in (nan, posinf, neginf)):
        return np.nan_to_num(x, copy=copy, nan=nan, posinf=posinf, neginf=neginf)
    if not copy:
        raise TypeError("np.nan_to_num of Tensors takes no copy=False: use its result")
    x = array_of(x)
    if x.dtype.kind == "c":
        parts = [nan_to_num(part, True, nan, posinf, neginf) for part in (elementwise.real(x), elementwise.imag(x))]
        return parts[0] + 1j * parts[1]
    if x.dtype.kind != "f":
        return astype(x, dtype=x.dtype)
    limits = np.finfo(x.dtype)
    for test, value in (
        (compare.isnan, nan),
        (compare.isposinf, float(limits.max) if posinf is None else posinf),
        (compare.isneginf, float(limits.min) if neginf is None else neginf),
    ):
        x = elementwise.where(test(x), cast(value, x.dtype), x)
    return x


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear function through the points (xp, fp), xp increasing, at x; in float64 or complex128.

    Left of the first point it is `left`, or the first of fp unless that is given, and likewise on the right. With a
    period, xp may be in any order. At a point the derivative by x is that of the piece to the right of it (at the
    last point, to the left).

    >>> interp(np.array([0.5, 9.0]), np.array([0.0, 1.0]), np.array([10.0, 20.0]))
    array([15., 20.])

    Raises ValueError for points that are not two sequences of one length, TypeError for complex x or xp.
    """
    period = fixed("np.interp", "period", period)
    values = [bare(v) for v in (x, xp, fp, left, right)]
    if not any(type(v) is Batched for v in values):  # NumPy checks the arguments
        plainly: Any = np.interp(values[0], values[1], values[2], values[3], values[4], period)
        if not any(type(v) is Tensor for v in (x, xp, fp, left, right)):
            return plainly
    x, xp, fp = cast(x, np.float64), cast(xp, np.float64), array_of(fp)
    fp = cast(fp, np.result_type(fp.dtype, np.float64))
    if period is not None:
        x, xp = x % abs(period), xp % abs(period)
        order = argsort(xp)
        xp, fp = _at(xp, order), _at(fp, order)
        xp = concatenate(xp[-1:] - abs(period), xp, xp[:1] + abs(period), axis=0)
        fp = concatenate(fp[-1:], fp, fp[:1], axis=0)
        left = right = None
    last = len(xp) - 1
    i = clip(searchsorted(xp, x, "right") - 1, 0, max(last - 1, 0))
    j = elementwise.minimum(i + 1, last)
    start, end, low = _at(xp, i), _at(xp, j), _at(fp, i)
    before, after = compare.less(x, xp[0]), compare.greater(x, xp[-1])
    width = elementwise.where(compare.equal(end, start), 1, end - start)
    slope = (_at(fp, j) - low) / width
    result = low + (elementwise.where(compare.or_(before, after), start, x) - start) * slope
    result = elementwise.where(before, fp[0] if left is None else left, result)
    return elementwise.where(after, fp[-1] if right is None else right, result)


def _at(x: Any, places: Any) -> Any:
    return gather(x, array_of(places), index=(ARRAY,))
