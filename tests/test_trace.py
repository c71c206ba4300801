"""`trace`: the program is what was done, and running it does it again to the same bits."""

from __future__ import annotations

import copy
import pickle
import random
import threading
import warnings
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff import GradientError, Tensor
from autodiff.program import Program
from tests.rows import Row
from tests.test_op_table import TRIALS, draw, is_float, tracked

FIRST = [(row, trial) for row, trial in TRIALS if trial % 3 == 0]  # a third of the table's trials


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(getattr(a, "value", a)), np.asarray(getattr(b, "value", b))
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize(("row", "trial"), FIRST, ids=[f"{row.name}-{i}" for row, i in FIRST])
def test_every_row_runs_again_to_the_same_bits(row: Row, trial: int) -> None:
    """Forward and backward, on the arguments of the trace and on others of the same shapes."""
    args, options = draw(row, trial)
    which = tracked(row, args)
    moving = [i for i, a in enumerate(args) if is_float(a)]
    if not moving:
        return

    def step(*values: Any) -> Any:
        full = list(args)
        for i, value in zip(moving, values, strict=True):
            full[i] = value
        leaves = [full[i].requires_grad_() for i in which] if row.differentiable else []
        out = row.call(*full, **options)
        parts = out if isinstance(out, tuple | list) else (out,)
        parts = [part for part in parts if type(part) is Tensor]
        recorded = [part for part in parts if part.requires_grad]
        if not recorded:
            return list(parts)
        seeds = [np.cos(np.arange(p.size)).reshape(p.shape).astype(p.dtype) for p in recorded]
        gradients = ad.gradients(recorded, leaves, seeds, allow_unused=True)
        return [*(part.detach() for part in parts), *(g for g in gradients if g is not None)]

    given = [args[i] for i in moving]
    expected = step(*map(Tensor, given))
    program = ad.trace(step)(*map(Tensor, given))
    for _ in range(2):
        found = program(*map(Tensor, given))
        assert len(found) == len(expected)
        assert all(map(same_bits, found, program(*map(Tensor, given))))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a.value, b.value, rtol=1e-12, atol=1e-12)


def classifier(optimizer: Any, **options: Any) -> tuple[Any, Any, Any, Any]:
    """A model, its optimizer, a training step, and a batch."""
    ad.manual_seed(3)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 3))
    opt = optimizer(model.parameters(), **options)

    def train(x: Any, y: Any) -> Any:
        opt.zero_grad()
        loss = ad.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss

    rng = np.random.default_rng(0)
    return model, opt, train, (rng.normal(size=(6, 4)).astype(np.float32), np.array([0, 1, 2, 1, 0, 2]))


