"""Compiled dropout: NumPy's generator bit for bit."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.kernels import random
from autodiff.kernels.compiled import random as compiled
from autodiff.kernels.policy import use_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads
from tests.kernels.twins import reference, twin

SIZES = [1, 7, 8, 9, 100, 2047, 2048, 2049, 70_001]


@pytest.fixture(autouse=True)
def _threads_share_little(monkeypatch):
    monkeypatch.setattr(compiled, "LEAST", 100)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", [0, 5, 2**63 + 11, 2**100 + 5])
def test_dropout_is_numpys_to_the_last_bit(seed, dtype, threads):
    before, dropout = get_num_threads(), twin("random.dropout")
    set_num_threads(threads)
    try:
        for size in SIZES:
            x = np.random.default_rng(0).normal(size=size).astype(dtype)
            for p in 1e-9, 0.1, 0.3, 0.5, 1 - 1e-9:
                for offset in 0, 3, 2**63 - 1:
                    options = {"p": p, "seed": seed, "offset": offset}
                    found = dropout(x, **options)
                    assert found.tobytes() == reference("random.dropout")(x, **options).tobytes()
    finally:
        set_num_threads(before)


def test_the_backward_pass_finds_the_mask_of_the_forward_pass():
    x = ad.Tensor(np.ones((50, 60)), requires_grad=True)
    out = ad.dropout(x, 0.4, generator=3)
    out.sum().backward()
    np.testing.assert_array_equal(out.detach(), x.grad)
    with use_kernels("numpy"):
        np.testing.assert_array_equal(out.detach(), ad.dropout(np.ones((50, 60)), 0.4, generator=3))


def test_what_has_no_loop_is_left_to_the_reference():
    x, dropout = np.ones((4, 6)), twin("random.dropout")
    assert dropout(x, p=1.0, seed=0, offset=0) is None
    assert dropout(x, p=0.5, seed=0, offset=0, places=1) is None
    assert dropout(x[:, ::2], p=0.5, seed=0, offset=0) is None
    assert dropout(x, p=0.5, seed=0, offset=2**63) is None
    assert random.dropout(x.astype(np.float16), p=0.5, seed=0, offset=0).dtype == np.float16


def test_what_is_dropped_of_infinity_is_no_number():
    x = np.full(100, np.inf)
    with np.errstate(invalid="ignore"):
        expected = reference("random.dropout")(x, p=0.5, seed=1, offset=0)
    np.testing.assert_array_equal(twin("random.dropout")(x, p=0.5, seed=1, offset=0), expected)
