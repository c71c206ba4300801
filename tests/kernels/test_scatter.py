"""Compiled scatter-addition against the NumPy reference."""

import numpy as np
import pytest

from autodiff.kernels.compiled import scatter as compiled
from autodiff.kernels.threads import get_num_threads, set_num_threads
from tests.kernels.twins import twin


@pytest.fixture(autouse=True)
def _threads_share_little(monkeypatch):
    monkeypatch.setattr(compiled, "LEAST", 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_repeat_are_added_in_order(dtype, threads):
    rng, before = np.random.default_rng(0), get_num_threads()
    set_num_threads(threads)
    try:
        for m, k, shape in (5, 40, (3,)), (1000, 64, (1,)), (7, 1, (2, 9)), (65, 900, (130,)), (3, 8, ()):
            rows = rng.integers(m, size=k).astype(np.int32 if k == 40 else np.int64)
            values, out = rng.normal(size=(k, *shape)).astype(dtype), rng.normal(size=(m, *shape)).astype(dtype)
            expected = out.copy()
            np.add.at(expected, rows, values)
            assert twin("scatter.add_rows")(out, rows, values) is out
            np.testing.assert_array_equal(out, expected)
    finally:
        set_num_threads(before)


def test_what_has_no_loop_is_left_to_the_reference():
    out, rows = np.zeros((4, 6)), np.zeros(20, int)
    run = twin("scatter.add_rows")
    assert run(out, rows, np.ones((20, 6), np.float32)) is None
    assert run(out[:, ::2], rows, np.ones((20, 3))) is None
    assert run(out, rows, np.broadcast_to(1.0, (20, 6))) is None
    assert not out.any()
