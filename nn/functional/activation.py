"""Nonlinearities.

With `inplace=True` the result is also written into x, as PyTorch does; it saves no memory here.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autodiff import functional
from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.functional import one_hot
from autodiff.numpy import abs as absolute
from autodiff.numpy import argmax, heaviside, log
from autodiff.numpy.arguments import array_of, cast, floating, one_axis, ordered, plain, write_out
from autodiff.ops import activation, elementwise, random, special, trigonometric
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


def sigmoid(input: Any) -> Any:
    """`1 / (1 + e^-x)`, the logistic function.

    >>> float(sigmoid(0.0))
    0.5
    """
    return functional.sigmoid(input)


def tanh(input: Any) -> Any:
    """`(e^x - e^-x) / (e^x + e^-x)`, the hyperbolic tangent.

    >>> float(tanh(0.0))
    0.0
    """
    return trigonometric.tanh(input)


def _into(name: str, x: Any, out: Any, inplace: bool) -> Any:
    """The result, which in place goes into x as well; numbers and lists are not written."""
    if not inplace or not isinstance(x, Tensor | np.ndarray):
        return out
    return write_out(f"{name}(inplace=True)", x, out)


def relu(input: Any, inplace: bool = False) -> Any:
    """`max(x, 0)`; the derivative at 0 is 0.

    >>> float(relu(-2.0)), float(relu(3.0))
    (0.0, 3.0)
    """
    return _into("relu", input, elementwise.relu(input), inplace)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x, and `negative_slope x` for negative x (Maas et al., 2013).

    >>> float(leaky_relu(-2.0))
    -0.02
    """
    return _into("leaky_relu", input, activation.leaky_relu(_real("leaky_relu", input), float(negative_slope)), inplace)


def prelu(input: Any, weight: Any) -> Any:
    """x, and `weight x` for negative x, with a learned slope for all channels or one for each (He et al., 2015).

    Args:
        input: x, any shape with one slope, (n, c, ...) with several; of (c,) axis 0 has no batch.
        weight: () or (1,), or (c,).

    Raises ValueError for another number of slopes.

    >>> prelu(np.array([-2.0, 2.0]), 0.25)
    array([-0.5,  2. ])
    """
    x, weight = _real("prelu", input), _real("prelu", weight)
    if weight.size == 1:
        return activation.leaky_relu(x, weight.reshape(()))
    channels = x.shape[1] if x.ndim > 1 else None
    if weight.shape != (channels,):
        raise ValueError(f"prelu takes one slope, or one for each channel of x (n, c, ...); got {describe(weight)} "
                         f"for x {describe(x)}")  # fmt: skip
    return activation.leaky_relu(x, weight.reshape((-1,) + (1,) * (x.ndim - 2)))


