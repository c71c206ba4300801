"""Matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def dense(x: Any) -> Any:
    """Return the array itself, or a contiguous copy of a broadcast view, which BLAS cannot read."""
    return np.ascontiguousarray(x) if 0 in x.strides else x


def matmul(x: Any, y: Any) -> Any:
    """Matrix product of the last two axes; a matrix on the right of a batch is one large product.

    x: (..., m, k); y: (k, n) or (..., k, n); result: (..., m, n).
    """
    x, y = dense(x), dense(y)
    if y.ndim == 2 and x.ndim > 2 and x.shape[-1] == y.shape[0]:
        return (x.reshape(math.prod(x.shape[:-1]), x.shape[-1]) @ y).reshape(*x.shape[:-1], y.shape[1])
    return x @ y


def affine(x: Any, w: Any, b: Any) -> Any:
    """`x w^T + b` with x: (..., k), w: (n, k), b: (n,); result: (..., n)."""
    out = matmul(x, w.T)
    if np.result_type(out, b) != out.dtype:
        return out + b
    out += b
    return out
