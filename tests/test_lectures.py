"""Worked examples of the lectures, with the figures that the lectures print (docs/lectures.md lists them).

Each test is written as a reader of the lecture would write it, with the public names alone.
"""

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff import Tensor


def test_e1_gate_graph():
    # The first computational graph: an adder feeds a multiplier. Values run forward above the wires,
    # gradients back below them, each gate knowing its own two inputs and nothing else.
    x = Tensor(-2.0, requires_grad=True)
    y = Tensor(5.0, requires_grad=True)
    z = Tensor(-4.0, requires_grad=True)

    q = (x + y).retain_grad()  # a wire in the middle: its gradient is kept only when asked for
    f = q * z
    assert q.item() == 3
    assert f.item() == -12

    f.backward()
    assert q.grad.item() == -4  # the multiplier hands z to q ...
    assert z.grad.item() == 3  # ... and q to z,
    assert x.grad.item() == -4  # and the adder passes on what it gets, to both sides alike
    assert y.grad.item() == -4

    # Defined by running: the same three numbers in plain Python code give the same derivatives.
    assert ad.grad(lambda x, y, z: (x + y) * z, argnums=(0, 1, 2))(-2.0, 5.0, -4.0) == (-4, -4, 3)


# A classifier of two layers, for E3 and E9: three features, four hidden units, three classes.
X = np.array([0.5, -1.2, 2.0])  # (3,)
W1 = np.array([[0.2, -0.4, 0.1], [-0.5, 0.3, 0.6], [0.7, 0.8, -0.3], [-0.1, 0.2, 0.9]])  # (4, 3)
W2 = np.array([[0.3, -0.6, 0.2, 0.5], [0.1, 0.4, -0.7, -0.2], [-0.8, 0.5, 0.6, 0.3]])  # (3, 4)
LABEL = 2


def scores(W1, W2):
    return W2 @ np.maximum(0, W1 @ X)  # (3,)


def softmax_loss(W1, W2):
    s = scores(W1, W2)
    return ad.logsumexp(s) - s[LABEL]


def slopes_by_nudging(f, W, h=1e-5):
    """dL/dW one entry at a time, from two evaluations each: slow, but nobody can get it wrong."""
    slopes = np.zeros_like(W)
    for place in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[place] = h
        slopes[place] = (f(W + step) - f(W - step)) / (2 * h)
    return slopes


def test_e3_two_layer_scores():
    # Linear scores, then a layer more: s = W2 max(0, W1 x). What training needs is dL/dW for every W,
    # and nobody wants to derive that on paper again for each new network.
    assert (W1 @ X < 0).any()  # both branches of max(0, .) are taken
    assert (W1 @ X > 0).any()
    dW1, dW2 = ad.grad(softmax_loss, argnums=(0, 1))(W1, W2)

    assert dW1.shape == W1.shape
    assert dW2.shape == W2.shape
    np.testing.assert_allclose(dW1, slopes_by_nudging(lambda W: softmax_loss(W, W2), W1), atol=1e-9)
    np.testing.assert_allclose(dW2, slopes_by_nudging(lambda W: softmax_loss(W1, W), W2), atol=1e-9)
    ad.testing.check_grads(softmax_loss, [W1, W2])


def test_e4_taylor_sine():
    # Nothing but ordinary Python is differentiated: a loop that stops when the numbers say so.
    # sin x = x - x^3/3! + x^5/5! - ..., up to the first term that is smaller than 0.001.
    terms = []

    def taylor_sine(x):
        total = term = x
        n = 1
        while np.abs(term) >= 0.001:
            term = -term * x * x / ((n + 1) * (n + 2))
            total = total + term
            n = n + 2
        terms.append((n + 1) // 2)
        return total

    slope = ad.grad(taylor_sine)(np.pi)
    assert round(slope, 7) == -0.9998995  # cos(pi) = -1, as near as the series was asked to come
    assert slope == pytest.approx(np.cos(np.pi), abs=0.001)

    # How long the loop runs depends on the data, and the recorded graph with it.
    assert ad.grad(taylor_sine)(0.1) == pytest.approx(np.cos(0.1), abs=0.001)
    assert terms == [7, 2]


def test_e5_logistic_regression():
    # Gradient descent on array code that has never heard of gradients: it is written with NumPy alone.
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])

    def sigmoid(x):
        return 0.5 * (np.tanh(x) + 1)

    def training_loss(weights):
        p = sigmoid(np.dot(inputs, weights))  # (4,): the probability of True
        return -np.sum(np.log(p * targets + (1 - p) * (1 - targets)))

    gradient = ad.grad(training_loss)
    weights = np.zeros(3)
    losses = [training_loss(weights)]
    for _ in range(100):
        weights -= 0.01 * gradient(weights)
        losses.append(training_loss(weights))

    assert round(losses[0], 6) == 2.772589  # four coins tossed: 4 ln 2
    assert losses[0] == pytest.approx(4 * np.log(2), rel=1e-15)
    assert (np.diff(losses) < 0).all()
    assert round(losses[100], 6) == 0.389008


