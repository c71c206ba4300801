"""Random ops. Seed and offset are parameters, so the same record gives the same bits again."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import random as kernels
from ..op import Function, define
from ..random import philox

dropout: Function = define(
    "dropout", kernels.dropout,
    lambda g, *, p, seed, offset, places: dropout(g, p=p, seed=seed, offset=offset, places=places),
    kind="random", linear=True,
    doc="Zero each element with probability p and scale the rest by 1 / (1 - p), so that the mean stays; all elements "
    "along the last axes, so many of them, share one fate. "
    "The mask is drawn again for the backward pass instead of being kept.",
)  # fmt: skip


def _drawn(x: Any, *, distribution: str, seed: int, offset: int) -> Any:
    draw = getattr(philox(seed, offset), distribution)
    return draw(np.shape(x), np.float64).astype(np.result_type(x))


drawn = define(
    "drawn", _drawn, kind="random",
    doc="An array like x of numbers drawn from a distribution, a method of NumPy's generators; a constant.",
)  # fmt: skip
