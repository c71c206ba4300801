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
    for order in "CF":
        p = in_order(W0, order)
        optimizer = make([p], **options)
        for g in GRADS:
            p.grad = Tensor(np.asarray(g, order=order))
            optimizer.step()
        np.testing.assert_allclose(p.value, expected, rtol=1e-12)


def in_order(value, order):
    """A leaf whose array is laid out in C's or Fortran's order."""
    p = Tensor(value, requires_grad=True)
    p.value = np.array(value, order=order)
    return p


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize(("make", "options"), [(optim.Adam, {"amsgrad": True}), (optim.SGD, {"momentum": 0.9})])
def test_a_loaded_state_in_fortran_order_is_written_too(make, options, order):
    rng = np.random.default_rng(1)
    w0, grads = rng.normal(size=(300, 200)), rng.normal(size=(4, 300, 200))  # more than one block
    expected = run(lambda params: make(params, lr=0.1, **options), grads, w0)[-1]
    p = nn.Parameter(w0)
    optimizer = make([p], lr=0.1, **options)
    for g in grads[:2]:
        p.grad = Tensor(g)
        optimizer.step()
    saved = optimizer.state_dict()
    for name, value in saved["state"][0].items():
        saved["state"][0][name] = np.asfortranarray(value) if isinstance(value, np.ndarray) else value
    twin = in_order(p.value, order)
    other = make([twin], **options)
    other.load_state_dict(saved)
    arrays = [v for v in other.state[twin].values() if isinstance(v, np.ndarray)]
    assert arrays
    assert all(v.flags.c_contiguous for v in arrays)
    for g in grads[2:]:
        twin.grad = Tensor(g)
        other.step()
    np.testing.assert_allclose(twin.value, expected, rtol=1e-12)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
