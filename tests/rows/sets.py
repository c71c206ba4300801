"""Arrays as sets."""

from __future__ import annotations

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, row

N = ad.numpy
_ints = [[fixed(np.array([3, 1, 2, 3])), fixed(np.array([[2, 3], [7, 2]]))]]

row("isin", N.isin, np.isin, [*_ints, [apart(3), fixed(0.5)], [apart(2, 0), apart(3)]],
    options=[{}, {"invert": True}, {"assume_unique": False}], differentiable=False)  # fmt: skip
row("isin by a table", N.isin, np.isin, _ints, options=[{"kind": "table"}], differentiable=False)
for _name in ("union1d", "setdiff1d", "setxor1d", "intersect1d"):
    _ours, _theirs = getattr(N, _name), getattr(np, _name)
    row(f"{_name} of integers", _ours, _theirs, [*_ints, [fixed(np.array([3, 1])), fixed(np.zeros(0, int))]],
        differentiable=False)  # fmt: skip
    row(_name, lambda x, f=_ours: f(x[:4], x[2:]), lambda x, f=_theirs: f(x[:4], x[2:]), [[apart(6)], [apart(3)]])
    if _name != "union1d":
        row(f"{_name} of distinct elements", lambda x, f=_ours: f(x[:4], x[2:], assume_unique=True),
            lambda x, f=_theirs: f(x[:4], x[2:], assume_unique=True), [[apart(6)]])  # fmt: skip
row("intersect1d with places", lambda x, y: N.intersect1d(x, y, return_indices=True)[2],
    lambda x, y: np.intersect1d(x, y, return_indices=True)[2], _ints, differentiable=False)  # fmt: skip
