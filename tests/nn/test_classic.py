import numpy as np
import pytest

import nn


def test_the_perceptron_corrects_only_what_is_wrong():
    neuron = nn.Perceptron(2, dtype="float64")
    assert neuron.fit([[1.0, 2.0]], [0], lr=0.5, epochs=1) == [1]
    assert neuron.weight.tolist() == [-0.5, -1.0]
    assert neuron.bias.item() == -0.5
    assert neuron.fit([[1.0, 2.0]], [0], lr=0.5) == [0]
    assert repr(neuron) == "Perceptron(2)"
    assert neuron(np.zeros((5, 3, 2))).shape == (5, 3)


def test_adaline_finds_the_least_squares():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.where(x @ [1.0, -2.0, 0.5] + 0.3 + rng.normal(size=200) > 0, 1.0, -1.0)
    neuron = nn.Adaline(3, dtype="float64")
    errors = neuron.fit(x, y, lr=0.001, epochs=200)
    best, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(200)]), y)
    np.testing.assert_allclose([*neuron.weight.value, neuron.bias.value], best, atol=0.02)
    assert errors[-1] < errors[0]


def test_its_rule_is_the_gradient_of_half_the_squared_error():
    neuron, x, y = nn.Adaline(2, dtype="float64"), np.array([0.5, -2.0]), 1.0
    (0.5 * (y - neuron(x)) ** 2).backward()
    step = -0.1 * neuron.weight.grad.value
    neuron.fit(x[None], [y], lr=0.1, epochs=1)
    np.testing.assert_allclose(neuron.weight.value, step)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: nn.Perceptron(2).fit([[1, 2]], [-1]), "the targets of Perceptron are 0 and 1"),
        (lambda: nn.Adaline(2).fit([[1, 2]], [0]), "the targets of Adaline are -1 and 1"),
        (lambda: nn.Perceptron(2).fit([1, 2], [0]), r"learns from x \(n, 2\) and y \(n,\); got float64 \(2,\)"),
        (lambda: nn.Perceptron(0), "nin is an integer of at least 1, got 0"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()
