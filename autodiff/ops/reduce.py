"""Reductions. `axis` is a sorted tuple of non-negative ints; friendlier forms are in `functional.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import large
from ..kernels import linalg as kernels
from ..op import define
from .compare import isnan
from .elementwise import exp, where
from .shape import concatenate, expand

Axes = tuple[int, ...]
_add_reduce: Any = np.add.reduce


def kept(shape: Axes, axis: Axes) -> Axes:
    """The shape of a reduction over `axis` with `keepdims=True`."""
    return tuple([1 if i in axis else n for i, n in enumerate(shape)])


def spread(g: Any, shape: Axes, axis: Axes) -> Any:
    """Give each reduced element back to those it was reduced from: the adjoint of a sum."""
    if g.shape:
        g = g.reshape(kept(shape, axis))
    return expand(g, shape=shape)


def count(shape: Axes, axis: Axes) -> int:
    """How many elements each output of a reduction is made of."""
    n = 1
    for i in axis:
        n *= shape[i]
    return n


def _sum(x: Any, *, axis: Axes, keepdims: bool) -> Any:
    if type(x) is np.ndarray and x.size >= large.LARGE:
        return large.sum_of(x, axis, keepdims)
    return _add_reduce(x, axis=axis, keepdims=keepdims)


sum_ = define(
    "sum", _sum, lambda g, x_shape, *, axis, keepdims: spread(g, x_shape, axis), kind="reduce", linear=True,
    doc="Sum over axes.",
)  # fmt: skip


def _sum_rows(x: Any, *, axis: Axes, keepdims: bool) -> Any:
    if not keepdims and type(x) is np.ndarray:
        if axis == tuple(range(x.ndim - 1)):
            return kernels.sum_rows(x)
        if axis == (0, *range(2, x.ndim)):
            return kernels.sum_channels(x)
    return _add_reduce(x, axis=axis, keepdims=keepdims)


sum_rows = define(
    "sum_rows", _sum_rows, lambda g, x_shape, *, axis, keepdims: spread(g, x_shape, axis), kind="reduce", linear=True,
    doc="Sum over axes, all but the last or the second as a matrix product: how a bias's gradient is summed.",
)  # fmt: skip


def _mean(x: Any, *, axis: Axes, keepdims: bool) -> Any:
    if type(x) is not np.ndarray or x.dtype.char not in "fdFD" or not x.size:
        return np.mean(x, axis=axis, keepdims=keepdims)  # NumPy's choices of dtype, and its warning for no elements
    return _sum(x, axis=axis, keepdims=keepdims) / count(x.shape, axis)


mean = define(
    "mean", _mean,
    lambda g, x_shape, *, axis, keepdims: spread(g / count(x_shape, axis), x_shape, axis),
    kind="reduce", linear=True, doc="Arithmetic mean over axes.",
)  # fmt: skip


def _var_rule(g: Any, x: Any, x_shape: Axes, *, axis: Axes, keepdims: bool, ddof: int) -> Any:
    """`2 (x - mean) / (n - ddof)`, spread; NaN where the variance itself is."""
    divisor = count(x_shape, axis) - ddof
    scale = 2.0 / divisor if divisor > 0 else float("nan")
    return spread(g * scale, x_shape, axis) * (x - mean(x, axis=axis, keepdims=True))


var = define(
    "var", lambda x, *, axis, keepdims, ddof: np.var(x, axis=axis, keepdims=keepdims, ddof=ddof), _var_rule,
    kind="reduce", doc="Variance over axes, with divisor n - ddof.",
)  # fmt: skip


def _ties(x: Any, out: Any, axis: Axes) -> Any:
    """Weights that share an extreme value's gradient evenly among the elements that equal it, NaN included."""
    out = out.reshape(kept(x.shape, axis))
    equal = x == out
    if np.isnan(out).any():
        equal |= np.isnan(x) & np.isnan(out)
    return equal / equal.sum(axis=axis, keepdims=True)


ties = define(
    "ties", lambda x, out, *, axis: _ties(x, out, axis).astype(x.dtype), inputs="x y", kind="reduce",
    doc="How `max` and `min` share their gradient among equal elements.",
)  # fmt: skip


def _extreme_rule(g: Any, x: Any, out: Any, x_shape: Axes, *, axis: Axes, keepdims: bool) -> Any:
    return spread(g, x_shape, axis) * ties(x, out, axis=axis)


max_ = define(
    "max", lambda x, *, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims), _extreme_rule, kind="reduce",
    doc="Largest element over axes; equal ones share the gradient evenly.",
)  # fmt: skip

min_ = define(
    "min", lambda x, *, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims), _extreme_rule, kind="reduce",
    doc="Smallest element over axes; equal ones share the gradient evenly.",
)  # fmt: skip


def _nan_extreme_rule(g: Any, x: Any, out: Any, x_shape: Axes, *, axis: Axes, keepdims: bool) -> Any:
    return where(isnan(x), 0, _extreme_rule(g, x, out, x_shape, axis=axis, keepdims=keepdims))


