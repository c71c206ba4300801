import numpy as np
import pytest

import nn
from autodiff import Generator
from nn import models
from nn.models.sampling import choose
from tests.nn.models.training import train


def test_it_learns_a_text_by_heart_and_writes_it():
    text = "the cat sat on the mat. "
    letters = sorted(set(text))
    numbers = np.array([letters.index(letter) for letter in text * 2])
    model = models.CharRNN(len(letters), 8, 32, generator=0)
    loss_of = nn.CrossEntropyLoss()

    def loss(step):
        start = step % len(text)
        part = numbers[start : start + 25]
        logits, _ = model(part[None, :-1])
        return loss_of(logits[0], part[1:])

    losses = train(model, loss, 150, lr=0.02)
    assert losses[0] == pytest.approx(np.log(len(letters)), abs=0.4)
    assert losses[-1] < 0.2  # the first letters of each part are a guess
    written = model.sample([numbers[:4]], 20, temperature=0.0)
    assert "".join(letters[i] for i in written[0]) == text


def test_states_carry_on():
    model = models.CharRNN(5, 3, 6, layers=2, dtype=float, generator=0)
    tokens = np.random.default_rng(0).integers(5, size=(2, 7))
    whole, last = model(tokens)
    first, state = model(tokens[:, :3])
    second, end = model(tokens[:, 3:], state)
    np.testing.assert_allclose(np.concatenate([first.value, second.value], 1), whole.value, rtol=1e-12)
    np.testing.assert_allclose(end[0].value, last[0].value, rtol=1e-12)


def test_samples():
    model = models.CharRNN(5, 3, 6, generator=0)
    start = np.array([[1, 2], [3, 0]])
    one, two = (model.sample(start, 6, generator=7) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[:, :2], start)
    assert one.shape == (2, 8)
    assert (model.sample(start, 6, generator=8) != one).any()
    greedy = model.sample(start, 6, temperature=0.0)
    np.testing.assert_array_equal(model.sample(start, 6, top_k=1), greedy)
    with pytest.raises(ValueError, match=r"CharRNN takes tokens \(n, steps\), of at least one step; got int64 \(2,\)"):
        model.sample([1, 2], 3)


def test_choices_follow_the_probabilities():
    p = np.array([0.5, 0.2, 0.3])
    logits = np.tile(np.log(p), (20_000, 1))
    np.testing.assert_allclose(np.bincount(choose(logits, Generator(0))) / 20_000, p, atol=0.01)
    sharper = p**2 / (p**2).sum()
    found = np.bincount(choose(logits, Generator(1), temperature=0.5)) / 20_000
    np.testing.assert_allclose(found, sharper, atol=0.01)
    found = np.bincount(choose(logits, Generator(2), top_k=2), minlength=3) / 20_000
    np.testing.assert_allclose(found, [0.625, 0, 0.375], atol=0.01)
    with pytest.raises(ValueError, match="temperature is a number of at least 0, got -1"):
        choose(logits, Generator(0), temperature=-1.0)


def test_the_choice_of_a_class():
    logits = np.log(np.array([[0.1, 0.2, 0.7]])).repeat(20_000, 0)
    for logits_of, k, expected in ((1, None, [0.1, 0.2, 0.7]), (1, 2, [0, 2 / 9, 7 / 9]), (1, 9, [0.1, 0.2, 0.7])):
        drawn = choose(logits_of * logits, Generator(0), top_k=k)
        np.testing.assert_allclose(np.bincount(drawn, minlength=3) / len(drawn), expected, atol=0.01)
    drawn = choose(logits, Generator(0), temperature=0.5)
    np.testing.assert_allclose(np.bincount(drawn) / len(drawn), np.array([1, 4, 49]) / 54, atol=0.01)
    assert (choose(logits.astype("f4"), Generator(0), temperature=1e-300) == 2).all()
    for temperature in (-1.0, np.nan):
        with pytest.raises(ValueError, match="temperature is a number of at least 0, got"):
            choose(logits, Generator(0), temperature)
    with pytest.raises(ValueError, match="top_k is an integer of at least 1, got 0"):
        choose(logits, Generator(0), top_k=0)
