"""Normalisations and softmax, in one pass over memory each way: what is normalised together stays in the cache.

Channels (batch, instance, group): the array is (a, b, k, m), moments are taken over a, k and m, and scale and shift
are numbers for each (b modulo their length, k). Rows (layer, root mean square, softmax): the array is (r, m), and all
goes on along m. Sums run over 4096 numbers in the array's dtype and in float64 over these.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from ..policy import FREEDOM, Loop, loop, uses
from . import vector

LEAST = 1 << 16  # elements for a thread: measured, two gain from twice as many on where what is before is shared too
NARROW = 8  # numbers side by side, from which on loops along them are worth their start
PARTS = 8  # ranges of rows that are summed up by themselves, on any number of threads

_inline: Any = njit(error_model="numpy", fastmath=set(FREEDOM), forceinline=True)


@_inline
def _sum(x: Any) -> Any:
    total = 0.0
    for start in range(0, x.size, 4096):
        row, part = x[start : start + 4096], type(x[0])(0)
        for i in range(row.size):
            part += row[i]
        total += part
    return total


@_inline
def _sum_squares(x: Any, mean: Any) -> Any:
    total = 0.0
    for start in range(0, x.size, 4096):
        row, part = x[start : start + 4096], type(x[0])(0)
        for i in range(row.size):
            part += (row[i] - mean) * (row[i] - mean)
        total += part
    return total


@_inline
def _sums(g: Any, x: Any, mean: Any) -> Any:
    """Of g, and of g times x's distance from the mean."""
    plain, product = 0.0, 0.0
    for start in range(0, x.size, 4096):
        row, dy = x[start : start + 4096], g[start : start + 4096]
        one, other = type(x[0])(0), type(x[0])(0)
        for i in range(row.size):
            one += dy[i]
            other += dy[i] * (row[i] - mean)
        plain += one
        product += other
    return plain, product


# -- by channels -----------------------------------------------------------------------------------------


@_inline
def _measure(x: Any, b: Any, mean: Any, var: Any) -> None:
    """Mean and variance of x[:, b]."""
    n = x.shape[0] * x.shape[2] * x.shape[3]
    total = 0.0
    for a in range(x.shape[0]):
        for k in range(x.shape[2]):
            total += _sum(x[a, b, k])
    mean[b] = total / n
    total = 0.0
    for a in range(x.shape[0]):
        for k in range(x.shape[2]):
            total += _sum_squares(x[a, b, k], mean[b])
    var[b] = total / n


@_inline
def _scale(x: Any, b: Any, weight: Any, bias: Any, mean: Any, rstd: Any, out: Any) -> None:
    for a in range(x.shape[0]):
        for k in range(x.shape[2]):
            row, y = x[a, b, k], out[a, b, k]
            m, s, t = mean[b], rstd[b] * weight[b % len(weight), k], bias[b % len(bias), k]
            for i in range(row.size):
                y[i] = (row[i] - m) * s + t


@loop("void(T[:, :, :, ::1], T[::1], T[::1], int64, int64)", shared="range")
def _moments(x: Any, mean: Any, var: Any, start: Any, stop: Any) -> None:
    for b in range(start, stop):
        _measure(x, b, mean, var)


@loop("void(T[:, :, :, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T[:, :, :, ::1], int64, int64)", shared="range")
def _scaled(x: Any, weight: Any, bias: Any, mean: Any, rstd: Any, out: Any, start: Any, stop: Any) -> None:
    for b in range(start, stop):
        _scale(x, b, weight, bias, mean, rstd, out)


@loop("void(T[:, :, :, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T[:, :, :, ::1], T, int64, int64)", shared="range")
def _standardized(
    x: Any, weight: Any, bias: Any, mean: Any, rstd: Any, out: Any, eps: Any, start: Any, stop: Any
) -> None:
    for b in range(start, stop):
        _measure(x, b, mean, rstd)
        rstd[b] = type(eps)(1) / np.sqrt(rstd[b] + eps)
        _scale(x, b, weight, bias, mean, rstd, out)


