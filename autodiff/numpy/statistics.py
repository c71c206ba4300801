"""Medians and quantiles, covariances, and counts in bins."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import describe, describe_all
from ..ops import compare, elementwise, index, linalg, reduce, shape
from ..ops import sort as sorts
from ..tensor import Tensor, constant
from .arguments import Axis, array_of, axes_of, cast, deliver, fixed, floating, ordered, plain, seen
from .indexing import take_along_axis
from .reductions import along, average

__all__ = [
    "bincount", "corrcoef", "cov", "digitize", "histogram", "histogram2d", "histogram_bin_edges", "histogramdd",
    "median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile",
]  # fmt: skip


# -- quantiles -------------------------------------------------------------------------------------------------


def _rows(x: Any, axes: tuple[int, ...]) -> Any:
    """Some axes in one row, the last: (..., n)."""
    rest = tuple([i for i in range(x.ndim) if i not in axes])
    n = reduce.count(x.shape, axes)
    return x.transpose((*rest, *axes)).reshape((*(x.shape[i] for i in rest), n))


_STEPS = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")  # they read one element, with no other


def _between(rows: Any, order: Any, places: Any, skips: bool = False) -> tuple[Any, Any, Any]:
    """The elements below and above each fractional place of a sorted row, and how far between them it is.

    rows and order are (..., n), places (q,) or (..., q); the results are (q, ...), or the last one broadcasts to that.
    In a row with a NaN it is NaN that is read, unless NaN is skipped.
    """
    back = (rows.ndim - 1, *range(rows.ndim - 1))
    low = compare.floor(places)
    fraction = places - low
    high = (low + (fraction > 0)).astype(np.intp)
    low = low.astype(np.intp)
    if places.ndim == 1:
        low, high = order[..., low], order[..., high]
        fraction = fraction.reshape((-1,) + (1,) * (rows.ndim - 1))
    else:
        low, high = take_along_axis(order, low, -1), take_along_axis(order, high, -1)
        fraction = fraction.transpose(back)
    if rows.dtype.kind == "f" and not skips:
        last = order[..., -1:]
        nan = compare.isnan(take_along_axis(rows, last, -1))
        low, high = elementwise.where(nan, last, low), elementwise.where(nan, last, high)
    return take_along_axis(rows, low, -1).transpose(back), take_along_axis(rows, high, -1).transpose(back), fraction


def _shaped(result: Any, q: tuple[int, ...], lengths: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Any:
    """A result (q, ...) with the shape of q in front, and reduced axes kept where they are asked for."""
    rest = reduce.kept(lengths, axes) if keepdims else tuple([n for i, n in enumerate(lengths) if i not in axes])
    result = result.reshape((*q, *rest))
    return result if result.shape or type(result) is Tensor else result[()]


def _empty(x: Any, result: Any, out: Any, name: str) -> Any:
    return deliver(name, constant(result) if type(x) is Tensor else result, out)


def median(a: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The element in the middle of the sorted ones, or the mean of the two there; NaN if there is one.

    Its gradient is that of these elements; among equal ones it goes to one of them.

    >>> float(median(np.array([5.0, 1.0, 2.0, 3.0])))
    2.5
    """
    x = ordered(a, "median")
    axes = axes_of(axis, x.ndim)
    if not x.size:
        return _empty(x, np.median(plain(x), axes, keepdims=keepdims), out, "median")
    rows = _rows(x if x.dtype.kind == "f" else cast(x, np.float64), axes)
    middle = (rows.shape[-1] - 1) / 2
    kth = (int(middle), int(np.ceil(middle)), rows.shape[-1] - 1)
    order = sorts.argpartition(rows, kth=kth, axis=-1, kind="introselect")
    below, above, _ = _between(rows, order, np.array([middle]))
    return deliver(
        "median", _shaped(below if middle % 1 == 0 else (below + above) / 2, (), x.shape, axes, keepdims), out
    )


