"""Samplers: the order in which a loader takes the examples of an epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sized
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from autodiff.errors import describe
from autodiff.random import as_generator, philox
from nn.init import Randomness
from nn.module import check_sizes

from .dataset import as_indices, spread

Draw: TypeAlias = "tuple[int, int] | None"
"""The draw of a stream that decides an epoch's order; None where nothing is drawn."""


class Sampler:
    """A class to derive samplers from: `__iter__` gives the indices of an epoch, `__len__` how many.

    One that draws has `order(rng)` instead of `__iter__`: a loader can then go on in the middle of an epoch.

    >>> class Backwards(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(range(len(self.data) - 1, -1, -1))
    ...     def __len__(self):
    ...         return len(self.data)
    >>> list(Backwards("abc"))
    [2, 1, 0]
    """

    generator: Any = None

    def order(self, rng: np.random.Generator) -> Iterable[Any]:
        """The indices of an epoch, all drawn from `rng`."""
        raise NotImplementedError(f"{type(self).__name__} needs __iter__(self), or order(self, rng)")

    def __iter__(self) -> Iterator[Any]:
        order = begin(self)[1]
        return iter(order.tolist() if isinstance(order, np.ndarray) else order)

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs __len__(self), the number of indices of an epoch")


def begin(sampler: Any, draw: Draw = None, generator: Any = None) -> tuple[Draw, Iterable[Any]]:
    """Begin an epoch, or again the one of an earlier draw: the draw, and the indices.

    A sampler that has no stream of its own draws from `generator`.
    """
    if isinstance(sampler, BatchSampler):
        draw, order = begin(sampler.sampler, draw, generator)
        return draw, _batches(order, sampler.batch_size, sampler.drop_last)
    if isinstance(sampler, Sampler) and type(sampler).__iter__ is Sampler.__iter__:
        stream = as_generator(generator if sampler.generator is None else sampler.generator)
        pair = stream.next_draw() if draw is None else draw
        return pair, sampler.order(philox(*pair))
    return None, sampler


def _batches(order: Iterable[Any], size: int, drop_last: bool) -> Iterator[Any]:
    if isinstance(order, np.ndarray):
        full = len(order) // size * size
        return (order[i : i + size] for i in range(0, full if drop_last else len(order), size))
    return _batches_of(iter(order), size, drop_last)


def _batches_of(order: Iterator[Any], size: int, drop_last: bool) -> Iterator[Any]:
    while batch := list(islice(order, size)):
        if len(batch) == size or not drop_last:
            yield batch


