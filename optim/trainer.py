"""`Trainer`: the loop around a training step, and all that belongs to a run.

>>> import nn, optim
>>> x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
>>> data = nn.data.DataLoader(nn.data.TensorDataset(x, 2 * x + 1), batch_size=16, shuffle=True, generator=0)
>>> model = nn.Linear(1, 1, generator=0)
>>> trainer = Trainer(model, nn.MSELoss(), optim.Adam(model.parameters(), lr=0.1), progress=False)
>>> history = trainer.fit(data, epochs=30)
>>> history[-1]["loss"] < 1e-2, trainer.predict(np.float32([[3.0]])).shape
(True, (1, 1))
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np

from autodiff.config import no_grad
from autodiff.errors import NumericalError, describe
from autodiff.kernels import policy
from autodiff.random import Draws
from autodiff.tensor import Tensor
from nn.module import Module
from nn.utils import clip_grad_norm_, clip_grad_value_

from .accumulate import Accumulate
from .batches import apart, check_batches, check_order, length, split
from .callbacks import Callback, check_counts
from .checkpoint import Checkpoint
from .doctor import all_finite, diagnose
from .lbfgs import LBFGS
from .lr_scheduler import CyclicLR, OneCycleLR, ReduceLROnPlateau
from .metrics import named
from .optimizer import Optimizer
from .progress import Progress
from .run import Run

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure

    from .finder import Rates

__all__ = ["Trainer"]


class Trainer(Run):
    """Fits a model: steps, epochs, validation, metrics, callbacks, checkpoints.

    Args:
        model: what is trained.
        loss: `loss(output, target)`, a mean over the examples of a batch.
        optimizer: of the model's parameters.
        schedule: of the optimizer. It steps once an epoch; `OneCycleLR` and `CyclicLR` once a step.
        schedule_each: "step" or "epoch", where that is to be otherwise.
        metrics: of `optim.metrics`, a list or a dict, computed on the training batches as they come (in training mode)
            and on the validation data ("val_" before the name).
        callbacks: see `optim.callbacks`; `Checkpoint(folder)` makes the run one that can be resumed.
        compute: `compute(model, batch)` that returns (loss, output, target) for batches that are not inputs and a
            target; output and target are what metrics are given.
        accumulate: how many batches make one step of the optimizer.
        clip_norm: the largest norm of the gradient of all parameters together.
        clip_value: the largest absolute value of an element of a gradient.
        monitor: the figure that ReduceLROnPlateau looks at; "val_loss" unless given, "loss" without validation.
        progress: True shows a bar in terminals and notebooks and a line an epoch elsewhere, "lines" only lines, False
            nothing.
        reproducible: whether to compile all kernels before the first step. Otherwise NumPy may serve while they are
            compiled in the background, once on a machine, and other bits come out than later.

    A batch is (x, y), or (x1, x2, ..., y): `model(x1, x2, ...)` is compared to y. A lone array is its own target.

    Attributes: `epoch` (complete ones), `step` (of the optimizer), `batch` (of this epoch), `record` (this epoch's
    figures), `history` (all records), `losses` (of each step), `last_loss`, `stopped` (why, or None).

    A loss or gradient that is NaN or infinite stops the run before the step: the step is computed again under
    `autodiff.debug()`, and the NumericalError names op and line. Ctrl-C stops after the step, saves if there is a
    `Checkpoint`, and says how to go on; pressed twice it stops at once.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any] | None,
        optimizer: Optimizer,
        schedule: Any = None,
        *,
        schedule_each: str | None = None,
        metrics: Any = None,
        callbacks: Callback | Iterable[Callback] = (),
        compute: Callable[[Module, Any], Any] | None = None,
        accumulate: int = 1,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        monitor: str | None = None,
        progress: bool | str = True,
        reproducible: bool = False,
    ) -> None:
        if not isinstance(model, Module):
            raise TypeError(f"a Trainer trains an nn.Module, got {describe(model)}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a Trainer takes an optimizer such as optim.Adam(model.parameters()), got {optimizer!r}")
        if (loss is None) == (compute is None):
            raise TypeError("give loss=, which compares outputs and targets, or compute=, which returns the loss")
        for function in (loss, compute):
            if function is not None:
                _check_function(function)
        if compute is None and not _shares(optimizer, model, loss):
            raise ValueError(
                "none of the model's parameters is among the optimizer's, which was made for another model: make it "
                f"anew, optim.{type(optimizer).__name__}(model.parameters())"
            )
        if schedule is not None:
            _check_schedule(schedule, schedule_each, optimizer)
        if schedule_each not in ("step", "epoch", None):
            raise ValueError(f'schedule_each is "step" or "epoch", got {schedule_each!r}')
        check_counts(1, accumulate=accumulate)
        if accumulate > 1 and isinstance(optimizer, LBFGS):
            raise ValueError(
                f"accumulate is 1 with LBFGS, which computes a batch's loss several times; got {accumulate}"
            )
        _check_limits(clip_norm=clip_norm, clip_value=clip_value)
        by_step = schedule_each == "step" or (schedule_each is None and isinstance(schedule, OneCycleLR | CyclicLR))
        self._by_step = schedule is not None and by_step
        callbacks = [callbacks] if isinstance(callbacks, Callback) else callbacks
        given = [Progress(lines=progress == "lines")] * bool(progress) + list(callbacks)
        for callback in given:
            if not isinstance(callback, Callback):
                hint = f": write {callback.__name__}(...)" if isinstance(callback, type) else ""
                raise TypeError(f"callbacks are optim.Callback objects, got {callback!r}{hint}")
        super().__init__(model, loss, optimizer, schedule, named(metrics), given)
        self._compute = compute
        self.accumulate, self.clip_norm, self.clip_value = accumulate, clip_norm, clip_value
        self.monitor, self.reproducible = monitor, reproducible
        self.epochs = 0
        self._interrupted = False
        self._recent: list[tuple[Any, list[tuple[int, int]]]] = []  # the batches of this step, and what they drew

    # -- fitting -----------------------------------------------------------------------------------

    def fit(
        self, data: Any, epochs: int, validate: Any = None, *, resume: bool | str | os.PathLike[str] = False
    ) -> list[dict[str, Any]]:
        """Train until so many epochs are done in all; return the history, a record for each.

        Args:
            data: goes over batches: a DataLoader, or any iterable that can be gone over again.
            validate: batches to evaluate after each epoch.
            resume: True goes on from the `Checkpoint` callback's last file if there is one, and else from the
                beginning, so that a program that was killed is just started again; a path must exist.

        Resumed with the same program (same model, optimizer, seeds and data), the run ends with the same bits as if it
        had not been stopped, provided that the same kernels compute (see `reproducible`).
        """
        check_counts(0, epochs=epochs)
        for batches in [data] if validate is None else [data, validate]:
            check_batches(batches)
        if isinstance(data, Iterator):
            raise TypeError(f"{type(data).__name__} can be gone over only once: give a DataLoader or a list of batches")
        self.data, self.validation, self.epochs = data, validate, epochs
        if self.reproducible and policy._mode == "auto":
            policy.compile_kernels()
        if resume is True:
            saver = self._saver()
            if saver is None:
                raise ValueError(
                    "resume=True goes on from the file of a Checkpoint callback: Trainer(..., "
                    "callbacks=[optim.Checkpoint(folder)]), or fit(..., resume=path)"
                )
            if saver.path.exists():
                self.load(saver.path)
        elif resume:
            self.load(resume)
        if not self.model.training:
            self.model.train()
        hook = self.optimizer.register_step_pre_hook(lambda *_: self._ready()) if self.accumulate > 1 else None
        try:
            with self._interruptible():
                self._place_data()
                for callback in self.callbacks:
                    callback.begin(self)
                while self.epoch < self.epochs and self.stopped is None:
                    self._fit_epoch()
                    self._check_interrupted()
        finally:
            if hook is not None:
                hook.remove()
            for callback in self.callbacks:
                callback.end(self)
        return self.history

    def stop(self, reason: str) -> None:
        """End the run after this epoch; a callback calls this."""
        self.stopped = reason

    def _fit_epoch(self) -> None:
        if self.batch == 0 or self._count == 0:
            self.batch, self._over = 0, False
            self._total, self._count, self._seconds, self.record = 0.0, 0, 0.0, {}
            for metric in self.metrics.values():
                metric.reset()
            for callback in self.callbacks:
                callback.before_epoch(self)
        begun = time.perf_counter() - self._seconds
        watching = [c for c in self.callbacks if type(c).after_step is not Callback.after_step]
        accumulate = Accumulate(self.optimizer, self.accumulate) if self.accumulate > 1 else None
        for batch in self._batches():
            self.batch += 1  # be it that the step fails: then it is left out
            if self._step(batch) if accumulate is None else self._accumulate(batch, accumulate):
                self._stepped(watching, begun)
        self._over = True
        if accumulate is not None and accumulate.count:
            accumulate.step()
            self._stepped(watching, begun)
        if self._count == 0:
            raise ValueError("the data gave no batch, or only empty ones: there is nothing to learn from")
        self._seconds = time.perf_counter() - begun
        self._close_epoch()

    def _close_epoch(self) -> None:
        rate = self.optimizer.param_groups[0]["lr"]
        self.record = {"epoch": self.epoch + 1, "step": self.step, "loss": self._total / self._count}
        self.record |= self._figures()
        if self.validation is not None:
            self.record |= {f"val_{name}": value for name, value in self.evaluate(self.validation).items()}
        self.record |= {"lr": float(rate), "seconds": self._seconds}
        self.epoch, self.batch, self._over = self.epoch + 1, 0, False
        if self.schedule is not None and not self._by_step:
            if isinstance(self.schedule, ReduceLROnPlateau):
                self.schedule.step(self.figure(self.monitor))
            else:
                self.schedule.step()
        self.history.append(self.record)
        for callback in self.callbacks:
            callback.after_epoch(self)

    def _step(self, batch: Any) -> bool:
        """One step of the optimizer by one batch."""
        if isinstance(self.optimizer, LBFGS):
            self.optimizer.step(lambda: self._pass(batch))
        else:
            self._pass(batch)
            self.optimizer.step()
        return True

    def _pass(self, batch: Any) -> Any:
        """Loss and gradients of a batch, checked and clipped."""
        self.optimizer.zero_grad()
        loss = self._loss(batch)
        loss.backward()
        self._ready()
        return loss

    def _loss(self, batch: Any) -> Any:
        with Draws() as draws:
            loss, output, target = self.compute(batch)
        if self.accumulate == 1:
            self._recent.clear()
        self._recent.append((batch, draws.pairs))
        if type(loss) is not Tensor or loss.size != 1:
            raise TypeError(f"a loss is a Tensor of one number, the mean of a batch, got {describe(loss)}")
        self.last_loss = value = float(loss.item())
        if not math.isfinite(value):
            raise NumericalError(diagnose(self, f"the loss is {value}", self._recent[-1:]))
        n = length(batch)
        self._total += value * n
        self._count += n
        if self.metrics:
            for metric in self.metrics.values():
                metric.update(output, target)
        return loss

    def _accumulate(self, batch: Any, accumulate: Accumulate) -> bool:
        if accumulate.count == 0:
            self._recent.clear()
        return accumulate.backward(self._loss(batch), weight=length(batch))

    def _ready(self) -> None:
        """Check that the gradients are finite, and clip them."""
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        if not all_finite(parameters):
            raise NumericalError(diagnose(self, "the gradient is not finite", self._recent))
        if self.clip_value is not None:
            clip_grad_value_(parameters, self.clip_value)
        if self.clip_norm is not None:
            clip_grad_norm_(parameters, self.clip_norm)

    def _stepped(self, watching: Sequence[Callback], begun: float) -> None:
        self.step += 1
        self.losses.append(self.last_loss)
        if self._by_step:
            self.schedule.step()
        if watching:
            self._seconds = time.perf_counter() - begun
            for callback in watching:
                callback.after_step(self)
        if self._interrupted:
            self._check_interrupted()

    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        """Return the loss of a batch, the model's output, and what it was compared to."""
        if self._compute is not None:
            made = self._compute(self.model, batch)
            if not isinstance(made, tuple) or len(made) != 3:
                raise TypeError(f"compute(model, batch) returns (loss, output, target), got {describe(made)}")
            return made
        inputs, target = split(batch)
        output = self.model(*inputs)
        if self.loss is None:
            raise TypeError("this Trainer has no loss")
        return self.loss(output, target), output, target

    def _figures(self) -> dict[str, Any]:
        """What the metrics make of the batches they have seen."""
        figures = {name: metric.compute() for name, metric in self.metrics.items()}
        for name, value in figures.items():
            figures[name] = value = value.value if type(value) is Tensor else value
            if np.asarray(value).dtype.kind not in "biuf":
                raise TypeError(f"metric {name!r} computes a number or an array of numbers, got {describe(value)}")
        return figures

    def figure_name(self, name: str | None = None) -> str:
        """The name of the figure that is looked at where none is named."""
        return name or ("val_loss" if self.validation is not None else "loss")

    def figure(self, name: str | None = None) -> float:
        """A figure of this epoch's record."""
        name = self.figure_name(name)
        if name not in self.record:
            raise ValueError(f"there is no figure {name!r} to look at: the record has {', '.join(self.record)}")
        return float(self.record[name])

    def direction(self, name: str | None = None) -> str:
        """Whether a figure is best at its "min" or "max"."""
        metric = self.metrics.get(self.figure_name(name).removeprefix("val_"))
        return "min" if metric is None else metric.best

    # -- evaluating --------------------------------------------------------------------------------

    def evaluate(self, data: Any, model: Module | None = None) -> dict[str, Any]:
        """Return the mean loss and the metrics on batches, in evaluation mode and without a graph.

        `model` is one to look at instead of the trainer's, such as an average of weights.
        """
        check_batches(data)
        own, self.model = self.model, model or self.model
        states = {name: metric.state_dict() for name, metric in self.metrics.items()}
        total, count = 0.0, 0
        try:
            for metric in self.metrics.values():
                metric.reset()
            with _evaluating(self.model):
                for batch in apart(data) if data is self.data else data:
                    loss, output, target = self.compute(batch)
                    n = length(batch)
                    total, count = total + float(loss.item()) * n, count + n
                    for metric in self.metrics.values():
                        metric.update(output, target)
            if not count:
                raise ValueError("there are no batches to evaluate")
            return {"loss": total / count} | self._figures()
        finally:
            self.model = own
            for name, metric in self.metrics.items():
                metric.load_state_dict(states[name])

    def predict(self, data: Any, batch_size: int = 256) -> Any:
        """Return the model's outputs as an array, of an array of inputs or of batches (whose targets are left out).

        Raises ValueError for a loader that shuffles, TypeError for a model that does not return one Tensor.
        """
        if isinstance(data, Tensor | np.ndarray):
            data = [(data[i : i + batch_size],) for i in range(0, max(len(data), 1), batch_size)]
        check_batches(data)
        check_order(data)
        outputs = []
        with _evaluating(self.model):
            for batch in apart(data) if data is self.data else data:
                output = self.model(*split(batch)[0])
                if type(output) is not Tensor:
                    raise TypeError(f"predict joins Tensors, and the model returned {describe(output)}")
                outputs.append(output.value)
        if not outputs:
            raise ValueError("there are no batches to predict")
        return np.concatenate(outputs)

    def find_rate(self, data: Any, low: float = 1e-6, high: float = 10.0, steps: int = 100) -> Rates:
        """Try step sizes from `low` to `high` and leave all as it was; see `optim.finder.find_rate`."""
        from .finder import find_rate

        return find_rate(self, data, low, high, steps)

    def plot(self) -> Figure:
        """Draw the loss of each step and the figures of each epoch."""
        from .plots import plot_history

        return plot_history(self.history, self.losses)

    def _saver(self) -> Checkpoint | None:
        return next((c for c in self.callbacks if isinstance(c, Checkpoint)), None)

    # -- Ctrl-C ------------------------------------------------------------------------------------

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        self._interrupted = False
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)
        if before is not signal.default_int_handler:  # somebody else deals with it
            yield
            return

        def note(*_: Any) -> None:
            if self._interrupted:
                signal.signal(signal.SIGINT, before)
                raise KeyboardInterrupt
            self._interrupted = True

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _check_interrupted(self) -> None:
        if not self._interrupted:
            return
        saver = self._saver()
        where = f"after step {self.step}, epoch {self.epoch + (self.batch > 0)}"
        if saver is None:
            raise KeyboardInterrupt(
                f"stopped {where}. Nothing was saved, as there is no Checkpoint callback; as long as this process "
                "lives, fit(...) of the same trainer goes on."
            )
        path = saver.save(self)
        raise KeyboardInterrupt(
            f"stopped {where}, and saved {path}. To go on, run the same program with fit(..., resume=True)."
        )


