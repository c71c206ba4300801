"""Scaled dot-product attention.

Shapes: q (..., L, E), k (..., S, E), v (..., S, V), an additive mask that broadcasts to (..., L, S).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .policy import compiled
from .random import dropout

FEW = 1024
"""Scores from which on the compiled forms are faster."""


def later(length: int, source: int) -> Any:
    """Where a key comes after the query, which causal attention may not see: (L, S)."""
    return np.arange(source) > np.arange(length)[:, None]


@compiled("attention", FEW)
def masked_softmax(scores: Any, *, axis: int = -1) -> Any:
    """Softmax along an axis; where all is -inf, as for a query that may attend to nothing, it gives zeros."""
    top = np.maximum.reduce(scores, axis=axis, keepdims=True, initial=-np.inf)
    top[top == -np.inf] = 0
    e = np.exp(scores - top)
    total = np.add.reduce(e, axis=axis, keepdims=True)
    total[total == 0] = 1
    e /= total
    return e


@compiled("attention", FEW)
def weights_of(scores: Any, *, scale: float, causal: bool) -> Any:
    """`masked_softmax(scale scores)`, causal attention seeing a triangle of them; written over scores, (..., L, S)."""
    scores *= np.asarray(scale, scores.dtype)
    if causal:
        np.copyto(scores, -np.inf, where=later(*scores.shape[-2:]))
    return masked_softmax(scores)


@compiled("attention", FEW)
def weights_slope(g: Any, weights: Any, *, scale: float) -> Any:
    """`scale w (g - sum(g w))` along the last axis, written over g."""
    g -= np.add.reduce(g * weights, axis=-1, keepdims=True)
    g *= weights
    g *= np.asarray(scale, g.dtype)
    return g


def _scaled(scores: Any, scale: float) -> Any:
    scores *= np.asarray(scale, scores.dtype)
    return scores


@compiled("attention", FEW)
def attention(
    q: Any, k: Any, v: Any, mask: Any, *, scale: float, causal: bool, p: float, seed: int, offset: int
) -> tuple[Any, Any]:
    """`softmax(scale q k^T + mask) v`, (..., L, V), with dropout of the weights; keeps the weights."""
    scores = q @ k.mT
    if np.ndim(mask):
        scores = _scaled(scores, scale) + mask
        scale = 1.0
    weights = weights_of(scores, scale=scale, causal=causal)
    used = dropout(weights, p=p, seed=seed, offset=offset) if p else weights
    return _product(used, v, q), weights


def _product(x: Any, y: Any, like: Any) -> Any:
    """`x y`, laid out in memory as an array of its shape is: heads that were split stay where they are joined."""
    if like.shape[:-1] == x.shape[:-1] and like.shape[-1] == y.shape[-1] and like.dtype == x.dtype == y.dtype:
        return np.matmul(x, y, out=np.empty_like(like))
    return x @ y


@compiled("attention", FEW)
def attention_vjp(
    g: Any, q: Any, k: Any, v: Any, saved: Any, needs: Any, *, scale: float, causal: bool, p: float,
    seed: int, offset: int,
) -> tuple[Any, ...]:  # fmt: skip
    """Gradients of q, k, v and the mask."""
    used = dropout(saved, p=p, seed=seed, offset=offset) if p and needs[2] else saved
    dv = _product(used.mT, g, v) if needs[2] else None
    if not (needs[0] or needs[1] or needs[3]):
        return None, None, dv, None
    d = g @ v.mT
    if p:
        d = dropout(d, p=p, seed=seed, offset=offset)
    d = weights_slope(d, saved, scale=1.0 if needs[3] else scale)
    dmask = d if needs[3] else None
    if needs[3]:
        d = d * np.asarray(scale, d.dtype)
    dq = _product(d, k, q) if needs[0] else None
    dk = _product(d.mT, q, k) if needs[1] else None
    return dq, dk, dv, dmask
