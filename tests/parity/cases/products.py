"""Comparisons with PyTorch."""

from functools import partial

import torch
import torch.nn.functional as F

from autodiff import numpy as N
from tests.parity.op_cases import case

for spec, *shapes in (
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("bij,jk->bki", (5, 2, 3), (3, 4)), ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)), ("i,j->ji", (2,), (3,)),
    ("bi,bi->b", (2, 3), (2, 3)), ("i,i->", (3,), (3,)), ("ij->ji", (2, 3)), ("ij->j", (2, 3)), ("ii->i", (3, 3)),
    ("ii", (3, 3)), ("iij->ji", (3, 3, 2)), ("...ij,...jk->...ik", (2, 3, 4), (4, 2)), ("...ij->...ji", (2, 3, 4)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("i,ij,j->", (2,), (2, 3), (3,)), ("i,i,i->i", (3,), (3,), (3,)),
    ("ijk,il,jm,kn->lmn", (2, 3, 2), (2, 2), (3, 2), (2, 3)), ("ij,jk->ik", (0, 3), (3, 2)),
    ("ij,jk->ik", (2, 0), (0, 2)), ("ij,ij->ij", (2, 1), (1, 3)),
):  # fmt: skip
    case("einsum", partial(N.einsum, spec), partial(torch.einsum, spec), tuple(shapes), z=True)

for axes, shapes in (
    (1, ((2, 3), (3, 4))), (2, ((2, 3, 4), (3, 4))), (0, ((2,), (3,))), (([1, 2], [1, 0]), ((2, 3, 4), (4, 3))),
):  # fmt: skip
    case("tensordot", partial(N.tensordot, axes=axes), partial(torch.tensordot, dims=axes), shapes, z=True)

case("vdot", N.vdot, torch.vdot, ((3,), (3,)), z=True)
case("inner", N.inner, torch.inner, ((3,), (3,)), ((2, 3), (4, 3)), ((2, 1, 3), (2, 3)), z=True)
case("outer", N.outer, torch.outer, ((2,), (3,)), z=True)
case("kron", N.kron, torch.kron, ((2, 3), (3, 2)), ((2, 3), (2,)), ((2, 1, 2), (3, 2)), z=True)
case("vecdot", N.vecdot, torch.linalg.vecdot, ((2, 3), (2, 3)), ((2, 3), (3,)), z=True)
case("cross", N.cross, torch.linalg.cross, ((2, 3), (2, 3)), ((4, 1, 3), (1, 2, 3)), z=True)
case("cross axis", partial(N.cross, axis=0), partial(torch.linalg.cross, dim=0), ((3, 2), (3, 2)), z=True)
case("trace", N.trace, torch.trace, (3, 3), (2, 3), z=True)


def _correlate(x, y):
    return F.conv1d(x[None, None], y[None, None])[0, 0]


case("correlate", N.correlate, _correlate, ((5,), (3,)), ((4,), (4,)))
case("convolve", N.convolve, lambda x, y: F.conv1d(x[None, None], y.flip(0)[None, None], padding=y.shape[0] - 1)[0, 0],
     ((5,), (3,)), ((4,), (4,)))  # fmt: skip