@_inline
def _combine(g: Any, x: Any, mean: Any, by_g: Any, by_x: Any, by_one: Any, out: Any) -> None:
    number = type(g[0])
    c, d, e = number(by_g), number(by_x), number(by_one)
    for i in range(x.size):
        out[i] = g[i] * c + ((x[i] - mean) * d + e)


@loop(
    "void(T[:, :, :, ::1], T[:, :, :, ::1], T[:, ::1], T[::1], T[::1], T[:, ::1], T[:, ::1], T[:, :, :, ::1], "
    "int64, int64)",
    shared="range",
)
def _pulled(
    g: Any, x: Any, weight: Any, mean: Any, rstd: Any, dweight: Any, dbias: Any, out: Any, start: Any, stop: Any
) -> None:
    n = x.shape[0] * x.shape[2] * x.shape[3]
    for b in range(start, stop):
        m, r = mean[b], rstd[b]
        of_u, of_uy = 0.0, 0.0  # sums of u = g weight and of u y
        for k in range(x.shape[2]):
            plain, product = 0.0, 0.0
            for a in range(x.shape[0]):
                one, other = _sums(g[a, b, k], x[a, b, k], m)
                plain += one
                product += other
            product *= r
            dbias[b, k], dweight[b, k] = plain, product
            of_u += weight[b % len(weight), k] * plain
            of_uy += weight[b % len(weight), k] * product
        for a in range(x.shape[0]):
            for k in range(x.shape[2]):
                w = weight[b % len(weight), k]
                _combine(g[a, b, k], x[a, b, k], m, r * w, -r * r * of_uy / n, -r * of_u / n, out[a, b, k])


# -- by rows ---------------------------------------------------------------------------------------------


@loop("void(T[:, ::1], T[::1], T[::1], T[::1], T[::1], T[:, ::1], T, T, int64, int64)", shared="range")
def _rows_standardized(
    x: Any, weight: Any, bias: Any, mean: Any, rstd: Any, out: Any, eps: Any, centred: Any, start: Any, stop: Any
) -> None:
    for r in range(start, stop):
        row, y = x[r], out[r]
        mean[r] = centred * (_sum(row) / row.size)
        m = mean[r]
        rstd[r] = _sum_squares(row, m) / row.size
        s = rstd[r] = type(eps)(1) / np.sqrt(rstd[r] + eps)
        for i in range(row.size):
            y[i] = (row[i] - m) * s * weight[i] + bias[i]


