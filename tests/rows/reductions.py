"""Functions that take several elements to one."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, real, row

_axes = [
    {},
    {"axis": 0},
    {"axis": -1, "keepdims": True},
    {"axis": (0, 2)},
    {"axis": (2, 0), "keepdims": True},
]
_reduced = [[real(2, 3, 4)], [real(1, 2, 1)]]
_scalars = [[real()], [real(5)]]


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


for _name, _draw, _reference, _complex in (
    ("sum", real, np.sum, True),
    ("mean", real, np.mean, True),
    ("prod", real, np.prod, True),
    ("max", apart, np.max, False),
    ("min", apart, np.min, False),
    ("var", real, np.var, False),
    ("std", real, np.std, False),
    ("logsumexp", real, _logsumexp, False),
):
    _empty = [[_draw(2, 0, 3)]] if _name in ("sum", "prod") else []
    row(_name, getattr(ad, _name), _reference, [[_draw(2, 3, 4)], [_draw(3, 2, 3)], *_empty], options=_axes,
        complex=_complex)  # fmt: skip
    if _name not in ("std",):
        row(f"{_name} of a row", getattr(ad, _name), _reference, [[_draw()], [_draw(5)]], complex=_complex)
row("var with ddof", ad.var, np.var, [[real(2, 3)]], options=[{"ddof": 1}, {"ddof": 1, "axis": 1}])
row("prod with zeros", ad.prod, np.prod, [[fixed(np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]))]],
    options=[{}, {"axis": 0}, {"axis": 1}], complex=True)  # fmt: skip
row("prod of many with zeros", ad.prod, np.prod,
    [[fixed(np.array([0.5, *[1.5] * n, 0.0, -2.0, 0.0]))] for n in range(5)], complex=True)  # fmt: skip
row("ties", lambda x, y: op("ties")(x, y, axis=(1,)), lambda x, y: (x == y[:, None]) / (x == y[:, None]).sum(1),
    [[fixed(np.array([[1.0, 3.0, 3.0]])), fixed(np.array([3.0]))]], differentiable=False)  # fmt: skip
