"""define: what it takes, what it refuses, and what the nodes of each op keep."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, define
from autodiff.graph import saved_bytes
from autodiff.op import OPS


def leaf(*shape: int) -> Tensor:
    return Tensor(np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape), requires_grad=True)


X, Y, W = leaf(2, 3), leaf(2, 3), leaf(4, 3)
IMAGE, KERNEL = leaf(1, 2, 5, 5), leaf(3, 2, 3, 3)

KEPT: list[tuple[Any, set[str]]] = [
    (lambda: X + Y, set()),
    (lambda: X - 2.0, set()),
    (lambda: -X, set()),
    (lambda: X * Y, {"x", "y"}),
    (lambda: X * 3.0, {"y"}),  # the constant, not X
    (lambda: X / Y, {"y", "out"}),
    (lambda: X / 2.0, {"y"}),
    (lambda: X**2, {"x", "y"}),
    (lambda: ad.exp(X), {"out"}),
    (lambda: ad.log(X), {"x"}),
    (lambda: ad.sqrt(X), {"out"}),
    (lambda: ad.tanh(X), {"out"}),
    (lambda: ad.sigmoid(X), {"out"}),
    (lambda: ad.relu(X), {"out"}),
    (lambda: abs(X), {"x"}),
    (lambda: ad.where(X.value > 1, X, Y), {"cond"}),
    (lambda: ad.maximum(X, Y), {"x", "y"}),
    (lambda: X.sum(), set()),
    (lambda: X.mean(axis=0), set()),
    (lambda: X.max(axis=1), {"x", "out"}),
    (lambda: X.var(), {"x"}),
    (lambda: X.logsumexp(), {"x", "out"}),
    (lambda: X.softmax(), {"out"}),
    (lambda: X.log_softmax(), {"out"}),
    (lambda: X.reshape(3, 2), set()),
    (lambda: X.T, set()),
    (lambda: X.expand(5, 2, 3), set()),
    (lambda: X[0], set()),
    (lambda: X[[0, 1, 0]], {"arrays"}),
    (lambda: ad.concatenate([X, Y]), set()),
    (lambda: ad.stack([X, Y]), set()),
    (lambda: X.astype(np.float32), set()),
    (lambda: X @ Y.value.T, {"y"}),  # the array on the right is a constant: X itself is not kept
    (lambda: X @ W.T, {"x", "y"}),
    (lambda: ad.linear(X, W, np.zeros(4)), {"x", "w"}),
    (lambda: ad.linear(X, W.value, np.zeros(4)), {"w"}),
    (lambda: ad.linear(X.value, W, np.zeros(4)), {"x"}),
    (lambda: ad.cross_entropy(X, [0, 2]), {"logits", "targets", "weight", "saved"}),
    (lambda: ad.conv2d(IMAGE, KERNEL), {"x", "w"}),
    (lambda: ad.conv2d(IMAGE.value, KERNEL), {"x"}),
    (lambda: ad.max_pool2d(IMAGE, 2), {"x", "saved"}),
    (lambda: ad.dropout(X, 0.5, generator=1), set()),
]


@pytest.mark.parametrize(("make", "kept"), KEPT, ids=[str(i) for i in range(len(KEPT))])
def test_a_node_keeps_what_its_rules_name(make: Any, kept: set[str]) -> None:
    assert set(make().node.saved_arrays) == kept


def test_saved_arrays_are_not_copies() -> None:
    product = X * Y
    assert product.node.saved_arrays["x"] is X.value
    squashed = ad.tanh(X)
    assert squashed.node.saved_arrays["out"] is squashed.value


def test_saved_bytes_counts_each_buffer_once() -> None:
    x = leaf(10, 10)
    assert saved_bytes((x * x) * x) == 2 * 800  # x, and the first product
    view = x.value[2:5]
    assert saved_bytes(Tensor(1.0, requires_grad=True) * view * 2.0) == 240 + 0
    assert saved_bytes(x * x.value[2:5].sum() + x * x.value) == 800 + 8
    assert saved_bytes(x.sum()) == 0


def test_define_refuses_what_cannot_work() -> None:
    ok = {"kind": "elementwise"}
    with pytest.raises(TypeError, match="a rule names 'z'; it may name g, out, x, x_dtype, x_shape"):
        define("bad1", np.exp, lambda g, z: g * z, **ok)
    with pytest.raises(TypeError, match="2 rules for the inputs 'x'"):
        define("bad2", np.add, lambda g: g, lambda g: g, **ok)
    with pytest.raises(TypeError, match="one rule per input"):
        define("bad3", np.add, lambda g: g, inputs="x y", **ok)
    with pytest.raises(TypeError, match="kind 'elementwize' is none of"):
        define("bad4", np.exp, lambda g: g, kind="elementwize")
    with pytest.raises(TypeError, match="cannot name an input"):
        define("bad5", np.exp, lambda g: g, inputs="out")
    with pytest.raises(TypeError, match="cannot name an input"):
        define("bad6", np.add, lambda g: g, lambda g: g, inputs="x x")
    with pytest.raises(TypeError, match="a fused op has vjp= and composed="):
        define("bad7", np.exp, vjp=lambda g, x: (g,))
    with pytest.raises(TypeError, match="so there have to be rules"):
        define("broken", lambda x: x, together=lambda g, needs: (g,))
    with pytest.raises(TypeError, match="together= names x, which no rule names"):
        define("broken", lambda x: x, lambda g: g, together=lambda g, x, needs: (g,))
    with pytest.raises(TypeError, match="names something that is no input"):
        define("bad8", np.multiply, lambda g, y: g * y, lambda g, x: g * x, inputs="x y", linear="x z")
    with pytest.raises(TypeError, match="a rule is a plain Python function"):
        define("bad9", np.exp, np.exp)
    with pytest.raises(ValueError, match="belongs to the engine"):
        define("tanh", np.tanh, lambda g: g)
    assert not {f"bad{i}" for i in range(1, 10)} & set(OPS)


def test_defining_again_replaces_a_users_op() -> None:
    define("mine_again", lambda x: x, lambda g: g)
    twice = define("mine_again", lambda x: 2 * x, lambda g: 2 * g)
    assert OPS["mine_again"] is twice.op
    assert ad.grad(twice)(1.0) == 2.0


def test_calls_with_wrong_arguments() -> None:
    with pytest.raises(TypeError, match="unsupported operand type"):
        X * None
    with pytest.raises(TypeError, match="a number is needed, got str"):
        "a" * X
    with pytest.raises(TypeError, match=r"an index is an integer, not float64 \(2, 3\)"):
        [1, 2][X]
    with pytest.raises(TypeError, match="a Tensor, an array or a number is needed, got dict"):
        ad.exp({})
    with pytest.raises(TypeError, match="an array of numbers is needed"):
        ad.exp(np.array(["a"]))
    with pytest.raises(TypeError, match="takes 3 arrays, got 2"):
        ad.OPS["where"].call(X, Y)
    with pytest.raises(TypeError, match="masked arrays"):
        X + np.ma.masked_array([1.0, 2.0, 3.0])


def test_another_class_may_answer_the_operator() -> None:
    class Unit:
        def __rmul__(self, other: Any) -> str:
            return "unit"

        def __rsub__(self, other: Any) -> str:
            return "less"

    assert X * Unit() == "unit"
    assert X - Unit() == "less"
    assert (X == "text") is False
    assert (X != None) is True  # noqa: E711  # this very comparison is meant


def test_forward_errors_say_what_was_given_and_where() -> None:
    with pytest.raises(ValueError, match="could not be broadcast") as caught:
        X + Tensor(np.ones(4), requires_grad=True)
    (note,) = caught.value.__notes__
    assert "op 'add' was given float64 (2, 3), float64 (4,), at " in note
    assert f"{__file__}:" in note
    assert "axis -1 has lengths 3 and 4" in note


def test_fused_op_runs_composed_for_every_other_derivative() -> None:
    calls: list[str] = []

    def composed(x: Any, y: Any, *, scale: float) -> Any:
        calls.append("composed")
        return ad.exp(x * y) * scale

    def vjp(g: Any, x: Any, y: Any, saved: Any, needs: Any, *, scale: float) -> Any:
        calls.append(f"vjp {needs}")
        return (g * saved * y if needs[0] else None, g * saved * x if needs[1] else None)

    def forward(x: Any, y: Any, *, scale: float) -> Any:
        e = np.exp(x * y) * scale
        return e, e

    fused = define("fused_here", forward, inputs="x y", vjp=vjp, composed=composed, kind="elementwise")
    assert fused(1.0, 0.0, scale=2.0) == 2.0  # of plain numbers: the value alone
    x = Tensor(0.5, requires_grad=True)
    fused(x, 2.0, scale=1.0).backward()
    assert calls == ["vjp (True, False)"]
    ad.testing.check_grads(
        lambda x, y: fused(x, y, scale=3.0), (np.array([0.5, 1.0]), np.array([[0.3], [2.0]])), order=3
    )
    assert "composed" in calls


def test_variadic_op_of_users() -> None:
    def rule(g: Any, first: Any, rest: Any, out: Any) -> Any:
        return [g * out / x for x in rest]

    product = define(
        "product_here", lambda first, *rest: first * np.prod(rest, axis=0),
        lambda g, first, out: g * out / first, rule, inputs="first *rest",
    )  # fmt: skip
    args = (np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([0.5, 1.5]))
    ad.testing.check_grads(product, args)
    x = Tensor(2.0, requires_grad=True)
    product(x, 3.0, x, 5.0).backward()
    assert x.grad.item() == 60.0


def test_matrices_are_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for product in (lambda t: t * matrix, lambda t: matrix * t):
        with pytest.raises(TypeError, match="matrix product"):
            product(Tensor(np.eye(2), requires_grad=True))


def test_gradients_found_together():
    calls = []

    def together(g: Any, x: Any, y: Any, needs: tuple[bool, bool]) -> Any:
        calls.append(needs)
        return g * y if needs[0] else None, g * x if needs[1] else None

    product = define(
        "together", lambda x, y: x * y, lambda g, y: g * y, lambda g, x: g * x, inputs="x y", kind="elementwise",
        together=together,
    )  # fmt: skip
    x, y = leaf(2, 3), leaf(2, 3)
    product(x, y).sum().backward()
    product(x, 3.0).sum().backward()
    assert calls == [(True, True), (True, False)]
    assert np.array_equal(x.grad.value, y.value + 3)
    assert np.array_equal(y.grad.value, x.value)
    ad.testing.check_grads(product, [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    z = np.array([1 + 2j, 3j])
    ad.testing.check_grads(product, [z, z[::-1].copy()])
