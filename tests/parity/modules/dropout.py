"""Dropout where it is no chance: in evaluation, and with probability 0 and 1."""

from tests.parity.module_cases import module, normal

for _name, _shape in {
    "Dropout": (3, 4), "Dropout1d": (2, 3, 4), "Dropout2d": (2, 3, 2, 2), "Dropout3d": (2, 3, 2, 2, 2),
    "AlphaDropout": (3, 4), "FeatureAlphaDropout": (2, 3, 4),
}.items():  # fmt: skip
    module(_name, inputs=normal(*_shape), modes=(False,))
    for _p in (0.0, 1.0):
        module(_name, _p, inputs=normal(*_shape))
