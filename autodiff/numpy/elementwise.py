"""Arithmetic and elementary functions, applied to each element."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..ops import arithmetic, compare, elementwise, shape, special, trigonometric
from ..tensor import Tensor
from .arguments import array_of, bare, cast, deliver, fixed, on_cpu, plain

__all__ = [
    "abs", "absolute", "acos", "acosh", "add", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "around", "asin", "asinh", "astype", "atan", "atan2", "atanh", "cbrt", "ceil", "conj", "conjugate",
    "copysign", "cos", "cosh", "deg2rad", "degrees", "divide", "divmod", "exp", "exp2", "expm1", "fabs", "fix",
    "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod", "frexp", "heaviside", "hypot", "i0", "imag",
    "ldexp", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "maximum", "minimum", "mod", "modf",
    "multiply", "negative", "nextafter", "positive", "pow", "power", "rad2deg", "radians", "real", "real_if_close",
    "reciprocal", "remainder", "rint", "round", "sign", "sin", "sinc", "sinh", "spacing", "sqrt", "square",
    "subtract", "tan", "tanh", "true_divide", "trunc", "unwrap",
]  # fmt: skip

# -- the ops themselves, under NumPy's names -----------------------------------------------------------

add, subtract, multiply, divide = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
negative, floor_divide, remainder = arithmetic.neg, arithmetic.floordiv, arithmetic.mod
positive, reciprocal, fmod = elementwise.positive, elementwise.reciprocal, elementwise.fmod
true_divide, mod = divide, remainder
absolute, fabs = elementwise.abs_, elementwise.fabs
abs = absolute
exp, log, log1p, expm1, sqrt = (
    elementwise.exp, elementwise.log, elementwise.log1p, elementwise.expm1, elementwise.sqrt,
)  # fmt: skip
exp2, log2, log10, cbrt = elementwise.exp2, elementwise.log2, elementwise.log10, elementwise.cbrt
logaddexp, logaddexp2 = elementwise.logaddexp, elementwise.logaddexp2
sin, cos, tan = trigonometric.sin, trigonometric.cos, trigonometric.tan
arcsin, arccos, arctan = trigonometric.arcsin, trigonometric.arccos, trigonometric.arctan
sinh, cosh, tanh = trigonometric.sinh, trigonometric.cosh, trigonometric.tanh
arcsinh, arccosh, arctanh = trigonometric.arcsinh, trigonometric.arccosh, trigonometric.arctanh
arctan2, hypot = trigonometric.arctan2, trigonometric.hypot
asin, acos, atan, asinh, acosh, atanh, atan2 = arcsin, arccos, arctan, arcsinh, arccosh, arctanh, arctan2
deg2rad, rad2deg = trigonometric.deg2rad, trigonometric.rad2deg
radians, degrees = deg2rad, rad2deg
maximum, minimum, fmax, fmin = elementwise.maximum, elementwise.minimum, elementwise.fmax, elementwise.fmin
copysign, heaviside, nextafter = elementwise.copysign, elementwise.heaviside, elementwise.nextafter
floor, ceil, trunc, rint, spacing = compare.floor, compare.ceil, compare.trunc, compare.rint, compare.spacing
conj, real, imag = elementwise.conj, elementwise.real, elementwise.imag
conjugate = conj

# -- compositions ----------------------------------------------------------------------------------------


def square(x: Any) -> Any:
    """`x x`.

    >>> square(3.0)
    9.0
    """
    x = x if isinstance(x, int | float | complex) else array_of(x)
    if getattr(x, "dtype", None) == np.bool:
        x = astype(x, np.int8)
    return arithmetic.mul(x, x)


def power(x1: Any, x2: Any) -> Any:
    """`x1^x2`, for each pair of elements.

    >>> power(np.array([2.0, 3.0]), 2)
    array([4., 9.])
    """
    if type(x2) is int and getattr(x1, "dtype", None) == np.bool:  # ** of an array takes the exponent for an int8
        x1 = astype(x1, np.int64)
    return elementwise.pow_(x1, x2)


pow = power


def float_power(x: Any, y: Any) -> Any:
    """Power of both in float64, or in complex128 for complex ones: never of integers, nor of float32.

    >>> float_power(np.array([2, 3]), -1)
    array([0.5       , 0.33333333])
    """
    dtype = np.result_type(*[v.dtype if type(v) is Tensor else v for v in (x, y)], np.float64)
    return power(astype(x, dtype), astype(y, dtype))


def divmod(x: Any, y: Any) -> Any:
    """The quotient rounded down, a constant, and the remainder: `x = q y + r`.

    >>> divmod(np.array([7.0, -7.0]), 2.0)
    (array([ 3., -4.]), array([1., 1.]))
    """
    return floor_divide(x, y), remainder(x, y)


def modf(x: Any) -> Any:
    """What follows the point, and what precedes it, a constant; both have the sign of x.

    >>> modf(np.array([1.5, -0.25]))
    (array([ 0.5 , -0.25]), array([ 1., -0.]))
    """
    return elementwise.fraction(x), compare.whole(x)


def frexp(x: Any) -> Any:
    """The m in [1/2, 1) and the integer n, a constant, of `|x| = m 2^n`; m has the sign of x.

    >>> frexp(np.array([3.0, -0.25]))
    (array([ 0.75, -0.5 ]), array([ 2, -1], dtype=int32))
    """
    return elementwise.mantissa(x), compare.exponent(x)


def ldexp(x: Any, n: Any) -> Any:
    """`x 2^n` of integers n, which are constants.

    >>> ldexp(np.array([0.75, -0.5]), np.array([2, -1]))
    array([ 3.  , -0.25])
    """
    return elementwise.ldexp(x, n)


def sign(x: Any) -> Any:
    """-1, 0 or 1 with the sign of a real x, a constant; of a complex x the number `x / |x|`, 0 at 0.

    >>> sign(np.array([-2.0, 0.0, 3.0]))
    array([-1.,  0.,  1.])
    """
    if not np.iscomplexobj(bare(x)):
        return compare.sign(x)
    size = absolute(x)
    return x / elementwise.where(compare.equal(size, 0), 1, size)


def sinc(x: Any) -> Any:
    """`sin(pi x) / (pi x)`, and 1 at 0; all derivatives are exact near 0.

    >>> sinc(np.array([0.0, 0.5]))
    array([1.        , 0.63661977])
    """
    return trigonometric.sinc(x, order=0)


def i0(x: Any) -> Any:
    """Modified Bessel function of the first kind, order 0.

    >>> i0(np.array([0.0, 1.0]))
    array([1.        , 1.26606588])
    """
    return special.i0(array_of(x))


def angle(z: Any, deg: bool = False) -> Any:
    """The angle of a complex number in radians (in degrees if `deg`), in (-pi, pi]; its derivative at 0 is taken as 0.

    >>> angle(np.array([1.0, 1j]), deg=True)
    array([ 0., 90.])
    """
    z = array_of(z)
    result = arctan2(imag(z) if z.dtype.kind == "c" else 0, real(z))
    return result * (180 / np.pi) if deg else result


def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part, if all imaginary parts are less than `tol` (in units of the dtype's epsilon); otherwise a.

    >>> real_if_close(np.array([2.0 + 1e-15j]))
    array([2.])
    """
    a = array_of(a)
    return real(a) if a.dtype.kind == "c" and not np.iscomplexobj(np.real_if_close(plain(a), tol)) else a


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Round to this many decimals, halves to even; a constant.

    >>> round(np.array([1.25, 2.5]), 1)
    array([1.2, 2.5])
    """
    return deliver("round", compare.round_(a, decimals=operator.index(decimals)), out)


around = round


def fix(x: Any, out: Any = None) -> Any:
    """Round towards zero; a constant.

    >>> fix(np.array([-1.5, 1.5]))
    array([-1.,  1.])
    """
    return deliver("fix", trunc(x), out)


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    """Add multiples of the period, constants, such that neighbours along an axis differ by half a period at most.

    >>> unwrap(np.array([0.0, 3.0, 6.5]))
    array([0.        , 3.        , 0.21681469...
    """
    return elementwise.unwrap(
        array_of(p), discont=plain(discont), axis=operator.index(axis), period=fixed("np.unwrap", "period", period)
    )


def astype(x: Any, dtype: Any, *, copy: bool = True, device: Any = None) -> Any:
    """Cast to a dtype; the gradient comes back in the old one. Integers and booleans are constants.

    >>> astype(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    on_cpu(device)
    x = array_of(x)
    return shape.astype(x, dtype=np.dtype(dtype)) if copy else cast(x, dtype)
