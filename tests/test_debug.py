"""`debug()` finds the first NaN or infinity and says where it comes from; its text is the product."""

import gc
import re
import threading
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.config import DEFAULT, MODES
from autodiff.diagnose.causes import BACKWARD, FORWARD, At, backward_cause, forward_cause
from autodiff.errors import GradientError, NumericalError
from autodiff.graph import saved_bytes
from tests.rows import ROWS
from tests.test_op_table import draw, gradients, tracked


def leaf(values, name=None, dtype=None):
    return ad.Tensor(np.array(values, dtype=dtype or np.float64), requires_grad=True, name=name)


def message(run, error=NumericalError, **options):
    """What `debug()` says of a function, with the lines of this file written as `here`."""
    with pytest.raises(error) as caught, ad.debug(**options):
        run()
    return re.sub(re.escape(__file__) + r":\d+", "here", str(caught.value))


# -- forward --------------------------------------------------------------------------------------------


def test_the_whole_text_of_a_forward_error():
    x = leaf([1.0, 0.25, -2.0], "x")
    assert message(lambda: ad.log(x)).splitlines() == [
        "op 'log' at here gave the first NaN: element [2] of its result (1 of 3 elements)",
        "    x        -2  float64 (3,), from -2 to 1",
        "    result  nan  float64 (3,), from -1.38629 to 0, 1 NaN",
        "Why: the logarithm of a negative number is NaN.",
        "Fix: Keep such values out: safe = where(x > 0, x, 1.0), then log(safe).",
    ]


def test_the_line_is_that_of_the_op():
    def run():
        ad.log(leaf([0.0]))

    with pytest.raises(NumericalError) as caught, ad.debug():
        run()
    assert f"{__file__}:{run.__code__.co_firstlineno + 1} " in str(caught.value)


def test_the_error_is_both_a_gradient_error_and_a_floating_point_error():
    with pytest.raises(FloatingPointError), ad.debug():
        ad.log(leaf([0.0]))
    assert issubclass(NumericalError, GradientError)


def test_inputs_are_shown_where_broadcasting_reads_them():
    x, y = leaf([0.0, 1.0, 3.0]), leaf([[2.0], [0.0]])
    text = message(lambda: x / y)
    assert "op 'div' (/) at here gave the first NaN: element [1, 0] of its result (3 of 6 elements)" in text
    assert "x (`x`)" not in text  # a lambda's cell is no variable of the frame that called the op
    assert "    y         0  float64 (2, 1), from 0 to 2" in text
    assert "Why: 0 / 0 is NaN." in text


def test_variables_name_the_inputs():
    def run():
        weights = leaf([-1.0])
        ad.sqrt(weights)

    assert "x (`weights`)" in message(run)


