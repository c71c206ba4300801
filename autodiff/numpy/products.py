"""Products of vectors, matrices and arrays of more axes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from ..errors import describe
from ..ops import arithmetic, elementwise, linalg
from ..ops import einsum as ops
from ..ops import shape as shapes
from .arguments import array_of, cast, deliver, one_axis, refuse, shape_of
from .contractions import einsum
from .joining import stack
from .shaping import matrix_transpose, ravel

__all__ = [
    "convolve", "correlate", "cross", "dot", "inner", "kron", "matmul", "matvec", "outer", "tensordot", "vdot",
    "vecdot", "vecmat",
]  # fmt: skip

Places = int | Sequence[int]

# -- matrices and vectors --------------------------------------------------------------------------------


def matmul(
    x1: Any, x2: Any, /, out: Any = None, *, casting: Any = None, order: Any = None, dtype: Any = None,
    subok: bool = True, signature: Any = None, axes: Any = None, axis: Any = None,
) -> Any:  # fmt: skip
    """Matrix product `x1 @ x2`: vectors are a row on the left and a column on the right, other axes a batch.

    >>> matmul(np.ones((2, 3)), np.ones(3))
    array([3., 3.])

    Raises ValueError if the inner lengths differ or an operand is a scalar.
    """
    refuse("matmul", casting=casting, order=order, signature=signature, axes=axes, axis=axis)
    x, y = cast(x1, dtype), cast(x2, dtype)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"matmul needs one axis at least, got {describe(x)} and {describe(y)}; use * for scalars")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"matmul: {describe(x)} has {x.shape[-1]} columns and {describe(y)} has {inner} rows; they must be equal"
        )
    if x.ndim > 1 and y.ndim > 1:
        return deliver("matmul", linalg.matmul(x, y), out)
    row, column = x.ndim == 1, y.ndim == 1
    if row:
        x = x.reshape((1, x.shape[0]))
    if column:
        y = y.reshape((y.shape[0], 1))
    product = linalg.matmul(x, y)
    shape = product.shape[:-2] + (() if row else product.shape[-2:-1]) + (() if column else product.shape[-1:])
    return deliver("matmul", product.reshape(shape), out)


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Sum of products over the last axis of a and the last but one of b (its only one, for a vector).

    Vectors have their inner product, matrices their matrix product; a scalar multiplies.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    x, y = array_of(a), array_of(b)
    if x.ndim == 0 or y.ndim == 0:
        return deliver("dot", arithmetic.mul(x, y), out)
    if y.ndim <= 2:
        return deliver("dot", matmul(x, y), out)
    return deliver("dot", tensordot(x, y, (x.ndim - 1, y.ndim - 2)), out)


def vdot(a: Any, b: Any, /) -> Any:
    """Inner product `sum conj(a) b` of all elements, in one row.

    >>> np.asarray(vdot(np.array([1j, 2.0]), np.array([1j, 1.0]))).item()
    (3+0j)
    """
    return matmul(_conj(ravel(a)), ravel(b))


def _conj(x: Any) -> Any:
    return elementwise.conj(x) if x.dtype.kind == "c" else x


def _products_of_vectors(name: str, x1: Any, x2: Any, axis: int, keepdims: bool, dtype: Any) -> Any:
    x, y = _last(cast(x1, dtype), axis), _last(cast(x2, dtype), axis)
    _same_length(name, x, y)
    product = _batched(_conj(x), "X", y, "X", "")
    if keepdims:
        places = list(product.shape)
        places.insert(one_axis(axis, len(places) + 1), 1)
        product = product.reshape(tuple(places))
    return product


def _last(x: Any, axis: int) -> Any:
    """With an axis moved to the end."""
    if x.ndim == 0:
        raise ValueError(f"a vector is needed, got {describe(x)}")
    i = one_axis(axis, x.ndim)
    if i == x.ndim - 1:
        return x
    return shapes.transpose(x, axes=(*[k for k in range(x.ndim) if k != i], i))


def _same_length(name: str, x: Any, y: Any) -> None:
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(f"{name}: the vectors of {describe(x)} and {describe(y)} have different lengths")


def _batched(x: Any, x_end: str, y: Any, y_end: str, out_end: str) -> Any:
    """An Einstein sum over axes named at the end, with the axes before them broadcast."""
    return einsum(f"...{x_end},...{y_end}->...{out_end}", x, y)


def vecdot(
    x1: Any, x2: Any, /, out: Any = None, *, axis: int = -1, keepdims: bool = False, dtype: Any = None,
    casting: Any = None, order: Any = None, subok: bool = True, signature: Any = None, axes: Any = None,
) -> Any:  # fmt: skip
    """Inner products `sum conj(x1) x2` of vectors along an axis; other axes broadcast.

    >>> vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    refuse("vecdot", casting=casting, order=order, signature=signature, axes=axes)
    return deliver("vecdot", _products_of_vectors("vecdot", x1, x2, axis, keepdims, dtype), out)


