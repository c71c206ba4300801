"""Norms, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ...errors import describe
from ...inplace import is_recorded
from ...ops import decompositions, elementwise, reduce
from ...ops import linalg as ops
from ...ops import shape as shapes
from ...tensor import Tensor
from ..arguments import Axis, array_of, axes_of, cast, fixed, floating, known, one_axis, plain, seen
from .arguments import matrices, square_matrices

__all__ = ["norm", "vector_norm", "matrix_norm", "cond", "matrix_rank"]


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
    x = matrices(x)
    return _matrix_norm(x, fixed("linalg.matrix_norm", "ord", ord), (x.ndim - 2, x.ndim - 1), keepdims)


def cond(x: Any, p: Any = None) -> Any:
    """Condition number `|x| |inv(x)|` in the matrix norm of order p, by default 2: by singular values.

    >>> float(cond(np.array([[4.0, 0.0], [0.0, 1.0]])))
    4.0

    A singular matrix has infinity for a value and no gradient: LinAlgError if that is wanted.
    """
    x, p = matrices(x), fixed("linalg.cond", "p", p)
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
    return _matrix_norm(x, p, axes, False) * _matrix_norm(ops.inv(square_matrices(x)), p, axes, False)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values are above `tol`, or `rtol` times the largest; a constant.

    >>> int(matrix_rank(np.ones((3, 3))))
    1
    """
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank takes tol or rtol, not both")
    tolerance = [plain(t) for t in (tol, rtol) if t is not None]
    return ops.matrix_rank(array_of(A), *tolerance, hermitian=bool(hermitian), relative=rtol is not None)
