"""The product of two matrices, in panels of columns.

A panel is up to three vectors wide. Its part of the second matrix is packed, row by row, and stays in the cache, while
eight rows of the first at a time are multiplied with it, their sums in registers (`tiles.py`). Elements of the first
are read one by one, wherever they lie; for many panels the columns of a large transposed one are brought together. A
transposed second matrix is turned as it is packed. While rows are multiplied with a panel, the next one is fetched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from ..policy import loop, uses
from ..threads import get_num_threads
from . import tiles

panel_1, panel_2, panel_3 = tiles.panel.values()
BYTES, ROWS = tiles.BYTES, tiles.PANEL_ROWS
pack: Any = tiles.pack
turn: Any = tiles.turn

TERMS = 1024  # of a sum, in one go: a panel of so many rows is a fifth of the second-level cache
SEVERAL = 2  # panels, from which on a transposed first matrix is packed too if it is large: its columns are far apart
LARGE = 1 << 18  # bytes, a quarter of the second-level cache; smaller ones are faster where they are
# Products, for a transposed y and others. From 2^18 on OpenBLAS has threads, which stay awake for a while after each
# product and take a core from our own: all that follows would run at half the speed.
WORTH = {True: 1 << 17, False: 1 << 18}
WORTH_WITH_BIAS = 1 << 11
SHARE = 1 << 19  # products for a thread
LEAST = 1 << 17  # elements of a sum of rows for a thread
PIECES = 2
THIN, MANY = 16, 1 << 18  # columns of a gradient below which OpenBLAS is faster, from so many products on


@njit(error_model="numpy", fastmath={"contract", "nsz"})
def _multiply(x: Any, y: Any, bias: Any, out: Any, top: Any, bottom: Any, left: Any, right: Any) -> None:
    """Rows `top` to `bottom` and columns `left` to `right` of the result."""
    size, k, pitch, flat = x.itemsize, x.shape[1], out.shape[1], out.reshape(-1)
    lanes = BYTES // size
    x_row, x_step = x.strides[0] // size, x.strides[1] // size
    y_row, y_step = y.strides[0] // size, y.strides[1] // size
    room = np.empty((min(k, TERMS) + lanes) * min(3 * lanes, right - left + lanes), out.dtype)
    large = x.size * size > LARGE and right - left > SEVERAL * 3 * lanes
    packed, source = large and x_row == 1 and x_step != 1, x
    if packed:
        source = np.empty((bottom - top + lanes, min(k, TERMS)), out.dtype)
    for done in range(0, k, TERMS):
        terms = min(TERMS, k - done)
        first, f_row = (flat, pitch) if done else (bias, 0 if bias.size else -1)
        if packed:
            for i in range(top, bottom, lanes):
                pack(x, i + done * x_step, x_step, terms, min(lanes, bottom - i), source, (i - top) * terms, 1)
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
            part = lanes if y_step == 1 else -(-3 * lanes * ROWS // (bottom - top))
            for i in range(top, bottom, ROWS):
                seen = (i - top) // ROWS * part  # columns of the next panel that rows before have brought to the cache
                s0, s_step = done * y_row + (j + 3 * lanes + seen) * y_step, 0
                if seen < min(3 * lanes, right - j - 3 * lanes):
                    s_step = y_row if y_step == 1 else part * y_step // terms + 1
                rows, to = min(ROWS, bottom - i), i * pitch + j
                f0 = to if done else j
                at, down, along = i * x_row + done * x_step, x_row, x_step
                if packed:
                    inside = (i - top) % lanes
                    at, down, along = (i - top - inside) * terms + inside, 1, lanes
                if wide == 3:
                    panel_3(
                        source, at, down, along, terms, room, 0, first, f0, f_row, flat, to, pitch, rows, columns,
                        y, s0, s_step,
                    )  # fmt: skip
                elif wide == 2:
                    panel_2(
                        source, at, down, along, terms, room, 0, first, f0, f_row, flat, to, pitch, rows, columns,
                        y, s0, s_step,
                    )  # fmt: skip
                else:
                    panel_1(
                        source, at, down, along, terms, room, 0, first, f0, f_row, flat, to, pitch, rows, columns,
                        y, s0, s_step,
                    )  # fmt: skip


@loop("void(T[:, :], T[:, :], T[::1], T[:, ::1], int64, boolean, int64, int64)", shared="range")
def _product(x: Any, y: Any, bias: Any, out: Any, step: Any, by_rows: Any, start: Any, stop: Any) -> None:
    top, bottom, left, right = 0, out.shape[0], 0, out.shape[1]
    if by_rows:
        top, bottom = start * step, min(stop * step, bottom)
    else:
        left, right = start * step, min(stop * step, right)
    _multiply(x, y, bias, out, top, bottom, left, right)


@njit(error_model="numpy", fastmath={"contract", "nsz"})
def _add_rows(g: Any, db: Any) -> None:
    """The sum of all rows, four at a time."""
    (m, n), fours = g.shape, len(g) // 4 * 4
    db[:] = 0
    for i in range(0, fours, 4):
        for j in range(n):
            db[j] += (g[i, j] + g[i + 1, j]) + (g[i + 2, j] + g[i + 3, j])
    for i in range(fours, m):
        for j in range(n):
            db[j] += g[i, j]


@njit(error_model="numpy", fastmath={"contract", "nsz"})
def _add_columns(g: Any, db: Any, left: Any, right: Any) -> None:
    """The same for some columns."""
    to, fours = db[left:right], len(g) // 4 * 4
    to[:] = 0
    for i in range(0, fours, 4):
        a, b, c, d = g[i][left:right], g[i + 1][left:right], g[i + 2][left:right], g[i + 3][left:right]
        for j in range(to.size):
            to[j] += (a[j] + b[j]) + (c[j] + d[j])
    for i in range(fours, len(g)):
        a = g[i][left:right]
        for j in range(to.size):
            to[j] += a[j]


@loop("void(T[:, ::1], T[::1], int64, int64)", shared="range")
def _row_sum(g: Any, db: Any, start: Any, stop: Any) -> None:
    """Columns from `start` to `stop`, in vectors."""
    _add_columns(g, db, start * BYTES // g.itemsize, min(stop * BYTES // g.itemsize, len(db)))


@loop("void(T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1])")
def _affine_pulled(g: Any, x: Any, w: Any, dx: Any, dw: Any, db: Any) -> None:
    (m, n), k = g.shape, x.shape[1]
    if dx.size:
        _multiply(g, w, db[:0], dx, 0, m, 0, k)
    _multiply(g.T, x, db[:0], dw, 0, n, 0, k)
    _add_rows(g, db)


@lru_cache(maxsize=1)
def _library_is_slower() -> bool:
    """Whether this is a machine as the loops were measured on: OpenBLAS, and vectors of 64 bytes."""
    config: Any = np.show_config(mode="dicts")
    return BYTES == 64 and "openblas" in str(config.get("Build Dependencies", {}).get("blas", {}).get("name"))


_NO_BIAS = {np.dtype(char): np.empty(0, char) for char in "fd"}
_NO_DX = {np.dtype(char): np.empty((0, 0), char) for char in "fd"}


def _shared(x: Any, y: Any, bias: Any) -> Any:
    (m, k), n = x.shape, y.shape[1]
    out = np.empty((m, n), x.dtype)
    by_rows = m >= n
    step = ROWS if by_rows else BYTES // x.itemsize
    parts = -(-max(m, n) // step)
    _product.share(x, y, bias, out, step, by_rows, n=parts, least=SHARE * parts // (m * n * k) + 1, pieces=PIECES)
    return out


@uses(_product)
def product(x: Any, y: Any) -> Any:
    """Error: `k` ulp of the sum of `|x| |y|`. The same bits on any number of threads."""
    (m, k), n, size = x.shape, y.shape[1], x.itemsize
    across, along = y.strides
    if m * n * k < WORTH[along != size] or y.shape[0] != k or not _library_is_slower():
        return None
    if y.dtype != x.dtype or size not in (across, along) or not (x.flags.aligned and y.flags.aligned):
        return None
    return _shared(x, y, _NO_BIAS[x.dtype])


@uses(_product)
def affine(x: Any, w: Any, b: Any) -> Any:
    """Error: as of `product`."""
    (n, k), dtype = w.shape, x.dtype
    if x.size * n < WORTH_WITH_BIAS or x.shape[-1] != k or b.shape != (n,) or not _library_is_slower():
        return None
    if w.dtype != dtype or b.dtype != dtype or w.strides[1] != x.itemsize or not b.flags.carray:
        return None
    if not (x.flags.aligned and w.flags.aligned):
        return None
    if x.ndim == 2:
        return _shared(x, w.T, b)
    return _shared(x.reshape(-1, k), w.T, b).reshape(*x.shape[:-1], n)


def _sum(g: Any, db: Any) -> None:
    """The sum of the rows of g, each column on one thread."""
    columns = -(-db.nbytes // BYTES)
    _row_sum.share(g, db, n=columns, least=LEAST * columns // g.size + 1, pieces=1)


@uses(_affine_pulled, _product, _row_sum)
def affine_vjp(g: Any, x: Any, w: Any, needs: tuple[bool, bool, bool]) -> Any:
    """In one call on one thread. Error: as of `product`, and `m` ulp of the sum of `|g|`."""
    if not needs[1] or not needs[2] or not g.size or not x.size or not _library_is_slower():
        return None
    n, k, dtype, shape = g.shape[-1], x.shape[-1], g.dtype, x.shape
    if x.dtype != dtype or g.size * k != x.size * n or not (g.flags.carray and x.flags.carray):
        return None
    if needs[0] and (w.dtype != dtype or not w.flags.carray):
        return None
    if n < THIN and g.size * k >= MANY:
        return None
    if g.ndim > 2:
        g, x = g.reshape(-1, n), x.reshape(-1, k)
    db = np.empty(n, dtype)
    if g.size * k >= 2 * SHARE and get_num_threads() > 1:
        dx = _shared(g, w, _NO_BIAS[dtype]).reshape(shape) if needs[0] else None
        dw = _shared(g.T, x, _NO_BIAS[dtype])
        _sum(g, db)
        return dx, dw, db
    dw = np.empty((n, k), dtype)
    if not needs[0]:
        _affine_pulled(g, x, _NO_DX[dtype], _NO_DX[dtype], dw, db)
        return None, dw, db
    dx = np.empty(shape, dtype)
    _affine_pulled(g, x, w, dx if len(shape) == 2 else dx.reshape(x.shape), dw, db)
    return dx, dw, db


@uses(_row_sum)
def sum_rows(x: Any) -> Any:
    """Error: `m / 4 + 2` ulp of the sum of `|x|`. The same bits on any number of threads."""
    n = x.shape[-1] if x.ndim else 0
    if n < THIN or not x.flags.carray:
        return None
    out = np.empty(n, x.dtype)
    _sum(x.reshape(-1, n), out)
    return out
