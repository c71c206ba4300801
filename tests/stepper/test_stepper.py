"""Moving through a pass, what each step says, and the kinds of graphs that it has to get right."""

import io
import sys
from importlib import import_module

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff.draw import render
from autodiff.stepper.steps import OpStep, same
from autodiff.stepper.terminal import run
from autodiff.stepper.widget import Live
from tests.backends import Ours
from tests.scenarios import SCENARIOS

drawn = pytest.mark.skipif(render.find() is None, reason="no Graphviz renderer is installed")


def leaf(value, **options):
    return ad.Tensor(value, requires_grad=True, **options)


def gates(**options):
    x, y, z = leaf(-2.0), leaf(5.0), leaf(-4.0)
    q = x + y
    f = q * z
    return (x, y, z, q, f), ad.stepper(f, **options)


def lines(step):
    return [row.text for row in step.rows]


# -- moving ---------------------------------------------------------------------------------------


def test_it_is_a_sequence_of_steps():
    _, s = gates()
    assert len(s) == 4
    assert [step.number for step in s] == [1, 2, 3, 4]
    assert s[-1].phase == "backward"
    assert [step.op for step in s[1:3]] == ["mul", "add"]
    assert s.position == 0
    assert s.step is None


def test_next_and_back():
    (x, _, _, q, _), s = gates()
    assert s.next() is s[0]
    assert s.next(2) is s[2]
    assert s.gradient(x) == -4
    assert s.back() is s[1]
    assert (s.gradient(x), s.gradient(q)) == (None, -4)
    assert s.back(10) is None
    assert s.gradient("f") is None
    assert s.next(100) is s[-1]
    assert s.next() is None


def test_goto_and_reset():
    _, s = gates()
    assert s.goto(-1) is s[3]
    assert s.goto(-2) is s[2]
    assert s.goto(0) is None
    s.goto(3)
    s.reset()
    assert s.position == 0
    for position in (5, -6):
        with pytest.raises(IndexError, match=f"there are 4 steps, and no position {position}"):
            s.goto(position)


def test_run_to():
    (x, _, z, q, _), s = gates()
    line = s[2].line
    assert s.run_to(q) is s[2]
    s.reset()
    assert s.run_to("mul") is s[1]
    assert s.run_to("q") is s[2]
    s.reset()
    assert s.run_to(x) is s[2]  # where its gradient is complete
    s.reset()
    assert s.run_to(z) is s[1]
    s.reset()
    assert s.run_to(line[1]) is s[2]
    s.reset()
    assert s.run_to(f"test_stepper.py:{line[1]}") is s[2]
    s.reset()
    assert s.run_to(lambda step: step.number == 4) is s[3]
    with pytest.raises(LookupError, match="no step at tensor 'q' after step 4 of 4"):
        s.run_to(q)
    with pytest.raises(LookupError, match="nothing here is called 'w'; there are tensors f, q, x, y, z"):
        s.run_to("w")
    with pytest.raises(LookupError, match="takes no part in the graph of f"):
        s.run_to(leaf(1.0))
    with pytest.raises(TypeError, match="not float"):
        s.run_to(1.5)


def test_breakpoints():
    x = leaf([1.0, 4.0, 0.0])
    y = np.sqrt(x)
    z = y * 100.0
    L = z.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        s = ad.stepper(L)
    stop = s.break_on(op="mul")
    assert s.resume().op == "mul"
    assert s.resume() is s[-1]
    assert s.resume() is None
    s.clear(stop)
    for options, name in [({"name": "x"}, "y"), ({"larger": 50}, "z"), ({"larger": np.float32(1e9)}, "y")]:
        s.reset()
        s.clear()
        s.break_on(**options)
        assert s.resume().name == name
    s.reset()
    s.clear()
    s.break_on(nan=True)
    assert s.resume() is s[-1]
    s.reset()
    s.clear()
    both = s.break_on(y, larger=1)
    assert repr(both) == "<Breakpoint 1: tensor 'y', |gradient| > 1>"
    assert s.resume().name == "y"
    with pytest.raises(TypeError, match="needs a condition"):
        s.break_on()


