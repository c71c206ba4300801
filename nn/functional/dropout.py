"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff.random import Generator

__all__ = ["dropout"]


def dropout(
    x: Any,
    p: float = 0.5,
    training: bool = True,
    generator: Generator | np.random.Generator | int | None = None,
) -> Any:
    """In training zero each element with probability p and scale the rest by `1 / (1 - p)`.

    >>> dropout(np.ones(2), 0.5, training=False)
    array([1., 1.])
    """
    return F.dropout(x, p, generator) if training else x
