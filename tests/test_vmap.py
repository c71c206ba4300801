"""vmap: axes, containers, nesting, randomness, what it refuses. Every op: tests/test_vmap_table.py."""

from __future__ import annotations

import gc
import math
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad, jvp, stop_gradient, vjp, vmap
from autodiff.errors import GradientError

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((3, 4)), RNG.standard_normal((5, 4))
close = np.testing.assert_allclose


def f(x: Any, y: Any) -> Any:
    return ad.tanh((x * y).sum()) * x


def test_axes() -> None:
    close(vmap(f)(X, Y[:3]), [f(x, y) for x, y in zip(X, Y[:3], strict=True)])
    close(vmap(f, (0, None))(X, Y[0]), [f(x, Y[0]) for x in X])
    close(vmap(f, [1, None])(X.T, Y[0]), [f(x, Y[0]) for x in X])
    close(vmap(f, (-1, None), out_axes=1)(X.T, Y[0]), np.stack([f(x, Y[0]) for x in X], 1))
    close(vmap(f, (0, None), -1)(X, Y[0]), np.stack([f(x, Y[0]) for x in X], -1))
    assert vmap(lambda x: 2.0, axis_size=3, in_axes=None)(1.0).tolist() == [2.0, 2.0, 2.0]
    assert vmap(lambda x: (x, 7.0), out_axes=(0, None))(np.ones(2))[1] == 7.0
    assert vmap(lambda x, *, y: x * y)(np.ones(2), y=np.array([3.0, 4.0])).tolist() == [3.0, 4.0]


def test_containers() -> None:
    batch = {"a": X, "b": [Y[0], (X[:, 0], 2.0)]}
    axes = {"a": 0, "b": [None, (0, None)]}
    out = vmap(lambda p: {"s": p["a"] * p["b"][0] * p["b"][1][0], "t": [p["b"][1][1]]}, (axes,))(batch)
    close(out["s"], X * Y[0] * X[:, :1])
    assert out["t"][0].tolist() == [2.0, 2.0, 2.0]
    first, second = vmap(lambda x: (x.sum(), x), out_axes=(0, 1))(X)
    close(first, X.sum(1))
    close(second, X.T)


def test_arrays_and_tensors_out_as_in() -> None:
    assert type(vmap(f)(X, X)) is np.ndarray
    constant = vmap(f)(Tensor(X), X)
    assert type(constant) is Tensor
    assert not constant.requires_grad
    x = Tensor(X, requires_grad=True)
    out = vmap(f)(x, X)
    assert out.requires_grad
    out.sum().backward()
    y = Tensor(X, requires_grad=True)
    ad.stack([f(y[i], X[i]) for i in range(3)]).sum().backward()
    close(x.grad.value, y.grad.value)
    with ad.no_grad():
        assert not vmap(f)(x, X).requires_grad
        assert not vmap(grad(lambda x: (x * x).sum()))(x).requires_grad


def test_what_is_closed_over_gets_its_gradient() -> None:
    w = Tensor(np.ones(4), requires_grad=True)
    vmap(lambda x: w * x * w.sum())(X).sum().backward()
    close(w.grad.value, 4 * X.sum(0) + X.sum())
    w.grad = None
    vmap(grad(lambda x: (w * x * x).sum()))(X).sum().backward()
    close(w.grad.value, 2 * X.sum(0))
    w.grad = None
    vmap(lambda x: w.sum() * 2.0)(X).sum().backward()  # not batched at all
    close(w.grad.value, np.full(4, 6.0))
    w.grad = None
    out = vmap(lambda x: (w * x).sum(), out_axes=0)(X)
    out.backward(np.ones(3), retain_graph=True)
    out.backward(np.ones(3))
    close(w.grad.value, 2 * X.sum(0))
    with pytest.raises(GradientError, match="freed by an earlier backward pass"):
        out.backward(np.ones(3))


def test_hooks_of_what_is_closed_over_run_once() -> None:
    w = Tensor(2.0, requires_grad=True)
    seen: list[float] = []
    w.register_hook(lambda g: seen.append(g.item()))
    vmap(lambda x: w * x)(np.array([1.0, 2.0, 3.0])).sum().backward()
    assert seen == [6.0]
    v = (w * 3.0).retain_grad()
    vmap(lambda x: v * x)(np.array([1.0, 2.0, 3.0])).sum().backward()
    assert v.grad.item() == 6.0


