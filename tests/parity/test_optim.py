"""Fifty steps of each optimizer give PyTorch's numbers, over the optimizers' options."""

import itertools

import numpy as np
import pytest
import torch

import nn
import optim
from autodiff.tensor import Tensor

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def _float64():
    """PyTorch keeps some numbers of a step (NAdam's product, ASGD's rate) in its default dtype."""
    torch.set_default_dtype(torch.float64)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float32)


def products(**choices):
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def around(**choices):
    """PyTorch's defaults; each option at its values, the others at their first; and all at their last."""
    first = {name: values[0] for name, values in choices.items()}
    single = [{**first, name: value} for name, values in choices.items() for value in values[1:]]
    return [{}, first, *single, {name: values[-1] for name, values in choices.items()}]


MEANS = {"betas": [(0.9, 0.999), (0.5, 0.8)], "eps": [1e-8, 1e-3], "weight_decay": [0.0, 0.1]}
LAST = {"maximize": [False, True]}
DECAYED = around(lr=[0.02], **MEANS, decoupled_weight_decay=[False, True], **LAST)
CASES = {
    "SGD": [
        {},
        *(options for options in products(
            lr=[0.05], momentum=[0.0, 0.9], dampening=[0.0, 0.3], weight_decay=[0.0, 0.1], nesterov=[False, True],
            maximize=[False, True],
        ) if not options["nesterov"] or (options["momentum"] and not options["dampening"])),
    ],
    "Adam": [*around(lr=[0.02], **MEANS, amsgrad=[False, True], **LAST),
             {"decoupled_weight_decay": True, "weight_decay": 0.1}],
    "AdamW": around(lr=[0.02], **MEANS, amsgrad=[False, True], **LAST),
    "Adamax": around(lr=[0.02], **MEANS, **LAST),
    "NAdam": [*DECAYED, {"momentum_decay": 0.1}],
    "RAdam": DECAYED,
    "Adagrad": around(
        lr=[0.1], lr_decay=[0.0, 0.1], weight_decay=[0.0, 0.1], initial_accumulator_value=[0.0, 0.5], eps=[1e-10, 1e-3],
        **LAST,
    ),
    "Adadelta": around(lr=[1.0, 0.3], rho=[0.9, 0.5], eps=[1e-6, 1e-3], weight_decay=[0.0, 0.1], **LAST),
    "RMSprop": [
        *around(
            lr=[0.02], alpha=[0.99, 0.5], eps=[1e-8, 1e-3], weight_decay=[0.0, 0.1], momentum=[0.0, 0.9],
            centered=[False, True], **LAST,
        ),
    ],
    "Rprop": around(lr=[0.1], etas=[(0.5, 1.2), (0.7, 1.5)], step_sizes=[(1e-6, 50), (0.05, 0.2)], **LAST),
    "ASGD": around(lr=[0.05], lambd=[1e-4, 0.1], alpha=[0.75, 0.3], t0=[1e6, 10], weight_decay=[0.0, 0.1], **LAST),
    "Adafactor": around(
        lr=[0.01, 0.5], beta2_decay=[-0.8, -0.3], eps=[(None, 1e-3), (1e-2, 0.1)], d=[1.0, 2.0],
        weight_decay=[0.0, 0.1], **LAST,
    ),
}  # fmt: skip
RUNS = [(name, options) for name, several in CASES.items() for options in several]


def parameters(dtype=float):
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(3, 4)), rng.normal(size=5), np.array(rng.normal()), rng.normal(size=(2, 3, 4))]
    values = [v.astype(dtype) + (1j * rng.normal(size=v.shape) if dtype is complex else 0) for v in values]
    return [nn.Parameter(v) for v in values], [torch.nn.Parameter(torch.tensor(v)) for v in values]


