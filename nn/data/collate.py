"""Making one batch of several examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from numbers import Real
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor, constant

NUMBERS = Tensor | np.ndarray | np.generic | int | float | complex


def collate(examples: Sequence[Any]) -> Any:
    """Join examples into one batch: numbers are stacked, tuples and dicts joined part by part.

    >>> x, label = collate([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    >>> label
    Tensor([0, 1])

    Named tuples stay named tuples; strings and the like stay a list. Raises ValueError where the examples' shapes
    differ, TypeError where one is a number and another is none.
    """
    return _join(examples, _stack)


def pad_collate(examples: Sequence[Any], value: float = 0, lengths: bool = False) -> Any:
    """Join examples as `collate` does, with arrays of different sizes padded at their ends to the largest.

    Args:
        value: what they are padded with.
        lengths: give `(batch, lengths)` in place of each batch of arrays with axes, by the first axis.

    >>> words, lengths = pad_collate([np.array([1, 2, 3]), np.array([4])], lengths=True)
    >>> words.tolist(), lengths.tolist()
    ([[1, 2, 3], [4, 0, 0]], [3, 1])

    With other values: `functools.partial(pad_collate, value=-1)`. Raises ValueError where numbers of axes differ.
    """

    def pad(arrays: list[Any]) -> Any:
        if len({a.ndim for a in arrays}) > 1:
            raise ValueError(f"examples of one batch have as many axes, got {_kinds(arrays)}")
        if not arrays[0].ndim:
            return _stack(arrays)
        shape = np.max([a.shape for a in arrays], axis=0)
        dtype = np.result_type(*arrays)
        batch = np.full((len(arrays), *shape), fitting(value, dtype), dtype)
        for row, a in zip(batch, arrays, strict=True):
            row[tuple(map(slice, a.shape))] = a
        return (constant(batch), constant(np.array([len(a) for a in arrays]))) if lengths else constant(batch)

    return _join(examples, pad)


def _join(examples: Sequence[Any], stack: Callable[[list[Any]], Any]) -> Any:
    first = examples[0]
    if len(types := set(map(type, examples))) > 1 and len(set(map(_sort, examples))) > 1:
        raise TypeError(f"examples of one batch are of one sort, got {', '.join(sorted(t.__name__ for t in types))}")
    if isinstance(first, Mapping):
        for example in examples:
            if example.keys() != first.keys():
                raise ValueError(f"examples of one batch have the same keys, got {list(first)} and {list(example)}")
        return {key: _join([example[key] for example in examples], stack) for key in first}
    if isinstance(first, tuple | list):
        if len({len(example) for example in examples}) > 1:
            raise ValueError(
                f"examples of one batch have {sorted({len(e) for e in examples})} parts. Lists and tuples are joined "
                "part by part; a sequence of numbers is an array: np.array([3, 1, 2])"
            )
        parts = [_join(part, stack) for part in zip(*examples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    if not isinstance(first, NUMBERS):
        return list(examples)
    arrays = [e.detach().value if type(e) is Tensor else np.asarray(e) for e in examples]
    return stack(arrays) if all(a.dtype.kind in "biufc" for a in arrays) else list(examples)


def _sort(example: Any) -> Any:
    """What is joined in one way."""
    return next((sort for sort in (Mapping, tuple | list, NUMBERS) if isinstance(example, sort)), None)


def _stack(arrays: list[Any]) -> Tensor:
    if len({a.shape for a in arrays}) > 1:
        raise ValueError(
            f"examples of one batch have one shape, got {_kinds(arrays)}. Pad or crop them, or pass a collate_fn. "
            "Images are resized by nn.data.transforms.Resize, sequences padded by collate_fn=nn.data.pad_collate."
        )
    return constant(np.stack(arrays))


def fitting(value: Any, dtype: Any) -> Any:
    """A number as a dtype has it. Raises ValueError for one that the dtype has not."""
    if isinstance(value, Real):
        with suppress(OverflowError, ValueError):  # -1 as uint8, NaN as int64
            found = dtype.type(value)
            if dtype.kind in "fc" or found == value:
                return found
    raise ValueError(f"{value!r} is no number of {dtype.name}: take another, or make the arrays floating")


def _kinds(arrays: list[Any]) -> str:
    kinds = list(dict.fromkeys(describe(a) for a in arrays))
    return ", ".join(kinds[:5]) + (f" and {len(kinds) - 5} more" if len(kinds) > 5 else "")
