"""Running sums and products, differences, and what is made of neighbours along an axis."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import describe
from ..ops import compare, reduce, scan
from ..ops import shape as shapes
from .arguments import array_of, axes_of, cast, deliver, one_axis, ordered, plain
from .indexing import take_along_axis
from .reductions import _without_nan

__all__ = [
    "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "diff", "ediff1d", "gradient", "nancumprod", "nancumsum",
    "trapezoid",
]  # fmt: skip


def _row(a: Any, axis: int | None) -> tuple[Any, int]:
    """An array and an axis of it: with axis None, all elements in one row."""
    x = array_of(a)
    if axis is None or not x.ndim:
        axis = 0 if axis is None else one_axis(axis, x.ndim + (axis in (0, -1)))
        x = x.reshape((-1,))
    return x, one_axis(axis, x.ndim)


def _scan(name: str, op: Any, a: Any, axis: int | None, dtype: Any, out: Any) -> Any:
    x, axis = _row(cast(a, dtype), axis)
    result = op(x, axis=axis)
    return deliver(name, result if dtype is None or result.dtype == dtype else result.astype(dtype), out)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sum along an axis: `out_i = x_0 + ... + x_i`; with axis None, of all elements in one row.

    >>> cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    return _scan("cumsum", scan.cumsum, a, axis, dtype, out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running product along an axis: `out_i = x_0 ... x_i`; its gradient is right in the presence of zeros.

    >>> cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    return _scan("cumprod", scan.cumprod, a, axis, dtype, out)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sum that takes NaN as 0; the gradient there is 0.

    >>> nancumsum(np.array([1.0, np.nan, 3.0]))
    array([1., 1., 4.])
    """
    return _scan("nancumsum", scan.cumsum, _without_nan(a, 0, dtype), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running product that takes NaN as 1; the gradient there is 0.

    >>> nancumprod(np.array([2.0, np.nan, 3.0]))
    array([2., 2., 6.])
    """
    return _scan("nancumprod", scan.cumprod, _without_nan(a, 1, dtype), axis, dtype, out)


def _cumulative(
    name: str, op: Any, first: int, x: Any, axis: int | None, dtype: Any, out: Any, include_initial: bool
) -> Any:
    x = array_of(x)
    if not x.ndim or (axis is None and x.ndim != 1):
        raise ValueError(f"{name} of {describe(x)} runs along an axis: give one, axis=0 say")
    axis = one_axis(0 if axis is None else axis, x.ndim)
    result = _scan(name, op, x, axis, dtype, None)
    if include_initial:
        edge = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), first, result.dtype)
        result = shapes.concatenate(edge, result, axis=axis)
    return deliver(name, result, out)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Running sum along an axis, with `include_initial` beginning with 0.

    >>> cumulative_sum(np.array([1.0, 2.0]), include_initial=True)
    array([0., 1., 3.])
    """
    return _cumulative("cumulative_sum", scan.cumsum, 0, x, axis, dtype, out, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Running product along an axis, with `include_initial` beginning with 1.

    >>> cumulative_prod(np.array([2.0, 3.0]), include_initial=True)
    array([1., 2., 6.])
    """
    return _cumulative("cumulative_prod", scan.cumprod, 1, x, axis, dtype, out, include_initial)


def cumulative_extreme(a: Any, axis: int, largest: bool) -> Any:
    """Largest (or smallest) element so far along an axis: `np.maximum.accumulate`.

    The gradient goes to the first of equal elements.
    """
    x = ordered(a, "accumulate")
    axis = one_axis(axis, x.ndim)
    return take_along_axis(x, scan.first_extreme(x, axis=axis, largest=largest), axis)


# -- neighbours ----------------------------------------------------------------------------------------------


def _cut(x: Any, axis: int, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """A slice along one axis."""
    return x[(*(slice(None),) * axis, slice(start, stop, step))]


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, `x_(i+1) - x_i`, taken n times; of booleans, whether they differ.

    What is to `prepend` or `append` along the axis before that is an array, or a number.

    >>> diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"diff is taken n >= 0 times, got {n}")
    x = array_of(a)
    if not x.ndim:
        raise ValueError(f"diff needs one axis at least, got {describe(x)}")
    axis = one_axis(axis, x.ndim)
    if n == 0:
        return a
    edge = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    ends = [None if end is None else array_of(end) for end in (prepend, append)]
    first, last = [shapes.expand(end, shape=edge) if end is not None and not end.ndim else end for end in ends]
    parts = [part for part in (first, x, last) if part is not None]
    x = shapes.concatenate(*parts, axis=axis) if len(parts) > 1 else x
    for _ in range(n):
        later, earlier = _cut(x, axis, 1, None), _cut(x, axis, None, -1)
        x = compare.not_equal(later, earlier) if x.dtype.kind == "b" else later - earlier
    return x


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of all elements in one row, with what is to stand before and after them.

    >>> ediff1d(np.array([1.0, 4.0, 9.0]), to_end=0.0)
    array([3., 5., 0.])
    """
    x = array_of(ary).reshape((-1,))
    parts = [x[1:] - x[:-1]]
    for end, place in ((to_begin, 0), (to_end, 2)):
        if end is not None:
            end = array_of(end)
            if not np.can_cast(end.dtype, x.dtype, "same_kind"):
                raise TypeError(f"ediff1d of {describe(x)} cannot hold {describe(end)} at its ends")
            parts.insert(place, cast(end, x.dtype).reshape((-1,)))
    return shapes.concatenate(*parts, axis=0) if len(parts) > 1 else parts[0]


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integral along an axis by the trapezoidal rule, `sum_i (x_(i+1) - x_i) (y_i + y_(i+1)) / 2`.

    The points x are a row, or of y's shape; without them they are dx apart. All three are differentiable.

    >>> float(trapezoid(np.array([1.0, 2.0, 3.0]), dx=0.5))
    2.0
    """
    y = array_of(y)
    axis = one_axis(axis, y.ndim)
    if x is None:
        step = array_of(dx) if np.ndim(plain(dx)) else dx
    else:
        x = array_of(x)
        if x.ndim == 1:
            step = diff(x).reshape((1,) * axis + (-1,) + (1,) * (y.ndim - axis - 1))
        else:
            step = diff(x, axis=axis - y.ndim)
    areas = step * (_cut(y, axis, 1, None) + _cut(y, axis, None, -1)) / 2.0
    return reduce.sum_(areas, axis=axes_of(axis - y.ndim, areas.ndim), keepdims=False)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slope of sampled values along each axis, by central differences inside and one-sided ones at the edges.

    Args:
        f: the samples.
        varargs: nothing (they are 1 apart), one distance for all axes, or for each axis a distance or the row of its
            points. These are differentiable too.
        axis: which axes, all by default.
        edge_order: 1 or 2, how many differences the one-sided ones are made of.

    Returns an array for one axis, a tuple of arrays for several. Raises ValueError for an axis with no more than
    edge_order samples, TypeError for another number of varargs.

    >>> gradient(np.array([0.0, 1.0, 4.0, 9.0]))
    array([1., 2., 4., 5.])
    """
    f = array_of(f)
    axes = axes_of(axis, f.ndim) if axis is None else tuple([one_axis(i, f.ndim) for i in _listed(axis)])
    if not varargs:
        spacings: list[Any] = [1.0] * len(axes)
    elif len(varargs) == 1 and not np.ndim(plain(varargs[0])):
        spacings = [varargs[0]] * len(axes)
    else:
        spacings = list(varargs)
    if len(spacings) != len(axes):
        raise TypeError(f"gradient along {len(axes)} axes takes as many spacings, or one number; got {len(spacings)}")
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order is 1 or 2, got {edge_order!r}")
    if f.dtype.kind not in "fc":
        f = cast(f, np.float64)
    slopes = [_slope(f, h, i, edge_order) for h, i in zip(spacings, axes, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _listed(axis: Any) -> Any:
    return axis if isinstance(axis, tuple | list) else (axis,)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """`gradient` along one axis."""
    n = f.shape[axis]
    if n <= edge_order:
        raise ValueError(f"gradient with edge_order={edge_order} needs {edge_order + 1} samples along axis {axis} of "
                         f"{describe(f)}")  # fmt: skip
    points = array_of(spacing) if np.ndim(plain(spacing)) else None
    if points is None:
        d = None
        h0 = h1 = k0 = k1 = spacing
    else:
        if points.shape != (n,):
            raise ValueError(f"gradient: the points {describe(points)} of axis {axis} must be {n} in a row")
        d = cast(diff(points), np.float64 if points.dtype.kind in "iub" else None)
        d = d.reshape((1,) * axis + (n - 1,) + (1,) * (f.ndim - axis - 1))
        h0, h1 = _cut(d, axis, 0, 1), _cut(d, axis, 1, 2)
        k0, k1 = _cut(d, axis, n - 3, n - 2), _cut(d, axis, n - 2, n - 1)

    def at(i: int) -> Any:
        return _cut(f, axis, i, i + 1)

    before, here, after = _cut(f, axis, None, -2), _cut(f, axis, 1, -1), _cut(f, axis, 2, None)
    if d is None:
        middle = (after - before) / (2.0 * spacing)
    else:
        a, b = _cut(d, axis, None, -1), _cut(d, axis, 1, None)
        middle = -(b / (a * (a + b))) * before + (b - a) / (a * b) * here + a / (b * (a + b)) * after
    if edge_order == 1:
        first, last = (at(1) - at(0)) / h0, (at(n - 1) - at(n - 2)) / k1
    else:
        s, t = h0 + h1, k0 + k1
        first = -(h0 + s) / (h0 * s) * at(0) + s / (h0 * h1) * at(1) - h0 / (h1 * s) * at(2)
        last = k1 / (k0 * t) * at(n - 3) - t / (k0 * k1) * at(n - 2) + (k1 + t) / (k1 * t) * at(n - 1)
    return shapes.concatenate(first, middle, last, axis=axis)
