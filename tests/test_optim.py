"""Update rules against their equations, worked in float64 beside them, and what all optimizers share."""

import math

import numpy as np
import pytest

import nn
import optim
from autodiff.errors import GradientError
from autodiff.tensor import Tensor

RNG = np.random.default_rng(0)
W0 = RNG.normal(size=(3, 2))
GRADS = RNG.normal(size=(6, 3, 2))


def run(make, grads=GRADS, w0=W0):
    """The values that a parameter goes through under the given gradients."""
    p = nn.Parameter(w0)
    optimizer, path = make([p]), []
    for g in grads:
        p.grad = Tensor(g)
        optimizer.step()
        path.append(np.array(p.value))
    return path


def sgd(w, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    v = None
    for g in GRADS:
        g = (-g if maximize else g) + weight_decay * w
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        w = w - lr * g
        yield w


def adam(w, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False):
    m = v = top = 0 * w
    for t, g in enumerate(GRADS, 1):
        g = (-g if maximize else g) + weight_decay * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        top = np.maximum(top, v) if amsgrad else v
        m_hat, v_hat = m / (1 - betas[0] ** t), top / (1 - betas[1] ** t)
        w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield w


CASES = [
    (optim.SGD, sgd, {}),
    (optim.SGD, sgd, {"lr": 0.1, "weight_decay": 0.3}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.3}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (optim.Adam, adam, {}),
    (optim.Adam, adam, {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.01, "weight_decay": 0.3}),
    (optim.Adam, adam, {"lr": 0.1, "amsgrad": True, "maximize": True, "betas": (0.9, 0.5)}),
]


@pytest.mark.parametrize(("make", "equation", "options"), CASES)
def test_rules_follow_their_equations(make, equation, options):
    path = run(lambda params: make(params, **options))
    for w, expected in zip(path, equation(W0, **options), strict=True):
        np.testing.assert_allclose(w, expected, rtol=1e-12)


@pytest.mark.parametrize(("make", "equation", "options"), CASES)
def test_scalars_and_float32_go_the_same_way(make, equation, options):
    w = run(lambda params: make(params, **options), GRADS[:, 0, 0], W0[0, 0])
    np.testing.assert_allclose(w, [w[0, 0] for w in equation(W0, **options)], rtol=1e-12)
    options = {k: np.float64(v) if type(v) is float else v for k, v in options.items()}
    for cut in (slice(None), (0, 0)):
        w0, grads = W0[cut].astype("float32"), [g[cut].astype("float32") for g in GRADS]
        path = run(lambda params: make(params, **options), grads, w0)
        np.testing.assert_allclose(path[-1], list(equation(W0, **options))[-1][cut], rtol=1e-4)
        assert path[-1].dtype == np.float32


@pytest.mark.parametrize(("make", "equation", "options"), CASES)
def test_a_saved_state_goes_on_as_if_nothing_had_been(make, equation, options):
    first = nn.Parameter(W0)
    optimizer = make([first], **options)
    for g in GRADS[:3]:
        first.grad = Tensor(g)
        optimizer.step()
    second = nn.Parameter(first)
    other = make([second], lr=7.0)
    state = optimizer.state_dict()
    other.load_state_dict(state)
    for g in GRADS[3:]:
        first.grad, second.grad = Tensor(g), Tensor(g)
        optimizer.step()
        other.step()
    np.testing.assert_array_equal(first.value, second.value)
    np.testing.assert_allclose(first.value, list(equation(W0, **options))[-1], rtol=1e-12)


@pytest.mark.parametrize(("make", "equation", "options"), CASES)
def test_large_arrays_go_block_by_block_in_either_order(make, equation, options, monkeypatch):
    monkeypatch.setattr("optim.optimizer.BLOCK", 4)  # of 6 numbers
    expected = list(equation(W0, **options))[-1]
    for w0 in (W0, np.asfortranarray(W0)):
        path = run(lambda params: make(params, **options), w0=w0)
        np.testing.assert_allclose(path[-1], expected, rtol=1e-12)


def test_large_arrays_use_one_room():
    w = nn.Parameter(np.ones((100, 1000)))
    optimizer = optim.Adam([w], lr=0.5)
    for _ in range(3):
        w.grad = Tensor(np.full(w.shape, 2.0))
        optimizer.step()
    np.testing.assert_allclose(w.value, -0.5)  # with a constant gradient each step is lr
    assert optimizer.room(w.value).base is optimizer.room(w.value).base
    assert optimizer.room(1.0) is optimizer.room(np.ones(3)) is None


def test_state_is_plain_data():
    p = nn.Parameter(W0)
    optimizer = optim.Adam([{"params": [nn.Parameter(1.0)]}, {"params": [p], "lr": 0.5}])
    p.grad = Tensor(GRADS[0])
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state["state"]) == [1]
    assert state["state"][1]["step"] == 1
    assert state["param_groups"][1]["params"] == [1]
    assert state["param_groups"][1]["lr"] == 0.5
    state["state"][1]["exp_avg"][:] = np.nan
    assert np.isfinite(optimizer.state[p]["exp_avg"]).all()


# -- what all optimizers share -------------------------------------------------------------------------


def test_updates_happen_in_place():
    p = nn.Parameter(W0)
    array = p.value
    p.grad = Tensor(GRADS[0])
    grad = p.grad.value
    optim.SGD([p], lr=1.0, weight_decay=0.1, momentum=0.9).step()
    assert p.value is array
    np.testing.assert_array_equal(grad, GRADS[0])  # the gradient is only read


