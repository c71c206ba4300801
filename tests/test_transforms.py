"""grad, value_and_grad, vjp, jvp: values, containers, nesting, and what they refuse."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad, jvp, value_and_grad, vjp
from autodiff.errors import GradientError


def cube(x: Any) -> Any:
    return x * x * x


def test_arrays_in_arrays_out() -> None:
    for value in (2.0, np.float64(2.0)):
        gradient = grad(cube)(value)
        assert type(gradient) is np.float64
        assert gradient == 12.0
    gradient = grad(lambda x: cube(x).sum())(np.array([1.0, 2.0], np.float32))
    assert type(gradient) is np.ndarray
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [3.0, 12.0])


def test_tensors_in_tensors_out() -> None:
    constant = grad(cube)(Tensor(2.0))
    assert type(constant) is Tensor
    assert not constant.requires_grad
    x = Tensor(2.0, requires_grad=True)
    slope = grad(cube)(x)
    assert slope.requires_grad
    slope.backward()
    assert x.grad.item() == 12.0  # 6 x
    assert slope.item() == 12.0  # 3 x^2


def test_grad_leaves_every_dot_grad_alone() -> None:
    w, x = Tensor(3.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    grad(lambda x: w * x * x)(x)
    assert w.grad is None
    assert x.grad is None


def test_any_order() -> None:
    def f(x: Any) -> Any:
        return x**5

    expected = [32.0, 80.0, 160.0, 240.0, 240.0, 120.0, 0.0]
    for value in expected:
        assert f(2.0) == pytest.approx(value)
        f = grad(f)


@pytest.mark.parametrize(
    "second",
    [
        lambda f: grad(grad(f)),
        lambda f: lambda x: jvp(grad(f), (x,), (1.0,))[1],
        lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1]),
        lambda f: lambda x: jvp(lambda y: jvp(f, (y,), (1.0,))[1], (x,), (1.0,))[1],
        lambda f: lambda x: vjp(grad(f), x)[1](1.0)[0],
        lambda f: grad(lambda x: vjp(f, x)[1](1.0)[0]),
    ],
    ids=["grad grad", "jvp grad", "grad jvp", "jvp jvp", "vjp grad", "grad vjp"],
)
def test_nesting_in_any_order(second: Any) -> None:
    def f(x: Any) -> Any:
        return ad.tanh(x) * ad.exp(x * x) / (2.0 + ad.sin(x))

    h = 1e-4
    numeric = (f(0.7 + h) - 2 * f(0.7) + f(0.7 - h)) / h**2
    assert second(f)(0.7) == pytest.approx(numeric, rel=1e-5)


def test_no_perturbation_confusion() -> None:
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1.0
    assert jvp(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1], (3.0,), (1.0,))[1] == 6.0
    assert grad(lambda x: x * jvp(lambda y: x * y, (x,), (1.0,))[1])(3.0) == 6.0
    assert jvp(lambda x: x * grad(lambda y: x * y)(x), (3.0,), (1.0,))[1] == 6.0


def test_closed_over_values_are_not_lost() -> None:
    assert grad(lambda a: grad(lambda b: a * b * b)(3.0))(2.0) == 6.0  # d/da [2 a b] at b = 3
    w = Tensor(2.0, requires_grad=True)
    inner = grad(lambda b: w * b * b)(3.0)
    assert inner.requires_grad  # it depends on w, and says so
    inner.backward()
    assert w.grad.item() == 6.0
    with ad.no_grad():
        assert type(grad(lambda b: w * b * b)(3.0)) is np.float64


def test_containers_and_argnums() -> None:
    params = {"w": np.array([1.0, 2.0]), "layers": [(3.0, np.ones((2, 2)))]}

    def loss(p: Any, scale: float, shift: Any) -> Any:
        scalar, matrix = p["layers"][0]
        return (p["w"] * scalar * scale).sum() + (matrix @ p["w"]).sum() + shift

    gradient = grad(loss)(params, 2.0, 1.0)
    np.testing.assert_allclose(gradient["w"], [8.0, 8.0])
    assert gradient["layers"][0][0] == 6.0
    np.testing.assert_allclose(gradient["layers"][0][1], [[1.0, 2.0], [1.0, 2.0]])
    value, (by_shift, by_params) = value_and_grad(loss, argnums=(2, 0))(params, 2.0, 1.0)
    assert value == 25.0
    assert by_shift == 1.0
    assert by_params["layers"][0][0] == 6.0
    assert grad(loss, argnums=-1)(params, 2.0, 1.0) == 1.0


def test_keyword_arguments_and_aux() -> None:
    def loss(x: Any, *, power: int) -> Any:
        y = x**power
        return y, {"half": y / 2, "name": "cube"}

    gradient, aux = grad(loss, has_aux=True)(2.0, power=3)
    assert gradient == 12.0
    assert aux == {"half": 4.0, "name": "cube"}
    assert type(aux["half"]) is np.float64
    (value, _), gradient = value_and_grad(loss, has_aux=True)(2.0, power=3)
    assert (value, gradient) == (8.0, 12.0)
    with pytest.raises(TypeError, match="a pair"):
        grad(cube, has_aux=True)(2.0)


def test_what_does_not_depend_has_gradient_zero() -> None:
    gx, gy = grad(lambda x, y: x * 2.0, argnums=(0, 1))(1.0, np.ones(2))
    assert gx == 2.0
    np.testing.assert_array_equal(gy, [0.0, 0.0])
    assert grad(lambda x: 3.0)(1.0) == 0.0


def test_gradients_share_no_memory() -> None:
    x, y = np.ones(3), np.ones(3)
    gx, gy = grad(lambda x, y: (x + y).sum(), argnums=(0, 1))(x, y)
    assert not np.shares_memory(gx, gy)
    seed = np.ones(3)
    _, pullback = vjp(lambda x: x.reshape(3), x)
    (g,) = pullback(seed)
    assert not np.shares_memory(g, seed)


def test_vjp_pulls_back_many_times_and_containers() -> None:
    out, pullback = vjp(lambda x, y: {"a": x * y, "b": [y.sum()]}, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(out["a"], [3.0, 8.0])
    for scale in (1.0, 2.0):
        gx, gy = pullback({"a": scale * np.ones(2), "b": [np.float64(10.0)]})
        np.testing.assert_array_equal(gx, scale * np.array([3.0, 4.0]))
        np.testing.assert_array_equal(gy, scale * np.array([1.0, 2.0]) + 10.0)
    out, pullback, aux = vjp(lambda x: (x * x, "note"), 3.0, has_aux=True)
    assert (out, pullback(1.0), aux) == (9.0, (6.0,), "note")
    with pytest.raises(ValueError, match="takes 1 output gradients"):
        pullback((1.0, 1.0))


def test_jvp_of_several_arguments() -> None:
    x, dx = np.array([[1.0, 2.0]]), np.array([[0.5, -1.0]])
    w, dw = np.array([[3.0], [4.0]]), np.array([[1.0], [1.0]])
    out, tangent = jvp(lambda x, w: x @ w, (x, w), (dx, dw))
    np.testing.assert_array_equal(out, x @ w)
    np.testing.assert_array_equal(tangent, dx @ w + x @ dw)
    with pytest.raises(ValueError, match="one tangent for each primal"):
        jvp(cube, (np.ones(2),), (np.ones(3),))
    with pytest.raises(TypeError, match="tuples"):
        jvp(cube, 1.0, 1.0)


def test_users_op_has_forward_mode_and_all_orders() -> None:
    softsign = ad.define("softsign_here", lambda x: x / (1 + abs(x)), lambda g, x: g / (1 + abs(x)) ** 2,
                         kind="elementwise")  # fmt: skip
    opaque = ad.define("opaque_here", lambda x: x**3, lambda g, x: 3 * g * x * x)
    sincos = ad.define(
        "sincos_here", lambda x: (np.sin(x), np.cos(x)),
        lambda g, sin, cos: (0 if g[0] is None else g[0] * cos) - (0 if g[1] is None else g[1] * sin),
        outs="sin cos",
    )  # fmt: skip
    for f in (softsign, opaque, lambda x: sincos(x)[0] * sincos(x)[1], lambda x: sincos(x)[1]):
        ad.testing.check_grads(f, [np.array([0.3, -1.2, 2.0])], order=3)


def test_float_of_a_tensor_inside_a_transform_raises() -> None:
    import math

    with pytest.raises(GradientError, match=r"math.sin\(t\) calls it too"):
        grad(lambda x: x * math.sin(x))(1.0)
    assert grad(lambda x: x * math.sin(x.item()))(0.0) == 0.0
    x = Tensor(1.0, requires_grad=True)
    assert float(x * 2) == 2.0  # outside it is allowed


def test_refusals() -> None:
    with pytest.raises(TypeError, match=r"Write 2.0 instead of 2"):
        grad(cube)(2)
    with pytest.raises(GradientError, match="starts from a single number"):
        grad(cube)(np.ones(2))
    with pytest.raises(GradientError, match="starts from a single number"):
        grad(lambda x: np.ones(2))(1.0)
    with pytest.raises(GradientError, match="real number, this one is complex"):
        grad(lambda x: x * 1j)(1.0)
    with pytest.raises(TypeError, match="argnums=1 needs"):
        grad(cube, argnums=1)(1.0)


def test_no_cycles_and_nothing_left() -> None:
    gc.collect()
    gc.disable()
    try:
        x = np.ones(3)
        seen: list[Any] = []

        def f(v: Any) -> Any:
            seen.append(weakref.ref(v))
            return (v * v).sum()

        grad(grad(lambda s: f(s * x)))(2.0)
        out, pullback = vjp(f, x)
        del out, pullback
        jvp(f, (x,), (x,))
        assert all(ref() is None for ref in seen)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_create_graph_records_under_no_grad_too() -> None:
    x = Tensor(0.5, requires_grad=True)
    u = ad.exp(x)
    y = u * u  # two paths meet at u
    with ad.no_grad():
        slope = ad.gradients(y, x, create_graph=True)
    assert ad.gradients(slope, x).item() == pytest.approx(4 * np.e)


def test_scalars_indexed_more_than_once() -> None:
    assert grad(lambda x: (x[None] + x[...] + x[()]).sum())(2.0) == 3.0
    ad.testing.check_grads(lambda x: x[None] * x[...] * x[()], (2.0,))


def test_a_forgotten_return_is_named() -> None:
    with pytest.raises(GradientError, match="returned NoneType"):
        grad(lambda x: None)(1.0)
    with pytest.raises(GradientError, match="returned list"):
        grad(lambda x: [x])(1.0)


# -- which variable is which ------------------------------------------------------------------------------


def along(f: Any) -> Any:
    """The derivative of a function of one number, in forward mode."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("D", [grad, along])