def test_a_breakpoint_at_nan():
    x = leaf([0.0, 1.0])
    with np.errstate(all="ignore"):
        L = (np.sqrt(x) * x).sum()
        s = ad.stepper(L)
    s.break_on(nan=True)
    step = s.resume()
    assert step.op == "sqrt"
    assert np.isnan(step.contributions[0].gradient[0])


def test_watch():
    (x, _, _, q, _), s = gates()
    s.watch(x, "q")
    s.next()
    assert repr(s).endswith("watch df/dx = none yet\n    watch df/dq = none yet")
    s.run_to(q)
    assert repr(s).endswith("watch df/dx = -4\n    watch df/dq = -4")
    s.unwatch(x)
    assert "watch df/dx" not in repr(s)
    s.unwatch()
    assert "watch" not in repr(s)


def test_text():
    _, s = gates()
    assert repr(s) == "<stepper of f: 4 steps, 0 done>"
    assert s.text().count("step ") == 4
    assert str(s[1]) == s[1].text()
    assert "(test_stepper.py:" in s[1].text()


# -- what a step says -------------------------------------------------------------------------------


def test_names_come_from_variables_arrays_included():
    X = np.ones((5, 3))
    W = leaf(np.ones((3, 4)))
    h = X @ W
    L = (h * h).sum()
    s = ad.stepper(L)
    step = s.run_to(h)
    assert step.title == "h = X @ W"
    assert lines(step)[1:3] == ["dL/dW = Xᵀ @ g", "(5, 3)ᵀ @ (5, 4) -> (3, 4)"]
    unnamed = ad.stepper(L, names=False)
    assert unnamed[1].title == "L = sum(v3, axis=(0, 1))"
    assert ad.stepper(L, names={"weights": W}).place(W).name == "weights"


def test_equal_names_are_told_apart():
    a, b = leaf(1.0, name="w"), leaf(2.0, name="w")
    s = ad.stepper(a * b)
    assert [s.place(a).name, s.place(b).name] == ["w", "w_2"]
    assert s.run_to("w_2").op == "mul"


def test_accumulation():
    a = leaf(2.0)
    y = a * 3.0 + a * a
    s = ad.stepper(y)
    assert "a.grad: 4 + 3 = 7" in s.text()
    assert "a.grad: 2 + 2 = 4" in s.text()
    assert s[-1].rows[0].text == "dy/da = 7"


def test_broadcasting_is_summed():
    b = leaf(np.zeros(3))
    c = leaf(1.0)
    y = (np.ones((2, 3)) * b * c).sum()
    text = ad.stepper(y).text()
    assert "b was broadcast: sum over axis 0, (2, 3) -> (3,)" in text
    assert "c was broadcast: sum over axes 0, 1, (2, 3) -> ()" in text


def test_casts_are_said():
    x = leaf(np.ones(3, np.float32))
    y = (x * np.arange(3.0)).sum()
    assert "float64 -> float32" in ad.stepper(y).text()


@pytest.mark.parametrize(
    ("f", "formula"),
    [
        (np.sin, "g * cos(x)"), (np.tanh, "g * (1 - y * y)"), (np.exp, "g * y"), (lambda x: x**3, "g * (3 * x**2)"),
        (lambda x: 2.0 / x, "-g * y / x"), (lambda x: -x, "-g"), (np.log, "g / x"), (ad.sigmoid, "g * (y * (1 - y))"),
        (lambda x: x - 1.0, "g"),
    ],
)  # fmt: skip
def test_formulas(f, formula):
    x = leaf([0.5, 2.0])
    y = f(x)
    assert ad.stepper(y.sum()).run_to(y).contributions[0].formula == formula


def test_a_users_op_has_a_formula():
    cube = ad.define("step_cube", lambda x: x * x * x, lambda g, x: 3 * g * x * x, kind="elementwise")
    x = leaf(2.0)
    y = cube(x)
    assert lines(ad.stepper(y).run_to(y))[1:] == ["dy/dx = 3 * x * x = 12", "dy/dx = dy/dy * dy/dx = 1 * 12 = 12"]


def test_complex_rules_are_conjugated():
    z = leaf(1.0 + 2.0j)
    w = z * (3.0 - 1.0j)
    L = np.real(w * np.conj(w))
    s = ad.stepper(L)
    assert s.run_to(w).contributions[0].formula == "g * conj(3-1j)" or "conj" in s.step.text()
    s.goto(-1)
    L.backward()
    assert same(s.gradient(z), z.grad.value)


