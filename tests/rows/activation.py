"""Nonlinearities of networks, and random draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

from autodiff.random import philox
from tests.op_table import apart, binary, fixed, op, positive, real, row, unary


def _elu(x: Any, alpha: float, scale: float, slope: float) -> Any:
    return scale * np.where(x > 0, x, alpha * (np.exp(slope * np.minimum(x, 0)) - 1))[()]


row("elu", op("elu"), _elu, unary(apart), options=[
    {"alpha": 1.0, "scale": 1.0, "slope": 1.0}, {"alpha": 0.0, "scale": 1.0, "slope": 1.0},
    {"alpha": 1.7, "scale": 1.1, "slope": 0.5}, {"alpha": -2.0, "scale": 1.0, "slope": -0.5},
])  # fmt: skip
row("leaky_relu", op("leaky_relu"), lambda x, slope: np.where(x > 0, x, slope * x)[()],
    [[apart(2, 3), fixed(0.1)], [apart(), fixed(-0.5)], [apart(2, 3, 2), positive(3, 1)], [apart(0), fixed(0.0)],
     [apart(2, 3), real()], [apart(2, 3), real(2, 3)]])  # fmt: skip
row("hardtanh", op("hardtanh"), lambda x, low, high: np.clip(x, low, high), unary(apart),
    options=[{"low": -0.3, "high": 0.5}, {"low": 0.0, "high": 6.0}])  # fmt: skip
row("silu", op("silu"), lambda x: x / (1 + np.exp(-x)), unary(real))
row("silu_slope", op("silu_slope"), lambda dy, x: dy * (1 + np.exp(-x) + x * np.exp(-x)) / (1 + np.exp(-x)) ** 2,
    binary(real))  # fmt: skip
row("gelu_slope", op("gelu_slope"), lambda dy, x: dy * (
    scipy.special.ndtr(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)), binary(real))  # fmt: skip
row("elu_slope", op("elu_slope"), lambda dy, y, alpha, scale, slope: np.where(
    y > 0, dy * scale, dy * slope * (y + scale * alpha))[()], binary(real, apart), options=[
    {"alpha": 1.0, "scale": 1.0, "slope": 1.0}, {"alpha": 1.7, "scale": 1.1, "slope": 0.5}])  # fmt: skip
row("leaky_slope", op("leaky_slope"), lambda dy, x, slope: np.where(x > 0, dy, slope * dy)[()],
    [[real(2, 3), apart(2, 3), real()], [real(), apart(), real()], [real(2, 3), apart(2, 3), real(2, 3)],
     [real(0), apart(0), real()]], inputs=[0, 2])  # fmt: skip
row("hardtanh_slope", op("hardtanh_slope"),
    lambda dy, y, low, high, scale: np.where((y > low) & (y < high), dy * scale, 0.0)[()],
    binary(real, apart), options=[{"low": -0.3, "high": 0.5, "scale": 0.7}], inputs=[0])  # fmt: skip
row("hardsigmoid", op("hardsigmoid"), lambda x: np.clip(x / 6 + 0.5, 0, 1), unary(apart))
row("hardswish", op("hardswish"), lambda x: x * np.clip(x / 6 + 0.5, 0, 1), unary(apart))
row("hardswish_slope", op("hardswish_slope"), lambda dy, x: dy * np.where(
    np.abs(x) < 3, (2 * x + 3) / 6, x >= 3), binary(real, apart))  # fmt: skip
row("softsign_slope", op("softsign_slope"), lambda dy, y: dy * (1 - np.abs(y)) ** 2, binary(real, apart))
row("softplus_slope", op("softplus_slope"), lambda dy, x, beta, threshold: np.where(
    beta * x > threshold, dy, dy / (1 + np.exp(-beta * x)))[()], binary(real, apart), options=[
    {"beta": 1.0, "threshold": 20.0}, {"beta": -1.0, "threshold": math.inf}])  # fmt: skip


def _mish_slope(dy: Any, x: Any) -> Any:
    t = np.tanh(np.log1p(np.exp(x)))
    return dy * (t + x * (1 - t**2) / (1 + np.exp(-x)))


row("mish_slope", op("mish_slope"), _mish_slope, binary(real))
row("mish", op("mish"), lambda x: x * np.tanh(np.log1p(np.exp(x))), unary(real))
row("softsign", op("softsign"), lambda x: x / (1 + np.abs(x)), unary(apart))


def _gelu(x: Any, approximate: str) -> Any:
    if approximate == "none":
        return x * (1 + scipy.special.erf(x / math.sqrt(2))) / 2
    return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2


row("gelu", op("gelu"), _gelu, unary(real), options=[{"approximate": "none"}, {"approximate": "tanh"}])


def _drawn(x: Any, distribution: str, seed: int, offset: int) -> Any:
    return getattr(philox(seed, offset), distribution)(np.shape(x))


row("drawn", op("drawn"), _drawn, [[real(2, 3)], [real(0)]], differentiable=False, options=[
    {"distribution": "random", "seed": 3, "offset": 1}, {"distribution": "standard_exponential", "seed": 3, "offset": 1}
])  # fmt: skip


def _dropout(x: Any, p: float, seed: int, offset: int, places: int) -> Any:
    kept = philox(seed, offset).random(x.shape[: x.ndim - places] + (1,) * places, np.float32) >= p
    return x * kept / (1 - p)


row("dropout of whole places", op("dropout"), _dropout, [[real(4, 5, 2, 3)]], options=[
    {"p": 0.3, "seed": 5, "offset": 0, "places": n} for n in (1, 2, 3)])  # fmt: skip
