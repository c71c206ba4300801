"""How the functions of this package read their arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..batched import Batched, numbers
from ..call import lift
from ..errors import describe
from ..inplace import is_recorded, overwrite
from ..ops import elementwise, shape
from ..tensor import Tensor, constant, note_read, refresh

Axis = int | Sequence[int] | None


def array_of(x: Any) -> Any:
    """Return a Tensor as it is, nested lists of them joined to one, anything else as an array."""
    if type(x) is not Tensor and type(x) is not np.ndarray:
        x = nested(x)
    return x if type(x) is Tensor or type(x) is np.ndarray else np.asarray(lift(x))


def nested(value: Any) -> Any:
    """Nested lists with Tensors in them joined to one Tensor, as `np.array` would; anything else as it is."""
    return shape.stack(*map(nested, value), axis=0) if holds_tensor(value) else value


def holds_tensor(value: Any) -> bool:
    """Whether nested lists have Tensors in them."""
    return isinstance(value, list | tuple) and any(type(part) is Tensor or holds_tensor(part) for part in value)


def floating(x: Any, dtype: Any = np.float64) -> Any:
    """Like `array_of`, with integers and booleans cast to a floating dtype."""
    x = array_of(x)
    return x if x.dtype.kind in "fc" else cast(x, dtype)


def ordered(x: Any, what: str) -> Any:
    """Like `array_of`, refusing complex numbers."""
    x = array_of(x)
    if x.dtype.kind == "c":
        raise TypeError(f"{what} takes real numbers, as complex ones have no order; got {describe(x)}")
    return x


def cast(x: Any, dtype: Any) -> Any:
    """Like `array_of`, in this dtype unless that is None."""
    x = array_of(x)
    return x if dtype is None or x.dtype == dtype else shape.astype(x, dtype=np.dtype(dtype))


def plain(x: Any) -> Any:
    """The value of a Tensor; anything else as it is. For arguments that have no gradient: indices, conditions."""
    if type(x) is not Tensor:
        return x
    refresh(x)
    return note_read(x, "plain", x.value)


def bare(x: Any) -> Any:
    """Like `plain`, where only shape and dtype matter, or to refuse or to warn: no result depends on it."""
    return x.value if type(x) is Tensor else x


def known(x: Any) -> bool:
    """Whether the numbers can be looked at, to refuse or to warn: inside `vmap` there are those of all examples."""
    return type(bare(x)) is not Batched


def seen(x: Any) -> Any:
    """Like `plain`, for checks that are to hold for each example: inside `vmap` the numbers of all of them."""
    return plain(x) if known(x) else numbers(x)


def without_gradient(function: Callable[..., Any], *args: Any) -> Any:
    """NumPy's function of integers that may be Tensors, or tuples of them; then its results are Tensors too."""
    flat = [x for a in args for x in (a if isinstance(a, tuple | list) else (a,))]
    result = function(*[type(a)(map(plain, a)) if isinstance(a, tuple | list) else plain(a) for a in args])
    if Tensor not in map(type, flat):
        return result
    return tuple(map(constant, result)) if isinstance(result, tuple) else constant(result)


def fixed(function: str, name: str, value: Any) -> Any:
    """The value of an argument that the function has no derivative by; TypeError if one could be asked for."""
    if is_recorded(value):
        raise TypeError(f"{function} has no derivative by {name}; pass {name}.detach() to hold it constant")
    return plain(value)


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Write an axis argument as a sorted tuple of non-negative ints; None means all axes.

    >>> axes_of(-1, 3), axes_of(None, 2)
    ((2,), (0, 1))

    Raises IndexError (NumPy's AxisError) for an axis out of range, ValueError for one given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = tuple([one_axis(a, ndim) for a in (axis if isinstance(axis, tuple | list) else (axis,))])
    if len(set(axes)) != len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(axes))


def one_axis(axis: int, ndim: int) -> int:
    """Write one axis as a non-negative int, or raise NumPy's AxisError."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis + ndim if axis < 0 else axis


def shape_of(lengths: int | Sequence[int]) -> tuple[int, ...]:
    """Write a shape argument as a tuple of ints."""
    if isinstance(lengths, Sequence | np.ndarray):
        return tuple([operator.index(n) for n in lengths])
    return (operator.index(lengths),)


def on_cpu(device: Any) -> None:
    """Raise ValueError for a device other than the only one."""
    if device not in (None, "cpu"):
        raise ValueError(f'Tensors live on the device "cpu", got {device!r}')


def refuse(function: str, **arguments: Any) -> None:
    """Raise TypeError for the first argument that was given: all default to None."""
    for name, value in arguments.items():
        if value is not None:
            raise TypeError(f"np.{function} of Tensors takes no {name}= argument")


def refuse_order(function: str, order: Any) -> None:
    """Raise TypeError for an order other than NumPy's default: elements are read row by row."""
    if order not in ("C", "K"):
        raise TypeError(f'np.{function} of Tensors takes no order= argument other than "C", got {order!r}')


def deliver(function: str, result: Any, out: Any) -> Any:
    """Return a result, or write it where `out=` says and return that."""
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    if out is None:
        return result
    return write_out(f"np.{function}", out, result)


def write_out(name: str, out: Any, result: Any, where: Any = True, casting: Any = "same_kind") -> Any:
    """Write a result of the function of this name into `out`, at the places `where`, and return that."""
    if type(out) is Tensor:
        return overwrite(out, result if where is True else elementwise.where(where, result, out), casting)
    if is_recorded(result):
        raise TypeError(
            f"{name} would write into an array, and the gradient would be lost: use its result; "
            "write a = a + t, not a += t"
        )
    np.copyto(out, plain(result), casting=casting, where=where)
    return out
