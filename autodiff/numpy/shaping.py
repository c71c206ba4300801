"""Functions that move the elements of one array and change none."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..batched import numbers
from ..errors import describe
from ..ops import elementwise, index, reduce
from ..ops import shape as ops
from ..tensor import Tensor, shares
from .arguments import Axis, array_of, axes_of, bare, cast, deliver, one_axis, plain, refuse, shape_of

__all__ = [
    "ascontiguousarray", "asfortranarray", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays",
    "broadcast_shapes", "broadcast_to", "copy", "diag", "diagflat", "diagonal", "expand_dims", "flip", "fliplr",
    "flipud", "matrix_transpose", "meshgrid", "moveaxis", "ndim", "permute_dims", "ravel", "repeat", "reshape",
    "roll", "rollaxis", "rot90", "shape", "size", "squeeze", "swapaxes", "tile", "trace", "transpose", "tril",
    "trim_zeros", "triu",
]  # fmt: skip


def shape(a: Any) -> tuple[int, ...]:
    """Lengths of the axes."""
    result: tuple[int, ...] = array_of(a).shape
    return result


def ndim(a: Any) -> int:
    """Number of axes."""
    return len(shape(a))


def size(a: Any, axis: Axis = None) -> int:
    """Number of elements, of all or along some axes."""
    n = 1
    for i in axes_of(axis, ndim(a)):
        n *= shape(a)[i]
    return n


# -- another shape -------------------------------------------------------------------------------------


def reshape(a: Any, /, shape: int | Sequence[int], order: str = "C", *, copy: bool | None = None) -> Any:
    """The same elements in another shape; one length may be -1.

    They are read and placed row by row, or column by column with `order="F"`; "A" is "F" for an array that lies
    so in memory. `copy=False` raises ValueError where there is no view.

    >>> reshape(np.arange(6.0), (2, -1))
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """
    x, lengths = array_of(a), shape_of(shape)
    if copy:
        x = ops.astype(x, dtype=x.dtype)
    if _by_columns("reshape", order, x):
        out = transpose(ops.reshape(transpose(x), shape=lengths[::-1]))
    else:
        out = ops.reshape(x, shape=lengths)
    if copy is False and x.ndim and out.ndim and x.size and not np.may_share_memory(bare(x), bare(out)):
        raise ValueError(f"{describe(x)} has no view of shape {lengths}, and copy=False forbids a copy")
    return out


def _by_columns(function: str, order: str, x: Any) -> bool:
    if order not in ("C", "F", "A"):
        raise ValueError(f'np.{function} takes order "C", "F" or "A", got {order!r}')
    return order == "F" or (order == "A" and x.ndim > 1 and bare(x).flags.fnc)


def ravel(a: Any, order: str = "C") -> Any:
    """All elements in one row: row by row, column by column ("F"), or as they lie in memory ("A", "K").

    >>> ravel(np.array([[1, 2], [3, 4]]), "F")
    array([1, 3, 2, 4])
    """
    x = array_of(a)
    if order == "K":
        strides = bare(x).strides
        nearest_last = sorted(range(x.ndim), key=lambda i: -abs(strides[i]))
        return _in_one_row(ops.transpose(x, axes=tuple(nearest_last)))
    return _in_one_row(transpose(x) if _by_columns("ravel", order, x) else x)


def _in_one_row(x: Any) -> Any:
    """A view of what lies in one row in memory; else a copy, as NumPy's, also where a view with steps would do."""
    out, value = ops.reshape(x, shape=(-1,)), bare(x)
    if not shares(bare(out), value):
        return out
    example = numbers(x)
    example = example[(0,) * (example.ndim - value.ndim)] if example.size else example
    return out if example.flags.c_contiguous else copy(out)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order, by default reversed.

    >>> transpose(np.zeros((2, 3, 4)), (0, 2, 1)).shape
    (2, 4, 3)
    """
    x = array_of(a)
    if axes is None:
        return ops.transpose(x, axes=tuple(range(x.ndim))[::-1])
    order = tuple([one_axis(i, x.ndim) for i in axes])
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"axes {tuple(axes)} are not an order of the {x.ndim} axes of {describe(x)}")
    return ops.transpose(x, axes=order)


permute_dims = transpose


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged: each matrix of a batch transposed."""
    x = array_of(x)
    if x.ndim < 2:
        raise ValueError(f"a matrix transpose swaps the last two axes, and {describe(x)} has fewer")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes.

    >>> swapaxes(np.zeros((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    x = array_of(a)
    order = list(range(x.ndim))
    i, j = one_axis(axis1, x.ndim), one_axis(axis2, x.ndim)
    order[i], order[j] = j, i
    return ops.transpose(x, axes=tuple(order))


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Move axes to other places; the rest keep their order.

    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = array_of(a)
    old, new = ([one_axis(i, x.ndim) for i in shape_of(axes)] for axes in (source, destination))
    if len(old) != len(new) or len(set(old)) != len(old) or len(set(new)) != len(new):
        raise ValueError(f"moveaxis needs a place for each axis, none twice; got {source} to {destination}")
    order = [i for i in range(x.ndim) if i not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return ops.transpose(x, axes=tuple(order))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move one axis back until it stands before axis `start`; `moveaxis` says it more plainly.

    >>> rollaxis(np.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = array_of(a)
    i, place = one_axis(axis, x.ndim), x.ndim if start == x.ndim else one_axis(start, x.ndim)
    return moveaxis(x, i, place - 1 if i < place else place)


def squeeze(a: Any, axis: Axis = None) -> Any:
    """Drop axes of length 1: all of them, or those named.

    >>> squeeze(np.zeros((1, 3, 1))).shape
    (3,)
    """
    x = array_of(a)
    named = axes_of(axis, x.ndim) if axis is not None else [i for i, n in enumerate(x.shape) if n == 1]
    for i in named:
        if x.shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of {describe(x)} has length {x.shape[i]}, not 1")
    return ops.reshape(x, shape=tuple([n for i, n in enumerate(x.shape) if i not in named]))


def expand_dims(a: Any, axis: int | Sequence[int]) -> Any:
    """Add axes of length 1 at these places of the result.

    >>> expand_dims(np.zeros(3), 0).shape
    (1, 3)
    """
    x = array_of(a)
    new = axis if isinstance(axis, tuple | list) else (axis,)
    ndim = x.ndim + len(new)
    places = axes_of(tuple(new), ndim)
    lengths = iter(x.shape)
    return ops.reshape(x, shape=tuple([1 if i in places else next(lengths) for i in range(ndim)]))


def at_least(x: Any, ndim: int) -> Any:
    """The same array with axes of length 1 put before its own, so that it has `ndim` at least."""
    x = array_of(x)
    return x if x.ndim >= ndim else ops.reshape(x, shape=(1,) * (ndim - x.ndim) + x.shape)


def atleast_1d(*arys: Any) -> Any:
    """Numbers as arrays of one element; one array comes back alone, several as a tuple.

    >>> atleast_1d(3.0)
    array([3.])
    """
    found = tuple([at_least(x, 1) for x in arys])
    return found[0] if len(found) == 1 else found


def atleast_2d(*arys: Any) -> Any:
    """Vectors as matrices of one row; one array comes back alone, several as a tuple.

    >>> atleast_2d(np.array([1.0, 2.0]))
    array([[1., 2.]])
    """
    found = tuple([at_least(x, 2) for x in arys])
    return found[0] if len(found) == 1 else found


def atleast_3d(*arys: Any) -> Any:
    """Three axes at least: (n,) becomes (1, n, 1), and (n, m) becomes (n, m, 1).

    >>> atleast_3d(np.zeros((2, 3))).shape
    (2, 3, 1)
    """
    rows = [at_least(x, 2) for x in arys]
    found = tuple([ops.reshape(x, shape=(*x.shape, 1)) if x.ndim == 2 else x for x in rows])
    return found[0] if len(found) == 1 else found


# -- broadcasting and repeating --------------------------------------------------------------------------


def broadcast_to(array: Any, shape: int | Sequence[int], subok: bool = False) -> Any:
    """Repeat along axes of length 1, and along new leading axes: a read-only view.

    >>> broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return ops.expand(array_of(array), shape=shape_of(shape), view=True)


def broadcast_shapes(*args: int | Sequence[int]) -> tuple[int, ...]:
    """The shape that arrays of these shapes have together.

    >>> broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return np.broadcast_shapes(*[shape_of(lengths) for lengths in args])


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """Arrays broadcast against each other.

    >>> [a.shape for a in broadcast_arrays(np.zeros((2, 1)), np.zeros(3))]
    [(2, 3), (2, 3)]
    """
    arrays = [array_of(a) for a in args]
    together = np.broadcast_shapes(*[a.shape for a in arrays])
    return tuple([a if a.shape == together else ops.expand(a, shape=together, view=True) for a in arrays])


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Coordinates of a grid: for each vector an array in which it runs along its own axis.

    The first two axes are exchanged, as in a picture, unless `indexing="ij"`.

    >>> meshgrid(np.arange(2), np.arange(3), indexing="ij")[1]
    array([[0, 1, 2],
           [0, 1, 2]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f'indexing is "xy" or "ij", got {indexing!r}')
    axes = [ravel(x) for x in xi]
    n = len(axes)
    place = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    grids = [ops.reshape(x, shape=tuple([-1 if i == place[k] else 1 for i in range(n)])) for k, x in enumerate(axes)]
    found = tuple(grids) if sparse else broadcast_arrays(*grids)
    return tuple([_copy(grid) for grid in found]) if copy else found


def tile(A: Any, reps: int | Sequence[int]) -> Any:
    """Repeat the whole array so many times along each axis.

    >>> tile(np.array([1, 2]), (2, 2))
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]])
    """
    times = shape_of(reps)
    x = at_least(A, len(times))
    times = (1,) * (x.ndim - len(times)) + times
    apart = ops.reshape(x, shape=_interleave((1,) * x.ndim, x.shape))
    repeated = ops.expand(apart, shape=_interleave(times, x.shape), view=False)
    return ops.reshape(repeated, shape=tuple([r * n for r, n in zip(times, x.shape, strict=True)]))


def _interleave(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    return tuple([n for pair in zip(a, b, strict=True) for n in pair])


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element so many times along an axis, or in one row; `repeats` may have a number for each.

    >>> repeat(np.array([1, 2]), 2), repeat(np.array([1, 2]), [1, 3])
    (array([1, 1, 2, 2]), array([1, 2, 2, 2]))
    """
    x, counts = array_of(a), np.asarray(plain(repeats))
    if axis is None:
        x, axis = ravel(x), 0
    axis = one_axis(axis, x.ndim)
    if counts.size != 1:
        return along(x, np.repeat(np.arange(x.shape[axis]), counts), axis)
    k = operator.index(counts.item())
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    apart = ops.reshape(x, shape=(*before, n, 1, *after))
    repeated = ops.expand(apart, shape=(*before, n, k, *after), view=False)
    return ops.reshape(repeated, shape=(*before, n * k, *after))


def along(x: Any, places: Any, axis: int) -> Any:
    """The elements at these places of an axis: a few slices joined, or by an array of indices if they are many."""
    step = np.diff(places)
    single = np.abs(step) == 1
    turns = ~single
    turns[1:] |= single[:-1] & (step[1:] != step[:-1])
    if places.size == 0 or np.count_nonzero(turns) >= 8:
        return index.gather(x, places, index=(*everything(axis), index.ARRAY))
    ends = [0, *(np.flatnonzero(turns) + 1), places.size]
    runs = [_run(int(places[i]), int(places[j - 1])) for i, j in pairwise(ends)]
    parts = [index.getitem(x, index=(*everything(axis), run)) for run in runs]
    return copy(parts[0]) if len(parts) == 1 else ops.concatenate(*parts, axis=axis)


def everything(n: int) -> tuple[Any, ...]:
    """A key, in split form, that takes all of the first n axes."""
    return (("slice", None, None, None),) * n


def _run(first: int, last: int) -> tuple[Any, ...]:
    if last >= first:
        return ("slice", first, last + 1, 1)
    return ("slice", first, last - 1 if last else None, -1)


# -- another order -------------------------------------------------------------------------------------


def flip(m: Any, axis: Axis = None) -> Any:
    """Elements in reverse order along an axis, several, or all.

    >>> flip(np.array([1, 2, 3]))
    array([3, 2, 1])
    """
    x = array_of(m)
    return ops.flip(x, axis=axes_of(axis, x.ndim))


def flipud(m: Any) -> Any:
    """Rows in reverse order."""
    x = array_of(m)
    if x.ndim < 1:
        raise ValueError(f"flipud needs an axis, got {describe(x)}")
    return flip(x, 0)


def fliplr(m: Any) -> Any:
    """Columns in reverse order."""
    x = array_of(m)
    if x.ndim < 2:
        raise ValueError(f"fliplr needs two axes, got {describe(x)}")
    return flip(x, 1)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """Turn by k quarters of a circle in the plane of two axes, from the first towards the second.

    >>> rot90(np.array([[1, 2], [3, 4]]))
    array([[2, 4],
           [1, 3]])
    """
    x = array_of(m)
    if len(axes) != 2:
        raise ValueError(f"rot90 turns in the plane of two axes, got {tuple(axes)}")
    i, j = (one_axis(axis, x.ndim) for axis in axes)
    if i == j:
        raise ValueError(f"rot90 turns in the plane of two different axes, got {tuple(axes)}")
    k = operator.index(k) % 4
    if k == 2:
        return flip(x, (i, j))
    return flip(swapaxes(x, i, j), i) if k == 1 else flip(swapaxes(x, i, j), j) if k else x


def roll(a: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """Move elements along an axis by so many places, those beyond the end coming in at the beginning.

    Without an axis they move as if in one row. Several shifts go with several axes.

    >>> roll(np.array([1, 2, 3]), 1)
    array([3, 1, 2])
    """
    x = array_of(a)
    if axis is None:
        return ops.reshape(roll(ravel(x), shift, 0), shape=x.shape)
    shifts, axes = np.broadcast_arrays(shape_of(plain(shift)), shape_of(axis))
    return ops.roll(x, shift=tuple(shifts.tolist()), axis=tuple([one_axis(i, x.ndim) for i in axes.tolist()]))


def trim_zeros(filt: Any, trim: str = "fb", axis: Axis = None) -> Any:
    """Drop the zeros before the first ("f") and after the last ("b") other element.

    Of several axes the smallest box stays that holds all elements other than zero.

    >>> trim_zeros(np.array([0, 1, 0, 2, 0]))
    array([1, 0, 2])
    """
    if not trim or set(trim.lower()) - {"f", "b"} or len(trim) > 2:
        raise ValueError(f'trim is "f", "b" or "fb", got {trim!r}')
    x = array_of(filt)
    axes = axes_of(axis, x.ndim)
    if not axes:
        return x
    box: list[Any] = list(everything(x.ndim))
    for i, places in enumerate(np.argwhere(plain(x)).T):
        if i in axes:
            first, end = (places.min(), places.max() + 1) if places.size else (0, 0)
            front, back = "f" in trim.lower() or not places.size, "b" in trim.lower() or not places.size
            box[i] = ("slice", int(first) if front else None, int(end) if back else None, None)
    return index.getitem(x, index=tuple(box))


# -- diagonals and triangles -----------------------------------------------------------------------------


def _stride(n: int, m: int, offset: int) -> tuple[Any, ...]:
    """Where a diagonal lies in an (n, m) matrix written as one row, as a slice."""
    length = max(0, min(n + min(offset, 0), m - max(offset, 0)))
    first = offset if offset >= 0 else -offset * m
    return ("slice", first, first + (length - 1) * (m + 1) + 1, m + 1) if length else ("slice", 0, 0, None)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements a[i, i + offset] of two axes, along a new last axis: a read-only view.

    >>> diagonal(np.arange(6.0).reshape(2, 3), 1)
    array([1., 5.])
    """
    x = array_of(a)
    if x.ndim < 2:
        raise ValueError(f"a diagonal needs two axes, got {describe(x)}")
    i, j = one_axis(axis1, x.ndim), one_axis(axis2, x.ndim)
    if i == j:
        raise ValueError(f"a diagonal lies in the plane of two different axes, got {axis1} and {axis2}")
    return index.diagonal(moveaxis(x, (i, j), (-2, -1)), offset=operator.index(offset))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """The sum of a diagonal.

    >>> float(trace(np.eye(3)))
    3.0
    """
    x = cast(diagonal(a, offset, axis1, axis2), dtype)
    return deliver("trace", reduce.sum_(x, axis=(x.ndim - 1,), keepdims=False), out)


def diag(v: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix; of a vector, the matrix that has it there and zeros elsewhere.

    >>> diag(np.array([1, 2]))
    array([[1, 0],
           [0, 2]])
    """
    x = array_of(v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"diag takes a vector or a matrix, got {describe(x)}")
    n = x.shape[0] + abs(operator.index(k))
    return ops.reshape(index.scatter(x, index=(_stride(n, n, k),), shape=(n * n,)), shape=(n, n))


def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with all elements, in one row, on its k-th diagonal.

    >>> diagflat([[1, 2]]).shape
    (2, 2)
    """
    return diag(ravel(v), k)


def tril(m: Any, k: int = 0) -> Any:
    """The elements on and below the k-th diagonal of each matrix, and zeros above it.

    >>> tril(np.ones((2, 2)))
    array([[1., 0.],
           [1., 1.]])
    """
    x = array_of(m)
    return _triangle(x, np.tri(*_matrix("tril", x), k=k, dtype=bool))


def triu(m: Any, k: int = 0) -> Any:
    """The elements on and above the k-th diagonal of each matrix, and zeros below it.

    >>> triu(np.ones((2, 2)))
    array([[1., 1.],
           [0., 1.]])
    """
    x = array_of(m)
    return _triangle(x, ~np.tri(*_matrix("triu", x), k=k - 1, dtype=bool))


def _matrix(function: str, x: Any) -> tuple[int, int]:
    if x.ndim == 0:
        raise ValueError(f"{function} takes matrices, got {describe(x)}")
    return (x.shape[0], x.shape[0]) if x.ndim == 1 else x.shape[-2:]  # a vector is every row, as in NumPy


def _triangle(x: Any, mask: Any) -> Any:
    return elementwise.where(mask, x, x.dtype.type(0))


# -- copies --------------------------------------------------------------------------------------------


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """Copy, as a recorded op: the gradient goes on to the original."""
    x = array_of(a)
    if order not in ("C", "F", "A", "K"):
        raise ValueError(f'np.copy takes order "C", "F", "A" or "K", got {order!r}')
    if type(x) is not Tensor:
        return np.array(x, order=order)
    return ops.astype(x, dtype=x.dtype, **{} if order == "K" else {"order": order})


_copy = copy  # meshgrid has an argument of that name


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Cast to a dtype, with one axis at least; an array is copied if its rows do not lie one after the other."""
    refuse("ascontiguousarray", like=like)
    return _laid_out(a, dtype, "C") if type(a) is Tensor else np.ascontiguousarray(a, dtype)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Cast to a dtype, with one axis at least; an array is copied if its columns do not lie one after the other."""
    refuse("asfortranarray", like=like)
    return _laid_out(a, dtype, "F") if type(a) is Tensor else np.asfortranarray(a, dtype)


def _laid_out(a: Tensor, dtype: Any, order: str) -> Any:
    x = at_least(cast(a, dtype), 1)
    fits = not isinstance(bare(x), np.ndarray) or bare(x).flags[f"{order}_CONTIGUOUS"]
    return x if fits else copy(x, order)
