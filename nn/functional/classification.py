"""Losses of classes: cross-entropy in its forms, and connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.batched import numbers
from autodiff.errors import describe
from autodiff.kernels.loss import check_classes
from autodiff.numpy.arguments import array_of, plain
from autodiff.ops import loss as ops

from .arguments import alike, as_array, constant_weight, in_places, no_old_names, real, reduced

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "ctc_loss", "linear_cross_entropy",
    "nll_loss",
]  # fmt: skip


def cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """`-w_t log softmax(x)[t]` of logits x and target class t, or `-sum_k w_k t_k log softmax(x)_k` with probabilities.

    Args:
        input: (n, c), (n, c, d1, ...) or (c,) logits.
        target: class indices, integers of the shape without c; or probabilities of the shape of the input.
        weight: (c,), a constant for each class. The mean of class indices is over the weights of the targets.
        ignore_index: the class index that counts as nothing. Where all are ignored, the mean is NaN and its gradient 0.
        label_smoothing: s in [0, 1]; the target is mixed with a uniform one, `(1 - s) t + s / c`.

    Raises ValueError for other shapes, TypeError for targets that are neither, IndexError for a class out of range.

    >>> float(cross_entropy(np.zeros((4, 2)), np.array([0, 1, 0, 1])))  # log 2
    0.693147180559...
    """
    no_old_names(size_average, reduce)
    return F.cross_entropy(
        input, target, reduction, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing
    )


def linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, linear_bias: Any = None, weight: Any = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
) -> Any:  # fmt: skip
    """`cross_entropy` of the logits that a dense layer makes of x, `linear_weight x + linear_bias`.

    Args:
        input: x, (n, k) or (k,).
        linear_weight: (c, k), or (c, d1, ..., k) for the losses of d1, ... places each.
        target: class indices (n, d1, ...) or (); or probabilities (n, c, d1, ...) or (c,).
        linear_bias: (c, d1, ...) or None.
        weight, reduction, ignore_index, label_smoothing: as for `cross_entropy`; None ignores the class index -100.
        options: PyTorch's way of working through the batch in pieces; TypeError for any but None.

    Raises ValueError for other shapes, and what `cross_entropy` raises.

    >>> float(linear_cross_entropy(np.ones((1, 3)), np.ones((2, 3)), np.array([1])))  # log 2
    0.693147180559...
    """
    if options is not None:
        raise TypeError(f"linear_cross_entropy works through the whole batch at once: leave options= out, {options!r}")
    x, linear_weight, target = as_array(input), as_array(linear_weight), as_array(target)
    if ignore_index is not None and target.dtype.kind == "f":
        raise ValueError(f"ignore_index={ignore_index} is a class index, and the targets are probabilities")
    if linear_weight.ndim < 2 or x.ndim not in (1, 2) or (x.ndim == 1 and linear_weight.ndim > 2):
        raise ValueError(
            "linear_cross_entropy takes x (n, k) and linear_weight (c, ..., k), or x (k,) and linear_weight (c, k); "
            f"got {describe(x)} and {describe(linear_weight)}"
        )
    *places, features = linear_weight.shape
    if linear_bias is not None:
        linear_bias = as_array(linear_bias)
        if linear_bias.shape != tuple(places):
            raise ValueError(f"linear_bias needs shape {tuple(places)}, one per logit; got {describe(linear_bias)}")
        linear_bias = linear_bias.reshape((-1,))
    logits = F.linear(x, linear_weight.reshape((-1, features)), linear_bias).reshape((*x.shape[:-1], *places))
    return cross_entropy(
        logits, target, weight, ignore_index=-100 if ignore_index is None else ignore_index, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def nll_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Negative log-likelihood `-w_t x[t]` of log-probabilities x and target class t.

    Args:
        input: (n, c), (n, c, d1, ...) or (c,).
        target: class indices, integers of the shape without c.
        weight, ignore_index: as for `cross_entropy`.

    Raises ValueError for other shapes, TypeError for targets that are no integers, IndexError for a class out of range.

    >>> float(nll_loss(np.log([[0.5, 0.5]]), np.array([1])))
    0.693147180559...
    """
    no_old_names(size_average, reduce)
    (x,), target = real("nll_loss", input), as_array(target)
    if target.dtype.kind not in "iu":
        raise TypeError(f"targets are class indices, integers; got {describe(target)}")
    shape = (*x.shape[:1], *x.shape[2:]) if x.ndim > 1 else ()
    if not x.ndim or target.shape != shape:
        raise ValueError(
            f"nll_loss takes log-probabilities (n, c, ...) and targets (n, ...); got {describe(x)} and "
            f"{describe(target)}: the targets need shape {shape}"
        )
    axis = min(x.ndim - 1, 1)
    values = np.asarray(numbers(target))
    check_classes(np.where(values == ignore_index, 0, values), x.shape[axis])
    ignored = target == ignore_index
    target = anp.where(ignored, 0, target)
    counted = anp.where(ignored, 0, anp.ones(target.shape, x.dtype))
    if weight is not None:
        weight = constant_weight("nll_loss", weight, anp.ones(x.shape[axis], x.dtype))
        if weight.ndim != 1:
            raise ValueError(f"weight is one number for each of {x.shape[axis]} classes, got {describe(weight)}")
        counted = counted * weight[target]
    picked = anp.take_along_axis(x, anp.expand_dims(target, axis), axis)
    losses = anp.where(ignored, 0, -counted * anp.squeeze(picked, axis))
    if reduction != "mean" or not losses.size:
        return reduced(losses, reduction)
    divisor = anp.sum(counted)
    return anp.sum(losses) / anp.where(divisor == 0, np.nan, divisor).astype(x.dtype)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """`-w (y log(x) + (1 - y) log(1 - x))` of probabilities x and targets y of the same shape, in 0 .. 1.

    Logarithms are taken as no less than -100. The gradient divides by x and 1 - x, or by 1e-12 where they are less;
    where x equals a target of 0 or 1 it is the limit, 1 or -1. For logits `binary_cross_entropy_with_logits` is exact.

    Raises ValueError for a probability outside 0 .. 1 (also NaN), for unequal shapes, and for a weight that does not
    broadcast to them.

    >>> float(binary_cross_entropy(np.array([0.5]), np.array([1.0])))  # log 2
    0.693147180559...
    """
    no_old_names(size_average, reduce)
    x, y = alike("binary_cross_entropy", input, target)
    losses = ops.binary_cross_entropy(x, y)
    if weight is not None:
        losses = losses * constant_weight("binary_cross_entropy", weight, x)
    return reduced(losses, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", pos_weight: Any = None,
) -> Any:  # fmt: skip
    """`w ((1 - y) softplus(x) + p y softplus(-x))`: the binary cross-entropy of `sigmoid(x)`, exact for every x.

    Args:
        input, target: logits x and targets y in 0 .. 1, of one shape.
        weight: w, a constant that broadcasts to them.
        pos_weight: p, likewise: how much positive targets count.

    Raises ValueError for unequal shapes, and for weights that do not broadcast to them.

    >>> float(binary_cross_entropy_with_logits(np.array([0.0]), np.array([1.0])))  # log 2
    0.693147180559...
    """
    no_old_names(size_average, reduce)
    name = "binary_cross_entropy_with_logits"
    x, y = alike(name, input, target)
    if reduction not in ("sum", "none") and (reduction != "mean" or not x.size):
        reduced(x, reduction)  # raises
    one = x.dtype.type(1)
    weight = one if weight is None else constant_weight(name, weight, x)
    pos_weight = one if pos_weight is None else constant_weight(name, pos_weight, x, "pos_weight")
    return ops.bce_with_logits(x, y, weight, pos_weight, reduction=reduction)


