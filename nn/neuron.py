"""Neurons, layers of them and the multi-layer perceptron, as arrays.

`nn.scalar` has the same three, written number by number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.numpy import matmul
from autodiff.random import Generator, as_generator

from . import functional as F
from .functional.arguments import cast
from .init import Randomness, fill_
from .module import Module, Parameter, check_sizes

__all__ = ["Layer", "MLP", "Neuron"]

Activation = str | Callable[[Any], Any]
Weights = list[tuple[Any, Any]]


def linear(x: Any) -> Any:
    """Return the input: no activation, and no node."""
    return x


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": linear,
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
}
"""The names that `activation=` takes; any function of a Tensor does as well."""


def activation_of(activation: Activation) -> Callable[[Any], Any]:
    """Return the function of that name, or the function itself.

    >>> float(activation_of("tanh")(0.0))
    0.0

    Raises ValueError for an unknown name.
    """
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is one of {', '.join(ACTIVATIONS)}, or a function; got {activation!r}")
    return ACTIVATIONS[activation]


def draw_neuron(nin: int, generator: Generator) -> Any:
    """Draw a neuron's nin weights and its bias, uniform within ± 1 / sqrt(nin): (nin + 1,)."""
    bound = 1 / math.sqrt(nin)
    return generator.uniform(nin + 1, -bound, bound)


class Neuron(Module):
    """One neuron, `activation(x . weight + bias)`: x (..., nin), result (...).

    Args:
        activation: "tanh", "relu", "sigmoid", "linear", or a function.
        dtype: of the parameters, `default_dtype()` unless given.
        generator: draws the initial values, uniform within ± 1 / sqrt(nin).

    Parameters: weight (nin,), bias ().

    >>> Neuron(3, generator=0)(np.ones((4, 3))).shape
    (4,)
    """

    def __init__(
        self,
        nin: int,
        activation: Activation = "tanh",
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(nin=nin)
        values = draw_neuron(nin, as_generator(generator)).astype(dtype or default_dtype())
        self.weight, self.bias = Parameter(values[:-1]), Parameter(values[-1])
        self.activation = activation_of(activation)

    def forward(self, x: Any) -> Any:
        return self.activation(matmul(cast(x, self.weight), self.weight) + self.bias)

    def extra_repr(self) -> str:
        return f"{self.weight.size}, {name_of(self.activation)}"


class Layer(Module):
    """Neurons side by side, `activation(x weight^T + bias)`: x (..., nin), result (..., nout).

    Parameters: weight (nout, nin), bias (nout,). Row i holds neuron i, drawn as `Neuron` does.

    >>> Layer(3, 2, generator=0)(np.ones((4, 3))).shape
    (4, 2)
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: Activation = "tanh",
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(nin=nin, nout=nout)
        stream = as_generator(generator)
        values = np.stack([draw_neuron(nin, stream) for _ in range(nout)])
        values = values.astype(dtype or default_dtype())
        self.weight, self.bias = Parameter(values[:, :-1].copy()), Parameter(values[:, -1])
        self.activation = activation_of(activation)

    def forward(self, x: Any) -> Any:
        x = cast(x, self.weight)  # (..., nin)
        return self.activation(F.linear(x, self.weight, self.bias))  # (..., nout)

    def weights(self) -> tuple[Any, Any]:
        """Return copies of the weights (nout, nin) and the biases (nout,)."""
        return self.weight.value.copy(), self.bias.value.copy()

    def set_weights(self, weight: Any, bias: Any) -> None:
        """Write weights (nout, nin) and biases (nout,) in place."""
        fill_(self.weight, weight)
        fill_(self.bias, bias)

    def extra_repr(self) -> str:
        nout, nin = self.weight.shape
        return f"{nin}, {nout}, {name_of(self.activation)}"


class MLP(Module):
    """A multi-layer perceptron, layers one after the other: x (..., nin), result (..., nouts[-1]).

    Args:
        nin: number of inputs.
        nouts: number of neurons of each layer.
        activation: of all layers but the last: "tanh", "relu", "sigmoid", "linear", or a function.
        last: that of the last layer.
        dtype: of the parameters, `default_dtype()` unless given; floating input is cast to it.
        generator: draws the initial values; `nn.scalar.MLP` draws the same ones from the same seed.

    >>> model = MLP(2, [16, 16, 1], generator=0)
    >>> model(np.zeros((100, 2))).shape, model.num_parameters()
    ((100, 1), 337)
    """

    Layer: Callable[..., Any] = Layer

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "tanh",
        last: Activation = "linear",
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        if isinstance(nouts, int) or not len(nouts):
            raise ValueError(f"nouts lists the neurons of each layer, such as [16, 16, 1]; got {nouts!r}")
        stream, sizes = as_generator(generator), [nin, *nouts]
        acts = [activation] * (len(nouts) - 1) + [last]
        self.layers = [
            type(self).Layer(*size, act, dtype, stream) for *size, act in zip(sizes, nouts, acts, strict=False)
        ]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def weights(self) -> Weights:
        """Return each layer's weights (nout, nin) and biases (nout,), for `set_weights`."""
        return [layer.weights() for layer in self.layers]

    def set_weights(self, weights: Iterable[tuple[Any, Any]]) -> None:
        """Write what `weights()` of a network of the same shape gave, in either form.

        Raises ValueError for other shapes; then nothing has been changed.
        """
        weights = [(np.asarray(w), np.asarray(b)) for w, b in weights]
        given = [(w.shape, b.shape) for w, b in weights]
        own = [(w.shape, b.shape) for w, b in self.weights()]
        if given != own:
            raise ValueError(f"this network has weights and biases {own}, got {given}")
        for layer, (w, b) in zip(self.layers, weights, strict=True):
            layer.set_weights(w, b)


def name_of(function: Callable[[Any], Any]) -> str:
    """What the printed tree calls an activation."""
    return getattr(function, "__name__", type(function).__name__)
