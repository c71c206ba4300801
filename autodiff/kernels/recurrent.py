"""Whole sequences through recurrent layers, and backpropagation through time.

Shapes: x (T, B, I); states (B, H); w_ih (G H, I), w_hh (G H, H) and biases (G H,) with G blocks of rows, one for each
gate; lengths (B,). A sequence that is over keeps its state: `states[t]` is what it was after `min(t, length - 1)`.
With `reverse` time runs from T - 1 to 0, and a sequence keeps its first state until it begins.

What the input adds to the gates is one matrix product for all times; so are the gradients of the weights. Only the
products with the state have to wait for one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .linalg import affine
from .policy import compiled

LEAST = 1024  # measured: gates of a hundred numbers are twice as fast compiled
LEAST_PLAIN = 8192  # NumPy's three calls a step of the plain layer are as fast up to here


def order(steps: int, reverse: bool) -> range:
    """The times in the order in which they are computed."""
    return range(steps - 1, -1, -1) if reverse else range(steps)


def waits(lengths: Any, steps: int) -> Any:
    """Where a sequence is over and keeps its state, (T, B, 1); None where none is."""
    if not lengths.size or lengths.min() >= steps:
        return None
    return (np.arange(steps)[:, None] >= lengths)[:, :, None]


def as_rows(x: Any) -> Any:
    """(T, B, n) as (T B, n)."""
    return x.reshape(x.shape[0] * x.shape[1], x.shape[2])


def _begun(states: Any, first: Any, reverse: bool) -> Any:
    """The states that the steps began with, (T, B, H)."""
    return np.concatenate([states[1:], first[None]] if reverse else [first[None], states[:-1]])


def _input_vjp(da: Any, x: Any, w_ih: Any, needs: tuple[bool, ...]) -> tuple[Any, Any, Any]:
    """Gradients of x, w_ih and the bias from that of the gates, (T, B, G H)."""
    flat = as_rows(da)
    return (
        (flat @ w_ih).reshape(x.shape) if needs[0] else None,
        flat.T @ as_rows(x) if needs[1] else None,
        np.add.reduce(flat, axis=0) if needs[2] else None,
    )


def _state_vjp(da: Any, begun: Any) -> Any:
    """Gradient of w_hh: how the gates' gradients go with the states that the steps began with."""
    return as_rows(da).T @ as_rows(begun)


# -- the plain layer --------------------------------------------------------------------------------------


@compiled("recurrent", at_least=LEAST_PLAIN)
def rnn(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, nonlinearity: str, reverse: bool
) -> tuple[Any, None]:
    """`h_t = tanh(w_ih x_t + w_hh h_(t-1) + b)`, or relu of that; returns the states (T, B, H)."""
    out = affine(x, w_ih, b)
    over, w = waits(lengths, len(x)), np.ascontiguousarray(w_hh.T)
    for t in order(len(x), reverse):
        a = out[t]
        a += h @ w
        np.tanh(a, out=a) if nonlinearity == "tanh" else np.maximum(a, 0, out=a)
        if over is not None:
            np.copyto(a, h, where=over[t])
        h = a
    return out, None