nanmax = define(
    "nanmax", lambda x, *, axis, keepdims: np.nanmax(x, axis=axis, keepdims=keepdims), _nan_extreme_rule, kind="reduce",
    doc="Largest element over axes that is not NaN; equal ones share the gradient evenly.",
)  # fmt: skip

nanmin = define(
    "nanmin", lambda x, *, axis, keepdims: np.nanmin(x, axis=axis, keepdims=keepdims), _nan_extreme_rule, kind="reduce",
    doc="Smallest element over axes that is not NaN; equal ones share the gradient evenly.",
)  # fmt: skip


def _others(x: Any) -> Any:
    """For each element the product of all others along the last axis, in linear time and without dividing.

    Each element of the left half is paired with one of the right. What is the product of all other pairs,
    times the partner, is the product of all other elements.
    """
    n, last = x.shape[-1], x.ndim - 1
    if n < 2:
        return np.ones(x.shape, x.dtype)
    left, right, rest = x[..., : n // 2], x[..., n // 2 : n // 2 * 2], x[..., n // 2 * 2 :]
    others = _others(concatenate(left * right, rest, axis=last))
    shared = others[..., : n // 2]
    return concatenate(shared * right, shared * left, others[..., n // 2 :], axis=last)


def _prod_rule(g: Any, x: Any, x_shape: Axes, *, axis: Axes, keepdims: bool) -> Any:
    """The product of all other elements, which a zero among them does not spoil."""
    rest = tuple(i for i in range(len(x_shape)) if i not in axis)
    order = (*rest, *axis)
    n = count(x_shape, axis)
    flat = x.transpose(order).reshape((*(x_shape[i] for i in rest), n))
    others = _others(flat).reshape(tuple(x_shape[i] for i in order))
    return spread(g, x_shape, axis) * others.transpose(tuple(order.index(i) for i in range(len(order))))


prod = define(
    "prod", lambda x, *, axis, keepdims: np.multiply.reduce(x, axis=axis, keepdims=keepdims), _prod_rule,
    kind="reduce", doc="Product over axes; right in the presence of zeros.",
)  # fmt: skip


def _logsumexp(x: Any, *, axis: Axes, keepdims: bool) -> Any:
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        out = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else out.reshape(tuple([n for i, n in enumerate(x.shape) if i not in axis]))


def _logsumexp_rule(g: Any, x: Any, out: Any, x_shape: Axes, *, axis: Axes, keepdims: bool) -> Any:
    """`g softmax(x)`; dividing by the sum makes good what `x - out` loses where both are large."""
    e = exp(x - spread(out, x_shape, axis))
    return spread(g, x_shape, axis) * (e / sum_(e, axis=axis, keepdims=True))


logsumexp = define(
    "logsumexp", _logsumexp, _logsumexp_rule, kind="reduce",
    doc="`log(sum(exp(x)))` over axes, without overflow.",
)  # fmt: skip


def _runs(ids: Any) -> tuple[Any, Any, Any]:
    """An order that puts rows of one segment together, where each segment begins in it, and which one it is."""
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    begins = np.flatnonzero(np.diff(ids, prepend=-1))
    return order, begins, ids[begins]


def _segment_extreme(x: Any, ids: Any, *, count: int, largest: bool) -> Any:
    ufunc: Any = np.maximum if largest else np.minimum
    if x.dtype.kind == "f":
        none: Any = -np.inf if largest else np.inf
    elif x.dtype.kind == "b":
        none = not largest
    else:
        none = np.iinfo(x.dtype).min if largest else np.iinfo(x.dtype).max
    out = np.full((count, *x.shape[1:]), none, x.dtype)
    if len(ids):
        order, begins, found = _runs(ids)
        out[found] = ufunc.reduceat(x[order], begins, axis=0)
    return out


def _segment_ties(x: Any, out: Any, ids: Any) -> Any:
    mine = out[ids]
    equal = (x == mine) | ((x != x) & (mine != mine))
    number = np.zeros(out.shape, x.dtype)
    if len(ids):
        order, begins, found = _runs(ids)
        number[found] = np.add.reduceat(equal[order], begins, axis=0, dtype=x.dtype)
    return equal / number[ids]


segment_ties = define(
    "segment_ties", _segment_ties, inputs="x y ids",
    doc="How `segment_max` and `segment_min` share their gradient among equal elements.",
)  # fmt: skip
segment_extreme = define(
    "segment_extreme", _segment_extreme, lambda g, x, out, ids: g[ids] * segment_ties(x, out, ids), None,
    inputs="x ids",
    doc="Largest (or smallest) of the rows of each segment; equal elements share the gradient evenly.",
)  # fmt: skip

nanargmax = define("nanargmax", np.nanargmax, kind="reduce", doc="Position of the largest element that is not NaN.")
nanargmin = define("nanargmin", np.nanargmin, kind="reduce", doc="Position of the smallest element that is not NaN.")
count_nonzero = define("count_nonzero", np.count_nonzero, kind="reduce", doc="How many elements differ from zero.")
