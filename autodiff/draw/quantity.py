"""What a picture knows of a value or a gradient, and how it writes it in a few characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import SMALL
from .thumbnail import Thumbnail

WIDE = 30  # characters in a line of numbers; a wider array is shown by its statistics
TALL = 4  # rows of a matrix that is written out


@dataclass(frozen=True, slots=True)
class Statistics:
    """The finite elements of an array in four numbers (of a complex one: of their absolute values)."""

    low: float
    high: float
    mean: float
    std: float
    odd: int  # how many elements are inf or nan; the other numbers leave them out
    count: int = 0  # of the others


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value or gradient as it was when the picture was made: all of it, or its statistics.

    >>> Quantity.of(np.array([0.5, -2.0])).text
    '[0.5 -2]'
    >>> Quantity.of(np.arange(100.0)).text
    '49.5 ± 28.9, 0 to 99'
    """

    array: Any = None  # a copy, where there are few elements
    statistics: Statistics | None = None  # where there are many
    thumbnail: Thumbnail | None = None

    @classmethod
    def of(cls, array: Any, small: bool = False) -> Quantity:
        """Take down an array or number; with `small` a tiny picture of an array too."""
        array = np.asarray(array)
        thumbnail = Thumbnail.of(array) if small and array.size > 1 else None
        if array.size <= SMALL:
            return cls(array.copy(), None, thumbnail)
        return cls(None, _statistics(array), thumbnail)

    @property
    def norm(self) -> float:
        """The root of the sum of the squares of the finite elements."""
        s = self.statistics or _statistics(self.array)
        return float(np.hypot(s.mean, s.std) * np.sqrt(s.count)) if s.count else 0.0

    @property
    def scale(self) -> float:
        """The root of the mean of their squares."""
        s = self.statistics or _statistics(self.array)
        return float(np.hypot(s.mean, s.std)) if s.count else 0.0

    @property
    def lines(self) -> list[str]:
        """The text, a matrix in several lines."""
        if self.array is not None:
            written = _write(self.array)
            if written:
                return written
        statistics = self.statistics or _statistics(self.array)
        return [_describe(statistics)]

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join(self.lines)


def number(x: Any, digits: int = 6) -> str:
    """Write a number with some significant digits and no needless ones.

    >>> number(-12.0), number(1 / 3), number(1e-9), number(2**40), number(True), number(1 - 2j)
    ('-12', '0.333333', '1e-09', '1099511627776', 'True', '1-2j')
    """
    x = x.item() if hasattr(x, "item") else x
    if isinstance(x, bool | int):
        return str(x)
    if isinstance(x, complex):
        imaginary = number(x.imag, digits)
        plus = "" if imaginary.startswith("-") else "+"
        return f"{number(x.real, digits)}{plus}{imaginary}j"
    if abs(x) < 1e9 and x == int(x):  # false for inf and nan, which go on
        return str(int(x))  # and -0.0 is written 0
    return f"{x:.{digits}g}"


def _write(array: Any) -> list[str]:
    """Write a small array out, a line for each row of a matrix; an empty list where it is too wide."""
    if not array.size:
        return ["no elements"]
    if not array.ndim:
        return [number(array)]
    if array.ndim > 2 or (array.ndim == 2 and len(array) > TALL):
        return []
    rows = [[number(x, 4) for x in row] for row in np.atleast_2d(array)]
    if array.ndim == 1:
        lines = [f"[{' '.join(rows[0])}]"]
    else:
        lines = [f"[{' '.join(row)}]" for row in rows]
        lines[0] = f"[{lines[0]}"
        lines[-1] += "]"
    return lines if max(map(len, lines)) <= WIDE else []


def _statistics(array: Any) -> Statistics:
    if array.dtype.kind == "c":
        array = abs(array)
    finite = array
    if array.dtype.kind == "f":
        good = np.isfinite(array)
        if not good.all():
            finite = array[good]
    if not finite.size:
        return Statistics(np.nan, np.nan, np.nan, np.nan, array.size)
    with np.errstate(all="ignore"):  # the square of a huge number may overflow, and may be shown so
        mean, std = finite.mean(dtype=np.float64), finite.std(dtype=np.float64)
    odd = array.size - finite.size
    return Statistics(float(finite.min()), float(finite.max()), float(mean), float(std), odd, finite.size)


def _describe(s: Statistics) -> str:
    odd = f"{s.odd} not finite"
    if np.isnan(s.mean):
        return odd
    if s.low == s.high:
        text = f"all {number(s.low, 3)}"
    else:
        low, high = number(s.low, 3), number(s.high, 3)
        text = f"{number(s.mean, 3)} ± {number(s.std, 3)}, {low} to {high}"
    return f"{text}, {odd}" if s.odd else text
