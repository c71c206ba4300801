"""Pieces of Graphviz's HTML-like labels."""

from __future__ import annotations

from .look import escaped
from .quantity import Quantity
from .theme import Theme, blend
from .thumbnail import Thumbnail

TABLE = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'
BAR, TILE = 16, 7  # points: the height of a histogram, and the side of a heat map's tile
LONGEST = 60  # characters of a name; what is longer is cut, and whole in the tooltip


def font(text: str, colour: str, size: int | None = None) -> str:
    """Text in a colour; of no text a space, which Graphviz needs."""
    if not text:
        return " "
    points = f' POINT-SIZE="{size}"' if size is not None else ""
    return f'<FONT COLOR="{colour}"{points}>{escaped(text)}</FONT>'


def shortened(text: str) -> str:
    """A long name without its middle.

    >>> len(shortened("n" * 300))
    60
    """
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[: half - 1]}…{text[-half:]}"


def quantity(known: Quantity, colour: str, size: int) -> str:
    """Its text, a matrix in several lines."""
    return "<BR/>".join(font(line, colour, size) for line in known.lines)


def thumbnail(small: Thumbnail, colour: str, theme: Theme) -> str:
    """A table of coloured cells, which every renderer can draw: a heat map if there is one, else a histogram."""
    if small.tiles:
        rows = "".join(f"<TR>{''.join(_tile(value, theme) for value in row)}</TR>" for row in small.tiles)
        return _table(rows, TILE * len(small.tiles[0]), TILE * len(small.tiles))
    bars = "".join(f'<TD VALIGN="BOTTOM">{_bar(bar, colour, theme)}</TD>' for bar in small.bars)
    return _table(f"<TR>{bars}</TR>", TILE * len(small.bars), BAR)


def _table(rows: str, width: int, height: int) -> str:
    return f'<TABLE {TABLE} FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}">{rows}</TABLE>'


def _tile(value: float, theme: Theme) -> str:
    colour = blend(theme.signs, (value + 1) / 2)
    return f'<TD FIXEDSIZE="TRUE" WIDTH="{TILE}" HEIGHT="{TILE}" BGCOLOR="{colour}"></TD>'


def _bar(height: float, colour: str, theme: Theme) -> str:
    points = max(1, round(height * BAR))
    shade = colour if height else theme.frame_edge
    cell = f'<TD FIXEDSIZE="TRUE" WIDTH="{TILE - 1}" HEIGHT="{points}" BGCOLOR="{shade}"></TD>'
    return _table(f"<TR>{cell}</TR>", TILE - 1, points)
