"""Sorting, and orders."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, row

N = ad.numpy
_axes = [{}, {"axis": 0}, {"axis": 1}, {"axis": None}]
_shapes = [[apart(2, 3, 4)], [apart(3, 1)], [apart(0, 3)]]
row("sort", N.sort, np.sort, _shapes, options=[*_axes, {"kind": "heapsort"}, {"stable": True}], complex=True)
row("sort of a row", N.sort, np.sort, [[apart(7)], [fixed(np.array([3, 1, 2]))]])
row("argsort", N.argsort, np.argsort, [*_shapes, [apart(5)], [fixed(np.array(3.0))]],
    options=[{}, {"axis": -1, "kind": "mergesort"}, {"axis": None}], differentiable=False)  # fmt: skip
row(
    "partition",
    lambda x, **o: N.sort(N.partition(x, **o)[..., :2]),
    lambda x, **o: np.sort(np.partition(x, **o)[..., :2]),
    [[apart(3, 5)], [apart(2, 1, 4)]],
    options=[{"kth": 2}, {"kth": (-1, 2)}],
)
row("partition along an axis", lambda x: N.partition(x, 1, 0)[1], lambda x: np.partition(x, 1, 0)[1], [[apart(3, 5)]])
row("partition of all", lambda x: N.partition(x, 3, None)[3], lambda x: np.partition(x, 3, None)[3], [[apart(3, 5)]])
row("argpartition", N.argpartition, np.argpartition, [[apart(3, 5)]],
    options=[{"kth": 2}, {"kth": [0, 1, 2], "axis": 0}, {"kth": 2, "axis": None}], differentiable=False)  # fmt: skip
row(
    "lexsort",
    lambda *keys, **o: N.lexsort(keys, **o),
    lambda *keys, **o: np.lexsort(keys, **o),
    [[apart(3, 4), fixed(np.arange(12).reshape(3, 4) // 3)]],
    options=[{}, {"axis": 0}],
    differentiable=False,
)
row("lexsort of rows", N.lexsort, np.lexsort, [[apart(3, 4)]], differentiable=False)
row(
    "searchsorted",
    N.searchsorted,
    np.searchsorted,
    [
        [fixed(np.array([1.0, 2.0, 2.0, 3.0])), fixed(np.array([[2.0, 0.5], [3.0, 9.0]]))],
        [fixed(np.arange(4.0)), fixed(2.0)],
    ],
    options=[{}, {"side": "right"}],
    differentiable=False,
)
row("searchsorted by an order", N.searchsorted, np.searchsorted, [[fixed(np.array([3.0, 1.0, 2.0])), apart(4)]],
    options=[{"sorter": np.array([1, 2, 0])}], differentiable=False)  # fmt: skip

_same = np.array([[3.0, 1.0, 3.0], [3.0, 1.0, 3.0], [2.0, 1.0, 1.0]])
row("unique", N.unique, np.unique, [[apart(2, 3)], [apart(0)], [apart()], [apart(4, 1)]])
row("unique along an axis", N.unique, np.unique, [[apart(3, 3)]], options=[{"axis": 0}, {"axis": -1}])
row("unique of equals", N.unique, np.unique, [[fixed(_same.astype(int))], [fixed(np.array([1, 2, 1]))]],
    differentiable=False)  # fmt: skip
for _i, _asked in enumerate(("return_index", "return_inverse", "return_counts")):
    row(
        f"unique with {_asked}",
        lambda x, **o: N.unique(x, **o)[1],
        lambda x, **o: np.unique(x, **o)[1],
        [[fixed(_same)], [fixed(np.array([1.0, np.nan, np.nan]))]],
        options=[{_asked: True}, {_asked: True, "axis": 0}, {_asked: True, "equal_nan": False}],
        differentiable=False,
    )


def part(f: Any, name: str) -> Any:
    return lambda x: getattr(f(x), name)


_parts = {
    "unique_all": ("values", "indices", "inverse_indices", "counts"), "unique_counts": ("values", "counts"),
    "unique_inverse": ("values", "inverse_indices"),
}  # fmt: skip
for _name, _fields in _parts.items():
    for _field in _fields:
        row(f"{_name}{'' if _field == 'values' else f', {_field}'}", part(getattr(N, _name), _field),
            part(getattr(np, _name), _field), [[apart(2, 3)]], differentiable=_field == "values")  # fmt: skip
row("unique_values", N.unique_values, lambda x: np.sort(np.unique_values(x)), [[apart(2, 3)]])
row("sort, descending", lambda x, **o: N.sort(x, descending=True, **o), lambda x, axis=-1: -np.sort(-x, axis),
    _shapes, options=_axes)  # fmt: skip
row("argsort, descending", lambda x: N.argsort(x, descending=True), lambda x: np.argsort(-x, stable=True),
    [[apart(2, 3)], [fixed(np.array([1, 2, 1, 2]))]], differentiable=False)  # fmt: skip
row("sort_complex", N.sort_complex, np.sort_complex, [[apart(5)], [apart(2, 3)], [fixed(np.array([3, 1], np.int8))]],
    complex=True)  # fmt: skip
