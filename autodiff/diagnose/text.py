"""Numbers, places and tables as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..draw.look import grouped
from ..errors import describe
from ..graph import Node, format_line, source_line

if TYPE_CHECKING:
    from ..op import Op


def number(value: Any) -> str:
    """Write a number with six digits at most.

    >>> number(np.float32(1) / 3), number(5e-324), number(-0.0), number(1 + 2j)
    ('0.333333', '4.94066e-324', '-0', '1+2j')
    """
    return f"{value.item() if hasattr(value, 'item') else value:.6g}"


def place(index: Sequence[int]) -> str:
    """Write an index: "[3, 1]", and nothing for a scalar.

    >>> place((3, 1)), place(())
    ('[3, 1]', '')
    """
    return f"[{', '.join(map(str, index))}]" if len(index) else ""


def span(value: Any) -> str:
    """Say what an array is: its dtype, shape and range, and what in it is not finite.

    >>> span(np.array([1.0, np.nan, 3.0])), span(np.float64(2.0)), span(np.zeros((0, 2)))
    ('float64 (3,), from 1 to 3, 1 NaN', 'float64', 'float64 (0, 2)')
    """
    value = np.asarray(value)
    words = [describe(value) if value.shape else str(value.dtype)]
    if value.dtype.kind in "fciu" and value.shape and value.size:
        seen = value[np.isfinite(value)]
        if seen.size and value.dtype.kind == "c":
            words.append(f"sizes from {number(np.abs(seen).min())} to {number(np.abs(seen).max())}")
        elif seen.size:
            words.append(f"from {number(seen.min())} to {number(seen.max())}")
        for count, name in ((np.isnan(value).sum(), "NaN"), (np.isinf(value).sum(), "infinite")):
            if count:
                words.append(f"{grouped(int(count))} {name}")
    return ", ".join(words)


def table(rows: Sequence[Sequence[str]], align: str, indent: int = 4) -> list[str]:
    """Set rows of cells in columns; `align` has < or > for each column, and empty columns are left out.

    >>> table([["mul", "12"], ["log", "3"]], "<>", indent=0)
    ['mul  12', 'log   3']
    """
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(len(align))]
    lines = []
    for row in rows:
        cells = [f"{cell:{side}{width}}" for cell, side, width in zip(row, align, widths, strict=True) if width]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def op_text(op: Op) -> str:
    """Name an op, with its sign if it has one: "op 'mul' (*)"."""
    return f"op '{op.name}'" + (f" ({op.symbol})" if op.symbol not in (op.name, "") else "")


@lru_cache(maxsize=4096)
def at_line(code: CodeType, lasti: int) -> str:
    """Write where an instruction stands in the user's code."""
    return format_line(source_line(code, lasti))


def line_of(node: Node) -> str:
    """Write the line that called a node's op; for many nodes of few lines."""
    return at_line(node.code, node.lasti)


def count_of(n: int, total: int, what: str) -> str:
    """Say how many of how many.

    >>> count_of(2, 1000, "elements"), count_of(3, 3, "elements")
    ('2 of 1 000 elements', 'all 3 elements')
    """
    if n == total:
        return f"all {grouped(n)} {what}" if n > 1 else f"the only {what.removesuffix('s')}"
    return f"{grouped(n)} of {grouped(total)} {what}"
