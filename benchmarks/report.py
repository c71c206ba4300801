"""The table: in the terminal, and in the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np

from .row import Row, Startup
from .systems import SYSTEMS

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- benchmarks: written by `python -m benchmarks --readme` -->", "<!-- end of benchmarks -->"
PEERS = ("autograd", "jax", "mygrad", "micrograd", "tinygrad", "torch")

Record = dict[str, Any]


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


def mebibytes(size: float) -> str:
    """Write a size.

    >>> mebibytes(3 * 2**20)
    '3 MiB'
    """
    return f"{size / 2**20:.0f} MiB"


def summary(row: Row | Startup, threads: int, result: Record) -> list[Record]:
    """The lines of a row: its times, and where it is a goal, its memory. Each has all that the table shows."""
    seconds, peer = result["seconds"], row.peer
    common = {"threads": threads, "peer": peer, "missing": result["missing"]}
    ratio = (float("nan"),) * 3
    if "ours" in seconds and peer in seconds:
        ratio = spread([a / b for a, b in zip(seconds["ours"], seconds[peer], strict=True)])
    lines = [common | {
        "title": row.title, "unit": "seconds", "goal": row.goal, "ratio": ratio,
        "values": {system: spread(samples) for system, samples in seconds.items()}, "peak": result.get("peak", {}),
    }]  # fmt: skip
    if row.memory:
        for what, title in (("peak", "peak memory of all"), ("growth", "memory that the steps add, compiled code too")):
            sizes = result[what]
            part = sizes["ours"] / sizes[peer] if "ours" in sizes and sizes.get(peer) else float("nan")
            values = {system: (float(size),) * 3 for system, size in sizes.items()}
            lines.append(common | {
                "title": f"... {title}", "unit": "bytes", "goal": 1.0, "ratio": (part,) * 3, "values": values,
                "peak": {},
            })  # fmt: skip
    for line in lines:
        line["reached"] = bool(line["ratio"][1] <= line["goal"])
    return lines


def value_of(line: Record, system: str) -> str:
    """What a line has for a system."""
    if system not in line["values"]:
        return line["missing"].get(system, "")
    low, middle, high = line["values"][system]
    if line["unit"] == "bytes":
        return mebibytes(middle)
    return f"{duration(middle)} ±{50 * (high - low) / middle:.0f}%"


def ratio_of(line: Record) -> str:
    """The ratio to the peer, with quartiles where there are samples."""
    low, middle, high = line["ratio"]
    if np.isnan(middle):
        return ""
    return f"{middle:.2f}" if low == high else f"{middle:.2f} ({low:.2f}-{high:.2f})"


def others_of(line: Record) -> str:
    """The other systems, with ours / theirs."""
    ours = line["values"].get("ours", (float("nan"),) * 3)[1]
    shown = []
    for system, (_, middle, _) in line["values"].items():
        if system not in ("ours", line["peer"]):
            text = mebibytes(middle) if line["unit"] == "bytes" else duration(middle)
            shown.append(f"{SYSTEMS[system].title} {text} ({ours / middle:.2g})")
    absent = [f"{SYSTEMS[s].title} {why}" for s, why in line["missing"].items() if s != line["peer"]]
    return ", ".join(shown + absent)


def peaks_of(line: Record) -> str:
    """The most memory that our process and the peer's had, interpreter and libraries included."""
    sizes = [f"{size / 2**20:.0f}" for system in ("ours", line["peer"]) if (size := line["peak"].get(system))]
    return f"{' / '.join(sizes)} MiB" if sizes else ""


HEAD = ("workload", "threads", "ours", "peer", "ratio", "goal", "reached", "peak memory", "others (ours / theirs)")


def cells(line: Record) -> list[str]:
    """A line, column by column."""
    named = "" if line["peer"] == "torch" else f"{SYSTEMS[line['peer']].title} "
    goal, reached = (f"{line['goal']:g}", "yes" if line["reached"] else "no") if line["goal"] > 0 else ("", "")
    return [
        line["title"], str(line["threads"]), value_of(line, "ours"), named + value_of(line, line["peer"]),
        ratio_of(line), goal, reached, peaks_of(line), others_of(line),
    ]  # fmt: skip


WIDTHS = "{:52}  {:>7}  {:>13}  {:>23}  {:>17}  {:>4}  {:>7}  {:>14}  {}"


def terminal(line: Record) -> str:
    """A line of the table in the terminal."""
    return WIDTHS.format(*cells(line)).rstrip()


def machine() -> Record:
    """What the figures are measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return {
        "cpu": cpu, "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version(),
        "numpy": np.__version__, "date": date.today().isoformat(),
        "peers": {p: v for p in PEERS if (v := installed(p))},
    }  # fmt: skip


def installed(package: str) -> str:
    """The version of a package, empty if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def readme(about: Record, lines: Sequence[Record]) -> None:
    """Put the table between the two marks in the README."""
    peers = ", ".join(f"{SYSTEMS[p].title.split()[0]} {v}" for p, v in about["peers"].items())
    busy = f", of which other programs used {about['others']:.2g}"
    busy += ": only the ratios mean something" if about["busy"] else ""
    clock = "CPU time of all threads, m" if about["clock"] == "cpu" else "M"
    rows = [HEAD, ("---",) * len(HEAD), *map(cells, lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    text = (
        f"{BEGIN}\n"
        f"Measured {about['date']} on {about['cpu']}, {about['cores']} cores{busy}; {about['system']}, Python "
        f"{about['python']}, NumPy {about['numpy']}, {peers}.\n"
        f"{clock}edians ± half the distance of the quartiles; ratio: ours / peer, which is PyTorch unless named; "
        "peak memory: of the whole process, ours / peer.\n\n"
        f"{table}\n{END}"
    )
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"README.md has no place for the table: it needs the lines\n{BEGIN}\n{END}")
    README.write_text(before + text + after, encoding="utf-8")