class SequentialSampler(Sampler):
    """All examples in their order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All examples in an order drawn anew each epoch, or examples drawn with replacement.

    >>> sorted(RandomSampler(range(4), generator=0)), len(list(RandomSampler("ab", replacement=True, num_samples=5)))
    ([0, 1, 2, 3], 5)

    Raises ValueError for `num_samples` below 1, or an empty data set.
    """

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None,
        generator: Randomness = None,
    ) -> None:  # fmt: skip
        if num_samples is not None:
            check_sizes(num_samples=num_samples)
        self.data_source, self.replacement = data_source, replacement
        self._num_samples = num_samples
        self.generator = None if generator is None else as_generator(generator)

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def order(self, rng: np.random.Generator) -> Any:
        """The indices of an epoch."""
        n, wanted = len(self.data_source), self.num_samples
        if not n and wanted:
            raise ValueError(f"{wanted} examples cannot be drawn from an empty data set")
        if self.replacement:
            return rng.integers(n, size=wanted) if n else np.arange(0)
        if wanted <= n:
            return rng.permutation(n)[:wanted]
        return np.concatenate([rng.permutation(n) for _ in range(-(-wanted // n))])[:wanted]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The examples of these indices, in an order drawn anew each epoch."""

    def __init__(self, indices: Any, generator: Randomness = None) -> None:
        self.indices = as_indices(indices)
        self.generator = None if generator is None else as_generator(generator)

    def order(self, rng: np.random.Generator) -> Any:
        """The indices of an epoch."""
        return rng.permutation(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Examples drawn with probabilities in proportion to `weights`: rare classes as often as others, say.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], num_samples=3))
    [1, 1, 1]

    Raises ValueError for weights that are negative or not finite, or too few above 0 to draw without replacement.
    """

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Randomness = None) -> None:
        self.weights = np.asarray(weights, dtype=np.float64)
        check_sizes(num_samples=num_samples)
        if self.weights.ndim != 1:
            raise ValueError(f"weights have one axis, the examples; got {describe(self.weights)}")
        wrong = np.flatnonzero(~((self.weights >= 0) & np.isfinite(self.weights)))
        if wrong.size:
            raise ValueError(f"weights are finite and not negative; weight {wrong[0]} is {self.weights[wrong[0]]}")
        positive = np.count_nonzero(self.weights)
        if not positive or (not replacement and positive < num_samples):
            raise ValueError(
                f"{num_samples} examples cannot be drawn{'' if replacement else ' without replacement'}: "
                f"{positive} of {len(self.weights)} weights are above 0"
            )
        self.num_samples, self.replacement = num_samples, replacement
        self.generator = None if generator is None else as_generator(generator)

    def order(self, rng: np.random.Generator) -> Any:
        """The indices of an epoch."""
        p = self.weights / self.weights.max()
        return rng.choice(len(p), self.num_samples, self.replacement, p / p.sum())

    def __len__(self) -> int:
        return self.num_samples


class StratifiedSampler(Sampler):
    """All examples in an order drawn anew each epoch in which any batch has the classes in their shares of the whole.

    Args:
        labels: the class of each example.

    >>> labels = np.array([0] * 6 + [1] * 3)
    >>> [labels[batch].tolist().count(1) for batch in BatchSampler(StratifiedSampler(labels, generator=0), 3)]
    [1, 1, 1]
    """

    def __init__(self, labels: Any, generator: Randomness = None) -> None:
        self.labels = np.asarray(labels)
        if self.labels.ndim != 1:
            raise ValueError(f"labels have one axis, the examples; got {describe(self.labels)}")
        self.generator = None if generator is None else as_generator(generator)

    def order(self, rng: np.random.Generator) -> Any:
        """The indices of an epoch."""
        return spread(self.labels, rng)

    def __len__(self) -> int:
        return len(self.labels)


class BatchSampler(Sampler):
    """Batches of the indices that a sampler gives.

    >>> list(BatchSampler(SequentialSampler("abcde"), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]

    Raises ValueError for a batch size below 1.
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool = False) -> None:
        check_sizes(batch_size=batch_size)
        self.sampler, self.batch_size, self.drop_last = sampler, int(batch_size), drop_last

    def __iter__(self) -> Iterator[list[int]]:
        return (np.asarray(batch).tolist() for batch in begin(self)[1])

    def __len__(self) -> int:
        n = len(self.sampler)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


class BucketBatchSampler(Sampler):
    """Batches of examples of about one length, so that little is padded.

    Examples are shuffled, cut into pools of `pool` batches, sorted by length inside of each, cut into batches, and
    the batches shuffled.

    Args:
        lengths: the length of each example.
        shuffle: if not, all examples are sorted by length, and nothing is drawn.

    >>> sampler = BucketBatchSampler([9, 1, 8, 2], batch_size=2, generator=0)
    >>> sorted(sorted(batch) for batch in sampler)
    [[0, 2], [1, 3]]
    """

    def __init__(
        self, lengths: Any, batch_size: int, shuffle: bool = True, drop_last: bool = False, pool: int = 100,
        generator: Randomness = None,
    ) -> None:  # fmt: skip
        check_sizes(batch_size=batch_size, pool=pool)
        self.lengths = np.asarray(lengths)
        if self.lengths.ndim != 1 or self.lengths.dtype.kind not in "iuf":
            raise ValueError(f"lengths are numbers in one axis, the examples; got {describe(self.lengths)}")
        self.batch_size, self.shuffle, self.drop_last, self.pool = int(batch_size), shuffle, drop_last, int(pool)
        self.generator = None if generator is None else as_generator(generator)

    def order(self, rng: np.random.Generator) -> list[list[int]]:
        """The batches of an epoch."""
        n = len(self.lengths)
        size = self.pool * self.batch_size if self.shuffle else max(n, 1)
        shuffled = rng.permutation(n) if self.shuffle else np.arange(n)
        pools = [shuffled[i : i + size] for i in range(0, n, size)]
        ordered = [p[np.argsort(self.lengths[p], kind="stable")] for p in pools]
        batches = [b.tolist() for p in ordered for b in _batches(p, self.batch_size, self.drop_last)]
        return [batches[i] for i in rng.permutation(len(batches))] if self.shuffle else batches

    def __len__(self) -> int:
        n, size = len(self.lengths), self.batch_size
        whole, rest = divmod(n, self.pool * size) if self.shuffle else (0, n)
        return whole * self.pool + (rest // size if self.drop_last else math.ceil(rest / size))
