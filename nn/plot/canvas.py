"""Figures that belong to nobody but the caller, and the colours that all plots share."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import Any

INK, FAINT, RULE = "#222222", "#666666", "#b9b5cc"
NEGATIVE, ZERO, POSITIVE = "#2166ac", "#f4f4f4", "#c4590a"  # told apart by colour-blind readers
CLASSES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#666666")  # Okabe and Ito
MARKERS = "osD^vPX*"


def axes(ax: Any, width: float, height: float) -> Any:
    """Return the axes to draw into: those given, or those of a new figure of that size in inches.

    The figure is unknown to pyplot: nothing has to close it, and a notebook shows it once.
    """
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width, height), layout="constrained")
    figure._repr_png_ = partial(_png, figure)  # notebooks ask for it
    return figure.subplots()


def _png(figure: Any) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def signs() -> Any:
    """The colour map from negative through zero to positive."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signs", [NEGATIVE, ZERO, POSITIVE])


def bare(ax: Any) -> None:
    """Take away ticks and frame."""
    ax.set_axis_off()
