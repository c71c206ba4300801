"""Attention, against its equation."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.random import philox
from tests.op_table import fixed, op, real, row


def _softmax(scores: Any) -> Any:
    e = np.exp(scores - np.where(np.isinf(top := scores.max(-1, keepdims=True, initial=-np.inf)), 0, top))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total)


def _attention(
    q: Any, k: Any, v: Any, mask: Any, scale: float, causal: bool, p: float = 0.0, seed: int = 0, offset: int = 0
) -> Any:
    scores = scale * q @ np.swapaxes(k, -1, -2) + mask
    if causal:
        scores = scores + np.triu(np.full(scores.shape[-2:], -np.inf), 1)
    weights = _softmax(scores)
    if p:
        weights = weights * (philox(seed, offset).random(weights.shape, np.float32) >= p) / (1 - p)
    return (weights @ v).astype(q.dtype)


_none = np.array([[0.0, -np.inf, 0.0], [-np.inf, -np.inf, -np.inf]])  # the second query may attend to nothing
_options = [{"scale": 0.7, "causal": c, "p": p, "seed": 1, "offset": 2} for c, p in ((False, 0.0), (True, 0.5))]
row("attention", op("attention"), _attention, [
    [real(2, 2, 3), real(2, 4, 3), real(2, 4, 2), real(2, 4)],
    [real(2, 1, 2, 3), real(3, 4, 3), real(3, 4, 2), real(3, 1, 4)],
    [real(0, 3), real(2, 3), real(2, 1), real(0, 2)],
], options=_options, inputs=(0, 1, 2, 3))  # fmt: skip
row("attention without mask", op("attention"), _attention, [[real(2, 3), real(4, 3), real(4, 2), fixed(0.0)]],
    options=_options, inputs=(0, 1, 2))  # fmt: skip
row("attention to nothing", op("attention"), _attention, [[real(2, 3), real(3, 3), real(3, 2), fixed(_none)]],
    options=_options[:1], inputs=(0, 1, 2))  # fmt: skip
row("masked_softmax", lambda x: op("masked_softmax")(x, axis=x.ndim - 1), _softmax,
    [[real(2, 3)], [real(4)], [real(2, 0)], [real(0, 2)]])  # fmt: skip
