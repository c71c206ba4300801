"""Losses, each in one pass forward and one back; the last step, "mean", "sum" or "none", is part of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .policy import compiled

FEW = 256
"""Elements from which on the compiled form of cross-entropy is faster."""
SOME = 1024
"""The same of its binary form."""
MANY = 8192
"""The same of the squared error."""


def check_classes(targets: Any, classes: int) -> None:
    """Raise IndexError naming the first class index outside 0 .. classes-1."""
    if targets.size and (targets.min() < 0 or targets.max() >= classes):
        at = int(np.flatnonzero((targets < 0) | (targets >= classes))[0])
        place: Any = at if targets.ndim == 1 else tuple(map(int, np.unravel_index(at, targets.shape)))
        raise IndexError(f"class index {targets.ravel()[at]} at position {place} is outside 0 .. {classes - 1}")


def reduced(losses: Any, reduction: str, divisor: Any) -> Any:
    """Losses as they are ("none"), their "sum", or their sum over a divisor ("mean")."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, axis=None)
    if reduction == "sum":
        return total
    return total / divisor if divisor else total * np.nan  # nothing counts: 0 / 0


@compiled("loss", at_least=MANY)
def squared_error(x: Any, y: Any, *, reduction: str) -> tuple[Any, Any]:
    """`(x - y)^2`, the "mean" or the "sum", and the differences."""
    d = x - y
    flat = d.ravel()
    total = np.dot(flat, flat)
    return total if reduction == "sum" else total / d.size, d


def squared_error_vjp(g: Any, saved: Any, needs: tuple[bool, bool], *, reduction: str) -> tuple[Any, Any]:
    """`2 g (x - y)`, over the number of elements for the mean."""
    dx = saved * (2 * g if reduction == "sum" else 2 * g / saved.size)
    return dx if needs[0] else None, -dx if needs[1] else None


def _places(targets: Any) -> tuple[Any, ...]:
    """The key of each place's target among the classes: targets (n, ...), classes along axis 1 of (n, c, ...)."""
    if targets.ndim == 1:
        return np.arange(len(targets)), targets
    first, *rest = np.indices(targets.shape, sparse=True)
    return (first, targets, *rest)


def _split(targets: Any, ignore_index: int) -> tuple[Any, Any]:
    """The targets with class 0 for those ignored, and which these are, None if there are none."""
    ignored = targets == ignore_index
    return (np.where(ignored, 0, targets), ignored) if ignored.any() else (targets, None)


def _column(weight: Any, ndim: int) -> Any:
    """Weights of classes such that they broadcast along axis 1; 1.0 stands for none."""
    return weight.reshape((-1,) + (1,) * (ndim - 2)) if np.ndim(weight) else 1


# -- cross-entropy ----------------------------------------------------------------------------------------


def _log_sum(logits: Any) -> tuple[Any, Any, Any]:
    """The largest logit, the logits less that, and the logarithm of the sum of their exponentials, along axis 1.

    The first and the last added up would lose the last where logits are large.
    """
    top = np.maximum.reduce(logits, axis=1, keepdims=True, initial=-np.inf)  # (n, 1, ...)
    shifted = logits - top
    return top, shifted, np.log(np.add.reduce(np.exp(shifted), axis=1, keepdims=True))


@compiled("loss", FEW)
def cross_entropy(
    logits: Any, targets: Any, weight: Any, *, reduction: str, ignore_index: int, smoothing: float
) -> tuple[Any, Any]:
    """`w_t ((1 - s) l_t + s / c sum_k w_k l_k / w_t)` with `l = -log softmax(logits)` and target t.

    logits: (n, c, ...); targets: (n, ...) class indices; weight: (c,), or 1.0 for none; s: smoothing. The mean is over
    the weights of the targets; what is ignored counts as nothing.
    """
    classes = logits.shape[1]
    targets, ignored = _split(targets, ignore_index)
    check_classes(targets, classes)
    top, shifted, log_sum = _log_sum(logits)
    losses = log_sum[:, 0] - shifted[_places(targets)]
    weighted = np.ndim(weight) > 0
    if weighted:
        losses *= weight[targets]
    if smoothing:
        every = np.add.reduce((log_sum - shifted) * _column(weight, logits.ndim), axis=1)
        losses = (1 - smoothing) * losses + smoothing / classes * every
    divisor: Any = np.add.reduce(weight[targets], axis=None) if weighted else losses.size
    if ignored is not None:
        losses[ignored] = 0
        divisor = np.add.reduce(weight[targets[~ignored]]) if weighted else int(np.count_nonzero(~ignored))
    return reduced(losses, reduction, divisor), (top, log_sum, divisor)


