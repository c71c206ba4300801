"""How one op or public function is tried: how it is called, what NumPy says, and on which arguments.

The rows are in `tests/rows/`, a subject a file; `test_op_table.py` runs every row, and a missing row fails. A
case is a list of arguments, each a function of a random generator that draws it. Ties and kinks are avoided by
drawing distinct numbers far enough apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from autodiff.op import OPS

Draw = Callable[[np.random.Generator], Any]


# -- arguments ------------------------------------------------------------------------------------------


def real(*shape: int) -> Draw:
    """Normal numbers."""
    return lambda rng: np.asarray(rng.standard_normal(shape))[()]


def positive(*shape: int) -> Draw:
    """Numbers in [0.5, 2)."""
    return lambda rng: np.asarray(rng.uniform(0.5, 2.0, shape))[()]


def negative(*shape: int) -> Draw:
    """Numbers in (-2, -0.5]."""
    return lambda rng: np.asarray(-rng.uniform(0.5, 2.0, shape))[()]


def apart(*shape: int) -> Draw:
    """Distinct numbers, none within 0.05 of another or of 0, so that a finite difference crosses no kink."""

    def draw(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        return ((rng.permutation(n) - n / 2 + 0.25 + rng.uniform(0, 0.3, n)) * 0.2).reshape(shape)[()]

    return draw


def fixed(value: Any) -> Draw:
    """This very argument: an index array, a condition, a class."""
    return lambda rng: np.asarray(value) if isinstance(value, list) else value


# -- rows -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """How one op is tried."""

    name: str  # of the op, or of the public function
    call: Callable[..., Any]
    reference: Callable[..., Any]
    cases: Sequence[Sequence[Draw]]
    options: Sequence[dict[str, Any]] = ({},)
    inputs: Sequence[int] | None = None  # the arguments to differentiate by; all floating ones by default
    complex: bool = False  # also tried on complex arguments
    differentiable: bool = True
    second_order: bool = True
    rtol: float = 1e-6
    creates: bool = False  # makes a Tensor of arrays too
    tags: tuple[str, ...] = field(default=())
    needs: str = ""  # "numpy 2.4": what the reference is right with; older ones are not tried

    def trials(self) -> list[tuple[Sequence[Draw], dict[str, Any]]]:
        if self.needs and not _has(*self.needs.split()):
            return []
        return [(case, options) for case in self.cases for options in self.options]


def _has(package: str, version: str) -> bool:
    numbers = [int(part) for part in metadata.version(package).split(".")[:2]]
    return numbers >= [int(part) for part in version.split(".")]


ROWS: dict[str, Row] = {}


def row(name: str, call: Any, reference: Any, cases: Any, **spec: Any) -> None:
    assert name not in ROWS, name
    ROWS[name] = Row(name, call, reference, cases, **spec)


def op(name: str) -> Callable[..., Any]:
    return OPS[name].call


UNARY = [(2, 3), (), (4,), (0,), (2, 0, 3), (1, 2, 1)]
BINARY = [
    ((2, 3), (2, 3)), ((), ()), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 2)), ((2, 2), ()),
    ((0,), (1,)), ((2, 0), (1, 1)), ((4, 1, 2), (3, 1)),
]  # fmt: skip


def unary(draw: Callable[..., Draw]) -> list[list[Draw]]:
    return [[draw(*shape)] for shape in UNARY]


def binary(draw: Callable[..., Draw], other: Callable[..., Draw] | None = None) -> list[list[Draw]]:
    return [[draw(*a), (other or draw)(*b)] for a, b in BINARY]


def below(*shape: int) -> Draw:
    """Numbers that differ from those of `apart` by 0.02 at least."""

    def draw(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        return ((rng.permutation(n) - n / 2 + 0.65 + rng.uniform(0, 0.1, n)) * 0.2).reshape(shape)[()]

    return draw
