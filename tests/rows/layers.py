"""Softmax, losses, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import fixed, real, row

_softmax = [[real(2, 3)], [real(4)], [real(2, 3, 2)]]


def _np_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


row("softmax", ad.softmax, _np_softmax, [*_softmax, [real(0, 3)]], options=[{}, {"axis": 0}][:1])
row("softmax along axis 0", ad.softmax, _np_softmax, _softmax, options=[{"axis": 0}])
row("log_softmax", ad.log_softmax, lambda x, axis=-1: np.log(_np_softmax(x, axis)), _softmax,
    options=[{}, {"axis": 0}])  # fmt: skip


def _cross_entropy(x: Any, t: Any, reduction: str) -> Any:
    losses = -np.log(_np_softmax(x))[np.arange(len(t)), t]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(t), 1)}[reduction]


row("cross_entropy", ad.cross_entropy, _cross_entropy, [[real(4, 3), fixed([0, 2, 1, 2])], [real(1, 2), fixed([1])]],
    options=[{"reduction": r} for r in ("mean", "sum", "none")])  # fmt: skip
row("cross_entropy of nothing", ad.cross_entropy, _cross_entropy, [[real(0, 3), fixed(np.zeros(0, int))]],
    options=[{"reduction": "sum"}, {"reduction": "none"}])  # fmt: skip


def _dropout(x: Any, p: float, generator: int) -> Any:
    from autodiff.random import philox

    kept = philox(generator, 0).random(x.shape, np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0


row("dropout", ad.dropout, _dropout, [[real(4, 5)], [real()], [real(0)]],
    options=[{"p": 0.3, "generator": 5}, {"p": 0.0, "generator": 5}, {"p": 1.0, "generator": 5}],
    complex=True)  # fmt: skip
