"""Initial values: each function fills a tensor in place and returns it. Names and arguments are PyTorch's.

The bound of a layer follows from how many inputs one output sums over (fan in) and how many outputs
one input goes to (fan out). A weight is (out, in) or (out, in / groups, kh, kw).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autodiff.config import is_traced, no_grad
from autodiff.errors import GradientError, describe
from autodiff.graph import WRITES
from autodiff.kernels.special import scipy_special
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
    if is_traced():
        with no_grad():
            tensor[...] = values
    elif isinstance(tensor.value, np.ndarray):
        tensor.value[...] = values
        WRITES.note(tensor.value)
    else:  # NumPy scalars are immutable
        box = np.empty((), tensor.dtype)
        box[...] = values
        tensor.value = box[()]
    return tensor


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    return fill_(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return fill_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return fill_(tensor, 1.0)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill with numbers drawn uniformly from [a, b).

    >>> uniform_(Tensor([0.0, 0.0]), -1.0, 1.0, generator=0).shape
    (2,)

    Raises ValueError if a is above b.
    """
    if not a <= b:
        raise ValueError(f"uniform_ draws from a to b, got a={a}, b={b}")
    stream = as_generator(generator)
    return _draw_(tensor, lambda: stream.uniform(tensor.shape, a, b))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill with numbers drawn from the normal distribution.

    Raises ValueError for a negative standard deviation.
    """
    if not std >= 0:
        raise ValueError(f"normal_: std is at least 0, got {std}")
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


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much weights grow to make up for what a nonlinearity takes away.

    Args:
        nonlinearity: "linear", "conv2d" and its like, "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        param: the slope of the leaky ReLU, 0.01 unless given.

    >>> calculate_gain("relu") ** 2
    2.0000000000000004

    Raises ValueError for an unknown name, TypeError for a slope that is no number.
    """
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, int | float | np.number):
        raise TypeError(f"param is the slope of the leaky ReLU, a number; got {param!r}")
    gains = dict.fromkeys(["linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)), "sigmoid"], 1.0)
    gains |= {"tanh": 5 / 3, "relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + slope * slope)), "selu": 3 / 4}
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
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Randomness = None
) -> Tensor:
    """Fill with numbers of the normal distribution that lie within [a, b]: what falls outside is drawn again.

    >>> bool(abs(trunc_normal_(Tensor(np.zeros(1000)), generator=0).value).max() <= 2.0)
    True

    Raises ValueError unless a is below b and std is positive.
    """
    if not a < b:
        raise ValueError(f"trunc_normal_ draws between a and b, got a={a}, b={b}")
    if not std > 0:
        raise ValueError(f"trunc_normal_: std is above 0, got {std}")
    low, high = (a - mean) / std, (b - mean) / std
    mirrored = low > 0  # the distribution function has more digits on the left
    if mirrored:
        low, high = -high, -low
    stream, special = as_generator(generator), scipy_special()

    def draw() -> Any:
        places = stream.uniform(tensor.shape, special.ndtr(low), special.ndtr(high))
        values = np.clip(special.ndtri(places), low, high)  # by the inverse of the distribution function
        return np.clip(mean + std * (-values if mirrored else values), a, b)

    return _draw_(tensor, draw)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity: ones on the diagonal, zeros elsewhere.

    Raises ValueError for another number of axes.
    """
    if tensor.ndim != 2:
        raise ValueError(f"eye_ fills a matrix, got {describe(tensor)}")
    rows, columns = tensor.shape
    return fill_(tensor, np.eye(rows, columns))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the kernels of a convolution such that it hands its channels on unchanged, as many as there are.

    Args:
        tensor: (out, in / groups, ...) with one to three further axes.
        groups: each group of out / groups channels does this by itself.

    >>> dirac_(Tensor(np.zeros((1, 1, 3)))).value
    array([[[0., 1., 0.]]])

    Raises ValueError for another number of axes, and for groups that do not divide the channels.
    """
    if tensor.ndim not in (3, 4, 5):
        raise ValueError(f"dirac_ fills the kernels of a convolution, of 3 to 5 axes; got {describe(tensor)}")
    out, rest = divmod(tensor.shape[0], groups)
    if rest:
        raise ValueError(f"groups={groups} must divide the {tensor.shape[0]} output channels")
    values: Any = np.zeros(tensor.shape)
    channels = np.arange(min(out, tensor.shape[1]))
    middle = tuple(n // 2 for n in tensor.shape[2:])
    for group in range(groups):
        values[(group * out + channels, channels, *middle)] = 1
    return fill_(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill such that the rows (out, in * ...) are orthogonal and of length `gain`, or the columns if those are fewer.

    >>> w = orthogonal_(Tensor(np.zeros((2, 3))), generator=0).value
    >>> bool(np.allclose(w @ w.T, np.eye(2)))
    True

    Raises ValueError for fewer than two axes. Saxe, McClelland and Ganguli, 2013.
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_ fills a weight of two axes or more, got {describe(tensor)}")
    rows = tensor.shape[0]
    drawn = normal_(Tensor(np.zeros((rows, tensor.size // max(rows, 1)), tensor.dtype)), generator=generator).value
    q, r = np.linalg.qr(drawn if rows >= drawn.shape[1] else drawn.T)
    diagonal = np.diagonal(r)
    q = q * (diagonal / np.abs(diagonal))  # then every orthogonal matrix is as likely as any other
    return fill_(tensor, gain * (q if rows >= drawn.shape[1] else q.T).reshape(tensor.shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Randomness = None) -> Tensor:
    """Fill a matrix normally, and set a share of each column, drawn at random, to zero (Martens, 2010).

    Args:
        sparsity: the share of zeros, rounded up to whole elements.

    Raises ValueError for another number of axes, and for a share outside [0, 1].
    """
    if tensor.ndim != 2 or not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_ fills a matrix with a share in [0, 1] of zeros; got {describe(tensor)}, {sparsity}")
    generator = as_generator(generator)
    rows, columns = tensor.shape
    places = np.argsort(generator.uniform((rows, columns)), axis=0)[: math.ceil(sparsity * rows)]
    values = normal_(Tensor(np.zeros(tensor.shape, tensor.dtype)), 0.0, std, generator).value
    values[places, np.arange(columns)] = 0
    return fill_(tensor, values)


# -- as in the lectures ----------------------------------------------------------------------------------------


def fixed_normal_(tensor: Tensor, scale: float = 0.02, generator: Randomness = None) -> Tensor:
    """Fill with `0.02 randn`, whatever the layer's size: too small for deep networks."""
    return normal_(tensor, 0.0, scale, generator)


def width_normal_(tensor: Tensor, init_scale: float = 1.0, generator: Randomness = None) -> Tensor:
    """Fill with `init_scale / sqrt(width) randn`: the width is the fan in, how many inputs an output sums over."""
    return normal_(tensor, 0.0, init_scale / math.sqrt(fans(tensor)[0]), generator)


def fan_in_uniform_(tensor: Tensor, generator: Randomness = None) -> Tensor:
    """Fill uniformly within ± 1 / sqrt(fan in)."""
    bound = 1 / math.sqrt(fans(tensor)[0])
    return uniform_(tensor, -bound, bound, generator)


def default_(weight: Tensor, bias: Tensor | None, generator: Randomness = None) -> None:
    """Fill a layer's weight and bias uniformly within ± 1 / sqrt(fan in), PyTorch's default."""
    generator = as_generator(generator)
    bound = 1 / math.sqrt(fans(weight)[0])
    for tensor in (weight, bias):
        if tensor is not None:
            uniform_(tensor, -bound, bound, generator)
