import numpy as np
import pytest

import nn
from nn import models
from tests.nn.models.training import digits, train


def test_it_learns_digits():
    images, labels = digits(5)
    model = models.ViT(8, 4, 5, 1, width=32, depth=2, heads=4, hidden=64, generator=0)
    loss_of, rng = nn.CrossEntropyLoss(), np.random.default_rng(0)

    def loss(step):
        batch = rng.integers(700, size=32)
        return loss_of(model(images[batch]), labels[batch])

    losses = train(model, loss, 80, lr=0.003)
    assert losses[0] > np.log(5) - 0.4
    assert np.mean(losses[-5:]) < 0.15
    assert (model.eval()(images[700:]).value.argmax(1) == labels[700:]).mean() > 0.85


def test_patches_are_a_set_but_for_their_positions():
    model = models.ViT(6, 3, 4, 1, 8, 2, 2, dtype=float, generator=0)
    x = np.random.default_rng(0).normal(size=(2, 1, 6, 6))
    turned = np.concatenate([x[:, :, 3:], x[:, :, :3]], axis=2)  # the upper patches below the lower ones
    assert (abs(model(turned).value - model(x).value) > 1e-6).all()
    state = model.state_dict()
    state["encoder.pos_embedding"][:] = 0
    model.load_state_dict(state)
    np.testing.assert_allclose(model(turned).value, model(x).value, rtol=1e-9)


def test_names():
    names = list(models.ViT(6, 3, 4, 1, 8, 1, 2).state_dict())
    layer = "encoder.layers.encoder_layer_0"
    assert sorted(names) == sorted([
        "class_token", "conv_proj.weight", "conv_proj.bias", "encoder.pos_embedding",
        f"{layer}.ln_1.weight", f"{layer}.ln_1.bias",
        f"{layer}.self_attention.in_proj_weight", f"{layer}.self_attention.in_proj_bias",
        f"{layer}.self_attention.out_proj.weight", f"{layer}.self_attention.out_proj.bias",
        f"{layer}.ln_2.weight", f"{layer}.ln_2.bias",
        f"{layer}.mlp.0.weight", f"{layer}.mlp.0.bias", f"{layer}.mlp.3.weight", f"{layer}.mlp.3.bias",
        "encoder.ln.weight", "encoder.ln.bias", "heads.head.weight", "heads.head.bias",
    ])  # fmt: skip


def test_errors():
    with pytest.raises(ValueError, match="images of 8 x 8 are not made of patches of 3 x 3"):
        models.ViT(8, 3)
    with pytest.raises(ValueError, match=r"takes images \(n, channels, 6, 6\), got float64 \(2, 1, 8, 8\)"):
        models.ViT(6, 3, 4, 1, 8, 1, 2)(np.zeros((2, 1, 8, 8)))
