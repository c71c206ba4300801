"""The layers of a network as blocks, each as large as what it gives."""

from __future__ import annotations

from math import log2
from typing import Any, NamedTuple

from ..module import Module
from . import canvas
from .watch import Output, outputs

COLOURS = {
    "conv": "#7fb3d5",
    "pool": "#f0b27a",
    "dense": "#82c6a5",
    "other": "#c5bcdf",
    "input": "#d6dbe0",
}
KINDS = {"conv": ("Conv",), "pool": ("Pool",), "dense": ("Linear", "Layer", "Bilinear", "Neuron")}
SLANT = 0.42  # of a block's depth, to the right and up
GAP = 0.75  # between blocks


class _Block(NamedTuple):
    words: list[str]
    shape: tuple[int, ...]  # without the batch
    kind: str


def architecture(model: Module, *inputs: Any, depth: int | None = None, ax: Any = None) -> Any:
    """Draw the layers of a model as blocks with the shapes of what they give, in the order of their calls.

    A block's height and depth grow with the logarithm of the height and width of a map, its thickness with that of the
    number of channels or features. What changes no shape (activations, normalisation, dropout) is named below the block
    that it follows.

    Args:
        inputs: what the model is called with, a batch.
        depth: modules inside of so many others are one block; by default those that call no other.
        ax: axes to draw into.

    Returns the figure. Raises ValueError if no module gives an array.

    >>> import nn
    >>> nn.plot.architecture(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), np.ones((1, 4))).axes
    [<Axes: >]
    """
    found = outputs(model, *inputs)
    if not found:
        raise ValueError(f"no module of {type(model).__name__} gives an array")
    blocks = _blocks(_chosen(found, depth), inputs)
    sizes = [_size(block.shape) for block in blocks]
    places, at = [], 0.0
    for thickness, _, back in sizes:
        places.append(at)
        at += thickness + SLANT * back + GAP
    top = max(height for _, height, _ in sizes)
    ax = canvas.axes(ax, max(4.0, 0.6 * at), 3.4)
    for i, (block, size, x) in enumerate(zip(blocks, sizes, places, strict=True)):
        _draw(ax, block, size, x, top, lower=i % 2 == 1 and len(blocks) > 6)
    for (thickness, _, back), x, after in zip(sizes, places, places[1:], strict=False):
        start = x + thickness + SLANT * back + 0.06
        ax.annotate("", (after - 0.06, 0), (start, 0), arrowprops={"arrowstyle": "-|>", "color": canvas.FAINT})
    ax.set_xlim(-0.7, at - GAP + 0.7)
    words = max(len(block.words) for block in blocks)
    ax.set_ylim(-top / 2 - 0.9 - 0.45 * words, top / 2 + 1.5)
    canvas.bare(ax)
    return ax.figure


def _chosen(found: list[Output], depth: int | None) -> list[Output]:
    """The calls that call no other, or those that `depth` chooses."""
    kept = []
    for output, after in zip(found, [*found[1:], None], strict=True):
        innermost = after is None or after.depth <= output.depth
        if innermost if depth is None else output.depth == depth or (output.depth < depth and innermost):
            kept.append(output)
    return kept


def _blocks(found: list[Output], inputs: tuple[Any, ...]) -> list[_Block]:
    blocks: list[_Block] = []
    shape = getattr(inputs[0], "shape", None) if inputs else None
    if shape is not None and len(shape) > 1:
        blocks.append(_Block(["input"], tuple(shape[1:]), "input"))
    for output in found:
        name = type(output.module).__name__
        name = output.name if name == "Sequential" and output.name else name
        shape = output.value.shape[1:]
        kind = next((kind for kind, words in KINDS.items() if any(word in name for word in words)), "other")
        if kind == "other" and blocks and blocks[-1].shape == shape and blocks[-1].kind != "input":
            if len(blocks[-1].words) < 4:
                blocks[-1].words.append(name)
        else:
            blocks.append(_Block([name], shape, kind))
    return blocks


def _size(shape: tuple[int, ...]) -> tuple[float, float, float]:
    """Thickness, height and depth of a block."""
    if len(shape) >= 3:
        channels, height, width = shape[0], shape[-2], shape[-1]
        return 0.15 * log2(channels + 1) + 0.1, 0.62 * log2(height + 1) + 0.2, 0.62 * log2(width + 1) + 0.2
    if len(shape) == 2:
        return 0.15 * log2(shape[1] + 1) + 0.1, 0.62 * log2(shape[0] + 1) + 0.2, 0.3
    features = shape[0] if shape else 1
    return 0.28, 0.5 * log2(features + 1) + 0.3, 0.3


def _draw(ax: Any, block: _Block, size: tuple[float, float, float], x: float, top: float, lower: bool) -> None:
    from matplotlib.patches import Polygon

    thickness, height, back = size
    right, up = SLANT * back, SLANT * back * 0.6
    low, high = -height / 2, height / 2
    colour = COLOURS[block.kind]
    faces = (
        ([(x, low), (x + thickness, low), (x + thickness, high), (x, high)], 1.0),
        ([(x, high), (x + thickness, high), (x + thickness + right, high + up), (x + right, high + up)], 0.75),
        (
            [
                (x + thickness, low),
                (x + thickness, high),
                (x + thickness + right, high + up),
                (x + thickness + right, low + up),
            ],
            0.55,
        ),
    )
    for corners, light in faces:
        ax.add_patch(Polygon(corners, facecolor=_darker(colour, light), edgecolor="white", linewidth=0.8, zorder=2))
    text = " × ".join(map(str, block.shape)) or "1"
    middle = x + thickness / 2
    ax.text(middle + right / 2, high + up + 0.15, text, ha="center", va="bottom", fontsize=9, color=canvas.INK)
    below = -top / 2 - 0.2 - 0.62 * lower
    ax.text(
        middle, below, "\n".join(block.words), ha="center", va="top", fontsize=9, color=canvas.FAINT, parse_math=False
    )
    if lower:
        ax.plot([middle, middle], [low - 0.08, below + 0.05], color=canvas.RULE, linewidth=0.7)


def _darker(colour: str, light: float) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return tuple(channel * (0.55 + 0.45 * light) for channel in to_rgb(colour))
