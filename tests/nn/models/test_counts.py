"""The numbers of parameters at the sizes of the papers."""

import numpy as np
import pytest

import nn
from nn import init, models


@pytest.fixture
def undrawn(monkeypatch):
    """Leave initial values undrawn: the counts do not depend on them, and drawing 138 million takes a while."""
    monkeypatch.setattr(init, "_draw_", lambda tensor, draw: tensor)


COUNTS = {
    "LeNet5": (models.LeNet5, 61_706),
    "AlexNet": (models.AlexNet, 61_100_840),
    "VGG11": (lambda: models.VGG(11), 132_863_336),
    "VGG13": (lambda: models.VGG(13), 133_047_848),
    "VGG16": (models.VGG, 138_357_544),
    "VGG19": (lambda: models.VGG(19), 143_667_240),
    "VGG16 with batch norm": (lambda: models.VGG(16, batch_norm=True), 138_365_992),
    "GoogLeNet": (models.GoogLeNet, 6_624_904),
    "ResNet18": (models.ResNet, 11_689_512),
    "ResNet34": (lambda: models.ResNet(34), 21_797_672),
    "ResNet50": (lambda: models.ResNet(50), 25_557_032),
    "ResNet101": (lambda: models.ResNet(101), 44_549_160),
    "ResNet152": (lambda: models.ResNet(152), 60_192_808),
    "GPT": (lambda: models.GPT(50257, 1024, 768, 12, 12), 124_439_808),
    "MaskedLM": (
        # BERT base is this and a table of two rows that tells the two sentences of its second task apart.
        lambda: models.MaskedLM(30522, 103, 512, 768, 12, 12),
        109_514_298 - 2 * 768,
    ),
    "ViT": (models.ViT, 86_567_656),
    "CapsuleNetwork": (models.CapsuleNetwork, 6_804_224),
}


@pytest.mark.parametrize("name", COUNTS)
def test_count(name, undrawn):
    make, expected = COUNTS[name]
    model = make()
    assert model.num_parameters() == expected
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert isinstance(model, nn.Module)
