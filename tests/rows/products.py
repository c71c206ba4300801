"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff import numpy as N
from tests.op_table import apart, fixed, op, positive, real, row

_products = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 2)),
    ((2, 0), (0, 2)), ((4, 5, 2, 3), (3, 1)), ((1, 2, 3), (1, 3, 2)),
    ((2, 3, 0), (0, 4)), ((2, 3, 4), (4, 0)), ((2, 0, 4), (4, 3)), ((2, 3, 0), (2, 0, 4)),
]  # fmt: skip
row("matmul", ad.matmul, np.matmul, [[real(*a), real(*b)] for a, b in _products], complex=True)
row("dot", N.dot, np.dot, [
    [real(2, 3), real(3, 4)], [real(3), real(3)], [real(), real(2)], [real(2, 2, 3), real(3)], [real(3), real(2, 3, 2)],
    [real(2, 3), real(2, 3, 4)], [real(2, 1, 3), real(4, 3, 2)], [real(0), real(0)]], complex=True)  # fmt: skip
_pairs = [[real(2, 3), real(3)], [real(3), real(3)], [real(2, 1, 3), real(4, 3)], [real(0, 3), real(3)],
          [real(2, 0), real(2, 0)]]  # fmt: skip
row("vdot", N.vdot, np.vdot, [[real(2, 3), real(3, 2)], [real(), real()], [real(0), real(0)]], complex=True)
row("vecdot", N.vecdot, np.vecdot, _pairs, complex=True)
row("vecdot axis", lambda x, y, keepdims=False: N.vecdot(x, y, axis=0, keepdims=keepdims),
    lambda x, y, keepdims=False: np.sum(x.conj() * y, 0, keepdims=keepdims),
    [[real(3, 2), real(3, 2)], [real(3), real(3)]], options=[{}, {"keepdims": True}], complex=True)  # fmt: skip
row("matvec", N.matvec, lambda x, y: np.einsum("...ij,...j->...i", x, y), [
    [real(2, 3), real(3)], [real(4, 2, 3), real(3)], [real(2, 3), real(4, 3)], [real(4, 2, 3), real(4, 3)],
    [real(0, 3), real(3)], [real(2, 0), real(0)]], complex=True)  # fmt: skip
row("vecmat", N.vecmat, lambda x, y: np.einsum("...i,...ij->...j", x.conj(), y), [
    [real(2), real(2, 3)], [real(2), real(4, 2, 3)], [real(4, 2), real(2, 3)], [real(4, 2), real(4, 2, 3)],
    [real(0), real(0, 3)]], complex=True)  # fmt: skip
row("inner", N.inner, np.inner, [[real(2, 3), real(4, 3)], [real(3), real(3)], [real(), real(2)],
    [real(2, 1, 3), real(2, 3)], [real(2, 0), real(3, 0)]], complex=True)  # fmt: skip
row("outer", N.outer, np.outer, [[real(2), real(3)], [real(2, 2), real()], [real(0), real(2)]], complex=True)
row("tensordot", N.tensordot, np.tensordot, [[real(2, 3, 4), real(3, 4, 2)], [real(3, 4), real(3, 4)],
    [real(3, 0), real(3, 0, 2)]], complex=True)  # fmt: skip
for _i, (_a, _b, _axes) in enumerate([
    ((2, 3, 4), (4, 3), ([1, 2], [1, 0])), ((2, 3), (3, 2), 1), ((2,), (3,), 0), ((2, 3), (4, 2), (0, 1)),
    ((2, 3, 4), (5, 4, 2), ((0, -1), (2, 1))), ((2, 3, 1), (3, 5), ([1], [0])),
]):  # fmt: skip
    row(f"tensordot axes {_i}", lambda x, y, axes: N.tensordot(x, y, axes), lambda x, y, axes: np.tensordot(x, y, axes),
        [[real(*_a), real(*_b)]], options=[{"axes": _axes}], complex=True)  # fmt: skip
row("kron", N.kron, np.kron, [[real(2), real(3)], [real(2, 3), real(3, 2)], [real(2, 3), real(2)], [real(), real(2, 2)],
    [real(2, 1, 2), real(3, 2)], [real(0), real(2)], [real(), real()]], complex=True)  # fmt: skip
row("cross", N.cross, np.cross, [[real(3), real(3)], [real(2, 3), real(3)], [real(4, 1, 3), real(2, 3)],
    [real(0, 3), real(3)]], complex=True)  # fmt: skip
