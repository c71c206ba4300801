import numpy as np
import pytest

from autodiff import Generator
from nn import models
from tests.nn.models.training import digits, train


def test_it_learns_digits_and_draws_new_ones():
    images = digits(2)[0][:200].reshape(200, 64)
    model, stream = models.VAE([64, 32, 2], generator=0), Generator(1)
    losses = train(model, lambda step: model.loss(images, stream), 150, lr=0.01)
    assert losses[0] == pytest.approx(64 * np.log(2), rel=0.1)
    assert losses[-1] < 0.55 * losses[0]
    drawn = model.sample(50, generator=2).value
    assert drawn.shape == (50, 64)
    assert ((drawn > 0) & (drawn < 1)).all()
    noise = np.random.default_rng(0).permuted(drawn, axis=1)
    nearest = [np.square(x[:, None] - images).sum(-1).min(1).mean() for x in (drawn, noise)]
    assert nearest[0] < 0.25 * nearest[1]  # new pictures look like old ones
    mean = model.encode(images)[0].value
    assert np.linalg.norm(mean, axis=1).mean() < 3  # codes lie where codes are drawn


def test_the_bound_lies_below_the_likelihood():
    # With a code of one number, p(x) = E[p(x | z)] over z in N(0, 1) is an integral that can be done by summing.
    model = models.VAE([3, 4, 1], dtype=float, generator=0)
    x = np.array([[1.0, 0.0, 1.0]])
    z = np.linspace(-8, 8, 4001)[:, None]
    logits = model.decoder(z).value
    log_p = -np.logaddexp(0, np.where(x == 1, -logits, logits)).sum(1)
    likelihood = np.log((np.exp(log_p - z[:, 0] ** 2 / 2) / np.sqrt(2 * np.pi)).sum() * (z[1] - z[0])).item()
    stream = Generator(0)
    bounds = [-model.loss(np.repeat(x, 500, 0), stream).item() for _ in range(20)]
    mean, log_variance = (part.value.item() for part in model.encode(x))
    exact = -np.logaddexp(0, np.where(x == 1, -logits, logits)).sum(1)
    q = np.exp(-((z[:, 0] - mean) ** 2) / (2 * np.exp(log_variance))) / np.sqrt(2 * np.pi * np.exp(log_variance))
    divergence = (q * (np.log(q + 1e-300) + z[:, 0] ** 2 / 2 + np.log(2 * np.pi) / 2)).sum() * (z[1] - z[0]).item()
    expected = (q * exact).sum() * (z[1] - z[0]).item() - divergence
    assert np.mean(bounds) == pytest.approx(expected, abs=0.01)
    assert expected < likelihood


def test_gradients_pass_the_draw():
    model = models.VAE([5, 4, 2], dtype=float, generator=0)
    x = np.random.default_rng(0).random((3, 5))
    model(x, generator=4)[0].sum().backward()
    assert (model.encoder[2].weight.grad.value != 0).any()
    one, two, other = (model(x, generator=seed)[0].value for seed in (4, 4, 5))
    np.testing.assert_array_equal(one, two)
    assert (one != other).all()


def test_sizes():
    with pytest.raises(ValueError, match=r"two or more; got \[5\]"):
        models.VAE([5])
