"""The lectures' losses, with figures that a reader can work out by hand (docs/lectures.md, rows L1 to L4)."""

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
import optim
from autodiff import Tensor

PREDICTED, WANTED = np.array([3.0, -1.0, 2.0, 0.5]), np.array([1.0, -1.0, 5.0, 1.0])  # errors 2, 0, -3, -1/2


def test_l1_squared_and_absolute_error():
    f = Tensor(PREDICTED, requires_grad=True)
    assert F.mse_loss(f, WANTED).item() == 13.25 / 4
    assert F.l1_loss(f, WANTED).item() == 5.5 / 4

    # Halved, the squared error has the plain difference for its slope: the delta of the delta rule.
    half = 0.5 * F.mse_loss(f, WANTED, reduction="sum")
    assert half.item() == 6.625
    half.backward()
    np.testing.assert_array_equal(f.grad, PREDICTED - WANTED)

    # The slope of the absolute error knows the direction alone; an outlier pulls no harder than any other.
    g = ad.grad(lambda f: F.l1_loss(f, WANTED, reduction="sum"))(PREDICTED)
    np.testing.assert_array_equal(g, [1, 0, -1, -1])


def test_l1_the_mean_and_the_median():
    # What a constant prediction comes to: the mean of the targets for squared errors, their median for absolute ones.
    targets = np.array([1.0, 2.0, 3.0, 4.0, 90.0])
    for criterion, best, rate in ((nn.MSELoss(), 20.0, 0.1), (nn.L1Loss(), 3.0, 0.05)):
        c = nn.Parameter(0.0, dtype="float64")
        optimizer = optim.SGD([c], lr=rate)
        for _ in range(400):
            optimizer.zero_grad()
            criterion(c + np.zeros(5), targets).backward()
            optimizer.step()
        assert c.item() == pytest.approx(best, abs=0.06)


LOGITS = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]))  # softmax gives the numbers that are written here
CLASSES = np.array([0, 2])
ONE_HOT = np.array([[1.0, 0, 0], [0, 0, 1]])


def test_l2_cross_entropy_of_class_numbers_and_of_one_hot_targets():
    x = Tensor(LOGITS, requires_grad=True)
    by_hand = -(np.log(0.7) + np.log(0.6)) / 2
    for targets in (CLASSES, ONE_HOT):
        x.grad = None
        loss = F.cross_entropy(x, targets)
        assert loss.item() == pytest.approx(by_hand)  # 0.4337502838523616
        loss.backward()  # probabilities less the targets: what the softmax and the logarithm leave of each other
        np.testing.assert_allclose(x.grad, [[-0.15, 0.1, 0.05], [0.05, 0.15, -0.2]])
    assert by_hand == pytest.approx(0.4337502838523616)


def test_l2_before_anything_is_learned():
    # Equal scores for ten classes: a loss of log 10, which a first run can be checked against.
    assert F.cross_entropy(np.zeros((1, 10)), [3]) == pytest.approx(np.log(10))
    # One score far off costs what it is off by, not an infinity.
    assert F.cross_entropy(np.array([[1e4, 0.0]]), [1]) == 1e4


def test_l2_binary_cross_entropy_summed_over_the_outputs():
    p, y = np.array([0.9, 0.2, 0.6]), np.array([1.0, 0.0, 1.0])
    by_hand = -(np.log(0.9) + np.log(0.8) + np.log(0.6))
    assert by_hand == pytest.approx(0.8393296907380268)
    assert F.binary_cross_entropy(p, y, reduction="sum") == pytest.approx(by_hand)
    logits = Tensor(np.log(p / (1 - p)), requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logits, y, reduction="sum")
    assert loss.item() == pytest.approx(by_hand)
    loss.backward()
    np.testing.assert_allclose(logits.grad, p - y)
    # Two classes are one output: the softmax of (x, 0) is the sigmoid of x.
    two = np.stack([np.zeros(3), logits.value], axis=1)
    assert F.cross_entropy(two, y.astype(int), reduction="sum") == pytest.approx(by_hand)


def test_l3_a_network_that_predicts_a_gaussian():
    # y = 2 x + 1 with noise that is wider to the right, 0.1 exp(x) on [-1, 1]: the network has an output for the mean
    # and one for the logarithm of the width, and is fitted by maximum likelihood.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(512, 1))
    y = 2 * x + 1 + 0.1 * np.exp(x) * rng.normal(size=x.shape)
    net = nn.Linear(1, 2, generator=0).astype("float64")
    criterion = nn.GaussianNLLLoss(full=True)
    optimizer = optim.Adam(net.parameters(), lr=0.05)
    for _ in range(600):
        out = net(x)  # (512, 2)
        loss = criterion(out[:, :1], y, ad.exp(2 * out[:, 1:]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(net.weight.value[:, 0], [2, 1], atol=0.1)
    np.testing.assert_allclose(net.bias.value, [1, np.log(0.1)], atol=0.1)
    # No other prediction is more likely on average: the entropy of the noise, log(width) + log(2 pi e) / 2.
    assert loss.item() == pytest.approx(np.log(0.1) + x.mean() + 0.5 * np.log(2 * np.pi * np.e), abs=0.1)


def test_l4_negative_log_likelihood():
    # A coin that fell 7 times of 10: the likelihood of p is p^7 (1 - p)^3, largest at 0.7; its logarithm is the loss.
    falls = np.array([1] * 7 + [0] * 3)
    x = nn.Parameter(0.0, dtype="float64")
    optimizer = optim.SGD([x], lr=1.0)
    for _ in range(200):
        log_p = ad.log_softmax(ad.stack([x * 0, x])) + np.zeros((10, 1))  # (10, 2): of falling 0 and 1
        loss = F.nll_loss(log_p, falls)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ad.sigmoid(x).item() == pytest.approx(0.7)
    assert loss.item() == pytest.approx(-0.7 * np.log(0.7) - 0.3 * np.log(0.3))
    # Softmax, logarithm and negative log-likelihood, one after another, are the cross-entropy.
    for i in range(2):
        assert F.nll_loss(np.log([[0.7, 0.2, 0.1]]), [i]) == pytest.approx(F.cross_entropy(LOGITS[:1], [i]))