OPTIMIZERS = [
    (optim.SGD, {"lr": 0.1}), (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    (optim.Adam, {"lr": 0.01}), (optim.Adam, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.01, "maximize": True}),
    (optim.AdamW, {"lr": 0.01, "l1": 0.01}), (optim.Adamax, {"weight_decay": 0.01}), (optim.NAdam, {}),
    (optim.RAdam, {"weight_decay": 0.01, "decoupled_weight_decay": True}), (optim.Adagrad, {"lr_decay": 0.1}),
    (optim.Adadelta, {}), (optim.RMSprop, {"centered": True, "momentum": 0.9, "weight_decay": 0.1}), (optim.Rprop, {}),
    (optim.ASGD, {"t0": 1, "lambd": 0.1}), (optim.Lion, {"weight_decay": 0.1}), (optim.Adafactor, {"lr": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_training_steps_run_again_to_the_same_bits(optimizer: Any, options: Any) -> None:
    """The step that was traced, made again by the program from where it started."""
    model, opt, train, batch = classifier(optimizer, **options)
    train(*batch)
    start, state = model.state_dict(), opt.state_dict()
    program = ad.trace(train)(*batch)
    traced = model.state_dict()
    model.load_state_dict(start)
    opt.load_state_dict(copy.deepcopy(state))
    program(*batch)
    assert all(same_bits(traced[key], model.state_dict()[key]) for key in traced)
    assert repr(state) != repr(opt.state_dict()) or options == {"lr": 0.1}


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_many_runs_of_a_program_are_as_many_steps(optimizer: Any, options: Any) -> None:
    """Counts and other numbers of the state go on as they do in a loop, to the same bits."""
    ends = []
    for traced in (False, True):
        model, opt, _, batch = classifier(optimizer, **options)
        layers = nn.Sequential(model[0], model[1], model[3])

        def train(x: Any, y: Any, opt: Any = opt, layers: Any = layers) -> Any:
            opt.zero_grad()
            loss = ad.cross_entropy(layers(x), y)
            loss.backward()
            opt.step()
            return loss

        train(*batch)
        again = ad.trace(train)(*batch) if traced else train
        for _ in range(7 if traced else 8):
            again(*batch)
        ends.append([*model.state_dict().values(), *(v for s in opt.state.values() for v in s.values())])
    assert all(map(same_bits, *ends))


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_a_traced_step_is_the_step(optimizer: Any, options: Any) -> None:
    """Tracing a function does to the outside what running it does, to the same bits."""
    runs = []
    for traced in (False, True):
        model, opt, train, batch = classifier(optimizer, **options)
        for _ in range(3):
            if traced:
                ad.trace(train)(*batch)
            else:
                train(*batch)
        runs.append([*model.state_dict().values(), *(v for s in opt.state.values() for v in s.values())])
    assert all(map(same_bits, *runs))


def test_a_program_trains() -> None:
    """Learning rate and state are read anew at each run."""
    model, opt, train, batch = classifier(optim.Adam, lr=0.02)
    train(*batch)
    program = ad.trace(train)(*batch)
    losses = [float(program(*batch, offset=i)) for i in range(60)]
    assert min(losses[-5:]) < 0.5 * losses[0]
    opt.param_groups[0]["lr"] = 0.0
    before = model.state_dict()
    program(*batch)
    assert all(same_bits(before[key], value) for key, value in model.state_dict().items())


def test_listing() -> None:
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="w")
    program = ad.trace(lambda x: (x * w).sum().backward())(np.ones((2, 3)))
    text = str(program)
    assert "input    %0    float64 (2, 3)" in text
    assert "outside  %1    float64 (3,)         w" in text
    assert "%2 = mul(%0, %1)" in text
    assert "write    w.grad = %" in text
    assert "test_trace.py:" in text
    assert program.counts()["mul"] == 2
    assert repr(program) == f"<Program <lambda>: 1 inputs, {len(program)} equations>"


def test_in_place_writes_and_views() -> None:
    def f(x: Any) -> Any:
        t = x * 2.0
        row = t[0]
        t[0, 1] = 5.0
        row += 1.0
        buffer = Tensor(np.zeros(3))
        view = buffer[1:]
        buffer[...] = row
        buffer[2] = 7.0
        return t.sum() + (row * view.sum()).sum()

    a, b = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    program = ad.trace(f)(a)
    assert [eq.name for eq in program].count("setitem") >= 3
    for x in (a, b):
        assert program(x) == f(Tensor(x)).item()


def test_writes_to_tensors_outside() -> None:
    total, p = Tensor(np.zeros(2), name="total"), Tensor(np.ones(2), requires_grad=True, name="p")

    def f(x: Any) -> None:
        total.__iadd__(x)
        with ad.no_grad():
            p[0] -= 0.5
            p.__imul__(2.0)

    program = ad.trace(f)(np.array([1.0, 2.0]))
    program(np.array([10.0, 20.0]))
    assert total.tolist() == [11.0, 22.0]
    assert p.tolist() == [1.0, 4.0]
    assert p.requires_grad
    assert p.is_leaf
    assert {repr(place) for place, _, _ in program.writes} == {"total", "p"}


def test_accumulating_gradients() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * 1.0).sum().backward()
    program = ad.trace(lambda x: (w * x).sum().backward())(np.array([3.0, 4.0]))
    assert w.grad.tolist() == [4.0, 5.0]
    program(np.array([10.0, 10.0]))
    assert w.grad.tolist() == [14.0, 15.0]


def test_a_program_that_adds_to_no_gradient_says_so() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    program = ad.trace(lambda x: (w * x).sum().backward())(np.ones(2))
    with pytest.raises(GradientError, match=r"w had no gradient when this program was traced"):
        program(np.ones(2))
    w.grad = None
    program(np.ones(2))
    assert w.grad.tolist() == [1.0, 1.0]


def test_a_first_step_is_not_taken_twice() -> None:
    _, _, train, batch = classifier(optim.Adam)
    program = ad.trace(train)(*batch)
    with pytest.raises(GradientError, match="was not there when this program was traced"):
        program(*batch)


def test_transforms_inside() -> None:
    def f(x: Any) -> Any:
        return (np.sin(x) * x).sum()

    x, other = np.array([0.5, 1.5]), np.array([-1.0, 2.0])
    for g in (ad.grad(f), lambda x: ad.jvp(ad.grad(f), (x,), (np.ones(2),))[1], ad.value_and_grad(f)):
        program = ad.trace(g)(x)
        for value in (x, other):
            found, expected = program(value), g(value)
            assert np.allclose(found[0], expected[0])
            assert np.allclose(found[1], expected[1])


def _batch(seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(5, 3)), rng.normal(size=(5, 2))


def test_checkpoints_custom_rules_and_mapped_functions() -> None:
    w, s = Tensor(np.random.default_rng(0).normal(size=(3, 2)), requires_grad=True), Tensor(0.7, requires_grad=True)

    @ad.custom_vjp
    def sine(x: Any) -> Any:
        return np.sin(x)

    sine.defvjp(lambda x: (sine(x), np.cos(x)), lambda c, g: (g * c * 10.0,))

    def loss(x: Any, y: Any) -> Any:
        return ((np.tanh(x @ w * s) - y) ** 2).sum()

    for f in (
        lambda x, y: ad.vmap(loss)(x, y),
        lambda x, y: ad.vmap(lambda u, v: u * v[0, 0], in_axes=(0, None), out_axes=1)(x, y),
        lambda x, y: ad.vmap(ad.grad(loss))(x, y),
        lambda x, y: ad.gradients(ad.vmap(loss)(x, y).sum(), [w, s]),
        lambda x, y: ad.vmap(ad.vmap(lambda u, v: (u[:2] * v).sum(), in_axes=(None, 0)), in_axes=(0, None))(x, y),
        lambda x, y: ad.hessian(lambda u: loss(u, y[0]))(x[0]),
        lambda x, y: ad.jacfwd(lambda u: np.sin(u) * y[0].sum())(x[0]),
        lambda x, y: ad.jacrev(lambda u: np.sin(u) * y[0].sum())(x[0]),
        lambda x, y: ad.gradients(ad.checkpoint(loss)(x[0], y[0]) * 2.0, [w, s]),
        lambda x, y: ad.gradients(sine(x @ w).sum(), w),
        lambda x, y: ad.hvp(lambda u: loss(u, y[0]), x[0], x[1]),
    ):
        program = ad.trace(f)(*_batch(1))
        for seed in (1, 2):
            found, expected = program(*_batch(seed)), f(*map(Tensor, _batch(seed)))
            pairs = zip(found, expected, strict=True) if isinstance(found, list | tuple) else [(found, expected)]
            for a, b in pairs:
                np.testing.assert_allclose(getattr(a, "value", a), b.value, rtol=1e-10, atol=1e-12)


def test_what_escapes_the_trace_is_an_error() -> None:
    with pytest.raises(GradientError, match="an array that no op call has computed"):
        ad.trace(lambda x: Tensor(x.value * 2.0))(np.ones(3))


def test_masks_that_are_taken_as_constants_are_checked() -> None:
    def f(x: Any, mask: Any) -> Any:
        return np.mean(x, where=mask)

    x = np.array([1.0, 2.0, 6.0])
    program = ad.trace(f)(x, np.array([True, True, False]))
    assert program(2 * x, np.array([True, True, False])) == 3.0
    try:
        found = program(x, np.array([True, True, True]))
    except GradientError as error:
        if "went into a function that takes it as a constant" not in str(error):
            raise
    else:
        assert found == 3.0


def test_zeroing_gradients_before_and_after() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")

    def late(x: Any) -> None:
        y = (w * x).sum()
        w.grad = None
        y.backward()

    program = ad.trace(late)(np.array([3.0, 4.0]))
    program(np.array([5.0, 6.0]))
    assert w.grad.tolist() == [5.0, 6.0]


def test_scalars_are_told_apart() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        d = ad.where(a > b, a * c, b)
        return ad.gradients(ad.where(c > a, d * d, a), [a, b, c])

    leaves = [Tensor(v, requires_grad=True) for v in (2.0, 1.0, 3.0)]
    program = ad.trace(f)(*leaves)
    for values in ((2.0, 1.0, 3.0), (1.0, 5.0, 3.0), (4.0, 1.0, 3.0)):
        expected = f(*[Tensor(v, requires_grad=True) for v in values])
        assert [t.item() for t in program(*map(Tensor, values))] == [t.item() for t in expected]


def test_reads_are_noted_and_branches_checked() -> None:
    def f(x: Any) -> Any:
        if x.sum() > 0:
            x = x * 2.0
        _ = x[0].item()
        return x

    program = ad.trace(f, reads="ignore")(np.array([1.0, 2.0]))
    assert [read.what for read in program.reads] == ["bool", "item"]
    assert program.reads[0].line[0].endswith("test_trace.py")
    assert program(np.array([3.0, 4.0])).tolist() == [6.0, 8.0]
    with pytest.raises(GradientError, match=r"bool\(%\d+\) was True when this program was traced, at test_trace"):
        program(np.array([-3.0, -4.0]))


def test_other_shapes_and_counts_are_refused() -> None:
    program = ad.trace(lambda x: x * 2.0)(np.ones(3))
    with pytest.raises(TypeError, match=r"argument 0 was float64 \(3,\) when .* is float64 \(4,\) now"):
        program(np.ones(4))
    with pytest.raises(TypeError, match=r"float32 \(3,\) now"):
        program(np.ones(3, np.float32))
    with pytest.raises(TypeError, match="takes 1 arrays, got 2"):
        program(np.ones(3), np.ones(3))
    with pytest.raises(TypeError, match="arguments of a traced function are arrays and numbers, got str"):
        ad.trace(lambda x: x)("a")


def test_a_value_replaced_behind_the_trace_is_an_error() -> None:
    t = Tensor([1.0, 2.0], name="t")

    def f(x: Any) -> Any:
        y = x * t
        t.value = np.array([5.0, 6.0])
        return y * t

    with pytest.raises(GradientError, match="t's value was replaced while it was traced"):
        ad.trace(f)(np.ones(2))


def test_containers() -> None:
    def f(p: Any) -> Any:
        return {"y": p["w"] @ p["x"][0], "n": 3}

    program = ad.trace(f)({"w": np.eye(2), "x": [np.ones(2)]})
    found = program({"w": 2 * np.eye(2), "x": [np.array([1.0, 3.0])]})
    assert found["n"] == 3
    assert found["y"].tolist() == [2.0, 6.0]


def test_comparing_programs() -> None:
    a, b = ad.trace(lambda x: x * 2.0 + 1.0)(np.ones(2)), ad.trace(lambda y: y * 2.0 + 1.0)(np.zeros(2))
    assert a == b
    assert a != ad.trace(lambda x: x * 3.0 + 1.0)(np.ones(2))
    text = a.difference(ad.trace(lambda x: x * 3.0 + 1.0)(np.ones(2)))
    assert text == "%1 = mul(%0, 2.0; [])  !=  %1 = mul(%0, 3.0; [])"
    assert a.difference(ad.trace(lambda x: x * 2.0)(np.ones(2))) is not None
    assert a != 3


def test_cost() -> None:
    program = ad.trace(lambda x, w: np.tanh(x @ w))(np.ones((4, 3)), np.ones((3, 2)))
    cost = program.cost()
    assert cost.multiply_adds == 4 * 3 * 2 + 4 * 2
    assert cost.bytes_read == 8 * (12 + 6 + 8)
    assert cost.bytes_written == 8 * (8 + 8)


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS)
def test_saving_and_loading(optimizer: Any, options: Any, tmp_path: Any) -> None:
    _, _, train, batch = classifier(optimizer, **options)
    train(*batch)
    program = ad.trace(train)(*batch)
    program.save(tmp_path / "step.npz")
    loaded = Program.load(tmp_path / "step.npz")
    assert loaded == program
    expected = [program(*batch, offset=i) for i in range(3)]
    found = [loaded(*batch, offset=i)[0] for i in range(3)]
    assert all(map(same_bits, found, expected))
    assert str(loaded).count("optimizer_update") == 4
    with open(tmp_path / "other.npz", "wb") as file:
        np.savez(file, a=np.ones(2))
    with pytest.raises(ValueError, match="holds no program"):
        Program.load(tmp_path / "other.npz")


