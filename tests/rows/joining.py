"""Functions that join arrays, part them, and put elements in or take them out."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import Draw, fixed, real, row

N = ad.numpy
SAME: list[list[Draw]] = [[real(2, 3), real(2, 3)], [real(1, 3), real(1, 3), real(1, 3)], [real(0, 2), real(0, 2)]]


def joined(name: str, cases: list[list[Draw]], **how: Any) -> None:
    """A row for a function of a sequence of arrays."""
    ours, theirs = getattr(N, name.split(",")[0]), getattr(np, name.split(",")[0])
    row(name, lambda *xs, **o: ours(xs, **o), lambda *xs, **o: theirs(xs, **o), cases, **how)


def rejoined(name: str, cases: list[list[Draw]], options: list[dict[str, Any]]) -> None:
    """A row for a function that gives several arrays: they are scaled apart and laid in one row."""
    ours, theirs = getattr(N, name), getattr(np, name)
    row(name, lambda x, **o: N.concatenate([N.ravel(p) * (i + 1) for i, p in enumerate(ours(x, **o))]),
        lambda x, **o: np.concatenate([np.ravel(p) * (i + 1) for i, p in enumerate(theirs(x, **o))]),
        cases, options=options)  # fmt: skip


joined("concatenate", SAME, options=[{"axis": 0}, {"axis": -1}, {"axis": None}, {"dtype": np.complex128}], complex=True)
joined("concat", SAME)
joined("concatenate, unequal", [[real(2, 3), real(0, 3), real(4, 3)], [real(2), fixed([1.0, 2.0])]])
joined("stack", SAME, options=[{"axis": 0}, {"axis": -1}, {"axis": 1}, {"dtype": np.complex128}], complex=True)
joined("stack, of scalars", [[real(), real(), real()]])
for _name in ("vstack", "hstack", "dstack", "column_stack"):
    joined(_name, [*SAME, [real(3), real(3)]], complex=True)
for _name in ("vstack", "hstack", "dstack"):
    joined(f"{_name}, of scalars", [[real(), real()]])
row("row_stack", lambda *xs: N.row_stack(xs), lambda *xs: np.vstack(xs), [[real(3), real(2, 3)]])
joined("column_stack, of both", [[real(3), real(3, 2)]])
_blocks = [[real(2, 2), real(2, 1), real(1, 3)]]
row("block in rows", lambda a, b, c: N.block([[a, b], [c]]), lambda a, b, c: np.block([[a, b], [c]]), _blocks)
row("block in one row", lambda a, b, c: N.block([b, c[0, 0], a[0]]), lambda a, b, c: np.block([b, c[0, 0], a[0]]),
    [[real(1, 2), real(1, 1), real(1, 1)]])  # fmt: skip
row("block in layers", lambda a, b, c: N.block([[[a, b], [c]], [[c], [a, b]]]),
    lambda a, b, c: np.block([[[a, b], [c]], [[c], [a, b]]]), _blocks)  # fmt: skip
row("block alone", N.block, np.block, [[real(2, 3)]])
row("block", lambda x, y: N.block([[x, 1.0], [2.0, y]]), lambda x, y: np.block([[x, 1.0], [2.0, y]]),
    [[real(), real(1)], [real(1, 1), real()]])  # fmt: skip
row("append", N.append, np.append, [[real(2, 3), real(1, 3)], [real(2), real()]])
row("append along an axis", N.append, np.append, [[real(2, 3), real(2, 1)]], options=[{"axis": 1}])

_places: list[dict[str, Any]] = [
    {"indices_or_sections": 2}, {"indices_or_sections": [1, 3]}, {"indices_or_sections": (3, 1, 9)},
    {"indices_or_sections": [-1]}, {"indices_or_sections": []},
]  # fmt: skip
rejoined("split", [[real(4, 2)], [real(4)]], _places)
rejoined("array_split", [[real(5, 4)]], [*_places, {"indices_or_sections": 3}, {"indices_or_sections": 7, "axis": 1}])
rejoined("hsplit", [[real(4)], [real(2, 4)]], _places)
rejoined("vsplit", [[real(4, 2)]], _places)
rejoined("dsplit", [[real(1, 2, 4)]], _places)
if hasattr(np, "unstack"):
    rejoined("unstack", [[real(2, 3)], [real(4, 2)]], [{}, {"axis": -1}])
else:
    row("unstack", lambda x: N.unstack(x, axis=1)[0], lambda x: x[:, 0], [[real(2, 3)]])

for _obj in (1, -1, [0], [1, 1], slice(0, 2), [0, 2]):
    row(f"insert, {_obj}", lambda x, v, k=_obj: N.insert(x, k, v, axis=0), lambda x, v, k=_obj: np.insert(x, k, v, 0),
        [[real(2, 3), real()], [real(2, 3), real(3)]], complex=True)  # fmt: skip
row("insert", lambda x, v: N.insert(x, [1, 3], v), lambda x, v: np.insert(x, [1, 3], v),
    [[real(2, 3), real()], [real(3), real(2)]])  # fmt: skip
row("insert by a mask", lambda x, v: N.insert(x, np.array([True, False, True]), v),
    lambda x, v: np.insert(x, [0, 2], v), [[real(3), real()], [real(3), real(2)]])  # fmt: skip
row("insert columns", lambda x, v: N.insert(x, 1, v, axis=1), lambda x, v: np.insert(x, 1, v, axis=1),
    [[real(3, 2), real(2, 3)], [real(2, 2), real(2)]])  # fmt: skip
for _obj in (1, -1, [0], [1, 1], slice(0, 2), np.array([True, False, True, False]), []):
    row(f"delete, {_obj}", lambda x, k=_obj: N.delete(x, k, axis=0), lambda x, k=_obj: np.delete(x, k, axis=0),
        [[real(4, 2)], [real(4)]], complex=True)  # fmt: skip
row("delete", lambda x: N.delete(x, [1, 3]), lambda x: np.delete(x, [1, 3]), [[real(2, 3)]])
row("resize", N.resize, np.resize, [[real(2, 3)], [real()], [real(0)]],
    options=[{"new_shape": s} for s in (4, (2, 2), (3, 5), (0, 2), ())])  # fmt: skip

row("apply_along_axis", lambda x, axis: N.apply_along_axis(lambda v: v * v.sum(), axis, x),
    lambda x, axis: np.apply_along_axis(lambda v: v * v.sum(), axis, x), [[real(2, 3, 2)]],
    options=[{"axis": 0}, {"axis": 1}, {"axis": -1}])  # fmt: skip
row("apply_along_axis to numbers", lambda x: N.apply_along_axis(N.prod, 1, x),
    lambda x: np.apply_along_axis(np.prod, 1, x), [[real(2, 3, 2)], [real(2, 3)]])  # fmt: skip
row("apply_along_axis to matrices", lambda x: N.apply_along_axis(lambda v: v[:, None] * v, 1, x),
    lambda x: np.apply_along_axis(lambda v: v[:, None] * v, 1, x), [[real(2, 3, 2)]])  # fmt: skip
row("apply_over_axes", lambda x, axes: N.apply_over_axes(N.prod, x, axes),
    lambda x, axes: np.apply_over_axes(np.prod, x, axes), [[real(2, 3)]],
    options=[{"axes": 0}, {"axes": (0, -1)}])  # fmt: skip
row("vectorize", lambda x, y: N.vectorize(lambda a, b: a * b if a > b else b)(x, y),
    lambda x, y: np.where(x > y, x * y, y), [[real(2, 3), real(3)], [real(), real()]])  # fmt: skip