CASES = {
    "log of softmax": (lambda: ad.log(ad.softmax(leaf([[0.0, 2000.0]]))), "Use log_softmax(scores)"),
    "log of sigmoid": (lambda: ad.log(ad.sigmoid(leaf([-800.0]))), "-logaddexp(0, -x)"),
    "log of a sum": (lambda: ad.log(ad.exp(leaf([-800.0, -900.0])).sum()), "logsumexp(x)"),
    "log 0": (lambda: ad.log(leaf(0.0)), "log(0) is -inf"),
    "log1p": (lambda: ad.log1p(leaf([-1.0])), "log1p(-1) is log(0)"),
    "log1p below": (lambda: ad.log1p(leaf([-2.0])), "log1p of less than -1 is NaN"),
    "sqrt": (lambda: ad.sqrt(leaf([-1e-9])), "the square root of a negative number"),
    "arccos": (lambda: np.arccos(leaf([1.0000001])), "arccos is defined for -1 <= x <= 1"),
    "sinh": (lambda: np.sinh(leaf([1000.0])), "it grows exponentially"),
    "remainder": (lambda: leaf([1.0]) % leaf([0.0]), "a division by 0 has no remainder"),
    "sine": (lambda: np.sin(leaf([np.inf])), "angles must be finite"),
    "division": (lambda: leaf([1.0]) / 0.0, "a number divided by 0 is infinite"),
    "inf / inf": (lambda: leaf([np.inf]) / leaf([np.inf]), "inf / inf is NaN"),
    "0 ** -1": (lambda: leaf([0.0]) ** -1.0, "0 to a negative power is infinite"),
    "negative base": (lambda: leaf([-2.0]) ** 0.5, "a negative number to a power that is no integer"),
    "exp float64": (lambda: ad.exp(leaf([1000.0])), "exp overflows float64 above 709.8"),
    "exp float32": (lambda: ad.exp(leaf([100.0], dtype=np.float32)), "exp overflows float32 above 88.7"),
    "exp float16": (lambda: ad.exp(leaf([12.0], dtype=np.float16)), "exp overflows float16 above 11.1"),
    "inf - inf": (lambda: leaf([np.inf]) - leaf([np.inf]), "inf - inf is NaN"),
    "inf + -inf": (lambda: leaf([np.inf]) + np.array([-np.inf]), "inf + -inf is NaN"),
    "0 * inf": (lambda: leaf([0.0]) * np.array([np.inf]), "0 * inf is NaN"),
    "softmax of -inf": (lambda: ad.softmax(leaf([[0.0, 1.0], [-np.inf, -np.inf]])), "a row of all -inf is 0 / 0"),
    "softmax of inf": (lambda: ad.softmax(leaf([[0.0, np.inf]])), "softmax of +inf is inf / inf"),
    "sum": (lambda: leaf([np.inf, -np.inf]).sum(), "the sum holds inf and -inf"),
    "empty mean": (lambda: leaf(np.zeros((0, 2))).mean(axis=0), "the mean of no elements"),
    "overflow": (lambda: leaf([300.0], dtype=np.float16) * leaf([300.0], dtype=np.float16), "than float16 holds"),
    "matmul": (lambda: leaf([[6e4]], dtype=np.float16) @ leaf([[3.0]], dtype=np.float16), "larger than float16 holds"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")  # NumPy warns by itself, whatever its error state
def test_causes_of_a_bad_result(name):
    run, expected = CASES[name]
    text = message(run)
    assert expected in text
    assert "Fix: " in text


def test_nan_of_a_constant_or_leaf_is_told_from_nan_that_an_op_made():
    def of_a_leaf():
        data = leaf([[1.0, np.nan]])
        data @ np.ones((2, 1))

    assert message(of_a_leaf).splitlines() == [
        "input `data` held NaN when it entered op 'matmul' (@) at here: element [0, 1] of `data` (1 of 2 elements)",
        "    `data`  float64 (1, 2), from 1 to 1, 1 NaN",
        "Why: it is a leaf or a constant: the data that it was made of held NaN.",
        "Fix: Look at your data, np.isnan(a).any(), before it is used.",
    ]
    assert "it is a plain array, a constant" in message(lambda: leaf([1.0]) * np.array([np.nan]))


def test_nan_computed_before_the_block_is_named_with_its_op():
    with np.errstate(all="ignore"):
        y = ad.log(leaf([-1.0]))
    assert "op 'log' at here computed it outside debug()" in message(lambda: y * 2)


def test_nan_that_is_only_moved_is_no_error_until_something_is_computed_of_it():
    x = leaf([1.0, np.nan, 3.0])

    def run():
        y = ad.where(np.array([True, True, False]), x.reshape(3, 1).ravel(), np.nan)
        assert np.nansum(y).item() == 1.0
        y + 1.0

    text = message(run)
    assert "input `y` held NaN when it entered op 'add' (+) at here: element [1] of `y` (2 of 3 elements)" in text
    assert "Why: op 'where' at here has moved it there from the data." in text


def test_a_parameter_that_an_update_has_spoiled():
    import nn

    weight = nn.Parameter(np.array([np.nan]), dtype=np.float64)
    assert "it is a parameter: an earlier update wrote NaN into it" in message(lambda: weight * 2)


def test_what_a_where_chooses_away_is_no_error_and_neither_is_a_mask_of_infinities():
    scores = leaf([[1.0, 2.0, 3.0]])
    hole = leaf([1.0, np.nan])
    with ad.debug():
        masked = ad.where(np.array([True, True, False]), scores, -np.inf)
        (ad.softmax(masked) ** 2).sum().backward()
        ad.where(np.isnan(hole.detach().numpy()), 0.0, hole).sum().backward()
        assert ad.isnan(hole).value.tolist() == [False, True]
        assert (np.inf * leaf([1.0])).value[0] == np.inf
    assert np.isfinite(scores.grad.value).all()


def test_nan_and_inf_can_be_looked_for_alone():
    with ad.debug(inf=False):
        assert ad.log(leaf([0.0])).value[0] == -np.inf
    with ad.debug(nan=False):
        assert np.isnan(ad.log(leaf([-1.0])).value[0])
    assert "first NaN" in message(lambda: ad.log(leaf([0.0, -1.0])), inf=False)
    assert "first infinity" in message(lambda: ad.log(leaf([0.0, -1.0])), nan=False)


def test_results_that_are_not_recorded_are_looked_at_too():
    with ad.no_grad():
        assert "op 'log'" in message(lambda: ad.log(leaf([0.0])))
    assert "op 'log'" in message(lambda: ad.log(ad.Tensor([0.0])))


def test_several_outputs():
    halves = ad.define(
        "debug_halves", lambda x: (x, np.log(x)), lambda g, x: g[0] if g[1] is None else g[1] / x, outs="whole part"
    )
    assert "element [1] of its output part" in message(lambda: halves(leaf([1.0, 0.0])))
    x = leaf([4.0])
    with ad.debug():
        _, part = halves(x)
        part.backward(np.ones(1))
    assert x.grad.item() == 0.25


def test_complex_and_odd_shapes():
    z = leaf([1 + 1j, 0], dtype=np.complex128)
    text = message(lambda: ad.log(z))
    assert "element [1]" in text
    assert "sizes from 0 to 1.41421" in text
    with ad.debug():
        (leaf(np.zeros((0, 3))) * 2).sum().backward()
        ad.exp(leaf(1.0)).backward()


# -- backward -------------------------------------------------------------------------------------------


def test_the_whole_text_of_the_untaken_branch():
    x = leaf([4.0, 0.0], "x")

    def run():
        ad.where(x.value > 0, ad.sqrt(x), 0.0).sum().backward()

    assert message(run).splitlines() == [
        "the backward pass of op 'sqrt', called at here, gave the first NaN: element [1] of dL/dx (`x`) "
        "(1 of 2 elements)",
        "    g        0  float64 (2,), from 0 to 1",
        "    out      0  float64 (2,), from 0 to 2",
        "    dL/dx  nan  float64 (2,), from 0.25 to 0.25, 1 NaN",
        "Why: `where` at here did not choose this element, so the gradient that arrives is 0; but the slope of sqrt, "
        "1 / (2 sqrt(x)), is infinite at 0, and 0 * inf is NaN.",
        "Fix: Choose twice, before the op and after it: safe = where(ok, x, 1.0); where(ok, sqrt(safe), 0.0), with "
        "1.0 standing for any harmless value.",
    ]


def test_the_advice_about_where_helps():
    x = leaf([4.0, 0.0])
    with ad.debug():
        ok = x.value > 0
        ad.where(ok, ad.sqrt(ad.where(ok, x, 1.0)), 0.0).sum().backward()
    assert x.grad.tolist() == [0.25, 0.0]


def test_a_branch_is_found_through_other_ops():
    x = leaf([4.0, 0.0])
    text = message(lambda: ad.where(x.value > 0, ad.sqrt(x) * 2 + 1, 0.0).sum().backward())
    assert "`where` at here did not choose this element" in text
    text = message(lambda: ad.relu(ad.sqrt(x) - 1).sum().backward())
    assert "`relu` at here did not choose this element" in text
    assert "Keep such values out before the op, too" in text


def test_zero_gradients_that_nothing_chose_away():
    text = message(lambda: (ad.sqrt(leaf([0.0])) * 0.0).sum().backward())
    assert "the gradient that arrives is 0; but the slope of sqrt" in text


BACK = {
    "log": (lambda: ad.log(leaf([1e-320])).sum().backward(), "1 / x, overflows float64 so close to 0", "log(maximum("),
    "division": (lambda: (leaf([1.0]) / leaf([1e-200])).sum().backward(), "overflow float64 so close", "denominator"),
    "std": (lambda: np.std(leaf([1.0, 1.0])).backward(), "infinite at 0", "the standard deviation of equal numbers"),
    "arccos": (lambda: np.arccos(leaf([1.0])).sum().backward(), "infinite at -1 and 1", "Clip a little inside"),
    "reciprocal": (lambda: np.reciprocal(leaf([1e-200])).sum().backward(), "-1 / x^2, overflows", "where(abs(x) >"),
    "sqrt": (lambda: ad.sqrt(leaf([0.0])).sum().backward(), "infinite at 0", "sqrt(x + 1e-12)"),
    "norm": (lambda: ad.sqrt(ad.square(leaf([0.0, 0.0])).sum()).backward(), "infinite at 0", "a norm at 0"),
    "pow": (lambda: (leaf([0.0]) ** 0.5).sum().backward(), "infinite at 0 for y below 1", "where(x > 0, x, 1.0)"),
    "exponent": (lambda: (leaf([-2.0]) ** leaf([2.0])).sum().backward(), "NaN for negative x", "x ** 2, not"),
    "overflow": (
        lambda: (leaf([2.0], dtype=np.float16) * np.float16(1)).backward(np.array([6e4], np.float16))
        or (leaf([1.0], dtype=np.float16) * leaf([3.0], dtype=np.float16)).backward(np.array([6e4], np.float16)),
        "the gradient is larger than float16 holds, 6.55e+04", "Scale the loss down",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BACK)
def test_causes_of_a_bad_gradient(name):
    run, why, fix = BACK[name]
    text = message(run)
    assert text.startswith("the backward pass of op")
    assert why in text
    assert fix in text


def test_a_bad_gradient_that_was_given():
    x = leaf([1.0, 2.0])
    text = message(lambda: (x * 2).backward(np.array([1.0, np.nan])))
    assert "the gradient that arrives at op 'mul' (*), called at here, is the first NaN: element [1] of it" in text
    assert "Why: the gradient given to backward() held it." in text


def test_a_sum_of_gradients_that_overflows():
    x = leaf([1.0], "w", np.float16)
    big = np.array([4e4], np.float16)
    text = message(lambda: ad.stack([x * big, x * big]).backward(np.ones((2, 1), np.float16)))
    assert "the gradient of `w` is the first infinity" in text
    assert "every rule gave finite gradients; their sum, or its cast to float16" in text


def test_create_graph_and_transforms():
    x = leaf(0.0)
    assert "backward pass of op 'sqrt'" in message(lambda: ad.gradients(ad.sqrt(x), x, create_graph=True))
    text = message(lambda: ad.grad(ad.grad(lambda x: x**1.5))(0.0))
    assert "the slope of x ** y, y x ** (y - 1), is infinite at 0" in text
    assert "op 'log'" in message(lambda: ad.value_and_grad(lambda x: ad.log(x))(0.0))
    text = message(lambda: ad.jvp(ad.sqrt, (np.array([0.0]),), (np.array([1.0]),)))
    assert "forward mode through op 'sqrt', called at here, gave the first infinity: element [0] of the tangent" in text


def test_the_inside_of_a_rule_that_records_itself_is_its_own_business():
    z = leaf([0j, 1 + 1j], dtype=np.complex128)
    with ad.debug():
        (g,) = ad.gradients(ad.abs(z).sum(), [z], create_graph=True)
    assert g.value[0] == 0


# -- writes behind the graph's back ---------------------------------------------------------------------


def written(writes):
    a = np.array([1.0, 2.0, 3.0])
    x = leaf([1.0, 1.0, 1.0])

    def run():
        y = ad.asarray(a) * x
        z = y + 1.0
        a[0] = 5.0
        (z * 2.0).sum().backward()

    return message(run, GradientError, writes=writes)


def test_a_write_into_a_shared_array():
    lines = written(True).splitlines()
    assert lines[0] == (
        "op 'mul' (*) at here kept 'x' for its rule, and something has written into that array since: element [0] was "
        "1 and is 5 (1 of 3 elements differ). The gradient would be wrong."
    )
    assert lines[1] == "    The array: float64 (3,), from 2 to 5; 24 bytes."
    assert lines[2] == "It happened after op 'mul' at here; debug(writes=\"each\") says between which two ops."


def test_with_each_the_two_ops_are_named():
    assert "It happened between op 'add' at here and op 'mul' at here." in written("each")


def test_writes_that_do_no_harm():
    a = np.array([1.0, 2.0])
    x = leaf([3.0, 4.0])
    with ad.debug(writes="each"):
        loss = (ad.asarray(a) * x).sum()
        loss.backward()
        a[0] = 7.0  # nobody will read it again
        (ad.asarray(a) + x).sum().backward()  # `add` keeps nothing
    assert x.grad.tolist() == [2.0, 3.0]
    with ad.debug(writes=False):
        loss = (ad.asarray(a) * x).sum()
        a[0] = 0.0
        loss.backward()


def test_equal_nans_are_not_a_write():
    x = leaf([1.0, np.nan])
    with ad.debug(nan=False):
        (x * x).sum().backward()


def test_what_is_saved_is_copied_once_and_let_go_after_the_pass():
    from autodiff.diagnose.debug import Debugger

    w, x = leaf(np.ones(100)), leaf(np.ones(100))
    with ad.debug():
        (debugger,) = MODES.get().observers
        assert isinstance(debugger, Debugger)
        loss = ((w * x) + (w * x) + (w * x)).sum()
        assert len(debugger.snapshots) == 2
        loss.backward()
        gc.collect()
        assert len(debugger.snapshots) == 0


def test_recorded_writes_are_no_raw_writes():
    x, u = leaf([1.0, 2.0, 3.0]), leaf([5.0])
    for writes in (True, "each"):
        x.grad = u.grad = None
        with ad.debug(writes=writes):
            t = x * x
            t[1] = ad.exp(u)[0] * t[1]
            t[2:] += u
            (t * x).sum().backward()
        expected = np.array([3.0, np.exp(5.0) * 12, 27.0 + 5.0])
        np.testing.assert_allclose(x.grad.value, expected)


# -- the mode itself ------------------------------------------------------------------------------------


def test_numpy_is_silent_inside_and_as_before_afterwards():
    before = np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NumericalError), ad.debug():
            ad.log(leaf([0.0]))
    assert np.geterr() == before
    assert MODES.get() is DEFAULT


def test_decorator_and_nesting():
    @ad.debug()
    def f(x):
        return ad.log(x)

    for _ in range(2):
        with pytest.raises(NumericalError):
            f(leaf([0.0]))
    with ad.debug():
        with ad.debug(inf=False):  # the inner one decides
            ad.log(leaf([0.0]))
        with pytest.raises(NumericalError):
            ad.log(leaf([0.0]))
    with pytest.raises(ValueError, match='writes is True, False or "each"'):
        ad.debug(writes="all")


def test_it_holds_for_this_thread_alone():
    seen = []

    def other():
        with np.errstate(all="ignore"):
            seen.append(ad.log(leaf([0.0])).value[0])

    with ad.debug():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert seen == [-np.inf]


def test_gradients_are_the_same_inside():
    def loss_of(w):
        h = ad.tanh(np.ones((4, 3)) @ w)
        return (ad.relu(h - 0.1) ** 2).mean() + ad.max(h)

    w = np.linspace(-1, 1, 6).reshape(3, 2)
    plain = ad.grad(loss_of)(w)
    with ad.debug(writes="each"):
        np.testing.assert_array_equal(ad.grad(loss_of)(w), plain)
        (twice,) = ad.gradients(ad.gradients(loss_of(t := leaf(w)), t, create_graph=True).sum(), [t])
    assert np.isfinite(twice.value).all()


def test_a_training_step_holds_nothing_longer_than_without():
    x = leaf(np.ones(10))
    with ad.debug():
        kept = [(x * x).sum().detach() for _ in range(3)]
        assert not any(type(o).__name__ == "Node" and any(i is x for i in o.inputs) for o in gc.get_objects())
    assert kept[0].mark.reason == "detach"


# -- the tables -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:The truth value of an empty array:DeprecationWarning")  # NumPy before 2.2
def test_the_tables_stand_any_values():
    parts = [np.float64(0), np.float64(-1), np.complex128(1j), np.array([1.0, np.nan]), np.array([]), np.bool(True)]
    for table, find in ((FORWARD, forward_cause), (BACKWARD, backward_cause)):
        for name in table:
            for x in parts:
                for y in parts:
                    at = At({"x": x, "y": y, "out": x, "g": y}, {}, np.float64, {})
                    why, fix = find(name, at, nan=False)
                    assert bool(why) == bool(fix)
                    assert "{" not in why + fix


def test_the_tables_name_ops_that_exist():
    to_come = {"fmod", "remainder", "eigh", "svd", "eig"}
    assert set(FORWARD) | set(BACKWARD) <= set(ad.OPS) | to_come


# -- all ops --------------------------------------------------------------------------------------------


def numbers(values):
    return [a for a in map(np.asarray, values) if a.dtype.kind in "fc"]


@pytest.mark.parametrize("name", ROWS)
def test_no_op_is_disturbed(name):
    """Inside `debug()` each op gives the same gradients, and the other two can speak of it."""
    row = ROWS[name]
    for trial in range(len(row.trials())):
        args, options = draw(row, trial)
        which = tracked(row, args)
        if not row.differentiable or not which:
            continue
        with np.errstate(all="ignore"):
            out, plain = gradients(row, args, options, which)
        fine = all(np.isfinite(a).all() for a in numbers([*args, out.value, *(g.value for g in plain)]))
        with ad.debug(nan=fine, inf=fine, writes="each"):
            _, found = gradients(row, args, options, which)
        for a, b in zip(found, plain, strict=True):
            np.testing.assert_array_equal(a.value, b.value)
        tensors = [ad.Tensor(a, requires_grad=True) if i in which else a for i, a in enumerate(args)]
        out = row.call(*tensors, **options)
        for i in which:
            assert str(ad.explain_grad(tensors[i], out))
        assert ad.graph_report(out).bytes == saved_bytes(out)


# -- inside vmap ----------------------------------------------------------------------------------------

X = np.array([[1.0, 2.0], [3.0, 0.0]])


def test_vmap_works_inside_debug():
    def f(x):
        return np.where(x > 0, np.sqrt(x + 1), 0.0).sum()

    plain = ad.vmap(ad.grad(f))(X), ad.vmap(ad.vmap(ad.hessian(f)))(X), ad.vmap(ad.grad(lambda x: x[0] * x[1]))(X)
    with ad.debug(writes="each"):
        found = ad.vmap(ad.grad(f))(X), ad.vmap(ad.vmap(ad.hessian(f)))(X), ad.vmap(ad.grad(lambda x: x[0] * x[1]))(X)
    for a, b in zip(found, plain, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_first_bad_example_is_shown():
    assert message(lambda: ad.vmap(lambda x: np.log(2 * x))(X)).splitlines() == [
        "op 'log' at here gave the first infinity: element [1] of its result (1 of 2 elements)",
        "    x          0  float64 (2,), from 0 to 6",
        "    result  -inf  float64 (2,), from 1.79176 to 1.79176, 1 infinite",
        "Why: log(0) is -inf.",
        "Fix: Use log(maximum(x, tiny)), or log(where(x > 0, x, 1.0)). For the logarithm of a probability use "
        "log_softmax(scores), which never takes log(0).",
        "This is example [1] of those that vmap maps.",
    ]


def test_bad_gradients_and_tangents_inside_vmap():
    def f(x):
        return np.where(x > 0, np.sqrt(x), 0.0)

    text = message(lambda: ad.vmap(ad.vmap(ad.grad(f)))(X))
    assert text.startswith("the backward pass of op 'sqrt', called at here, gave the first NaN: dL/dx\n    g        0")
    assert "`where` at here did not choose this element" in text
    assert text.endswith("This is example [1, 1] of those that vmap maps.")
    x = leaf(X)
    assert "element [1] of dL/dx (1 of 2 elements)" in message(lambda: ad.vmap(f)(x).sum().backward())
    text = message(lambda: ad.vmap(lambda r: ad.jvp(np.sqrt, (r,), (np.ones(2),)))(X))
    assert "gave the first infinity: element [1] of" in text
    assert text.endswith("This is example [1] of those that vmap maps.")
    text = message(lambda: ad.vmap(lambda x: x * 2)(np.array([1.0, np.nan])))
    assert text.startswith("input `x` held NaN when it entered op 'mul'")
