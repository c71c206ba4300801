"""Histograms of activations and of gradients, a row for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.tensor import Tensor

from ..module import Module
from . import canvas
from .watch import outputs

BINS = 80
OVERLAP = 0.9  # of a row's height


def activation_histograms(model: Module, *inputs: Any, ax: Any = None) -> Any:
    """Draw how the values that each layer gives are distributed, in one call of the model.

    Each row tells the deviation, and how many values are exactly zero: dead units show there.

    Args:
        inputs: what the model is called with.
        ax: axes to draw into.

    Returns the figure.

    >>> import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    >>> [t.get_text() for t in nn.plot.activation_histograms(model, np.ones((2, 4))).axes[0].get_yticklabels()]
    ['0 Linear', '1 ReLU']
    """
    innermost = [o for o in outputs(model, *inputs) if not any(True for _ in o.module.children())]
    rows = [(f"{o.name} {type(o.module).__name__}".strip(), o.value) for o in innermost]
    return _ridges(rows, "activations", canvas.CLASSES[0], ax)


def gradient_histograms(model: Module, loss: Tensor | None = None, ax: Any = None) -> Any:
    """Draw how the gradients of each parameter are distributed: of `loss`, or those that are in `.grad`.

    Args:
        loss: computed with the model; its graph is kept, and no `.grad` changes.
        ax: axes to draw into.

    Returns the figure. Raises ValueError if there are no gradients.

    >>> import nn
    >>> model = nn.Linear(4, 2)
    >>> figure = nn.plot.gradient_histograms(model, model(np.ones((2, 4))).sum())
    >>> [t.get_text() for t in figure.axes[0].get_yticklabels()]
    ['weight', 'bias']
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if loss is not None:
        from autodiff.backward import gradients

        found = gradients(loss, [p for _, p in named], retain_graph=True, allow_unused=True)
        rows = [(name, g.value) for (name, _), g in zip(named, found, strict=True) if g is not None]
    else:
        rows = [(name, p.grad.value) for name, p in named if p.grad is not None]
    if not rows:
        raise ValueError("no parameter has a gradient: call loss.backward() first, or give the loss")
    return _ridges(rows, "gradients", canvas.CLASSES[1], ax)


def _ridges(rows: Sequence[tuple[str, Any]], title: str, colour: str, ax: Any) -> Any:
    """A histogram in each row, all on one axis, each as high as the others."""
    ax = canvas.axes(ax, 6.4, 1.0 + 0.42 * len(rows))
    arrays = [np.asarray(abs(a) if np.iscomplexobj(a) else a, dtype=np.float64).ravel() for _, a in rows]
    finite = [a[np.isfinite(a)] for a in arrays]
    limit = max((float(np.quantile(abs(a), 0.995)) for a in finite if a.size), default=1.0) or 1.0
    edges = np.linspace(-limit, limit, BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    for row, (a, every) in enumerate(zip(finite, arrays, strict=True)):
        counts, _ = np.histogram(a, edges)
        highest = np.histogram(a[a != 0], edges)[0].max()  # a spike at zero would hide the rest: it is cut off
        heights = OVERLAP * np.minimum(1, counts / max(1, highest))
        base = len(rows) - 1 - row
        ax.fill_between(centres, base, base + heights, color=colour, alpha=0.8, linewidth=0, step="mid", zorder=2)
        ax.axhline(base, color=canvas.RULE, linewidth=0.6, zorder=1)
        words = [f"σ = {a.std():.2g}"] if a.size else []
        zeros = np.mean(a == 0) if a.size else 0.0
        words += [f"{zeros:.0%} zero"] if zeros >= 0.005 else []
        words += [f"{every.size - a.size} not finite"] if every.size > a.size else []
        ax.text(
            1.01,
            base + 0.3,
            ", ".join(words),
            transform=ax.get_yaxis_transform(),
            fontsize=8,
            va="center",
            color=canvas.FAINT,
        )
    ax.set_yticks(
        [len(rows) - 1 - i + 0.3 for i in range(len(rows))], [name for name, _ in rows], fontsize=9, parse_math=False
    )
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(-limit, limit)
    ax.set_ylim(-0.08, len(rows) + 0.05)
    ax.set_title(title, fontsize=11, color=canvas.INK)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    return ax.figure
