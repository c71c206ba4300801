"""Figures of merit, added up batch by batch: each batch is looked at once and forgotten.

>>> accuracy = Accuracy()
>>> accuracy.update(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0]))
>>> accuracy.update(np.array([[5.0, 1.0]]), np.array([0]))
>>> round(accuracy.compute(), 3)
0.667
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor

__all__ = [
    "Accuracy", "ConfusionMatrix", "F1", "MAE", "MSE", "Metric", "PSNR", "Perplexity", "Precision", "R2", "Recall",
    "TopK", "named",
]  # fmt: skip

Average = Literal["macro", "micro", "weighted", "binary"] | None


class Metric(ABC):
    """What is added up lies in `sums`, numbers and arrays by name: `reset` empties it, `update` adds a batch.

    A subclass writes `add(output, target)`, which gets arrays and changes `sums`, and `compute()`. `best` says
    whether more is better ("max") or less ("min").
    """

    best = "max"

    def __init__(self) -> None:
        self.sums: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """What a record calls it."""
        return type(self).__name__.lower()

    def reset(self) -> None:
        """Forget all batches."""
        self.sums = {}

    def update(self, output: Any, target: Any) -> None:
        """Take in a batch: what the model gave, and what would have been right."""
        self.add(_array(output), _array(target))

    @abstractmethod
    def add(self, output: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> None:
        """Take in a batch of arrays."""

    @abstractmethod
    def compute(self) -> Any:
        """The figure for all batches since `reset`; NaN if there were none."""

    def _sum(self, **parts: Any) -> None:
        for name, part in parts.items():
            self.sums[name] = self.sums.get(name, 0) + part

    def _mean(self, name: str) -> float:
        return float(self.sums[name] / self.sums["count"]) if self.sums.get("count") else math.nan

    def state_dict(self) -> dict[str, Any]:
        """What was added up so far, copied."""
        return {name: np.array(value)[()] for name, value in self.sums.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.sums = {name: np.array(value)[()] for name, value in state.items()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


# -- classes ------------------------------------------------------------------------------------------


class _OfClasses(Metric):
    """A metric of scores and class numbers.

    Args:
        axis: where the scores of the classes are: (n, classes, ...) and targets (n, ...) unless given; -1 for language
            models, whose scores are (n, length, classes). Outputs of the targets' shape, or (n, 1), are the scores of
            one class against the other: class 1 above the threshold.
        threshold: 0 for such scores before a sigmoid, 0.5 for probabilities.
        ignore_index: targets that do not count.

    Raises ValueError for class numbers that there are not, and for scores that are NaN and name no class.
    """

    classes: int | None = None

    def __init__(self, axis: int = 1, threshold: float = 0.0, ignore_index: int | None = -100) -> None:
        super().__init__()
        self.axis, self.threshold, self.ignore_index = axis, threshold, ignore_index

    def _rows(self, output: Any, target: Any) -> tuple[Any, Any]:
        """Scores (n, classes) or (n,), and class numbers (n,), of what counts."""
        if output.ndim == 2 and output.shape[1] == 1 and target.size == len(output):
            output, target = output[:, 0], target.reshape(-1)
        if target.dtype.kind not in "iub":
            if not (np.isfinite(target) & (target == np.rint(target))).all():
                raise TypeError(f"{type(self).__name__} takes class numbers for targets, got {describe(target)}")
            target = target.astype(int)
        if output.shape != target.shape:
            axis = self.axis + output.ndim * (self.axis < 0)
            if output.ndim != target.ndim + 1 or output.shape[:axis] + output.shape[axis + 1 :] != target.shape:
                raise ValueError(
                    f"{type(self).__name__} takes scores with the classes on axis {self.axis} and class numbers, got "
                    f"{describe(output)} and {describe(target)}. Say where the classes are: "
                    f"{type(self).__name__}(axis=-1)"
                )
            output = np.moveaxis(output, axis, -1).reshape(target.size, output.shape[axis])
        else:
            output = output.reshape(-1)
        target = target.reshape(-1)
        if self.ignore_index is not None and (target == self.ignore_index).any():
            counts = target != self.ignore_index
            output, target = output[counts], target[counts]
        size = self._size(output)
        if target.size and not 0 <= target.min() <= target.max() < size:
            raise ValueError(f"class numbers lie in [0, {size}), got {target.min()} to {target.max()}")
        if output.size and np.isnan(output.max()):
            raise ValueError(f"{type(self).__name__} takes scores, and of {len(output)} examples some have NaN")
        return output, target

    def _size(self, scores: Any) -> int:
        return max(2 if scores.ndim == 1 else scores.shape[1], self.classes or 0)

    def _classes(self, output: Any, target: Any) -> tuple[Any, Any]:
        """The class that was named, and the right one."""
        output, target = self._rows(output, target)
        return self._named(output), target

    def _named(self, scores: Any) -> Any:
        return (scores > self.threshold).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)


class Accuracy(_OfClasses):
    """The share of examples whose class has the highest score."""

    def add(self, output: Any, target: Any) -> None:
        found, target = self._classes(output, target)
        self._sum(right=np.count_nonzero(found == target), count=target.size)

    def compute(self) -> float:
        return self._mean("right")


class TopK(_OfClasses):
    """The share of examples whose class is among the k with the highest scores; of equal scores the last classes win.

    >>> metric = TopK(2)
    >>> metric.update(np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]), np.array([1, 2]))
    >>> metric.compute()
    0.5
    """

    def __init__(self, k: int = 5, axis: int = 1, ignore_index: int | None = -100) -> None:
        super().__init__(axis, ignore_index=ignore_index)
        if k < 1:
            raise ValueError(f"k is 1 or more, got {k}")
        self.k = k

    @property
    def name(self) -> str:
        return f"top{self.k}"

    def add(self, output: Any, target: Any) -> None:
        output, target = self._rows(output, target)
        if output.ndim == 1:
            raise ValueError(f"TopK needs a score for each class, got {describe(output)}")
        best = np.argsort(output, axis=1, kind="stable")[:, -self.k :]
        self._sum(right=np.count_nonzero((best == target[:, None]).any(axis=1)), count=target.size)

    def compute(self) -> float:
        return self._mean("right")


class ConfusionMatrix(_OfClasses):
    """How often class i (row) was taken for class j (column).

    Args:
        classes: how many there are; otherwise as many as have been seen.

    >>> metric = ConfusionMatrix()
    >>> metric.update(np.array([[2.0, 1.0], [0.0, 3.0], [5.0, 1.0]]), np.array([0, 0, 0]))
    >>> metric.compute().tolist()
    [[2, 1], [0, 0]]
    """

    def __init__(
        self, classes: int | None = None, axis: int = 1, threshold: float = 0.0, ignore_index: int | None = -100
    ) -> None:
        super().__init__(axis, threshold, ignore_index)
        self.classes = classes

    def add(self, output: Any, target: Any) -> None:
        scores, target = self._rows(output, target)
        found, size = self._named(scores), self._size(scores)
        self._sum(counts=np.bincount(target * size + found, minlength=size * size).reshape(size, size))

    def matrix(self) -> np.ndarray[Any, Any]:
        """The counts."""
        return np.asarray(self.sums.get("counts", np.zeros((self.classes or 0,) * 2, int)))

    def compute(self) -> Any:
        return self.matrix()


class _Averaged(ConfusionMatrix):
    """A figure of each class, and their average.

    Args:
        average: "macro" is the mean over the classes that occur, "weighted" that by their examples, "micro" counts all
            classes together, "binary" is that of class 1, None is the figure of each class. What divides by 0 is 0.
    """

    def __init__(
        self, average: Average = "macro", axis: int = 1, threshold: float = 0.0, ignore_index: int | None = -100
    ) -> None:
        super().__init__(None, axis, threshold, ignore_index)
        if average not in ("macro", "micro", "weighted", "binary", None):
            raise ValueError(f'average is "macro", "micro", "weighted", "binary" or None, got {average!r}')
        self.average = average

    @abstractmethod
    def figure(self, right: Any, found: Any, true: Any) -> Any:
        """Of how often a class was named rightly, was named, and was there."""

    def compute(self) -> Any:
        counts = self.matrix()
        if not counts.sum():
            return math.nan
        right, found, true = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
        if self.average == "micro":
            return float(self.figure(right.sum(), found.sum(), true.sum()))
        figures = self.figure(right, found, true)
        if self.average is None:
            return figures
        if self.average == "binary":
            if len(figures) != 2:
                raise ValueError(f'average="binary" is of two classes, and there are {len(figures)}')
            return float(figures[1])
        weights = true if self.average == "weighted" else found + true > 0
        return float(np.average(figures, weights=weights))


class Precision(_Averaged):
    """Of what was taken for a class, the share that is of it."""

    def figure(self, right: Any, found: Any, true: Any) -> Any:
        return _ratio(right, found)


class Recall(_Averaged):
    """Of what is of a class, the share that was taken for it."""

    def figure(self, right: Any, found: Any, true: Any) -> Any:
        return _ratio(right, true)


class F1(_Averaged):
    """The harmonic mean of precision and recall, `2 right / (found + true)`."""

    def figure(self, right: Any, found: Any, true: Any) -> Any:
        return _ratio(2 * right, found + true)


class Perplexity(_OfClasses):
    """`exp` of the mean of `-log p(target)`: among how many equally likely classes the model still hesitates.

    Outputs are scores before a softmax. `axis` is -1 unless given: (n, length, classes).
    """

    best = "min"

    def __init__(self, axis: int = -1, ignore_index: int | None = -100) -> None:
        super().__init__(axis, ignore_index=ignore_index)

    def add(self, output: Any, target: Any) -> None:
        output, target = self._rows(output, target)
        scores = output.astype(float)
        if scores.ndim == 1:
            raise ValueError(f"Perplexity needs a score for each class, got {describe(output)}")
        with np.errstate(invalid="ignore"):  # a score may be infinite
            scores -= scores.max(axis=1, keepdims=True)
            log_p = scores[np.arange(len(scores)), target] - np.log(np.exp(scores).sum(axis=1))
        self._sum(bits=-log_p.sum(), count=target.size)

    def compute(self) -> float:
        with np.errstate(over="ignore"):
            return float(np.exp(self._mean("bits")))


# -- numbers ------------------------------------------------------------------------------------------


class _OfNumbers(Metric):
    best = "min"

    def add(self, output: Any, target: Any) -> None:
        if output.shape != target.shape:
            if output.size != target.size or output.squeeze().shape != target.squeeze().shape:
                raise ValueError(
                    f"{type(self).__name__} compares equal shapes, got {describe(output)} and {describe(target)}"
                )
            output = output.reshape(target.shape)
        if "c" in (output.dtype.kind, target.dtype.kind):
            raise TypeError(
                f"{type(self).__name__} compares real numbers, got {describe(output)} and {describe(target)}"
            )
        self.add_numbers(output.astype(float), target.astype(float))

    @abstractmethod
    def add_numbers(self, output: Any, target: Any) -> None:
        """Take in a batch of float64 arrays of one shape."""


class MSE(_OfNumbers):
    """The mean of squared errors."""

    def add_numbers(self, output: Any, target: Any) -> None:
        self._sum(error=((output - target) ** 2).sum(), count=target.size)

    def compute(self) -> float:
        return self._mean("error")


class MAE(_OfNumbers):
    """The mean of absolute errors."""

    def add_numbers(self, output: Any, target: Any) -> None:
        self._sum(error=np.abs(output - target).sum(), count=target.size)

    def compute(self) -> float:
        return self._mean("error")


class PSNR(MSE):
    """The peak signal-to-noise ratio in decibels, `10 log10(peak^2 / mean squared error)`.

    Args:
        peak: the range of the values: 1 for images in [0, 1], 255 for bytes.
    """

    best = "max"

    def __init__(self, peak: float = 1.0) -> None:
        super().__init__()
        self.peak = peak

    def compute(self) -> float:
        error = super().compute()
        return math.inf if error == 0 else 10 * math.log10(self.peak**2 / error) if error > 0 else math.nan


class R2(_OfNumbers):
    """The share of the variance that is explained, `1 - sum (y - f)^2 / sum (y - mean y)^2`; the mean over columns.

    A constant column has 1 if it is met exactly, otherwise 0.
    """

    best = "max"

    def add_numbers(self, output: Any, target: Any) -> None:
        if not target.size:
            return
        target, output = (a.reshape(len(a), -1) if a.ndim else a.reshape(1, 1) for a in (target, output))
        n, mean = len(target), target.mean(axis=0)
        before = self.sums.get("count", 0)
        shift = mean - self.sums.get("mean", 0.0)  # two parts' sums of squares about their own means become one
        spread = ((target - mean) ** 2).sum(axis=0) + shift**2 * (before * n / (before + n))
        self._sum(error=((target - output) ** 2).sum(axis=0), spread=spread, mean=shift * (n / (before + n)), count=n)

    def compute(self) -> float:
        if self.sums.get("count", 0) < 2:
            return math.nan
        error, spread = self.sums["error"], self.sums["spread"]
        constant = np.where(error == 0, 1.0, 0.0)
        figures = np.where(spread > 0, 1 - error / np.where(spread > 0, spread, 1), constant)
        return float(figures.mean())


# -- helpers ------------------------------------------------------------------------------------------


def named(metrics: Any) -> dict[str, Metric]:
    """Metrics by name, of a dict, a list, or one.

    >>> list(named([Accuracy(), TopK(3)]))
    ['accuracy', 'top3']
    """
    if metrics is None:
        return {}
    if isinstance(metrics, Metric):
        metrics = [metrics]
    pairs = list(metrics.items()) if isinstance(metrics, Mapping) else [(getattr(m, "name", m), m) for m in metrics]
    for name, metric in pairs:
        if not isinstance(metric, Metric):
            hint = f": write {metric.__name__}()" if isinstance(metric, type) else ""
            raise TypeError(f"metrics are objects such as optim.metrics.Accuracy(), got {metric!r}{hint}")
        if name == "loss" or name.startswith("val_") or [n for n, _ in pairs].count(name) > 1:
            raise ValueError(f"two figures would have the name {name!r}: give metrics as a dict, under other names")
    return dict(pairs)


def _array(x: Any) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(x.detach().value if type(x) is Tensor else x)
    except ValueError:  # a tuple of arrays of several shapes
        array = np.asarray(None)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"metrics compare two arrays of numbers, got {describe(x)}: Trainer(..., compute=f) says what is compared, "
            "by f(model, batch) that returns (loss, output, target)"
        )
    return array


def _ratio(a: Any, b: Any) -> Any:
    return np.where(b > 0, a / np.where(b > 0, b, 1), 0.0)
