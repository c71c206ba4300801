"""Steps of optimizers in one pass over the parameter, its gradient and what the rule remembers.

Where NumPy makes ten to fourteen passes, these read and write each array once. They compute each element by the same
roundings as the references: no sums are contracted, so that a step has the same bits whichever code computes it, and
whether a parameter is updated alone, packed with others, or in pieces.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..policy import Loop, loop, uses

LEAST = 20_000  # elements for a thread: Adam's step of twice as many takes one thread 20 us


def _run(run: Loop, arrays: tuple[Any, ...], *numbers: Any) -> bool:
    """Call a loop on flat views of arrays, the second of them only read; False, and nothing done, if they differ."""
    w, flat = arrays[0], []
    dtype, shape = w.dtype, w.shape
    for i, x in enumerate(arrays):
        if type(x) is not np.ndarray or x.dtype != dtype or x.shape != shape:
            return False
        if not x.flags.carray:
            if i != 1:
                return False
            x = x.copy(order="C")
        flat.append(x if x.ndim == 1 else x.reshape(-1))
    run.share(*flat, *numbers, n=w.size, least=LEAST)
    return True


@loop("void(T[::1], T[::1], float64, float64, boolean)", exact=True, shared="rows")
def _sgd(w: Any, g: Any, lr: Any, weight_decay: Any, decays: Any) -> None:
    number = w.dtype.type
    lr, weight_decay = number(lr), number(weight_decay)
    for i in range(w.size):
        d = w[i] * weight_decay + g[i] if decays else g[i]
        w[i] -= d * lr


@loop("void(T[::1], T[::1], T[::1], float64, float64, float64, float64, boolean, boolean)", exact=True, shared="rows")
def _momentum(
    w: Any, g: Any, v: Any, lr: Any, momentum: Any, fresh: Any, weight_decay: Any, decays: Any, nesterov: Any
) -> None:
    number = w.dtype.type
    lr, momentum, fresh, weight_decay = number(lr), number(momentum), number(fresh), number(weight_decay)
    for i in range(w.size):
        d = w[i] * weight_decay + g[i] if decays else g[i]
        s = v[i] * momentum + fresh * d
        v[i] = s
        d = d + momentum * s if nesterov else s
        w[i] -= d * lr


@uses(_sgd, _momentum)
def sgd(
    w: Any, g: Any, v: Any, lr: float, momentum: float, dampening: float, weight_decay: float, nesterov: bool,
    room: Any = None,
) -> tuple[Any, Any] | None:  # fmt: skip
    """The reference's bits."""
    decays = (weight_decay, weight_decay != 0)
    if not momentum:
        return (w, v) if _run(_sgd, (w, g), lr, *decays) else None
    if v is None:
        return None
    done = _run(_momentum, (w, g, v), lr, momentum, 1 - dampening, *decays, bool(nesterov))
    return (w, v) if done else None


@loop(
    "void(T[::1], T[::1], T[::1], T[::1], float64, float64, float64, float64, float64, float64, float64, boolean, "
    "boolean)",
    exact=True,
    shared="rows",
)
def _adam(
    w: Any, g: Any, m: Any, v: Any, beta1: Any, fresh1: Any, beta2: Any, fresh2: Any, eps: Any, length: Any,
    decay: Any, decays: Any, shrinks: Any,
) -> None:  # fmt: skip
    number = w.dtype.type
    beta1, fresh1, beta2, fresh2, eps, length, decay = (
        number(beta1),
        number(fresh1),
        number(beta2),
        number(fresh2),
        number(eps),
        number(length),
        number(decay),
    )
    for i in range(w.size):
        x = w[i] * decay if shrinks else w[i]
        d = w[i] * decay + g[i] if decays else g[i]
        mean = m[i] * beta1 + d * fresh1
        square = v[i] * beta2 + (d * d) * fresh2
        m[i] = mean
        v[i] = square
        w[i] = x - (mean / (np.sqrt(square) + eps)) * length


@uses(_adam)
def adam(
    w: Any, g: Any, m: Any, v: Any, top: Any, t: int, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float = 0.0, decoupled: bool = False, room: Any = None,
) -> tuple[Any, Any, Any, Any] | None:  # fmt: skip
    """The reference's bits; amsgrad is left to it."""
    if top is not None:
        return None
    correction = math.sqrt(1 - beta2**t)
    shrinks = bool(weight_decay and decoupled)
    done = _run(
        _adam, (w, g, m, v), beta1, 1 - beta1, beta2, 1 - beta2, eps * correction, lr * correction / (1 - beta1**t),
        1 - lr * weight_decay if shrinks else weight_decay, bool(weight_decay) and not shrinks, shrinks,
    )  # fmt: skip
    return (w, m, v, top) if done else None


@loop("void(T[::1], T[::1], T[::1], float64, float64, float64, float64)", exact=True, shared="rows")
def _rmsprop(w: Any, g: Any, v: Any, lr: Any, alpha: Any, fresh: Any, eps: Any) -> None:
    number = w.dtype.type
    lr, alpha, fresh, eps = number(lr), number(alpha), number(fresh), number(eps)
    for i in range(w.size):
        square = v[i] * alpha + (g[i] * g[i]) * fresh
        v[i] = square
        w[i] -= (g[i] / (np.sqrt(square) + eps)) * lr


@loop("void(T[::1], T[::1], T[::1], T[::1], float64, float64, float64, float64, float64)", exact=True, shared="rows")
def _rmsprop_momentum(
    w: Any, g: Any, v: Any, buffer: Any, lr: Any, alpha: Any, fresh: Any, eps: Any, momentum: Any
) -> None:
    number = w.dtype.type
    lr, alpha, fresh, eps, momentum = number(lr), number(alpha), number(fresh), number(eps), number(momentum)
    for i in range(w.size):
        square = v[i] * alpha + (g[i] * g[i]) * fresh
        v[i] = square
        s = buffer[i] * momentum + g[i] / (np.sqrt(square) + eps)
        buffer[i] = s
        w[i] -= s * lr


@uses(_rmsprop, _rmsprop_momentum)
def rmsprop(
    w: Any, g: Any, v: Any, mean: Any, buffer: Any, lr: float, alpha: float, eps: float, momentum: float,
    room: Any = None,
) -> tuple[Any, Any, Any, Any] | None:  # fmt: skip
    """The reference's bits; the centred kind is left to it."""
    if mean is not None:
        return None
    if buffer is None:
        done = _run(_rmsprop, (w, g, v), lr, alpha, 1 - alpha, eps)
    else:
        done = _run(_rmsprop_momentum, (w, g, v, buffer), lr, alpha, 1 - alpha, eps, momentum)
    return (w, v, mean, buffer) if done else None
