"""Indexing: `x[key]`, and its adjoint, which adds a gradient into the places it was read from.

A key is written as a hashable tuple `index`: ints, None and Ellipsis stand for themselves, a slice is
`("slice", start, stop, step)`, and `ARRAY` stands for the next of the index arrays, which are inputs.
"""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np

from ..batched import Batched
from ..call import lift
from ..kernels.scatter import add_rows
from ..op import Lazy, define
from ..tensor import Tensor, note_read

ARRAY = "array"
Index = tuple[Any, ...]
_WHOLE = ("slice", None, None, None)
_FEW = 2048  # elements, up to which NumPy's own way is the fastest


def split_key(key: Any) -> tuple[Index, list[Any]]:
    """Write a key in hashable form; return it with its index arrays."""
    index: list[Any] = []
    arrays: list[Any] = []
    for part in key if isinstance(key, tuple) else (key,):
        if type(part) is Tensor:
            part = part.value if part.value.shape else note_read(part, "index", part.value)
            part = part[()] if type(part) is np.ndarray and not part.shape else part
        if isinstance(part, slice):
            ends = [
                note_read(end, "index", end.value) if type(end) is Tensor else end
                for end in (part.start, part.stop, part.step)
            ]
            index.append(("slice", *(None if end is None else operator.index(end) for end in ends)))
        elif type(part) is Batched:  # inside vmap each example has its own
            index.append(ARRAY)
            arrays.append(part)
        elif part is None or part is Ellipsis or (isinstance(part, int) and not isinstance(part, bool)):
            index.append(part)
        elif isinstance(part, np.integer):
            index.append(int(part))
        else:
            array = np.asarray(part)
            if array.size == 0 and array.dtype.kind == "f" and isinstance(part, list):
                array = array.astype(np.intp)
            if array.dtype.kind not in "iub":
                raise IndexError(
                    f"an index is an integer, a slice, None, ..., or an array of integers or booleans; "
                    f"got {array.dtype} from {type(part).__name__}"
                )
            index.append(ARRAY)
            arrays.append(lift(array))
    return tuple(index), arrays


@lru_cache(maxsize=4096)
def _template(index: Index) -> tuple[Any, ...]:
    return tuple(slice(*part[1:]) if type(part) is tuple else part for part in index)


