"""How much of the machine other programs use while the systems run."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

STAT = Path("/proc/stat")
LIMIT = 0.1  # cores that others may use and the figures be quoted


class Watch:
    """What others use from when it is made on.

    Linux counts the seconds in which all cores were at work; those of this process and of its children that have ended
    are not the others'. Elsewhere it is the load of before, which our own work has not raised yet.
    """

    def __init__(self) -> None:
        self.load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        self.first = self.last = self._now()

    def _now(self) -> tuple[float, float]:
        """The clock, and the seconds of others until now."""
        others = 0.0
        if STAT.exists():
            user, nice, system, _idle, _waiting, *interrupts = map(int, STAT.read_text().split(maxsplit=9)[1:9])
            at_work = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
            others = at_work - sum(os.times()[:4])
        return perf_counter(), others

    def _since(self, then: tuple[float, float], now: tuple[float, float]) -> float:
        if not STAT.exists():
            return self.load
        return max(now[1] - then[1], 0.0) / max(now[0] - then[0], 1e-9)

    def lap(self) -> float:
        """How many cores others have kept busy since the last call."""
        then, self.last = self.last, self._now()
        return self._since(then, self.last)

    def whole(self) -> float:
        """How many since the beginning."""
        return self._since(self.first, self._now())


def is_busy(others: float, threads: int) -> bool:
    """Whether so many threads had to share cores with others, who used that many: such figures are not to be quoted."""
    return others + threads > (os.cpu_count() or 1) + LIMIT
