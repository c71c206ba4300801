"""Functions applied to each element."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..kernels import elementwise as kernels
from ..op import Function, define

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

sin = define("sin", np.sin, lambda g, x: g * cos(x), kind="elementwise", doc="Sine of x in radians.")

cos: Function = define("cos", np.cos, lambda g, x: -g * sin(x), kind="elementwise", doc="Cosine of x in radians.")

tanh = define(
    "tanh", np.tanh, lambda g, out: g * (1 - out * out), kind="elementwise",
    doc="Hyperbolic tangent; its derivative is `1 - tanh^2`.",
)  # fmt: skip

sigmoid = define(
    "sigmoid", kernels.sigmoid, lambda g, out: g * (out * (1 - out)), kind="elementwise", symbol="sigma",
    doc="Logistic function `s = 1 / (1 + e^-x)`; its derivative is `s (1 - s)`.",
)  # fmt: skip

relu = define(
    "relu", kernels.relu, lambda g, out: g * (out > 0), kind="elementwise",
    doc="Rectified linear unit `max(0, x)`; its derivative at 0 is taken as 0.",
)  # fmt: skip

sign = define(
    "sign", kernels.sign, kind="elementwise", doc="Sign of a real number: -1, 0 or 1; a constant."
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
    doc="1 where x > y, 0 where x < y, a half where equal: how `maximum` splits its gradient.",
)  # fmt: skip

maximum = define(
    "maximum", np.maximum, lambda g, x, y: g * share(x, y), lambda g, x, y: g * share(y, x), inputs="x y",
    kind="elementwise", symbol="max", doc="The larger of x and y; equal ones share the gradient.",
)  # fmt: skip

minimum = define(
    "minimum", np.minimum, lambda g, x, y: g * share(y, x), lambda g, x, y: g * share(x, y), inputs="x y",
    kind="elementwise", symbol="min", doc="The smaller of x and y; equal ones share the gradient.",
)  # fmt: skip


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
