"""Steps of optimizers: arrays in, arrays out.

Each kernel takes a parameter `w`, its gradient `g`, which is only read, and what the rule remembers of earlier steps.
It writes into the arrays it is given and returns them; NumPy's scalars, which are immutable, come back as new ones.
`room` is memory for a temporary of w's shape, or None. Numbers of the whole step (a bias correction) are worked out by
the caller where they do not depend on the elements, so that the same kernel serves any piece of any parameter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .policy import compiled

# Numbers from which on a compiled step is faster, and is worth loading Numba for: measured on one core.
LEAST = 2048
LEAST_SGD = 8192
LOADED = 16  # enough where Numba has been loaded: Adam takes 3.0 us for 6.5, of a thousand numbers 3.4 for 8.6


def decayed(w: Any, g: Any, weight_decay: float, room: Any = None) -> Any:
    """`g + weight_decay w`: the gradient with that of `weight_decay |w|^2 / 2` added."""
    return np.add(np.multiply(w, weight_decay, out=room), g, out=room) if weight_decay else g


def lerp(mean: Any, g: Any, weight: float, room: Any = None) -> Any:
    """`mean + weight (g - mean)`: a running mean takes g in."""
    mean *= 1 - weight
    mean += np.multiply(g, weight, out=room)
    return mean


def square_mean(mean: Any, g: Any, beta: float, room: Any = None) -> Any:
    """`beta mean + (1 - beta) g g`."""
    mean *= beta
    s = np.multiply(g, g, out=room)
    s *= 1 - beta
    mean += s
    return mean


@compiled("optimizer", at_least=LEAST_SGD)
def sgd(
    w: Any, g: Any, v: Any, lr: float, momentum: float, dampening: float, weight_decay: float, nesterov: bool,
    room: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Gradient descent; v is None before the first step, and without momentum."""
    if weight_decay:
        g = decayed(w, g, weight_decay, room)
    if momentum:
        if v is None:
            v = g.copy()
        else:
            v *= momentum
            v += g if dampening == 0 else (1 - dampening) * g
        g = g + momentum * v if nesterov else v
    w -= g * lr if room is None else np.multiply(g, lr, out=room)
    return w, v


def asgd(
    w: Any, g: Any, mean: Any, eta: float, mu: float, lambd: float, weight_decay: float, room: Any = None
) -> tuple[Any, Any]:
    """A step of length eta, and the mean of the places: `mean + mu (w - mean)`."""
    g = decayed(w, g, weight_decay, room)
    s = np.multiply(g, eta, out=room)
    w *= 1 - lambd * eta
    w -= s
    s = np.subtract(w, mean, out=room)
    s *= mu
    mean += s
    return w, mean