def _quantile(
    name: str, a: Any, q: Any, axis: Axis, out: Any, method: str, keepdims: bool, weights: Any, nan: bool
) -> Any:
    """Quantiles as NumPy defines them: those of the numbers 0, 1, ..., n - 1 are the places to read at."""
    x = ordered(a, name)
    axes = axes_of(axis, x.ndim)
    if type(q) is Tensor and q.requires_grad:
        raise TypeError(f"np.{name} of Tensors has no gradient by q; pass q.detach()")
    q, weights = plain(q), plain(weights)
    quantiles: Any = np.quantile
    if not x.size:
        quantiles = np.nanquantile if nan else quantiles
        return _empty(x, quantiles(plain(x), q, axes, method=method, keepdims=keepdims, weights=weights), out, name)
    rows = _rows(x, axes)
    n = rows.shape[-1]
    kind = quantiles(np.zeros(1, x.dtype), q, method=method, **({} if weights is None else {"weights": [1.0]})).dtype
    between = method not in _STEPS
    if weights is None and not nan:
        places = quantiles(np.arange(n, dtype=float), q, method=method).reshape(-1)
        between = between and bool((places % 1).any())
        kth = tuple({int(p) for p in (*np.floor(places), *np.ceil(places), n - 1)})
        order = sorts.argpartition(rows, kth=kth, axis=-1, kind="introselect")
    else:
        w = () if weights is None else (_rows(_weights_of(name, x, axis, weights), axes),)
        places = sorts.quantile_places(
            rows, *w, axis=rows.ndim - 1, q=tuple(np.ravel(q).tolist()), method=method, skips=nan
        )  # fmt: skip
        order = sorts.argsort(rows, axis=-1, kind="stable")
    gone = compare.isnan(places)
    below, above, fraction = _between(rows, order, elementwise.where(gone, 0.0, places), skips=nan)
    if between:
        fraction = fraction.astype(kind)
        step = above - below
        below = elementwise.where(fraction < 0.5, below + step * fraction, above - step * (1 - fraction))
    if nan and x.dtype.kind == "f":
        below = elementwise.where(gone.transpose((rows.ndim - 1, *range(rows.ndim - 1))), np.nan, below)
    result = below if below.dtype == kind else below.astype(kind)
    return deliver(name, _shaped(result, np.shape(q), x.shape, axes, keepdims), out)


def _weights_of(name: str, x: Any, axis: Axis, weights: Any) -> Any:
    """The weights of all elements."""
    w = np.asarray(weights, dtype=float)
    return np.broadcast_to(w if w.shape == x.shape else along(name, w, x, axis), x.shape)


