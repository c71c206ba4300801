"""Matrix products."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .policy import compiled
from .threads import get_num_threads


def dense(x: Any) -> Any:
    """Return the array itself, or a contiguous copy of a broadcast view, which BLAS cannot read."""
    return np.ascontiguousarray(x) if 0 in x.strides else x


@compiled("matmul", at_least=2048)
def product(x: Any, y: Any) -> Any:
    """Product of two matrices."""
    return dense(x) @ dense(y)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product of the last two axes; a matrix on the right of a batch is one large product.

    x: (..., m, k); y: (k, n) or (..., k, n); result: (..., m, n).
    """
    if x.shape[-1] == 1 == y.shape[-2]:
        return x * y  # four times as fast as the library's product
    if x.ndim == y.ndim == 2:
        return product(x, y)
    if y.ndim == 2 and x.ndim > 2 and x.shape[-1] == y.shape[0]:
        return product(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[1])
    return dense(x) @ dense(y)


@compiled("matmul")
def affine(x: Any, w: Any, b: Any) -> Any:
    """`x w^T + b` with x: (..., k), w: (n, k), b: (n,); result: (..., n)."""
    out = matmul(x, w.T)
    if out.dtype != b.dtype and np.result_type(out, b) != out.dtype:
        return out + b
    out += b
    return out


@compiled("matmul")
def affine_vjp(g: Any, x: Any, w: Any, needs: tuple[bool, bool, bool]) -> tuple[Any, Any, Any]:
    """What `affine` passes back: `g w`, `g^T x`, and the sum of the rows of g."""
    dx = matmul(g, w) if needs[0] else None
    dw = None
    if needs[1]:
        m = math.prod(x.shape[:-1])
        dw = product(g.reshape(m, g.shape[-1]).T, x.reshape(m, x.shape[-1]))
    return dx, dw, sum_rows(g) if needs[2] else None


MANY = 1 << 15
"""Elements from which on the compiled sum of rows, which threads share, is faster."""
_ALONE = 9216
"""Elements of a matrix from which on OpenBLAS multiplies it with a vector on threads. These stay awake for a while, and
take a core from our own: what follows runs at half the speed. So on several threads larger sums are made of parts."""


@lru_cache(maxsize=64)
def _ones(n: int, dtype: Any) -> Any:
    ones = np.ones(n, dtype)
    ones.flags.writeable = False
    return ones


