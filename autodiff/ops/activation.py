"""The nonlinearities of networks that are more than one or two other ops; `elementwise.py` has sigmoid and ReLU."""

from __future__ import annotations

import math
from typing import Any

from ..kernels import elementwise as kernels
from ..op import Function, define
from .elementwise import abs_, clip, exp, sigmoid, where
from .special import softplus
from .trigonometric import tanh

FAR, GELU = kernels.FAR, kernels.GELU


def _near(x: Any) -> Any:
    """x, brought to where slopes become constant: an infinity would be multiplied by 0."""
    return clip(x, -FAR, FAR)


elu = define(
    "elu", kernels.elu,
    lambda g, out, *, alpha, scale, slope: where(out > 0, g * scale, g * (slope * (out + scale * alpha))),
    kind="elementwise",
    doc="`scale x`, for x <= 0 `scale alpha (exp(slope x) - 1)`, with alpha / slope not negative; "
    "at 0 the derivative from the left.",
)  # fmt: skip

leaky_relu = define(
    "leaky_relu", kernels.leaky_relu, lambda g, x, slope: where(x > 0, g, g * slope),
    lambda g, x: where(x > 0, 0, g * x), inputs="x slope", kind="elementwise",
    doc="x, and `slope x` for x <= 0; at 0 the derivative from the left.",
)  # fmt: skip

hardtanh = define(
    "hardtanh", kernels.hardtanh, lambda g, out, *, low, high: where((out <= low) | (out >= high), 0, g),
    kind="elementwise", doc="x between bounds, and the nearer bound outside; at the bounds the derivative is 0.",
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


def _mish_rule(g: Any, x: Any) -> Any:
    """`t + x s (1 - t^2)` with the sigmoid s and t = tanh(softplus(x))."""
    x = _near(x)
    t = tanh(softplus(x, beta=1.0, threshold=math.inf))
    return g * (t + x * sigmoid(x) * (1 - t * t))


mish = define("mish", kernels.mish, _mish_rule, kind="elementwise", doc="`x tanh(log(1 + e^x))`.")


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


def _softsign_rule(g: Any, out: Any) -> Any:
    rest = 1 - abs_(out)
    return g * (rest * rest)


softsign = define("softsign", kernels.softsign, _softsign_rule, kind="elementwise", doc="`x / (1 + |x|)`.")