def quantile(
    a: Any, q: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """The number below which the share q of the elements lies, by any of NumPy's methods; NaN if there is a NaN.

    It is an element, or lies between two neighbours in order, and its gradient is theirs; among equal elements it goes
    to one of them. The shares q and the weights are constants. The shape of q comes first in the result's.

    >>> float(quantile(np.array([1.0, 2.0, 3.0]), 0.25))
    1.5
    """
    return _quantile("quantile", a, q, axis, out, method, keepdims, weights, nan=False)


def percentile(
    a: Any, q: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """The quantile of q percent.

    >>> float(percentile(np.array([1.0, 2.0, 3.0]), 25))
    1.5
    """
    return _quantile("percentile", a, _share(a, q), axis, out, method, keepdims, weights, nan=False)


def _share(a: Any, q: Any) -> Any:
    """Percents as shares, in the precision of a."""
    dtype = array_of(a).dtype
    return q / 100 if type(q) is Tensor else np.true_divide(q, dtype.type(100) if dtype.kind == "f" else 100)


def nanmedian(a: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nanmedian(np.array([5.0, np.nan, 1.0])))
    3.0
    """
    x = ordered(a, "nanmedian")
    axes = axes_of(axis, x.ndim)
    if not x.size:
        return _empty(x, np.nanmedian(plain(x), axes, keepdims=keepdims), out, "nanmedian")
    return _quantile("nanmedian", floating(x), 0.5, axes, out, "linear", keepdims, None, nan=True)


def nanquantile(
    a: Any, q: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """The quantile of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nanquantile(np.array([1.0, np.nan, 3.0]), 0.25))
    1.5
    """
    return _quantile("nanquantile", a, q, axis, out, method, keepdims, weights, nan=True)


def nanpercentile(
    a: Any, q: Any, axis: Axis = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
    keepdims: bool = False, *, weights: Any = None,
) -> Any:  # fmt: skip
    """The quantile of q percent of the elements that are not NaN; the gradient at the others is 0.

    >>> float(nanpercentile(np.array([1.0, np.nan, 3.0]), 25))
    1.5
    """
    return _quantile("nanpercentile", a, _share(a, q), axis, out, method, keepdims, weights, nan=True)


# -- covariances -----------------------------------------------------------------------------------------------


def _variables(m: Any, y: Any, rowvar: bool, dtype: Any) -> Any:
    """The variables (k, n) as rows, those of y below those of m, in the dtype of the result."""
    parts = [array_of(part) for part in (m, y) if part is not None]
    if any(part.ndim > 2 for part in parts):
        raise ValueError(f"cov takes one or two axes, variables and observations; got {describe_all(parts)}")
    dtype = np.result_type(np.float64, *[part.dtype for part in parts]) if dtype is None else np.dtype(dtype)
    matrices = [cast(part if part.ndim == 2 else part.reshape((1, -1)), dtype) for part in parts]
    x = matrices[0] if rowvar or parts[0].ndim == 1 else matrices[0].transpose((1, 0))
    if y is None or not x.shape[0]:
        return x
    other = matrices[1] if rowvar or matrices[1].shape[0] == 1 else matrices[1].transpose((1, 0))
    return shape.concatenate(x, other, axis=0)


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    """Covariances `C_ij = sum_k w_k (x_ik - mean_i) conj(x_jk - mean_j) / (sum w - ddof)` of variables, a row each.

    Args:
        m: (k, n) variables and their observations, (n, k) with rowvar=False, or (n,) one variable.
        y: more variables, in the same form.
        bias, ddof: the divisor; n - 1 by default, n with bias, otherwise n - ddof.
        fweights: (n,) integers, how often each observation was made; constant.
        aweights: (n,) the weight of each observation; differentiable.

    >>> cov(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    ddof = fixed("cov", "ddof", ddof)
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"ddof is an integer, got {ddof!r}")
    x = _variables(m, y, rowvar, dtype)
    if not x.shape[0]:
        return np.zeros((0, 0), x.dtype)
    ddof = (0 if bias else 1) if ddof is None else int(ddof)
    w = _observations(fweights, aweights, x.shape[1])
    mean, total = average(x, 1, w, returned=True)
    total = total[0]
    if w is None or not ddof or aweights is None:
        free = total - ddof
    else:
        free = total - ddof * reduce.sum_(w * array_of(aweights), axis=(0,), keepdims=False) / total
    if (seen(free) <= 0).any() if type(free) is Tensor else free <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        free = elementwise.where(free <= 0, 0.0, free)
    d = x - mean.reshape((-1, 1))
    product = linalg.matmul(d if w is None else d * w, d.transpose((1, 0)).conj())
    result = product * np.true_divide(1, free) if type(free) is not Tensor else product / free
    return _squeezed(result)


def _squeezed(matrix: Any) -> Any:
    lengths = tuple([n for n in matrix.shape if n != 1])
    matrix = matrix.reshape(lengths)
    return matrix


def _observations(fweights: Any, aweights: Any, n: int) -> Any:
    """The product of both kinds of weights, None for neither."""
    w = None
    if fweights is not None:
        f = np.asarray(fixed("cov", "fweights", fweights), dtype=float)
        if not np.all(f == np.around(f)):
            raise TypeError("fweights count observations: they are integers")
        _check_weights("fweights", f, n)
        w = f
    if aweights is not None:
        a = cast(aweights, np.float64)
        _check_weights("aweights", a, n)
        w = a if w is None else w * a
    return w


def _check_weights(name: str, w: Any, n: int) -> None:
    if w.ndim > 1:
        raise RuntimeError(f"{name} are in one row, got {describe(w)}")
    if w.shape != (n,):
        raise RuntimeError(f"{name} {describe(w)} are not one for each of {n} observations")
    if np.any(seen(w) < 0):
        raise ValueError(f"{name} cannot be negative")


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Correlations `C_ij / sqrt(C_ii C_jj)` of variables, a row each (or a column, with rowvar=False).

    >>> corrcoef(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    k = np.arange(c.shape[0])
    deviation = elementwise.sqrt(elementwise.real(index.read(c, *index.split_key((k, k)))))
    c = c / deviation.reshape((-1, 1)) / deviation
    # Rounding may leave a correlation just outside [-1, 1]; its gradient is that of what it should be.
    real = elementwise.clip(elementwise.real(c), -1.0, 1.0)
    return real if c.dtype.kind != "c" else real + 1j * elementwise.clip(elementwise.imag(c), -1.0, 1.0)


# -- counts in bins --------------------------------------------------------------------------------------------


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of the numbers 0, 1, 2, ... occurs among integers, or the sum of its weights there.

    `out_k = sum_i w_i [x_i = k]`; differentiable by the weights, in float64.

    >>> bincount(np.array([0, 2, 2]), weights=np.array([1.0, 2.0, 3.0]))
    array([1., 0., 5.])
    """
    if weights is None:
        return sorts.bincount(array_of(x), minlength=minlength)
    places = array_of(x)
    if places.ndim != 1:
        raise ValueError(f"bincount takes integers in one row, got {describe(places)}")
    n = len(np.bincount(seen(places).reshape(-1), minlength=minlength))
    w = ordered(weights, "bincount")
    if w.shape != places.shape:
        raise ValueError(f"bincount: the weights {describe(w)} are not one for each of {describe(places)}")
    places = places.astype(np.intp) if places.dtype.kind == "b" else places
    return index.scatter(cast(w, np.float64), places, index=(index.ARRAY,), shape=(n,))


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Which of the bins between given edges each element falls into; a constant.

    >>> digitize(np.array([0.5, 2.5]), np.array([0.0, 1.0, 2.0]))
    array([1, 3])
    """
    return sorts.digitize(array_of(x), array_of(bins), right=bool(right))


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of the bins of `histogram`; a constant."""
    edges = np.histogram_bin_edges(plain(array_of(a)), plain(bins), range, plain(weights))
    return constant(edges) if type(a) is Tensor else edges


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> Any:
    """How many elements, or what weight of them, fall into each of several bins; and the edges of the bins.

    The counts are constants; sums of weights are differentiable by the weights.

    >>> histogram(np.array([1.0, 2.0, 2.5]), bins=2)[0]
    array([1, 2])
    """
    values, w = plain(array_of(a)), None if weights is None else array_of(weights)
    if w is not None and w.shape != values.shape:
        raise ValueError(f"histogram: the weights {describe(w)} are not one for each of {describe(values)}")
    counts, edges = np.histogram(values, plain(bins), range, density, None if w is None else plain(w))
    if type(w) is Tensor and w.requires_grad:
        return _weighed([values.ravel()], [edges], w, density), constant(edges)
    return (constant(counts), constant(edges)) if Tensor in (type(a), type(w)) else (counts, edges)


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> Any:
    """How many points, or what weight of them, fall into each cell of a grid; and the edges of the grid, a list.

    The points (n, d) are rows, or a sequence of d arrays. Sums of weights are differentiable by the weights.

    >>> histogramdd(np.array([[1.0, 1.0], [2.0, 2.0]]), bins=2)[0]
    array([[1., 0.],
           [0., 1.]])
    """
    several = isinstance(sample, list | tuple)
    points = np.atleast_2d([plain(s) for s in sample]).T if several else np.asarray(plain(sample))
    points = points.reshape(-1, 1) if points.ndim == 1 else points
    grid = [plain(b) for b in bins] if isinstance(bins, list | tuple) else plain(bins)
    w = None if weights is None else array_of(weights)
    counts, edges = np.histogramdd(points, grid, range, density, None if w is None else plain(w))
    if type(w) is Tensor and w.requires_grad:
        return _weighed(list(points.T), edges, cast(w, np.float64), density), tuple(map(constant, edges))
    if Tensor in (type(sample), type(w), *(map(type, sample) if several else ())):
        return constant(counts), tuple(map(constant, edges))
    return counts, edges


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> Any:
    """How many points (x, y), or what weight of them, fall into each cell of a grid; and its edges along x and y.

    >>> histogram2d(np.array([1.0, 2.0]), np.array([1.0, 2.0]), bins=2)[0]
    array([[1., 0.],
           [0., 1.]])
    """
    x, y = array_of(x), array_of(y)
    if len(x) != len(y):
        raise ValueError(f"histogram2d takes as many x as y, got {describe(x)} and {describe(y)}")
    grid: Any = plain(bins)
    if hasattr(grid, "__len__") and len(grid) not in (1, 2):
        grid = [grid, grid]
    counts, edges = histogramdd([x, y], grid, range, density, weights)
    return counts, edges[0], edges[1]


def _weighed(points: Sequence[Any], edges: Sequence[Any], weights: Any, density: bool | None) -> Any:
    """The sum of the weights in each cell; each holds its lower edges, the last ones their upper edges too."""
    cells = tuple([len(e) - 1 for e in edges])
    places = []
    inside = np.ones(len(points[0]), bool)
    for x, e in zip(points, edges, strict=True):
        inside &= (x >= e[0]) & (x <= e[-1])
        places.append(np.minimum(np.searchsorted(e, x, side="right") - 1, len(e) - 2))
    flat = weights.reshape((-1,))[inside]
    sums = index.scatter(flat, *[p[inside] for p in places], index=(index.ARRAY,) * len(cells), shape=cells)
    if not density:
        return sums
    volume = np.ones(())
    for e in edges:
        volume = np.multiply.outer(volume, np.diff(e))
    return sums / volume / reduce.sum_(sums, axis=tuple(range(len(cells))), keepdims=False)
