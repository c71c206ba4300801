"""Linear algebra.

A function of a Hermitian matrix reads one triangle: here it is given the average of both, which its gradient is
meant for. Eigenvectors and singular vectors are compared where they are determined, up to sign and phase.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as N
from tests.op_table import Draw, fixed, op, real, row

L = N.linalg


def regular(*shape: int) -> Draw:
    """Matrices that are far from singular, with values far from each other."""

    def draw(rng: np.random.Generator) -> Any:
        return 0.4 * rng.standard_normal(shape) + np.eye(*shape[-2:]) * np.arange(2.0, 2.0 + shape[-1])

    return draw


def adjoint(x: Any) -> Any:
    return N.conj(N.matrix_transpose(x))


def hermitian(x: Any) -> Any:
    return (x + adjoint(x)) / 2


SQUARE = [[regular(3, 3)], [regular(2, 2, 2)], [regular(1, 1)], [real(0, 0)], [real(0, 2, 2)]]
SOLVE = [
    [regular(3, 3), real(3)],
    [regular(3, 3), real(3, 2)],
    [regular(2, 2, 2), real(2)],
    [regular(2, 2, 2), real(2, 3)],
    [regular(3, 1, 2, 2), real(2, 2, 1)],
    [regular(2, 2), real(3, 2, 1)],
    [real(0, 0), real(0, 2)],
    [regular(2, 2), real(2, 0)],
]
ANY = [[regular(3, 3)], [real(4, 2)], [real(2, 4)], [real(2, 3, 2)]]

row("linalg.inv", L.inv, np.linalg.inv, SQUARE, complex=True)
row("inv", op("inv"), np.linalg.inv, SQUARE[:1], complex=True)
row("linalg.solve", L.solve, np.linalg.solve, SOLVE, complex=True)
row("solve", op("solve"), np.linalg.solve, SOLVE[1:2], complex=True)
row("solve_by", op("solve_by"), np.linalg.solve, SOLVE[1:2], complex=True)
row("linalg.det", L.det, np.linalg.det, SQUARE, complex=True)
row("det", op("det"), np.linalg.det, SQUARE[:1], complex=True)
row("cofactor", op("cofactor"), lambda x: np.linalg.det(x) * np.linalg.inv(x).T, SQUARE[:1], complex=True)
row("cofactor_turn", op("cofactor_turn"), lambda x, y: _turned(x, y), [[regular(3, 3), real(3, 3)]], complex=True)


def _turned(x: Any, y: Any) -> Any:
    b = np.linalg.inv(x).T
    return np.linalg.det(x) * ((b * y).sum() * b - b @ y.T @ b)


for _part, _name in enumerate(("sign", "logabsdet")):
    row(
        f"linalg.slogdet {_name}",
        lambda x, i=_part: L.slogdet(x)[i] + (0 * x).sum(),
        lambda x, i=_part: np.linalg.slogdet(x)[i] + (0 * x).sum(),
        SQUARE[:3],
        complex=True,
    )
row(
    "linalg.slogdet",
    lambda x: (lambda s, d: s * d)(*L.slogdet(x)),
    lambda x: (lambda s, d: s * d)(*np.linalg.slogdet(x)),
    SQUARE,
    complex=True,
)
row("slogdet", lambda x: op("slogdet")(x)[1], lambda x: np.linalg.slogdet(x)[1], SQUARE[:1], complex=True)

row(
    "linalg.matrix_power",
    L.matrix_power,
    np.linalg.matrix_power,
    SQUARE[:3],
    options=[{"n": n} for n in (1, 2, 3, 6, -1, -3)],
    complex=True,
)
row(
    "linalg.matrix_power 0",
    lambda x: L.matrix_power(x, 0) * x,
    lambda x: np.linalg.matrix_power(x, 0) * x,
    SQUARE,
    complex=True,
)
row(
    "linalg.tensorinv",
    L.tensorinv,
    np.linalg.tensorinv,
    [[lambda rng: regular(6, 6)(rng).reshape(2, 3, 6)]],
    complex=True,
)
row(
    "linalg.tensorinv 1",
    L.tensorinv,
    np.linalg.tensorinv,
    [[lambda rng: regular(6, 6)(rng).reshape(6, 2, 3)]],
    options=[{"ind": 1}],
    complex=True,
)
row(
    "linalg.tensorsolve",
    L.tensorsolve,
    np.linalg.tensorsolve,
    [[lambda rng: regular(6, 6)(rng).reshape(2, 3, 6), real(2, 3)]],
    complex=True,
)
row(
    "linalg.tensorsolve axes",
    L.tensorsolve,
    np.linalg.tensorsolve,
    [[lambda rng: regular(6, 6)(rng).reshape(2, 6, 3).transpose(0, 2, 1), real(2, 3)]],
    complex=True,
)
row(
    "linalg.tensorsolve moved",
    lambda a, b: L.tensorsolve(a, b, (0,)),
    lambda a, b: np.linalg.tensorsolve(a, b, (0,)),
    [[lambda rng: regular(6, 6)(rng).reshape(6, 3, 2).transpose(2, 0, 1), real(6)]],
    complex=True,
)

# -- products ------------------------------------------------------------------------------------------

_pair = [[real(2, 3), real(3, 2)], [real(4, 2, 3), real(3, 2)]]
row("linalg.matmul", L.matmul, np.linalg.matmul, _pair, complex=True)
row(
    "linalg.tensordot",
    L.tensordot,
    np.linalg.tensordot,
    [[real(2, 3), real(3, 2)]],
    options=[{"axes": 1}],
    complex=True,
)
row("linalg.vecdot", L.vecdot, np.linalg.vecdot, [[real(2, 3), real(3)]], complex=True)
row("linalg.vecdot axis", L.vecdot, np.linalg.vecdot, [[real(3, 2), real(3, 2)]], options=[{"axis": 0}], complex=True)
row("linalg.outer", L.outer, np.linalg.outer, [[real(2), real(3)]], complex=True)
row("linalg.cross", L.cross, np.linalg.cross, [[real(2, 3), real(2, 3)]], complex=True)
row("linalg.cross axis", L.cross, np.linalg.cross, [[real(3, 2), real(3, 2)]], options=[{"axis": 0}], complex=True)
row(
    "linalg.multi_dot",
    lambda *xs: L.multi_dot(xs),
    lambda *xs: np.linalg.multi_dot(xs),
    [
        [real(2, 3), real(3, 4)],
        [real(2, 3), real(3, 4), real(4, 2)],
        [real(3), real(3, 4), real(4, 2), real(2)],
        [real(5, 2), real(2, 4), real(4, 1), real(1, 3)],
        [real(3), real(3, 2), real(2, 2)],
        [real(3), real(3)],
    ],
    complex=True,
)
row(
    "linalg.matrix_transpose",
    L.matrix_transpose,
    np.linalg.matrix_transpose,
    [[real(2, 3)], [real(2, 3, 4)]],
    complex=True,
)
for _name in ("diagonal", "trace"):
    row(
        f"linalg.{_name}",
        getattr(L, _name),
        getattr(np.linalg, _name),
        [[real(3, 4)], [real(2, 4, 3)]],
        options=[{}, {"offset": 1}, {"offset": -1}],
        complex=True,
    )

# -- triangular systems, exponentials --------------------------------------------------------------------


def _triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    i, j = np.indices(a.shape[-2:])
    a = np.where(i >= j if lower else i <= j, a, 0)
    a = np.where(i == j, 1.0, a) if unit_diagonal else a
    a = a.mT if trans in (1, "T") else a.mT.conj() if trans == 2 else a
    return np.linalg.solve(a, b)


row(
    "linalg.solve_triangular",
    L.solve_triangular,
    _triangular,
    [c for c in SOLVE if c[0] is not SOLVE[6][0]],
    options=[
        {},
        {"lower": True},
        {"lower": True, "trans": 1},
        {"trans": 2, "unit_diagonal": True},
        {"lower": True, "unit_diagonal": True, "trans": "T"},
    ],
    complex=True,
)
row(
    "solve_triangular",
    op("solve_triangular"),
    lambda a, b, lower, unit: _triangular(a, b, 0, lower, unit),
    SOLVE[1:2],
    options=[{"lower": True, "unit": False}],
    complex=True,
)
row(
    "linalg.cho_solve",
    lambda c, b, lower: L.cho_solve((c, lower), b),
    lambda c, b, lower: (lambda t: np.linalg.solve(t @ t.T.conj() if lower else t.T.conj() @ t, b))(
        np.tril(c) if lower else np.triu(c)
    ),
    SOLVE[:2],
    options=[{"lower": True}, {"lower": False}],
    complex=True,
)


def _series(x: Any) -> Any:
    x = np.asarray(x)
    total = term = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    for k in range(1, 40):
        term = term @ x / x.dtype.type(k)
        total = total + term
    return total


row("linalg.expm", L.expm, _series, [[real(3, 3)], [real(2, 2, 2)], [real(1, 1)]], complex=True)
row("expm", op("expm"), _series, [[real(2, 2)]], complex=True)

# -- least squares ---------------------------------------------------------------------------------------

row("linalg.pinv", L.pinv, np.linalg.pinv, [*ANY, [real(0, 2)]], complex=True, rtol=1e-5)
row(
    "linalg.pinv rcond",
    L.pinv,
    np.linalg.pinv,
    ANY[:2],
    options=[{"rcond": 1e-3}, {"rtol": None}, {"rtol": 1e-4}],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.pinv hermitian",
    lambda x: L.pinv(hermitian(x), hermitian=True),
    lambda x: np.linalg.pinv((x + x.conj().mT) / 2, hermitian=True),
    [[regular(3, 3)]],
    complex=True,
)
row(
    "pinv",
    op("pinv"),
    lambda x, rcond, hermitian: np.linalg.pinv(x, rcond),
    [[real(3, 2), fixed(np.float64(1e-9))]],
    options=[{"hermitian": False}],
    inputs=[0],
    complex=True,
)
_least = [
    [real(4, 2), real(4)],
    [real(4, 2), real(4, 2)],
    [real(2, 4), real(2)],
    [regular(3, 3), real(3, 2)],
    [real(3, 2), real(3, 0)],
]
row(
    "linalg.lstsq",
    lambda a, b: L.lstsq(a, b)[0],
    lambda a, b: np.linalg.lstsq(a, b)[0],
    _least,
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.lstsq residuals",
    lambda a, b: L.lstsq(a, b)[1],
    lambda a, b: np.linalg.lstsq(a, b)[1],
    _least[:2],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.lstsq values",
    lambda a, b: L.lstsq(a, b)[3] + 0 * b.sum(),
    lambda a, b: np.linalg.lstsq(a, b)[3] + 0 * b.sum().real,
    _least[:3],
    rtol=1e-5,
)
row(
    "linalg.lstsq rank",
    lambda a, b: L.lstsq(a, b)[2],
    lambda a, b: np.linalg.lstsq(a, b)[2],
    _least[:1],
    differentiable=False,
)
row(
    "lstsq",
    op("lstsq"),
    lambda a, b, rcond: np.linalg.lstsq(a, b, rcond)[0],
    _least[1:2],
    options=[{"rcond": 1e-9}],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.matrix_rank",
    L.matrix_rank,
    np.linalg.matrix_rank,
    [[real(3, 2)], [real(2, 2, 3)], [real(3)]],
    options=[{}, {"tol": 0.5}, {"rtol": 0.5}],
    differentiable=False,
)
row(
    "matrix_rank",
    op("matrix_rank"),
    lambda x, hermitian, relative: np.linalg.matrix_rank(x),
    [[real(3, 2)]],
    options=[{"hermitian": False, "relative": False}],
    differentiable=False,
)

# -- decompositions --------------------------------------------------------------------------------------


def _positive(x: Any) -> Any:
    return N.matmul(x, adjoint(x))


row(
    "linalg.cholesky",
    lambda x, **o: L.cholesky(_positive(x), **o),
    lambda x, **o: np.linalg.cholesky(x @ x.conj().mT, **o),
    SQUARE,
    options=[{}, {"upper": True}],
    complex=True,
)
row(
    "cholesky",
    lambda x: op("cholesky")(_positive(x)),
    lambda x: np.linalg.cholesky(x @ x.conj().T),
    SQUARE[:1],
    complex=True,
)

_tall = [[regular(3, 3)], [real(4, 2)], [real(2, 3, 2)], [real(0, 0)]]
row(
    "linalg.qr",
    lambda x, **o: L.qr(x, **o).Q,
    lambda x, **o: np.linalg.qr(x, **o).Q,
    [*_tall, [real(2, 4)], [real(2, 2, 3)]],
    options=[{}],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.qr R",
    lambda x, mode: L.qr(x, mode) if mode == "r" else L.qr(x, mode).R,
    lambda x, mode: np.linalg.qr(x, mode) if mode == "r" else np.linalg.qr(x, mode).R,
    [*_tall, [real(2, 4)], [real(2, 2, 3)]],
    options=[{"mode": "reduced"}, {"mode": "r"}, {"mode": "complete"}],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.qr both",
    lambda x: (lambda q, r: N.matmul(q * q, r))(*L.qr(x)),
    lambda x: (lambda q, r: q * q @ r)(*np.linalg.qr(x)),
    [*_tall, [real(2, 4)]],
    complex=True,
    rtol=1e-5,
)
row(
    "complement",
    op("complement"),
    lambda x: np.linalg.qr(x, "complete").Q[..., 2:],
    [[real(4, 2)], [real(2, 3, 2)]],
    differentiable=False,
)
row("qr", lambda x: op("qr")(x)[0], lambda x: np.linalg.qr(x).Q, [[real(3, 2)]], complex=True, rtol=1e-5)

_both = [{}, {"UPLO": "U"}]
row(
    "linalg.eigvalsh",
    lambda x, **o: L.eigvalsh(hermitian(x), **o),
    lambda x, **o: np.linalg.eigvalsh((x + x.conj().mT) / 2, **o),
    SQUARE,
    options=_both,
    complex=True,
)
row(
    "eigvalsh",
    lambda x: op("eigvalsh")(hermitian(x), UPLO="L"),
    lambda x: np.linalg.eigvalsh((x + x.conj().mT) / 2),
    SQUARE[:1],
    complex=True,
)
row(
    "linalg.eigh",
    lambda x, **o: (lambda w, v: N.abs(v) ** 2 * w[..., None, :])(*L.eigh(hermitian(x), **o)),
    lambda x, **o: (lambda w, v: np.abs(v) ** 2 * w[..., None, :])(*np.linalg.eigh((x + x.conj().mT) / 2, **o)),
    SQUARE,
    options=_both,
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.eigh signed",
    lambda x: L.eigh(hermitian(x)).eigenvectors,
    lambda x: np.linalg.eigh((x + x.mT) / 2).eigenvectors,
    SQUARE[:2],
    rtol=1e-5,
)
row(
    "eigh",
    lambda x: op("eigh")(hermitian(x), UPLO="L")[0],
    lambda x: np.linalg.eigvalsh((x + x.conj().mT) / 2),
    SQUARE[:1],
    complex=True,
)

_turning = fixed(np.array([[1.0, -2.0, 0.3], [2.0, 1.5, 0.2], [0.1, -0.3, -1.0]]))  # has complex eigenvalues
_eigs = [*SQUARE[:3], [_turning]]
row(
    "linalg.eigvals",
    lambda x: N.real(L.eigvals(x)) ** 3 + N.abs(L.eigvals(x)),
    lambda x: (lambda w: np.real(w) ** 3 + np.abs(w))(np.linalg.eigvals(x)),
    _eigs,
    complex=True,
    rtol=1e-5,
)
row("eigvals", op("eigvals"), np.linalg.eigvals, [[regular(3, 3)]], complex=True, rtol=1e-5)
row(
    "linalg.eig",
    lambda x: (lambda w, v: N.abs(v) ** 2 * N.real(w * w)[..., None, :])(*L.eig(x)),
    lambda x: (lambda w, v: np.abs(v) ** 2 * np.real(w * w)[..., None, :])(*np.linalg.eig(x)),
    _eigs,
    complex=True,
    rtol=1e-5,
)
row("eig", lambda x: op("eig")(x)[0], np.linalg.eigvals, [[regular(3, 3)]], complex=True, rtol=1e-5)

row(
    "linalg.svdvals",
    L.svdvals,
    lambda x: np.linalg.svd(x, compute_uv=False),
    [*ANY, [real(0, 2)]],
    complex=True,
    rtol=1e-5,
)
row("svdvals", op("svdvals"), lambda x: np.linalg.svd(x, compute_uv=False), ANY[:1], complex=True, rtol=1e-5)
row(
    "linalg.svd",
    lambda x: (lambda u, s, vh: N.matmul(N.abs(u) ** 2 * s[..., None, :] ** 2, N.abs(vh)))(*L.svd(x, False)),
    lambda x: (lambda u, s, vh: np.abs(u) ** 2 * s[..., None, :] ** 2 @ np.abs(vh))(*np.linalg.svd(x, False)),
    ANY,
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.svd phases",
    lambda x: (lambda u, s, vh: N.matmul(u * s[..., None, :] ** 3, vh))(*L.svd(x, False)),
    lambda x: (lambda u, s, vh: u * s[..., None, :] ** 3 @ vh)(*np.linalg.svd(x, False)),
    ANY,
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.svd u",
    lambda x: N.abs(L.svd(x, False).U),
    lambda x: np.abs(np.linalg.svd(x, False).U),
    ANY,
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.svd vh",
    lambda x: N.abs(L.svd(x, False).Vh),
    lambda x: np.abs(np.linalg.svd(x, False).Vh),
    ANY,
    complex=True,
    rtol=1e-5,
)
row("linalg.svd values", L.svd, np.linalg.svd, ANY, options=[{"compute_uv": False}], complex=True, rtol=1e-5)
row(
    "linalg.svd hermitian",
    lambda x: (lambda u, s, vh: N.matmul(u * s[..., None, :] ** 3, vh))(
        *L.svd(hermitian(x) - 3 * np.eye(x.shape[-1]), hermitian=True)
    ),
    lambda x: (lambda u, s, vh: u * s[..., None, :] ** 3 @ vh)(
        *np.linalg.svd((x + x.conj().mT) / 2 - 3 * np.eye(x.shape[-1]), hermitian=True)
    ),
    SQUARE[:2],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.svd hermitian values",
    lambda x: L.svd(hermitian(x) - 3 * np.eye(x.shape[-1]), True, False, True),
    lambda x: np.linalg.svd((x + x.conj().mT) / 2 - 3 * np.eye(x.shape[-1]), True, False, True),
    SQUARE[:2],
    complex=True,
    rtol=1e-5,
)
row(
    "svd",
    lambda x: op("svd")(x, more=False)[1],
    lambda x: np.linalg.svd(x, compute_uv=False),
    ANY[:1],
    complex=True,
    rtol=1e-5,
)
row(
    "unspecified",
    lambda x: op("unspecified")(x, np.ones(3)),
    lambda x: np.ones(3),
    [[fixed([1, 2])]],
    differentiable=False,
)

# -- norms -----------------------------------------------------------------------------------------------

_inf = np.inf


def sizes(*shape: int) -> Draw:
    """Numbers of both signs whose absolute values lie apart, and so do their sums."""

    def draw(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        size = 0.5 + 0.3 * rng.permutation(n) + rng.uniform(0, 0.2, n)
        return (size * rng.choice([-1.0, 1.0], n)).reshape(shape)[()]

    return draw


row(
    "linalg.norm",
    L.norm,
    np.linalg.norm,
    [[sizes(4)], [sizes(2, 3)], [sizes(2, 3, 2)], [sizes()]],
    options=[{}, {"keepdims": True}],
    complex=True,
)
row(
    "linalg.norm vectors",
    L.norm,
    np.linalg.norm,
    [[sizes(3)], [sizes(2, 3)]],
    options=[{"ord": o, "axis": -1} for o in (None, 1, 2, 3, 2.5, 0.5, -1, -2, _inf, -_inf)]
    + [{"ord": 3, "axis": 0, "keepdims": True}, {"ord": _inf, "axis": 0, "keepdims": True}],
    complex=True,
)
row(
    "linalg.norm matrices",
    L.norm,
    np.linalg.norm,
    [[sizes(3, 2)], [sizes(2, 2)]],
    options=[{"ord": o} for o in ("fro", "nuc", _inf, -_inf, 1, -1, 2, -2)],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.norm axes",
    L.norm,
    np.linalg.norm,
    [[sizes(3, 2, 2)]],
    options=[
        {"ord": o, "axis": a, "keepdims": k}
        for o in ("fro", "nuc", 1, -_inf, 2, None)
        for a, k in (((0, 2), False), ((2, 0), True), ((-1, 1), False))
    ],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.norm zeros",
    lambda x: L.norm(x, 0),
    lambda x: np.linalg.norm(x, 0),
    [[fixed(np.array([1.0, 0.0, 2.0]))]],
    differentiable=False,
)
row(
    "norm",
    op("norm"),
    lambda x, order, axis: np.linalg.norm(x, order, axis[0]),
    [[sizes(2, 3)]],
    options=[{"order": o, "axis": (1,)} for o in (2.0, 3.0)],
    complex=True,
)
row(
    "linalg.vector_norm",
    L.vector_norm,
    np.linalg.vector_norm,
    [[sizes(2, 3, 2)]],
    options=[
        {"axis": a, "ord": o, "keepdims": k}
        for a, k in ((None, False), (0, True), ((0, 2), False), ((1, 2), True))
        for o in (2, 1, 3, _inf)
    ],
    complex=True,
)
row(
    "linalg.matrix_norm",
    L.matrix_norm,
    np.linalg.matrix_norm,
    [[sizes(2, 3, 2)]],
    options=[{}, {"keepdims": True}, {"ord": "nuc"}, {"ord": -2}, {"ord": 1, "keepdims": True}],
    complex=True,
    rtol=1e-5,
)
row(
    "linalg.cond",
    L.cond,
    np.linalg.cond,
    [[regular(3, 3)], [regular(2, 2, 2)]],
    options=[{"p": p} for p in (None, 2, -2, 1, -1, _inf, -_inf, "fro", "nuc")],
    complex=True,
    rtol=1e-5,
)
row("linalg.cond of tall ones", L.cond, np.linalg.cond, [[real(3, 2)]], complex=True, rtol=1e-5)
