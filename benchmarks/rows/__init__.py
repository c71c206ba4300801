"""The workloads, a subject a file. A further one is one more `Row`."""

from __future__ import annotations

from ..row import Row
from . import arrays, dense, images, loading, modes, scalars, sequences
from .curves import CURVES
from .startup import STARTUPS

ROWS: dict[str, Row] = scalars.ROWS | dense.ROWS | images.ROWS | sequences.ROWS | arrays.ROWS
"""What runs in workers, by the name that `--rows` takes."""

MORE: dict[str, Row] = modes.ROWS | loading.ROWS
"""The same of modes, the Trainer and the DataLoader: run when they are named."""


def row_named(name: str) -> Row:
    """A row of the table, or a point of a curve: `width@512`."""
    curve, _, size = name.partition("@")
    return CURVES[curve].row(int(size)) if size else (ROWS | MORE)[name]


__all__ = ["CURVES", "MORE", "ROWS", "STARTUPS", "row_named"]