@pytest.mark.parametrize("E", [grad, along])
def test_confusions_that_are_known(D: Any, E: Any) -> None:
    """Counter-examples of the literature on nested differentiation: each level has its own perturbation."""
    assert D(lambda x: x * E(lambda y: x + y)(1.0))(1.0) == 1.0  # not 2
    assert D(lambda x: x * E(lambda y: x * y)(2.0))(1.0) == 2.0
    assert D(lambda x: E(lambda y: x * y * y)(x) * x)(3.0) == 54.0  # d/dx 2 x^3
    assert D(lambda x: E(lambda x: x * x)(5.0) * x)(2.0) == 10.0  # the same name
    assert D(lambda x: E(lambda y: E(lambda z: x * y * z)(1.0))(1.0))(7.0) == 1.0


@pytest.mark.parametrize("D", [grad, along])
def test_a_derivative_that_returns_a_function(D: Any) -> None:
    """The shift s(u)(f)(x) = f(x + u): its derivative by u at 0 is d/dx, also when it is applied twice."""

    def slope(f: Any) -> Any:
        return lambda x: D(lambda u: f(x + u))(0.0)

    assert slope(ad.exp)(1.0) == pytest.approx(np.e)
    assert slope(slope(ad.exp))(1.0) == pytest.approx(np.e)
    assert slope(slope(lambda x: x**3))(2.0) == pytest.approx(12.0)
    assert D(lambda a: slope(lambda x: a * x * x)(a))(3.0) == pytest.approx(12.0)  # d/da 2 a^2


