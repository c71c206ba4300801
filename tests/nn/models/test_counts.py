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
