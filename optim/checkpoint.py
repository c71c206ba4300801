"""Checkpoints of a `Trainer`: whole runs in files, so that a run that was cut off goes on as if it had not been."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CellType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.random import Generator, as_generator
from autodiff.tensor import Tensor

from .callbacks import Mode, Monitor, check_counts

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Checkpoint", "read_streams", "set_streams"]

_LEAVES = (Tensor, np.ndarray, np.generic, str, bytes, int, float, complex, type(None), type)
_SHARED: Any = np.random.mtrand._rand  # the one behind np.random.normal() and its like
_STREAMS = (Generator, np.random.Generator, np.random.RandomState, random.Random)


class Checkpoint(Monitor):
    """Saves the run in a folder: `last.safetensors` after each epoch, and `best.safetensors` of the best one.

    Each file is the whole state of the run (`trainer.load(path)`), written beside the old one and put in its place all
    at once: whatever happens, there is a whole checkpoint. A full disk is an OSError, and the old one is still there.

    Args:
        folder: made if it is not there.
        every: also save after each so many steps, in the middle of epochs.
        seconds: also save when so many seconds have passed since the last time.
        monitor, mode, min_delta: what is best, as for `Monitor`; monitor=False keeps no best.

    Raises OSError, before anything is trained, for a folder that cannot be written to.
    """

    last = True

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        every: int = 0,
        seconds: float = 0.0,
        monitor: str | bool | None = None,
        mode: Mode = None,
        min_delta: float = 0.0,
    ) -> None:
        super().__init__(None if isinstance(monitor, bool) else monitor, mode, min_delta)
        check_counts(0, every=every)
        if not seconds >= 0:
            raise ValueError(f"seconds is 0 or more, got {seconds}")
        self.folder, self.every, self.seconds = Path(folder), every, seconds
        self.keep_best = monitor is not False
        self._saved = (-1, -1)  # of which epoch and step
        self._time = 0.0

    @property
    def path(self) -> Path:
        """The file of the last state."""
        return self.folder / "last.safetensors"

    @property
    def best_path(self) -> Path:
        """The file of the best epoch."""
        return self.folder / "best.safetensors"

    def begin(self, trainer: Trainer) -> None:
        super().begin(trainer)
        self._saved = (-1, -1)
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in self.folder.glob(".*.safetensors.*.tmp"):  # of a process that was killed while it wrote
            if time.time() - stale.stat().st_mtime > 600:
                stale.unlink(missing_ok=True)
        probe = self.folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        self._time = time.monotonic()

    def after_step(self, trainer: Trainer) -> None:
        due = self.every and trainer.step % self.every == 0
        if due or (self.seconds and time.monotonic() - self._time >= self.seconds):
            self.save(trainer)

    def after_epoch(self, trainer: Trainer) -> None:
        if self.keep_best and self.improved(trainer):
            trainer.save(self.best_path)
        self.save(trainer)

    def save(self, trainer: Trainer) -> Path:
        """Save the run as it is now."""
        if self._saved != (trainer.epoch, trainer.step):
            trainer.save(self.path)
            self._saved, self._time = (trainer.epoch, trainer.step), time.monotonic()
        return self.path


# -- streams of random numbers --------------------------------------------------------------------------


def _streams(root: Any, name: str) -> Iterator[tuple[str, Any]]:
    """All generators that an object holds: in modules, attributes, lists, dicts, and what functions close over."""
    seen: set[int] = set()
    stack = [(name, root)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, _LEAVES) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, _STREAMS):
            yield path, value
        else:
            stack += [(f"{path}.{key}", part) for key, part in _parts(value)]


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        if len(value) <= 1000:  # longer ones are examples
            yield from enumerate(value)
    elif isinstance(value, FunctionType):
        yield from enumerate(cell.cell_contents for cell in value.__closure__ or () if cell != CellType())
        yield from enumerate(value.__defaults__ or ())
    elif isinstance(value, MethodType):
        yield "self", value.__self__
    elif isinstance(value, partial):
        yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
    elif type(value).__module__.partition(".")[0] not in sys.stdlib_module_names:
        yield from getattr(value, "__dict__", {}).items()
        for slot in getattr(type(value), "__slots__", ()):
            yield slot, getattr(value, slot, None)


def read_streams(**roots: Any) -> dict[str, Any]:
    """The states of all generators below these objects, and of those that everybody shares."""
    states: dict[str, Any] = {"autodiff": as_generator().get_state(), "python": _plain(random.getstate())}
    states["numpy"] = _state(_SHARED)
    for name, root in roots.items():
        for path, stream in _streams(root, name):
            states[path] = _state(stream)
    return states


def set_streams(states: Mapping[str, Any], **roots: Any) -> None:
    """Put the generators where they were. Raises ValueError where there are others than there were."""
    found = {path: stream for name, root in roots.items() for path, stream in _streams(root, name)}
    for path, stream in found.items():
        if path not in states:
            raise ValueError(f"there is a random generator at {path}, of which the checkpoint knows nothing")
        _set_state(stream, states[path])
    lost = set(states) - set(found) - {"autodiff", "python", "numpy"}
    if lost:
        raise ValueError(f"the checkpoint holds random generators that are not here: {', '.join(sorted(lost))}")
    as_generator().set_state(states["autodiff"])
    random.setstate(_tuples(states["python"]))
    _set_state(_SHARED, states["numpy"])


def _state(stream: Any) -> Any:
    if isinstance(stream, Generator):
        return stream.get_state()
    if isinstance(stream, np.random.Generator):
        return stream.bit_generator.state
    return _plain(stream.get_state() if isinstance(stream, np.random.RandomState) else stream.getstate())


def _set_state(stream: Any, state: Any) -> None:
    if isinstance(stream, Generator | np.random.RandomState):
        stream.set_state(state)
    elif isinstance(stream, np.random.Generator):
        stream.bit_generator.state = state
    else:
        stream.setstate(_tuples(state))


def _plain(state: Any) -> Any:
    """A state with an array for its long tuple of numbers."""
    return tuple([np.array(part, np.uint64) if isinstance(part, tuple) else part for part in state])


def _tuples(state: Any) -> Any:
    return tuple([tuple(part.tolist()) if isinstance(part, np.ndarray) else part for part in state])