# -- trails -------------------------------------------------------------------------------------------


def test_an_elements_trail():
    X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    W = leaf(np.ones((2, 2)))
    h = X @ W
    L = (h * np.array([1.0, 10.0])).sum()
    s = ad.stepper(L)
    trail = s.trail(W, focus=(1, 0))
    assert trail.total == 12
    (part,) = trail.parts
    assert [(summand.place, summand.upstream, summand.slope) for summand in part.summands] == [
        ((2, 0), 1.0, 6.0), ((1, 0), 1.0, 4.0), ((0, 0), 1.0, 2.0),
    ]  # fmt: skip
    assert trail.text().splitlines()[0] == "dL/dW[1, 0] = 12"
    assert "dL/dh[2, 0] * slope = 1 * 6 = 6" in trail.text()
    with pytest.raises(IndexError, match="focus= takes 2 indices"):
        s.trail(W, focus=1)
    with pytest.raises(IndexError, match="no element"):
        s.trail(W, focus=(2, 0))


def test_an_element_in_focus():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    W = leaf(np.ones((2, 2)))
    h = X @ W
    L = h.sum()
    s = ad.stepper(L, focus=(W, (1, 0)))
    assert [row.text for row in s.run_to(h).focus] == [
        "dL/dW[1, 0] gets 6", "    dL/dh[1, 0] * slope = 1 * 4 = 4", "    dL/dh[0, 0] * slope = 1 * 2 = 2",
    ]  # fmt: skip
    assert "dL/dW[1, 0] gets 6" in s.step.text()
    s.focus()
    assert "gets" not in s.text()


def test_trails_add_up():
    rng = np.random.default_rng(0)
    x = leaf(rng.normal(size=(4, 3)))
    logits = np.tanh(x) @ leaf(rng.normal(size=(3, 5))) + x.sum() * x[1, 2]
    L = ad.cross_entropy(logits, np.array([0, 1, 2, 3])) + (x[1:] ** 2).mean()
    s = ad.stepper(L)
    s.goto(-1)
    for index in [(1, 2), (0, 0), (-1, 1)]:
        trail = s.trail(x, focus=index)
        assert trail.total == s.gradient(x)[index]
        assert sum(part.gradient for part in trail.parts) == pytest.approx(trail.total, rel=1e-12)
        for part in trail.parts:
            assert sum(summand.product for summand in part.summands) == pytest.approx(part.gradient, rel=1e-10)


# -- looking changes nothing, unless asked to ---------------------------------------------------------


def test_looking_leaves_grad_and_graph():
    (x, _, _, q, f), s = gates()
    q.retain_grad()
    x.grad = 7.0
    before = x.grad
    assert ad.stepper(f).goto(-1)
    assert x.grad is before
    assert x.grad.item() == 7
    assert q.grad is None
    f.backward()
    assert x.grad.item() == 3
    assert len(s) == 4


def test_accumulate_does_what_backward_does():
    (x, _, _, _, f), _ = gates()
    x.grad = 7.0
    s = ad.stepper(f, accumulate=True)
    assert x.grad.item() == 3
    assert "x.grad: 7 + -4 = 3" in s.text()
    s.goto(-1)
    assert s.gradient(x) == 3
    s.back()
    assert s.gradient(x) == -4
    with pytest.raises(ad.GradientError, match="freed by an earlier backward pass"):
        f.backward()


def test_hooks_run_once_and_are_shown():
    x = leaf(3.0)
    y = x * x
    L = y * 2.0
    seen = []
    y.register_hook(lambda g: seen.append(g.item()) or g * 10)
    x.register_hook(lambda g: g + 1)
    s = ad.stepper(L)
    assert seen == [2]
    assert "a hook made it that, of 2" in s.text()
    assert "x: a hook made 121 of 120" in s.text()
    s.goto(-1)
    assert s.gradient(x) == 121


