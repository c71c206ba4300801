"""Rules against equations worked beside them, their common options, and what they refuse."""

import copy
import inspect
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
ALL = [
    optim.SGD, optim.ASGD, optim.Adam, optim.AdamW, optim.Adamax, optim.NAdam, optim.RAdam, optim.Adagrad,
    optim.Adadelta, optim.RMSprop, optim.Rprop, optim.Adafactor, optim.Lion, optim.Muon,
]  # fmt: skip
ELEMENTWISE = [make for make in ALL if make.elementwise]


def run(make, grads=GRADS, w0=W0, **options):
    """Where a parameter goes under the given gradients."""
    p = nn.Parameter(w0)
    optimizer, path = make([p], **options), []
    for g in grads:
        p.grad = Tensor(g)
        optimizer.step()
        path.append(np.array(p.value))
    return path


@pytest.mark.parametrize("options", [{}, {"lr": 0.1, "betas": (0.5, 0.8), "weight_decay": 0.3}])
def test_lion_follows_its_paper(options):
    """Algorithm 2: the sign of an interpolation, decoupled decay, and then another interpolation."""
    lr, (beta1, beta2) = options.get("lr", 1e-4), options.get("betas", (0.9, 0.99))
    w, m = W0, 0 * W0
    for g, found in zip(GRADS, run(optim.Lion, **options), strict=True):
        c = beta1 * m + (1 - beta1) * g
        w = w - lr * (np.sign(c) + options.get("weight_decay", 0.0) * w)
        m = beta2 * m + (1 - beta2) * g
        np.testing.assert_allclose(found, w, rtol=1e-12)


def test_muon_makes_singular_values_equal():
    for shape in ((6, 3), (3, 6), (4, 4)):
        g = RNG.normal(size=shape)
        (w,) = run(optim.Muon, [g], np.zeros(shape), lr=1.0, adjust_lr_fn="match_rms_adamw")
        u, _, v = np.linalg.svd(g, full_matrices=False)
        step = -w / (0.2 * math.sqrt(max(shape)))
        assert np.linalg.svd(step, compute_uv=False).min() > 0.4
        assert np.linalg.svd(step, compute_uv=False).max() < 1.3
        assert np.abs(np.linalg.norm(u.T @ step @ v.T - np.diag(np.diag(u.T @ step @ v.T)))) < 1e-6


