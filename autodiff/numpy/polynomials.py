"""Polynomials as vectors of coefficients, the highest power first."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from ..errors import describe
from ..inplace import is_recorded
from ..ops import elementwise, reduce
from ..ops import polynomials as ops
from ..ops import shape as shapes
from ..tensor import Tensor
from . import linalg
from .arguments import array_of, cast, floating, plain
from .creation import vander
from .products import convolve, matmul, outer

__all__ = ["poly", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots"]


def _coefficients(p: Any) -> Any:
    x = array_of(p.coefficients if isinstance(p, np.poly1d) else p)
    if x.ndim > 1:
        raise ValueError(f"the coefficients of a polynomial are a vector, got {describe(x)}")
    return x.reshape((1,)) if x.ndim == 0 else x


def _order(m: int) -> int:
    m = operator.index(m)
    if m < 0:
        raise ValueError(f"how often is 0 or more, got {m}; polyint undoes polyder")
    return m


def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial at x, `p_0 x^(n-1) + ... + p_(n-1)`.

    >>> polyval([1.0, 0.0, 1.0], np.array([2.0, 3.0]))
    array([ 5., 10.])
    """
    x = array_of(x)
    value: Any = np.zeros(x.shape, x.dtype)
    for coefficient in _coefficients(p):
        value = value * x + coefficient
    return value if type(value) is Tensor or np.ndim(value) else value[()]


def polyadd(a1: Any, a2: Any) -> Any:
    """Sum of two polynomials.

    >>> polyadd([1.0, 2.0], [1.0])
    array([1., 3.])
    """
    x, y = _aligned(a1, a2)
    return x + y


def polysub(a1: Any, a2: Any) -> Any:
    """Difference of two polynomials."""
    x, y = _aligned(a1, a2)
    return x - y


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Coefficients of equal number, zeros put before the fewer."""
    x, y = _coefficients(a1), _coefficients(a2)
    n = max(len(x), len(y))
    return _after_zeros(x, n), _after_zeros(y, n)


def _after_zeros(x: Any, n: int) -> Any:
    return x if len(x) == n else shapes.concatenate(np.zeros(n - len(x), x.dtype), x, axis=0)


def polymul(a1: Any, a2: Any) -> Any:
    """Product of two polynomials; NumPy leaves out leading coefficients that are 0, whatever their gradient.

    >>> polymul([1.0, 1.0], [1.0, -1.0])
    array([ 1.,  0., -1.])
    """
    return convolve(_trimmed(a1), _trimmed(a2))


def _trimmed(p: Any) -> Any:
    """Without the leading zeros; one is left if all are zero. Where a gradient is wanted nothing is left out."""
    x = _coefficients(p)
    if is_recorded(x):
        return x
    first = next((i for i, value in enumerate(plain(x)) if value != 0), len(x) - 1)
    return x[first:]


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder of two polynomials.

    >>> polydiv([3.0, 5.0, 2.0], [2.0, 1.0])
    (array([1.5 , 1.75]), array([0.25]))
    """
    x, y = floating(_coefficients(u)), floating(_coefficients(v))
    x, y = (cast(t, np.result_type(x.dtype, y.dtype)) for t in (x, y))
    quotient = [x[0] * 0] if len(x) < len(y) else []
    while len(x) >= len(y):
        quotient.append(x[0] / y[0])
        if len(x) == 1:
            x = x * 0
            break
        rest = shapes.concatenate(y[1:], np.zeros(len(x) - len(y), x.dtype), axis=0)
        x = x[1:] - quotient[-1] * rest
    while len(x) > 1 and np.allclose(plain(x)[0], 0, rtol=1e-14):
        x = x[1:]
    return shapes.stack(*quotient, axis=0), x


