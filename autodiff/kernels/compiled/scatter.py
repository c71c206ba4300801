"""Adding rows into the rows of an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..policy import loop, uses

LEAST = 1 << 18  # elements for a thread: 0.1 ms


@loop("void(T[:, ::1], int64[::1], T[:, ::1], int64, int64)", shared="range")
def _add_rows(out: Any, rows: Any, values: Any, start: Any, stop: Any) -> None:
    for k in range(len(rows)):
        row, value = out[rows[k]][start:stop], values[k][start:stop]
        for i in range(row.size):
            row[i] += value[i]


@uses(_add_rows)
def add_rows(out: Any, rows: Any, values: Any) -> Any:
    """Error: that of the sum in order, as `np.add.at` takes it; threads share the columns out."""
    if out.dtype != values.dtype or not out.flags.carray or not values.flags.carray or rows.dtype.kind != "i":
        return None
    k = len(rows)
    table, more = out.reshape(len(out), -1), values.reshape(k, -1)
    rows = rows.astype(np.int64, copy=not rows.flags.carray)
    _add_rows.share(table, rows, more, n=more.shape[1], least=max(LEAST // k, 16), pieces=1)
    return out
