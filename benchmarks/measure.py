"""Run a row in all its systems, each in a process of its own, and compare what they have computed.

They take turns, so that whatever else the machine does strikes all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

import numpy as np

from .row import Row, Startup
from .systems import SYSTEMS, UnavailableError, environment

ROOT = Path(__file__).resolve().parent.parent
TURN = 0.1  # seconds that a system runs before it is another one's turn
COMPILED = {"AUTODIFF_KERNELS": "numba"}  # wait for our compiler, that no time is taken while it is at work
PAUSE = 0.02  # seconds between turns, for a system's threads to fall asleep: those of OpenMP stay awake for 8 ms
BUDGET = 8.0  # seconds for the turns of a row; at least three each


class DisagreementError(Exception):
    """Two systems have computed different things."""


class Worker:
    """A system's process."""

    def __init__(self, system: str, table: str, row: str, threads: int, numbers: str, clock: str) -> None:
        self.system, self.path, self.clock = system, numbers, clock
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", system, table, row, str(threads), numbers],
            cwd=ROOT, env=COMPILED | environment(threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.seconds: list[float] = []
        self.cores: list[float] = []
        self.last: dict[str, Any] = {}
        self.repetitions = 1

    def begin(self) -> None:
        """Wait until the workload is set up; raises UnavailableError if the system cannot run here."""
        self.first = self._answer()
        if "missing" in self.first:
            raise UnavailableError(self.first["missing"])
        with np.load(self.path) as file:
            self.numbers = dict(file)

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError(f"the worker of {self.system} has stopped; what it said stands above")
        return dict(json.loads(line))

    def _run(self) -> float:
        stdin: Any = self.process.stdin
        stdin.write(json.dumps({"repetitions": self.repetitions}) + "\n")
        stdin.flush()
        self.last = self._answer()
        return float(self.last["wall"])

    def warm_up(self) -> float:
        """Find how many repetitions fill a turn, go on until it gets no faster, and return a turn's seconds."""
        while (spent := self._run() * self.repetitions) < TURN / 2:
            self.repetitions = max(self.repetitions + 1, int(self.repetitions * min(10, TURN / spent)))
        for _ in range(8 if spent < 10 * TURN else 0):  # the first steps, which gave the numbers, were a warm-up too
            before, spent = spent, self._run() * self.repetitions
            if spent > 0.9 * before:
                break
        return spent

    def turn(self) -> None:
        """Run for a turn."""
        sleep(PAUSE)
        self._run()
        self.seconds.append(self.last[self.clock])
        self.cores.append(self.last["cpu"] / self.last["wall"])

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def compare_numbers(row: Row, numbers: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise DisagreementError unless all systems have computed what the first has."""
    if not numbers:
        return
    (first, expected), *others = numbers.items()
    for name, value in expected.items():
        if not np.all(np.isfinite(value)):
            raise DisagreementError(f"{name} is not finite in {first}")
    for other, found in others:
        if expected.keys() != found.keys():
            raise DisagreementError(f"{first} gives {list(expected)}, {other} {list(found)}")
        for name, value in expected.items():
            a, b = np.asarray(value), np.asarray(found[name])
            scale = max(1e-30, float(np.abs(a).max(initial=0.0)))
            if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=row.tolerance * scale):
                raise DisagreementError(f"{name} is {a.ravel()[:4]} in {first}, {b.ravel()[:4]} in {other}")


def measure(
    name: str, row: Row, threads: int, repeats: int, systems: Sequence[str] = (), clock: str = "wall",
    table: str = "benchmarks.rows",
) -> dict[str, Any]:  # fmt: skip
    """Run the row of this name in the table, in these of its systems or in all, and return its samples.

    The clock is "wall", or "cpu" for the time of all of a process's threads, which has no waiting in it.
    """
    chosen = [system for system in row.systems if not systems or system in systems]
    missing: dict[str, str] = {}
    ready: list[Worker] = []
    with TemporaryDirectory() as folder:
        workers = [Worker(s, table, name, threads, str(Path(folder, f"{s}.npz")), clock) for s in chosen]
        try:
            for worker in workers:
                try:
                    worker.begin()
                    ready.append(worker)
                except UnavailableError as reason:
                    missing[worker.system] = str(reason)
            compare_numbers(row, {worker.system: worker.numbers for worker in ready})
            spent = sum(worker.warm_up() for worker in ready)
            for i in range(max(3, min(repeats, int(BUDGET / max(spent, TURN))))):
                for worker in ready if i % 2 else ready[::-1]:
                    worker.turn()
        finally:
            for worker in workers:
                worker.close()
    return {
        "seconds": {w.system: w.seconds for w in ready},
        "cores": {w.system: float(np.median(w.cores)) for w in ready},
        "first": {w.system: w.first["first"] for w in ready},
        "peak": {w.system: w.last["peak"] for w in ready},
        "growth": {w.system: w.last["growth"] for w in ready},
        "versions": {w.system: w.first["version"] for w in ready},
        "missing": missing,
    }


def measure_startup(row: Startup, repeats: int, systems: Sequence[str] = (), clock: str = "wall") -> dict[str, Any]:
    """Time whole processes, with one thread each."""

    def now() -> float:
        return perf_counter() if clock == "wall" else sum(os.times()[2:4])  # of children that have ended

    seconds: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    for system in row.codes:
        try:
            SYSTEMS[system].version()
        except UnavailableError as reason:
            missing[system] = str(reason)
        else:
            if not systems or system in systems:
                seconds[system] = []
    with TemporaryDirectory() as kept:
        for i in range(repeats + 1):  # the first fills caches
            for system in seconds if i % 2 else reversed(seconds):
                with TemporaryDirectory() as fresh:
                    env = environment(1) | {"NUMBA_CACHE_DIR": fresh if row.cold else kept}
                    env |= {} if i or row.cold else COMPILED  # compiled by the first of all, and kept
                    start = now()
                    subprocess.run([sys.executable, "-c", row.codes[system]], cwd=ROOT, env=env, check=True)
                    spent = now() - start
                if i:
                    seconds[system].append(spent)
    return {"seconds": seconds, "missing": missing}
