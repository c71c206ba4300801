"""Recurrent layers over whole sequences, and their single steps.

One layer in one direction: x (T, B, I) or (T, I), states (B, H) or (H,), weights and biases with a block of H rows for
each gate: w_ih (G H, I), w_hh (G H, H), b_ih and b_hh (G H,). With `reverse` time runs backwards. With `lengths` (B,)
sequence i is over after `lengths[i]` steps: what comes later is not read, the result is zero there, and the last state
is that of the last step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.numpy.arguments import array_of, cast, known, plain
from autodiff.ops import recurrent

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn", "rnn_cell"]


def rnn(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, *, nonlinearity: str = "tanh",
    lengths: Any = None, reverse: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """`h_t = tanh(w_ih x_t + b_ih + w_hh h_(t-1) + b_hh)` (or relu of that): all states, and the last.

    >>> out, last = rnn(np.ones((5, 2, 3)), np.zeros((2, 4)), np.ones((4, 3)), np.eye(4))
    >>> out.shape, last.shape
    ((5, 2, 4), (2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range.
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'nonlinearity is "tanh" or "relu", got {nonlinearity!r}')
    x, (h,), biases, lengths, squeeze = _read("rnn", 1, x, (h,), w_ih, w_hh, (b_ih, b_hh), lengths)
    if nonlinearity == "relu" and x.dtype.kind == "c":
        raise TypeError(f'nonlinearity "relu" takes real numbers, as complex ones have no order; got {describe(x)}')
    b = biases[0] + biases[1]
    out = recurrent.rnn(x, h, w_ih, w_hh, b, lengths, nonlinearity=nonlinearity, reverse=reverse)
    return _parts(out, out[0 if reverse else -1], lengths, squeeze)


def lstm(
    x: Any, state: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, w_hr: Any = None, *,
    lengths: Any = None, reverse: bool = False,
) -> tuple[Any, tuple[Any, Any]]:  # fmt: skip
    """Long short-term memory: all states h_t, and the last (h, c).

        i, f, o = sigmoid, g = tanh of the blocks i, f, g, o of w_ih x_t + b_ih + w_hh h_(t-1) + b_hh
        c_t = f c_(t-1) + i g;  h_t = o tanh(c_t)

    With `w_hr` (P, H) the state is `h_t = w_hr (o tanh(c_t))`, (B, P), and w_hh is (4 H, P).

    >>> zero = np.zeros((2, 4))
    >>> out, (h, c) = lstm(np.ones((5, 2, 3)), (zero, zero), np.ones((16, 3)), np.ones((16, 4)))
    >>> out.shape, h.shape, c.shape
    ((5, 2, 4), (2, 4), (2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range.
    """
    if not isinstance(state, tuple | list) or len(state) != 2:
        raise TypeError(f"lstm takes a pair of states (h, c), got {describe(state)}")
    x, (h, c), biases, lengths, squeeze = _read("lstm", 4, x, tuple(state), w_ih, w_hh, (b_ih, b_hh), lengths, w_hr)
    b = biases[0] + biases[1]
    if w_hr is not None:
        out, c = recurrent.lstm_unrolled(x, h, c, w_ih, w_hh, b, lengths, w_hr, reverse=reverse)
    else:
        whole = recurrent.lstm(x, h, c, w_ih, w_hh, b, lengths, reverse=reverse)
        out, c = whole[:-1], whole[-1]
    out, h = _parts(out, out[0 if reverse else -1], lengths, squeeze)
    return out, (h, c[0] if squeeze else c)


def gru(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, *, lengths: Any = None,
    reverse: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """Gated recurrent units: all states, and the last.

        r, z = sigmoid of the first two blocks of w_ih x_t + b_ih + w_hh h_(t-1) + b_hh
        n = tanh(w_in x_t + b_in + r (w_hn h_(t-1) + b_hn));  h_t = (1 - z) n + z h_(t-1)

    >>> out, last = gru(np.ones((5, 2, 3)), np.zeros((2, 4)), np.ones((12, 3)), np.ones((12, 4)))
    >>> out.shape, last.shape
    ((5, 2, 4), (2, 4))

    Raises ValueError for shapes that do not fit and for lengths out of range.
    """
    x, (h,), biases, lengths, squeeze = _read("gru", 3, x, (h,), w_ih, w_hh, (b_ih, b_hh), lengths)
    out = recurrent.gru(x, h, w_ih, w_hh, *biases, lengths, reverse=reverse)
    return _parts(out, out[0 if reverse else -1], lengths, squeeze)


def rnn_cell(
    x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None, *, nonlinearity: str = "tanh"
) -> Any:
    """One step of `rnn`: x (B, I) or (I,), the next state."""
    return rnn(array_of(x)[None], h, w_ih, w_hh, b_ih, b_hh, nonlinearity=nonlinearity)[1]


def lstm_cell(
    x: Any, state: tuple[Any, Any], w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> tuple[Any, Any]:
    """One step of `lstm`: x (B, I) or (I,), the next (h, c)."""
    return lstm(array_of(x)[None], state, w_ih, w_hh, b_ih, b_hh)[1]


def gru_cell(x: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """One step of `gru`: x (B, I) or (I,), the next state."""
    return gru(array_of(x)[None], h, w_ih, w_hh, b_ih, b_hh)[1]


def lengths_of(lengths: Any, batch: int, steps: int) -> Any:
    """Lengths of sequences as an array of integers, each from 1 to the number of steps.

    >>> lengths_of([3, 1], 2, 3)
    array([3, 1])
    """
    if not known(lengths):
        return lengths  # inside vmap
    lengths = np.asarray(plain(lengths))
    if lengths.dtype.kind not in "iu" or lengths.shape != (batch,):
        raise ValueError(f"lengths are integers, one for each of {batch} sequences; got {describe(lengths)}")
    for i in np.flatnonzero((lengths < 1) | (lengths > steps)):
        raise ValueError(f"sequence {i} has length {lengths[i]}; with {steps} steps lengths lie in 1 .. {steps}")
    return lengths


def _read(
    name: str, gates: int, x: Any, states: tuple[Any, ...], w_ih: Any, w_hh: Any, biases: tuple[Any, ...],
    lengths: Any, w_hr: Any = None,
) -> tuple[Any, tuple[Any, ...], list[Any], Any, bool]:  # fmt: skip
    """The arguments with a batch axis and with zeros for biases that are None, and whether to take the axis away."""
    x, states, w_ih, w_hh = array_of(x), tuple(map(array_of, states)), array_of(w_ih), array_of(w_hh)
    dtype = np.result_type(x.dtype, w_ih.dtype, w_hh.dtype, *[s.dtype for s in states])
    x, states = cast(x, dtype), tuple([cast(s, dtype) for s in states])
    squeeze = x.ndim == 2
    if squeeze:
        x, states = x[:, None], tuple([s[None] for s in states])
    size = states[-1].shape[-1]
    if x.ndim != 3 or w_ih.ndim != 2 or x.shape[2] != w_ih.shape[1] or not len(x):
        raise ValueError(
            f"{name} with w_ih {describe(w_ih)} takes x (steps, batch, {w_ih.shape[-1]}) or (steps, {w_ih.shape[-1]}) "
            f"with a step at least, got {describe(x)}"
        )
    rows, narrow = gates * size, size if w_hr is None else len(w_hr)
    if w_ih.shape[0] != rows or w_hh.shape != (rows, narrow) or (w_hr is not None and w_hr.shape[1] != size):
        raise ValueError(
            f"{name} with a state of {size} takes w_ih ({rows}, features) and w_hh ({rows}, {narrow}), "
            f"got {describe(w_ih)} and {describe(w_hh)}"
        )
    for state, n in zip(states, (narrow, size), strict=False):
        if state.shape != (x.shape[1], n):
            raise ValueError(
                f"{name} with {x.shape[1]} sequences takes states ({x.shape[1]}, {n}), got {describe(state)}"
            )
    for b in biases:
        if b is not None and np.shape(b) != (rows,):
            raise ValueError(f"{name} with a state of {size} takes biases ({rows},), got {describe(b)}")
    given = [np.zeros(rows, w_ih.dtype) if b is None else b for b in biases]
    if lengths is None:
        return x, states, given, np.full(x.shape[1], len(x)), squeeze
    lengths = lengths_of(np.reshape(lengths, 1) if squeeze else lengths, x.shape[1], len(x))
    return anp.where(_within(lengths, len(x)), x, 0), states, given, lengths, squeeze


def _within(lengths: Any, steps: int) -> Any:
    return (np.arange(steps)[:, None] < lengths)[:, :, None]


def _parts(out: Any, last: Any, lengths: Any, squeeze: bool) -> tuple[Any, Any]:
    """The states, zero where a sequence is over, and the last one."""
    within = _within(lengths, len(out))
    if not known(within) or not within.all():
        out = anp.where(within, out, 0)
    return (out[:, 0], last[0]) if squeeze else (out, last)
