"""Recurrent layers: between two matrix products with the state, one loop that does all the rest of a step.

The products are the library's, into one buffer that every step uses again. A loop takes the rows of a batch one by
one, and each row in short passes over what lies in the first-level cache by then: a pass over many arrays at once would
not become vectors, as LLVM gives up proving that they do not overlap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..linalg import sum_rows
from ..policy import Loop, loop, uses
from ..recurrent import as_rows, order, waits
from ..threads import get_num_threads, share
from . import vector

LEAST = 1 << 16  # elements of gates for a thread: fewer are done before a second one has woken up
PRODUCT = 1 << 22  # multiplications of the input, from which on equal rows are looked for


def _ordered(*arrays: Any) -> list[Any] | None:
    """The arrays row by row in memory of their own, if they are of one dtype."""
    dtype = arrays[0].dtype
    for x in arrays:
        if type(x) is not np.ndarray or x.dtype != dtype:
            return None
    return [x if x.flags.carray else x.copy(order="C") for x in arrays]


def _for_rows(run: Loop, width: int, batch: int) -> Any:
    """The loop; for large batches one that takes the rows of all arrays with two axes in ranges, in parallel."""
    least = -(-LEAST // max(width, 1))
    if get_num_threads() < 2 or batch < 2 * least:
        return run

    def shared(over: Any, *arrays: Any) -> None:
        def part(start: int, stop: int) -> None:
            run(over[start:stop], *[x[start:stop] if np.ndim(x) == 2 else x for x in arrays])

        share(part, batch, least)

    return shared


def _never(over: Any, batch: int) -> Any:
    """Where sequences are over, by step: a list of vectors would cost more than it says if none is."""
    return np.zeros(batch, bool) if over is None else over[:, :, 0]


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
    for i in range(len(x)):
        row, to = x[i], out[place[i]]
        for j in range(row.size):
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


def _from_gates(x: Any, w_ih: Any) -> Any:
    """What the input adds to the gates, without the bias: (T, B, G H)."""
    flat = as_rows(x)
    found = _equal_rows(flat, len(w_ih))
    a = flat @ w_ih.T if found is None else (found[0] @ w_ih.T)[found[1]]
    return a.reshape(*x.shape[:2], len(w_ih))


def _to_input(da: Any, x: Any, w_ih: Any, needs: tuple[bool, ...]) -> tuple[Any, Any, Any]:
    """Gradients of x, w_ih and the bias from that of the gates."""
    flat, rows = as_rows(da), as_rows(x)
    dx = (flat @ w_ih).reshape(x.shape) if needs[0] else None
    found = _equal_rows(rows, len(w_ih)) if needs[1] else None
    if found is not None:
        rows, place = found
        sums = np.zeros((len(rows), flat.shape[1]), flat.dtype)
        _sum_equal(flat, place, sums)
        flat = sums
    return dx, flat.T @ rows if needs[1] else None, sum_rows(flat) if needs[2] else None


def _to_state(da: Any, out: Any, first: Any, reverse: bool) -> Any:
    """Gradient of w_hh: the first step began with `first`, each other one with the state before."""
    begun, later, earliest = (out[1:], da[:-1], da[-1]) if reverse else (out[:-1], da[1:], da[0])
    dw = as_rows(later).T @ as_rows(begun)
    dw += earliest.T @ first
    return dw


# -- the plain layer --------------------------------------------------------------------------------------


@loop("void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1], boolean, T)")
def _rnn(over: Any, u: Any, h: Any, a: Any, b: Any, bend: Any, zero: Any) -> None:
    for row in range(len(a)):
        to, given, before = a[row], u[row], h[row]
        if over[row]:
            to[:] = before
        elif bend:
            for i in range(to.size):
                to[i] = vector.tanh(to[i] + given[i] + b[i])
        else:
            for i in range(to.size):
                s = to[i] + given[i] + b[i]
                to[i] = zero if s <= zero else s


@uses(_rnn, _distinct)
def rnn(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, nonlinearity: str, reverse: bool
) -> tuple[Any, None] | None:
    """Error of a step: 4 ulp of the largest sum before tanh, and that of the product."""
    arrays = _ordered(x, h, w_ih, w_hh, b)
    if arrays is None:
        return None
    x, h, w_ih, w_hh, b = arrays
    out, over = _from_gates(x, w_ih), waits(lengths, len(x))
    w, u = np.ascontiguousarray(w_hh.T), np.empty_like(h)
    run, never, zero = _for_rows(_rnn, h.shape[1], len(h)), _never(over, len(h)), out.dtype.type(0)
    for t in order(len(x), reverse):
        np.matmul(h, w, out=u)
        run(never if over is None else never[t], u, h, out[t], b, nonlinearity == "tanh", zero)
        h = out[t]
    return out, None


@loop("void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], boolean, T, T)")
def _rnn_back(
    over: Any, g: Any, dh: Any, kept: Any, h: Any, da: Any, bend: Any, zero: Any, one: Any
) -> None:  # fmt: skip
    for row in range(len(g)):
        to, given, through, past, state = da[row], g[row], dh[row], kept[row], h[row]
        if over[row]:
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


@uses(_rnn_back, _distinct, _sum_equal)
def rnn_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, needs: Any, *, nonlinearity: str,
    reverse: bool,
) -> tuple[Any, ...] | None:  # fmt: skip
    """Error of a step: 4 roundings, and that of the product."""
    arrays = _ordered(g, x, h, w_ih, w_hh, out)
    if arrays is None:
        return None
    g, x, h, w_ih, w_hh, out = arrays
    over, da, dh, kept = waits(lengths, len(x)), np.empty_like(out), np.zeros_like(h), np.zeros_like(h)
    run, never, one = _for_rows(_rnn_back, h.shape[1], len(h)), _never(over, len(h)), out.dtype.type(1)
    zero = out.dtype.type(0)
    for t in order(len(x), not reverse):
        run(never if over is None else never[t], g[t], dh, kept, out[t], da[t], nonlinearity == "tanh", zero, one)
        np.matmul(da[t], w_hh, out=dh)
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[2], needs[4]))
    return dx, dh + kept, dw, _to_state(da, out, h, reverse) if needs[3] else None, db, None


# -- long short-term memory -------------------------------------------------------------------------------


@loop("void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T)")
def _lstm(
    over: Any, u: Any, h: Any, c: Any, a: Any, cells: Any, bent: Any, out: Any, b: Any, zero: Any
) -> None:  # fmt: skip
    n = h.shape[1]
    for row in range(len(a)):
        gates, given, cell, curve, to, before = a[row], u[row], cells[row], bent[row], out[row], c[row]
        if over[row]:
            gates[:] = zero
            curve[:] = zero
            cell[:] = before
            to[:] = h[row]
            continue
        i, f, k, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
        two, third, last = given[: 2 * n], given[2 * n : 3 * n], given[3 * n :]
        first, bias, b_k, b_o = gates[: 2 * n], b[: 2 * n], b[2 * n : 3 * n], b[3 * n :]
        for j in range(first.size):
            first[j] = vector.sigmoid(first[j] + two[j] + bias[j])
        for j in range(k.size):
            k[j] = vector.tanh(k[j] + third[j] + b_k[j])
        for j in range(o.size):
            o[j] = vector.sigmoid(o[j] + last[j] + b_o[j])
        for j in range(cell.size):
            cell[j] = f[j] * before[j] + i[j] * k[j]
        for j in range(cell.size):
            curve[j] = vector.tanh(cell[j])
        for j in range(to.size):
            to[j] = o[j] * curve[j]


@uses(_lstm, _distinct)
def lstm(
    x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any, Any]] | None:
    """Error of a step: 4 ulp of the largest sum before a gate, 4 of the gates, and that of the product."""
    arrays = _ordered(x, h, c, w_ih, w_hh, b)
    if arrays is None:
        return None
    x, h, c, w_ih, w_hh, b = arrays
    steps, gates, over = len(x), _from_gates(x, w_ih), waits(lengths, len(x))
    w, u = np.ascontiguousarray(w_hh.T), np.empty_like(h, shape=(len(h), len(w_hh)))
    out = np.empty((steps + 1, *h.shape), gates.dtype)
    cells, bent = np.empty((2, steps, *h.shape), gates.dtype)
    run, never, zero = _for_rows(_lstm, len(w_hh), len(h)), _never(over, len(h)), out.dtype.type(0)
    for t in order(steps, reverse):
        np.matmul(h, w, out=u)
        run(never if over is None else never[t], u, h, c, gates[t], cells[t], bent[t], out[t], b, zero)
        h, c = out[t], cells[t]
    out[steps] = c
    return out, (gates, cells, bent)


@loop(
    "void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T, T)"
)
def _lstm_back(
    over: Any, g: Any, dh: Any, kept: Any, dc: Any, a: Any, begun: Any, bent: Any, da: Any, zero: Any, one: Any
) -> None:
    n = g.shape[1]
    for row in range(len(g)):
        gates, given, through, past, cell = a[row], g[row], dh[row], kept[row], dc[row]
        before, curve, to = begun[row], bent[row], da[row]
        for j in range(past.size):
            past[j] += given[j] + through[j]
        if over[row]:
            to[:] = zero
            continue
        i, f, k, o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
        di, df, dk, do = to[:n], to[n : 2 * n], to[2 * n : 3 * n], to[3 * n :]
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


@uses(_lstm_back, _distinct, _sum_equal)
def lstm_vjp(
    g: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *,
    reverse: bool,
) -> tuple[Any, ...] | None:  # fmt: skip
    """Error of a step: 6 roundings, and that of the product."""
    arrays = _ordered(g, x, h, c, w_ih, w_hh, out, *saved)
    if arrays is None:
        return None
    g, x, h, c, w_ih, w_hh, out, gates, cells, bent = arrays
    steps, over, da = len(x), waits(lengths, len(x)), np.empty_like(gates)
    dh, kept, dc = np.zeros_like(h), np.zeros_like(h), g[steps].copy()
    run, never, one = _for_rows(_lstm_back, len(w_hh), len(h)), _never(over, len(h)), out.dtype.type(1)
    zero = out.dtype.type(0)
    times = order(steps, not reverse)
    for t, before in zip(times, [*times[1:], None], strict=False):
        begun = c if before is None else cells[before]
        run(never if over is None else never[t], g[t], dh, kept, dc, gates[t], begun, bent[t], da[t], zero, one)
        np.matmul(da[t], w_hh, out=dh)
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[3], needs[5]))
    return dx, dh + kept, dc, dw, _to_state(da, out[:steps], h, reverse) if needs[4] else None, db, None


# -- gated recurrent units --------------------------------------------------------------------------------


@loop("void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T)")
def _gru(
    over: Any, u: Any, h: Any, a: Any, inner: Any, out: Any, b_ih: Any, b_hh: Any, zero: Any
) -> None:  # fmt: skip
    m = h.shape[1]
    for row in range(len(a)):
        gates, given, inside, to, before = a[row], u[row], inner[row], out[row], h[row]
        if over[row]:
            gates[:] = zero
            inside[:] = zero
            to[:] = before
            continue
        rz, r, z, n = gates[: 2 * m], gates[:m], gates[m : 2 * m], gates[2 * m :]
        two, last, b_two, b_n = given[: 2 * m], given[2 * m :], b_hh[: 2 * m], b_hh[2 * m :]
        bias, b_in = b_ih[: 2 * m], b_ih[2 * m :]
        for j in range(rz.size):
            rz[j] = vector.sigmoid(rz[j] + two[j] + (bias[j] + b_two[j]))
        for j in range(inside.size):
            inside[j] = last[j] + b_n[j]
        for j in range(n.size):
            n[j] = vector.tanh(n[j] + b_in[j] + r[j] * inside[j])
        for j in range(to.size):
            to[j] = n[j] + z[j] * (before[j] - n[j])


@uses(_gru, _distinct)
def gru(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any]] | None:
    """Error of a step: 4 ulp of the largest sum before a gate, 3 of the states, and that of the product."""
    arrays = _ordered(x, h, w_ih, w_hh, b_ih, b_hh)
    if arrays is None:
        return None
    x, h, w_ih, w_hh, b_ih, b_hh = arrays
    gates, over = _from_gates(x, w_ih), waits(lengths, len(x))
    w, u = np.ascontiguousarray(w_hh.T), np.empty_like(h, shape=(len(h), len(w_hh)))
    out, inner = np.empty((2, len(x), *h.shape), gates.dtype)
    run, never, zero = _for_rows(_gru, len(w_hh), len(h)), _never(over, len(h)), out.dtype.type(0)
    for t in order(len(x), reverse):
        np.matmul(h, w, out=u)
        run(never if over is None else never[t], u, h, gates[t], inner[t], out[t], b_ih, b_hh, zero)
        h = out[t]
    return out, (gates, inner)


@loop(
    "void(boolean[::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T, T)"
)
def _gru_back(
    over: Any, g: Any, dh: Any, kept: Any, a: Any, begun: Any, inner: Any, da: Any, du: Any, zero: Any, one: Any
) -> None:
    m = g.shape[1]
    for row in range(len(g)):
        gates, given, through, past = a[row], g[row], dh[row], kept[row]
        before, inside, to, within = begun[row], inner[row], da[row], du[row]
        for j in range(past.size):
            past[j] += given[j] + through[j]
        if over[row]:
            to[:] = zero
            within[:] = zero
            continue
        r, z, n = gates[:m], gates[m : 2 * m], gates[2 * m :]
        dr, dz, dn = to[:m], to[m : 2 * m], to[2 * m :]
        for j in range(dn.size):
            dn[j] = past[j] * ((one - z[j]) * (one - n[j] * n[j]))
        for j in range(dz.size):
            dz[j] = past[j] * ((before[j] - n[j]) * (z[j] * (one - z[j])))
        for j in range(dr.size):
            dr[j] = dn[j] * (inside[j] * (r[j] * (one - r[j])))
        within[: 2 * m] = to[: 2 * m]
        last = within[2 * m :]
        for j in range(last.size):
            last[j] = dn[j] * r[j]
        for j in range(past.size):
            past[j] *= z[j]


@uses(_gru_back, _distinct, _sum_equal)
def gru_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *, reverse: bool
) -> tuple[Any, ...] | None:
    """Error of a step: 6 roundings, and that of the product."""
    arrays = _ordered(g, x, h, w_ih, w_hh, out, *saved)
    if arrays is None:
        return None
    g, x, h, w_ih, w_hh, out, gates, inner = arrays
    over, da, du = waits(lengths, len(x)), np.empty_like(gates), np.empty_like(gates)
    dh, kept = np.zeros_like(h), np.zeros_like(h)
    run, never, one = _for_rows(_gru_back, len(w_hh), len(h)), _never(over, len(h)), out.dtype.type(1)
    zero = out.dtype.type(0)
    times = order(len(x), not reverse)
    for t, before in zip(times, [*times[1:], None], strict=False):
        begun = h if before is None else out[before]
        run(never if over is None else never[t], g[t], dh, kept, gates[t], begun, inner[t], da[t], du[t], zero, one)
        np.matmul(du[t], w_hh, out=dh)
    dx, dw, db = _to_input(da, x, w_ih, (needs[0], needs[2], needs[4]))
    dw_hh = _to_state(du, out, h, reverse) if needs[3] else None
    return dx, dh + kept, dw, dw_hh, db, sum_rows(du) if needs[5] else None, None