row("cross axes", N.cross, np.cross, [[real(3, 2), real(3, 2)]], options=[{"axis": 0}, {"axisa": 0, "axisb": 0},
    {"axisa": 0, "axisb": 0, "axisc": 0}], complex=True)  # fmt: skip

_einsums: list[tuple[Any, ...]] = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ji,jk->ki", (3, 2), (3, 4)),
    ("ij,kj->", (2, 3), (4, 3)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("bij,jk->bik", (5, 2, 3), (3, 4)), ("ij,bjk->bik", (2, 3), (5, 3, 4)),
    ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)), ("i,j->ij", (2,), (3,)), ("i,j->ji", (2,), (3,)),
    ("i,i->", (3,), (3,)), ("i,i->i", (3,), (3,)), ("bi,bi->b", (2, 3), (2, 3)), ("bci,cbi->cb", (2, 3, 4), (3, 2, 4)),
    ("ij->ji", (2, 3)), ("ji", (2, 3)), ("ij->j", (2, 3)), ("ij->", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)),
    ("iij->ji", (3, 3, 2)), ("iii->i", (2, 2, 2)), ("ijij->ij", (2, 3, 2, 3)), ("ii,ij->j", (3, 3), (3, 2)),
    ("...ij,...jk->...ik", (2, 3, 4), (4, 2)), ("...ij,...jk", (2, 1, 3, 4), (5, 4, 2)), ("...i->...", (2, 3)),
    ("i...->...i", (2, 3, 4)), ("...,...->...", (2, 3), (3,)), ("...ii->...i", (2, 3, 3)), ("...", ()),
    ("i...,i", (3,), (3,)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("i,ij,j->", (2,), (2, 3), (3,)), ("i,i,i->i", (3,), (3,), (3,)),
    ("ijk,il,jm,kn->lmn", (2, 3, 2), (2, 2), (3, 2), (2, 3)), ("ij,kl,mn->ikm", (2, 3), (2, 3), (2, 3)),
    ("i,i->i", (1,), (3,)), ("ij,ij->ij", (2, 1), (1, 3)), ("ij,jk->ik", (2, 1), (3, 4)), ("ij,jk->ik", (2, 3), (1, 4)),
    (",->", (), ()), (",i->i", (), (3,)), ("i,->", (3,), ()),
    ("ij,jk->ik", (0, 3), (3, 2)), ("ij,jk->ik", (2, 0), (0, 2)),
    ("ij->", (0, 2)), ("ij,j->i", (2, 3), (3,)), (" i j , j -> i ", (2, 3), (3,)), ("Aa,aB->AB", (2, 3), (3, 2)),
    ("ij,ij->", (2, 3), (2, 3)), ("ij,ji->", (2, 3), (3, 2)), ("ijk,kj->i", (2, 3, 4), (4, 3)),
]  # fmt: skip
row("einsum", N.einsum, np.einsum, [[fixed(_spec), *[real(*_s) for _s in _shapes]] for _spec, *_shapes in _einsums],
    complex=True)  # fmt: skip
row("einsum lists", lambda x, y: N.einsum(x, [0, 1], y, [1, 2]), lambda x, y: np.einsum(x, [0, 1], y, [1, 2]),
    [[real(2, 3), real(3, 4)]], complex=True)  # fmt: skip
row("einsum lists with a result", lambda x, y: N.einsum(x, [..., 1], y, [1, 27], [27, ...]),
    lambda x, y: np.einsum(x, [..., 1], y, [1, 27], [27, ...]), [[real(2, 2, 3), real(3, 4)]],
    complex=True)  # fmt: skip
row("einsum optimize", N.einsum, np.einsum, [[fixed("ij,jk,kl->il"), real(2, 3), real(3, 4), real(4, 2)]],
    options=[{"optimize": True}, {"optimize": "optimal"}, {"optimize": ["einsum_path", (0, 2), (0, 1)]},
     {"optimize": ["einsum_path", (0, 1, 2)]}, {"optimize": ("greedy", 1000)}])  # fmt: skip
row("einsum_path", lambda x, y: np.array([len(p) for p in N.einsum_path("ij,jk", x, y)]),
    lambda x, y: np.array([len(p) for p in np.einsum_path("ij,jk", x, y)]), [[real(2, 3), real(3, 2)]],
    differentiable=False)  # fmt: skip

_slides = [[real(5), real(3)], [real(3), real(5)], [real(4), real(4)], [real(6), real(1)], [real(1), real(4)],
           [real(7), real(4)], [real(4), real(7)]]  # fmt: skip
