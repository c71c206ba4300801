import numpy as np
import pytest
from sklearn.datasets import load_digits

import optim
from nn import models
from nn.models.capsules import margin_loss


def test_routing_by_hand():
    model = models.Capsules(5, 3, 2, 4, dtype=float, generator=0)
    x, w = np.random.default_rng(0).normal(size=(5, 3)), model.weight.value
    predicted = np.array([[w[j, i] @ x[i] for i in range(5)] for j in range(2)])  # (2, 5, 4)
    b = np.zeros((2, 5))
    for _ in range(3):
        c = np.exp(b) / np.exp(b).sum(0)  # each capsule below gives itself away once
        s = (c[:, :, None] * predicted).sum(1)
        length = np.linalg.norm(s, axis=1, keepdims=True)
        v = length**2 / (1 + length**2) * s / length
        b = b + (predicted * v[:, None]).sum(-1)
    np.testing.assert_allclose(model(x[None]).value[0], v, rtol=1e-5)


def test_one_routing_shares_evenly():
    model = models.Capsules(5, 3, 2, 4, routings=1, dtype=float, generator=0)
    x = np.random.default_rng(0).normal(size=(1, 5, 3))
    s = np.einsum("jidf,nif->njd", model.weight.value, x) / 2
    length = np.linalg.norm(s, axis=-1, keepdims=True)
    np.testing.assert_allclose(model(x).value, s * length / (1 + length**2), rtol=1e-4)
    assert (np.linalg.norm(model(1e6 * x).value, axis=-1) <= 1).all()


def test_margin_loss():
    lengths = np.array([[0.95, 0.05, 0.3], [0.5, 0.2, 0.9]])
    expected = (0.5 * 0.2**2 + 0.5 * 0.4**2 + 0.7**2 + 0.5 * 0.8**2) / 2
    assert margin_loss(lengths, np.array([0, 1])) == pytest.approx(expected)


def test_a_network_learns_digits():
    images, labels = load_digits(return_X_y=True)
    kept = labels < 3
    images, labels = (images[kept].reshape(-1, 1, 8, 8) / 16).astype(np.float32), labels[kept]
    model = models.CapsuleNetwork(3, 1, 8, width=8, maps=4, features=4, class_features=4, kernel=3, generator=0)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for step in range(100):
        batch = slice(step % 5 * 40, step % 5 * 40 + 40)
        optimizer.zero_grad()
        loss = model.loss(images[batch], labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    assert (model(images[200:300]).value.argmax(1) == labels[200:300]).mean() > 0.9


def test_errors():
    with pytest.raises(ValueError, match=r"labels are one integer for each of 2 samples, got shape \(2, 1\)"):
        margin_loss(np.zeros((2, 3)), np.array([[0], [1]]))
    with pytest.raises(ValueError, match=r"these capsules take \(n, 6, 4\), got"):
        models.Capsules(6, 4, 3, 5)(np.zeros((2, 5, 4)))
    with pytest.raises(ValueError, match="two convolutions of 9 x 9 need a size of 17, got 16"):
        models.CapsuleNetwork(size=16)
