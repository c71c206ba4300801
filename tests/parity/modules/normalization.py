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

for _n, _sizes in enumerate(([(5, 3), (4, 3, 2)], [(2, 3, 3, 2)], [(2, 3, 2, 2, 3)]), 1):
    _inputs = [normal(*s) for s in _sizes]
    for _options in (
        {}, {"eps": 0.1, "momentum": 0.3}, {"momentum": None}, {"affine": False}, {"bias": False},
        {"track_running_stats": False}, {"affine": False, "track_running_stats": False},
    ):  # fmt: skip
        module(f"BatchNorm{_n}d", 3, inputs=_inputs, calls=3, **_options)
    _places = (4, 3, 2)[:_n]
    for _options in (
        {}, {"affine": True}, {"affine": True, "bias": False, "eps": 0.1}, {"track_running_stats": True},
        {"affine": True, "track_running_stats": True, "momentum": 0.4},
    ):  # fmt: skip
        module(f"InstanceNorm{_n}d", 3, inputs=[normal(2, 3, *_places), normal(3, *_places)], calls=2, **_options)
for _groups in (1, 2, 3, 6):
    for _options in ({}, {"eps": 0.1, "affine": False}, {"bias": False}):
        module("GroupNorm", _groups, 6, inputs=[normal(2, 6), normal(2, 6, 4), normal(1, 6, 2, 3)], **_options)
for _size in (1, 2, 3, 5, 9):
    module("LocalResponseNorm", _size, inputs=[normal(2, 6, 4), normal(2, 4, 2, 2)])
    module("LocalResponseNorm", _size, alpha=0.9, beta=0.6, k=2.0, inputs=normal(2, 6, 3))
for _options in ({}, {"dim": 0}, {"dim": -1, "eps": 0.5}):
    module("CosineSimilarity", inputs=[(normal(3, 4), normal(3, 4)), (normal(3, 4), normal(4))], **_options)
for _options in ({}, {"p": 1.0}, {"p": 3, "eps": 0.1}, {"keepdim": True}):
    module("PairwiseDistance", inputs=[(normal(3, 4), normal(3, 4)), (normal(4), normal(3, 4))], **_options)
