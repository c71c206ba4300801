"""Schedules of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check

__all__ = ["SequentialLR", "ChainedScheduler"]


class _Several(LRScheduler):
    """Schedules of one optimizer."""

    _schedulers: list[Any]

    def _take(self, optimizer: Any, schedulers: Sequence[Any]) -> None:
        name = type(self).__name__
        check(name, len(schedulers) > 0, "it needs at least one schedule")
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler):
                raise TypeError(
                    f"{name} takes schedules that step without a metric, and number {i} is {type(schedule).__name__}"
                )
            check(name, schedule.optimizer is optimizer, f"number {i} is a schedule of another optimizer")
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
    >>> from optim.lr_scheduler import ConstantLR, ExponentialLR
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
        check("SequentialLR", right, f"{count} schedules need {count - 1} rising milestones, got {list(milestones)}")
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
            check("SequentialLR", epoch == 0, f"it goes step by step, and cannot go to {epoch}")
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
    >>> from optim.lr_scheduler import ConstantLR, ExponentialLR
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
        check("ChainedScheduler", len(schedulers) > 0, "it needs at least one schedule")
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
            check("ChainedScheduler", epoch == 0, f"it goes step by step, and cannot go to {epoch}")
            self.last_epoch = -1
            return self._begin()
        self._last_lr = self._present()

    def _begin(self) -> None:
        self._rewind()
        self.last_epoch += 1
        for schedule in self._schedulers:
            schedule._begin()
        self._last_lr = self._present()
