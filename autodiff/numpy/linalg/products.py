"""Products, powers and traces."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ...errors import describe
from ...ops import elementwise
from ...ops import linalg as ops
from .. import products, shaping
from ..arguments import array_of, deliver, one_axis
from .arguments import square_matrices

__all__ = [
    "matmul", "tensordot", "vecdot", "outer", "cross", "multi_dot", "matrix_power", "matrix_transpose", "diagonal",
    "trace",
]  # fmt: skip


def matmul(x1: Any, x2: Any, /) -> Any:
    """Matrix product `x1 @ x2`, as `np.matmul`."""
    return products.matmul(x1, x2)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum of products over several axes, as `np.tensordot`."""
    return products.tensordot(x1, x2, axes)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Inner products `sum conj(x1) x2` of vectors along an axis."""
    return products.vecdot(x1, x2, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    """All products of an element of one vector and one of the other."""
    x, y = array_of(x1), array_of(x2)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"linalg.outer takes two vectors, got {describe(x)} and {describe(y)}; np.outer takes any")
    return products.outer(x, y)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Vector product of vectors of 3 elements."""
    x, y = array_of(x1), array_of(x2)
    if x.shape[one_axis(axis, x.ndim)] != 3 or y.shape[one_axis(axis, y.ndim)] != 3:
        raise ValueError(f"linalg.cross takes vectors of 3 elements, got {describe(x)} and {describe(y)}")
    return products.cross(x, y, axis=axis)


def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> Any:
    """Product of several matrices in the order that costs least; the first and the last may be vectors.

    >>> multi_dot([np.ones((2, 3)), np.ones((3, 4)), np.ones(4)])
    array([12., 12.])
    """
    parts = [array_of(a) for a in arrays]
    if len(parts) < 2:
        raise ValueError(f"multi_dot needs two arrays at least, got {len(parts)}")
    for i, x in enumerate(parts):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(parts) - 1)):
            raise LinAlgError(f"multi_dot takes matrices, and vectors at the ends; array {i} is {describe(x)}")
    rows = [1 if x.ndim == 1 and i == 0 else x.shape[0] for i, x in enumerate(parts)]
    lengths = (*rows, 1 if parts[-1].ndim == 1 else parts[-1].shape[1])

    def product(i: int, j: int) -> Any:
        if i == j:
            return parts[i]
        k = _split_at(lengths, i, j)[1]
        return products.matmul(product(i, k), product(k + 1, j))

    return deliver("linalg.multi_dot", product(0, len(parts) - 1), out)


@functools.lru_cache(maxsize=4096)
def _split_at(lengths: tuple[int, ...], i: int, j: int) -> tuple[int, int]:
    """What the product of matrices i to j costs, and after which of them to split it."""
    if i == j:
        return 0, i
    return min(
        (
            _split_at(lengths, i, k)[0]
            + _split_at(lengths, k + 1, j)[0]
            + lengths[i] * lengths[k + 1] * lengths[j + 1],
            k,
        )
        for k in range(i, j)
    )


def matrix_power(a: Any, n: int) -> Any:
    """Power of a square matrix; of its inverse for a negative n.

    >>> matrix_power(np.array([[2.0, 0.0], [0.0, 3.0]]), -1)
    array([[0.5       , 0.        ],
           [0.        , 0.33333333]])
    """
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"matrix_power needs an integer exponent, got {n!r}") from None
    x = square_matrices(a) if n < 0 else array_of(a)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise LinAlgError(f"a square matrix is needed, or a batch of them, got {describe(x)}")
    if n == 0:
        return elementwise.where(np.zeros((), bool), x, np.eye(x.shape[-1], dtype=x.dtype))
    if n < 0:
        x, n = ops.inv(x), -n
    result = None
    while n:
        n, bit = divmod(n, 2)
        if bit:
            result = x if result is None else ops.matmul(result, x)
        if n:
            x = ops.matmul(x, x)
    return result


def matrix_transpose(x: Any, /) -> Any:
    """Each matrix transposed."""
    return shaping.matrix_transpose(x)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonal of each matrix."""
    return shaping.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sum of the diagonal of each matrix."""
    return shaping.trace(x, offset, -2, -1, dtype)
