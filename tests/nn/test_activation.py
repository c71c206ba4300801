import numpy as np
import pytest

import nn
from autodiff.tensor import Tensor

X = np.linspace(-3, 3, 7)
EXP = np.exp(X) / np.exp(X).sum()


@pytest.mark.parametrize(
    ("module", "value", "slope"),
    [
        (nn.ReLU(), np.maximum(X, 0), (X > 0) * 1.0),
        (nn.Tanh(), np.tanh(X), 1 - np.tanh(X) ** 2),
        (nn.Sigmoid(), 1 / (1 + np.exp(-X)), np.exp(-X) / (1 + np.exp(-X)) ** 2),
        (nn.Softmax(), EXP, EXP * (1 - EXP)),
        (nn.LogSoftmax(0), np.log(EXP), 1 - EXP),
    ],
)
def test_values_and_diagonal_derivatives(module, value, slope):
    np.testing.assert_allclose(module(X), value, atol=1e-14)
    for i in range(7):
        x = Tensor(X, requires_grad=True)
        module(x)[i].backward()
        np.testing.assert_allclose(x.grad.value[i], slope[i], atol=1e-14)


def test_softmax_axis_and_repr():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(nn.Softmax(dim=0)(x).sum(axis=0), 1)
    assert repr(nn.Softmax(1)) == "Softmax(dim=1)"
    assert repr(nn.LogSoftmax()) == "LogSoftmax(dim=-1)"
