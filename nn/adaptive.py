"""Softmax over very many classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.errors import describe
from autodiff.numpy import argmax, concatenate, expand_dims, mean
from autodiff.numpy.arguments import plain
from autodiff.random import as_generator

from . import functional as F
from . import init
from .container import ModuleList, Sequential
from .functional.arguments import cast
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class ASMoutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` gives: each row's log-probability of its target, and minus their mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over very many classes, frequent ones first: the rare ones are in clusters that are seldom looked into.

    The head knows the classes below the first cutoff and the clusters; cluster i, of the classes from cutoff i to the
    next, has a tail `in_features -> in_features / div_value^(i+1) -> classes`. The log-probability of a class in a
    cluster is the cluster's plus its own within it.

    Args:
        cutoffs: where the clusters begin, increasing, between 1 and n_classes - 1.
        div_value: how much narrower each tail is than the one before.
        head_bias: whether the head has a bias.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values.

    Called with x (n, in_features) and class indices (n,), or one of each, it gives (output, loss).

    >>> model = AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5], generator=0)
    >>> model(np.zeros((4, 16)), np.array([0, 3, 9, 1])).output.shape
    (4,)

    Raises ValueError for cutoffs that are not increasing and for other shapes, TypeError for targets that are no
    integers, IndexError for a class that there is not. Grave et al., 2016.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        bounds = [*cutoffs, n_classes]
        if len(bounds) < 2 or any(int(n) != n for n in bounds) or not all(np.diff([0, *bounds]) > 0):
            raise ValueError(
                f"cutoffs are increasing integers between 1 and n_classes - 1 = {n_classes - 1}, got {list(cutoffs)}"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, bounds
        self.div_value, self.head_bias = div_value, head_bias
        stream = as_generator(generator)
        self.head = Linear(in_features, bounds[0] + len(cutoffs), head_bias, dtype, stream)
        self.tail = ModuleList()
        for i in range(len(cutoffs)):
            hidden = int(in_features // div_value ** (i + 1))
            if not hidden:
                raise ValueError(f"the tail of cluster {i} has no units: in_features // div_value^{i + 1} is 0")
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, False, dtype, stream),
                    Linear(hidden, bounds[i + 1] - bounds[i], False, dtype, stream),
                )
            )

    def forward(self, x: Any, target: Any) -> ASMoutput:
        x, classes = cast(x, self.head.weight), np.asarray(plain(target))
        if classes.dtype.kind not in "iu":
            raise TypeError(f"targets are class indices, integers; got {describe(classes)}")
        if classes.ndim > 1 or x.shape != (*classes.shape, self.in_features):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss takes x (n, {self.in_features}) and targets (n,), or x "
                f"({self.in_features},) and one target; got {describe(x)} and {describe(classes)}"
            )
        if classes.size and not 0 <= classes.min() <= classes.max() < self.n_classes:
            raise IndexError(f"targets lie in 0 .. {self.n_classes - 1}, got {classes.min()} .. {classes.max()}")
        if classes.ndim == 0:
            output, loss = self.forward(expand_dims(x, 0), classes[None])
            return ASMoutput(output[0], loss)
        if not len(classes):
            raise ValueError("the mean loss of no rows is undefined; the batch is empty")
        first = self.cutoffs[0]
        cluster = np.searchsorted(self.cutoffs, classes, "right") - 1  # -1: in the head itself
        head = F.log_softmax(self.head(x), 1)
        output = head[np.arange(len(classes)), np.where(cluster < 0, classes, first + cluster)]
        rows = [np.flatnonzero(cluster == i) for i in range(-1, len(self.tail))]
        parts = [np.zeros(len(rows[0]), head.dtype)]
        for i, mine in enumerate(rows[1:]):
            inside = F.log_softmax(self.tail[i](x[mine]), 1)
            parts.append(inside[np.arange(len(mine)), classes[mine] - self.cutoffs[i]])
        output = output + concatenate(parts)[np.argsort(np.concatenate(rows))]
        return ASMoutput(output, -mean(output))

    def log_prob(self, x: Any) -> Any:
        """The log-probabilities of all classes: x (n, in_features), result (n, n_classes)."""
        x = cast(x, self.head.weight)
        head = F.log_softmax(self.head(x), 1)
        first = self.cutoffs[0]
        parts = [head[:, :first]]
        for i, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(x), 1) + head[:, first + i : first + i + 1])
        return concatenate(parts, 1)

    def predict(self, x: Any) -> Any:
        """The most probable class of each row: x (n, in_features), result (n,)."""
        return argmax(self.log_prob(x), 1)
