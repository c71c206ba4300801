"""What happens to a gradient between the rule that gives it and the leaf that keeps it: fitted, added up, owned."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .config import MODES
from .kernels import large
from .kernels.linalg import sum_rows
from .op import Lazy
from .ops import reduce
from .ops.index import Rows, Scatter
from .tensor import Tensor, constant

_ndarray = np.ndarray
_add = large.shared(np.add)


def fit(g: Any, source: Any) -> Any:
    """Give a gradient the shape and dtype of what it is the gradient of: sum what was broadcast, and cast."""
    if type(g) is list or isinstance(g, Lazy):
        return g  # written out by `merge`; a list has a place for each of several outputs
    if type(g) is not _ndarray and type(g) is not Tensor:
        g = np.asarray(g)
    if g.shape != source.shape:
        g = sum_to(g, source.shape)
    dtype = source.dtype
    if g.dtype != dtype:
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = g.real
        g = g.astype(dtype)
    return g[()] if type(g) is _ndarray and not g.shape else g


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: sum over the axes along which `shape` was repeated.

    >>> sum_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    extra = g.ndim - len(shape)
    if len(shape) == 1 and extra > 0 and g.shape[-1] == shape[0]:  # a bias
        return sum_rows(g) if type(g) is _ndarray else reduce.sum_rows(g, axis=tuple(range(extra)), keepdims=False)
    if extra < 0:
        raise ValueError(f"a rule returned a gradient of shape {g.shape} for an input of shape {shape}")
    axes = list(range(extra))
    for i, n in enumerate(shape):
        if n != g.shape[extra + i]:
            if n != 1:
                raise ValueError(f"a rule returned a gradient of shape {g.shape} for an input of shape {shape}")
            axes.append(extra + i)
    if axes:
        g = large.sum_of(g, tuple(axes), False) if type(g) is _ndarray else g.sum(axis=axes)
    return g.reshape(shape)


def merge(box: list[Any], g: Any, source: Any, mine: set[Any]) -> Any:
    """Add a gradient to what has arrived before, in place where nobody but the pass holds that: it is in a box."""
    before = box[0]
    if isinstance(g, Lazy):
        if type(g) is Scatter and type(source) is Tensor and source.extra is not None and source.extra.rows is not None:
            rows = g.rows()
            if rows is not None and rows.dtype == source.dtype and (before is None or type(before) is Rows):
                return rows if before is None else before.joined(rows)
        if type(before) is Rows:
            before = before.into(None)
            mine.add(source)
        if before is None or type(before) is list:
            mine.add(source)
            return fit(g.into(before), source)
        if type(before) is _ndarray:
            before = None
            return g.into(box[0] if _is_own(box, source, mine) else box[0].copy())
        g = fit(g.into(None), source)  # a scalar, indexed more than once
    if before is None:
        return g
    if type(before) is Rows:
        return before.into(g.copy())
    if type(before) is _ndarray and type(g) is _ndarray:
        before = None
        if not _is_own(box, source, mine):
            return _add(box[0], g)
        large.add_to(box[0], g)
        return box[0]
    return before + g


def _is_own(box: list[Any], source: Any, mine: set[Any]) -> bool:
    """Whether the array in the box may be written into; from now on the source's is a buffer of the pass."""
    own = source in mine or _is_alone(box)
    mine.add(source)
    return own


def read_only(g: Any) -> Any:
    """A view for hooks to look at: other gradients may share the memory."""
    if type(g) is _ndarray:
        g = g.view()
        g.flags.writeable = False
    return g


def _is_alone(box: list[Any]) -> bool:
    """Whether nobody else holds the array in a box, or the one that it is all of in another shape."""
    x = box[0]
    base = x.base
    if base is None:
        return sys.getrefcount(x) == _HERE
    whole = type(base) is _ndarray and base.base is None and base.nbytes == x.nbytes and x.flags.forc
    return whole and x.flags.writeable and sys.getrefcount(x) == sys.getrefcount(base) == _HERE


def _count(box: list[Any]) -> int:
    x = box[0]
    return sys.getrefcount(x)


_HERE = _count([np.empty(1)])  # what an array counts that a variable of ours and one other place hold


def own(kept: dict[Any, Any]) -> dict[Any, Any]:
    """Copy the arrays that somebody else may hold: the seed, a saved array, another gradient, a view's base."""
    for source in kept:
        kind = type(kept[source])
        if kind is _ndarray:
            box, kept[source] = [kept[source]], None
            if not _is_alone(box):
                box[0] = large.copy(box[0])
            kept[source] = box[0]
        elif kind is Tensor and not kept[source].requires_grad:
            value = kept[source].value
            copy = constant(value.copy() if type(value) is _ndarray else value)
            for observer in MODES.get().observers:
                observer.same(copy, kept[source])
            kept[source] = copy
    return kept
