"""Products of vectors and matrices."""

from __future__ import annotations

import numpy as np

import autodiff as ad
from tests.op_table import op, real, row

_products = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 2)),
    ((2, 0), (0, 2)), ((4, 5, 2, 3), (3, 1)), ((1, 2, 3), (1, 3, 2)),
    ((2, 3, 0), (0, 4)), ((2, 3, 4), (4, 0)), ((2, 0, 4), (4, 3)), ((2, 3, 0), (2, 0, 4)),
]  # fmt: skip
row("matmul", ad.matmul, np.matmul, [[real(*a), real(*b)] for a, b in _products], complex=True)
row(
    "dot",
    ad.dot,
    np.dot,
    [[real(2, 3), real(3, 4)], [real(3), real(3)], [real(), real(2)], [real(2, 2, 3), real(3)]],
)
row("affine", op("affine"), lambda x, w, b: x @ w.T + b, [
    [real(4, 3), real(2, 3), real(2)], [real(2, 5, 3), real(1, 3), real(1)], [real(0, 3), real(2, 3), real(2)],
    [real(4, 0), real(2, 0), real(2)], [real(2, 5, 0), real(3, 0), real(3)], [real(2, 5, 3), real(0, 3), real(0)]],
    complex=True)  # fmt: skip
row("linear", ad.linear, lambda x, w, b=None: x @ w.T + (0 if b is None else b), [
    [real(4, 3), real(2, 3), real(2)], [real(3), real(2, 3), real(2)], [real(2, 3), real(2, 3)],
    [real(3), real(2, 3)], [real(2, 1, 3), real(2, 3), real(2)], [real(2, 5, 0), real(3, 0), real(3)],
    [real(2, 5, 0), real(3, 0)]])  # fmt: skip
