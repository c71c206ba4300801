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


# -- elementwise functions: zeros, infinities, NaN, and the edges of their domains -----------------------------


def slopes(f: Any, *args: float, order: int = 1) -> list[float]:
    """The derivatives of a function of numbers by each of them, of an order."""

    def derivative(i: int) -> Any:
        g = f
        for _ in range(order):
            g = grad(g, argnums=i)
        return float(g(*args))

    return [derivative(i) for i in range(len(args))]


@pytest.mark.parametrize(("f", "args", "expected"), [
    (np.hypot, (0.0, 0.0), [0, 0]),  # as of abs
    (np.hypot, (0.0, 2.0), [0, 1]),
    (np.hypot, (3e200, 4e200), [0.6, 0.8]),
    (np.arctan2, (0.0, 0.0), [0, 0]),
    (np.arctan2, (0.0, -1.0), [-1, 0]),
    (np.arctan2, (3e200, 4e200), [0.16e-200, -0.12e-200]),
    (np.logaddexp, (-inf, -inf), [0.5, 0.5]),
    (np.logaddexp, (inf, inf), [0.5, 0.5]),
    (np.logaddexp, (inf, -inf), [1, 0]),
    (np.logaddexp, (-inf, 3.0), [0, 1]),
    (np.logaddexp, (1000.0, 1000.0), [0.5, 0.5]),
    (np.logaddexp2, (-inf, -inf), [0.5, 0.5]),
    (np.logaddexp2, (1e4, 0.0), [1, 0]),
    (np.maximum, (nan, 1.0), [1, 0]),  # NaN wins, and takes the gradient
    (np.maximum, (nan, nan), [0.5, 0.5]),
    (np.minimum, (1.0, nan), [0, 1]),
    (np.maximum, (inf, inf), [0.5, 0.5]),
    (np.fmax, (nan, 1.0), [0, 1]),  # NaN loses
    (np.fmin, (1.0, nan), [1, 0]),
    (np.fmin, (nan, nan), [0.5, 0.5]),
    (np.fmax, (2.0, 2.0), [0.5, 0.5]),
    (np.fmod, (5.0, 3.0), [1, -1]),
    (np.fmod, (-5.0, 3.0), [1, 1]),
    (np.fmod, (5.0, inf), [1, 0]),
    (np.remainder, (-5.0, 3.0), [1, 2]),
    (np.copysign, (0.0, -1.0), [0, 0]),
    (np.copysign, (-2.0, -0.0), [1, 0]),
    (np.copysign, (2.0, -0.0), [-1, 0]),
    (np.heaviside, (0.0, 0.5), [0, 1]),
    (np.heaviside, (1.0, 0.5), [0, 0]),
    (np.nextafter, (1.0, 2.0), [1, 0]),
    (ad.special.xlogy, (0.0, 0.0), [0, 0]),
    (ad.special.xlogy, (0.0, 2.0), [np.log(2), 0]),
    (ad.special.xlog1py, (0.0, -1.0), [0, 0]),
    (ad.special.rel_entr, (1.0, 2.0), [1 - np.log(2), -0.5]),
])  # fmt: skip
def test_derivatives_of_two_arguments(f: Any, args: Any, expected: Any) -> None:
    np.testing.assert_allclose(slopes(f, *args), expected, rtol=1e-12)


@pytest.mark.parametrize(("f", "x", "first", "second"), [
    (np.sinc, 0.0, 0, -(np.pi**2) / 3),
    (np.sinc, 1e-9, -(np.pi**2) / 3 * 1e-9, -(np.pi**2) / 3),
    (np.sinc, 1.0, -1, 2),
    (np.i0, 0.0, 0, 0.5),
    (ad.special.i1, 0.0, 0.5, 0),
    (ad.special.j0, 0.0, 0, -0.5),
    (ad.special.j1, 0.0, 0.5, 0),
    (np.arctan, 1e100, 1e-200, 0),
    (np.arctan, inf, 0, 0),
    (np.tanh, 400.0, 0, 0),
    (np.arcsinh, 0.0, 1, 0),
    (ad.special.erf, 0.0, 2 / np.sqrt(np.pi), 0),
    (ad.special.erf, 40.0, 0, 0),
    (ad.special.erfc, -inf, 0, 0),
    (ad.special.erfcx, 1e8, -1e-16 / np.sqrt(np.pi), 2e-24 / np.sqrt(np.pi)),  # differences would leave nothing
    (ad.special.erfcx, 0.0, -2 / np.sqrt(np.pi), 2),
    (ad.special.log_ndtr, -1e8, 1e8, -1),
    (ad.special.log_ndtr, 0.0, np.sqrt(2 / np.pi), -2 / np.pi),
    (ad.special.log_ndtr, 50.0, 0, 0),
    (ad.special.log_expit, -1e4, 1, 0),
    (ad.special.log_expit, 1e4, 0, 0),
    (ad.special.softplus, 1e4, 1, 0),
    (ad.special.softplus, -1e4, 0, 0),
    (ad.special.i0e, 0.0, 0, 0.5),  # a kink: sign(0) is 0
    (np.exp2, -inf, 0, 0),
    (np.reciprocal, inf, 0, 0),
])  # fmt: skip
def test_first_and_second_derivatives(f: Any, x: float, first: float, second: float) -> None:
    np.testing.assert_allclose(slopes(f, x), [first], rtol=1e-10, atol=1e-300)
    if np.isfinite(x):
        np.testing.assert_allclose(slopes(f, x, order=2), [second], rtol=1e-7, atol=1e-300)


