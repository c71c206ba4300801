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