def test_parameters_of_all_kinds_are_saved(tmp_path: Any) -> None:
    def f(x: Any) -> Any:
        y = x[..., 1:, None][np.array([0, 1, 0])]
        return [np.clip(y, -np.inf, 0.5), x.astype(np.complex64) * (2 + 1j), 4]

    program = ad.trace(f)(np.arange(6.0).reshape(2, 3))
    program.save(tmp_path / "f.npz")
    loaded = Program.load(tmp_path / "f.npz")
    x = np.linspace(0.0, 1.0, 6).reshape(2, 3)
    assert all(map(same_bits, loaded(x), program(x)))


def test_programs_can_be_drawn() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    program = ad.trace(lambda x: ad.gradients((x * w + 1.0).sum(), w))(np.ones(2))
    picture = ad.draw(program, lines=True)
    assert "mul(" in str(picture)
    assert "test_trace.py" in str(picture)
    assert "digraph" in picture.source
    long = ad.trace(lambda x: sum([x] * 1200))(np.ones(2))
    picture = ad.draw(long)
    assert len(picture.scene.items) < 10
    assert "1 197 x" in picture.text() or "x 1 19" in picture.text()


def test_threads_do_not_see_each_others_traces() -> None:
    programs: dict[int, Program] = {}

    def work(k: int) -> None:
        programs[k] = ad.trace(lambda x: sum([x * float(i) for i in range(k)], x))(np.ones(3))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(programs[k]) for k in range(1, 9)] == [2 * k for k in range(1, 9)]


