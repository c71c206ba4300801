"""Pictures of the results: the ratios beside their goals, how time grows with size, where kernels take turns."""

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
    if not shown:  # one system alone
        return
    figure = Figure(figsize=(9, 0.8 + 0.28 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(shown))
    low, middle, high = np.array([line["ratio"] for line in shown]).T
    goals = np.array([line["goal"] for line in shown])
    colors = [OURS if line["reached"] else THEIRS for line in shown]
    axes.barh(places, middle, xerr=np.stack([middle - low, high - middle]), color=colors, height=0.7, ecolor="#555555")
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

    columns = min(len(curves), 3)
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(4 * columns, 3.5 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    for axes, curve in zip(panels, curves.values(), strict=False):
        for threads, points in curve["points"].items():
            for system, (color, marker) in STYLES.items():
                known = [(size, line["values"][system]) for size, line in points if system in line["values"]]
                if not known:
                    continue
                sizes, times = [size for size, _ in known], np.array([value for _, value in known])
                low, middle, high = times.T * 1e3
                label = f"{SYSTEMS[system].title}, {threads} thread{'s' * (int(threads) > 1)}"
                axes.errorbar(
                    sizes, middle, yerr=np.stack([middle - low, high - middle]), color=color, marker=marker,
                    markersize=4, linestyle="-" if int(threads) == 1 else "--", label=label,
                )  # fmt: skip
        axes.set(xscale="log", yscale="log", title=curve["title"], xlabel=curve["axis"], ylabel="ms a step")
        axes.grid(which="both", alpha=0.2)
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path)


def draw_thresholds(result: dict[str, Any], path: Path) -> None:
    """A row for each kernel: time compiled over time by NumPy at each size, and a mark where it begins to be asked."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1 + 0.17 * len(result)), layout="constrained")
    axes = figure.add_subplot()
    for y, (_name, found) in enumerate(reversed(result.items())):
        sizes = [n for n, _, _ in found["points"]]
        ratios = np.array([fast / plain for _, plain, fast in found["points"]])
        more = np.array([sizes[0] / 2, *sizes, 2 * sizes[-1]])
        edges = np.sqrt(more[1:] * more[:-1])
        image = axes.pcolormesh(edges, [y - 0.45, y + 0.45], ratios[None], cmap="RdBu_r", norm=LogNorm(1 / 4, 4))
        axes.plot([max(found["asked"], edges[0])] * 2, [y - 0.5, y + 0.5], color="black", linewidth=2)
    axes.set(
        xscale="log", xlabel="elements", yticks=range(len(result)), yticklabels=list(result)[::-1],
        ylim=(-0.6, len(result) - 0.4),
    )  # fmt: skip
    axes.tick_params(axis="y", labelsize=7)
    bar = figure.colorbar(image, ax=axes, pad=0.01, ticks=[0.25, 0.5, 1, 2, 4], extend="both", aspect=40)
    bar.ax.set_yticklabels(["1/4", "1/2", "1", "2", "4"])
    bar.ax.minorticks_off()
    bar.set_label("time compiled / time by NumPy")
    figure.savefig(path, dpi=90)


COLORS = (THEIRS, OURS, "#7a5195", "#e0a030", "#555555")


def draw_ways(result: Sequence[dict[str, Any]], path: Path) -> None:
    """Time by each way over the time of what is chosen, for each kind of images."""
    from matplotlib.figure import Figure

    kinds = {(r["n"], r["size"]): None for r in result}
    figure = Figure(figsize=(3.2 * len(kinds), 5.5), layout="constrained")
    panels = figure.subplots(2, len(kinds), sharex=True, sharey=True, squeeze=False)
    for row, what in zip(panels, ("forward", "by the weight"), strict=True):
        for axes, (n, size) in zip(row, kinds, strict=True):
            points = [r for r in result if (r["what"], r["n"], r["size"]) == (what, n, size)]
            channels = [r["channels"] for r in points]
            for way, color in zip([way for way in result[0]["times"] if way != "auto"], COLORS, strict=False):
                ratios = [r["times"][way] / r["times"]["auto"] for r in points]
                axes.plot(channels, ratios, color=color, marker="o", markersize=3, label=way)
            axes.axhline(1, color="black", linewidth=0.8)
            axes.set(xscale="log", yscale="log", title=f"{what}, {n} of {size} x {size}", ylim=(0.5, 8))
            axes.set_yticks([0.5, 1, 2, 4, 8], ["1/2", "1", "2", "4", "8"])
            axes.minorticks_off()
            axes.grid(alpha=0.2)
    panels[0, 0].legend(frameon=False, fontsize=8)
    figure.supxlabel("channels in and out, windows of 3 x 3")
    figure.supylabel("time by each way / time by the chosen one")
    figure.savefig(path, dpi=90)


def draw_steps(result: dict[str, Sequence[tuple[int, float, float]]], path: Path) -> None:
    """Time over size for each function, as it is and by NumPy alone."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.5), layout="constrained")
    panels = figure.subplots(2, -(-len(result) // 2)).ravel()
    for axes, (name, points) in zip(panels, result.items(), strict=False):
        sizes, ours, plain = zip(*points, strict=True)
        axes.plot(sizes, [1e6 * t for t in plain], color="#999999", linewidth=1, label="NumPy alone")
        axes.plot(sizes, [1e6 * t for t in ours], color=OURS, marker="o", markersize=2.5, linewidth=1, label="as it is")
        axes.set(xscale="log", yscale="log")
        axes.set_title(name, fontsize=9)
        axes.grid(alpha=0.2)
    panels[0].legend(frameon=False, fontsize=8)
    figure.supxlabel("elements")
    figure.supylabel("us, forward and backward")
    figure.savefig(path, dpi=90)