def rrelu(
    input: Any,
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
    x = _real("rrelu", input)
    slope: Any = (lower + upper) / 2
    if training:
        slope = _draw(x, "random", generator) * (upper - lower) + lower
    return _into("rrelu", input, activation.leaky_relu(x, slope), inplace)


def _draw(x: Any, distribution: str, generator: Randomness) -> Any:
    """Numbers drawn from a distribution, of the shape and dtype of x; constants."""
    seed, offset = as_generator(generator).next_draw()
    with no_grad():
        return random.drawn(x, distribution=distribution, seed=seed, offset=offset)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, and `alpha (e^x - 1)` for negative x (Clevert et al., 2015).

    >>> float(elu(-1000.0))
    -1.0

    Raises ValueError for a negative alpha.
    """
    if alpha < 0:
        raise ValueError(f"elu: alpha is at least 0, got {alpha}")
    return _into("elu", input, activation.elu(_real("elu", input), alpha=float(alpha), scale=1.0, slope=1.0), inplace)


def selu(input: Any, inplace: bool = False) -> Any:
    """`1.0507 elu(x, 1.6733)`, which keeps mean 0 and variance 1 from layer to layer (Klambauer et al., 2017).

    >>> float(selu(1.0))
    1.0507009873554805
    """
    alpha, scale = SELU
    return _into("selu", input, activation.elu(_real("selu", input), alpha=alpha, scale=scale, slope=1.0), inplace)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x, and `alpha (e^(x / alpha) - 1)` for negative x: an ELU with a continuous slope (Barron, 2017).

    >>> float(celu(-1000.0, 2.0))
    -2.0

    Raises ValueError for alpha 0.
    """
    if not alpha:
        raise ValueError("celu divides by alpha, which is 0")
    out = activation.elu(_real("celu", input), alpha=float(alpha), scale=1.0, slope=1.0 / alpha)
    return _into("celu", input, out, inplace)


def gelu(input: Any, approximate: str = "none") -> Any:
    """`x P(x)` with the distribution function P of the standard normal (Hendrycks and Gimpel, 2016).

    Args:
        approximate: "none", or "tanh" for `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`.

    >>> float(gelu(1.0))
    0.8413447460685429
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f'gelu: approximate is "none" or "tanh", got {approximate!r}')
    return activation.gelu(_real("gelu", input), approximate=approximate)


def silu(input: Any, inplace: bool = False) -> Any:
    """`x sigmoid(x)`, called swish too (Elfwing et al., 2017).

    >>> float(silu(0.0))
    0.0
    """
    return _into("silu", input, activation.silu(_real("silu", input)), inplace)


def mish(input: Any, inplace: bool = False) -> Any:
    """`x tanh(softplus(x))` (Misra, 2019).

    >>> float(mish(1000.0))
    1000.0
    """
    return _into("mish", input, activation.mish(_real("mish", input)), inplace)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + e^(beta x)) / beta`, a smooth ReLU, and x itself where `beta x > threshold`.

    >>> float(softplus(0.0))  # log 2
    0.693147180559...
    """
    if not beta:
        raise ValueError("softplus divides by beta, which is 0")
    return special.softplus(_real("softplus", input), beta=float(beta), threshold=float(threshold))


def logsigmoid(input: Any) -> Any:
    """`log(1 / (1 + e^-x))`, without overflow.

    >>> float(logsigmoid(-1000.0))
    -1000.0
    """
    return special.log_expit(_real("logsigmoid", input))


def softsign(input: Any) -> Any:
    """`x / (1 + |x|)`.

    >>> float(softsign(1.0))
    0.5
    """
    return activation.softsign(_real("softsign", input))


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """The input between bounds, and the nearer bound outside; at the bounds the derivative is 0.

    >>> float(hardtanh(3.0))
    1.0
    """
    if not min_val <= max_val:
        raise ValueError(f"hardtanh: min_val={min_val} is above max_val={max_val}")
    out = activation.hardtanh(_real("hardtanh", input), low=float(min_val), high=float(max_val))
    return _into("hardtanh", input, out, inplace)


def relu6(input: Any, inplace: bool = False) -> Any:
    """`min(max(x, 0), 6)`.

    >>> float(relu6(7.0))
    6.0
    """
    return _into("relu6", input, hardtanh(input, 0.0, 6.0), inplace)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """`min(max(x + 3, 0), 6) / 6`, a sigmoid of three straight pieces.

    >>> float(hardsigmoid(0.0))
    0.5
    """
    return _into("hardsigmoid", input, activation.hardsigmoid(_real("hardsigmoid", input)), inplace)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """`x hardsigmoid(x)` (Howard et al., 2019).

    >>> float(hardswish(3.0))
    3.0
    """
    return _into("hardswish", input, activation.hardswish(_real("hardswish", input)), inplace)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """x, and 0 where `|x| <= lambd`.

    >>> hardshrink(np.array([0.5, 2.0]))
    array([0., 2.])
    """
    x = _real("hardshrink", input)
    return elementwise.where(absolute(x) <= lambd, 0, x)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """The input brought nearer to 0 by lambd, and 0 where `|x| <= lambd`.

    >>> softshrink(np.array([0.5, 2.0, -2.0]))
    array([ 0. ,  1.5, -1.5])
    """
    if not lambd >= 0:
        raise ValueError(f"softshrink: lambd is at least 0, got {lambd}")
    x = _real("softshrink", input)
    return x - elementwise.clip(x, -float(lambd), float(lambd))


def tanhshrink(input: Any) -> Any:
    """`x - tanh(x)`.

    >>> float(tanhshrink(0.0))
    0.0
    """
    x = _real("tanhshrink", input)
    return x - tanh(x)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """The input where it is above a threshold, elsewhere a value.

    >>> threshold(np.array([0.5, 2.0]), 1.0, 7.0)
    array([7., 2.])
    """
    x = _real("threshold", input)
    return _into("threshold", input, elementwise.where(x <= threshold, value, x), inplace)


def step(input: Any) -> Any:
    """The unit step of the first neurons: 1 where `x >= 0`, else 0. A constant: it has no gradient to learn by.

    >>> step(np.array([-0.5, 0.0, 2.0]))
    array([0., 1., 1.])
    """
    return heaviside(_real("step", input), 1.0)


def glu(input: Any, dim: int = -1) -> Any:
    """`a sigmoid(b)` of the two halves a and b of x along an axis (Dauphin et al., 2016).

    Raises ValueError for an odd length.

    >>> glu(np.array([2.0, 0.0]))
    array([1.])
    """
    x = _real("glu", input)
    axis = one_axis(dim, x.ndim)
    half, odd = divmod(x.shape[axis], 2)
    if odd:
        raise ValueError(f"glu halves axis {dim} of {describe(x)}, whose length is odd")
    before = (slice(None),) * axis
    return x[(*before, slice(half))] * sigmoid(x[(*before, slice(half, None))])


def _axis(name: str, x: Any, dim: int | None) -> int:
    """The axis to normalise along. Of three axes PyTorch would take the first, of four the second."""
    if dim is None and np.ndim(x) > 2:
        raise ValueError(f"{name} of {describe(x)}: along which axis? Write dim=-1 for the last.")
    return -1 if dim is None else dim


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`e^(x_i) / sum_j e^(x_j)` along an axis, in a dtype if one is given.

    Of one or two axes the last is meant unless `dim` is given. Raises ValueError where there are more, and no `dim`.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return functional.softmax(input if dtype is None else cast(input, dtype), _axis("softmax", input, dim))


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`softmax(-x)`: the smallest get the most.

    >>> softmin(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    return softmax(-array_of(input), _axis("softmin", input, dim), dtype)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """Logarithm of softmax along an axis, exact also where softmax rounds to 0.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    return functional.log_softmax(input if dtype is None else cast(input, dtype), _axis("log_softmax", input, dim))


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
