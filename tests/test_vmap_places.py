"""vmap of functions that read, write and search, each example in its own place: as a loop, and without one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, grad, vmap

X = np.random.default_rng(0).normal(size=(3, 5))
SQUARE = np.random.default_rng(1).normal(size=(3, 4, 4))
ONE, SOME = np.array([0, 2, 1]), np.random.default_rng(2).integers(0, 5, (3, 2))
SORTED = np.sort(X, 1)
TABLE = Tensor(np.random.default_rng(3).normal(size=(5, 3)), requires_grad=True)


def _written(x: Any, key: Any, v: Any) -> Any:
    y = x.copy()
    y[key] = v
    return y


def _put_along(x: Any, i: Any) -> Any:
    y = x.copy()
    np.put_along_axis(y, i, x[:2], 0)
    return y


PLACED: dict[str, tuple[Any, ...]] = {
    "x[i]": (lambda x, i: x[i], X, ONE),
    "x[i, i]": (lambda x, i: x[i, i], SQUARE, ONE),
    "x[:, i]": (lambda x, i: x[:, i], SQUARE, ONE),
    "x[places]": (lambda x, i: x[i], X, SOME),
    "table[i]": (lambda x, i: TABLE[i] * x[0], X, ONE),
    "table[i, 1:]": (lambda x, i: TABLE[i, 1:] * x[0], X, ONE),
    "x[i] = 7": (lambda x, i: _written(x, i, 7.0), X, ONE),
    "x[places] = v": (lambda x, i: _written(x, i[:1], x[:1] * 2.0), X, SOME),
    "x[mask] = 0": (lambda x: _written(x, x > 0, 0.0), X),
    "x[mask] = v": (lambda x: _written(x, x > 0, x[1] * x[2]), X),
    "x[rows] = v": (lambda x: _written(x, x[:, 0] > 0, x[0]), SQUARE),
    "take": (np.take, X, SOME),
    "take_along_axis": (lambda x, i: np.take_along_axis(x, i, 0), X, SOME),
    "put_along_axis": (_put_along, X, np.array([[0, 1], [4, 2], [3, 1]])),
    "choose": (lambda i, x: np.choose(i, [x[0], x[1], x[2]]), ONE, X),
    "searchsorted": (np.searchsorted, SORTED, X),
    "searchsorted right": (lambda a, v: np.searchsorted(np.round(a), np.round(v), "right"), SORTED, X),
    "searchsorted in rows": (lambda a: np.searchsorted(a, np.array([[0.1, 0.2], [np.nan, -9.0]])), SORTED),
    "digitize": (np.digitize, X, SORTED),
    "digitize right": (lambda x, b: np.digitize(x, b, right=True), X, SORTED),
    "digitize shared": (lambda b: np.digitize(np.array([0.5, -0.5]), b), SORTED),
    "isin": (lambda x, y: np.isin(x, y[:2]), X, X),
    "isin not": (lambda x: np.isin(np.array([1.0, 2.0]), x, invert=True), X),
    "interp": (np.interp, X, SORTED, X),
    "bincount": (lambda i: np.bincount(i, minlength=5), SOME),
    "bincount with weights": (lambda i, w: np.bincount(i, w[:2], minlength=5), SOME, X),
    "segment_sum": (lambda w, i: ad.segment_sum(w[:2], i, 5), X, SOME),
    "segment_mean": (lambda w, i: ad.segment_mean(w[:2], i, 5), X, SOME),
    "segment_max": (lambda w, i: ad.segment_max(w[:2], i, 5)[i], X, SOME),
    "segment_min": (lambda i: ad.segment_min(np.array([1.0, 2.0]), i, 5), SOME),
    "convolve": (lambda x, y: np.convolve(x, y[:3]), X, X),
    "convolve shared": (lambda x: np.convolve(x, np.ones(7), "same"), X),
    "correlate": (lambda x, y: np.correlate(x, y[:3], "full"), X, X),
    "lstsq": (lambda m, b: np.linalg.lstsq(m, b[:4])[0], SQUARE, X),
    "lstsq shared": (lambda b: np.linalg.lstsq(SQUARE[0], b[:4])[0], X),
    "cond": (np.linalg.cond, SQUARE),
    "solve_triangular": (lambda m, b: ad.numpy.linalg.solve_triangular(m, b[:4], lower=True), SQUARE, X),
    "svd hermitian": (lambda m: np.linalg.svd(m @ m.T, compute_uv=False, hermitian=True), SQUARE),
    "geomspace": (lambda x: ad.numpy.geomspace(np.abs(x[0]), 9.0, 4), X),
    "cross_entropy": (ad.cross_entropy, X, ONE),
}


@pytest.mark.parametrize(("f", "args"), [(f, args) for f, *args in PLACED.values()], ids=PLACED)
def test_each_example_in_its_own_place(f: Any, args: Any) -> None:
    """Values and gradients are those of a loop, and there is none."""

    def total(*values: Any) -> Any:
        out = values[-1]
        weight = np.cos(np.arange(out.size)).reshape(out.shape)
        return (out * weight).sum()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = vmap(f)(*args)
        one = [f(*map(Tensor, row)) for row in zip(*args, strict=True)]
        expected = ad.numpy.stack(one)
        assert np.asarray(getattr(found, "value", found)).dtype == expected.dtype
        np.testing.assert_allclose(getattr(found, "value", found), expected.value, rtol=1e-10, atol=1e-12)
        floats = [i for i, a in enumerate(args) if a.dtype.kind == "f"]
        if expected.dtype.kind != "f" or not floats or not np.isfinite(expected.value).all():
            return

        def loss(mapped: bool, *chosen: Any) -> Any:
            full = list(args)
            for i, value in zip(floats, chosen, strict=True):
                full[i] = value
            out = vmap(f)(*full) if mapped else ad.numpy.stack([f(*[v[k] for v in full]) for k in range(3)])
            return total(out)

        chosen = [args[i] for i in floats]
        mine = grad(lambda *c: loss(True, *c), tuple(range(len(floats))))(*chosen)
        theirs = grad(lambda *c: loss(False, *c), tuple(range(len(floats))))(*chosen)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(getattr(a, "value", a), getattr(b, "value", b), rtol=1e-8, atol=1e-10)


def test_a_mask_for_each_example_writes_one_value() -> None:
    def f(x: Any) -> Any:
        y = x.copy()
        y[x > 0] = x[:2]
        return y

    with pytest.raises(TypeError, match=r"vmap needs one shape for all. Write where\(mask, v, t\)"):
        vmap(f)(X)
