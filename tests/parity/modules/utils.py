"""Weights that are computed: weight normalisation and spectral normalisation."""

import torch
from torch.nn.utils import parametrizations as theirs

import nn
from nn import utils
from tests.parity.module_cases import module, normal


def _pair(kind, layer, how):
    return {
        "ours": lambda *a, **o: getattr(utils, kind)(getattr(nn, layer)(*a, **o), **how),
        "theirs": lambda *a, **o: getattr(theirs, kind)(getattr(torch.nn, layer)(*a, **o), **how),
    }


# PyTorch's second derivatives of a weight norm fail its own check; those of ours are tested in tests/nn/test_utils.py.
for _how in ({}, {"dim": 1}, {"dim": None}, {"dim": -1}):
    module("weight_norm", 3, 4, inputs=normal(2, 3), second_order=False, **_pair("weight_norm", "Linear", _how))
    module("weight_norm", 2, 4, 3, inputs=normal(2, 2, 5, 5), second_order=False,
           **_pair("weight_norm", "Conv2d", _how))  # fmt: skip
_bias = _pair("weight_norm", "Linear", {"name": "bias"})
module("weight_norm", 3, 4, inputs=normal(2, 3), second_order=False, **_bias)
for _how in ({}, {"n_power_iterations": 3}, {"dim": 1}):
    module("spectral_norm", 3, 4, inputs=normal(2, 3), calls=2, **_pair("spectral_norm", "Linear", _how))
    module("spectral_norm", 2, 4, 3, inputs=normal(2, 2, 5, 5), **_pair("spectral_norm", "Conv2d", _how))
module("spectral_norm", 3, 4, inputs=normal(2, 3), **_pair("spectral_norm", "Linear", {"name": "bias"}))
