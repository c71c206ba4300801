"""Resampling along an axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.kernels.resample import Spec
from tests.op_table import op, real, row


def _matrix(spec: Spec) -> Any:
    """The weights as a dense matrix (m, n), from their definition."""
    n, m = spec.n, spec.m
    scale = n / m if spec.scale is None else spec.scale
    if spec.corners:
        scale = (n - 1) / max(m - 1, 1)
    out = np.zeros((m, n))
    for i in range(m):
        at = i * scale if spec.corners else (i + 0.5) * scale - 0.5
        if spec.method.startswith("nearest"):
            edge = (i + 0.5) * scale if spec.method == "nearest-exact" else i * scale
            out[i, min(math.floor(edge + 1e-9), n - 1)] = 1
        elif spec.method == "linear":
            at = min(max(at, 0), n - 1)
            out[i] = np.maximum(1 - np.abs(np.arange(n) - at), 0)
        elif spec.method == "cubic":
            for j in range(math.floor(at) - 1, math.floor(at) + 3):
                t = abs(at - j)
                weight = (1.25 * t - 2.25) * t * t + 1 if t <= 1 else -0.75 * (((t - 5) * t + 8) * t - 4)
                out[i, min(max(j, 0), n - 1)] += weight
        else:
            part = slice(i * n // m, math.ceil((i + 1) * n / m))
            out[i, part] = 1 / len(range(*part.indices(n)))
    return out


def _resample(x: Any, *, axis: int, spec: Any, transposed: bool = False) -> Any:
    matrix = _matrix(Spec(*spec))
    matrix = (matrix.T if transposed else matrix).astype(x.real.dtype)
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


_specs = [
    Spec(n, m, method, corners, scale)
    for n, m in ((4, 7), (4, 2), (4, 1))
    for method, corners, scale in (
        ("nearest", False, None), ("nearest", False, 0.6), ("nearest-exact", False, None), ("linear", False, None),
        ("linear", True, None), ("linear", False, 0.6), ("cubic", False, None), ("cubic", True, None),
        ("area", False, None),
    )
]  # fmt: skip
row("resample", op("resample"), _resample, [[real(2, 4, 3)]], options=[{"axis": 1, "spec": s} for s in _specs],
    complex=True)  # fmt: skip
row("resample backwards", op("resample"), _resample, [[real(2, 7)]],
    options=[{"axis": 1, "spec": s, "transposed": True} for s in _specs if s.m == 7])  # fmt: skip
row("resample of nothing", op("resample"), _resample, [[real(0, 4)]], options=[{"axis": 1, "spec": _specs[0]}])
