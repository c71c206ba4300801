"""Restricted Boltzmann machines, and the deep belief network that is a stack of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype, no_grad
from autodiff.random import Generator, as_generator

from .. import functional as F
from .. import init
from ..container import ModuleList
from ..functional.arguments import cast
from ..module import Module, Parameter, check_sizes
from .sampling import noise

__all__ = ["DeepBeliefNetwork", "RBM"]


def coins(probabilities: Any, stream: Generator) -> Any:
    """Draw 1 with the given probabilities, 0 otherwise."""
    return anp.less(noise(probabilities, "random", stream), probabilities).astype(probabilities.dtype)


class RBM(Module):
    """Binary units v that are seen and h that are not, every v joined to every h and to nothing else.

    `p(v, h) ~ exp(-E(v, h))` with `E = -v . visible_bias - h . hidden_bias - h . weight v`. Given v all h are
    independent, and the other way round, so that one can be drawn from the other at once.

    Args:
        visible, hidden: the numbers of units.
        dtype, generator: of the initial values: weights normal with std 0.01, biases 0.

    Parameters: weight (hidden, visible), visible_bias (visible,), hidden_bias (hidden,).

    >>> rbm = RBM(6, 2, generator=0)
    >>> rbm(np.zeros((4, 6))).shape  # the probability that each hidden unit is 1
    (4, 2)

    Hinton: Training products of experts by minimizing contrastive divergence, 2002.
    """

    def __init__(self, visible: int, hidden: int, dtype: Any = None, generator: init.Randomness = None) -> None:
        check_sizes(visible=visible, hidden=hidden)
        dtype = dtype or default_dtype()
        self.weight = init.normal_(Parameter(np.empty((hidden, visible), dtype)), 0.0, 0.01, generator)
        self.visible_bias = Parameter(np.zeros(visible, dtype))
        self.hidden_bias = Parameter(np.zeros(hidden, dtype))

    def forward(self, v: Any) -> Any:
        return F.sigmoid(F.linear(cast(v, self.weight), self.weight, self.hidden_bias))  # (n, hidden)

    def visible(self, h: Any) -> Any:
        """The probability that each visible unit is 1: h (n, hidden) to (n, visible)."""
        return F.sigmoid(anp.matmul(cast(h, self.weight), self.weight) + self.visible_bias)

    def energy(self, v: Any, h: Any) -> Any:
        """`E(v, h)` of each row, (n,)."""
        v, h = cast(v, self.weight), cast(h, self.weight)
        return -(v @ self.visible_bias) - anp.sum(h * F.linear(v, self.weight, self.hidden_bias), -1)

    def free_energy(self, v: Any) -> Any:
        """`-log sum_h exp(-E(v, h))` of each row, (n,): what is left of the energy with the hidden units summed out."""
        v = cast(v, self.weight)
        inputs = F.linear(v, self.weight, self.hidden_bias)  # (n, hidden)
        return -anp.matmul(v, self.visible_bias) - anp.sum(F.softplus(inputs), -1)

    def gibbs(self, v: Any, steps: int = 1, generator: init.Randomness = None) -> Any:
        """Draw h from v and v from h, `steps` times; a constant, (n, visible)."""
        stream = as_generator(generator)
        with no_grad():
            for _ in range(steps):
                v = coins(self.visible(coins(self(v), stream)), stream)
        return v

    def contrastive_divergence(self, v: Any, steps: int = 1, generator: init.Randomness = None) -> Any:
        """The loss: mean free energy of the data v (n, visible) minus that of where Gibbs sampling takes it.

        Its gradient is the learning rule, `<h v> of the data - <h v> after the steps`. Its value may be negative; watch
        `reconstruction_error` or the free energy of held-out data.
        """
        check_sizes(steps=steps)
        return anp.mean(self.free_energy(v)) - anp.mean(self.free_energy(self.gibbs(v, steps, generator)))

    def reconstruction_error(self, v: Any) -> Any:
        """Mean squared difference of v and its reconstruction from the hidden probabilities."""
        return F.mse_loss(self.visible(self(v)), cast(v, self.weight))


class DeepBeliefNetwork(Module):
    """RBMs on top of one another: the hidden units of each are the visible ones of the next.

    They are trained one after the other from below, each on what the trained ones below make of the data.

    Args:
        sizes: units of the layers from the data upwards.
        dtype, generator: of the initial values.

    >>> deep = DeepBeliefNetwork([6, 4, 2], generator=0)
    >>> deep(np.zeros((3, 6))).shape
    (3, 2)

    Hinton, Osindero, Teh: A fast learning algorithm for deep belief nets, 2006.
    """

    def __init__(self, sizes: Sequence[int], dtype: Any = None, generator: init.Randomness = None) -> None:
        if len(sizes) < 2:
            raise ValueError(f"sizes are those of the data and of one or more layers above it, got {list(sizes)}")
        stream = as_generator(generator)
        self.layers = ModuleList([RBM(below, above, dtype, stream) for below, above in pairwise(sizes)])

    def forward(self, v: Any, layers: int | None = None) -> Any:
        """The probabilities of the topmost units, or of those after so many layers."""
        for rbm in self.layers[: len(self.layers) if layers is None else layers]:
            v = rbm(v)
        return v

    def contrastive_divergence(self, layer: int, v: Any, steps: int = 1, generator: init.Randomness = None) -> Any:
        """The loss of one layer on data v (n, sizes[0]); those below it are not trained."""
        with no_grad():
            below = self(v, layer)
        return self.layers[layer].contrastive_divergence(below, steps, generator)

    def sample(self, n: int, steps: int = 100, generator: init.Randomness = None) -> Any:
        """Draw n rows of data: Gibbs sampling in the topmost RBM, then down; probabilities (n, sizes[0])."""
        stream = as_generator(generator)
        *below, top = self.layers
        with no_grad():
            half = anp.full((n, top.weight.shape[1]), 0.5, top.weight.dtype)
            h = top.gibbs(coins(half, stream), steps, stream)
            for rbm in below[::-1]:
                h = rbm.visible(h)
        return h