@pytest.mark.parametrize("order", range(6))
def test_orders_of_sin_in_mixed_modes(order: int) -> None:
    f: Any = ad.sin
    for k in range(order):
        f = grad(f) if (order + k) % 2 else along(f)
    assert f(0.4) == pytest.approx([np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)][order % 4](0.4))


# -- containers -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Point:
    x: Any
    y: Any
    name: str = dataclasses.field(default="p", metadata={"static": True})


class Pair(NamedTuple):
    a: Any
    b: Any


def test_dataclasses_and_namedtuples() -> None:
    point = Point(2.0, [np.array([1.0, 3.0])], "here")
    gradient = grad(lambda p: p.x * (p.y[0] * p.y[0]).sum())(point)
    assert type(gradient) is Point
    assert (gradient.x, gradient.name) == (10.0, "here")
    np.testing.assert_array_equal(gradient.y[0], [4.0, 12.0])
    pair = grad(lambda p: p.a * p.b.x)(Pair(2.0, Point(3.0, 4.0)))
    assert type(pair) is Pair
    assert (pair.a, pair.b.x, pair.b.y) == (3.0, 2.0, 0.0)
    mapped = ad.vmap(lambda p: Point(p.x * 2.0, p.y, p.name))(Point(np.ones(2), np.zeros((2, 3)), "all"))
    assert mapped.x.tolist() == [2.0, 2.0]
    assert mapped.name == "all"
    with pytest.raises(TypeError, match="an argument holds str"):
        grad(lambda p: p["x"])({"x": 1.0, "name": "no"})