_modes = [{"mode": "full"}, {"mode": "same"}, {"mode": "valid"}]
row("np.convolve", N.convolve, np.convolve, _slides, options=_modes, complex=True)
row("np.correlate", N.correlate, np.correlate, _slides, options=_modes, complex=True)
row("convolve", op("convolve"), np.convolve, _slides[:3], complex=True)
row("correlate", op("correlate"), lambda x, y: np.correlate(x, y.conj()), _slides[:1] + _slides[2:4], complex=True)

_two = [[real(3), real(2)], [real(2), real(4)], [real(3), real(3)], [real(1), real(2)]]
row("polyval", N.polyval, np.polyval, [[real(4), real(5)], [real(1), real(2, 2)], [real(3), real()]], complex=True)
row("polyadd", N.polyadd, np.polyadd, _two, complex=True)
row("polysub", N.polysub, np.polysub, _two, complex=True)
row("polymul", N.polymul, np.polymul, _two, complex=True)
for _part in (0, 1):
    row("polydiv" if _part else "polydiv quotient", lambda u, v, i=_part: N.polydiv(u, v)[i],
        lambda u, v, i=_part: np.polydiv(u, v)[i], [[real(4), real(2)], [real(3), real(3)],
        [real(2), positive(1)]], complex=True)  # fmt: skip
row("polyder", N.polyder, np.polyder, [[real(4)], [real(1)]], options=[{}, {"m": 0}, {"m": 2}], complex=True)
row("polyint", N.polyint, np.polyint, [[real(3)]], options=[{}, {"m": 0}, {"m": 2},
    {"m": 2, "k": [1.0, 2.0]}, {"k": 3.0}], complex=True)  # fmt: skip
row("poly", N.poly, np.poly, [[real(3)], [real(1)], [fixed(np.diag([1.0, 2.0, 4.0]) + 0.1)]], complex=True, rtol=1e-5)
_quartic = np.poly([1.0, -2.0, 0.5, 3.0])
row("np.roots", lambda p: N.polyval([1.0, 0.5, 0.2], N.roots(p)), lambda p: np.polyval([1.0, 0.5, 0.2], np.roots(p)),
    [[fixed(_quartic)], [fixed(np.array([2.0, 1.0]))], [fixed(np.array([1.0, 1.0, 0.0]))]], complex=True)  # fmt: skip
row("roots", op("roots"), np.roots, [[fixed(_quartic)]], complex=True)
row("polyfit", N.polyfit, np.polyfit, [[apart(6), real(6), fixed(2)], [apart(5), real(5, 2), fixed(1)]],
    rtol=1e-5)  # fmt: skip
row("polyfit weights", lambda x, y, w: N.polyfit(x, y, 2, w=w), lambda x, y, w: np.polyfit(x, y, 2, w=w),
    [[apart(6), real(6), positive(6)], [apart(6), real(6, 2), positive(6)]], rtol=1e-5)  # fmt: skip
row("polyfit cov", lambda x, y, cov: N.polyfit(x, y, 2, cov=cov)[1], lambda x, y, cov: np.polyfit(x, y, 2, cov=cov)[1],
    [[apart(6), real(6)], [apart(6), real(6, 2)]], options=[{"cov": True}], rtol=1e-5)  # fmt: skip
row("polyfit unscaled", lambda x, y: N.polyfit(x, y, 2, cov="unscaled")[1] + 0 * y.sum(),
    lambda x, y: np.polyfit(x, y, 2, cov="unscaled")[1], [[apart(6), real(6)]], rtol=1e-5)  # fmt: skip
row("affine", op("affine"), lambda x, w, b: x @ w.T + b, [
    [real(4, 3), real(2, 3), real(2)], [real(2, 5, 3), real(1, 3), real(1)], [real(0, 3), real(2, 3), real(2)],
    [real(4, 0), real(2, 0), real(2)], [real(2, 5, 0), real(3, 0), real(3)], [real(2, 5, 3), real(0, 3), real(0)]],
    complex=True)  # fmt: skip
row("linear", ad.linear, lambda x, w, b=None: x @ w.T + (0 if b is None else b), [
    [real(4, 3), real(2, 3), real(2)], [real(3), real(2, 3), real(2)], [real(2, 3), real(2, 3)],
    [real(3), real(2, 3)], [real(2, 1, 3), real(2, 3), real(2)], [real(2, 5, 0), real(3, 0), real(3)],
    [real(2, 5, 0), real(3, 0)]])  # fmt: skip