def test_what_was_recorded_never_changes():
    x = leaf(np.ones(3))
    y = x * x
    L = y.sum()
    s = ad.stepper(L, forward=True)
    text, gradient = s.text(), s.goto(-1) and s.gradient(x).copy()
    x.value[:] = 100.0
    L.node.value  # noqa: B018
    assert s.text() == text
    np.testing.assert_array_equal(s.gradient(x), gradient)
    with pytest.raises(ValueError, match="read-only"):
        s.gradient(x)[0] = 1.0


def test_an_error_in_a_rule_changes_nothing():
    def broken(g, x):
        raise RuntimeError("no rule")

    bad = ad.define("step_broken", lambda x: x + 0.0, broken, kind="elementwise")
    x = leaf(1.0)
    y = (x * 2.0).retain_grad()
    L = bad(y) + y
    with pytest.raises(RuntimeError, match="no rule"):
        ad.stepper(L)
    assert (x.grad, y.grad) == (None, None)


# -- kinds of graphs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios(name, monkeypatch):
    """Programs that call `backward()`, with a stepper in its place."""

    def stepped(tensor, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        if inputs is not None:
            return ad.backward_all([tensor], [gradient], retain_graph, create_graph, inputs)
        s = ad.stepper(tensor, gradient, accumulate=True, retain_graph=retain_graph, create_graph=create_graph)
        assert s.text()
        return None

    monkeypatch.setattr(ad.Tensor, "backward", stepped)
    with np.errstate(all="ignore"):
        results = SCENARIOS[name].run(Ours())
    for result, expected in zip(results, SCENARIOS[name].expect, strict=True):
        if expected is None:
            assert result is None
        else:
            np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-12)


def agrees(f, *arrays):
    """Step through a graph, run the pass, compare every leaf; return the stepper."""
    leaves = [leaf(a) for a in arrays]
    L = f(*leaves)
    s = ad.stepper(L)
    assert s.text()
    for step in s:
        if isinstance(step, OpStep):
            assert same(step.event.arrived, step.event.g)
    s.goto(-1)
    L.backward()
    for x in leaves:
        assert same(s.gradient(x), x.grad.value)
    return s


A = np.arange(1.0, 7.0).reshape(2, 3)


def test_several_outputs():
    s = agrees(lambda x: np.linalg.svd(x, full_matrices=False)[1].sum() + np.linalg.qr(x)[1].sum(), A + np.eye(2, 3))
    assert any(step.title.endswith(".s") for step in s)


def test_in_place_writes():
    def f(x):
        y = x * 2.0
        y[0, 1] = x[1, 2] * 3.0
        y[1] += x[0]
        return (y * y).sum()

    agrees(f, A)


def test_regions():
    block = ad.checkpoint(lambda x, w: np.tanh(x * w) * w)
    s = agrees(lambda x, w: (block(x, w) * w).sum() + ad.vmap(lambda r: (r * w).sum())(x).sum(), A, A)
    assert "what its own backward function gives for g" in s.text()


def test_custom_vjp():
    @ad.custom_vjp
    def f(x):
        return np.sin(x)

    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (g * np.cos(x) * 2.0,))
    agrees(lambda x: (f(x) * x).sum(), A)


def test_indexing_and_scatter():
    rows = np.array([0, 1, 1, 0, 1])
    s = agrees(lambda x: (x[rows] * x[:, 1:].sum() + x[0, 0]).sum(), A)
    assert "scatter(g" in s.text()


def test_shared_subexpressions_and_long_chains():
    def f(x):
        y = x.sum()
        for _ in range(300):
            y = y + y * 0.01
        return y

    assert len(agrees(f, A)) > 600


def test_a_leaf_as_loss():
    x = leaf(3.0)
    s = ad.stepper(x)
    s.goto(-1)
    assert s.gradient(x) == 1


def test_create_graph_and_second_order():
    x = leaf(2.0)
    y = x * x * x
    s = ad.stepper(y, create_graph=True, accumulate=True)
    s.goto(-1)
    assert s.gradient(x) == 12
    dx = x.grad
    again = ad.stepper(dx)
    again.goto(-1)
    assert again.gradient(x) == 12


def test_gradients_of_several_losses():
    x = leaf(2.0)
    a, b = x * 3.0, x * x
    s = ad.stepper([a, b], [1.0, 10.0])
    s.goto(-1)
    assert s.gradient(x) == 43
    assert s.loss == "L"


