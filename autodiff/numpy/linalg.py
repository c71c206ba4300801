"""Linear algebra: `numpy.linalg` on Tensors, and of SciPy's `expm`, `solve_triangular` and `cho_solve`.

Axes before the last two are a batch. Errors are NumPy's LinAlgError. Where a function takes a Hermitian matrix, of
which one triangle is read, the gradient is that of the average of both triangles, as in PyTorch.

Gradients by eigenvectors and singular vectors exist where these are determined: equal eigenvalues, singular values
of 0, and losses that depend on the phase of complex vectors raise a GradientError in the backward pass. Gradients
by the values alone (`eigvalsh`, `eigvals`, `svdvals`, norms, `cond`) need none of this.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from ..batched import numbers
from ..errors import describe
from ..inplace import is_recorded
from ..ops import compare, decompositions, elementwise, reduce
from ..ops import linalg as ops
from ..ops import shape as shapes
from ..ops.sort import argsort
from ..tensor import Tensor
from . import products, shaping
from .arguments import Axis, array_of, axes_of, cast, deliver, fixed, floating, known, one_axis, plain, seen

__all__ = [
    "cho_solve", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer",
    "pinv", "qr", "slogdet", "solve", "solve_triangular", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip

_NOT_GIVEN = object()


class SlogdetResult(NamedTuple):
    sign: Any
    logabsdet: Any


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


def _matrix(x: Any) -> Any:
    """Floating matrices, or NumPy's error."""
    x = floating(x)
    if x.ndim < 2:
        raise LinAlgError(f"a matrix is needed, or a batch of them, got {describe(x)}")
    return x


def _square(x: Any) -> Any:
    x = _matrix(x)
    if x.shape[-1] != x.shape[-2]:
        raise LinAlgError(f"a square matrix is needed, or a batch of them, got {describe(x)}")
    return x


# -- products ----------------------------------------------------------------------------------------------


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
    x = _square(a) if n < 0 else array_of(a)
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


# -- inverses and equations ----------------------------------------------------------------------------------


def inv(a: Any) -> Any:
    """Inverse of a square matrix.

    >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])

    Raises LinAlgError if it has none.
    """
    return ops.inv(_square(a))


def solve(a: Any, b: Any) -> Any:
    """The x with `a x = b`, for a square matrix a: (..., n, n) and a vector b: (n,) or matrix b: (..., n, k).

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    array([0.5 , 0.25])

    Raises LinAlgError if a is singular.
    """
    x, y = _square(a), floating(b)
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
    x, y = _square(a), floating(b)
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
    x = _matrix(a)
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
    x, y = _matrix(a), floating(b)
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


# -- determinants ------------------------------------------------------------------------------------------------


def det(a: Any) -> Any:
    """Determinant of a square matrix; its gradient, the cofactors, is right for a singular one too.

    >>> round(float(det(np.array([[1.0, 2.0], [3.0, 4.0]]))), 12)
    -2.0
    """
    return ops.det(_square(a))


def slogdet(a: Any) -> SlogdetResult:
    """Sign (for complex matrices, phase) of the determinant, and the logarithm of its absolute value.

    >>> sign, logabsdet = slogdet(np.diag([1e200, 1e200]))
    >>> float(sign), float(logabsdet)
    (1.0, 921.034037...)

    The gradient of a singular matrix, infinite, raises LinAlgError.
    """
    return SlogdetResult(*ops.slogdet(_square(a)))


