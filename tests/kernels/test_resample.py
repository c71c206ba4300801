"""Compiled resampling against the NumPy reference."""

import numpy as np
import pytest

from autodiff import get_num_threads, set_num_threads
from autodiff.kernels import resample as kernels
from autodiff.kernels.compiled import resample as compiled
from autodiff.kernels.policy import compile_kernels

reference = kernels.resample.__wrapped__
SPECS = [
    kernels.Spec(7, 12, "nearest"), kernels.Spec(7, 3, "nearest-exact"), kernels.Spec(7, 12, "linear"),
    kernels.Spec(7, 12, "linear", True), kernels.Spec(7, 4, "linear", False, 1.6), kernels.Spec(7, 16, "cubic"),
    kernels.Spec(7, 3, "area"), kernels.Spec(7, 3, "linear", antialias=True),
    kernels.Spec(7, 1, "cubic", antialias=True),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels("resample.resample")


@pytest.fixture(autouse=True)
def _threads_share_little(monkeypatch):
    monkeypatch.setattr(compiled, "LEAST", 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spec", SPECS)
def test_twin_computes_what_the_reference_does(spec, dtype, threads):
    before = get_num_threads()
    set_num_threads(threads)
    try:
        rng = np.random.default_rng(0)
        for transposed in False, True:
            n = spec.m if transposed else spec.n
            for axis, shape in (0, (n,)), (1, (3, n, 4)), (2, (40, 5, n)), (2, (40, 9, n, 40)):
                x = rng.normal(size=shape).astype(dtype)
                found = compiled.resample(x, axis=axis, spec=spec, transposed=transposed)
                expected = reference(x.astype(np.float64), axis=axis, spec=spec, transposed=transposed)
                assert found.dtype == dtype
                np.testing.assert_allclose(found, expected, rtol=0, atol=30 * np.finfo(dtype).eps)
    finally:
        set_num_threads(before)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_an_element_with_weight_0_is_not_seen(bad):
    for spec in SPECS:
        for axis, shape in (0, (7,)), (1, (2, 7, 3)):
            x = np.ones(shape)
            x[(3,) if axis == 0 else (0, 3, 1)] = bad
            found = compiled.resample(x, axis=axis, spec=spec)
            with np.errstate(invalid="ignore"):
                np.testing.assert_array_equal(np.isfinite(found), np.isfinite(reference(x, axis=axis, spec=spec)))


def test_what_has_no_loop_is_left_to_the_reference():
    assert compiled.resample(np.ones((0, 7)), axis=1, spec=SPECS[0]) is None
    assert compiled.resample(np.ones((7, 7)).T[::2], axis=1, spec=SPECS[0]) is None
