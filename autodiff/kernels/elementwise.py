"""Elementwise functions that NumPy does not have."""

from __future__ import annotations

from typing import Any

import numpy as np


def sigmoid(x: Any) -> Any:
    """Logistic function `1 / (1 + exp(-x))`, without overflow and without loss in either tail."""
    if np.iscomplexobj(x):
        right = x.real >= 0
        e = np.exp(np.where(right, -x, x))
        return np.where(right, 1, e) / (1 + e)
    e = np.exp(-abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def relu(x: Any) -> Any:
    """Positive part `max(x, 0)`; NaN stays NaN."""
    if type(x) is np.ndarray:
        return np.maximum(x, 0)
    return x if x > 0 or x != x else type(x)(0)


def share(x: Any, y: Any) -> Any:
    """The part of `max(x, y)` that is x's: 1 where x is larger, 0 where smaller, a half where equal."""
    dtype = np.result_type(x, y)
    return ((x > y) + np.equal(x, y) * 0.5).astype(dtype if dtype.kind == "f" else np.float64)


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
