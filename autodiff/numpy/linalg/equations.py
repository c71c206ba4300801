"""Inverses, systems of equations and determinants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from ...batched import numbers
from ...errors import describe
from ...ops import decompositions, elementwise, reduce
from ...ops import linalg as ops
from ...ops import shape as shapes
from ...tensor import Tensor
from .. import shaping
from ..arguments import fixed, floating, known, one_axis, plain, seen
from .arguments import matrices, square_matrices

__all__ = [
    "inv", "solve", "solve_triangular", "cho_solve", "tensorinv", "tensorsolve", "pinv", "lstsq", "det", "slogdet",
]  # fmt: skip

_NOT_GIVEN = object()


class SlogdetResult(NamedTuple):
    sign: Any
    logabsdet: Any


def inv(a: Any) -> Any:
    """Inverse of a square matrix.

    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])

    Raises LinAlgError if it has none.
    """
    return ops.inv(square_matrices(a))


def solve(a: Any, b: Any) -> Any:
    """The x with `a x = b`, for a square matrix a: (..., n, n) and a vector b: (n,) or matrix b: (..., n, k).

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    array([0.5 , 0.25])

    Raises LinAlgError if a is singular.
    """
    x, y = square_matrices(a), floating(b)
    if y.ndim == 1:
        out = ops.solve(x, y.reshape((*y.shape, 1)))
        return out.reshape(out.shape[:-1])
    return ops.solve(x, y)


def solve_triangular(
    a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """The x with `a x = b` for a triangular a; the other triangle is not read, nor the diagonal if it is all 1.

    With `trans` 1 or "T" the equation is `a^T x = b`, with 2 or "C" `a^H x = b`.

    >>> solve_triangular(np.array([[2.0, 9.0], [1.0, 1.0]]), np.array([2.0, 2.0]), lower=True)
    array([1., 1.])
    """
    x, y = square_matrices(a), floating(b)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f'trans is 0, 1 or 2 ("N", "T" or "C"), got {trans!r}')
    if check_finite and not (np.isfinite(numbers(x)).all() and np.isfinite(numbers(y)).all()):
        raise ValueError("solve_triangular: array must not contain infs or NaNs; or pass check_finite=False")
    if trans not in (0, "N"):
        x, lower = shaping.matrix_transpose(x), not lower
    if trans in (2, "C"):
        x = elementwise.conj(x)
    column = y.ndim == 1
    out = ops.solve_triangular(
        x, y.reshape((*y.shape, 1)) if column else y, lower=bool(lower), unit=bool(unit_diagonal)
    )
    return out.reshape(out.shape[:-1]) if column else out


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """The x with `c c^H x = b`, given the triangular factor c and whether it is the lower one (else `c^H c x = b`).

    >>> cho_solve((np.array([[2.0, 0.0], [0.0, 1.0]]), True), np.array([4.0, 3.0]))
    array([1., 3.])
    """
    c, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    y = solve_triangular(c, b, first, lower, check_finite=check_finite)
    return solve_triangular(c, y, second, lower, check_finite=check_finite)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse for `tensordot` over the first `ind` axes.

    >>> tensorinv(np.eye(6).reshape(2, 3, 6), 2).shape
    (6, 2, 3)
    """
    x = floating(a)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind is above 0, got {ind}")
    n = int(np.prod(x.shape[:ind]))
    if n * n != x.size:
        raise LinAlgError(f"tensorinv: the first {ind} axes of {describe(x)} have not as many elements as the rest")
    return inv(x.reshape((n, n))).reshape(x.shape[ind:] + x.shape[:ind])


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """The x with `tensordot(a, x, x.ndim) = b`; `axes` of a are moved to its end first.

    >>> tensorsolve(np.eye(6).reshape(2, 3, 6), np.ones((2, 3))).shape
    (6,)
    """
    x, y = floating(a), floating(b)
    for axis in axes or ():
        order = list(range(x.ndim))
        order.append(order.pop(one_axis(axis, x.ndim)))
        x = shapes.transpose(x, axes=tuple(order))
    rest = x.shape[y.ndim :] if y.ndim else x.shape
    n = int(np.prod(rest))
    if n * n != x.size:
        raise LinAlgError(f"tensorsolve: {describe(x)} is no square matrix for {describe(y)}")
    return solve(x.reshape((n, n)), y.reshape((-1,))).reshape(rest)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _NOT_GIVEN) -> Any:
    """Pseudo-inverse (Moore-Penrose); singular values below `rcond` (or `rtol`) times the largest count as 0.

    Its gradient is that among matrices of the same rank, as a matrix of lower rank has inverses nearby that are
    far from its own.

    >>> pinv(np.array([[2.0, 0.0], [0.0, 0.0]]))
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    x = matrices(a)
    if rcond is not None and rtol is not _NOT_GIVEN:
        raise ValueError("pinv takes rcond or rtol, not both")
    if rcond is None:
        rcond = 1e-15 if rtol is _NOT_GIVEN else rtol
    if rcond is None:
        rcond = max(x.shape[-2:]) * np.finfo(x.dtype).eps
    return ops.pinv(x, np.asarray(fixed("pinv", "rcond", rcond)), hermitian=bool(hermitian))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Least squares: the x that makes `|b - a x|` least, and of several the shortest.

    Returns `(x, residuals, rank, s)`: residuals are the sums of squares of `b - a x` for each column, empty unless
    a has more rows than columns and full rank; rank is a constant; s has the singular values of a.

    >>> lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0]))[0]
    array([2.])
    """
    x, y = matrices(a), floating(b)
    if x.ndim != 2 or y.ndim not in (1, 2) or x.shape[0] != y.shape[0]:
        raise LinAlgError(f"lstsq takes a matrix and as many rows of b, got {describe(x)} and {describe(y)}")
    dtype = np.result_type(x.dtype, y.dtype)
    if rcond is None:
        rcond = np.finfo(dtype).eps * max(x.shape)
    m, n = x.shape
    columns = y.reshape((m, 1)) if y.ndim == 1 else y
    out = ops.lstsq(x, columns, rcond=float(rcond))
    s = decompositions.svdvals(x)
    rank = _rank(s, rcond)
    if n < m and (seen(rank) == n).all():
        rest = columns - ops.matmul(x, out)
        residuals = reduce.sum_(_square_of(rest), axis=(0,), keepdims=False)
    else:
        residuals = np.array([], s.dtype)
        residuals = Tensor(residuals) if type(out) is Tensor else residuals
    return (out.reshape((n,)) if y.ndim == 1 else out), residuals, rank, s


def _rank(s: Any, rcond: Any) -> Any:
    """How many singular values count."""
    if known(s):
        return np.int32(np.count_nonzero(plain(s) > rcond * plain(s).max(initial=0)))
    return (s > rcond * s[:1].max(initial=0)).sum().astype(np.int32)


def _square_of(x: Any) -> Any:
    return x.real * x.real + x.imag * x.imag if x.dtype.kind == "c" else x * x


def det(a: Any) -> Any:
    """Determinant of a square matrix; its gradient, the cofactors, is right for a singular one too.

    >>> round(float(det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 12)
    -2.0
    """
    return ops.det(square_matrices(a))


def slogdet(a: Any) -> SlogdetResult:
    """Sign (for complex matrices, phase) of the determinant, and the logarithm of its absolute value.

    >>> sign, logabsdet = slogdet(np.diag([1e200, 1e200]))
    >>> float(sign), float(logabsdet)
    (1.0, 921.034037...)

    The gradient of a singular matrix, infinite, raises LinAlgError.
    """
    return SlogdetResult(*ops.slogdet(square_matrices(a)))