def test_a_graph_that_saved_the_old_value_says_so():
    w = nn.Parameter(W0)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(GradientError, match=r"test_optim\.py:\d+ has written into that array since"):
        loss.backward()


def test_what_has_no_gradient_stays():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = optim.Adam([a, b])
    a.grad = Tensor(np.ones(1, np.float32))
    optimizer.step()
    assert a.item() != 1.0
    assert b.item() == 1.0
    assert list(optimizer.state) == [a]
    optimizer.zero_grad()
    assert a.grad is None


def test_groups_have_their_own_options():
    a, b, c = (nn.Parameter(1.0, dtype=float) for _ in range(3))
    optimizer = optim.SGD([{"params": a, "lr": 0.5, "name": "first"}, {"params": [b]}], lr=0.25)
    optimizer.add_param_group({"params": [c], "maximize": True})
    for p in (a, b, c):
        p.grad = Tensor(1.0)
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == [0.5, 0.75, 1.25]
    assert "1 tensors, 1 numbers: lr=0.5" in repr(optimizer)


def test_parameters_may_come_from_an_iterator_and_step_takes_a_closure():
    model = nn.Linear(2, 1, generator=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = nn.MSELoss()(model([[1.0, 2.0]]), [[1.0]])
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(30)]
    assert losses[-1] < 1e-4 * losses[0]
    assert optimizer.step() is None


def test_a_network_of_scalars_learns():
    model = nn.scalar.MLP(2, [4, 1], generator=0)
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    points = [([0.0, 0.0], -1.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], -1.0)]
    for _ in range(150):
        loss = 0.0
        for x, y in points:
            error = model(x) - y
            loss = loss + error * error
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert [math.copysign(1, model(x).item()) for x, _ in points] == [y for _, y in points]


def test_complex_parameters():
    z = nn.Parameter(np.array([1 + 2j]))
    z.grad = Tensor(np.array([1j]))
    optim.SGD([z], lr=1.0).step()
    assert z.item() == 1 + 1j
    with pytest.raises(TypeError, match="Adam takes real parameters"):
        optim.Adam([z]).step()


def test_a_subclass_needs_an_update():
    p = nn.Parameter(1.0)
    p.grad = Tensor(np.float32(1))
    with pytest.raises(NotImplementedError, match="Optimizer has no update rule"):
        optim.Optimizer([p]).step()


P = nn.Parameter([1.0])


@pytest.mark.parametrize(
    ("error", "match", "call"),
    [
        (TypeError, r"SGD takes a list of parameters: write \[parameter\]", lambda: optim.SGD(P)),
        (TypeError, r"write model.parameters\(\)", lambda: optim.SGD(nn.Linear(1, 1))),
        (ValueError, "SGD got no parameters. An iterator", lambda: optim.SGD(iter(()))),
        (TypeError, "optimizes Tensors, got float64", lambda: optim.SGD([np.ones(1)])),
        (
            TypeError,
            r"Write parameters\(\), not named_parameters\(\)",
            lambda: optim.SGD(nn.Linear(1, 1).named_parameters()),
        ),
        (TypeError, "computed by op 'mul'", lambda: optim.SGD([P * 2])),
        (TypeError, "does not require grad", lambda: optim.SGD([Tensor([1.0])])),
        (ValueError, r"a tensor \(float32 \(1,\)\) is given to SGD twice", lambda: optim.SGD([P, P])),
        (TypeError, "not a mixture", lambda: optim.SGD([{"params": [P]}, nn.Parameter(1.0)])),
        (TypeError, "SGD has no option rate", lambda: optim.SGD([{"params": [P], "rate": 1}])),
        (ValueError, "SGD: lr must be not negative, got -1", lambda: optim.SGD([P], lr=-1)),
        (ValueError, "lr must be not negative, got nan", lambda: optim.Adam([P], lr=math.nan)),
        (ValueError, "momentum must be", lambda: optim.SGD([{"params": [P], "momentum": -1}])),
        (ValueError, "needs momentum", lambda: optim.SGD([P], nesterov=True)),
        (
            ValueError,
            r"Adam: betas must be in \[0, 1\), got \(0.9, 1.0\)",
            lambda: optim.Adam([P], betas=(0.9, 1.0)),
        ),
        (ValueError, "betas are two numbers", lambda: optim.Adam([P], betas=(0.9,))),
    ],
)
def test_errors(error, match, call):
    with pytest.raises(error, match=match):
        call()


def test_a_state_that_does_not_fit_changes_nothing():
    optimizer = optim.Adam([P])
    before = optimizer.state_dict()
    for other, match in [
        (optim.Adam([nn.Parameter(1.0), nn.Parameter(1.0)]), r"groups of \[1\] .*state of \[2\]"),
        (optim.SGD([nn.Parameter(1.0)]), "the state has no betas"),
    ]:
        with pytest.raises(ValueError, match=match):
            optimizer.load_state_dict(other.state_dict())
    wide = nn.Parameter([1.0, 2.0])
    wide.grad = Tensor(np.ones(2, np.float32))
    other = optim.Adam([wide])
    other.step()
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 0 is float32 \(2,\)"):
        optimizer.load_state_dict(other.state_dict())
    assert optimizer.state_dict() == before
