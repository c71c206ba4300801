"""Comparisons with PyTorch. Vectors are compared where they are determined, up to sign and phase."""

from functools import partial

import numpy as np
import torch

from autodiff import numpy as N
from tests.parity.op_cases import case

L, TL = N.linalg, torch.linalg


def regular(rng, shape):
    """Far from singular, with values far from each other."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return rng.normal(size=shape)
    return 0.2 * rng.normal(size=shape) + np.eye(shape[-1]) * np.arange(2.0, 2.0 + shape[-1])


def hermitian(x):
    return (x + x.mT.conj()) / 2


def positive(x):
    return x @ x.mT.conj()


square = partial(case, samplers=(regular,), z=True)
SQUARE = ((3, 3), (2, 2, 2), (1, 1))
SOLVE = (((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2, 2), (2, 2, 3)), ((2, 2), (3, 2, 1)), ((0, 0), (0, 2)))
square("inv", L.inv, TL.inv, *SQUARE, (0, 0))
square("det", L.det, TL.det, *SQUARE)
for i, name in enumerate(("sign", "logabsdet")):
    square(
        f"slogdet {name}",
        lambda x, i=i: L.slogdet(x)[i] + 0 * x.sum(),
        lambda x, i=i: TL.slogdet(x)[i] + 0 * x.sum(),
        *SQUARE,
    )
square("slogdet", lambda x: L.slogdet(x)[0] * L.slogdet(x)[1], lambda x: TL.slogdet(x)[0] * TL.slogdet(x)[1], *SQUARE)
square("solve", L.solve, TL.solve, *SOLVE)
for lower in (True, False):
    for unit in (True, False):
        square(
            "solve_triangular",
            partial(L.solve_triangular, lower=lower, unit_diagonal=unit),
            partial(TL.solve_triangular, upper=not lower, unitriangular=unit),
            *SOLVE[1:4],
        )
square("matrix_exp", L.expm, TL.matrix_exp, *SQUARE)
for n in (0, 1, 3, -1, -2):
    square(
        "matrix_power",
        lambda x, n=n: L.matrix_power(x, n) + 0 * x,
        lambda x, n=n: TL.matrix_power(x, n) + 0 * x,
        *SQUARE,
    )
square(
    "multi_dot",
    lambda *xs: L.multi_dot(xs),
    lambda *xs: TL.multi_dot(xs),
    ((2, 3), (3, 4), (4, 2)),
    ((3,), (3, 4), (4, 2), (2,)),
)
case("tensorinv", L.tensorinv, TL.tensorinv, (2, 3, 6), z=True)
case("tensorsolve", L.tensorsolve, TL.tensorsolve, ((2, 3, 6), (2, 3)), z=True)
case("diagonal", L.diagonal, TL.diagonal, (3, 4), (2, 4, 3), z=True)

case("pinv", L.pinv, TL.pinv, (4, 2), (2, 4), (3, 3), (2, 3, 2), z=True)
case("lstsq", lambda a, b: L.lstsq(a, b)[0], lambda a, b: TL.lstsq(a, b)[0], ((4, 2), (4, 3)), ((4, 2), (4, 1)), z=True)

for upper in (False, True):
    square(
        "cholesky",
        lambda x, u=upper: L.cholesky(positive(x), upper=u),
        lambda x, u=upper: TL.cholesky(positive(x), upper=u),
        *SQUARE,
    )
case("qr q", lambda x: L.qr(x)[0], lambda x: TL.qr(x)[0], (3, 3), (4, 2), (2, 3, 2), (2, 4), z=True)
case("qr r", lambda x: L.qr(x)[1], lambda x: TL.qr(x)[1], (3, 3), (4, 2), (2, 3, 2), (2, 4), z=True)

square("eigvalsh", lambda x: L.eigvalsh(hermitian(x)), lambda x: TL.eigvalsh(hermitian(x)), *SQUARE)
square("eigvalsh raw", L.eigvalsh, TL.eigvalsh, *SQUARE)
case(
    "cholesky raw",
    lambda x: L.cholesky(positive(x) + N.triu(x, 1)),
    lambda x: TL.cholesky(positive(x) + torch.triu(x, 1)),
    (3, 3),
    samplers=(regular,),
)
square(
    "eigh",
    lambda x: (lambda w, v: abs(v) * w[..., None, :])(*L.eigh(x)),
    lambda x: (lambda w, v: v.abs() * w[..., None, :])(*TL.eigh(x)),
    *SQUARE,
)
square("eigvals", lambda x: N.abs(L.eigvals(x)).sum(-1), lambda x: TL.eigvals(x).abs().sum(-1), *SQUARE)
square("eig", lambda x: (abs(L.eig(x)[1]) ** 2).sum(-1), lambda x: (TL.eig(x)[1].abs() ** 2).sum(-1), *SQUARE)
square("svdvals", L.svdvals, TL.svdvals, *SQUARE, (4, 2), (2, 3))
square(
    "svd",
    lambda x: (lambda u, s, vh: (u * s[..., None, :] ** 3) @ vh)(*L.svd(x, False)),
    lambda x: (lambda u, s, vh: (u * s[..., None, :] ** 3) @ vh)(*TL.svd(x, False)),
    *SQUARE,
    (4, 2),
    (2, 3),
)
square(
    "svd sizes",
    lambda x: (lambda u, s, vh: (abs(u) * s[..., None, :]) @ abs(vh))(*L.svd(x, False)),
    lambda x: (lambda u, s, vh: (u.abs() * s[..., None, :]) @ vh.abs())(*TL.svd(x, False)),
    *SQUARE,
    (4, 2),
    (2, 3),
)

for order in (None, 1, 2, 3, 0.5, -1, np.inf, -np.inf):
    both = [partial(L.norm, ord=order, axis=1), partial(TL.norm, ord=order, dim=1)]
    case("norm", *both, (3, 4), z=True)
for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    both = [partial(L.matrix_norm, ord=order), partial(TL.matrix_norm, ord=order)]
    case("norm", *both, (3, 4), (2, 3, 2), z=True)
for p in (None, 2, -2):  # the others have no second derivative there
    square("cond", partial(L.cond, p=p), partial(TL.cond, p=p), (3, 3), (2, 2, 2))


def singular(rng, shape):
    """Of rank n - 1."""
    x = rng.normal(size=shape)
    x[..., -1] = x[..., 0] * 2
    return x


case("det singular", L.det, TL.det, (3, 3), (2, 2), samplers=(singular,))
