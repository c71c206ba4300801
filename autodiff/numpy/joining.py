"""Functions that join arrays, part them, and put elements in or take them out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import describe
from ..ops import index
from ..ops import shape as ops
from .arguments import array_of, cast, deliver, holds_tensor, one_axis, plain, refuse, shape_of
from .shaping import (
    along,
    at_least,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    copy,
    everything,
    expand_dims,
    moveaxis,
    ravel,
    tile,
)

__all__ = [
    "append", "apply_along_axis", "apply_over_axes", "array_split", "block", "c_", "column_stack", "concat",
    "concatenate", "delete", "dsplit", "dstack", "hsplit", "hstack", "insert", "r_", "resize", "row_stack", "split",
    "stack", "unstack", "vectorize", "vsplit", "vstack",
]  # fmt: skip

# -- joining -------------------------------------------------------------------------------------------


def concatenate(
    arrays: Iterable[Any], /, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Join arrays along an axis they have; with axis None, all their elements in one row.

    >>> concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])

    Raises ValueError for no arrays and for numbers, TypeError where `casting` does not allow a cast to `dtype`.
    """
    parts = _parts("concatenate", arrays, dtype, casting)
    if axis is None:
        parts, axis = [ravel(a) for a in parts], 0
    if parts[0].ndim == 0:
        raise ValueError("concatenate joins arrays along an axis, and numbers have none; use stack")
    return deliver("concatenate", ops.concatenate(*parts, axis=one_axis(axis, parts[0].ndim)), out)


concat = concatenate


