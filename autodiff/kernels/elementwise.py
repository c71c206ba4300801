"""Elementwise functions that NumPy does not have, or has in another form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .policy import compiled

SOME, MORE = 1024, 4096
"""Elements from which on the compiled form is the faster one, of a function with many steps, and with a few."""
LARGE = 16384
"""Elements from which on a slope of a few products is, and has an op of its own: below, all is in the cache."""


@compiled("activation", SOME)
def sigmoid(x: Any) -> Any:
    """Logistic function `1 / (1 + exp(-x))`, without overflow and without loss in either tail."""
    if np.iscomplexobj(x):
        right = x.real >= 0
        e = np.exp(np.where(right, -x, x))
        return np.where(right, 1, e) / (1 + e)
    e = np.exp(abs(x) * -1.0)  # of unsigned integers too
    return np.where(x >= 0, 1, e) / (1 + e)


@compiled("activation", LARGE)
def sigmoid_slope(g: Any, s: Any) -> Any:
    """`g s (1 - s)`."""
    return g * (s * (1 - s))


@compiled("activation", LARGE)
def add_sigmoid_slope(total: Any, g: Any, s: Any) -> Any:
    """`total += g s (1 - s)`."""
    total += g * (s * (1 - s))
    return total


@compiled("activation", LARGE)
def tanh_slope(g: Any, t: Any) -> Any:
    """`g (1 - t^2)`."""
    return g * (1 - t * t)


@compiled("activation", LARGE)
def add_tanh_slope(total: Any, g: Any, t: Any) -> Any:
    """`total += g (1 - t^2)`."""
    total += g * (1 - t * t)
    return total


@compiled("activation", LARGE)
def relu_slope(g: Any, r: Any) -> Any:
    """`g`, and 0 where r is 0."""
    return np.where(r != 0, g, np.zeros((), np.result_type(g)))[()]


@compiled("activation", LARGE)
def positive_part(x: Any) -> Any:
    """`max(x, 0)` of a large array, in a quarter of the time."""
    return np.maximum(x, 0)


def relu(x: Any) -> Any:
    """Positive part `max(x, 0)`; NaN stays NaN."""
    if type(x) is np.ndarray:
        return np.maximum(x, 0) if x.size < LARGE else positive_part(x)
    return x if x > 0 or x != x else type(x)(0)


def share(x: Any, y: Any, *, of: str) -> Any:
    """The part of `maximum(x, y)`, or of its like, that is x's: 1, 0, or a half where x and y are equal or both NaN."""
    dtype = np.result_type(x, y)
    part = (x > y if of in ("maximum", "fmax") else x < y) + np.equal(x, y) * 0.5
    if _has_nan(x) or _has_nan(y):
        one, two = (np.isnan(x), np.isnan(y)) if of in ("maximum", "minimum") else (np.isnan(y), np.isnan(x))
        part = np.where(one | two, one * (1 - 0.5 * two), part)
    return part.astype(dtype if dtype.kind == "f" else np.float64)


def _has_nan(x: Any) -> bool:
    if type(x) is not np.ndarray:
        return bool(x != x)
    return x.dtype.kind in "fc" and bool(np.isnan(np.minimum.reduce(x, axis=None, initial=np.inf)))


def gap(x: Any, y: Any) -> Any:
    """`x - y`, and 0 between equal infinities."""
    with np.errstate(invalid="ignore"):
        return np.where(np.equal(x, y), 0, np.subtract(x, y))


def fraction(x: Any) -> Any:
    """What follows the point."""
    return np.modf(x)[0]


def whole(x: Any) -> Any:
    """What precedes the point."""
    return np.modf(x)[1]


def mantissa(x: Any) -> Any:
    """The m of `x = m 2^n`."""
    return np.frexp(x)[0]


def exponent(x: Any) -> Any:
    """The n of `x = m 2^n`."""
    return np.frexp(x)[1]


def clip(x: Any, low: Any, high: Any) -> Any:
    """`min(max(x, low), high)` of real numbers."""
    if any(map(np.iscomplexobj, (x, low, high))):
        raise TypeError("clip takes real numbers: complex ones have no order")
    return np.clip(x, low, high)


def sign(x: Any) -> Any:
    """Sign of real numbers; of complex ones it is no constant, and the caller is told."""
    if np.iscomplexobj(x):
        raise TypeError("sign takes real numbers; for complex x write x / abs(x)")
    return np.sign(x)


def unwrap(x: Any, *, discont: Any, axis: int, period: Any) -> Any:
    """Multiples of a period added such that neighbours differ by half a period at most."""
    return np.unwrap(x, discont, axis, period=period)


