"""Run the workloads of rows/ in all their systems, and print how they compare.

    python -m benchmarks                            the whole table, then how time grows with size
    python -m benchmarks --rows lenet lstm          some rows; also [--threads 1] [--systems ours torch] [--clock cpu]
    python -m benchmarks --curves [width steps]     only how time grows with size, of all that is measured or of this
    python -m benchmarks --readme                   put the table of the last whole run into README.md

Every system runs in a process of its own, all with the same number of threads. The ratio is the median over the
turns, with quartiles. A system that computes other numbers than the rest makes the command fail; times never do.
Samples and pictures are left in runs/benchmarks/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import Any

from . import report
from .load import Watch, is_busy
from .measure import ROOT, DisagreementError, measure, measure_startup
from .plot import draw_curves, draw_ratios
from .rows import CURVES, MORE, ROWS, STARTUPS, row_named
from .systems import SYSTEMS

OUTPUT = ROOT / "runs" / "benchmarks"


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    names, curves = [*ROWS, *STARTUPS, *MORE], list(CURVES)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", nargs="+", choices=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--curves", nargs="*", choices=curves, metavar="CURVE", help=", ".join(curves))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of every system, one run each (1 2)")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=[], help="only these")
    parser.add_argument("--repeats", type=int, default=9, help="turns of each system, fewer if they take long (9)")
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu, on a busy machine: without waiting, of all threads",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for samples and pictures")
    parser.add_argument("--readme", action="store_true", help="measure nothing, write the README's table")
    return parser.parse_args(arguments)


def measure_rows(options: argparse.Namespace, names: Sequence[str], watch: Watch) -> tuple[list[Any], list[Any], int]:
    """All rows with each number of threads: lines of the table, samples, and how many rows went wrong."""
    lines: list[Any] = []
    samples: list[Any] = []
    wrong = 0
    for position, threads in enumerate(options.threads):
        for name in names:
            row: Any = STARTUPS[name] if name in STARTUPS else row_named(name)
            if position and not row.parallel:
                continue
            watch.lap()
            try:
                if name in STARTUPS:
                    result = measure_startup(row, min(options.repeats, 5), options.systems, options.clock)
                else:
                    result = measure(name, row, threads, options.repeats, options.systems, options.clock)
            except DisagreementError as difference:
                print(f"{row.title}: the systems DISAGREE: {difference}", flush=True)
                wrong += 1
                continue
            except RuntimeError as failure:
                print(f"{row.title}: FAILED: {failure}", flush=True)
                wrong += 1
                continue
            found = report.summary(row, threads, result)
            lines += found
            samples.append({"row": name, "threads": threads, "others": round(watch.lap(), 2), **result})
            print("\n".join(map(report.terminal, found)), flush=True)
            for system, cores in result.get("cores", {}).items():
                if cores > threads + 0.2:
                    print(f"  {SYSTEMS[system].title} used {cores:.1f} cores here: not a fair comparison", flush=True)
    return lines, samples, wrong


def measure_curves(options: argparse.Namespace, names: Sequence[str], watch: Watch) -> tuple[dict[str, Any], int]:
    """All points of these curves."""
    curves: dict[str, Any] = {}
    wrong = 0
    for name in names:
        curve = CURVES[name]
        points: dict[str, Any] = {}
        samples: list[Any] = []
        for threads in options.threads:
            one = argparse.Namespace(**vars(options) | {"threads": [threads], "repeats": min(options.repeats, 3)})
            points[str(threads)] = []
            for size in curve.sizes:
                lines, more, failed = measure_rows(one, [f"{name}@{size}"], watch)
                wrong += failed
                samples += more
                points[str(threads)] += [(size, line) for line in lines]
        curves[name] = {"title": curve.title, "axis": curve.axis, "points": points, "samples": samples}
    return curves, wrong


BUSY = (
    "others use {:.1f} of the {} cores. Time spent waiting for a core is measured too, and most of all in systems "
    "whose threads wait for one another. Do not quote the times."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = options_of(arguments)
    table = options.output / "results.json"
    if options.readme:
        if not table.exists():
            raise SystemExit(f"there is no {table}: run `make bench` first")
        last = json.loads(table.read_text(encoding="utf-8"))
        report.readme(last["machine"], last["lines"])
        return 0

    watch, threads = Watch(), max(options.threads)
    sleep(0.5)  # nothing of ours runs yet
    about = report.machine() | {"clock": options.clock}
    if is_busy(others := watch.lap(), threads):
        print(f"This machine is busy: {BUSY.format(others, about['cores'])}\n")
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print(
        "medians ± half the distance of the quartiles; the peer is PyTorch unless named; ratio ours / peer (quartiles)"
    )
    print("plain: ours as well, without what the row is about (a loop for vmap, no debug(), no checkpoint)\n")
    print(report.WIDTHS.format(*report.HEAD))
    whole = options.rows is None and options.curves is None
    lines: list[Any] = []
    samples: list[Any] = []
    curves: dict[str, Any] = {}
    wrong = failed = 0
    if whole or options.rows:
        lines, samples, wrong = measure_rows(options, options.rows or [*ROWS, *STARTUPS], watch)
    if whole or options.curves is not None:
        if whole:
            options.threads = options.threads[:1]
        curves, failed = measure_curves(options, options.curves or list(CURVES), watch)
    about["others"] = round(watch.whole(), 2)
    about["busy"] = is_busy(about["others"], threads)
    if about["busy"]:
        print(f"\nThis machine was busy: {BUSY.format(about['others'], about['cores']).replace(' use ', ' used ')}")

    options.output.mkdir(parents=True, exist_ok=True)
    plot = find_spec("matplotlib") is not None
    if lines:
        file = table if whole and not options.systems else options.output / "rows.json"
        file.write_text(json.dumps({"machine": about, "lines": lines, "samples": samples}, indent=1) + "\n")
        if plot:
            draw_ratios(lines, options.output / "ratios.svg")
    if curves:
        (options.output / "curves.json").write_text(json.dumps({"machine": about, "curves": curves}, indent=1) + "\n")
        if plot:
            draw_curves(curves, options.output / "curves.svg")
    return 1 if wrong + failed else 0


if __name__ == "__main__":
    sys.exit(main())
