"""Softmax, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import op, real, row

_softmax = [[real(2, 3)], [real(4)], [real(2, 3, 2)]]
_pairs = [[real(2, 3)] * 2, [real(4)] * 2, [real(2, 0)] * 2]


def _np_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


row("softmax", ad.softmax, _np_softmax, [*_softmax, [real(0, 3)]], options=[{}, {"axis": 0}][:1])
row("softmax along axis 0", ad.softmax, _np_softmax, _softmax, options=[{"axis": 0}])
row("log_softmax", ad.log_softmax, lambda x, axis=-1: np.log(_np_softmax(x, axis)), _softmax,
    options=[{}, {"axis": 0}])  # fmt: skip
row("softmax_slope", lambda dy, s: op("softmax_slope")(dy, s, axis=s.ndim - 1),
    lambda dy, s: s * (dy - (dy * s).sum(-1, keepdims=True)), _pairs)  # fmt: skip
row("log_softmax_slope", lambda dy, s: op("log_softmax_slope")(dy, s, axis=s.ndim - 1),
    lambda dy, s: dy - np.exp(s) * dy.sum(-1, keepdims=True), _pairs)  # fmt: skip


def _dropout(x: Any, p: float, generator: int) -> Any:
    from autodiff.random import philox

    kept = philox(generator, 0).random(x.shape, np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0


row("dropout", ad.dropout, _dropout, [[real(4, 5)], [real()], [real(0)]],
    options=[{"p": 0.3, "generator": 5}, {"p": 0.0, "generator": 5}, {"p": 1.0, "generator": 5}],
    complex=True)  # fmt: skip
