"""Losses as ops, against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import Draw, fixed, op, real, row

HOW = ("mean", "sum", "none")


def inside(*shape: int) -> Draw:
    return lambda rng: np.asarray(rng.uniform(0.05, 0.95, shape))[()]


def reduced(losses: Any, reduction: str, divisor: Any = None) -> Any:
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / (losses.size if divisor is None else divisor)


row("squared_error", op("squared_error"), lambda x, y, reduction: reduced((x - y) ** 2, reduction),
    [[real(2, 3), real(2, 3)], [real(), real()], [real(4), fixed(np.zeros(4))], [real(1, 2, 1), real(1, 2, 1)]],
    options=[{"reduction": "mean"}, {"reduction": "sum"}])  # fmt: skip


def log_softmax(x: Any) -> Any:
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def cross_entropy(
    x: Any, t: Any, reduction: str, weight: Any = None, ignore_index: int = -100, label_smoothing: float = 0.0
) -> Any:
    """Place by place."""
    classes = x.shape[1]
    w = np.ones(classes, x.dtype) if weight is None else np.asarray(weight, x.dtype)
    losses, divisor = np.zeros(t.shape, x.dtype), x.dtype.type(0)
    for place in np.ndindex(t.shape):
        if t[place] != ignore_index:
            logs = log_softmax(x[(place[0], slice(None), *place[1:])][None])[0]
            k = t[place]
            losses[place] = -(1 - label_smoothing) * w[k] * logs[k] - label_smoothing / classes * (w * logs).sum()
            divisor += w[k]
    return reduced(losses, reduction, divisor)


_options = [{"reduction": r} | o for r in HOW for o in (
    {}, {"weight": [0.5, 2.0, 1.0]}, {"ignore_index": 2}, {"label_smoothing": 0.2},
    {"weight": [0.5, 2.0, 1.0], "ignore_index": 2, "label_smoothing": 0.2})]  # fmt: skip
row("cross_entropy", ad.cross_entropy, cross_entropy,
    [[real(4, 3), fixed([0, 2, 1, 2])], [real(2, 3, 2), fixed([[0, 2], [1, 1]])], [real(1, 3), fixed([1])]],
    options=_options)  # fmt: skip
row("cross_entropy of nothing", ad.cross_entropy, cross_entropy, [[real(0, 3), fixed(np.zeros(0, int))]],
    options=[{"reduction": "sum"}, {"reduction": "none"}])  # fmt: skip


def soft_cross_entropy(x: Any, t: Any, reduction: str) -> Any:
    return reduced(-(t * log_softmax(x)).sum(axis=1), reduction)


row("soft_cross_entropy", op("soft_cross_entropy"), soft_cross_entropy,
    [[real(4, 3), inside(4, 3)], [real(2, 3, 2), inside(2, 3, 2)]],
    options=[{"reduction": r} for r in HOW])  # fmt: skip


def bce_with_logits(x: Any, y: Any, w: Any, p: Any, reduction: str) -> Any:
    s = 1 / (1 + np.exp(-x))
    return reduced(np.asarray(-w * (p * y * np.log(s) + (1 - y) * np.log(1 - s)))[()], reduction)


row("bce_with_logits", op("bce_with_logits"), bce_with_logits,
    [[real(4, 3), inside(4, 3), fixed(1.0), fixed(1.0)], [real(), inside(), fixed(1.0), fixed(2.0)],
     [real(4, 3), inside(4, 3), fixed(np.array([[0.5], [1], [2], [0]], np.float32)),
      fixed(np.array([2, 1, 0.5], np.float32))]],
    options=[{"reduction": r} for r in HOW], inputs=[0, 1])  # fmt: skip
row("binary_cross_entropy", op("binary_cross_entropy"), lambda x, y: -(y * np.log(x) + (1 - y) * np.log1p(-x)),
    [[inside(2, 3), inside(2, 3)], [inside(), inside()], [inside(0), inside(0)],
     [inside(2, 3), inside(3)]])  # fmt: skip


def ctc(log_probs: Any, targets: Any, frames: Any, lengths: Any, blank: int, zero_infinity: bool) -> Any:
    """All labellings of all frames, those kept that spell the target."""
    out = []
    for i, (time, length) in enumerate(zip(frames, lengths, strict=True)):
        total = log_probs.dtype.type(0)
        for path in np.ndindex(*(log_probs.shape[2],) * int(time)):
            spelled = [c for t, c in enumerate(path) if c != blank and (t == 0 or c != path[t - 1])]
            if spelled == list(targets[i, :length]):
                total += np.exp(sum(log_probs[t, i, c] for t, c in enumerate(path)))
        out.append(-np.log(total) if total else 0 if zero_infinity else np.inf)
    return np.array(out, log_probs.dtype)


row("ctc", op("ctc"), ctc,
    [[real(4, 2, 3), fixed([[1, 2], [2, 2]]), fixed([4, 3]), fixed([2, 2])],
     [real(3, 3, 3), fixed([[1, 1], [2, 0], [0, 0]]), fixed([3, 1, 2]), fixed([2, 1, 0])]],
    options=[{"blank": 0, "zero_infinity": False}])  # fmt: skip
row("ctc of targets too long", op("ctc"), ctc,
    [[real(3, 2, 3), fixed([[1, 1], [2, 0]]), fixed([2, 2]), fixed([2, 1])]],
    options=[{"blank": 0, "zero_infinity": True}])  # fmt: skip
