"""Orders and counts: they are integers, and so constants. Sorting itself reads x by its order."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..op import define

argsort = define("argsort", np.argsort, kind="scan", doc="The order that sorts along an axis.")
argpartition = define(
    "argpartition", lambda x, *, kth, axis, kind: np.argpartition(x, kth, axis=axis, kind=kind), kind="scan",
    doc="An order in which the elements at places `kth` stand where sorting would put them.",
)  # fmt: skip
lexsort = define(
    "lexsort", lambda *keys, axis: np.lexsort(keys, axis=axis), inputs="*keys", kind="scan",
    doc="The order that sorts by the last key, then by the one before it, and so on.",
)  # fmt: skip
searchsorted = define(
    "searchsorted", lambda a, v, *, side: np.searchsorted(a, v, side=side), inputs="a v",
    doc="Where to insert v into a sorted row such that it stays sorted.",
)  # fmt: skip
digitize = define(
    "digitize", lambda x, bins, *, right: np.digitize(x, bins, right=right), inputs="x bins",
    doc="Which of the bins between given edges each element falls into.",
)  # fmt: skip


def _quantile_places(x: Any, *weights: Any, axis: int, q: tuple[float, ...], method: str, skips: bool) -> Any:
    quantile: Any = np.nanquantile if skips else np.quantile
    if skips and not weights:  # slices with as many numbers are alike
        count = np.count_nonzero(~np.isnan(x), axis=axis)
        sizes, which = np.unique(count, return_inverse=True)
        if sizes[0] == 0:
            warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=2)
        table = [quantile(np.arange(n, dtype=float), q, method=method) if n else [np.nan] * len(q) for n in sizes]
        return np.moveaxis(np.array(table)[which.reshape(count.shape)], -1, axis)
    ranks = np.argsort(np.argsort(x, axis=axis, kind="stable"), axis=axis).astype(float)
    if skips:
        ranks[np.isnan(x)] = np.nan
    places = quantile(ranks, q, axis=axis, method=method, weights=weights[0] if weights else None)
    return np.moveaxis(places, 0, axis)


quantile_places = define(
    "quantile_places", _quantile_places, inputs="x *weights", kind="scan",
    doc="Where among the sorted elements along an axis the quantiles stand: the quantiles of their ranks.",
)  # fmt: skip


def _unique(x: Any, *, axis: int | None, equal_nan: bool) -> Any:
    return np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis, equal_nan=equal_nan
    )[1:]  # fmt: skip


unique = define(
    "unique", _unique, outs="index inverse counts",
    doc="Where each distinct element stands first, in sorted order; which of them each element is; how many of each.",
)  # fmt: skip
bincount = define(
    "bincount", lambda x, *, minlength: np.bincount(x, minlength=minlength),
    doc="How often each of the numbers 0, 1, 2, ... occurs in a row of integers.",
)  # fmt: skip
