"""How pictures look: the options, and the words that go into labels."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .measure import Measured
from .scene import Frame, Item
from .theme import THEMES, Theme, ThemeName

SYMBOLS = {"*": "×", "-": "\N{MINUS SIGN}", "**": "^", "sigma": "σ", "/": "÷", "T": "transpose", "1/x": "1/x"}


@dataclass(frozen=True, slots=True)
class Look:
    """What the picture shows of each item, and in which style."""

    direction: Literal["LR", "TB"] | None = None
    style: Literal["circuit", "cards"] | None = None
    shapes: bool = True
    dtypes: bool | None = None
    theme_name: ThemeName = "light"
    colour: Measured | None = None
    thumbnails: bool | None = None
    edges: bool = False

    @property
    def theme(self) -> Theme:
        """The colours."""
        return THEMES[self.theme_name]


def symbol(item: Item) -> str:
    """The sign of an op, as it is written in mathematics."""
    return SYMBOLS.get(item.symbol, item.symbol)


def local_name(item: Item, frames: dict[str, Frame]) -> str | None:
    """An item's name without what the frames around it say already: "weight" for "model.0.weight"."""
    name, key = item.name, item.frame
    while name and key and not frames[key].name:
        key = frames[key].parent
    if not name or not key:
        return name
    _, found, after = f".{name}".rpartition(f".{frames[key].name}.")
    return after if found and after else name


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
    words = [] if scalar else [" ".join(map(shape_text, item.shape)) if several else shape_text(item.shape)]
    dtype = item.dtype[0] if several else item.dtype
    if look.dtypes or (look.dtypes is None and not (scalar and dtype == np.float64)):
        words.insert(0, str(dtype))
    return " ".join(words)


def shape_text(shape: Any) -> str:
    """Write a shape as Python does.

    >>> shape_text((64, 10)), shape_text((3,))
    ('(64, 10)', '(3,)')
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def fold_text(item: Item) -> list[str]:
    """What a fold stands for, in a few lines."""
    parts = list(item.parts.items())
    lines = []
    if item.kind == "module":
        if item.elements:
            lines.append(f"{grouped(item.elements)} parameters")
        return lines
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


def seconds_text(seconds: float) -> str:
    """Write a time.

    >>> seconds_text(2.5), seconds_text(0.0123), seconds_text(4.2e-5)
    ('2.5 s', '12.3 ms', '42 µs')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


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
