"""Attention with several heads, and transformers."""

from functools import partial
from itertools import product

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from tests.parity.module_cases import module, normal


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
