"""Attention: one op for `softmax(q k^T) v`, and the softmax that lets a row attend to nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import attention as kernels
from ..op import define
from .elementwise import where
from .norm import softmax_slope
from .random import dropout

masked_softmax = define(
    "masked_softmax", kernels.masked_softmax, lambda g, out, *, axis: softmax_slope(g, out, axis=axis), kind="reduce",
    doc="Softmax along an axis, and zeros where all along it is -inf.",
)  # fmt: skip


def weights_of(q: Any, k: Any, mask: Any, *, scale: float, causal: bool, p: float, seed: int, offset: int) -> Any:
    """The attention weights, (..., L, S), in small ops."""
    scores = (q * scale) @ k.mT
    if np.ndim(mask):
        scores = scores + mask
    if causal:
        scores = where(kernels.later(*scores.shape[-2:]), -np.inf, scores)
    weights = masked_softmax(scores, axis=scores.ndim - 1)
    return dropout(weights, p=p, seed=seed, offset=offset) if p else weights


attention = define(
    "attention", kernels.attention, inputs="q k v mask", kind="contract", vjp=kernels.attention_vjp,
    composed=lambda q, k, v, mask, **options: weights_of(q, k, mask, **options) @ v,
    doc="`softmax(scale q k^T + mask) v` with dropout of the weights; a mask of no axes is none.",
)  # fmt: skip
