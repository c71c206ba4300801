"""Pooling: the largest element of windows, and their sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import pool as kernels
from ..kernels.conv import Sizes, Widths
from ..op import Function, define
from .index import ARRAY, gather

tap_of_max = define(
    "max_pool_places", lambda x, **geometry: kernels.max_pool(x, **geometry)[1], kind="reduce",
    doc="Which element of its window, counted row by row, is the largest; of equals the first.",
)  # fmt: skip


def max_pool_places(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> Any:
    """Where in its image, counted row by row, the largest element of each window is: (n, c, *places)."""
    rest: Any = tap_of_max(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation).astype(np.intp)
    d = len(kernel)
    flat, row = 0, 1
    for i in range(d)[::-1]:
        starts = np.arange(rest.shape[2 + i]) * stride[i] - padding[i][0]
        flat = flat + row * (starts.reshape((-1,) + (1,) * (d - 1 - i)) + rest % kernel[i] * dilation[i])
        rest, row = rest // kernel[i], row * x.shape[2 + i]
    return flat


def at_places(x: Any, places: Any) -> Any:
    """The elements of images (n, c, *size) at places (n, c, ...) that are counted row by row in each."""
    n, c = x.shape[:2]
    ones = (1,) * (places.ndim - 2)
    images, channels = np.arange(n).reshape((n, 1, *ones)), np.arange(c).reshape((c, *ones))
    return gather(x.reshape((n, c, int(np.prod(x.shape[2:])))), images, channels, places, index=(ARRAY,) * 3)


def _composed(x: Any, *, kernel: Sizes, stride: Sizes, padding: Widths, dilation: Sizes) -> Any:
    """Max pooling as a gather: find where each window's largest element is, then read it there."""
    return at_places(x, max_pool_places(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation))


max_pool = define(
    "max_pool", kernels.max_pool, kind="reduce", vjp=kernels.max_pool_vjp, composed=_composed,
    doc="Largest element of each window of (n, c, *size); of equals the first takes the gradient.",
)  # fmt: skip

max_places = define(
    "max_places", kernels.max_places, inputs="x *tables", kind="reduce",
    doc="Where the largest element of each window is; tables say which elements a window sees along each axis.",
)  # fmt: skip

pool_sum: Function = define(
    "pool_sum", kernels.pool_sum,
    lambda g, x_shape, *, kernel, stride, padding: pool_spread(
        g, size=x_shape[2:], kernel=kernel, stride=stride, padding=padding
    ),
    kind="contract", linear=True, doc="Sum of each window of (n, c, *size), with zeros around the image.",
)  # fmt: skip

pool_spread: Function = define(
    "pool_spread", kernels.pool_spread,
    lambda g, *, size, kernel, stride, padding: pool_sum(g, kernel=kernel, stride=stride, padding=padding),
    kind="contract", linear=True, doc="Adjoint of `pool_sum`: each number added to all elements of its window.",
)  # fmt: skip
