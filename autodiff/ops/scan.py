"""Scans: each element of the result is made of those before it along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Function, define
from .shape import concatenate


def back(x: Any, axis: int) -> Any:
    """The same elements read backwards along an axis."""
    return x[(*(slice(None),) * axis, slice(None, None, -1))]


def later(x: Any, axis: int, first: float) -> Any:
    """Every element one place later along an axis: the last drops out, and `first` comes in front."""
    if not x.shape[axis]:
        return x
    before = (slice(None),) * axis
    edge = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), first, x.dtype)
    return concatenate(edge, x[(*before, slice(None, -1))], axis=axis)


cumsum: Function = define(
    "cumsum", lambda x, *, axis: np.cumsum(x, axis=axis),
    lambda g, *, axis: back(cumsum(back(g, axis), axis=axis), axis),
    kind="scan", linear=True, doc="Sum of each element and those before it along an axis.",
)  # fmt: skip


def _solve(a: Any, b: Any) -> Any:
    """`h_t = a_t h_(t-1) + b_t` along the first axis, in linear time and a logarithm of steps.

    Two steps are one of the same kind, `h_t = (a_t a_(t-1)) h_(t-2) + (a_t b_(t-1) + b_t)`: solve for every other
    h, and put the rest in between.
    """
    out = np.array(b, dtype=np.result_type(a, b))
    if len(b) > 1:
        out[1::2] = _solve(a[1::2] * a[:-1:2], a[1::2] * b[:-1:2] + b[1::2])
        out[2::2] += a[2::2] * out[1:-1:2]
    return out


def _recur(a: Any, b: Any, *, axis: int) -> Any:
    return np.moveaxis(_solve(np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)), 0, axis)


def _adjoint(a: Any, g: Any, axis: int) -> Any:
    """`s_t = g_t + a_(t+1) s_(t+1)`: the recurrence, from the other end."""
    return back(recur(later(back(a, axis), axis, 0), back(g, axis), axis=axis), axis)


recur: Function = define(
    "recur", _recur,
    lambda g, a, out, *, axis: _adjoint(a, g, axis) * later(out, axis, 0),
    lambda g, a, *, axis: _adjoint(a, g, axis),
    inputs="a b", kind="scan",
    doc="The linear recurrence `h_t = a_t h_(t-1) + b_t` along an axis, with `h_0 = b_0`; a and b of one shape.",
)  # fmt: skip

cumprod = define(
    "cumprod", lambda x, *, axis: np.cumprod(x, axis=axis),
    lambda g, x, out, *, axis: later(out, axis, 1) * _adjoint(x, g, axis),
    kind="scan", doc="Product of each element and those before it along an axis; right in the presence of zeros.",
)  # fmt: skip


def _first(x: Any, *, axis: int, largest: bool) -> Any:
    x = np.moveaxis(x, axis, 0)
    out = (np.maximum if largest else np.minimum).accumulate(x, axis=0)
    new = np.zeros(x.shape, bool)
    new[1:] = (out[1:] != out[:-1]) & (out[:-1] == out[:-1])
    places = np.arange(len(x)).reshape((-1,) + (1,) * (x.ndim - 1))
    return np.moveaxis(np.maximum.accumulate(np.where(new, places, 0), axis=0), 0, axis)


first_extreme = define(
    "first_extreme", _first, kind="scan",
    doc="Where along an axis the largest (or smallest) element so far stands first; a NaN beats all numbers.",
)  # fmt: skip
