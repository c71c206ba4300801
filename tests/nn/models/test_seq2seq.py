import numpy as np
import pytest

import nn
from nn import models
from tests.nn.models.training import train

PADDING, START, END = 0, 1, 2


def reversals(rng, n, longest=5):
    """Words of letters 3 .. 7 with one to five letters, and the same words from right to left."""
    source = np.full((n, longest), PADDING)
    target = np.full((n, longest + 2), PADDING)
    for row in range(n):
        word = rng.integers(3, 8, size=rng.integers(1, longest + 1))
        source[row, : len(word)] = word
        target[row, : len(word) + 2] = [START, *word[::-1], END]
    return source, target


def test_it_learns_to_turn_words_round():
    rng = np.random.default_rng(0)
    model = models.Seq2Seq(8, 8, 12, 32, generator=0)
    loss_of = nn.CrossEntropyLoss(ignore_index=PADDING)

    def loss(step):
        source, target = reversals(rng, 64)
        logits = model(source, target[:, :-1])
        return loss_of(logits.reshape(-1, 8), target[:, 1:].ravel())

    losses = train(model, loss, 200, lr=0.01)
    assert losses[0] == pytest.approx(np.log(8), abs=0.3)
    assert losses[-1] < 0.15
    source, target = reversals(rng, 100)  # words of all lengths, mostly new ones
    written = model.translate(source, START, END, 6)
    wanted = np.where(target[:, 1:] == PADDING, END, target[:, 1:])[:, : written.shape[1]]
    assert (written == wanted).all(1).mean() > 0.85
    assert (written[np.arange(100), (source > 0).sum(1)] == END).mean() > 0.85


def test_padding_changes_nothing():
    model = models.Seq2Seq(8, 8, 4, 6, dtype=float, generator=0)
    short, target = np.array([[3, 5, 4]]), np.array([[START, 6, 7]])
    padded = np.array([[3, 5, 4, PADDING, PADDING], [7, 6, 5, 4, 3]])
    alone = model(short, target).value[0]
    np.testing.assert_allclose(model(padded, np.repeat(target, 2, 0)).value[0], alone, rtol=1e-12)
    logits, _, weights = model.decode(np.repeat(target, 2, 0), model.encode(padded))
    np.testing.assert_allclose(weights.value.sum(-1), 1)
    assert (weights.value[0, :, 3:] == 0).all()
    logits.sum().backward()
    assert all(np.isfinite(p.grad.value).all() for p in model.parameters())


def test_errors():
    model = models.Seq2Seq(8, 8, 4, 6)
    with pytest.raises(ValueError, match=r"Seq2Seq takes tokens \(n, steps\), of at least one step; got int64 \(2,\)"):
        model(np.array([3, 4]), np.array([[1, 3]]))
    with pytest.raises(ValueError, match="padding, token 0, fills sequences up at their end, not before other"):
        model(np.array([[3, 0, 4]]), np.array([[1, 3]]))
    with pytest.raises(ValueError, match="sequence 1 has length 0"):
        model(np.array([[3, 4], [0, 0]]), np.array([[1, 3], [1, 3]]))


def test_translation_stops():
    model = models.Seq2Seq(8, 8, 4, 6, generator=0)
    source = np.array([[3, 5], [4, 0]])
    written = model.translate(source, START, END, steps=4)
    assert written.shape[0] == 2
    assert written.shape[1] <= 4
    state = model.state_dict()
    state["output.bias"][END] = 100
    model.load_state_dict(state)
    np.testing.assert_array_equal(model.translate(source, START, END), [[END], [END]])
    assert model.translate(source, START, END, steps=0).shape == (2, 0)
