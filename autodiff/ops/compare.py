"""Comparisons, logic, and what else has no derivative. They give constants."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import elementwise as kernels
from ..op import define


def _constant(name: str, forward: Callable[..., Any], inputs: str, symbol: str, doc: str) -> Callable[..., Any]:
    return define(name, forward, inputs=inputs, kind="elementwise", symbol=symbol, doc=doc)


less = _constant("less", operator.lt, "x y", "<", "Whether `x < y`, elementwise.")
less_equal = _constant("less_equal", operator.le, "x y", "<=", "Whether `x <= y`, elementwise.")
greater = _constant("greater", operator.gt, "x y", ">", "Whether `x > y`, elementwise.")
greater_equal = _constant("greater_equal", operator.ge, "x y", ">=", "Whether `x >= y`, elementwise.")
equal = _constant("equal", np.equal, "x y", "==", "Whether `x == y`, elementwise.")
not_equal = _constant("not_equal", np.not_equal, "x y", "!=", "Whether `x != y`, elementwise.")
invert = _constant("invert", np.invert, "x", "~", "Not, bit by bit; of booleans, logical not.")
and_ = _constant("and", operator.and_, "x y", "&", "And, bit by bit; of booleans, logical and.")
or_ = _constant("or", operator.or_, "x y", "|", "Or, bit by bit; of booleans, logical or.")
xor = _constant("xor", operator.xor, "x y", "^", "Exclusive or, bit by bit.")
logical_not = _constant("logical_not", np.logical_not, "x", "not", "Whether an element is zero: not, of its truth.")
logical_and = _constant("logical_and", np.logical_and, "x y", "and", "Whether both are other than zero.")
logical_or = _constant("logical_or", np.logical_or, "x y", "or", "Whether one or both are other than zero.")
logical_xor = _constant("logical_xor", np.logical_xor, "x y", "xor", "Whether exactly one is other than zero.")
isnan = _constant("isnan", np.isnan, "x", "isnan", "Whether an element is NaN.")
isfinite = _constant("isfinite", np.isfinite, "x", "isfinite", "Whether an element is neither infinite nor NaN.")
isinf = _constant("isinf", np.isinf, "x", "isinf", "Whether an element is infinite.")
isposinf = _constant("isposinf", np.isposinf, "x", "isposinf", "Whether an element is positive infinity.")
isneginf = _constant("isneginf", np.isneginf, "x", "isneginf", "Whether an element is negative infinity.")
isreal = _constant("isreal", np.isreal, "x", "isreal", "Whether an element's imaginary part is zero.")
iscomplex = _constant("iscomplex", np.iscomplex, "x", "iscomplex", "Whether an element's imaginary part is not zero.")
isclose = _constant("isclose", np.isclose, "x y", "isclose", "Whether `|x - y| <= atol + rtol |y|`.")
signbit = _constant("signbit", np.signbit, "x", "signbit", "Whether the sign is minus, of zeros too.")

left_shift = _constant("left_shift", operator.lshift, "x y", "<<", "Bits moved left: `x 2^y`.")
right_shift = _constant("right_shift", operator.rshift, "x y", ">>", "Bits moved right: `x 2^-y`, rounded down.")
bitwise_count = _constant("bitwise_count", np.bitwise_count, "x", "bits", "How many bits of `|x|` are set.")
gcd = _constant("gcd", np.gcd, "x y", "gcd", "Greatest common divisor of integers.")
lcm = _constant("lcm", np.lcm, "x y", "lcm", "Least common multiple of integers.")

sign = _constant("sign", kernels.sign, "x", "sign", "Sign of a real number: -1, 0 or 1; a constant.")
floor = _constant("floor", np.floor, "x", "floor", "Round down; a constant.")
ceil = _constant("ceil", np.ceil, "x", "ceil", "Round up; a constant.")
trunc = _constant("trunc", np.trunc, "x", "trunc", "Round towards zero; a constant.")
rint = _constant("rint", np.rint, "x", "rint", "Round to the nearest integer, halves to even; a constant.")
whole = _constant("whole", kernels.whole, "x", "whole", "What precedes the point, with the sign of x; a constant.")
exponent = _constant("exponent", kernels.exponent, "x", "n", "The integer n of `x = m 2^n` with |m| in [1/2, 1).")
spacing = _constant("spacing", np.spacing, "x", "spacing", "Distance to the next number of the same dtype; a constant.")
round_ = _constant("round", np.round, "x", "round", "Round to the nearest, halves to even; a constant.")

isin = define(
    "isin", lambda x, y, *, assume_unique, invert, kind: np.isin(x, y, assume_unique, invert, kind=kind), inputs="x y",
    doc="Whether each element of x is among those of y.",
)  # fmt: skip

argmax = define("argmax", np.argmax, kind="reduce", doc="Position of the largest element along an axis.")
argmin = define("argmin", np.argmin, kind="reduce", doc="Position of the smallest element along an axis.")
any_ = define("any", np.any, kind="reduce", doc="Whether any element is true, along axes.")
all_ = define("all", np.all, kind="reduce", doc="Whether all elements are true, along axes.")
