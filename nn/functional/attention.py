"""Attention: scaled dot products, and several heads of them with their projections."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import broadcast_hint, describe
from autodiff.functional import linear
from autodiff.numpy.arguments import array_of, plain
from autodiff.ops import attention
from autodiff.random import as_generator

from .arguments import probability

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False, *, generator: Any = None,
) -> Any:  # fmt: skip
    """Each query's mean of the values, weighted by how well their keys fit it.

        softmax(scale query key^T + mask) value

    Args:
        query: (..., L, E); key: (..., S, E); value: (..., S, V); the axes before broadcast.
        attn_mask: broadcasts to (..., L, S); booleans say who may attend to whom, numbers are added to the scores. A
            query that may attend to nothing gets zeros.
        dropout_p: probability with which a weight is zeroed, whether in training or not.
        is_causal: whether query i attends to keys 0 .. i only (besides what `attn_mask` says).
        scale: 1 / sqrt(E) unless given.
        enable_gqa: whether the heads, axis -3, of key and value each serve several heads of query.

    Returns (..., L, V). Raises ValueError for shapes that do not fit, TypeError for integers and for masks of them.
    Vaswani et al., 2017.

    >>> x = np.eye(2)
    >>> scaled_dot_product_attention(x, x, x, is_causal=True)[0]
    array([1., 0.])
    """
    q, k, v = map(array_of, (query, key, value))
    given = f"got query {describe(q)}, key {describe(k)}, value {describe(v)}"
    if {q.dtype.kind, k.dtype.kind, v.dtype.kind} != {"f"}:
        raise TypeError(f"attention takes real floating numbers; {given}")
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ValueError(f"attention takes query (..., L, E), key (..., S, E) and value (..., S, V); {given}")
    if enable_gqa:
        heads = [x.shape[-3] if x.ndim > 2 else 0 for x in (q, k, v)]
        if not all(heads) or heads[0] % heads[1] or heads[0] % heads[2]:
            raise ValueError(
                f"enable_gqa takes heads, axis -3, of query that are a multiple of key's and value's; {given}"
            )
        k, v = (anp.repeat(x, heads[0] // n, axis=-3) for x, n in ((k, heads[1]), (v, heads[2])))
    try:
        batch = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        hint = broadcast_hint([x.shape[:-2] for x in (q, k, v)])
        raise ValueError(f"the axes before the last two must broadcast: {hint}; {given}") from None
    mask = np.zeros(())
    if attn_mask is not None:
        mask = additive("attn_mask", attn_mask, q.dtype, forbids=False)
        mask = mask if mask.ndim > 1 else anp.reshape(mask, (1, -1))
        check_mask("attn_mask", mask.shape, (*batch, q.shape[-2], k.shape[-2]))
    scale = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else float(scale)
    return attention.attention(q, k, v, mask, scale=scale, causal=bool(is_causal), **_draw(dropout_p, generator))


def _draw(p: float, generator: Any) -> dict[str, Any]:
    """The parameters of dropout, a draw among them if there is any."""
    p = probability(p)
    seed, offset = as_generator(generator).next_draw() if p else (0, 0)
    return {"p": p, "seed": seed, "offset": offset}


def additive(name: str, mask: Any, dtype: Any, forbids: bool) -> Any:
    """A mask as numbers to add to scores: of booleans -inf where they forbid."""
    mask = array_of(mask)
    if mask.dtype.kind == "b":
        zero, never = np.asarray(0, dtype), np.asarray(-np.inf, dtype)
        return anp.where(mask, never, zero) if forbids else anp.where(mask, zero, never)
    if mask.dtype.kind != "f":
        raise TypeError(f"{name} holds booleans, or floating numbers to add to the scores; got {describe(mask)}")
    return anp.astype(mask, dtype) if mask.dtype != dtype else mask


def check_mask(name: str, shape: tuple[int, ...], full: tuple[int, ...]) -> None:
    """Raise ValueError for a mask that does not broadcast to the shape of the scores."""
    try:
        fits = np.broadcast_shapes(shape, full) == full
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} must broadcast to the scores' shape {full}, got {shape}")


def multi_head_attention_forward(
    query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int, in_proj_weight: Any, in_proj_bias: Any,
    bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float, out_proj_weight: Any, out_proj_bias: Any,
    training: bool = True, key_padding_mask: Any = None, need_weights: bool = True, attn_mask: Any = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Any = None, k_proj_weight: Any = None,
    v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None, average_attn_weights: bool = True,
    is_causal: bool = False, *, batch_first: bool = False, generator: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Attention with several heads: project, attend in each head, join the heads, project.

    The arguments are PyTorch's, and `nn.MultiheadAttention` says what they mean; `batch_first` and `generator` are
    ours. query is (L, N, E), key (S, N, Ek), value (S, N, Ev), or all without the axis N. `static_k` and `static_v`,
    (N x heads, S, E / heads), take the place of projected key and value.

    Returns the output, of query's shape, and the weights (N, L, S), (N, heads, L, S) without averaging, or None.
    """
    query, key, value = map(array_of, (query, key, value))
    given = f"got query {describe(query)}, key {describe(key)}, value {describe(value)}"
    batched = query.ndim == 3
    if query.ndim not in (2, 3) or {key.ndim, value.ndim} != {query.ndim}:
        raise ValueError(f"query, key and value have 3 axes each, or 2 without a batch; {given}")
    same = key is query and value is query
    if not batched:
        query, key, value = query[None], key[None], value[None]
    elif not batch_first:
        query, key, value = (anp.swapaxes(x, 0, 1) for x in (query, key, value))  # (N, L, E)
    n, length, embed = query.shape
    if embed != embed_dim_to_check or key.shape[:2] != value.shape[:2] or len(key) != n:
        raise ValueError(
            f"query has {embed_dim_to_check} features, key and value are of one length and of query's batch; {given}"
        )
    if embed % num_heads:
        raise ValueError(f"embed_dim {embed} is not divisible by num_heads {num_heads}")

    def thirds(x: Any) -> tuple[Any, ...]:
        return tuple([x[i * embed : (i + 1) * embed] for i in range(3)])

    if same and not use_separate_proj_weight:
        whole = linear(query, in_proj_weight, in_proj_bias)
        q, k, v = (whole[..., i * embed : (i + 1) * embed] for i in range(3))
    else:
        parts = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else thirds(in_proj_weight)
        biases = (None,) * 3 if in_proj_bias is None else thirds(in_proj_bias)
        q, k, v = map(linear, (query, key, value), parts, biases)
    k, v = (_and_row(x, row) for x, row in ((k, bias_k), (v, bias_v)))

    def split(x: Any) -> Any:
        return anp.transpose(anp.reshape(x, (n, x.shape[1], num_heads, embed // num_heads)), (0, 2, 1, 3))

    q, k, v = map(split, (q, k, v))  # (N, heads, L, E / heads)
    if static_k is not None:
        k = anp.reshape(static_k, (n, num_heads, -1, embed // num_heads))
    if static_v is not None:
        v = anp.reshape(static_v, (n, num_heads, -1, embed // num_heads))
    if add_zero_attn:
        k, v = (anp.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0))) for x in (k, v))
    source = key.shape[1] if static_k is None else static_k.shape[1]
    more = k.shape[2] - source  # keys for all queries
    mask = _joint(attn_mask, key_padding_mask, q, source, more, bool(is_causal and more))
    options: dict[str, Any] = {"scale": 1 / math.sqrt(embed // num_heads), "causal": bool(is_causal and not more)}
    options |= _draw(dropout_p if training else 0.0, generator)
    weights: Any = None
    if need_weights:
        weights = attention.weights_of(q, k, mask, **options)
        out = weights @ v
        weights = weights.mean(axis=1) if average_attn_weights else weights
    else:
        out = attention.attention(q, k, v, mask, **options)
    out = linear(anp.reshape(anp.transpose(out, (0, 2, 1, 3)), (n, length, embed)), out_proj_weight, out_proj_bias)
    if not batched:
        return out[0], None if weights is None else weights[0]
    return (out if batch_first else anp.swapaxes(out, 0, 1)), weights


def _and_row(x: Any, row: Any) -> Any:
    """Keys or values (N, S, E) and after them a row that all have, (1, 1, E)."""
    return x if row is None else anp.concatenate([x, anp.broadcast_to(row, (len(x), 1, x.shape[2]))], axis=1)


def _joint(attn_mask: Any, key_padding_mask: Any, q: Any, source: int, more: int, causal: bool) -> Any:
    """All masks in one, to add to scores (N, heads, L, source + more); the keys after `source` are for all."""
    n, heads, length, _ = q.shape
    mask: Any = np.zeros(())
    if attn_mask is not None:
        given = additive("attn_mask", attn_mask, q.dtype, forbids=True)
        if given.shape not in ((length, source), (n * heads, length, source)):
            raise ValueError(
                f"attn_mask has shape {(length, source)}, or {(n * heads, length, source)} with one for each head of "
                f"each example; got {describe(array_of(attn_mask))}"
            )
        mask = given if given.ndim == 2 else anp.reshape(given, (n, heads, length, source))
    if key_padding_mask is not None:
        padding = additive("key_padding_mask", key_padding_mask, q.dtype, forbids=True)
        if padding.shape != (n, source) and (n != 1 or padding.shape != (source,)):
            raise ValueError(
                f"key_padding_mask has shape {(n, source)}, (batch, keys); got {describe(array_of(key_padding_mask))}"
            )
        mask = mask + anp.reshape(padding, (n, 1, 1, source))
    if causal:
        mask = mask + np.triu(np.full((length, source), -np.inf, q.dtype), 1)
    if np.ndim(plain(mask)) and more:
        mask = anp.pad(mask, ((0, 0),) * (mask.ndim - 1) + ((0, more),))
    return mask
