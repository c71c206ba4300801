"""Rates that follow a function of the epoch: steps, lines, powers, half a cosine."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check, check_whole

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "ExponentialLR", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR",
    "PolynomialLR", "SWALR", "StepLR",
]  # fmt: skip


class _ByFunction(LRScheduler):
    """Functions of the epoch, one for all groups or one each. They are not in the state: give them again."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.optimizer = self._checked(optimizer)
        self.lr_lambdas: list[Callable[[int], float]] = self._per_group("lr_lambda", lr_lambda)
        if not all(map(callable, self.lr_lambdas)):
            raise TypeError(f"{type(self).__name__}: lr_lambda is a function of the epoch, or a list of them")
        super().__init__(optimizer, last_epoch)


class LambdaLR(_ByFunction):
    """`lr = initial f(epoch)`, with a function for all groups or a list of them, which the state leaves out.

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.5)
    >>> schedule = LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + 1) / 5))  # warm-up
    >>> schedule.get_last_lr()
    [0.1]
    """

    def _begin(self) -> None:
        self.step()

    def closed_form(self) -> list[float]:
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def get_lr(self) -> list[float]:
        return self.closed_form()


class MultiplicativeLR(_ByFunction):
    """`lr = lr f(epoch)` at each step, with a function for all groups or a list of them, which the state leaves out.

    In a `SequentialLR` it goes on from the rate that is there.
    """

    def _begin(self) -> None:
        self.last_epoch += 1
        self._set(self._present())

    def closed_form(self) -> list[float]:
        if not self.last_epoch:
            return self.get_lr()
        rates = []
        for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True):
            rates.append(base * math.prod(f(epoch) for epoch in range(1, self.last_epoch + 1)))
        return rates

    def get_lr(self) -> list[float]:
        return [rate * f(self.last_epoch) for rate, f in zip(self._present(), self.lr_lambdas, strict=True)]


class StepLR(LRScheduler):
    """The rate times gamma after every `step_size` steps: `initial gamma^(epoch // step_size)`."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_whole("StepLR: step_size", step_size)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return float(self.gamma ** (epoch // self.step_size))


class MultiStepLR(LRScheduler):
    """The rate times gamma at each milestone."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return float(self.gamma ** bisect_right(self.milestones, epoch))


class ConstantLR(LRScheduler):
    """The rate times `factor` for the first `total_iters` steps."""

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        check("ConstantLR", 0 <= factor <= 1, f"factor lies in [0, 1], got {factor}")
        self.part, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.part if epoch < self.total_iters else 1.0


class LinearLR(LRScheduler):
    """The rate times a factor that goes from `start_factor` to `end_factor` in `total_iters` steps: a warm-up."""

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check("LinearLR", 0 < start_factor <= 1, f"start_factor lies in (0, 1], got {start_factor}")
        check("LinearLR", 0 <= end_factor <= 1, f"end_factor lies in [0, 1], got {end_factor}")
        check_whole("LinearLR: total_iters", total_iters)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return self.start_factor + (self.end_factor - self.start_factor) * min(1.0, epoch / self.total_iters)


class ExponentialLR(LRScheduler):
    """The rate times gamma at each step: `initial gamma^epoch`."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return float(self.gamma**epoch)


class PolynomialLR(LRScheduler):
    """`initial (1 - epoch / total_iters)^power`, and 0 from there on."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        check_whole("PolynomialLR: total_iters", total_iters)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return float((1 - min(epoch, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to eta_min in `T_max` steps, then up again (Loshchilov and Hutter, 2017).

        lr = eta_min + (initial - eta_min) (1 + cos(pi epoch / T_max)) / 2

    >>> import optim
    >>> from optim.lr_scheduler import SequentialLR
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.5)
    >>> warm_up = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    >>> schedule = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=20)], milestones=[5])
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        check_whole("CosineAnnealingLR: T_max", T_max)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2

    def closed_form(self) -> list[float]:
        factor = self.factor(self.last_epoch)
        return [self.eta_min + (base - self.eta_min) * factor for base in self.base_lrs]

    def get_lr(self) -> list[float]:
        e = self.last_epoch
        if (e - 1 - self.T_max) % (2 * self.T_max) == 0:  # from the bottom there is no ratio
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [
                rate + (base - self.eta_min) * rise for rate, base in zip(self._present(), self.base_lrs, strict=True)
            ]
        ratio = self.factor(e) / self.factor(e - 1)
        return [self.eta_min + (rate - self.eta_min) * ratio for rate in self._present()]


class SWALR(LRScheduler):
    """From the present rate to `swa_lr` in `anneal_epochs` steps, to stay there while weights are averaged.

    Args:
        swa_lr: the last rate, for all groups or one each.
        anneal_strategy: "cos" or "linear".

    Izmailov et al., 2018.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = self._checked(optimizer)
        check("SWALR", anneal_strategy in ("cos", "linear"), f'"cos" or "linear", got {anneal_strategy!r}')
        check_whole("SWALR: anneal_epochs", anneal_epochs, 0)
        self.swa_lrs = self._per_group("swa_lr", swa_lr)
        self.anneal_epochs, self.anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _done(self, epoch: int) -> float:
        done = min(1.0, max(0.0, epoch / self.anneal_epochs)) if self.anneal_epochs else 1.0
        return done if self.anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2

    def _begin(self) -> None:
        self.last_epoch += 1
        self._set(self.closed_form())

    def closed_form(self) -> list[float]:
        if not self.last_epoch:
            return self.get_lr()
        done = self._done(self.last_epoch)
        return [last * done + base * (1 - done) for last, base in zip(self.swa_lrs, self.base_lrs, strict=True)]

    def get_lr(self) -> list[float]:
        before, done = self._done(self.last_epoch - 1), self._done(self.last_epoch)
        rates = []
        for rate, last in zip(self._present(), self.swa_lrs, strict=True):
            first = last if before == 1 else (rate - before * last) / (1 - before)
            rates.append(last * done + first * (1 - done))
        return rates
