"""Worked examples of the lectures about neurons, layers and the practice of training (docs/lectures.md lists them)."""

import copy

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
import optim
from autodiff import Tensor

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], np.float32)
AND, OR, XOR = [0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 1, 0]


def test_n1_the_rules_of_rosenblatt_and_of_widrow_and_hoff():
    # A neuron weighs its inputs, adds a bias, and fires or does not. It is corrected where it is wrong.
    for truth in (AND, OR):
        neuron = nn.Perceptron(2)
        mistakes = neuron.fit(CORNERS, truth)
        assert mistakes[-1] == 0  # an epoch without a mistake: it has learned all four cases
        assert neuron(CORNERS).tolist() == truth

    # No line has the two true cases of XOR on one side: the corrections go round in circles for ever.
    neuron = nn.Perceptron(2)
    mistakes = neuron.fit(CORNERS, XOR, epochs=1000)
    assert len(mistakes) == 1000
    assert min(mistakes) > 0

    # Widrow and Hoff correct by how far the sum itself is off. AND and OR come out right; for XOR the least squared
    # error is that of a neuron which answers 0 to everything.
    for truth in (AND, OR):
        neuron = nn.Adaline(2)
        neuron.fit(CORNERS, np.array(truth) * 2 - 1, lr=0.05, epochs=300)
        assert (neuron.predict(CORNERS).value > 0).tolist() == [bool(t) for t in truth]
    neuron = nn.Adaline(2)
    neuron.fit(CORNERS, np.array(XOR) * 2 - 1, lr=0.01, epochs=2000)
    assert abs(neuron(CORNERS).value).max() < 0.05


