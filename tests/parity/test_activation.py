"""Activations where they have kinks, far out, at NaN, and in place: value, slope and its slope are PyTorch's."""

import numpy as np
import pytest
import torch
import torch.nn.functional as G

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor

CASES = [
    ("relu", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": -0.5}), ("elu", {}), ("elu", {"alpha": 0.5}),
    ("selu", {}), ("celu", {}), ("celu", {"alpha": 2.0}), ("gelu", {}), ("gelu", {"approximate": "tanh"}), ("silu", {}),
    ("mish", {}), ("softplus", {}), ("softplus", {"beta": 2.0, "threshold": 2.5}), ("logsigmoid", {}), ("softsign", {}),
    ("hardtanh", {}), ("hardtanh", {"min_val": -3.0, "max_val": 0.5}), ("relu6", {}), ("hardsigmoid", {}),
    ("hardswish", {}), ("hardshrink", {}), ("hardshrink", {"lambd": 1.0}), ("softshrink", {}),
    ("softshrink", {"lambd": 3.0}), ("tanhshrink", {}), ("threshold", {"threshold": 1.0, "value": 5.0}), ("rrelu", {}),
    ("sigmoid", {}), ("tanh", {}),
]  # fmt: skip
POINTS = np.array([0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 30.0, -30.0, 1e-9, -1e-9])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_kinks(name, options):
    x, u = Tensor(POINTS, requires_grad=True), torch.tensor(POINTS, requires_grad=True)
    y, v = getattr(F, name)(x, **options), getattr(G, name)(u, **options)
    rtol = 1e-7 if name == "hardsigmoid" else 1e-12  # theirs has 1 / 6 in single precision
    np.testing.assert_allclose(y.value, v.detach().numpy(), rtol=1e-12, atol=1e-16)
    (g,) = ad.gradients([y], [x], [Tensor(np.ones(14))], create_graph=True)
    (h,) = torch.autograd.grad(v.sum(), u, create_graph=True)
    np.testing.assert_allclose(g.value, h.detach().numpy(), rtol=rtol, atol=1e-15)
    if h.requires_grad and g.requires_grad:
        (gg,) = ad.gradients([g], [x], [Tensor(np.ones(14))], allow_unused=True)
        (hh,) = torch.autograd.grad(h.sum(), u, allow_unused=True)
        hh = None if hh is None else hh.numpy(force=True)
        mine, other = (np.zeros(14) if s is None else np.asarray(getattr(s, "value", s)) for s in (gg, hh))
        smooth = 2 if "elu" in name else 0  # at 0 our second derivative is from the left too, theirs is 0
        np.testing.assert_allclose(mine[smooth:], other[smooth:], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_nan_stays(name, options):
    with np.errstate(invalid="ignore"):
        assert np.isnan(getattr(F, name)(np.array([np.nan]), **options)).all()
    assert torch.isnan(getattr(G, name)(torch.tensor([np.nan]), **options)).all()


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_out_slopes_are_finite(name, options, dtype):
    """Values and slopes at infinity are the limits; PyTorch gives NaN for some."""
    x = Tensor(np.array([np.inf, -np.inf, 1e30, -1e30], dtype), requires_grad=True)
    y = getattr(F, name)(x, **options)
    y.backward(np.ones(4, dtype))
    assert y.dtype == dtype
    near = Tensor(np.array([700.0, -700.0, 700.0, -700.0]), requires_grad=True)
    z = getattr(F, name)(near, **options)
    z.backward(np.ones(4))
    np.testing.assert_allclose(x.grad.value, near.grad.value, rtol=1e-6, atol=1e-5)
    assert not np.isnan(y.value).any()
    saturates = z.value == getattr(F, name)(2 * near.value, **options)
    np.testing.assert_allclose(y.value[saturates], z.value[saturates], rtol=1e-6, atol=2e-3)


INPLACE = ["relu", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardtanh", "relu6", "hardsigmoid", "hardswish"]


@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name):
    """The result is written into the input, and gradients go through both names."""
    start = np.linspace(-4, 4, 9) + 0.05
    x, u = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    a, b = x * 1.0, u * 1.0
    y, v = getattr(F, name)(a, inplace=True), getattr(G, name)(b, inplace=True)
    assert y is a
    (a * y).sum().backward()
    (b * v).sum().backward()
    np.testing.assert_allclose(x.grad.value, u.grad.numpy(), rtol=1e-7, atol=1e-15)
    array = start.copy()
    assert getattr(F, name)(array, inplace=True) is array
    rtol = 1e-7 if "hard" in name else 1e-12  # as above
    np.testing.assert_allclose(array, v.detach().numpy(), rtol=rtol, atol=1e-15)


def test_adaptive_softmax_log_prob_and_predict():
    torch.manual_seed(0)
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(16, 12, [3, 7], 2.0).double()
    ours = nn.AdaptiveLogSoftmaxWithLoss(16, 12, [3, 7], 2.0).astype("float64")
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(50, 16)) * 3
    np.testing.assert_allclose(ours.log_prob(x).value, theirs.log_prob(torch.tensor(x)).detach().numpy(), rtol=1e-10)
    np.testing.assert_array_equal(ours.predict(x).value, theirs.predict(torch.tensor(x)).numpy())
