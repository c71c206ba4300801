"""Lengths, angles and distances of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.numpy import broadcast_arrays, maximum, sum
from autodiff.numpy.arguments import floating, write_out
from autodiff.numpy.linalg import vector_norm

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    """`x / max(|x|_p, eps)` along an axis: vectors of length 1; written into `out` if given.

    >>> normalize(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    x = floating(input)
    unit = x / maximum(vector_norm(x, axis=dim, keepdims=True, ord=p), eps)
    return unit if out is None else write_out("normalize", out, unit)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """`x1 . x2 / (max(|x1|, eps) max(|x2|, eps))` along an axis, the cosine of the angle between them.

    >>> cosine_similarity(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]]))
    array([0.70710678])
    """
    x1, x2 = broadcast_arrays(floating(x1), floating(x2))
    return sum(normalize(x1, 2.0, dim, eps) * normalize(x2, 2.0, dim, eps), dim)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """`|x1 - x2 + eps|_p` along the last axis.

    >>> pairwise_distance(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0]]), eps=0.0)
    array([5.])
    """
    return vector_norm(floating(x1) - floating(x2) + eps, axis=-1, keepdims=keepdim, ord=p)


def pdist(input: Any, p: float = 2.0) -> Any:
    """`|x_i - x_j|_p` of all pairs i < j of rows (n, d), row by row of the triangle above the diagonal: (n (n-1) / 2,).

    The gradient of a distance of 0 is taken as 0.

    >>> pdist(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    array([5.        , 1.        , 4.24264069])

    Raises ValueError for what are no rows.
    """
    x = floating(input)
    if x.ndim != 2:
        raise ValueError(f"pdist takes rows (n, d), got {describe(x)}")
    i, j = np.triu_indices(len(x), 1)
    return vector_norm(x[i] - x[j], axis=1, ord=p)
