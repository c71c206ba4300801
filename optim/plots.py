"""Pictures of a run: the loss of each step, and the figures of each epoch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.io import atomic

from .callbacks import Callback, check_counts
from .progress import _in_notebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .trainer import Trainer

__all__ = ["LivePlot", "plot_history"]

_NO_FIGURES = ("epoch", "step", "lr", "seconds")


def plot_history(history: Sequence[Mapping[str, Any]], losses: Sequence[float] = ()) -> Figure:
    """Draw the loss, by steps and by epochs, and beside it each metric, for training and validation."""
    from matplotlib.figure import Figure

    names = dict.fromkeys(
        name.removeprefix("val_")
        for record in history
        for name, value in record.items()
        if name not in _NO_FIGURES and np.ndim(value) == 0
    )
    titles = ["loss", *(name for name in names if name != "loss")]
    figure = Figure(figsize=(4.5 * len(titles), 3.5), layout="constrained")
    for ax, name in zip(figure.subplots(1, len(titles), squeeze=False)[0], titles, strict=True):
        if name == "loss":
            _plot_steps(ax, losses)
        for key, label, color in ((name, "training", "tab:blue"), (f"val_{name}", "validation", "tab:orange")):
            points = [(record["step"], record[key]) for record in history if key in record]
            if points:
                ax.plot(*zip(*points, strict=True), marker=".", label=label, color=color)
        ax.set(xlabel="step", title=name)
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
    return figure


def _plot_steps(ax: Axes, losses: Sequence[float]) -> None:
    if len(losses):
        ax.plot(range(1, len(losses) + 1), losses, linewidth=0.5, color="0.6", label="each step")
        if min(losses) > 0:
            ax.set_yscale("log")


class LivePlot(Callback):
    """Draws the run anew after each epoch: in a notebook in its place, and into a file if one is named.

    Args:
        path: a picture (.png, .svg, .pdf), replaced each time.
        every: how many epochs lie between two pictures; the last is always drawn.
    """

    last = True

    def __init__(self, path: str | os.PathLike[str] | None = None, every: int = 1) -> None:
        check_counts(1, every=every)
        self.path, self.every = None if path is None else Path(path), every
        self._kind = self.path.suffix[1:].lower() or "png" if self.path is not None else ""
        self._display: Any = None

    def begin(self, trainer: Trainer) -> None:
        kinds = import_module("matplotlib.figure").Figure().canvas.get_supported_filetypes()
        if self.path is not None:  # better an error now than after an epoch
            if self._kind not in kinds:
                raise ValueError(f"{self.path} is to be a picture of one of the kinds {', '.join(kinds)}")
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def after_epoch(self, trainer: Trainer) -> None:
        if trainer.epoch % self.every and trainer.epoch < trainer.epochs and not trainer.stopped:
            return
        if self.path is None and not _in_notebook():
            return
        figure = trainer.plot()
        if self.path is not None:
            with atomic(self.path) as temporary:
                figure.savefig(temporary, format=self._kind, dpi=150)
        if _in_notebook():
            from IPython.display import display

            if self._display is None:
                self._display = display(figure, display_id=True)
            else:
                self._display.update(figure)
