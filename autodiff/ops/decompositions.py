"""Factors of matrices. Axes before the last two are a batch; `x^H` is the conjugate transpose.

None of these is holomorphic: the rules speak of `g = dL/dRe + i dL/dIm`. Of a matrix that is taken to be Hermitian
NumPy reads one triangle; the gradient is the Hermitian one, as if both had been averaged.

Eigenvectors and singular vectors are determined up to a phase, and those of equal values up to a rotation. A loss
that depends on what is not determined has no gradient, and its backward pass raises a GradientError.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batched import numbers
from ..errors import GradientError
from ..kernels import linalg as kernels
from ..op import Function, define
from ..tensor import Tensor, constant
from .elementwise import where
from .linalg import adjoint, solve, solve_triangular, triangle

Several = tuple[Any, ...]


def _fixed(x: Any) -> Any:
    """The same numbers outside the graph."""
    return constant(x.value) if type(x) is Tensor else x


def _hermitian(x: Any) -> Any:
    return (x + adjoint(x)) / 2


def _scaled(x: Any, values: Any) -> Any:
    """The columns of x times these values."""
    return x * values[..., None, :]


def _eye(x: Any) -> Any:
    return np.eye(x.shape[-1], dtype=bool)


def _diagonal(x: Any) -> Any:
    """The diagonal of each matrix."""
    return where(_eye(x), x, 0).sum(axis=-1)


# -- what is not determined ------------------------------------------------------------------------------


def _over(x: Any, gaps: Any, what: str) -> Any:
    """`x / gaps`, and 0 on the diagonal, where a gap of 0 means equal values whose vectors x must not ask about."""
    none = _fixed(gaps) == 0
    equal = none & ~_eye(gaps)
    if numbers(equal).any() and (type(x) is Tensor or np.where(equal, x, 0).any()):
        raise GradientError(
            f"the gradient of {what} with equal values is not defined: any rotation of their vectors would serve as "
            "well. Use the values alone (eigvalsh, eigvals, svdvals), or a matrix whose values are distinct."
        )
    return where(none, 0, x / where(none, 1, gaps))


def _no_phase(turn: Any, scale: Any, what: str) -> None:
    """Refuse a gradient that would change with the phase of a complex vector."""
    turn, scale = np.abs(numbers(turn)), np.abs(numbers(scale))
    eps = np.finfo(turn.dtype).eps
    if (turn > eps**0.5 * max(scale.max(initial=0), eps)).any():
        raise GradientError(
            f"the loss depends on the phases of {what}, which are not determined: each vector may be multiplied with "
            "any number of absolute value 1. Use what is the same for all, as abs(v) or v @ v.conj().mT."
        )


def _unspecified_rule(g: Any) -> None:
    if type(g) is Tensor or np.any(g):
        raise GradientError(
            "vectors that only complete a basis are not determined by the matrix and have no gradient. "
            'Leave them out: svd(a, full_matrices=False), qr(a, mode="reduced").'
        )


unspecified = define(
    "unspecified", lambda x, y: y, _unspecified_rule, None, inputs="x y",
    doc="The constant y, which came with x though x does not determine it: to ask for its gradient is an error.",
)  # fmt: skip

complement = define(
    "complement", lambda x: np.linalg.qr(x, "complete").Q[..., x.shape[-1] :], kind="linalg",
    doc="Orthonormal columns at right angles to those of x, which do not determine them.",
)  # fmt: skip

# -- triangular factors ----------------------------------------------------------------------------------


def _cholesky_rule(g: Any, out: Any) -> Any:
    """`L^-H P L^-1` with P the lower triangle of `L^H g`, its diagonal halved (Murray, 2016)."""
    p = triangle(adjoint(out) @ g, lower=True)
    p = where(_eye(p), p / 2, p)
    upper = adjoint(out)
    left = solve_triangular(upper, p, lower=False)
    return _hermitian(adjoint(solve_triangular(upper, adjoint(left), lower=False)))


cholesky: Function = define(
    "cholesky", np.linalg.cholesky, _cholesky_rule, kind="linalg", holomorphic=False,
    doc="Lower triangular `L` with `L L^H = x`, for a positive definite x.",
)  # fmt: skip


def _qr_rule(g: Several, q: Any, r: Any) -> Any:
    """`(g_q + q m) r^-H`, m being the lower triangle of `r g_r^H - g_q^H q` mirrored with a real diagonal."""
    g_q, g_r = g
    m: Any = 0.0
    if g_r is not None:
        m = r @ adjoint(g_r)
    if g_q is not None:
        m = m - adjoint(g_q) @ q
    low = triangle(m, lower=True, unit=True)
    m = low + adjoint(low) + where(_eye(m), m.real, 0)
    whole = q @ m if g_q is None else g_q + q @ m
    return adjoint(solve_triangular(r, adjoint(whole), lower=False))


qr: Function = define(
    "qr", lambda x: tuple(np.linalg.qr(x)), _qr_rule, outs="q r", kind="linalg", holomorphic=False,
    doc="Orthonormal columns q and an upper triangle r with `q r = x`, for x no wider than tall.",
)  # fmt: skip

# -- eigenvalues -----------------------------------------------------------------------------------------


def _eigh_rule(g: Several, w: Any, v: Any) -> Any:
    """`v (diag(g_w) + (v^H g_v) / (w_j - w_i)) v^H`."""
    g_w, g_v = g
    if g_v is None:
        return _scaled(v, g_w) @ adjoint(v)
    x = adjoint(v) @ g_v
    if v.dtype.kind == "c":
        _no_phase(_diagonal(x).imag, x, "eigenvectors")
    middle = _over(x, w[..., None, :] - w[..., :, None], "eigenvectors")
    if g_w is not None:
        middle = where(_eye(x), g_w[..., None, :], middle)
    return _hermitian(v @ middle @ adjoint(v))


eigh: Function = define(
    "eigh", lambda x, *, UPLO: tuple(np.linalg.eigh(x, UPLO)), _eigh_rule, outs="w v", kind="linalg", holomorphic=False,
    doc="Eigenvalues w, ascending, and eigenvectors, the columns of v, of a Hermitian matrix.",
)  # fmt: skip


def _eigvalsh_rule(g: Any, x: Any, *, UPLO: str) -> Any:
    v = eigh(x, UPLO=UPLO)[1]
    return _scaled(v, g) @ adjoint(v)


eigvalsh = define(
    "eigvalsh", lambda x, *, UPLO: np.linalg.eigvalsh(x, UPLO), _eigvalsh_rule, kind="linalg", holomorphic=False,
    doc="Eigenvalues of a Hermitian matrix, ascending.",
)  # fmt: skip


def _eig_rule(g: Several, w: Any, v: Any) -> Any:
    """`v^-H (diag(g_w) + (v^H g_v - v^H v diag(v^H g_v)) / conj(w_j - w_i)) v^H`."""
    g_w, g_v = g
    h = adjoint(v)
    if g_v is None:
        return solve(h, g_w[..., :, None] * h)
    x = h @ g_v
    if v.dtype.kind == "c":
        _no_phase(_diagonal(x).imag, x, "eigenvectors")
    x = x - _scaled(h @ v, _diagonal(x).real)
    middle = _over(x, (w[..., None, :] - w[..., :, None]).conj(), "eigenvectors")
    if g_w is not None:
        middle = where(_eye(x), g_w[..., None, :], middle)
    return solve(h, middle @ h)


eig: Function = define(
    "eig", lambda x: tuple(np.linalg.eig(x)), _eig_rule, outs="w v", kind="linalg", holomorphic=False,
    doc="Eigenvalues w and eigenvectors of length 1, the columns of v, of a square matrix.",
)  # fmt: skip


def _eigvals_rule(g: Any, x: Any) -> Any:
    h = adjoint(eig(x)[1])
    return solve(h, g[..., :, None] * h)


eigvals = define(
    "eigvals", lambda x: np.linalg.eig(x)[0], _eigvals_rule, kind="linalg", holomorphic=False,
    doc="Eigenvalues of a square matrix, in the order in which `eig` gives them.",
)  # fmt: skip

# -- singular values -------------------------------------------------------------------------------------


def _svd_rule(g: Several, u: Any, s: Any, vh: Any) -> Any:
    """`u m v^H`, and what of g_u and g_v is outside of the spaces of u and v.

    `m = diag(g_s) + (skew(u^H g_u) s + s skew(v^H g_v)) / (s_j^2 - s_i^2)`.
    """
    g_u, g_s, g_vh = g[:3]
    if g_u is None and g_vh is None:
        return _scaled(u, g_s) @ vh
    x = adjoint(u) @ g_u if g_u is not None else None
    y = vh @ adjoint(g_vh) if g_vh is not None else None
    column, row = s[..., :, None], s[..., None, :]
    turned = 0.0 if x is None else (x - adjoint(x)) * row
    turned = turned if y is None else turned + column * (y - adjoint(y))
    middle = _over(turned, (row - column) * (row + column), "singular vectors")
    if u.dtype.kind == "c":
        turn_x, turn_y = 0.0 if x is None else _diagonal(x).imag, 0.0 if y is None else _diagonal(y).imag
        scale = max(np.abs(numbers(part)).max(initial=0) for part in (x, y) if part is not None)
        _no_phase(turn_x + turn_y, scale, "singular vectors")
        middle = middle + where(_eye(middle), 1j * _over_values(turn_x - turn_y, 2 * s)[..., None, :], 0)
    if g_s is not None:
        middle = middle + where(_eye(middle), g_s[..., None, :], 0)
    out = u @ middle @ vh
    if x is not None and u.shape[-2] > u.shape[-1]:
        out = out + _over_values(g_u - u @ x, s[..., None, :]) @ vh
    if y is not None and vh.shape[-1] > vh.shape[-2]:
        out = out + u @ adjoint(_over_values(adjoint(g_vh) - adjoint(vh) @ y, s[..., None, :]))
    return out


def _over_values(x: Any, s: Any) -> Any:
    """`x / s`, where a singular value of 0 leaves its vectors undetermined."""
    none = _fixed(s) == 0
    if numbers(none).any() and (type(x) is Tensor or np.where(none, x, 0).any()):
        raise GradientError(
            "the gradient of singular vectors whose singular value is 0 is not defined: any others at right angles "
            "to the rest would serve as well. Use svdvals, or a matrix of full rank."
        )
    return where(none, 0, x / where(none, 1, s))


svd: Function = define(
    "svd", kernels.svd, _svd_rule, outs="u s vh more_u more_vh", kind="linalg",
    holomorphic=False,
    doc="Singular values s, descending, and their vectors: the columns of u and the rows of vh. With `more` also "
    "those that complete them to bases.",
)  # fmt: skip


def _svdvals_rule(g: Any, x: Any) -> Any:
    u, _, vh, _, _ = svd(x, more=False)
    return _scaled(u, g) @ vh


svdvals = define(
    "svdvals", lambda x: np.linalg.svd(x, compute_uv=False), _svdvals_rule, kind="linalg", holomorphic=False,
    doc="Singular values, descending.",
)  # fmt: skip
