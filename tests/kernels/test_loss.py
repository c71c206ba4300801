"""Compiled losses against the NumPy references."""

import numpy as np
import pytest

import autodiff as ad
from tests.kernels.twins import check, reference, twin

DTYPES = [np.float32, np.float64]


def drawn(n, classes, dtype, scale=3):
    rng = np.random.default_rng(0)
    targets = rng.integers(classes, size=n)
    targets[:: max(n // 3, 2)] = -100
    return scale * rng.normal(size=(n, classes)).astype(dtype), targets, rng.random(classes).astype(dtype) + 1


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy(dtype, weighted, smoothing, reduction, threads):
    options = {"reduction": reduction, "ignore_index": -100, "smoothing": smoothing, "threads": threads}
    for n, classes in (1, 2), (7, 10), (5, 65), (700, 130):
        logits, targets, weight = drawn(n, classes, dtype)
        targets[0] = 1
        weight = weight if weighted else 1.0
        _, saved = check("loss.cross_entropy", logits, targets, weight, **options)
        g = np.random.default_rng(1).normal(size=n).astype(dtype) if reduction == "none" else dtype(1.5)
        check("loss.cross_entropy_vjp", g, logits, targets, weight, saved, ulps=300, **options)
        check("loss.cross_entropy_vjp", g, logits, targets.astype(np.int16), weight, saved, ulps=300, **options)


def test_cross_entropy_of_large_and_infinite_logits():
    logits = np.array([[1e4, 0, -1e4], [0, -np.inf, 0], [-np.inf, 0, -np.inf], [np.nan, 0, 0]])
    targets = np.array([2, 1, 1, 1])
    options = {"reduction": "none", "ignore_index": -100, "smoothing": 0.0}
    losses, saved = twin("loss.cross_entropy")(logits, targets, 1.0, **options)
    np.testing.assert_array_equal(losses, [2e4, np.inf, 0, np.nan])
    grad, _, _ = twin("loss.cross_entropy_vjp")(np.ones(4), logits, targets, 1.0, saved, **options)
    np.testing.assert_allclose(grad[:3], [[1, 0, -1], [0.5, -1, 0.5], [0, 0, 0]], atol=1e-15)
    assert np.isnan(grad[3]).all()


def test_cross_entropy_where_nothing_counts():
    logits, targets = np.ones((3, 100)), np.full(3, -100)
    options = {"reduction": "mean", "ignore_index": -100, "smoothing": 0.0}
    loss, saved = twin("loss.cross_entropy")(logits, targets, 1.0, **options)
    assert np.isnan(loss)
    grad, _, _ = twin("loss.cross_entropy_vjp")(np.float64(1), logits, targets, 1.0, saved, **options)
    assert not grad.any()


def test_a_class_that_does_not_exist_is_named():
    for wrong in -1, 300:
        targets = np.arange(4)
        targets[2] = wrong
        with pytest.raises(IndexError, match=rf"class index {wrong} at position 2 is outside 0 .. 299"):
            ad.cross_entropy(np.ones((4, 300)), targets)


def test_cross_entropy_leaves_the_rest_to_the_reference():
    options = {"reduction": "mean", "ignore_index": -100, "smoothing": 0.0}
    run, targets = twin("loss.cross_entropy"), np.zeros(8, int)
    assert run(np.ones((8, 40))[:, ::2], targets, 1.0, **options) is None
    assert run(np.ones((8, 4, 5)), np.zeros((8, 5), int), 1.0, **options) is None
    assert run(np.ones((8, 4)), targets, np.ones(4, np.float32), **options) is None
    frozen = np.ones((8, 4))
    frozen.flags.writeable = targets.flags.writeable = False
    assert run(frozen, targets, 1.0, **options) is None
    assert run(np.ones((8, 4)), targets, 1.0, **options) is not None


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_squared_error(dtype, reduction):
    rng = np.random.default_rng(0)
    for shape in (5,), (4096,), (3, 2001), (7, 3, 999):
        x, y = rng.normal(size=(2, *shape)).astype(dtype)
        one, two = (
            check("loss.squared_error", x, y, reduction=reduction, threads=threads, ulps=8) for threads in (1, 2)
        )
        assert one[0] == two[0]
        assert (one[1] == x - y).all()
    run = twin("loss.squared_error")
    assert run(x, y.T, reduction=reduction) is None
    assert run(x.T, y.T, reduction=reduction) is None
    assert run(x, y.astype(np.float16), reduction=reduction) is None
    x[2, 1, 3] = np.nan
    assert np.isnan(run(x, y, reduction=reduction)[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_bce_with_logits(dtype, reduction, threads):
    rng = np.random.default_rng(0)
    needs = (True, False, False, False)
    for shape in (4100,), (3, 2001), (2, 40_001):
        x, y = (4 * rng.normal(size=shape)).astype(dtype), rng.random(shape).astype(dtype)
        weight = (rng.random(shape) + 0.5).astype(dtype)
        g = rng.normal(size=shape).astype(dtype) if reduction == "none" else dtype(1.5)
        for pair in (1.0, 1.0), (weight, 1.0), (weight, weight[..., :1]):
            check("loss.bce_with_logits", x, y, *pair, reduction=reduction, threads=threads)
            check("loss.bce_with_logits_vjp", g, x, y, *pair, needs, reduction=reduction, threads=threads)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bce_in_both_tails(dtype):
    x = np.array([0, 30, -30, 80, -80, 2000, -2000, np.inf, -np.inf, np.nan], dtype)
    for y in np.zeros_like(x), np.ones_like(x):
        with np.errstate(invalid="ignore"):
            expected, _ = reference("loss.bce_with_logits")(x, y, 1.0, 1.0, reduction="none")
            pulled, *_ = reference("loss.bce_with_logits_vjp")(
                np.ones_like(x), x, y, 1.0, 1.0, (True, False, False, False), reduction="none"
            )
        found, _ = twin("loss.bce_with_logits")(x, y, 1.0, 1.0, reduction="none")
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=np.finfo(dtype).tiny)
        found, *_ = twin("loss.bce_with_logits_vjp")(
            np.ones_like(x), x, y, 1.0, 1.0, (True, False, False, False), reduction="none"
        )
        np.testing.assert_allclose(found, pulled, rtol=1e-6, atol=np.finfo(dtype).tiny)


def test_gradients_of_targets_are_left_to_the_reference():
    x = np.ones(5000)
    found = twin("loss.bce_with_logits_vjp")(1.0, x, x, 1.0, 1.0, (True, True, False, False), reduction="sum")
    assert found is None
