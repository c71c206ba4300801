"""Angles and distances of vectors, as modules."""

from __future__ import annotations

from typing import Any

from . import functional as F
from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors, `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))` along an axis.

    >>> float(CosineSimilarity(dim=0)([3.0, 4.0], [3.0, 4.0]))
    1.0
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        self.dim, self.eps = dim, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The distance of vectors, `|x1 - x2 + eps|_p` along the last axis.

    >>> float(PairwiseDistance(eps=0.0)([3.0, 4.0], [0.0, 0.0]))
    5.0
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
