"""Matrix products, inverses, determinants. Vectors are promoted to matrices in `numpy/`; here every array has
two axes or more, and axes before the last two are a batch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels import linalg as kernels
from ..op import Function, define
from .einsum import einsum
from .elementwise import where
from .shape import concatenate

# -- products ------------------------------------------------------------------------------------------


def rows(x: Any) -> Any:
    """All batch axes folded into one: (..., k) to (m, k)."""
    return x if x.ndim == 2 else x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _folded(x: Any, y: Any, ends: tuple[str, str, str], shape: tuple[int, ...]) -> Any:
    """A product of batches of matrices, summed over the batch axes that `shape`, the result's, does not have.

    `ends` are the letters of the last two axes of x, of y, and of the result.
    """
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"[: len(batch)]

    def owned(lengths: tuple[int, ...]) -> str:
        last = len(lengths) - 2
        given = zip(letters[len(letters) - last :], lengths[:last], batch[len(batch) - last :], strict=True)
        return "".join([letter for letter, n, full in given if n == full])

    terms = []
    for i, array in enumerate((x, y)):
        term = owned(array.shape) + ends[i]
        kept = [n for n, full in zip(array.shape[:-2], batch[len(batch) - array.ndim + 2 :], strict=True) if n == full]
        terms.append((array.reshape((*kept, *array.shape[-2:])), term))
    (x, x_term), (y, y_term) = terms
    return einsum(x, y, spec=f"{x_term},{y_term}->{owned(shape)}{ends[2]}").reshape(shape)


def _matmul_x(g: Any, y: Any, x_shape: tuple[int, ...]) -> Any:
    """`g y^T`; of a matrix that served a whole batch, in one product over all of it."""
    if x_shape[:-2] == g.shape[:-2]:
        return matmul(g, y.mT)
    return _folded(g, y, ("XZ", "YZ", "XY"), x_shape)


def _matmul_y(g: Any, x: Any, y_shape: tuple[int, ...]) -> Any:
    """`x^T g`, likewise."""
    if y_shape[:-2] == g.shape[:-2]:
        return matmul(x.mT, g)
    if len(y_shape) == 2 and x.shape[:-1] == g.shape[:-1]:
        return matmul(rows(x).mT, rows(g))
    return _folded(x, g, ("XY", "XZ", "YZ"), y_shape)


matmul: Function = define(
    "matmul", kernels.matmul, _matmul_x, _matmul_y, inputs="x y", kind="contract",
    linear="x y", symbol="@", doc="Matrix product over the last two axes, with broadcasting batch axes.",
)  # fmt: skip

affine = define(
    "affine", kernels.affine, lambda g, w: matmul(g, w), lambda g, x: matmul(rows(g).mT, rows(x)), lambda g: g,
    inputs="x w b", kind="contract", together=kernels.affine_vjp,
    doc="A dense layer, `x w^T + b`, with x: (..., k), w: (n, k), b: (n,).",
)  # fmt: skip

# -- inverses ------------------------------------------------------------------------------------------


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return x.conj().mT if x.dtype.kind == "c" else x.mT


inv: Function = define(
    "inv", np.linalg.inv, lambda g, out: -(out.mT @ g @ out.mT), kind="linalg", symbol="inv",
    doc="Inverse of a square matrix.",
)  # fmt: skip

solve_by: Function = define(
    "solve_by", np.linalg.solve,
    lambda g, x, out: -(solve_by(x.mT, g) @ out.mT), lambda g, x: solve_by(x.mT, g), inputs="x y", kind="linalg",
    doc="What `solve` computes, with a rule for each input: for all derivatives but the first.",
)  # fmt: skip


def _solve_vjp(g: Any, x: Any, out: Any, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    """Both gradients from one solution."""
    back = np.linalg.solve(x.mT, g)
    return (-(back @ out.mT) if needs[0] else None), back


solve: Function = define(
    "solve", lambda x, y: (np.linalg.solve(x, y), None), inputs="x y", kind="linalg", vjp=_solve_vjp, composed=solve_by,
    doc="Solution `out` of `x out = y` for a square matrix x and the columns of y.",
)  # fmt: skip


def triangle(x: Any, *, lower: bool, unit: bool = False) -> Any:
    """One triangle of a matrix with zeros elsewhere, also on the diagonal if `unit`."""
    i, j = np.ogrid[: x.shape[-2], : x.shape[-1]]
    return where((i >= j + unit) if lower else (i <= j - unit), x, 0)


solve_triangular: Function = define(
    "solve_triangular", kernels.solve_triangular,
    lambda g, x, out, *, lower, unit: -triangle(
        solve_triangular(x.mT, g, lower=not lower, unit=unit) @ out.mT, lower=lower, unit=unit),
    lambda g, x, *, lower, unit: solve_triangular(x.mT, g, lower=not lower, unit=unit),
    inputs="x y", kind="linalg",
    doc="Solution of `x out = y` for a triangular x, whose other triangle is not read; nor its diagonal if `unit`.",
)  # fmt: skip


def _pinv_rule(g: Any, x: Any, out: Any, *, hermitian: bool) -> Any:
    """The derivative among matrices of one rank (Golub and Pereyra, 1973)."""
    p, h = out, adjoint(out)
    gh = adjoint(g)
    first = -(h @ g @ h)
    left = gh @ (p @ h)
    right = (h @ p) @ gh
    whole = first + (left - x @ (p @ left)) + (right - (right @ p) @ x)
    return (whole + adjoint(whole)) / 2 if hermitian else whole


pinv: Function = define(
    "pinv", lambda x, rcond, *, hermitian: np.linalg.pinv(x, rcond, hermitian), _pinv_rule, None,
    inputs="x rcond", kind="linalg", holomorphic=False,
    doc="Pseudo-inverse; singular values below `rcond` times the largest count as 0. Its gradient keeps the rank.",
)  # fmt: skip


def _lstsq_x(g: Any, x: Any, y: Any, out: Any, *, rcond: float) -> Any:
    p = pinv(x, rcond, hermitian=False)
    back = adjoint(p) @ g
    rest = g - adjoint(x) @ back
    return (y - x @ out) @ adjoint(p @ back) + adjoint(p) @ out @ adjoint(rest) - back @ adjoint(out)


lstsq = define(
    "lstsq", kernels.lstsq, _lstsq_x, lambda g, x, *, rcond: adjoint(pinv(x, rcond, hermitian=False)) @ g,
    inputs="x y", kind="linalg", holomorphic=False,
    doc="The shortest vector `out` that makes `|y - x out|` least. Its gradient keeps the rank of x.",
)  # fmt: skip

# -- determinants --------------------------------------------------------------------------------------


def _each(g: Any) -> Any:
    """A number for each matrix, to be multiplied with it."""
    return g[..., None, None]


def _inner(x: Any, y: Any) -> Any:
    return (x * y).sum(axis=(-1, -2))


def _turn_x(g: Any, x: Any, y: Any) -> Any:
    """The third derivative of the determinant, written with the inverse: x must have one."""
    b = inv(x).mT
    yb, gb = b @ y.mT @ b, b @ g.mT @ b
    along_y, along_g = _inner(b, y), _inner(b, g)
    second = along_y * along_g - _inner(gb, y)
    rest = b @ y.mT @ gb + b @ g.mT @ yb - _each(along_g) * yb - _each(along_y) * gb
    return _each(det(x)) * (_each(second) * b + rest)


cofactor_turn: Function = define(
    "cofactor_turn", kernels.cofactor_turn, _turn_x, lambda g, x: cofactor_turn(x, g),
    inputs="x y", kind="linalg", doc="How the cofactors of x change as x moves along y.",
)  # fmt: skip

cofactor: Function = define(
    "cofactor", kernels.cofactor, lambda g, x: cofactor_turn(x, g), kind="linalg",
    doc="Cofactors of a square matrix, `det(x) inv(x)^T`: the gradient of its determinant, singular or not.",
)  # fmt: skip

det: Function = define(
    "det", np.linalg.det, lambda g, x: _each(g) * cofactor(x), kind="linalg",
    doc="Determinant of a square matrix.",
)  # fmt: skip


def _slogdet_rule(g: tuple[Any, Any], x: Any, sign: Any) -> Any:
    """`inv(x)^H` times what is asked of log|det| and, for complex x, of the phase."""
    g_sign, g_log = g
    factor = 0.0 if g_log is None else g_log
    if g_sign is not None and x.dtype.kind == "c":
        factor = factor + 1j * (g_sign * sign.conj()).imag
    return _each(np.zeros(x.shape[:-2]) + factor) * adjoint(inv(x))


slogdet = define(
    "slogdet", lambda x: tuple(np.linalg.slogdet(x)), _slogdet_rule, outs="sign logabsdet", kind="linalg",
    holomorphic=False, doc="Sign (or phase) of a determinant, and the logarithm of its absolute value.",
)  # fmt: skip

# -- functions of matrices -------------------------------------------------------------------------------


def _expm_rule(g: Any, x: Any) -> Any:
    """The corner of the exponential of `[[x^T, g], [0, x^T]]`."""
    n, down, across = x.shape[-1], x.ndim - 2, x.ndim - 1
    x = x.mT
    zero = np.zeros(x.shape, x.dtype)
    block = concatenate(concatenate(x, g, axis=across), concatenate(zero, x, axis=across), axis=down)
    return expm(block)[..., :n, n:]


expm: Function = define(
    "expm", kernels.expm, _expm_rule, kind="linalg", doc="Exponential of a square matrix, `sum_k x^k / k!`."
)  # fmt: skip

matrix_rank = define(
    "matrix_rank", kernels.matrix_rank, inputs="x *tolerance", kind="linalg",
    doc="How many singular values are above a tolerance; a constant.",
)  # fmt: skip

# -- norms ---------------------------------------------------------------------------------------------


def _norm_rule(g: Any, x: Any, out: Any, *, order: float, axis: tuple[int, ...]) -> Any:
    """`g (x / |x|) (|x| / out)^(order-1)`, and 0 for elements that are 0."""
    for i in axis:
        g, out = _expand(g, i), _expand(out, i)
    if order == 2:
        return where(out == 0, 0, g / where(out == 0, 1, out)) * x
    zero = (x == 0) | (out == 0)
    size = where(zero, 1, abs(where(zero, 1, x)))
    return g * where(zero, 0, x / size * (size / where(out == 0, 1, out)) ** (order - 1))


def _expand(x: Any, axis: int) -> Any:
    return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


norm = define(
    "norm", kernels.norm, _norm_rule, kind="reduce", holomorphic=False,
    doc="`(sum |x|^order)^(1/order)` over axes, for a finite order other than 0; the gradient at zeros is 0.",
)  # fmt: skip