def test_what_cannot_be_stepped():
    with pytest.raises(ad.GradientError, match="does not require grad"):
        ad.stepper(ad.Tensor(1.0))
    with pytest.raises(ad.GradientError, match="starts from a single number"):
        ad.stepper(leaf(A) * 2.0)
    with pytest.raises(ad.GradientError, match="inside a function that vmap maps"):
        ad.vmap(lambda x: ad.stepper(x * leaf(1.0)) and x)(np.ones(3))
    with pytest.raises(TypeError, match="a backward pass starts from a Tensor"):
        ad.stepper([1.0])


# -- optimizers ---------------------------------------------------------------------------------------


def test_an_optimizers_step():
    w, v = leaf([1.0, -2.0]), leaf(3.0)
    L = (w * w).sum() * v
    s = ad.stepper(L)
    new = s.optimizer_step(optim.Adam([w, v], lr=0.1))
    assert [step.phase for step in new] == ["update", "update"]
    assert new[0].total == len(s)
    assert lines(new[1]) == ["v.grad = 5", "v <- v + change = 3 + -0.1 = 2.9"]
    assert w.grad is None
    s.goto(-1)
    assert s.value(v) == v.item() == pytest.approx(2.9)
    s.goto(len(s) - 2)
    assert s.value(v) == 3
    with pytest.raises(TypeError, match="param_groups"):
        s.optimizer_step(L)


# -- groups -------------------------------------------------------------------------------------------


def network(blocks=4):
    g = ad.Generator(0)
    parts = [nn.Sequential(nn.Linear(3, 3, generator=g), nn.Tanh()) for _ in range(blocks)]
    model = nn.Sequential(*parts, nn.Linear(3, 2, generator=g))
    with ad.watch_modules(model) as calls:
        y = model(np.ones((2, 3), np.float32))
    loss = nn.CrossEntropyLoss()(y, np.array([0, 1]))
    return ad.stepper(loss, modules=calls)


def test_modules_are_groups():
    s = network()
    assert s.groups[0].name == "Sequential"
    assert (s.groups[0].start, s.groups[0].stop) == (2, len(s) - 1)
    assert [group.name for group in s.groups[1:]] == [f"{i} (Sequential)" for i in (3, 2, 1, 0)]
    s.goto(2)
    assert s.over().number == len(s) - 1
    s.goto(2)
    s.into()  # the last layer
    assert s.over().number == 5  # a block of two ops
    s.into()
    assert s.out().number == 7


def test_large_graphs_fold():
    w = leaf(0.5)
    h = w
    for _ in range(100):
        h = np.tanh(h * w + 0.1)
    s = ad.stepper(h)
    fold = max(s.groups, key=len)
    assert len(fold) > 250
    assert any(group.name == "1 of 99" for group in s.groups) or any(" of " in group.name for group in s.groups)
    s.goto(fold.start)
    assert s.over().number == fold.stop
    part = s.inside(fold.start + 5)
    assert 1 < len(part.steps) <= 100
    assert repr(part).startswith("step ")
    with pytest.raises(IndexError, match="there are steps 1 to"):
        s.inside(10_000)


@drawn
def test_pages_of_large_graphs():
    w = leaf(0.5)
    h = w
    for _ in range(100):
        h = np.tanh(h * w + 0.1)
    s = ad.stepper(h)
    source = s.html()
    assert source.count("<details") < 60
    assert "stepper.inside(" in source
    inside = s.inside(100).html()
    assert "step 100 of" in inside
    page = network(30).html()
    assert "steps" in page


# -- files and terminals --------------------------------------------------------------------------------


@drawn
def test_frames(tmp_path):
    _, s = gates(forward=True)
    svgs = s.save_frames(tmp_path / "frames")
    assert [path.name for path in svgs] == [f"step{i}.svg" for i in range(1, 8)]
    counts = [path.read_text(encoding="utf-8").count(">-4<") for path in svgs]
    assert counts == [1, 1, 1, 1, 2, 4, 4]
    assert "style=" not in svgs[0].read_text(encoding="utf-8")
    pngs = s.save_frames(tmp_path / "frames", "png", dpi=72)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pngs)
    with pytest.raises(ValueError, match="'svg' or 'png', not 'bmp'"):
        s.save_frames(tmp_path, "bmp")


