"""Nonlinearities.

With `inplace=True` the result is also written into x, as PyTorch does; it saves no memory here.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autodiff import functional
from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.functional import one_hot, sigmoid
from autodiff.numpy import abs as absolute
from autodiff.numpy import argmax, heaviside, log, tanh
from autodiff.numpy.arguments import array_of, cast, floating, one_axis, ordered, plain, write_out
from autodiff.ops import activation, elementwise, random, special
from autodiff.random import Generator, as_generator
from autodiff.tensor import Tensor

__all__ = [
    "celu", "elu", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softmax",
    "softmin", "softplus", "softshrink", "softsign", "step", "tanh", "tanhshrink", "threshold",
]  # fmt: skip

Randomness: TypeAlias = "Generator | np.random.Generator | int | None"

SELU = 1.6732632423543772848, 1.0507009873554804934
"""Alpha and scale of SELU: the fixed point of mean 0 and variance 1 (Klambauer et al., 2017)."""


def _real(name: str, x: Any) -> Any:
    return floating(ordered(x, name))


def _into(name: str, x: Any, out: Any, inplace: bool) -> Any:
    """The result, which in place goes into x as well; numbers and lists are not written."""
    if not inplace or not isinstance(x, Tensor | np.ndarray):
        return out
    return write_out(f"{name}(inplace=True)", x, out)


def relu(x: Any, inplace: bool = False) -> Any:
    """`max(x, 0)`; the derivative at 0 is 0.

    >>> float(relu(-2.0)), float(relu(3.0))
    (0.0, 3.0)
    """
    return _into("relu", x, elementwise.relu(x), inplace)


def leaky_relu(x: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x, and `negative_slope x` for negative x (Maas et al., 2013).

    >>> float(leaky_relu(-2.0))
    -0.02
    """
    return _into("leaky_relu", x, activation.leaky_relu(_real("leaky_relu", x), float(negative_slope)), inplace)


def prelu(x: Any, weight: Any) -> Any:
    """x, and `weight x` for negative x, with a learned slope for all channels or one for each (He et al., 2015).

    Args:
        x: any shape with one slope, (n, c, ...) with several; of (c,) axis 0 has no batch.
        weight: () or (1,), or (c,).

    Raises ValueError for another number of slopes.

    >>> prelu(np.array([-2.0, 2.0]), 0.25)
    array([-0.5,  2. ])
    """
    x, weight = _real("prelu", x), _real("prelu", weight)
    if weight.size == 1:
        return activation.leaky_relu(x, weight.reshape(()))
    channels = x.shape[1] if x.ndim > 1 else None
    if weight.shape != (channels,):
        raise ValueError(f"prelu takes one slope, or one for each channel of x (n, c, ...); got {describe(weight)} "
                         f"for x {describe(x)}")  # fmt: skip
    return activation.leaky_relu(x, weight.reshape((-1,) + (1,) * (x.ndim - 2)))


def rrelu(
    x: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: Randomness = None,
) -> Any:
    """x, and for negative x `a x`: a drawn uniformly from [lower, upper) in training, else their mean.

    >>> float(rrelu(-1.0, 0.0, 0.5))
    -0.25
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower={lower} is above upper={upper}")
    given, x = x, _real("rrelu", x)
    slope: Any = (lower + upper) / 2
    if training:
        slope = _draw(x, "random", generator) * (upper - lower) + lower
    return _into("rrelu", given, activation.leaky_relu(x, slope), inplace)


def _draw(x: Any, distribution: str, generator: Randomness) -> Any:
    """Numbers drawn from a distribution, of the shape and dtype of x; constants."""
    seed, offset = as_generator(generator).next_draw()
    with no_grad():
        return random.drawn(x, distribution=distribution, seed=seed, offset=offset)


def elu(x: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, and `alpha (e^x - 1)` for negative x (Clevert et al., 2015).

    >>> float(elu(-1000.0))
    -1.0

    Raises ValueError for a negative alpha.
    """
    if alpha < 0:
        raise ValueError(f"elu: alpha is at least 0, got {alpha}")
    return _into("elu", x, activation.elu(_real("elu", x), alpha=float(alpha), scale=1.0, slope=1.0), inplace)


