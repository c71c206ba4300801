"""Initial values: each function fills a tensor in place and returns it.

The bound of a layer follows from how many inputs one output sums over (fan in) and how many outputs
one input goes to (fan out). A weight is (out, in) or (out, in / groups, kh, kw).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autodiff.errors import GradientError, describe
from autodiff.graph import WRITES
from autodiff.random import Generator, as_generator
from autodiff.tensor import Tensor

Randomness: TypeAlias = "Generator | np.random.Generator | int | None"
"""What `generator=` takes: a stream, a seed, or None for the stream that `manual_seed` seeds."""


def fill_(tensor: Tensor, values: Any) -> Tensor:
    """Write values into a leaf in place, such that a graph which saved the old ones says so.

    >>> fill_(Tensor([1.0, 2.0]), [3.0, 4.0])
    Tensor([3., 4.])
    """
    if tensor.node is not None:
        raise GradientError(f"only leaves are written in place; op '{tensor.node.op.name}' computed this tensor")
    if isinstance(tensor.value, np.ndarray):
        tensor.value[...] = values
        WRITES.note(tensor.value)
    else:  # NumPy scalars are immutable
        box = np.empty((), tensor.dtype)
        box[...] = values
        tensor.value = box[()]
    return tensor


def constant_(tensor: Tensor, value: float) -> Tensor:
    """Fill with one value."""
    return fill_(tensor, value)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return fill_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return fill_(tensor, 1.0)


def uniform_(tensor: Tensor, low: float = 0.0, high: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill with numbers drawn uniformly from [low, high).

    >>> uniform_(Tensor([0.0, 0.0]), -1.0, 1.0, generator=0).shape
    (2,)
    """
    stream = as_generator(generator)
    return _draw_(tensor, lambda: stream.uniform(tensor.shape, low, high))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill with numbers drawn from the normal distribution."""
    stream = as_generator(generator)
    return _draw_(tensor, lambda: stream.normal(tensor.shape, mean, std))


def _draw_(tensor: Tensor, draw: Callable[[], Any]) -> Tensor:
    """Fill with a draw; a complex tensor takes two, scaled so that the variance is the same."""
    if tensor.dtype.kind != "c":
        return fill_(tensor, draw())
    return fill_(tensor, (draw() + 1j * draw()) / math.sqrt(2))


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return fan in and fan out of a weight.

    >>> fans(Tensor(np.zeros((8, 3, 5, 5))))
    (75, 200)

    Raises ValueError for fewer than two axes.
    """
    if tensor.ndim < 2:
        raise ValueError(
            f"fan in and fan out need a weight (out, in, ...), got {describe(tensor)}. "
            "Fill biases with zeros_ or uniform_."
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def gain_of(nonlinearity: str, a: float = 0.0) -> float:
    """Return by how much weights grow to make up for what a nonlinearity takes away.

    >>> gain_of("relu") ** 2
    2.0000000000000004

    Raises ValueError for an unknown name.
    """
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + a * a)),
    }
    if nonlinearity not in gains:
        raise ValueError(f"nonlinearity is one of {', '.join(gains)}; got {nonlinearity!r}")
    return gains[nonlinearity]


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill uniformly within ± gain sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill normally with std gain sqrt(2 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Randomness = None,
) -> Tensor:
    """Fill uniformly within ± gain sqrt(3 / fan) (He et al., 2015); `a` is the leaky ReLU's slope.

    >>> w = kaiming_uniform_(Tensor(np.zeros((4, 9))), a=5**0.5, generator=0)  # ± 1 / sqrt(9)
    >>> bool(abs(w.value).max() < 1 / 3)
    True
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Randomness = None,
) -> Tensor:
    """Fill normally with std gain / sqrt(fan) (He et al., 2015); `a` is the leaky ReLU's slope."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode is "fan_in" or "fan_out", got {mode!r}')
    return gain_of(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def default_(weight: Tensor, bias: Tensor | None, generator: Randomness = None) -> None:
    """Fill a layer's weight and bias uniformly within ± 1 / sqrt(fan in), PyTorch's default."""
    generator = as_generator(generator)
    bound = 1 / math.sqrt(fans(weight)[0])
    for tensor in (weight, bias):
        if tensor is not None:
            uniform_(tensor, -bound, bound, generator)