def test_rows_were_tried() -> None:
    assert {row.name for row, _ in FIRST} == {row.name for row, _ in TRIALS}


# -- what a program may not miss ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f", [lambda x: x[: np.argmax(x) + 1].sum(), lambda x: x * (2.0 if 1.0 in x else 3.0)], ids=["slice", "in"]
)
def test_what_python_reads_of_a_slice_and_of_in_is_checked(f):
    program = ad.trace(f)(np.array([1.0, 2.0]))
    assert program.reads
    assert np.array_equal(program(np.array([1.0, 3.0])), f(np.array([1.0, 3.0])))
    with pytest.raises(GradientError, match="Trace the function again"):
        program(np.array([3.0, 0.0]))


@pytest.mark.parametrize(
    "f", [lambda x: np.mean(x[x > 1.5]), lambda x: x * len(np.unique(x))], ids=["count of a mask", "len of unique"]
)
def test_a_shape_that_changes_is_refused(f):
    program = ad.trace(f)(np.array([1.0, 2.0]))
    assert np.array_equal(program(np.array([1.0, 3.0])), f(np.array([1.0, 3.0])))
    with pytest.raises(GradientError, match=r"was .* when this program was traced.*where\(mask, x, 0\)"):
        program(np.array([3.0, 3.0]))