# -- decompositions ----------------------------------------------------------------------------------------------


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Lower triangular L with `L L^H = a` for a positive definite a, or with `upper` the L^H of that.

    >>> cholesky(np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([[2., 0.],
           [0., 3.]])

    Raises LinAlgError if a is not positive definite.
    """
    x = _square(a)
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
    x = _matrix(a)
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
    return EighResult(*decompositions.eigh(_square(a), UPLO=UPLO))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a Hermitian matrix, ascending; their gradient exists for equal ones too.

    >>> eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return decompositions.eigvalsh(_square(a), UPLO=UPLO)


def eig(a: Any) -> EigResult:
    """Eigenvalues of a square matrix, and eigenvectors of length 1, as columns.

    Complex ones where they are, and from NumPy 2.5 on always.

    >>> eig(np.array([[2.0, 1.0], [0.0, 1.0]])).eigenvalues.real
    array([2., 1.])
    """
    return EigResult(*decompositions.eig(_square(a)))


def eigvals(a: Any) -> Any:
    """Eigenvalues of a square matrix, complex ones where they are, and from NumPy 2.5 on always.

    >>> eigvals(np.array([[2.0, 1.0], [0.0, 1.0]])).real
    array([2., 1.])
    """
    return decompositions.eigvals(_square(a))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular value decomposition `U diag(S) Vh = a`, S descending; without `compute_uv` only S.

    With `full_matrices`, NumPy's default, U and Vh are square; the vectors that only complete them have no gradient.

    >>> svd(np.array([[3.0, 0.0], [0.0, 4.0]])).S
    array([4., 3.])
    """
    x = _square(a) if hermitian else _matrix(a)
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
    return decompositions.svdvals(_matrix(x))


def expm(A: Any) -> Any:
    """Exponential of a square matrix, `sum_k A^k / k!` (Padé approximation; Al-Mohy and Higham, 2009).

    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return ops.expm(_square(A))


# -- norms and what follows from them --------------------------------------------------------------------------------


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


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Norm of vectors (along one axis) or matrices (two axes); by default the root of the sum of squares.

    For vectors: `(sum |x|^ord)^(1/ord)`, `inf` and `-inf` the largest and smallest `|x|`, 0 how many are not 0.
    For matrices: "fro", "nuc" (sum of the singular values), 2 and -2 (largest and smallest singular value), 1 and -1
    (largest and smallest sum of `|x|` over a column), inf and -inf (over a row).

    The gradient of a norm at 0 is taken as 0; equal largest elements share it.

    >>> float(norm(np.array([3.0, 4.0])))
    5.0

    Raises ValueError for an order that there is not.
    """
    x, ord = floating(x), fixed("linalg.norm", "ord", ord)
    if axis is None and ord is None:
        return _vector_norm(x, 2, tuple(range(x.ndim)), keepdims)
    axes = axes_of(axis, x.ndim) if not isinstance(axis, Sequence) else tuple([one_axis(i, x.ndim) for i in axis])
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(f"linalg.norm is of vectors or matrices, along one axis or two; got {axes} of {describe(x)}")
    if axes[0] == axes[1]:
        raise ValueError(f"linalg.norm: axis {axis} names an axis twice")
    return _matrix_norm(x, "fro" if ord is None else ord, axes, keepdims)


def _vector_norm(x: Any, ord: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if isinstance(ord, str) or not isinstance(ord, int | float | np.number):
        raise ValueError(f"{ord!r} is no order of a norm of vectors: give a number, inf or -inf")
    if ord == 0:
        return _sum(cast(x != 0, x.real.dtype), axis, keepdims)
    if ord in (np.inf, -np.inf):
        extreme = reduce.max_ if ord > 0 else reduce.min_
        return extreme(elementwise.abs_(x), axis=axis, keepdims=keepdims)
    out = ops.norm(x, order=float(ord), axis=tuple(sorted(axis)))
    return out.reshape(reduce.kept(x.shape, axis)) if keepdims else out


def _sum(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return reduce.sum_(x, axis=tuple(sorted(axis)), keepdims=keepdims)


def _matrix_norm(x: Any, ord: Any, axis: tuple[int, int], keepdims: bool) -> Any:
    row, column = axis
    if ord in ("fro", "f"):
        return _vector_norm(x, 2, axis, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, left = (row, column) if abs(ord) == 1 else (column, row)
        sums = reduce.sum_(elementwise.abs_(x), axis=(summed,), keepdims=True)
        out = (reduce.max_ if ord > 0 else reduce.min_)(sums, axis=(left,), keepdims=True)
    elif ord in (2, -2, "nuc"):
        rest = [i for i in range(x.ndim) if i not in axis]
        s = decompositions.svdvals(shapes.transpose(x, axes=(*rest, row, column)))
        combine = reduce.sum_ if ord == "nuc" else reduce.max_ if ord > 0 else reduce.min_
        out = combine(s, axis=(len(rest),), keepdims=False)
    else:
        raise ValueError(f'{ord!r} is no order of a norm of matrices: "fro", "nuc", inf, -inf, 1, -1, 2 or -2')
    shape = reduce.kept(x.shape, axis)
    return out.reshape(shape if keepdims else tuple([n for i, n in enumerate(shape) if i not in axis]))


def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Norm of the elements along an axis, several, or all: `(sum |x|^ord)^(1/ord)`; see `norm`.

    >>> float(vector_norm(np.array([[3.0, 0.0], [0.0, 4.0]])))
    5.0
    """
    x = floating(x)
    return _vector_norm(x, fixed("linalg.vector_norm", "ord", ord), axes_of(axis, x.ndim), keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of each matrix; see `norm`.

    >>> float(matrix_norm(np.array([[3.0, 0.0], [0.0, 4.0]]), ord="nuc"))
    7.0
    """
    x = _matrix(x)
    return _matrix_norm(x, fixed("linalg.matrix_norm", "ord", ord), (x.ndim - 2, x.ndim - 1), keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """Condition number `|x| |inv(x)|` in the matrix norm of order p, by default 2: by singular values.

    >>> float(cond(np.array([[4.0, 0.0], [0.0, 1.0]])))
    4.0

    A singular matrix has infinity for a value and no gradient: LinAlgError if that is wanted.
    """
    x, p = _matrix(x), fixed("linalg.cond", "p", p)
    if not x.size:
        raise LinAlgError(f"cond is not defined on empty arrays, got {describe(x)}")
    value = np.real(np.linalg.cond(seen(x), p))  # NumPy before 2.4 gives complex numbers for complex matrices
    if known(x) and not is_recorded(x):
        return Tensor(value) if type(x) is Tensor else value
    if not np.isfinite(value).all():
        raise LinAlgError(f"the condition number of a singular matrix has no gradient; the matrix is {describe(x)}")
    if p is None or p in (2, -2):
        s = decompositions.svdvals(x)
        return s[..., 0] / s[..., -1] if p != -2 else s[..., -1] / s[..., 0]
    axes = (x.ndim - 2, x.ndim - 1)
    return _matrix_norm(x, p, axes, False) * _matrix_norm(ops.inv(_square(x)), p, axes, False)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are above `tol`, or `rtol` times the largest; a constant.

    >>> int(matrix_rank(np.ones((3, 3))))
    1
    """
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank takes tol or rtol, not both")
    tolerance = [plain(t) for t in (tol, rtol) if t is not None]
    return ops.matrix_rank(array_of(A), *tolerance, hermitian=bool(hermitian), relative=rtol is not None)
