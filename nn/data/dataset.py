"""Data sets: anything with `len()` and `[i]` is one; these hold arrays, or parts of other data sets."""

from __future__ import annotations

import bisect
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor, constant
from nn.init import Randomness


class Dataset(ABC):
    """A class to derive data sets from; to have `len()` and `[i]` is enough.

    Two attributes are looked at where they are there: `batched`, that `dataset[indices]` gives a whole batch; and
    `name_of(i)`, what errors call example i, a file name for example.
    """

    batched = False

    @abstractmethod
    def __getitem__(self, index: Any) -> Any:
        """Return an example."""

    @abstractmethod
    def __len__(self) -> int:
        """How many examples there are."""

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])

    def name_of(self, index: int) -> str:
        """What errors call example `index`."""
        return f"example {index}"


def name_of(dataset: Any, index: Any) -> str:
    """What errors call an example of any data set."""
    named = getattr(dataset, "name_of", None)
    return str(named(int(index))) if named else f"example {index}"


class TensorDataset(Dataset):
    """Arrays that belong together along their first axis: images and labels, say.

    `dataset[i]` is a tuple of one Tensor each; i may be an int, a slice, a mask or indices.

    Args:
        transform: applied to what is taken from the first array, one example or a whole batch of them.

    >>> data = TensorDataset(np.zeros((4, 2)), np.arange(4))
    >>> len(data), [t.shape for t in data[np.array([0, 2])]]
    (4, [(2, 2), (2,)])

    Raises ValueError for arrays of different lengths, TypeError for scalars.
    """

    batched = True

    def __init__(self, *arrays: Any, transform: Callable[[Any], Any] | None = None) -> None:
        if not arrays:
            raise ValueError("TensorDataset needs one array at least")
        if len(arrays) == 1 and isinstance(arrays[0], tuple):
            raise TypeError("TensorDataset takes each array by itself: TensorDataset(x, y), not TensorDataset((x, y))")
        self.arrays = [a.detach().value if type(a) is Tensor else np.asarray(a) for a in arrays]
        self.transform = transform
        for a in self.arrays:
            if not np.shape(a):
                raise TypeError(f"TensorDataset holds arrays with a first axis, the examples; got {describe(a)}")
            if a.dtype.kind not in "biufc":
                raise TypeError(
                    f"TensorDataset holds numbers, got {describe(a)}. Names of classes become numbers by "
                    "names, y = np.unique(labels, return_inverse=True)"
                )
        if len({len(a) for a in self.arrays}) > 1:
            raise ValueError(
                "the arrays of a TensorDataset have equal lengths, one entry per example; got "
                + ", ".join(map(describe, self.arrays))
            )

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        parts = [a[index] for a in self.arrays]
        if self.transform is not None:
            parts[0] = self.transform(parts[0])
        return tuple([part if type(part) is Tensor else constant(part) for part in parts])


def as_indices(indices: Iterable[int]) -> Any:
    """The places of examples as an array. Raises TypeError for what is no integers in one axis."""
    array = np.asarray(indices if isinstance(indices, Sequence | np.ndarray) else list(indices))
    if not array.size:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"a subset is named by integers in one axis, got {describe(array)}. np.flatnonzero(mask) makes them of a "
            "mask"
        )
    return array


class Subset(Dataset):
    """Some examples of a data set, in the order of `indices`.

    >>> part = Subset(TensorDataset(np.arange(10)), [7, 3])
    >>> len(part), part[0][0].item()
    (2, 7)

    Raises IndexError for an index that the data set does not have.
    """

    def __init__(self, dataset: Any, indices: Iterable[int]) -> None:
        self.dataset, self.indices = dataset, as_indices(indices)
        n = len(dataset)
        wrong = self.indices[(self.indices < -n) | (self.indices >= n)]
        if wrong.size:
            raise IndexError(f"the data set has {n} examples, and there is no example {wrong[0]}")
        self.batched = bool(getattr(dataset, "batched", False))

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        where = self.indices[index]
        if self.batched or not where.ndim:
            return self.dataset[where if self.batched else where.item()]
        return [self.dataset[i] for i in where.tolist()]

    def name_of(self, index: int) -> str:
        """What the data set calls it."""
        return name_of(self.dataset, self.indices[index])


