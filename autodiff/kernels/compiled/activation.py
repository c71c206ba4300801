"""Activations and their slopes in one pass over memory.

A pass reads and writes each element once, where NumPy needs three to eight; from a few thousand elements on it is
memory that they wait for. Errors are those of `vector.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..elementwise import FAR, GELU
from ..policy import Loop, loop, uses
from ..threads import share
from . import vector

# Loops run over whole slices: of `range(start, stop)` Numba cannot know that it is not negative, and makes no vectors.
LEAST = 1 << 15  # elements for a thread: fewer are done before a second one has woken up


def _flat(*arrays: Any) -> list[Any] | None:
    """The arrays as vectors, if they are of one dtype, of one shape, lie row by row, and are not read-only."""
    first = arrays[0]
    for x in arrays:
        if type(x) is not np.ndarray or x.dtype != first.dtype or x.shape != first.shape or not x.flags.carray:
            return None
    return [x.reshape(-1) for x in arrays]


def _run(run: Loop, arrays: tuple[Any, ...], *numbers: float) -> Any:
    """Call a loop on arrays, numbers of their dtype, and a result like the first array."""
    flat = _flat(*arrays)
    if flat is None:
        return None
    out = np.empty_like(arrays[0])
    flat.append(out.reshape(-1))
    given = [out.dtype.type(number) for number in numbers]
    share(lambda start, stop: run(*[x[start:stop] for x in flat], *given), out.size, LEAST)
    return out


@loop("void(T[::1], T[::1])")
def _sigmoid(x: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = vector.sigmoid(x[i])


@uses(_sigmoid)
def sigmoid(x: Any) -> Any:
    """Error: 4 ulp, in both tails."""
    return _run(_sigmoid, (x,))


@loop("void(T[::1], T[::1], T[::1], T)")
def _sigmoid_slope(g: Any, s: Any, out: Any, one: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (s[i] * (one - s[i]))


@uses(_sigmoid_slope)
def sigmoid_slope(g: Any, s: Any) -> Any:
    """Error: 2 roundings."""
    return _run(_sigmoid_slope, (g, s), 1)


@loop("void(T[::1], T[::1], T[::1], T)")
def _tanh_slope(g: Any, t: Any, out: Any, one: Any) -> None:
    for i in range(out.size):
        out[i] = g[i] * (one - t[i] * t[i])


@uses(_tanh_slope)
def tanh_slope(g: Any, t: Any) -> Any:
    """Error: 3 roundings."""
    return _run(_tanh_slope, (g, t), 1)


@loop("void(T[::1], T[::1], T[::1], T)")
def _relu_slope(g: Any, r: Any, out: Any, zero: Any) -> None:
    for i in range(out.size):
        out[i] = zero if r[i] == zero else g[i]


@uses(_relu_slope)
def relu_slope(g: Any, r: Any) -> Any:
    """Exact."""
    return _run(_relu_slope, (g, r), 0)


@loop("void(T[::1], T[::1], T)")
def _silu(x: Any, out: Any, far: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        out[i] = y * vector.sigmoid(y)


@uses(_silu)
def silu(x: Any) -> Any:
    """Error: 5 ulp."""
    return _run(_silu, (x,), FAR)


@loop("void(T[::1], T[::1], T[::1], T, T)")
def _silu_slope(g: Any, x: Any, out: Any, far: Any, one: Any) -> None:
    for i in range(out.size):
        y = min(max(x[i], -far), far)
        s = vector.sigmoid(y)
        out[i] = g[i] * (s * (one + y * (one - s)))


@uses(_silu_slope)
def silu_slope(g: Any, x: Any) -> Any:
    """Error: 6 ulp of the larger of the two terms."""
    return _run(_silu_slope, (g, x), FAR, 1)


@loop("void(T[::1], T[::1], T)")
def _gelu(x: Any, out: Any, far: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        out[i] = y * vector.ndtr(y)


@loop("void(T[::1], T[::1], T, T, T, T)")
def _gelu_tanh(x: Any, out: Any, far: Any, half: Any, a: Any, b: Any) -> None:
    for i in range(out.size):
        y = max(x[i], -far)
        z = min(y, far)
        out[i] = y * (half + half * vector.tanh(z * (a + b * z * z)))


@uses(_gelu, _gelu_tanh)
def gelu(x: Any, *, approximate: str) -> Any:
    """Error: 12 + 2 x^2 ulp, the tanh form 5."""
    return _run(_gelu, (x,), FAR) if approximate == "none" else _run(_gelu_tanh, (x,), FAR, 0.5, *GELU)


@loop("void(T[::1], T[::1], T[::1], T, T, T)")
def _gelu_slope(g: Any, x: Any, out: Any, far: Any, half: Any, norm: Any) -> None:
    for i in range(out.size):
        y = min(max(x[i], -far), far)
        out[i] = g[i] * (vector.ndtr(y) + y * vector.exp(-half * y * y) * norm)


@uses(_gelu_slope)
def gelu_slope(g: Any, x: Any) -> Any:
    """Error: 12 + 2 x^2 ulp of the larger of the two terms."""
    return _run(_gelu_slope, (g, x), FAR, 0.5, 1 / np.sqrt(2 * np.pi))
