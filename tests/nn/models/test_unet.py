import numpy as np
import pytest

import nn
from nn import models
from tests.nn.models.training import train


def scenes(rng, n):
    """Noisy images of a disc, bright or dark, and which pixels it covers."""
    images = rng.normal(0, 0.3, size=(n, 1, 16, 16)).astype(np.float32)
    y, x = np.mgrid[:16, :16]
    cy, cx, r = rng.uniform([[4], [4], [2]], [[12], [12], [5]], (3, n))
    masks = np.stack([(y - cy[i]) ** 2 + (x - cx[i]) ** 2 < r[i] ** 2 for i in range(n)])
    images[:, 0] += masks * rng.choice([-1, 1], (n, 1, 1))
    return images, masks.astype(int)


def test_it_learns_to_tell_disc_from_ground():
    rng = np.random.default_rng(0)
    model = models.UNet(2, 1, width=8, depth=2, batch_norm=True, generator=0)
    loss_of = nn.CrossEntropyLoss()

    def by_pixel(images):
        return np.moveaxis(model(images), 1, -1).reshape(-1, 2)

    def loss(step):
        images, masks = scenes(rng, 12)
        return loss_of(by_pixel(images), masks.ravel())

    losses = train(model, loss, 40, lr=0.01)
    assert losses[-1] < 0.25 * losses[0]
    images, masks = scenes(rng, 40)
    found = model.eval()(images).value.argmax(1)
    overlap = (found & masks).sum() / (found | masks).sum()
    assert overlap > 0.7


def test_each_level_sees_the_way_down():
    model = models.UNet(3, 2, width=6, depth=2, dtype=float, generator=0)
    assert [conv[0].in_channels for conv in model.up] == [24, 12]
    x = np.random.default_rng(0).normal(size=(1, 2, 8, 12))
    assert model(x).shape == (1, 3, 8, 12)
    state = model.state_dict()
    for name in state:
        if name.startswith("enlarge"):
            state[name][:] = 0
    model.load_state_dict(state)
    # Without what comes up from below, a pixel depends on its surroundings in the first level alone: 9 x 9.
    changed = x.copy()
    changed[0, 0, 0, 0] += 1
    moved = abs(model(changed).value - model(x).value).max((0, 1)) > 1e-12
    assert moved[:5, :5].any()
    assert not moved[5:].any()
    assert not moved[:, 5:].any()


def test_errors():
    model = models.UNet(2, 1, width=2, depth=3)
    with pytest.raises(ValueError, match=r"UNet takes images \(n, channels, h, w\) with h and w multiples of 8, got"):
        model(np.zeros((1, 1, 8, 12)))