def test_lbfgs_finds_the_end_of_rosenbrocks_valley():
    w = nn.Parameter([-1.2, 1.0], dtype=float)
    optimizer = optim.LBFGS([w], max_iter=100, tolerance_change=1e-15, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == pytest.approx(24.2)
    np.testing.assert_allclose(w.value, 1, atol=1e-6)
    assert optimizer.state[w]["func_evals"] < 60


def test_lbfgs_steps_back_from_where_there_is_no_number():
    w = nn.Parameter(np.array(0.5))
    optimizer = optim.LBFGS([w], lr=10.0, line_search_fn="strong_wolfe", max_iter=30)

    def closure():
        optimizer.zero_grad()
        with np.errstate(all="ignore"):
            loss = w - np.log(w) if w.item() > 0 else w * np.nan
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(w.value, 1, atol=1e-4)


@pytest.mark.parametrize("make", ALL)
def test_every_rule_goes_down(make):
    """A bowl with axes of different widths; Adadelta, whose steps begin small, on its way."""
    options = {"Adadelta": {}, "Adagrad": {"lr": 0.5}, "Muon": {"weight_decay": 0.0, "lr": 0.02}}
    rates = {"SGD": 0.1, "ASGD": 0.1, "Rprop": 0.01, "Lion": 0.02, "Adafactor": 0.05}
    chosen = options.get(make.__name__, {"lr": rates.get(make.__name__, 0.05)})
    w, scale = nn.Parameter(W0), np.array([1.0, 3.0])
    optimizer = make([w], **chosen)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (w * w * scale).sum()
        loss.backward()
        optimizer.step()
    assert loss.item() < (0.9 if make is optim.Adadelta else 0.01) * (W0**2 * scale).sum()


@pytest.mark.parametrize("make", ALL)
def test_maximize_is_minimizing_the_negative(make):
    if "maximize" in inspect.signature(make).parameters:
        np.testing.assert_array_equal(run(make, maximize=True), run(make, -GRADS))


@pytest.mark.parametrize("make", ALL)
def test_l1_is_the_gradient_of_absolute_values(make):
    w = nn.Parameter(W0)
    optimizer, path = make([w]), []
    for g in GRADS:
        optimizer.zero_grad()
        ((w * g).sum() + 0.1 * abs(w).sum()).backward()
        optimizer.step()
        path.append(w.value.copy())
    np.testing.assert_allclose(run(make, l1=0.1), path, rtol=1e-12)
    with pytest.raises(ValueError, match="l1 must be finite and not negative, got -1"):
        make([w], l1=-1.0)


def test_l1_makes_weights_sparse_and_weight_decay_makes_them_small():
    x = np.random.default_rng(3).normal(size=(200, 10))
    y = x[:, 0] - 2 * x[:, 1]
    found = {}
    for penalty in ("l1", "weight_decay"):
        w = nn.Parameter(np.full(10, 0.5))
        optimizer = optim.SGD([w], lr=0.01, **{penalty: 0.5})
        for _ in range(1000):
            optimizer.zero_grad()
            ((x @ w - y) ** 2).mean().backward()
            optimizer.step()
        found[penalty] = np.abs(w.value)
    assert (found["l1"][2:] < 0.01).all()
    assert (found["l1"][:2] > 0.5).all()
    assert found["weight_decay"].max() < 2


@pytest.mark.parametrize("make", ELEMENTWISE)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_many_small_parameters_go_as_one_and_as_each_would(make, dtype):
    """To the same bits: some lie in Fortran's order, one is a scalar, one has now and then no gradient."""
    rng = np.random.default_rng(1)
    values = [np.asarray(rng.normal(size=s), dtype) for s in ((3, 4), (5,), (), (2, 1, 3), (0, 2))]

    def leaf(v):
        p = nn.Parameter(v)
        if v.ndim == 2:
            p.value = np.asfortranarray(v)
        return p

    together, alone = [leaf(v) for v in values], [leaf(v) for v in values]
    one, several = make(together, l1=0.01), [make([p], l1=0.01) for p in alone]
    for step in range(8):
        for i, (p, q) in enumerate(zip(together, alone, strict=True)):
            g = np.asarray(rng.normal(size=p.shape), dtype)
            p.grad, q.grad = (None, None) if i == 1 and step in (3, 4) else (g, g)
        if step == 5:  # the state of one is another array from here on
            for o, p in ((one, together[0]), (several[0], alone[0])):
                o.state[p] = {k: np.array(v) if isinstance(v, np.ndarray) else v for k, v in o.state[p].items()}
        one.step()
        for optimizer in several:
            optimizer.step()
        for p, q, o in zip(together, alone, several, strict=True):
            assert np.asarray(p.value).tobytes() == np.asarray(q.value).tobytes()
            assert one.state[p].keys() == o.state[q].keys()
            for name, value in one.state[p].items():
                assert np.asarray(value).tobytes() == np.asarray(o.state[q][name]).tobytes()
                assert np.shape(value) == np.shape(o.state[q][name])


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
def test_a_copy_goes_its_own_way(make):
    params = [nn.Parameter(W0), nn.Parameter(W0[0])]
    optimizer = make(params, lr=0.1, **({"momentum": 0.9} if make is optim.SGD else {}))

    def step(optimizer, g):
        for p in optimizer.param_groups[0]["params"]:
            p.grad = g if p.ndim == 2 else g[0]
        optimizer.step()

    for g in GRADS[:2]:
        step(optimizer, g)
    twin = copy.deepcopy(optimizer)
    for g in GRADS[2:]:
        step(optimizer, g)
        step(twin, g)
    for p, q in zip(params, twin.param_groups[0]["params"], strict=True):
        assert p is not q
        np.testing.assert_array_equal(p.value, q.value)
        for name, value in optimizer.state[p].items():
            np.testing.assert_array_equal(value, twin.state[q][name])


def test_least_mean_squares_is_descent_after_each_example():
    x, y = RNG.normal(size=(20, 3)), np.where(RNG.normal(size=20) > 0, 1.0, -1.0)
    neuron = nn.Adaline(3, dtype=float)
    neuron.fit(x, y, lr=0.1, epochs=2)
    w, b = nn.Parameter(np.zeros(3)), nn.Parameter(np.zeros(()))
    optimizer = optim.SGD([w, b], lr=0.1)
    for example, target in [*zip(x, y, strict=True)] * 2:
        optimizer.zero_grad()
        (0.5 * (target - (w @ example + b)) ** 2).backward()
        optimizer.step()
    np.testing.assert_allclose(neuron.weight.value, w.value, rtol=1e-12)
    np.testing.assert_allclose(neuron.bias.value, b.value, rtol=1e-12)


def test_options_that_change_are_seen():
    w = nn.Parameter(np.array([1.0, 2.0]))
    optimizer = optim.SGD([w], lr=0.5)
    rate = np.array(0.5)
    for lr, expected in ((0.5, 0.5), (0.25, 0.25), (rate, 0.0), (None, 0.0)):
        if lr is not None:
            optimizer.param_groups[0]["lr"] = lr
        else:
            rate[...] = 0.0  # in place
        w.grad = np.array([1.0, 1.0])
        before = w.value.copy()
        optimizer.step()
        np.testing.assert_allclose(before - w.value, [rate if lr is None else lr] * 2)
        del expected


def test_zero_grad_by_zeros():
    w, v = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))
    optimizer = optim.SGD([w, v])
    w.grad = np.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.tolist() == [0, 0]
    assert v.grad is None


