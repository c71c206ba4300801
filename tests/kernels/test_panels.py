"""Products with packed matrices, between guards: they take addresses, whose bounds nothing checks."""

import numpy as np
import pytest

from autodiff.kernels.compiled import panels
from autodiff.kernels.policy import loop

GUARD = 64


@loop("void(T[::1], T[::1], T[::1], T[::1], T[::1], int64, int64, int64, boolean, boolean)")
def multiply(a, b, packed, first, out, m, k, n, a_turned, b_turned):
    like, guard = a[0], GUARD
    if b_turned:
        panels.pack_turned(like, panels.address(b, guard), k, k, n, panels.address(packed, guard))
    else:
        panels.pack(like, panels.address(b, guard), n, k, n, panels.address(packed, guard))
    down, along = (1, m) if a_turned else (k, 1)
    for r in range(0, m, panels.ROWS):
        at, rows = panels.address(a, guard + r * down), min(panels.ROWS, m - r)
        to, start = panels.address(out, guard + r * n), panels.address(first, guard)
        panels.product(like, at, down, along, rows, k, panels.address(packed, guard), n, start, 0, to, n)


def guarded(x, by):
    ends = np.full(GUARD, by, x.dtype)
    return np.concatenate([ends, x.reshape(-1), ends])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("b_turned", [False, True])
@pytest.mark.parametrize("a_turned", [False, True])
def test_products_stay_between_their_guards(a_turned, b_turned, dtype):
    multiply.compile(np.dtype(dtype).char)
    rng = np.random.default_rng(0)
    for m, k, n in (1, 1, 1), (8, 3, 16), (9, 17, 64), (3, 16, 48), (20, 33, 50), (5, 7, 129), (16, 64, 32), (7, 2, 15):
        a, b, row = (rng.normal(size=shape).astype(dtype) for shape in ((m, k), (k, n), (n,)))
        out, packed = np.full(m * n, 7, dtype), np.full(panels.room(k, n, a.itemsize), 7, dtype)
        given = [guarded(x, np.nan) for x in (a.T if a_turned else a, b.T if b_turned else b)]
        packed, first, out = guarded(packed, 7), guarded(row, np.nan), guarded(out, 7)
        multiply(*given, packed, first, out, m, k, n, a_turned, b_turned)
        for x in packed, out:
            assert (x[:GUARD] == 7).all()
            assert (x[-GUARD:] == 7).all()
        found = out[GUARD:-GUARD].reshape(m, n)
        np.testing.assert_allclose(found, a @ b + row, rtol=0, atol=50 * np.finfo(dtype).eps * k)
