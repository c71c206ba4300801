"""A rate that falls when a metric has stopped improving."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from .base import Schedule, check, number

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(Schedule):
    """Divide the rate when a metric has stopped improving: `step(validation_error)` once an epoch.

    Args:
        mode: "min" or "max": whether less or more is better.
        factor: what the rate is multiplied with; 0.5 or 0.2 divide by 2 or 5.
        patience: how many steps without improvement are borne.
        threshold, threshold_mode: what counts as improvement: "rel", by that share of the best; "abs", by so much.
        cooldown: steps after a change that do not count.
        min_lr: the lowest rate, for all groups or one each.
        eps: a change smaller than this is not made.

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for error in (0.9, 0.8, 0.8, 0.8, 0.8):
    ...     schedule.step(error)
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
    ) -> None:
        name = "ReduceLROnPlateau"
        check(name, 0 < factor < 1, f"factor lies between 0 and 1, got {factor}")
        check(name, mode in ("min", "max"), f'mode is "min" or "max", got {mode!r}')
        check(name, threshold_mode in ("rel", "abs"), f'threshold_mode is "rel" or "abs", got {threshold_mode!r}')
        self.optimizer = self._checked(optimizer)
        self.min_lrs = self._per_group("min_lr", min_lr)
        self.mode, self.part, self.patience, self.threshold = mode, factor, patience, threshold
        self.threshold_mode, self.cooldown, self.eps = threshold_mode, cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = self._present()

    def step(self, metrics: Any = None, epoch: int | None = None) -> None:
        """Say what the metric is now; NaN counts as no improvement."""
        if metrics is None:
            raise TypeError("ReduceLROnPlateau looks at a metric: write step(validation_error)")
        self._check_groups()
        current = number(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        rates = self._present()
        if self.num_bad_epochs > self.patience:
            lower = [max(rate * self.part, least) for rate, least in zip(rates, self.min_lrs, strict=True)]
            rates = [b if a - b > self.eps else a for a, b in zip(rates, lower, strict=True)]
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._set(rates)

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * value < sign * self.best - self.threshold
        return sign * value < sign * self.best * (1 - sign * self.threshold)