def walk(a, b, ours, theirs, seed=1, steps=50, tolerance=1e-10):
    """The same random gradients for both, one of them now and then without any."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        a.zero_grad()
        b.zero_grad()
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            g = np.array(rng.normal(size=p.shape))
            if p.dtype.kind == "c":
                g = g + 1j * rng.normal(size=p.shape)
            if i != 1 or step % 3:
                p.grad, q.grad = Tensor(g), torch.tensor(g)
        a.step()
        b.step()
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.value, q.detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "options"), RUNS)
def test_fifty_steps(name, options):
    """A parameter of each kind, in two groups."""
    ours, theirs = parameters()
    groups = [{"params": slice(0, 2)}, {"params": slice(2, 4), "lr": 0.1}]
    a = getattr(optim, name)([{**g, "params": ours[g["params"]]} for g in groups], **options)
    b = getattr(torch.optim, name)([{**g, "params": theirs[g["params"]]} for g in groups], **options)
    walk(a, b, ours, theirs)


@pytest.mark.parametrize("name", [name for name in CASES if name != "Adafactor"])
def test_complex_parameters(name):
    ours, theirs = parameters(complex)
    options = {} if name == "Rprop" else {"weight_decay": 0.1}
    a, b = getattr(optim, name)(ours, lr=0.05, **options), getattr(torch.optim, name)(theirs, lr=0.05, **options)
    walk(a, b, ours, theirs)


@pytest.mark.parametrize("name", list(CASES))
def test_defaults_and_names_of_arguments(name):
    """What PyTorch calls them, in its order, with its defaults; ours come after them, by keyword only."""
    import inspect

    mine = inspect.signature(getattr(optim, name)).parameters
    theirs = inspect.signature(getattr(torch.optim, name)).parameters
    assert list(mine)[: len(theirs)] == list(theirs)
    for key, parameter in theirs.items():
        assert mine[key].default == parameter.default
        assert mine[key].kind == parameter.kind
    assert all(mine[key].kind == mine[key].KEYWORD_ONLY for key in list(mine)[len(theirs) :])


@pytest.mark.parametrize(("name", "options"), [(name, several[-1]) for name, several in CASES.items()])
def test_a_state_of_pytorch_is_taken_over(name, options):
    """Twenty steps by PyTorch, thirty by us from its state, and the other way."""
    for back in (False, True):
        ours, theirs = parameters()
        a, b = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
        walk(a, b, ours, theirs, steps=20)
        if back:
            state = a.state_dict()
            tensors = {
                i: {k: torch.tensor(v, dtype=torch.float64) for k, v in s.items()} for i, s in state["state"].items()
            }
            b = getattr(torch.optim, name)(theirs, **options)
            b.load_state_dict({**b.state_dict(), "state": tensors})
        else:
            a = getattr(optim, name)(ours, lr=7.0)
            a.load_state_dict(b.state_dict())
        walk(a, b, ours, theirs, seed=2, steps=30)


@pytest.mark.parametrize("options", around(
    lr=[0.02], weight_decay=[0.1, 0.0], momentum=[0.95, 0.5], nesterov=[True, False],
    adjust_lr_fn=[None, "original", "match_rms_adamw"], ns_steps=[5, 3],
)[1:])  # fmt: skip
def test_muon(options):
    """PyTorch rounds to bfloat16 (8 bits) in each of a step's products: a step agrees to some hundredths."""
    rng = np.random.default_rng(0)
    for shape in ((6, 4), (4, 6), (5, 5)):
        value = rng.normal(size=shape)
        p, q = nn.Parameter(value), torch.nn.Parameter(torch.tensor(value))
        a, b = optim.Muon([p], **options), torch.optim.Muon([q], **options)
        length = 0.02 * max(1.0, max(shape) ** 0.5)
        for step in range(1, 51):
            g = rng.normal(size=shape)
            p.grad, q.grad = Tensor(g), torch.tensor(g)
            a.step()
            b.step()
            error = np.abs(p.value - q.detach().numpy()).max()
            assert error < 0.05 * length * step**0.5


@pytest.mark.parametrize("options", [
    {"line_search_fn": "strong_wolfe"}, {"line_search_fn": "strong_wolfe", "max_iter": 4, "history_size": 3},
    {}, {"max_iter": 4, "history_size": 3, "lr": 0.5},
])  # fmt: skip
@pytest.mark.parametrize("problem", ["rosenbrock", "logistic"])
def test_lbfgs(problem, options):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 4)), np.where(rng.normal(size=30) > 0, 1.0, -1.0)
    start = [rng.normal(size=4) / 2, np.array(0.3)]
    if problem == "rosenbrock" and not options.get("line_search_fn"):
        options = {**options, "lr": options.get("lr", 1.0) / 1000}

    def loss_of(w, b, x, y, softplus):
        if problem == "rosenbrock":
            return ((w[1:] - w[:-1] ** 2) ** 2).sum() * 100 + ((1 - w[:-1]) ** 2).sum() + b * b
        return softplus(-(x @ w + b) * y).mean() + 0.01 * (w * w).sum()

    def losses(params, optimizer, *data):
        def closure():
            optimizer.zero_grad()
            loss = loss_of(*params, *data)
            loss.backward()
            return loss

        return [optimizer.step(closure).item() for _ in range(50)]

    ours, theirs = [nn.Parameter(v) for v in start], [torch.nn.Parameter(torch.tensor(v)) for v in start]
    a, b = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    mine = losses(ours, a, Tensor(x), Tensor(y), nn.functional.softplus)
    other = losses(theirs, b, torch.tensor(x), torch.tensor(y), torch.nn.functional.softplus)
    exact = 50 if problem == "logistic" else 2  # rounding grows from step to step in the bent valley
    np.testing.assert_allclose(mine[:exact], other[:exact], rtol=1e-10, atol=1e-10)
    if problem == "logistic" or options.get("line_search_fn"):
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.value, q.detach().numpy(), rtol=1e-6, atol=1e-6)


