"""Losses of numbers: errors of regression, and likelihoods. `classification.py` and `margin.py` have the others.

Every `reduction` is "mean", "sum" or "none". The mean over nothing is an error.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.batched import numbers
from autodiff.errors import describe
from autodiff.ops.loss import squared_error
from autodiff.special import xlogy

from .arguments import alike, in_places, no_old_names, real, reduced

__all__ = ["gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """Squared error `(x - target)^2`. With weights, one for each element, the mean is over their sum.

    Raises ValueError unless the shapes are equal: (n, 1) and (n,) would broadcast to n x n errors.

    >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    no_old_names(size_average, reduce)
    x, target = alike("mse_loss", input, target)
    if weight is None and reduction in ("mean", "sum") and x.size and x.dtype.char in "fd":
        return squared_error(x, target, reduction=reduction)
    return _weighted("mse_loss", anp.square(x - target), weight, reduction)


def l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """Absolute error `|x - target|`. With weights, one for each element, the mean is over their sum.

    Raises ValueError unless the shapes are equal.

    >>> float(l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    no_old_names(size_average, reduce)
    x, target = alike("l1_loss", input, target)
    return _weighted("l1_loss", anp.abs(x - target), weight, reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """With the error `d = x - target`: `d^2 / 2` where `|d| <= delta`, and `delta (|d| - delta / 2)` beyond.

    With weights, one for each element, the mean is over the number of elements, as in PyTorch.

    Raises ValueError unless the shapes are equal and delta is positive.

    >>> huber_loss(np.array([0.5, 3.0]), np.zeros(2), "none")
    array([0.125, 2.5  ])
    """
    if not delta > 0:
        raise ValueError(f"huber_loss takes a positive delta, got {delta!r}")
    x, target = alike("huber_loss", input, target)
    losses = _huber(x - target, delta)
    if weight is not None:
        losses = losses * alike("the weight of huber_loss", losses, weight)[1]
    return reduced(losses, reduction)


def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """With the error `d = x - target`: `d^2 / (2 beta)` where `|d| < beta`, and `|d| - beta / 2` beyond.

    Raises ValueError unless the shapes are equal, and for a negative beta.

    >>> smooth_l1_loss(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
    array([0.125, 2.5  ])
    """
    no_old_names(size_average, reduce)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss takes a beta of at least 0, got {beta!r}")
    x, target = alike("smooth_l1_loss", input, target)
    return reduced(anp.abs(x - target) if beta == 0 else _huber(x - target, beta) / beta, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """`(log(max(var, eps)) + (x - target)^2 / max(var, eps)) / 2`, and `log(2 pi) / 2` more with `full`.

    The negative log-likelihood of a target under a normal distribution of mean x and variance var, as a network
    predicts them (Nix and Weigend, 1994). A variance below eps has the gradient of eps, so that it can grow again.

    Args:
        input, target: of one shape; axes of the target may have length 1.
        var: of that shape, with one axis of length 1 or without the last axis, or a number.

    Raises ValueError for other shapes, and for a negative variance.

    >>> float(gaussian_nll_loss(np.array([1.0]), np.array([3.0]), np.array([1.0])))
    2.0
    """
    x, target, var = real("gaussian_nll_loss", input, target, var)
    if var.ndim == x.ndim - 1 and var.shape == x.shape[:-1]:
        var = var.reshape((*var.shape, 1))
    for name, y in (("target", target), ("var", var)):
        if y.shape != x.shape and y.ndim and not _stretches(y.shape, x.shape):
            raise ValueError(f"gaussian_nll_loss: {name} {describe(y)} does not go with input {describe(x)}")
    if np.any(numbers(var) < 0):
        raise ValueError(f"a variance is not negative, got {in_places(numbers(var) < 0, numbers(var))}")
    held = var.detach() if hasattr(var, "detach") else var
    var = anp.where(held < eps, var - held + eps, var)
    losses = 0.5 * (anp.log(var) + anp.square(x - target) / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, size_average: Any = None,
    eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """`exp(x) - target x`, or `x - target log(x + eps)` without `log_input`: counts with expectation exp(x), or x.

    With `full`, Stirling's approximation of `log(target!)` is added where the target is above 1:
    `target log(target) - target + log(2 pi target) / 2`.

    Raises ValueError unless the shapes are equal.

    >>> float(poisson_nll_loss(np.array([0.0]), np.array([2.0])))
    1.0
    """
    no_old_names(size_average, reduce)
    x, target = alike("poisson_nll_loss", input, target)
    losses = anp.exp(x) - target * x if log_input else x - target * anp.log(x + eps)
    if full:
        many = anp.where(target > 1, target, 1)
        stirling = many * anp.log(many) - many + 0.5 * anp.log(2 * math.pi * many)
        losses = losses + anp.where(target > 1, stirling, 0)
    return reduced(losses, reduction)


def kl_div(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
    log_target: bool = False,
) -> Any:  # fmt: skip
    """`target (log(target) - x)`: the divergence of probabilities from those whose logarithms x are.

    Args:
        input: logarithms of probabilities, of any shape.
        target: probabilities of that shape, with `log_target` their logarithms: `exp(target) (target - x)`.
        reduction: "batchmean" too, the sum over the length of the first axis: the divergence of distributions, averaged
            ("mean" divides by the number of elements).

    Raises ValueError unless the shapes are equal.

    >>> float(kl_div(np.log([[0.25, 0.75]]), np.array([[0.25, 0.75]]), reduction="batchmean"))
    0.0
    """
    no_old_names(size_average, reduce)
    x, target = alike("kl_div", input, target)
    if log_target:
        losses = anp.exp(target) * (target - x)
    else:
        x = anp.where((target == 0) & (x == -np.inf), 0, x)  # impossible in both: nothing
        losses = xlogy(target, target) - target * x
    if reduction != "batchmean":
        return reduced(losses, reduction)
    if not losses.ndim or not losses.shape[0]:
        raise ValueError(f'reduction "batchmean" is over the first axis, got {describe(losses)}')
    return anp.sum(losses) / losses.shape[0]


def _weighted(name: str, losses: Any, weight: Any, reduction: str) -> Any:
    if weight is None:
        return reduced(losses, reduction)
    weight = alike(f"the weight of {name}", losses, weight)[1]
    if reduction == "mean" and losses.size:
        return anp.sum(losses * weight) / anp.sum(weight)
    return reduced(losses * weight, reduction)


def _huber(d: Any, delta: float) -> Any:
    """`c (d - c / 2)` with d cut off at delta, which overflows nowhere."""
    near = anp.clip(d, -delta, delta)
    return near * (d - 0.5 * near)


def _stretches(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    return len(shape) == len(wide) and all(n in (1, m) for n, m in zip(shape, wide, strict=True))
