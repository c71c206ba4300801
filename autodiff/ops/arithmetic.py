"""Arithmetic operators.

The forwards are Python's own operators: on NumPy scalars they cost a tenth of a ufunc call, and on
arrays they are the ufunc.
"""

from __future__ import annotations

import operator

from ..op import define

add = define(
    "add", operator.add, lambda g: g, lambda g: g, inputs="x y", kind="elementwise", symbol="+", linear=True,
    doc="Sum `x + y`, elementwise with broadcasting.",
)  # fmt: skip

sub = define(
    "sub", operator.sub, lambda g: g, lambda g: -g, inputs="x y", kind="elementwise", symbol="-", linear=True,
    doc="Difference `x - y`, elementwise with broadcasting.",
)  # fmt: skip

mul = define(
    "mul", operator.mul, lambda g, y: g * y, lambda g, x: g * x, inputs="x y", kind="elementwise", symbol="*",
    doc="Product `x y`, elementwise with broadcasting.",
)  # fmt: skip

div = define(
    "div", operator.truediv, lambda g, y: g / y, lambda g, y, out: -g * out / y, inputs="x y",
    kind="elementwise", symbol="/", doc="Quotient `x / y`, elementwise with broadcasting.",
)  # fmt: skip

neg = define(
    "neg",
    operator.neg,
    lambda g: -g,
    kind="elementwise",
    symbol="-",
    linear=True,
    doc="Negative `-x`.",
)

floordiv = define(
    "floordiv", operator.floordiv, inputs="x y", kind="elementwise", symbol="//",
    doc="Quotient rounded down, `floor(x / y)`; a constant, since its derivative is zero almost everywhere.",
)  # fmt: skip

mod = define(
    "mod", operator.mod, lambda g: g, lambda g, x, y: -g * floordiv(x, y), inputs="x y", kind="elementwise",
    symbol="%", doc="Remainder `x - floor(x / y) y`, elementwise with broadcasting.",
)  # fmt: skip
