"""Functions that make Tensors; those that take values hand on their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import positive, real, row

N = ad.numpy


def makes(name: str, *calls: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    """A row for a function of plain arguments, whose results are constants."""
    function = name.split()[0]
    for i, (args, options) in enumerate(calls):
        row(f"{name}, {i}" if i else name, lambda n=function, a=args, o=options: _one(getattr(N, n)(*a, **o)),
            lambda n=function, a=args, o=options: np.asarray(getattr(np, n)(*a, **o)), [[]],
            differentiable=False, creates=True)  # fmt: skip


def _one(result: Any) -> Any:
    return N.stack(result) if isinstance(result, tuple) else result


A = np.arange(6, dtype=np.float32).reshape(2, 3)

makes("zeros", ((2,), {}), (((2, 0), np.int32), {}), ((), {"shape": 3, "dtype": bool}))
makes("ones", ((2,), {}), (((2, 1), np.complex64), {"order": "F"}), (((),), {}))
makes("zeros_like", ((A,), {}), ((A, np.int8), {}), ((A,), {"shape": (2,)}), ((1,), {}))
makes("ones_like", ((A,), {}), ((A, bool), {}), ((A,), {"shape": 3}))
makes("eye", ((2,), {}), ((2, 3, 1), {}), ((3,), {"k": -1, "dtype": np.int64}))
makes("identity matrix", ((2,), {}), ((2, np.float32), {}))
makes("tri", ((2,), {}), ((2, 3, 1), {}), ((2,), {"k": -1, "dtype": bool}))
makes("arange", ((3,), {}), ((1, 4), {}), ((0.0, 1.0, 0.25), {}), ((3,), {"dtype": np.float32}), ((5, 0, -2), {}))
makes("indices", (((2, 3),), {}), (((2,), np.float64), {}))
makes("tril_indices", ((3,), {}), ((2, 1, 3), {}))
makes("triu_indices", ((3,), {}), ((2, -1, 3), {}))
makes("tril_indices_from", ((A,), {}), ((A, 1), {}))
makes("triu_indices_from", ((A,), {}), ((A, -1), {}))
makes("diag_indices", ((3,), {}), ((2, 3), {}))
makes("diag_indices_from", ((np.eye(3),), {}))
makes("mask_indices", ((3, np.triu), {}), ((3, np.tril, -1), {}))
makes("fromfunction", ((lambda i, j: i + 2 * j, (2, 3)), {}), ((lambda i: i, (2,)), {"dtype": int}))
makes("from_dlpack", ((np.ones(2),), {}))
makes(
    "linspace",
    ((0, 1), {}),
    ((1.0, 2.0, 5), {"endpoint": False}),
    ((A[0], 1.0, 3), {"axis": 1}),
    ((0, 9, 4, True, False, int), {}),
)
row("empty", lambda: N.zeros_like(N.empty(2)), lambda: np.zeros(2), [[]], differentiable=False, creates=True)
row("empty_like", lambda: N.zeros_like(N.empty_like(A)), lambda: A * 0, [[]], differentiable=False, creates=True)

for _name, _cases in (("array", [[real(3), real()]]), ("asarray", [[real(2, 3), real(3)]])):
    row(f"{_name}, nested", lambda x, y, n=_name: getattr(N, n)([[x, x], [x * y, np.ones(x.shape)]]),
        lambda x, y: np.array([[x, x], [x * y, np.ones(x.shape)]]), _cases, complex=True, creates=True)  # fmt: skip
for _name in ("array", "asarray", "asanyarray", "asarray_chkfinite"):
    row(_name, getattr(N, _name), getattr(np, _name), [[real(2, 3)], [real()]], creates=True,
        options=[{}, {"dtype": np.complex128}])  # fmt: skip
row("array with axes", N.array, np.array, [[real(3)]], options=[{"ndmin": 3, "copy": False}], creates=True)
row(
    "full", lambda x: N.full((2, 3), x), lambda x: np.full((2, 3), x), [[real()], [real(3)], [real(2, 1)]], creates=True
)
row("full_like", lambda x: N.full_like(A, x, dtype=np.result_type(x)),
    lambda x: np.full_like(A, x, dtype=np.result_type(x)), [[real()]], creates=True)  # fmt: skip
row("linspace of arrays", N.linspace, np.linspace, [[real(), real()], [real(3), real(2, 3)], [real(), real(2)]],
    options=[{"num": 5}, {"num": 4, "endpoint": False}, {"num": 1}, {"num": 3, "axis": -1}], creates=True,
    complex=True)  # fmt: skip
row("linspace of no numbers", N.linspace, np.linspace, [[real(), real()]], options=[{"num": 0}], creates=True)
row("linspace, step", lambda x, y: N.linspace(x, y, 4, retstep=True)[1] * 1.0,
    lambda x, y: np.linspace(x, y, 4, retstep=True)[1], [[real(), real()]], creates=True)  # fmt: skip
row("logspace", N.logspace, np.logspace, [[real(), real()], [real(3), real(2, 3)]],
    options=[{"num": 5}, {"num": 4, "endpoint": False, "base": 2.0}, {"num": 3, "axis": -1}], creates=True)  # fmt: skip
row("logspace to a base", lambda x, y, b: N.logspace(x, y, 4, base=b), lambda x, y, b: np.logspace(x, y, 4, base=b),
    [[real(), real(), positive()], [real(), real(), positive(2)]], creates=True)  # fmt: skip
row("geomspace", N.geomspace, np.geomspace, [[positive(), positive()], [positive(3), positive(2, 3)]],
    options=[{"num": 5}, {"num": 4, "endpoint": False}, {"num": 3, "axis": -1}], creates=True)  # fmt: skip
row("geomspace below zero", lambda x, y: N.geomspace(-x, -y, 4), lambda x, y: np.geomspace(-x, -y, 4),
    [[positive(), positive()]], creates=True)  # fmt: skip
row("vander", N.vander, np.vander, [[real(3)], [real(0)]], options=[{}, {"N": 2}, {"increasing": True}])