@compiled("loss", FEW, by=1)
def cross_entropy_vjp(
    g: Any, logits: Any, targets: Any, weight: Any, saved: Any, *, reduction: str, ignore_index: int, smoothing: float
) -> tuple[Any, None, None]:
    """`g (softmax(logits) - onehot(target))` at each place, with weights and smoothing; 0 where ignored."""
    top, log_sum, divisor = saved
    targets, ignored = _split(targets, ignore_index)
    grad = logits - top
    grad -= log_sum
    np.exp(grad, out=grad)
    at = _places(targets)
    if np.ndim(weight) or smoothing:
        one = (1 - smoothing) * (weight[targets] if np.ndim(weight) else np.ones(targets.shape, logits.dtype))
        each = smoothing / logits.shape[1] * _column(weight, logits.ndim)
        grad *= np.expand_dims(one, 1) + np.sum(np.broadcast_to(each, (logits.shape[1],) + (1,) * (logits.ndim - 2)))
        grad[at] -= one
        grad -= each
    else:
        grad[at] -= 1
    if reduction == "mean":
        with np.errstate(divide="ignore", invalid="ignore"):
            g = g / divisor
    with np.errstate(invalid="ignore"):
        grad *= np.expand_dims(g, 1) if reduction == "none" else g
    if ignored is not None:
        np.copyto(grad, 0, where=ignored[:, None])
    return grad, None, None


def _log_softmax(logits: Any, targets: Any, top: Any, log_sum: Any) -> Any:
    """`log softmax`, and 0 for a class of score -inf that has no part in the target."""
    logs = logits - top
    logs -= log_sum
    return np.where((logs == -np.inf) & (targets == 0), 0, logs)


def soft_cross_entropy(logits: Any, targets: Any, *, reduction: str) -> tuple[Any, Any]:
    """`-sum_k targets_k log softmax(logits)_k` along axis 1 of (n, c, ...)."""
    top, _, log_sum = _log_sum(logits)
    losses = -np.add.reduce(targets * _log_softmax(logits, targets, top, log_sum), axis=1)
    return reduced(losses, reduction, losses.size), (top, log_sum)


def soft_cross_entropy_vjp(
    g: Any, logits: Any, targets: Any, saved: Any, needs: Any, *, reduction: str
) -> tuple[Any, Any]:
    """`g (sum(targets) softmax(logits) - targets)`; of the targets `-g log softmax(logits)`."""
    top, log_sum = saved
    g = np.expand_dims(g, 1) if reduction == "none" else g
    if reduction == "mean":
        g = g / (log_sum.size or 1)
    of_logits = of_targets = None
    if needs[0]:
        of_logits = np.exp(logits - top - log_sum)
        of_logits *= np.add.reduce(targets, axis=1, keepdims=True)
        of_logits -= targets
        of_logits *= g
    if needs[1]:
        of_targets = (logits - top - log_sum) * -g
    return of_logits, of_targets


# -- its binary form --------------------------------------------------------------------------------------


def given(weight: Any) -> bool:
    """Whether there are weights other than 1."""
    return np.ndim(weight) > 0 or weight != 1


@compiled("loss", SOME)
def bce_with_logits(x: Any, y: Any, weight: Any, pos_weight: Any, *, reduction: str) -> tuple[Any, None]:
    """`w ((1 - y) softplus(x) + p y softplus(-x))`, exact in both tails; weights of 1 stand for none."""
    on = y * pos_weight if given(pos_weight) else y
    losses = (1 - y) * np.maximum(x, 0) + on * np.maximum(-x, 0) + (1 - y + on) * np.log1p(np.exp(-abs(x)))
    if given(weight):
        losses = losses * weight
    return reduced(losses, reduction, np.size(losses)), None


@compiled("loss", SOME, by=1)
def bce_with_logits_vjp(
    g: Any, x: Any, y: Any, weight: Any, pos_weight: Any, needs: Any, *, reduction: str
) -> tuple[Any, Any, None, None]:
    """`g w ((1 - y) sigmoid(x) - p y sigmoid(-x))`; of y `g w (p softplus(-x) - softplus(x))`."""
    if reduction == "mean":
        g = g / (np.size(x) or 1)
    if given(weight):
        g = g * weight
    e = np.exp(-abs(x))
    of_x = of_y = None
    if needs[0]:
        on = y * pos_weight if given(pos_weight) else y
        of_x = g * (((1 - y) * np.where(x >= 0, 1, e) - on * np.where(x >= 0, e, 1)) / (1 + e))
    if needs[1]:
        below, above = np.maximum(-x, 0) + np.log1p(e), np.maximum(x, 0) + np.log1p(e)
        of_y = g * ((below * pos_weight if given(pos_weight) else below) - above)
    return of_x, of_y, None, None