def test_a_number_that_the_traced_dtype_cannot_hold_is_refused():
    program = ad.trace(lambda x: x * 2)(2)
    assert program(3) == 6
    for wrong in (3.5, 2j, True):
        with pytest.raises(TypeError, match="argument 0 was int64"):
            program(wrong)
    assert ad.trace(lambda x: x * 2.0)(2.0)(3) == 6.0


def test_a_program_is_not_differentiated_or_mapped_or_traced_without_a_word():
    program = ad.trace(lambda x: x * x)(2.0)
    for transform in (ad.grad, ad.elementwise_grad, ad.hessian):
        with pytest.raises(GradientError, match="records nothing"):
            transform(program)(3.0)
    with pytest.raises(GradientError, match="records nothing"):
        ad.jvp(program, (3.0,), (1.0,))
    with pytest.raises(GradientError, match="records nothing"):
        ad.vmap(program)(np.ones(2))
    with pytest.raises(GradientError, match="records nothing"):
        ad.trace(lambda x: program(x) + 1.0)(2.0)
    y = program(Tensor(3.0, requires_grad=True))
    with pytest.raises(GradientError, match="the program <lambda> computed it"):
        y.backward()


def test_a_program_writes_into_arrays_as_its_function_does():
    def f(x):
        x[0] = 5.0
        return x * 2.0

    program = ad.trace(f)(np.array([1.0, 2.0]))
    given = np.array([3.0, 4.0])
    assert program(given).tolist() == [10.0, 8.0]
    assert given.tolist() == [5.0, 4.0]


def test_a_mask_is_saved_and_loaded(tmp_path):
    program = ad.trace(lambda x: x[np.array([True, False])] * np.bool(True))(np.array([1.0, 2.0]))
    program.save(tmp_path / "program.npz")
    (out,) = Program.load(tmp_path / "program.npz")(np.array([3.0, 4.0]))
    assert out.tolist() == [3.0]


# -- what Python code reads --------------------------------------------------------------------------------

READS = {
    "item": lambda x: x * x[0].item(),
    "float": lambda x: x * float(x[0]),
    "int": lambda x: x * int(x[0] * 10.0),
    "complex": lambda x: x * complex(x[0]).real,
    "tolist": lambda x: Tensor(x.tolist()) * x,
    "numpy": lambda x: x * (x.numpy() + 1.0),
    "array": lambda x: x * np.array(x).sum(),
    "elements of a list": lambda x: x * sum(map(float, x)),
    "value": lambda x: x * (x.value * 2.0),
    "a part of value": lambda x: x[1:] * x.value[1:],
    "value of a gradient": lambda x: x * ad.gradients((_leaf() * x).sum(), _leaf.last).value,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)) * 2.0,
    "filled array": lambda x: x * _filled(x),
    "in a hook": lambda x: _hooked(x),
}


def _leaf() -> Tensor:
    _leaf.last = Tensor(np.ones(3), requires_grad=True)
    return _leaf.last