def selu(x: Any, inplace: bool = False) -> Any:
    """`1.0507 elu(x, 1.6733)`, which keeps mean 0 and variance 1 from layer to layer (Klambauer et al., 2017).

    >>> float(selu(1.0))
    1.0507009873554805
    """
    alpha, scale = SELU
    return _into("selu", x, activation.elu(_real("selu", x), alpha=alpha, scale=scale, slope=1.0), inplace)


def celu(x: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, and `alpha (e^(x / alpha) - 1)` for negative x: an ELU with a continuous slope (Barron, 2017).

    >>> float(celu(-1000.0, 2.0))
    -2.0

    Raises ValueError for alpha 0.
    """
    if not alpha:
        raise ValueError("celu divides by alpha, which is 0")
    out = activation.elu(_real("celu", x), alpha=float(alpha), scale=1.0, slope=1.0 / alpha)
    return _into("celu", x, out, inplace)


def gelu(x: Any, approximate: str = "none") -> Any:
    """`x P(x)` with the distribution function P of the standard normal (Hendrycks and Gimpel, 2016).

    Args:
        approximate: "none", or "tanh" for `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`.

    >>> float(gelu(1.0))
    0.8413447460685429
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", got {approximate!r}')
    return activation.gelu(_real("gelu", x), approximate=approximate)


def silu(x: Any, inplace: bool = False) -> Any:
    """`x sigmoid(x)`, called swish too (Elfwing et al., 2017).

    >>> float(silu(0.0))
    0.0
    """
    return _into("silu", x, activation.silu(_real("silu", x)), inplace)


def mish(x: Any, inplace: bool = False) -> Any:
    """`x tanh(softplus(x))` (Misra, 2019).

    >>> float(mish(1000.0))
    1000.0
    """
    return _into("mish", x, activation.mish(_real("mish", x)), inplace)


def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + e^(beta x)) / beta`, a smooth ReLU, and x itself where `beta x > threshold`.

    >>> float(softplus(0.0))  # log 2
    0.693147180559...
    """
    if not beta:
        raise ValueError("softplus divides by beta, which is 0")
    return special.softplus(_real("softplus", x), beta=float(beta), threshold=float(threshold))


def logsigmoid(x: Any) -> Any:
    """`log(1 / (1 + e^-x))`, without overflow.

    >>> float(logsigmoid(-1000.0))
    -1000.0
    """
    return special.log_expit(_real("logsigmoid", x))


def softsign(x: Any) -> Any:
    """`x / (1 + |x|)`.

    >>> float(softsign(1.0))
    0.5
    """
    return activation.softsign(_real("softsign", x))


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """The input between bounds, and the nearer bound outside; at the bounds the derivative is 0.

    >>> float(hardtanh(3.0))
    1.0
    """
    if not min_val <= max_val:
        raise ValueError(f"hardtanh: min_val={min_val} is above max_val={max_val}")
    out = activation.hardtanh(_real("hardtanh", x), low=float(min_val), high=float(max_val))
    return _into("hardtanh", x, out, inplace)


def relu6(x: Any, inplace: bool = False) -> Any:
    """`min(max(x, 0), 6)`.

    >>> float(relu6(7.0))
    6.0
    """
    return _into("relu6", x, hardtanh(x, 0.0, 6.0), inplace)


def hardsigmoid(x: Any, inplace: bool = False) -> Any:
    """`min(max(x + 3, 0), 6) / 6`, a sigmoid of three straight pieces.

    >>> float(hardsigmoid(0.0))
    0.5
    """
    return _into("hardsigmoid", x, relu6(_real("hardsigmoid", x) + 3.0) * (1 / 6), inplace)


def hardswish(x: Any, inplace: bool = False) -> Any:
    """`x hardsigmoid(x)` (Howard et al., 2019).

    >>> float(hardswish(3.0))
    3.0
    """
    x_ = _real("hardswish", x)
    return _into("hardswish", x, elementwise.maximum(x_, -6.0) * hardsigmoid(x_), inplace)


def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    """x, and 0 where `|x| <= lambd`.

    >>> hardshrink(np.array([0.5, 2.0]))
    array([0., 2.])
    """
    x = _real("hardshrink", x)
    return elementwise.where(absolute(x) <= lambd, 0, x)


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """The input brought nearer to 0 by lambd, and 0 where `|x| <= lambd`.

    >>> softshrink(np.array([0.5, 2.0, -2.0]))
    array([ 0. ,  1.5, -1.5])
    """
    if not lambd >= 0:
        raise ValueError(f"softshrink: lambd is at least 0, got {lambd}")
    x = _real("softshrink", x)
    return x - elementwise.clip(x, -float(lambd), float(lambd))


def tanhshrink(x: Any) -> Any:
    """`x - tanh(x)`.

    >>> float(tanhshrink(0.0))
    0.0
    """
    x = _real("tanhshrink", x)
    return x - tanh(x)


def threshold(x: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """The input where it is above a threshold, elsewhere a value.

    >>> threshold(np.array([0.5, 2.0]), 1.0, 7.0)
    array([7., 2.])
    """
    x_ = _real("threshold", x)
    return _into("threshold", x, elementwise.where(x_ <= threshold, value, x_), inplace)


def step(x: Any) -> Any:
    """The unit step of the first neurons: 1 where `x >= 0`, else 0. A constant: it has no gradient to learn by.

    >>> step(np.array([-0.5, 0.0, 2.0]))
    array([0., 1., 1.])
    """
    return heaviside(_real("step", x), 1.0)


def glu(x: Any, dim: int = -1) -> Any:
    """`a sigmoid(b)` of the two halves a and b of x along an axis (Dauphin et al., 2016).

    Raises ValueError for an odd length.

    >>> glu(np.array([2.0, 0.0]))
    array([1.])
    """
    x = _real("glu", x)
    axis = one_axis(dim, x.ndim)
    half, odd = divmod(x.shape[axis], 2)
    if odd:
        raise ValueError(f"glu halves axis {dim} of {describe(x)}, whose length is odd")
    before = (slice(None),) * axis
    return x[(*before, slice(half))] * sigmoid(x[(*before, slice(half, None))])


def softmax(x: Any, dim: int = -1, dtype: Any = None) -> Any:
    """`e^(x_i) / sum_j e^(x_j)` along an axis, in a dtype if one is given.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return functional.softmax(x if dtype is None else cast(x, dtype), dim)


def softmin(x: Any, dim: int = -1, dtype: Any = None) -> Any:
    """`softmax(-x)`: the smallest get the most.

    >>> softmin(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return softmax(-array_of(x), dim, dtype)


def log_softmax(x: Any, dim: int = -1, dtype: Any = None) -> Any:
    """Logarithm of softmax along an axis, exact also where softmax rounds to 0.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    return functional.log_softmax(x if dtype is None else cast(x, dtype), dim)


def gumbel_softmax(
    logits: Any,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    generator: Randomness = None,
) -> Any:
    """Draw from classes, differentiably: `softmax((logits + noise) / tau)`, noise of the Gumbel distribution.

    Args:
        tau: the temperature; towards 0 the result comes near a one-hot vector.
        hard: whether to give the one-hot vector itself, with the gradient of the soft one (straight through).
        eps: has no use any more.
        generator: draws the noise.

    >>> gumbel_softmax(np.zeros(3), hard=True, generator=0).tolist().count(1.0)
    1

    Jang, Gu and Poole, 2016; Maddison, Mnih and Teh, 2016.
    """
    logits = _real("gumbel_softmax", logits)
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau is above 0, got {tau}")
    noise = -log(_draw(logits, "standard_exponential", generator))
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    axis = one_axis(dim, soft.ndim)
    with no_grad():
        chosen = one_hot(argmax(soft, axis), soft.shape[axis], soft.dtype)
        rest = np.moveaxis(plain(chosen), -1, axis) - plain(soft)
    return soft + rest
