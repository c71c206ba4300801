"""Tables of vectors, and bags of them."""

from itertools import product

import numpy as np

from tests.parity.module_cases import fixed, integers, module, normal

_inputs = [integers(7, 5), integers(7, 2, 3), integers(7, 2, 3, 2)]
for _options in (
    {}, {"padding_idx": 2}, {"padding_idx": -1}, {"max_norm": 1.0},
    {"max_norm": 1.5, "norm_type": 1.0, "padding_idx": 0},
):  # fmt: skip
    module("Embedding", 7, 3, **_options, inputs=_inputs)
for _options in ({}, {"padding_idx": 3}):
    module("Embedding", 7, 3, scale_grad_by_freq=True, **_options, inputs=_inputs, second_order=False)

_flat, _starts = integers(7, 9), fixed(np.array([0, 2, 2, 5]))  # the second bag is empty
for _mode, _options in product(("sum", "mean", "max"), ({}, {"padding_idx": 2}, {"max_norm": 1.0})):
    module("EmbeddingBag", 7, 3, mode=_mode, **_options, inputs=[integers(7, 4, 3), (_flat, _starts)],
           second_order=False)  # fmt: skip
    module("EmbeddingBag", 7, 3, mode=_mode, **_options, include_last_offset=True, modes=(True,), second_order=False,
           inputs=(_flat, fixed(np.array([0, 2, 2, 5, 9]))))  # fmt: skip
for _options in ({}, {"padding_idx": 2}):
    module("EmbeddingBag", 7, 3, mode="sum", **_options, inputs=integers(7, 4, 3), second_order=False,
           call={"per_sample_weights": normal(4, 3)})  # fmt: skip
    module("EmbeddingBag", 7, 3, mode="sum", **_options, inputs=(_flat, _starts), second_order=False,
           call={"per_sample_weights": normal(9)})  # fmt: skip
_twice = fixed(np.array([1, 5, 1, 3, 6, 3, 5, 6]))  # PyTorch 2.13 takes the wrong row's count: all are equal here
for _mode in ("sum", "mean"):
    module("EmbeddingBag", 7, 3, mode=_mode, scale_grad_by_freq=True, inputs=(_twice, _starts), second_order=False)
