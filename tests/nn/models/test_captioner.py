import numpy as np
import pytest

import nn
from nn import models
from tests.nn.models.training import train

WORDS = ["<start>", "<end>", "one", "two", "lying", "standing", "bar", "bars"]


def pictures(rng, n):
    """Images of one or two bars, lying or standing, and sentences about them."""
    images = rng.random((n, 1, 8, 8)).astype(np.float32) / 5
    sentences = np.full((n, 5), WORDS.index("<end>"))
    for image, sentence in zip(images[:, 0], sentences, strict=True):
        count, standing = rng.integers(1, 3), rng.integers(2)
        view = image.T if standing else image
        view[rng.choice([1, 3, 5, 7], count, replace=False)] += 1
        said = ["<start>", WORDS[1 + count], WORDS[4 + standing], "bar" if count == 1 else "bars", "<end>"]
        sentence[:] = [WORDS.index(word) for word in said]
    return images, sentences


def test_it_learns_to_say_what_it_sees():
    rng = np.random.default_rng(0)
    model = models.Captioner(len(WORDS), 1, 12, 8, 32, generator=0)
    loss_of = nn.CrossEntropyLoss()

    def loss(step):
        images, sentences = pictures(rng, 32)
        logits = model(images, sentences[:, :-1])
        return loss_of(logits.reshape(-1, len(WORDS)), sentences[:, 1:].ravel())

    losses = train(model, loss, 150, lr=0.01)
    assert losses[0] == pytest.approx(np.log(len(WORDS)), abs=0.3)
    assert losses[-1] < 0.25  # from other seeds too
    images, sentences = pictures(rng, 100)
    written = model.caption(images, 0, 1)
    assert written.shape == (100, 4)  # all have ended
    assert (written == sentences[:, 1:]).all(1).mean() > 0.9


def test_the_picture_decides():
    model = models.Captioner(5, 1, 3, 4, 6, dtype=float, generator=0)
    rng = np.random.default_rng(0)
    images, words = rng.normal(size=(2, 1, 6, 6)), np.array([[0, 3], [0, 3]])
    logits = model(images, words).value
    assert (logits[0] != logits[1]).all()
    assert model.caption(images, 0, 1, steps=0).shape == (2, 0)