@pytest.mark.parametrize("make", ALL)
def test_how_a_step_is_computed_is_ours_to_choose(make):
    names = [name for name in ("foreach", "fused", "capturable") if name in inspect.signature(make).parameters]
    w = nn.Parameter(W0)
    optimizer = make([{"params": [w], "foreach": True, "fused": False}], **dict.fromkeys(names, True))
    assert "foreach" not in optimizer.param_groups[0]
    if "differentiable" in inspect.signature(make).parameters:
        with pytest.raises(TypeError, match="records nothing, so differentiable=True is not to be had"):
            make([w], differentiable=True)


def test_a_step_costs_what_its_rows_cost():
    """A table of a million rows, of which three are read: nothing as large as the table is made."""
    import tracemalloc

    for make in (optim.SGD, optim.Adagrad, optim.SparseAdam):
        table = nn.Embedding(200_000, 4, sparse=True, generator=0)
        optimizer = make(table.parameters())
        for measured in (False, True):
            optimizer.zero_grad()
            if measured:
                tracemalloc.start()
            (table([5, 7, 5]) ** 2).sum().backward()
            optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200_000  # the table has 3 200 000 bytes


def test_rows_that_cannot_stay_rows():
    ends = []
    for sparse in (True, False):
        table = nn.Embedding(9, 2, sparse=sparse, dtype=float, generator=0)
        optimizer = optim.SGD(table.parameters(), lr=0.1, momentum=0.9)  # all rows go on moving
        for rows in ([1, 2], [2, 5], [1, 1]):
            optimizer.zero_grad()
            (table(rows) ** 2).sum().backward()
            optimizer.step()
        ends.append(table.weight.value)
    np.testing.assert_array_equal(*ends)
    table = nn.Embedding(9, 2, generator=0)
    optimizer = optim.SparseAdam(table.parameters())
    table([1]).sum().backward()
    with pytest.raises(
        TypeError, match=r"SparseAdam takes gradients of rows, .* sparse=True.* a whole array: use Adam"
    ):
        optimizer.step()


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.SparseAdam])
def test_a_batch_of_no_rows(make):
    table = nn.Embedding(9, 2, sparse=True, generator=0)
    before = table.weight.value.copy()
    optimizer = make(table.parameters(), lr=0.1)
    table(np.zeros((0, 3), int)).sum().backward()
    optimizer.step()
    np.testing.assert_array_equal(table.weight.value, before)


