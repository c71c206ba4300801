"""Arrays that compiled loops have no type for: read-only ones, and ones whose bytes are in the other order."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.kernels.policy import use_kernels
from nn import functional as F

FUNCTIONS = {
    "sigmoid": ad.sigmoid,
    "gelu": F.gelu,
    "softmax": F.softmax,
    "layer_norm": lambda x: F.layer_norm(x, (64,)),
    "max_pool2d": lambda x: F.max_pool2d(x.reshape(2, 16, 64, 64), 2),
    "conv2d": lambda x: F.conv2d(x.reshape(2, 16, 64, 64), np.linspace(-1, 1, 1152).reshape(8, 16, 3, 3)),
    "lstm": lambda x: F.recurrent.lstm(
        x.reshape(16, 128, 64), [np.zeros((128, 4))] * 2, np.linspace(-1, 1, 1024).reshape(16, 64), np.ones((16, 4))
    )[0],
}


@pytest.mark.parametrize("kind", ["read-only", "other bytes"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_gradient(name, kind):
    plain = np.random.default_rng(0).normal(size=(2048, 64))
    other = plain.copy() if kind == "read-only" else plain.astype(plain.dtype.newbyteorder())
    other.flags.writeable = kind != "read-only"
    found = []
    for array in plain, other:
        with use_kernels("numba"):
            x = ad.asarray(array)
            value = FUNCTIONS[name](x)
            x = ad.asarray(array).requires_grad_()
            FUNCTIONS[name](x).sum().backward()
        found.append((value.value, x.grad.value))
    for mine, expected in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-9)