@contextmanager
def _evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode, without recording; each module then gets its own mode back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def _shares(optimizer: Optimizer, *owners: Any) -> bool:
    """Whether one of these modules has a parameter that is the optimizer's."""
    known = {p for group in optimizer.param_groups for p in group["params"]}
    return any(p in known for owner in owners if isinstance(owner, Module) for p in owner.parameters())


def _check_function(function: Any) -> None:
    if isinstance(function, type) or not callable(function):
        hint = f": write {function.__name__}()" if isinstance(function, type) else ""
        raise TypeError(f"loss is a function or a module such as nn.MSELoss(), got {function!r}{hint}")


def _check_limits(**limits: Any) -> None:
    for name, limit in limits.items():
        if limit is not None and not (isinstance(limit, SupportsFloat) and float(limit) > 0):
            raise ValueError(f"{name} is a positive number or None, got {limit!r}")


def _check_schedule(schedule: Any, each: str | None, optimizer: Optimizer) -> None:
    if isinstance(schedule, type) or not hasattr(schedule, "step"):
        raise TypeError(f"schedule is made by optim.lr_scheduler: StepLR(optimizer, 10), say; got {describe(schedule)}")
    if getattr(schedule, "optimizer", optimizer) is not optimizer:
        raise ValueError("the schedule is that of another optimizer: make it of the one that is given here")
    if each == "step" and isinstance(schedule, ReduceLROnPlateau):
        raise ValueError('ReduceLROnPlateau looks at a figure of the epoch: leave out schedule_each="step"')
