"""Nonlinearities as modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.numpy import argmax, concatenate, exp, expand_dims, max, mean, negative, square, sum
from autodiff.numpy.arguments import array_of, plain
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from . import functional as F
from . import init
from .container import ModuleList, Sequential
from .functional.arguments import cast
from .linear import Linear
from .module import Module, Parameter, check_sizes

__all__ = [
    "AdaptiveLogSoftmaxWithLoss", "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "LeakyReLU", "LogSigmoid", "LogSoftmax", "Maxout", "Mish", "PReLU", "RBF", "RReLU", "ReLU", "ReLU6", "SELU",
    "SiLU", "Sigmoid", "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "Step", "Tanh",
    "Tanhshrink", "Threshold",
]  # fmt: skip


class _Inplace(Module):
    """A nonlinearity that may write its result into its input as well, as PyTorch does; it saves no memory here."""

    inplace = False

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" * self.inplace

    def _text(self, **shown: Any) -> str:
        """The arguments as PyTorch prints them."""
        return ", ".join([f"{k}={v}" for k, v in shown.items()] + ["inplace=True"] * self.inplace)


class ReLU(_Inplace):
    """`max(x, 0)`, element by element.

    >>> ReLU()(2.0)
    2.0
    """

    def forward(self, x: Any) -> Any:
        return F.relu(x, self.inplace)


class ReLU6(_Inplace):
    """`min(max(x, 0), 6)`, element by element.

    >>> float(ReLU6()(7.0))
    6.0
    """

    def forward(self, x: Any) -> Any:
        return F.relu6(x, self.inplace)


class LeakyReLU(_Inplace):
    """x, and `negative_slope x` for negative x (Maas et al., 2013).

    >>> float(LeakyReLU()(-2.0))
    -0.02
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope, self.inplace = negative_slope, inplace

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return self._text(negative_slope=self.negative_slope)


