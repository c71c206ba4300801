"""Compiled weights of attention against the NumPy references."""

import numpy as np
import pytest

from autodiff.kernels import attention
from autodiff.kernels.policy import use_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads
from tests.kernels.twins import check, reference, twin

DTYPES = [np.float32, np.float64]


def draw(shape, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


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


def test_what_has_no_loop_is_left_to_the_reference():
    scores = np.ones((40, 40))
    assert twin("attention.weights_of")(scores[:, ::2], scale=1.0, causal=False) is None
    assert twin("attention.masked_softmax")(scores, axis=0) is None
    assert twin("attention.weights_slope")(scores, scores.astype(np.float32), scale=1.0) is None