def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """`-log` of the probability that a sequence of frames spells a target: the sum over all ways to align the two.

    In an alignment each frame carries a label of the target, in order, or the blank; equal labels that follow one
    another have a blank between them (connectionist temporal classification; Graves and others, 2006).

    Args:
        log_probs: (T, n, c), for each frame the log-probabilities of the classes; or (T, c).
        targets: (n, S) class indices, padded with anything; or all targets one after another, (sum of lengths,).
        input_lengths: (n,), how many of the T frames are there; or a number.
        target_lengths: (n,), the lengths of the targets; or a number.
        blank: the class that stands for no label.
        reduction: "mean" divides each loss by the length of its target (at least 1) before it averages.
        zero_infinity: count targets that are too long for their frames as 0, with gradient 0. Otherwise their loss is
            infinite, and its gradient NaN.

    The gradient is by the log-probabilities themselves, each for its own; PyTorch's is what it becomes below
    `log_softmax`, where the two agree.

    Raises ValueError for shapes and lengths that do not go together, and for a blank among the labels; TypeError for
    targets or lengths that are no integers; IndexError for a class out of range.

    >>> float(ctc_loss(np.log([[0.5, 0.5]]), np.array([1]), 1, 1))  # log 2
    0.693147180559...
    """
    (x,) = real("ctc_loss", log_probs)
    labels, frames, lengths = (array_of(a) for a in (targets, input_lengths, target_lengths))
    for name, a in (("targets", labels), ("input_lengths", frames), ("target_lengths", lengths)):
        if a.dtype.kind not in "iu":
            raise TypeError(f"ctc_loss: {name} are integers, got {describe(a)}")
    if x.ndim not in (2, 3) or labels.ndim not in (1, 2):
        raise ValueError(
            f"ctc_loss takes log_probs (T, n, c) or (T, c) and targets (n, S), (sum of lengths,) or (S,); "
            f"got {describe(x)} and {describe(labels)}"
        )
    single = x.ndim == 2
    if single:
        x, frames, lengths = x[:, None], frames.reshape((-1,)), lengths.reshape((-1,))
        labels = labels.reshape((1, -1)) if labels.ndim == 1 else labels
    time, n, classes = x.shape
    for name, a in (("input_lengths", frames), ("target_lengths", lengths)):
        if a.shape != (n,):
            raise ValueError(f"ctc_loss: {name} needs one length for each of {n} sequences, got {describe(a)}")
    if not 0 <= blank < classes:
        raise ValueError(f"ctc_loss: blank is a class, 0 .. {classes - 1}; got {blank!r}")
    if labels.ndim == 1:
        labels = _padded(labels, plain(lengths))
    _check_lengths("input_lengths", numbers(frames), time, "frames of log_probs")
    _check_lengths("target_lengths", numbers(lengths), labels.shape[1], "places of targets")
    if labels.shape[0] != n:
        raise ValueError(f"ctc_loss: targets {describe(labels)} are not one row for each of {n} sequences")
    values = np.asarray(numbers(labels))
    there = np.arange(values.shape[-1]) < np.asarray(numbers(lengths))[..., None]
    check_classes(np.where(there, values, 0), classes)
    if np.any(there & (values == blank)):
        raise ValueError(f"ctc_loss: a target holds the blank, {in_places(there & (values == blank), values)}")
    losses = ops.ctc(x, labels, frames, lengths, blank=int(blank), zero_infinity=bool(zero_infinity))
    if reduction == "mean":
        losses = losses / anp.maximum(lengths, 1).astype(x.dtype)
    return losses[0] if single and reduction == "none" else reduced(losses, reduction)


def _padded(labels: Any, lengths: Any) -> Any:
    """Targets that stand one after another, as rows."""
    if labels.size != lengths.sum():
        raise ValueError(
            f"ctc_loss: targets {describe(labels)} stand one after another, and target_lengths add up to "
            f"{lengths.sum()}"
        )
    there = np.arange(lengths.max(initial=0)) < lengths[:, None]
    out = np.zeros(there.shape, labels.dtype)
    out[there] = plain(labels)
    return out


def _check_lengths(name: str, lengths: Any, most: int, of: str) -> None:
    bad = (lengths < 0) | (lengths > most)
    if bad.any():
        raise ValueError(f"ctc_loss: {name} lie in 0 .. {most}, the {of}; got {in_places(bad, lengths)}")
