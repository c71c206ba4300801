"""custom_vjp: derivatives written by hand, in every transform, and what they must look like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, checkpoint, custom_vjp, grad, hessian, jacobian, jvp, vjp, vmap
from autodiff.errors import GradientError

close = np.testing.assert_allclose


@custom_vjp
def softplus(x: Any) -> Any:
    """log(1 + e^x), which overflows where it is written like that."""
    return ad.log(1.0 + ad.exp(x))


softplus.defvjp(lambda x: (ad.logaddexp(x, 0.0) if hasattr(ad, "logaddexp") else ad.log(1.0 + ad.exp(x)), x),
                lambda x, g: (g * ad.sigmoid(x),))  # fmt: skip


@custom_vjp
def halved(x: Any) -> Any:
    """sin x, with half its derivative: whoever sees the other half has not used the rule."""
    return ad.sin(x)


halved.defvjp(lambda x: (ad.sin(x), ad.cos(x)), lambda c, g: (0.5 * g * c,))
X = np.array([0.3, -1.2, 2.0])


def test_gradients_of_arrays_and_of_tensors() -> None:
    close(grad(lambda x: halved(x).sum())(X), 0.5 * np.cos(X))
    x = Tensor(X, requires_grad=True)
    halved(x * 2.0).sum().backward()
    close(x.grad.value, np.cos(2 * X))
    assert type(halved(X)) is np.ndarray
    assert halved.__name__ == "halved"
    assert "half its derivative" in (halved.__doc__ or "")
    assert grad(softplus)(0.0) == 0.5
    ad.testing.check_grads(softplus, [X], order=3)


def test_higher_orders_differentiate_forward_and_backward() -> None:
    close(grad(grad(halved))(0.7), -0.5 * np.sin(0.7))  # of 0.5 g cos x, where cos is an ordinary op
    close(hessian(lambda x: halved(x).sum())(X), np.diag(-0.5 * np.sin(X)))
    x = Tensor(X, requires_grad=True)
    (g,) = ad.gradients([halved(x).sum()], [x], create_graph=True)
    g.sum().backward()
    close(x.grad.value, -0.5 * np.sin(X))


def test_in_every_transform() -> None:
    close(jvp(halved, (X,), (np.ones(3),))[1], 0.5 * np.cos(X))
    close(jacobian(halved, mode="forward")(X), np.diag(0.5 * np.cos(X)))
    close(jacobian(halved, mode="reverse")(X), np.diag(0.5 * np.cos(X)))
    close(vmap(halved)(X), np.sin(X))
    close(vmap(grad(halved))(X), 0.5 * np.cos(X))
    close(grad(lambda x: vmap(halved)(x).sum())(X), 0.5 * np.cos(X))
    close(grad(lambda x: vmap(grad(halved))(x).sum())(X), -0.5 * np.sin(X))
    close(grad(lambda x: vmap(lambda v, w: halved(v * w), (0, None))(X, x).sum())(2.0), (0.5 * np.cos(2 * X) * X).sum())
    close(grad(checkpoint(lambda x: halved(x).sum()))(X), 0.5 * np.cos(X))
    close(jvp(grad(halved), (0.7,), (1.0,))[1], -0.5 * np.sin(0.7))


def test_containers_residuals_and_arguments_without_gradient() -> None:
    @custom_vjp
    def f(p: Any, n: int, x: Any) -> Any:
        return {"out": p["w"] * x**n, "sum": x.sum()}

    def forward(p: Any, n: int, x: Any) -> Any:
        return {"out": p["w"] * x**n, "sum": x.sum()}, {"p": p, "n": n, "x": x, "note": "kept"}

    def backward(kept: Any, g: Any) -> Any:
        p, n, x = kept["p"], kept["n"], kept["x"]
        assert kept["note"] == "kept"
        return {"w": (g["out"] * x**n).sum(), "unused": None}, None, g["out"] * p["w"] * n * x ** (n - 1) + g["sum"]

    f.defvjp(forward, backward)
    point = {"w": 2.0, "unused": 1.0}
    by_p, by_x = grad(lambda p, x: f(p, 3, x)["out"].sum(), (0, 1))(point, X)
    close(by_p["w"], (X**3).sum())
    assert by_p["unused"] == 0.0
    close(by_x, 6 * X**2)
    close(grad(lambda x: f(point, n=3, x=x)["sum"])(X), np.ones(3))
    close(grad(lambda x: grad(lambda x: f(point, 3, x)["out"].sum())(x).sum())(X), 12 * X)


def test_nondiff_argnums() -> None:
    def power(n: int, x: Any) -> Any:
        return x**n

    f = custom_vjp(power, nondiff_argnums=0)
    f.defvjp(lambda n, x: (x**n, x), lambda n, x, g: (10.0 * g * n * x ** (n - 1),))
    assert grad(f, 1)(3, 2.0) == 120.0
    with pytest.raises(GradientError, match="nondiff_argnums names requires grad"):
        f(Tensor(2.0, requires_grad=True), Tensor(2.0, requires_grad=True))


def test_outputs_without_gradient_count_as_zero() -> None:
    f = custom_vjp(lambda x: (x * 2.0, x * 3.0, x.astype(int)))
    f.defvjp(lambda x: ((x * 2.0, x * 3.0, x.astype(int)), None), lambda _, g: (2.0 * g[0] + 3.0 * g[1],))
    close(grad(lambda x: f(x)[1].sum())(X), np.full(3, 3.0))
    assert not grad(lambda x: f(x)[2].sum() * 1.0)(X).any()


def test_complex_numbers_are_taken_at_their_word() -> None:
    f = custom_vjp(lambda z: z * z)
    f.defvjp(lambda z: (z * z, z), lambda z, g: (g * 2.0 * ad.conj(z),))
    z = np.array([1.0 + 2.0j, -0.5j])

    def size(square: Any) -> Any:
        return lambda z: (abs(square(z)) ** 2).sum()

    def plain(z: Any) -> Any:
        return z * z

    close(grad(size(f))(z), grad(size(plain))(z))
    close(grad(size(grad(size(f))))(z), grad(size(grad(size(plain))))(z))
    close(jvp(f, (z,), (1j * z,))[1], 2j * z * z)


def wrong(backward: Any, forward: Any = lambda x, y: (x * y, None)) -> Any:
    f = custom_vjp(lambda x, y: x * y)
    f.defvjp(forward, backward)
    return grad(lambda x: f(x, x).sum())


def test_mistakes_are_named() -> None:
    with pytest.raises(TypeError, match=r"no derivative yet: call softplus.defvjp"):
        custom_vjp(softplus.f)(1.0)
    with pytest.raises(TypeError, match=r"gradient for each of 2 arguments \(None for zero\), got 1 of them"):
        wrong(lambda _, g: (g,))(X)
    with pytest.raises(TypeError, match="got Tensor"):
        wrong(lambda _, g: g)(X)
    with pytest.raises(ValueError, match=r"a gradient float64 \(\) for an argument float64 \(3,\)"):
        wrong(lambda _, g: (g, g.sum()))(X)
    f = custom_vjp(lambda x, p: x * p["a"] * p["b"])
    f.defvjp(lambda x, p: (x, None), lambda _, g: (g, (g, g)))
    with pytest.raises(TypeError, match="that of argument 1 differs"):
        grad(lambda x: f(x, {"a": x, "b": x}).sum())(X)
    with pytest.raises(TypeError, match=r"returns a pair \(value, residuals\), got Tensor"):
        wrong(lambda _, g: (g, g), lambda x, y: x * y)(X)
    with pytest.raises(TypeError, match="returns numbers, not str"):
        wrong(lambda _, g: (g, g), lambda x, y: ("no", None))(X)
    assert wrong(lambda _, g: (None, None))(X).tolist() == [0.0, 0.0, 0.0]


def test_what_is_closed_over_is_refused() -> None:
    w = Tensor(2.0, requires_grad=True)
    f = custom_vjp(lambda x: w * x)
    f.defvjp(lambda x: (w * x, None), lambda _, g: (g * w,))
    with pytest.raises(GradientError, match="pass it as an argument"):
        grad(f)(1.0)
    with pytest.raises(GradientError, match="pass it as an argument"):
        grad(lambda v: (lambda h: (h.defvjp(lambda x: (v * x, None), lambda _, g: (g,)), h(v))[1])(custom_vjp(f)))(1.0)


def test_with_a_vjp_inside_of_backward() -> None:
    f = custom_vjp(lambda x: ad.sin(x) * x)
    f.defvjp(lambda x: (ad.sin(x) * x, x), lambda x, g: (vjp(lambda y: ad.sin(y) * y, x)[1](g)[0],))
    ad.testing.check_grads(f, [X], order=3)
    close(vmap(grad(grad(f)))(X), [grad(grad(f))(x) for x in X])
