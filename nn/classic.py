"""The first neurons that learned, with the rules they learned by: no gradient passes through any graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.numpy import matmul

from . import functional as F
from .functional.arguments import cast
from .init import fill_
from .module import Module, Parameter, check_sizes

__all__ = ["Adaline", "Perceptron"]


class _Neuron(Module):
    """A weight for each input and a bias, zeros at first, corrected after each example."""

    targets: tuple[float, float]
    """What an example of the one class and of the other should give."""

    def __init__(self, nin: int, dtype: Any = None) -> None:
        check_sizes(nin=nin)
        dtype = dtype or default_dtype()
        self.weight, self.bias = Parameter(np.zeros(nin, dtype)), Parameter(np.zeros((), dtype))

    def _sum(self, x: Any) -> Any:
        """`x . weight + bias`."""
        return matmul(cast(x, self.weight), self.weight) + self.bias

    def extra_repr(self) -> str:
        return f"{self.weight.size}"

    def _output(self, total: float) -> float:
        """What the rule compares with the target: the weighted sum, or what a neuron makes of it."""
        return total

    def _learn(self, x: Any, y: Any, lr: float) -> list[float]:
        """Show each example once: `w += lr (y - output) x`, `b += lr (y - output)`; returns the errors `y - output`."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        if x.ndim != 2 or x.shape[1] != self.weight.size or y.shape != x.shape[:1]:
            raise ValueError(
                f"{type(self).__name__} learns from x (n, {self.weight.size}) and y (n,); "
                f"got {describe(x)} and {describe(y)}"
            )
        if not np.isin(y, self.targets).all():
            raise ValueError(f"the targets of {type(self).__name__} are {self.targets[0]:g} and {self.targets[1]:g}")
        w, b, errors = self.weight.value.astype(float), float(self.bias.value), []
        for example, target in zip(x, y, strict=True):
            error = target - self._output(float(example @ w + b))
            w, b = w + lr * error * example, b + lr * error
            errors.append(error)
        fill_(self.weight, w)
        fill_(self.bias, b)
        return errors


class Perceptron(_Neuron):
    """A neuron with a step: 1 where `x . weight + bias >= 0`, else 0: x (..., nin), result (...).

    It learns by `w += lr (y - output) x`: only from what it gets wrong. If a plane divides the classes it finds one
    after finitely many corrections; of XOR it never does.

    Parameters: weight (nin,), bias (), zeros at first.

    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = Perceptron(2)
    >>> neuron.fit(x, [0, 0, 0, 1])[-1], neuron(np.array(x, np.float32)).tolist()
    (0, [0.0, 0.0, 0.0, 1.0])

    Raises ValueError for targets other than 0 and 1, and for other shapes. Rosenblatt, 1958.
    """

    targets = (0.0, 1.0)

    def forward(self, x: Any) -> Any:
        return F.step(self._sum(x))

    def _output(self, total: float) -> float:
        return float(total >= 0)

    def fit(self, x: Any, y: Any, lr: float = 1.0, epochs: int = 100) -> list[int]:
        """Go through the examples until all are right, or so many times; returns the mistakes of each time."""
        mistakes: list[int] = []
        while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
            mistakes.append(int(np.count_nonzero(self._learn(x, y, lr))))
        return mistakes


class Adaline(_Neuron):
    """A linear neuron, `x . weight + bias`, whose sign is the class: x (..., nin), result (...).

    It learns by the rule of Widrow and Hoff, `w += lr (y - output) x` of the linear output: a step down the gradient
    of `(y - output)^2 / 2` after each example (LMS), towards the least squared error, be the classes separable or not.

    Parameters: weight (nin,), bias (), zeros at first.

    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = Adaline(2)
    >>> errors = neuron.fit(x, [-1, -1, -1, 1], lr=0.1)
    >>> errors[-1] < errors[0], neuron.predict(np.array(x, np.float32)).tolist()
    (True, [-1.0, -1.0, -1.0, 1.0])

    Raises ValueError for targets other than -1 and 1, and for other shapes. Widrow and Hoff, 1960.
    """

    targets = (-1.0, 1.0)

    def forward(self, x: Any) -> Any:
        return self._sum(x)

    def predict(self, x: Any) -> Any:
        """The class, -1 or 1: the sign of the output."""
        return 2 * F.step(self(x)) - 1

    def fit(self, x: Any, y: Any, lr: float = 0.01, epochs: int = 100) -> list[float]:
        """Go through the examples so many times; returns the mean squared error of each time."""
        return [float(np.mean(np.square(self._learn(x, y, lr)))) for _ in range(epochs)]