def test_nested_in_each_other_and_in_gradients() -> None:
    def table(x: Any, y: Any) -> Any:
        return ad.sin((x * y).sum()) + x[0] * y[1]

    expected = np.array([[table(x, y) for y in Y] for x in X])
    both = vmap(vmap(table, (None, 0)), (0, None))
    close(both(X, Y), expected)
    close(vmap(vmap(table, (0, None)), (None, 0), out_axes=1)(X, Y), expected)
    close(vmap(lambda x: vmap(lambda y: table(x, y))(Y))(X), expected)

    def total(x: Any, y: Any) -> Any:
        return (both(x, y) ** 2).sum()

    def by_hand(x: Any, y: Any) -> Any:
        return (ad.sin(x @ y.T) + x[:, :1] * y[:, 1]) ** 2

    for i in (0, 1):
        close(grad(total, i)(X, Y), grad(lambda x, y: by_hand(x, y).sum(), i)(X, Y))
    second = grad(lambda x: (grad(total)(x, Y) ** 2).sum())(X)
    close(second, grad(lambda x: (grad(lambda x: by_hand(x, Y).sum())(x) ** 2).sum())(X))
    close(jvp(lambda x: both(x, Y), (X,), (X,))[1], jvp(lambda x: ad.sin(x @ Y.T) + x[:, :1] * Y[:, 1], (X,), (X,))[1])


@pytest.mark.parametrize("order", range(4))
def test_orders(order: int) -> None:
    derivative: Any = ad.sin
    for _ in range(order):
        derivative = grad(derivative)
    x = np.array([0.3, 1.0, -2.0])
    expected = [np.sin, np.cos, lambda v: -np.sin(v), lambda v: -np.cos(v)][order](x)
    close(vmap(derivative)(x), expected)
    close(vmap(vmap(derivative))(x.reshape(3, 1)), expected.reshape(3, 1))
    mapped: Any = vmap(ad.sin)
    for _ in range(order):
        mapped = ad.elementwise_grad(mapped)
    close(mapped(x), expected)


def test_gradient_inside_of_a_function_of_outer_values() -> None:
    def inner(w: Any, x: Any) -> Any:
        return grad(lambda y: ad.sin(w * y) * x)(2.0 * w)

    def batched(w: Any) -> Any:
        return (vmap(lambda x: inner(w, x))(X[:, 0]) ** 2).sum()

    def looped(w: Any) -> Any:
        return sum(inner(w, x) ** 2 for x in X[:, 0])

    for _ in range(3):
        assert batched(0.7) == pytest.approx(looped(0.7))
        batched, looped = grad(batched), grad(looped)


def test_detach_and_stop_gradient_inside() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for product in (lambda y: stop_gradient(y) * y, lambda y: y.detach() * y):
        close(grad(lambda x, f=product: vmap(f)(x).sum())(x), x)
        close(vmap(grad(product))(x), x)
    with pytest.raises(GradientError, match="stop_gradient"):
        stop_gradient(Tensor(1.0, requires_grad=True)).backward()


def test_indices_of_each_example() -> None:
    i = np.array([0, 3, 1])
    close(vmap(lambda x, i: x[i])(X, i), X[np.arange(3), i])
    pairs = np.array([[0, 3], [1, 1], [2, 0]])
    close(vmap(lambda x, i: x[i])(X, pairs), np.take_along_axis(X, pairs, 1))
    cube = RNG.standard_normal((3, 2, 4, 5))
    for key in (lambda i: (slice(None), i), lambda i: (i[0] % 2, slice(None), i), lambda i: (None, 1, ..., i),
                lambda i: (slice(None), None, i[:, None], i)):  # fmt: skip
        want = np.stack([c[key(p)] for c, p in zip(cube, pairs, strict=True)])
        close(vmap(lambda c, p, key=key: c[key(p)], in_axes=(0, 0))(cube, pairs), want)
        close(vmap(lambda p, key=key: Tensor(cube[0])[key(p)])(pairs), np.stack([cube[0][key(p)] for p in pairs]))
    gradient = grad(lambda x: (vmap(lambda x, i: x[i] ** 2)(x, pairs)).sum())(X)
    want = np.zeros_like(X)
    np.add.at(want, (np.arange(3)[:, None], pairs), 2 * np.take_along_axis(X, pairs, 1))
    close(gradient, want)


