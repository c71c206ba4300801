"""Transformers: layers of attention and dense layers, stacks of them, and an encoder with a decoder."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.random import as_generator

from . import functional as F
from . import init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module, check_sizes
from .normalization import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer",
    "generate_square_subsequent_mask",
]  # fmt: skip

Activation = str | Callable[[Any], Any]


def generate_square_subsequent_mask(sz: int, dtype: Any = None) -> Any:
    """A mask to add to scores so that position i sees 0 .. i only: -inf above the diagonal, 0 elsewhere.

    >>> generate_square_subsequent_mask(2).tolist()
    [[0.0, -inf], [0.0, 0.0]]
    """
    return np.triu(np.full((sz, sz), -np.inf, dtype or default_dtype()), 1)


class _Layer(Module):
    """What both kinds of layer share: attentions, the dense layers after them, a norm and a dropout for each part."""

    _attentions: tuple[str, ...]
    self_attn: MultiheadAttention
    norm1: LayerNorm
    norm2: LayerNorm
    dropout1: Dropout
    dropout2: Dropout

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if isinstance(activation, str):
            if activation not in ("relu", "gelu"):
                raise ValueError(f'activation is "relu", "gelu" or a function, got {activation!r}')
            activation = getattr(F, activation)
        elif not callable(activation):
            raise TypeError(f'activation is "relu", "gelu" or a function, got {activation!r}')
        self.activation: Any = activation
        self.norm_first = norm_first
        stream = None if generator is None else as_generator(generator)
        for name in self._attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, generator=stream
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype, stream)
        self.dropout = Dropout(dropout, generator=stream)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype, stream)
        parts = range(1, len(self._attentions) + 2)
        for i in parts:
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for i in parts:
            setattr(self, f"dropout{i}", Dropout(dropout, generator=stream))

    def _dense(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _around(self, x: Any, norm: LayerNorm, part: Callable[[Any], Any]) -> Any:
        """A residual connection around a part, with the norm before the part or after the sum."""
        return x + part(norm(x)) if self.norm_first else norm(x + part(x))


class TransformerEncoderLayer(_Layer):
    """Attention of each position to all, then two dense layers, each with a residual connection and a norm.

        x = norm1(x + attention(x));  x = norm2(x + W_2 activation(W_1 x + b_1) + b_2)

    With `norm_first` the norm stands before attention and dense layers: `x + attention(norm1(x))`.

    Args:
        d_model: features; nhead: heads; dim_feedforward: features between the dense layers.
        dropout: probability with which, in training, a number is zeroed: of the attention weights, between the dense
            layers, and of what is added to x.
        activation: "relu", "gelu" or a function.
        layer_norm_eps: keeps the norms away from division by 0.
        batch_first: whether x is (batch, steps, d_model) and not (steps, batch, d_model).
        bias: whether dense layers, projections and norms have one.
        dtype, generator: of all parameters; the generator draws their initial values and the dropout.

    Call it with src and, as `MultiheadAttention` takes them, src_mask, src_key_padding_mask, is_causal.

    Parameters: those of self_attn, linear1, linear2, norm1, norm2.

    >>> TransformerEncoderLayer(8, 2, 16, generator=0)(np.ones((5, 3, 8))).shape
    (5, 3, 8)

    Vaswani et al., 2017.
    """

    _attentions = ("self_attn",)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        def attend(x: Any) -> Any:
            out, _ = self.self_attn(
                x, x, x, key_padding_mask=src_key_padding_mask, need_weights=False, attn_mask=src_mask,
                is_causal=is_causal,
            )  # fmt: skip
            return self.dropout1(out)

        return self._around(self._around(src, self.norm1, attend), self.norm2, lambda x: self.dropout2(self._dense(x)))


class TransformerDecoderLayer(_Layer):
    """Attention of each position to all of its own, then to all of `memory`, then two dense layers.

        x = norm1(x + attention(x));  x = norm2(x + attention(x, memory));  x = norm3(x + dense layers of x)

    Arguments as of `TransformerEncoderLayer`. Call it with tgt, memory and, as `MultiheadAttention` takes them,
    tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal.

    Parameters: those of self_attn, multihead_attn, linear1, linear2, norm1, norm2, norm3.

    >>> TransformerDecoderLayer(8, 2, 16, generator=0)(np.ones((5, 3, 8)), np.ones((4, 3, 8))).shape
    (5, 3, 8)

    Vaswani et al., 2017.
    """

    _attentions = ("self_attn", "multihead_attn")
    multihead_attn: MultiheadAttention
    norm3: LayerNorm
    dropout3: Dropout

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        def attend(x: Any) -> Any:
            out, _ = self.self_attn(
                x, x, x, key_padding_mask=tgt_key_padding_mask, need_weights=False, attn_mask=tgt_mask,
                is_causal=tgt_is_causal,
            )  # fmt: skip
            return self.dropout1(out)

        def remember(x: Any) -> Any:
            out, _ = self.multihead_attn(
                x, memory, memory, key_padding_mask=memory_key_padding_mask, need_weights=False,
                attn_mask=memory_mask, is_causal=memory_is_causal,
            )  # fmt: skip
            return self.dropout2(out)

        x = self._around(self._around(tgt, self.norm1, attend), self.norm2, remember)
        return self._around(x, self.norm3, lambda x: self.dropout3(self._dense(x)))


def _copies(layer: Module, number: int) -> ModuleList:
    """Copies of a layer, with the same values; those that share a generator go on sharing it, and draw in turn."""
    check_sizes(num_layers=number)
    streams = [vars(module).get("generator") for module in layer.modules()]
    return ModuleList(copy.deepcopy(layer, {id(s): s for s in streams if s is not None}) for _ in range(number))


class TransformerEncoder(Module):
    """Encoder layers one after the other, and a norm after the last if given.

    Args:
        encoder_layer: what each layer is a copy of; all begin with its values.
        enable_nested_tensor, mask_check: PyTorch's hints for speed; they change nothing here.

    Call it with src, mask, src_key_padding_mask, is_causal, as the layers take them.

    >>> layer = TransformerEncoderLayer(8, 2, 16, generator=0)
    >>> TransformerEncoder(layer, 3)(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Decoder layers one after the other, all with the same memory, and a norm after the last if given.

    Args:
        decoder_layer: what each layer is a copy of; all begin with its values.

    Call it with tgt, memory and the masks that the layers take.

    >>> layer = TransformerDecoderLayer(8, 2, 16, generator=0)
    >>> TransformerDecoder(layer, 3)(np.ones((5, 3, 8)), np.ones((4, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
                bool(tgt_is_causal), memory_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder that reads src, and a decoder that makes tgt of what it has read.

    Args:
        num_encoder_layers, num_decoder_layers: how many layers each has.
        custom_encoder, custom_decoder: modules to take their places.
        The others are those of the layers, `TransformerEncoderLayer` and `TransformerDecoderLayer`.

    Call it with src (S, batch, d_model), tgt (T, batch, d_model) (or batch first) and the masks of both; the result is
    like tgt. All weight matrices are drawn by Glorot and Bengio's uniform rule.

    >>> model = Transformer(8, 2, 1, 1, 16, generator=0)
    >>> model(np.ones((4, 3, 8)), np.ones((5, 3, 8)), tgt_mask=model.generate_square_subsequent_mask(5)).shape
    (5, 3, 8)

    Raises ValueError for src and tgt that do not fit together. Vaswani et al., 2017.
    """

    generate_square_subsequent_mask = staticmethod(generate_square_subsequent_mask)

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        stream = None if generator is None else as_generator(generator)
        how = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, dtype,
            stream,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(TransformerEncoderLayer(*how), num_encoder_layers, norm())
        self.decoder = custom_decoder or TransformerDecoder(TransformerDecoderLayer(*how), num_decoder_layers, norm())
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, generator=stream)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal,
            memory_is_causal,
        )  # fmt: skip