@pytest.mark.parametrize("step", [-5, np.nan, np.inf])
def test_a_count_of_steps_that_cannot_be(step):
    p = nn.Parameter([1.0])
    optimizer = optim.Adam([p])
    p.grad = np.ones(1, np.float32)
    optimizer.step()
    state = optimizer.state_dict()
    state["state"][0]["step"] = step
    with pytest.raises(ValueError, match=r"state 'step' of parameter 0 is .*, and should be finite and not negative"):
        optimizer.load_state_dict(state)


def test_a_state_leaves_nothing_of_the_one_before():
    """But the rate that a schedule began with, which the schedule still has."""
    a = optim.SGD([nn.Parameter([1.0])])
    state = a.state_dict()
    a.param_groups[0] |= {"note": "mine", "initial_lr": 0.5}
    a.load_state_dict(state)
    assert a.param_groups[0].keys() - state["param_groups"][0].keys() == {"initial_lr"}


def test_rows_of_another_table():
    table = nn.Embedding(9, 2, sparse=True, generator=0)
    optimizer = optim.SGD(table.parameters(), lr=0.1)
    table([1]).sum().backward()
    table.weight.value = np.ones((4, 2), np.float32)
    with pytest.raises(ValueError, match=r"the gradient of .* is float32 \(9, 2\). Call zero_grad"):
        optimizer.step()


def no_closure():
    return optim.LBFGS([nn.Parameter([1.0])])


def bad_loss(loss):
    w = nn.Parameter([1.0])
    return optim.LBFGS([w]).step(lambda: loss)


def traced_lbfgs():
    import autodiff as ad

    optimizer = no_closure()
    ad.trace(lambda x: optimizer.step(lambda: x))(np.ones(1))


P = nn.Parameter([1.0])


