"""Nonlinearities as modules."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .module import Module

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    """`max(x, 0)`, element by element.

    >>> ReLU()(2.0)
    2.0
    """

    def forward(self, x: Any) -> Any:
        return F.relu(x)


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


class LogSoftmax(Softmax):
    """Logarithm of softmax along one axis, exact also where softmax rounds to 0.

    >>> LogSoftmax()([0.0, -1000.0])
    array([    0., -1000.])
    """

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, self.dim)
