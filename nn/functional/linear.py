"""Dense layers, and reshaping between layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.functional import linear
from autodiff.numpy.arguments import one_axis
from autodiff.tensor import Tensor

__all__ = ["flatten", "linear"]


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Join the axes from `start_dim` to `end_dim`, both included, into one.

    >>> flatten(np.zeros((2, 3, 4)), 1).shape
    (2, 12)

    Raises ValueError if `end_dim` comes before `start_dim`, IndexError for an axis out of range.
    """
    x = x if type(x) is Tensor else np.asarray(x)
    if x.ndim == 0:
        return anp.reshape(x, (1,))
    start, end = one_axis(start_dim, x.ndim), one_axis(end_dim, x.ndim)
    if end < start:
        raise ValueError(f"flatten from axis {start} to {end} of {describe(x)}: there is nothing between")
    joined = int(np.prod(x.shape[start : end + 1], dtype=np.intp))
    return anp.reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))
