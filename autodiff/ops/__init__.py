"""The table of ops. Importing it fills `OPS`; each file holds one subject."""

from . import (
    arithmetic,
    compare,
    conv,
    decompositions,
    einsum,
    elementwise,
    fft,
    index,
    linalg,
    norm,
    polynomials,
    pool,
    random,
    reduce,
    scan,
    shape,
    sort,
    special,
    trigonometric,
    write,
)

__all__ = [
    "arithmetic", "compare", "conv", "decompositions", "einsum", "elementwise", "fft", "index", "linalg", "norm",
    "polynomials", "pool", "random", "reduce", "scan", "shape", "sort", "special", "trigonometric", "write",
]  # fmt: skip
