"""The table of ops. Importing it fills `OPS`; each file holds one subject."""

from . import (
    activation,
    arithmetic,
    attention,
    compare,
    conv,
    decompositions,
    einsum,
    elementwise,
    fft,
    index,
    linalg,
    loss,
    norm,
    polynomials,
    pool,
    random,
    recurrent,
    reduce,
    resample,
    scan,
    shape,
    sort,
    special,
    trigonometric,
    write,
)

__all__ = [
    "activation", "arithmetic", "attention", "compare", "conv", "decompositions", "einsum", "elementwise", "fft",
    "index", "linalg", "loss", "norm", "polynomials", "pool", "random", "recurrent", "reduce", "resample", "scan",
    "shape", "sort", "special", "trigonometric", "write",
]  # fmt: skip
