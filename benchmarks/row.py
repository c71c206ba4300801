"""What a row of the table is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Program(NamedTuple):
    """A workload, set up."""

    run: Callable[[int], None]  # does it n times over, and is what the clock sees
    numbers: Callable[[], dict[str, Any]]  # losses and gradients by name, equal in all systems


@dataclass(frozen=True)
class Row:
    """A line of the table: what is done, and how each system does it."""

    title: str
    goal: float  # for the time of ours / time of the peer
    systems: dict[str, Callable[[], Program]]
    peer: str = "torch"
    tolerance: float = 1e-12  # for numbers to be the same, relative to the largest of them
    collector: bool = True  # Python's cycle collector is on
    parallel: bool = True  # measured on several threads too
    memory: bool = False  # the peak is compared as well, and may be the peer's at most


@dataclass(frozen=True)
class Startup:
    """A line of the table that is about whole processes: each runs a piece of code and ends."""

    title: str
    goal: float
    codes: dict[str, str]
    peer: str
    cold: bool = False  # each process finds no compiled kernels
    parallel: bool = False
    memory: bool = False
