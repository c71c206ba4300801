"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff import functional as F
from autodiff import numpy as anp

__all__ = ["max_pool2d"]


def max_pool2d(
    x: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Largest element of each window as `autodiff.max_pool2d`, also of one image (c, h, w).

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)[0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    if len(x.shape) == 3:
        return anp.squeeze(F.max_pool2d(anp.expand_dims(x, 0), kernel_size, stride, padding, dilation), 0)
    return F.max_pool2d(x, kernel_size, stride, padding, dilation)
