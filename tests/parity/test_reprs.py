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
    ("ReLU", (), {}), ("ReLU", (True,), {}), ("ReLU6", (), {"inplace": True}), ("LeakyReLU", (), {}),
    ("LeakyReLU", (0.1, True), {}), ("PReLU", (3,), {}), ("RReLU", (), {}), ("RReLU", (0.1, 0.2, True), {}),
    ("ELU", (), {}), ("ELU", (2.0, True), {}), ("SELU", (True,), {}), ("CELU", (2.0, True), {}), ("GELU", (), {}),
    ("SiLU", (True,), {}), ("Mish", (), {}), ("Softplus", (), {}), ("Tanh", (), {}), ("LogSigmoid", (), {}),
    ("Softsign", (), {}), ("Hardtanh", (-2, 2, True), {}), ("Hardsigmoid", (True,), {}), ("Hardswish", (True,), {}),
    ("Hardshrink", (), {}), ("Softshrink", (0.3,), {}), ("Tanhshrink", (), {}), ("Threshold", (1, 2, True), {}),
    ("Dropout", (0.3,), {}), ("Dropout2d", (), {"inplace": True}), ("FeatureAlphaDropout", (0.1,), {}),
    ("GLU", (), {}), ("Softmin", (1,), {}), ("Softmax2d", (), {}),
    ("AdaptiveLogSoftmaxWithLoss", (16, 10, [2, 5]), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), MODULES)
def test_repr(name, args, options):
    assert repr(getattr(nn, name)(*args, **options)) == repr(getattr(torch.nn, name)(*args, **options))
