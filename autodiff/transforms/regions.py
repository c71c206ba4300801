"""Nodes whose backward pass is a function of ours: what `checkpoint`, `vmap` and `custom_vjp` leave in the graph.

Such a region stands for all that a function has computed. Its inputs are the function's arguments and what else it
used that requires a gradient.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from ..call import record_several
from ..config import MODES
from ..errors import GradientError, describe
from ..graph import Node, history
from ..op import Op
from ..tensor import Tensor
from .levels import recorded

STAND_IN = np.float64(0.0)
"""In place of the value of an input that the region does not keep: a pass that records makes it a Tensor."""


class Region(Protocol):
    """What a region's node keeps."""

    def pull(self, g: Sequence[Any], xs: Sequence[Any]) -> Iterable[Any]:
        """The gradients of the inputs `xs` from those of the outputs (None: zero)."""


@lru_cache
def _op(name: str, count: int) -> Op:
    return Op(
        name, _no_forward, (None, lambda g, region, xs: region.pull(g, xs)), inputs="region *xs", kind="opaque",
        outs=" ".join(f"out{i}" for i in range(count)), symbol=None, linear=False, holomorphic=False, composed=None,
        vjp=None,
    )  # fmt: skip


def _no_forward(*_: Any) -> Any:
    raise TypeError("a region has no forward: the function that made it has run")


def record_region(
    name: str, region: Region, sources: Sequence[Any], values: Sequence[Any], outs: Sequence[Any]
) -> tuple[Tensor, ...]:
    """Make the outputs of a region, as Tensors at its place in the graph."""
    op = _op(name, len(outs))
    saved = (region, tuple(values), *(None,) * len(outs))
    return record_several(
        op.plan(2), (None, None, (None, *sources)), saved, {}, list(outs), sys._getframe(2), MODES.get()
    )


def records(tensors: Iterable[Any]) -> bool:
    """Whether a pass with these gradients and inputs records itself."""
    return any(map(recorded, tensors))


class Before(Container[Any]):
    """The nodes that are older than a moment of the clock, and some more: where a region ends."""

    def __init__(self, number: int, more: Container[Any]) -> None:
        self.number, self.more = number, more

    def __contains__(self, node: Any) -> bool:
        return node in self.more or node.number < self.number


def outer_sources(outs: Iterable[Tensor], start: int, own: Container[Any]) -> list[Any]:
    """What computed outputs depend on that is older than `start`, but for the sources in `own`."""
    nodes, leaves = history([out.node or out for out in outs], stop=Before(start, own))
    older: list[Any] = [node for node in nodes if node.number < start]
    return [source for source in (*older, *leaves) if source not in own]


def value_of(source: Any) -> Any:
    """What a region keeps of an outer source: a leaf's value, so that a later write to it is noticed."""
    return STAND_IN if isinstance(source, Node) else source.value


def refuse_written(what: str, given: Sequence[Tensor], nodes: Sequence[Node], values: Sequence[Any]) -> None:
    """Raise GradientError if an argument of a region's function is not what it was."""
    for tensor, node, value in zip(given, nodes, values, strict=True):
        if tensor.node is not node or tensor.value is not value:
            raise GradientError(
                f"{what} has written into its argument, {describe(value)}, and the caller's tensor would not see it. "
                "Write into a copy, x = x.copy(), or return a new value, x = x * 2 for x *= 2."
            )


Rebuild = Callable[[list[Any]], Any]
