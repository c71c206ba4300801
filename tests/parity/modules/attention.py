"""Attention with several heads, and transformers."""

import warnings
from functools import partial
from itertools import product

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import nn
from tests.parity.module_cases import fixed, module, normal


def mask(*shape: int):
    """A boolean mask, True where attending is forbidden, with no row that forbids all."""

    def draw(rng):
        forbidden = rng.random(shape) < 0.4
        forbidden[..., 0] = False
        return forbidden

    return draw


def theirs(name: str) -> type:
    """PyTorch's module, attending by the one of its ways that has a second derivative."""
    base = getattr(torch.nn, name)

    class Theirs(base):
        def __init__(self, *args, **options):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="enable_nested_tensor is True")
                super().__init__(*args, **options)

        def forward(self, *inputs, **options):
            with sdpa_kernel(SDPBackend.MATH):
                return super().forward(*inputs, **options)

    return Theirs


_self = normal(5, 2, 8)
heads = partial(module, theirs=theirs("MultiheadAttention"))
_causal = np.triu(np.ones((5, 5), bool), 1)
_calls = [
    {}, {"need_weights": False}, {"average_attn_weights": False}, {"key_padding_mask": mask(2, 5)},
    {"attn_mask": mask(3, 5)}, {"attn_mask": mask(8, 3, 5), "need_weights": False}, {"attn_mask": normal(3, 5)},
    {"attn_mask": mask(3, 5), "key_padding_mask": mask(2, 5)},
    {"attn_mask": normal(8, 3, 5), "key_padding_mask": normal(2, 5), "need_weights": False},
]  # fmt: skip
_builds = [
    {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 3, "vdim": 6},
    {"add_bias_kv": True, "add_zero_attn": True, "kdim": 3, "bias": False},
]  # fmt: skip
for _build, _call in product(_builds, _calls):
    _features = (8, _build.get("kdim", 8), _build.get("vdim", 8))
    heads("MultiheadAttention", 8, 4, **_build, call=_call, modes=(True,),
           inputs=tuple(normal(n, 2, f) for n, f in zip((3, 5, 5), _features, strict=True)))  # fmt: skip
for _call in ({}, {"need_weights": False}):
    heads("MultiheadAttention", 8, 2, batch_first=True, call=_call, inputs=(normal(2, 3, 8), *[normal(2, 5, 8)] * 2))
    heads("MultiheadAttention", 8, 2, call=_call, inputs=(normal(3, 8), normal(5, 8), normal(5, 8)))
    heads("MultiheadAttention", 8, 2, call=_call | {"key_padding_mask": mask(5)}, modes=(True,),
           inputs=(normal(3, 8), normal(5, 8), normal(5, 8)))  # fmt: skip
    heads("MultiheadAttention", 8, 2, call=_call | {"attn_mask": lambda rng: _causal, "is_causal": True},
           inputs=(_self, _self, _self))  # fmt: skip


_how = [
    {}, {"norm_first": True}, {"batch_first": True}, {"bias": False}, {"activation": "gelu", "layer_norm_eps": 0.1},
    {"norm_first": True, "batch_first": True, "bias": False},
]  # fmt: skip
_square, _padding = np.triu(np.full((5, 5), -np.inf), 1), np.array([[False] * 5, [False] * 3 + [True] * 2])
for _options in _how:
    for _name in ("TransformerEncoderLayer", "TransformerDecoderLayer"):
        layer = partial(module, _name, 8, 2, 12, dropout=0.0, **_options, theirs=theirs(_name), rtol=1e-7)
        _x = normal(2, 5, 8) if _options.get("batch_first") else normal(5, 2, 8)
        if _name == "TransformerEncoderLayer":
            layer(inputs=[_x, normal(5, 8)])
            layer(inputs=_x, modes=(True,), call={"src_mask": fixed(_causal), "src_key_padding_mask": fixed(_padding)})
            layer(inputs=_x, modes=(True,), call={"src_mask": fixed(_square), "is_causal": True})
        else:
            _memory = normal(2, 4, 8) if _options.get("batch_first") else normal(4, 2, 8)
            layer(inputs=[(_x, _memory), (normal(5, 8), normal(4, 8))])
            layer(inputs=(_x, _memory), modes=(True,), call={
                "tgt_mask": fixed(_causal), "memory_mask": mask(5, 4), "tgt_key_padding_mask": fixed(_padding),
                "memory_key_padding_mask": mask(2, 4),
            })  # fmt: skip


class OurEncoder(nn.TransformerEncoder):
    def __init__(self, layers, **options):
        super().__init__(nn.TransformerEncoderLayer(8, 2, 12, 0.0, **options), layers, nn.LayerNorm(8))


class TheirEncoder(theirs("TransformerEncoder")):
    def __init__(self, layers, **options):
        layer = torch.nn.TransformerEncoderLayer(8, 2, 12, 0.0, **options)
        super().__init__(layer, layers, torch.nn.LayerNorm(8), enable_nested_tensor=False)


class OurDecoder(nn.TransformerDecoder):
    def __init__(self, layers, **options):
        super().__init__(nn.TransformerDecoderLayer(8, 2, 12, 0.0, **options), layers)


class TheirDecoder(theirs("TransformerDecoder")):
    def __init__(self, layers, **options):
        super().__init__(torch.nn.TransformerDecoderLayer(8, 2, 12, 0.0, **options), layers)


for _options in ({}, {"norm_first": True}):
    module("TransformerEncoder", 2, **_options, ours=OurEncoder, theirs=TheirEncoder, second_order=False,
           inputs=normal(5, 2, 8), call={"mask": fixed(_square)})  # fmt: skip
    module("TransformerDecoder", 2, **_options, ours=OurDecoder, theirs=TheirDecoder, second_order=False,
           inputs=(normal(5, 2, 8), normal(4, 2, 8)), call={"tgt_mask": fixed(_square)})  # fmt: skip
for _options in ({}, {"batch_first": True, "norm_first": True}):
    _both = [normal(2, 4, 8), normal(2, 5, 8)] if _options else [normal(4, 2, 8), normal(5, 2, 8)]
    module("Transformer", 8, 2, 1, 2, 12, dropout=0.0, **_options, theirs=theirs("Transformer"), second_order=False,
           inputs=tuple(_both), call={"tgt_mask": fixed(_square)})  # fmt: skip