@loop(
    "void(T[:, ::1], T[:, ::1], T[::1], T[::1], T[::1], T[:, ::1], T[:, ::1], T[:, ::1], T, int64, int64)",
    shared="range",
)
def _rows_pulled(
    g: Any, x: Any, weight: Any, mean: Any, rstd: Any, dweight: Any, dbias: Any, out: Any, centred: Any, start: Any,
    stop: Any,
) -> None:  # fmt: skip
    number = type(centred)
    for part in range(start, stop):
        dw, db = dweight[part], dbias[part]
        for i in range(dw.size):
            dw[i] = db[i] = number(0)
        for r in range(len(x) * part // len(dweight), len(x) * (part + 1) // len(dweight)):
            dy, row, dx, m, s = g[r], x[r], out[r], mean[r], rstd[r]
            of_u, of_uy = 0.0, 0.0
            for first in range(0, row.size, 4096):
                u_part, uy_part = number(0), number(0)
                gs, xs, ws = dy[first : first + 4096], row[first : first + 4096], weight[first : first + 4096]
                dws, dbs = dw[first : first + 4096], db[first : first + 4096]
                for i in range(gs.size):
                    y = (xs[i] - m) * s
                    product = gs[i] * y
                    dbs[i] += gs[i]
                    dws[i] += product
                    u_part += gs[i] * ws[i]
                    uy_part += product * ws[i]
                of_u += u_part
                of_uy += uy_part
            by_x, by_one = number(-s * s * of_uy / row.size), number(-s * centred * of_u / row.size)
            for i in range(row.size):
                dx[i] = dy[i] * (weight[i] * s) + ((row[i] - m) * by_x + by_one)


# -- arrays to loops -------------------------------------------------------------------------------------


def _dense(*arrays: Any) -> bool:
    """Whether all are of one dtype, lie row by row, and are not read-only, which loops do not take."""
    dtype = arrays[0].dtype
    for x in arrays:
        if type(x) is not np.ndarray or x.dtype != dtype or not x.flags.carray:
            return False
    return bool(arrays[0].size)


def _by_rows(x: Any, axis: tuple[int, ...], *scales: Any) -> int | None:
    """How long rows are, if these are the last axes, and scales are rows or none."""
    first = x.ndim - len(axis)
    if axis != tuple(range(first, x.ndim)) or any(type(s) is not float and s.shape != x.shape[first:] for s in scales):
        return None
    m = math.prod(x.shape[first:])
    return m if m >= NARROW else None


def _by_channels(x: Any, axis: tuple[int, ...], *scales: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The array's shape as (a, b, k, m), and that of the scales, if these are numbers for channels."""
    whole = axis == (0, *range(2, x.ndim))
    if not whole and axis != tuple(range(2, x.ndim)):
        return None
    n, channels, *rest = x.shape
    shape: tuple[int, ...] = (n if whole else 1, channels if whole else n * channels, 1, math.prod(rest))
    column: tuple[int, ...] = (channels, *[1] * len(rest))
    if len(rest) == 2 and any(type(s) is not float and s.shape != column for s in scales):
        column, shape = (channels, rest[0], 1), (*shape[:2], *rest)  # a group and its channels
    if shape[3] < NARROW or any(type(s) is not float and s.shape != column for s in scales):
        return None
    return shape, (channels, shape[2])


def _filled(scale: Any, shape: tuple[int, ...], x: Any) -> Any:
    return np.full(shape, scale, x.dtype) if type(scale) is float else scale.reshape(shape)


def _arrays(x: Any, *scales: Any) -> list[Any]:
    return [x, *[s for s in scales if type(s) is not float]]


def _kept(x: Any, axis: tuple[int, ...]) -> tuple[int, ...]:
    return tuple([1 if i in axis else n for i, n in enumerate(x.shape)])


@uses(_moments)
def moments(x: Any, *, axis: tuple[int, ...]) -> Any:
    """Error: that of the sum of 4096 numbers, in units of the largest; the variance's by that of the mean squared."""
    found = _by_channels(x, axis) if _dense(x) and x.ndim > 2 else None
    if found is None:
        return None
    shape, _ = found
    x, kept = x.reshape(shape), _kept(x, axis)
    mean, var = np.empty((2, shape[1]), x.dtype)
    _moments.share(x, mean, var, n=shape[1], least=LEAST * shape[1] // x.size)
    return mean.reshape(kept), var.reshape(kept)


@uses(_scaled)
def batch_norm(x: Any, weight: Any, bias: Any, mean: Any, var: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """Error: 4 roundings."""
    found = _by_channels(x, axis, weight, bias) if _dense(*_arrays(x, weight, bias), mean, var) and x.ndim > 2 else None
    if found is None or mean.size != found[0][1]:
        return None
    shape, column = found
    rstd = 1 / np.sqrt(var + x.dtype.type(eps))
    weight, bias = (_filled(s, column, x) for s in (weight, bias))
    out, rows = np.empty_like(x), x.reshape(shape)
    args = rows, weight, bias, mean.reshape(-1), rstd.reshape(-1), out.reshape(shape)
    _scaled.share(*args, n=shape[1], least=LEAST * shape[1] // x.size)
    return out, (mean, rstd)


@uses(_standardized, _rows_standardized)
def standardize(x: Any, weight: Any, bias: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """Error: that of `moments`, and 4 roundings."""
    return _standardize(x, weight, bias, axis, eps, 1)


def _standardize(x: Any, weight: Any, bias: Any, axis: tuple[int, ...], eps: float, centred: float) -> Any:
    if not _dense(*_arrays(x, weight, bias)):
        return None
    number, out, kept = x.dtype.type, np.empty_like(x), _kept(x, axis)
    m = _by_rows(x, axis, weight, bias)
    shape: tuple[int, ...]
    column: tuple[int, ...]
    if m is not None:
        n, shape, column = x.size // m, (-1, m), (m,)
    else:
        found = _by_channels(x, axis, weight, bias) if x.ndim > 2 else None
        if found is None:
            return None
        shape, column = found
        n = shape[1]
    mean, rstd = np.empty((2, n), x.dtype)
    weight, bias = (_filled(s, column, x) for s in (weight, bias))
    args = x.reshape(shape), weight, bias, mean, rstd, out.reshape(shape)
    if m is not None:
        _rows_standardized.share(*args, number(eps), number(centred), n=n, least=LEAST // m)
    else:
        _standardized.share(*args, number(eps), n=n, least=LEAST * n // x.size)
    return out, (mean.reshape(kept), rstd.reshape(kept))


@uses(_pulled, _rows_pulled)
def standardize_vjp(
    g: Any, x: Any, weight: Any, bias: Any, saved: Any, needs: tuple[bool, ...], *, axis: tuple[int, ...]
) -> Any:
    """Error: that of sums of 4096 numbers, in units of the largest g."""
    mean, rstd = saved
    return _standardize_vjp(g, x, weight, bias, mean, rstd, needs, axis, 1)


def _standardize_vjp(
    g: Any, x: Any, weight: Any, bias: Any, mean: Any, rstd: Any, needs: tuple[bool, ...], axis: tuple[int, ...],
    centred: float,
) -> Any:  # fmt: skip
    if not _dense(*_arrays(g, x, mean, rstd, weight, bias)):
        return None
    m = _by_rows(x, axis, weight, bias)
    shape: tuple[int, ...]
    column: tuple[int, ...]
    sums: tuple[int, ...]
    if m is not None:
        parts = min(PARTS, x.size // m)
        shape, column, sums = (-1, m), (m,), (parts, m)
    else:
        found = _by_channels(x, axis, weight, bias) if x.ndim > 2 else None
        if found is None:
            return None
        shape, column = found
        parts, sums = shape[1], (shape[1], shape[2])
    dx = np.empty_like(x)
    dweight, dbias = np.empty((2, *sums), x.dtype)
    filled = _filled(weight, column, x)
    args = (
        g.reshape(shape),
        x.reshape(shape),
        filled,
        mean.reshape(-1),
        rstd.reshape(-1),
        dweight,
        dbias,
        dx.reshape(shape),
    )
    if m is not None:
        _rows_pulled.share(*args, x.dtype.type(centred), n=parts, least=LEAST * parts // x.size)
    else:
        _pulled.share(*args, n=parts, least=LEAST * parts // x.size)
    return (
        dx if needs[0] else None,
        *[
            np.add.reduce(d.reshape(-1, *column), axis=0).reshape(np.shape(s)) if need else None
            for d, s, need in zip((dweight, dbias), (weight, bias), needs[1:], strict=True)
        ],
    )


@uses(_pulled, _rows_pulled)
def batch_norm_vjp(
    g: Any, x: Any, weight: Any, bias: Any, saved: Any, needs: tuple[bool, ...], *, axis: tuple[int, ...]
) -> Any:
    """Error: that of `standardize_vjp`."""
    found = standardize_vjp(g, x, weight, bias, saved, needs[:3], axis=axis)
    return found and (*found, None, None)


@uses(_rows_standardized)
def rms_norm(x: Any, weight: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    """Error: that of the sum of 4096 numbers, and 3 roundings."""
    found = _standardize(x, weight, 0.0, axis, eps, 0) if _by_rows(x, axis, weight) else None
    return found and (found[0], found[1][1])


@uses(_rows_pulled)
def rms_norm_vjp(g: Any, x: Any, weight: Any, saved: Any, needs: tuple[bool, bool], *, axis: tuple[int, ...]) -> Any:
    """Error: that of `standardize_vjp`."""
    if not _by_rows(x, axis, weight):
        return None
    found = _standardize_vjp(g, x, weight, 0.0, np.zeros_like(saved), saved, (*needs, False), axis, 0)
    return found and found[:2]


# -- softmax ---------------------------------------------------------------------------------------------


@loop("void(T[:, ::1], T[:, ::1])", shared="rows")
def _softmax(x: Any, out: Any) -> None:
    number = type(x[0, 0])
    for r in range(len(x)):
        row, y = x[r], out[r]
        top, total = vector.top(row), number(0)
        for i in range(row.size):
            e = vector.exp(row[i] - top)
            y[i] = e
            total += e
        share = number(1) / total
        for i in range(row.size):
            y[i] *= share


@loop("void(T[:, ::1], T[:, ::1])", shared="rows")
def _log_softmax(x: Any, out: Any) -> None:
    number = type(x[0, 0])
    for r in range(len(x)):
        row, y = x[r], out[r]
        top, total = vector.top(row), number(0)
        for i in range(row.size):
            shifted = row[i] - top
            y[i] = shifted
            total += vector.exp(shifted)
        total = vector.log(total)
        for i in range(row.size):
            y[i] -= total


def _along_rows(run: Loop, arrays: tuple[Any, ...], axis: int) -> Any:
    """Run a loop over the rows of arrays of one shape, and of a result like them."""
    x = arrays[0]
    if axis != x.ndim - 1 or not _dense(*arrays) or any(a.shape != x.shape for a in arrays) or x.shape[-1] < NARROW:
        return None
    out = np.empty_like(x)
    rows = [a.reshape(-1, x.shape[-1]) for a in (*arrays, out)]
    run.share(*rows, n=len(rows[0]), least=LEAST // x.shape[-1])
    return out


@uses(_softmax)
def softmax(x: Any, *, axis: int) -> Any:
    """Error: 3 ulp, and that of the sum."""
    return _along_rows(_softmax, (x,), axis)


@uses(_log_softmax)
def log_softmax(x: Any, *, axis: int) -> Any:
    """Error: 3 ulp of the sum's logarithm, and 2 roundings."""
    return _along_rows(_log_softmax, (x,), axis)


@loop("void(T[:, ::1], T[:, ::1], T[:, ::1])", shared="rows")
def _softmax_slope(g: Any, s: Any, out: Any) -> None:
    number = type(g[0, 0])
    for r in range(len(g)):
        dy, row, y, total = g[r], s[r], out[r], number(0)
        for i in range(row.size):
            total += dy[i] * row[i]
        for i in range(row.size):
            y[i] = row[i] * (dy[i] - total)


@uses(_softmax_slope)
def softmax_slope(g: Any, s: Any, *, axis: int) -> Any:
    """Error: that of the sum, and 2 roundings."""
    return _along_rows(_softmax_slope, (g, s), axis)


@loop("void(T[:, ::1], T[:, ::1], T[:, ::1])", shared="rows")
def _log_softmax_slope(g: Any, s: Any, out: Any) -> None:
    number = type(g[0, 0])
    for r in range(len(g)):
        dy, row, y, total = g[r], s[r], out[r], number(0)
        for i in range(row.size):
            total += dy[i]
        for i in range(row.size):
            y[i] = dy[i] - vector.exp(row[i]) * total


@uses(_log_softmax_slope)
def log_softmax_slope(g: Any, s: Any, *, axis: int) -> Any:
    """Error: that of the sum, and 3 ulp."""
    return _along_rows(_log_softmax_slope, (g, s), axis)