def _filled(x: Any) -> Any:
    array = np.zeros(3)
    array[:] = x
    return array


def _hooked(x: Any) -> Any:
    y = _leaf() * x
    y.register_hook(lambda g: g * float(x.sum()))
    return ad.gradients((y * y).sum(), _leaf.last)


@pytest.mark.parametrize("f", READS.values(), ids=READS)
def test_a_read_of_another_value_is_an_error(f: Any) -> None:
    a, b = np.array([0.5, 1.5, -2.0]), np.array([2.0, 0.3, 1.0])
    program = ad.trace(f)(a)
    assert program.reads[0].line[0].endswith("test_trace.py")
    assert same_bits(program(a), f(Tensor(a)))
    with pytest.raises(GradientError, match=r"when this program was traced, at test_trace"):
        program(b)


def test_reads_that_are_only_looked_at() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(f"{x[0]:.1f} {x[1]}")
        seen.append(x.sum().item())
        return x * 2.0 if x[0] > 0 else x

    with pytest.raises(GradientError, match=r'what Python code made of it would be stale.*reads="ignore"'):
        ad.trace(f)(np.ones(2))(np.full(2, 3.0))
    program = ad.trace(f, reads="ignore")(np.ones(2))
    assert [read.what for read in program.reads] == ["text", "text", "item", "bool"]
    assert program(np.full(2, 3.0)).tolist() == [6.0, 6.0]
    assert len(seen) == 4
    with pytest.raises(GradientError, match="may go another way"):
        program(np.full(2, -3.0))
    with pytest.raises(ValueError, match='reads= is "check" or "ignore", got True'):
        ad.trace(f, reads=True)  # type: ignore[arg-type]


def test_nan_is_read_as_nan() -> None:
    program = ad.trace(lambda x: x * x[0].item())(np.array([np.nan, 1.0]))
    assert np.isnan(program(np.array([np.nan, 1.0]))).all()
    with pytest.raises(GradientError, match=r"was 0.0 when .* and is -0.0 now"):
        ad.trace(lambda x: x * x[0].item())(np.zeros(1))(-np.zeros(1))


def test_writing_into_a_bare_array_is_an_error() -> None:
    w = Tensor([1.0, 2.0], name="w")

    def raw(x: Any) -> Any:
        w.value[...] += 1.0
        return x * w

    def buffer(x: Any) -> Any:
        t = Tensor(np.zeros(2))
        t.numpy()[0] = 3.0
        return t * x

    for f in (raw, buffer):
        with pytest.raises(
            GradientError, match=r"test_trace.py:\d+, was written while it was traced, behind the trace"
        ):
            ad.trace(f)(np.ones(2))

    def seen_and_written(x: Any) -> Any:
        t = x * 1.0
        first = t.numpy().sum()
        t[0] = 5.0
        return t * 2.0, first

    program = ad.trace(seen_and_written, reads="ignore")(np.ones(2))
    assert program(np.full(2, 4.0))[0].tolist() == [10.0, 8.0]


@pytest.mark.parametrize(
    "draw", [np.random.random, random.random, lambda: ad.Generator(3).normal()], ids=["np.random", "random", "ad"]
)  # fmt: skip
def test_numbers_that_no_op_draws_again_are_an_error(draw: Any) -> None:
    with pytest.raises(GradientError, match=r"drew numbers while <lambda> was traced"):
        ad.trace(lambda x: x * draw())(np.ones(2))
    program = ad.trace(lambda x: x * draw(), reads="ignore")(np.ones(2))
    assert same_bits(program(np.ones(2)), program(np.ones(2)))


def test_reads_are_seen_in_the_thread_that_traces_only() -> None:
    x = Tensor(np.ones(2))
    inside, go_on = threading.Event(), threading.Event()
    programs = []

    def f(y: Any) -> Any:
        inside.set()
        go_on.wait()
        return y * 2.0

    thread = threading.Thread(target=lambda: programs.append(ad.trace(f)(np.ones(2))))
    thread.start()
    inside.wait()
    x.value = x.value * 3.0
    go_on.set()
    thread.join()
    assert x.tolist() == [3.0, 3.0]
    assert programs[0].reads == []
    assert type(Tensor.__dict__["value"]).__name__ == "member_descriptor"


