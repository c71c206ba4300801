"""Medians and quantiles, covariances, and counts in bins."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, positive, real, row
from tests.rows.reductions import through_holes

N = ad.numpy
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
_axes = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (2, 0), "keepdims": True}]
for _name in ("median", "nanmedian"):
    row(_name, getattr(N, _name), getattr(np, _name), [[apart(2, 3, 4)], [apart(3, 1, 5)]], options=_axes)
    row(f"{_name} of a row", getattr(N, _name), getattr(np, _name), [[apart()], [apart(5)]])
    row(f"{_name} of integers", getattr(N, _name), getattr(np, _name),
        [[fixed(np.arange(6).reshape(2, 3).astype(_d))] for _d in (np.int8, bool)], options=[{}, {"axis": 0}],
        differentiable=False)  # fmt: skip
row(
    "nanmedian with NaN", through_holes(N.nanmedian), through_holes(np.nanmedian), [[apart(2, 3, 4)]], options=_axes[:4]
)
_q = [{"q": 0.3}, {"q": [0.0, 0.25, 1.0], "axis": 0}, {"q": np.array([[0.1], [0.9]]), "axis": (0, 2), "keepdims": True}]
_weights = [
    {"q": 0.4, "method": "inverted_cdf", "weights": np.arange(1.0, 5), "axis": -1},
    {"q": [0.4, 0.9], "method": "inverted_cdf", "weights": np.arange(24.0).reshape(2, 3, 4), "axis": (1, 2)},
]
for _name in ("quantile", "nanquantile"):
    f, _reference = getattr(N, _name), getattr(np, _name)
    row(_name, f, _reference, [[apart(2, 3, 4)], [apart(3, 1, 5)]], options=_q[: 3 if f is N.quantile else 2])
    row(f"{_name} by every method", f, _reference, [[apart(7)], [apart(6)]],
        options=[{"q": [0.0, 0.31, 0.5, 1.0], "method": m} for m in METHODS])  # fmt: skip
    row(
        f"{_name} with weights",
        f,
        _reference,
        [[apart(2, 3, 4)]],
        needs="numpy 2.4",
        options=_weights[f is N.nanquantile :],
    )
    row(f"{_name} of integers", f, _reference, [[fixed(np.arange(6).reshape(2, 3))]],
        options=[{"q": 0.4}, {"q": 0.4, "method": "lower", "axis": 1}], differentiable=False)  # fmt: skip
row("nanquantile with NaN", through_holes(N.nanquantile), through_holes(np.nanquantile), [[apart(2, 3, 4)]],
    needs="numpy 2.4", options=[*_q[:2], {"q": [0.2, 0.7], "axis": 1, "method": "hazen"}, *_weights[1:]])  # fmt: skip
for _name in ("percentile", "nanpercentile"):
    row(_name, getattr(N, _name), getattr(np, _name), [[apart(2, 3, 4)]], needs="numpy 2.4",
        options=[{**o, "q": np.multiply(100, o["q"])} for o in _q[:2]])  # fmt: skip

_cov = [{}, {"rowvar": False}, {"bias": True}, {"ddof": 2}]
_counted = [{"fweights": np.array([1, 2, 3, 1])}, {"fweights": np.array([1, 2, 3, 1]), "ddof": 0}]
row("cov", N.cov, np.cov, [[real(3, 4)], [real(4, 3)]], options=_cov, complex=True)
row("cov of a row", N.cov, np.cov, [[real(5)], [real(1, 5)]], options=[{}, {"bias": True}], complex=True)
row("cov of a column", N.cov, np.cov, [[real(5, 1)]], options=[{"rowvar": False}])
row("cov of nothing", N.cov, np.cov, [[fixed(np.zeros((0, 3)))]], differentiable=False)
row("cov of two", N.cov, np.cov, [[real(4, 4), real(4, 4)]], options=_cov[:3], complex=True)
row("cov of two rows", N.cov, np.cov, [[real(5), real(5)]], options=_cov[:2])
row("cov with counts", N.cov, np.cov, [[real(3, 4)]], options=_counted)
row("cov with weights", lambda x, w, **o: N.cov(x, aweights=w, **o), lambda x, w, **o: np.cov(x, aweights=w, **o),
    [[real(3, 4), positive(4)]], options=[{}, {"ddof": 0}, *_counted])  # fmt: skip
row("cov of integers", N.cov, np.cov, [[fixed(np.arange(6).reshape(2, 3) ** 2)]],
    options=[{}, {"dtype": np.float32}], differentiable=False)  # fmt: skip
row("corrcoef", N.corrcoef, np.corrcoef, [[real(3, 5)]], options=[{}, {"rowvar": False}], complex=True)
row("corrcoef of two", N.corrcoef, np.corrcoef, [[real(5), real(5)], [real(2, 5), real(2, 5)]])
row("corrcoef of one", N.corrcoef, np.corrcoef, [[real(4)]])

_classes = np.array([0, 2, 2, 5])
row("bincount", N.bincount, np.bincount, [[fixed(_classes)], [fixed(np.zeros(0, int))]],
    options=[{}, {"minlength": 8}], differentiable=False)  # fmt: skip
row("bincount with weights", lambda w, **o: N.bincount(_classes, w, **o), lambda w, **o: np.bincount(_classes, w, **o),
    [[real(4)]], options=[{}, {"minlength": 8}])  # fmt: skip
row("digitize", N.digitize, np.digitize, [[fixed(np.array([[0.5, 1.0], [2.5, -1.0]])), fixed(np.arange(3.0))],
    [fixed(np.array([0.5, 1.0])), fixed(np.array([3.0, 1.0, 0.0]))]], options=[{}, {"right": True}],
    differentiable=False)  # fmt: skip
_bins = [{}, {"bins": 4, "range": (-1.0, 1.0)}, {"bins": np.array([-1.0, 0.0, 0.5, 2.0]), "density": True}]
row("histogram_bin_edges", N.histogram_bin_edges, np.histogram_bin_edges, [[real(20)]],
    options=[{}, {"bins": "auto"}, {"bins": 4, "range": (0, 1)}], differentiable=False)  # fmt: skip
row("histogram", lambda x, **o: N.histogram(x, **o)[0], lambda x, **o: np.histogram(x, **o)[0],
    [[real(20)], [real(4, 5)]], options=[*_bins, {"bins": "auto"}], differentiable=False)  # fmt: skip
_points = np.random.default_rng(0).normal(size=(20, 2)).round(1)
row("histogram with weights", lambda w, **o: N.histogram(_points[:, 0], weights=w, **o)[0],
    lambda w, **o: np.histogram(_points[:, 0], weights=w, **o)[0], [[positive(20)]], options=_bins)  # fmt: skip
row("histogram of a matrix with weights", lambda w, **o: N.histogram(_points, weights=w, **o)[0],
    lambda w, **o: np.histogram(_points, weights=w, **o)[0], [[positive(20, 2)]], options=_bins)  # fmt: skip
_grids: list[dict[str, Any]] = [
    {}, {"bins": 4, "range": [(-1.0, 1.0), (-2.0, 1.0)]}, {"bins": (3, 5), "density": True},
    {"bins": [np.array([-1.0, 0.0, 2.0]), 3]},
]  # fmt: skip
row("histogramdd", lambda x, **o: N.histogramdd(x, **o)[0], lambda x, **o: np.histogramdd(x, **o)[0], [[real(20, 2)]],
    options=_grids, differentiable=False)  # fmt: skip
row("histogramdd with weights", lambda w, **o: N.histogramdd(_points, weights=w, **o)[0],
    lambda w, **o: np.histogramdd(_points, weights=w, **o)[0], [[positive(20)]], options=_grids)  # fmt: skip
row(
    "histogram2d",
    lambda x, y, **o: N.histogram2d(x, y, **o)[0],
    lambda x, y, **o: np.histogram2d(x, y, **o)[0],
    [[real(20), real(20)]],
    options=[*_grids, {"bins": np.array([-2.0, 0.0, 1.0, 2.0])}],
    differentiable=False,
)
row("histogram2d with weights", lambda w, **o: N.histogram2d(*_points.T, weights=w, **o)[0],
    lambda w, **o: np.histogram2d(*_points.T, weights=w, **o)[0], [[positive(20)]], options=_grids)  # fmt: skip
row("quantile_places", lambda x: op("quantile_places")(x, axis=1, q=(0.5,), method="linear", skips=False),
    lambda x: np.array([[1.5], [1.5]]), [[fixed(np.array([[1.0, 3.0, 2.0, 9.0], [4.0, 3.0, 2.0, 1.0]]))]],
    differentiable=False)  # fmt: skip