def test_e6_sigmoid_circuit():
    # One neuron, f = 1 / (1 + exp(-(w0 x0 + w1 x1 + w2))), taken apart into gates that a child could
    # differentiate. Any group of gates may be drawn as one gate, if its own slope is known.
    def neuron(gate):
        w0, x0, w1, x1, w2 = wires = [Tensor(v, requires_grad=True) for v in (2.0, -1.0, -3.0, -2.0, -3.0)]
        z = (w0 * x0 + w1 * x1 + w2).retain_grad()
        f = gate(z)
        f.backward()
        return f.item(), z.grad.item(), [wire.grad.item() for wire in wires]

    middle = []

    def gate_by_gate(z):
        a = (-z).retain_grad()
        b = np.exp(a).retain_grad()
        c = (1 + b).retain_grad()
        middle.extend([a, b, c])
        return 1 / c

    f, dz, gradients = neuron(gate_by_gate)
    fused_f, fused_dz, fused_gradients = neuron(ad.sigmoid)
    assert f == pytest.approx(fused_f, rel=1e-15)
    assert gradients == pytest.approx(fused_gradients, rel=1e-14)

    # The slope of the one large gate, from its output alone.
    assert fused_dz == pytest.approx((1 - f) * f, rel=1e-15)
    assert dz == pytest.approx((1 - f) * f, rel=1e-14)

    # On the way through the small gates: 1/c has slope -1/c^2, +1 has 1, exp has its own output, - has -1.
    a, b, c = middle
    assert c.grad.item() == pytest.approx(-1 / c.item() ** 2)
    assert b.grad.item() == c.grad.item() * 1
    assert a.grad.item() == pytest.approx(b.grad.item() * b.item())
    assert dz == -a.grad.item()

    # And each multiplier below hands its inputs what it got times the other input.
    assert gradients == pytest.approx([-1 * dz, 2 * dz, -2 * dz, -3 * dz, dz])


def test_e7_delta_rules():
    # Backpropagation by hand in a network of 2 inputs, 2 tanh units and 1 linear output. A delta is the
    # slope of E at one place of the network, and each is found from the delta after it.
    x1, x2, y = 0.6, -1.1, 0.4
    w1, w2, w3, w4, w5, w6 = w = [
        Tensor(v, requires_grad=True, name=f"w{i}") for i, v in enumerate([0.3, -0.8, 0.5, 0.9, -1.2, 0.7], start=1)
    ]
    h1 = (w1 * x1 + w2 * x2).retain_grad()
    h2 = (w3 * x1 + w4 * x2).retain_grad()
    z1 = np.tanh(h1).retain_grad()
    z2 = np.tanh(h2).retain_grad()
    f = (w5 * z1 + w6 * z2).retain_grad()
    E = (f - y) ** 2 / 2
    E.backward()

    delta_1 = f.item() - y
    delta_2 = delta_1 * w5.item()
    delta_3 = delta_1 * w6.item()
    delta_4 = delta_2 * (1 - np.tanh(h1.item()) ** 2)
    delta_5 = delta_3 * (1 - np.tanh(h2.item()) ** 2)
    found = [place.grad.item() for place in (f, z1, z2, h1, h2)]
    assert found == pytest.approx([delta_1, delta_2, delta_3, delta_4, delta_5], rel=1e-14)

    # The slope of a weight: the delta where its wire ends times the value where it begins.
    by_hand = [
        delta_4 * x1,
        delta_4 * x2,
        delta_5 * x1,
        delta_5 * x2,
        delta_1 * np.tanh(h1.item()),
        delta_1 * np.tanh(h2.item()),
    ]
    assert [weight.grad.item() for weight in w] == pytest.approx(by_hand, rel=1e-14)


def test_e8_learning_loop():
    # One turn of the loop that all training consists of: predict, compare, find who is to blame, correct.
    x1, x2, y = 2.0, -1.0, 6.0
    w1, w2, w3, b1, b2 = (Tensor(v, requires_grad=True) for v in (1.5, 2.0, 2.5, 3.0, -2.0))

    def predict():
        hidden = ad.relu(w1 * x1 + w2 * x2 + b1)
        return w3 * hidden + b2

    prediction = predict()
    loss = (prediction - y) ** 2
    assert prediction.item() == 8
    assert loss.item() == 4

    loss.backward()
    assert w3.grad.item() == 16
    assert w1.grad.item() == 20
    assert b1.grad.item() == 10

    optimizer = optim.SGD([w1, b1, w3], lr=0.01)  # w2 and b2 are held where they are
    optimizer.step()
    assert w1.item() == pytest.approx(1.3)
    assert b1.item() == pytest.approx(2.9)
    assert w3.item() == pytest.approx(2.34)
    assert (w2.item(), b2.item()) == (2, -2)
    assert predict().item() == pytest.approx(6.19)  # the target is 6


