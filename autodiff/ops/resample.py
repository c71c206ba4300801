"""Resampling along an axis: interpolation, averages over parts of an axis."""

from __future__ import annotations

from ..kernels import resample as kernels
from ..op import Function, define

resample: Function = define(
    "resample", kernels.resample,
    lambda g, *, axis, spec, transposed: resample(g, axis=axis, spec=spec, transposed=not transposed),
    kind="scan", linear=True,
    doc="Each element along an axis a weighted sum of a few of x; `spec` says which, `transposed` is the way back.",
)  # fmt: skip
