"""Losses as fused ops: one pass forward, one back. A weight of 1.0 stands for none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels import loss as kernels
from ..op import define
from .elementwise import log, log1p, logaddexp, maximum, where
from .index import ARRAY, gather
from .norm import log_softmax
from .reduce import sum_
from .shape import astype, concatenate, stack
from .special import softplus

_ALL = ("slice", None, None, None)


def _reduced(losses: Any, reduction: str, divisor: Any) -> Any:
    if reduction == "none":
        return losses
    total = sum_(losses, axis=tuple(range(losses.ndim)), keepdims=False)
    return total if reduction == "sum" else total / divisor


def _squared_error(x: Any, y: Any, *, reduction: str) -> Any:
    d = x - y
    return _reduced(d * d, reduction, d.size)


squared_error = define(
    "squared_error", kernels.squared_error, inputs="x y", kind="reduce", vjp=kernels.squared_error_vjp,
    composed=_squared_error, doc="`(x - y)^2` of two arrays of one shape, the mean or the sum.",
)  # fmt: skip


def _cross_entropy(
    logits: Any, targets: Any, weight: Any, *, reduction: str, ignore_index: int, smoothing: float
) -> Any:
    classes, ignored = logits.shape[1], targets == ignore_index
    targets = where(ignored, 0, targets)
    first, *rest = np.indices(targets.shape, sparse=True)
    logs = log_softmax(logits, axis=1)
    counted = astype(~ignored, dtype=logits.dtype)
    losses = -gather(logs, first, targets, *rest, index=(ARRAY,) * logits.ndim)
    every = logs
    if np.ndim(weight):
        counted = counted * gather(weight, targets, index=(ARRAY,))
        losses = losses * counted
        every = logs * weight.reshape((-1,) + (1,) * (logits.ndim - 2))
    if smoothing:
        losses = (1 - smoothing) * losses - smoothing / classes * sum_(every, axis=(1,), keepdims=False)
    divisor = sum_(counted, axis=tuple(range(counted.ndim)), keepdims=False)
    return _reduced(where(ignored, 0, losses), reduction, where(divisor == 0, np.nan, divisor))


cross_entropy = define(
    "cross_entropy", kernels.cross_entropy, inputs="logits targets weight", kind="reduce",
    vjp=kernels.cross_entropy_vjp, composed=_cross_entropy,
    doc="`-log softmax(logits)[target]` with logits (n, c, ...), class indices (n, ...), and weights of classes (c,).",
)  # fmt: skip


def _soft_cross_entropy(logits: Any, targets: Any, *, reduction: str) -> Any:
    logs = log_softmax(logits, axis=1)
    logs = where((logs == -np.inf) & (targets == 0), 0, logs)
    losses = -sum_(targets * logs, axis=(1,), keepdims=False)
    return _reduced(losses, reduction, losses.size)


soft_cross_entropy = define(
    "soft_cross_entropy", kernels.soft_cross_entropy, inputs="logits targets", kind="reduce",
    vjp=kernels.soft_cross_entropy_vjp, composed=_soft_cross_entropy,
    doc="`-sum(targets * log softmax(logits))` over the classes, axis 1 of (n, c, ...).",
)  # fmt: skip


def _bce_with_logits(x: Any, y: Any, weight: Any, pos_weight: Any, *, reduction: str) -> Any:
    off, on = softplus(x, beta=1.0, threshold=math.inf), softplus(-x, beta=1.0, threshold=math.inf)
    losses = ((1 - y) * off + y * pos_weight * on) * weight
    return _reduced(losses, reduction, losses.size)


bce_with_logits = define(
    "bce_with_logits", kernels.bce_with_logits, inputs="x y weight pos_weight", kind="reduce",
    vjp=kernels.bce_with_logits_vjp, composed=_bce_with_logits,
    doc="`w ((1 - y) softplus(x) + p y softplus(-x))`: the binary cross-entropy of logits x.",
)  # fmt: skip

_LEAST = 1e-12  # divisors of gradients are no less


def _log_odds(x: Any) -> Any:
    """`log(x) - log(1 - x)` with logarithms no less than -100."""
    yes = where(x > 0, maximum(log(where(x > 0, x, 1)), -100), -100)
    return yes - where(x < 1, log1p(-where(x < 1, x, 0)), -100)


binary_cross_entropy = define(
    "binary_cross_entropy", kernels.binary_cross_entropy,
    lambda g, x, y: g * ((1 - y) / maximum(1 - x, _LEAST) - y / maximum(x, _LEAST)),
    lambda g, x: -g * _log_odds(x),
    inputs="x y", kind="elementwise", doc="`-y log(x) - (1 - y) log(1 - x)` with logarithms no less than -100.",
)  # fmt: skip


def _ctc(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, *, blank: int, zero_infinity: bool
) -> Any:
    n, longest = targets.shape
    rows = np.arange(n)
    labels = where(np.arange(longest) < target_lengths.reshape((-1, 1)), targets, blank)
    blanks = np.full((n, longest), blank)
    classes = concatenate(np.full((n, 1), blank), stack(labels, blanks, axis=2).reshape((n, 2 * longest)), axis=1)
    two_before = concatenate(np.full((n, 2), blank), classes[:, :-2], axis=1)[:, : 2 * longest + 1]
    skips = (classes != blank) & (classes != two_before)
    emitted = gather(log_probs, rows[:, None], classes, index=(_ALL, ARRAY, ARRAY))
    never = np.full((n, 2), -np.inf, log_probs.dtype)
    alpha: Any = np.full((n, 2 * longest + 1), -np.inf, log_probs.dtype)
    alpha[:, 0] = 0
    for t in range(len(log_probs)):
        shifted = concatenate(never, alpha, axis=1)
        two = where(skips, shifted[:, :-2], -np.inf)
        step = logaddexp(logaddexp(alpha, shifted[:, 1:-1]), two) + emitted[t]
        alpha = where((input_lengths > t).reshape((-1, 1)), step, alpha)
    last = gather(alpha, rows, 2 * target_lengths, index=(ARRAY, ARRAY))
    before = gather(alpha, rows, maximum(2 * target_lengths - 1, 0), index=(ARRAY, ARRAY))
    losses = -logaddexp(last, where(target_lengths > 0, before, -np.inf))
    impossible = losses == np.inf
    if zero_infinity:
        return where(impossible, 0, losses)
    return losses * where(impossible, np.inf, 1.0).astype(losses.dtype)  # the gradient is no number there either


ctc = define(
    "ctc", kernels.ctc, inputs="log_probs targets input_lengths target_lengths", kind="opaque",
    vjp=kernels.ctc_vjp, composed=_ctc,
    doc="`-log` of the probability of all alignments of targets (n, S) with frames: log_probs (T, n, c).",
)  # fmt: skip
