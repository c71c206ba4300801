"""Angles, and the hyperbolic functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import elementwise as kernels
from ..kernels.large import is_wide
from ..op import Function, define
from .elementwise import LARGE, Later, sqrt, where

sin = define("sin", np.sin, lambda g, x: g * cos(x), kind="elementwise", doc="Sine of x in radians.")

cos: Function = define("cos", np.cos, lambda g, x: -g * sin(x), kind="elementwise", doc="Cosine of x in radians.")

tan = define("tan", np.tan, lambda g, out: g * (1 + out * out), kind="elementwise", doc="Tangent of x in radians.")

arcsin = define(
    "arcsin", np.arcsin, lambda g, x: g / sqrt((1 - x) * (1 + x)), kind="elementwise",
    doc="The angle whose sine is x; its derivative at 1 and -1 is infinite.",
)  # fmt: skip

arccos = define(
    "arccos", np.arccos, lambda g, x: -g / sqrt((1 - x) * (1 + x)), kind="elementwise",
    doc="The angle whose cosine is x; its derivative at 1 and -1 is infinite.",
)  # fmt: skip

arctan = define(
    "arctan", np.arctan, lambda g, x: g / (1 + x * x), kind="elementwise", doc="The angle whose tangent is x."
)  # fmt: skip

sinh = define("sinh", np.sinh, lambda g, x: g * cosh(x), kind="elementwise", doc="Hyperbolic sine.")

cosh: Function = define("cosh", np.cosh, lambda g, x: g * sinh(x), kind="elementwise", doc="Hyperbolic cosine.")

tanh_slope: Function = define(
    "tanh_slope", kernels.tanh_slope, lambda g, t: tanh_slope(g, t), lambda g, dy, t: g * dy * (-2 * t),
    inputs="dy t", kind="elementwise", doc="`dy (1 - t^2)`: what `tanh` passes back, in one pass over memory.",
)  # fmt: skip


def _tanh_rule(g: Any, out: Any) -> Any:
    if is_wide(g) and g.flags.c_contiguous:
        return Later(kernels.tanh_slope, kernels.add_tanh_slope, g, out)
    return tanh_slope(g, out) if out.size > LARGE and not is_wide(g) else g * (1 - out * out)


tanh = define(
    "tanh", np.tanh, _tanh_rule, kind="elementwise",
    doc="Hyperbolic tangent; its derivative is `1 - tanh^2`.",
)  # fmt: skip

arcsinh = define(
    "arcsinh", np.arcsinh, lambda g, x: g / sqrt(1 + x * x), kind="elementwise", doc="Inverse hyperbolic sine."
)  # fmt: skip

arccosh = define(
    "arccosh", np.arccosh, lambda g, x: g / (sqrt(x - 1) * sqrt(x + 1)), kind="elementwise",
    doc="Inverse hyperbolic cosine; its derivative at 1 is infinite.",
)  # fmt: skip

arctanh = define(
    "arctanh", np.arctanh, lambda g, x: g / ((1 - x) * (1 + x)), kind="elementwise",
    doc="Inverse hyperbolic tangent; its derivative at 1 and -1 is infinite.",
)  # fmt: skip


def _over(x: Any, length: Any) -> Any:
    """`x / length`, and 0 at the origin."""
    return x / where(length == 0, 1, length)


hypot = define(
    "hypot", np.hypot, lambda g, x, out: g * _over(x, out), lambda g, y, out: g * _over(y, out),
    inputs="x y", kind="elementwise",
    doc="`sqrt(x^2 + y^2)` without overflow; its derivative at the origin is taken as 0, as of abs.",
)  # fmt: skip


def _turn(g: Any, side: Any, x: Any, y: Any) -> Any:
    length = hypot(x, y)
    return _over(g * _over(side, length), length)


arctan2 = define(
    "arctan2", np.arctan2, lambda g, y, x: _turn(g, x, x, y), lambda g, y, x: _turn(-g, y, x, y), inputs="y x",
    kind="elementwise",
    doc="The angle of the point (x, y), in (-pi, pi]; its derivative at the origin is taken as 0.",
)  # fmt: skip

deg2rad: Function = define(
    "deg2rad", np.deg2rad, lambda g: deg2rad(g), kind="elementwise", linear=True, doc="Degrees to radians."
)  # fmt: skip

rad2deg: Function = define(
    "rad2deg", np.rad2deg, lambda g: rad2deg(g), kind="elementwise", linear=True, doc="Radians to degrees."
)  # fmt: skip


def _sinc(x: Any, *, order: int = 0) -> Any:
    return kernels.sinc(x, order=order)


sinc: Function = define(
    "sinc", _sinc, lambda g, x, *, order: g * sinc(x, order=order + 1), kind="elementwise",
    doc="`sin(pi x) / (pi x)`, 1 at 0, or its derivative of an order.",
)  # fmt: skip
