"""Pictures of the results: the ratios beside their goals, and how time grows with size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .systems import SYSTEMS

OURS, THEIRS = "#1f6f8b", "#c8553d"
STYLES = {"ours": (OURS, "o"), "torch": (THEIRS, "s")}


def draw_ratios(lines: Sequence[dict[str, Any]], path: Path) -> None:
    """A bar for each line, and a mark at its goal."""
    from matplotlib.figure import Figure

    shown = [line for line in lines if np.isfinite(line["ratio"][1])][::-1]
    figure = Figure(figsize=(9, 0.8 + 0.28 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(shown))
    low, middle, high = np.array([line["ratio"] for line in shown]).T
    goals = np.array([line["goal"] for line in shown])
    colors = [OURS if line["reached"] else THEIRS for line in shown]
    axes.barh(places, middle, xerr=[middle - low, high - middle], color=colors, height=0.7, ecolor="#555555")
    axes.scatter(goals, places, marker="|", s=160, color="black", zorder=3, label="goal")
    axes.axvline(1, color="#999999", linewidth=0.8)
    axes.set(
        xscale="log", xlabel="time or memory of ours / of the peer", ylim=(-0.6, len(shown) - 0.4), yticks=places,
        yticklabels=[f"{line['title']}, {line['threads']} thread{'s' * (line['threads'] > 1)}" for line in shown],
    )  # fmt: skip
    axes.tick_params(axis="y", labelsize=8)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path)


def draw_curves(curves: dict[str, dict[str, Any]], path: Path) -> None:
    """Time over size for each curve and number of threads."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(curves), 4), layout="constrained")
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.values(), strict=True):
        for threads, points in curve["points"].items():
            for system, (color, marker) in STYLES.items():
                known = [(size, line["values"][system]) for size, line in points if system in line["values"]]
                if not known:
                    continue
                sizes, times = [size for size, _ in known], np.array([value for _, value in known])
                low, middle, high = times.T * 1e3
                label = f"{SYSTEMS[system].title}, {threads} thread{'s' * (int(threads) > 1)}"
                axes.errorbar(
                    sizes, middle, yerr=[middle - low, high - middle], color=color, marker=marker, markersize=4,
                    linestyle="-" if int(threads) == 1 else "--", label=label,
                )  # fmt: skip
        axes.set(xscale="log", yscale="log", title=curve["title"], xlabel=curve["axis"], ylabel="ms a step")
        axes.grid(which="both", alpha=0.2)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path)
