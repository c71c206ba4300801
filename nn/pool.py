"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.functional import pair

from . import functional as F
from .module import Module

__all__ = ["MaxPool2d"]


class MaxPool2d(Module):
    """Largest element of each window of an image (n, c, h, w) or (c, h, w).

    Args:
        kernel_size: the window's size, an int or one per axis.
        stride: from window to window; the window's size unless given.
        padding: lowest values around the image, at most half the window.
        dilation: distance of a window's elements.

    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((1, 3, 8, 8))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
    ) -> None:
        pair(kernel_size, "kernel_size", 1)
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride

    def forward(self, x: Any) -> Any:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}"
