"""Losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.functional import cross_entropy
from autodiff.tensor import Tensor

from .arguments import as_array, reduce

__all__ = ["cross_entropy", "l1_loss", "mse_loss", "nll_loss"]


def mse_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Squared error `(x - target)^2`: its mean, its sum, or one per element ("none").

    Raises ValueError unless the shapes are equal: (n, 1) and (n,) would broadcast to n x n errors.

    >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    difference = _difference(x, target, "mse_loss")
    return reduce(anp.square(difference), reduction)


def l1_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute error `|x - target|`: its mean, its sum, or one per element ("none").

    Raises ValueError unless the shapes are equal.

    >>> float(l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    return reduce(anp.abs(_difference(x, target, "l1_loss")), reduction)


def nll_loss(log_probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """Negative log-likelihood `-log_probabilities[i, targets[i]]` of rows (n, classes).

    Raises ValueError for other shapes, TypeError for targets that are no integers.

    >>> float(nll_loss(np.log([[0.5, 0.5]]), np.array([1])))
    0.693147180559...
    """
    x, targets = as_array(log_probabilities), as_array(targets)
    targets = targets.value if type(targets) is Tensor else targets
    if targets.dtype.kind not in "iu":
        raise TypeError(f"targets are class indices, integers; got {describe(targets)}")
    if x.ndim != 2 or targets.shape != x.shape[:1]:
        raise ValueError(
            f"nll_loss takes log-probabilities (n, classes) and targets (n,); got {describe(x)} and {describe(targets)}"
        )
    if targets.size and not 0 <= targets.min() <= targets.max() < x.shape[1]:
        raise IndexError(f"targets lie in 0 .. {x.shape[1] - 1}, got {targets.min()} .. {targets.max()}")
    return reduce(-F.getitem(x, (np.arange(len(targets)), targets)), reduction)


def _difference(x: Any, target: Any, name: str) -> Any:
    """`x - target` in the dtype of x, for equal shapes only."""
    x, target = as_array(x), as_array(target)
    if x.shape != target.shape:
        raise ValueError(
            f"{name} takes predictions and targets of one shape, "
            f"got {describe(x)} and {describe(target)}. "
            "Broadcasting would compare every prediction with every target. "
            f"Write target.reshape({x.shape}) or squeeze the predictions."
        )
    if x.dtype.kind not in "f" or target.dtype.kind not in "fiub":
        raise TypeError(f"{name} takes real predictions and targets, got {describe(x)} and {describe(target)}")
    return x - anp.astype(target, x.dtype)
