"""Layers and losses: value, input gradient and parameter gradients are PyTorch's."""

import numpy as np
import pytest
import torch

import nn
from autodiff.tensor import Tensor
from tests.parity.modules import CASES

pytestmark = pytest.mark.parity
RNG = np.random.default_rng(0)


def check(ours, theirs, *shape, dtype="float64", rtol=1e-10):
    """Load their weights into ours, and compare what both make of one input and one output gradient."""
    theirs = theirs.to(getattr(torch, dtype))
    ours.astype(dtype).load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = RNG.normal(size=shape).astype(dtype)
    u, v = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    a, b = ours(u), theirs(v)
    g = RNG.normal(size=b.shape).astype(dtype)
    a.backward(g)
    b.backward(torch.tensor(g))
    pairs = [(a.value, b.detach()), (u.grad.value, v.grad)]
    theirs_by_name = dict(theirs.named_parameters())
    for name, p in ours.named_parameters():
        pairs.append((p.grad.value, theirs_by_name.pop(name).grad))
    assert not theirs_by_name
    for mine, other in pairs:
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, other.numpy(), rtol=rtol, atol=rtol)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)])
def test_linear(bias, shape):
    check(nn.Linear(3, 4, bias), torch.nn.Linear(3, 4, bias), *shape)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3},
        {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)},
        {"kernel_size": 3, "padding": 2, "dilation": 2, "groups": 2, "bias": False},
        {"kernel_size": 5, "padding": "same"},
        {"kernel_size": (4, 2), "padding": "same", "dilation": (1, 3)},
        {"kernel_size": 3, "padding": "valid", "groups": 4},
        {"kernel_size": 3, "stride": 3, "padding": 1},
    ],
)
@pytest.mark.parametrize("batch", [(2,), ()])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_conv2d(options, batch):
    check(nn.Conv2d(4, 8, **options), torch.nn.Conv2d(4, 8, **options), *batch, 4, 9, 8)


@pytest.mark.parametrize("options", [{}, {"stride": 1}, {"stride": (2, 3), "padding": 1}, {"dilation": 2}])
@pytest.mark.parametrize("batch", [(2,), ()])
def test_max_pool2d(options, batch):
    check(nn.MaxPool2d(3, **options), torch.nn.MaxPool2d(3, **options), *batch, 4, 9, 8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ReLU", {}),
        ("Tanh", {}),
        ("Sigmoid", {}),
        ("Softmax", {"dim": 1}),
        ("LogSoftmax", {"dim": 2}),
        ("Flatten", {}),
        ("Flatten", {"start_dim": 0, "end_dim": 1}),
        ("Identity", {}),
    ],
)
def test_layers_without_parameters(name, options):
    check(getattr(nn, name)(**options), getattr(torch.nn, name)(**options), 2, 3, 4)


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-10), ("float32", 2e-4)])
def test_a_small_lenet(dtype, rtol):
    def build(m):
        return m.Sequential(
            m.Conv2d(1, 6, 5, padding=2),
            m.ReLU(),
            m.MaxPool2d(2),
            m.Conv2d(6, 16, 3),
            m.Tanh(),
            m.MaxPool2d(2),
            m.Flatten(),
            m.Sequential(m.Linear(64, 10), m.LogSoftmax(dim=-1)),
        )

    check(build(nn), build(torch.nn), 3, 1, 12, 12, dtype=dtype, rtol=rtol)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "CrossEntropyLoss", "NLLLoss"])
def test_losses(name, reduction):
    x = RNG.normal(size=(5, 4))
    target = RNG.normal(size=(5, 4)) if name in ("MSELoss", "L1Loss") else RNG.integers(4, size=5)
    u, v = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    a = getattr(nn, name)(reduction=reduction)(u, target)
    b = getattr(torch.nn, name)(reduction=reduction)(v, torch.tensor(target))
    np.testing.assert_allclose(a.value, b.detach().numpy(), rtol=1e-12)
    g = RNG.normal(size=a.shape)
    a.backward(g)
    b.backward(torch.tensor(g))
    np.testing.assert_allclose(u.grad.value, v.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_initial_values_have_the_same_distribution():
    for ours, theirs in [
        (nn.Linear(40, 300, generator=0), torch.nn.Linear(40, 300)),
        (nn.Conv2d(8, 64, 3, groups=2, generator=0), torch.nn.Conv2d(8, 64, 3, groups=2)),
        (nn.Conv1d(20, 64, 3, generator=0), torch.nn.Conv1d(20, 64, 3)),
        (nn.ConvTranspose1d(20, 64, 3, groups=2, generator=0), torch.nn.ConvTranspose1d(20, 64, 3, groups=2)),
        (nn.ConvTranspose3d(4, 80, 3, generator=0), torch.nn.ConvTranspose3d(4, 80, 3)),
    ]:
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            other = b.detach().numpy()
            np.testing.assert_allclose(a.value.std(), other.std(), rtol=0.2)
            np.testing.assert_allclose(abs(a.value).max(), abs(other).max(), rtol=0.1)


IMAGES = [case for case in CASES if case.ours.__module__ in ("nn.conv", "nn.pool", "nn.padding", "nn.vision")]


@pytest.mark.parametrize("case", IMAGES[::3], ids=str)
def test_layers_of_images_look_the_same(case):
    assert repr(case.ours(*case.args, **case.options)) == repr(case.theirs(*case.args, **case.options))
