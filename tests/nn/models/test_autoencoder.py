import numpy as np
import pytest
from sklearn.datasets import load_digits

import nn
import optim
from nn import models


@pytest.fixture(scope="module")
def digits():
    return (load_digits().data[:200] / 16).astype(np.float32)


def train(model, x, steps, lr=0.005):
    loss_of, optimizer = nn.MSELoss(), optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model(x), x)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_digits_through_eight_numbers(digits):
    losses = train(models.Autoencoder([64, 32, 8], generator=0), digits, 250)
    assert losses[-1] < 0.6 * digits.var(0).mean()  # far better than the mean picture
    assert losses[-1] < 0.2 * losses[0]


def test_a_linear_one_finds_the_principal_components():
    # Without nonlinearity a code of k numbers cannot do better than the first k components, and gets there.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)) * [3.0, 2.0, 0.3, 0.2, 0.1, 0.1] @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    x -= x.mean(0)
    best = np.square(np.linalg.svd(x)[1][2:]).sum() / x.size
    losses = train(models.Autoencoder([6, 2], dtype=float, generator=0), x, 800, lr=0.01)
    assert losses[-1] == pytest.approx(best, rel=0.03)
    assert min(losses) > best * (1 - 1e-9)


def test_convolutions_keep_the_picture(digits):
    images = digits.reshape(-1, 1, 8, 8)
    losses = train(models.ConvAutoencoder(1, 8, generator=0), images[:100], 120, lr=0.01)
    assert losses[-1] < 0.2 * losses[0]
    model = models.ConvAutoencoder(1, 8, generator=0)
    assert model.encoder(images[:2]).shape == (2, 16, 2, 2)


def test_sizes():
    with pytest.raises(ValueError, match=r"with h and w multiples of 4, got float64 \(2, 1, 7, 8\)"):
        models.ConvAutoencoder()(np.zeros((2, 1, 7, 8)))
    with pytest.raises(ValueError, match=r"two or more; got \[5\]"):
        models.Autoencoder([5])
