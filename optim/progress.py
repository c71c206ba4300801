"""How a run gets on: a bar in terminals and notebooks, a line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from .callbacks import Callback

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Progress", "duration", "short"]

_OFTEN = 0.2  # seconds between two looks of the bar


class Progress(Callback):
    """Shows a bar (of tqdm, where it is installed) with loss, rate and time to come, and a line after each epoch.

    Args:
        lines: only the lines, as in a log file.
    """

    last = True

    def __init__(self, lines: bool = False) -> None:
        self.lines = lines
        self._bar: Any = None
        self._shown = self._begun = 0.0
        self._first = 0

    def begin(self, trainer: Trainer) -> None:
        self._begun, self._first = time.monotonic(), trainer.epoch
        per_epoch = len(trainer.data) if hasattr(trainer.data, "__len__") else None
        total = None if per_epoch is None else -(-per_epoch // trainer.accumulate) * trainer.epochs
        if not self.lines and (sys.stderr.isatty() or _in_notebook()) and find_spec("tqdm") is not None:
            self._bar = _tqdm()(total=total, initial=trainer.step, unit="step", leave=False, mininterval=_OFTEN)

    def after_step(self, trainer: Trainer) -> None:
        if self._bar is None:
            return
        now = time.monotonic()
        if now - self._shown > _OFTEN:
            rate = trainer.optimizer.param_groups[0]["lr"]
            text = [f"epoch {trainer.epoch + 1}/{trainer.epochs}", f"loss {trainer.last_loss:.4g}", f"lr {rate:.3g}"]
            text += [f"{name} {short(metric.compute())}" for name, metric in trainer.metrics.items()]
            self._bar.set_postfix_str(", ".join(text), refresh=False)
            self._shown = now
        self._bar.update()

    def after_epoch(self, trainer: Trainer) -> None:
        record, done = trainer.record, trainer.epoch - self._first
        figures = [f"{name} {short(v)}" for name, v in record.items() if name not in ("epoch", "step", "seconds")]
        left = (time.monotonic() - self._begun) / done * (trainer.epochs - trainer.epoch)
        ends = [duration(record["seconds"])] + [f"{duration(left)} left"] * (left > 0 and self._bar is None)
        width = len(str(trainer.epochs))
        self._write(f"epoch {trainer.epoch:{width}}/{trainer.epochs}  " + "  ".join(figures) + f"  ({', '.join(ends)})")
        if trainer.stopped:
            self._write(f"stopped: {trainer.stopped}")

    def end(self, trainer: Trainer) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _write(self, line: str) -> None:
        if self._bar is None:
            print(line, flush=True)
        else:
            self._bar.write(line)


def short(value: Any) -> str:
    """A figure in a few characters.

    >>> short(0.123456), short(1e-5), short(np.eye(2))
    ('0.1235', '1e-05', '(2, 2)')
    """
    return f"{value:.4g}" if np.ndim(value) == 0 else str(np.shape(value))


def duration(seconds: float) -> str:
    """A length of time in a few characters.

    >>> duration(3.21), duration(75), duration(7300)
    ('3.2 s', '1:15', '2:01:40')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"


def _tqdm() -> Any:
    if _in_notebook() and find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm as widget

        return widget
    from tqdm import tqdm

    return tqdm
