"""Adding rows into the rows of an array: what reading by index arrays does backwards."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .policy import compiled


@cache
def _sparse() -> Any:
    from scipy import sparse  # takes 0.2 s to import

    return sparse


@compiled("scatter", at_least=128, by=2)
def add_rows(out: Any, rows: Any, values: Any) -> None:
    """`out[rows[i]] += values[i]`, for rows that repeat too: out (m, ...), rows (k,) non-negative, values (k, ...).

    Each row of out is summed up in the order of the values, as `np.add.at` does. A product with the sparse matrix
    that has a one at (rows[i], i) takes a tenth of the time where rows are long; single numbers it does not help.
    """
    k, m = len(rows), len(out)
    if not values.size:
        return
    values = values.reshape((k, -1))
    if values.shape[1] < 4 and out.flags.c_contiguous:
        places = rows if values.shape[1] == 1 else rows[:, None] * values.shape[1] + np.arange(values.shape[1])
        np.add.at(out.reshape(-1), places.ravel(), values.ravel())
        return
    found = None
    if m > 2 * k:  # most rows stay as they are
        found, rows = np.unique(rows, return_inverse=True)
        m = len(found)
    ones = np.ones(k, values.real.dtype)
    sums = _sparse().csc_array((ones, rows, np.arange(k + 1)), shape=(m, k)) @ values
    sums = sums.reshape((m, *out.shape[1:]))
    if found is None:
        out += sums
    else:
        out[found] += sums
