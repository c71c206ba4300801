"""`Run`: what a training run consists of, and how it is saved and gone on with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import describe
from nn.module import Module

from .callbacks import Callback
from .checkpoint import read_streams, set_streams
from .files import load_state, save_state
from .metrics import Metric
from .optimizer import Optimizer

if TYPE_CHECKING:
    import os

__all__ = ["Run"]

_STRANGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)  # what a wrong state may raise


class Run:
    """Model, optimizer and the rest, the place in the data, what has been added up, and the history.

    A `Trainer` is one, and `optim.trainer` describes its attributes.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any] | None,
        optimizer: Optimizer,
        schedule: Any,
        metrics: dict[str, Metric],
        callbacks: Iterable[Callback],
    ) -> None:
        self.model, self.loss, self.optimizer, self.schedule = model, loss, optimizer, schedule
        self.metrics = metrics
        self.callbacks = sorted(callbacks, key=lambda callback: callback.last)
        self.epoch = self.step = self.batch = 0
        self.last_loss = math.nan
        self.record: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.losses: list[float] = []
        self.stopped: str | None = None
        self.data: Any = None
        self.validation: Any = None
        self._total, self._count, self._seconds = 0.0, 0, 0.0
        self._over = False  # whether the data has given all batches of this epoch
        self._at_start: dict[str, Any] = {}  # of the epoch: the streams of random numbers
        self._loaded: dict[str, Any] | None = None  # what waits for the data to come
        self._compute: Callable[[Module, Any], Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        """The whole run: model, optimizer, schedule, place in the data, random streams, metrics, callbacks, history."""
        loader = self.data
        return {
            "version": 1,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "place": {name: getattr(self, name) for name in ("epoch", "step", "batch", "stopped", "_over")},
            "data": loader.state_dict() if hasattr(loader, "load_state_dict") else None,
            "streams": read_streams(**self._roots()),
            "streams_at_start": self._at_start if self.batch else {},
            "metrics": {name: metric.state_dict() for name, metric in self.metrics.items()},
            "callbacks": self._callback_states(),
            "sums": {"total": self._total, "count": self._count, "seconds": self._seconds, "loss": self.last_loss},
            "history": self.history,
            "losses": np.array(self.losses, float),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict()` of a trainer of the same parts gave.

        Raises ValueError for anything else; then nothing has been changed.
        """
        before = self.state_dict()
        try:
            self._load_all(state)
        except _STRANGE as error:
            self._load_all(before)
            raise ValueError(
                f"this is no state of a run of this model, optimizer, schedule, metrics, callbacks and data: "
                f"{error if not isinstance(error, KeyError) else f'it has no {error}'}"
            ) from None

    def _load_all(self, state: Mapping[str, Any]) -> None:
        self._load_parts(state)
        self._loaded = {name: state[name] for name in ("data", "streams", "streams_at_start")}
        if self.data is not None:
            self._place_data()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the whole run to a safetensors file: all of it, or nothing."""
        try:
            save_state(self.state_dict(), path)
        except OSError as error:
            error.add_note(
                f"the run was at epoch {self.epoch}, step {self.step}; what {path} held before, it still holds"
            )
            raise

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from what `save` or a `Checkpoint` wrote. Raises ValueError for a damaged or strange file."""
        state = load_state(path)
        try:
            if not isinstance(state, Mapping):
                raise ValueError(f"it holds {describe(state)}")
            self.load_state_dict(state)
        except ValueError as error:
            raise ValueError(f"{path} does not fit: {error}") from None

    def _load_parts(self, state: Mapping[str, Any]) -> None:
        """Load everything but what belongs to the data."""
        if state["version"] != 1:
            raise ValueError(f"it is of version {state['version']}, and this is version 1")
        place, sums, history = state["place"], state["sums"], state["history"]
        numbers = [place[name] for name in ("epoch", "step", "batch")]
        if not all(type(n) is int and n >= 0 for n in numbers):
            raise ValueError(f"epoch, step and batch are counts, got {numbers}")
        if not isinstance(history, list) or not all(isinstance(record, dict) for record in history):
            raise ValueError("its history is no list of records")
        if not isinstance(state["streams"], dict) or not isinstance(state["streams_at_start"], dict):
            raise ValueError("its random streams are no dicts")
        if (state["schedule"] is None) != (self.schedule is None):
            raise ValueError("one of the two has a schedule and the other has not")
        if set(state["metrics"]) != set(self.metrics):
            raise ValueError(f"its metrics are {', '.join(state['metrics'])}, here they are {', '.join(self.metrics)}")
        here = {name: callback for name, callback in self._named_callbacks() if callback.state_dict()}
        unknown = set(state["callbacks"]) - set(here)
        if unknown:
            raise ValueError(f"it holds what {', '.join(sorted(unknown))} knew, which this trainer has not")
        losses = np.asarray(state["losses"], float).reshape(-1).tolist()
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(state["schedule"])
        for name, metric in self.metrics.items():
            metric.load_state_dict(state["metrics"][name])
        for name, known in state["callbacks"].items():
            here[name].load_state_dict(known)
        self.epoch, self.step, self.batch = numbers
        self.stopped, self._over = place["stopped"], bool(place["_over"])
        self._total, self._count = float(sums["total"]), int(sums["count"])
        self._seconds, self.last_loss = float(sums["seconds"]), float(sums["loss"])
        self.history, self.losses = [dict(record) for record in history], losses
        self.record = self.history[-1] if history and not self.batch else {}

    def _named_callbacks(self) -> Iterator[tuple[str, Callback]]:
        counts: dict[str, int] = {}
        for callback in self.callbacks:
            name = type(callback).__name__
            counts[name] = counts.get(name, 0) + 1
            yield (name if counts[name] == 1 else f"{name}{counts[name]}"), callback

    def _callback_states(self) -> dict[str, Any]:
        states = {name: callback.state_dict() for name, callback in self._named_callbacks()}
        return {name: state for name, state in states.items() if state}

    def _roots(self) -> dict[str, Any]:
        callbacks = dict(self._named_callbacks())
        return {
            "model": self.model, "loss": self.loss, "compute": self._compute, "data": self.data,
            "validation": self.validation, "callbacks": callbacks,
        }  # fmt: skip

    def _place_data(self) -> None:
        """Put the streams of random numbers, and the loader, where a loaded run has left them."""
        if self._loaded is None:
            return
        loaded, self._loaded = self._loaded, None
        if self.batch:
            self._at_start = loaded["streams_at_start"]
        try:
            set_streams(loaded["streams"], **self._roots())
            if loaded["data"] is not None and hasattr(self.data, "load_state_dict"):
                self.data.load_state_dict(loaded["data"])
        except _STRANGE as error:
            raise ValueError(f"the run that was loaded had other data, or another model: {error}") from None

    def _batches(self) -> Iterator[Any]:
        """The batches of this epoch; of a resumed one those that are left."""
        skip = self.batch
        if self._over:  # the run was stopped at its last step, of what was gathered at the end
            return iter(())
        if skip and hasattr(self.data, "load_state_dict"):
            self.data.load_state_dict(self.data.state_dict())  # so that the next loop goes on with the last one
            return iter(self.data)
        if not skip:
            self._at_start = read_streams(**self._roots())
            return iter(self.data)
        now = read_streams(**self._roots())
        set_streams(self._at_start, **self._roots())
        batches: Iterator[Any] = iter(self.data)
        for i in range(skip):
            if next(batches, None) is None:
                raise ValueError(f"the run was stopped after batch {skip} of an epoch, and the data has only {i}")
        set_streams(now, **self._roots())
        return batches
