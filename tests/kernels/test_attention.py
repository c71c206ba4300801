"""Compiled weights of attention against the NumPy references."""

import numpy as np
import pytest

from autodiff.kernels import attention
from autodiff.kernels.compiled import attention as compiled
from autodiff.kernels.policy import use_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads
from tests.kernels.twins import check, reference, twin

DTYPES = [np.float32, np.float64]


def draw(shape, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.fixture(autouse=True)
def _threads_share_little(monkeypatch):
    monkeypatch.setattr(compiled, "LEAST", 1 << 8)
    monkeypatch.setattr(compiled, "WORK", 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 8), (2, 5, 17), (2, 3, 9, 33), (3, 10, 8), (2, 150, 200)])
def test_weights_and_their_slope(shape, dtype, causal, threads):
    scores, before = draw(shape, dtype), get_num_threads()
    longer = reference("attention.weights_of")(scores.astype(np.float64), scale=-0.7, causal=causal)
    set_num_threads(threads)
    weights = twin("attention.weights_of")(scores, scale=-0.7, causal=causal)
    set_num_threads(before)
    assert weights is scores
    np.testing.assert_allclose(weights, longer, rtol=0, atol=20 * np.finfo(dtype).eps)
    g = draw(shape, dtype, 1)
    expected = reference("attention.weights_slope")(g.astype(np.float64), weights.astype(np.float64), scale=0.3)
    found = twin("attention.weights_slope")(g, weights, scale=0.3)
    assert found is g
    np.testing.assert_allclose(found, expected, rtol=0, atol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_that_may_see_nothing_is_zero(dtype):
    scores = draw((4, 20), dtype)
    scores[1], scores[2, 3], scores[3, 5] = -np.inf, np.nan, -np.inf
    found = check("attention.masked_softmax", scores)
    assert not found[1].any()
    assert np.isnan(found[2]).all()
    assert found[3, 5] == 0


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.3])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_the_same_either_way(causal, p, masked):
    whole = draw((2, 24, 3, 4, 8), np.float64)
    q, k, v = (whole[:, :, i].transpose(0, 2, 1, 3) for i in range(3))  # heads side by side in memory
    mask = draw((24, 24), np.float64, 2) if masked else np.zeros(())
    options = {"scale": 0.35, "causal": causal, "p": p, "seed": 3, "offset": 4}
    found = []
    for mode in "numba", "numpy":
        with use_kernels(mode):
            out, weights = attention.attention(q, k, v, mask, **options)
            g = draw(out.shape, np.float64, 5)
            needs = (True, True, True, masked)
            found.append([out, weights, *attention.attention_vjp(g, q, k, v, weights, needs, **options)])
    for one, other in zip(*found, strict=True):
        if other is not None:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    assert out.transpose(0, 2, 1, 3).flags.c_contiguous  # to join heads is no copy


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 20, 20, 8, 8), (2, 2, 9, 33, 5, 17), (2, 70, 17, 50, 3), (1, 3, 1, 64, 40, 40)])
def test_heads(shape, dtype, causal, threads):
    *batch, length, source, e, f = shape
    q, k, v = draw((*batch, length, e), dtype), draw((*batch, source, e), dtype, 1), draw((*batch, source, f), dtype, 2)
    q, k, v = q, np.asfortranarray(k), np.repeat(v, 2, axis=-2)[..., ::2, :]
    g, options = draw((*batch, length, f), dtype, 3), {"causal": causal, "p": 0.0, "seed": 0, "offset": 0}
    exact = [x.astype(np.float64) for x in (q, k, v, g)]
    before, none = get_num_threads(), np.zeros(())
    for scale in 0.4, -0.4:
        set_num_threads(threads)
        out, weights = twin("attention.attention")(q, k, v, none, scale=scale, **options)
        found = twin("attention.attention_vjp")(g, q, k, v, weights, (True, True, True, False), scale=scale, **options)
        set_num_threads(before)
        expected, kept = reference("attention.attention")(*exact[:3], none, scale=scale, **options)
        wanted = reference("attention.attention_vjp")(
            exact[3], *exact[:3], kept, (True, True, True, False), scale=scale, **options
        )
        for one, other in zip((out, weights, *found[:3]), (expected, kept, *wanted[:3]), strict=True):
            assert one.dtype == dtype
            np.testing.assert_allclose(one, other, rtol=0, atol=200 * np.finfo(dtype).eps * max(1, np.abs(other).max()))
        for i in range(3):
            needs = tuple([j == i for j in range(3)])
            one = twin("attention.attention_vjp")(g, q, k, v, weights, (*needs, False), scale=scale, **options)
            assert [x is not None for x in one] == [*needs, False]
            np.testing.assert_array_equal(one[i], found[i])


def test_what_is_no_number_stays_in_its_row_and_its_head():
    q, k, v = (draw((2, 20, 8), np.float64, i) for i in range(3))
    options = {"scale": 0.4, "causal": False, "p": 0.0, "seed": 0, "offset": 0}
    clean, _ = twin("attention.attention")(q, k, v, np.zeros(()), **options)
    q[1, 3] = np.nan
    out, _ = twin("attention.attention")(q, k, v, np.zeros(()), **options)
    assert np.isnan(out[1, 3]).all()
    out[1, 3] = clean[1, 3]
    np.testing.assert_array_equal(out, clean)


def test_what_has_no_loop_is_left_to_the_reference():
    x, options = np.ones((2, 20, 8)), {"scale": 0.4, "causal": False, "seed": 0, "offset": 0}
    for case in (
        (x, x, x, np.ones((20, 20)), 0.0),
        (x, x, x, 0.0, 0.5),
        (x, x[:, :4], x[:, :4], 0.0, 0.0),
        (x, x.astype(np.float32), x, 0.0, 0.0),
        (x, x[:1], x[:1], 0.0, 0.0),
        (x[None, None],) * 3 + (0.0, 0.0),
    ):
        assert twin("attention.attention")(*case[:4], p=case[4], **options) is None
    scores = np.ones((40, 40))
    assert twin("attention.weights_of")(scores[:, ::2], scale=1.0, causal=False) is None
    assert twin("attention.masked_softmax")(scores, axis=0) is None
    assert twin("attention.weights_slope")(scores, scores.astype(np.float32), scale=1.0) is None
