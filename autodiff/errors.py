"""Exception types, and the sentences that error messages are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class GradientError(RuntimeError):
    """A gradient was asked for that cannot be had; the message says why and what to write instead."""


class NumericalError(GradientError, FloatingPointError):
    """The first NaN or infinity that `debug()` has found; the message says where it comes from and why."""


def describe(value: Any) -> str:
    """Say what an array or number is in a few characters.

    >>> import numpy as np
    >>> describe(np.zeros((2, 3), np.float32)), describe(2.0)
    ('float32 (2, 3)', 'float 2.0')
    """
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    if isinstance(value, bool | int | float | complex):
        return f"{type(value).__name__} {value!r}"
    return type(value).__name__


def describe_all(values: Iterable[Any]) -> str:
    """Describe several values, separated by commas."""
    return ", ".join(describe(value) for value in values)


def broadcast_hint(shapes: Iterable[tuple[int, ...]]) -> str | None:
    """Say which axis keeps shapes from broadcasting, or None where they do broadcast.

    >>> broadcast_hint([(2, 3), (4,)])
    'axis -1 has lengths 3 and 4; lengths must be equal or 1'
    >>> broadcast_hint([(2, 3), (3,)]) is None
    True
    """
    shapes = list(shapes)
    for axis in range(1, max((len(shape) for shape in shapes), default=0) + 1):
        lengths = [shape[-axis] for shape in shapes if len(shape) >= axis and shape[-axis] != 1]
        if len(set(lengths)) > 1:
            listed = " and ".join(dict.fromkeys(str(length) for length in lengths))
            return f"axis -{axis} has lengths {listed}; lengths must be equal or 1"
    return None
