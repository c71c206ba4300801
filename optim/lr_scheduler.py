"""Schedules: step sizes that change as training goes on.

A schedule sets its optimizer's "lr" when it is made, and anew at each `step()`, once an epoch or once a batch, after
the optimizer's own step. `last_epoch` counts these. Most multiply the rate they find, so that several can act on one
optimizer. With the optimizer's state and its own `state_dict()`, plain numbers, a schedule goes on as if it had never
been stopped.

>>> import optim
>>> from autodiff import Tensor
>>> w = Tensor(3.0, requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.8)
>>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(5):
...     optimizer.step()
...     schedule.step()
>>> schedule.get_last_lr()
[0.2]
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .optimizer import Optimizer

__all__ = [
    "LRScheduler", "LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR",
    "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR", "SequentialLR",
    "ChainedScheduler", "ReduceLROnPlateau", "SWALR",
]  # fmt: skip


class _Schedule:
    """What sets the rates of an optimizer, and what it knows as plain data."""

    optimizer: Optimizer
    last_epoch: int
    _last_lr: list[float]

    @staticmethod
    def _checked(optimizer: Any) -> Optimizer:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a schedule is for an optimizer, got {type(optimizer).__name__}")
        return optimizer

    def get_last_lr(self) -> list[float]:
        """The rates that were set last, one a group."""
        return self._last_lr

    def _present(self) -> list[float]:
        return [_number(group["lr"]) for group in self.optimizer.param_groups]

    def _set(self, rates: Sequence[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._present()

    def state_dict(self) -> dict[str, Any]:
        """Plain data: all that the schedule knows but the optimizer and functions it was given."""
        return {name: _plain(value) for name, value in vars(self).items() if name != "optimizer" and not _code(value)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of a schedule of the same kind gave; the rates are the optimizer's own to load.

        Raises ValueError for a state with other names; then nothing has been changed.
        """
        known = {name for name, value in vars(self).items() if name != "optimizer" and not _code(value)}
        found = set(state_dict or ())
        if found != known:
            raise ValueError(
                f"this is no state of {type(self).__name__}: it has {', '.join(sorted(found)) or 'nothing'}, "
                f"and should have {', '.join(sorted(known))}"
            )
        vars(self).update({name: _plain(value) for name, value in state_dict.items()})

    def _check_groups(self) -> None:
        """Raise ValueError where groups have been added since."""
        made, now = len(self._last_lr), len(self.optimizer.param_groups)
        if made not in (0, now):
            raise ValueError(
                f"{type(self).__name__} was made for {made} parameter groups, and the optimizer has {now} now: "
                "make the schedule anew"
            )

    def _per_group(self, name: str, value: Any) -> list[Any]:
        """A value for each group, or one for all."""
        count = len(self.optimizer.param_groups)
        if not isinstance(value, list | tuple):
            return [value] * count
        if len(value) != count:
            raise ValueError(f"{type(self).__name__}: {name} has {len(value)} values for {count} parameter groups")
        return list(value)

    def __repr__(self) -> str:
        rates = ", ".join(f"{rate:g}" for rate in self._last_lr)
        return f"<{type(self).__name__} at {self.last_epoch}: lr {rates}>"


