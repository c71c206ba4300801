"""Resampling along an axis: each output element is a weighted sum of a few input elements.

A table of two arrays (places, taps) says which input elements an output element sees, and with what weights; rows
that see fewer than the others are filled up with weight 0. The adjoint is resampling with the table turned around.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .policy import compiled


class Spec(NamedTuple):
    """How an axis of length `n` becomes one of length `m`.

    method: "nearest", "nearest-exact", "linear", "cubic", "area".
    corners: whether the first and last elements of both lie on each other, or the edges of the outermost elements.
    scale: input elements per output element where it is not n / m, or None.
    antialias: whether "linear" and "cubic" see more elements where the axis becomes shorter.
    """

    n: int
    m: int
    method: str
    corners: bool = False
    scale: float | None = None
    antialias: bool = False


def cubic(distance: Any, a: float) -> Any:
    """Weights of the four nearest elements by their distance (Keys, 1981)."""
    t = np.abs(distance)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    return np.where(t <= 1, near, np.where(t < 2, ((t - 5) * t + 8) * t * a - 4 * a, 0.0))


def _coordinates(spec: Spec) -> Any:
    """Where each output element lies on the input axis, whose elements lie at 0, 1, ..."""
    i = np.arange(spec.m)
    if spec.corners:
        return i * ((spec.n - 1) / (spec.m - 1) if spec.m > 1 else 0.0)
    return (i + 0.5) * (spec.n / spec.m if spec.scale is None else spec.scale) - 0.5


def _nearest(spec: Spec) -> tuple[Any, Any]:
    i, exact = np.arange(spec.m), spec.method == "nearest-exact"
    if spec.scale is None:
        places = (2 * i + exact) * spec.n // (2 * spec.m)
    else:
        places = np.floor((i + exact / 2) * spec.scale).astype(np.intp)
    return np.minimum(places, spec.n - 1)[:, None], np.ones((spec.m, 1))


def _linear(spec: Spec) -> tuple[Any, Any]:
    at = np.maximum(_coordinates(spec), 0)
    low = np.minimum(np.floor(at).astype(np.intp), spec.n - 1)
    part = np.where(low < spec.n - 1, at - low, 0)
    return np.stack([low, np.minimum(low + 1, spec.n - 1)], 1), np.stack([1 - part, part], 1)


def _cubic(spec: Spec) -> tuple[Any, Any]:
    at = _coordinates(spec)
    places = np.floor(at).astype(np.intp)[:, None] + np.arange(-1, 3)
    return np.clip(places, 0, spec.n - 1), cubic(at[:, None] - places, -0.75)


def _area(spec: Spec) -> tuple[Any, Any]:
    i = np.arange(spec.m)
    return _runs(spec, i * spec.n // spec.m, -(-(i + 1) * spec.n // spec.m), lambda places: np.ones(places.shape))


def _antialiased(spec: Spec) -> tuple[Any, Any]:
    scale = spec.n / spec.m if spec.scale is None else spec.scale
    if spec.corners:
        scale = (spec.n - 1) / (spec.m - 1) if spec.m > 1 else 0.0
    wide = max(scale, 1.0)
    support = wide * (1 if spec.method == "linear" else 2)
    center = scale * (np.arange(spec.m) + 0.5)
    start = np.maximum((center - support + 0.5).astype(np.intp), 0)
    stop = np.minimum((center + support + 0.5).astype(np.intp), spec.n)

    def weight(places: Any) -> Any:
        distance = (places - center[:, None] + 0.5) / wide
        return np.maximum(1 - np.abs(distance), 0) if spec.method == "linear" else cubic(distance, -0.5)

    return _runs(spec, start, stop, weight)


def _runs(spec: Spec, start: Any, stop: Any, weight: Any) -> tuple[Any, Any]:
    """A table of neighbouring elements, start .. stop-1, whose weights are made to add up to 1."""
    places = start[:, None] + np.arange((stop - start).max())
    weights = np.where(places < stop[:, None], weight(places), 0.0)
    return np.minimum(places, spec.n - 1), weights / weights.sum(1, keepdims=True)


_METHODS = {"nearest": _nearest, "nearest-exact": _nearest, "linear": _linear, "cubic": _cubic, "area": _area}


@lru_cache(maxsize=256)
def table(spec: Spec, transposed: bool = False) -> tuple[Any, Any]:
    """Places and weights (m, taps) of an axis; transposed (n, taps), for the way back."""
    spec = Spec(*spec)  # of a program that was written to a file it is a plain tuple
    if transposed:
        return _turned(*table(spec), spec.n)
    return (_antialiased if spec.antialias else _METHODS[spec.method])(spec)


def _turned(places: Any, weights: Any, n: int) -> tuple[Any, Any]:
    """The table that says of each input element which output elements see it."""
    outs, taps = np.nonzero(weights)
    ins = places[outs, taps]
    order = np.argsort(ins, kind="stable")
    outs, values, ins = outs[order], weights[outs, taps][order], ins[order]
    counts = np.bincount(ins, minlength=n)
    column = np.arange(len(ins)) - (np.cumsum(counts) - counts)[ins]
    back, amount = np.zeros((n, max(counts.max(initial=0), 1)), np.intp), np.zeros((n, max(counts.max(initial=0), 1)))
    back[ins, column], amount[ins, column] = outs, values
    return back, amount


@compiled("resample", 64)
def resample(x: Any, *, axis: int, spec: Spec, transposed: bool = False) -> Any:
    """`out_i = sum_t weight_it x_place_it` along an axis."""
    places, weights = table(spec, transposed)
    before, ones = (slice(None),) * axis, (1,) * (x.ndim - axis - 1)
    out = np.zeros((*x.shape[:axis], len(places), *x.shape[axis + 1 :]), x.dtype)
    for place, weight in zip(places.T, weights.T, strict=True):
        seen = np.flatnonzero(weight)  # weight 0 is no element, be that infinite or NaN
        if not seen.size:
            continue
        term = x[(*before, _as_slice(place[seen]))]
        if (weight[seen] != 1).any():
            term = term * weight[seen].astype(x.real.dtype).reshape(-1, *ones)
        out[(*before, _as_slice(seen))] += term
    return out


def _as_slice(places: Any) -> Any:
    """Places that are equally far from each other as a slice, which reads without copying."""
    steps = np.diff(places)
    if steps.size and (steps[0] < 1 or (steps != steps[0]).any()):
        return places
    return slice(places[0], places[-1] + 1, steps[0] if steps.size else 1)