def sinc(x: Any, *, order: int) -> Any:
    """The derivative of `sin(pi x) / (pi x)` of an order, exact near 0 as well.

    With y = pi x and S_n the n-th derivative of sin(y) / y: `y S_n + n S_(n-1) = sin(y + n pi / 2)`, which loses no
    digits where |y| > n; below, the power series `S_n = sum_k (-1)^k y^(2k-n) / ((2k+1) (2k-n)!)`.
    """
    if order == 0:
        return np.sinc(x)
    y = np.pi * np.asarray(x)
    near = np.abs(y) < order + 1
    far = np.where(near, 1, y)
    high = np.sin(far) / far
    for n in range(1, order + 1):
        high = (np.sin(far + n * np.pi / 2) - n * high) / far
    small = np.where(near, y, 0)
    low = np.zeros_like(small)
    for k in range((order + 1) // 2, 2 * order + 22):
        power = 2 * k - order
        low = low + (-1) ** k / ((2 * k + 1) * math.factorial(power)) * small**power
    return (np.where(near, low, high) * np.pi**order).astype(y.dtype)


# -- activations ---------------------------------------------------------------------------------------------

FAR = 1000.0
"""Beyond this all slopes of smooth activations are constant, and `x f(x)` would be infinity times 0."""


@compiled("activation", SOME)
def elu(x: Any, *, alpha: float, scale: float, slope: float) -> Any:
    """`scale x`, and `scale alpha (exp(slope x) - 1)` for negative x."""
    return (np.where(x > 0, x, alpha * np.expm1(slope * np.minimum(x, 0))) * scale)[()]


@compiled("activation", SOME)
def elu_slope(g: Any, out: Any, *, alpha: float, scale: float, slope: float) -> Any:
    """`g scale`, and `g slope (out + scale alpha)` where out is not positive."""
    return np.where(out > 0, g * scale, g * (slope * (out + scale * alpha)))[()]


@compiled("activation", MORE)
def leaky_relu(x: Any, slope: Any) -> Any:
    """x, and `slope x` for negative x."""
    return (x * np.where(np.asarray(x) > 0, np.result_type(x, slope).type(1), slope))[()]


@compiled("activation", MORE)
def leaky_slope(g: Any, x: Any, slope: Any) -> Any:
    """g, and `slope g` where x is not positive."""
    return np.where(x > 0, g, g * slope)[()]


@compiled("activation", MORE)
def hardsigmoid(x: Any) -> Any:
    """`min(max(x + 3, 0), 6) / 6`."""
    return np.clip(x + 3.0, 0, 6) * (1 / 6)


@compiled("activation", SOME)
def hardswish(x: Any) -> Any:
    """`x min(max(x + 3, 0), 6) / 6`."""
    return np.maximum(x, -6.0) * (np.clip(x + 3.0, 0, 6) * (1 / 6))


@compiled("activation", SOME)
def hardswish_slope(g: Any, x: Any) -> Any:
    """0 up to -3, g from 3 on, `g (2 x + 3) / 6` between."""
    slope = np.where(x >= 3, 1, (2 * np.clip(x, -3, 3) + 3) * (1 / 6))
    return g * np.where(x <= -3, 0, slope)


def hardtanh(x: Any, *, low: float, high: float) -> Any:
    """The input between its bounds; NaN stays NaN."""
    return np.clip(x, low, high)


@compiled("activation", MORE)
def hardtanh_slope(g: Any, out: Any, *, low: float, high: float, scale: float) -> Any:
    """`g scale`, and 0 where out is at a bound."""
    return np.where((out <= low) | (out >= high), np.zeros((), np.result_type(g)), g * scale)[()]


@compiled("activation", SOME)
def silu(x: Any) -> Any:
    """`x sigmoid(x)`."""
    x = np.maximum(x, -FAR)
    return x * sigmoid(x)


@compiled("activation", SOME)
def silu_slope(g: Any, x: Any) -> Any:
    """`g s (1 + x (1 - s))` with the sigmoid s of x."""
    x = np.clip(x, -FAR, FAR)
    s = sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


@compiled("activation", SOME)
def mish(x: Any) -> Any:
    """`x tanh(log(1 + exp(x)))`."""
    x = np.maximum(x, -FAR)
    return x * np.tanh(np.logaddexp(0, x))


@compiled("activation", SOME)
def mish_slope(g: Any, x: Any) -> Any:
    """`g (t + x s (1 - t^2))` with the sigmoid s and t = tanh(log(1 + exp(x)))."""
    x = np.clip(x, -FAR, FAR)
    t = np.tanh(np.logaddexp(0, x))
    return g * (t + x * sigmoid(x) * (1 - t * t))


@compiled("activation", SOME)
def gelu(x: Any, *, approximate: str) -> Any:
    """`x` times the distribution function of the standard normal, or a tanh that comes near it."""
    x = np.maximum(x, -FAR)
    if approximate == "none":
        from .special import scipy_special

        return x * scipy_special().ndtr(x)
    bounded = np.minimum(x, FAR)
    return x * sigmoid(2 * bounded * (GELU[0] + GELU[1] * bounded * bounded))


@compiled("activation", SOME)
def gelu_slope(g: Any, x: Any) -> Any:
    """`g (P(x) + x P'(x))` with the distribution function P of the standard normal."""
    from .special import scipy_special

    x = np.clip(x, -FAR, FAR)
    return g * (scipy_special().ndtr(x) + x * np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi)))


GELU = math.sqrt(2 / math.pi), math.sqrt(2 / math.pi) * 0.044715
"""The approximation is `(1 + tanh(a x + b x^3)) / 2` with these a and b (Hendrycks and Gimpel, 2016)."""


@compiled("activation", SOME)
def softsign(x: Any) -> Any:
    """`x / (1 + |x|)`, 1 at infinity."""
    size = np.abs(x)
    return np.sign(x) * np.where(size > 1, 1 / (1 + 1 / np.maximum(size, 1)), size / (1 + np.minimum(size, 1)))


@compiled("activation", LARGE)
def softsign_slope(g: Any, out: Any) -> Any:
    """`g (1 - |out|)^2`."""
    rest = 1 - np.abs(out)
    return g * (rest * rest)
