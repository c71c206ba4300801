"""The sum of products of two arrays over the axes that they share. Its derivatives are two more such sums."""

from __future__ import annotations

from ..kernels import linalg as kernels
from ..op import Function, define


def _x_spec(spec: str) -> str:
    """From "x,y->out" to "out,y->x"."""
    terms, out = spec.split("->")
    x, y = terms.split(",")
    return f"{out},{y}->{x}"


def _y_spec(spec: str) -> str:
    """From "x,y->out" to "x,out->y"."""
    terms, out = spec.split("->")
    x, y = terms.split(",")
    return f"{x},{out}->{y}"


einsum: Function = define(
    "einsum", kernels.einsum,
    lambda g, y, *, spec: einsum(g, y, spec=_x_spec(spec)), lambda g, x, *, spec: einsum(x, g, spec=_y_spec(spec)),
    inputs="x y", kind="contract", linear="x y",
    doc="Einstein sum of two arrays, each letter of one being in the other or in the result.",
)  # fmt: skip

convolve: Function = define(
    "convolve", kernels.convolve, lambda g, y: correlate(g, y), lambda g, x: correlate(g, x),
    inputs="x y", kind="contract", linear="x y", symbol="∗",
    doc="Convolution of two vectors, `out_n = sum_k x_k y_(n-k)`, with everything that hangs over.",
)  # fmt: skip

correlate: Function = define(
    "correlate", kernels.correlate, lambda g, y: convolve(g, y), lambda g, x: correlate(x, g),
    inputs="x y", kind="contract", linear="x y",
    doc="Correlation `out_k = sum_n x_(n+k) y_n` with a shorter vector y, where it lies within x.",
)  # fmt: skip
