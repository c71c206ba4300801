"""Functions that read elements by their places."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import describe
from ..ops import elementwise, index, shape
from .arguments import array_of, deliver, fixed, one_axis, plain, seen, without_gradient

__all__ = [
    "argwhere", "choose", "compress", "extract", "flatnonzero", "ix_", "nonzero", "ravel_multi_index",
    "take", "take_along_axis", "unravel_index",
]  # fmt: skip


def _integers(places: Any, what: str) -> Any:
    """Index arguments as an array of integers; a Tensor of them stays one."""
    places = array_of(places)
    if places.dtype.kind not in "iub":
        raise TypeError(f"{what} are integers, got {describe(places)}")
    return places.astype(np.intp) if places.dtype.kind == "b" else places


def _within(places: Any, n: int, mode: str) -> Any:
    """What `mode` makes of places on an axis of length n."""
    if mode == "raise":
        return places
    if mode not in ("wrap", "clip"):
        raise ValueError(f'mode is "raise", "wrap" or "clip", got {mode!r}')
    if not n and places.size:
        raise IndexError("cannot read from an empty axis")
    return places % max(n, 1) if mode == "wrap" else elementwise.minimum(elementwise.maximum(places, 0), n - 1)


def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    """Elements at these places along an axis; with axis None, of all in one row.

    `out[..., j, ...] = a[..., indices[j], ...]`; the indices may have any shape. Places out of range are an IndexError,
    or with mode "wrap" counted around, with "clip" the nearest end. A place read twice collects both gradients.

    >>> take(np.array([1.0, 2.0, 3.0]), [2, 0])
    array([3., 1.])
    """
    x = array_of(a)
    if axis is None:
        x, axis = x.reshape((-1,)), 0
    axis = one_axis(axis, x.ndim)
    places = _within(_integers(indices, "the indices of take"), x.shape[axis], mode)
    return deliver("take", _gather(x, (slice(None),) * axis, places), out)


def _gather(x: Any, *key: Any) -> Any:
    """X indexed by arrays, which stay Tensors if they are; slices come first, as a tuple."""
    before, *places = key
    spec = tuple([("slice", None, None, None)] * len(before)) + (index.ARRAY,) * len(places)
    return index.gather(x, *places, index=spec)


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements at places that differ from row to row: `out[i, j] = arr[i, indices[i, j]]` along the last axis.

    The places that `argsort` and `argmax(keepdims=True)` give; other axes broadcast. With axis None, places in arr's
    elements in one row.

    >>> take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1)
    array([[2.],
           [3.]])

    Raises ValueError for another number of axes, IndexError for a place out of range.
    """
    x, places = array_of(arr), _integers(indices, "the indices of take_along_axis")
    if axis is None:
        if places.ndim != 1:
            raise ValueError(f"take_along_axis with axis=None takes indices in one row, got {describe(places)}")
        x, axis = x.reshape((-1,)), 0
    axis = one_axis(axis, x.ndim)
    if places.ndim != x.ndim:
        raise ValueError(f"take_along_axis: {describe(places)} needs as many axes as {describe(x)}")
    here = [np.arange(n).reshape((-1,) + (1,) * (x.ndim - i - 1)) for i, n in enumerate(x.shape)]
    return _gather(x, (), *here[:axis], places, *here[axis + 1 :])


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Of several arrays, at each place the element of the one that the integers `a` name: `choices[a[i]][i]`.

    >>> choose(np.array([1, 0]), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    array([3., 2.])

    Raises ValueError for an integer that names no array; with mode "wrap" or "clip" it is counted around, or the
    nearest.
    """
    which = _integers(a, "the numbers of choices")
    parts = [array_of(c) for c in (choices if isinstance(choices, list | tuple) else list(choices))]
    if not parts:
        raise ValueError("choose needs at least one array to choose from")
    values = seen(which)
    if mode == "raise" and np.any((values < 0) | (values >= len(parts))):
        raise ValueError(f"choose: {describe(which)} names choices outside 0 .. {len(parts) - 1}")
    lengths = np.broadcast_shapes(which.shape, *[part.shape for part in parts])
    stacked = shape.stack(*[shape.expand(part, shape=lengths) for part in parts], axis=0)
    which = shape.expand(_within(which, len(parts), mode), shape=lengths)
    here = [np.arange(n).reshape((-1,) + (1,) * (len(lengths) - i - 1)) for i, n in enumerate(lengths)]
    return deliver("choose", _gather(stacked, (), which, *here), out)


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """The slices along an axis where a row of booleans is true; where the row ends early, the rest are left out.

    >>> compress([False, True], np.array([1.0, 2.0, 3.0]))
    array([2.])
    """
    keep = np.asarray(plain(condition))
    if keep.ndim != 1:
        raise ValueError(f"compress takes a condition in one row, got {describe(keep)}")
    return take(a, np.flatnonzero(keep), axis, out)


def extract(condition: Any, arr: Any) -> Any:
    """The elements where a condition of the same size is true, in one row.

    >>> extract(np.array([[True, False], [False, True]]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([1., 4.])
    """
    return take(arr, np.flatnonzero(plain(condition)))


# -- places: constants --------------------------------------------------------------------------------------


def argwhere(a: Any) -> Any:
    """The places of the elements other than zero, a row for each; a constant."""
    return index.argwhere(array_of(a))


def nonzero(a: Any) -> tuple[Any, ...]:
    """The places of the elements other than zero, an array for each axis; constants.

    >>> nonzero(np.array([0.0, 2.0, 3.0]))
    (array([1, 2]),)
    """
    x = array_of(a)
    if not x.ndim:
        raise ValueError(f"nonzero of {describe(x)}, which has no axes; write np.atleast_1d(x) first")
    places = argwhere(x)
    return tuple([places[:, i] for i in range(x.ndim)])


def flatnonzero(a: Any) -> Any:
    """The places of the elements other than zero, of all in one row; a constant.

    >>> flatnonzero(np.array([0.0, 2.0, 3.0]))
    array([1, 2])
    """
    return nonzero(array_of(a).reshape((-1,)))[0]


def ix_(*args: Any) -> tuple[Any, ...]:
    """Index arrays that read a grid: `x[ix_(rows, columns)]`; constants."""
    for places in args:
        fixed("ix_", "places", places)
    grid: tuple[Any, ...] = without_gradient(np.ix_, *args)
    return grid


def unravel_index(indices: Any, shape: Any, order: Any = "C") -> Any:
    """The places in an array of a shape that stand at these places of its elements in one row; constants."""
    return without_gradient(np.unravel_index, indices, shape, order)


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: Any = "C") -> Any:
    """The places, in the elements in one row, of these places in an array of a shape; a constant."""
    return without_gradient(np.ravel_multi_index, tuple(multi_index), dims, mode, order)
