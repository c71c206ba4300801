"""How a function is compared with PyTorch's: the same call in both systems, and the shapes of its arrays.

The cases are in `cases/`, a subject a file; `test_ops.py` runs them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.parity.conftest import Torch

Sampler = Callable[[np.random.Generator, tuple[int, ...]], Any]
T = Torch()


def normal(rng, shape):
    return rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.3, 2.0, size=shape)


def away(rng, shape):
    """Away from zero, of both signs."""
    return rng.uniform(0.3, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def distinct(rng, shape):
    """No two elements near each other."""
    return rng.permutation(int(np.prod(shape))).reshape(shape) * 0.25 - 1.0


class Case(NamedTuple):
    """One function in both systems, with the shapes of its arrays."""

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    samplers: tuple[Sampler, ...] = (normal,)
    dtypes: tuple[type, ...] = (np.float64, np.float32)
    differentiable: bool = True

    def __str__(self) -> str:
        return f"{self.name}-{'-'.join('x'.join(map(str, s)) or 'scalar' for s in self.shapes)}"


DTYPES = {
    False: (np.float64, np.float32),
    True: (np.float64, np.float32, np.complex128, np.complex64),
    "only": (np.complex128, np.complex64),
}
CASES: list[Case] = []
COVERED: set[str] = set()


def case(names, ours, theirs, *shapes, samplers=(normal,), z=False, differentiable=True):
    """Add a case per shape: a tuple of ints, or a tuple of such tuples for several arrays.

    The first word of `names` is the function's; z says whether complex arrays are tried too, or only they.
    """
    name = names.split()[0]
    COVERED.add(name)
    for shape in shapes:
        several = shape if shape and isinstance(shape[0], tuple) else (shape,)
        CASES.append(Case(name, ours, theirs, several, samplers, DTYPES[z], differentiable))
