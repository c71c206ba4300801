"""Softmax, its logarithm, and the cross-entropy loss on logits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import norm as kernels
from ..op import define
from .elementwise import exp
from .index import ARRAY, gather
from .reduce import mean, sum_


def _sum_along(x: Any, axis: int) -> Any:
    return sum_(x, axis=(axis,), keepdims=True)


softmax = define(
    "softmax", kernels.softmax, lambda g, out, *, axis: out * (g - _sum_along(g * out, axis)), kind="reduce",
    doc="`exp(x_i) / sum_j exp(x_j)` along an axis: positive, and sums to one.",
)  # fmt: skip

log_softmax = define(
    "log_softmax", kernels.log_softmax, lambda g, out, *, axis: g - exp(out) * _sum_along(g, axis), kind="reduce",
    doc="Logarithm of softmax along an axis, exact where softmax itself would round to 0.",
)  # fmt: skip


def _composed(logits: Any, targets: Any, *, reduction: str) -> Any:
    rows = np.arange(len(targets))
    losses = -gather(log_softmax(logits, axis=1), rows, targets, index=(ARRAY, ARRAY))
    if reduction == "none":
        return losses
    return (sum_ if reduction == "sum" else mean)(losses, axis=(0,), keepdims=False)


cross_entropy = define(
    "cross_entropy", kernels.cross_entropy, inputs="logits targets", kind="reduce",
    vjp=kernels.cross_entropy_vjp, composed=_composed,
    doc="`-log softmax(logits)[target]` with logits (n, classes) and class indices (n,); mean, sum or none.",
)  # fmt: skip
