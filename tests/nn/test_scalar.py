import numpy as np
import pytest

import nn
from autodiff.graph import history
from autodiff.tensor import Tensor


def test_neuron_by_hand():
    n = nn.scalar.Neuron(2, "linear")
    n.set_weights([2.0, -3.0], 6.75)
    x = [Tensor(1.0, requires_grad=True), Tensor(-2.0, requires_grad=True)]
    y = n(x)
    y.backward()
    assert y.item() == 14.75
    assert [w.grad.item() for w in n.w] == [1.0, -2.0]
    assert [xi.grad.item() for xi in x] == [2.0, -3.0]
    assert n.b.grad.item() == 1.0


def test_no_node_too_many():
    """A product and a sum for each weight, one activation for each neuron."""
    out = nn.scalar.MLP(2, [3, 1], "tanh")([1.0, 2.0])
    nodes, leaves = history([out.node])
    assert len(nodes) == 3 * (2 * 2 + 1) + 2 * 3
    assert len(leaves) == 3 * 3 + 4


def test_names_and_output():
    model = nn.scalar.MLP(2, [2, 2], generator=0)
    names = [name for name, _ in model.named_parameters()]
    assert names[:3] == ["layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b"]
    assert len(model([1.0, 2.0])) == 2
    assert type(nn.scalar.MLP(2, [1])([1.0, 2.0])) is Tensor


def test_float64_like_python_unless_asked():
    assert nn.scalar.MLP(1, [1])([1]).dtype == np.float64
    small = nn.scalar.MLP(2, [3, 1], dtype="float32")
    assert small(np.array([1.0, 2.0])).dtype == np.float32


def test_the_same_seed_gives_the_same_network():
    for seed in (0, 1):
        one = nn.scalar.MLP(3, [4, 2], "relu", generator=seed)
        many = nn.MLP(3, [4, 2], "relu", dtype=float, generator=seed)
        for (w, b), (W, B) in zip(one.weights(), many.weights(), strict=True):
            np.testing.assert_array_equal(w, W)
            np.testing.assert_array_equal(b, B)


def test_weights_go_both_ways():
    one, many = nn.scalar.MLP(3, [4, 2], generator=0), nn.MLP(3, [4, 2], dtype=float, generator=1)
    x = [0.3, -0.2, 0.5]
    one.set_weights(many.weights())
    np.testing.assert_allclose([y.item() for y in one(x)], many(x).value, rtol=1e-14)
    other = nn.scalar.MLP(3, [4, 2], generator=2)
    many.set_weights(other.weights())
    np.testing.assert_allclose([y.item() for y in other(x)], many(x).value, rtol=1e-14)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_both_readings_train_to_the_same_numbers(activation):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 2))
    Y = np.sign(X[:, 0] * X[:, 1])
    one = nn.scalar.MLP(2, [4, 4, 1], activation, generator=0)
    many = nn.MLP(2, [4, 4, 1], activation, dtype="float64", generator=0)
    for _ in range(30):
        losses = []
        for model in (one, many):
            if model is one:
                loss = 0.0
                for x, y in zip(X, Y, strict=True):
                    error = model(x) - y
                    loss = loss + error * error
                loss = loss / len(X)
            else:
                loss = nn.MSELoss()(model(X), Y[:, None])
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.value = p.value - 0.2 * p.grad.value
            losses.append(loss.item())
        assert abs(losses[0] - losses[1]) < 1e-10
    for (w, b), (W, B) in zip(one.weights(), many.weights(), strict=True):
        np.testing.assert_allclose(w, W, atol=1e-10)
        np.testing.assert_allclose(b, B, atol=1e-10)


def test_errors():
    model = nn.scalar.MLP(2, [1])
    with pytest.raises(ValueError, match="a neuron of 2 inputs was given 3 numbers"):
        model([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"takes one example, a list of numbers; got shape \(4, 2\)"):
        model(np.ones((4, 2)))


def test_a_list_of_tensors_is_one_example():
    x = [Tensor(0.5, requires_grad=True), Tensor(-1.0, requires_grad=True)]
    nn.scalar.MLP(2, [3, 1], generator=0)(x).backward()
    assert all(xi.grad is not None for xi in x)


def test_lines_of_ops_when_functions_take_turns():
    """An op remembers who called it last; the line is that of the one who calls it now."""

    class Twice(nn.Module):
        def forward(self, x):
            return x + x  # a user's own module: this line

    neuron, x = nn.scalar.Neuron(1, "linear", generator=0), Tensor(2.0, requires_grad=True)
    for _ in range(2):
        first = x + x
        second = neuron([x])
        third = Twice()(x)
        assert second.node.line[1] == first.node.line[1] + 1
        assert third.node.line[1] == first.node.line[1] - 4


def test_lines_of_ops_when_calls_of_one_module_take_turns():
    """An op remembers the call of a module that it last ran in; the next call has another line."""

    class Both(nn.Module):
        def __init__(self):
            self.neuron = nn.scalar.Neuron(1, "linear", generator=0)

        def forward(self, x):
            return self.neuron([x]), self.neuron([x]) + 0.0, self.neuron.forward([x])

    def lines(outs):
        return [out.node.line[1] for out in outs]

    model, x = Both(), Tensor(2.0, requires_grad=True)
    inside = Both.forward.__code__.co_firstlineno + 1
    for _ in range(2):
        first = model.neuron([x])
        second = model.neuron([x])
        assert lines([second])[0] == lines([first])[0] + 1
        assert lines(model(x)) == [inside, inside, inside]
        assert lines([model.neuron([x])])[0] == lines([first])[0] + 4