def test_modules_are_containers_of_their_parameters() -> None:
    import nn

    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = np.array([[1.0, -2.0]], np.float32)

    def loss(m: Any, x: Any) -> Any:
        return (m(x) ** 2).sum()

    gradient = grad(loss)(model, x)
    loss(model, x).backward()
    assert type(gradient) is type(model)
    names = [name for name, _ in model.named_parameters()]
    for name, p in model.named_parameters():
        found: Any = gradient
        for part in name.split("."):
            found = found[int(part)] if part.isdigit() else getattr(found, part)
        np.testing.assert_allclose(found.value, p.grad.value, rtol=1e-6)
    assert [name for name, _ in model.named_parameters()] == names  # the model itself is as it was
    assert all(p.node is None for p in model.parameters())
    tied = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    tied.again = tied[0]
    with ad.no_grad():
        twice = grad(lambda m: m.again(m(np.ones((1, 2), np.float32))).sum())(tied)
    assert twice.again is twice[0]


def test_linearize_runs_the_function_once() -> None:
    runs: list[int] = []

    def f(x: Any, y: Any) -> Any:
        runs.append(1)
        return {"out": ad.sin(x) * y}

    x, y = np.array([1.0, 2.0]), 3.0
    out, f_jvp = ad.linearize(f, x, y)
    np.testing.assert_allclose(out["out"], np.sin(x) * y)
    for dx, dy in ((np.ones(2), 0.0), (np.array([1.0, 0.0]), 2.0)):
        np.testing.assert_allclose(f_jvp(dx, dy)["out"], np.cos(x) * y * dx + np.sin(x) * dy)
    assert runs == [1]
    np.testing.assert_allclose(ad.vmap(f_jvp, (0, None))(np.eye(2), 0.0)["out"], np.diag(np.cos(x) * y))
    value, f_jvp, aux = ad.linearize(lambda x: (x * x, "note"), 3.0, has_aux=True)
    assert (value, f_jvp(1.0), aux) == (9.0, 6.0, "note")
    with pytest.raises(ValueError, match="one tangent for each primal"):
        f_jvp(np.ones(2))
    slope = grad(lambda x: ad.linearize(ad.sin, x)[1](x * x))(0.5)  # d/dx cos(x) x^2
    assert slope == pytest.approx(-np.sin(0.5) * 0.25 + np.cos(0.5))


def test_elementwise_grad() -> None:
    x = np.array([[0.5, -1.0], [2.0, 3.0]])
    np.testing.assert_allclose(ad.elementwise_grad(ad.sin)(x), np.cos(x))
    np.testing.assert_allclose(ad.elementwise_grad(ad.elementwise_grad(ad.sin))(x), -np.sin(x))
    by_x, by_y = ad.elementwise_grad(lambda x, y: x * y * y, (0, 1))(x, 2.0 * x)
    np.testing.assert_allclose(by_x, 4 * x * x)
    np.testing.assert_allclose(by_y, 4 * x * x)
    with pytest.raises(ValueError, match=r"maps \(2, 2\) to float64 \(2,\)"):
        ad.elementwise_grad(lambda x: x.sum(0))(x)


def test_stop_gradient_of_containers() -> None:
    gradient = grad(lambda p: (ad.stop_gradient(p)["a"] * p["a"]) + ad.stop_gradient([p["b"]])[0])({"a": 3.0, "b": 1.0})
    assert gradient == {"a": 3.0, "b": 0.0}
    assert ad.stop_gradient(2.0) == 2.0
    assert jvp(lambda x: x * ad.stop_gradient(x), (3.0,), (1.0,))[1] == 3.0
    assert grad(grad(lambda x: x * x * ad.stop_gradient(x)))(3.0) == 6.0


def test_pullbacks_want_the_structure_of_the_output() -> None:
    _, pullback = vjp(lambda x: {"a": x, "b": x * 2.0}, 1.0)
    assert pullback({"a": 1.0, "b": 1.0}) == (3.0,)
    with pytest.raises(ValueError, match="in the structure of the output"):
        pullback([1.0, 1.0])
