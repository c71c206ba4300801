"""Dropout, whose mask is drawn again for the backward pass: seed and offset say which."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import philox
from .policy import compiled


@compiled("random", at_least=1)
def dropout(x: Any, *, p: float, seed: int, offset: int, places: int = 0) -> Any:
    """`x / (1 - p)`, and 0 with probability p; one draw for all elements along the last `places` axes."""
    shape = np.shape(x)
    split = len(shape) - places
    kept = philox(seed, offset).random(shape[:split] + (1,) * places, np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0