def matvec(
    x1: Any, x2: Any, /, out: Any = None, *, dtype: Any = None, casting: Any = None, order: Any = None,
    subok: bool = True, signature: Any = None, axes: Any = None,
) -> Any:  # fmt: skip
    """Products of matrices x1: (..., m, n) and vectors x2: (..., n); other axes broadcast.

    >>> matvec(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([[1.],
           [2.]])
    """
    refuse("matvec", casting=casting, order=order, signature=signature, axes=axes)
    x, y = _matrix("matvec", cast(x1, dtype)), _last(cast(x2, dtype), -1)
    _same_length("matvec", x, y)
    return deliver("matvec", _batched(x, "XY", y, "Y", "X"), out)


def vecmat(
    x1: Any, x2: Any, /, out: Any = None, *, dtype: Any = None, casting: Any = None, order: Any = None,
    subok: bool = True, signature: Any = None, axes: Any = None,
) -> Any:  # fmt: skip
    """Products `conj(x1) x2` of vectors x1: (..., m) and matrices x2: (..., m, n); other axes broadcast.

    >>> vecmat(np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([1., 2.])
    """
    refuse("vecmat", casting=casting, order=order, signature=signature, axes=axes)
    x, y = _last(cast(x1, dtype), -1), _matrix("vecmat", cast(x2, dtype))
    _same_length("vecmat", x, matrix_transpose(y))
    return deliver("vecmat", _batched(_conj(x), "X", y, "XY", "Y"), out)


def _matrix(name: str, x: Any) -> Any:
    if x.ndim < 2:
        raise ValueError(f"{name}: a matrix is needed, got {describe(x)}")
    return x


# -- more axes -------------------------------------------------------------------------------------------


