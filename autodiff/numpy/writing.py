"""NumPy's functions that write into their first argument. Where that is a Tensor the write is recorded.

An array cannot hold a gradient: writing a value that requires grad into one is a TypeError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..inplace import overwrite, write
from ..ops import elementwise
from ..ops.index import ARRAY, gather
from ..ops.shape import reshape
from ..tensor import Tensor
from .arguments import array_of, known, one_axis, plain

__all__ = ["copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"]


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Write `src`, broadcast, into `dst` (where `where` is true).

    >>> t = Tensor([1.0, 2.0])
    >>> copyto(t, 5.0, where=np.array([True, False]))
    >>> t
    Tensor([5., 2.])
    """
    _check("copyto", dst)
    overwrite(dst, src if where is True else elementwise.where(where, src, dst), casting)


def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Write `v`, repeated as needed, into the elements with these flat indices.

    >>> t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> put(t, [0, 3], [10.0, 40.0])
    >>> t
    Tensor([[10.,  2.],
            [ 3., 40.]])
    """
    _check("put", a)
    places = np.arange(a.size)
    if mode == "raise":
        flat = places[np.ravel(plain(ind))]
    else:
        flat = np.take(places, np.ravel(plain(ind)), mode=mode)
    values = _repeated(v, np.arange(flat.size))
    if a.ndim:
        write(a, np.unravel_index(flat, a.shape), values)
    elif flat.size:
        write(a, ..., values[-1])


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write `vals`, one after the other and repeated as needed, where `mask` is true.

    >>> t = Tensor([1.0, 2.0, 3.0])
    >>> place(t, t > 1.0, [7.0])
    >>> t
    Tensor([1., 7., 7.])
    """
    _check("place", arr)
    mask = np.asarray(plain(mask), bool).reshape(arr.shape)
    write(arr, mask, _repeated(vals, np.arange(np.count_nonzero(mask))))


def putmask(a: Any, mask: Any, values: Any) -> None:
    """Where `mask` is true write the element of `values` that stands at the same place, repeated as needed."""
    _check("putmask", a)
    mask = np.asarray(plain(mask), bool).reshape(a.shape)
    write(a, mask, _repeated(values, np.flatnonzero(mask)))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Write `values` into the elements that `take_along_axis` would read.

    >>> t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> put_along_axis(t, np.array([[1], [0]]), 0.0, 1)
    >>> t
    Tensor([[1., 0.],
            [0., 4.]])
    """
    _check("put_along_axis", arr)
    indices = np.asarray(plain(indices)) if axis is None or known(indices) else indices
    if axis is None:
        if indices.ndim != 1:
            raise ValueError(f"with axis=None the indices have one axis, got {indices.ndim}")
        write(arr, np.unravel_index(np.arange(arr.size)[indices], arr.shape), values)
        return
    axis = one_axis(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ValueError(f"indices have {indices.ndim} axes, the tensor {arr.ndim}; they must be equal")
    key = list(np.ogrid[tuple(slice(n) for n in arr.shape)])
    key[axis] = indices
    write(arr, tuple(key), values)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write `val`, repeated as needed, into the main diagonal; with `wrap`, again below it in a tall matrix.

    >>> t = Tensor(np.zeros((2, 2)))
    >>> fill_diagonal(t, 1.0)
    >>> t
    Tensor([[1., 0.],
            [0., 1.]])
    """
    _check("fill_diagonal", a)
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + sum(math.prod(a.shape[i:]) for i in range(1, a.ndim))
    end = None if wrap or a.ndim > 2 else a.shape[1] ** 2
    flat = np.arange(a.size)[:end:step]
    write(a, np.unravel_index(flat, a.shape), _repeated(val, np.arange(flat.size)))


def _check(name: str, target: Any) -> None:
    if type(target) is not Tensor:
        raise TypeError(
            f"np.{name} would write a Tensor's value into an array, and the gradient would be lost: make the "
            "array a Tensor, autodiff.asarray(a), or pass t.detach().numpy()"
        )


def _repeated(values: Any, places: Any) -> Any:
    """The elements of values at these places of their endless repetition."""
    values = reshape(array_of(values), shape=(-1,))
    if values.shape == (1,):
        return values
    if not values.shape[0]:
        if len(places):
            raise ValueError("Cannot insert from an empty array!")
        return values
    return gather(values, places % values.shape[0], index=(ARRAY,))
