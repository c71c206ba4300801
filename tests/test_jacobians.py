"""jacobian, jacrev, jacfwd, hessian, hvp: closed forms, containers, complex numbers, every nesting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp, vjp, vmap
from autodiff.errors import GradientError

RNG = np.random.default_rng(0)
A = RNG.standard_normal((4, 4))
X = RNG.standard_normal(4)
close = np.testing.assert_allclose


def curved(x: Any) -> Any:
    return ad.sin(A @ x) * x[::-1] + ad.exp(x).sum()


def scalar(x: Any) -> Any:
    return (curved(x) ** 2).sum()


def by_differences(f: Any, x: Any, h: float = 1e-6) -> Any:
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)], axis=-1)


@pytest.mark.parametrize("mode", ["auto", "reverse", "forward"])
def test_closed_forms(mode: str) -> None:
    np.testing.assert_array_equal(jacobian(lambda x: A @ x, mode=mode)(X), A)
    close(jacobian(curved, mode=mode)(X), by_differences(curved, X), rtol=1e-7, atol=1e-8)
    tall = jacobian(lambda t: ad.stack([t, t * t, 3.0 * t**3]), mode=mode)(2.0)
    assert tall.tolist() == [1.0, 4.0, 36.0]
    wide = jacobian(lambda x: x.sum(), mode=mode)(np.ones((2, 3), np.float32))
    assert wide.shape == (2, 3)
    assert wide.dtype == np.float32
    outer = jacobian(lambda x: x[:, None] * x, mode=mode)(np.array([2.0, 3.0]))
    np.testing.assert_array_equal(outer, [[[4, 0], [3, 2]], [[3, 2], [0, 6]]])
    assert jacobian(lambda x: x * x, mode=mode)(3.0) == 6.0
    assert jacobian(lambda x: x * 2.0, mode=mode)(np.ones((0, 2))).shape == (0, 2, 0, 2)
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2), mode=mode)(X), np.zeros((2, 4)))


def test_auto_takes_the_shorter_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from autodiff.transforms import jacobians

    used: list[str] = []
    for name in ("_rows", "_columns"):
        way = getattr(jacobians, name)
        monkeypatch.setattr(jacobians, name, lambda *a, name=name, way=way: used.append(name) or way(*a))
    jacobian(lambda x: x.sum())(X)
    jacobian(lambda t: t * X)(2.0)
    assert used == ["_rows", "_columns"]


@pytest.mark.parametrize("mode", ["auto", "reverse", "forward"])
def test_containers_in_and_out(mode: str) -> None:
    def f(p: Any, scale: float) -> Any:
        return {"prod": p["w"] * p["b"] * scale, "sums": (p["w"].sum(), scale * scale)}

    p = {"w": np.array([1.0, 2.0]), "b": 3.0}
    found = jacobian(f, mode=mode)(p, 10.0)
    np.testing.assert_array_equal(found["prod"]["w"], 30.0 * np.eye(2))
    np.testing.assert_array_equal(found["prod"]["b"], [10.0, 20.0])
    np.testing.assert_array_equal(found["sums"][0]["w"], [1.0, 1.0])
    assert found["sums"][0]["b"] == 0.0
    assert found["sums"][1]["b"] == 0.0
    by_p, by_scale = jacobian(f, (0, 1), mode=mode)(p, 10.0)["sums"][1]
    np.testing.assert_array_equal(by_p["w"], [0.0, 0.0])
    assert by_scale == 20.0


def test_aux_keywords_and_tensors() -> None:
    value, aux = jacobian(lambda x, *, n: (x**n, {"n": n, "x": x}), has_aux=True)(np.array([1.0, 2.0]), n=3)
    np.testing.assert_array_equal(value, np.diag([3.0, 12.0]))
    assert aux["n"] == 3
    assert type(aux["x"]) is np.ndarray
    x = Tensor(X, requires_grad=True)
    rows = jacrev(curved)(x)
    assert rows.requires_grad
    (rows * rows).sum().backward()
    close(x.grad.value, by_differences(lambda v: (jacfwd(curved)(v) ** 2).sum(), X), rtol=1e-6)
    assert type(jacfwd(curved)(Tensor(X))) is Tensor
    assert type(jacfwd(curved)(X)) is np.ndarray


def test_what_is_closed_over_is_not_lost() -> None:
    w = Tensor(2.0, requires_grad=True)
    for derive in (jacrev, jacfwd, jacobian, hessian):
        w.grad = None
        derive(lambda x: w * x * x * x)(np.array([1.0, 3.0])).sum().backward()
        assert w.grad.item() == (24.0 if derive is hessian else 30.0)
        with ad.no_grad():
            assert type(derive(lambda x: (w * x * x).sum())(np.array([1.0, 3.0]))) is np.ndarray


def test_every_way_to_a_hessian() -> None:
    expected = by_differences(grad(scalar), X)
    ways = [
        hessian, lambda f: jacfwd(jacrev(f)), lambda f: jacrev(jacfwd(f)), lambda f: jacrev(jacrev(f)),
        lambda f: jacfwd(jacfwd(f)), lambda f: jacfwd(grad(f)), lambda f: jacrev(grad(f)), lambda f: jacobian(grad(f)),
        lambda f: lambda x: vmap(lambda v: hvp(f, x, v))(np.eye(4)),
        lambda f: lambda x: np.stack([vjp(grad(f), x)[1](e)[0] for e in np.eye(4)]),
    ]  # fmt: skip
    for way in ways:
        close(way(scalar)(X), expected, rtol=1e-5, atol=1e-6)
    first = ways[0](scalar)(X)
    for way in ways[1:]:
        close(way(scalar)(X), first, rtol=1e-10)


def test_third_derivatives() -> None:
    third = jacrev(jacrev(jacrev(scalar)))(X)
    for way in (
        jacfwd(hessian(scalar)),
        jacrev(hessian(scalar)),
        hessian(jacrev(scalar)),
        jacfwd(jacfwd(grad(scalar))),
    ):
        close(way(X), third, rtol=1e-9, atol=1e-9)
    assert hessian(grad(lambda x: x**4))(2.0) == 48.0


def test_hessian_of_containers_is_a_container_of_containers() -> None:
    def f(p: Any) -> Any:
        return {"f": p["a"] * p["a"] * p["b"].sum()}

    found = hessian(f)({"a": 2.0, "b": np.array([1.0, 5.0])})["f"]
    assert found["a"]["a"] == 12.0
    np.testing.assert_array_equal(found["a"]["b"], [4.0, 4.0])
    np.testing.assert_array_equal(found["b"]["a"], [4.0, 4.0])
    np.testing.assert_array_equal(found["b"]["b"], np.zeros((2, 2)))
    blocks = hessian(lambda x, y: (x * x * y).sum(), (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(blocks[0][1], np.diag([2.0, 4.0]))
    value, aux = hessian(lambda x: (x * x * x, x), has_aux=True)(3.0)
    assert value == 18.0
    assert aux == 3.0


def test_hvp() -> None:
    v = RNG.standard_normal(4)
    close(hvp(scalar, X, v), hessian(scalar)(X) @ v, rtol=1e-12)
    by_x, by_y = hvp(lambda x, y: (x * x * y).sum(), (X, 2.0 * X), (v, X))
    close(by_x, 4.0 * X * v + 2.0 * X * X)
    close(by_y, 2.0 * X * v)
    point = {"a": 3.0, "b": [2.0]}
    found = hvp(lambda p: p["a"] ** 2 * p["b"][0], point, {"a": 1.0, "b": [0.0]})
    assert found == {"a": 4.0, "b": [6.0]}
    with pytest.raises(TypeError, match="takes tangents as it takes primals"):
        hvp(scalar, (X,), X)
    with pytest.raises(GradientError, match="single number"):
        hvp(curved, X, v)


def test_holomorphic_derivatives() -> None:
    z = np.array([1.0 + 2.0j, -0.5j])
    matrix = np.array([[1.0, 2.0j], [3.0 - 1.0j, 0.5]])

    def f(z: Any) -> Any:
        return ad.exp(matrix @ z) * z

    expected = by_differences(f, z)
    for mode in ("auto", "reverse", "forward"):
        close(jacobian(f, mode=mode, holomorphic=True)(z), expected, rtol=1e-6)
    assert grad(lambda z: z**3, holomorphic=True)(1.0 + 1.0j) == pytest.approx(3 * (1 + 1j) ** 2)
    assert hessian(lambda z: z**3, holomorphic=True)(1.0 + 1.0j) == pytest.approx(6 * (1 + 1j))
    third = grad(grad(grad(lambda z: ad.exp(2.0 * z), holomorphic=True), holomorphic=True), holomorphic=True)
    assert third(0.3 + 0.1j) == pytest.approx(8 * np.exp(0.6 + 0.2j))
    for derive in (grad, jacrev, jacfwd):
        with pytest.raises(TypeError, match="holomorphic=True takes functions of complex numbers"):
            derive(lambda x: x * 1j, holomorphic=True)(1.0)
        with pytest.raises(TypeError, match="among the outputs"):
            derive(abs, holomorphic=True)(1.0j)


def test_complex_numbers_without_holomorphic() -> None:
    z = np.array([3.0 + 4.0j, 1.0j])
    close(jacobian(lambda z: abs(z))(z), np.diag(z / abs(z)))  # df/dx + i df/dy
    close(jacobian(lambda t: ad.exp(1j * t))(0.5), 1j * np.exp(0.5j))
    for derive, point, message in [
        (jacfwd, z, "reverse mode, of real values"), (jacobian, z, "reverse mode, of real values"),
        (jacrev, z.real, "use jacfwd"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=message):
            derive(lambda v: v * 1j)(point)


def test_refusals() -> None:
    with pytest.raises(ValueError, match='mode is "auto", "reverse" or "forward"'):
        jacobian(curved, mode="backward")
    with pytest.raises(TypeError, match=r"Write 2.0 instead of 2"):
        jacrev(lambda x: x)(2)
    with pytest.raises(GradientError, match="returned str"):
        jacrev(lambda x: "no")(2.0)
    with pytest.raises(TypeError, match="argnums=2 needs"):
        jacfwd(curved, 2)(X)
    with pytest.raises(TypeError, match="a pair"):
        jacrev(curved, has_aux=True)(X)


def test_of_vmap_and_in_vmap() -> None:
    batch = RNG.standard_normal((3, 4))
    close(vmap(jacrev(curved))(batch), [jacrev(curved)(x) for x in batch])
    close(vmap(jacfwd(curved))(batch), [jacrev(curved)(x) for x in batch])
    close(vmap(hessian(scalar))(batch), [hessian(scalar)(x) for x in batch])
    blocks = jacrev(vmap(curved))(batch)
    close(jacfwd(vmap(curved))(batch), blocks)
    for i in range(3):
        close(blocks[i, :, i], jacrev(curved)(batch[i]))
        assert not blocks[i, :, (i + 1) % 3].any()
    total = hessian(lambda b: vmap(scalar)(b).sum())(batch)
    close(total[1, :, 1], hessian(scalar)(batch[1]))
    close(jvp(lambda b: vmap(grad(scalar))(b), (batch,), (batch,))[1], [hvp(scalar, x, x) for x in batch])