class LRScheduler(_Schedule):
    """What schedules share: a subclass says by `factor` what the first rate is multiplied with, or `get_lr` the rates.

    Args:
        optimizer: whose groups' "lr" it sets.
        last_epoch: the count to start from; -1 is the beginning. Another one needs "initial_lr" in the groups, which a
            schedule leaves there and `optimizer.state_dict()` keeps.

    >>> import optim
    >>> from autodiff import Tensor
    >>> class Inverse(LRScheduler):
    ...     def factor(self, epoch):
    ...         return 1 / (1 + epoch)
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.6)
    >>> schedule = Inverse(optimizer)
    >>> schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.3

    Raises TypeError for what is no optimizer, KeyError for a count without "initial_lr".
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = self._checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__} is to start at {last_epoch}, and group {i} has no 'initial_lr': load the "
                    "optimizer's state before, or load the schedule's own by load_state_dict"
                )
        if not hasattr(self, "base_lrs"):  # of its own
            self.base_lrs = [_number(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr: list[float] = []
        self._begin()

    def _begin(self) -> None:
        """Take the first step: it multiplies the rates it finds, or, later, sets what they should be by now."""
        self.last_epoch += 1
        if self.last_epoch:
            self._set(self.closed_form())
        else:
            factor = self.factor(0)
            self._set([rate * factor for rate in self._present()])

    def factor(self, epoch: int) -> float:
        """What the first rate is multiplied with after so many steps."""
        raise NotImplementedError(f"{type(self).__name__} has neither `factor` nor `get_lr`: write one of them")

    def closed_form(self) -> list[float]:
        """The rates for `last_epoch`, whatever the present ones are."""
        factor = self.factor(self.last_epoch)
        return [base * factor for base in self.base_lrs]

    def get_lr(self) -> list[float]:
        """The rates for `last_epoch` from those of the step before, one a group."""
        before, now = self.factor(self.last_epoch - 1), self.factor(self.last_epoch)
        if not before and now:
            return self.closed_form()
        ratio = 1.0 if now == before else now / before
        return [rate * ratio for rate in self._present()]

    def step(self, epoch: Any = None) -> None:
        """Go on by one, or to a count, and set the rates."""
        self._check_groups()
        if epoch is None:
            self.last_epoch += 1
            self._set(self.get_lr())
        else:
            _whole(f"{type(self).__name__} looks at no figure: an epoch", epoch, 0)
            self.last_epoch = epoch
            self._set(self.closed_form())


def _number(value: Any) -> float:
    return float(value.item() if hasattr(value, "item") else value)


def _code(value: Any) -> bool:
    return callable(value) or (isinstance(value, list) and bool(value) and all(map(callable, value)))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


def _whole(name: str, value: Any, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is an integer of {least} or more, got {value!r}")


def _check(name: str, right: bool, what: str) -> None:
    if not right:
        raise ValueError(f"{name}: {what}")


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
        _whole("StepLR: step_size", step_size)
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
        _check("ConstantLR", 0 <= factor <= 1, f"factor lies in [0, 1], got {factor}")
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
        _check("LinearLR", 0 < start_factor <= 1, f"start_factor lies in (0, 1], got {start_factor}")
        _check("LinearLR", 0 <= end_factor <= 1, f"end_factor lies in [0, 1], got {end_factor}")
        _whole("LinearLR: total_iters", total_iters)
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
        _whole("PolynomialLR: total_iters", total_iters)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        return float((1 - min(epoch, self.total_iters) / self.total_iters) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to eta_min in `T_max` steps, then up again (Loshchilov and Hutter, 2017).

        lr = eta_min + (initial - eta_min) (1 + cos(pi epoch / T_max)) / 2

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=0.5)
    >>> warm_up = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    >>> schedule = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, T_max=20)], milestones=[5])
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        _whole("CosineAnnealingLR: T_max", T_max)
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
        _whole("CosineAnnealingWarmRestarts: T_0", T_0)
        _whole("CosineAnnealingWarmRestarts: T_mult", T_mult)
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
        _check("OneCycleLR", 0 <= pct_start <= 1, f"pct_start lies in [0, 1], got {pct_start}")
        _check("OneCycleLR", anneal_strategy in ("cos", "linear"), f'"cos" or "linear", got {anneal_strategy!r}')
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
        _check("CyclicLR", step_size_up >= 1 and down >= 1, f"a way takes steps, got {step_size_up} and {down}")
        modes = ("triangular", "triangular2", "exp_range")
        _check("CyclicLR", mode in modes or scale_fn is not None, f"mode is one of {', '.join(modes)}, got {mode!r}")
        _check("CyclicLR", scale_mode in ("cycle", "iterations"), f'"cycle" or "iterations", got {scale_mode!r}')
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


class _Several(LRScheduler):
    """Schedules of one optimizer."""

    _schedulers: list[Any]

    def _take(self, optimizer: Any, schedulers: Sequence[Any]) -> None:
        name = type(self).__name__
        _check(name, len(schedulers) > 0, "it needs at least one schedule")
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler):
                raise TypeError(
                    f"{name} takes schedules that step without a metric, and number {i} is {type(schedule).__name__}"
                )
            _check(name, schedule.optimizer is optimizer, f"number {i} is a schedule of another optimizer")
        self.optimizer, self._schedulers = optimizer, list(schedulers)

    def state_dict(self) -> dict[str, Any]:
        own = super().state_dict()
        return own | {"_schedulers": [schedule.state_dict() for schedule in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        several = state_dict.get("_schedulers")
        if not isinstance(several, list) or len(several) != len(self._schedulers):
            raise ValueError(f"{type(self).__name__} of {len(self._schedulers)} schedules needs a state for each")
        schedulers = self._schedulers
        before = [schedule.state_dict() for schedule in schedulers]
        try:
            for schedule, state in zip(schedulers, several, strict=True):
                schedule.load_state_dict(state)
            super().load_state_dict(state_dict)
        except ValueError:
            for schedule, state in zip(schedulers, before, strict=True):
                schedule.load_state_dict(state)
            raise
        finally:
            self._schedulers = schedulers

    def _rewind(self) -> None:
        """Put the rates back to the first ones, and the schedules to before their first step."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for schedule in self._schedulers:
            schedule.last_epoch = -1