@pytest.mark.parametrize(("f", "x", "expected"), [
    (np.sqrt, 0.0, inf), (np.cbrt, 0.0, inf), (np.arcsin, 1.0, inf), (np.arccos, -1.0, -inf), (np.arctanh, 1.0, inf),
    (np.arccosh, 1.0, inf), (np.log, 0.0, inf), (ad.special.entr, 0.0, inf), (ad.special.logit, 1.0, inf),
    (ad.special.erfinv, 1.0, inf), (ad.special.ndtri, 0.0, inf), (ad.special.gammaln, 0.0, nan),
])  # fmt: skip
def test_infinite_slopes_are_infinite(f: Any, x: float, expected: float) -> None:
    with np.errstate(all="ignore"):
        (found,) = slopes(f, x)
    assert found == expected or np.isnan(expected) or expected == inf == abs(found)


def test_nan_comes_out_where_numpy_gives_it() -> None:
    with np.errstate(invalid="ignore"):
        for f, x in ((np.log, -1.0), (np.sqrt, -1.0), (np.arcsin, 2.0), (np.fmod, nan), (np.clip, nan)):
            args = {np.fmod: (2.0,), np.clip: (0.0, 1.0)}.get(f, ())
            assert np.isnan(f(Tensor(x, requires_grad=True), *args).item())
        assert np.isnan(slopes(np.sqrt, -1.0)[0])
        assert slopes(np.log, -1.0) == [-1.0]  # 1 / x, as PyTorch has it


def test_clip_by_nan_and_crossed_bounds() -> None:
    f = grad(lambda x, low, high: np.clip(x, low, high), argnums=(0, 1, 2))
    assert [float(g) for g in f(0.5, 2.0, 1.0)] == [0, 0, 1]  # the upper bound wins
    assert [float(g) for g in f(0.5, nan, 1.0)] == [0, 0, 0]
    assert np.isnan(np.clip(Tensor(0.5, requires_grad=True), nan, 1.0).item())
    for dtype, casting in ((np.float32, "same_kind"), (np.complex128, "safe")):
        if dtype is np.float32:
            assert np.clip(Tensor([0.5, 2.0], requires_grad=True), 0, 1, dtype=dtype, casting=casting).dtype == dtype
    with pytest.raises(TypeError, match=r'np.clip cannot cast float64 \(1,\) to float32 with casting="safe"'):
        np.clip(Tensor([0.5], requires_grad=True), 0, 1, dtype=np.float32, casting="safe")
    assert ad.clip(np.array([1, 200], np.uint8), -5, 1000).tolist() == [1, 200]  # Python numbers beyond the dtype


def test_nan_to_num() -> None:
    x = np.array([nan, inf, -inf, 2.0])
    t = Tensor(x, requires_grad=True)
    out = np.nan_to_num(t, nan=7.0)
    np.testing.assert_array_equal(out.value, np.nan_to_num(x, nan=7.0))
    out.sum().backward()
    np.testing.assert_array_equal(t.grad.value, [0, 0, 0, 1])
    fill = Tensor(3.0, requires_grad=True)
    np.nan_to_num(t, nan=fill, posinf=fill).sum().backward()
    assert fill.grad.item() == 2.0
    z = np.array([complex(nan, 1.0), complex(inf, -inf)])
    np.testing.assert_array_equal(np.nan_to_num(Tensor(z, requires_grad=True)).value, np.nan_to_num(z))
    assert np.nan_to_num(Tensor([1, 2])).dtype == np.int64
    half = np.array([inf, nan], np.float16)
    np.testing.assert_array_equal(np.nan_to_num(Tensor(half)).value, np.nan_to_num(half))
    with pytest.raises(TypeError, match="takes no copy=False"):
        np.nan_to_num(t, copy=False)


def test_angles_and_signs_of_complex_numbers() -> None:
    z = Tensor([0j, 1j, -2.0 + 0j], requires_grad=True)
    np.testing.assert_array_equal(np.angle(z).value, np.angle(z.detach().numpy()))
    np.angle(z).sum().backward()
    np.testing.assert_allclose(z.grad.value, [0, -1, -0.5j], atol=1e-15)
    np.testing.assert_array_equal(np.sign(z).value, [0, 1j, -1])
    assert not np.sign(Tensor([1.0], requires_grad=True)).requires_grad
    assert np.real_if_close(z).dtype == np.complex128
    assert np.real_if_close(z * z + 0j).dtype == np.float64