def binary_cross_entropy(x: Any, y: Any) -> Any:
    """`-y log(x) - (1 - y) log(1 - x)` of probabilities x, with logarithms no less than -100."""
    inside = (x >= 0) & (x <= 1)
    if not inside.all():
        at = tuple(map(int, np.argwhere(~np.atleast_1d(inside))[0]))
        raise ValueError(f"probabilities lie in 0 .. 1, got {np.atleast_1d(x)[at]} at {at}; pass logits to a sigmoid")
    with np.errstate(divide="ignore"):
        return (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)


# -- connectionist temporal classification -------------------------------------------------------------------


def _states(targets: Any, target_lengths: Any, blank: int) -> tuple[Any, Any]:
    """The class of each state, blank label blank label ... blank, and which of them the last but one may step to."""
    n, longest = targets.shape
    classes = np.full((n, 2 * longest + 1), blank)
    classes[:, 1::2] = np.where(np.arange(longest) < target_lengths[:, None], targets, blank)
    skips = np.zeros(classes.shape, bool)
    skips[:, 2:] = (classes[:, 2:] != blank) & (classes[:, 2:] != classes[:, :-2])
    return classes, skips


def _later(x: Any, by: int) -> Any:
    """The states' values so many states later, with -inf coming in."""
    out = np.full_like(x, -np.inf)
    out[:, by:] = x[:, :-by]
    return out


def ctc(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, *, blank: int, zero_infinity: bool
) -> tuple[Any, Any]:
    """`-log` of the sum over all alignments of a target with the frames; also the forward variables.

    log_probs: (T, n, c); targets: (n, S). `alpha_t(s) = log p_t(s) + log(e^alpha_(t-1)(s) + e^alpha_(t-1)(s-1)
    + e^alpha_(t-1)(s-2))`, the last only between different labels, from `alpha_0 = (0, -inf, ...)`.
    """
    classes, skips = _states(targets, target_lengths, blank)
    n, states = classes.shape
    rows = np.arange(n)
    emitted = log_probs[:, rows[:, None], classes]  # (T, n, states)
    alpha = np.full((len(log_probs) + 1, n, states), -np.inf, log_probs.dtype)
    alpha[0, :, 0] = 0
    for t, frame in enumerate(emitted):
        before = alpha[t]
        two = np.where(skips, _later(before, 2), -np.inf)
        alpha[t + 1] = np.logaddexp(np.logaddexp(before, _later(before, 1)), two) + frame
    last = alpha[input_lengths, rows]
    ends = np.where(target_lengths > 0, last[rows, np.maximum(2 * target_lengths - 1, 0)], -np.inf)
    losses = -np.logaddexp(last[rows, 2 * target_lengths], ends.astype(last.dtype))
    saved = (alpha, losses)
    return (np.where(losses == np.inf, 0, losses) if zero_infinity else losses), saved


def ctc_vjp(
    g: Any, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, saved: Any,
    *, blank: int, zero_infinity: bool,
) -> tuple[Any, None, None, None]:  # fmt: skip
    """Minus the probability that frame t is aligned with class c, given the target."""
    alpha, losses = saved
    classes, skips = _states(targets, target_lengths, blank)
    n, states = classes.shape
    rows = np.arange(n)
    possible = losses < np.inf
    number = np.arange(states)
    ends = (number == 2 * target_lengths[:, None]) | (number == 2 * target_lengths[:, None] - 1)
    final = np.where(ends, 0, -np.inf).astype(log_probs.dtype)
    beta = np.full_like(final, -np.inf)
    grad = np.zeros_like(log_probs)
    for t in range(len(log_probs) - 1, -1, -1):
        beta = np.where((input_lengths == t + 1)[:, None], final, beta)
        share = np.exp(np.where(possible, losses, 0)[:, None] + alpha[t + 1] + beta) * -g[:, None]
        np.add.at(grad[t], (rows[:, None], classes), share)
        here = beta + log_probs[t, rows[:, None], classes]
        back = here[:, ::-1]
        two = _later(np.where(skips, here, -np.inf)[:, ::-1], 2)
        beta = np.logaddexp(np.logaddexp(back, _later(back, 1)), two)[:, ::-1]
    read = np.arange(len(log_probs))[:, None] < input_lengths
    grad[read & ~possible] = 0 if zero_infinity else np.nan
    return grad, None, None, None
