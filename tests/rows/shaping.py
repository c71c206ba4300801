"""Functions that move the elements of one array."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, op, real, row, unary

N = ad.numpy

row("reshape", ad.reshape, lambda x, shape, order="C": np.reshape(x, shape, order=order), [[real(2, 6)], [real(3, 4)]],
    options=[{"shape": (4, 3)}, {"shape": (2, -1, 3)}, {"shape": -1}, {"shape": (2, 2, 3), "order": "F"},
             {"shape": (6, -1), "order": "F"}], complex=True)  # fmt: skip
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
row("reshape to a copy", lambda x: ad.reshape(x, -1, copy=True), np.ravel, [[real(2, 3)], [real()]])
row("ravel", ad.ravel, np.ravel, unary(real))
row("ravel by columns", ad.ravel, np.ravel, [[real(2, 3, 2)], [real()], [real(0, 2)]], options=[{"order": "F"}])
row("transpose", ad.transpose, np.transpose, unary(real), complex=True)
row("transpose by axes", ad.transpose, np.transpose, [[real(2, 3, 4)]],
    options=[{"axes": (1, 0, 2)}, {"axes": (-1, 0, 1)}])  # fmt: skip
row("swapaxes", lambda x: ad.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1), [[real(2, 3, 4)], [real(3)]])
row("moveaxis", N.moveaxis, np.moveaxis, [[real(2, 3, 4)]], options=[
    {"source": 0, "destination": -1}, {"source": (0, 1), "destination": (2, 0)}, {"source": [-1], "destination": [0]},
    {"source": (2, 0, 1), "destination": (0, 1, 2)},
])  # fmt: skip
row("rollaxis", N.rollaxis, np.rollaxis, [[real(2, 3, 4)]],
    options=[{"axis": i, "start": j} for i in (0, 1, -1) for j in range(-3, 4)])  # fmt: skip
row("expand", ad.broadcast_to, np.broadcast_to, [[real(3)], [real()], [real(2, 1)], [real(1, 3)]],
    options=[{"shape": (2, 3)}, {"shape": (4, 2, 3)}], complex=True)  # fmt: skip
row("expand, large", ad.broadcast_to, np.broadcast_to, [[real(3)]], options=[{"shape": (2000, 3)}],
    second_order=False)  # fmt: skip
row("expand to nothing", ad.broadcast_to, np.broadcast_to, [[real(1)]], options=[{"shape": (0,)}])
row("broadcast_arrays", lambda x, y: N.multiply(*N.broadcast_arrays(x, y)),
    lambda x, y: np.multiply(*np.broadcast_arrays(x, y)), [[real(2, 1), real(3)], [real(), real(2)]])  # fmt: skip
row("broadcast_shapes", lambda x: x * sum(N.broadcast_shapes((2, 1), 3)), lambda x: x * 5, [[real()]])
row("squeeze", ad.squeeze, np.squeeze, [[real(1, 3, 1)], [real(1, 1, 1)]],
    options=[{}, {"axis": 0}, {"axis": (0, -1)}])  # fmt: skip
row(
    "expand_dims",
    ad.expand_dims,
    np.expand_dims,
    [[real(2, 3)], [real()]],
    options=[{"axis": 0}, {"axis": (0, -1)}],
)
for _name in ("atleast_1d", "atleast_2d", "atleast_3d"):
    row(_name, getattr(N, _name), getattr(np, _name), [[real()], [real(2)], [real(2, 3)], [real(2, 1, 2, 1)]])
row("meshgrid", lambda *xs, **o: _product(N.meshgrid(*xs, **o)), lambda *xs, **o: _product(np.meshgrid(*xs, **o)),
    [[real(2), real(3)], [real(2)], [real(), real(2), real(3)], [real(1, 2), real(0)]],
    options=[{}, {"indexing": "ij"}, {"sparse": True}])  # fmt: skip
row("tile", N.tile, np.tile, [[real(2, 3)], [real()], [real(0, 2)]],
    options=[{"reps": 2}, {"reps": (2, 1, 3)}, {"reps": (0, 2)}, {"reps": ()}], complex=True)  # fmt: skip
row("repeat", N.repeat, np.repeat, [[real(2, 3)], [real(3, 3)], [real(0, 3)]],
    options=[{"repeats": 2}, {"repeats": 2, "axis": 0}, {"repeats": [3], "axis": -1},
             {"repeats": [1, 0, 2], "axis": 1}, {"repeats": 0, "axis": 1}], complex=True)  # fmt: skip
row("repeat, many", N.repeat, np.repeat, [[real(12)]], options=[{"repeats": np.arange(12)}])
row("flip", N.flip, np.flip, [[real(2, 3)], [real(3, 1, 2)]],
    options=[{}, {"axis": 0}, {"axis": (0, -1)}], complex=True)  # fmt: skip
row("flip of a scalar", N.flip, np.flip, [[real()]])
row("flipud", N.flipud, np.flipud, [[real(3)], [real(3, 2)]])
row("fliplr", N.fliplr, np.fliplr, [[real(3, 2)], [real(2, 0)]])
row("rot90", N.rot90, np.rot90, [[real(2, 3)], [real(2, 3, 2)]],
    options=[*({"k": k} for k in (-1, 0, 1, 2, 3)), {"axes": (1, 0)}, {"axes": (-1, 0), "k": 2}])  # fmt: skip
row("roll", N.roll, np.roll, [[real(3, 4)], [real(0, 2)]], options=[
    {"shift": 2}, {"shift": -1, "axis": 1}, {"shift": (1, 2), "axis": (0, 1)}, {"shift": 1, "axis": (0, -1)},
    {"shift": (1, 1), "axis": 0}, {"shift": 13, "axis": 0},
], complex=True)  # fmt: skip
row("trim_zeros", N.trim_zeros, np.trim_zeros, [[real(4)], [real(0)]], options=[{}, {"trim": "f"}])
row("diagonal", N.diagonal, np.diagonal, [[real(2, 3, 4)], [real(3, 2, 2)], [real(2, 2, 0)]],
    options=[{}, {"offset": 1}, {"offset": -1, "axis1": -1, "axis2": 0}, {"offset": 5}, {"offset": -7}],
    complex=True)  # fmt: skip
row("matrix_diagonal", op("matrix_diagonal"), lambda x, offset, writeable=False: np.diagonal(x, offset, -2, -1),
    [[real(3, 4)], [real(2, 3, 2)], [real(2, 0)]],
    options=[{"offset": 0}, {"offset": 1}, {"offset": -1, "writeable": True}, {"offset": 5}],
    complex=True)  # fmt: skip
row("trace", N.trace, np.trace, [[real(3, 3)], [real(2, 3, 4)]],
    options=[{}, {"offset": 1}, {"offset": -1, "axis1": 1, "axis2": 0}, {"offset": 9}], complex=True)  # fmt: skip
row("diag", N.diag, np.diag, [[real(3)], [real(1)], [real(3, 4)]], options=[{}, {"k": 2}, {"k": -1}, {"k": -9}],
    complex=True)  # fmt: skip
row("diag of nothing", N.diag, np.diag, [[real(0)], [real(0, 2)]], options=[{}, {"k": 1}])
row("diagflat", N.diagflat, np.diagflat, [[real(2, 2)], [real()]], options=[{}, {"k": 1}])
for _name in ("tril", "triu"):
    row(_name, getattr(N, _name), getattr(np, _name), [[real(3, 4)], [real(2, 2, 2)], [real(2)], [real(0, 2)]],
        options=[{}, {"k": 1}, {"k": -1}], complex=True)  # fmt: skip
row("copy", N.copy, np.copy, unary(real))
row("ascontiguousarray", N.ascontiguousarray, np.ascontiguousarray, [[real(2, 3)], [real()]])
row("asfortranarray", N.asfortranarray, np.asfortranarray, [[real(2, 3)], [real()]])
row("matrix_transpose", N.matrix_transpose, np.matrix_transpose, [[real(2, 3)], [real(2, 3, 4)]])

_pads: list[dict[str, Any]] = [
    {"pad_width": 1}, {"pad_width": (0, 2)}, {"pad_width": ((1, 0), (2, 3))}, {"pad_width": ((9, 7), (0, 5))},
    {"pad_width": 0},
]  # fmt: skip
row("pad", N.pad, np.pad, [[real(2, 3)], [real(1, 4)], [real(0, 1)]], options=_pads, complex=True)
row("pad of a vector", N.pad, np.pad, [[real(3)]],
    options=[{"pad_width": w, "mode": m} for w in (1, (2, 9)) for m in ("edge", "wrap", "reflect")])  # fmt: skip
row("pad with numbers", N.pad, np.pad, [[real(2, 3)], [real(0, 1)]],
    options=[p | {"constant_values": c} for p in _pads[2:4] for c in (2.5, (1, -1), ((1, 2), (3, 0)))])  # fmt: skip
row("pad with Tensors", lambda x, c, d: N.pad(x, 1, constant_values=[[c, 0.0], [d, c]]),
    lambda x, c, d: np.pad(x, 1, constant_values=np.array([[c, 0.0], [d, c]])),
    [[real(2, 3), real(), real()]])  # fmt: skip
for _mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "median"):
    row(f"pad, {_mode}", N.pad, np.pad, [[real(2, 3)], [real(1, 4)]],
        options=[p | {"mode": _mode} for p in _pads], complex=_mode != "median")  # fmt: skip
for _mode in ("maximum", "minimum", "median"):
    row(f"pad, {_mode} of a few", N.pad, np.pad, [[apart(3, 4)]],
        options=[p | {"mode": _mode, "stat_length": n} for p in _pads[2:4] for n in (1, 3, (2, 9))])  # fmt: skip
row("pad, mean of a few", N.pad, np.pad, [[real(3, 4)]],
    options=[p | {"mode": "mean", "stat_length": ((1, 2), (2, 3))} for p in _pads[2:]])  # fmt: skip
for _mode in ("reflect", "symmetric"):
    row(f"pad, odd {_mode}", N.pad, np.pad, [[real(2, 3)], [real(1, 4)]],
        options=[p | {"mode": _mode, "reflect_type": "odd"} for p in _pads])  # fmt: skip
row("pad, ramp", N.pad, np.pad, [[real(2, 3)]],
    options=[p | {"mode": "linear_ramp", "end_values": ((1, 2), (3, 4))} for p in _pads])  # fmt: skip
row("pad, ramp to a Tensor", lambda x, c: N.pad(x, 2, "linear_ramp", end_values=c),
    lambda x, c: np.pad(x, 2, "linear_ramp", end_values=c), [[real(2, 3), real()]])  # fmt: skip
row("pad, op", lambda x: op("pad")(x, width=((1, 0), (0, 2))), lambda x: np.pad(x, ((1, 0), (0, 2))), [[real(2, 3)]])


def _product(arrays: Any) -> Any:
    result = arrays[0]
    for array in arrays[1:]:
        result = result * array
    return result
