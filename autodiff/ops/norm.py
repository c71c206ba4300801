"""Softmax and its logarithm; normalisation."""

from __future__ import annotations

from typing import Any

from ..kernels import norm as kernels
from ..op import Function, define
from .elementwise import exp, sqrt
from .reduce import mean, sum_


def _sum_along(x: Any, axis: int) -> Any:
    return sum_(x, axis=(axis,), keepdims=True)


softmax_slope: Function = define(
    "softmax_slope", kernels.softmax_slope, lambda g, s, *, axis: softmax_slope(g, s, axis=axis),
    lambda g, dy, s, *, axis: g * (dy - _sum_along(dy * s, axis)) - dy * _sum_along(g * s, axis),
    inputs="dy s", kind="reduce", linear="dy", doc="`s (dy - sum(dy s))` along an axis: what `softmax` passes back.",
)  # fmt: skip

softmax = define(
    "softmax", kernels.softmax, lambda g, out, *, axis: softmax_slope(g, out, axis=axis), kind="reduce",
    doc="`exp(x_i) / sum_j exp(x_j)` along an axis: positive, and sums to one.",
)  # fmt: skip

log_softmax_slope: Function = define(
    "log_softmax_slope", kernels.log_softmax_slope, lambda g, s, *, axis: g - _sum_along(g * exp(s), axis),
    lambda g, dy, s, *, axis: -g * (exp(s) * _sum_along(dy, axis)),
    inputs="dy s", kind="reduce", linear="dy", doc="`dy - e^s sum(dy)` along an axis: what `log_softmax` passes back.",
)  # fmt: skip

log_softmax = define(
    "log_softmax", kernels.log_softmax, lambda g, out, *, axis: log_softmax_slope(g, out, axis=axis), kind="reduce",
    doc="Logarithm of softmax along an axis, exact where softmax itself would round to 0.",
)  # fmt: skip

# -- normalisation: a scale of 1.0 and a shift of 0.0 stand for none -----------------------------------------

moments = define(
    "moments", kernels.moments, outs="mean var", kind="reduce",
    doc="Mean and variance (divisor n) over axes, which stay as axes of length 1; constants.",
)  # fmt: skip


def _standardized(x: Any, weight: Any, bias: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    centred = x - mean(x, axis=axis, keepdims=True)
    return centred / sqrt(mean(centred * centred, axis=axis, keepdims=True) + eps) * weight + bias


standardize = define(
    "standardize", kernels.standardize, inputs="x weight bias", kind="contract",
    vjp=kernels.standardize_vjp, composed=_standardized,
    doc="`(x - mean) / sqrt(var + eps) weight + bias` with mean and variance (divisor n) over axes.",
)  # fmt: skip


def _standardized_by(x: Any, weight: Any, bias: Any, mean: Any, var: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    return _standardized(x, weight, bias, axis=axis, eps=eps)


batch_norm = define(
    "batch_norm", kernels.batch_norm, inputs="x weight bias mean var", kind="contract",
    vjp=kernels.batch_norm_vjp, composed=_standardized_by,
    doc="`standardize` of x whose own moments are at hand; its derivatives are those of `standardize`.",
)  # fmt: skip


def _rms_normed(x: Any, weight: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    return x / sqrt(mean(x * x, axis=axis, keepdims=True) + eps) * weight


rms_norm = define(
    "rms_norm", kernels.rms_norm, inputs="x weight", kind="contract", vjp=kernels.rms_norm_vjp, composed=_rms_normed,
    doc="`x / sqrt(mean(x^2) + eps) weight` with the mean over axes.",
)  # fmt: skip

window_sum: Function = define(
    "window_sum", kernels.window_sum,
    lambda g, *, axis, before, after: window_sum(g, axis=axis, before=after, after=before), kind="reduce", linear=True,
    doc="The sum of each element, so many before it and so many after it along an axis.",
)  # fmt: skip