SLOPES = {
    "sigmoid": (F.sigmoid, lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "tanh": (F.tanh, np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (F.relu, lambda x: np.maximum(0, x), lambda x: np.where(x > 0, 1, 0)),
    "leaky relu": (F.leaky_relu, lambda x: np.maximum(0.01 * x, x), lambda x: np.where(x > 0, 1, 0.01)),
    "leaky relu of 0.1": (
        lambda x: F.leaky_relu(x, 0.1),
        lambda x: np.maximum(0.1 * x, x),
        lambda x: np.where(x > 0, 1, 0.1),
    ),
    "elu": (F.elu, lambda x: np.where(x > 0, x, np.exp(x) - 1), lambda x: np.where(x > 0, 1, np.exp(x))),
    "softplus": (F.softplus, lambda x: np.log(1 + np.exp(x)), lambda x: 1 / (1 + np.exp(-x))),
    "hard tanh": (F.hardtanh, lambda x: np.clip(x, -1, 1), lambda x: np.where(abs(x) < 1, 1, 0)),
    "radial basis": (lambda x: ad.exp(-x * x / 2), lambda x: np.exp(-x * x / 2), lambda x: -x * np.exp(-x * x / 2)),
}


@pytest.mark.parametrize("name", SLOPES)
def test_n4_curves_and_slopes(name):
    ours, curve, slope = SLOPES[name]
    x = np.linspace(-4, 4, 82)  # none of them on a kink
    np.testing.assert_allclose(ours(x), curve(x), atol=1e-14)
    np.testing.assert_allclose(ad.elementwise_grad(ours)(x), slope(x), atol=1e-14)


def test_n4_radial_basis():
    # exp(-|w - z|^2 / sigma^2), of the distance from a centre w: 1 there, 1 / e at the distance sigma.
    layer, w, sigma = nn.RBF(2, 1, dtype=float), np.array([1.0, -2.0]), 1.5
    nn.init.fill_(layer.centers, w[None])
    nn.init.fill_(layer.widths, sigma / np.sqrt(2))  # its own formula has 2 s^2 below
    z = w + sigma * np.array([[0.0, 0.0], [0.6, 0.8], [2.0, 0.0]])
    np.testing.assert_allclose(layer(z).value[:, 0], np.exp([0.0, -1.0, -4.0]), rtol=1e-12)
    # Its slope leads to the centre, and is nothing both at the centre and far away.
    layer.requires_grad_(False)
    slope = ad.grad(lambda z: ad.sum(layer(z)))
    np.testing.assert_allclose(slope(z[1:2]), 2 * (w - z[1:2]) / sigma**2 / np.e, rtol=1e-12)
    assert not slope(w[None]).any()
    assert abs(slope(w[None] + 20)).max() < 1e-100


def test_n4_step_maxout_and_softmax():
    # The step has no slope to learn by, which is why the perceptron needed a rule of its own.
    x = Tensor([-1.0, 2.0], requires_grad=True)
    assert F.step(x).tolist() == [0.0, 1.0]
    assert not F.step(x).requires_grad

    # Maxout is the largest of several lines, max(w1 x + b1, w2 x + b2): with x and -x it is |x|, with x and 0 the
    # ReLU, with 2 x + 1 and -x + 4 a valley whose lowest point lies where the two meet.
    maxout = nn.Maxout(1, 3, pieces=2, dtype="float64")
    nn.init.fill_(maxout.weight, [[1.0], [-1.0], [1.0], [0.0], [2.0], [-1.0]])
    nn.init.fill_(maxout.bias, [0.0, 0.0, 0.0, 0.0, 1.0, 4.0])
    assert maxout(np.array([[-3.0], [2.0], [1.0]])).tolist() == [[3.0, 0.0, 7.0], [2.0, 2.0, 5.0], [1.0, 1.0, 3.0]]

    # Softmax: each output falls as another's score grows.
    jacobian = ad.jacobian(F.softmax)(np.array([1.0, 2.0, 3.0]))
    s = F.softmax(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(jacobian, np.diag(s) - np.outer(s, s), atol=1e-15)


def two_moons(rng, n=200):
    """Two classes that no line divides."""
    angle = rng.uniform(0, np.pi, n)
    label = np.arange(n) % 2
    x = np.stack([np.cos(angle) + label - 0.5, np.sin(angle) * (1 - 2 * label) + label * 0.5 - 0.25], 1)
    return (x + 0.1 * rng.normal(size=(n, 2))).astype(np.float32), label


def train(model, x, label, steps=150, lr=0.02, penalty=lambda model: 0.0):
    opt = optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(model(x), label) + penalty(model)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def test_n4_saturated_and_dead_units_in_a_network_that_trains():
    x, label = two_moons(np.random.default_rng(0))

    # Sigmoids whose weights are large sit where the curve is flat, and hand on next to no gradient.
    def slope(scale):
        hidden = nn.Linear(2, 30, generator=0)
        nn.init.fill_(hidden.weight, scale * hidden.weight.value)
        s = F.sigmoid(hidden(x)).value
        return (s * (1 - s)).mean()

    assert slope(1.0) > 0.2  # a quarter is the most that there is
    assert slope(100.0) < 0.02

    # Rectified units that no example reaches are dead: no gradient, so they never come back.
    model = nn.Sequential(nn.Linear(2, 30, generator=0), nn.ReLU(), nn.Linear(30, 2, generator=1))
    dead = np.arange(30) < 10
    nn.init.fill_(model[0].bias, np.where(dead, -100.0, 0.0))
    before = model[0].weight.value.copy()
    losses = train(model, x, label)
    assert losses[-1] < 0.2 < losses[0]  # the others learn all the same
    np.testing.assert_array_equal(model[0].weight.value[dead], before[dead])
    assert (model[0].weight.value[~dead] != before[~dead]).any(1).mean() > 0.9
    assert not F.relu(model[0](x)).value[:, dead].any()

    # A leaky unit has a slope everywhere, and comes back in time.
    model[1] = nn.LeakyReLU()
    train(model, x, label, steps=1)
    assert (model[0].weight.value[dead] != before[dead]).all()


def test_n5_softmax_outputs_against_one_hot_targets():
    # The fourth of five classes, counted from 0: class 3.
    assert ad.one_hot(np.array(3), 5).tolist() == [0, 0, 0, 1, 0]

    scores = np.array([[1.0, 2.0, 3.0, 4.0, 0.0], [1e4, -1e4, 0.0, 1e4, 5.0], [-1e4, -1e4, -1e4, -1e4, -1e4]])
    probabilities = F.softmax(scores)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    np.testing.assert_allclose(probabilities[1], [0.5, 0, 0, 0.5, 0])
    np.testing.assert_allclose(probabilities[2], 0.2)

    # The loss is minus the logarithm of what the right class got; its gradient by the scores is output minus target.
    x = Tensor(scores, requires_grad=True)
    target = ad.one_hot(np.array([3, 0, 2]), 5)
    loss = -(target * F.log_softmax(x)).sum()
    assert loss.item() == pytest.approx(F.cross_entropy(scores, np.array([3, 0, 2]), reduction="sum"))
    loss.backward()
    np.testing.assert_allclose(x.grad.value, probabilities - target, atol=1e-12)


def deep(fill, layers=8, width=50):
    model = nn.Sequential()
    for i in range(layers):
        model.append(nn.Linear(width, width, generator=i))
        nn.init.zeros_(model[-1].bias)
        fill(model[-1].weight, generator=100 + i)
        model.append(nn.Tanh())
    return model


def test_t4_starting_weights():
    # How large activations are after eight layers, and how large the gradient is that reaches the first of them.
    x = np.random.default_rng(0).normal(size=(100, 50)).astype(np.float32)
    spread, arriving = {}, {}
    for fill in (
        nn.init.fixed_normal_,  # 0.02 randn
        nn.init.width_normal_,  # randn / sqrt(width)
        nn.init.fan_in_uniform_,  # uniform within 1 / sqrt(fan in)
        nn.init.xavier_uniform_,
        nn.init.kaiming_normal_,
    ):
        model = deep(fill)
        y = model(x)
        y.sum().backward()
        spread[fill.__name__] = float(y.value.std())
        arriving[fill.__name__] = float(np.linalg.norm(model[0].weight.grad.value))
    assert spread["fixed_normal_"] < 1e-5  # 0.02 sqrt(50) = 0.14 of the size is left in each layer
    assert 1e-3 < spread["fan_in_uniform_"] < 0.1  # a third of the variance
    assert min(spread["width_normal_"], spread["xavier_uniform_"], spread["kaiming_normal_"]) > 0.1
    assert arriving["fixed_normal_"] < 1e-3 * arriving["xavier_uniform_"]

    # That is what stops a deep network: it does not get away from its first loss.
    x, label = two_moons(np.random.default_rng(0))
    last = {}
    for fill in (nn.init.fixed_normal_, nn.init.xavier_normal_):
        model = nn.Sequential(nn.Linear(2, 50, generator=0), deep(fill), nn.Linear(50, 2, generator=1))
        opt = optim.SGD(model.parameters(), 0.1)
        for _ in range(100):
            loss = F.cross_entropy(model(x), label)
            opt.zero_grad()
            loss.backward()
            opt.step()
        last[fill.__name__] = loss.item()
    assert last["fixed_normal_"] > 0.69  # log 2: guessing
    assert last["xavier_normal_"] < 0.4


def test_t5_what_is_normalised_over():
    # Eight images of six channels, 5 x 5. Each method takes mean and variance over other axes.
    x = np.random.default_rng(0).normal(3, 2, size=(8, 6, 5, 5))
    over = {
        "batch": (F.batch_norm(x, None, None, training=True), (0, 2, 3)),
        "layer": (F.layer_norm(x, (6, 5, 5)), (1, 2, 3)),
        "instance": (F.instance_norm(x), (2, 3)),
        "group": (F.group_norm(x, 3).reshape(8, 3, 2, 5, 5), (2, 3, 4)),
    }
    for y, axis in over.values():
        np.testing.assert_allclose(y.mean(axis), 0, atol=1e-12)
        np.testing.assert_allclose(y.std(axis), 1, atol=1e-4)

    # Weights that start too small stop a deep network; normalised layers do not mind.
    x, label = two_moons(np.random.default_rng(0))
    model = nn.Sequential(nn.Linear(2, 50, generator=0))
    for layer in deep(nn.init.fixed_normal_):
        model.append(layer)
        if isinstance(layer, nn.Linear):
            model.append(nn.BatchNorm1d(50))
    model.append(nn.Linear(50, 2, generator=1))
    losses = train(model, x, label, steps=60, lr=0.01)
    assert losses[-1] < 0.2

    # In use it takes the running statistics: one example alone is answered as among others.
    model.eval()
    np.testing.assert_allclose(model(x[:1]).value, model(x).value[:1], rtol=1e-3, atol=1e-4)


def test_t6_dropout_has_the_right_scale_at_test_time():
    # In training a unit is there with probability 1 - p, and larger by 1 / (1 - p): the mean is what it is in use.
    x = np.full(100_000, 2.0)
    drop = nn.Dropout(0.3, generator=0)
    assert drop(x).mean() == pytest.approx(2.0, rel=0.01)
    assert (drop(x) == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert drop.eval()(x) is x


def test_t6_penalties_make_weights_small_and_sparse():
    # Ten inputs, of which two matter. L2 makes all weights smaller, L1 makes those that do not matter vanish.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 10))
    y = x[:, 0] - 2 * x[:, 1] + 0.5 * rng.normal(size=40)

    def fit(penalty):
        w = Tensor(np.zeros(10), requires_grad=True)
        opt = optim.SGD([w], 0.02)
        for _ in range(2000):
            loss = ((x @ w - y) ** 2).mean() + penalty(w)
            opt.zero_grad()
            loss.backward()
            opt.step()
        return w.value

    plain, ridge, lasso = fit(lambda w: 0.0), fit(lambda w: 0.5 * (w * w).sum()), fit(lambda w: 0.3 * abs(w).sum())
    np.testing.assert_allclose(plain, np.linalg.lstsq(x, y)[0], atol=1e-6)
    np.testing.assert_allclose(ridge, np.linalg.solve(x.T @ x / 40 + 0.5 * np.eye(10), x.T @ y / 40), atol=1e-6)
    assert (abs(plain[2:]) > 0.02).sum() > 4
    assert (abs(lasso[2:]) < 0.02).all()
    assert abs(lasso[:2]).min() > 0.5


def test_t6_early_stopping():
    # A large network learns forty noisy examples by heart. What it does on others is best before that.
    rng = np.random.default_rng(1)
    (x, label), (x_other, label_other) = two_moons(rng, 40), two_moons(rng, 400)
    label = np.where(rng.random(40) < 0.2, 1 - label, label)
    model = nn.MLP(2, [100, 100, 2], "relu", generator=0)
    opt = optim.Adam(model.parameters(), 0.01)
    best, waited, seen = (np.inf, {}), 0, []
    while waited < 50:
        loss = F.cross_entropy(model(x), label)
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen.append(F.cross_entropy(model(x_other), label_other).item())
        waited = 0 if seen[-1] < best[0] else waited + 1
        if not waited:
            best = seen[-1], copy.deepcopy(model.state_dict())
    model.load_state_dict(best[1])
    assert F.cross_entropy(model(x_other), label_other).item() == pytest.approx(min(seen))
    assert min(seen) < 0.7 * seen[-1]
