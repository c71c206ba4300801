"""How these functions read matrices."""

from __future__ import annotations

from typing import Any

from numpy.linalg import LinAlgError

from ...errors import describe
from ..arguments import floating

__all__ = ["matrices", "square_matrices"]


def matrices(x: Any) -> Any:
    """Floating matrices, or NumPy's error."""
    x = floating(x)
    if x.ndim < 2:
        raise LinAlgError(f"a matrix is needed, or a batch of them, got {describe(x)}")
    return x


def square_matrices(x: Any) -> Any:
    """Floating square matrices, or NumPy's error."""
    x = matrices(x)
    if x.shape[-1] != x.shape[-2]:
        raise LinAlgError(f"a square matrix is needed, or a batch of them, got {describe(x)}")
    return x
