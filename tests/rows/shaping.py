"""Functions that move elements."""

from __future__ import annotations

import numpy as np

import autodiff as ad
from tests.op_table import fixed, real, row, unary

row("reshape", ad.reshape, lambda x, shape: np.reshape(x, shape), [[real(2, 6)], [real(3, 4)]],
    options=[{"shape": (4, 3)}, {"shape": (2, -1, 3)}, {"shape": -1}], complex=True)  # fmt: skip
row(
    "reshape of nothing", ad.reshape, lambda x, shape: np.reshape(x, shape), [[real(0, 3)]], options=[{"shape": (3, 0)}]
)
row(
    "reshape of a scalar",
    ad.reshape,
    lambda x, shape: np.reshape(x, shape),
    [[real()]],
    options=[{"shape": (1, 1)}, {"shape": ()}],
)
row("ravel", ad.ravel, np.ravel, unary(real))
row("transpose", ad.transpose, np.transpose, unary(real), complex=True)
row("transpose by axes", ad.transpose, np.transpose, [[real(2, 3, 4)]],
    options=[{"axes": (1, 0, 2)}, {"axes": (-1, 0, 1)}])  # fmt: skip
row("swapaxes", lambda x: ad.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1), [[real(2, 3, 4)], [real(3)]])
row("expand", ad.broadcast_to, np.broadcast_to, [[real(3)], [real()], [real(2, 1)], [real(1, 3)]],
    options=[{"shape": (2, 3)}, {"shape": (4, 2, 3)}], complex=True)  # fmt: skip
row("expand, large", ad.broadcast_to, np.broadcast_to, [[real(3)]], options=[{"shape": (2000, 3)}],
    second_order=False)  # fmt: skip
row("expand to nothing", ad.broadcast_to, np.broadcast_to, [[real(1)]], options=[{"shape": (0,)}])
row("squeeze", ad.squeeze, np.squeeze, [[real(1, 3, 1)], [real(1, 1, 1)]],
    options=[{}, {"axis": 0}, {"axis": (0, -1)}])  # fmt: skip
row(
    "expand_dims",
    ad.expand_dims,
    np.expand_dims,
    [[real(2, 3)], [real()]],
    options=[{"axis": 0}, {"axis": (0, -1)}],
)
row("concatenate", lambda *xs, **o: ad.concatenate(xs, **o), lambda *xs, **o: np.concatenate(xs, **o),
    [[real(2, 3), real(2, 3)], [real(1, 3), real(1, 3), real(1, 3)], [real(0, 2), real(0, 2)]],
    options=[{"axis": 0}, {"axis": -1}, {"axis": None}], complex=True)  # fmt: skip
row("concatenate, unequal", lambda *xs: ad.concatenate(xs), lambda *xs: np.concatenate(xs),
    [[real(2, 3), real(0, 3), real(4, 3)], [real(2), fixed([1.0, 2.0])]])  # fmt: skip
row("stack", lambda *xs, **o: ad.stack(xs, **o), lambda *xs, **o: np.stack(xs, **o),
    [[real(2, 3), real(2, 3)], [real(1, 3), real(1, 3), real(1, 3)], [real(0, 1), real(0, 1)]],
    options=[{"axis": 0}, {"axis": -1}, {"axis": 1}], complex=True)  # fmt: skip
row("stack of scalars", lambda *xs: ad.stack(xs), lambda *xs: np.stack(xs), [[real(), real(), real()]])
row("copy", ad.numpy.copy, np.copy, unary(real))
row("matrix_transpose", ad.numpy.matrix_transpose, np.matrix_transpose, [[real(2, 3)], [real(2, 3, 4)]])
