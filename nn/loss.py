"""Losses as modules: `loss = criterion(prediction, target)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functional as F
from .module import Module

__all__ = ["CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]


class Loss(Module):
    """What the losses share: a function of predictions and targets, and a reduction."""

    function: Callable[..., Any]

    def __init__(self, reduction: str = "mean") -> None:
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f'reduction is "mean", "sum" or "none", got {reduction!r}')
        self.reduction = reduction

    def forward(self, x: Any, target: Any) -> Any:
        return self.function(x, target, self.reduction)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}" * (self.reduction != "mean")


class CrossEntropyLoss(Loss):
    """`-log softmax(x)[target]` of logits x (n, classes) and class indices (n,).

    >>> float(CrossEntropyLoss()([[0.0, 0.0]], [1]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.cross_entropy)


class NLLLoss(Loss):
    """`-x[target]` of log-probabilities x (n, classes), after `LogSoftmax`, and class indices (n,).

    >>> float(NLLLoss()([[-1.5, -0.25]], [1]))
    0.25
    """

    function = staticmethod(F.nll_loss)


class MSELoss(Loss):
    """Squared error `(x - target)^2` of equal shapes.

    >>> float(MSELoss()([1.0, 2.0], [1.0, 4.0]))
    2.0
    """

    function = staticmethod(F.mse_loss)


class L1Loss(Loss):
    """Absolute error `|x - target|` of equal shapes.

    >>> float(L1Loss()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    function = staticmethod(F.l1_loss)
