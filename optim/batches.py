"""Batches: what a `Trainer` goes over, and what they consist of."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor
from nn.data import BatchSampler, DataLoader, Dataset, Sampler

__all__ = ["apart", "check_batches", "check_order", "length", "split"]

_ARRAYS = Tensor | np.ndarray


def check_batches(data: Any) -> None:
    """Raise TypeError for examples that are not in batches: iterated, each would pass for a batch."""
    arrays = isinstance(data, _ARRAYS) or (
        isinstance(data, tuple) and bool(data) and all(isinstance(part, _ARRAYS) for part in data)
    )
    if arrays or isinstance(data, Dataset | Mapping | str) or not isinstance(data, Iterable):
        raise TypeError(
            "a Trainer goes over batches: a DataLoader(dataset, batch_size=32), which for arrays is "
            f"DataLoader(TensorDataset(x, y), batch_size=32), or a list of batches; got {describe(data)}"
        )


def check_order(data: Any) -> None:
    """Raise ValueError for a loader whose order is drawn anew each time: nobody would know what came from what."""
    sampler = getattr(data, "batch_sampler", None) or getattr(data, "sampler", None)
    while isinstance(sampler, BatchSampler):
        sampler = sampler.sampler
    if isinstance(sampler, Sampler) and type(sampler).order is not Sampler.order:
        raise ValueError(
            "this loader draws its order anew each time, so that nobody would know which output belongs to which "
            "example: give predict an array, or a DataLoader without shuffle and random samplers"
        )


def apart(data: Any) -> Any:
    """The same batches, gone over without moving the place of a loop over the loader that is under way."""
    return copy.copy(data) if isinstance(data, DataLoader) else data


def split(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """Inputs and target.

    >>> split((1, 2, 3)), split([4])
    (((1, 2), 3), ((4,), 4))
    """
    if isinstance(batch, Mapping):
        raise TypeError("a batch is a dict: say by Trainer(..., compute=f) what its loss is")
    if not isinstance(batch, tuple | list):
        return (batch,), batch
    return (tuple(batch[:-1]), batch[-1]) if len(batch) > 1 else ((batch[0],), batch[0])


def length(batch: Any) -> int:
    """How many examples a batch has: the length of its first array.

    >>> length({"names": ["a", "b"], "x": np.zeros((2, 5))}), length(3.0)
    (2, 1)
    """
    return next(_lengths(batch), 1)


def _lengths(batch: Any) -> Iterator[int]:
    if isinstance(batch, tuple | list | Mapping):
        for part in batch.values() if isinstance(batch, Mapping) else batch:
            yield from _lengths(part)
    elif getattr(batch, "shape", ()):
        yield int(batch.shape[0])
