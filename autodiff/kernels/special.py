"""Special functions: SciPy's, imported when the first of them is called, and what SciPy does not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .elementwise import SOME, sigmoid
from .policy import compiled


@lru_cache(maxsize=1)
def scipy_special() -> Any:
    """The module `scipy.special`."""
    import scipy.special

    return scipy.special


def scipys(name: str) -> Callable[..., Any]:
    """SciPy's function of a name."""

    def forward(*arrays: Any) -> Any:
        return getattr(scipy_special(), name)(*arrays)

    return forward


@compiled("activation", SOME)
def log_sigmoid(x: Any) -> Any:
    """`log(1 / (1 + exp(-x)))`, without overflow and without loss in either tail."""
    return -np.logaddexp(0, x * -1.0)


@compiled("activation", SOME)
def softplus(x: Any, *, beta: float, threshold: float) -> Any:
    """`log(1 + exp(beta x)) / beta`, and x itself where `beta x > threshold`."""
    out = np.logaddexp(0, beta * x) / beta
    return out if threshold == math.inf else np.where(beta * x > threshold, x, out).astype(out.dtype)


@compiled("activation", SOME)
def softplus_slope(g: Any, x: Any, *, beta: float, threshold: float) -> Any:
    """`g sigmoid(beta x)`, and g itself where `beta x > threshold`."""
    out = g * sigmoid(beta * x)
    return out if threshold == math.inf else np.where(beta * x > threshold, g, out).astype(out.dtype)[()]


def mills(x: Any) -> Any:
    """Density over distribution function of the standard normal, in either tail."""
    return math.sqrt(2 / math.pi) / scipy_special().erfcx(x * -math.sqrt(0.5))


def erfc_ratio(x: Any, *, order: int) -> Any:
    """`i^n erfc(x) / i^(n-1) erfc(x)` of repeated integrals of erfc; `i^(-1) erfc(x) = 2 exp(-x^2) / sqrt(pi)`.

    The recurrence `2 (n + 1) R_(n+1) = 1 / R_n - 2 x` runs upwards where it loses few digits, and as a continued
    fraction elsewhere.
    """
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("this function has a derivative by real numbers only")
    high = np.maximum(x, 2)
    fraction = np.zeros_like(high)
    for n in range(order + 60, order - 1, -1):
        fraction = 0.5 / (high + (n + 1) * fraction)
    low = np.minimum(x, 2)
    upward = math.sqrt(math.pi) / 2 * scipy_special().erfcx(low)
    for n in range(order):
        upward = (0.5 / upward - low) / (n + 1)
    return np.where(x < 2, upward, fraction).astype(x.dtype if x.dtype.kind == "f" else np.float64)
