"""The compiled product of matrices against NumPy's."""

import pickle

import numba
import numpy as np
import pytest

import autodiff as ad
from autodiff.kernels.compiled import matmul
from autodiff.kernels.policy import use_kernels
from autodiff.ops.linalg import affine
from autodiff.testing import check_grads
from tests.kernels.twins import check, twin

SIZES = [
    (1, 1, 1), (3, 5, 7), (8, 16, 48), (9, 17, 49), (100, 2, 16), (40, 33, 97), (64, 128, 10), (5, 2100, 9),
]  # fmt: skip


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Compute all sizes here, on any machine."""
    monkeypatch.setattr(matmul, "WORTH", {True: 1, False: 1})
    monkeypatch.setattr(matmul, "WORTH_WITH_BIAS", 1)
    monkeypatch.setattr(matmul, "SHARE", 1)
    monkeypatch.setattr(matmul, "MANY", 1 << 30)
    monkeypatch.setattr(matmul, "_library_is_slower", lambda: True)


def draw(shape, dtype, transposed=False, seed=0):
    x = np.random.default_rng(seed).normal(size=shape[::-1] if transposed else shape).astype(dtype)
    return x.T if transposed else x


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("x_turned", [False, True])
@pytest.mark.parametrize("y_turned", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_product(m, k, n, dtype, x_turned, y_turned, threads):
    x, y = draw((m, k), dtype, x_turned), draw((k, n), dtype, y_turned, 1)
    out = check("matmul.product", x, y, ulps=10 + k**0.5, threads=threads)
    assert out.flags.c_contiguous


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_affine(m, k, n, dtype, threads):
    x, w, b = draw((m, k), dtype), draw((n, k), dtype, seed=1), draw((n,), dtype, seed=2)
    check("matmul.affine", x, w, b, ulps=10 + k**0.5, threads=threads)
    check("matmul.affine", np.stack([x, -x]), w, b, ulps=10 + k**0.5, threads=threads)
    check("matmul.affine", draw((m, k), dtype, transposed=True), w, b, ulps=10 + k**0.5, threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_affine_vjp(m, k, n, dtype, threads):
    g, x, w = draw((m, n), dtype), draw((m, k), dtype, seed=1), draw((n, k), dtype, seed=2)
    for needs in ((True, True, True), (False, True, True)):
        check("matmul.affine_vjp", g, x, w, needs, ulps=20 + max(m, n) ** 0.5, threads=threads)
    g, x = np.stack([g, -g, 2 * g]), np.stack([x, 3 * x, -x])
    check("matmul.affine_vjp", g, x, w, (True, True, True), ulps=30 + max(m, n) ** 0.5, threads=threads)


def test_a_dtype_from_another_process():
    """It is equal to NumPy's own one, and not the same object."""
    g, x, w = (pickle.loads(pickle.dumps(draw(shape, np.float32))) for shape in ((8, 4), (8, 6), (4, 6)))
    assert g.dtype is not x.dtype
    check("matmul.affine_vjp", g, x, w, (True, True, True), ulps=20)
    check("matmul.affine", x, w, g[0], ulps=20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_of_arrays(dtype):
    x, y = draw((50, 60), dtype), draw((60, 90), dtype, seed=1)
    check("matmul.product", x[3:40:3, 5:50:2], y[7:30, 8:80], ulps=20)
    check("matmul.product", x[::-1, ::-1], y[::-2][:30].repeat(2, axis=0), ulps=20)
    check("matmul.product", np.broadcast_to(x[0], (30, 60)), y[::-1], ulps=20)
    check("matmul.product", x[:, 5:25], draw((70, 50), dtype)[2:60, 3:23].T, ulps=20)


def test_the_same_bits_on_one_thread_and_two():
    for shape in ((90, 70, 130), (130, 70, 90)):
        x, y = draw(shape[:2], np.float32), draw(shape[1:], np.float32, seed=1)
        assert (check("matmul.product", x, y) == check("matmul.product", x, y, threads=2)).all()
    g, x, w = draw((90, 130), np.float32), draw((90, 70), np.float32, seed=1), draw((130, 70), np.float32, seed=2)
    one, two = (check("matmul.affine_vjp", g, x, w, (True, True, True), threads=n) for n in (1, 2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("large", [0, 1 << 30])
def test_a_transposed_first_matrix_where_it_is_and_brought_together(monkeypatch, dtype, large):
    monkeypatch.setattr(matmul, "LARGE", large)
    multiply = numba.njit(error_model="numpy")(matmul._multiply.py_func)
    for m, k, n in ((70, 20, 170), (17, 1100, 300)):
        x, y = draw((m, k), dtype, transposed=True), draw((k, n), dtype, seed=1)
        out = np.empty((m, n), dtype)
        multiply(x, y, np.empty(0, dtype), out, 0, m, 0, n)
        exact = x.astype(np.float64) @ y.astype(np.float64)
        assert np.abs(out - exact).max() < (10 + k**0.5) * np.finfo(dtype).eps * np.abs(exact).max()


def test_arrays_that_may_only_be_read():
    x, y = draw((20, 30), np.float32), draw((30, 40), np.float32)
    expected = x @ y
    x.flags.writeable = y.flags.writeable = False
    assert np.allclose(twin("matmul.product")(x, y), expected, rtol=1e-5, atol=1e-5)


def test_infinities_and_nan_stay_where_they_are():
    x, y = draw((20, 30), np.float32), draw((30, 60), np.float32, seed=1)
    x[4, 5], y[6, 7], x[8, 9], y[10, 59] = np.inf, -np.inf, np.nan, np.nan
    with np.errstate(invalid="ignore"):
        expected = x @ y
    found = twin("matmul.product")(x, y)
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.array_equal(np.isinf(found), np.isinf(expected))


def test_what_is_left_to_the_library():
    product, x, y = twin("matmul.product"), draw((20, 30), np.float32), draw((30, 40), np.float32)
    assert product(x, y.astype(np.float64)) is None
    assert product(x, np.repeat(y, 2, axis=1).reshape(30, 40, 2)[:, :, 0]) is None
    assert product(x, y[:20]) is None
    assert product(np.zeros(20, [("a", "i1"), ("b", "f4", 30)])["b"], y) is None
    assert product(np.zeros((0, 30), np.float32), y) is None
    layer, w, b = twin("matmul.affine"), draw((40, 30), np.float32), draw((40,), np.float32)
    assert layer(x, w, b) is not None
    assert layer(x, w.astype(np.float64), b) is None
    assert layer(x, w, b.astype(np.float64)) is None
    assert layer(x, w, b[::-1]) is None
    assert layer(x, w, b[:1]) is None
    assert layer(x[:, :20], w, b) is None
    pull, g, every = twin("matmul.affine_vjp"), draw((20, 40), np.float32), (True, True, True)
    assert pull(g, x, w, every) is not None
    assert pull(np.broadcast_to(g[:1], g.shape), x, w, every) is None
    assert pull(g, x[:, ::-1], w, every) is None
    assert pull(g, x, w.astype(np.float64), every) is None
    assert pull(g, x, w, (True, False, True)) is None
    assert pull(g, None, w, (True, False, True)) is None
    assert pull(g, x[:10], w, every) is None
    assert pull(g[:0], x[:0], w, every) is None
    assert pull(g, x, None, (False, True, True)) is not None


def test_gradients_of_a_layer_with_few_columns(monkeypatch):
    monkeypatch.setattr(matmul, "MANY", 1 << 14)
    g, x, w = draw((40, 10), np.float32), draw((40, 50), np.float32), draw((10, 50), np.float32)
    pull = twin("matmul.affine_vjp")
    assert pull(g, x, w, (True, True, True)) is None
    assert pull(g[:20], x[:20], w, (True, True, True)) is not None


def test_sizes_that_are_left_to_the_library(monkeypatch):
    monkeypatch.undo()
    x, w, b = draw((20, 30), np.float32), draw((2, 30), np.float32), draw((2,), np.float32)
    assert twin("matmul.product")(x, w.T) is None
    assert twin("matmul.affine")(x, w, b) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sum_of_rows(dtype):
    for shape in (1, 16), (3, 17), (7, 40), (2, 65, 100), (1000, 130):
        x = draw(shape, dtype)
        one, two = (check("matmul.sum_rows", x, threads=threads) for threads in (1, 2))
        assert one.tobytes() == two.tobytes()
        stated = x[..., 0].size / 4 + 2
        exact = np.abs(x.astype(np.float64)).sum(axis=tuple(range(x.ndim - 1)))
        longer = x.astype(np.longdouble).sum(axis=tuple(range(x.ndim - 1)))
        assert (np.abs(one - longer) <= stated * np.finfo(dtype).eps * exact).all()


def test_sums_of_rows_that_are_left_to_the_library():
    run, x = twin("matmul.sum_rows"), draw((40, 60), np.float64)
    assert run(x[:, :30]) is None
    assert run(x.T) is None
    assert run(draw((40, 9), np.float64)) is None
    assert run(x[0, 0, ...]) is None


@pytest.mark.parametrize("mode", ["numba", "numpy"])
def test_a_layer_whose_gradients_are_found_together(mode):
    x, w, b = draw((6, 5), np.float64), draw((4, 5), np.float64), draw((4,), np.float64)
    with use_kernels(mode):
        check_grads(affine, [x, w, b], order=2)
        for some in ((0, 1, 2), (1, 2), (0,), (1,), (2,), (0, 2)):
            found = ad.grad(lambda *args: (affine(*args) ** 2).sum(), argnums=some)(x, w, b)
            g = 2 * (x @ w.T + b)
            expected = g @ w, g.T @ x, g.sum(axis=0)
            for i, gradient in zip(some, found, strict=True):
                assert np.allclose(gradient, expected[i])


def test_a_trace_of_it_has_the_same_bits():
    x, w, b = draw((60, 50), np.float32), draw((40, 50), np.float32), draw((40,), np.float32)

    def step(x, w, b):
        return ad.grad(lambda *args: (affine(*args) ** 2).sum(), argnums=(0, 1, 2))(x, w, b)

    for one, other in zip(ad.trace(step)(x, w, b)(x, w, b), step(x, w, b), strict=True):
        assert (np.asarray(getattr(one, "value", one)) == np.asarray(getattr(other, "value", other))).all()