def test_interp_at_and_beyond_its_points() -> None:
    xp, fp = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, -2.0])
    x = np.array([-1.0, 0.0, 1.0, 3.0, 4.0, -inf, inf])
    np.testing.assert_array_equal(gradient(lambda x: np.interp(x, xp, fp), x), [0, 2, -2, -2, 0, 0, 0])
    t = Tensor([nan, 0.5], requires_grad=True)
    np.testing.assert_array_equal(np.interp(t, xp, fp).value, [nan, 1.0])
    left, right = Tensor(5.0, requires_grad=True), Tensor(6.0, requires_grad=True)
    out = np.interp(x, xp, Tensor(fp, requires_grad=True), left, right)
    np.testing.assert_array_equal(out.value, np.interp(x, xp, fp, 5.0, 6.0))
    out.sum().backward()
    assert (left.grad.item(), right.grad.item()) == (2.0, 2.0)
    doubled = np.array([0.0, 1.0, 1.0, 2.0])  # a jump
    y = np.array([0.5, 1.0, 1.5])
    t = Tensor(y, requires_grad=True)
    np.testing.assert_array_equal(np.interp(t, doubled, [0.0, 1.0, 5.0, 6.0]).value, [0.5, 5.0, 5.5])
    z = np.interp(t, xp, fp + 1j)
    np.testing.assert_array_equal(z.value, np.interp(y, xp, fp + 1j))
    with pytest.raises(TypeError, match=r"np.interp has no derivative by period; pass period.detach\(\)"):
        np.interp(t, xp, fp, period=Tensor(2.0, requires_grad=True))
    with pytest.raises(ValueError, match="fp and xp are not of the same length"):
        np.interp(t, xp, fp[:2])


def test_piecewise_calls_a_function_for_its_own_elements() -> None:
    x = Tensor([-1.0, 4.0], requires_grad=True)
    out = np.piecewise(x, [x >= 0], [np.sqrt, lambda v: -v])  # no square root of -1, and no NaN in its gradient
    np.testing.assert_array_equal(out.value, [1, 2])
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.value, [-1, 0.25])
    w = Tensor(3.0, requires_grad=True)
    ad.numpy.piecewise(np.array([1.0, -1.0]), [np.array([True, False])], [lambda v, a: v * a, 0.0], w).sum().backward()
    assert w.grad.item() == 1.0
    with pytest.raises(ValueError, match=r"np\.piecewise with 1 conditions takes 1 or 2 functions, got 3"):
        np.piecewise(x, [x > 0], [1.0, 2.0, 3.0])


def test_select_and_where() -> None:
    x = Tensor([0.5, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"condition 0 of np\.select is float64 \(2,\); booleans are needed"):
        np.select([x], [x])
    with pytest.raises(ValueError, match="a choice for each condition, got 1 and 2"):
        np.select([x > 0], [x, x])
    assert np.select([x > 1], [Tensor(np.ones(2, np.float32))], 0).dtype == np.float32
    (places,) = np.where(x > 1)
    assert (type(places), places.tolist()) == (Tensor, [1])
    assert [p.tolist() for p in ad.where(np.eye(2) > 0)] == [[0, 1], [0, 1]]
    with pytest.raises(ValueError, match="a condition alone, or with both"):
        ad.where(x > 1, x)


def test_what_special_functions_refuse() -> None:
    t = Tensor([1.5, 2.0], requires_grad=True)
    for f in (
        lambda: ad.special.gammainc(t, 1.0), lambda: ad.special.polygamma(t, 1.0), lambda: ad.special.zeta(t),
        lambda: ad.special.jv(t, 1.0), lambda: ad.special.betainc(1.0, t, 0.5), lambda: ad.special.softplus(1.0, t),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"special\.\w+ has no derivative by \w+; pass \w+\.detach\(\) to hold it"):
            f()
    with ad.no_grad():
        assert ad.special.gammainc(t, 1.0).shape == (2,)
    with pytest.raises(TypeError, match=r"special\.xlogy takes real numbers, got complex 1j"):
        ad.special.xlogy(1j, t)
    with pytest.raises(TypeError, match="derivative by real numbers only"):
        grad(lambda z: np.real(ad.special.erfcx(z)))(1j)
    with pytest.raises(ValueError, match="2 a > d - 1"):
        ad.special.multigammaln(t, 5)


def test_weighted_logsumexp() -> None:
    a, b = np.array([0.0, 1.0, 900.0]), np.array([1.0, -2.0, 0.0])
    value, sign = ad.special.logsumexp(Tensor(a, requires_grad=True), b=b, return_sign=True)
    assert value.item() == pytest.approx(np.log(2 * np.e - 1))
    assert sign == -1.0
    assert np.isnan(ad.special.logsumexp(Tensor(a, requires_grad=True), b=b).item())
    g = gradient(lambda a: ad.special.logsumexp(a, b=b, return_sign=True)[0], a)
    np.testing.assert_allclose(g, [-1 / (2 * np.e - 1), 2 * np.e / (2 * np.e - 1), 0], rtol=1e-12)
    by_b = grad(lambda b: ad.special.logsumexp(a[:2], b=b))(np.array([1.0, 0.0]))
    np.testing.assert_allclose(by_b, [1, np.e])  # also of a weight that is 0
    assert ad.special.logsumexp(np.full(2, -inf)) == -inf
