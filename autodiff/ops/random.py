"""Random ops. Seed and offset are parameters, so the same record gives the same bits again."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Function, define
from ..random import philox


def _dropout(x: Any, *, p: float, seed: int, offset: int) -> Any:
    kept = philox(seed, offset).random(np.shape(x), np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0


dropout: Function = define(
    "dropout", _dropout, lambda g, *, p, seed, offset: dropout(g, p=p, seed=seed, offset=offset),
    kind="random", linear=True,
    doc="Zero each element with probability p and scale the rest by 1 / (1 - p), so that the mean stays. "
    "The mask is drawn again for the backward pass instead of being kept.",
)  # fmt: skip
