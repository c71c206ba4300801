"""Batches of a data set, in order or shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor, constant
from nn.init import Randomness
from nn.module import check_sizes

from .dataset import TensorDataset


class DataLoader:
    """Go over a data set in batches; each `for` loop over it is one epoch.

    Args:
        dataset: a `TensorDataset`, or anything with `len()` and `[i]`: a list of pairs will do.
        batch_size: examples per batch.
        shuffle: whether each epoch has an order of its own.
        generator: draws the orders: the same seed gives the same ones, epoch by epoch.
        drop_last: leave out the last batch if it is not full.
        collate_fn: makes a batch from a list of examples; by default `collate`, which stacks them.

    Yields what the data set gives, with a batch axis in front, as Tensors.

    >>> loader = DataLoader(TensorDataset(np.arange(5)), batch_size=2)
    >>> [x.tolist() for (x,) in loader], len(loader)
    ([[0, 1], [2, 3], [4]], 3)

    Raises ValueError for a batch size below 1, TypeError for what is no data set.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        generator: Randomness = None,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                f"a data set has len() and [i], {type(dataset).__name__} has not. "
                "Make a list of it, or write nn.data.TensorDataset(x, y)."
            )
        check_sizes(batch_size=batch_size)
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.generator = None if generator is None else as_generator(generator)
        self.drop_last = drop_last
        self.collate_fn = collate_fn

    def __len__(self) -> int:
        n, size = len(self.dataset), self.batch_size
        return n // size if self.drop_last else -(-n // size)

    def __iter__(self) -> Iterator[Any]:
        n = len(self.dataset)
        order = as_generator(self.generator).permutation(n) if self.shuffle else np.arange(n)
        return (self._batch(order[i * self.batch_size :][: self.batch_size]) for i in range(len(self)))

    def _batch(self, indices: Any) -> Any:
        if isinstance(self.dataset, TensorDataset) and self.collate_fn is None:
            return self.dataset[indices]
        return (self.collate_fn or collate)([self.dataset[i] for i in indices.tolist()])


def collate(examples: Sequence[Any]) -> Any:
    """Join examples into one batch: numbers are stacked, tuples and dicts joined part by part.

    >>> x, label = collate([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    >>> label
    Tensor([0, 1])

    Strings and the like stay a list. Raises ValueError where the examples' shapes differ.
    """
    first = examples[0]
    if isinstance(first, Mapping):
        return {key: collate([example[key] for example in examples]) for key in first}
    if isinstance(first, tuple | list):
        if len({len(example) for example in examples}) > 1:
            raise ValueError(f"examples of one batch have {sorted({len(e) for e in examples})} parts")
        return tuple([collate(part) for part in zip(*examples, strict=True)])
    if not isinstance(first, Tensor | np.ndarray | np.generic | int | float | complex):
        return list(examples)
    arrays = [e.detach().value if type(e) is Tensor else np.asarray(e) for e in examples]
    if len({a.shape for a in arrays}) > 1:
        shapes = ", ".join(dict.fromkeys(describe(a) for a in arrays))
        raise ValueError(f"examples of one batch have one shape, got {shapes}. Pad or crop them, or pass a collate_fn.")
    return constant(np.stack(arrays))
