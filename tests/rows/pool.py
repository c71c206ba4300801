"""Pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, real, row
from tests.rows.conv import adjoint


def loop_windows(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, reduce: Any, fill: float) -> Any:
    """A number for each window, as loops over the output."""
    x = np.pad(x, ((0, 0), (0, 0), *padding), constant_values=fill)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    places = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    out: Any = np.zeros((*x.shape[:2], *places), x.dtype)
    for p in np.ndindex(*places):
        window = [slice(i * s, i * s + r, d) for i, s, r, d in zip(p, stride, reach, dilation, strict=True)]
        out[(..., *p)] = reduce(x[(..., *window)].reshape(*x.shape[:2], int(np.prod(kernel))))
    return out


def loop_max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> Any:
    stride = kernel_size if stride is None else stride
    kernel, steps, width, gaps = (np.broadcast_to(v, 2).tolist() for v in (kernel_size, stride, padding, dilation))
    return loop_windows(x, kernel, steps, [(p, p) for p in width], gaps, lambda v: v.max(-1), -np.inf)


row("max_pool2d", ad.max_pool2d, loop_max_pool2d, [[apart(2, 2, 5, 6)]], options=[
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 1}, {"kernel_size": (2, 3), "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 1, "dilation": 2}, {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (5, 6)}, {"kernel_size": (5, 4), "padding": (2, 1)}])  # fmt: skip
row("max_pool2d of nothing", ad.max_pool2d, loop_max_pool2d, [[real(0, 1, 4, 4)]], options=[{"kernel_size": 2}])

ONE: Any = {"kernel": (3,), "stride": (2,), "padding": ((1, 2),), "dilation": (1,)}
THREE: Any = {"kernel": (2, 1, 2), "stride": (1, 2, 1), "padding": ((0, 0), (0, 0), (1, 0)), "dilation": (1, 1, 2)}


def _max_pool(x: Any, **how: Any) -> Any:
    return loop_windows(x, **how, reduce=lambda v: v.max(-1), fill=-np.inf)


row("max_pool", op("max_pool"), _max_pool, [[apart(2, 2, 7)]], options=[ONE])
row("max_pool over 3", op("max_pool"), _max_pool, [[apart(2, 2, 2, 3, 4)]], options=[THREE])
row("max_pool_places", lambda x: op("max_pool_places")(x, kernel=(2, 2), stride=(1, 1), padding=((0, 0), (0, 0)),
    dilation=(1, 1)), lambda x: np.stack([x[:, :, i : i + 2, j : j + 2] for i in (0, 1) for j in (0, 1)]).argmax(0)
    .astype(np.uint16), [[apart(2, 2, 3, 3)]], differentiable=False)  # fmt: skip


def _max_places(x: Any, rows: Any, columns: Any) -> Any:
    out = np.zeros((*x.shape[:2], rows.shape[2], columns.shape[2]), np.intp)
    for n, c, p, q in np.ndindex(*out.shape):
        seen = {x[n, c, i, j]: i * x.shape[3] + j for i in rows[n % len(rows), 0, p] for j in columns[0, 0, q]}
        out[n, c, p, q] = seen[max(seen)]
    return out


_COLUMNS = np.array([[[[0, 1], [1, 2], [2, 3], [0, 0]]]])
row("max_places", op("max_places"), _max_places, [
    [apart(2, 2, 3, 4), fixed(np.array([[[[0, 1, 1], [1, 2, 2]]]])), fixed(_COLUMNS)],
    [apart(2, 2, 3, 4), fixed(np.array([[[[0, 1], [1, 2]]], [[[0, 1], [0, 2]]]])), fixed(_COLUMNS)],
], differentiable=False, inputs=[0])  # fmt: skip


def _pool_sum(x: Any, **how: Any) -> Any:
    return loop_windows(x, **how, dilation=(1,) * (x.ndim - 2), reduce=lambda v: v.sum(-1), fill=0)


_sums: Any = [
    {"kernel": (2, 3), "stride": (1, 2), "padding": ((1, 0), (1, 1))},
    {"kernel": (4, 5), "stride": (1, 1), "padding": ((0, 0), (0, 0))},
]
row("pool_sum", op("pool_sum"), _pool_sum, [[real(2, 2, 4, 5)], [real(0, 1, 4, 5)]], options=_sums, complex=True)
row("pool_spread", op("pool_spread"),
    lambda g, size, **how: adjoint(lambda x: _pool_sum(x, **how), (*g.shape[:2], *size), g, g.dtype),
    [[real(2, 2, 4, 3)]], options=[_sums[0] | {"size": (4, 5)}], complex=True)  # fmt: skip
row("pool_spread of few", op("pool_spread"),
    lambda g, size, **how: adjoint(lambda x: _pool_sum(x, **how), (*g.shape[:2], *size), g, g.dtype),
    [[real(2, 2, 1, 1)]], options=[_sums[1] | {"size": (4, 5)}], complex=True)  # fmt: skip
