import numpy as np
import pytest
from sklearn.datasets import load_digits

import optim
from nn import models


@pytest.fixture(scope="module")
def digits():
    """Images and labels of 0, 1 and 2."""
    images, labels = load_digits(return_X_y=True)
    kept = labels < 3
    return (images[kept].reshape(-1, 1, 8, 8) / 16).astype(np.float32), labels[kept]


def gap(model, images, labels):
    """Mean distance of different digits over that of equal ones."""
    e = model(images).value
    d = np.sqrt(np.square(e[:, None] - e).sum(-1))
    same = labels[:, None] == labels
    return d[~same].mean() / d[same & ~np.eye(len(e), dtype=bool)].mean()


def train(model, loss_of, steps=80):
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.mean(losses[:5]), np.mean(losses[-5:])


def test_contrastive(digits):
    images, labels = digits
    model, rng = models.Siamese(1, 8, 8, generator=0), np.random.default_rng(0)

    def loss():
        a, b = rng.integers(300, size=(2, 32))
        return model.contrastive_loss(images[a], images[b], labels[a] == labels[b])

    first, last = train(model, loss)
    assert last < 0.4 * first
    assert gap(model, images[300:400], labels[300:400]) > 3  # of digits it has not seen


def test_triplets(digits):
    images, labels = digits
    model, rng = models.Siamese(1, 8, 8, generator=0), np.random.default_rng(0)
    of = [np.flatnonzero(labels[:300] == digit) for digit in range(3)]

    def loss():
        kinds = [rng.permutation(3)[:2] for _ in range(32)]
        rows = [(*rng.choice(of[same], 2), rng.choice(of[other])) for same, other in kinds]
        return model.triplet_loss(*(images[list(part)] for part in zip(*rows, strict=True)))

    first, last = train(model, loss)
    assert last < 0.3 * first
    assert gap(model, images[300:400], labels[300:400]) > 3


def test_values():
    model = models.Siamese(1, 3, 4, dtype=float, generator=0)
    x = np.random.default_rng(0).normal(size=(6, 1, 6, 6))
    e = model(x).value
    np.testing.assert_allclose(np.square(e).sum(1), 1)
    d = np.sqrt(np.square(e[:3] - e[3:]).sum(1))
    same = np.array([1.0, 0.0, 0.0])
    expected = (same * d**2 + (1 - same) * np.maximum(0, 0.7 - d) ** 2).mean() / 2
    assert model.contrastive_loss(x[:3], x[3:], same, margin=0.7).item() == pytest.approx(expected, rel=1e-4)
    near, far = (np.square(e[:2] - e[i : i + 2]).sum(1) for i in (2, 4))
    expected = np.maximum(0, near - far + 0.3).mean()
    assert model.triplet_loss(x[:2], x[2:4], x[4:], margin=0.3).item() == pytest.approx(expected, rel=1e-12)


def test_errors():
    images = np.zeros((2, 1, 8, 8))
    with pytest.raises(ValueError, match=r"same is one number for each of the 2 pairs, got float32 \(2, 1\)"):
        models.Siamese().contrastive_loss(images, images, [[1], [0]])


def test_other_numbers_of_images():
    model, x = models.Siamese(1, 2, 3, generator=0), np.ones((2, 1, 6, 6))
    with pytest.raises(ValueError, match="there are 2, 1 images to be compared: give as many"):
        model.contrastive_loss(x, x[:1], [1, 0])
    with pytest.raises(ValueError, match="there are 2, 2, 1 images"):
        model.triplet_loss(x, x, x[:1])
