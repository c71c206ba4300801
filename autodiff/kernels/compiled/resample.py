"""Compiled resampling: each output row once, from the few rows that it sees."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..policy import loop, uses
from ..resample import Spec, table

LEAST = 1 << 16  # multiplications for a thread


@loop("void(T[:, :, ::1], int64[:, ::1], T[:, ::1], T[:, :, ::1], int64, int64)", shared="range")
def _resample(x: Any, places: Any, weights: Any, out: Any, start: Any, stop: Any) -> None:
    for a in range(start, stop):
        for i in range(places.shape[0]):
            row = out[a, i]
            if row.size == 1:  # the last axis
                total = weights[i, 0] * 0
                for t in range(places.shape[1]):
                    if weights[i, t] != 0:  # weight 0 is no element, be that infinite or NaN
                        total += weights[i, t] * x[a, places[i, t], 0]
                row[0] = total
            else:
                row[:] = 0
                for t in range(places.shape[1]):
                    weight = weights[i, t]
                    if weight != 0:
                        seen = x[a, places[i, t]]
                        for b in range(row.size):
                            row[b] += weight * seen[b]


@lru_cache(maxsize=256)
def _table(spec: Spec, transposed: bool, char: str) -> tuple[Any, Any]:
    places, weights = table(spec, transposed)
    return np.ascontiguousarray(places, np.int64), np.ascontiguousarray(weights, char)


@uses(_resample)
def resample(x: Any, *, axis: int, spec: Spec, transposed: bool = False) -> Any:
    """A rounding for each element that an output element sees, and one for its weight."""
    if not x.size or not x.flags.c_contiguous:
        return None
    places, weights = _table(Spec(*spec), transposed, x.dtype.char)
    before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    out = np.empty((*x.shape[:axis], len(places), *x.shape[axis + 1 :]), x.dtype)
    seen, rows = x.reshape(before, x.shape[axis], after), out.reshape(before, len(places), after)
    work = max(1, after * places.size)
    _resample.share(seen, places, weights, rows, n=before, least=-(-LEAST // work))
    return out
