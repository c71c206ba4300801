"""Whole models of the lectures (docs/lectures.md lists them). Those of the zoo learn in `tests/nn/models`."""

import numpy as np
import pytest

import nn
from autodiff import Tensor
from autodiff import numpy as anp
from autodiff.testing import check_grads
from tests.nn.models.training import train


def test_r1_a_recurrent_cell_step_by_step():
    # The state is tanh(U x + W s), the output V s: the same three matrices at each step.
    cell = nn.VanillaRNN(2, 3, 1, dtype=float, generator=0)
    rng = np.random.default_rng(0)
    u, w, v = (rng.normal(size=shape) for shape in ((3, 2), (3, 3), (1, 3)))
    cell.load_state_dict({"W_xh": u, "W_hh": w, "W_hy": v})
    s, state = np.zeros(3), None
    for x in rng.normal(size=(4, 2)):
        s = np.tanh(u @ x + w @ s)
        y, state = cell(x, state)
        np.testing.assert_allclose(state.value, s)
        np.testing.assert_allclose(y.value, v @ s)


def test_r2_unrolled_in_time():
    cell = nn.VanillaRNN(2, 3, 1, dtype=float, generator=0)
    xs = np.random.default_rng(0).normal(size=(4, 2))

    def run(cells):
        state, total = None, 0.0
        for x, each in zip(xs, cells, strict=True):
            y, state = each(x, state)
            total = total + anp.sum(y * y)
        return total

    check_grads(lambda cell: run([cell] * 4), (cell,))

    # Unrolled, the network is four cells one after the other. The gradient of a shared weight is the sum of what four
    # weights would get that are equal but not the same.
    run([cell] * 4).backward()
    copies = [nn.VanillaRNN(2, 3, 1, dtype=float) for _ in range(4)]
    for copy in copies:
        copy.load_state_dict(cell.state_dict())
    run(copies).backward()
    for name, shared in cell.named_parameters():
        parts = [dict(copy.named_parameters())[name].grad for copy in copies]
        np.testing.assert_allclose(shared.grad.value, sum(part.value for part in parts if part is not None), rtol=1e-12)
    assert not copies[0].W_hh.grad.value.any()  # the first state has none before it


class Reader(nn.Module):
    """A recurrent layer with a dense layer on its states."""

    def __init__(self, layer, outputs, generator):
        self.layer = layer
        width = layer.hidden_size * layer.directions
        self.output = nn.Linear(width, outputs, generator=generator)

    def forward(self, x, state=None):
        states, _ = self.layer(x, state)
        return self.output(states)  # (n, steps, outputs)


def signs(rng, *shape):
    return rng.choice(np.float32([-1, 1]), size=shape)


def test_r3_many_in_one_out():
    # Of what sign is the first number? The last state has to say, after seven others.
    rng, loss_of = np.random.default_rng(0), nn.CrossEntropyLoss()
    model = Reader(nn.GRU(1, 12, batch_first=True, generator=0), 2, 1)

    def loss(step):
        x = signs(rng, 32, 8, 1)
        return loss_of(model(x)[:, -1], (x[:, 0, 0] > 0).astype(int))

    losses = train(model, loss, 150, lr=0.02)
    assert losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert losses[-1] < 0.05


def test_r3_one_in_many_out():
    # Which of three melodies? The answer stands in the first state alone; the inputs are empty.
    melodies = np.array([[0, 1, 2, 3, 0], [3, 3, 1, 1, 3], [2, 0, 2, 0, 1]])
    loss_of, first = nn.CrossEntropyLoss(), nn.Linear(3, 16, generator=2)
    model = nn.ModuleList([first, Reader(nn.GRU(1, 16, batch_first=True, generator=0), 4, 1)])

    def play():
        return model[1](np.zeros((3, 5, 1)), first(np.eye(3))[None])

    losses = train(model, lambda step: loss_of(play().reshape(-1, 4), melodies.ravel()), 100, lr=0.03)
    assert losses[-1] < 0.05
    np.testing.assert_array_equal(play().value.argmax(-1), melodies)


