"""The workloads, a subject a file. A further one is one more `Row`."""

from __future__ import annotations

from ..row import Row
from . import arrays, dense, images, loading, modes, scalars, sequences
from .curves import CURVES
from .startup import STARTUPS

ROWS: dict[str, Row] = (
    scalars.ROWS | dense.ROWS | images.ROWS | sequences.ROWS | arrays.ROWS | modes.ROWS | loading.ROWS
)  # fmt: skip
"""What runs in workers, by the name that `--rows` takes."""


def row_named(name: str) -> Row:
    """A row of the table, or a point of a curve: `width@512`."""
    curve, _, size = name.partition("@")
    return CURVES[curve].row(int(size)) if size else ROWS[name]


__all__ = ["CURVES", "ROWS", "STARTUPS", "row_named"]
