"""Functions applied to each element: exponentials, roots, parts of numbers, choices. `trigonometric.py` has angles."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..kernels import elementwise as kernels
from ..kernels.large import is_wide, narrow
from ..op import Function, Lazy, define
from .compare import exponent, rint, sign

LARGE = kernels.LARGE
_LN2, _LN10 = math.log(2), math.log(10)

exp = define("exp", np.exp, lambda g, out: g * out, kind="elementwise", doc="Exponential `e^x`.")

log = define("log", np.log, lambda g, x: g / x, kind="elementwise", doc="Natural logarithm.")

log1p = define(
    "log1p",
    np.log1p,
    lambda g, x: g / (1 + x),
    kind="elementwise",
    doc="`log(1 + x)`, exact near 0.",
)

expm1 = define(
    "expm1",
    np.expm1,
    lambda g, out: g * (out + 1),
    kind="elementwise",
    doc="`e^x - 1`, exact near 0.",
)

sqrt = define("sqrt", np.sqrt, lambda g, out: 0.5 * g / out, kind="elementwise", doc="Square root.")

exp2 = define("exp2", np.exp2, lambda g, out: g * (out * _LN2), kind="elementwise", doc="Power of two, `2^x`.")

log2 = define("log2", np.log2, lambda g, x: g / (x * _LN2), kind="elementwise", doc="Logarithm to base 2.")

log10 = define("log10", np.log10, lambda g, x: g / (x * _LN10), kind="elementwise", doc="Logarithm to base 10.")

cbrt = define(
    "cbrt", np.cbrt, lambda g, out: g / (3 * out * out), kind="elementwise",
    doc="Cube root of a real number, negative for a negative one; its derivative at 0 is infinite.",
)  # fmt: skip

reciprocal = define(
    "reciprocal", np.reciprocal, lambda g, out: -g * (out * out), kind="elementwise", symbol="1/x", doc="`1 / x`."
)  # fmt: skip

positive = define(
    "positive", np.positive, lambda g: g, kind="elementwise", symbol="+", linear=True, doc="A copy, `+x`."
)  # fmt: skip


class Later(Lazy):
    """A gradient `slope(g, out)` that is computed when it is known what it is added to: that is one pass, not two."""

    __slots__ = ("add", "g", "out", "slope")

    def __init__(self, slope: Any, add: Any, g: Any, out: Any) -> None:
        self.slope, self.add, self.g, self.out = slope, add, narrow(g), narrow(out)

    def into(self, buffer: Any) -> Any:
        """Compute it, or add it into the buffer."""
        return self.slope(self.g, self.out) if buffer is None else self.add(buffer, self.g, self.out)


sigmoid_slope: Function = define(
    "sigmoid_slope", kernels.sigmoid_slope, lambda g, s: sigmoid_slope(g, s), lambda g, dy, s: g * dy * (1 - 2 * s),
    inputs="dy s", kind="elementwise", doc="`dy s (1 - s)`: what `sigmoid` passes back, in one pass over memory.",
)  # fmt: skip


def _sigmoid_rule(g: Any, out: Any) -> Any:
    if is_wide(g) and g.flags.c_contiguous:
        return Later(kernels.sigmoid_slope, kernels.add_sigmoid_slope, g, out)
    return sigmoid_slope(g, out) if out.size > LARGE and not is_wide(g) else g * (out * (1 - out))


sigmoid = define(
    "sigmoid", kernels.sigmoid, _sigmoid_rule,
    kind="elementwise", symbol="sigma", doc="Logistic function `s = 1 / (1 + e^-x)`; its derivative is `s (1 - s)`.",
)  # fmt: skip

relu_slope: Function = define(
    "relu_slope", kernels.relu_slope, lambda g, r: relu_slope(g, r), None, inputs="dy r", kind="elementwise",
    doc="`dy`, and 0 where r is 0: what `relu` passes back, in one pass over memory.",
)  # fmt: skip

relu = define(
    "relu", kernels.relu, lambda g, out: relu_slope(g, out) if out.size > LARGE else g * (out != 0),
    kind="elementwise", doc="Rectified linear unit `max(0, x)`; its derivative at 0 is taken as 0.",
)  # fmt: skip


def _abs_rule(g: Any, x: Any) -> Any:
    """`g sign(x)`; of complex x the direction `x / |x|`, which is no constant."""
    if x.dtype.kind != "c":
        return g * sign(x)
    size = abs_(x)
    return g * (x / where(size == 0, 1, size))


abs_ = define(
    "abs", operator.abs, _abs_rule, kind="elementwise", symbol="|x|", holomorphic=False,
    doc="Absolute value; its derivative at 0 is taken as 0.",
)  # fmt: skip

fabs = define(
    "fabs", np.fabs, lambda g, x: g * sign(x), kind="elementwise", symbol="|x|",
    doc="Absolute value of a real number, as a floating one; its derivative at 0 is taken as 0.",
)  # fmt: skip

real = define(
    "real", np.real, lambda g: g, kind="elementwise", holomorphic=False, may_view=True, doc="Real part."
)  # fmt: skip

imag = define(
    "imag", np.imag, lambda g: 1j * g, kind="elementwise", holomorphic=False, may_view=True, doc="Imaginary part."
)  # fmt: skip

conj: Function = define(
    "conj", np.conj, lambda g: conj(g), kind="elementwise", holomorphic=False, doc="Complex conjugate."
)  # fmt: skip

where: Function = define(
    "where", np.where, None, lambda g, cond: where(cond, g, 0), lambda g, cond: where(cond, 0, g),
    inputs="cond x y", kind="elementwise",
    doc="`x` where `cond`, otherwise `y`; gradients flow into the branch that was taken.",
)  # fmt: skip

share = define(
    "share", kernels.share, inputs="x y", kind="elementwise",
    doc="1 where `maximum` (or its like) chooses x, 0 where it chooses y, a half where they are equal.",
)  # fmt: skip


def _choice(forward: Any, symbol: str, doc: str) -> Function:
    name = forward.__name__
    return define(
        name, forward, lambda g, x, y: g * share(x, y, of=name), lambda g, x, y: g * share(y, x, of=name),
        inputs="x y", kind="elementwise", symbol=symbol, doc=doc,
    )  # fmt: skip


maximum = _choice(np.maximum, "max", "The larger of x and y; equal ones share the gradient, NaN wins.")
minimum = _choice(np.minimum, "min", "The smaller of x and y; equal ones share the gradient, NaN wins.")
fmax = _choice(np.fmax, "max", "The larger of x and y; equal ones share the gradient, NaN loses.")
fmin = _choice(np.fmin, "min", "The smaller of x and y; equal ones share the gradient, NaN loses.")

clip = define(
    "clip", kernels.clip,
    lambda g, x, low, high: where((x >= low) & (x <= high), g, 0),
    lambda g, x, low, high: where((x < low) & (low <= high), g, 0),
    lambda g, x, low, high: where((x > high) | (low > high), g, 0),
    inputs="x low high", kind="elementwise",
    doc="`min(max(x, low), high)`; the gradient is x's inside and at the bounds, and a bound's where that wins.",
)  # fmt: skip


def _pow_x(g: Any, x: Any, y: Any) -> Any:
    """`g y x^(y-1)`, and 0 where y is 0 (also at x = 0)."""
    if isinstance(y, int | float):
        return g * (y * x ** (y - 1)) if y else g * 0
    return g * (y * x ** where(y == 0, 1, y - 1))


def _pow_y(g: Any, x: Any, out: Any) -> Any:
    """`g x^y log x`, and 0 at x = 0; a negative x has a logarithm where the power is complex."""
    base = where(x == 0, 1, x)
    return g * (out * log(base.astype(out.dtype) if out.dtype.kind == "c" else base))


pow_ = define(
    "pow", operator.pow, _pow_x, _pow_y, inputs="x y", kind="elementwise", symbol="**",
    doc="Power `x^y`. The derivative by y at x = 0 is taken as its limit 0; for negative x and real y it is NaN.",
)  # fmt: skip

gap: Function = define(
    "gap", kernels.gap, lambda g: g, lambda g: -g, inputs="x y", kind="elementwise",
    doc="Difference `x - y`, and 0 between equal infinities.",
)  # fmt: skip

logaddexp = define(
    "logaddexp", np.logaddexp, lambda g, x, y: g * sigmoid(gap(x, y)), lambda g, x, y: g * sigmoid(gap(y, x)),
    inputs="x y", kind="elementwise",
    doc="`log(e^x + e^y)` without overflow; equal infinities share the gradient.",
)  # fmt: skip

logaddexp2 = define(
    "logaddexp2", np.logaddexp2,
    lambda g, x, y: g * sigmoid(gap(x, y) * _LN2), lambda g, x, y: g * sigmoid(gap(y, x) * _LN2),
    inputs="x y", kind="elementwise",
    doc="`log2(2^x + 2^y)` without overflow; equal infinities share the gradient.",
)  # fmt: skip

copysign: Function = define(
    "copysign", np.copysign, lambda g, x, y: g * (sign(x) * copysign(1, y)), None, inputs="x y", kind="elementwise",
    doc="`|x|` with the sign of y; as of abs, the derivative at x = 0 is taken as 0, y's derivative is zero.",
)  # fmt: skip

fmod = define(
    "fmod", np.fmod, lambda g: g, lambda g, x, y, out: -g * rint((x - out) / y), inputs="x y",
    kind="elementwise", doc="Remainder `x - trunc(x / y) y`, which has the sign of x.",
)  # fmt: skip

fraction = define(
    "fraction", kernels.fraction, lambda g: g, kind="elementwise", doc="What follows the point, with the sign of x."
)  # fmt: skip

ldexp: Function = define(
    "ldexp", np.ldexp, lambda g, n: ldexp(g, n), None, inputs="x n", kind="elementwise", doc="`x 2^n` of an integer n."
)  # fmt: skip

mantissa = define(
    "mantissa", kernels.mantissa, lambda g, x: ldexp(g, -exponent(x)), kind="elementwise",
    doc="The m of `x = m 2^n` with m in [1/2, 1) or its negative, and an integer n.",
)  # fmt: skip

heaviside = define(
    "heaviside", np.heaviside, None, lambda g, x: where(x == 0, g, 0), inputs="x y", kind="elementwise",
    doc="0 for negative x, 1 for positive x, y at x = 0; constant in x.",
)  # fmt: skip

nextafter = define(
    "nextafter", np.nextafter, lambda g: g, None, inputs="x y", kind="elementwise",
    doc="The floating-point number next to x in the direction of y; its derivative is taken as x's own, 1.",
)  # fmt: skip

unwrap = define(
    "unwrap", kernels.unwrap, lambda g: g, kind="scan",
    doc="Multiples of a period, constants, added such that neighbours differ by half a period at most.",
)  # fmt: skip

scale_gradient = define(
    "scale_gradient", lambda x, y: +x, lambda g, y: g * y, None, inputs="x y", kind="elementwise",
    doc="x itself, whose gradient is multiplied by y on its way back: 0 holds x constant.",
)  # fmt: skip