def test_r3_many_in_many_out_in_step():
    # At each step: has the number of ones so far been odd?
    rng, loss_of = np.random.default_rng(0), nn.CrossEntropyLoss()
    model = Reader(nn.LSTM(1, 16, batch_first=True, generator=0), 2, 1)

    def loss(step):
        x = rng.integers(2, size=(32, 6, 1))
        return loss_of(model(x.astype(np.float32)).reshape(-1, 2), (x.cumsum(1) % 2).ravel())

    losses = train(model, loss, 250, lr=0.03)
    assert losses[0] == pytest.approx(np.log(2), abs=0.1)
    assert losses[-1] < 0.05


@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_r4_what_two_layers_in_two_directions_hold(kind, gates):
    # Each gate has weights for the input, for the state, and two biases; the upper layer reads both directions.
    layer = kind(5, 7, num_layers=2, bidirectional=True, batch_first=True, generator=0)
    lower, upper = gates * (7 * 5 + 7 * 7 + 2 * 7), gates * (7 * 14 + 7 * 7 + 2 * 7)
    assert layer.num_parameters() == 2 * lower + 2 * upper
    states, _ = layer(np.zeros((3, 4, 5)))
    assert states.shape == (3, 4, 14)


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_r4_looking_both_ways(kind):
    # Is the number that follows positive? One direction cannot know, two can.
    rng, loss_of = np.random.default_rng(0), nn.CrossEntropyLoss()
    last = {}
    for both in (False, True):
        layer = kind(1, 8, num_layers=2, bidirectional=both, batch_first=True, generator=0)
        model = Reader(layer, 2, 1)

        def loss(step, model=model):
            x = signs(rng, 32, 6, 1)
            return loss_of(model(x)[:, :-1].reshape(-1, 2), (x[:, 1:, 0] > 0).astype(int).ravel())

        last[both] = np.mean(train(model, loss, 60, lr=0.03)[-5:])
    assert last[False] == pytest.approx(np.log(2), abs=0.05)
    assert last[True] < 0.05


def test_a7_attention_is_a_weighted_mean():
    # A query asks, each key says how well it fits, and the values are averaged by that.
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(2, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    scores = np.exp(q @ k.T / np.sqrt(4))
    weights = scores / scores.sum(1, keepdims=True)
    np.testing.assert_allclose(nn.functional.scaled_dot_product_attention(q, k, v), weights @ v)

    # A key that fits much better than all others is looked up, as in a dictionary.
    found = nn.functional.scaled_dot_product_attention(100 * k[1:2] / np.linalg.norm(k[1]), np.eye(3, 4), v)
    assert np.abs(found - v).sum(1).argmin() == k[1, :3].argmax()

    # It does not care in which order keys and values stand.
    order = [2, 0, 1]
    np.testing.assert_allclose(nn.functional.scaled_dot_product_attention(q, k[order], v[order]), weights @ v)


def test_a12_hebbs_rule():
    # Units that are active together are joined more strongly: dw = lr y x. Of one linear unit, normalised (Oja, 1982),
    # the weights turn to the direction in which the inputs vary most.
    rng = np.random.default_rng(0)
    direction = np.array([3.0, 4.0]) / 5
    inputs = rng.normal(size=(500, 1)) * direction + 0.1 * rng.normal(size=(500, 2))
    unit = nn.Linear(2, 1, bias=False, dtype=float, generator=0)
    w = unit.weight.value[0].copy()
    for x in inputs:
        y = unit(x).item()
        w += 0.05 * y * (x - y * w)
        unit.load_state_dict({"weight": w[None]})
    assert abs(w @ direction) == pytest.approx(1, abs=0.02)
    assert np.linalg.norm(w) == pytest.approx(1, abs=0.05)

    # The same rule as a gradient: dw is the slope of y^2 / 2.
    weight = Tensor(w, requires_grad=True)
    y = weight @ inputs[0]
    (y * y / 2).backward()
    np.testing.assert_allclose(weight.grad.value, y.item() * inputs[0])
