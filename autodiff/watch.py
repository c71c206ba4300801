"""Seeing user code read and replace `t.value` while a trace is made.

`Tensor.value` is a slot: nothing runs when it is read, and nothing should. While there is a trace anywhere a property
stands in its place, which tells the observers of this thread or task of reads by code that is not the engine's.
"""

from __future__ import annotations

import sys
from threading import Lock
from types import FrameType
from typing import Any

from .config import MODES
from .errors import GradientError
from .tensor import Tensor, note_read

_SLOT: Any = Tensor.__dict__["value"]
_LOCK = Lock()
_open = 0
_ENGINE: dict[Any, bool] = {}


def _is_engine(frame: FrameType) -> bool:
    """Whether code belongs to what tells a tracer what it does: the engine, optimizers' steps, hooks of modules."""
    name = frame.f_globals.get("__name__")
    answer = _ENGINE.get(name)
    if answer is None:
        told = name in ("optim.optimizer", "nn.hooks")
        answer = _ENGINE[name] = told or str(name).partition(".")[0] == "autodiff"
    return answer


def _get(tensor: Tensor) -> Any:
    value = _SLOT.__get__(tensor)
    return value if _is_engine(sys._getframe(1)) else note_read(tensor, "value", value)


def _set(tensor: Tensor, value: Any) -> None:
    for observer in MODES.get().observers:
        if observer.traces and _is_engine(sys._getframe(1)):
            observer.given(tensor)
        elif observer.traces:
            raise GradientError(
                f"{tensor.name or 'a tensor'}'s value was replaced while it was traced, behind the trace: write "
                "t[...] = v or t += u instead of t.value = v."
            )
    _SLOT.__set__(tensor, value)


_PROPERTY = property(_get, _set, doc=_SLOT.__doc__)


class watched:
    """A `with` block in which reads of `t.value` are seen, in whatever thread has a trace."""

    def __enter__(self) -> None:
        _count(1)

    def __exit__(self, *exc: object) -> None:
        _count(-1)


def _count(change: int) -> None:
    global _open
    with _LOCK:
        before, _open = _open, _open + change
        if not before or not _open:
            type.__setattr__(Tensor, "value", _PROPERTY if _open else _SLOT)