def join_key(index: Index, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key that `split_key` took apart."""
    key = _template(index)
    if not arrays:
        return key
    following = iter(arrays)
    return tuple(next(following) if part is ARRAY or part == ARRAY else part for part in key)


@lru_cache(maxsize=4096)
def _together(index: Index, ndim: int) -> tuple[int, int] | None:
    """The first of the axes that index arrays stand at, and their number, if they stand together among whole axes."""
    parts = list(index)
    missing = ndim - len(parts) + (Ellipsis in parts)
    at = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
    parts[at : at + 1] = [_WHOLE] * missing
    first, n = parts.index(ARRAY), parts.count(ARRAY)
    return (first, n) if parts == [_WHOLE] * first + [ARRAY] * n + [_WHOLE] * (ndim - first - n) else None


class Scatter(Lazy):
    """A gradient that is `g` at some places and zero elsewhere."""

    __slots__ = ("arrays", "g", "index", "shape")

    def __init__(self, g: Any, index: Index, arrays: tuple[Any, ...], shape: tuple[int, ...]) -> None:
        self.g, self.index, self.arrays, self.shape = g, index, arrays, shape

    def into(self, buffer: Any) -> Any:
        """Add `g` into the buffer at its places."""
        if buffer is None:
            buffer = np.zeros(self.shape, self.g.dtype)
        key = join_key(self.index, self.arrays)
        g = self.g if buffer.dtype.kind == "c" or self.g.dtype.kind != "c" else self.g.real
        if all(array.dtype.kind == "b" for array in self.arrays):
            buffer[key] += g
        elif g.size <= _FEW or not self._add_rows(buffer, g):
            np.add.at(buffer, key, g)  # a place may be read more than once
        return buffer

    def _add_rows(self, buffer: Any, g: Any) -> bool:
        """Add into the buffer by rows, if the key says that there are any."""
        spot = _together(self.index, buffer.ndim)
        if spot is None or buffer.dtype.char not in "fdFD" or not buffer.flags.c_contiguous:
            return False
        if any(array.dtype.kind not in "iu" for array in self.arrays):
            return False
        first, n = spot
        before, read, after = buffer.shape[:first], buffer.shape[first : first + n], buffer.shape[first + n :]
        places = [array.astype(np.intp) for array in self.arrays]
        rows = np.ravel_multi_index(tuple(np.broadcast_arrays(*places)), read, mode="wrap").reshape(-1)
        values = g.reshape((*before, rows.size, *after))
        out = buffer.reshape((*before, -1, *after))
        add_rows(np.moveaxis(out, first, 0), rows, np.moveaxis(values, first, 0))
        return True

    def rows(self) -> Rows | None:
        """The same as rows, if it was read by one array of row numbers."""
        if len(self.arrays) != 1 or self.index[0] != ARRAY or any(part is not Ellipsis for part in self.index[1:]):
            return None
        (numbers,) = self.arrays
        if numbers.dtype.kind not in "iu" or self.g.dtype.char not in "fd":
            return None
        rows = Rows(self.shape, self.g.dtype)
        rows.add(numbers.reshape(-1) % self.shape[0], self.g.reshape(-1, *self.shape[1:]).copy())
        return rows


class Rows(Lazy):
    """A gradient that is zero but for some rows: their numbers, which may repeat, and what to add to each."""

    __slots__ = ("dtype", "numbers", "shape", "values")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype
        self.numbers: list[Any] = []
        self.values: list[Any] = []

    def add(self, numbers: Any, values: Any) -> None:
        """Take in more rows: numbers (k,), values (k, ...)."""
        self.numbers.append(numbers)
        self.values.append(values)

    def joined(self, other: Rows) -> Rows:
        """The rows of both."""
        self.numbers += other.numbers
        self.values += other.values
        return self

    def scale(self, factor: float) -> None:
        """Multiply the gradient by a number."""
        self.values = [values * factor for values in self.values]

    def summed(self, sign: int = 1) -> tuple[Any, Any]:
        """The numbers, each once and in order, and the sum of what is to be added to each, or its negative."""
        numbers, places = np.unique(np.concatenate(self.numbers), return_inverse=True)
        values = np.zeros((len(numbers), *self.shape[1:]), self.dtype)
        add_rows(values, places, np.concatenate(self.values))
        return numbers, values if sign > 0 else -values

    def into(self, buffer: Any) -> Any:
        """Add the rows into the buffer."""
        if buffer is None:
            buffer = np.zeros(self.shape, self.dtype)
        for numbers, values in zip(self.numbers, self.values, strict=True):
            add_rows(buffer, numbers, values)
        return buffer


def _scatter(g: Any, *arrays: Any, index: Index, shape: tuple[int, ...]) -> Any:
    return Scatter(np.asarray(g), index, arrays, shape).into(None)


scatter = define(
    "scatter", _scatter, lambda g, arrays, *, index, shape: read(g, index, arrays), None,
    inputs="x *arrays", kind="index", linear=True,
    doc="Zeros of a shape, with x added at the places of an index; places that repeat add up.",
)  # fmt: skip


def _scatter_rule(g: Any, index: Index, arrays: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    if type(g) is Tensor:
        return scatter(g, *arrays, index=index, shape=shape)
    return Scatter(g, index, arrays, shape)


getitem = define(
    "getitem", lambda x, *, index: x[_template(index)],
    lambda g, x_shape, *, index: _scatter_rule(g, index, (), x_shape),
    kind="index", linear=True, symbol="[]", doc="Basic indexing `x[key]`: a view.",
)  # fmt: skip

gather = define(
    "gather", lambda x, *arrays, index: x[join_key(index, arrays)],
    lambda g, arrays, x_shape, *, index: _scatter_rule(g, index, arrays, x_shape), None,
    inputs="x *arrays", kind="index", linear=True, symbol="[]",
    doc="Advanced indexing `x[key]` with arrays of integers or booleans: a copy.",
)  # fmt: skip


def read(x: Any, index: Index, arrays: Any) -> Any:
    """Index by a key in split form."""
    return gather(x, *arrays, index=index) if len(arrays) else getitem(x, index=index)


def diagonal_places(shape: tuple[int, ...], offset: int) -> tuple[Any, Any]:
    """The row and the column of each element of a diagonal of matrices of this shape."""
    n, m = shape[-2:]
    first = np.arange(max(0, min(n + min(offset, 0), m - max(offset, 0))))
    return first - min(offset, 0), first + max(offset, 0)


def _diagonal(x: Any, *, offset: int, writeable: bool = False) -> Any:
    out = np.diagonal(x, offset, -2, -1)
    if writeable:
        out.flags.writeable = x.flags.writeable
    return out


def _on_diagonal(g: Any, x_shape: tuple[int, ...], *, offset: int) -> Any:
    return _scatter_rule(g, (Ellipsis, ARRAY, ARRAY), diagonal_places(x_shape, offset), x_shape)


diagonal = define(
    "matrix_diagonal", _diagonal, _on_diagonal, kind="index", linear=True,
    doc="The elements x[..., i, i + offset] of each matrix: a view, which may be written into if `writeable`.",
)  # fmt: skip

argwhere = define(
    "argwhere", lambda x: np.argwhere(x), doc="The places of the elements other than zero, a row for each; a constant."
)  # fmt: skip
