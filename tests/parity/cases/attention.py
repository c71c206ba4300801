"""Comparisons with PyTorch."""

from functools import partial

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import nn.functional as F
from tests.parity.op_cases import case


def theirs(*inputs, **options):
    """The one of PyTorch's ways that has a second derivative."""
    options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    with sdpa_kernel(SDPBackend.MATH):
        return torch.nn.functional.scaled_dot_product_attention(*inputs, **options)


_ours = F.scaled_dot_product_attention
_allowed = np.array([[True, True, False, True, False], [False] * 5, [False, True, True, True, True]])
for _options in ({}, {"is_causal": True}, {"scale": 0.3}, {"attn_mask": _allowed[[0, 2, 2]]}, {"attn_mask": _allowed}):
    case("scaled_dot_product_attention", partial(_ours, **_options), partial(theirs, **_options),
         ((3, 4), (5, 4), (5, 2)), ((2, 3, 4), (2, 5, 4), (2, 5, 4)), ((2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 6)),
         ((2, 1, 3, 4), (1, 3, 5, 4), (2, 3, 5, 1)))  # fmt: skip
for _shape in ((3, 5), (2, 1, 3, 5), (1, 5), (2, 4, 3, 1)):
    case("scaled_dot_product_attention", _ours, theirs, ((2, 4, 3, 4), (2, 4, 5, 4), (2, 4, 5, 2), _shape))
case("scaled_dot_product_attention", partial(_ours, enable_gqa=True), partial(theirs, enable_gqa=True),
     ((2, 6, 3, 4), (2, 2, 5, 4), (2, 2, 5, 2)), ((6, 3, 4), (1, 5, 4), (1, 5, 2)))  # fmt: skip