@pytest.mark.parametrize(("error", "match", "call"), [
    (TypeError, "parameters in a set have no order", lambda: optim.SGD({P})),
    (ValueError, "Adam: eps=1e-08 is 0 as float16", lambda: optim.Adam([nn.Parameter(np.ones(1, "f2"))])),
    (TypeError, "parameters in a set have no order", lambda: optim.SGD([{"params": {P}}])),
    (TypeError, r"SGD takes a list: of parameters, .* or of groups, \[", lambda: optim.SGD({"params": [P]})),
    (ValueError, "no optimizer's state, but NoneType", lambda: optim.SGD([P]).load_state_dict(None)),
    (TypeError, "LBFGS looks at the loss several times in a step: pass step", lambda: no_closure().step()),
    (TypeError, "the closure returned None", lambda: bad_loss(None)),
    (ValueError, "LBFGS cannot start: the loss is nan", lambda: bad_loss(Tensor(np.nan))),
    (GradientError, "no trace can hold them", traced_lbfgs),
    (ValueError, "LBFGS takes one group", lambda: optim.LBFGS([{"params": [P]}, {"params": [nn.Parameter([1.0])]}])),
    (ValueError, 'line_search_fn is None or "strong_wolfe"', lambda: optim.LBFGS([P], line_search_fn="armijo")),
    (ValueError, "LBFGS: max_iter must be 1 or more and finite, got 0", lambda: optim.LBFGS([P], max_iter=0)),
    (ValueError, r"Muon takes matrices of real numbers, got float32 \(1,\)", lambda: optim.Muon([P])),
    (ValueError, "ns_coefficients are three", lambda: optim.Muon([nn.Parameter([[1.0]])], ns_coefficients=(1, 2))),
    (ValueError, "adjust_lr_fn is None", lambda: optim.Muon([nn.Parameter([[1.0]])], adjust_lr_fn="max")),
    (ValueError, "Adafactor takes real parameters", lambda: optim.Adafactor([nn.Parameter(np.ones(1) * 1j)])),
    (ValueError, "Adafactor: beta2_decay must be", lambda: optim.Adafactor([P], beta2_decay=0.5)),
    (ValueError, "Adafactor: d must be", lambda: optim.Adafactor([P], d=0.5)),
    (ValueError, "got None for eps2", lambda: optim.Adafactor([P], eps=(None, None))),
    (ValueError, "0 < eta- < 1 < eta.*got", lambda: optim.Rprop([P], etas=(1.2, 0.5))),
    (ValueError, r"step_sizes are \(smallest, largest\)", lambda: optim.Rprop([P], step_sizes=(2.0, 1.0))),
    (ValueError, "Adadelta: rho must be in", lambda: optim.Adadelta([P], rho=1.5)),
    (ValueError, "Lion: betas are two numbers", lambda: optim.Lion([P], betas=(0.9,))),
    (ValueError, "AdamW: weight_decay must be finite and not negative", lambda: optim.AdamW([P], weight_decay=-1.0)),
    (ValueError, "NAdam: momentum_decay must be finite", lambda: optim.NAdam([P], momentum_decay=math.nan)),
    (ValueError, "Adagrad: lr_decay must be finite", lambda: optim.Adagrad([P], lr_decay=-1.0)),
    (ValueError, "RMSprop: alpha must be finite", lambda: optim.RMSprop([P], alpha=math.nan)),
    (ValueError, "ASGD: t0 must be finite", lambda: optim.ASGD([P], t0=-1.0)),
])  # fmt: skip
def test_errors(error, match, call):
    with pytest.raises(error, match=match):
        call()


def test_a_state_of_lbfgs_for_other_parameters():
    w = nn.Parameter([1.0, 2.0])
    optimizer = optim.LBFGS([w])

    def closure():
        optimizer.zero_grad()
        loss = (w**4).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with pytest.raises(ValueError, match="is for 2 numbers, and the parameters have 3"):
        optim.LBFGS([nn.Parameter([1.0, 2.0, 3.0])]).load_state_dict(optimizer.state_dict())


def test_a_centered_mean_of_an_unchanging_gradient_is_no_nan():
    path = run(optim.RMSprop, [np.full((3, 2), 1 / 3)] * 3000, centered=True, alpha=0.5, lr=1e-6)
    assert np.isfinite(path[-1]).all()


@pytest.mark.parametrize("options", [{}, {"nesterov": False, "adjust_lr_fn": "match_rms_adamw", "l1": 0.1}])
def test_muon_in_a_trace(options, tmp_path):
    import autodiff as ad

    ends = []
    for traced in (False, True, "file"):
        w = nn.Parameter(W0)
        optimizer = optim.Muon([w], lr=0.1, **options)

        def step(g, w=w, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (w * w * g).sum()
            loss.backward()
            optimizer.step()
            return loss

        step(GRADS[0])
        again = ad.trace(step)(GRADS[1]) if traced else step
        if traced == "file":
            again.save(tmp_path / "step.npz")
            again = type(again).load(tmp_path / "step.npz")
        losses = [
            float(np.asarray(getattr(loss, "value", loss)).ravel()[0])
            for loss in (again(g) for g in (GRADS[1:] if not traced else GRADS[2:]))
        ]
        ends.append(losses[-4:])
    assert ends[0] == ends[1] == ends[2]
