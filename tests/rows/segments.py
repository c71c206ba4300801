"""Places and groups of rows: functions that NumPy does not have."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, real, row

_ids = np.array([2, 0, 2, 4, 0, 2])


def by_segment(reduce: Any, none: float) -> Any:
    """What a function of the rows of one segment gives for all of them."""

    def f(x: Any, num_segments: int | None = None) -> Any:
        rows = [x[_ids == s] for s in range(num_segments or 5)]
        return np.stack([reduce(r, axis=0) if len(r) else np.full(x.shape[1:], none, x.dtype) for r in rows])

    return f


def into_segments(f: Any, ids: Any) -> Any:
    return lambda x, **options: f(x, ids, **options)


for _name, _reduce, _none in (("sum", np.sum, 0), ("mean", np.mean, 0), ("prod", np.prod, 1)):
    f = getattr(ad, f"segment_{_name}")
    row(f"segment_{_name}", into_segments(f, _ids), by_segment(_reduce, _none),
        [[real(6)], [real(6, 3)], [real(6, 2, 0)]], options=[{}, {"num_segments": 7}], complex=True)  # fmt: skip
_full = np.array([2, 0, 2, 1, 0, 2])  # finite differences of infinities are none
for _name in ("max", "min"):
    row(f"segment_{_name}", into_segments(getattr(ad, f"segment_{_name}"), _full),
        lambda x, f=_name: np.stack([getattr(np, f)(x[_full == s], axis=0) for s in range(3)]),
        [[apart(6)], [apart(6, 3)], [apart(6, 2, 0)]])  # fmt: skip
for _name in ("sum", "mean", "prod", "max", "min"):
    row(f"segment_{_name} of no rows", into_segments(getattr(ad, f"segment_{_name}"), np.zeros(0, int)), lambda x: x,
        [[real(0, 2)]])  # fmt: skip
row("segment_extreme", lambda x: op("segment_extreme")(x, _full, count=3, largest=True),
    lambda x: np.stack([x[_full == s].max() for s in range(3)]),
    [[apart(6)]])  # fmt: skip
row("segment_ties", lambda x, y: op("segment_ties")(x, y, np.array([0, 0, 1])), lambda x, y: np.array([0.5, 0.5, 1]),
    [[fixed(np.array([1.0, 1.0, 2.0])), fixed(np.array([1.0, 2.0]))]], differentiable=False)  # fmt: skip
row("segment_prod with zeros", lambda x: ad.segment_prod(x, _ids), by_segment(np.prod, 1),
    [[fixed(np.array([0.0, 2.0, 0.0, 0.0, 0.0, 3.0]))], [fixed(np.array([0.5, 2.0, 1.5, 0.0, 0.0, 3.0]))]])  # fmt: skip


def _added(x: Any, v: Any, key: Any) -> Any:
    x = np.array(x)
    np.add.at(x, key, v)
    return x


row("scatter_add", lambda x, v, key: ad.scatter_add(x, key, v), _added, [[real(3, 4), real(4)], [real(3, 4), real()]],
    options=[{"key": k} for k in (1, [0, 2, 0], (slice(None, None, 2),), np.array([True, False, True]), ...)],
    complex=True)  # fmt: skip
row("one_hot", ad.one_hot, lambda labels, n: np.eye(n)[labels],
    [[fixed(labels), fixed(3)] for labels in (np.array([[0, 2], [1, 1]]), np.array(1), np.zeros(0, int))],
    differentiable=False)  # fmt: skip
_tops: list[Any] = [{"k": 2}, {"k": 1, "axis": 0}, {"k": 2, "largest": False}, {"k": 0}]


def _top(x: Any, k: int, axis: int = -1, largest: bool = True) -> Any:
    x = np.sort(x, axis)
    return np.take(np.flip(x, axis) if largest else x, range(k), axis)


row("top_k", lambda x, **o: ad.top_k(x, **o)[0], _top, [[apart(3, 4)]], options=_tops)
row("top_k, places", lambda x, **o: ad.top_k(x, **o)[1], lambda x, **o: np.array([2, 1]),
    [[fixed(np.array([1.0, 2.0, 3.0, 2.0]))]], options=[{"k": 2}], differentiable=False)  # fmt: skip