def polyder(p: Any, m: int = 1) -> Any:
    """Derivative of a polynomial, m times.

    >>> polyder([1.0, 1.0, 1.0])
    array([2., 1.])
    """
    x = _coefficients(p)
    for _ in range(_order(m)):
        x = x[:-1] * np.arange(len(x) - 1, 0, -1)
    return x


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Integral of a polynomial, m times, with the constants k (one for each time, or one for all; 0 by default).

    >>> polyint([2.0, 1.0])
    array([1., 1., 0.])
    """
    x, m = _coefficients(p), _order(m)
    constants = _coefficients(np.zeros(m) if k is None else k)
    if len(constants) == 1 and m > 1:
        constants = shapes.expand(constants, shape=(m,))
    if len(constants) < m:
        raise ValueError(f"polyint needs {m} constants, or one for all, got {len(constants)}")
    for i in range(m):
        x = shapes.concatenate(x / np.arange(len(x), 0, -1), constants[i : i + 1], axis=0)
    return x


def poly(seq_of_zeros: Any) -> Any:
    """Coefficients of the polynomial with these roots and a leading 1, or of a matrix's characteristic polynomial.

    >>> poly([1.0, 2.0])
    array([ 1., -3.,  2.])
    """
    x = floating(seq_of_zeros)
    x = cast(x, np.float64) if x.dtype == np.float16 else x  # as NumPy, which has no roots in float16
    if x.ndim == 2 and x.shape[0] == x.shape[1] != 0:
        x = linalg.eigvals(x)
    elif x.ndim > 1:
        raise ValueError(f"poly takes a vector of roots or a square matrix, got {describe(x)}")
    zeros = x.reshape((-1,))
    if not len(zeros):
        return 1.0
    one = np.ones(1, zeros.dtype)
    result: Any = one
    for i in range(len(zeros)):
        result = convolve(result, shapes.concatenate(one, -zeros[i : i + 1], axis=0))
    values = plain(zeros)
    if values.dtype.kind == "c" and (np.sort(values) == np.sort(values.conj())).all():
        result = elementwise.real(result)
    return result


def roots(p: Any) -> Any:
    """Roots of a polynomial; one that it has more than once has no gradient.

    >>> roots([1.0, -3.0, 2.0])
    array([2., 1.])

    Raises GradientError in the backward pass of a multiple root.
    """
    x = array_of(p)
    if x.ndim > 1:
        raise ValueError(f"roots takes a vector of coefficients, got {describe(x)}")
    return ops.roots(floating(x.reshape((1,)) if x.ndim == 0 else x))


def polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """The polynomial of a degree that comes nearest to points, by least squares; w are weights of the residuals.

    With `full`, also what `lstsq` returns, and rcond; with `cov`, the covariance of the coefficients.

    >>> polyfit(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]), 1).round(9)
    array([2., 1.])

    Warns with NumPy's RankWarning if there are too few different points.
    """
    x, y, n = floating(x), floating(y), operator.index(deg) + 1
    if n < 1:
        raise ValueError(f"the degree is 0 or more, got {deg}")
    if x.ndim != 1 or not len(x) or y.ndim not in (1, 2) or len(x) != len(y):
        raise TypeError(f"polyfit takes points x: (n,) and y: (n,) or (n, k), got {describe(x)} and {describe(y)}")
    if rcond is None:
        rcond = len(x) * float(np.finfo(x.dtype).eps)
    left, right = vander(x, n), y
    if w is not None:
        weights = floating(w)
        if weights.shape != x.shape:
            raise TypeError(f"polyfit takes one weight for each point, got {describe(weights)} for {describe(x)}")
        left, right = left * weights[:, None], right * (weights if y.ndim == 1 else weights[:, None])
    scale = elementwise.sqrt(reduce.sum_(left * left, axis=(0,), keepdims=False))
    left = left / scale
    c, residuals, rank, s = linalg.lstsq(left, right, rcond)
    c = c / (scale if y.ndim == 1 else scale[:, None])
    if full:
        return c, residuals, rank, s, rcond
    if rank != n:
        warnings.warn("polyfit: too few different points for the degree", np.exceptions.RankWarning, stacklevel=2)
    if not cov:
        return c
    base = linalg.inv(matmul(left.T, left)) / outer(scale, scale)
    if cov == "unscaled":
        factor: Any = 1.0
    elif len(x) <= n:
        raise ValueError(f"polyfit: a scaled covariance needs more points than the {n} coefficients; cov='unscaled'")
    else:
        factor = residuals / (len(x) - n)
    return c, base * factor if y.ndim == 1 else base[:, :, None] * factor
