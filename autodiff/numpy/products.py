"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

from ..errors import describe
from ..ops import arithmetic, linalg
from .arguments import array_of, deliver

__all__ = ["dot", "matmul"]


def matmul(x1: Any, x2: Any, /) -> Any:
    """Matrix product `x1 @ x2`: vectors are a row on the left and a column on the right, other axes a batch.

    >>> matmul(np.ones((2, 3)), np.ones(3))
    array([3., 3.])

    Raises ValueError if the inner lengths differ or an operand is a scalar.
    """
    x, y = array_of(x1), array_of(x2)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"matmul needs one axis at least, got {describe(x)} and {describe(y)}; use * for scalars")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"matmul: {describe(x)} has {x.shape[-1]} columns and {describe(y)} has {inner} rows; they must be equal"
        )
    if x.ndim > 1 and y.ndim > 1:
        return linalg.matmul(x, y)
    row, column = x.ndim == 1, y.ndim == 1
    if row:
        x = x.reshape((1, x.shape[0]))
    if column:
        y = y.reshape((y.shape[0], 1))
    out = linalg.matmul(x, y)
    shape = out.shape[:-2] + (() if row else out.shape[-2:-1]) + (() if column else out.shape[-1:])
    return out.reshape(shape)


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Product of two vectors, or of matrices, or by a scalar.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    x, y = array_of(a), array_of(b)
    if x.ndim == 0 or y.ndim == 0:
        return deliver("dot", arithmetic.mul(x, y), out)
    if y.ndim > 2:
        raise ValueError(f"dot of {describe(x)} and {describe(y)}: use matmul for batches of matrices")
    return deliver("dot", matmul(x, y), out)
