"""Initial values: what is no chance is PyTorch's, and the rest has its distribution."""

import inspect

import numpy as np
import pytest
import torch

from autodiff.tensor import Tensor
from nn import init

NAMES = sorted(name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_"))


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_pytorchs(name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (init, torch.nn.init))
    assert [p for p in ours if p != "generator"] == [p for p in theirs if p != "generator"]
    for key, parameter in theirs.items():
        if key != "generator":
            assert ours[key].default == parameter.default


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("uniform_", {"a": -1.0, "b": 3.0}, (100, 200)), ("normal_", {"mean": 1.0, "std": 2.0}, (100, 200)),
        ("trunc_normal_", {}, (100, 200)), ("trunc_normal_", {"mean": 1.0, "std": 2.0, "a": 0.0, "b": 2.0}, (100, 200)),
        ("xavier_uniform_", {"gain": 2.0}, (40, 20, 5, 5)), ("xavier_normal_", {}, (40, 20, 5, 5)),
        ("kaiming_uniform_", {"a": 0.5}, (40, 20, 5, 5)), ("kaiming_normal_", {"mode": "fan_out"}, (40, 20, 5, 5)),
        ("kaiming_normal_", {"nonlinearity": "selu"}, (40, 20, 5, 5)), ("orthogonal_", {"gain": 2.0}, (100, 300)),
        ("sparse_", {"sparsity": 0.3, "std": 2.0}, (100, 200)),
    ],
)  # fmt: skip
def test_distribution(name, options, shape):
    torch.manual_seed(0)
    ours = getattr(init, name)(Tensor(np.zeros(shape)), **options, generator=0).value
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape, dtype=torch.float64), **options).numpy()
    quantiles = np.linspace(0.01, 0.99, 50)
    a, b = (np.quantile(w, quantiles) for w in (ours, theirs))
    np.testing.assert_allclose(a, b, atol=0.06 * theirs.std())


@pytest.mark.parametrize(
    ("shape", "groups"), [((3, 2, 3), 1), ((4, 4, 2, 5), 1), ((4, 4, 2, 5), 2), ((6, 2, 3, 3, 3), 2), ((2, 5, 4), 1)]
)
def test_dirac(shape, groups):
    ours, theirs = init.dirac_(Tensor(np.ones(shape)), groups), torch.nn.init.dirac_(torch.ones(shape), groups)
    np.testing.assert_array_equal(ours.value, theirs.numpy())


def test_gains():
    for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)
