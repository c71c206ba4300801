"""What schedules share: their state as plain data, a rate for each group, and checks of arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..optimizer import Optimizer

__all__ = ["LRScheduler", "Schedule", "check", "check_whole", "number"]


class Schedule:
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
        return [number(group["lr"]) for group in self.optimizer.param_groups]

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


class LRScheduler(Schedule):
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
            self.base_lrs = [number(group["initial_lr"]) for group in optimizer.param_groups]
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
        raise TypeError(f"{type(self).__name__} has neither `factor` nor `get_lr`: write one of them")

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
            check_whole(f"{type(self).__name__} looks at no figure: an epoch", epoch, 0)
            self.last_epoch = epoch
            self._set(self.closed_form())


def _code(value: Any) -> bool:
    return callable(value) or (isinstance(value, list) and bool(value) and all(map(callable, value)))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


def number(value: Any) -> float:
    """A float, of a number, a Tensor or an array of one."""
    return float(value.item() if hasattr(value, "item") else value)


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise ValueError for what is no integer from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is an integer of {least} or more, got {value!r}")


def check(name: str, right: bool, what: str) -> None:
    """Raise ValueError, which says `what`, where something is not right."""
    if not right:
        raise ValueError(f"{name}: {what}")