@compiled("optimizer", at_least=LEAST, loaded=LOADED)
def adam(
    w: Any, g: Any, m: Any, v: Any, top: Any, t: int, lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float = 0.0, decoupled: bool = False, room: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """Adam's step t; top, the largest v so far, is None but for amsgrad. `decoupled` decay shrinks w first."""
    if weight_decay and decoupled:
        w *= 1 - lr * weight_decay
    elif weight_decay:
        g = decayed(w, g, weight_decay)
    m *= beta1
    m += np.multiply(g, 1 - beta1, out=room)
    v = square_mean(v, g, beta2, room)
    largest = v
    if top is not None:
        largest = top = np.maximum(top, v, out=top if type(top) is np.ndarray else None)
    # lr m' / (sqrt(v') + eps), with the corrections drawn into lr and eps
    correction = math.sqrt(1 - beta2**t)
    s = np.sqrt(largest, out=room)
    s += eps * correction
    s = np.divide(m, s, out=room)
    s *= lr * correction / (1 - beta1**t)
    w -= s
    return w, m, v, top


def adamax(
    w: Any, g: Any, m: Any, u: Any, t: int, lr: float, beta1: float, beta2: float, eps: float, room: Any = None
) -> tuple[Any, Any, Any]:
    """Adam with the largest decayed |g|, u, for the root of v."""
    m = lerp(m, g, 1 - beta1, room)
    u *= beta2
    s = np.abs(g, out=room)
    s += eps
    u = np.maximum(u, s, out=u if type(u) is np.ndarray else None)
    s = np.divide(m, u, out=room)
    s *= lr / (1 - beta1**t)
    w -= s
    return w, m, u


def nadam(
    w: Any, g: Any, m: Any, v: Any, t: int, of_gradient: float, of_mean: float, beta1: float, beta2: float, eps: float,
    room: Any = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """`(of_gradient g + of_mean m) / (sqrt(v') + eps)` down, with m and v as Adam's."""
    m = lerp(m, g, 1 - beta1, room)
    v = square_mean(v, g, beta2, room)
    s = np.divide(v, 1 - beta2**t, out=room)
    s = np.sqrt(s, out=room)
    s += eps
    direction = g * of_gradient
    direction += m * of_mean
    direction /= s
    w -= direction
    return w, m, v


def radam(
    w: Any, g: Any, m: Any, v: Any, step: float, rectified: bool, beta1: float, beta2: float, eps: float,
    room: Any = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """`step m / (sqrt(v) + eps)` down, or `step m` while v is not to be trusted."""
    m = lerp(m, g, 1 - beta1, room)
    v = square_mean(v, g, beta2, room)
    if rectified:
        s = np.sqrt(v, out=room)
        s += eps
        s = np.divide(m, s, out=room)
        s *= step
    else:
        s = np.multiply(m, step, out=room)
    w -= s
    return w, m, v


def adagrad(w: Any, g: Any, total: Any, lr: float, eps: float, room: Any = None) -> tuple[Any, Any]:
    """`lr g / (sqrt(total) + eps)` down, where total sums the squares of all gradients."""
    total += np.multiply(g, g, out=room)
    s = np.sqrt(total, out=room)
    s += eps
    s = np.divide(g, s, out=room)
    s *= lr
    w -= s
    return w, total


def adadelta(
    w: Any, g: Any, v: Any, d: Any, lr: float, rho: float, eps: float, room: Any = None
) -> tuple[Any, Any, Any]:
    """`lr g sqrt(d + eps) / sqrt(v + eps)` down, with running means v of g g and d of such steps' squares."""
    v = square_mean(v, g, rho, room)
    delta = d + eps
    s = np.add(v, eps, out=room)
    delta /= s
    delta = np.sqrt(delta, out=delta if type(delta) is np.ndarray else None)
    delta *= g
    d = square_mean(d, delta, rho, room)
    delta *= lr
    w -= delta
    return w, v, d


@compiled("optimizer", at_least=LEAST, loaded=LOADED)
def rmsprop(
    w: Any, g: Any, v: Any, mean: Any, buffer: Any, lr: float, alpha: float, eps: float, momentum: float,
    room: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """`lr g / (sqrt(v) + eps)` down; mean, of g, is for the variance, and buffer for momentum: None without them."""
    v = square_mean(v, g, alpha, room)
    if mean is None:
        s = np.sqrt(v, out=room)
    else:
        mean = lerp(mean, g, 1 - alpha, room)
        s = np.multiply(mean, mean, out=room)
        s = np.subtract(v, s, out=room)
        s = np.maximum(s, 0, out=room)  # of a gradient that does not change rounding may leave less than 0
        s = np.sqrt(s, out=room)
    s += eps
    s = np.divide(g, s, out=room)
    if buffer is None:
        s *= lr
    else:
        buffer *= momentum
        buffer += s
        s = np.multiply(buffer, lr, out=room)
    w -= s
    return w, v, mean, buffer


def rprop(
    w: Any, g: Any, before: Any, sizes: Any, down: float, up: float, smallest: float, largest: float
) -> tuple[Any, Any, Any]:
    """A step of each element's own size against the sign of g; the size grows while the sign stays."""
    same = np.sign(g * before)
    factor = np.where(same > 0, up, np.where(same < 0, down, 1.0)).astype(w.dtype)[()]
    sizes *= factor
    sizes = np.clip(sizes, smallest, largest, out=sizes if type(sizes) is np.ndarray else None)
    g = np.where(same < 0, 0, g)[()]
    w -= np.sign(g) * sizes
    return w, g, sizes


def lion(
    w: Any, g: Any, m: Any, lr: float, beta1: float, beta2: float, weight_decay: float, room: Any = None
) -> tuple[Any, Any]:
    """`lr (sign(beta1 m + (1 - beta1) g) + weight_decay w)` down; then m takes g in by beta2."""
    direction = m * beta1
    direction += np.multiply(g, 1 - beta1, out=room)
    direction = np.sign(direction)
    direction *= lr
    w *= 1 - lr * weight_decay
    w -= direction
    return w, lerp(m, g, 1 - beta2, room)


def adafactor(
    w: Any, g: Any, rows: Any, columns: Any, v: Any, new: float, length: float, eps1: float, d: float
) -> tuple[Any, Any, Any, Any]:
    """A step by the root of running means of g g, in which the new one has the weight `new`.

    They are those of rows and columns where w is a matrix, and v, of each element, where it is not. The step is
    `length` times the direction, whose own rms is cut down to d.
    """
    if w.ndim > 1:
        square = g * g
        rows = lerp(rows, square.mean(-1, keepdims=True), new)
        columns = lerp(columns, square.mean(-2, keepdims=True), new)
        estimate = rows @ columns
        estimate /= np.maximum(rows.mean(-2, keepdims=True), eps1)
    else:
        v = estimate = lerp(v, g * g, new)
    direction = g / np.sqrt(np.maximum(estimate, eps1 * eps1))
    direction *= length / max(1.0, rms(direction) / d)
    w -= direction
    return w, rows, columns, v


def rms(x: Any) -> float:
    """The root of the mean of squares."""
    return float(np.linalg.norm(x)) / math.sqrt(x.size) if x.size else 0.0


def orthogonalized(x: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """A matrix with the singular vectors of x and singular values near 1, by steps of Newton and Schulz's kind.

    Each step takes a singular value s to `a s + b s^3 + c s^5`.
    """
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / max(float(np.linalg.norm(x)), eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.T if tall else x
