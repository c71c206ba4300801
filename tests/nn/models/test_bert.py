import numpy as np
import pytest

from autodiff import Generator
from nn import models
from tests.nn.models.training import train

MASK = 11  # 0 is padding, 1 .. 10 are tokens


def tiny(**changes):
    given = {"context": 12, "width": 32, "depth": 1, "heads": 4, "padding": 0, "dropout": 0.0, "generator": 0} | changes
    return models.MaskedLM(12, MASK, **given)


def rows(rng, n, steps=8):
    """Counting up from anywhere, modulo ten: a gap follows from its neighbours on either side."""
    return 1 + (rng.integers(10, size=(n, 1)) + np.arange(steps)) % 10


def test_it_learns_to_fill_gaps():
    rng, stream = np.random.default_rng(0), Generator(1)
    model = tiny()
    losses = train(model, lambda step: model.loss(rows(rng, 32), 0.3, stream), 200, lr=0.01)
    assert losses[0] == pytest.approx(np.log(12), abs=0.3)
    assert np.mean(losses[-10:]) < 0.5
    whole = rows(rng, 50)
    for gap in (0, 3, 7):  # the first one too, for which there is nothing before it
        hidden = whole.copy()
        hidden[:, gap] = MASK
        assert (model.eval()(hidden).value[:, gap].argmax(-1) == whole[:, gap]).mean() > 0.95


def test_every_step_sees_all_others():
    model = tiny(dtype=float)
    tokens = rows(np.random.default_rng(0), 1)
    changed = tokens.copy()
    changed[0, 4] = 1 + tokens[0, 4] % 10
    assert (abs(model(changed).value - model(tokens).value).max(-1) > 1e-7).all()


def test_padding_changes_nothing():
    model = tiny(dtype=float)
    tokens = rows(np.random.default_rng(0), 2, 5)
    padded = np.pad(tokens, ((0, 0), (0, 3)))
    np.testing.assert_allclose(model(padded).value[:, :5], model(tokens).value, rtol=1e-9)


def test_what_is_hidden():
    model = tiny()
    tokens = np.pad(rows(np.random.default_rng(0), 2000), ((0, 0), (0, 2)))
    hidden, chosen = model.hide(tokens, 0.2, 3)
    there = tokens != 0
    assert not chosen[~there].any()
    assert chosen[there].mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_array_equal(hidden[~chosen], tokens[~chosen])
    assert (hidden[chosen] == MASK).mean() == pytest.approx(0.8 + 0.1 / 12, abs=0.02)
    assert (hidden[chosen] == tokens[chosen]).mean() == pytest.approx(0.1 + 0.1 / 12, abs=0.02)
    for again, first in zip(model.hide(tokens, 0.2, 3), (hidden, chosen), strict=True):
        np.testing.assert_array_equal(again, first)


def test_errors():
    with pytest.raises(ValueError, match=r"mask is one of the 12 tokens, 0 \.\. 11; got 12"):
        models.MaskedLM(12, 12)
    with pytest.raises(ValueError, match="looks at 12 steps at most, got 13"):
        tiny()(np.ones((1, 13), int))
    with pytest.raises(ValueError, match="none of the 4 tokens was chosen; give more of them, or a larger share"):
        tiny().loss([[1, 2, 3, 4]], 1e-9)
    with pytest.raises(ValueError, match=r"share is more than 0 and at most 1, got 15"):
        tiny().hide([[1, 2, 3, 4]], 15)
    for padding in (11, -1, 12):
        with pytest.raises(ValueError, match=rf"padding is one of the 12 tokens.*not mask, 11; got {padding}"):
            models.MaskedLM(12, 11, padding=padding)
