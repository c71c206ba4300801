"""Rates that go up and down, and the momentum against them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check, check_whole

__all__ = ["CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR"]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine down, again and again, each `T_mult` times as long as the one before (Loshchilov and Hutter, 2017).

    The first takes `T_0` steps. `step(epoch)` takes fractions of an epoch too.

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.8)
    >>> schedule = CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += [round(rate, 6) for rate in schedule.get_last_lr()]
    ...     schedule.step()
    >>> rates
    [0.8, 0.4, 0.8, 0.4]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        check_whole("CosineAnnealingWarmRestarts: T_0", T_0)
        check_whole("CosineAnnealingWarmRestarts: T_mult", T_mult)
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def _begin(self) -> None:
        self.step()

    def closed_form(self) -> list[float]:
        return self.get_lr()

    def get_lr(self) -> list[float]:
        return self._rates(self.last_epoch)

    def _rates(self, now: float) -> list[float]:
        length = self.T_0
        if self.T_mult == 1:
            now %= length
        while now >= length:
            now, length = now - length, length * self.T_mult
        factor = (1 + math.cos(math.pi * now / length)) / 2
        return [self.eta_min + (base - self.eta_min) * factor for base in self.base_lrs]

    def step(self, epoch: Any = None) -> None:
        """Go on by one, or to a count, which may be a fraction."""
        if epoch is not None and epoch < 0:
            raise ValueError(f"an epoch is 0 or more, got {epoch}")
        self._check_groups()
        now = self.last_epoch + 1 if epoch is None else epoch
        self.last_epoch = math.floor(now)
        self._set(self._rates(now))


class _WithMomentum(LRScheduler):
    """A schedule that moves the momentum against the rate: "momentum", or the first of "betas"."""

    cycle_momentum: bool

    def _take_momentum(self, cycle: bool, base: Any, top: Any) -> None:
        self.cycle_momentum = cycle
        if not cycle:
            return
        defaults = self.optimizer.defaults
        if "betas" not in defaults and "momentum" not in defaults:
            raise ValueError(
                f"{type(self.optimizer).__name__} has neither momentum nor betas: write cycle_momentum=False"
            )
        self.use_beta1 = "betas" in defaults
        self.base_momentums, self.max_momentums = self._per_group("momentum", base), self._per_group("momentum", top)

    def _set_momentum(self, place: Callable[[float, float], float]) -> None:
        if not self.cycle_momentum:
            return
        for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
            value = place(low, high)
            if self.use_beta1:
                group["betas"] = (value, *group["betas"][1:])
            else:
                group["momentum"] = value

    def _begin(self) -> None:
        self.last_epoch += 1
        self._set(self.get_lr())

    def closed_form(self) -> list[float]:
        return self.get_lr()


class OneCycleLR(_WithMomentum):
    """One rise and one long fall of the rate, momentum going the other way (Smith and Topin, 2018): a step a batch.

    Args:
        max_lr: the highest rate, one for all groups or one each.
        total_steps: the number of steps, or give epochs and steps_per_epoch.
        pct_start: the share of the steps in which the rate rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum, base_momentum, max_momentum: whether and between what the momentum falls and rises.
        div_factor: max_lr over the first rate.
        final_div_factor: the first rate over the last one.
        three_phase: whether it comes down as it has risen, and then to the last rate.

    Raises ValueError for more steps than it was made for.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = self._checked(optimizer)
        if total_steps is None and epochs is not None and steps_per_epoch is not None:
            total_steps = epochs * steps_per_epoch
        if not isinstance(total_steps, int) or total_steps < 1:
            raise ValueError(f"OneCycleLR needs total_steps, or epochs and steps_per_epoch, got {total_steps}")
        check("OneCycleLR", 0 <= pct_start <= 1, f"pct_start lies in [0, 1], got {pct_start}")
        check("OneCycleLR", anneal_strategy in ("cos", "linear"), f'"cos" or "linear", got {anneal_strategy!r}')
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        self.max_lrs = self._per_group("max_lr", max_lr)
        rise, last = float(pct_start * total_steps), total_steps - 1
        self.ends = [rise - 1, 2 * rise - 2, last] if three_phase else [rise - 1, last]
        self.final_div_factor = final_div_factor
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, self.max_lrs, strict=True):
                group["initial_lr"] = top / div_factor
        self._take_momentum(cycle_momentum, base_momentum, max_momentum)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        now, begin, phase = self.last_epoch, 0.0, 0
        if now > self.total_steps:
            raise ValueError(f"OneCycleLR was made for {self.total_steps} steps, and this is step {now}")
        while phase < len(self.ends) - 1 and now > self.ends[phase]:
            begin, phase = self.ends[phase], phase + 1
        length = self.ends[phase] - begin
        done = (now - begin) / length if length else 1.0
        self._set_momentum(lambda low, high: self._between(*[(high, low), (low, high), (high, high)][phase], done))
        rates = []
        for first, top in zip(self.base_lrs, self.max_lrs, strict=True):
            last = first / self.final_div_factor
            levels = [first, top, first, last] if len(self.ends) == 3 else [first, top, last]
            rates.append(self._between(levels[phase], levels[phase + 1], done))
        return rates

    def _between(self, a: float, b: float, done: float) -> float:
        if self.anneal_strategy == "linear":
            return a + (b - a) * done
        return b + (a - b) / 2 * (1 + math.cos(math.pi * done))


class CyclicLR(_WithMomentum):
    """Up and down between two rates, momentum going the other way (Smith, 2017): a step a batch.

    Args:
        base_lr, max_lr: the two rates, for all groups or one each.
        step_size_up, step_size_down: steps of the way up, and of the way down (as many unless given).
        mode: "triangular", "triangular2" (each cycle half as high as the last), or "exp_range" (times gamma^step).
        gamma: as above.
        scale_fn, scale_mode: another height, as a function of the number of the "cycle" or of the "iterations".
        cycle_momentum, base_momentum, max_momentum: whether and between what the momentum falls and rises.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = self._checked(optimizer)
        down = step_size_up if step_size_down is None else step_size_down
        check("CyclicLR", step_size_up >= 1 and down >= 1, f"a way takes steps, got {step_size_up} and {down}")
        modes = ("triangular", "triangular2", "exp_range")
        check("CyclicLR", mode in modes or scale_fn is not None, f"mode is one of {', '.join(modes)}, got {mode!r}")
        check("CyclicLR", scale_mode in ("cycle", "iterations"), f'"cycle" or "iterations", got {scale_mode!r}')
        self.base_lrs = self._per_group("base_lr", base_lr)
        self.max_lrs = self._per_group("max_lr", max_lr)
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.scale_fn, self.scale_mode = mode, gamma, scale_fn, scale_mode
        self._take_momentum(cycle_momentum, base_momentum, max_momentum)
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, self.base_lrs, strict=True):
                group["lr"] = low
        super().__init__(optimizer, last_epoch)

    def _height(self, cycle: int) -> float:
        if self.scale_fn is not None:
            return float(self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch))
        return {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1)}.get(self.mode, self.gamma**self.last_epoch)

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        part *= self._height(cycle)
        self._set_momentum(lambda low, high: high - (high - low) * part)
        return [low + (high - low) * part for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]