class ConcatDataset(Dataset):
    """Data sets one after the other; `a + b` is one of two.

    >>> both = TensorDataset(np.arange(3)) + TensorDataset(np.arange(10, 12))
    >>> len(both), both[-1][0].item()
    (5, 11)
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        if isinstance(datasets, Dataset):
            raise TypeError("ConcatDataset takes a list of data sets, got a single one: write ConcatDataset([a, b])")
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs one data set at least")
        self.cumulative_sizes = np.cumsum([len(d) for d in self.datasets]).tolist()

    def __len__(self) -> int:
        return int(self.cumulative_sizes[-1])

    def _place(self, index: int) -> tuple[Any, int]:
        i = operator.index(index)
        i += len(self) * (i < 0)
        if not 0 <= i < len(self):
            raise IndexError(f"there are {len(self)} examples in all, and no example {index}")
        which = bisect.bisect_right(self.cumulative_sizes, i)
        return self.datasets[which], i - (self.cumulative_sizes[which - 1] if which else 0)

    def __getitem__(self, index: int) -> Any:
        dataset, i = self._place(index)
        return dataset[i]

    def name_of(self, index: int) -> str:
        """What the data set that it comes from calls it."""
        return name_of(*self._place(index))


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Randomness = None, stratify: Any = None
) -> list[Subset]:
    """Split a data set at random into parts that share no example.

    Args:
        lengths: numbers of examples, which make all of them, or shares, which make 1.
        stratify: the class of each example: each part then has each class in its share of the whole.

    >>> train, test = random_split(TensorDataset(np.arange(10)), [0.8, 0.2], generator=0)
    >>> len(train), len(test), sorted([*train.indices, *test.indices]) == list(range(10))
    (8, 2, True)

    Raises ValueError for lengths that do not make the whole.
    """
    n = len(dataset)
    sizes = _sizes(lengths, n)
    rng = as_generator(generator).numpy()
    if stratify is None:
        order = rng.permutation(n)
        parts = np.split(order, np.cumsum(sizes)[:-1])
    else:
        labels = np.asarray(stratify)
        if labels.shape != (n,):
            raise ValueError(f"stratify= gives the class of each of the {n} examples, got {describe(labels)}")
        order = spread(labels, rng)  # any stretch of it has the classes in their shares
        parts = [rng.permutation(part) for part in np.split(order, np.cumsum(sizes)[:-1])]
    return [Subset(dataset, part) for part in parts]


def _sizes(lengths: Sequence[float], n: int) -> list[int]:
    if not isinstance(lengths, Sequence | np.ndarray):
        raise TypeError(f"lengths are a list, of each part's share or number: [0.8, 0.2]; got {lengths!r}")
    if any(not length >= 0 for length in lengths):
        raise ValueError(f"lengths are not negative, got {list(lengths)}")
    if all(isinstance(length, int | np.integer) for length in lengths) and sum(lengths) == n:
        return [int(length) for length in lengths]
    if abs(sum(lengths) - 1) > 1e-6:
        raise ValueError(
            f"lengths make all {n} examples, or shares that make 1; got {list(lengths)}, which make {sum(lengths):g}"
        )
    sizes = [int(n * length + 1e-9) for length in lengths]
    for i in range(n - sum(sizes)):
        sizes[i % len(sizes)] += 1
    return sizes


def spread(labels: Any, rng: np.random.Generator) -> Any:
    """An order of all examples such that each stretch of it has the classes in their shares of the whole."""
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    shuffled = rng.permutation(len(classes))
    by_class = shuffled[np.argsort(classes[shuffled], kind="stable")]
    starts = np.cumsum(counts) - counts
    sorted_classes = classes[by_class]
    rank = np.arange(len(classes)) - starts[sorted_classes]
    place = (rank + rng.random(len(counts))[sorted_classes]) / counts[sorted_classes]
    return by_class[np.argsort(place, kind="stable")]
