import numpy as np
import pytest

from nn import models
from tests.nn.models.training import train


def tiny(**changes):
    given = {"context": 8, "width": 32, "depth": 1, "heads": 4, "dropout": 0.0, "generator": 0} | changes
    return models.GPT(10, **given)


def test_it_learns_a_rule_and_goes_on_by_it():
    # Counting by a step that is different in each row, modulo ten: what comes next follows from the last two tokens.
    rng = np.random.default_rng(0)

    def rows(n, steps):
        start, by = rng.integers(10, size=(n, 1)), rng.integers(1, 5, size=(n, 1))
        return (start + by * np.arange(steps)) % 10

    model = tiny()
    losses = train(model, lambda step: model.loss(rows(32, 9)), 250, lr=0.006)
    assert losses[0] == pytest.approx(np.log(10), abs=0.2)
    assert losses[-1] < 0.4  # the second token of a row cannot be known: log(4) / 8 is the least
    wanted = rows(50, 20)  # longer than the context
    written = model.eval().generate(wanted[:, :4], 16, temperature=0.0)
    assert (written == wanted).mean() > 0.95


def test_no_step_sees_what_lies_ahead():
    model = tiny(dtype=float)
    tokens = np.random.default_rng(0).integers(10, size=(1, 8))
    changed = tokens.copy()
    changed[0, 5] += 1
    changed %= 10
    before, after = model(tokens).value[0], model(changed).value[0]
    np.testing.assert_allclose(after[:5], before[:5], rtol=1e-12)
    assert (abs(after[5:] - before[5:]).max(1) > 1e-6).all()


def test_generation():
    model = tiny().eval()
    start = np.array([[1, 2], [3, 0]])
    one, two = (model.generate(start, 6, generator=7) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[:, :2], start)
    assert (model.generate(start, 6, generator=8) != one).any()
    np.testing.assert_array_equal(model.generate(start, 6, top_k=1), model.generate(start, 6, temperature=0))


def test_the_table_is_used_twice_and_saved_once():
    model = tiny()
    assert "tokens.weight" in model.state_dict()
    assert sum(value.shape == (10, 32) for value in model.state_dict().values()) == 1
    weights = [value for name, value in model.state_dict().items() if name.endswith("weight") and "norm" not in name]
    assert all(0.015 < weight.std() < 0.025 for weight in weights)
    model.loss([[1, 1, 1]]).backward()
    assert (model.tokens.weight.grad.value != 0).all()  # by the logits, also rows that were not looked up


def test_errors():
    with pytest.raises(ValueError, match=r"looks at 8 steps at most, got 9: pass tokens\[:, -8:\]"):
        tiny()(np.zeros((1, 9), int))
    with pytest.raises(ValueError, match=r"GPT takes tokens \(n, steps\), of at least one step; got int64 \(3,\)"):
        tiny().generate([1, 2, 3], 1)
    with pytest.raises(ValueError, match=r"the loss needs two steps or more, got int64 \(1, 1\)"):
        tiny().loss([[3]])
