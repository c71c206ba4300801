"""Sequences of different lengths: padded to a common one, or packed without padding.

A packed sequence holds the rows of all sequences step by step: those of step 0, the longest sequence first, then
those of step 1 of the sequences that go on, and so on. `nn.RNN`, `nn.LSTM` and `nn.GRU` take it, and give one back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.numpy.arguments import array_of

from ..functional.recurrent import lengths_of

__all__ = [
    "PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence",
    "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class PackedSequence(NamedTuple):
    """Sequences without padding, as `pack_padded_sequence` makes them."""

    data: Any
    """The rows of all steps, (sum of lengths, ...)."""
    batch_sizes: Any
    """How many sequences have a step t."""
    sorted_indices: Any
    """Which sequence stands at each place of a step, the longest first; None if they came in that order."""
    unsorted_indices: Any
    """The place of each sequence."""

    def layout(self) -> tuple[Any, Any, Any]:
        """The step and the sequence of each row, and the sequences' lengths."""
        sizes = np.asarray(self.batch_sizes)
        steps = np.repeat(np.arange(len(sizes)), sizes)
        places = np.arange(len(steps)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        sequences = places if self.sorted_indices is None else np.asarray(self.sorted_indices)[places]
        return steps, sequences, np.bincount(sequences, minlength=sizes[0])


def _time_first(x: Any, batch_first: bool) -> Any:
    return anp.swapaxes(x, 0, 1) if batch_first else x


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences (length, ...) as one array (steps, batch, ...), or (batch, steps, ...) with `batch_first`.

    >>> pad_sequence([np.array([1, 2, 3]), np.array([4])], batch_first=True)
    array([[1, 2, 3],
           [4, 0, 0]])

    Raises ValueError for no sequences, or for rows of different shapes.
    """
    if padding_side not in ("left", "right"):
        raise ValueError(f'padding_side is "left" or "right", got {padding_side!r}')
    rows = _sequences("pad_sequence", sequences)
    steps = max(map(len, rows))
    padded = []
    for row in rows:
        missing = np.full((steps - len(row), *row.shape[1:]), padding_value, row.dtype)
        padded.append(anp.concatenate([row, missing] if padding_side == "right" else [missing, row]))
    return anp.stack(padded, axis=0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences that `pad_sequence` joined.

    >>> unpad_sequence(np.array([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    [array([1, 2, 3]), array([4])]
    """
    x = _time_first(array_of(padded_sequences), not batch_first)  # (batch, steps, ...)
    return [row[:n] for row, n in zip(x, lengths_of(lengths, *x.shape[:2]), strict=True)]


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave the padding out of (steps, batch, ...), or of (batch, steps, ...) with `batch_first`.

    Args:
        lengths: of the sequences, from 1 to the number of steps.
        enforce_sorted: whether they must come longest first; otherwise they are sorted here, and the layers and
            `pad_packed_sequence` give results in the order that stood before.

    >>> pack_padded_sequence(np.array([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True).data
    array([1, 4, 2, 3])

    Raises ValueError for lengths out of range or out of order.
    """
    x = _time_first(array_of(input), batch_first)
    if x.ndim < 2:
        raise ValueError(f"pack_padded_sequence takes (steps, batch, ...), got {describe(x)}")
    lengths = lengths_of(lengths, x.shape[1], len(x))
    falling = (lengths[:-1] >= lengths[1:]).all()
    if enforce_sorted and not falling:
        raise ValueError(f"lengths fall with enforce_sorted=True, got {lengths.tolist()}; pass enforce_sorted=False")
    order = None if enforce_sorted else np.argsort(-lengths, kind="stable")
    sizes = (np.arange(lengths.max())[:, None] < lengths).sum(1)
    packed = PackedSequence(None, sizes, order, None if order is None else np.argsort(order))
    steps, sequences, _ = packed.layout()
    return packed._replace(data=F.getitem(x, (steps, sequences)))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """The padded array (steps, batch, ...) of a packed sequence, and the lengths.

    Args:
        total_length: how many steps the result has, if more than the longest sequence.

    >>> pad_packed_sequence(pack_sequence([np.array([1, 2, 3]), np.array([4])]), batch_first=True)
    (array([[1, 2, 3],
           [4, 0, 0]]), array([3, 1]))

    Raises ValueError if `total_length` is less than the longest sequence, TypeError for what is not packed.
    """
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"pad_packed_sequence takes a PackedSequence, got {describe(sequence)}")
    steps, sequences, lengths = sequence.layout()
    total = len(sequence.batch_sizes) if total_length is None else total_length
    if total < len(sequence.batch_sizes):
        raise ValueError(
            f"total_length is {total_length}, and the longest sequence has {len(sequence.batch_sizes)} steps"
        )
    rows = np.full((total, len(lengths)), -1)
    rows[steps, sequences] = np.arange(len(steps))
    padded = F.getitem(sequence.data, rows)
    if (rows < 0).any():
        padded = anp.where((rows >= 0).reshape(rows.shape + (1,) * (padded.ndim - 2)), padded, padding_value)
        padded = anp.astype(padded, sequence.data.dtype)
    return _time_first(padded, batch_first), lengths


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (length, ...), longest first unless `enforce_sorted` is False.

    >>> pack_sequence([np.array([1, 2, 3]), np.array([4])]).batch_sizes
    array([2, 1, 1])
    """
    rows = _sequences("pack_sequence", sequences)
    return pack_padded_sequence(pad_sequence(rows), np.array([*map(len, rows)]), enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The sequences that were packed.

    >>> unpack_sequence(pack_sequence([np.array([1, 2, 3]), np.array([4])]))
    [array([1, 2, 3]), array([4])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


def _sequences(name: str, sequences: Sequence[Any]) -> list[Any]:
    rows = [array_of(row) for row in sequences]
    if not rows or len({row.shape[1:] for row in rows}) > 1 or min(row.ndim for row in rows) < 1:
        given = ", ".join(map(describe, rows)) or "none"
        raise ValueError(f"{name} takes one sequence (length, ...) at least, all with rows of one shape; got {given}")
    return rows