def test_a_state_of_pytorchs_lbfgs_is_taken_over():
    ours, theirs = nn.Parameter(np.ones(3)), torch.nn.Parameter(torch.ones(3))
    options = {"max_iter": 4, "line_search_fn": "strong_wolfe"}
    b = torch.optim.LBFGS([theirs], **options)

    def step(optimizer, p):
        def closure():
            optimizer.zero_grad()
            loss = ((p - 3.0) ** 4).sum() + (p * p)[0]
            loss.backward()
            return loss

        optimizer.step(closure)

    for _ in range(3):
        step(b, theirs)
    a = optim.LBFGS([ours])
    a.load_state_dict(b.state_dict())
    ours.value = theirs.detach().numpy().copy()
    for _ in range(3):
        step(a, ours)
        step(b, theirs)
        np.testing.assert_allclose(ours.value, theirs.detach().numpy(), rtol=1e-9)
    again = optim.LBFGS([ours])
    again.load_state_dict(a.state_dict())


SPARSE = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "maximize": True}), ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    ("SparseAdam", {}), ("SparseAdam", {"lr": 0.1, "betas": (0.5, 0.8), "eps": 0.01, "maximize": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), SPARSE)
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize("bag", [False, True])
def test_gradients_of_rows(name, options, bag):
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(20, 3))
    ours = (nn.EmbeddingBag if bag else nn.Embedding)(20, 3, sparse=True, dtype=float)
    theirs = (torch.nn.EmbeddingBag if bag else torch.nn.Embedding)(20, 3, sparse=True, dtype=torch.float64)
    ours.load_state_dict({"weight": weight})
    theirs.load_state_dict({"weight": torch.tensor(weight)})
    a, b = (
        getattr(optim, name)(ours.parameters(), **options),
        getattr(torch.optim, name)(theirs.parameters(), **options),
    )
    for _ in range(50):
        rows, factor = rng.integers(20, size=(2, 4)), rng.normal(size=(2, 3) if bag else (2, 4, 3))
        a.zero_grad()
        b.zero_grad()
        (ours(rows) ** 2 * factor).sum().backward()
        (theirs(torch.tensor(rows)) ** 2 * torch.tensor(factor)).sum().backward()
        a.step()
        b.step()
        np.testing.assert_allclose(ours.weight.value, theirs.weight.detach().numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", list(CASES))
def test_training_a_network(name):
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).double()
    ours = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 3)).astype(float)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2)), rng.integers(3, size=20)
    a = getattr(optim, name)(ours.parameters(), lr=0.1)
    b = getattr(torch.optim, name)(theirs.parameters(), lr=0.1)
    for _ in range(50):
        a.zero_grad()
        b.zero_grad()
        loss = nn.CrossEntropyLoss()(ours(x), y)
        other = torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        other.backward()
        a.step()
        b.step()
        np.testing.assert_allclose(loss.item(), other.item(), rtol=1e-7)


@pytest.mark.parametrize("use_buffers", [False, True])
def test_averaged_models(use_buffers):
    from optim import swa_utils as m

    other = torch.optim.swa_utils
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    ours = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).astype(float)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    rng = np.random.default_rng(0)
    averages = [
        (m.AveragedModel(ours, use_buffers=use_buffers), other.AveragedModel(theirs, use_buffers=use_buffers)),
        (m.AveragedModel(ours, None, m.get_ema_avg_fn(0.8), None, use_buffers),
         other.AveragedModel(theirs, None, other.get_ema_avg_fn(0.8), None, use_buffers)),
    ]  # fmt: skip
    a, b = optim.SGD(ours.parameters(), lr=0.05), torch.optim.SGD(theirs.parameters(), lr=0.05)
    batches = [rng.normal(size=(8, 3)) for _ in range(10)]
    for x in batches:
        for model, optimizer, batch in ((ours, a, x), (theirs, b, torch.tensor(x))):
            optimizer.zero_grad()
            (model(batch) ** 2).mean().backward()
            optimizer.step()
        for mine, yours in averages:
            mine.update_parameters(ours)
            yours.update_parameters(theirs)
    for mine, yours in averages:
        for updated in (False, True):
            if updated:
                m.update_bn(batches, mine)
                other.update_bn(map(torch.tensor, batches), yours)
            expected = yours.state_dict()
            assert set(mine.state_dict()) == set(expected)
            for name, value in mine.state_dict().items():
                np.testing.assert_allclose(value, expected[name].numpy(), rtol=1e-9, atol=1e-12)