def test_control_flow_on_values_is_refused() -> None:
    message = "vmap runs the function once for all 3 examples"
    x = np.ones(3)
    for g in (
        lambda v: v if v > 0 else -v, lambda v: v * v.item(), lambda v: np.asarray(v), lambda v: v.numpy(),
        lambda v: v * v.tolist(), lambda v: np.frompyfunc(abs, 1, 1)(v), lambda v: range(v.astype(int)),
    ):  # fmt: skip
        with pytest.raises((GradientError, TypeError), match=f"{message}|does not support"):
            vmap(g)(x)
        with pytest.raises((GradientError, TypeError)):
            vmap(grad(g))(x)
    for g in (float, math.sin, lambda v: 1.0 in v[None], lambda v: next(iter([bool(v)]))):
        with pytest.raises(GradientError, match=message):
            vmap(g)(x)
    with pytest.raises(ValueError, match="sequence"):
        vmap(lambda v: np.zeros(2).__setitem__(0, v[0]))(np.ones((3, 2)))
    assert vmap(lambda v: v * len(v.shape))(X).shape == (3, 4)  # shapes are known
    close(vmap(lambda v: ad.where(v > 0, v, 2 * v).sum())(X), np.where(X > 0, X, 2 * X).sum(1))
    close(vmap(lambda v: sum(v[i] for i in range(len(v))))(X), X.sum(1))


def test_in_place_operators_make_new_values() -> None:
    def g(x: Any) -> Any:
        y = x * 1.0
        y += x
        x *= 3.0
        return x + y

    close(vmap(g)(X), 5 * X)
    close(vmap(grad(lambda x: g(x).sum()))(X), np.full_like(X, 5))
    before = X.copy()

    def h(x: Any, i: Any) -> Any:
        y = ad.zeros((2, 4)) if hasattr(ad, "zeros") else Tensor(np.zeros((2, 4)))
        first = y[0]
        first[1:3] = x[:2]  # through a view of what is not mapped yet
        y[1] += x
        x[0] = 7.0
        x[i] = 2.0 * x[i]
        return y.sum(0) * x

    i = np.array([[0, 3], [1, 0], [2, 3]])
    expected = np.stack([h(Tensor(x), j).value for x, j in zip(X, i, strict=True)])
    close(vmap(h)(X, i), expected)
    np.testing.assert_array_equal(X, before)
    close(vmap(lambda x, w: vjp(lambda x: h(x, np.array([1])), x)[1](w)[0], (0, 0))(X, X),
          [vjp(lambda x: h(x, np.array([1])), x)[1](x)[0] for x in X])  # fmt: skip
    assert vmap(lambda x, nothing: (x, nothing))(X, None)[1] is None


def test_booleans_as_an_index_are_refused() -> None:
    with pytest.raises(TypeError, match=r"Write where\(mask, x, 0\)"):
        vmap(lambda x: x[x > 0])(X)
    close(vmap(lambda x: x[np.array([True, False, True, True])])(X), X[:, [0, 2, 3]])


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"different numbers of examples: axis 0 of float64 \(3, 4\) and axis 0"):
        vmap(f)(X, Y)
    with pytest.raises(ValueError, match=r"maps axis 0 of an argument that is float64 \(\)"):
        vmap(f)(X, 2.0)
    with pytest.raises(ValueError, match="maps axis 2 of an argument"):
        vmap(f, 2)(X, X)
    with pytest.raises(ValueError, match="has 1 entries, for 2 positional arguments"):
        vmap(f, (0,))(X, X)
    with pytest.raises(ValueError, match="axis_size="):
        vmap(f, None)(X, X)
    with pytest.raises(ValueError, match="different numbers of examples: axis_size=2"):
        vmap(f, axis_size=2)(X, X)
    with pytest.raises(ValueError, match="out_axes is None for a result that differs"):
        vmap(f, out_axes=None)(X, X)
    for out in (lambda x: x * 2, lambda x: 1.0):
        with pytest.raises(ValueError, match="out_axes: axis 3 is out of bounds"):
            vmap(out, out_axes=3)(X)
    with pytest.raises(TypeError, match="holds axes"):
        vmap(f, "x")(X, X)
    with pytest.raises(ValueError, match="does not have the structure"):
        vmap(lambda x: x, out_axes=(0, 0))(X)
    with pytest.raises(TypeError, match="returns numbers, not str"):
        vmap(lambda x: "no")(X)
    with pytest.raises(GradientError, match="Use grad"):
        vmap(lambda x: (x * Tensor(2.0, requires_grad=True)).sum().backward())(X)


