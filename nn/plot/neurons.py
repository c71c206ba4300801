"""A small perceptron as circles, with its weights as lines coloured by sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..linear import Linear
from ..module import Module
from ..neuron import MLP
from . import canvas

MOST = 12  # circles in a layer; of a larger one both ends are shown


def neurons(
    model: Module | Sequence[int],
    values: Sequence[Any] | None = None,
    most: int = MOST,
    labels: Sequence[Sequence[str]] | None = None,
    ax: Any = None,
) -> Any:
    """Draw a perceptron: a circle for each neuron, a line for each weight, blue below zero and orange above.

    Lines are the wider the larger a weight is among those of its layer. A layer of more than `most` neurons shows
    those at both ends.

    Args:
        model: a model with `nn.Linear` layers, `nn.MLP`, `nn.scalar.MLP`, or the sizes of the layers, [2, 4, 4, 1].
        values: numbers to write into the circles, a sequence for each layer.
        most: circles shown of a layer.
        labels: words beside the first and the last layer's circles, a sequence for each of the two.
        ax: axes to draw into.

    Returns the figure. Raises ValueError for a model without dense layers.

    >>> import nn
    >>> nn.plot.neurons(nn.MLP(2, [4, 1])).axes[0].get_title()
    '2 → 4 → 1'
    """
    if isinstance(model, Module):
        weights = _weights(model)
        sizes = [weights[0].shape[1], *(w.shape[0] for w in weights)]
    else:
        sizes = [int(n) for n in model]
        weights = [np.full((after, before), np.nan) for before, after in pairwise(sizes)]
    shown = [_shown(n, most) for n in sizes]
    tallest = max(map(len, shown))
    heights = [[(len(places) - 1) / 2 - i for i in range(len(places))] for places in shown]
    step = max(1.8, tallest * 0.42)
    ax = canvas.axes(ax, 0.42 * (step * (len(sizes) - 1) + 2.4), 0.6 + 0.42 * tallest)
    for layer, weight in enumerate(weights):
        _lines(ax, weight, shown[layer], shown[layer + 1], heights[layer], heights[layer + 1], layer * step, step)
    for layer, places in enumerate(shown):
        for place, y in zip(places, heights[layer], strict=True):
            if place is None:
                ax.text(layer * step, y, "⋮", ha="center", va="center", fontsize=13, color=canvas.INK)
                continue
            _circle(ax, layer * step, y, None if values is None else values[layer][place])
            if labels is not None and layer in (0, len(shown) - 1):
                word, side = labels[0 if layer == 0 else 1][place], -1 if layer == 0 else 1
                ax.text(
                    layer * step + side * 0.45,
                    y,
                    word,
                    ha="right" if side < 0 else "left",
                    va="center",
                    fontsize=11,
                    parse_math=False,
                    color=canvas.INK,
                )
    ax.set_title(" → ".join(map(str, sizes)), fontsize=11, color=canvas.INK)
    ax.set_xlim(-1.1, (len(sizes) - 1) * step + 1.1)
    ax.set_ylim(-tallest / 2 - 0.1, tallest / 2 + 0.1)
    ax.set_aspect("equal")
    canvas.bare(ax)
    return ax.figure


def _weights(model: Module) -> list[Any]:
    if isinstance(model, MLP):
        return [np.asarray(weight) for weight, _ in model.weights()]
    found = [module.weight.value for module in model.modules() if isinstance(module, Linear)]
    if not found:
        raise ValueError(f"{type(model).__name__} has no dense layers (nn.Linear, nn.MLP) to draw neurons of")
    return found


def _shown(n: int, most: int) -> list[int | None]:
    """The places of the circles, with None for what is left out between."""
    if n <= most:
        return [*range(n)]
    first = (most - 1) // 2
    return [*range(first), None, *range(n - (most - 1 - first), n)]


def _lines(
    ax: Any,
    weight: Any,
    before: Iterable[int | None],
    after: Iterable[int | None],
    lows: list[float],
    highs: list[float],
    x: float,
    step: float,
) -> None:
    from matplotlib.collections import LineCollection

    largest = np.nanmax(abs(weight)) if np.isfinite(weight).any() else 1.0
    segments, colours, widths = [], [], []
    for j, end in zip(after, highs, strict=True):
        for i, start in zip(before, lows, strict=True):
            if i is None or j is None:
                continue
            w = weight[j, i]
            strength = 0.5 if np.isnan(w) else abs(w) / (largest or 1.0)
            segments.append([(x, start), (x + step, end)])
            colour = canvas.RULE if np.isnan(w) else canvas.POSITIVE if w > 0 else canvas.NEGATIVE
            colours.append((colour, 0.25 + 0.75 * strength))
            widths.append(0.4 + 2.4 * strength)
    ax.add_collection(LineCollection(segments, colors=colours, linewidths=widths, zorder=1))


def _circle(ax: Any, x: float, y: float, value: Any) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(Circle((x, y), 0.34, facecolor="white", edgecolor=canvas.INK, linewidth=1.2, zorder=3))
    if value is not None:
        ax.text(x, y, f"{float(value):.2g}", ha="center", va="center", fontsize=8, color=canvas.INK, zorder=4)