def test_what_was_not_computed_is_returned() -> None:
    w = Tensor([1.0, 2.0], name="w")
    program = ad.trace(lambda x: [w, x, x])(np.ones(2))
    w[0] = 5.0
    assert [part.tolist() for part in program(np.zeros(2))] == [[5.0, 2.0], [0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("f", [copy.copy, copy.deepcopy, Tensor, lambda x: x.clone(), lambda x: x.detach()])
def test_copies_are_what_they_are_copies_of(f: Any) -> None:
    program = ad.trace(lambda x: f(x) * 2.0)(np.ones(2))
    assert program(np.full(2, 4.0)).tolist() == [8.0, 8.0]


W = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="w")


def _twice(x: Any) -> Any:
    W.grad = None
    for _ in range(2):
        (W * x).sum().backward()
    return W.grad


def _hooks_and_kept_gradients(x: Any) -> Any:
    y = x * x * W
    y.register_hook(lambda g: g * 2.0 * x)
    y.retain_grad()
    z = (y * W).sum()
    z.backward(inputs=[W])
    found = [y.grad, z, W.grad]
    W.grad = None
    return found


def _without_grad(x: Any) -> Any:
    with ad.no_grad():
        s = np.sin(x * W)
    return ad.gradients((s * W * x).sum(), W)


@ad.custom_vjp
def _sine(x: Any, n: Any) -> Any:
    return np.sin(x) * n


_sine.nondiff = (1,)
_sine.defvjp(lambda x, n: (np.sin(x) * n, np.cos(x)), lambda n, c, g: (g * c * n,))


def _backward_from(x: Any) -> Any:
    W.grad = None
    (W * x).backward(np.exp(x))
    found, W.grad = W.grad, None
    return found


def _second_order(x: Any) -> Any:
    g = ad.gradients((W**3 * x).sum(), W, create_graph=True)
    return ad.gradients((g * g).sum(), W)


def _kept_graph(x: Any) -> Any:
    loss = (np.exp(W * 0.1) * x).sum()
    first = ad.gradients(loss, W, retain_graph=True)
    return first, ad.gradients(loss * 2.0, W)


ON_OTHERS = [
    _twice, _backward_from, _hooks_and_kept_gradients, _without_grad, _second_order, _kept_graph,
    lambda x: ad.vmap(lambda u: u * u + x.sum())(x),
    lambda x: ad.vmap(ad.grad(lambda u: np.sin(u * x).sum()))(x),
    lambda x: ad.jacobian(lambda u: u * x)(x),
    lambda x: ad.hessian(lambda u: (np.exp(u) * u).sum())(x),
    lambda x: ad.gradients(ad.checkpoint(lambda u: np.tanh(u * W).sum())(x), W),
    lambda x: ad.vjp(lambda u: u**3, x)[1](x * 2.0),
    lambda x: ad.linearize(lambda u: u**3, x)[1](x * 2.0),
    lambda x: ad.gradients(W * x, W, np.sin(x)),
    lambda x: ad.gradients(W * x, W, x.astype(np.float32)),
    lambda x: ad.gradients([W * x, W], W, [x, x * 2.0]),
    lambda x: ad.gradients((_sine(x * W, 3) * x).sum(), W),
    lambda x: ad.vjp(lambda u: (u * x, x * 2.0), x, has_aux=True)[2],
    lambda x: ad.jvp(lambda u: ad.stop_gradient(u) * u * W, (x,), (np.cos(x),)),
    lambda x: ad.vmap(lambda u, i: W[i] * u, in_axes=(0, 0))(x, np.argsort(x)),
    lambda x: ad.elementwise_grad(lambda u: np.where(u > x[1], u * u, W))(x),
    lambda x: ad.gradients(ad.checkpoint(lambda u, v: u * v * W)(x, x[::-1]), W, x),
]  # fmt: skip


@pytest.mark.parametrize("f", ON_OTHERS)
def test_a_program_on_other_inputs_is_the_function(f: Any) -> None:
    a, b = np.array([0.5, 1.5, -2.0]), np.array([2.0, 0.3, 1.0])
    W.grad = None
    program = ad.trace(f)(a)
    for x in (a, b, b):
        W.grad = None
        expected = f(Tensor(x))
        W.grad = None
        found = program(x)
        for mine, theirs in zip(_parts(found), _parts(expected), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-13)


def _parts(x: Any) -> list[Any]:
    return [part for y in x for part in _parts(y)] if isinstance(x, list | tuple) else [getattr(x, "value", x)]


def test_every_row_on_other_inputs() -> None:
    """A program gives what the function gives, or says that a value which it was made of has changed."""
    tried = 0
    for row, trial in FIRST:
        args, options = draw(row, trial)
        moving = [i for i, a in enumerate(args) if is_float(a)]

        def step(*values: Any, row: Row = row, args: Any = args, options: Any = options, moving: Any = moving) -> Any:
            full = dict(enumerate(args)) | dict(zip(moving, values, strict=True))
            return row.call(*full.values(), **options)

        if not moving:
            continue
        others = [np.asarray(a * np.linspace(0.7, 0.9, a.size).reshape(a.shape), a.dtype)[()] for a in
                  (args[i] for i in moving)]  # fmt: skip
        program = ad.trace(step)(*[Tensor(args[i]) for i in moving])
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                found, expected = program(*map(Tensor, others)), step(*map(Tensor, others))
        except (GradientError, ValueError, np.linalg.LinAlgError):
            continue
        tried += 1
        for mine, theirs in zip(_parts(found), _parts(expected), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-11, err_msg=row.name)
    assert tried > 400


def test_a_loaded_program_checks_what_was_read(tmp_path: Any) -> None:
    program = ad.trace(lambda x: x * 2.0 if x.sum() > 0 else x * x[0].item())(np.ones(2))
    program.save(tmp_path / "program.npz")
    loaded = Program.load(tmp_path / "program.npz")
    assert loaded(np.full(2, 3.0))[0].tolist() == [6.0, 6.0]
    with pytest.raises(GradientError, match=r"bool\(%\d+\) was True when this program was traced, at test_trace.py"):
        loaded(np.full(2, -3.0))


def test_a_loaded_program_that_adds_to_no_gradient_says_so(tmp_path: Any) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    ad.trace(lambda x: (w * x).sum().backward())(np.ones(2)).save(tmp_path / "program.npz")
    _, _, train, batch = classifier(optim.Adam)
    ad.trace(train)(*batch).save(tmp_path / "first.npz")
    for name, given in (("program", (np.ones(2),)), ("first", batch)):
        loaded = Program.load(tmp_path / f"{name}.npz")
        loaded(*given)
        with pytest.raises(GradientError, match=r"had no gradient|was not there"):
            loaded(*given)


STEPS = {
    "hooks": lambda model, opt: None,
    "clipped norm": lambda model, opt: nn.utils.clip_grad_norm_(model.parameters(), 1.0),
    "clipped values": lambda model, opt: nn.utils.clip_grad_value_(model.parameters(), 0.3),
    "one vector": lambda model, opt: nn.utils.vector_to_parameters(
        nn.utils.parameters_to_vector(model.parameters()).detach() * 0.9, model.parameters()
    ),
    "set anew": lambda model, opt: nn.init.constant_(model[0].bias, 1.0),
    "zeroed": lambda model, opt: model.zero_grad(set_to_none=False),
}


@pytest.mark.parametrize("after", STEPS.values(), ids=STEPS)
def test_what_training_steps_do_is_in_the_program(after: Any) -> None:
    ad.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.utils.spectral_norm(nn.Linear(4, 3)))
    model[0].register_forward_hook(lambda module, given, out: out * 1.5)
    model[2].register_full_backward_hook(lambda module, gi, go: (gi[0] * 0.5,))
    opt = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step(x: Any) -> Any:
        opt.zero_grad()
        loss = (model(x) ** 2).sum()
        loss.backward()
        after(model, opt)
        opt.step()
        return loss

    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(6, 4)).astype(np.float32) for _ in range(3)]
    step(Tensor(batches[0]))
    start = copy.deepcopy([model.state_dict(), opt.state_dict()])
    program = ad.trace(step)(batches[0])
    ends = []
    for run in (lambda x: step(Tensor(x)).item(), program):
        model.load_state_dict(copy.deepcopy(start[0]))
        opt.load_state_dict(copy.deepcopy(start[1]))
        losses = [float(run(x)) for x in batches]
        ends.append([losses, *copy.deepcopy(model.state_dict()).values()])
    for mine, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.Sequential(nn.Linear(5, 300), nn.GELU(), nn.BatchNorm1d(300), nn.Linear(300, 2)), (64, 5)),
        (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()), (7, 2, 10, 10)),
        (lambda: nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.Tanh()), (9, 40, 5)),
    ],
)  # fmt: skip
def test_a_traced_pass_sums_gradients_as_an_ordinary_one(layer: Any, shape: Any) -> None:
    """Large enough for rows to be summed as a matrix product, and for each way to sum to have bits of its own."""
    rng = np.random.default_rng(0)
    x, other = (Tensor(rng.normal(size=shape).astype(np.float32)) for _ in range(2))
    ad.manual_seed(0)
    model = layer()

    def gradients(x: Any) -> Any:
        out = model(x)
        return ad.gradients((out * out * out).mean(), list(model.parameters()))

    program = ad.trace(gradients)(x)
    assert all(map(same_bits, program(other), gradients(other)))
