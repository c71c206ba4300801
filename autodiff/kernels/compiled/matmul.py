"""The product of two matrices, in panels of columns.

A panel is up to three vectors wide. Its part of the second matrix is packed, row by row, and stays in the cache, while
eight rows of the first at a time are multiplied with it, their sums in registers (`tiles.py`). Elements of the first
are read one by one, wherever they lie, so that none is moved for a transpose; of the second one, a transposed matrix is
turned as it is packed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..policy import loop, uses
from ..threads import share
from . import tiles

panel_1, panel_2, panel_3 = tiles.panel.values()
BYTES, ROWS = tiles.BYTES, tiles.PANEL_ROWS
pack: Any = tiles.pack
turn: Any = tiles.turn

TERMS = 1024  # of a sum, in one go: a panel of so many rows is a fifth of the second-level cache
WORTH = {True: 1 << 18, False: 1 << 24}  # products, from which on it is the faster one, for a transposed y and others
SHARE = 1 << 21  # products for a thread


@loop("void(T[:, :], T[:, :], T[::1], T[::1], T[::1], int64, int64, int64, int64, int64)")
def _product(
    x: Any, y: Any, bias: Any, out: Any, room: Any, pitch: Any, top: Any, bottom: Any, left: Any, right: Any
) -> None:
    """Rows `top` to `bottom` and columns `left` to `right` of the result, which is `pitch` wide."""
    size, k = x.itemsize, x.shape[1]
    lanes = BYTES // size
    x_row, x_step = x.strides[0] // size, x.strides[1] // size
    y_row, y_step = y.strides[0] // size, y.strides[1] // size
    for done in range(0, k, TERMS):
        terms = min(TERMS, k - done)
        first, f_row = (out, pitch) if done else (bias, 0 if bias.size else -1)
        for j in range(left, right, 3 * lanes):
            columns = min(3 * lanes, right - j)
            wide = (columns + lanes - 1) // lanes
            if y_step == 1:
                pack(y, done * y_row + j, y_row, terms, columns, room, 0, wide)
            else:
                for v in range(wide):
                    rows = min(lanes, columns - v * lanes)
                    for t in range(0, terms, lanes):
                        at = (done + t) * y_row + (j + v * lanes) * y_step
                        turn(y, at, y_step, rows, min(lanes, terms - t), room, (t * wide + v) * lanes, wide * lanes)
            for i in range(top, bottom, ROWS):
                rows, at, to = min(ROWS, bottom - i), i * x_row + done * x_step, i * pitch + j
                f0 = to if done else j
                if wide == 3:
                    panel_3(x, at, x_row, x_step, terms, room, 0, first, f0, f_row, out, to, pitch, rows, columns)
                elif wide == 2:
                    panel_2(x, at, x_row, x_step, terms, room, 0, first, f0, f_row, out, to, pitch, rows, columns)
                else:
                    panel_1(x, at, x_row, x_step, terms, room, 0, first, f0, f_row, out, to, pitch, rows, columns)


@lru_cache(maxsize=1)
def _library_is_slower() -> bool:
    """Whether this is a machine as the loops were measured on: OpenBLAS, and vectors of 64 bytes."""
    config: Any = np.show_config(mode="dicts")
    return BYTES == 64 and "openblas" in str(config.get("Build Dependencies", {}).get("blas", {}).get("name"))


_NO_BIAS = {np.dtype(char): np.empty(0, char) for char in "fd"}


@uses(_product)
def product(x: Any, y: Any, bias: Any = None) -> Any:
    """Error: `k` ulp of the sum of `|x| |y|`. The same bits on any number of threads."""
    (m, k), n, size = x.shape, y.shape[1], x.itemsize
    across, along = y.strides
    if m * n * k < WORTH[along != size] or y.dtype is not x.dtype or not _library_is_slower():
        return None
    if y.shape[0] != k or size not in (across, along) or not (x.flags.aligned and y.flags.aligned):
        return None
    if bias is None:
        bias = _NO_BIAS[x.dtype]
    elif bias.dtype is not x.dtype or bias.shape != (n,) or not bias.flags.carray:
        return None
    out, wide = np.empty((m, n), x.dtype), 3 * BYTES // size
    flat = out.reshape(-1)

    def run(start: int, stop: int) -> None:
        room = np.empty((min(k, TERMS) + BYTES) * wide, x.dtype)
        if n > m:
            _product(x, y, bias, flat, room, n, 0, m, start * wide, min(stop * wide, n))
        else:
            _product(x, y, bias, flat, room, n, start * ROWS, min(stop * ROWS, m), 0, n)

    parts = -(-n // wide) if n > m else -(-m // ROWS)
    share(run, parts, SHARE * parts // (m * n * k) + 1)
    return out
