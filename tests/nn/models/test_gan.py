import numpy as np
import pytest

import nn
import optim
from autodiff import Generator
from nn import models


def test_it_learns_to_draw_from_a_ring():
    rng, stream = np.random.default_rng(0), Generator(1)
    draws, judge = models.GANGenerator(4, 48, 2, generator=0), models.GANDiscriminator(2, 48, generator=1)
    adam = [optim.Adam(model.parameters(), lr=0.005, betas=(0.5, 0.999)) for model in (draws, judge)]

    def ring(n):
        angle = rng.uniform(0, 2 * np.pi, n)
        return 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, 0.05, (n, 2))

    def misfit():
        points = draws(draws.noise(500, generator=9)).value
        return abs(np.linalg.norm(points, axis=1) - 2).mean(), points

    start, _ = misfit()
    for _ in range(500):
        judged = models.discriminator_step(draws, judge, ring(64), draws.noise(64, stream), adam[1])
        models.generator_step(draws, judge, draws.noise(64, stream), adam[0])
    end, points = misfit()
    assert start > 1.5
    assert end < 0.5
    assert judged.item() > 0.7  # of 2 log 2 = 1.39, where it cannot tell the two apart any more
    quarters = np.bincount((points > 0) @ [1, 2], minlength=4) / len(points)
    assert (quarters > 0.05).all()  # all round the ring


def test_the_steps():
    draws, judge = models.GANGenerator(3, 4, 2, dtype=float, generator=0), models.GANDiscriminator(2, 4, float, 1)
    noise, real = draws.noise(5, generator=2), np.random.default_rng(0).normal(size=(5, 2))
    before = draws.state_dict(), judge.state_dict()
    softplus = nn.functional.softplus
    verdicts = judge(real).value, judge(draws(noise)).value
    expected = softplus(-verdicts[0]).mean() + softplus(verdicts[1]).mean()

    loss = models.discriminator_step(draws, judge, real, noise, optim.SGD(judge.parameters(), lr=0.1))
    assert loss.item() == pytest.approx(expected)
    assert not loss.requires_grad
    assert all((draws.state_dict()[name] == value).all() for name, value in before[0].items())
    assert all((judge.state_dict()[name] != value).any() for name, value in before[1].items())
    assert all(p.grad is None for p in draws.parameters())  # nothing is computed for those that do not learn

    expected = softplus(-judge(draws(noise)).value).mean()
    kept = judge.state_dict()
    loss = models.generator_step(draws, judge, noise, optim.SGD(draws.parameters(), lr=0.1))
    assert loss.item() == pytest.approx(expected)
    assert all((judge.state_dict()[name] == value).all() for name, value in kept.items())
    assert all((draws.state_dict()[name] != value).any() for name, value in before[0].items())


def test_the_judge_takes_any_axes_before_the_features():
    judge, x = models.GANDiscriminator(2, 4, generator=0), np.random.default_rng(0).normal(size=(3, 5, 2))
    assert judge(x[0, 0]).shape == ()
    np.testing.assert_array_equal(judge(x).value, np.stack([judge(row).value for row in x]))
