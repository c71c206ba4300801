"""Normalisation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import fixed, op, positive, real, row


def _standardize(x: Any, weight: Any, bias: Any, axis: Any, eps: float) -> Any:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps) * weight + bias


def _batch_norm(x: Any, weight: Any, bias: Any, axis: Any, eps: float) -> Any:
    """The moments are x's own."""
    mean, var = op("moments")(ad.stop_gradient(x), axis=axis)
    return op("batch_norm")(x, weight, bias, mean, var, axis=axis, eps=eps)


_last = [[real(4, 3), positive(3), real(3)],
         [real(2, 2, 3), fixed(1.0), fixed(0.0)], [real(3), positive(3), fixed(0.0)],
         [real(2, 3), fixed(1.0), real(3)], [real(0, 3), positive(3), real(3)]]  # fmt: skip
_channels = [[real(4, 3, 2), positive(3, 1), real(3, 1)], [real(4, 3, 2), fixed(1.0), fixed(0.0)]]
for _name, _call in (("standardize", op("standardize")), ("batch_norm", _batch_norm)):
    row(_name, _call, _standardize, _channels, options=[{"axis": (0, 2), "eps": 1e-3}])
row("standardize of rows", lambda x, w, b, eps: op("standardize")(x, w, b, axis=(x.ndim - 1,), eps=eps),
    partial(_standardize, axis=-1), _last, options=[{"eps": 1e-5}, {"eps": 0.1}])  # fmt: skip
row("standardize of two axes", op("standardize"), _standardize, [[real(2, 3, 2), positive(3, 2), real(3, 2)]],
    options=[{"axis": (1, 2), "eps": 1e-2}])  # fmt: skip
row("moments", lambda x, axis: ad.stack(op("moments")(x, axis=axis)), lambda x, axis: np.stack(
    [x.mean(axis, keepdims=True), x.var(axis, keepdims=True)]), [[real(4, 3, 2)]],
    options=[{"axis": (0, 2)}, {"axis": (1,)}], differentiable=False)  # fmt: skip


def _rms_norm(x: Any, weight: Any, eps: float) -> Any:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


row("rms_norm", lambda x, w, eps: op("rms_norm")(x, w, axis=(x.ndim - 1,), eps=eps), _rms_norm,
    [case[:2] for case in _last], options=[{"eps": 1e-5}, {"eps": 0.1}])  # fmt: skip


def _window_sum(x: Any, axis: int, before: int, after: int) -> Any:
    x = np.moveaxis(x, axis, 0)
    parts = [x[max(i - before, 0) : i + after + 1].sum(0) for i in range(len(x))]
    return np.moveaxis(np.stack(parts) if parts else x, 0, axis)


row("window_sum", op("window_sum"), _window_sum, [[real(2, 5, 3)], [real(2, 1)], [real(2, 0)]],
    options=[{"axis": 1, "before": 2, "after": 1}, {"axis": 1, "before": 0, "after": 7}], complex=True)  # fmt: skip
