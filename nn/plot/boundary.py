"""Where a classifier of points in the plane changes its mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.tensor import Tensor

from ..module import Module
from . import canvas
from .watch import untouched


def decision_boundary(
    model: Module | Callable[[Any], Any], x: Any, y: Any = None, points: int = 200, margin: float = 0.4, ax: Any = None
) -> Any:
    """Draw the regions that a classifier of two features tells apart, and the points that it was given.

    One output is a score, positive for the second class: its contours show how sure the classifier is. Several outputs
    are scores of as many classes, the largest wins.

    Args:
        model: called with (n, 2) points; gives (n,), (n, 1) or (n, classes) scores.
        x: points (n, 2).
        y: their classes: integers from 0, or -1 and 1.
        points: of the grid, in each direction.
        margin: around the points, in units of the features.
        ax: axes to draw into.

    Returns the figure. Raises ValueError if the points are not two-dimensional.

    >>> import nn
    >>> nn.plot.decision_boundary(nn.Linear(2, 3), np.eye(2), [0, 1], points=5).axes[0].get_xlabel()
    'x₁'
    """
    x = np.asarray(x.value if type(x) is Tensor else x)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"points are (n, 2), got shape {x.shape}")
    (left, bottom), (right, top) = x.min(0) - margin, x.max(0) + margin
    across, up = np.linspace(left, right, points), np.linspace(bottom, top, points)
    grid = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2).astype(x.dtype if x.dtype.kind == "f" else np.float64)
    scores = _scores(model, grid)
    ax = canvas.axes(ax, 5.0, 4.2)
    if scores.shape[1] == 1:
        _one_score(ax, across, up, scores[:, 0].reshape(points, points))
    else:
        _classes(ax, across, up, scores.argmax(1).reshape(points, points), scores.shape[1])
    if y is not None:
        _points(ax, x, np.asarray(y.value if type(y) is Tensor else y).ravel())
    ax.set(xlabel="x₁", ylabel="x₂", xlim=(left, right), ylim=(bottom, top))
    return ax.figure


def _scores(model: Any, grid: Any) -> Any:
    if isinstance(model, Module):
        with untouched(model), no_grad():
            out = model(grid)
    else:
        with no_grad():
            out = model(grid)
    scores = np.asarray(out.value if type(out) is Tensor else out)
    return scores.reshape(len(grid), -1)


def _one_score(ax: Any, across: Any, up: Any, score: Any) -> None:
    largest = float(np.quantile(abs(score), 0.95)) or 1.0
    levels = np.linspace(-largest, largest, 13)
    ax.contourf(across, up, score, levels=levels, cmap=_two(), extend="both", alpha=0.75)
    if score.min() < 0 < score.max():
        ax.contour(across, up, score, levels=[0.0], colors=canvas.INK, linewidths=1.6)


def _classes(ax: Any, across: Any, up: Any, winner: Any, classes: int) -> None:
    from matplotlib.colors import ListedColormap

    colours = ListedColormap([canvas.CLASSES[i % len(canvas.CLASSES)] for i in range(classes)])
    ax.pcolormesh(across, up, winner, cmap=colours, vmin=-0.5, vmax=classes - 0.5, alpha=0.3, rasterized=True)
    for i in range(classes):
        if (winner == i).any() and (winner != i).any():
            ax.contour(across, up, winner == i, levels=[0.5], colors=canvas.INK, linewidths=0.9)


def _two() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("two", [canvas.CLASSES[0], "#ffffff", canvas.CLASSES[1]])


def _points(ax: Any, x: Any, y: Any) -> None:
    for i, label in enumerate(np.unique(y)):
        chosen = y == label
        place = int(label) if label >= 0 and not (y < 0).any() else i
        ax.plot(
            *x[chosen].T,
            linestyle="none",
            marker=canvas.MARKERS[place % len(canvas.MARKERS)],
            markersize=5.5,
            markerfacecolor=canvas.CLASSES[place % len(canvas.CLASSES)],
            markeredgecolor="white",
            markeredgewidth=0.7,
            label=str(label),
        )
    ax.legend(title="class", loc="upper right", fontsize=9)
