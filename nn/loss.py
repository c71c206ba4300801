"""Losses of numbers as modules: `loss = criterion(prediction, target)`.

Each is a function of `nn.functional` that remembers its options; the equations are in full there. Losses of classes and
of margins are in `classification.py` and `margin.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.tensor import Tensor

from . import functional as F
from .functional.arguments import no_old_names
from .module import Module

__all__ = [
    "GaussianNLLLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "PoissonNLLLoss", "SmoothL1Loss",
]  # fmt: skip


class Loss(Module):
    """What the losses share: a function, its options, and a reduction: "mean", "sum" or "none".

    PyTorch's former arguments `size_average` and `reduce` are refused by name.
    """

    function: Callable[..., Any]
    reductions: tuple[str, ...] = ("mean", "sum", "none")

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", **options: Any) -> None:
        no_old_names(size_average, reduce)
        if reduction not in self.reductions:
            *most, last = (f'"{name}"' for name in self.reductions)
            raise ValueError(f"reduction is {', '.join(most)} or {last}, got {reduction!r}")
        self.reduction = reduction
        self._options = tuple(options)
        for name, value in options.items():
            setattr(self, name, value)

    def apply_function(self, *inputs: Any) -> Any:
        """Call the function with the options."""
        options = {name: getattr(self, name) for name in self._options} if self._options else {}
        return self.function(*inputs, reduction=self.reduction, **options)

    def extra_repr(self) -> str:
        """The options that are not the usual ones."""
        usual = inspect.signature(type(self)).parameters
        shown = []
        for name in (*self._options, "reduction"):
            value = getattr(self, name)
            if not isinstance(value, Tensor | Module) and value != usual[name].default:
                shown.append(f"{name}={value!r}")
        return ", ".join(shown)


class PairLoss(Loss):
    """A loss of predictions and targets."""

    def forward(self, input: Any, target: Any) -> Any:
        return self.apply_function(input, target)


class PlainLoss(PairLoss):
    """A loss of predictions and targets that has no options."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)


def constant(weight: Any) -> Tensor | None:
    """Weights as a buffer, which moves and is saved with the module."""
    if weight is None:
        return None
    if type(weight) is Tensor:
        return weight.detach()
    value = np.asarray(weight)
    return Tensor(value if value.dtype.kind == "f" and value is weight else value.astype(default_dtype()))


class MSELoss(PlainLoss):
    """Squared error `(x - target)^2` of equal shapes.

    >>> float(MSELoss()([1.0, 2.0], [1.0, 4.0]))
    2.0
    """

    function = staticmethod(F.mse_loss)


class L1Loss(PlainLoss):
    """Absolute error `|x - target|` of equal shapes.

    >>> float(L1Loss()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    function = staticmethod(F.l1_loss)


class HuberLoss(PairLoss):
    """With the error `d = x - target`: `d^2 / 2` where `|d| <= delta`, `delta (|d| - delta / 2)` beyond (Huber, 1964).

    >>> HuberLoss("none")([0.5, 3.0], [0.0, 0.0])
    array([0.125, 2.5  ])
    """

    function = staticmethod(F.huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction, delta=delta)


class SmoothL1Loss(PairLoss):
    """With the error `d = x - target`: `d^2 / (2 beta)` where `|d| < beta`, and `|d| - beta / 2` beyond.

    >>> SmoothL1Loss(reduction="none")([0.5, 3.0], [0.0, 0.0])
    array([0.125, 2.5  ])
    """

    function = staticmethod(F.smooth_l1_loss)

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction, beta=beta)


class GaussianNLLLoss(Loss):
    """`(log(max(var, eps)) + (x - target)^2 / max(var, eps)) / 2` of predicted means x and variances var.

    With `full` the constant `log(2 pi) / 2` is added (Nix and Weigend, 1994).

    >>> float(GaussianNLLLoss()([1.0], [3.0], [1.0]))
    2.0
    """

    function = staticmethod(F.gaussian_nll_loss)

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction, full=full, eps=eps)

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return self.apply_function(input, target, var)


class PoissonNLLLoss(PairLoss):
    """`exp(x) - target x`, or `x - target log(x + eps)` without `log_input`: counts with expectation exp(x), or x.

    With `full`, Stirling's approximation of `log(target!)` is added where the target is above 1.

    >>> float(PoissonNLLLoss()([0.0], [2.0]))
    1.0
    """

    function = staticmethod(F.poisson_nll_loss)

    def __init__(
        self, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
        reduce: Any = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction, log_input=log_input, full=full, eps=eps)


class KLDivLoss(PairLoss):
    """`target (log(target) - x)`: the divergence of probabilities from those whose logarithms x are.

    With `log_target` the target, too, is logarithms. The reduction "batchmean", the sum over the length of the first
    axis, is the divergence of distributions, averaged (Kullback and Leibler, 1951).

    >>> float(KLDivLoss(reduction="batchmean")([[0.0, 0.0]], [[1.0, 0.0]]))
    0.0
    """

    function = staticmethod(F.kl_div)
    reductions = ("mean", "sum", "none", "batchmean")

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction, log_target=log_target)
