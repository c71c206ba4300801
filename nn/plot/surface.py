"""The loss around a solution, in a plane of two random directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.random import as_generator

from ..init import Randomness
from ..module import Module
from . import canvas
from .watch import untouched


def loss_surface(
    model: Module,
    loss: Callable[[], Any],
    span: float = 1.0,
    points: int = 25,
    generator: Randomness = 0,
    log: bool = False,
    ax: Any = None,
) -> Any:
    """Draw the contours of the loss around the model's weights.

    The two directions are normal random numbers, each filter (each row of a weight) scaled to the norm of the model's
    own, biases and scales left where they are (filter normalisation), so that flat and sharp minima can be compared.

    Args:
        loss: called without arguments, computes the loss with the model; the model is in evaluation mode.
        span: how far to go from the weights, in units of their norms.
        points: evaluations in each direction; a surface takes points × points calls.
        generator: draws the directions.
        log: show the logarithm of the loss.
        ax: axes to draw into.

    Returns the figure. Li et al.: Visualizing the loss landscape of neural nets, 2018.

    >>> import nn
    >>> model = nn.Linear(2, 1, generator=0)
    >>> nn.plot.loss_surface(model, lambda: (model(np.ones((3, 2))) ** 2).mean(), points=5).axes[0].get_xlabel()
    'first direction'
    """
    if points < 3 or span <= 0:
        raise ValueError(f"a surface has at least 3 points on a span above 0; got points={points}, span={span}")
    stream = as_generator(generator)
    parameters = [p for p in model.parameters() if p.ndim > 1]
    if not parameters:
        raise ValueError(f"{type(model).__name__} has no weights of two or more axes to move along")
    before = [p.value for p in parameters]
    first, second = ([_direction(value, stream) for value in before] for _ in range(2))
    steps = np.linspace(-span, span, points)
    surface = np.empty((points, points))
    with untouched(model), no_grad():
        for i, b in enumerate(steps):
            for j, a in enumerate(steps):
                for p, value, u, v in zip(parameters, before, first, second, strict=True):
                    p.value = (value + a * u + b * v).astype(value.dtype)
                surface[i, j] = float(loss())
    return _contours(steps, surface, log, ax)


def _direction(value: Any, stream: Any) -> Any:
    """Random numbers with the norms of a weight's filters."""
    drawn = np.asarray(stream.normal(value.shape))
    across = tuple(range(1, value.ndim))
    norms = np.linalg.norm(drawn, axis=None) if not across else np.sqrt((drawn**2).sum(across, keepdims=True))
    own = np.sqrt((value.astype(np.float64) ** 2).sum(across, keepdims=True))
    return drawn * own / np.maximum(norms, 1e-12)


def _contours(steps: Any, surface: Any, log: bool, ax: Any) -> Any:
    shown = np.where(np.isfinite(surface), surface, np.nan)
    if log:
        shown = np.log10(np.maximum(shown, np.finfo(float).tiny))
    ax = canvas.axes(ax, 5.2, 4.3)
    filled = ax.contourf(steps, steps, shown, levels=24, cmap="viridis_r")
    ax.contour(steps, steps, shown, levels=12, colors="white", linestyles="solid", linewidths=0.5, alpha=0.6)
    middle = surface[len(steps) // 2, len(steps) // 2]
    ax.plot(0, 0, marker="*", markersize=15, color=canvas.POSITIVE, markeredgecolor="white", zorder=3)
    ax.annotate(
        f"{middle:.3g}",
        (0, 0),
        (8, 6),
        textcoords="offset points",
        fontsize=10,
        color=canvas.INK,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )
    bar = ax.figure.colorbar(filled, ax=ax)
    bar.set_label("log₁₀ loss" if log else "loss")
    ax.set(xlabel="first direction", ylabel="second direction")
    ax.set_aspect("equal")
    return ax.figure
