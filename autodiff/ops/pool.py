"""Pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import pool as kernels
from ..kernels.conv import output_size
from ..op import define
from .index import ARRAY, gather

Pair = tuple[int, int]


places = define(
    "max_pool2d_places", lambda x, **geometry: kernels.max_pool2d(x, **geometry)[1], kind="reduce",
    doc="Which element of its window, counted row by row, is the largest; of equals the first.",
)  # fmt: skip


def _composed(x: Any, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Any:
    """Max pooling as a gather: find where each window's largest element is, then read it there."""
    which = places(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    n, c, h, w = x.shape
    oh, ow = (output_size((h, w)[i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2))
    rows = np.arange(oh)[:, None] * stride[0] - padding[0] + which // kernel[1] * dilation[0]
    columns = np.arange(ow) * stride[1] - padding[1] + which % kernel[1] * dilation[1]
    images, channels = np.arange(n)[:, None, None, None], np.arange(c)[:, None, None]
    return gather(x, images, channels, rows, columns, index=(ARRAY,) * 4)


max_pool2d = define(
    "max_pool2d", kernels.max_pool2d, kind="reduce", vjp=kernels.max_pool2d_vjp, composed=_composed,
    doc="Largest element of each window of (n, c, h, w); of equals the first takes the gradient.",
)  # fmt: skip