def test_blocks_are_taken_only_where_they_are_views(make, monkeypatch):
    monkeypatch.setattr("optim.optimizer.BLOCK", 4)
    options = {"momentum": 0.9} if make is optim.SGD else {}
    expected = run(lambda params: make(params, lr=0.1, **options))[-1]
    p = in_order(W0, "F")
    optimizer = make([p], lr=0.1, **options)
    for i, g in enumerate(GRADS):
        p.grad = Tensor(np.asarray(g, order="CF"[i % 2]))
        optimizer.step()
        p.value = np.array(p.value, order="CF"[i // 2 % 2])  # the state stays in the order it was made in
        optimizer.state[p] = {
            k: np.array(v, order="CF"[i // 3 % 2]) if isinstance(v, np.ndarray) else v
            for k, v in optimizer.state[p].items()
        }
    np.testing.assert_allclose(p.value, expected, rtol=1e-12)


SWITCHES = [
    (optim.Adam, {}, {"amsgrad": True}),
    (optim.SGD, {}, {"momentum": 0.9}),
    (optim.SGD, {}, {"momentum": 0.9, "nesterov": True}),
    (optim.SGD, {"momentum": 0.9}, {"momentum": 0.0}),
]


@pytest.mark.parametrize(("make", "first", "then"), SWITCHES)
def test_an_option_that_adds_state_may_be_switched_on_later(make, first, then, monkeypatch):
    paths = []
    for block in (4, 32768):  # of 6 numbers: in blocks, and at once
        monkeypatch.setattr("optim.optimizer.BLOCK", block)
        p = nn.Parameter(W0)
        optimizer = make([p], lr=0.1, **first)
        for i, g in enumerate(GRADS):
            if i == 2:
                optimizer.param_groups[0].update(then)
            p.grad = Tensor(g)
            optimizer.step()
        assert all(v.shape == p.shape for v in optimizer.state[p].values() if isinstance(v, np.ndarray))
        paths.append(p.value)
    np.testing.assert_allclose(*paths, rtol=1e-12)


def test_rules_need_not_write_in_place(monkeypatch):
    class Mean(optim.Optimizer):
        elementwise = True

        def __init__(self, params, lr=0.1):
            super().__init__(params, lr=lr)

        def update(self, w, g, state, *, lr):
            state["mean"] = 0.5 * state["mean"] + g if "mean" in state else g + 0  # new arrays each time
            if "first" in state:
                del state["first"]
            elif len(state) == 1:
                state["first"] = True
            return w - lr * state["mean"]

    expected = run(Mean)[-1]
    monkeypatch.setattr("optim.optimizer.BLOCK", 4)
    np.testing.assert_allclose(run(Mean)[-1], expected, rtol=1e-12)


def test_a_rule_that_is_not_elementwise_sees_the_whole_array(monkeypatch):
    class Normed(optim.Optimizer):
        def update(self, w, g, state):
            state["norms"] = np.append(state.get("norms", []), np.linalg.norm(g))  # of a shape of its own
            w -= g / np.linalg.norm(g)
            return w

    monkeypatch.setattr("optim.optimizer.BLOCK", 4)
    path = run(Normed)
    np.testing.assert_allclose(np.linalg.norm(path[-1] - path[-2]), 1)


def test_large_arrays_use_one_room():
    w = nn.Parameter(np.ones((100, 1000)))
    optimizer = optim.Adam([w], lr=0.5)
    for _ in range(3):
        w.grad = Tensor(np.full(w.shape, 2.0))
        optimizer.step()
    np.testing.assert_allclose(w.value, -0.5)  # with a constant gradient each step is lr
    assert optimizer.room(w.value).base is optimizer.room(w.value).base
    assert optimizer.room(1.0) is optimizer.room(np.ones(3)) is None


# -- dtypes --------------------------------------------------------------------------------------------

NUMPY_OPTIONS = [
    (optim.Adam, {"betas": (np.float64(0.9), np.float64(0.99)), "eps": np.float64(1e-8), "amsgrad": np.bool_(True)}),
    (optim.Adam, {"betas": [np.array(0.9), np.array(0.99)], "lr": np.array(0.1), "weight_decay": np.array(0.1)}),
    (optim.SGD, {"lr": np.array(0.1), "momentum": np.array(0.9), "dampening": np.float64(0.1)}),
    (optim.SGD, {"lr": Tensor(0.1), "weight_decay": np.float64(0.1), "maximize": np.bool_(True)}),
]


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("w0", [np.float32(1), np.ones(3, np.float32)])
@pytest.mark.parametrize(("make", "options"), NUMPY_OPTIONS)
def test_numpy_options_do_not_change_the_dtype(make, options, w0, later):
    p = nn.Parameter(w0)
    optimizer = make([p]) if later else make([p], **options)
    if later:
        optimizer.param_groups[0].update(options)
    for _ in range(3):
        p.grad = Tensor(w0)
        optimizer.step()
        assert p.dtype == np.float32
        assert all(v.dtype == np.float32 for v in optimizer.state[p].values() if hasattr(v, "dtype"))
    saved = optimizer.state_dict()["param_groups"][0]
    flat = [v for option in saved.values() for v in (option if isinstance(option, tuple | list) else [option])]
    assert {type(v) for v in flat} <= {float, bool, int}


def test_what_a_rule_returns_takes_the_dtype_of_the_parameter():
    class Wide(optim.Optimizer):
        answer = None

        def update(self, w, g, state):
            return self.answer

    for w0 in (np.float32(1), np.ones(2, np.float32)):
        p = nn.Parameter(w0)
        optimizer = Wide([p])
        p.grad = Tensor(w0)
        with pytest.raises(TypeError, match=r"Wide\.update returned None; it returns the parameter's new value"):
            optimizer.step()
        Wide.answer = np.full(np.shape(w0), 2.0)
        optimizer.step()
        assert (p.dtype, p.shape, p.value.max()) == (np.float32, np.shape(w0), 2)
        Wide.answer = np.ones((3, 1))
        with pytest.raises(ValueError, match=r"returned float32 \(3, 1\) for a parameter float32 \("):
            optimizer.step()
        assert p.shape == np.shape(w0)
        Wide.answer = None


def test_a_scalar_keeps_a_new_dtype_though_its_state_had_another():
    model = nn.Module()
    model.w = nn.Parameter(np.float64(1))
    optimizer = optim.Adam(model.parameters())
    for dtype in ("float64", "float32", "float64"):
        model.astype(dtype)
        model.w.grad = Tensor(np.ones((), dtype))
        optimizer.step()
        assert model.w.dtype == dtype


# -- what does not fit -----------------------------------------------------------------------------------


def test_options_are_checked_before_anything_changes():
    a, b = nn.Parameter(1.0), nn.Parameter(1.0)
    optimizer = optim.SGD([{"params": a}, {"params": b}], lr=0.1)
    a.grad, b.grad = Tensor(np.float32(1)), Tensor(np.float32(1))
    for lr in (math.nan, -1.0, np.float64("inf"), np.array(np.nan)):
        optimizer.param_groups[1]["lr"] = lr
        with pytest.raises(ValueError, match="SGD: lr must be finite and not negative, got"):
            optimizer.step()
    del optimizer.param_groups[1]["lr"]
    with pytest.raises(ValueError, match="SGD needs the option lr, which a parameter group lacks"):
        optimizer.step()
    assert a.item() == b.item() == 1.0
    assert not optimizer.state


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
def test_without_gradients_nothing_happens(make):
    ps = [nn.Parameter(1.0), nn.Parameter([1.0, 2.0])]
    optimizer = make(ps)
    assert optimizer.step() is None
    assert [p.tolist() for p in ps] == [1.0, [1.0, 2.0]]
    assert not optimizer.state


def test_gradients_of_another_shape_or_dtype_are_refused():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0, 2.0])
    optimizer = optim.SGD([a, b], lr=0.1)
    for wrong in (np.ones(1, np.float32), np.ones((2, 2), np.float32), np.ones(2)):
        with pytest.raises(ValueError, match="a gradient has the shape and dtype of its tensor"):
            b.grad = wrong
        a.grad, b.grad = Tensor(np.ones(1, np.float32)), Tensor(np.ones(2, np.float32))
        b.grad.value = wrong  # behind the setter's back
        with pytest.raises(ValueError, match=r"gradient of a tensor \(float32 \(2,\)\) is float\d\d \("):
            optimizer.step()
    assert (a.tolist(), b.tolist()) == ([1.0], [1.0, 2.0])


@pytest.mark.parametrize("block", [1, 32768])
@pytest.mark.parametrize(("make", "name"), [(optim.SGD, "momentum_buffer"), (optim.Adam, "exp_avg")])
def test_a_value_of_another_shape_does_not_fit_the_state(make, name, block, monkeypatch):
    monkeypatch.setattr("optim.optimizer.BLOCK", block)
    p = nn.Parameter(np.ones((2, 3)))
    optimizer = make([p], **({"momentum": 0.9} if make is optim.SGD else {}))
    p.grad = Tensor(np.ones((2, 3)))
    optimizer.step()
    p.value = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"the gradient of .* is float64 \(2, 3\)\. Call zero_grad\(\) and backward"):
        optimizer.step()
    for value in (np.ones((3, 2)), np.ones(3), np.float64(1)):
        p.grad = None
        p.value = value
        p.grad = Tensor(value)
        with pytest.raises(ValueError, match=rf"state '{name}' of .* is float64 \(2, 3\): the parameter's value was"):
            optimizer.step()
        np.testing.assert_array_equal(p.value, 1)
    optimizer.state.pop(p)
    optimizer.step()
    p.grad = None
    p.value = np.ones(())[()]
    assert p.item() == 1


def test_a_value_of_the_same_shape_goes_on_with_the_state():
    p = nn.Parameter(W0)
    optimizer = optim.Adam([p], lr=0.1)
    for g in GRADS:
        p.value = p.value.copy()
        p.grad = Tensor(g)
        optimizer.step()
    np.testing.assert_allclose(p.value, list(adam(W0, lr=0.1))[-1], rtol=1e-12)


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
    z.grad = Tensor(np.array([2 - 3j]))
    adam = optim.Adam([z], lr=0.5)
    adam.step()  # real and imaginary parts go by themselves
    np.testing.assert_allclose(z.value, [0.5 + 1.5j])
    assert adam.state[z]["exp_avg_sq"].dtype == complex


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
        (ValueError, "SGD: lr must be finite and not negative, got -1", lambda: optim.SGD([P], lr=-1)),
        (ValueError, "lr must be finite and not negative, got nan", lambda: optim.Adam([P], lr=math.nan)),
        (ValueError, "lr must be finite and not negative, got inf", lambda: optim.Adam([P], lr=math.inf)),
        (ValueError, "SGD: dampening must be finite, got nan", lambda: optim.SGD([P], dampening=math.nan)),
        (TypeError, "SGD: lr must be a number, got '0.1'", lambda: optim.SGD([P], lr="0.1")),
        (TypeError, r"lr must be a number, got array\(\[0.1\]\)", lambda: optim.SGD([P], lr=np.array([0.1]))),
        (ValueError, r"betas are two numbers, got array", lambda: optim.Adam([P], betas=np.array([0.9, 0.9]))),
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


def changed(state, /, **values):
    return {**state, **values}


def test_a_state_with_wrong_numbers_or_values_changes_nothing():
    ps = [nn.Parameter([1.0]), nn.Parameter([1.0])]
    optimizer = optim.Adam(ps, lr=0.5)
    for p in ps:
        p.grad = Tensor(np.ones(1, np.float32))
    optimizer.step()
    saved = optimizer.state_dict()
    first = saved["state"][0]
    (group,) = saved["param_groups"]
    for number in (2, -1, "0", None, 10**6):
        with pytest.raises(
            ValueError, match=f"values for parameter {number!r}, but its groups have the parameters 0, 1$"
        ):
            optimizer.load_state_dict({"state": {0: first, number: first}, "param_groups": [changed(group, lr=7.0)]})
    faults = [
        ("it has no 'state'$", {"param_groups": [group]}),
        ("it has no 'state' and no 'param_groups'", {}),
        (r"name a parameter twice: \[0, 0\]", changed(saved, param_groups=[changed(group, params=[0, 0])])),
        ("lr must be finite", changed(saved, param_groups=[changed(group, lr=np.nan)])),
        (
            "complex128 .*does not become float32",
            changed(saved, state={0: changed(first, exp_avg=np.ones(1, complex))}),
        ),
        ("'exp_avg' of parameter 0 is .*does not become", changed(saved, state={0: changed(first, exp_avg="none")})),
    ]
    for match, state in faults:
        with pytest.raises(ValueError, match=match):
            optimizer.load_state_dict(state)
    assert optimizer.state_dict() == saved


def test_numbers_are_those_of_the_saved_groups():
    ps = [nn.Parameter([1.0]), nn.Parameter([1.0, 1.0])]
    optimizer = optim.SGD(ps, momentum=0.9)
    (group,) = optimizer.state_dict()["param_groups"]
    buffer = {"momentum_buffer": [1, 2]}  # as from a JSON file, whole numbers and all
    optimizer.load_state_dict({"state": {np.int64(3): buffer}, "param_groups": [changed(group, params=[5, 3])]})
    assert optimizer.state[ps[1]]["momentum_buffer"].dtype == np.float32
    assert list(optimizer.state) == [ps[1]]
