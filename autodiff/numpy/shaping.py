"""Functions that move elements and change none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import describe
from ..ops import shape as ops
from .arguments import Axis, array_of, axes_of, one_axis, refuse, refuse_order, shape_of

__all__ = [
    "broadcast_to", "concatenate", "copy", "expand_dims", "matrix_transpose", "ndim", "permute_dims", "ravel",
    "reshape", "shape", "size", "squeeze", "stack", "swapaxes", "transpose",
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


def reshape(a: Any, /, shape: int | Sequence[int], order: str = "C", *, copy: bool | None = None) -> Any:
    """The same elements in another shape; one length may be -1.

    >>> reshape(np.arange(6.0), (2, -1)).shape
    (2, 3)
    """
    refuse_order("reshape", order)
    refuse("reshape", copy=copy)
    return ops.reshape(array_of(a), shape=shape_of(shape))


def ravel(a: Any, order: str = "C") -> Any:
    """All elements in one row."""
    refuse_order("ravel", order)
    return ops.reshape(array_of(a), shape=(-1,))


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


def broadcast_to(array: Any, shape: int | Sequence[int], subok: bool = False) -> Any:
    """Repeat along axes of length 1, and along new leading axes.

    >>> broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return ops.expand(array_of(array), shape=shape_of(shape))


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


def concatenate(
    arrays: Iterable[Any], /, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: Any = None
) -> Any:
    """Join arrays along an axis they have; with axis None, all their elements in one row.

    >>> concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    refuse("concatenate", out=out, dtype=dtype, casting=casting)
    parts = [array_of(a) for a in arrays]
    if not parts:
        raise ValueError("concatenate needs at least one array")
    if axis is None:
        parts, axis = [ravel(a) for a in parts], 0
    return ops.concatenate(*parts, axis=one_axis(axis, parts[0].ndim))


def stack(arrays: Iterable[Any], axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = None) -> Any:
    """Join arrays of one shape along a new axis.

    >>> stack([np.zeros(2), np.ones(2)]).shape
    (2, 2)
    """
    refuse("stack", out=out, dtype=dtype, casting=casting)
    parts = [array_of(a) for a in arrays]
    if not parts:
        raise ValueError("stack needs at least one array")
    return ops.stack(*parts, axis=one_axis(axis, parts[0].ndim + 1))


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """Copy, as a recorded op: the gradient goes on to the original."""
    refuse_order("copy", order)
    x = array_of(a)
    return ops.astype(x, dtype=x.dtype)
