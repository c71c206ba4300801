"""Fifty steps of each optimizer give PyTorch's numbers, over the optimizers' options."""

import itertools

import numpy as np
import pytest
import torch

import nn
import optim
from autodiff.tensor import Tensor

pytestmark = pytest.mark.parity


def products(**choices):
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


SGD = [
    options
    for options in products(
        lr=[0.05],
        momentum=[0.0, 0.9],
        dampening=[0.0, 0.3],
        weight_decay=[0.0, 0.1],
        nesterov=[False, True],
        maximize=[False, True],
    )
    if not options["nesterov"] or (options["momentum"] and not options["dampening"])
]
ADAM = products(
    lr=[0.02],
    betas=[(0.9, 0.999), (0.5, 0.8)],
    eps=[1e-8, 1e-3],
    weight_decay=[0.0, 0.1],
    amsgrad=[False, True],
    maximize=[False, True],
)
CASES = [("SGD", options) for options in SGD] + [("Adam", options) for options in ADAM]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_fifty_steps(name, options):
    """A parameter of each kind, fed the same random gradients, one of them now and then without any."""
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(3, 4)), rng.normal(size=5), np.array(rng.normal())]
    ours = [nn.Parameter(v) for v in values]
    theirs = [torch.nn.Parameter(torch.tensor(v)) for v in values]
    groups = [{"params": slice(0, 2)}, {"params": slice(2, 3), "lr": 0.1}]
    a = getattr(optim, name)([{**g, "params": ours[g["params"]]} for g in groups], **options)
    b = getattr(torch.optim, name)([{**g, "params": theirs[g["params"]]} for g in groups], **options)
    for step in range(50):
        a.zero_grad()
        b.zero_grad()
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            g = np.array(rng.normal(size=p.shape))
            if i != 1 or step % 3:
                p.grad, q.grad = Tensor(g), torch.tensor(g)
        a.step()
        b.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.value, q.detach().numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_training_a_network(name):
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).double()
    ours = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)).astype(float)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2)), rng.integers(3, size=20)
    a = getattr(optim, name)(ours.parameters(), lr=0.1)
    b = getattr(torch.optim, name)(theirs.parameters(), lr=0.1)
    for _ in range(50):
        a.zero_grad()
        b.zero_grad()
        loss = nn.CrossEntropyLoss()(ours(x), y)
        other = torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        other.backward()
        a.step()
        b.step()
        np.testing.assert_allclose(loss.item(), other.item(), rtol=1e-9)
    for name_, value in ours.state_dict().items():
        np.testing.assert_allclose(value, theirs.state_dict()[name_].numpy(), rtol=1e-8, atol=1e-9)
