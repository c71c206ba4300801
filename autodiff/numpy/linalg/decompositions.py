"""Matrices as products of simpler ones, their eigenvalues and singular values, and `expm`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...ops import compare, decompositions, elementwise
from ...ops import linalg as ops
from ...ops import shape as shapes
from ...ops.sort import argsort
from ...tensor import Tensor
from .. import shaping
from .arguments import matrices, square_matrices

__all__ = ["cholesky", "qr", "eigh", "eigvalsh", "eig", "eigvals", "svd", "svdvals", "expm"]


class EigResult(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    Q: Any
    R: Any


class SVDResult(NamedTuple):
    U: Any
    S: Any
    Vh: Any


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Lower triangular L with `L L^H = a` for a positive definite a, or with `upper` the L^H of that.

    >>> cholesky(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])

    Raises LinAlgError if a is not positive definite.
    """
    x = square_matrices(a)
    return _adjoint(decompositions.cholesky(_adjoint(x))) if upper else decompositions.cholesky(x)


def _adjoint(x: Any) -> Any:
    x = shaping.matrix_transpose(x)
    return elementwise.conj(x) if x.dtype.kind == "c" else x


def qr(a: Any, mode: Any = "reduced") -> Any:
    """Orthonormal columns Q and an upper triangle R with `Q R = a`, of full rank; with mode "r" only R.

    With mode "complete" Q is square; the columns that only complete it have no gradient.

    >>> np.abs(qr(np.array([[3.0], [4.0]]), "r"))
    array([[5.]])

    Raises ValueError for another mode.
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f'qr of Tensors takes mode "reduced", "complete" or "r", got {mode!r}')
    x = matrices(a)
    if type(x) is not Tensor:
        return np.linalg.qr(x, mode)
    m, n = x.shape[-2:]
    if m < n:  # the columns that are too many follow from the others
        q, r = decompositions.qr(x[..., :m])
        r = shapes.concatenate(r, ops.matmul(_adjoint(q), x[..., m:]), axis=x.ndim - 1)
    else:
        q, r = decompositions.qr(x)
    if mode == "r":
        return r
    if mode == "complete" and m > n:
        more = decompositions.unspecified(q, decompositions.complement(x))
        q = shapes.concatenate(q, more, axis=x.ndim - 1)
        r = shapes.concatenate(r, np.zeros((*x.shape[:-2], m - n, n), x.dtype), axis=x.ndim - 2)
    return QRResult(q, r)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues of a Hermitian matrix, ascending, and its eigenvectors, as columns.

    >>> eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    array([1., 3.])
    """
    return EighResult(*decompositions.eigh(square_matrices(a), UPLO=UPLO))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a Hermitian matrix, ascending; their gradient exists for equal ones too.

    >>> eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return decompositions.eigvalsh(square_matrices(a), UPLO=UPLO)


def eig(a: Any) -> EigResult:
    """Eigenvalues of a square matrix, and eigenvectors of length 1, as columns.

    Complex ones where they are, and from NumPy 2.5 on always.

    >>> eig(np.array([[2.0, 1.0], [0.0, 1.0]])).eigenvalues.real
    array([2., 1.])
    """
    return EigResult(*decompositions.eig(square_matrices(a)))


def eigvals(a: Any) -> Any:
    """Eigenvalues of a square matrix, complex ones where they are, and from NumPy 2.5 on always.

    >>> eigvals(np.array([[2.0, 1.0], [0.0, 1.0]])).real
    array([2., 1.])
    """
    return decompositions.eigvals(square_matrices(a))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular value decomposition `U diag(S) Vh = a`, S descending; without `compute_uv` only S.

    With `full_matrices`, NumPy's default, U and Vh are square; the vectors that only complete them have no gradient.

    >>> svd(np.array([[3.0, 0.0], [0.0, 4.0]])).S
    array([4., 3.])
    """
    x = square_matrices(a) if hermitian else matrices(a)
    if not compute_uv:
        if not hermitian:
            return decompositions.svdvals(x)
        return _descending(elementwise.abs_(decompositions.eigvalsh(x, UPLO="L")))[0]
    if hermitian:
        w, v = decompositions.eigh(x, UPLO="L")
        s, order = _descending(elementwise.abs_(w))
        v, sign = _columns(v, order), _columns(compare.sign(w)[..., None, :], order)
        return SVDResult(v, s, _adjoint(v * elementwise.where(sign == 0, 1, sign)))
    u, s, vh, more_u, more_vh = decompositions.svd(x, more=bool(full_matrices))
    if type(x) is Tensor:
        more_u, more_vh = (decompositions.unspecified(s, more.detach()) for more in (more_u, more_vh))
    if more_u.shape[-1]:
        u = shapes.concatenate(u, more_u, axis=x.ndim - 1)
    if more_vh.shape[-2]:
        vh = shapes.concatenate(vh, more_vh, axis=x.ndim - 2)
    return SVDResult(u, s, vh)


def svdvals(x: Any, /) -> Any:
    """Singular values, descending.

    >>> svdvals(np.array([[3.0, 0.0], [0.0, 4.0]]))
    array([4., 3.])
    """
    return decompositions.svdvals(matrices(x))


def _descending(x: Any) -> tuple[Any, Any]:
    """Sort along the last axis, and the order that does it."""
    order = argsort(x, axis=-1)[..., ::-1]
    return _columns(x[..., None, :], order)[..., 0, :], order


def _columns(x: Any, order: Any) -> Any:
    """The columns of each matrix in another order, which may differ from matrix to matrix."""
    if x.ndim == 2:
        return x[:, order]
    batch = np.indices(order.shape, sparse=True)[:-1]
    return shaping.matrix_transpose(shaping.matrix_transpose(x)[(*batch, order)])


def expm(A: Any) -> Any:
    """Exponential of a square matrix, `sum_k A^k / k!` (Padé approximation; Al-Mohy and Higham, 2009).

    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return ops.expm(square_matrices(A))
