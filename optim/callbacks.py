"""What happens beside the steps of a `Trainer`: a callback overrides the methods that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autodiff.errors import describe

from .swa_utils import AveragedModel

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Averaging", "Callback", "EarlyStopping", "Mode", "Monitor"]

Mode = Literal["min", "max"] | None


class Callback:
    """Called by a `Trainer` at five moments; what it has to remember for a resumed run is in its `state_dict`.

    >>> class Print(Callback):
    ...     def after_epoch(self, trainer):
    ...         print(trainer.epoch, trainer.record["loss"])
    """

    last = False
    """Whether its turn comes after the others', as it saves or shows what they have done."""

    def begin(self, trainer: Trainer) -> None:
        """Before the first step of a `fit`, after what it resumes from was loaded."""

    def before_epoch(self, trainer: Trainer) -> None:
        """Before the first batch of an epoch."""

    def after_step(self, trainer: Trainer) -> None:
        """After each step of the optimizer; the gradients are still there."""

    def after_epoch(self, trainer: Trainer) -> None:
        """After an epoch and its validation: `trainer.record` has its figures."""

    def end(self, trainer: Trainer) -> None:
        """At the end of a `fit`, after an error too."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know: numbers, text, arrays."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


def check_counts(least: int, **counts: Any) -> None:
    """Raise ValueError unless these are whole numbers of `least` or more."""
    for name, count in counts.items():
        if not isinstance(count, int | np.integer) or count < least:
            raise ValueError(f"{name} is a whole number of {least} or more, got {describe(count)}")


class Monitor(Callback):
    """Knows the best value so far of one figure of the record.

    Args:
        monitor: its name; "val_loss" unless given, "loss" where nothing is validated.
        mode: whether "min" or "max" is best; what the metric itself says, or "min".
        min_delta: by how much a value must be better to count.
    """

    def __init__(self, monitor: str | None = None, mode: Mode = None, min_delta: float = 0.0) -> None:
        if mode not in ("min", "max", None):
            raise ValueError(f'mode is "min" or "max", got {mode!r}')
        if not isinstance(monitor, str | None):
            raise TypeError(f'monitor is the name of a figure such as "val_loss", got {describe(monitor)}')
        self.monitor, self.mode, self.min_delta = monitor, mode, abs(min_delta)
        self.best: float | None = None
        self.best_epoch = 0

    def begin(self, trainer: Trainer) -> None:
        if not trainer.step:  # what is known is of another run
            self.best, self.best_epoch = None, 0

    def improved(self, trainer: Trainer) -> bool:
        """Whether this epoch is the best so far; then it is noted as such."""
        value = trainer.figure(self.monitor)
        sign = -1 if (self.mode or trainer.direction(self.monitor)) == "max" else 1
        if value != value or (self.best is not None and sign * value >= sign * self.best - self.min_delta):
            return False
        self.best, self.best_epoch = value, trainer.epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_epoch = state["best"], state["best_epoch"]


class EarlyStopping(Monitor):
    """Stops when a figure has not become better for so many epochs, and puts the best weights back, also at the end.

    Args:
        monitor, mode, min_delta: as for `Monitor`.
        patience: how many epochs in a row may be no better.
        restore: whether the model gets the weights and buffers of its best epoch back; they are kept in memory, and in
            checkpoints.
    """

    def __init__(
        self,
        monitor: str | None = None,
        patience: int = 5,
        mode: Mode = None,
        min_delta: float = 0.0,
        restore: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        check_counts(1, patience=patience)
        self.patience, self.restore = patience, restore
        self.waited = 0
        self.weights: dict[str, Any] | None = None

    def begin(self, trainer: Trainer) -> None:
        super().begin(trainer)
        if not trainer.step:
            self.waited, self.weights = 0, None

    def after_epoch(self, trainer: Trainer) -> None:
        if self.improved(trainer):
            self.waited = 0
            self.weights = trainer.model.state_dict() if self.restore else None
            return
        self.waited += 1
        if self.waited >= self.patience:
            name = trainer.figure_name(self.monitor)
            trainer.stop(f"{name} has not become better than {self.best:.6g} (epoch {self.best_epoch})"
                         if self.best is not None else f"{name} has been NaN")  # fmt: skip
            self._restore(trainer)

    def end(self, trainer: Trainer) -> None:
        if trainer.epoch >= trainer.epochs:  # not before the checkpoint: a longer run goes on from the last weights
            self._restore(trainer)

    def _restore(self, trainer: Trainer) -> None:
        if self.weights is not None:
            trainer.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"waited": self.waited, "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.waited, self.weights = state["waited"], state["weights"]


class Averaging(Callback):
    """Keeps an `AveragedModel` up to date: `Averaging(AveragedModel(model, avg_fn=get_ema_avg_fn(0.999)))`.

    Args:
        averaged: the average; `trainer.evaluate(data, model=averaged)` says how good it is.
        every: how many steps lie between two updates; 0 for one at the end of each epoch.
        start: the number of steps before the first.
    """

    def __init__(self, averaged: AveragedModel, every: int = 1, start: int = 0) -> None:
        check_counts(0, every=every, start=start)
        self.averaged, self.every, self.start = averaged, every, start

    def after_step(self, trainer: Trainer) -> None:
        if self.every and trainer.step > self.start and (trainer.step - self.start) % self.every == 0:
            self.averaged.update_parameters(trainer.model)

    def after_epoch(self, trainer: Trainer) -> None:
        if not self.every and trainer.step > self.start:
            self.averaged.update_parameters(trainer.model)

    def state_dict(self) -> dict[str, Any]:
        return {"averaged": self.averaged.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.averaged.load_state_dict(state["averaged"])
