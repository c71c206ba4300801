"""Attention with several heads, and what tells positions apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .functional.arguments import cast, probability
from .linear import Linear
from .module import Module, Parameter, check_sizes

__all__ = ["LearnedPositions", "MultiheadAttention", "RotaryPositions", "SinusoidalPositions"]


class MultiheadAttention(Module):
    """Attention with several heads: each projects query, key and value to `embed_dim / num_heads` features and attends.

        head_i = attention(W_q query, W_k key, W_v value)_i;  out = W_o [head_1 ... head_h] + b_o

    Args:
        dropout: probability with which, in training, a weight is zeroed.
        bias: whether the projections add one.
        add_bias_kv: whether there is one more key and value, learned, that every query may attend to.
        add_zero_attn: whether there is one more key and value, of zeros.
        kdim, vdim: features of key and value, `embed_dim` unless given.
        batch_first: whether inputs are (batch, steps, features) and not (steps, batch, features).
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values and the dropout.

    Call it with query, key, value, and
        key_padding_mask: (batch, keys), True for keys that nobody may attend to; numbers are added to the scores.
        need_weights: whether to return the weights as well; without them it is faster.
        attn_mask: (L, S) or (batch x heads, L, S), True where a query may not attend to a key; numbers are added.
        average_attn_weights: whether the weights are means over the heads, (batch, L, S), or (batch, heads, L, S).
        is_causal: whether query i attends to keys 0 .. i only, besides what the masks say.

    A query that may attend to nothing gets zeros from every head. Returns the output and the weights or None.

    Parameters: in_proj_weight (3 embed_dim, embed_dim), or q_proj_weight, k_proj_weight, v_proj_weight where features
    differ; in_proj_bias (3 embed_dim,); bias_k, bias_v (1, 1, embed_dim); out_proj, a Linear.

    >>> out, weights = MultiheadAttention(8, 2, generator=0)(*[np.ones((5, 3, 8))] * 3)
    >>> out.shape, weights.shape
    ((5, 3, 8), (3, 5, 5))

    Raises ValueError for embed_dim not divisible by num_heads and for shapes that do not fit, TypeError for masks of
    integers. Vaswani et al., 2017.
    """

    in_proj_weight: Tensor | None
    in_proj_bias: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        check_sizes(embed_dim=embed_dim, num_heads=num_heads, kdim=self.kdim, vdim=self.vdim)
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} is not divisible by num_heads {num_heads}")
        probability(dropout)
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self.generator = None if generator is None else as_generator(generator)
        dtype, stream = dtype or default_dtype(), as_generator(self.generator)

        def weight(rows: int, columns: int) -> Tensor:
            return init.xavier_uniform_(Parameter(np.empty((rows, columns), dtype)), generator=stream)

        self._separate = not self.kdim == self.vdim == embed_dim
        if self._separate:
            self.q_proj_weight, self.k_proj_weight = weight(embed_dim, embed_dim), weight(embed_dim, self.kdim)
            self.v_proj_weight = weight(embed_dim, self.vdim)
            self.in_proj_weight = None
        else:
            self.in_proj_weight = weight(3 * embed_dim, embed_dim)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            rows = [Parameter(np.empty((1, 1, embed_dim), dtype)) for _ in range(2)]
            self.bias_k, self.bias_v = (init.normal_(row, 0.0, math.sqrt(1 / embed_dim), stream) for row in rows)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype, generator=stream)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        like = self.out_proj.weight
        x = cast(query, like)
        key = x if key is query else cast(key, like)
        value = x if value is query else cast(value, like)
        if key.shape[-1:] != (self.kdim,) or value.shape[-1:] != (self.vdim,) or x.shape[-1:] != (self.embed_dim,):
            raise ValueError(
                f"query, key and value have {self.embed_dim}, {self.kdim} and {self.vdim} features; got "
                f"{describe(x)}, {describe(key)} and {describe(value)}"
            )
        separate = {name: getattr(self, name) for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight")
                    if self._separate}  # fmt: skip
        return F.multi_head_attention_forward(
            x, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, like, self.out_proj.bias, self.training, key_padding_mask,
            need_weights, attn_mask, self._separate, **separate, average_attn_weights=average_attn_weights,
            is_causal=is_causal, batch_first=self.batch_first, generator=self.generator,
        )  # fmt: skip


# -- positions ----------------------------------------------------------------------------------------------


class SinusoidalPositions(Module):
    """Add to each position sines and cosines of it, at wavelengths from 2 pi to 10000 x 2 pi.

        p[t, 2 i] = sin(t / 10000^(2 i / d_model));  p[t, 2 i + 1] = cos of the same

    Takes (batch, steps, d_model), or (steps, batch, d_model) with `batch_first=False`, or (steps, d_model); any number
    of steps, beginning at position `start`.

    >>> SinusoidalPositions(4)(np.zeros((2, 4))).shape
    (2, 4)

    Raises ValueError for another number of features. Vaswani et al., 2017.
    """

    def __init__(self, d_model: int, batch_first: bool = True, base: float = 10000.0) -> None:
        check_sizes(d_model=d_model)
        self.d_model, self.batch_first, self.base = d_model, batch_first, base

    def forward(self, x: Any, start: int = 0) -> Any:
        steps = _steps(self, x, self.d_model, self.batch_first)
        angles = _angles(start, steps, self.d_model + self.d_model % 2, self.base)  # (steps, d / 2)
        table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(steps, -1)[:, : self.d_model]
        return x + _along(table.astype(x.dtype), x.ndim, self.batch_first)

    def extra_repr(self) -> str:
        return f"{self.d_model}"


class LearnedPositions(Module):
    """Add to each position a vector that is learned, for up to `max_len` positions.

    Takes (batch, steps, d_model), or (steps, batch, d_model) with `batch_first=False`, or (steps, d_model).

    Parameters: weight (max_len, d_model), drawn normally with standard deviation 0.02.

    >>> LearnedPositions(16, 4, generator=0)(np.zeros((2, 4))).shape
    (2, 4)

    Raises ValueError for more than `max_len` steps, and for another number of features. Gehring et al., 2017.
    """

    def __init__(
        self, max_len: int, d_model: int, batch_first: bool = True, dtype: Any = None, generator: init.Randomness = None
    ) -> None:
        check_sizes(max_len=max_len, d_model=d_model)
        self.batch_first = batch_first
        self.weight = Parameter(np.empty((max_len, d_model), dtype or default_dtype()))
        init.normal_(self.weight, 0.0, 0.02, generator)

    def forward(self, x: Any, start: int = 0) -> Any:
        x = cast(x, self.weight)
        most, features = self.weight.shape
        steps = _steps(self, x, features, self.batch_first)
        if start < 0 or start + steps > most:
            raise ValueError(f"there are {most} positions; positions {start} .. {start + steps - 1} were asked for")
        return x + _along(self.weight[start : start + steps], x.ndim, self.batch_first)

    def extra_repr(self) -> str:
        return "{}, {}".format(*self.weight.shape)


class RotaryPositions(Module):
    """Turn pairs of features by angles in proportion to the position, so that products depend on distances alone.

        (x_i, x_(i + d/2)) is turned by t / base^(2 i / d)

    Takes (..., steps, dim), queries or keys of a head, beginning at position `start`; apply it to both before
    `F.scaled_dot_product_attention`.

    >>> RotaryPositions(4)(np.ones((2, 3, 4))).shape
    (2, 3, 4)

    Raises ValueError for an odd dim, and for another number of features. Su et al., 2021.
    """

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        check_sizes(dim=dim)
        if dim % 2:
            raise ValueError(f"features are turned in pairs: dim is even, got {dim}")
        self.dim, self.base = dim, base

    def forward(self, x: Any, start: int = 0) -> Any:
        if x.ndim < 2 or x.shape[-1] != self.dim:
            raise ValueError(f"RotaryPositions({self.dim}) takes (..., steps, {self.dim}), got {describe(x)}")
        angles = _angles(start, x.shape[-2], self.dim, self.base)  # (steps, dim / 2)
        cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
        first, second = x[..., : self.dim // 2], x[..., self.dim // 2 :]
        return anp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)

    def extra_repr(self) -> str:
        return f"{self.dim}"


def _angles(start: int, steps: int, features: int, base: float) -> Any:
    return np.arange(start, start + steps)[:, None] * base ** (-np.arange(0, features, 2) / features)


def _steps(module: Module, x: Any, features: int, batch_first: bool) -> int:
    """The number of steps of an input, whose shape is looked at."""
    if np.ndim(x) not in (2, 3) or x.shape[-1] != features:
        axes = "(batch, steps, {})" if batch_first else "(steps, batch, {})"
        raise ValueError(
            f"{type(module).__name__} takes {axes.format(features)} or (steps, {features}), got {describe(x)}"
        )
    steps: int = x.shape[1 if x.ndim == 3 and batch_first else 0]
    return steps


def _along(table: Any, ndim: int, batch_first: bool) -> Any:
    return table if ndim == 2 or batch_first else table[:, None]
