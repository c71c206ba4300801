"""Run the workloads of rows.py in all their systems, interleaved, and print how they compare.

    python -m benchmarks [--rows multiply gates] [--threads 1] [--repeats 15] [--json FILE]

Every system runs in a process of its own, all with the same number of threads and with the cycle
collector on. They take turns, so that whatever else the machine does strikes all of them; the ratio is the
median over the turns, with quartiles. A system that computes other numbers than the rest makes the command
fail; times never do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import numpy as np

from .rows import IMPORT_ROW, IMPORTS, ROWS, Row

ROOT = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
TURN = 0.1  # seconds that a system runs before it is another one's turn


class DisagreementError(Exception):
    """Two systems have computed different things."""


class Worker:
    """A system's process."""

    def __init__(self, system: str, row: str, threads: int) -> None:
        self.system = system
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", system, row, str(threads)],
            cwd=ROOT, env=environment(threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.seconds: list[float] = []
        self.peak = 0
        self.repetitions = 1
        first = self._answer()
        self.numbers, self.version = first["numbers"], first["version"]

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit(f"the worker of '{self.system}' has stopped; what it said stands above")
        return json.loads(line)

    def _run(self) -> float:
        stdin: Any = self.process.stdin
        stdin.write(json.dumps({"repetitions": self.repetitions}) + "\n")
        stdin.flush()
        answer = self._answer()
        self.peak = answer["peak"]
        return float(answer["seconds"])

    def warm_up(self) -> None:
        """Find how many repetitions fill a turn."""
        while (spent := self._run() * self.repetitions) < TURN / 2:
            self.repetitions = max(self.repetitions + 1, int(self.repetitions * min(10, TURN / spent)))

    def turn(self) -> None:
        """Run for a turn."""
        self.seconds.append(self._run())

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def environment(threads: int) -> dict[str, str]:
    """The environment of a worker: this many threads, whatever library asks, and compiled files kept."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict.fromkeys(THREAD_VARIABLES, str(threads))


def compare_numbers(row: Row, workers: Sequence[Worker]) -> None:
    """Raise DisagreementError unless all systems have computed what the first has."""
    first = workers[0]
    for other in workers[1:]:
        if first.numbers.keys() != other.numbers.keys():
            raise DisagreementError(f"{first.system} gives {list(first.numbers)}, {other.system} {list(other.numbers)}")
        for name, value in first.numbers.items():
            a, b = np.asarray(value), np.asarray(other.numbers[name])
            scale = max(1e-30, float(np.abs(a).max(initial=0.0)))
            if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=row.tolerance * scale):
                raise DisagreementError(
                    f"{name} is {a.ravel()[:4]} in {first.system}, {b.ravel()[:4]} in {other.system}"
                )


def measure(name: str, threads: int, repeats: int) -> dict[str, Any]:
    """Run one row, and return its samples."""
    row = ROWS[name]
    workers = [Worker(system, name, threads) for system in row.systems]
    try:
        compare_numbers(row, workers)
        for worker in workers:
            worker.warm_up()
        for i in range(repeats):
            for worker in workers if i % 2 else workers[::-1]:
                worker.turn()
    finally:
        for worker in workers:
            worker.close()
    return {
        "seconds": {w.system: w.seconds for w in workers},
        "peak": {w.system: w.peak for w in workers},
        "versions": {w.system: w.version for w in workers},
    }


def measure_imports(threads: int, repeats: int) -> dict[str, Any]:
    """Time whole processes that import a package and end."""
    seconds: dict[str, list[float]] = {system: [] for system in IMPORTS}
    for i in range(repeats + 1):  # the first writes and reads caches
        for system, code in IMPORTS.items() if i % 2 else reversed(IMPORTS.items()):
            start = perf_counter()
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(threads), check=True)
            if i:
                seconds[system].append(perf_counter() - start)
    return {"seconds": seconds, "peak": {}, "versions": {}}


# -- the table --------------------------------------------------------------------------------------------


def spread(samples: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(samples) < 2:
        return (samples[0],) * 3
    low, middle, high = quantiles(samples, n=4, method="inclusive")
    return low, middle, high


def duration(seconds: float) -> str:
    """Write a time with a unit that suits it.

    >>> duration(2.1e-6), duration(0.0851)
    ('2.10 us', '85.1 ms')
    """
    unit, size = next(((u, s) for u, s in (("s", 1.0), ("ms", 1e-3)) if seconds >= s), ("us", 1e-6))
    return f"{seconds / size:.3g} {unit}" if seconds / size >= 10 else f"{seconds / size:.2f} {unit}"


def summary(row: Row, result: dict[str, Any]) -> dict[str, Any]:
    """Medians with quartiles, and the ratio of ours to the peer, turn by turn."""
    seconds = result["seconds"]
    ratios = [a / b for a, b in zip(seconds["ours"], seconds[row.peer], strict=True)]
    low, middle, high = spread(ratios)
    return {
        "times": {system: spread(samples) for system, samples in seconds.items()},
        "ratio": (low, middle, high),
        "peer": row.peer,
        "goal": row.goal,
        "reached": middle <= row.goal,
    }


SYSTEMS = ("ours", "torch", "numpy", "plain")
COLUMNS = "{:47}  {:>15}  {:>15}  {:>15}  {:>15}  {:>24}  {:>4}  {:>7}  {:>9}"


def line_of(row: Row, result: dict[str, Any], found: dict[str, Any]) -> str:
    """A line of the table."""

    def time_of(system: str) -> str:
        if system not in found["times"]:
            return ""
        low, middle, high = found["times"][system]
        return f"{duration(middle)} ±{50 * (high - low) / middle:.1f}%"

    low, middle, high = found["ratio"]
    ratio = f"{middle:.2f} ({low:.2f}-{high:.2f}) {row.peer}"
    peak = " / ".join(f"{result['peak'][s] / 2**20:.0f}" for s in SYSTEMS if s in result["peak"])
    reached = "yes" if found["reached"] else "no"
    return COLUMNS.format(row.title, *map(time_of, SYSTEMS), ratio, row.goal, reached, peak)


def machine(threads: int) -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return {
        "cpu": cpu, "cores": os.cpu_count(), "threads": threads, "system": platform.platform(),
        "python": platform.python_version(), "numpy": np.__version__, "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> int:
    """Measure, print, and return the exit code."""
    names = [*ROWS, "import"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", nargs="+", choices=names, default=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--threads", type=int, default=1, help="of every system (1)")
    parser.add_argument("--repeats", type=int, default=15, help="turns of each system (15)")
    parser.add_argument("--json", type=Path, help="write all samples to this file")
    options = parser.parse_args()
    if find_spec("torch") is None:
        print("PyTorch, the peer of these rows, is not installed; `make bench` installs it.", file=sys.stderr)
        return 2

    about = machine(options.threads)
    busy, cores = about["load"], about["cores"]
    if busy + options.threads > cores + 0.5:
        print(
            f"This machine is busy: load {busy:.1f} on {cores} cores. With {options.threads} threads for each "
            "system, time spent waiting for a core is measured too, and most of all in PyTorch, whose threads "
            "wait for one another. Do not quote these figures.\n"
        )
    about["torch"] = metadata.version("torch")
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print("medians; ± half the distance of the quartiles; ratio ours / peer (quartiles); gc on; peak in MiB")
    print("plain: ours as well, without what the row is about (a loop for vmap, no debug(), no checkpoint)\n")
    print(COLUMNS.format("", *SYSTEMS, "ratio", "goal", "reached", "peak"))
    results: dict[str, Any] = {}
    wrong = 0
    for name in options.rows:
        row = ROWS.get(name, IMPORT_ROW)
        try:
            if name == "import":
                result = measure_imports(options.threads, options.repeats)
            else:
                result = measure(name, options.threads, options.repeats)
        except DisagreementError as difference:
            print(f"{row.title:47}  the systems DISAGREE: {difference}")
            wrong += 1
            continue
        found = summary(row, result)
        results[name] = {"title": row.title, **result, **found}
        print(line_of(row, result, found), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": about, "rows": results}, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
