"""The nonlinearities of networks that are more than one or two other ops; `elementwise.py` has sigmoid and ReLU."""

from __future__ import annotations

import math
from typing import Any

from ..kernels import elementwise as kernels
from ..op import Function, define
from .compare import sign
from .elementwise import abs_, clip, exp, sigmoid, where
from .special import softplus
from .trigonometric import tanh

FAR, GELU = kernels.FAR, kernels.GELU


def _near(x: Any) -> Any:
    """x, brought to where slopes become constant: an infinity would be multiplied by 0."""
    return clip(x, -FAR, FAR)


elu_slope: Function = define(
    "elu_slope", kernels.elu_slope,
    lambda g, y, *, alpha, scale, slope: elu_slope(g, y, alpha=alpha, scale=scale, slope=slope),
    lambda g, dy, y, *, slope: where(y > 0, 0, g * dy * slope), inputs="dy y", kind="elementwise",
    doc="`dy scale`, for y <= 0 `dy slope (y + scale alpha)`: what `elu` of value y passes back.",
)  # fmt: skip

elu = define(
    "elu", kernels.elu,
    lambda g, out, *, alpha, scale, slope: elu_slope(g, out, alpha=alpha, scale=scale, slope=slope), kind="elementwise",
    doc="`scale x`, for x <= 0 `scale alpha (exp(slope x) - 1)`, with alpha / slope not negative; "
    "at 0 the derivative from the left.",
)  # fmt: skip

leaky_slope: Function = define(
    "leaky_slope", kernels.leaky_slope, lambda g, x, slope: leaky_slope(g, x, slope), None,
    lambda g, dy, x: where(x > 0, 0, g * dy), inputs="dy x slope", kind="elementwise",
    doc="dy, and `slope dy` for x <= 0: what `leaky_relu` passes back.",
)  # fmt: skip

leaky_relu = define(
    "leaky_relu", kernels.leaky_relu, lambda g, x, slope: leaky_slope(g, x, slope),
    lambda g, x: where(x > 0, 0, g * x), inputs="x slope", kind="elementwise",
    doc="x, and `slope x` for x <= 0; at 0 the derivative from the left.",
)  # fmt: skip

hardtanh_slope: Function = define(
    "hardtanh_slope", kernels.hardtanh_slope,
    lambda g, y, *, low, high, scale: hardtanh_slope(g, y, low=low, high=high, scale=scale), None, inputs="dy y",
    kind="elementwise", doc="`dy scale`, and 0 where y is at a bound: what `hardtanh` of value y passes back.",
)  # fmt: skip

hardtanh = define(
    "hardtanh", kernels.hardtanh, lambda g, out, *, low, high: hardtanh_slope(g, out, low=low, high=high, scale=1.0),
    kind="elementwise", doc="x between bounds, and the nearer bound outside; at the bounds the derivative is 0.",
)  # fmt: skip

hardsigmoid = define(
    "hardsigmoid", kernels.hardsigmoid, lambda g, out: hardtanh_slope(g, out, low=0.0, high=1.0, scale=1 / 6),
    kind="elementwise", doc="`min(max(x + 3, 0), 6) / 6`; at the ends of the slope the derivative is 0.",
)  # fmt: skip

hardswish_slope: Function = define(
    "hardswish_slope", kernels.hardswish_slope, lambda g, x: hardswish_slope(g, x),
    lambda g, dy, x: where((x > -3) & (x < 3), g * dy * (1 / 3), 0), inputs="dy x", kind="elementwise",
    doc="0 for x <= -3, dy for x >= 3, `dy (2 x + 3) / 6` between: what `hardswish` passes back.",
)  # fmt: skip

hardswish = define(
    "hardswish", kernels.hardswish, lambda g, x: hardswish_slope(g, x), kind="elementwise",
    doc="`x min(max(x + 3, 0), 6) / 6`; at -3 the derivative is 0, at 3 it is 1.",
)  # fmt: skip


def _silu_bend(g: Any, dy: Any, x: Any) -> Any:
    """`s (1 - s) (2 + x (1 - 2 s))` with the sigmoid s."""
    x = _near(x)
    s = sigmoid(x)
    return g * dy * (s * (1 - s) * (2 + x * (1 - 2 * s)))


silu_slope: Function = define(
    "silu_slope", kernels.silu_slope, lambda g, x: silu_slope(g, x), _silu_bend, inputs="dy x", kind="elementwise",
    doc="`dy s (1 + x (1 - s))` with the sigmoid s of x: what `silu` passes back.",
)  # fmt: skip

silu = define(
    "silu", kernels.silu, lambda g, x: silu_slope(g, x), kind="elementwise", doc="`x sigmoid(x)`, called swish too.",
)  # fmt: skip


def _mish_bend(g: Any, dy: Any, x: Any) -> Any:
    """`s (1 - t^2) (2 + x (1 - s - 2 t s))` with the sigmoid s and t = tanh(softplus(x))."""
    x = _near(x)
    s, t = sigmoid(x), tanh(softplus(x, beta=1.0, threshold=math.inf))
    return g * dy * (s * (1 - t * t) * (2 + x * (1 - s - 2 * t * s)))


mish_slope: Function = define(
    "mish_slope", kernels.mish_slope, lambda g, x: mish_slope(g, x), _mish_bend, inputs="dy x", kind="elementwise",
    doc="`dy (t + x s (1 - t^2))` with the sigmoid s and t = tanh(softplus(x)): what `mish` passes back.",
)  # fmt: skip

mish = define(
    "mish", kernels.mish, lambda g, x: mish_slope(g, x), kind="elementwise", doc="`x tanh(log(1 + e^x))`."
)  # fmt: skip


def _density(x: Any) -> Any:
    return exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))


def _gelu_bend(g: Any, dy: Any, x: Any) -> Any:
    x = _near(x)
    return g * dy * (_density(x) * (2 - x * x))


gelu_slope: Function = define(
    "gelu_slope", kernels.gelu_slope, lambda g, x: gelu_slope(g, x), _gelu_bend, inputs="dy x", kind="elementwise",
    doc="`dy (P(x) + x P'(x))` with the distribution function P of the standard normal: what `gelu` passes back.",
)  # fmt: skip


def _gelu_rule(g: Any, x: Any, *, approximate: str) -> Any:
    """`P(x) + x P'(x)` of the distribution function P, or of the tanh in its place."""
    if approximate == "none":
        return gelu_slope(g, x)
    x = _near(x)
    a, b = GELU
    square = x * x
    t = tanh(x * (a + b * square))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (a + 3 * b * square))


gelu = define(
    "gelu", kernels.gelu, _gelu_rule, kind="elementwise",
    doc="`x P(x)` with the distribution function P of the standard normal, or with a tanh that comes near it.",
)  # fmt: skip


softsign_slope: Function = define(
    "softsign_slope", kernels.softsign_slope, lambda g, y: softsign_slope(g, y),
    lambda g, dy, y: g * dy * (2 * (abs_(y) - 1) * sign(y)), inputs="dy y", kind="elementwise",
    doc="`dy (1 - |y|)^2`: what `softsign` of value y passes back.",
)  # fmt: skip

softsign = define(
    "softsign", kernels.softsign, lambda g, out: softsign_slope(g, out), kind="elementwise", doc="`x / (1 + |x|)`."
)  # fmt: skip
