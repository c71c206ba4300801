"""Colours that measure: gradient norm, size of values, time or bytes of each item, on one scale with a legend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, log10
from typing import Literal

from .scene import Item

Measured = Literal["gradient", "value", "time", "bytes"]

TITLES: Mapping[str, str] = {
    "gradient": "norm of the gradient",
    "value": "size of the values (root mean square)",
    "time": "time",
    "bytes": "bytes kept for the backward pass",
}
FEWEST = 1e-3  # times and bytes below this part of the largest look like nothing


def _bytes(item: Item) -> float | None:
    return item.saved


_MEASURES: Mapping[str, Callable[[Item], float | None]] = {
    "gradient": lambda item: None if item.grad is None else item.grad.norm,
    "value": lambda item: None if item.value is None else item.value.scale,
    "time": lambda item: item.seconds,
    "bytes": _bytes,
}


class Scale:
    """Where each item is between the smallest and the largest, on a logarithmic scale."""

    def __init__(self, items: Sequence[Item], measured: Measured) -> None:
        self.measured = measured
        self.of = _MEASURES[measured]
        known = [m for m in map(self.of, items) if m is not None and m > 0 and isfinite(m)]
        self.high = max(known, default=1.0)
        self.low = min(known, default=1.0)
        if measured in ("time", "bytes"):
            self.low = max(self.low, self.high * FEWEST)
        self.known = bool(known)

    def place(self, item: Item) -> float | None:
        """From 0 to 1; None where nothing is known of it. What is zero is at 0, what is not finite at 1."""
        m = self.of(item)
        if m is None:
            return None
        if not isfinite(m):
            return 1.0
        if m <= self.low or self.low == self.high:
            return float(m > 0 and self.low == self.high)
        return log10(m / self.low) / log10(self.high / self.low)

    def ticks(self, count: int) -> list[float]:
        """Evenly spaced marks of the legend, as numbers."""
        ratio = self.high / self.low
        return [self.low * ratio ** (i / (count - 1)) for i in range(count)]