def stack(
    arrays: Iterable[Any], axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Join arrays of one shape along a new axis.

    >>> stack([np.zeros(2), np.ones(2)]).shape
    (2, 2)
    """
    parts = _parts("stack", arrays, dtype, casting)
    return deliver("stack", ops.stack(*parts, axis=one_axis(axis, parts[0].ndim + 1)), out)


def _parts(function: str, arrays: Iterable[Any], dtype: Any, casting: Any) -> list[Any]:
    parts = [array_of(a) for a in arrays]
    if not parts:
        raise ValueError(f"{function} needs at least one array")
    if dtype is None:
        return parts
    for part in parts:
        if not np.can_cast(part.dtype, dtype, casting):
            raise TypeError(f"{function} cannot cast {describe(part)} to {np.dtype(dtype)} by the rule {casting!r}")
    return [cast(part, dtype) for part in parts]


def vstack(tup: Iterable[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the first axis, vectors as rows.

    >>> vstack([np.array([1, 2]), np.array([3, 4])])
    array([[1, 2],
           [3, 4]])
    """
    return concatenate([atleast_2d(a) for a in tup], dtype=dtype, casting=casting)


row_stack = vstack


def hstack(tup: Iterable[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the second axis, vectors along their only one.

    >>> hstack([np.array([1, 2]), np.array([3])])
    array([1, 2, 3])
    """
    parts = [atleast_1d(a) for a in tup]
    axis = 0 if parts and parts[0].ndim == 1 else 1
    return concatenate(parts, axis, dtype=dtype, casting=casting)


def dstack(tup: Iterable[Any]) -> Any:
    """Join along the third axis: (n,) counts as (1, n, 1), and (n, m) as (n, m, 1).

    >>> dstack([np.zeros((2, 3)), np.ones((2, 3))]).shape
    (2, 3, 2)
    """
    return concatenate([atleast_3d(a) for a in tup], 2)


def column_stack(tup: Iterable[Any]) -> Any:
    """Join along the second axis, vectors as columns.

    >>> column_stack([np.array([1, 2]), np.array([3, 4])])
    array([[1, 3],
           [2, 4]])
    """
    parts = [array_of(a) for a in tup]
    return concatenate([at_least(a, 2).T if a.ndim < 2 else a for a in parts], 1)


def block(arrays: Any) -> Any:
    """Join nested lists of blocks: the innermost along the last axis, those around them along the one before.

    >>> block([[np.eye(2), np.zeros((2, 1))]])
    array([[1., 0., 0.],
           [0., 1., 0.]])

    Raises ValueError for an empty list and for lists of unequal depth, TypeError for a tuple.
    """
    depth, ndim = _depth(arrays)
    ndim = max(depth, ndim)

    def join(part: Any, level: int) -> Any:
        if level == 0:
            return at_least(part, ndim)
        return concatenate([join(inner, level - 1) for inner in part], ndim - level)

    return join(arrays, depth) if depth else ops.astype(array_of(arrays), dtype=array_of(arrays).dtype)


def _depth(part: Any) -> tuple[int, int]:
    """How deep lists are nested, and the number of axes of the block that has most."""
    if isinstance(part, tuple):
        raise TypeError("block takes nested lists of blocks, and a tuple is neither a list nor a block")
    if not isinstance(part, list):
        return 0, array_of(part).ndim
    if not part:
        raise ValueError("block was given an empty list")
    depths, ndims = zip(*[_depth(inner) for inner in part], strict=True)
    if len(set(depths)) > 1:
        raise ValueError(f"block takes lists of one depth, got depths {sorted(set(depths))} side by side")
    return depths[0] + 1, max(ndims)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join two arrays along an axis; without one, all their elements in one row.

    >>> append(np.array([1, 2]), 3)
    array([1, 2, 3])
    """
    return concatenate([arr, values], axis)


class _Index:
    """What NumPy's `r_` and `c_` do, by the places that they move each element to."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        join = getattr(np, self._name)
        parts = key if isinstance(key, tuple) else (key,)
        if not holds_tensor(parts):
            return join[key]
        places: list[Any] = []
        pieces: list[Any] = []
        start = 0
        for part in parts:
            if isinstance(part, str):
                places.append(part)
                continue
            piece = np.r_[part] if isinstance(part, slice) else array_of(part)
            size = int(np.prod(piece.shape, dtype=int))
            places.append(np.arange(start, start + size).reshape(piece.shape)[()])
            pieces.append(ravel(piece))
            start += size
        return concatenate(pieces)[join[tuple(places)]]


r_ = _Index("r_")
"""Join along the first axis what stands in brackets: `r_[0.0, t, 1:3]`, as NumPy's."""

c_ = _Index("c_")
"""Join along the second axis, vectors as columns: `c_[t, u]`, as NumPy's."""


# -- parting -------------------------------------------------------------------------------------------


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Part an array along an axis, into so many equal pieces or at these places.

    >>> split(np.arange(5), [1, 3])
    [array([0]), array([1, 2]), array([3, 4])]

    Raises ValueError if the length cannot be divided by the number of pieces; `array_split` takes any.
    """
    x = array_of(ary)
    sections = plain(indices_or_sections)
    if np.ndim(sections) == 0 and x.shape[one_axis(axis, x.ndim)] % operator.index(sections):
        raise ValueError(f"{describe(x)} cannot be parted into {sections} equal pieces along axis {axis}")
    return array_split(x, sections, axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Part an array along an axis, into so many pieces or at these places; the first pieces may be longer by one.

    >>> array_split(np.arange(5), 2)
    [array([0, 1, 2]), array([3, 4])]
    """
    x = array_of(ary)
    axis = one_axis(axis, x.ndim)
    length, sections = x.shape[axis], plain(indices_or_sections)
    if np.ndim(sections) == 0:
        count = operator.index(sections)
        if count <= 0:
            raise ValueError(f"an array is parted into one piece at least, got {count}")
        small, longer = divmod(length, count)
        ends = [i * small + min(i, longer) for i in range(count + 1)]
    else:
        ends = [0, *shape_of(sections), length]
    return [index.getitem(x, index=(*everything(axis), ("slice", i, j, None))) for i, j in pairwise(ends)]


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Part along the second axis, a vector along its only one."""
    x = _with_axes("hsplit", ary, 1)
    return split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Part along the first axis of two or more."""
    return split(_with_axes("vsplit", ary, 2), indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Part along the third axis."""
    return split(_with_axes("dsplit", ary, 3), indices_or_sections, 2)


def _with_axes(function: str, a: Any, ndim: int) -> Any:
    x = array_of(a)
    if x.ndim < ndim:
        raise ValueError(f"{function} takes arrays of {ndim} axes or more, got {describe(x)}")
    return x


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The arrays that `stack` would join along this axis.

    >>> unstack(np.array([[1, 2], [3, 4]]))
    (array([1, 2]), array([3, 4]))
    """
    x = _with_axes("unstack", x, 1)
    axis = one_axis(axis, x.ndim)
    return tuple([index.getitem(x, index=(*everything(axis), i)) for i in range(x.shape[axis])])


# -- putting in and taking out ---------------------------------------------------------------------------


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values before these places of an axis, or of all elements in one row.

    >>> insert(np.array([1, 2]), 1, 5)
    array([1, 5, 2])
    """
    x, v = array_of(arr), cast(values, array_of(arr).dtype)
    before = plain(obj)
    if np.asarray(before).dtype.kind == "b":
        before = np.flatnonzero(before)
    numbers = np.arange(x.size + v.size)  # NumPy says which element goes where
    places = np.insert(numbers[: x.size].reshape(x.shape), before, numbers[x.size :].reshape(v.shape), axis)
    return index.gather(ops.concatenate(ravel(x), ravel(v), axis=0), places, index=(index.ARRAY,))


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Take out these places of an axis, or of all elements in one row.

    >>> delete(np.array([1, 2, 3]), 1)
    array([1, 3])
    """
    x = array_of(arr)
    if axis is None:
        x, axis = ravel(x), -1
    axis = one_axis(axis, x.ndim)
    return copy(along(x, np.delete(np.arange(x.shape[axis]), plain(obj)), axis))


def resize(a: Any, new_shape: int | Sequence[int]) -> Any:
    """The elements in one row, repeated or cut off, in another shape.

    >>> resize(np.array([1, 2, 3]), (2, 2))
    array([[1, 2],
           [3, 1]])
    """
    x, lengths = ravel(a), shape_of(new_shape)
    if min(lengths, default=0) < 0:
        raise ValueError(f"lengths of axes are not negative, got {lengths}")
    n = int(np.prod(lengths))
    if x.size == 0 and n:
        x = ops.concatenate(x, np.zeros(n, x.dtype), axis=0)
    repeated = tile(x, -(-n // max(x.size, 1)))
    return ops.reshape(index.getitem(repeated, index=(("slice", None, n, None),)), shape=lengths)


# -- functions of slices ---------------------------------------------------------------------------------


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function on each vector along an axis and join the results, whose axes take the place of that one.

    It is a loop: one call for each vector.

    >>> apply_along_axis(np.sum, 0, np.ones((2, 3)))
    array([2., 2., 2.])
    """
    x = array_of(arr)
    axis = one_axis(axis, x.ndim)
    batch = x.shape[:axis] + x.shape[axis + 1 :]
    if 0 in batch:
        raise ValueError(f"apply_along_axis has no vectors to call the function on: got {describe(x)}")
    vectors = ops.reshape(moveaxis(x, axis, -1), shape=(int(np.prod(batch)), x.shape[axis]))
    results = stack([func1d(v, *args, **kwargs) for v in unstack(vectors)])
    own = results.shape[1:]
    results = ops.reshape(results, shape=(*batch, *own))
    ends = range(len(batch), len(batch) + len(own))
    return moveaxis(results, tuple(ends), tuple(range(axis, axis + len(own))))


def apply_over_axes(func: Callable[..., Any], a: Any, axes: int | Sequence[int]) -> Any:
    """Call `func(x, axis)` for one axis after the other; reduced axes stay with length 1.

    >>> apply_over_axes(np.sum, np.ones((2, 3)), (0, 1))
    array([[6.]])
    """
    x = array_of(a)
    ndim = x.ndim
    for axis in shape_of(axes):
        axis = one_axis(axis, ndim)
        result = array_of(func(x, axis))
        x = result if result.ndim == ndim else expand_dims(result, axis)
        if x.ndim != ndim:
            raise ValueError(f"apply_over_axes: the function made {describe(result)} of an array of {ndim} axes")
    return x


def vectorize(
    pyfunc: Callable[..., Any], otypes: Any = None, doc: str | None = None, excluded: Any = None, cache: bool = False,
    signature: str | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function of numbers made one of arrays: arguments are broadcast, and results joined.

    It is a loop: one call for each element. Arguments named in `excluded` (positions and names) are handed on as
    they are, and `otypes` are the dtypes of the results.

    >>> vectorize(lambda x, y: x if x > y else y)(np.array([1, 5]), 3)
    array([3, 5])
    """
    refuse("vectorize", signature=signature, cache=cache or None)
    kept = set(excluded or ())

    def call(*args: Any, **kwargs: Any) -> Any:
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        arrays = {key: array_of(value) for key, value in given.items() if key not in kept}
        together = np.broadcast_shapes(*[x.shape for x in arrays.values()])
        if 0 in together:
            raise ValueError(f"vectorize cannot call a function on no elements: the arguments have shape {together}")
        elements = {key: unstack(ravel(ops.expand(x, shape=together))) for key, x in arrays.items()}
        results = []
        for i in range(int(np.prod(together))):
            one = given | {key: column[i] for key, column in elements.items()}
            results.append(pyfunc(*[one[k] for k in range(len(args))], **{k: one[k] for k in kwargs}))
        if not isinstance(results[0], tuple):
            return _assemble(results, together, otypes and np.dtype(otypes[0]))
        kinds = [np.dtype(kind) for kind in otypes] if otypes else [None] * len(results[0])
        columns = zip(*results, strict=True)
        return tuple([_assemble(part, together, kind) for part, kind in zip(columns, kinds, strict=True)])

    call.__name__, call.__doc__ = getattr(pyfunc, "__name__", "call"), doc or pyfunc.__doc__
    return call


def _assemble(results: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    return cast(ops.reshape(stack(results), shape=shape), dtype or None)
