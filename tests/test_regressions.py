"""What once went wrong, each in the smallest program that showed it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, define, grad, jvp, vjp
from autodiff.errors import GradientError


def leaf(value: Any) -> Tensor:
    return Tensor(value, requires_grad=True)


def test_gradients_of_a_recorded_pass_are_owned_too() -> None:
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x + y).sum().backward(create_graph=True)
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad.value, [3, 3])
    np.testing.assert_array_equal(y.grad.value, [1, 1])
    seed, x = Tensor([10.0, 20.0]), leaf([1.0, 2.0])
    (x + 1.0).backward(seed, create_graph=True)
    (x * 2).sum().backward()
    np.testing.assert_array_equal(seed.value, [10, 20])
    x = leaf([1.0, 2.0])
    (x * x * 0.5 + x).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    assert not np.shares_memory(x.grad.value, x.value)


def test_an_assigned_gradient_is_a_copy() -> None:
    x, y = leaf([1.0]), leaf([2.0])
    y.grad = Tensor([5.0])
    x.grad = y.grad
    (x * 2).sum().backward()
    assert (x.grad.item(), y.grad.item()) == (7.0, 5.0)


def test_a_cotangent_of_another_dtype_keeps_its_graph() -> None:
    x = np.array([1, 2], np.float32)
    double = grad(lambda c: vjp(lambda x: x * x, x)[1](c)[0].sum())(np.ones(2))
    np.testing.assert_array_equal(double, [2, 4])
    z = np.array([1 + 1j])
    assert grad(lambda c: ad.real(vjp(lambda z: z * 2, z)[1](c)[0]).sum())(np.ones(1)) == 2.0


def test_a_linear_op_with_a_complex_factor() -> None:
    times_i = define("times_i", lambda x: x * 1j, lambda g: g * 1j, kind="elementwise", linear=True)
    z = leaf(np.array([1 + 2j]))
    ad.real(times_i(z) * (3 + 1j)).sum().backward()
    np.testing.assert_allclose(z.grad.value, [-1 - 3j])
    ad.testing.check_grads(times_i, [z])


def test_arrays_that_a_pullback_needs_are_its_own() -> None:
    out, pullback = vjp(ad.exp, np.ones(20))
    out *= 100
    np.testing.assert_allclose(pullback(np.ones(20))[0], np.e)
    a = np.ones(20)
    _, pullback = vjp(lambda x: x * x, a)
    a *= 100
    np.testing.assert_array_equal(pullback(np.ones(20))[0], 2.0)
    out, tangent = jvp(lambda x: x, (a,), (a,))
    assert not np.shares_memory(out, a)
    assert not np.shares_memory(tangent, a)


def test_a_rule_of_the_wrong_shape_is_refused() -> None:
    flipped = define("flipped", lambda x: x.T.copy(), lambda g: g)
    with pytest.raises(ValueError, match=r"gradient of shape \(3, 2\) for an input of shape \(2, 3\)") as caught:
        flipped(leaf(np.ones((2, 3)))).sum().backward()
    assert "in the backward pass of op 'flipped', called at" in caught.value.__notes__[0]
    short = define("short", lambda x: x * 1.0, lambda g: g[:1])
    with pytest.raises(ValueError, match=r"gradient of shape \(1,\) for an input of shape \(2,\)"):
        short(leaf(np.ones(2))).sum().backward()


def test_defaults_of_keyword_parameters_reach_the_rule() -> None:
    leaky = define(
        "leaky_here", lambda x, *, slope=0.1: np.where(x > 0, x, slope * x),
        lambda g, x, *, slope: g * ((x > 0) + slope * (x <= 0)), kind="elementwise",
    )  # fmt: skip
    assert grad(leaky)(-2.0) == 0.1
    assert grad(lambda x: leaky(x, slope=0.3))(-2.0) == 0.3
    both = define(
        "both_here", lambda x, y, *, k=2.0: k * x * y, lambda g, y, *, k: g * k * y, lambda g, x, *, k: g * k * x,
        inputs="x y",
    )  # fmt: skip
    assert grad(both)(1.0, 3.0) == 6.0


def test_a_rule_of_several_outputs_is_given_a_tuple() -> None:
    seen: list[type] = []

    def rule(g: Any, a: Any) -> Any:
        seen.append(type(g))
        return g[0] if g[1] is None else g[1]

    two = define("two_here", lambda x: (x + 0, x + 0), rule, outs="a b")
    x = leaf(1.0)
    two(x)[0].backward()
    two(x)[1].backward(create_graph=True)
    assert seen == [tuple, tuple]


def test_masks_are_not_dropped() -> None:
    with pytest.raises(TypeError, match="masked arrays"):
        Tensor(np.ma.masked_array([1.0, 2.0], [True, False]))


def test_zeros_are_numpy_scalars() -> None:
    assert type(grad(lambda x: 3.0)(2.0)) is np.float64
    assert type(jvp(lambda x: 3.0, (2.0,), (1.0,))[1]) is np.float64


def test_a_retained_gradient_is_counted_once() -> None:
    x = leaf([1.0, 2.0])
    y = (x * 2).retain_grad()
    (y * y).sum().backward(inputs=[y])
    np.testing.assert_array_equal(y.grad.value, [4, 8])
    assert x.grad is None


def test_argnums_named_twice() -> None:
    with pytest.raises(ValueError, match="names an argument twice"):
        grad(lambda x: x, argnums=(0, 0))(1.0)


def test_jvp_of_a_function_that_frees_its_graph() -> None:
    def f(x: Any) -> Any:
        y = x * x
        y.backward()
        return y

    with pytest.raises(GradientError, match="freed by an earlier backward pass"):
        jvp(f, (2.0,), (1.0,))


def test_a_hook_may_not_return_a_complex_gradient_for_a_real_tensor() -> None:
    x = leaf([1.0])
    x.register_hook(lambda g: g * 1j)
    with pytest.raises(TypeError, match="complex gradient"):
        (x * 2).sum().backward()


def test_no_grad_as_a_bare_decorator_and_shared_by_threads() -> None:
    @ad.no_grad
    def f(x: Tensor) -> Tensor:
        return x * 2

    assert not f(leaf(1.0)).requires_grad
    shared, inside, go_on = ad.no_grad(), threading.Event(), threading.Event()
    states: list[bool] = []

    def other() -> None:
        with shared:
            inside.set()
            go_on.wait(5)
        states.append(ad.is_grad_enabled())

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(5)
    with shared:
        go_on.set()
        thread.join()
        states.append(ad.is_grad_enabled())
    assert [*states, ad.is_grad_enabled()] == [True, False, True]


def test_the_checker_names_the_input_first_and_fused_ops_too() -> None:
    bad = define("bad_product", lambda x, y: x * y, lambda g, y: g * y, lambda g, x: 2 * g * x, inputs="x y",
                 kind="elementwise")  # fmt: skip
    with pytest.raises(AssertionError, match=r"vjp: input 1, element \(0,\).*'bad_product'"):
        ad.testing.check_grads(bad, [np.ones(2), np.ones(2)])
    fused = define("bad_fused", lambda x: (np.exp(x), None), vjp=lambda g, out: (2 * g * out,), composed=ad.exp)
    with pytest.raises(AssertionError, match="'bad_fused'"):
        ad.testing.check_grads(fused, [np.ones(2)])
    nan = define("bad_nan", lambda x: x * 1.0, lambda g: g * np.nan, kind="elementwise")
    with pytest.raises(AssertionError, match="'bad_nan'"):
        ad.testing.check_grads(nan, [np.ones(2)])
