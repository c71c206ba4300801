"""Roots of a polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..batched import numbers
from ..errors import GradientError
from ..op import define


def _roots_rule(g: Any, x: Any, out: Any) -> Any:
    """`-r^k / p'(r)` for each root r and coefficient k, by the implicit function theorem."""
    k = np.arange(x.shape[0])[::-1]
    powers = out[:, None] ** k
    slopes = powers[:, 1:] @ (x[:-1] * k[:-1])
    if (numbers(slopes) == 0).any():
        raise GradientError("a root that a polynomial has more than once has no gradient by the coefficients")
    return -(powers.mT @ (g / slopes))


roots = define(
    "roots", np.roots, _roots_rule, kind="linalg",
    doc="Roots of a polynomial with coefficients x, the highest power first.",
)  # fmt: skip
