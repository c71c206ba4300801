"""What running a program takes: multiply-adds and bytes, counted from shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .equations import Equation, Var
from .op import OPS


class Cost(NamedTuple):
    """What running a program takes."""

    multiply_adds: int
    bytes_read: int
    bytes_written: int


def cost_of(eq: Equation) -> Cost:
    """What running one equation takes."""
    arrays = [x for x in eq.inputs if isinstance(x, Var) and isinstance(x.dtype, np.dtype)]
    outs = [x for x in eq.outputs if isinstance(x.dtype, np.dtype)]
    read = sum(math.prod(x.shape) * x.dtype.itemsize for x in arrays)
    written = sum(math.prod(x.shape) * x.dtype.itemsize for x in outs)
    op = OPS[eq.name]
    if op.kind in ("shape", "index") and not eq.vjp:
        return Cost(0, read, written)
    rule = _MULTIPLY_ADDS.get(eq.title)
    if rule is not None:
        return Cost(rule([x.shape for x in arrays], outs[0].shape), read, written)
    if eq.name == "einsum" and not eq.vjp:
        shapes = [x.shape if isinstance(x, Var) else np.shape(x.value) for x in eq.inputs]
        return Cost(_einsum_adds(eq.params["spec"], shapes), read, written)
    return Cost(max([math.prod(x.shape) for x in (*arrays, *outs)], default=0), read, written)


def _einsum_adds(spec: str, shapes: list[tuple[int, ...]]) -> int:
    """The product of the lengths of all axes that have a letter."""
    lengths: dict[str, int] = {}
    for term, shape in zip(spec.partition("->")[0].split(","), shapes, strict=True):
        lengths.update(zip(term, shape, strict=True))
    return math.prod(lengths.values())


_MULTIPLY_ADDS: dict[str, Callable[[list[tuple[int, ...]], tuple[int, ...]], int]] = {
    "matmul": lambda given, out: math.prod(out) * given[0][-1],
    "affine": lambda given, out: math.prod(out) * (given[0][-1] + 1),
    "affine.vjp": lambda given, out: (len(given) - 1) * math.prod(given[0]) * out[-1],
    "conv": lambda given, out: math.prod(out) * math.prod(given[1][1:]),
    "conv_bias": lambda given, out: math.prod(out) * (math.prod(given[1][1:]) + 1),
    "conv_dx": lambda given, out: math.prod(given[0]) * math.prod(given[1][1:]),
    "conv_dw": lambda given, out: math.prod(given[1]) * math.prod(out[1:]),
    "unfold": lambda given, out: 0,  # it only copies
    "attention": lambda given, out: math.prod(out[:-1]) * given[1][-2] * (given[0][-1] + out[-1]),
    "rnn": lambda given, out: math.prod(given[0][:-1]) * (math.prod(given[2]) + math.prod(given[3])),
    "lstm": lambda given, out: math.prod(given[0][:-1]) * (math.prod(given[3]) + math.prod(given[4])),
    "gru": lambda given, out: math.prod(given[0][:-1]) * (math.prod(given[2]) + math.prod(given[3])),
}
"""Of the ops that do more than one multiply-add an element: from the shapes of their arrays and output."""
