"""Functions applied to each element."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..call import lift
from ..ops import arithmetic, compare, elementwise, shape
from ..tensor import Tensor
from .arguments import array_of, cast, deliver, refuse

__all__ = [
    "abs", "absolute", "add", "around", "astype", "bitwise_and", "bitwise_or", "bitwise_xor", "ceil", "clip", "conj",
    "conjugate",
    "cos", "divide", "equal", "exp", "expm1", "float_power", "floor", "floor_divide", "greater", "greater_equal",
    "imag", "invert", "isfinite", "isnan", "less", "less_equal", "log", "log1p", "logical_and", "logical_not",
    "logical_or", "logical_xor", "maximum", "minimum", "mod", "multiply", "negative", "not_equal", "power", "real",
    "remainder", "round", "sign", "sin", "sqrt", "square", "subtract", "tanh", "true_divide", "where",
]  # fmt: skip

# -- the ops themselves, under NumPy's names -----------------------------------------------------------

add, subtract, multiply, divide = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
negative, floor_divide, remainder = arithmetic.neg, arithmetic.floordiv, arithmetic.mod
true_divide, mod = divide, remainder
power, absolute = elementwise.pow_, elementwise.abs_
abs = absolute
exp, log, log1p, expm1, sqrt = (
    elementwise.exp, elementwise.log, elementwise.log1p, elementwise.expm1, elementwise.sqrt,
)  # fmt: skip
sin, cos, tanh = elementwise.sin, elementwise.cos, elementwise.tanh
maximum, minimum = elementwise.maximum, elementwise.minimum
sign, floor, ceil = elementwise.sign, compare.floor, compare.ceil
conj, real, imag = elementwise.conj, elementwise.real, elementwise.imag
conjugate = conj
less, less_equal, greater, greater_equal = (
    compare.less, compare.less_equal, compare.greater, compare.greater_equal,
)  # fmt: skip
equal, not_equal, isnan, isfinite = compare.equal, compare.not_equal, compare.isnan, compare.isfinite
logical_and, logical_or, logical_xor, logical_not = (
    compare.logical_and, compare.logical_or, compare.logical_xor, compare.logical_not,
)  # fmt: skip
bitwise_and, bitwise_or, bitwise_xor, invert = compare.and_, compare.or_, compare.xor, compare.invert

# -- compositions ----------------------------------------------------------------------------------------


def square(x: Any) -> Any:
    """`x x`.

    >>> square(3.0)
    9.0
    """
    return arithmetic.mul(x, x)


def float_power(x: Any, y: Any) -> Any:
    """Power of both in float64, or in complex128 for complex ones: never of integers, nor of float32.

    >>> float_power(np.array([2, 3]), -1)
    array([0.5       , 0.33333333])
    """
    dtype = np.result_type(*[v.dtype if type(v) is Tensor else v for v in (x, y)], np.float64)
    return power(astype(x, dtype), astype(y, dtype))


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """`x` where `condition`, otherwise `y`; gradients flow into the branch that was taken.

    >>> where(np.array([True, False]), 1.0, 2.0)
    array([1., 2.])
    """
    if x is None or y is None:
        raise TypeError("np.where of Tensors takes condition, x and y; for the places write np.nonzero(t.detach())")
    return elementwise.where(condition, x, y)


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Round to this many decimals, halves to even; a constant.

    >>> round(np.array([1.25, 2.5]), 1)
    array([1.2, 2.5])
    """
    return deliver("round", compare.round_(a, decimals=operator.index(decimals)), out)


around = round


def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **more: Any
) -> Any:
    """Limit to [a_min, a_max] (or [min, max]), numbers or arrays; either may be None.

    The gradient at a bound is that of a, as it is inside; outside it is the bound's.

    >>> clip(np.array([-2.0, 0.5, 2.0]), -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    refuse("clip", **more)
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError("np.clip takes a_min and a_max, or min and max, not some of both")
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    x = array_of(a)
    given = [x.dtype, *(v.dtype if type(v) is Tensor else lift(v) for v in (low, high) if v is not None)]
    if np.result_type(*given).kind in "fc":
        x = elementwise.clip(x, -np.inf if low is None else low, np.inf if high is None else high)
    else:  # integers have neither an infinity nor a gradient
        x = x if low is None else maximum(x, low)
        x = x if high is None else minimum(x, high)
    return deliver("clip", x, out)


def astype(x: Any, dtype: Any, *, copy: bool = True, device: Any = None) -> Any:
    """Cast to a dtype; the gradient comes back in the old one. Integers and booleans are constants.

    >>> astype(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    refuse("astype", device=device)
    x = array_of(x)
    return shape.astype(x, dtype=np.dtype(dtype)) if copy else cast(x, dtype)
