"""Activations and their slopes in one pass over memory.

A pass reads and writes each element once, where NumPy needs three to eight; from a few thousand elements on it is
memory that they wait for. Errors are those of `vector.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..elementwise import FAR, GELU
from ..policy import Loop, loop, uses
from . import vector

# Loops run over whole slices: of `range(start, stop)` Numba cannot know that it is not negative, and makes no vectors.
QUICK, LEAST, SLOW = 1 << 17, 1 << 17, 1 << 15
"""Elements for a thread in loops without an exponential, with one, and with more than that: measured, two gain from
twice as many on; loops without one only where those before and after are shared too, and otherwise from 2^20 on."""


def _flat(*arrays: Any) -> list[Any] | None:
    """The arrays as vectors, if they are of one dtype, of one shape, lie row by row, and are not read-only."""
    first = arrays[0]
    for x in arrays:
        if type(x) is not np.ndarray or x.dtype != first.dtype or x.shape != first.shape or not x.flags.carray:
            return None
    return [x.reshape(-1) for x in arrays]


def _run(run: Loop, arrays: tuple[Any, ...], *numbers: float, out: Any = None, least: int = LEAST) -> Any:
    """Call a loop on arrays, a result like the first array if there is none yet, and numbers of their dtype."""
    flat = _flat(*arrays) if out is None else _flat(*arrays, out)
    if flat is None:
        return None
    if out is None:
        out = np.empty_like(arrays[0])
        flat.append(out.reshape(-1))
    given = [out.dtype.type(number) for number in numbers]
    if out.size:  # loops may look at the first element
        run.share(*flat, *given, n=out.size, least=least)
    return out


@loop("void(T[::1], T[::1])", shared="rows")
def _sigmoid(x: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = vector.sigmoid(x[i])


@uses(_sigmoid)
def sigmoid(x: Any) -> Any:
    """Error: 4 ulp, in both tails."""
    return _run(_sigmoid, (x,))


@loop("void(T[::1], T[::1], T[::1], T)", exact=True, shared="rows")
def _sigmoid_slope(g: Any, s: Any, out: Any, one: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (s[i] * (one - s[i]))


@uses(_sigmoid_slope)
def sigmoid_slope(g: Any, s: Any) -> Any:
    """Error: 3 roundings."""
    return _run(_sigmoid_slope, (g, s), 1, least=QUICK)


@loop("void(T[::1], T[::1], T[::1], T)", exact=True, shared="rows")
def _add_sigmoid_slope(g: Any, s: Any, total: Any, one: Any) -> None:
    for i in range(total.size):
        total[i] += g[i] * (s[i] * (one - s[i]))


@uses(_add_sigmoid_slope)
def add_sigmoid_slope(total: Any, g: Any, s: Any) -> Any:
    """The bits of `total + sigmoid_slope(g, s)`."""
    return _run(_add_sigmoid_slope, (g, s), 1, out=total, least=QUICK)


@loop("void(T[::1], T[::1], T[::1], T)", exact=True, shared="rows")
def _tanh_slope(g: Any, t: Any, out: Any, one: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (one - t[i] * t[i])


@uses(_tanh_slope)
def tanh_slope(g: Any, t: Any) -> Any:
    """Error: 3 roundings."""
    return _run(_tanh_slope, (g, t), 1, least=QUICK)


@loop("void(T[::1], T[::1], T[::1], T)", exact=True, shared="rows")
def _add_tanh_slope(g: Any, t: Any, total: Any, one: Any) -> None:
    for i in range(total.size):
        total[i] += g[i] * (one - t[i] * t[i])


@uses(_add_tanh_slope)
def add_tanh_slope(total: Any, g: Any, t: Any) -> Any:
    """The bits of `total + tanh_slope(g, t)`."""
    return _run(_add_tanh_slope, (g, t), 1, out=total, least=QUICK)


@loop("void(T[::1], T[::1], T[::1], T)", shared="rows")
def _relu_slope(g: Any, r: Any, out: Any, zero: Any) -> None:
    for i in range(out.size):
        out[i] = zero if r[i] == zero else g[i]


@uses(_relu_slope)
def relu_slope(g: Any, r: Any) -> Any:
    """Exact."""
    return _run(_relu_slope, (g, r), 0, least=QUICK)


@loop("void(T[::1], T[::1], T)", shared="rows")
def _silu(x: Any, out: Any, far: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        out[i] = y * vector.sigmoid(y)


@uses(_silu)
def silu(x: Any) -> Any:
    """Error: 5 ulp."""
    return _run(_silu, (x,), FAR)


@loop("void(T[::1], T[::1], T[::1], T, T)", shared="rows")
def _silu_slope(g: Any, x: Any, out: Any, far: Any, one: Any) -> None:
    for i in range(out.size):
        y = min(max(x[i], -far), far)
        s = vector.sigmoid(y)
        out[i] = g[i] * (s * (one + y * (one - s)))


@uses(_silu_slope)
def silu_slope(g: Any, x: Any) -> Any:
    """Error: 6 + |x| ulp of the larger of the two terms."""
    return _run(_silu_slope, (g, x), FAR, 1)


@loop("void(T[::1], T[::1], T)", shared="rows")
def _gelu(x: Any, out: Any, far: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        out[i] = y * vector.ndtr_of(y, vector.bell(y))


@loop("void(T[::1], T[::1], T, T, T)", shared="rows")
def _gelu_tanh(x: Any, out: Any, far: Any, a: Any, b: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        z = min(y, far)
        out[i] = y * vector.sigmoid(z * (a + b * z * z))


@uses(_gelu, _gelu_tanh)
def gelu(x: Any, *, approximate: str) -> Any:
    """Error: 12 + 2 x^2 ulp; of the tanh form 6 + 3 |x| + |x|^3 / 6, for (1 + tanh(y)) / 2 is the sigmoid of 2 y.

    What is below the normal range may be 0.
    """
    if approximate == "none":
        return _run(_gelu, (x,), FAR, least=SLOW)
    return _run(_gelu_tanh, (x,), FAR, 2 * GELU[0], 2 * GELU[1])


@loop("void(T[::1], T[::1], T[::1], T, T)", shared="rows")
def _gelu_slope(g: Any, x: Any, out: Any, far: Any, norm: Any) -> None:
    for i in range(out.size):
        y = min(max(x[i], -far), far)
        e = vector.bell(y)
        out[i] = g[i] * (vector.ndtr_of(y, e) + y * e * norm)


@uses(_gelu_slope)
def gelu_slope(g: Any, x: Any) -> Any:
    """Error: 12 + 2 x^2 ulp of the larger of the two terms."""
    return _run(_gelu_slope, (g, x), FAR, 1 / np.sqrt(2 * np.pi), least=SLOW)


# -- exponentials ----------------------------------------------------------------------------------------


@loop("void(T[::1], T[::1], T, T)", shared="rows")
def _softplus(x: Any, out: Any, beta: Any, threshold: Any) -> None:
    for i in range(out.size):
        y = beta * x[i]
        s = (max(y, type(beta)(0)) + vector.log1p(vector.exp(-abs(y)))) / beta
        out[i] = x[i] if y > threshold else s


@uses(_softplus)
def softplus(x: Any, *, beta: float, threshold: float) -> Any:
    """Error: 4 ulp, for `beta x` rounded."""
    return _run(_softplus, (x,), beta, threshold)


@loop("void(T[::1], T[::1], T[::1], T, T)", shared="rows")
def _softplus_slope(g: Any, x: Any, out: Any, beta: Any, threshold: Any) -> None:
    for i in range(out.size):
        y = beta * x[i]
        s = vector.sigmoid(y)
        out[i] = g[i] * (type(beta)(1) if y > threshold else s)


@uses(_softplus_slope)
def softplus_slope(g: Any, x: Any, *, beta: float, threshold: float) -> Any:
    """Error: 5 ulp, for `beta x` rounded."""
    return _run(_softplus_slope, (g, x), beta, threshold)


@loop("void(T[::1], T[::1])", shared="rows")
def _log_sigmoid(x: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = min(x[i], type(x[0])(0)) - vector.log1p(vector.exp(-abs(x[i])))


@uses(_log_sigmoid)
def log_sigmoid(x: Any) -> Any:
    """Error: 4 ulp."""
    return _run(_log_sigmoid, (x,))


@loop("void(T[::1], T[::1], T, T, T)", shared="rows")
def _elu(x: Any, out: Any, alpha: Any, scale: Any, slope: Any) -> None:
    for i in range(out.size):
        e = alpha * vector.expm1(slope * min(x[i], type(scale)(0)))
        out[i] = scale * (x[i] if x[i] > type(scale)(0) else e)


@uses(_elu)
def elu(x: Any, *, alpha: float, scale: float, slope: float) -> Any:
    """Error: 5 ulp, for `slope x` rounded."""
    return _run(_elu, (x,), alpha, scale, slope) if slope > 0 else None


@loop("void(T[::1], T[::1], T[::1], T, T, T)", shared="rows")
def _elu_slope(g: Any, y: Any, out: Any, alpha: Any, scale: Any, slope: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (scale if y[i] > type(scale)(0) else slope * (y[i] + scale * alpha))


@uses(_elu_slope)
def elu_slope(g: Any, out: Any, *, alpha: float, scale: float, slope: float) -> Any:
    """Error: 4 roundings of the larger of the two terms."""
    return _run(_elu_slope, (g, out), alpha, scale, slope, least=QUICK)


@loop("void(T[::1], T[::1], T)", shared="rows")
def _mish(x: Any, out: Any, far: Any) -> None:
    number = type(far)
    for i in range(out.size):
        y = max(x[i], -far)
        e = vector.exp(min(y, number(20)))
        n = e * (e + number(2))
        out[i] = y * (n / (n + number(2)))


@uses(_mish)
def mish(x: Any) -> Any:
    """Error: 5 ulp."""
    return _run(_mish, (x,), FAR, least=SLOW)


@loop("void(T[::1], T[::1], T[::1], T)", shared="rows")
def _mish_slope(g: Any, x: Any, out: Any, far: Any) -> None:
    number = type(far)
    for i in range(out.size):
        y = min(max(x[i], -far), far)
        e = vector.exp(min(y, number(20)))
        n = e * (e + number(2))
        t, s = n / (n + number(2)), e / (number(1) + e)
        out[i] = g[i] * (t + y * s * (number(4) * (n + number(1)) / ((n + number(2)) * (n + number(2)))))


@uses(_mish_slope)
def mish_slope(g: Any, x: Any) -> Any:
    """Error: 8 ulp of the larger of the two terms."""
    return _run(_mish_slope, (g, x), FAR, least=SLOW)


# -- straight pieces, and softsign -----------------------------------------------------------------------


@loop("void(T[::1], T[::1], T[::1], T)", shared="rows")
def _leaky_slope(g: Any, x: Any, out: Any, slope: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (type(slope)(1) if x[i] > type(slope)(0) else slope)


@uses(_leaky_slope)
def leaky_slope(g: Any, x: Any, slope: Any) -> Any:
    """Exact."""
    single = not np.ndim(slope) and np.result_type(g, slope) == g.dtype
    return _run(_leaky_slope, (g, x), slope, least=QUICK) if single else None


@uses(_leaky_slope)
def leaky_relu(x: Any, slope: Any) -> Any:
    """Exact."""
    return leaky_slope(x, x, slope)


@loop("void(T[::1], T[::1], T[::1], T, T, T)", shared="rows")
def _hardtanh_slope(g: Any, y: Any, out: Any, low: Any, high: Any, scale: Any) -> None:
    for i in range(out.size):
        out[i] = type(low)(0) if (y[i] <= low) | (y[i] >= high) else g[i] * scale


@uses(_hardtanh_slope)
def hardtanh_slope(g: Any, out: Any, *, low: float, high: float, scale: float) -> Any:
    """Exact."""
    return _run(_hardtanh_slope, (g, out), low, high, scale, least=QUICK)


@loop("void(T[::1], T[::1])", shared="rows")
def _softsign(x: Any, out: Any) -> None:
    one = type(x[0])(1)
    for i in range(out.size):
        size = abs(x[i])
        y = one / (one + one / max(size, one)) if size > one else size / (one + min(size, one))
        out[i] = -y if x[i] < type(x[0])(0) else y


@uses(_softsign)
def softsign(x: Any) -> Any:
    """Error: 3 roundings."""
    return _run(_softsign, (x,), least=QUICK)


@loop("void(T[::1], T[::1], T[::1])", shared="rows")
def _softsign_slope(g: Any, y: Any, out: Any) -> None:
    for i in range(out.size):
        rest = type(y[0])(1) - abs(y[i])
        out[i] = g[i] * (rest * rest)


@uses(_softsign_slope)
def softsign_slope(g: Any, out: Any) -> Any:
    """Error: 4 roundings."""
    return _run(_softsign_slope, (g, out), least=QUICK)


@loop("void(T[::1], T[::1])", shared="rows")
def _positive_part(x: Any, out: Any) -> None:
    zero = type(x[0])(0)
    for i in range(out.size):
        out[i] = zero if x[i] < zero else x[i]


@uses(_positive_part)
def positive_part(x: Any) -> Any:
    """Exact; NaN stays NaN."""
    return _run(_positive_part, (x,), least=QUICK)


@loop("void(T[::1], T[::1], T, T, T)", shared="rows")
def _hardsigmoid(x: Any, out: Any, three: Any, six: Any, sixth: Any) -> None:
    for i in range(out.size):
        y = x[i] + three
        y = type(six)(0) if y < type(six)(0) else y
        out[i] = (six if y > six else y) * sixth


@uses(_hardsigmoid)
def hardsigmoid(x: Any) -> Any:
    """Error: 3 roundings."""
    return _run(_hardsigmoid, (x,), 3, 6, 1 / 6, least=QUICK)


@loop("void(T[::1], T[::1], T, T, T)", shared="rows")
def _hardswish(x: Any, out: Any, three: Any, six: Any, sixth: Any) -> None:
    for i in range(out.size):
        y = x[i] + three
        y = type(six)(0) if y < type(six)(0) else y
        z = -six if x[i] < -six else x[i]
        out[i] = z * ((six if y > six else y) * sixth)


@uses(_hardswish)
def hardswish(x: Any) -> Any:
    """Error: 4 roundings."""
    return _run(_hardswish, (x,), 3, 6, 1 / 6, least=QUICK)


@loop("void(T[::1], T[::1], T[::1], T, T)", shared="rows")
def _hardswish_slope(g: Any, x: Any, out: Any, three: Any, sixth: Any) -> None:
    for i in range(out.size):
        s = type(three)(1) if x[i] >= three else (x[i] + x[i] + three) * sixth
        out[i] = g[i] * (type(three)(0) if x[i] <= -three else s)


@uses(_hardswish_slope)
def hardswish_slope(g: Any, x: Any) -> Any:
    """Error: 4 roundings."""
    return _run(_hardswish_slope, (g, x), 3, 1 / 6, least=QUICK)