class PReLU(Module):
    """x, and `weight x` for negative x, with a learned slope for all channels or one for each (He et al., 2015).

    Args:
        num_parameters: 1, or the number of channels of x (n, c, ...).
        init: the slope at first.
        dtype: of the slopes, `default_dtype()` unless given; floating input is cast to it.

    Parameters: weight (num_parameters,).

    >>> PReLU()([-2.0, 2.0]).tolist()
    [-0.5, 2.0]

    Raises ValueError for another number of channels.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = None) -> None:
        check_sizes(num_parameters=num_parameters)
        self.weight = Parameter(np.full(num_parameters, init, dtype or default_dtype()))

    def forward(self, x: Any) -> Any:
        return F.prelu(cast(x, self.weight), self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.weight.size}"


class RReLU(_Inplace):
    """x, and for negative x `a x`: a drawn uniformly from [lower, upper) in training, else their mean.

    >>> float(RReLU(0.0, 0.5).eval()(-1.0))
    -0.25

    Raises ValueError where lower is above upper. Xu et al., 2015.
    """

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, generator: init.Randomness = None
    ) -> None:
        self.lower, self.upper, self.inplace = lower, upper, inplace
        self.generator = None if generator is None else as_generator(generator)

    def forward(self, x: Any) -> Any:
        return F.rrelu(x, self.lower, self.upper, self.training, self.inplace, self.generator)

    def extra_repr(self) -> str:
        return self._text(lower=self.lower, upper=self.upper)


class ELU(_Inplace):
    """x, and `alpha (e^x - 1)` for negative x (Clevert et al., 2015).

    >>> float(ELU()(-1000.0))
    -1.0
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha, self.inplace = alpha, inplace

    def forward(self, x: Any) -> Any:
        return F.elu(x, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return self._text(alpha=self.alpha)


class SELU(_Inplace):
    """`1.0507 elu(x, 1.6733)`, which keeps mean 0 and variance 1 from layer to layer (Klambauer et al., 2017).

    >>> float(SELU()(1.0))
    1.0507009873554805
    """

    def forward(self, x: Any) -> Any:
        return F.selu(x, self.inplace)


class CELU(_Inplace):
    """x, and `alpha (e^(x / alpha) - 1)` for negative x: an ELU with a continuous slope (Barron, 2017).

    >>> float(CELU(2.0)(-1000.0))
    -2.0
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha, self.inplace = alpha, inplace

    def forward(self, x: Any) -> Any:
        return F.celu(x, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return self._text(alpha=self.alpha)


class GELU(Module):
    """`x P(x)` with the distribution function P of the standard normal (Hendrycks and Gimpel, 2016).

    Args:
        approximate: "none", or "tanh" for `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`.

    >>> float(GELU()(1.0))
    0.8413447460685429
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_Inplace):
    """`x sigmoid(x)`, called swish too (Elfwing et al., 2017).

    >>> float(SiLU()(0.0))
    0.0
    """

    def forward(self, x: Any) -> Any:
        return F.silu(x, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" * self.inplace


class Mish(_Inplace):
    """`x tanh(softplus(x))` (Misra, 2019).

    >>> float(Mish()(0.0))
    0.0
    """

    def forward(self, x: Any) -> Any:
        return F.mish(x, self.inplace)


class Softplus(Module):
    """`log(1 + e^(beta x)) / beta`, a smooth ReLU, and x itself where `beta x > threshold`.

    >>> float(Softplus()(0.0))  # log 2
    0.693147180559...
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta, self.threshold = beta, threshold

    def forward(self, x: Any) -> Any:
        return F.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Tanh(Module):
    """`(e^x - e^-x) / (e^x + e^-x)`, element by element.

    >>> float(Tanh()(0.0))
    0.0
    """

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class Sigmoid(Module):
    """`1 / (1 + e^-x)`, element by element.

    >>> float(Sigmoid()(0.0))
    0.5
    """

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x)


class LogSigmoid(Module):
    """`log(1 / (1 + e^-x))`, without overflow.

    >>> float(LogSigmoid()(-1000.0))
    -1000.0
    """

    def forward(self, x: Any) -> Any:
        return F.logsigmoid(x)


class Softsign(Module):
    """`x / (1 + |x|)`, element by element.

    >>> float(Softsign()(1.0))
    0.5
    """

    def forward(self, x: Any) -> Any:
        return F.softsign(x)


class Hardtanh(_Inplace):
    """The input between bounds, and the nearer bound outside; at the bounds the derivative is 0.

    >>> float(Hardtanh()(3.0))
    1.0

    Raises ValueError unless min_val is below max_val.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val={min_val} is not below max_val={max_val}")
        self.min_val, self.max_val, self.inplace = min_val, max_val, inplace

    def forward(self, x: Any) -> Any:
        return F.hardtanh(x, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return self._text(min_val=self.min_val, max_val=self.max_val)


class Hardsigmoid(_Inplace):
    """`min(max(x + 3, 0), 6) / 6`, a sigmoid of three straight pieces.

    >>> float(Hardsigmoid()(0.0))
    0.5
    """

    def forward(self, x: Any) -> Any:
        return F.hardsigmoid(x, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(Hardsigmoid):
    """`x hardsigmoid(x)` (Howard et al., 2019).

    >>> float(Hardswish()(3.0))
    3.0
    """

    def forward(self, x: Any) -> Any:
        return F.hardswish(x, self.inplace)


class Hardshrink(Module):
    """x, and 0 where `|x| <= lambd`.

    >>> float(Hardshrink()(0.5))
    0.0
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Any) -> Any:
        return F.hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """The input brought nearer to 0 by lambd, and 0 where `|x| <= lambd`.

    >>> float(Softshrink()(2.0))
    1.5
    """

    def forward(self, x: Any) -> Any:
        return F.softshrink(x, self.lambd)


class Tanhshrink(Module):
    """`x - tanh(x)`, element by element.

    >>> float(Tanhshrink()(0.0))
    0.0
    """

    def forward(self, x: Any) -> Any:
        return F.tanhshrink(x)


class Threshold(_Inplace):
    """The input where it is above a threshold, elsewhere a value.

    >>> float(Threshold(1.0, 7.0)(0.5))
    7.0
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold, self.value, self.inplace = threshold, value, inplace

    def forward(self, x: Any) -> Any:
        return F.threshold(x, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return self._text(threshold=self.threshold, value=self.value)


class Step(Module):
    """The unit step of the first neurons: 1 where `x >= 0`, else 0. A constant: it has no gradient to learn by.

    >>> Step()([-0.5, 0.0, 2.0])
    array([0., 1., 1.])
    """

    def forward(self, x: Any) -> Any:
        return F.step(x)


class GLU(Module):
    """`a sigmoid(b)` of the two halves a and b of x along an axis (Dauphin et al., 2016).

    >>> GLU()([2.0, 0.0])
    array([1.])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.glu(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(Module):
    """`e^(x_i) / sum_j e^(x_j)` along one axis, the last by default.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """Softmax of `-x` along one axis: the smallest get the most.

    >>> Softmin()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def forward(self, x: Any) -> Any:
        return F.softmin(x, self.dim)


class LogSoftmax(Softmax):
    """Logarithm of softmax along one axis, exact also where softmax rounds to 0.

    >>> LogSoftmax()([0.0, -1000.0])
    array([    0., -1000.])
    """

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, self.dim)


class Softmax2d(Module):
    """Softmax over the channels at each place of images (n, c, h, w) or of one image (c, h, w).

    >>> Softmax2d()(np.zeros((2, 1, 1))).ravel()
    array([0.5, 0.5])

    Raises ValueError for another number of axes.
    """

    def forward(self, x: Any) -> Any:
        x = array_of(x)
        if x.ndim not in (3, 4):
            raise ValueError(f"Softmax2d takes x (n, c, h, w) or (c, h, w), got {describe(x)}")
        return F.softmax(x, -3)


class Maxout(Module):
    """The largest of several linear functions: `max_k (x w_k^T + b_k)`, x (..., in_features).

    Args:
        pieces: k, of how many straight pieces an output is made.
        bias: whether each has one.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values, uniform within ± 1 / sqrt(in_features).

    Parameters: weight (out_features * pieces, in_features), bias (out_features * pieces,) or None.

    >>> Maxout(3, 2, pieces=4, generator=0)(np.ones((5, 3))).shape
    (5, 2)

    Equal pieces share the gradient. Goodfellow et al., 2013.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        bias: bool = True,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features, pieces=pieces)
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        dtype = dtype or default_dtype()
        self.weight = Parameter(np.empty((out_features * pieces, in_features), dtype))
        self.bias = Parameter(np.empty(out_features * pieces, dtype)) if bias else None
        init.default_(self.weight, self.bias, generator)

    def forward(self, x: Any) -> Any:
        all_pieces = F.linear(cast(x, self.weight), self.weight, self.bias)  # (..., out * pieces)
        return max(all_pieces.reshape((*all_pieces.shape[:-1], self.out_features, self.pieces)), -1)

    def extra_repr(self) -> str:
        text = f"in_features={self.in_features}, out_features={self.out_features}, pieces={self.pieces}"
        return f"{text}, bias={self.bias is not None}"


class RBF(Module):
    """A layer of radial basis functions, `exp(-|x - c|^2 / (2 s^2))`: x (..., in_features).

    Each output is 1 where x is at its centre c, and falls off with the width s.

    Args:
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the centres from the normal distribution; the widths begin at 1.

    Parameters: centers (out_features, in_features), widths (out_features,).

    >>> RBF(3, 2, generator=0)(np.ones((5, 3))).shape
    (5, 2)

    Broomhead and Lowe, 1988.
    """

    def __init__(
        self, in_features: int, out_features: int, dtype: Any = None, generator: init.Randomness = None
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features)
        dtype = dtype or default_dtype()
        self.centers = init.normal_(Parameter(np.empty((out_features, in_features), dtype)), generator=generator)
        self.widths = Parameter(np.ones(out_features, dtype))

    def forward(self, x: Any) -> Any:
        x = cast(x, self.centers)
        in_features = self.centers.shape[1]
        if x.ndim == 0 or x.shape[-1] != in_features:
            raise ValueError(f"RBF takes x (..., {in_features}), got {describe(x)}")
        squares = sum(square(expand_dims(x, -2) - self.centers), -1)  # (..., out)
        return exp(negative(squares) / (2 * square(self.widths)))

    def extra_repr(self) -> str:
        out_features, in_features = self.centers.shape
        return f"in_features={in_features}, out_features={out_features}"


class ASMoutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` gives: each row's log-probability of its target, and minus their mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over very many classes, frequent ones first: the rare ones are in clusters that are seldom looked into.

    The head knows the classes below the first cutoff and the clusters; cluster i, of the classes from cutoff i to the
    next, has a tail `in_features -> in_features / div_value^(i+1) -> classes`. The log-probability of a class in a
    cluster is the cluster's plus its own within it.

    Args:
        cutoffs: where the clusters begin, increasing, between 1 and n_classes - 1.
        div_value: how much narrower each tail is than the one before.
        head_bias: whether the head has a bias.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values.

    Called with x (n, in_features) and class indices (n,), or one of each, it gives (output, loss).

    >>> model = AdaptiveLogSoftmaxWithLoss(16, 10, [2, 5], generator=0)
    >>> model(np.zeros((4, 16)), np.array([0, 3, 9, 1])).output.shape
    (4,)

    Raises ValueError for cutoffs that are not increasing and for other shapes, TypeError for targets that are no
    integers, IndexError for a class that there is not. Grave et al., 2016.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        bounds = [*cutoffs, n_classes]
        if len(bounds) < 2 or any(int(n) != n for n in bounds) or not all(np.diff([0, *bounds]) > 0):
            raise ValueError(
                f"cutoffs are increasing integers between 1 and n_classes - 1 = {n_classes - 1}, got {list(cutoffs)}"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, bounds
        self.div_value, self.head_bias = div_value, head_bias
        stream = as_generator(generator)
        self.head = Linear(in_features, bounds[0] + len(cutoffs), head_bias, dtype, stream)
        self.tail = ModuleList()
        for i in range(len(cutoffs)):
            hidden = int(in_features // div_value ** (i + 1))
            if not hidden:
                raise ValueError(f"the tail of cluster {i} has no units: in_features // div_value^{i + 1} is 0")
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, False, dtype, stream),
                    Linear(hidden, bounds[i + 1] - bounds[i], False, dtype, stream),
                )
            )

    def forward(self, x: Any, target: Any) -> ASMoutput:
        x, classes = cast(x, self.head.weight), np.asarray(plain(target))
        if classes.dtype.kind not in "iu":
            raise TypeError(f"targets are class indices, integers; got {describe(classes)}")
        if classes.ndim > 1 or x.shape != (*classes.shape, self.in_features):
            raise ValueError(
                f"AdaptiveLogSoftmaxWithLoss takes x (n, {self.in_features}) and targets (n,), or x "
                f"({self.in_features},) and one target; got {describe(x)} and {describe(classes)}"
            )
        if classes.size and not 0 <= classes.min() <= classes.max() < self.n_classes:
            raise IndexError(f"targets lie in 0 .. {self.n_classes - 1}, got {classes.min()} .. {classes.max()}")
        if classes.ndim == 0:
            output, loss = self.forward(expand_dims(x, 0), classes[None])
            return ASMoutput(output[0], loss)
        if not len(classes):
            raise ValueError("the mean loss of no rows is undefined; the batch is empty")
        first = self.cutoffs[0]
        cluster = np.searchsorted(self.cutoffs, classes, "right") - 1  # -1: in the head itself
        head = F.log_softmax(self.head(x), 1)
        output = head[np.arange(len(classes)), np.where(cluster < 0, classes, first + cluster)]
        rows = [np.flatnonzero(cluster == i) for i in range(-1, len(self.tail))]
        parts = [np.zeros(len(rows[0]), head.dtype)]
        for i, mine in enumerate(rows[1:]):
            inside = F.log_softmax(self.tail[i](x[mine]), 1)
            parts.append(inside[np.arange(len(mine)), classes[mine] - self.cutoffs[i]])
        output = output + concatenate(parts)[np.argsort(np.concatenate(rows))]
        return ASMoutput(output, -mean(output))

    def log_prob(self, x: Any) -> Any:
        """The log-probabilities of all classes: x (n, in_features), result (n, n_classes)."""
        x = cast(x, self.head.weight)
        head = F.log_softmax(self.head(x), 1)
        first = self.cutoffs[0]
        parts = [head[:, :first]]
        for i, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(x), 1) + head[:, first + i : first + i + 1])
        return concatenate(parts, 1)

    def predict(self, x: Any) -> Any:
        """The most probable class of each row: x (n, in_features), result (n,)."""
        return argmax(self.log_prob(x), 1)
