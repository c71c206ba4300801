"""The backward pass: closed forms, who owns a gradient, modes, and errors by their text."""

import asyncio
import copy
import inspect
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff.accumulate import own
from autodiff.backward import backward_all
from autodiff.errors import GradientError
from autodiff.graph import WRITES
from tests.backends import Ours, assert_close
from tests.scenarios import SCENARIOS

HERE = Path(__file__).name


def leaf(value, dtype=None):
    return ad.Tensor(value, dtype, requires_grad=True)


def here(offset=0):
    """The place of the line that calls this, the way messages write it."""
    return f"{HERE}:{inspect.currentframe().f_back.f_lineno + offset}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    """The situations of tests/scenarios.py, against their closed forms."""
    assert_close(SCENARIOS[name].run(Ours()), SCENARIOS[name].expect, rtol=1e-12, atol=1e-15)


# -- a gradient is owned --------------------------------------------------------------------------

PLAIN = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "neg": lambda x, y: -x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "add_constant": lambda x, y: x + 1.0 + y,
    "same_twice": lambda x, y: x + x + y,
    "reshape": lambda x, y: x.reshape(2, 8) + y.reshape(2, 8),
    "transpose": lambda x, y: x.T + y.T,
    "clone": lambda x, y: x.clone() + y,
    "expand": lambda x, y: ad.broadcast_to(x + y, (3, 4, 4)),
    "squeeze": lambda x, y: ad.squeeze(ad.expand_dims(x, 0), 0) + y,
    "slice": lambda x, y: x[1:] + y[:-1],
    "whole_slice": lambda x, y: x[:] + y[...],
    "gather": lambda x, y: x[[0, 0, 1]] + y[[1, 1, 0]],
    "concatenate": lambda x, y: ad.concatenate([x, y, x]),
    "stack": lambda x, y: ad.stack([x, y]),
    "sum": lambda x, y: x.sum() + y.sum(axis=1),
    "mean": lambda x, y: x.mean(axis=0, keepdims=True) + y,
    "where": lambda x, y: ad.where(x.value > 0, x, y),
    "maximum": ad.maximum,
    "exp": lambda x, y: ad.exp(x) + ad.tanh(y),
    "matmul": lambda x, y: x @ y.T,
    "linear": lambda x, y: ad.linear(x, y, y.sum(axis=1)),
    "softmax": lambda x, y: ad.softmax(x) + ad.log_softmax(y),
    "real": lambda x, y: ad.real(x) + ad.conj(y),
    "dropout": lambda x, y: ad.dropout(x, 0.5, generator=1) + y,
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_a_gradient_of_a_leaf_shares_memory_with_nothing(name):
    rng = np.random.default_rng(0)
    x, y = leaf(rng.normal(size=(4, 4))), leaf(rng.normal(size=(4, 4)))
    middle = PLAIN[name](x, y).retain_grad()
    out = (middle + 0.0).retain_grad()
    seed = rng.normal(size=out.shape)
    arrays = [seed, *(t.value for t in (x, y, middle, out)), *saved_by(out)]
    out.backward(seed)
    arrays += [t.grad.value for t in (x, y, middle, out)]
    for g in (x.grad.value, y.grad.value):
        assert g.flags.writeable  # an optimizer may scale it in place
        assert [np.shares_memory(g, a) for a in arrays].count(True) == 1  # itself


def test_a_gradient_that_nobody_else_holds_is_handed_out_without_a_copy():
    held = np.ones((4, 4))
    for make, copied in (
        (lambda: np.ones((4, 4)), False), (lambda: np.ones((4, 4)).reshape(16), False), (lambda: held, True),
        (lambda: held.reshape(16), True), (lambda: np.ones((4, 4))[1:], True), (lambda: np.ones((4, 4)).mT, False),
        (lambda: np.broadcast_to(np.ones(8)[:4], (2, 4)), True),
    ):  # fmt: skip
        kept = {0: make()}
        before = id(kept[0])
        found = own(kept)[0]
        assert (id(found) != before) == copied
        assert found.flags.writeable


def saved_by(tensor):
    nodes, _ = ad.graph.history([tensor.node])
    found = [saved for node in nodes for saved in node.saved_arrays.values()]
    return [a for s in found for a in (s if type(s) is tuple else (s,)) if isinstance(a, np.ndarray)]


def test_gradients_given_by_name_are_owned_too():
    x, seed = leaf(np.ones(3)), np.ones(3)
    y = x + 0
    gy, gx = ad.gradients(y, [y, x], seed)
    assert not any(np.shares_memory(a, b) for a, b in [(gy.value, gx.value), (gy.value, seed), (gx.value, seed)])


def test_accumulation_leaves_what_others_hold_alone():
    x = leaf(np.ones(3))
    shared = np.full(3, 5.0)
    x.grad = ad.asarray(shared)
    held = x.grad
    (2 * x).sum().backward()
    np.testing.assert_array_equal(x.grad.value, np.full(3, 7.0))
    assert held is x.grad  # the same tensor grows, as in PyTorch


def test_a_seed_stays_as_it_was():
    x, seed = leaf(np.ones(3)), np.array([1.0, 2.0, 3.0])
    (x + x).backward(seed)
    (x[1:] + x[:-1]).backward(seed[1:])
    np.testing.assert_array_equal(seed, [1.0, 2.0, 3.0])


# -- dtypes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * 2.0 + 1,
        lambda x: x * np.float64(3.0),
        lambda x: x * np.full(3, 2.0),  # the product is float64, the gradient must not be
        lambda x: np.full((2, 3), 2.0) @ x,
        lambda x: x / (1 + x**2) - 2**x,
        lambda x: ad.concatenate([x, np.zeros(2)]),
        lambda x: ad.where(np.array([True, False, True]), x, 0.0),
        lambda x: ad.maximum(x, np.zeros(3)),
        lambda x: x.astype(np.float64),
        lambda x: x.mean() + x.var() + ad.logsumexp(x),
        lambda x: x[[0, 0]] * np.ones(2),
        lambda x: x.sum() * np.float64(2),
    ],
)
def test_float32_gradients_stay_float32(f):
    x = leaf(np.array([0.5, -1.0, 2.0], np.float32))
    out = f(x)
    out.backward(np.ones(out.shape))
    assert x.grad.dtype == np.float32
    scalar = leaf(np.float32(0.5))
    out = f(ad.broadcast_to(scalar, (3,)))
    out.backward(np.ones(out.shape))
    assert scalar.grad.dtype == np.float32
    assert type(scalar.grad.value) is np.float32  # scalars live as NumPy scalars


@pytest.mark.filterwarnings("ignore:Degrees of freedom <= 0", "ignore:invalid value encountered")
def test_the_variance_of_too_few_elements_has_no_slope():
    x = leaf([2.0])
    x.var(ddof=1).backward()
    assert np.isnan(x.grad.value).all()


def test_python_numbers_do_not_widen_the_forward():
    x = leaf(np.ones(3, np.float32))
    for y in (
        x * 2.0,
        1 - x,
        x**2,
        2.0**x,
        x / 3,
        ad.maximum(x, 0.0),
        -x,
        ad.sigmoid(x),
        x.mean(),
        x.var(),
    ):
        assert y.dtype == np.float32


# -- options of backward() and gradients() --------------------------------------------------------


def test_inputs_may_be_computed_tensors():
    x = leaf([1.0, 2.0])
    y = x * x
    (3 * y).sum().backward(inputs=[y])
    assert x.grad is None
    np.testing.assert_array_equal(y.grad.value, [3.0, 3.0])


def test_gradients_leaves_every_grad_alone():
    x = leaf(2.0)
    y = x * x
    ad.gradients(y * y, [x, y])
    assert x.grad is None
    assert y.grad is None


def test_only_the_work_that_leads_to_the_inputs_is_done():
    ran = []
    watch = ad.define("test_watch", lambda x: x * 1, lambda g: ran.append(1) or g)
    x, y = leaf(2.0), leaf(3.0)
    ad.gradients(watch(x) * y, y)
    assert ran == []


def test_a_freed_graph_keeps_its_structure():
    x = leaf(np.ones((100, 100)))
    loss = ad.tanh(x).sum()
    assert ad.graph.saved_bytes(loss) == 80_000
    loss.backward()
    assert ad.graph.saved_bytes(loss) == 0
    assert [node.op.name for node in ad.graph.history([loss.node])[0]] == ["tanh", "sum"]


def test_backward_from_several_tensors_at_once():
    x = leaf(3.0)
    y = x * x
    ad.backward_all([y, y * x, x], [None, None, np.float64(10.0)])
    assert x.grad.item() == 6 + 27 + 10


# -- hooks ----------------------------------------------------------------------------------------


def test_a_hook_runs_once_per_pass_however_many_paths_meet():
    seen = []
    x = leaf(2.0)
    y = x * 3
    y.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: seen.append(g.item()))
    (y * y + y).backward()
    assert seen == [13.0, 39.0]


def test_removing_a_hook_twice_is_no_error():
    x = leaf(2.0)
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_a_hook_may_not_change_the_shape():
    x = leaf(np.ones((2, 3)))
    x.register_hook(lambda g: g.sum())
    with pytest.raises(ValueError, match=r"a hook returned a gradient of shape \(\) for a tensor of shape \(2, 3\)"):
        (x * 2).sum().backward()


def test_a_hook_may_keep_the_gradient():
    kept = []
    x = leaf(np.ones(3))
    x.register_hook(kept.append)
    for _ in range(2):
        (2 * x).sum().backward()
    for g in kept:
        np.testing.assert_array_equal(g.value, [2.0, 2.0, 2.0])  # not what has accumulated since


def test_a_hook_on_a_recorded_pass_gets_a_recorded_gradient():
    x = leaf(3.0)
    y = x * x
    handle = y.register_hook(lambda g: g * g)
    (g,) = ad.gradients(y * y, [x], create_graph=True)  # (2 y)^2 2 x = 8 x^5
    assert g.item() == 8 * 3.0**5
    handle.remove()  # or it would run in the second pass too
    assert ad.gradients(g, x).item() == 40 * 3.0**4


def test_hooks_need_a_graph():
    with pytest.raises(GradientError, match=r"register_hook\(\) needs a tensor that requires grad"):
        ad.Tensor(1.0).register_hook(print)
    with pytest.raises(GradientError, match=r"retain_grad\(\) needs a tensor that requires grad"):
        ad.Tensor(1.0).retain_grad()


# -- modes ----------------------------------------------------------------------------------------


def test_no_grad_as_a_decorator():
    @ad.no_grad()
    def evaluate(x, depth=3):
        return evaluate(x, depth - 1) if depth else x * x  # also re-entered

    x = leaf(2.0)
    assert not evaluate(x).requires_grad
    assert (x * x).requires_grad
    assert evaluate.__name__ == "evaluate"


def test_no_grad_cannot_decorate_a_generator():
    def generate():
        yield 1

    with pytest.raises(TypeError, match="generate is a generator or coroutine"):
        ad.no_grad()(generate)


def test_modes_end_with_their_block_also_after_an_error():
    with pytest.raises(ZeroDivisionError), ad.no_grad():
        _ = 1 / 0
    assert ad.is_grad_enabled()
    with ad.set_grad_enabled(False):
        assert not ad.is_grad_enabled()


def test_modes_belong_to_one_thread():
    inside, outside = threading.Event(), threading.Event()
    found = {}

    def other():
        inside.wait(10)
        found["other"] = (leaf(1.0) * 2).requires_grad
        outside.set()

    thread = threading.Thread(target=other)
    thread.start()
    with ad.no_grad():
        inside.set()
        outside.wait(10)
        found["mine"] = (leaf(1.0) * 2).requires_grad
    thread.join()
    assert found == {"other": True, "mine": False}


def test_modes_belong_to_one_task():
    async def recording(steps):
        results = []
        for _ in range(steps):
            await asyncio.sleep(0)
            results.append((leaf(1.0) * 2).requires_grad)
        return results

    async def silent(steps):
        with ad.no_grad():
            return await recording(steps)

    async def both():
        return await asyncio.gather(recording(5), silent(5), recording(5))

    assert asyncio.run(both()) == [[True] * 5, [False] * 5, [True] * 5]


def test_threads_record_and_walk_their_own_graphs():
    shared = leaf(np.ones(50))  # a leaf that all read, none writes
    results = {}

    def work(k):
        h = shared * k
        for _ in range(200):
            h = ad.tanh(h) + h
        (results[k],) = ad.gradients(h.sum(), [shared])

    threads = [threading.Thread(target=work, args=(0.01 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, g in list(results.items()):
        work(k)
        np.testing.assert_array_equal(g.value, results[k].value)


# -- errors, by their text ------------------------------------------------------------------------


def test_shapes_that_do_not_broadcast():
    x = leaf(np.ones((2, 3)))
    for f in (
        lambda: x + np.ones(4),
        lambda: ad.where(True, x, np.ones(4)),
        lambda: ad.maximum(x, np.ones(4)),
    ):
        with pytest.raises(ValueError, match="could not be broadcast") as caught:
            f()
        (note,) = caught.value.__notes__
        assert "was given" in note
        assert "float64 (2, 3), float64 (4,)" in note
        assert HERE in note
        assert "axis -1 has lengths 3 and 4; lengths must be equal or 1" in note
        assert "x[:, None]" in note


def test_matmul_of_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"float64 \(2, 3\) has 3 columns and float64 \(4,\) has 4 rows"):
        leaf(np.ones((2, 3))) @ np.ones(4)
    with pytest.raises(ValueError, match=r"use \* for scalars"):
        leaf(1.0) @ np.ones(4)


def test_integers_cannot_require_grad():
    for value in (2, [1, 2], True):
        with pytest.raises(
            TypeError,
            match=r"only floating and complex tensors can require a gradient.*Tensor\(2.0\)",
        ):
            leaf(value)


def test_backward_on_a_non_scalar():
    with pytest.raises(GradientError, match=r"this tensor is float64 \(2, 3\).*t\.sum\(\)\.backward\(\)"):
        (leaf(np.ones((2, 3))) * 2).backward()
    with pytest.raises(GradientError, match="starts from a real number, this one is complex"):
        (leaf(1j) * 2).backward()


def test_a_seed_that_does_not_fit():
    y = leaf(np.ones((2, 3))) * 2
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), the tensor \(2, 3\)"):
        y.backward(np.ones(3))
    with pytest.raises(TypeError, match="gradient is complex"):
        y.backward(np.full((2, 3), 1j))


def test_a_second_backward_after_freeing():
    x = leaf(2.0)
    y = x * x
    line = here(-1)
    y.backward()
    with pytest.raises(GradientError, match="the graph was freed by an earlier backward pass") as caught:
        y.backward()
    assert f"op 'mul' at {Path(__file__).parent / line}" in str(caught.value)
    assert "retain_graph=True" in str(caught.value)


def cut_by_detach(x):
    return (x * 2).detach(), here(), "`detach()` cut it off the graph"


def cut_by_no_grad(x):
    with ad.no_grad():
        return x * 2, here(), "op 'mul' ran under `no_grad()`"


def cut_by_comparison(x):
    return x > 0, here(), "op 'greater' gave integers or booleans, which have no gradient"


def cut_by_cast(x):
    return x.astype(int), here(), "op 'astype' gave integers or booleans, which have no gradient"


def cut_by_argmax(x):
    return ad.argmax(x), here(), "op 'argmax' gave integers or booleans, which have no gradient"


def cut_by_floor(x):
    return ad.floor(x), here(), "op 'floor' has no derivative"


def cut_by_integer_division(x):
    return x // 2.0, here(), "op 'floordiv' has no derivative"


CUTS = (
    cut_by_detach, cut_by_no_grad, cut_by_comparison, cut_by_cast, cut_by_argmax, cut_by_floor,
    cut_by_integer_division,
)  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
def test_a_missing_gradient_is_explained(cut):
    y, line, reason = cut(leaf(2.5))
    later = y * 1.0 + 0.0  # the reason is handed on
    for t in (y, later):
        with pytest.raises(GradientError, match="this tensor does not require grad") as caught:
            t.backward()
        assert reason in str(caught.value)
        assert line in str(caught.value)


def test_a_constant_without_a_history():
    with pytest.raises(
        GradientError,
        match=r"does not require grad; make its inputs with Tensor\(\.\.\., requires_grad",
    ):
        (ad.Tensor(1.0) * 2).backward()
    with pytest.raises(GradientError, match="only floating and complex tensors have gradients"):
        ad.Tensor(1).backward()


def test_gradients_with_respect_to_what_is_not_used_or_tracked():
    x = leaf(2.0)
    with pytest.raises(GradientError, match=r"do not depend on input 1.*allow_unused=True"):
        ad.gradients(x * x, [x, leaf(1.0)])
    with pytest.raises(GradientError, match=r"with respect to tensors that require grad; .* cut it off the graph"):
        ad.gradients(x * x, [x.detach()])
    with pytest.raises(GradientError, match=r"with respect to tensors that require grad; 2\.0"):
        ad.gradients(x * x, [2.0])


def test_item_of_many_elements():
    with pytest.raises(ValueError, match=r"this one has 6 \(float64 \(2, 3\)\).*t\[i, j\]\.item\(\)"):
        ad.Tensor(np.ones((2, 3))).item()
    with pytest.raises(ValueError, match="item"):
        float(ad.Tensor([1.0, 2.0]))


@pytest.mark.parametrize(
    ("op", "kept", "which"),
    [("mul", "x", 0), ("exp", "out", 1), ("matmul", "x", 0), ("var", "x", 0), ("tanh", "out", 1)],
)
def test_a_saved_array_written_in_place(op, kept, which):
    x = leaf(np.ones((3, 3)))
    f = {"mul": lambda x: x * x, "matmul": lambda x: x @ x, "var": lambda x: x.var(axis=0)}.get(op) or getattr(ad, op)
    y = f(x)
    t = (x, y)[which]
    t.value[...] = 7.0
    WRITES.note(t.value)
    line = here(-1)
    with pytest.raises(GradientError, match=f"op '{op}' at .*{HERE}:[0-9]+ kept '{kept}' for its rule") as caught:
        y.sum().backward()
    assert f"{line} has written into that array since" in str(caught.value)
    assert "t.clone()" in str(caught.value)


def test_a_write_to_a_view_is_found_and_one_before_or_elsewhere_is_not():
    x, other = leaf(np.ones((3, 3))), leaf(np.ones(3))
    x.value[0] = 2.0
    WRITES.note(x.value)  # before the op
    y = x * x
    other.value[0] = 2.0
    WRITES.note(other.value)  # not saved
    y.sum().backward(retain_graph=True)
    view = x.value[1:, ::2]
    view[...] = 5.0
    WRITES.note(view)
    with pytest.raises(GradientError, match="has written into that array"):
        y.sum().backward()
    (x + 1).sum().backward()  # an add keeps nothing: no error


def test_writes_are_forgotten_with_their_arrays():
    before = len(WRITES.stamps)
    for _ in range(10):
        WRITES.note(np.ones(3))
    assert len(WRITES.stamps) == before


def test_tensor_is_final():
    with pytest.raises(TypeError, match="Tensor cannot be subclassed"):
        type("Sub", (ad.Tensor,), {})


def test_what_is_no_number():
    with pytest.raises(TypeError, match="a Tensor holds numbers, got <U1 from str"):
        ad.Tensor("a")
    with pytest.raises(TypeError, match="unsupported operand type"):
        leaf(1.0) + "a"
    with pytest.raises(TypeError, match="an array of numbers is needed, got object"):
        leaf(1.0) + np.array([None])
    assert (leaf(1.0) == "a") is False


# -- NumPy's protocols ----------------------------------------------------------------------------

U = np.array([0.5, 1.5])
PROTOCOL = {
    "tanh": (np.tanh, 1 - np.tanh(U) ** 2),
    "multiply": (lambda t: np.array([3.0, 4.0]) * t, [3.0, 4.0]),
    "scalar": (lambda t: np.float64(3.0) * t, [3.0, 3.0]),
    "divide": (lambda t: np.array([1.0, 1.0]) / t, -1 / U**2),
    "matmul": (lambda t: np.eye(2) @ t, [1.0, 1.0]),
    "compare": (lambda t: (np.array([1.0, 1.0]) < t) * t, [0.0, 1.0]),
    "concatenate": (lambda t: np.concatenate([np.zeros(2), t]), [1.0, 1.0]),
    "concatenate_axis": (lambda t: np.concatenate([t[None], np.zeros((1, 2))], axis=0), [1.0, 1.0]),
    "stack": (lambda t: np.stack([t, np.zeros(2)], axis=1), [1.0, 1.0]),
    "sum": (lambda t: np.sum(t, axis=0, keepdims=True), [1.0, 1.0]),
    "mean": (lambda t: np.mean(t, axis=-1), [0.5, 0.5]),
    "max": (np.max, [0.0, 1.0]),
    "where": (lambda t: np.where(np.array([True, False]), t, 0.0), [1.0, 0.0]),
    "reshape": (lambda t: np.reshape(t, (2, 1)), [1.0, 1.0]),
    "transpose": (lambda t: np.transpose(t[None, :], (1, 0)), [1.0, 1.0]),
    "broadcast_to": (lambda t: np.broadcast_to(t, (3, 2)), [3.0, 3.0]),
    "maximum": (lambda t: np.maximum(t, 1.0), [0.0, 1.0]),
    "power": (lambda t: np.power(t, 2), 2 * U),
    "clip": (lambda t: np.clip(t, 0.0, 1.0), [1.0, 0.0]),
}


@pytest.mark.parametrize("name", PROTOCOL)
def test_numpy_functions_take_tensors(name):
    f, expected = PROTOCOL[name]
    t = leaf(U)
    out = f(t)
    assert type(out) is ad.Tensor
    out.sum().backward()
    np.testing.assert_allclose(t.grad.value, expected, rtol=1e-14)
    np.testing.assert_array_equal(out.value, f(U))


@pytest.mark.parametrize(
    ("f", "named"),
    [
        (lambda t: np.hypot.at(t, 0, 1.0), r"np\.hypot\.at"),
        (lambda t: np.add(t, 1, out=np.zeros(2)), r"np\.add would write into an array"),
    ],
)
def test_what_numpy_functions_do_not_take_is_named(f, named):
    with pytest.raises(TypeError, match=named):
        f(leaf(U))


def test_no_array_takes_a_gradient_in_silence():
    t = leaf(U)
    into = np.zeros(2)
    for f in (
        t.numpy,
        lambda: np.asarray(t),
        lambda: np.array([t, t]),
        lambda: into.__setitem__(slice(None), t),
    ):
        with pytest.raises(GradientError, match=r"detach\(\)"):
            f()
    with pytest.raises(TypeError, match=r"write a = a [+] t, not a [+]= t"):
        into += t
    np.testing.assert_array_equal(into, np.zeros(2))
    np.testing.assert_array_equal(np.asarray(t.detach()), U)
    assert np.shares_memory(t.detach().numpy(), t.value)


# -- ops that users define ------------------------------------------------------------------------


def sincos_rule(g, s, c):
    parts = [None if g[0] is None else g[0] * c, None if g[1] is None else -g[1] * s]
    return sum(part for part in parts if part is not None)


sincos = ad.define("test_sincos", lambda x: (np.sin(x), np.cos(x)), sincos_rule, outs="s c", kind="elementwise")


def test_an_op_with_two_outputs():
    x = leaf(U)
    s, c = sincos(x)
    (2 * s + c * c).sum().backward()
    np.testing.assert_allclose(x.grad.value, 2 * np.cos(U) - 2 * np.cos(U) * np.sin(U))
    for i, expected in enumerate((np.cos(U), -np.sin(U))):  # one output alone
        np.testing.assert_allclose(ad.gradients(sincos(x)[i], x, np.ones(2)).value, expected)


def test_second_order_through_two_outputs():
    x = leaf(U)
    s, c = sincos(x)
    (g,) = ad.gradients((s * c).sum(), [x], create_graph=True)  # cos 2x
    np.testing.assert_allclose(g.value, np.cos(2 * U))
    (h,) = ad.gradients(g.sum(), [x], create_graph=True)
    np.testing.assert_allclose(h.value, -2 * np.sin(2 * U))
    np.testing.assert_allclose(ad.gradients(h.sum(), x).value, -4 * np.cos(2 * U))


def test_two_outputs_one_unused_one_detached():
    x = leaf(U)
    s, c = sincos(x)
    (s * c.detach()).sum().backward()
    np.testing.assert_allclose(x.grad.value, np.cos(U) ** 2)


def logistic_forward(scores, targets):
    p = 1 / (1 + np.exp(scores * targets))
    return -np.log(1 - p), p


logistic_loss = ad.define(  # log(1 + e^-ts)
    "test_logistic_loss",
    logistic_forward,
    inputs="scores targets",
    vjp=lambda g, targets, saved, needs: (-g * targets * saved, None),
    composed=lambda scores, targets: ad.log1p(ad.exp(-scores * targets)),
)


def test_a_fused_op():
    x, t = leaf(U), np.array([1.0, -1.0])
    logistic_loss(x, t).sum().backward()
    p = 1 / (1 + np.exp(U * t))
    np.testing.assert_allclose(x.grad.value, -t * p)
    (g,) = ad.gradients(logistic_loss(x, t).sum(), [x], create_graph=True)
    np.testing.assert_allclose(ad.gradients(g.sum(), x).value, p * (1 - p))


def test_a_variadic_op():
    total = ad.define(
        "test_weighted_total",
        lambda w, *xs: w * sum(xs),
        lambda g, xs: g * sum(xs[1:], xs[0]),
        lambda g, w, xs_shape: [g * w] * len(xs_shape),
        inputs="w *xs",
    )
    w, a, b = leaf(3.0), leaf(U), leaf(1.0)
    total(w, a, b, a, U).sum().backward()
    np.testing.assert_allclose(a.grad.value, [6.0, 6.0])
    assert b.grad.item() == 6.0
    assert w.grad.item() == (3 * U + 1).sum()
    v = leaf(2.0)
    (g,) = ad.gradients(total(v, v, v), [v], create_graph=True)  # 2 v^2
    assert g.item() == 8.0
    assert ad.gradients(g, v).item() == 4.0


def test_an_input_without_a_rule():
    scale = ad.define("test_scale", lambda x, k: x * k, lambda g, k: g * k, None, inputs="x k")
    x, k = leaf(2.0), leaf(3.0)
    scale(x, k).backward()
    assert x.grad.item() == 3.0
    assert k.grad is None
    with pytest.raises(GradientError, match="op 'test_scale' has no derivative"):
        scale(ad.Tensor(2.0), k).backward()


# -- copies and pickles ---------------------------------------------------------------------------


def test_a_copy_of_a_leaf_is_a_leaf():
    x = leaf(U).named("x")
    (x * x).sum().backward()
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.requires_grad
        assert twin.is_leaf
        assert twin.name == "x"
        assert not np.shares_memory(twin.value, x.value)
        np.testing.assert_array_equal(twin.value, x.value)
    deep = copy.deepcopy(x)
    assert not np.shares_memory(deep.grad.value, x.grad.value)
    np.testing.assert_array_equal(deep.grad.value, x.grad.value)
    assert not np.shares_memory(copy.copy(x).value, x.value)  # as NumPy does


def test_a_shallow_copy_of_a_computed_tensor_is_at_the_same_place():
    x = leaf(U)
    copy.copy(x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.value, 2 * U)


def test_a_deep_copy_of_a_computed_tensor_is_its_value():
    y = leaf(U) * 2
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        np.testing.assert_array_equal(twin.value, y.value)
        assert not np.shares_memory(twin.value, y.value)
        with pytest.raises(GradientError, match=r"it is a copy \(or was unpickled\), and a copy keeps the value"):
            twin.sum().backward()


def test_a_deep_copy_of_a_container_keeps_shared_tensors_shared():
    x = leaf(U)
    a, b = copy.deepcopy([x, x])
    assert a is b
    assert a is not x


@pytest.mark.parametrize("value", [2.0, np.float32(2.0), 1j, True, 3])
def test_scalars_survive_pickling(value):
    t = ad.Tensor(value)
    twin = pickle.loads(pickle.dumps(t))
    assert twin.value == t.value
    assert type(twin.value) is type(t.value)


def test_each_output_has_its_gradient():
    x = leaf([1.0, 2.0])
    with pytest.raises(ValueError, match="each tensor needs a gradient, or None: got 1 for 2"):
        ad.gradients([x * 2, x * 3], x, [np.ones(2)])
    with pytest.raises(ValueError, match="got 2 for 1"):
        backward_all([x * 2], [np.ones(2), np.ones(2)])
