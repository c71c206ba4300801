"""Scaled dot-product attention.

Shapes: q (..., L, E), k (..., S, E), v (..., S, V), an additive mask that broadcasts to (..., L, S).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import philox


def later(length: int, source: int) -> Any:
    """Where a key comes after the query, which causal attention may not see: (L, S)."""
    return np.arange(source) > np.arange(length)[:, None]


def masked_softmax(scores: Any, *, axis: int = -1) -> Any:
    """Softmax along an axis; where all is -inf, as for a query that may attend to nothing, it gives zeros."""
    top = np.maximum.reduce(scores, axis=axis, keepdims=True, initial=-np.inf)
    top[top == -np.inf] = 0
    e = np.exp(scores - top)
    total = np.add.reduce(e, axis=axis, keepdims=True)
    total[total == 0] = 1
    e /= total
    return e


def _kept(shape: tuple[int, ...], p: float, seed: int, offset: int, dtype: Any) -> Any:
    """What dropout multiplies with; the same numbers as the op `dropout` draws."""
    if p == 1:
        return np.zeros(shape, dtype)
    return (philox(seed, offset).random(shape, np.float32) >= p) / np.asarray(1 - p, dtype)


def attention(
    q: Any, k: Any, v: Any, mask: Any, *, scale: float, causal: bool, p: float, seed: int, offset: int
) -> tuple[Any, Any]:
    """`softmax(scale q k^T + mask) v`, (..., L, V), with dropout of the weights; keeps the weights."""
    scores = (q * np.asarray(scale, q.dtype)) @ k.mT
    if np.ndim(mask):
        scores = scores + mask
    if causal:
        np.copyto(scores, -np.inf, where=later(*scores.shape[-2:]))
    weights = masked_softmax(scores)
    used = weights * _kept(weights.shape, p, seed, offset, weights.dtype) if p else weights
    return used @ v, weights


def attention_vjp(
    g: Any, q: Any, k: Any, v: Any, out: Any, saved: Any, needs: Any, *, scale: float, causal: bool, p: float,
    seed: int, offset: int,
) -> tuple[Any, ...]:  # fmt: skip
    """Gradients of q, k, v and the mask; the sum in softmax's rule is that of `g out`, dropout or not."""
    factor = np.asarray(scale, q.dtype)
    kept = _kept(saved.shape, p, seed, offset, saved.dtype) if p else None
    dv = (saved if kept is None else saved * kept).mT @ g if needs[2] else None
    if not (needs[0] or needs[1] or needs[3]):
        return None, None, dv, None
    d = g @ v.mT
    if kept is not None:
        d *= kept
    d -= np.add.reduce(g * out, axis=-1, keepdims=True)
    d *= saved
    dq = d @ (k * factor) if needs[0] else None
    dk = d.mT @ (q * factor) if needs[1] else None
    return dq, dk, dv, d if needs[3] else None
