"""Recurrent layers: one op for a whole sequence in one direction. Equations and shapes are in the kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import recurrent as kernels
from ..op import define
from ..tensor import Tensor
from .elementwise import relu, sigmoid, where
from .linalg import affine
from .shape import concatenate, stack
from .trigonometric import tanh

Cell = Callable[..., tuple[Any, ...]]


def rnn_cell(a: Any, state: tuple[Any, ...], w_hh: Any, *, nonlinearity: str) -> tuple[Any, ...]:
    """One step; `a` is what the input gives, `w_ih x + b`."""
    return ((tanh if nonlinearity == "tanh" else relu)(a + state[0] @ w_hh.mT),)


def lstm_cell(a: Any, state: tuple[Any, ...], w_hh: Any, w_hr: Any = None) -> tuple[Any, ...]:
    """One step to the next (h, c); `w_hr` projects h to a smaller state."""
    h, c = state
    n = c.shape[-1]
    a = a + h @ w_hh.mT
    i, f, g, o = (a[:, k * n : (k + 1) * n] for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return (h if w_hr is None else h @ w_hr.mT), c


def gru_cell(a: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any) -> tuple[Any, ...]:
    """One step; `a` is what the input gives, `w_ih x + b_ih`."""
    (h,) = state
    n = h.shape[-1]
    u = affine(h, w_hh, b_hh)
    rz = sigmoid(a[:, : 2 * n] + u[:, : 2 * n])
    new = tanh(a[:, 2 * n :] + rz[:, :n] * u[:, 2 * n :])
    return (new + rz[:, n:] * (h - new),)


def unroll(cell: Cell, a: Any, state: tuple[Any, ...], lengths: Any, reverse: bool) -> tuple[Any, tuple[Any, ...]]:
    """Step by step through `a`, (T, B, G H): the states h_t, stacked, and the last state."""
    steps, states = a.shape[0], []
    over = _waits(lengths, steps)
    for t in kernels.order(steps, reverse):
        new = cell(a[t], state)
        state = new if over is None else tuple([where(over[t], s, n) for s, n in zip(state, new, strict=True)])
        states.append(state[0])
    return stack(*(states[::-1] if reverse else states), axis=0), state


def _waits(lengths: Any, steps: int) -> Any:
    """As in the kernels; inside `vmap`, where lengths cannot be looked at, each step asks."""
    value = lengths.value if type(lengths) is Tensor else lengths
    if isinstance(value, np.ndarray):
        return kernels.waits(value, steps)
    return (np.arange(steps)[:, None] >= lengths)[:, :, None]


def _rnn(x: Any, h: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, nonlinearity: str, reverse: bool) -> Any:
    def cell(a: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        return rnn_cell(a, state, w_hh, nonlinearity=nonlinearity)

    return unroll(cell, affine(x, w_ih, b), (h,), lengths, reverse)[0]


def lstm_unrolled(
    x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, w_hr: Any = None, *, reverse: bool
) -> tuple[Any, Any]:
    """The states h_t and the last cell, in small ops; with a projection there is no other way."""
    out, last = unroll(lambda a, state: lstm_cell(a, state, w_hh, w_hr), affine(x, w_ih, b), (h, c), lengths, reverse)
    return out, last[1]


def _lstm(x: Any, h: Any, c: Any, w_ih: Any, w_hh: Any, b: Any, lengths: Any, *, reverse: bool) -> Any:
    out, c = lstm_unrolled(x, h, c, w_ih, w_hh, b, lengths, reverse=reverse)
    return concatenate(out, c.reshape((1, *c.shape)), axis=0)


def _gru(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, lengths: Any, *, reverse: bool) -> Any:
    return unroll(lambda a, state: gru_cell(a, state, w_hh, b_hh), affine(x, w_ih, b_ih), (h,), lengths, reverse)[0]


rnn = define(
    "rnn", kernels.rnn, inputs="x h w_ih w_hh b lengths", kind="contract", vjp=kernels.rnn_vjp, composed=_rnn,
    doc="The states of a plain recurrent layer, (T, B, H).",
)  # fmt: skip

lstm = define(
    "lstm", kernels.lstm, inputs="x h c w_ih w_hh b lengths", kind="contract", vjp=kernels.lstm_vjp, composed=_lstm,
    doc="The states of a layer of long short-term memory and, after them, its last cell: (T + 1, B, H).",
)  # fmt: skip

gru = define(
    "gru", kernels.gru, inputs="x h w_ih w_hh b_ih b_hh lengths", kind="contract", vjp=kernels.gru_vjp, composed=_gru,
    doc="The states of a layer of gated recurrent units, (T, B, H).",
)  # fmt: skip
