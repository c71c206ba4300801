"""Recurrent layers: one loop over all times, with the product with the state inside of it.

The weights of the state are packed once (`panels.py`). Eight rows of the batch at a time go from product to activations
while they are in the first-level cache, and a row in short passes: a pass over many arrays at once would not become
vectors, as LLVM gives up proving that they do not overlap. Threads share the rows of a batch, and never wait.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..linalg import product as whole_product
from ..linalg import sum_rows
from ..policy import Loop, loop, uses
from ..recurrent import as_rows, waits
from . import vector
from .panels import ROWS, address, pack, pack_turned, product, room
from .tiles import lanes

LEAST = 1 << 20  # multiplications for a thread: 20 us
PRODUCT = 1 << 22  # multiplications of the input, from which on equal rows are looked for


def _ordered(*arrays: Any) -> list[Any] | None:
    """The arrays row by row in memory of their own, if they are of one dtype."""
    dtype = arrays[0].dtype
    for x in arrays:
        if type(x) is not np.ndarray or x.dtype != dtype:
            return None
    return [x if x.flags.carray else x.copy(order="C") for x in arrays]


def _share(run: Loop, args: tuple[Any, ...], batch: int, work: int) -> None:
    """Run a loop over the rows of a batch in blocks of ROWS; `work` is the number of multiplications."""
    blocks = -(-batch // ROWS)
    run.share(*args, n=blocks, least=-(-LEAST * blocks // work))


def _over(lengths: Any, steps: int, batch: int) -> Any:
    """Where sequences are over, (T, B)."""
    over = waits(lengths, steps)
    return np.zeros((steps, batch), bool) if over is None else over[:, :, 0]


@loop("void(T[:, ::1], T[::1], boolean)")
def _pack(w: Any, panels: Any, turned: Any) -> None:
    like, (m, n) = w[0, 0], w.shape
    if turned:
        pack_turned(like, address(w, 0), n, n, m, address(panels, 0))
    else:
        pack(like, address(w, 0), n, m, n, address(panels, 0))


def _packed(w: Any, turned: bool) -> Any:
    """The panels of weights, or of their transpose."""
    k, n = w.shape[::-1] if turned else w.shape
    panels = np.empty(room(k, n, w.itemsize), w.dtype)
    _pack(w, panels, turned)
    return panels


# -- equal rows of the input ------------------------------------------------------------------------------


@loop("int64(T[:, ::1], T[::1], int64[::1], int64[::1], int64[::1])")
def _distinct(x: Any, weights: Any, table: Any, first: Any, place: Any) -> int:
    """Find the rows of x that differ: `first[place[i]]` is the first row equal to row i; -1 if there are too many."""
    count, mask = 0, np.uint64(table.size - 1)
    for i in range(len(x)):
        row = x[i]
        s = weights[0] - weights[0]
        for j in range(row.size):
            s += row[j] * weights[j]
        slot = np.uint64(abs(s - np.floor(s)) * table.size) & mask if s - s == 0 else np.uint64(0)
        while True:
            k = table[slot]
            if k < 0:
                if count == first.size:
                    return -1
                table[slot] = place[i] = count
                first[count] = i
                count += 1
                break
            other, same = x[first[k]], True
            for j in range(row.size):
                same &= row[j] == other[j]
            if same:
                place[i] = k
                break
            slot = (slot + np.uint64(1)) & mask
    return count


@loop("void(T[:, ::1], int64[::1], T[:, ::1])")
def _sum_equal(x: Any, place: Any, out: Any) -> None:
    """Add up rows of x, or as much of them as `out` is wide."""
    for i in range(len(x)):
        row, to = x[i], out[place[i]]
        for j in range(to.size):
            to[j] += row[j]


@lru_cache(maxsize=16)
def _weights(n: int, dtype: Any) -> Any:
    return (10 * np.modf(np.arange(1, n + 1) * 0.6180339887498949)[0]).astype(dtype)


def _equal_rows(flat: Any, width: int) -> tuple[Any, Any] | None:
    """The rows that differ and which of them each row is, if they are a quarter or less and products with them large.

    What a network reads are often rows of a small table, one for each letter: their products are computed once.
    """
    n, features = flat.shape
    if n * features * width < PRODUCT:
        return None
    first, place = np.empty(n // 4, np.int64), np.empty(n, np.int64)
    table = np.full(1 << n.bit_length(), -1, np.int64)
    count = _distinct(flat, _weights(features, flat.dtype), table, first, place)
    return None if count < 0 else (flat[first[:count]], place)


def _apart(gates: Any) -> Any:
    """Room for gradients of gates, in rows that are a vector longer if they would all begin in the same few places of
    the cache: reading columns of them for the gradient of the weights takes 12 % longer then.
    """
    *shape, n = gates.shape
    return np.empty((*shape, n if n * gates.itemsize % 1024 else n + lanes(gates.itemsize)), gates.dtype)


def _from_input(x: Any, w_ih: Any) -> tuple[Any, Any, Any]:
    """What the input adds to the gates, without the bias: room for it at all times, and rows to read it from.

    Row i of the room begins as row `place[i]` of these; if there are none it is filled already.
    """
    flat, shape = as_rows(x), (*x.shape[:2], len(w_ih))
    found = _equal_rows(flat, len(w_ih))
    if found is None:
        return whole_product(flat, w_ih.T).reshape(shape), np.empty((1, 1), x.dtype), np.empty(0, np.int64)
    return np.empty(shape, x.dtype), whole_product(found[0], w_ih.T), found[1]


def _to_input(da: Any, x: Any, w_ih: Any, needs: tuple[bool, ...]) -> tuple[Any, Any, Any]:
    """Gradients of x, w_ih and the bias from that of the gates."""
    flat, rows = as_rows(da)[:, : len(w_ih)], as_rows(x)
    dx = whole_product(flat, w_ih).reshape(x.shape) if needs[0] else None
    found = _equal_rows(rows, len(w_ih)) if needs[1] else None
    if found is not None:
        rows, place = found
        sums = np.zeros((len(rows), flat.shape[1]), flat.dtype)
        _sum_equal(as_rows(da), place, sums)
        flat = sums
    return dx, whole_product(flat.T, rows) if needs[1] else None, sum_rows(flat) if needs[2] else None


def _to_state(da: Any, out: Any, first: Any, reverse: bool) -> Any:
    """Gradient of w_hh: the first step began with `first`, each other one with the state before."""
    begun, later, earliest = (out[1:], da[:-1], da[-1]) if reverse else (out[:-1], da[1:], da[0])
    dw = whole_product(as_rows(later).T, as_rows(begun))
    dw += whole_product(earliest.T, first)
    return dw


# -- the plain layer --------------------------------------------------------------------------------------


@loop(
    "void(boolean[:, ::1], int64[::1], T[:, ::1], T[::1], T[:, ::1], T[:, :, ::1], T[::1], boolean, boolean, T, int64, "
    "int64)",
    shared="range",
)
def _rnn(
    over: Any, place: Any, table: Any, panels: Any, first: Any, out: Any, b: Any, bend: Any, reverse: Any, zero: Any,
    start: Any, stop: Any,
) -> None:  # fmt: skip
    steps, batch, n = out.shape
    for s in range(steps):
        t = steps - 1 - s if reverse else s
        h = first if s == 0 else out[t + 1 if reverse else t - 1]
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high, to_block = min(ROWS, batch - r), address(out, (t * batch + r) * n)
            for row in range(r, r + high if place.size else r):
                out[t, row] = table[place[t * batch + row]]
            product(zero, address(h, r * n), n, 1, high, n, address(panels, 0), n, to_block, n, to_block, n)
            for row in range(r, r + high):
                to = out[t, row]
                if over[t, row]:
                    to[:] = h[row]
                elif bend:
                    for i in range(to.size):
                        to[i] = vector.tanh(to[i] + b[i])
                else:
                    for i in range(to.size):
                        a = to[i] + b[i]
                        to[i] = zero if a <= zero else a


@uses(_rnn, _distinct, _pack)
def rnn(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, nonlinearity: str, reverse: bool
) -> tuple[Any, None] | None:
    """Error of a step: 4 ulp of the largest sum before tanh, and that of the product."""
    arrays = _ordered(x, h, w_ih, w_hh, b)
    if arrays is None or not h.size or not len(x):
        return None
    x, h, w_ih, w_hh, b = arrays
    out, table, place = _from_input(x, w_ih)
    over, zero = _over(lengths, *x.shape[:2]), x.dtype.type(0)
    args = over, place, table, _packed(w_hh, True), h, out, b, nonlinearity == "tanh", reverse, zero
    _share(_rnn, args, len(h), out.size * len(w_hh))
    return out, None


@loop(
    "void(boolean[:, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[::1], T[::1], T[:, ::1], T[:, ::1], boolean, "
    "boolean, T, T, int64, int64)",
    shared="range",
)
def _rnn_back(
    over: Any, g: Any, out: Any, da: Any, panels: Any, zeros: Any, dh: Any, kept: Any, bend: Any, reverse: Any,
    zero: Any, one: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    steps, batch, n = out.shape
    for s in range(steps):
        t = s if reverse else steps - 1 - s
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high = min(ROWS, batch - r)
            for row in range(r, r + high):
                to, given, through, past, state = da[t, row], g[t, row], dh[row], kept[row], out[t, row]
                if over[t, row]:
                    for i in range(to.size):
                        past[i] += given[i] + through[i]
                    to[:] = zero
                    continue
                if bend:
                    for i in range(to.size):
                        to[i] = (given[i] + through[i] + past[i]) * (one - state[i] * state[i])
                else:
                    for i in range(to.size):
                        to[i] = (given[i] + through[i] + past[i]) * (one if state[i] > zero else zero)
                past[:] = zero
            block = address(da, (t * batch + r) * n)
            product(zero, block, n, 1, high, n, address(panels, 0), n, address(zeros, 0), 0, address(dh, r * n), n)


@uses(_rnn_back, _distinct, _sum_equal, _pack)
def rnn_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, needs: Any, *, nonlinearity: str,
    reverse: bool,
) -> tuple[Any, ...] | None:  # fmt: skip
    """Error of a step: 4 roundings, and that of the product."""
    arrays = _ordered(g, x, h, w_ih, w_hh, out)
    if arrays is None or not h.size or not len(x):
        return None
    g, x, h, w_ih, w_hh, out = arrays
    da, dh, kept, zeros = np.empty_like(out), np.zeros_like(h), np.zeros_like(h), np.zeros(h.shape[1], h.dtype)
    over, zero, one = _over(lengths, *x.shape[:2]), x.dtype.type(0), x.dtype.type(1)
    args = over, g, out, da, _packed(w_hh, False), zeros, dh, kept, nonlinearity == "tanh", reverse, zero, one
    _share(_rnn_back, args, len(h), out.size * len(w_hh))
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[2], needs[4]))
    return dx, dh + kept, dw, _to_state(da, out, h, reverse) if needs[3] else None, db, None


# -- long short-term memory -------------------------------------------------------------------------------


@loop(
    "void(boolean[:, ::1], int64[::1], T[:, ::1], T[::1], T[:, ::1], T[:, ::1], T[:, :, ::1], T[:, :, ::1], "
    "T[:, :, ::1], T[:, :, ::1], T[::1], boolean, T, int64, int64)",
    shared="range",
)
def _lstm(
    over: Any, place: Any, table: Any, panels: Any, first: Any, first_cell: Any, gates: Any, cells: Any, bent: Any,
    out: Any, b: Any, reverse: Any, zero: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    steps, batch, n = cells.shape
    b_two, b_k, b_o = b[: 2 * n], b[2 * n : 3 * n], b[3 * n :]
    for s in range(steps):
        t = steps - 1 - s if reverse else s
        h, c = first, first_cell
        if s:
            last = t + 1 if reverse else t - 1
            h, c = out[last], cells[last]
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high, block = min(ROWS, batch - r), address(gates, (t * batch + r) * 4 * n)
            for row in range(r, r + high if place.size else r):
                gates[t, row] = table[place[t * batch + row]]
            product(zero, address(h, r * n), n, 1, high, n, address(panels, 0), 4 * n, block, 4 * n, block, 4 * n)
            for row in range(r, r + high):
                a, cell, curve, to, before = gates[t, row], cells[t, row], bent[t, row], out[t, row], c[row]
                if over[t, row]:
                    a[:] = zero
                    curve[:] = zero
                    cell[:] = before
                    to[:] = h[row]
                    continue
                two, i, f, k, o = a[: 2 * n], a[:n], a[n : 2 * n], a[2 * n : 3 * n], a[3 * n :]
                for j in range(two.size):
                    two[j] = vector.sigmoid(two[j] + b_two[j])
                for j in range(k.size):
                    k[j] = vector.tanh(k[j] + b_k[j])
                for j in range(o.size):
                    o[j] = vector.sigmoid(o[j] + b_o[j])
                for j in range(cell.size):
                    cell[j] = f[j] * before[j] + i[j] * k[j]
                for j in range(cell.size):
                    curve[j] = vector.tanh(cell[j])
                for j in range(to.size):
                    to[j] = o[j] * curve[j]


@uses(_lstm, _distinct, _pack)
def lstm(
    x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any, Any]] | None:
    """Error of a step: 4 ulp of the largest sum before a gate, 4 of the gates, and that of the product."""
    arrays = _ordered(x, h, c, w_ih, w_hh, b)
    if arrays is None or not h.size or not len(x):
        return None
    x, h, c, w_ih, w_hh, b = arrays
    steps, (gates, table, place) = len(x), _from_input(x, w_ih)
    out = np.empty((steps + 1, *h.shape), x.dtype)
    cells, bent = np.empty((2, steps, *h.shape), x.dtype)
    over, zero = _over(lengths, *x.shape[:2]), x.dtype.type(0)
    args = over, place, table, _packed(w_hh, True), h, c, gates, cells, bent, out, b, reverse, zero
    _share(_lstm, args, len(h), gates.size * h.shape[1])
    out[steps] = cells[0 if reverse else -1]
    return out, (gates, cells, bent)


@loop(
    "void(boolean[:, ::1], T[:, :, ::1], T[:, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[::1], "
    "T[::1], T[:, ::1], T[:, ::1], T[:, ::1], boolean, T, T, int64, int64)",
    shared="range",
)
def _lstm_back(
    over: Any, g: Any, first_cell: Any, gates: Any, cells: Any, bent: Any, da: Any, panels: Any, zeros: Any, dh: Any,
    kept: Any, dc: Any, reverse: Any, zero: Any, one: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    (steps, batch, n), pitch = cells.shape, da.shape[2]
    for s in range(steps):
        t = s if reverse else steps - 1 - s
        begun = first_cell if s == steps - 1 else cells[t + 1 if reverse else t - 1]
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high = min(ROWS, batch - r)
            for row in range(r, r + high):
                a, given, through, past, cell = gates[t, row], g[t, row], dh[row], kept[row], dc[row]
                before, curve, to = begun[row], bent[t, row], da[t, row]
                for j in range(past.size):
                    past[j] += given[j] + through[j]
                if over[t, row]:
                    to[:] = zero
                    continue
                i, f, k, o = a[:n], a[n : 2 * n], a[2 * n : 3 * n], a[3 * n :]
                di, df, dk, do = to[:n], to[n : 2 * n], to[2 * n : 3 * n], to[3 * n : 4 * n]
                for j in range(cell.size):
                    cell[j] += past[j] * (o[j] * (one - curve[j] * curve[j]))
                for j in range(do.size):
                    do[j] = past[j] * (curve[j] * (o[j] * (one - o[j])))
                for j in range(di.size):
                    di[j] = cell[j] * (k[j] * (i[j] * (one - i[j])))
                for j in range(df.size):
                    df[j] = cell[j] * (before[j] * (f[j] * (one - f[j])))
                for j in range(dk.size):
                    dk[j] = cell[j] * (i[j] * (one - k[j] * k[j]))
                for j in range(cell.size):
                    cell[j] *= f[j]
                past[:] = zero
            block, to_block = address(da, (t * batch + r) * pitch), address(dh, r * n)
            product(zero, block, pitch, 1, high, 4 * n, address(panels, 0), n, address(zeros, 0), 0, to_block, n)


@uses(_lstm_back, _distinct, _sum_equal, _pack)
def lstm_vjp(
    g: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *,
    reverse: bool,
) -> tuple[Any, ...] | None:  # fmt: skip
    """Error of a step: 6 roundings, and that of the product."""
    arrays = _ordered(g, x, h, c, w_ih, w_hh, out, *saved)
    if arrays is None or not h.size or not len(x):
        return None
    g, x, h, c, w_ih, w_hh, out, gates, cells, bent = arrays
    steps, da, zeros = len(x), _apart(gates), np.zeros(h.shape[1], h.dtype)
    dh, kept, dc = np.zeros_like(h), np.zeros_like(h), g[steps].copy()
    over, zero, one = _over(lengths, *x.shape[:2]), x.dtype.type(0), x.dtype.type(1)
    args = over, g, c, gates, cells, bent, da, _packed(w_hh, False), zeros, dh, kept, dc, reverse, zero, one
    _share(_lstm_back, args, len(h), gates.size * h.shape[1])
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[3], needs[5]))
    return (
        dx,
        dh + kept,
        dc,
        dw,
        _to_state(da[..., : len(w_hh)], out[:steps], h, reverse) if needs[4] else None,
        db,
        None,
    )


# -- gated recurrent units --------------------------------------------------------------------------------


@loop(
    "void(boolean[:, ::1], int64[::1], T[:, ::1], T[::1], T[::1], T[:, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], "
    "T[::1], T[::1], T[::1], boolean, T, int64, int64)",
    shared="range",
)
def _gru(
    over: Any, place: Any, table: Any, panels: Any, panels_n: Any, first: Any, gates: Any, inner: Any, out: Any,
    b_ih: Any, b_hh: Any, zeros: Any, reverse: Any, zero: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    steps, batch, m = out.shape
    bias, b_in, b_two, b_n = b_ih[: 2 * m], b_ih[2 * m :], b_hh[: 2 * m], b_hh[2 * m :]
    for s in range(steps):
        t = steps - 1 - s if reverse else s
        h = first if s == 0 else out[t + 1 if reverse else t - 1]
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high, i = min(ROWS, batch - r), t * batch + r
            block, within, state = address(gates, i * 3 * m), address(inner, i * m), address(h, r * m)
            for row in range(r, r + high if place.size else r):
                gates[t, row] = table[place[t * batch + row]]
            product(zero, state, m, 1, high, m, address(panels, 0), 2 * m, block, 3 * m, block, 3 * m)
            product(zero, state, m, 1, high, m, address(panels_n, 0), m, address(zeros, 0), 0, within, m)
            for row in range(r, r + high):
                a, inside, to, before = gates[t, row], inner[t, row], out[t, row], h[row]
                if over[t, row]:
                    a[:] = zero
                    inside[:] = zero
                    to[:] = before
                    continue
                rz, reset, z, n = a[: 2 * m], a[:m], a[m : 2 * m], a[2 * m :]
                for j in range(rz.size):
                    rz[j] = vector.sigmoid(rz[j] + (bias[j] + b_two[j]))
                for j in range(inside.size):
                    inside[j] += b_n[j]
                for j in range(n.size):
                    n[j] = vector.tanh(n[j] + b_in[j] + reset[j] * inside[j])
                for j in range(to.size):
                    to[j] = n[j] + z[j] * (before[j] - n[j])


@uses(_gru, _distinct, _pack)
def gru(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any]] | None:
    """Error of a step: 4 ulp of the largest sum before a gate, 3 of the states, and that of the product."""
    arrays = _ordered(x, h, w_ih, w_hh, b_ih, b_hh)
    if arrays is None or not h.size or not len(x):
        return None
    x, h, w_ih, w_hh, b_ih, b_hh = arrays
    (gates, table, place), m = _from_input(x, w_ih), h.shape[1]
    out, inner = np.empty((2, len(x), *h.shape), x.dtype)
    over, zero, zeros = _over(lengths, *x.shape[:2]), x.dtype.type(0), np.zeros(m, x.dtype)
    panels = _packed(w_hh[: 2 * m], True), _packed(w_hh[2 * m :], True)
    args = over, place, table, *panels, h, gates, inner, out, b_ih, b_hh, zeros, reverse, zero
    _share(_gru, args, len(h), gates.size * m)
    return out, (gates, inner)


@loop(
    "void(boolean[:, ::1], T[:, :, ::1], T[:, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], T[:, :, ::1], "
    "T[:, :, ::1], T[::1], T[::1], T[:, ::1], T[:, ::1], boolean, T, T, int64, int64)",
    shared="range",
)
def _gru_back(
    over: Any, g: Any, first: Any, gates: Any, inner: Any, out: Any, da: Any, du: Any, panels: Any, zeros: Any, dh: Any,
    kept: Any, reverse: Any, zero: Any, one: Any, start: Any, stop: Any,
) -> None:  # fmt: skip
    (steps, batch, m), pitch = out.shape, du.shape[2]
    for s in range(steps):
        t = s if reverse else steps - 1 - s
        begun = first if s == steps - 1 else out[t + 1 if reverse else t - 1]
        for r in range(start * ROWS, min(stop * ROWS, batch), ROWS):
            high = min(ROWS, batch - r)
            for row in range(r, r + high):
                a, given, through, past = gates[t, row], g[t, row], dh[row], kept[row]
                before, inside, to, within = begun[row], inner[t, row], da[t, row], du[t, row]
                for j in range(past.size):
                    past[j] += given[j] + through[j]
                if over[t, row]:
                    to[:] = zero
                    within[:] = zero
                    continue
                reset, z, n = a[:m], a[m : 2 * m], a[2 * m :]
                dr, dz, dn, last = to[:m], to[m : 2 * m], to[2 * m : 3 * m], within[2 * m : 3 * m]
                for j in range(dn.size):
                    dn[j] = past[j] * ((one - z[j]) * (one - n[j] * n[j]))
                for j in range(dz.size):
                    dz[j] = past[j] * ((before[j] - n[j]) * (z[j] * (one - z[j])))
                for j in range(dr.size):
                    dr[j] = dn[j] * (inside[j] * (reset[j] * (one - reset[j])))
                within[: 2 * m] = to[: 2 * m]
                for j in range(last.size):
                    last[j] = dn[j] * reset[j]
                for j in range(past.size):
                    past[j] *= z[j]
            block, to_block = address(du, (t * batch + r) * pitch), address(dh, r * m)
            product(zero, block, pitch, 1, high, 3 * m, address(panels, 0), m, address(zeros, 0), 0, to_block, m)


@uses(_gru_back, _distinct, _sum_equal, _pack)
def gru_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *, reverse: bool
) -> tuple[Any, ...] | None:
    """Error of a step: 6 roundings, and that of the product."""
    arrays = _ordered(g, x, h, w_ih, w_hh, out, *saved)
    if arrays is None or not h.size or not len(x):
        return None
    g, x, h, w_ih, w_hh, out, gates, inner = arrays
    da, du, zeros = _apart(gates), _apart(gates), np.zeros(h.shape[1], h.dtype)
    dh, kept = np.zeros_like(h), np.zeros_like(h)
    over, zero, one = _over(lengths, *x.shape[:2]), x.dtype.type(0), x.dtype.type(1)
    args = over, g, h, gates, inner, out, da, du, _packed(w_hh, False), zeros, dh, kept, reverse, zero, one
    _share(_gru_back, args, len(h), gates.size * h.shape[1])
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[2], needs[4]))
    dw_hh = _to_state(du[..., : len(w_hh)], out, h, reverse) if needs[3] else None
    return dx, dh + kept, dw, dw_hh, db, sum_rows(du[..., : len(w_hh)]) if needs[5] else None, None
