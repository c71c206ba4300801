"""Compiled pooling against the NumPy references."""

import numpy as np
import pytest

from autodiff import get_num_threads, set_num_threads
from autodiff.kernels import pool as kernels
from autodiff.kernels.compiled import pool as compiled
from autodiff.kernels.policy import compile_kernels

GEOMETRIES = [  # x, kernel, stride, padding, dilation
    ((2, 3, 9), (3,), (2,), ((1, 1),), (1,)),
    ((3, 2, 30), (4,), (3,), ((0, 2),), (2,)),
    ((3, 2, 8, 12), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((3, 2, 9, 13), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((3, 2, 9, 13), (2, 2), (2, 2), ((1, 1), (0, 1)), (1, 1)),
    ((2, 3, 7, 69), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    ((30, 20, 11, 12), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    ((2, 2, 9, 10), (3, 2), (1, 3), ((1, 0), (0, 1)), (2, 3)),
    ((2, 3, 7, 7), (7, 7), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    ((2, 5, 9, 10), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    ((2, 5, 9, 40), (4, 5), (3, 1), ((2, 1), (0, 2)), (1, 1)),
    ((2, 3, 6, 5, 7), (2, 3, 2), (1, 2, 1), ((0, 1), (1, 0), (1, 1)), (2, 1, 1)),
    ((2, 3, 6, 5, 7), (2, 2, 2), (2, 2, 2), ((0, 0), (0, 1), (1, 0)), (1, 1, 1)),
]


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels("pool.max_pool", "pool.max_pool_vjp", "pool.pool_sum", "pool.pool_spread")


@pytest.fixture(params=[1, 2], autouse=True)
def _threads(request, monkeypatch):
    monkeypatch.setattr(compiled, "LEAST", 1)  # something for all threads
    monkeypatch.setattr(compiled, "QUICK", 1)
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


def reference(name):
    return getattr(kernels, name).__wrapped__


def samples(shape, dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(dtype)
    equal = rng.integers(3, size=shape).astype(dtype)
    odd = rng.choice(np.array([-np.inf, np.inf, np.nan, 0.0, 1.0], dtype), size=shape)
    return x, equal, odd, np.full(shape, -np.inf, dtype), np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation"), GEOMETRIES)
def test_largest(shape, kernel, stride, padding, dilation, dtype):
    how = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    for x in samples(shape, dtype):
        expected = reference("max_pool")(x, **how)
        if np.prod(kernel) > np.prod(expected[0].shape[2:]):
            assert compiled.max_pool(x, **how) is None
            continue
        found = compiled.max_pool(x, **how)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        g = np.random.default_rng(1).normal(size=found[0].shape).astype(dtype)
        (a,), (b,) = (f(g, x.shape, found[1], **how) for f in (compiled.max_pool_vjp, reference("max_pool_vjp")))
        np.testing.assert_allclose(a, b, rtol=0, atol=20 * np.finfo(dtype).eps)
        assert a.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "kernel", "stride", "padding", "dilation"), GEOMETRIES)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_sums(shape, kernel, stride, padding, dilation, dtype):
    how = {"kernel": kernel, "stride": stride, "padding": padding}
    for x in samples(shape, dtype):
        if stride[-1] > 1:
            assert compiled.pool_sum(x, **how) is None
            continue
        found, expected = compiled.pool_sum(x, **how), reference("pool_sum")(x, **how)
        np.testing.assert_allclose(found, expected, rtol=0, atol=200 * np.finfo(dtype).eps)
        assert found.dtype == dtype
        back = [f(found, size=x.shape[2:], **how) for f in (compiled.pool_spread, reference("pool_spread"))]
        np.testing.assert_allclose(*back, rtol=0, atol=5000 * np.finfo(dtype).eps)


def test_what_has_no_loop_is_left_to_the_reference():
    how = {"kernel": (2,) * 2, "stride": (2,) * 2, "padding": ((0, 0),) * 2, "dilation": (1,) * 2}
    x = np.ones((2, 3, 4, 4))
    assert compiled.max_pool(x[:0], **how) is None
    assert compiled.max_pool_vjp(x[:, :, ::2, ::2], x.shape, np.zeros((2, 3, 2, 2), np.intp), **how) is None
    with pytest.raises(ValueError, match="does not fit"):
        compiled.max_pool(x[:, :, :1], **how)
    with pytest.raises(ValueError, match="lies wholly in the padding"):
        compiled.max_pool(x, kernel=(2, 2), stride=(2, 2), padding=((2, 0), (0, 0)), dilation=(1, 1))
