"""What is printed of a module is what PyTorch prints."""

import pytest
import torch

import nn

MODULES = [
    ("LayerNorm", (3,), {}),
    ("LayerNorm", ((2, 3),), {"elementwise_affine": False}), ("LayerNorm", (3,), {"bias": False}),
    ("RMSNorm", (3,), {}), ("BatchNorm1d", (3,), {}), ("BatchNorm2d", (3,), {"momentum": None, "affine": False}),
    ("BatchNorm3d", (3,), {"bias": False}), ("InstanceNorm1d", (3,), {}), ("InstanceNorm2d", (3,), {"affine": True}),
    ("GroupNorm", (2, 4), {}), ("GroupNorm", (2, 4), {"affine": False}), ("LocalResponseNorm", (3,), {"k": 2.0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), MODULES)
def test_repr(name, args, options):
    assert repr(getattr(nn, name)(*args, **options)) == repr(getattr(torch.nn, name)(*args, **options))
