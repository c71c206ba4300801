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
    ("RNN", (3, 4), {"nonlinearity": "relu"}), ("GRU", (3, 4, 2), {"bias": False, "batch_first": True}),
    ("LSTM", (3, 4, 2), {"dropout": 0.5, "bidirectional": True, "proj_size": 2}), ("RNNCell", (3, 4), {}),
    ("RNNCell", (3, 4, False, "relu"), {}), ("LSTMCell", (3, 4), {}), ("GRUCell", (3, 4), {"bias": False}),
    ("Embedding", (5, 3), {}), ("Embedding", (5, 3, -1, 1.0, 1.0, True), {}), ("EmbeddingBag", (5, 3), {}),
    ("EmbeddingBag", (5, 3), {"max_norm": 2.0, "mode": "sum", "padding_idx": 1, "scale_grad_by_freq": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options"), MODULES)
def test_repr(name, args, options):
    assert repr(getattr(nn, name)(*args, **options)) == repr(getattr(torch.nn, name)(*args, **options))