@compiled("recurrent", at_least=LEAST_PLAIN)
def rnn_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, needs: Any, *, nonlinearity: str,
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Backpropagation through time: the gradients of x, h, w_ih, w_hh and b."""
    slope = 1 - out * out if nonlinearity == "tanh" else (out > 0).astype(out.dtype)
    over, da = waits(lengths, len(x)), np.empty_like(out)
    if over is not None:
        slope *= ~over
    dh = np.zeros_like(h)
    for t in order(len(x), not reverse):
        d = g[t] + dh
        np.multiply(d, slope[t], out=da[t])
        dh = da[t] @ w_hh
        if over is not None:
            dh += d * over[t]
    dx, dw, db = _input_vjp(da, x, w_ih, (needs[0], needs[2], needs[4]))
    return dx, dh, dw, _state_vjp(da, _begun(out, h, reverse)) if needs[3] else None, db, None


# -- long short-term memory -------------------------------------------------------------------------------


@compiled("recurrent", at_least=LEAST)
def lstm(
    x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any, Any]]:
    """Returns the states h_t and after them the last cell, (T + 1, B, H); keeps gates, cells, and the cells' tanh.

        i, f, o = sigmoid, g = tanh of the blocks i, f, g, o of w_ih x_t + w_hh h_(t-1) + b
        c_t = f c_(t-1) + i g;  h_t = o tanh(c_t)

    As `sigmoid(a) = (1 + tanh(a / 2)) / 2`, all four are one tanh with a scale before and after.
    """
    steps, n = len(x), h.shape[1]
    scale = np.full(4 * n, 0.5, b.dtype)
    scale[2 * n : 3 * n] = 1
    shift = 1 - scale
    gates = affine(x, w_ih * scale[:, None], b * scale)  # (T, B, 4 H)
    w, over = np.ascontiguousarray((w_hh * scale[:, None]).T), waits(lengths, steps)
    out = np.empty((steps + 1, *h.shape), gates.dtype)
    cells, bent = np.empty((2, steps, *h.shape), gates.dtype)
    for t in order(steps, reverse):
        a = gates[t]
        a += h @ w
        np.tanh(a, out=a)
        a *= scale
        a += shift
        np.multiply(a[:, n : 2 * n], c, out=cells[t])
        cells[t] += a[:, :n] * a[:, 2 * n : 3 * n]
        if over is not None:
            np.copyto(cells[t], c, where=over[t])
        c = cells[t]
        np.tanh(c, out=bent[t])
        np.multiply(a[:, 3 * n :], bent[t], out=out[t])
        if over is not None:
            np.copyto(out[t], h, where=over[t])
        h = out[t]
    out[steps] = c
    return out, (gates, cells, bent)


@compiled("recurrent", at_least=LEAST)
def lstm_vjp(
    g: Any, x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *,
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """Backpropagation through time: the gradients of x, h, c, w_ih, w_hh and b."""
    gates, cells, bent = saved
    steps, n = len(x), h.shape[1]
    over, split = waits(lengths, steps), (*gates.shape[:2], 4, n)
    i, f, k, o = np.moveaxis(gates.reshape(split), 2, 0)
    da = gates * (1 - gates)
    blocks = da.reshape(split)
    np.subtract(1, k * k, out=blocks[:, :, 2])
    for j, partner in enumerate((k, _begun(cells, c, reverse), i, bent)):
        blocks[:, :, j] *= partner
    fall = o * (1 - bent * bent)  # how c's gradient depends on h's
    dh, dc = np.zeros_like(out[0]), g[steps].copy()
    for t in order(steps, not reverse):
        dh = dh + g[t]
        if over is not None:
            kept_h, kept_c = dh * over[t], dc * over[t]
            dh, dc = dh - kept_h, dc - kept_c
        dc += dh * fall[t]
        blocks[t, :, :3] *= dc[:, None]
        blocks[t, :, 3] *= dh
        dc *= f[t]
        dh = da[t] @ w_hh
        if over is not None:
            dh += kept_h
            dc += kept_c
    dx, dw, db = _input_vjp(da, x, w_ih, (needs[0], needs[3], needs[5]))
    dw_hh = _state_vjp(da, _begun(out[:steps], h, reverse)) if needs[4] else None
    return dx, dh, dc, dw, dw_hh, db, None


# -- gated recurrent units --------------------------------------------------------------------------------


@compiled("recurrent", at_least=LEAST)
def gru(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, lengths: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, Any]]:
    """Returns the states (T, B, H); keeps the gates, and what the state gives to n.

    r, z = sigmoid of the first two blocks of w_ih x_t + b_ih + w_hh h_(t-1) + b_hh
    n = tanh(w_in x_t + b_in + r (w_hn h_(t-1) + b_hn));  h_t = (1 - z) n + z h_(t-1)
    """
    steps, m = len(x), h.shape[1]
    gates = affine(x, w_ih, b_ih)  # (T, B, 3 H)
    w, over = np.ascontiguousarray(w_hh.T), waits(lengths, steps)
    out, inner = np.empty((2, steps, *h.shape), gates.dtype)
    for t in order(steps, reverse):
        a, u = gates[t], h @ w
        u += b_hh
        rz, n = a[:, : 2 * m], a[:, 2 * m :]
        rz += u[:, : 2 * m]
        rz *= 0.5
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        inner[t] = u[:, 2 * m :]
        n += rz[:, :m] * inner[t]
        np.tanh(n, out=n)
        np.subtract(h, n, out=out[t])
        out[t] *= rz[:, m:]
        out[t] += n
        if over is not None:
            np.copyto(out[t], h, where=over[t])
        h = out[t]
    return out, (gates, inner)


@compiled("recurrent", at_least=LEAST)
def gru_vjp(
    g: Any, x: Any, h: Any, w_ih: Any, w_hh: Any, lengths: Any, out: Any, saved: Any, needs: Any, *, reverse: bool
) -> tuple[Any, ...]:
    """Backpropagation through time: the gradients of x, h, w_ih, w_hh, b_ih and b_hh."""
    gates, inner = saved
    over, split = waits(lengths, len(x)), (*gates.shape[:2], 3, h.shape[1])
    r, z, n = np.moveaxis(gates.reshape(split), 2, 0)
    begun = _begun(out, h, reverse)
    da = gates * (1 - gates)  # all in proportion to the gradient of h_t, with which the loop multiplies
    blocks = da.reshape(split)
    np.multiply(1 - z, 1 - n * n, out=blocks[:, :, 2])
    blocks[:, :, 0] *= blocks[:, :, 2] * inner
    blocks[:, :, 1] *= begun - n
    du = da.copy()
    inside = du.reshape(split)
    inside[:, :, 2] *= r
    dh = np.zeros_like(h)
    for t in order(len(x), not reverse):
        dh = dh + g[t]
        if over is not None:
            kept = dh * over[t]
            dh -= kept
        blocks[t] *= dh[:, None]
        inside[t] *= dh[:, None]
        dh = dh * z[t] + du[t] @ w_hh
        if over is not None:
            dh += kept
    dx, dw, db = _input_vjp(da, x, w_ih, (needs[0], needs[2], needs[4]))
    dw_hh = _state_vjp(du, begun) if needs[3] else None
    return dx, dh, dw, dw_hh, db, np.add.reduce(as_rows(du), axis=0) if needs[5] else None, None
