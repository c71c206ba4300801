"""How a module is compared with PyTorch's: the same arguments for both, PyTorch's initial weights loaded into ours.

The cases are in `modules/`, a subject a file; `test_modules.py` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

import nn

Draw = Callable[[np.random.Generator], Any]


def normal(*shape: int) -> Draw:
    """Normal numbers: an input that is differentiated by."""
    return lambda rng: rng.normal(size=shape)


def positive(*shape: int) -> Draw:
    return lambda rng: rng.uniform(0.1, 0.9, size=shape)


def distinct(*shape: int) -> Draw:
    """No two elements near each other, none near zero: maxima and kinks stay where they are."""
    return lambda rng: (rng.permutation(int(np.prod(shape))).reshape(shape) - np.prod(shape) / 2 + 0.25) * 0.1


def integers(high: int, *shape: int) -> Draw:
    """Class or word indices."""
    return lambda rng: rng.integers(high, size=shape)


def fixed(value: Any) -> Draw:
    return lambda rng: value


class Case(NamedTuple):
    """One module with its arguments, in both systems, and the inputs of its call."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    inputs: tuple[Draw, ...]
    call: dict[str, Any]  # keyword arguments of the call, arrays among them
    calls: int  # how often it is called in training mode before the comparison: running statistics
    modes: tuple[bool, ...]
    second_order: bool
    seed_dtype: str
    rtol: float
    ours: Callable[..., Any]
    theirs: Callable[..., Any]

    def __str__(self) -> str:
        given = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.options.items()]
        return f"{self.name}({', '.join(given)})".replace(" ", "")


CASES: list[Case] = []


def module(
    name: str, *args: Any, inputs: Any, call: dict[str, Any] | None = None, calls: int = 1,
    modes: tuple[bool, ...] = (True, False), second_order: bool = True, rtol: float = 1e-8,
    ours: Any = None, theirs: Any = None, **options: Any,
) -> None:  # fmt: skip
    """Add a case: `nn.name(*args, **options)`, called with each of `inputs` (a Draw, a tuple of them, or a list of
    such), in training and in evaluation mode. Floating inputs are differentiated by."""
    for given in inputs if isinstance(inputs, list) else [inputs]:
        draws = given if isinstance(given, tuple) else (given,)
        CASES.append(
            Case(name, args, options, draws, call or {}, calls, modes, second_order, "float64", rtol,
                 ours or getattr(nn, name), theirs or getattr(torch.nn, name))
        )  # fmt: skip
