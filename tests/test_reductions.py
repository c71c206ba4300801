"""Reductions, scans, statistics and sorting: special values, ties, warnings, and what is refused."""

from __future__ import annotations

import warnings
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad
from autodiff.testing import check_grads

N = ad.numpy
inf, nan = np.inf, np.nan


def gradient(f: Any, x: Any) -> Any:
    return grad(lambda x: f(x).sum())(np.asarray(x, float))


def outcome(f: Any, *args: Any) -> tuple[Any, set[type]]:
    """What a call gives or raises, and the kinds of warnings that it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f(*args)
        except (ValueError, IndexError, TypeError, ZeroDivisionError) as error:
            result = type(error)
    return result, {w.category for w in caught}


# -- NumPy's values and warnings, of empty slices and of NaN ---------------------------------------------------

NAMES = [
    "sum", "prod", "mean", "var", "std", "max", "min", "ptp", "median", "nansum", "nanprod", "nanmean", "nanvar",
    "nanstd", "nanmax", "nanmin", "nanmedian", "cumsum", "cumprod", "nancumsum", "nancumprod", "count_nonzero", "any",
    "all", "average", "argmax", "argmin", "nanargmax", "nanargmin", "sort", "argsort", "diff", "trapezoid",
]  # fmt: skip
ARRAYS = {
    "no rows": np.zeros((0, 3)), "no columns": np.zeros((3, 0)), "nothing but NaN": np.full((2, 3), nan),
    "a row of NaN": np.array([[nan, nan], [1.0, 2.0]]), "some NaN": np.array([[nan, 5.0, 1.0], [2.0, nan, 3.0]]),
    "one number": np.array([[2.0]]), "float16": np.arange(6, dtype=np.float16).reshape(2, 3),
    "integers": np.arange(6).reshape(2, 3), "booleans": np.eye(3, dtype=bool),
    "small integers": np.eye(3, dtype=np.int8),
    "complex": np.arange(6).reshape(2, 3) * (1 - 2j),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_values_and_warnings_are_numpys(name: str, kind: str, axis: int | None) -> None:
    x = ARRAYS[kind]
    if axis is None and name in ("diff", "trapezoid", "sort", "argsort"):
        axis = -1
    if kind == "complex" and name.removeprefix("nan") in ("max", "min", "ptp", "median", "argmax", "argmin"):
        return
    expected, warned = outcome(getattr(np, name), x, axis)
    if expected is ZeroDivisionError:  # NumPy's average of none of several slices
        return
    for argument in (x, Tensor(x)):
        result, warned_too = outcome(getattr(N, name), argument, axis)
        assert warned_too == warned
        if isinstance(expected, type):
            assert result is expected
            continue
        assert type(result) is Tensor or argument is x
        result = result.value if type(result) is Tensor else result
        assert np.result_type(result) == np.result_type(expected)
        np.testing.assert_allclose(result, expected, rtol=1e-3 if x.dtype == np.float16 else 1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("kind", [kind for kind in ARRAYS if kind != "complex"])
@pytest.mark.parametrize(("q", "axis"), [(0.3, None), ([0.0, 0.5, 1.0], 0), (0.7, 1)])
def test_quantiles_are_numpys(name: str, kind: str, q: Any, axis: int | None) -> None:
    x = ARRAYS[kind]
    expected, warned = outcome(getattr(np, name), x, q, axis)
    result, warned_too = outcome(getattr(N, name), x, q, axis)
    assert warned_too == warned
    if isinstance(expected, type):
        assert result is expected
    else:
        assert result.dtype == expected.dtype
        np.testing.assert_allclose(result, expected, rtol=1e-3 if x.dtype == np.float16 else 1e-12)


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="this NumPy mixes up float16 and float64 here"
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("q", [0.3, np.float64(0.3), np.float32(0.3), [0.3], np.array([0.3], np.float32)])
def test_quantiles_have_numpys_dtype(dtype: Any, q: Any) -> None:
    x = np.arange(5).astype(dtype)
    for name in ("quantile", "percentile", "nanquantile"):
        assert getattr(N, name)(x, q).dtype == getattr(np, name)(x, q).dtype


def test_a_mask_leaves_nothing() -> None:
    x, mask = np.ones((2, 3)), np.array([[True], [False]])
    for name in ("mean", "var", "std", "nanmean", "nanvar"):
        expected, warned = outcome(lambda name=name: getattr(np, name)(x, axis=1, where=mask))
        result, warned_too = outcome(lambda name=name: getattr(N, name)(x, axis=1, where=mask))
        np.testing.assert_array_equal(result, expected)
        assert warned_too == warned
    for where in (np.zeros((2, 3), bool), mask):
        assert N.max(x, initial=-inf, where=where) == np.max(x, initial=-inf, where=where)
        assert N.nanmin(x, initial=inf, where=where) == np.nanmin(x, initial=inf, where=where)


# -- gradients that are a decision -----------------------------------------------------------------------------


def test_nan_has_no_gradient_where_it_is_left_out() -> None:
    x = [[nan, 5.0, 1.0], [2.0, nan, 3.0]]
    for name, axis in product(
        [
            "nansum",
            "nanprod",
            "nanmean",
            "nanvar",
            "nanstd",
            "nanmax",
            "nanmin",
            "nanmedian",
            "nancumsum",
            "nancumprod",
        ],
        [None, 1],
    ):
        f = getattr(N, name)
        g = gradient(partial(f, axis=axis), x)
        np.testing.assert_array_equal(g[np.isnan(x)], 0)
        assert np.isfinite(g).all()
        assert np.any(g)
    g = gradient(lambda x: N.nanquantile(x, [0.2, 0.9], axis=1), x)
    np.testing.assert_allclose(g, [[0, 1.1, 0.9], [0.9, 0, 1.1]])


def test_a_slice_of_nan_has_no_gradient() -> None:
    x = [[nan, nan], [1.0, 2.0]]
    for name in ("nanmax", "nanmin", "nanmean", "nanmedian"):
        f = getattr(N, name)
        with pytest.warns(RuntimeWarning):
            g = gradient(partial(f, axis=1), x)
        np.testing.assert_array_equal(g[0], 0)
        assert g[1].sum() == 1


def test_nan_takes_the_gradient_where_it_wins() -> None:
    x = [1.0, nan, 2.0, nan]
    np.testing.assert_array_equal(gradient(N.max, x), [0, 0.5, 0, 0.5])
    np.testing.assert_array_equal(gradient(N.min, x), [0, 0.5, 0, 0.5])
    assert gradient(N.median, x).sum() == 1
    assert np.isnan(np.asarray(x)[gradient(N.median, x) == 1]).all()
    np.testing.assert_array_equal(gradient(lambda x: N.scans.cumulative_extreme(x, 0, largest=True), x), [1, 3, 0, 0])


def test_equal_elements() -> None:
    np.testing.assert_array_equal(gradient(N.max, [3.0, 1.0, 3.0]), [0.5, 0, 0.5])
    np.testing.assert_array_equal(gradient(N.ptp, [3.0, 1.0, 3.0]), [0.5, -1, 0.5])
    np.testing.assert_array_equal(gradient(N.nanmax, [3.0, nan, 3.0]), [0.5, 0, 0.5])
    np.testing.assert_array_equal(gradient(lambda x: N.max(x, initial=3.0), [3.0, 1.0]), [0.5, 0])  # half is initial's
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(gradient(lambda x: N.sort(x) * weight, [3.0, 1.0, 3.0, 1.0]), [3, 1, 4, 2])  # stable
    np.testing.assert_array_equal(gradient(lambda x: N.unique(x) * weight[:2], [3.0, 1.0, 3.0]), [2, 1, 0])
    np.testing.assert_array_equal(
        gradient(lambda x: N.scans.cumulative_extreme(x, 0, largest=True) * weight, [1.0, 1.0, 2.0, 2.0]), [3, 0, 7, 0]
    )
    g = gradient(N.median, [2.0, 2.0, 2.0, 2.0])
    assert sorted(g) == [0, 0, 0.5, 0.5]


def test_products_with_zeros_to_third_order() -> None:
    x = np.array([[2.0, 0.0, 3.0, 0.0, 1.5], [1.0, 2.0, -1.0, 0.5, 3.0]])
    check_grads(lambda x: N.cumprod(x, 1), [x], order=3)
    check_grads(lambda x: N.cumprod(x, 0), [x + 1j * x[::-1]], order=2)
    check_grads(lambda x: ad.segment_prod(x.T, [0, 1, 0, 1, 1]), [x], order=3)
    long = Tensor(np.ones(100_000), requires_grad=True)
    np.cumprod(long).sum().backward()
    np.testing.assert_array_equal(long.grad.value, np.arange(100_000, 0, -1))


def test_the_standard_deviation_of_complex_numbers() -> None:
    z = np.array([1 + 2j, 3 - 1j, 0.5j])
    for f in (N.var, N.std, N.nanvar, N.cov, lambda z: N.var(z, where=np.array([True, True, False]), ddof=0.5)):
        check_grads(f, [z])


def test_a_mean_that_is_given_is_differentiated_too() -> None:
    x = np.array([1.0, 2.0, 4.0])
    free = grad(lambda x, m: N.var(x, mean=m), argnums=(0, 1))(x, np.array([0.5]))
    np.testing.assert_allclose(free[0], 2 * (x - 0.5) / 3)
    np.testing.assert_allclose(free[1], [-2 * (x - 0.5).mean()])
    together = grad(lambda x: N.var(x, mean=N.mean(x, keepdims=True)))(x)
    np.testing.assert_allclose(together, grad(N.var)(x), atol=1e-15)


def test_infinities() -> None:
    assert N.median(np.array([1.0, 2.0, inf])) == 2.0
    assert N.median(np.array([inf, inf])) == inf
    np.testing.assert_array_equal(N.quantile(np.array([1.0, 2.0, inf]), [0.0, 0.5, 0.25]), [1, 2, 1.5])
    np.testing.assert_array_equal(gradient(lambda x: N.sort(x)[:2], [inf, 1.0, -inf]), [0, 1, 1])
    np.testing.assert_array_equal(gradient(N.nancumsum, [1.0, inf, nan]), [3, 2, 0])


def test_correlations_stay_within_one() -> None:
    x = np.random.default_rng(0).normal(size=(1, 50))
    c = N.corrcoef(np.concatenate([x, x * 3.7, -x / 3]))
    assert np.abs(c).max() <= 1
    with pytest.warns(RuntimeWarning):
        N.cov(np.ones((2, 1)))


# -- named tuples, arrays to write to, and what is refused -------------------------------------------------------


def test_distinct_elements() -> None:
    t = Tensor([3.0, 1.0, 3.0, nan, nan], requires_grad=True)
    values, first, inverse, counts = np.unique(t, True, True, True)
    np.testing.assert_array_equal(values.value, [1, 3, nan])
    assert values.requires_grad
    assert [p.tolist() for p in (first, inverse, counts)] == [[1, 0, 3], [1, 0, 1, 2, 2], [1, 2, 2]]
    every = np.unique_all(t)
    assert every._fields == ("values", "indices", "inverse_indices", "counts")
    assert every.values.shape == np.unique_values(t).shape == (4,)
    assert np.unique_counts(t).counts.tolist() == [1, 2, 1, 1]
    np.testing.assert_array_equal(np.unique_inverse(t).inverse_indices.value, [1, 0, 1, 2, 3])
    rows = np.unique(Tensor([[1.0, 2.0], [0.0, 5.0], [1.0, 2.0]], requires_grad=True), axis=0)
    np.testing.assert_array_equal(rows.value, [[0, 5], [1, 2]])


def test_results_are_written_where_out_says() -> None:
    x = np.arange(6.0).reshape(2, 3)
    more: dict[str, Any]
    for name, more in (
        ("sum", {}), ("cumsum", {}), ("median", {}), ("quantile", {"q": 0.5}), ("take", {"indices": [1, 0]}),
        ("ptp", {}), ("nanmax", {}), ("nanvar", {}),
    ):  # fmt: skip
        expected = getattr(np, name)(x, axis=1, **more)
        out = np.empty_like(expected)
        assert getattr(N, name)(Tensor(x), axis=1, out=out, **more) is out
        np.testing.assert_array_equal(out, expected)
        with pytest.raises(TypeError, match="the gradient would be lost"):
            getattr(N, name)(Tensor(x, requires_grad=True), axis=1, out=out, **more)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda t: np.max(t, where=np.eye(2) > 0), ValueError, "np.max with where= needs initial="),
    (lambda t: np.nanmin(t, where=np.eye(2) > 0), ValueError, "with where= needs initial="),
    (lambda t: np.sum(t, initial=np.ones(2)), ValueError, "np.sum starts from one number"),
    (lambda t: np.sum(t, where=np.ones((3, 2, 2), bool)), ValueError, "broadcast|remapped|more dimensions"),
    (lambda t: np.sum(t, where=[1, 0]), TypeError, "where= takes booleans"),
    (lambda t: np.mean(t, dtype=int), TypeError, "np.mean of Tensors takes a floating or complex dtype="),
    (lambda t: np.var(t, ddof=1, correction=1), ValueError, "can't be provided simultaneously"),
    (lambda t: np.average(t, weights=np.zeros((2, 2))), ZeroDivisionError, "weights sum to zero"),
    (lambda t: np.average(t, weights=np.ones(2)), TypeError, "say which axis they belong to"),
    (lambda t: np.average(t, 0, weights=np.ones(3)), ValueError, "do not have the lengths of axis 0"),
    (lambda t: np.median(t * 1j), TypeError, "median takes real numbers"),
    (lambda t: np.quantile(t, 1.5), ValueError, "range"),
    (lambda t: np.quantile(t, 0.5, method="best"), ValueError, "best"),
    (lambda t: np.quantile(t, 0.5, weights=np.ones((2, 2))), ValueError, "inverted_cdf"),
    (lambda t: np.quantile(t, Tensor(0.5, requires_grad=True)), TypeError, "no gradient by q; pass q.detach"),
    (lambda t: np.sort(t, order="a"), TypeError, "np.sort of Tensors takes no order="),
    (lambda t: np.argsort(t, kind="stable", stable=True), ValueError, "kind= or stable="),
    (lambda t: np.partition(t, 0.5), TypeError, "kth are places"),
    (lambda t: np.diff(t, n=-1), ValueError, "n >= 0 times"),
    (lambda t: np.diff(t[0, 0]), ValueError, "one axis at least"),
    (lambda t: np.ediff1d(t, to_end=1j), TypeError, "cannot hold"),
    (lambda t: np.gradient(t[:, :1]), ValueError, "needs 2 samples along axis 1"),
    (lambda t: np.gradient(t, 1.0, 2.0, 3.0), TypeError, "along 2 axes takes as many spacings"),
    (lambda t: np.gradient(t, edge_order=3), ValueError, "edge_order is 1 or 2"),
    (lambda t: np.gradient(t, np.arange(3.0), axis=0), ValueError, "must be 2 in a row"),
    (lambda t: np.cov(t, fweights=[0.5, 1]), TypeError, "they are integers"),
    (lambda t: np.cov(t, aweights=[-1.0, 1]), ValueError, "cannot be negative"),
    (lambda t: np.cov(t, aweights=[1.0]), RuntimeError, "not one for each of 2 observations"),
    (lambda t: np.cov(t[None]), ValueError, "one or two axes"),
    (lambda t: np.bincount([0, 1], t), ValueError, "not one for each"),
    (lambda t: np.histogram([0, 1], weights=t), ValueError, "not one for each"),
    (lambda t: N.cumulative_sum(t), ValueError, "runs along an axis: give one"),
    (lambda t: N.lexsort([]), TypeError, "at least one key"),
])  # fmt: skip
def test_what_is_refused(call: Any, error: Any, text: str) -> None:
    for t in (Tensor(np.eye(2)), Tensor(np.eye(2), requires_grad=True)):
        with pytest.raises(error, match=text):
            call(t)


def test_histograms_with_weights_that_are_recorded() -> None:
    w = Tensor(np.ones(4), requires_grad=True)
    x = np.array([0.1, 0.9, 1.0, 2.0])
    counts, edges = np.histogram(x, bins=2, range=(0, 1), weights=w)
    np.testing.assert_array_equal(counts.value, [1, 2])
    assert not edges.requires_grad
    (counts * np.array([1.0, 10.0])).sum().backward()
    np.testing.assert_array_equal(w.grad.value, [1, 10, 10, 0])
    grid, xs, ys = np.histogram2d(x, x, weights=w, bins=2)
    assert grid.requires_grad
    np.testing.assert_array_equal(xs.value, ys.value)


@pytest.mark.parametrize("f", [
    N.median, N.nanmedian, N.nanmean, N.nanstd, N.ptp, N.sort, partial(N.quantile, q=[0.2, 0.5], axis=1),
    partial(N.nanquantile, q=0.3, axis=0), partial(N.cumprod, axis=0), partial(N.average, axis=1), N.cov, N.corrcoef,
    lambda x: N.sum(x, where=x > 0), lambda x: N.var(x, axis=0, where=x > -3),
    lambda x: N.max(x, initial=0, where=x > 0),
    lambda x: ad.top_k(x, 2)[0], lambda x: ad.segment_prod(x, [0, 1, 0]), lambda x: N.bincount([0, 1, 1, 2], x[0]),
    lambda x: N.take_along_axis(x, N.argsort(x, 0), 0), lambda x: N.choose([0, 1, 0, 1], [x[0], x[1]]),
])  # fmt: skip
def test_examples_of_a_batch_all_at_once(f: Any) -> None:
    x = np.random.default_rng(0).normal(size=(5, 3, 4))
    np.testing.assert_allclose(ad.vmap(f)(x), np.stack([f(v) for v in x]), rtol=1e-10)
    slope = grad(lambda x: (f(x) * f(x)).sum())
    np.testing.assert_allclose(ad.vmap(slope)(x), np.stack([slope(v) for v in x]), rtol=1e-8, atol=1e-10)


def test_the_sum_of_the_weights_of_an_average() -> None:
    x = np.array([[1.0, nan], [3.0, 4.0], [5.0, inf]])
    for weights, axis in ((None, 0), (None, None), (np.array([1.0, 2.0, 3.0]), 0), (np.ones((3, 2)), 1)):
        expected = np.average(x, axis, weights, True)
        for argument in (x, Tensor(x), Tensor(x, requires_grad=True)):
            for got, want in zip(N.average(argument, axis, weights, True), expected, strict=True):
                assert (type(got) is Tensor) == (type(argument) is Tensor)
                np.testing.assert_array_equal(got.value if type(got) is Tensor else got, want)