def inner(a: Any, b: Any, /) -> Any:
    """Sum of products over the last axes of both; a scalar multiplies.

    >>> inner(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    x, y = array_of(a), array_of(b)
    if x.ndim == 0 or y.ndim == 0:
        return arithmetic.mul(x, y)
    _same_length("inner", x, y)
    return tensordot(x, y, (-1, -1))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """All products of an element of a and one of b: `out_ij = a_i b_j`, both in one row.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([[3., 4.],
           [6., 8.]])
    """
    x, y = ravel(a), ravel(b)
    return deliver("outer", ops.einsum(x, y, spec="a,b->ab"), out)


def tensordot(a: Any, b: Any, axes: int | tuple[Places, Places] | Sequence[Places] = 2) -> Any:
    """Sum of products over several axes: the last n of a with the first n of b, or those of two lists.

    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3)), axes=([1, 2], [1, 0]))
    array([12., 12.])

    Raises ValueError where the lengths differ.
    """
    x, y = array_of(a), array_of(b)
    if isinstance(axes, Sequence | np.ndarray):
        mine, theirs = (shape_of(part) for part in axes)
    else:
        n = shape_of(axes)[0]
        if not 0 <= n <= min(x.ndim, y.ndim):
            raise ValueError(f"tensordot over {n} axes of {describe(x)} and {describe(y)}: they have not so many")
        mine, theirs = tuple(range(x.ndim - n, x.ndim)), tuple(range(n))
    mine, theirs = tuple([one_axis(i, x.ndim) for i in mine]), tuple([one_axis(i, y.ndim) for i in theirs])
    twice = len(set(mine)) != len(mine) or len(set(theirs)) != len(theirs)
    if twice or [x.shape[i] for i in mine] != [y.shape[i] for i in theirs]:
        raise ValueError(
            f"tensordot: axes {mine} of {describe(x)} and {theirs} of {describe(y)} do not fit: they come in pairs of "
            "one length, and none twice"
        )
    x_term, rest = list(ascii_letters[: x.ndim]), iter(ascii_letters[x.ndim :])
    y_term = [x_term[mine[theirs.index(i)]] if i in theirs else next(rest) for i in range(y.ndim)]
    out = [a for i, a in enumerate(x_term) if i not in mine] + [a for i, a in enumerate(y_term) if i not in theirs]
    return ops.einsum(x, y, spec=f"{''.join(x_term)},{''.join(y_term)}->{''.join(out)}")


def kron(a: Any, b: Any) -> Any:
    """Kronecker product: a with each element replaced by its product with b.

    >>> kron(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([1., 1., 2., 2.])
    """
    x, y = array_of(a), array_of(b)
    ndim = max(x.ndim, y.ndim)
    mine, theirs = ((1,) * (ndim - t.ndim) + t.shape for t in (x, y))
    x = shapes.reshape(x, shape=tuple([n for length in mine for n in (length, 1)]))
    y = shapes.reshape(y, shape=tuple([n for length in theirs for n in (1, length)]))
    return shapes.reshape(arithmetic.mul(x, y), shape=tuple([m * n for m, n in zip(mine, theirs, strict=True)]))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Vector product in three dimensions, along an axis of length 3; other axes broadcast.

    Vectors of two elements count as having a third that is 0; NumPy deprecates them, and from 2.5 on refuses them. Of
    two such vectors the third element of the product is given.

    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])

    Raises ValueError for other lengths.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _last(array_of(a), axisa), _last(array_of(b), axisb)
    if x.shape[-1] not in (2, 3) or y.shape[-1] not in (2, 3):
        raise ValueError(f"cross needs vectors of 3 elements, got {describe(x)} and {describe(y)}")
    flat = x.shape[-1] == 2, y.shape[-1] == 2
    if any(flat):
        warnings.warn(
            "cross of vectors of two elements is deprecated by NumPy: give them a third element 0",
            DeprecationWarning, stacklevel=2,
        )  # fmt: skip
    x0, x1 = x[..., 0], x[..., 1]
    y0, y1 = y[..., 0], y[..., 1]
    third = x0 * y1 - x1 * y0
    if all(flat):
        return third
    if flat[0]:
        parts = [x1 * y[..., 2], -(x0 * y[..., 2]), third]
    elif flat[1]:
        parts = [-(x[..., 2] * y1), x[..., 2] * y0, third]
    else:
        x2, y2 = x[..., 2], y[..., 2]
        parts = [x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, third]
    return stack(parts, one_axis(axisc, third.ndim + 1))


# -- sliding ---------------------------------------------------------------------------------------------


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Convolution of two vectors, `out_n = sum_k a_k v_(n-k)`: the product of two polynomials.

    `mode` says where: wherever they meet ("full"), as long as the longer one ("same"), or where one lies within the
    other ("valid").

    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
    array([1., 3., 3., 2.])
    """
    x, y = _vectors("convolve", a, v, mode)
    if len(y) > len(x):
        x, y = y, x
    return _slide(x, y, mode, (len(y) - 1) // 2)


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Cross-correlation of two vectors, `out_k = sum_n a_(n+k) conj(v_n)`; `mode` as for `convolve`.

    >>> correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
    array([2., 3.])
    """
    x, y = _vectors("correlate", a, v, mode)
    y = _conj(y)[::-1]
    if len(y) > len(x):
        return _slide(y, x, mode, len(x) // 2)
    return _slide(x, y, mode, (len(y) - 1) // 2)


def _vectors(name: str, a: Any, v: Any, mode: str) -> tuple[Any, Any]:
    x, y = (t.reshape((1,)) if t.ndim == 0 else t for t in (array_of(a), array_of(v)))
    if x.ndim != 1 or y.ndim != 1 or not len(x) or not len(y):
        raise ValueError(f"{name} needs two vectors that are not empty, got {describe(x)} and {describe(y)}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f'mode is "full", "same" or "valid", got {mode!r}')
    return x, y


def _slide(x: Any, y: Any, mode: str, start: int) -> Any:
    """Convolve with a shorter vector; `same` begins at `start`."""
    if mode == "valid":
        return ops.correlate(x, y[::-1])
    whole = ops.convolve(x, y)
    return whole if mode == "full" else whole[start : start + len(x)]
