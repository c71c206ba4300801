"""Functions that write into their first argument, tried as functions that give it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import fixed, real, row


def _ours(name: str) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **options: Any) -> Any:
        tensors = any(type(a) is ad.Tensor for a in (x, *args))
        t = ad.numpy.copy(x) if type(x) is ad.Tensor else ad.Tensor(x)
        getattr(np, name)(t, *args, **options)  # by NumPy's protocol
        return t if tensors else t.value

    return call


def _theirs(name: str) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **options: Any) -> Any:
        x = np.array(x)
        getattr(np, name)(x, *args, **options)
        return x

    return call


_mask = fixed([[True, False, True], [False, True, True]])
for _name, _cases, _options in (
    ("copyto", [[real(2, 3), real(2, 3)], [real(2, 3), real(3)], [real(2, 3), real()]],
     [{"where": np.array([True, False, True])}]),
    ("put", [[real(2, 3), fixed([0, 4, -1]), real(3)], [real(2, 3), fixed([0, 4, 1]), real(2)]], [{}]),
    ("place", [[real(2, 3), _mask, real(4)], [real(2, 3), _mask, real(2)]], [{}]),
    ("putmask", [[real(2, 3), _mask, real(2, 3)], [real(2, 3), _mask, real(2)]], [{}]),
    ("put_along_axis", [[real(2, 3), fixed([[0, 2], [1, 1]]), real(2, 2)]], [{"axis": 1}, {"axis": -1}]),
    ("fill_diagonal", [[real(3, 3), real()], [real(5, 2), real(3)], [real(2, 2, 2), real()]], [{}, {"wrap": True}]),
):  # fmt: skip
    row(_name, _ours(_name), _theirs(_name), _cases, options=_options)
row("put, wrapped", _ours("put"), _theirs("put"), [[real(2, 3), fixed([7, 4, -8]), real(3)]],
    options=[{"mode": "wrap"}, {"mode": "clip"}])  # fmt: skip
row("put_along_axis of all", _ours("put_along_axis"), _theirs("put_along_axis"),
    [[real(2, 3), fixed([0, 4]), real(2)]], options=[{"axis": None}])  # fmt: skip
row(
    "copyto, all of it",
    _ours("copyto"),
    _theirs("copyto"),
    [[real(2, 3), real(2, 3)], [real(2, 3), real()]],
    inputs=[1],
)