class SequentialLR(_Several):
    """One schedule after the other: number i ends, and the next begins at its own 0, at `milestones[i]`.

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> parts = [ConstantLR(optimizer, 0.1, total_iters=2), ExponentialLR(optimizer, 0.5)]
    >>> schedule = SequentialLR(optimizer, parts, milestones=[2])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.1, 0.1, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self._take(self._checked(optimizer), schedulers)
        count = len(schedulers)
        right = len(milestones) == count - 1 and list(milestones) == sorted(milestones)
        _check("SequentialLR", right, f"{count} schedules need {count - 1} rising milestones, got {list(milestones)}")
        self.milestones = list(milestones)
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        self._rewind()
        self.last_epoch += 1
        first = self._schedulers[bisect_right(self.milestones, 0)]
        first._begin()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: Any = None) -> None:
        """Go on by one; a count other than 0, the beginning, is refused."""
        if epoch is not None:
            _check("SequentialLR", epoch == 0, f"it goes step by step, and cannot go to {epoch}")
            self.last_epoch = -1
            return self._begin()
        self.last_epoch += 1
        number = bisect_right(self.milestones, self.last_epoch)
        schedule = self._schedulers[number]
        if number and self.milestones[number - 1] == self.last_epoch:
            schedule.step(0)
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()


class ChainedScheduler(_Several):
    """Several schedules at once: each multiplies the rate in its turn.

    >>> import optim
    >>> from autodiff import Tensor
    >>> optimizer = optim.SGD([Tensor(1.0, requires_grad=True)], lr=1.0)
    >>> schedule = ChainedScheduler([ExponentialLR(optimizer, 0.5), ConstantLR(optimizer, 0.1, total_iters=2)])
    >>> rates = []
    >>> for _ in range(4):
    ...     rates += [round(rate, 6) for rate in schedule.get_last_lr()]
    ...     schedule.step()
    >>> rates
    [0.1, 0.05, 0.25, 0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        _check("ChainedScheduler", len(schedulers) > 0, "it needs at least one schedule")
        self._take(schedulers[0].optimizer if optimizer is None else optimizer, schedulers)
        self.last_epoch = 0
        self._last_lr = self._present()

    def step(self, epoch: Any = None) -> None:
        """Let each schedule take its step; a count other than 0, the beginning, is refused."""
        if epoch is None:
            self.last_epoch += 1
            for schedule in self._schedulers:
                schedule.step()
        else:
            _check("ChainedScheduler", epoch == 0, f"it goes step by step, and cannot go to {epoch}")
            self.last_epoch = -1
            return self._begin()
        self._last_lr = self._present()

    def _begin(self) -> None:
        self._rewind()
        self.last_epoch += 1
        for schedule in self._schedulers:
            schedule._begin()
        self._last_lr = self._present()


class ReduceLROnPlateau(_Schedule):
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
        _check(name, 0 < factor < 1, f"factor lies between 0 and 1, got {factor}")
        _check(name, mode in ("min", "max"), f'mode is "min" or "max", got {mode!r}')
        _check(name, threshold_mode in ("rel", "abs"), f'threshold_mode is "rel" or "abs", got {threshold_mode!r}')
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
        current = _number(metrics)
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
        _check("SWALR", anneal_strategy in ("cos", "linear"), f'"cos" or "linear", got {anneal_strategy!r}')
        _whole("SWALR: anneal_epochs", anneal_epochs, 0)
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
