"""Training by gradient descent as the lectures show it (docs/lectures.md, rows T1, T2, T7 to T9, T13, T15)."""

from itertools import pairwise

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from optim.lr_scheduler import ReduceLROnPlateau

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 3))
TRUE = np.array([1.0, -2.0, 0.5])
Y = X @ TRUE + 0.1 * RNG.normal(size=96)


def line():
    return nn.Parameter(np.zeros(3))


def error(w, rows=slice(None)):
    return ((X[rows] @ w - Y[rows]) ** 2).mean()


@pytest.mark.parametrize(("size", "iterations", "rate"), [(96, 1, 0.3), (12, 8, 0.1), (1, 96, 0.02)])
def test_t1_batch_mini_batch_and_online_descent(size, iterations, rate):
    """An epoch sees each example once: in one iteration, in eight, or in ninety-six. All come to the same line."""
    w, order, steps = line(), np.random.default_rng(1), 0
    optimizer = optim.SGD([w], lr=rate)
    for _ in range(30):
        rows = order.permutation(96)
        for batch in np.split(rows, 96 // size):
            optimizer.zero_grad()
            error(w, batch).backward()
            optimizer.step()
            steps += 1
    assert steps == 30 * iterations
    np.testing.assert_allclose(w.value, TRUE, atol=0.1)


def test_t2_momentum_is_faster_in_a_narrow_valley():
    """On `(x^2 + 50 y^2) / 2` plain descent may take no step longer than 2 / 50, and crawls along x."""
    scale = np.array([1.0, 50.0])

    def steps_to_the_bottom(make, **options):
        w = nn.Parameter(np.array([10.0, 1.0]))
        optimizer = make([w], **options)
        for step in range(2000):
            if np.abs(w.value).max() < 1e-2:
                return step
            optimizer.zero_grad()
            (0.5 * (w * w * scale).sum()).backward()
            optimizer.step()
        return 2000

    plain = steps_to_the_bottom(optim.SGD, lr=0.02)
    momentum = steps_to_the_bottom(optim.SGD, lr=0.02, momentum=0.8)
    nesterov = steps_to_the_bottom(optim.SGD, lr=0.02, momentum=0.8, nesterov=True)
    assert plain > 200
    assert momentum < plain / 2
    assert nesterov < momentum
    for make, rate in ((optim.RMSprop, 0.05), (optim.Adam, 0.5), (optim.Adagrad, 2.0), (optim.NAdam, 0.5)):
        assert steps_to_the_bottom(make, lr=rate) < 2000


def test_t7_doubling_the_batch_leaves_the_rate_alone():
    """Of the mean the gradient is the same if each example is there twice; of the sum it doubles."""
    w = line()
    error(w).backward()
    once = w.grad.value.copy()
    w.grad = None
    error(w, np.repeat(np.arange(96), 2)).backward()
    np.testing.assert_allclose(w.grad.value, once)
    ends = []
    for batch in (24, 48):
        w, order = line(), np.random.default_rng(1)
        optimizer = optim.SGD([w], lr=0.1)
        for _ in range(200):
            optimizer.zero_grad()
            error(w, order.permutation(96)[:batch]).backward()
            optimizer.step()
        ends.append(w.value)
    np.testing.assert_allclose(*ends, atol=0.05)


@pytest.mark.parametrize("factor", [1 / 2, 1 / 5])
def test_t8_the_rate_is_divided_when_the_validation_error_stalls(factor):
    """Online steps of one length jump around the best line, at a distance that the rate decides."""

    def train(schedule_of):
        w, order = line(), np.random.default_rng(2)
        optimizer = optim.SGD([w], lr=0.15)
        schedule, rates, errors = schedule_of(optimizer), [], []
        for _ in range(40):
            for i in order.permutation(64):
                optimizer.zero_grad()
                error(w, [i]).backward()
                optimizer.step()
            errors.append(error(w, slice(64, 96)).item())  # the last third is held out
            if schedule is not None:
                schedule.step(errors[-1])
            rates.append(optimizer.param_groups[0]["lr"])
        return rates, errors

    rates, errors = train(lambda o: ReduceLROnPlateau(o, factor=factor, patience=2))
    _, constant = train(lambda o: None)
    divisors = {round(a / b) for a, b in pairwise(rates)}
    assert divisors == {1, round(1 / factor)}
    assert np.std(errors[-10:]) < np.std(constant[-10:]) / 2
    assert np.mean(errors[-10:]) < np.mean(constant[-10:])


def test_t9_a_step_changes_the_weights_by_a_thousandth():
    """The ratio of the update's norm to the weights' tells a good rate from one that is too small or too large."""
    images = RNG.normal(size=(64, 20)).astype(np.float32)
    classes = (images[:, 0] > 0).astype(int) + (images[:, 1] > 0)
    ratios = {}
    for rate in (1e-5, 1e-3, 1e-1):
        model = nn.Sequential(nn.Linear(20, 32, generator=0), nn.ReLU(), nn.Linear(32, 3, generator=1))
        optimizer = optim.SGD(model.parameters(), lr=rate, momentum=0.9)
        with optim.Watch(optimizer, model) as watch:
            for _ in range(30):
                optimizer.zero_grad()
                nn.CrossEntropyLoss()(model(images), classes).backward()
                optimizer.step()
        ratios[rate] = np.mean(watch.history["0.weight"]["ratio"])
    assert ratios[1e-5] < 1e-4 < ratios[1e-3] * 10 < 1e-1
    assert ratios[1e-1] > 1e-2 / 2
    assert 5e-4 / 5 < ratios[1e-3] < 5e-3


def test_t13_gradients_vanish_in_deep_sigmoid_nets_and_the_cures():
    """The norm of each layer's gradient, from the first to the last of eight."""
    images = RNG.normal(size=(64, 30)).astype(np.float32)
    classes = RNG.integers(3, size=64)

    def norms(activation, start, norm=None):
        layers = []
        for i in range(8):
            linear = nn.Linear(30, 30, generator=i)
            start(linear.weight, generator=i)
            layers += [linear, *([norm(30)] if norm else []), activation()]
        model = nn.Sequential(*layers, nn.Linear(30, 3, generator=9))
        watch = optim.Watch(optim.SGD(model.parameters(), lr=1e-3), model)
        nn.CrossEntropyLoss()(model(images), classes).backward()
        watch._look()
        watch._note()
        found = [values["gradient"][0] for name, values in watch.history.items() if values["weight"][0] > 1]
        return [g for g in found if g]

    vanishing = norms(nn.Sigmoid, nn.init.fan_in_uniform_)
    assert vanishing[0] < 1e-4 * vanishing[-1]  # a factor of 1/4 of the slope and 1/3 of the weights, layer by layer
    for cured in (
        norms(nn.Sigmoid, nn.init.fan_in_uniform_, nn.BatchNorm1d),
        norms(nn.ReLU, nn.init.kaiming_normal_),
        norms(nn.Tanh, nn.init.xavier_normal_),
    ):
        assert cured[0] > 0.02 * cured[-1]


def test_t15_a_rate_too_small_good_and_too_large_on_a_loss_with_two_valleys():
    """`x^4 / 4 - x^2 + x / 4` has a low valley at -1.47 and a shallow one at 1.35."""

    def end(rate, steps=60):
        x = ad.Tensor(2.5, requires_grad=True)
        optimizer = optim.SGD([x], lr=rate)
        for _ in range(steps):
            optimizer.zero_grad()
            (x**4 / 4 - x**2 + x / 4).backward()
            optimizer.step()
            if abs(x.item()) > 100:
                return np.inf
        return x.item()

    assert end(1e-4) > 2.4  # too small: it has hardly left
    assert end(0.05) == pytest.approx(1.35, abs=0.02)  # good: the bottom of the valley it began in
    assert end(0.3) == pytest.approx(-1.47, abs=0.02)  # a larger one jumps across, to the lower valley by luck
    assert end(0.6) == np.inf  # too large: each step goes further than the last