def test_leaked_values_are_refused() -> None:
    kept: list[Any] = []
    vmap(lambda x: kept.append(x) or x)(X)
    for use in (lambda t: t * 2.0, lambda t: vmap(lambda y: t * y)(X), lambda t: t.sum(), lambda t: t.numpy()):
        with pytest.raises(GradientError, match="used after that function had returned"):
            use(kept[0])
    assert repr(kept[0]) == "Tensor(<3 examples of float64 (4,)>)"


def test_no_examples() -> None:
    out = vmap(lambda x: (ad.exp(x) @ np.ones((4, 2)), x.sum()))(np.zeros((0, 4)))
    assert [o.shape for o in out] == [(0, 2), (0,)]
    assert vmap(grad(lambda x: (x * x).sum()))(np.zeros((0, 4))).shape == (0, 4)


def test_each_example_draws_its_own_numbers() -> None:
    ad.manual_seed(0)
    kept = vmap(lambda x: ad.dropout(x, 0.5))(np.ones((50, 8)))
    assert len({tuple(row) for row in kept.tolist()}) > 30
    shared = vmap(lambda x: ad.dropout(x * 1.0, 0.5), (None,), axis_size=3)(np.ones(8))
    assert shared.shape == (3, 8)
    gradient = grad(lambda x: vmap(lambda v: ad.dropout(v, 0.5, generator=3))(x).sum())(np.ones((50, 8)))
    np.testing.assert_array_equal(gradient, ad.dropout(np.ones((50, 8)), 0.5, generator=3))


def test_an_op_without_a_rule_loops_and_says_so() -> None:
    opaque = ad.define("opaque_in_vmap", lambda x: np.cumsum(x), lambda g: np.cumsum(g[::-1])[::-1], linear=True)
    twice = ad.define(
        "twice_in_vmap", lambda x: (x + 1.0, x * x),
        lambda g, x: (0 if g[0] is None else g[0]) + (0 if g[1] is None else 2 * x * g[1]), outs="a b",
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"op 'opaque_in_vmap' 3 times, example by example") as caught:
        close(vmap(opaque)(X), np.cumsum(X, 1))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        total = vmap(lambda x: twice(x)[0] * twice(x)[1])
        close(total(X), (X + 1) * X * X)
        close(grad(lambda x: total(x).sum())(X), 3 * X * X + 2 * X)
        assert total(X[:0]).shape == (0, 4)


def test_complex_numbers() -> None:
    z = X[:, :2] + 1j * X[:, 2:]

    def g(z: Any) -> Any:
        return (ad.exp(z * 1j) * z).sum()

    close(vmap(g)(z), [g(v) for v in z])
    close(vmap(grad(lambda z: abs(g(z))))(z), [grad(lambda z: abs(g(z)))(v) for v in z])
    close(grad(lambda z: abs(vmap(g)(z)).sum())(z), [grad(lambda z: abs(g(z)))(v) for v in z])
    _, pullback = vjp(vmap(g), z)
    close(pullback(np.array([1j, 2.0, 1.0 + 1j]))[0],
          [vjp(g, v)[1](s)[0] for v, s in zip(z, [1j, 2.0, 1.0 + 1j], strict=True)])  # fmt: skip


def test_nothing_is_left_behind() -> None:
    seen: list[Any] = []

    def g(x: Any) -> Any:
        seen.append(weakref.ref(x))
        return ad.sin(x * x)

    gc.collect()
    gc.disable()
    try:
        x = Tensor(X, requires_grad=True)
        out = vmap(g)(x)
        vmap(grad(lambda v: g(v).sum()))(X)
        out.sum().backward()
        del out, x
        assert all(ref() is None for ref in seen)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_per_example_gradients_of_a_module() -> None:
    import nn

    layer = nn.Linear(4, 2)

    def loss(w: Any, b: Any, x: Any) -> Any:
        return (ad.linear(x, w, b) ** 2).sum()

    each = vmap(grad(loss, (0, 1)), (None, None, 0))(layer.weight.value, layer.bias.value, X.astype(np.float32))
    assert each[0].shape == (3, 2, 4)
    vmap(layer)(X.astype(np.float32)).sum().backward()
    close(layer.weight.grad.value, np.tile(X.sum(0), (2, 1)), rtol=1e-5)
