"""How pictures look: options, colours and the words that go into labels."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .scene import Item

# Values and gradients: bluish green and vermilion of Okabe and Ito's palette for colour-blind readers,
# darkened until they stand out 5 : 1 from white. Their place, above and below, says the same.
VALUE, GRADIENT = "#00705a", "#b8400e"
TEXT, FAINT, WIRE = "#222222", "#6b6b6b", "#555555"
FILL = {
    "op": "#ffffff",
    "input": "#e8f1fa",
    "parameter": "#fdf1d8",
    "constant": "#f4f4f4",
    "fold": "#f0eef6",
}
EDGE = {
    "op": "#555555",
    "input": "#3f6f9f",
    "parameter": "#9a6b00",
    "constant": "#8a8a8a",
    "fold": "#6a5d94",
}

SYMBOLS = {"*": "×", "-": "\N{MINUS SIGN}", "**": "^", "sigma": "σ"}


@dataclass(frozen=True, slots=True)
class Look:
    """What the picture shows of each item, and in which style."""

    direction: Literal["LR", "TB"] | None = None
    style: Literal["circuit", "cards"] | None = None
    shapes: bool = True
    dtypes: bool | None = None


def symbol(item: Item) -> str:
    """The sign of an op, as it is written in mathematics."""
    return SYMBOLS.get(item.symbol, item.symbol)


def escaped(text: str) -> str:
    r"""Make any text safe inside an HTML-like label; what does not print is written as in Python.

    A backslash is doubled, because Graphviz would put a node's name for `\N` even there.

    >>> print(escaped('<b>&"\n'))
    &lt;b&gt;&amp;&quot;\\n
    """
    return html.escape(printable(text)).replace("\\", "\\\\")


def printable(text: str) -> str:
    """Write what does not print, a line break or a zero byte, as in Python source."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def kind_text(item: Item, look: Look) -> str:
    """Shape and dtype as far as they are wanted: "float32 (64, 10)"; a float64 scalar has nothing to say.

    An op with several outputs lists all shapes.
    """
    if item.dtype is None or not look.shapes:
        return ""
    several = isinstance(item.dtype, tuple)
    scalar = not several and item.shape == ()
    words = [] if scalar else [" ".join(map(_shape, item.shape)) if several else _shape(item.shape)]
    dtype = item.dtype[0] if several else item.dtype
    if look.dtypes or (look.dtypes is None and not (scalar and dtype == np.float64)):
        words.insert(0, str(dtype))
    return " ".join(words)


def _shape(shape: Any) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def fold_text(item: Item) -> list[str]:
    """What a fold stands for, in a few lines."""
    parts = list(item.parts.items())
    lines = []
    if item.repeat > 1:
        unit = ", ".join(name if n == 1 else f"{n} {name}" for name, n in parts[:12])
        unit += ", ..." if len(parts) > 12 else ""
        lines.append(f"{grouped(item.repeat)} x ({unit})" if len(parts) > 1 else f"{unit}  x {grouped(item.nodes)}")
    elif item.nodes:
        parts.sort(key=lambda part: -part[1])
        lines += [f"{name}  x {grouped(n)}" for name, n in parts[:6]]
        if len(parts) > 6:
            lines.append(f"{len(parts) - 6} other ops  x {grouped(sum(n for _, n in parts[6:]))}")
    if item.leaves:
        lines.append(f"{grouped(item.leaves)} leaves, {grouped(item.elements)} elements")
    return lines


def grouped(n: int) -> str:
    """Write a count with its thousands apart.

    >>> grouped(1234567)
    '1 234 567'
    """
    return f"{n:,}".replace(",", " ")


def bytes_text(n: int) -> str:
    """Write a number of bytes.

    >>> bytes_text(512), bytes_text(20_480), bytes_text(3_000_000)
    ('512 B', '20.5 kB', '3 MB')
    """
    if n < 1000:
        return f"{n} B"
    size = float(n)
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} GB"