@drawn
def test_the_picture_at_a_position():
    _, s = gates()
    assert s.svg().count(">-4<") == 1
    s.goto(3)
    assert s.svg().count(">-4<") == 4
    assert "style=" not in s.svg()


def test_without_a_renderer_there_is_the_text(monkeypatch):
    for module in ("page", "stepper"):
        monkeypatch.setattr(import_module(f"autodiff.stepper.{module}"), "find", lambda: None)
    _, s = gates()
    assert set(s._repr_mimebundle_()) == {"text/plain"}
    assert "<svg" not in s.html()
    assert "df/dx" in s.html()


def test_it_hears_a_pass_that_a_debugger_hears_too():
    x = leaf([1.0, 0.0])
    L = np.sqrt(x).sum()
    with ad.debug(), pytest.raises(ad.NumericalError, match="sqrt"):
        ad.stepper(L)
    with ad.debug():
        s = ad.stepper((x * x).sum())
    with ad.no_grad():
        assert ad.stepper(s.tensors[0]).goto(-1)


@drawn
def test_gif(tmp_path):
    image = pytest.importorskip("PIL.Image")
    _, s = gates()
    with image.open(s.save_gif(tmp_path / "steps.gif", seconds=0.5)) as gif:
        assert gif.n_frames == len(s)


def test_a_terminal():
    _, s = gates()
    keys = iter(["n", "\x1b[C", "l", "k", "x", "e", "\x1b[D", "b", " ", "c", "q"])
    out = io.StringIO()
    run(s, lambda: next(keys), out)
    screens = out.getvalue().split("\x1b[2J")[1:]
    assert len(screens) == 11
    assert "df/dx" not in screens[2]
    assert "df/dx = df/dq * dq/dx = -4 * 1 = -4" in screens[3]
    assert "df/dx = df/dq" not in screens[4]
    assert "before the first step" in screens[8]
    assert s.position == 4


def test_without_a_terminal_all_steps_are_printed(capsys):
    _, s = gates()
    s.run()
    assert capsys.readouterr().out.strip() == s.text()


def test_a_name_does_not_move_the_cursor():
    x = leaf(2.0, name="\x1b[2Jx\n")
    s = ad.stepper(x * x)
    assert "\x1b" not in s.text()
    keys = iter(["n", "n", "q"])
    out = io.StringIO()
    run(s, lambda: next(keys), out)
    assert out.getvalue().count("\x1b[2J") == 3


# -- sliders --------------------------------------------------------------------------------------------


def circuit(x, y, w):
    return ((x + y) * w[0] + w[1]).named("f")


def test_numbers_that_sliders_move():
    live = Live(circuit, True, {"x": -2.0, "y": 5.0, "w": [-4.0, 1.0]}, {"x": (0, 1), "w[1]": (2, 3)})
    assert live.values == {"x": -2, "y": 5, "w[0]": -4, "w[1]": 1}
    assert live.ranges["x"] == (0, 1)
    assert live.ranges["y"] == (-10, 10)
    assert live.ranges["w[1]"] == (2, 3)
    live.stepper.goto(5)
    live.update(live.values | {"x": 1.0})
    assert live.stepper.position == 5
    live.stepper.goto(-1)
    np.testing.assert_array_equal(live.stepper.gradient("w"), [6.0, 1.0])
    with pytest.raises(ValueError, match="at most 12 get a slider"):
        Live(circuit, True, {"x": np.ones(13)}, {})
    with pytest.raises(TypeError, match="f returns a Tensor"):
        Live(lambda x: 1.0, True, {"x": 1.0}, {})


@drawn
def test_a_widget_moves_both_ways():
    pytest.importorskip("anywidget")
    widget = ad.live_stepper(circuit, x=-2.0, y=5.0, w=[-4.0, 1.0])
    before = widget.html
    widget.values = widget.values | {"x": 1.0}
    assert widget.html != before
    widget.position = 3
    assert widget.stepper.position == 3


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(RuntimeError, match=r"pip install 'chainrule\[widget\]'"):
        ad.live_stepper(circuit, x=-2.0, y=5.0, w=[-4.0, 1.0])