@compiled("matmul", at_least=MANY)
def sum_rows(x: Any) -> Any:
    """Sum over all axes but the last, (..., n) to (n,): of a contiguous array a product with a row of ones.

    NumPy adds up narrow rows one number at a time; BLAS takes a third of that, and of 8 columns a thirtieth.
    """
    m = len(x) if x.ndim == 2 else math.prod(x.shape[:-1])
    if x.dtype.char not in "fdFD" or not 0 < m <= 16384 or not x.flags.c_contiguous:
        return np.add.reduce(x, axis=tuple(range(x.ndim - 1)))
    n = x.shape[-1]
    if get_num_threads() > 1 and m * n >= _ALONE:
        part = m & -m
        while part * n >= _ALONE and part > 1:
            part //= 2
        if part < 8:
            return np.add.reduce(x, axis=tuple(range(x.ndim - 1)))
        return np.add.reduce(_ones(part, x.dtype) @ x.reshape(m // part, part, n), axis=0)
    return _ones(m, x.dtype) @ (x if x.ndim == 2 else x.reshape(m, n))


def sum_channels(x: Any) -> Any:
    """Sum over all axes but the second, (n, c, *size) to (c,): of contiguous images a product with a column of ones.

    It takes a third of the time of NumPy's sum for 64 x 6 x 28 x 28 numbers.
    """
    n, c, *size = x.shape
    m = math.prod(size)
    if x.dtype.char not in "fdFD" or not 0 < m <= 16384 or not x.flags.c_contiguous:
        return np.add.reduce(x, axis=(0, *range(2, x.ndim)))
    if get_num_threads() > 1 and n * c * m >= _ALONE:
        if m >= _ALONE:
            return np.add.reduce(x, axis=(0, *range(2, x.ndim)))
        part = c if c * m < _ALONE else 1
        return np.add.reduce((x.reshape(n * c // part, part, m) @ _ones(m, x.dtype)).reshape(n, c), axis=0)
    return np.add.reduce((x.reshape(n * c, m) @ _ones(m, x.dtype)).reshape(n, c), axis=0)


@lru_cache(maxsize=4096)
def _roles(spec: str) -> tuple[Any, ...]:
    """Sort the letters of "x,y->out" by what becomes of them, and say how to lay the axes out for a matrix product.

    Returns whether y comes first, the axes of the first and of the second in the order of
    (batch, free, summed) and (batch, summed, free), how many axes are batch, free of each and summed, and the order
    of the axes of the result.
    """
    inputs, out = spec.split("->")
    x, y = inputs.split(",")
    batch = [a for a in out if a in x and a in y]
    mine = [a for a in x if a not in y]
    theirs = [a for a in y if a not in x]
    swap = bool(mine) and bool(theirs) and out.index(theirs[0]) < out.index(mine[0])
    if swap:
        x, y, mine, theirs = y, x, theirs, mine
    summed = [a for a in x if a in y and a not in out]
    result = [*batch, *mine, *theirs]
    first = tuple([x.index(a) for a in [*batch, *mine, *summed]])
    second = tuple([y.index(a) for a in [*batch, *summed, *theirs]])
    return swap, first, second, len(batch), len(mine), len(summed), tuple([result.index(a) for a in out])


def einsum(x: Any, y: Any, *, spec: str) -> Any:
    """Einstein sum of two arrays, "ij,jk->ik", as a matrix product.

    Each letter of x is one of y or of the result, and the other way round; no letter stands twice in a term.
    """
    swap, first, second, batch, mine, summed, order = _roles(spec)
    if swap:
        x, y = y, x
    x, y = x.transpose(first), y.transpose(second)
    shape = x.shape[: batch + mine] + y.shape[batch + summed :]
    if not summed:
        x = x.reshape(x.shape + (1,) * (y.ndim - batch))
        y = y.reshape(y.shape[:batch] + (1,) * mine + y.shape[batch:])
        return (x * y).transpose(order)
    n = math.prod(x.shape[batch + mine :])
    left, right = math.prod(x.shape[batch : batch + mine]), math.prod(y.shape[batch + summed :])
    x = x.reshape((*x.shape[:batch], left, n))
    y = y.reshape((*y.shape[:batch], n, right))
    if left == right == 1 and batch:  # many products of two vectors: a matrix product of each would be slow
        return np.einsum("...ij,...ji->...", x, y).reshape(shape).transpose(order)
    return (dense(x) @ dense(y)).reshape(shape).transpose(order)


def convolve(x: Any, y: Any) -> Any:
    """All sums `sum_k x_k y_(n-k)` of two vectors that are not empty."""
    return np.convolve(x, y)


def correlate(x: Any, y: Any) -> Any:
    """The sums `sum_n x_(n+k) y_n` at which no part of the shorter y hangs over."""
    return np.convolve(x, y[::-1], "valid")


def solve_triangular(x: Any, y: Any, *, lower: bool, unit: bool = False) -> Any:
    """Solve `x out = y`, reading one triangle of x, and its diagonal unless that is `unit`."""
    if x.ndim == y.ndim == 2 and x.size and y.size:
        from scipy.linalg import solve_triangular as solve

        return solve(x, y, lower=lower, unit_diagonal=unit, check_finite=False)
    x = (np.tril if lower else np.triu)(x, (-1 if lower else 1) if unit else 0)
    return np.linalg.solve(x + np.eye(x.shape[-1], dtype=x.dtype) if unit else x, y)


def lstsq(x: Any, y: Any, *, rcond: float) -> Any:
    """The shortest solution that makes the sum of squares of `y - x out` least; x: (m, n), y: (m, k)."""
    return np.linalg.lstsq(x, y, rcond)[0]


def matrix_rank(x: Any, *tolerance: Any, hermitian: bool, relative: bool) -> Any:
    """How many singular values are above a tolerance, NumPy's own or the one given, absolute or relative."""
    given = {"rtol" if relative else "tol": t for t in tolerance}
    return np.linalg.matrix_rank(x, hermitian=hermitian, **given)


def expm(x: Any) -> Any:
    """Exponential of a square matrix."""
    from scipy.linalg import expm as exponential

    return exponential(x)


def _others(x: Any) -> Any:
    """For each element the product of all others along the last axis."""
    ones = np.ones((*x.shape[:-1], 1), x.dtype)
    before = np.cumprod(np.concatenate([ones, x[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, x[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


def _conjugate_svd(x: Any) -> tuple[Any, Any, Any, Any]:
    """The conjugate factors of the singular value decomposition, and their determinant: a sign or a phase."""
    u, s, vh = np.linalg.svd(x)
    return u.conj(), s, vh.conj(), (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def cofactor(x: Any) -> Any:
    """`det(x) inv(x)^T`, from the singular values where x is singular or nearly so."""
    if not x.size:
        return np.zeros_like(x)
    try:
        inverse = np.linalg.inv(x)
        condition = np.abs(x).sum(-2).max(-1) * np.abs(inverse).sum(-2).max(-1)
        if (condition < 1 / np.sqrt(np.finfo(x.dtype).eps)).all():
            return np.linalg.det(x)[..., None, None] * inverse.swapaxes(-1, -2)
    except np.linalg.LinAlgError:
        pass
    u, s, vh, phase = _conjugate_svd(x)
    return phase * (u * _others(s)[..., None, :]) @ vh


def cofactor_turn(x: Any, y: Any) -> Any:
    """The derivative of the cofactors of x along y, which is its own adjoint; exact for singular x too.

    In the basis of the singular vectors, where x is the diagonal s, it moves y_jj times the product of all s but
    s_i and s_j into element (i, i), and minus y_ji times that into (i, j).
    """
    if not x.size:
        return np.zeros_like(x)
    u, s, vh, phase = _conjugate_svd(x)
    n = s.shape[-1]
    y = u.swapaxes(-1, -2) @ y @ vh.swapaxes(-1, -2)
    one = np.eye(n, dtype=bool)
    without = _others(np.where(one, 1, s[..., None, :])) * ~one
    diagonal = np.einsum("...ij,...jj->...i", without, y)
    out = np.where(one, diagonal[..., None], -without * y.swapaxes(-1, -2))
    return phase * (u @ out @ vh)


def norm(x: Any, *, order: float, axis: tuple[int, ...]) -> Any:
    """`(sum |x|^order)^(1/order)` over axes."""
    if order == 2:
        square = x.real * x.real + x.imag * x.imag if x.dtype.kind == "c" else x * x
        return np.sqrt(np.add.reduce(square, axis=axis))
    size = np.abs(x)
    if order == 1:
        return np.add.reduce(size, axis=axis)
    with np.errstate(divide="ignore"):
        return np.add.reduce(size**order, axis=axis) ** (1 / order)


def svd(x: Any, *, more: bool) -> tuple[Any, ...]:
    """Singular values and vectors, and with `more` those that complete the vectors to bases; or none of these."""
    u, s, vh = np.linalg.svd(x, full_matrices=more)
    k = s.shape[-1]
    return u[..., :k], s, vh[..., :k, :], u[..., k:], vh[..., k:, :]
