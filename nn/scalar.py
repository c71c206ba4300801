"""The same neurons, layers and perceptrons, written number by number for study.

Every weight is a Tensor of its own and every product a node of the graph, so that a picture of a
forward pass shows the network's very wires. `nn.MLP` computes the same numbers, many at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.numpy.arguments import bare
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from . import neuron
from .init import Randomness, fill_
from .module import Module, Parameter, check_sizes
from .neuron import Activation, activation_of, draw_neuron


class Neuron(Module):
    """One neuron, `activation(b + w1 x1 + w2 x2 + ...)` of a list of numbers.

    Args:
        activation: "tanh", "relu", "sigmoid", "linear", or a function.
        dtype: of the parameters; float64, Python's own, unless given.
        generator: draws the initial values, uniform within ± 1 / sqrt(nin).

    >>> n = Neuron(2, "linear", generator=0)
    >>> n.set_weights([1.0, 2.0], 3.0)
    >>> n([10.0, 100.0]).item()
    213.0

    Raises ValueError for another number of inputs.
    """

    def __init__(
        self,
        nin: int,
        activation: Activation = "tanh",
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(nin=nin)
        *w, b = draw_neuron(nin, as_generator(generator)).astype(dtype or np.float64)
        self.w = [Parameter(value) for value in w]
        self.b = Parameter(b)
        self.activation = activation_of(activation)

    def forward(self, x: Sequence[Any]) -> Tensor:
        if len(x) != len(self.w):
            raise ValueError(f"a neuron of {len(self.w)} inputs was given {len(x)} numbers")
        act: Any = self.b
        for w, xi in zip(self.w, x, strict=True):
            act = act + w * xi
        out: Tensor = self.activation(act)
        return out

    def set_weights(self, w: Sequence[float], b: float) -> None:
        """Write the weights and the bias."""
        for parameter, value in zip([*self.w, self.b], [*w, b], strict=True):
            fill_(parameter, value)

    def extra_repr(self) -> str:
        return f"{len(self.w)}, {neuron.name_of(self.activation)}"


class Layer(Module):
    """Neurons side by side: each sees the same list of numbers and gives one.

    >>> [y.item() for y in Layer(2, 3, "relu", generator=0)([0.0, 0.0])] >= [0.0, 0.0, 0.0]
    True
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
        self.neurons = [Neuron(nin, activation, dtype, stream) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> list[Tensor]:
        return [n(x) for n in self.neurons]

    def weights(self) -> tuple[Any, Any]:
        """Return the weights (nout, nin) and the biases (nout,) as arrays."""
        w = [[w.value for w in n.w] for n in self.neurons]
        return np.array(w), np.array([n.b.value for n in self.neurons])

    def set_weights(self, weight: Any, bias: Any) -> None:
        """Write weights (nout, nin) and biases (nout,)."""
        for n, w, b in zip(self.neurons, weight, bias, strict=True):
            n.set_weights(w, b)


class MLP(neuron.MLP):
    """A multi-layer perceptron on lists of numbers: gives nouts[-1] Tensors, or the only one.

    Arguments and initial values are those of `nn.MLP`; the dtype is float64 unless given.

    >>> import nn
    >>> model = MLP(2, [4, 1], generator=0)
    >>> same = nn.MLP(2, [4, 1], generator=0, dtype=np.float64)
    >>> bool(np.isclose(model([1.0, 2.0]).item(), same([1.0, 2.0]).item(), rtol=1e-12))
    True
    """

    Layer = Layer

    def forward(self, x: Sequence[Any]) -> Any:
        out = super().forward(_numbers(x, self.layers[0].neurons[0].b.dtype))
        return out[0] if len(out) == 1 else out


def _numbers(x: Any, dtype: np.dtype[Any]) -> list[Any]:
    """The inputs one by one: Tensors as they are, other numbers in the parameters' dtype."""
    values = [bare(xi) for xi in x] if isinstance(x, list | tuple) else bare(x)
    if np.ndim(values) != 1:
        raise ValueError(f"nn.scalar takes one example, a list of numbers; got shape {np.shape(values)}")
    return [xi if type(xi) is Tensor else dtype.type(xi) for xi in x]
