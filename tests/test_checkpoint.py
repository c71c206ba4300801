"""checkpoint: the same numbers for less memory, in every transform."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import (
    Tensor,
    checkpoint,
    checkpoint_sequential,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    vjp,
    vmap,
)
from autodiff.errors import GradientError

close = np.testing.assert_allclose
RNG = np.random.default_rng(0)
X, W = RNG.standard_normal(4), RNG.standard_normal((4, 4))


def block(x: Any) -> Any:
    return ad.tanh(W @ x) * ad.exp(0.1 * x)


def plain(x: Any) -> Any:
    return (block(block(block(x))) ** 2).sum()


def kept_little(x: Any) -> Any:
    return (checkpoint(lambda x: checkpoint(block)(checkpoint(block)(x)))(block(x)) ** 2).sum()


@pytest.mark.parametrize(
    "derive",
    [
        grad, lambda f: grad(lambda x: (grad(f)(x) ** 2).sum()), hessian, jacobian,
        lambda f: lambda x: jacobian(f, mode="forward")(x), lambda f: lambda x: hvp(f, x, x),
        lambda f: lambda x: jvp(f, (x,), (x,))[1], lambda f: lambda x: vjp(f, x)[1](2.0)[0],
        lambda f: lambda x: linearize(f, x)[1](x), lambda f: lambda x: vmap(grad(f))(ad.stack([x, 2.0 * x])),
        lambda f: grad(lambda x: (vmap(f)(ad.stack([x, 2.0 * x])) ** 2).sum()),
        lambda f: grad(lambda x: (vmap(grad(f))(ad.stack([x, 2.0 * x])) ** 2).sum()),
        lambda f: grad(lambda x: jvp(f, (x,), (x,))[1]), lambda f: checkpoint(grad(checkpoint(f))),
        lambda f: grad(checkpoint(lambda x: (grad(f)(x) ** 2).sum())),
    ],
)  # fmt: skip
def test_every_transform(derive: Any) -> None:
    close(derive(kept_little)(X), derive(plain)(X), rtol=1e-9)


def test_containers_keywords_and_constants() -> None:
    @checkpoint
    def f(p: Any, *, power: int, name: str) -> Any:
        """Says what it is."""
        return {"y": p["w"] * p["x"] ** power, "n": name, "c": 3.0}, [p["x"].sum(), p["k"]]

    assert f.__name__ == "f"
    assert f.__doc__ == "Says what it is."
    w, x = Tensor(2.0, requires_grad=True), Tensor(X, requires_grad=True)
    (out, (total, k)) = f({"w": w, "x": x, "k": 7}, power=3, name="cube")
    assert (out["n"], out["c"], k) == ("cube", 3.0, 7)
    (out["y"].sum() + total).backward()
    close(w.grad.value, (X**3).sum())
    close(x.grad.value, 6 * X**2 + 1)
    assert checkpoint(lambda a: a * 2)(3.0) == 6.0
    with ad.no_grad():
        assert not checkpoint(lambda a: a * 2)(x).requires_grad
    alone = checkpoint(lambda x, y: (y, x * 2.0))(x, w)
    assert alone[0].requires_grad
    alone[0].backward()


def test_what_is_closed_over_gets_its_gradient() -> None:
    layer = nn.Linear(4, 4, dtype=np.float64)
    x = Tensor(X, requires_grad=True)
    scale = x.sum() * 2.0  # a computed tensor from outside

    def f(v: Any) -> Any:
        return (ad.tanh(layer(v)) * scale).sum()

    f(x).backward()
    expected = [x.grad.value, layer.weight.grad.value, layer.bias.grad.value]
    x.grad = layer.weight.grad = layer.bias.grad = None
    scale = x.sum() * 2.0
    checkpoint(f)(x).backward()
    for got, want in zip([x.grad, layer.weight.grad, layer.bias.grad], expected, strict=True):
        close(got.value, want)
    second = []
    for g in (checkpoint(f), f):
        scale = x.sum() * 2.0
        by_x, by_w = ad.gradients(g(x), [x, layer.weight], create_graph=True)
        second.append(ad.gradients((by_x**2).sum() + by_w.sum(), [layer.weight, x]))
    for got, want in zip(*second, strict=True):
        close(got.value, want.value)
    scale = x.sum() * 2.0
    inner = checkpoint(lambda v: grad(lambda u: (u * v * scale).sum())(v).sum())
    (by_scale,) = ad.gradients([inner(Tensor(X))], [scale])
    close(by_scale.value, X.sum())
    assert grad(lambda a: checkpoint(lambda b: grad(lambda c: a * b * c * c)(b))(a))(2.0) == 24.0  # 2 a b^2


def test_hooks_run_once() -> None:
    w, seen = Tensor(2.0, requires_grad=True), []
    w.register_hook(lambda g: seen.append(g.item()))
    checkpoint(lambda x: w * x)(Tensor(3.0, requires_grad=True)).backward()
    assert seen == [3.0]


def test_random_numbers_are_drawn_again() -> None:
    def f(x: Any) -> Any:
        return ad.dropout(x * ad.dropout(x, 0.5), 0.5, generator=own)

    for wrapped in (checkpoint(f), checkpoint(lambda x: checkpoint(f)(x)), checkpoint(checkpoint(f))):
        own = ad.Generator(5)
        default = ad.manual_seed(1)
        x = np.linspace(1.0, 2.0, 200)
        out, pullback = vjp(wrapped, x)
        states = own.offset, default.offset
        (g,) = pullback(np.ones(200))
        assert states == (own.offset, default.offset) == (1, 1)
        close(g, 2 * out / x)  # out = m x^2
        assert len(set((out / x**2).tolist())) == 2
        own.next_draw()
        close(pullback(np.ones(200))[0], g)


def test_a_function_that_computes_something_else_is_found_out() -> None:
    sizes = iter([3, 4])
    out = checkpoint(lambda x: x[: next(sizes)] * 2.0)(Tensor(X, requires_grad=True))
    with pytest.raises(GradientError, match="other shapes or dtypes when it ran again"):
        out.sum().backward()
    more = iter([1, 2])
    out = checkpoint(lambda x: sum(ad.dropout(x, 0.5) for _ in range(next(more))))(Tensor(X, requires_grad=True))
    with pytest.raises(GradientError, match="draws more random numbers"):
        out.sum().backward()


def test_writes_in_between_are_found_out() -> None:
    x, w, s = Tensor(X, requires_grad=True), Tensor(X, requires_grad=True), Tensor(2.0, requires_grad=True)
    for written in (w, s, x):
        out = checkpoint(lambda v: (v * w * s).sum())(x)
        with ad.no_grad():
            written += 1.0
        with pytest.raises(GradientError, match=r"has written into|another value since|kept"):
            out.backward()


def test_freed_graphs_say_so() -> None:
    x = Tensor(X, requires_grad=True)
    out = checkpoint(block)(x).sum()
    out.backward(retain_graph=True)
    first = x.grad.value.copy()
    out.backward()
    close(x.grad.value, 2 * first)
    with pytest.raises(GradientError, match="freed by an earlier backward pass"):
        out.backward()


def test_sequential() -> None:
    functions = [block] * 7
    for segments in (1, 2, 3, 7):
        x = Tensor(X, requires_grad=True)
        checkpoint_sequential(functions, segments, x).sum().backward()
        y = Tensor(X, requires_grad=True)
        z = y
        for f in functions:
            z = f(z)
        z.sum().backward()
        close(x.grad.value, y.grad.value)
    for segments in (0, 8):
        with pytest.raises(ValueError, match="1 to 7 segments"):
            checkpoint_sequential(functions, segments, X)


def peak(f: Any) -> int:
    f()
    gc.collect()
    tracemalloc.start()
    f()
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size


def test_memory_falls() -> None:
    """64 steps in 8 segments keep 8 arrays and one segment, not 64 steps: measured 0.26 of it."""
    start = np.linspace(0.1, 1.0, 50_000)

    def step(x: Any) -> Any:
        return ad.sin(x) * x

    def run(segments: int) -> Any:
        x = Tensor(start, requires_grad=True)
        checkpoint_sequential([step] * 64, segments, x).sum().backward()
        return x.grad.value

    close(run(8), run(1))
    assert peak(lambda: run(8)) < 0.4 * peak(lambda: run(1))


def test_nothing_is_left_behind() -> None:
    gc.collect()
    gc.disable()
    try:
        out = checkpoint(lambda x: checkpoint(block)(block(x)))(Tensor(X, requires_grad=True)).sum()
        out.backward()
        del out
        grad(grad(lambda s: checkpoint(lambda t: block(X * t).sum())(s)))(2.0)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_function_that_writes_into_something_outside_is_found_out():
    total = Tensor(np.zeros(2))

    def f(x):
        total[0] += 1.0
        return np.sum(x * total)

    loss = checkpoint(f)(Tensor([1.0, 2.0], requires_grad=True))
    with pytest.raises(GradientError, match="gave other values when it ran again"):
        loss.backward()


def test_results_that_are_not_finite_are_the_same_again():
    x = Tensor([0.0, 1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        checkpoint(lambda x: np.log(x) * np.array([np.nan, 1.0]))(x).sum().backward()
    assert x.grad.value[1] == 1.0
