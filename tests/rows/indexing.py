"""Reading and writing by index."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import fixed, op, real, row

_keys: list[Any] = [
    0, -1, slice(None), slice(1, None), slice(None, None, -1), (slice(None), 1), (..., 0), (None, 1),
    (slice(0, 2), slice(None, None, 2)), (1, 2, 3), (slice(0, 0),), (..., None, slice(1, 3)), (),
]  # fmt: skip
row("getitem", ad.getitem, lambda x, key: x[key], [[real(3, 4, 5)]], options=[{"key": k} for k in _keys],
    complex=True)  # fmt: skip
_keys = [
    [0, 2, 0], (slice(None), [1, 1, 0]), ([0, 1], [2, 3]), (slice(None), [[0, 1], [1, 1]], 0),
    ([[0], [2]], [1, 3]), (np.array([True, False, True]),), (..., np.array([True, False, True, True, False])),
    ([], ), ([0, 1], slice(None), [1, 2]), np.array([0, 0, 0]), (1, [0, 3], None),
]  # fmt: skip
row("gather", ad.getitem, lambda x, key: x[key], [[real(3, 4, 5)]], options=[{"key": k} for k in _keys],
    complex=True)  # fmt: skip
row("gather by a mask", lambda x: x[np.array([[True, False], [False, True]])],
    lambda x: x[np.array([[True, False], [False, True]])], [[real(2, 2, 3)]])  # fmt: skip


def _scatter(x: Any) -> Any:
    out = np.zeros((4, 3), x.dtype)
    np.add.at(out, ([0, 2, 0],), x)
    return out


row("scatter", lambda x: op("scatter")(x, np.array([0, 2, 0]), index=("array",), shape=(4, 3)), _scatter,
    [[real(3, 3)]], complex=True)  # fmt: skip
row("pick", lambda x: op("pick")((x, x), index=1, count=2), lambda x: x, [[fixed(1.0)]], differentiable=False)


def _setitem(x: Any, v: Any, index: Any, arrays: Any = ()) -> Any:
    out = np.array(x)
    key = tuple(slice(*part[1:]) if isinstance(part, tuple) else part for part in index)
    following = iter(arrays)
    out[tuple(next(following) if isinstance(part, str) else part for part in key)] = v
    return out


row("setitem", lambda x, v, index, arrays=(): op("setitem")(x, v, *arrays, index=index), _setitem, [
    [real(3, 4), real(4)], [real(3, 4), real()], [real(3, 4), real(1, 4)]],
    options=[{"index": (1,)}, {"index": (("slice", 0, 2, None),)}, {"index": (None, 2)}, {"index": (Ellipsis,)}],
    complex=True)  # fmt: skip
row("setitem by arrays", lambda x, v, index, arrays=(): op("setitem")(x, v, *arrays, index=index), _setitem,
    [[real(4, 3), real(3, 3)], [real(4, 3), real(3, 1)]], options=[
        {"index": ("array",), "arrays": (np.array([0, 2, 0]),)},
        {"index": ("array",), "arrays": (np.array([3, 1, 0]),)},
        {"index": ("array",), "arrays": (np.array([True, False, True, True]),)}])  # fmt: skip
N = ad.numpy
_places: list[Any] = [1, -1, [0, 2, 0], [[0, 1], [1, 1]], np.array([2, 0], np.int8), np.zeros((0, 2), int), np.array(1)]
row("take", N.take, np.take, [[real(3, 4, 5)], [real(3, 3)]],
    options=[{"indices": p, "axis": a} for p in _places for a in (None, 0, -1)], complex=True)  # fmt: skip
row("take, out of range", N.take, np.take, [[real(3, 4)]],
    options=[{"indices": [5, -7, 1], "axis": a, "mode": m} for a in (None, 1) for m in ("wrap", "clip")])  # fmt: skip
_along = np.array([[0, 2, 0], [1, 1, 3]])
row("take_along_axis", N.take_along_axis, np.take_along_axis, [[real(2, 4)]],
    options=[{"indices": _along, "axis": 1}, {"indices": _along[:1], "axis": -1}], complex=True)  # fmt: skip
row("take_along_axis, all in a row", N.take_along_axis, np.take_along_axis, [[real(2, 4)]],
    options=[{"indices": np.array([3, 3]), "axis": None}])  # fmt: skip
row("take_along_axis, in the middle", N.take_along_axis, np.take_along_axis, [[real(2, 4, 3)]],
    options=[{"indices": _along[:, :, None], "axis": 1}])  # fmt: skip
row("choose", lambda *choices, a, **o: N.choose(a, choices, **o), lambda *choices, a, **o: np.choose(a, choices, **o),
    [[real(2, 3), real(3), real()]], options=[{"a": np.array([2, 0, 1])}, {"a": np.array([[1], [0]])},
    {"a": np.array([5, -4, 1]), "mode": "wrap"}, {"a": np.array([5, -4, 1]), "mode": "clip"}, {"a": 1}])  # fmt: skip
row("choose rows", lambda x: N.choose([1, 0, 2], x), lambda x: np.choose([1, 0, 2], x), [[real(3, 3)]])
row(
    "compress",
    lambda x, **o: N.compress([True, False, True], x, **o),
    lambda x, **o: np.compress([True, False, True], x, **o),
    [[real(3, 4)]],
    options=[{}, {"axis": 0}, {"axis": -1}],
)
row("extract", lambda x: N.extract(np.eye(3), x), lambda x: np.extract(np.eye(3), x), [[real(3, 3)]], complex=True)
row("argwhere", N.argwhere, np.argwhere, [[fixed(np.eye(3))], [fixed(np.array(2.0))], [fixed(np.zeros((2, 0)))]],
    differentiable=False)  # fmt: skip
row("nonzero", lambda x: N.stack(N.nonzero(x)), lambda x: np.stack(np.nonzero(x)), [[fixed(np.eye(3))]],
    differentiable=False)  # fmt: skip
row("flatnonzero", N.flatnonzero, np.flatnonzero, [[fixed(np.eye(3))], [fixed(np.array(2.0))]], differentiable=False)
row("ix_", lambda x: x[N.ix_([0, 2], [True, False, True])], lambda x: x[np.ix_([0, 2], [True, False, True])],
    [[real(3, 3)]])  # fmt: skip
row("unravel_index", lambda i: N.stack(N.unravel_index(i, (3, 4))), lambda i: np.stack(np.unravel_index(i, (3, 4))),
    [[fixed(np.array([0, 7, 11]))]], differentiable=False)  # fmt: skip
row(
    "ravel_multi_index",
    lambda i, j: N.ravel_multi_index((i, j), (3, 4)),
    lambda i, j: np.ravel_multi_index((i, j), (3, 4)),
    [[fixed(np.array([0, 2])), fixed(np.array([3, 1]))]],
    differentiable=False,
)