def test_e9_backprop_over_layers():
    # The algorithm in full: forward through the layers, keeping what each was given; then back, where the
    # gradient that one layer has found is all that the layer before it needs. Nothing is computed twice.
    weights = [W1, W2]

    outputs = [X]
    for i, W in enumerate(weights):
        z = W @ outputs[-1]
        outputs.append(z if i == len(weights) - 1 else np.maximum(0, z))

    s = outputs.pop()
    upstream = np.exp(s) / np.exp(s).sum()  # dL/ds of the softmax loss: the probabilities, ...
    upstream[LABEL] -= 1  # ... less one for the right class
    by_hand = [None] * len(weights)
    for i in reversed(range(len(weights))):
        given = outputs[i]
        by_hand[i] = np.outer(upstream, given)  # dL/dW
        if i > 0:
            upstream = (weights[i].T @ upstream) * (given > 0)  # dL/dz of the layer before, through its ReLU

    # The numbers of E3: those of the engine, and those of nudging every weight.
    by_engine = ad.grad(softmax_loss, argnums=(0, 1))(W1, W2)
    for hand, engine in zip(by_hand, by_engine, strict=True):
        np.testing.assert_allclose(hand, engine, rtol=1e-13)
    by_nudging = slopes_by_nudging(lambda W: softmax_loss(W, W2), W1)
    np.testing.assert_allclose(by_hand[0], by_nudging, atol=1e-9)

    # The same network as modules, and its `.grad`.
    first, second = nn.Linear(3, 4, bias=False), nn.Linear(4, 3, bias=False)
    model = nn.Sequential(first, nn.ReLU(), second).astype(np.float64)
    model.load_state_dict({"0.weight": W1, "2.weight": W2})
    nn.CrossEntropyLoss()(model(X[None]), np.array([LABEL])).backward()
    np.testing.assert_allclose(first.weight.grad.value, by_hand[0], rtol=1e-13)
    np.testing.assert_allclose(second.weight.grad.value, by_hand[1], rtol=1e-13)


def test_n2_xor():
    # The function that stopped the perceptron: no straight line parts its two classes. One hidden layer does.
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])

    def trained(model):
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        for _ in range(500):
            optimizer.zero_grad()
            loss = nn.MSELoss()(model(x), y)
            loss.backward()
            optimizer.step()
        return ((model(x).value > 0.5) == y).mean()

    assert trained(nn.MLP(2, [4, 1], activation="tanh", last="sigmoid", generator=0)) == 1.0
    assert trained(nn.MLP(2, [1], last="sigmoid", generator=0)) <= 0.75  # without the hidden layer


def test_n9_stacked_linear():
    # However many linear layers are stacked, the whole is one linear map: W3 (W2 (W1 x)) = (W3 W2 W1) x.
    # It is the function between them that makes a network more than that.
    generator = ad.Generator(0)
    layers = [nn.Linear(*size, dtype=np.float64, generator=generator) for size in [(4, 6), (6, 5), (5, 3)]]
    stacked = nn.Sequential(*layers)

    W, b = np.eye(4), np.zeros(4)
    for layer in layers:
        W = layer.weight.value @ W
        b = layer.weight.value @ b + layer.bias.value
    single = nn.Linear(4, 3, dtype=np.float64)
    single.load_state_dict({"weight": W, "bias": b})

    x = generator.normal((10, 4))
    np.testing.assert_allclose(stacked(x).value, single(x).value, rtol=1e-12, atol=1e-14)

    # A map W x + b keeps the middle of two points in the middle; with ReLU in between it no longer does.
    def bends(model):
        return np.abs(model((x[0] + x[1]) / 2).value - (model(x[0]).value + model(x[1]).value) / 2).max()

    assert bends(stacked) < 1e-14
    assert bends(nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])) > 0.01


def test_c1_binary_convolution():
    # A small window of weights slides over an image; each place of the result counts where the two agree.
    image = np.array([[*map(float, row)] for row in ("11100", "01110", "00111", "00110", "01100")])
    window = np.array([[*map(float, row)] for row in ("101", "010", "101")])
    expected = [[4, 3, 4], [2, 4, 3], [2, 3, 4]]

    out = ad.conv2d(image[None, None], window[None, None])  # (1, 1, 5, 5) and (1, 1, 3, 3)
    assert out[0, 0].tolist() == expected

    # The same as a layer that could learn its window.
    layer = nn.Conv2d(1, 1, 3, bias=False)
    layer.load_state_dict({"weight": window[None, None]})
    assert layer(image[None, None])[0, 0].tolist() == expected

    # The window's slopes: how often each of its weights met a one, over the nine places.
    layer(image[None, None]).sum().backward()
    met = [[image[i : i + 3, j : j + 3].sum() for j in range(3)] for i in range(3)]
    assert layer.weight.grad.value[0, 0].tolist() == met
