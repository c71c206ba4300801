"""Matrix products. Vectors are promoted to matrices in `functional.py`; here every array has two axes or more."""

from __future__ import annotations

import math
from typing import Any

from ..kernels import linalg as kernels
from ..op import Function, define


def rows(x: Any) -> Any:
    """All batch axes folded into one: (..., k) to (m, k)."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_y(g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    """`x^T g`; of a matrix that served a whole batch, in one product over all of it."""
    if len(y_shape) == 2:
        return matmul(rows(x).mT, rows(g))
    return matmul(x.mT, g)


matmul: Function = define(
    "matmul", kernels.matmul, lambda g, y: matmul(g, y.mT), _matmul_y, inputs="x y", kind="contract",
    linear="x y", symbol="@", doc="Matrix product over the last two axes, with broadcasting batch axes.",
)  # fmt: skip

affine = define(
    "affine", kernels.affine, lambda g, w: matmul(g, w), lambda g, x: matmul(rows(g).mT, rows(x)), lambda g: g,
    inputs="x w b", kind="contract",
    doc="A dense layer, `x w^T + b`, with x: (..., k), w: (n, k), b: (n,).",
)  # fmt: skip
