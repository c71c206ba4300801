"""Infinities, NaN, huge and equal numbers: what comes out, forward and backward, without a warning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad

inf, nan = np.inf, np.nan


def gradient(f: Any, x: Any) -> Any:
    return grad(lambda x: f(x).sum())(np.asarray(x, float))


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_softmax_of_huge_numbers(size: float) -> None:
    x = np.array([[size, -size, 0.0], [-size, -size, -size]])
    p = ad.softmax(x)
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    assert np.isfinite(gradient(lambda x: ad.softmax(x)[:, 0], x)).all()
    np.testing.assert_allclose(ad.logsumexp(x, axis=1), [size, -size], rtol=1e-3)
    np.testing.assert_allclose(ad.log_softmax(x)[0], [0, -2 * size, -size])
    loss = Tensor(x, requires_grad=True)
    ad.cross_entropy(loss, [0, 2]).backward()
    np.testing.assert_allclose(loss.grad.value, [[0, 0, 0], [1 / 6, 1 / 6, -1 / 3]])


def test_one_hot_targets_as_the_lecture_writes_them() -> None:
    one_hot = np.eye(5)[3]
    np.testing.assert_array_equal(one_hot, [0, 0, 0, 1, 0])
    logits = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    by_hand = -(one_hot * ad.log_softmax(logits)).sum()
    assert ad.cross_entropy(logits[None], [3]) == pytest.approx(by_hand)


def test_masked_softmax() -> None:
    x = np.array([0.0, -inf, 0.0])
    np.testing.assert_array_equal(ad.softmax(x), [0.5, 0.0, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: ad.softmax(x)[:1], x), [0.25, 0.0, -0.25])
    assert ad.logsumexp(x) == pytest.approx(np.log(2))
    np.testing.assert_array_equal(gradient(ad.logsumexp, x), [0.5, 0.0, 0.5])
    assert ad.logsumexp(np.full(3, -inf)) == -inf


def test_sigmoid_and_tanh_saturate() -> None:
    x = np.array([-inf, -1e4, -40.0, 0.0, 40.0, 1e4, inf])
    np.testing.assert_allclose(ad.sigmoid(x), [0, 0, np.exp(-40.0), 0.5, 1, 1, 1], rtol=1e-12)
    np.testing.assert_allclose(gradient(ad.sigmoid, x), [0, 0, np.exp(-40.0), 0.25, 0, 0, 0], rtol=1e-12)
    np.testing.assert_array_equal(gradient(ad.tanh, [-inf, 1e4]), [0, 0])
    for scalar in x:
        assert ad.sigmoid(scalar) == ad.sigmoid(np.array([scalar]))[0]


def test_relu_at_its_corners() -> None:
    x = np.array([-inf, -0.0, 0.0, 1.0, inf, nan])
    np.testing.assert_array_equal(ad.relu(x), [0, 0, 0, 1, inf, nan])
    np.testing.assert_array_equal([ad.relu(v) for v in x], [0, 0, 0, 1, inf, nan])
    np.testing.assert_array_equal(gradient(ad.relu, x[:-1]), [0, 0, 0, 1, 1])


def test_equal_elements_share_the_gradient() -> None:
    np.testing.assert_allclose(gradient(ad.max, [1.0, 3.0, 3.0]), [0, 0.5, 0.5])
    np.testing.assert_allclose(gradient(ad.min, [1.0, 1.0, 3.0, 1.0]), [1 / 3, 1 / 3, 0, 1 / 3])
    gx, gy = grad(lambda x, y: ad.maximum(x, y).sum(), argnums=(0, 1))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    np.testing.assert_array_equal(gx, [0.5, 1.0])
    np.testing.assert_array_equal(gy, [0.5, 0.0])
    pooled = gradient(lambda x: ad.max_pool2d(x.reshape(1, 1, 2, 2), 2), [[7.0, 7.0], [7.0, 1.0]])
    np.testing.assert_array_equal(pooled, [[1, 0], [0, 0]])  # the first of equals


def test_clip_at_its_bounds() -> None:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, nan, -inf, inf])
    np.testing.assert_array_equal(gradient(lambda x: ad.clip(x, -1.0, 1.0), x), [0, 1, 1, 1, 0, 0, 0, 0])
    np.testing.assert_array_equal(gradient(lambda x: ad.clip(x, max=1.0), x), [1, 1, 1, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(gradient(lambda x: ad.clip(x, min=-1.0), x), [0, 1, 1, 1, 1, 0, 0, 1])
    f = grad(lambda x, low, high: ad.clip(x, low, high).sum(), argnums=(0, 1, 2))
    for low, high in ((0.0, 0.0), (1.0, -1.0), (-1.0, 1.0)):  # of crossed bounds the upper one wins
        gx, glow, ghigh = f(x, np.full(8, low), np.full(8, high))
        np.testing.assert_array_equal(gx + glow + ghigh, np.where(np.isnan(x) & (low <= high), 0, 1))
        assert low <= high or (ghigh == 1).all()
    assert Tensor(2.0, requires_grad=True).clip(0.0, 1.0).node.op.name == "clip"


def test_clip_keeps_integers() -> None:
    for x in (np.array([-5, 0, 300]), np.array([0, 7, 200], np.uint8), np.array([True, False])):
        for low, high in ((None, 1), (1, None), (0, 1)):
            clipped, expected = ad.clip(x, low, high), np.clip(x, low, high)
            assert clipped.dtype == ad.clip(Tensor(x), low, high).dtype == expected.dtype
            np.testing.assert_array_equal(clipped, expected)
    for bounds in ((0.0, 1.0), (None, 1.0)):
        with pytest.raises(TypeError, match="complex ones have no order"):
            ad.clip(np.ones(2) * 1j, *bounds)


def test_powers_at_zero() -> None:
    assert grad(lambda x: x**2)(0.0) == 0.0
    assert grad(lambda x: x**1)(0.0) == 1.0
    assert grad(lambda x: x**0)(0.0) == 0.0
    assert grad(lambda x, y: x**y, argnums=1)(0.0, 2.0) == 0.0
    assert grad(lambda x, y: x**y, argnums=0)(0.0, np.float64(0.0)) == 0.0
    assert grad(grad(lambda x: x**2))(0.0) == 2.0
    assert grad(abs)(0.0) == 0.0


def test_products_with_zeros() -> None:
    np.testing.assert_array_equal(gradient(ad.prod, [0.0, 2.0, 3.0]), [6, 0, 0])
    np.testing.assert_array_equal(gradient(ad.prod, [0.0, 2.0, 0.0]), [0, 0, 0])
    np.testing.assert_array_equal(gradient(ad.prod, [4.0]), [1])
    np.testing.assert_array_equal(gradient(ad.prod, [inf, 2.0]), [2, inf])
    for n in range(8):
        for zeros in range(min(n, 3) + 1):
            x = np.arange(2.0, n + 2)
            x[1 : 1 + zeros] = 0
            np.testing.assert_array_equal(gradient(ad.prod, x), [np.delete(x, i).prod() for i in range(n)])


def test_the_gradient_of_a_long_product_takes_linear_time() -> None:
    t = Tensor(np.full(1_000_000, 1 + 1e-6), requires_grad=True)
    ad.prod(t).backward(create_graph=True)  # minutes, were it quadratic
    np.testing.assert_allclose(t.grad.value, np.e, rtol=1e-5)
    nodes, todo = set(), [t.grad.node]
    while todo:
        node = todo.pop()
        if node is not None and node not in nodes:
            nodes.add(node)
            todo += [source for source in node.inputs if type(source) is type(node)]
    assert len(nodes) < 400


def test_nan_is_not_hidden() -> None:
    x = np.array([1.0, nan, 2.0])
    assert np.isnan(ad.max(x))
    assert np.isnan(ad.sum(x))
    assert np.isnan(ad.max_pool2d(x[None, None, None], (1, 3))).all()
    assert np.isnan(ad.maximum(x, 0.0)[1])


def test_numpys_warnings_are_numpys() -> None:
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert ad.log(0.0) == -inf
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert grad(ad.sqrt)(0.0) == inf


def test_padding_never_wins() -> None:
    x = np.full((1, 1, 2, 2), -5.0)
    np.testing.assert_array_equal(ad.max_pool2d(x, 2, stride=1, padding=1), np.full((1, 1, 3, 3), -5.0))
    lowest = np.full((1, 1, 4, 4), -inf)
    first = [[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 1]]  # the first real pixel of each window
    for create_graph in (False, True):  # the fused gradient, and the composed one
        t = Tensor(lowest, requires_grad=True)
        ad.max_pool2d(t, 2, stride=2, padding=1).sum().backward(create_graph=create_graph)
        np.testing.assert_array_equal(t.grad.value[0, 0], first)
    ints = np.full((1, 1, 2, 2), np.iinfo(np.int64).min)
    np.testing.assert_array_equal(ad.max_pool2d(ints, 2, padding=1)[0, 0], ints[0, 0])
    assert not ad.max_pool2d(np.zeros((1, 1, 2, 2), bool), 2, padding=1).any()
    ints = np.full((1, 1, 2, 2), -5)
    assert ad.max_pool2d(ints, 2, padding=1).dtype == ints.dtype
