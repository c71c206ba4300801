"""Small parameters of a group, updated as one array: what a step costs does not grow with their number so fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from operator import is_
from typing import Any

import numpy as np

from autodiff.tensor import Tensor

SMALL = 4096  # elements, up to which copying a parameter costs less than calling NumPy once more


class Pack:
    """Parameters of one dtype side by side, and their states, which are views of the pack's own.

    A step copies values and gradients together, updates them by one call of the rule, and copies the values back.
    """

    def __init__(self, params: Sequence[Tensor], states: Sequence[dict[str, Any]]) -> None:
        self.params, self.states = list(params), list(states)
        self.shapes = [p.shape for p in params]
        ends = list(accumulate((p.size for p in params), initial=0))
        self.places = [slice(a, b) for a, b in pairwise(ends)]
        self.w, self.g = np.empty(ends[-1], params[0].dtype), np.empty(ends[-1], params[0].dtype)
        self.values = self._parts(self.w)
        self.state: dict[str, Any] = {}
        for name, value in states[0].items():
            several = [state[name] for state in states]
            together = isinstance(value, np.ndarray | np.generic)
            self.state[name] = np.concatenate([v.ravel() for v in several]) if together else value
        self._share()

    @staticmethod
    def fits(params: Sequence[Tensor], states: Sequence[dict[str, Any]]) -> bool:
        """Whether the states are alike: the same names, equal numbers, arrays of the parameters' shapes."""
        first = states[0]
        for p, state in zip(params, states, strict=True):
            if state.keys() != first.keys():
                return False
            for name, value in state.items():
                if isinstance(value, np.ndarray | np.generic):
                    if value.shape != p.shape or value.dtype != p.dtype:
                        return False
                elif type(value) is not type(first[name]) or value != first[name]:
                    return False
        return True

    def holds(self, params: Sequence[Tensor], states: Sequence[dict[str, Any] | None]) -> bool:
        """Whether these are its parameters, and the states are as it has left them."""
        if len(params) != len(self.params) or not all(map(is_, params, self.params)):
            return False
        if not all(map(is_, states, self.states)):
            return False
        now = [value for state in self.states for value in state.values()] if self.left or any(self.states) else []
        return len(now) == len(self.left) and all(map(is_, now, self.left))

    def gradients(self, params: Sequence[Tensor], state: dict[Tensor, dict[str, Any]]) -> list[Any] | None:
        """The gradients of these parameters, if the pack is of just these and nothing about them is out of the way."""
        if len(params) != len(self.params):
            return None
        dtype, found, states = self.w.dtype, [], []
        for p, mine, shape in zip(params, self.params, self.shapes, strict=True):
            extra = p.extra
            if p is not mine or extra is None or extra.grad is None or extra.rows:
                return None
            w, g = p.value, extra.grad.value
            if w.shape != shape or g.shape != shape or w.dtype is not dtype or g.dtype is not dtype:
                return None
            found.append(g)
            states.append(state.get(p))
        return found if self.holds(params, states) else None

    def step(self, gradients: Sequence[Any], update: Callable[..., Any]) -> None:
        """Give `update(w, g, state)` everything at once, and everyone their part of the result."""
        np.concatenate(gradients, axis=None, out=self.g)
        np.concatenate([p.value for p in self.params], axis=None, out=self.w)
        before = self.state.copy()
        update(self.w, self.g, self.state)
        for p, part in zip(self.params, self.values, strict=True):
            value = p.value
            if type(value) is np.ndarray:
                value[...] = part
            else:
                p.value = part[()]
        if before or self.state:
            self._share(before)

    def _share(self, before: dict[str, Any] | None = None) -> None:
        """Write into each parameter's state what is new in the pack's: views of arrays, and numbers."""
        for name, value in self.state.items():
            if before is not None and name in before and before[name] is value:
                continue
            parts = self._parts(value) if type(value) is np.ndarray else [value] * len(self.states)
            for state, part in zip(self.states, parts, strict=True):
                state[name] = part
        for name in () if before is None else before.keys() - self.state.keys():
            for state in self.states:
                del state[name]
        self.left = [value for state in self.states for value in state.values()]

    def _parts(self, flat: Any) -> list[Any]:
        return [flat[place].reshape(shape) for place, shape in zip(self.places, self.shapes, strict=True)]
