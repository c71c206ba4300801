"""Nonlinearities as modules."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.numpy.arguments import array_of
from autodiff.random import as_generator

from . import functional as F
from . import init
from .functional.arguments import cast
from .module import Module, Parameter, check_sizes

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "LeakyReLU", "LogSigmoid", "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU",
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
    """`e^(x_i) / sum_j e^(x_j)` along an axis, of one or two the last by default.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """Softmax of `-x` along an axis: the smallest get the most.

    >>> Softmin()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def forward(self, x: Any) -> Any:
        return F.softmin(x, self.dim)


class LogSoftmax(Softmax):
    """Logarithm of softmax along an axis, exact also where softmax rounds to 0.

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
