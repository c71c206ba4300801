"""Which step size to take: the loss while the rate rises from step to step (Smith, 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .batches import apart, check_batches
from .checkpoint import read_streams, set_streams
from .lbfgs import LBFGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .trainer import Trainer

__all__ = ["Rates", "find_rate"]


@dataclass(frozen=True)
class Rates:
    """Rates that were tried, and the losses met: `rates`, `losses` and their running mean, `smooth`, each (n,)."""

    rates: np.ndarray[Any, Any]
    losses: np.ndarray[Any, Any]
    smooth: np.ndarray[Any, Any]

    @property
    def suggestion(self) -> float:
        """The rate at which the smoothed loss falls fastest."""
        if len(self.rates) < 3:
            raise ValueError(f"{len(self.rates)} rates are too few to find the best: begin with a lower one")
        end = max(int(np.argmin(self.smooth)) + 1, 3)  # what comes after the lowest loss has gone too far
        near = max(1, end // 8)  # slopes over a distance: from one step to the next there is noise
        falls = self.smooth[: end - 2 * near] - self.smooth[2 * near : end]
        return float(self.rates[near + np.argmax(falls)])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses over the rates, with the suggestion; into the given axes of matplotlib, or new ones."""
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(6, 3.5), layout="constrained").subplots()
        ax.plot(self.rates, self.losses, color="0.7", linewidth=0.7, label="loss of the batch")
        ax.plot(self.rates, self.smooth, label="running mean")
        ax.axvline(self.suggestion, color="tab:orange", linestyle="--", label=f"{self.suggestion:.2g}")
        ax.set(xscale="log", xlabel="step size", ylabel="loss")
        top = float(np.quantile(self.smooth, 0.9))
        ax.set_ylim(top=max(top, float(self.smooth[0])) * 1.5)
        ax.legend()
        return ax


def find_rate(trainer: Trainer, data: Any, low: float = 1e-6, high: float = 10.0, steps: int = 100) -> Rates:
    """Take steps with a rate that rises from `low` to `high`, and leave model, optimizer and streams as they were.

    It ends early where the loss is four times the lowest, or not finite.

    Args:
        data: batches; gone over again as often as needed.

    Raises ValueError for rates that do not rise, or fewer than 10 steps; TypeError for `LBFGS`.
    """
    if not 0 < low < high or steps < 10:
        raise ValueError(f"rates rise from low to high in 10 steps or more, got {low}, {high}, {steps}")
    roots = trainer._roots() | {"data": data}
    weights, state, streams = trainer.model.state_dict(), trainer.optimizer.state_dict(), read_streams(**roots)
    if isinstance(trainer.optimizer, LBFGS):
        raise TypeError("LBFGS looks for its step lengths itself: there is no rate to find")
    check_batches(data)
    rates: list[float] = []
    losses: list[float] = []
    smooth: list[float] = []
    mean, modes = 0.0, [(module, module.training) for module in trainer.model.modules()]
    trainer.model.train()
    try:
        with np.errstate(all="ignore"):
            for i, batch in enumerate(_forever(apart(data), steps)):
                rate = low * (high / low) ** (i / (steps - 1))
                for group in trainer.optimizer.param_groups:
                    group["lr"] = rate
                trainer.optimizer.zero_grad()
                loss = trainer.compute(batch)[0]
                value = float(loss.item())
                mean = 0.9 * mean + 0.1 * value
                if not math.isfinite(value) or (smooth and mean / (1 - 0.9 ** (i + 1)) > 4 * min(smooth) > 0):
                    break
                rates.append(rate)
                losses.append(value)
                smooth.append(mean / (1 - 0.9 ** (i + 1)))
                loss.backward()
                trainer.optimizer.step()
    finally:
        trainer.optimizer.zero_grad()
        trainer.model.load_state_dict(weights)
        trainer.optimizer.load_state_dict(state)
        set_streams(streams, **roots)
        for module, training in modes:
            module.training = training
    return Rates(np.array(rates), np.array(losses), np.array(smooth))


def _forever(data: Any, steps: int) -> Any:
    count = 0
    while count < steps:
        before = count
        for batch in data:
            yield batch
            count += 1
            if count == steps:
                return
        if count == before:
            raise ValueError("the data gave no batch to try rates on")
