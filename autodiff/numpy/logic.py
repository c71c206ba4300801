"""Comparisons, tests, logic, bits and integers: functions whose results are constants."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops import compare
from .arguments import deliver, plain

__all__ = [
    "allclose", "array_equal", "array_equiv", "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "equal", "gcd", "greater", "greater_equal",
    "invert", "isclose", "iscomplex", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "lcm", "left_shift", "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor",
    "not_equal", "right_shift", "signbit",
]  # fmt: skip

less, less_equal, greater, greater_equal = (
    compare.less, compare.less_equal, compare.greater, compare.greater_equal,
)  # fmt: skip
equal, not_equal, signbit = compare.equal, compare.not_equal, compare.signbit
isnan, isfinite, isinf = compare.isnan, compare.isfinite, compare.isinf
isreal, iscomplex = compare.isreal, compare.iscomplex
logical_and, logical_or, logical_xor, logical_not = (
    compare.logical_and, compare.logical_or, compare.logical_xor, compare.logical_not,
)  # fmt: skip
bitwise_and, bitwise_or, bitwise_xor, invert = compare.and_, compare.or_, compare.xor, compare.invert
left_shift, right_shift, bitwise_count = compare.left_shift, compare.right_shift, compare.bitwise_count
bitwise_not, bitwise_invert, bitwise_left_shift, bitwise_right_shift = invert, invert, left_shift, right_shift
gcd, lcm = compare.gcd, compare.lcm


def isposinf(x: Any, out: Any = None) -> Any:
    """Whether an element is positive infinity.

    >>> isposinf(np.array([np.inf, -np.inf, 0.0]))
    array([ True, False, False])
    """
    return deliver("isposinf", compare.isposinf(x), out)


def isneginf(x: Any, out: Any = None) -> Any:
    """Whether an element is negative infinity.

    >>> isneginf(np.array([np.inf, -np.inf, 0.0]))
    array([False,  True, False])
    """
    return deliver("isneginf", compare.isneginf(x), out)


def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Whether `|a - b| <= atol + rtol |b|`; equal infinities are close.

    >>> isclose(np.array([1.0, 1.1]), 1.0)
    array([ True, False])
    """
    return compare.isclose(a, b, rtol=plain(rtol), atol=plain(atol), equal_nan=equal_nan)


def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> bool:
    """Whether `|a - b| <= atol + rtol |b|` everywhere.

    >>> allclose(np.array([1.0, 1.1]), 1.0)
    False
    """
    return np.allclose(plain(a), plain(b), rtol=plain(rtol), atol=plain(atol), equal_nan=equal_nan)


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether two arrays have the same shape and elements.

    >>> array_equal(np.ones(2), np.ones((1, 2)))
    False
    """
    return np.array_equal(np.asarray(plain(a1)), np.asarray(plain(a2)), equal_nan=equal_nan)


def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether two arrays have the same elements once they are broadcast to one shape.

    >>> array_equiv(np.ones(2), np.ones((1, 2)))
    True
    """
    return np.array_equiv(np.asarray(plain(a1)), np.asarray(plain(a2)))
