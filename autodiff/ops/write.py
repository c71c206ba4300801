"""What an in-place write computes, as a function: the array with some of its elements replaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batched import Batched
from ..op import OPS, Function, define
from .elementwise import where
from .index import Index, join_key, read


def _setitem(x: Any, v: Any, *arrays: Any, index: Index) -> Any:
    out = np.array(x)
    out[join_key(index, arrays)] = v
    return out


def _rest(g: Any, arrays: tuple[Any, ...], *, index: Index) -> Any:
    """The gradient of the array: `g`, and zero where it was written."""
    return setitem(g, np.zeros((), g.dtype), *arrays, index=index)


def _written(
    g: Any, arrays: tuple[Any, ...], x_shape: tuple[int, ...], v_shape: tuple[int, ...], *, index: Index
) -> Any:
    """The gradient of the values: `g` where they were written, and zero for a value that a later one replaced."""
    part = read(g, index, arrays)
    if any(type(getattr(array, "value", None)) is Batched for array in arrays):
        number = np.arange(part.size).reshape(part.shape)
        last = read(setitem(np.full(x_shape, -1), number, *arrays, index=index), index, arrays) == number
    else:
        last = _last_writer(x_shape, index, arrays)
    if last is not None:
        part = where(last, part, 0)
    surplus = len(v_shape) - part.ndim  # NumPy lets values have more axes, of length 1
    return part.reshape((1,) * surplus + part.shape) if surplus > 0 else part


def _last_writer(shape: tuple[int, ...], index: Index, arrays: tuple[Any, ...]) -> Any:
    """Which of the values is the last to be written to its place; None where no place is written twice."""
    key = join_key(index, tuple([getattr(array, "value", array) for array in arrays]))
    if all(part.dtype.kind == "b" for part in key if isinstance(part, np.ndarray)):
        return None
    writer = np.full(shape, -1, np.intp)
    number = np.arange(writer[key].size).reshape(writer[key].shape)
    writer[key] = number
    last = writer[key] == number
    return None if last.all() else last


setitem: Function = define(
    "setitem", _setitem, _rest, _written, None, inputs="x v *arrays", kind="index", linear=True, symbol="[]=",
    doc="The array x with `v` written to `x[key]`; of values written to one place the last one counts.",
)  # fmt: skip
SETITEM = OPS["setitem"]
