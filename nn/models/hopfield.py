"""The Hopfield network: memories as valleys of an energy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype, no_grad
from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from ..init import Randomness
from ..module import Module, check_sizes

__all__ = ["Hopfield"]


class Hopfield(Module):
    """n units of value -1 or 1, all joined to one another; stored patterns are states that the network falls into.

    Hebb's rule stores patterns p without any gradient: units that are equal in them are joined by a positive weight,
    `weight = 1/n sum_p (p p^T - 1)`. A unit is then set to the sign of what it receives, `sign(weight s)`, in turn,
    and `energy = -1/2 s . weight s` falls until nothing changes. About 0.14 n random patterns can be kept.

    Args:
        units: their number n.
        dtype: of the weights.

    Buffers: weight (n, n), symmetric, with a zero diagonal.

    >>> memory = Hopfield(4)
    >>> memory.store([[1, 1, -1, -1]])
    >>> memory([[1, 1, 1, -1]])
    Tensor([[ 1.,  1., -1., -1.]], dtype=float32)

    Raises ValueError for patterns of other values than -1 and 1. Hopfield: Neural networks and physical systems with
    emergent collective computational abilities, 1982; Hebb: The organization of behavior, 1949.
    """

    def __init__(self, units: int, dtype: Any = None) -> None:
        check_sizes(units=units)
        self.weight = Tensor(np.zeros((units, units), dtype or default_dtype()))

    def store(self, patterns: Any) -> None:
        """Add patterns (k, n) to what is remembered."""
        p = self._states(patterns)  # (k, n)
        units = len(self.weight)
        with no_grad():
            self.weight[...] = self.weight + (p.T @ p - len(p) * np.eye(units, dtype=p.dtype)) / units

    def energy(self, states: Any) -> Any:
        """`-1/2 s . weight s` of each row, (k,)."""
        s = self._states(states)
        return -anp.sum(s * (s @ self.weight), -1) / 2

    def forward(self, states: Any, sweeps: int = 10, generator: Randomness = None) -> Any:
        """Recall: states (k, n) fall to a valley each, all units in turn, in a random order if a generator is given.

        At most so many sweeps over all units. Units that receive exactly 0 stay as they are.
        """
        s = Tensor(np.array(self._states(states).value))
        stream = None if generator is None else as_generator(generator)
        units = len(self.weight)
        with no_grad():
            for _ in range(sweeps):
                before = anp.array(s)
                for i in range(units) if stream is None else stream.permutation(units):
                    received = s @ self.weight[i]  # (k,)
                    s[:, i] = anp.where(received == 0, s[:, i], anp.sign(received))
                if anp.all(s == before):
                    break
        return s

    def _states(self, states: Any) -> Tensor:
        s = Tensor(np.asarray(states.value if type(states) is Tensor else states, self.weight.dtype))
        if s.ndim != 2 or s.shape[1] != len(self.weight) or not bool(anp.all(anp.abs(s) == 1)):
            raise ValueError(f"states are rows of {len(self.weight)} values, -1 or 1; got {describe(s)}")
        return s

    def extra_repr(self) -> str:
        return f"units={len(self.weight)}"
