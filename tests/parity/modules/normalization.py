"""Normalisation layers."""

from tests.parity.module_cases import module, normal

for _shape, _inputs in (
    (4, [normal(4), normal(3, 4), normal(2, 3, 4)]),
    ((3, 4), [normal(3, 4), normal(2, 3, 4)]),
    ([5], normal(2, 5)),
):
    for _options in ({}, {"eps": 0.1}, {"bias": False}, {"elementwise_affine": False}):
        module("LayerNorm", _shape, inputs=_inputs, **_options)
    for _options in ({}, {"eps": 0.1}, {"elementwise_affine": False}):
        module("RMSNorm", _shape, inputs=_inputs, **_options)
