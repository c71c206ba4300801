"""Recurrent layers over whole sequences, against their equations step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.op_table import fixed, op, row


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def _small(*shape: int) -> Any:
    return lambda rng: 0.2 * rng.standard_normal(shape)


def _run(step: Any, x: Any, state: Any, lengths: Any, reverse: bool) -> tuple[Any, Any]:
    """Each sequence by itself, step by step; it keeps its state where it has no step."""
    out = np.zeros((len(x), x.shape[1], state[0].shape[1]), x.dtype)
    last = [np.array(s, x.dtype) for s in state]
    for b in range(x.shape[1]):
        now = [s[b] for s in state]
        for t in range(len(x))[:: -1 if reverse else 1]:
            if t < lengths[b]:
                now = step(x[t, b], *now)
            out[t, b] = now[0]
        for s, value in zip(last, now, strict=True):
            s[b] = value
    return out, last


def _rnn(x: Any, h: Any, w: Any, u: Any, b: Any, n: Any, nonlinearity: str, reverse: bool) -> Any:
    f = np.tanh if nonlinearity == "tanh" else lambda a: np.maximum(a, 0)
    return _run(lambda x, h: [f(w @ x + u @ h + b)], x, [h], n, reverse)[0]


def _lstm(x: Any, h: Any, c: Any, w: Any, u: Any, b: Any, n: Any, reverse: bool) -> Any:
    def step(x: Any, h: Any, c: Any) -> Any:
        i, f, g, o = np.split(w @ x + u @ h + b, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return [_sigmoid(o) * np.tanh(c), c]

    out, last = _run(step, x, [h, c], n, reverse)
    return np.concatenate([out, last[1][None]])


def _gru(x: Any, h: Any, w: Any, u: Any, b: Any, d: Any, n: Any, reverse: bool) -> Any:
    def step(x: Any, h: Any) -> Any:
        a, s = np.split(w @ x + b, 3), np.split(u @ h + d, 3)
        r, z = _sigmoid(a[0] + s[0]), _sigmoid(a[1] + s[1])
        return [(1 - z) * np.tanh(a[2] + r * s[2]) + z * h]

    return _run(step, x, [h], n, reverse)[0]


def _cases(gates: int, states: int, biases: int) -> list[list[Any]]:
    """Sequences of one length, of several, a single step, and no sequence."""
    rows = gates * 2
    return [
        [_small(t, len(n), 3), *[_small(len(n), 2)] * states, _small(rows, 3), _small(rows, 2),
         *[_small(rows)] * biases, fixed(np.array(n, int))]
        for t, n in ((3, [3, 3]), (4, [4, 1, 3]), (1, [1]), (2, []))
    ]  # fmt: skip


row("rnn", op("rnn"), _rnn, _cases(1, 1, 1),
    options=[{"nonlinearity": "tanh", "reverse": r} for r in (False, True)], complex=True)  # fmt: skip
_away = [[fixed(np.array([3.0, -3.0])) if i == 4 else draw for i, draw in enumerate(case)] for case in _cases(1, 1, 1)]
row("rnn with relu", op("rnn"), _rnn, _away, options=[{"nonlinearity": "relu", "reverse": False}])  # far from the kink
row("lstm", op("lstm"), _lstm, _cases(4, 2, 1), options=[{"reverse": False}, {"reverse": True}], complex=True)
row("gru", op("gru"), _gru, _cases(3, 1, 2), options=[{"reverse": False}, {"reverse": True}], complex=True)
