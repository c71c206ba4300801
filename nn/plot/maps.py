"""Convolution filters and feature maps as a wall of small images."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.tensor import Tensor

from ..module import Module
from . import canvas
from .watch import outputs


def filters(layer: Any, most: int = 64, ax: Any = None) -> Any:
    """Draw the filters of a convolution as images: in colour where they look at three channels, else the first channel.

    Blue is negative, orange positive, on one scale for all; colour filters are scaled one by one.

    Args:
        layer: a layer with a `weight` of shape (filters, channels, height, width), or such an array or Tensor.
        most: filters shown.
        ax: axes to draw into.

    Returns the figure. Raises ValueError for weights of another shape.

    >>> import nn
    >>> nn.plot.filters(nn.Conv2d(1, 8, 5)).axes[0].get_title()
    '8 filters, 5 × 5'
    """
    weight = getattr(layer, "weight", layer)
    weight = np.asarray(weight.value if type(weight) is Tensor else weight)
    if weight.ndim != 4:
        raise ValueError(f"filters are (filters, channels, height, width); this weight has shape {weight.shape}")
    n, channels, height, width = weight.shape
    colour = channels == 3
    if colour:
        low, high = weight.min((1, 2, 3), keepdims=True), weight.max((1, 2, 3), keepdims=True)
        images = ((weight - low) / np.maximum(high - low, 1e-12)).transpose(0, 2, 3, 1)
    else:
        images = weight[:, 0]
    title = f"{n} filters, {height} × {width}" + (f" × {channels}" if channels > 1 else "")
    title += ", the first channel of each" * (channels > 1 and not colour)
    return _wall(images[:most], title + _left(n, most), colour or None, ax)


def feature_maps(
    model: Module, x: Any, layer: str | Module | None = None, image: int = 0, most: int = 64, ax: Any = None
) -> Any:
    """Draw what a convolution gives for one image: a small image for each channel.

    Args:
        x: what the model is called with, a batch of images.
        layer: the module that gives the maps, or its name; by default the first that gives some.
        image: which one of the batch.
        most: maps shown.
        ax: axes to draw into.

    Returns the figure. Raises ValueError if the layer gives no maps, or is not called.

    >>> import nn
    >>> nn.plot.feature_maps(nn.Sequential(nn.Conv2d(1, 4, 3)), np.ones((2, 1, 8, 8))).axes[0].get_title()
    '0: 4 maps, 6 × 6'
    """
    found = [o for o in outputs(model, x) if layer is None or o.name == layer or o.module is layer]
    maps = [o for o in found if o.value.ndim == 4]
    if layer is None:
        maps = [o for o in maps if not any(True for _ in o.module.children())]
    if not maps:
        given = "no layer gives" if layer is None else f"{layer!r} is not called" if not found else f"{layer!r} gives"
        shape = f"arrays of shape {found[0].value.shape}, not" if found and layer is not None else ""
        raise ValueError(
            f"feature maps are (images, channels, height, width): {given} {shape} such maps".replace("  ", " ")
        )
    value = maps[0].value[image]
    n, height, width = value.shape
    name = f"{maps[0].name or type(maps[0].module).__name__}: "
    return _wall(value[:most], f"{name}{n} maps, {height} × {width}" + _left(n, most), None, ax)


def _left(n: int, most: int) -> str:
    return f" ({most} shown)" if n > most else ""


def _wall(images: Any, title: str, colour: bool | None, ax: Any) -> Any:
    """One image of all, with gaps: blue to orange by sign, or grey where nothing is negative."""
    n, height, width = images.shape[:3]
    columns = min(n, max(1, round(np.sqrt(n * height / width * 2))))
    rows = -(-n // columns)
    gap = max(1, height // 12)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, *images.shape[3:])
    wall = np.ones(shape) if colour else np.full(shape, np.nan)
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        wall[top : top + height, left : left + width] = image
    largest = np.nanmax(abs(wall)) or 1.0
    scale = {} if colour else {"cmap": canvas.signs(), "vmin": -largest, "vmax": largest}
    if not colour and np.nanmin(wall) >= 0:
        scale = {"cmap": "gray", "vmin": 0, "vmax": largest}
    across = min(9.0, 1.0 + 0.6 * columns)
    ax = canvas.axes(ax, across, 0.5 + across * shape[0] / shape[1])
    ax.imshow(wall, interpolation="nearest", **scale)
    ax.set_title(title, fontsize=11, color=canvas.INK, parse_math=False)
    canvas.bare(ax)
    return ax.figure
