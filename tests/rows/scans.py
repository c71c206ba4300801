"""Running sums and products, and what is made of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, positive, real, row

N = ad.numpy
_axes = [{}, {"axis": 0}, {"axis": -1}, {"axis": 1}]
_shapes = [[real(2, 3, 4)], [real(1, 7, 1)], [real(3, 0, 2)]]
for _name in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
    f, _reference = getattr(N, _name), getattr(np, _name)
    row(_name, f, _reference, _shapes, options=_axes, complex=True)
    row(f"{_name} of a number", f, _reference, [[real()]], options=[{}, {"axis": 0}])
    _integers = [[fixed(np.arange(1, 7).astype(_d))] for _d in (np.int8, np.uint8, bool)]
    row(f"{_name} of integers", f, _reference, _integers,
        options=[{}, {"dtype": np.int16}, {"dtype": np.float32}], differentiable=False)  # fmt: skip
for _name in ("cumprod", "nancumprod"):
    row(f"{_name} with zeros", getattr(N, _name), getattr(np, _name),
        [[fixed(np.array([0.5, *[1.5] * n, 0.0, -2.0, 0.0, 3.0]))] for n in range(4)], complex=True)  # fmt: skip
_holes = np.array([[True, False, True], [False, False, True]])


def through_holes(f: Any, xp: Any) -> Any:
    return lambda x, **options: f(xp.where(_holes, np.nan, x), **options)


for _name in ("nancumsum", "nancumprod"):
    row(f"{_name} with NaN", through_holes(getattr(N, _name), N), through_holes(getattr(np, _name), np), [[real(2, 3)]],
        options=[{}, {"axis": 0}])  # fmt: skip
if hasattr(np, "cumulative_sum"):
    for _name in ("cumulative_sum", "cumulative_prod"):
        row(_name, getattr(N, _name), getattr(np, _name), [[real(2, 3, 4)]],
            options=[{"axis": 1, "include_initial": i} for i in (True, False)])  # fmt: skip
        row(f"{_name} of a row", getattr(N, _name), getattr(np, _name), [[real(4)], [fixed(np.arange(4))]],
            options=[{}, {"include_initial": True}, {"dtype": np.float64}])  # fmt: skip
row("cummax", lambda x, axis: N.scans.cumulative_extreme(x, axis, largest=True), np.maximum.accumulate,
    [[apart(2, 3, 4)]], options=[{"axis": 0}, {"axis": -1}])  # fmt: skip
row("cummin", lambda x, axis: N.scans.cumulative_extreme(x, axis, largest=False), np.minimum.accumulate,
    [[apart(2, 3, 4)], [apart(2, 0)]], options=[{"axis": 0}, {"axis": 1}])  # fmt: skip
row("first_extreme", lambda x: op("first_extreme")(x, axis=0, largest=True), lambda x: np.array([0, 0, 2, 2]),
    [[fixed(np.array([1.0, 1.0, 3.0, 2.0]))]], differentiable=False)  # fmt: skip


def _recur(a: Any, b: Any, axis: int) -> Any:
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    h = [b[0]]
    for i in range(1, len(a)):
        h.append(a[i] * h[-1] + b[i])
    return np.moveaxis(np.stack(h), 0, axis)


row("recur", lambda a, b, axis: op("recur")(a, b, axis=axis), _recur,
    [[real(4, 7), real(4, 7)], [real(1, 2), real(1, 2)]], options=[{"axis": 0}, {"axis": 1}], complex=True)  # fmt: skip

row("diff", N.diff, np.diff, [[real(4, 3)], [real(1, 2)]],
    options=[{}, {"n": 2, "axis": 0}, {"axis": 0}, {"n": 0}, {"prepend": 1.5}, {"append": np.ones((1, 3))[:, :1]}][:5],
    complex=True)  # fmt: skip
row("diff with ends", lambda x, a, b: N.diff(x, axis=0, prepend=a, append=b),
    lambda x, a, b: np.diff(x, axis=0, prepend=a, append=b), [[real(4, 3), real(2, 3), real()]])  # fmt: skip
row("diff of constants", N.diff, np.diff, [[fixed(np.array([1, 4, 9]))], [fixed(np.array([True, False, False]))]],
    options=[{}, {"n": 2}], differentiable=False)  # fmt: skip
row("ediff1d", lambda x, a, b: N.ediff1d(x, a, b), lambda x, a, b: np.ediff1d(x, a, b), [[real(2, 3), real(2), real()]])
row("ediff1d without ends", N.ediff1d, np.ediff1d, [[real(2, 3)], [real()], [fixed(np.arange(3))]])
row("trapezoid", N.trapezoid, np.trapezoid, [[real(3, 4)], [real(1, 2)]],
    options=[{}, {"axis": 0, "dx": 0.5}, {"axis": 1, "dx": 2}], complex=True)  # fmt: skip
row("trapezoid at points", lambda y, x, **o: N.trapezoid(y, x, **o), lambda y, x, **o: np.trapezoid(y, x, **o),
    [[real(4, 4), real(4)], [real(4, 4), real(4, 4)]], options=[{}, {"axis": 0}])  # fmt: skip
row("trapezoid apart", lambda y, dx: N.trapezoid(y, dx=dx), lambda y, dx: np.trapezoid(y, dx=dx),
    [[real(3, 4), real()], [real(3, 4), real(3)]])  # fmt: skip
_edges = [{"edge_order": 1}, {"edge_order": 2}]


def several(f: Any, xp: Any) -> Any:
    return lambda *args, **options: xp.stack(f(*args, **options))


row("gradient", N.gradient, np.gradient, [[real(3, 4)]],
    options=[{"axis": a, **e} for a in (0, -1) for e in _edges], complex=True)  # fmt: skip
row("gradient along several axes", several(N.gradient, N), several(np.gradient, np), [[real(3, 4)]], options=_edges)
row("gradient along axes in some order", several(N.gradient, N), several(np.gradient, np), [[real(3, 4), real()]],
    options=[{"axis": (1, 0), **e} for e in _edges])  # fmt: skip
row("gradient with distances", several(N.gradient, N), several(np.gradient, np), [[real(3, 4), positive(), apart(4)]],
    options=_edges, rtol=1e-5)  # fmt: skip
row("gradient of a short row", N.gradient, np.gradient, [[real(2)], [fixed(np.array([1, 4, 9]))]])
