"""Fifty steps of each schedule give PyTorch's rates and momenta, over the schedules' options."""

import math

import numpy as np
import pytest
import torch

import nn
import optim
from tests.optim.schedules import SCHEDULES, chains

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore:Detected call of")]


def optimizers(name="SGD", **options):
    """One of each, of two groups with rates of their own."""
    made = []
    for module, leaf in ((optim, nn.Parameter), (torch.optim, lambda v: torch.nn.Parameter(torch.tensor(v)))):
        groups = [{"params": [leaf(np.ones(2))]}, {"params": [leaf(np.ones(2))], "lr": 0.3}]
        made.append(getattr(module, name)(groups, lr=0.05, **options))
    return made


def state_of(optimizer):
    names = ("lr", "momentum", "betas")
    return [value for group in optimizer.param_groups for name in names for value in np.ravel(group.get(name, 0.0))]


def compare(a, b, optimizer, other, steps=50):
    for _ in range(steps):
        np.testing.assert_allclose(state_of(optimizer), state_of(other), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(a.get_last_lr(), b.get_last_lr(), rtol=1e-10, atol=1e-12)
        a.step()
        b.step()


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_fifty_steps(name, options):
    for kind in ("SGD", "Adam"):
        if kind == "SGD" or options.get("cycle_momentum"):
            a, b = optimizers(kind)
            theirs = torch.optim.swa_utils.SWALR if name == "SWALR" else getattr(torch.optim.lr_scheduler, name)
            compare(getattr(optim.lr_scheduler, name)(a, **options), theirs(b, **options), a, b)


@pytest.mark.parametrize("number", range(len(chains(optim.lr_scheduler))))
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_several(number):
    a, b = optimizers()
    make, other = chains(optim.lr_scheduler)[number], chains(torch.optim.lr_scheduler)[number]
    compare(make(a), other(b), a, b)


@pytest.mark.parametrize("options", [
    {}, {"factor": 0.5, "patience": 2}, {"factor": 0.2, "patience": 0, "cooldown": 3, "min_lr": [0.001, 0.1]},
    {"mode": "max", "patience": 1, "threshold": 0.05, "threshold_mode": "abs"},
    {"mode": "max", "patience": 1, "threshold": 0.05}, {"patience": 1, "threshold": 0.1, "eps": 0.02},
    {"patience": 1, "threshold": 0.1, "threshold_mode": "abs", "factor": 0.5},
])  # fmt: skip
def test_plateaus(options):
    a, b = optimizers()
    ours = optim.lr_scheduler.ReduceLROnPlateau(a, **options)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(b, **options)
    rng = np.random.default_rng(0)
    for i in range(100):
        metric = math.nan if i == 20 else float(np.exp(-i / 20) + 0.1 * rng.normal())
        ours.step(metric)
        theirs.step(metric)
        assert state_of(a) == state_of(b)


def test_counts_that_are_given():
    a, b = optimizers()
    ours = optim.lr_scheduler.CosineAnnealingWarmRestarts(a, 7, 2)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(b, 7, 2)
    for epoch in (0.5, 3.25, 7.0, 12.5, 20.75, 22.0, 1.0):
        ours.step(epoch)
        theirs.step(epoch)
        np.testing.assert_allclose(state_of(a), state_of(b), rtol=1e-10)
    for _ in range(30):
        ours.step()
        theirs.step()
    np.testing.assert_allclose(state_of(a), state_of(b), rtol=1e-10)
