"""Losses of margins as modules: the right answer is to be better than the others by so much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functional as F
from .loss import Loss, PairLoss, PlainLoss, constant

__all__ = [
    "CosineEmbeddingLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]  # fmt: skip


class HingeEmbeddingLoss(PairLoss):
    """Of a distance x: x itself where the target is 1, `max(0, margin - x)` where it is -1.

    >>> HingeEmbeddingLoss(reduction="none")([0.5, 0.75], [1, -1])
    array([0.5 , 0.25])
    """

    function = staticmethod(F.hinge_embedding_loss)

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction, margin=margin)


class MarginRankingLoss(Loss):
    """`max(0, margin - target (x1 - x2))`: a target of 1 says that x1 ranks higher, -1 that x2 does.

    >>> MarginRankingLoss(reduction="none")([1.0], [3.0], [1])
    array([2.])
    """

    function = staticmethod(F.margin_ranking_loss)

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction, margin=margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return self.apply_function(input1, input2, target)


class SoftMarginLoss(PlainLoss):
    """`log(1 + exp(-target x))` with targets of 1 and -1.

    >>> float(SoftMarginLoss()([0.0], [1]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.soft_margin_loss)


class CosineEmbeddingLoss(Loss):
    """`1 - cos` of the angle between x1 and x2 where the target is 1, `max(0, cos - margin)` where it is -1.

    Inputs are (n, d) or (d,), targets (n,) or ().

    >>> CosineEmbeddingLoss(reduction="none")([[1.0, 0.0]], [[0.0, 1.0]], [1])
    array([1.])
    """

    function = staticmethod(F.cosine_embedding_loss)

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction, margin=margin)

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return self.apply_function(input1, input2, target)


class MultiMarginLoss(PairLoss):
    """`sum_(i != t) (w_t max(0, margin - x_t + x_i)^p) / c` of scores (n, c) and class indices: an SVM's hinge loss.

    >>> MultiMarginLoss(reduction="none")([[0.5, 1.0]], [1])
    array([0.25])
    """

    function = staticmethod(F.multi_margin_loss)

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None, reduce: Any = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction, p=p, margin=margin, weight=constant(weight))


class MultiLabelMarginLoss(PlainLoss):
    """`sum_ij max(0, 1 - x_j + x_i) / c` over target classes j and all other classes i.

    Targets have the shape of the scores, (n, c) or (c,): the class indices of each row, then -1.

    >>> MultiLabelMarginLoss(reduction="none")([[1.0, 0.5]], [[0, -1]])
    array([0.25])
    """

    function = staticmethod(F.multilabel_margin_loss)


class MultiLabelSoftMarginLoss(PairLoss):
    """The mean over the classes of `w (y softplus(-x) + (1 - y) softplus(x))`, for scores x and targets y in 0 .. 1.

    >>> float(MultiLabelSoftMarginLoss()([[0.0, 0.0]], [[0, 1]]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.multilabel_soft_margin_loss)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction, weight=constant(weight))


class TripletMarginLoss(Loss):
    """`max(0, d(a, p) - d(a, n) + margin)` of anchors, positives and negatives, with `d(x, y) = |x - y + eps|_p`.

    With `swap`, the negative's distance is from the nearer one of anchor and positive (Balntas and others, 2016).

    >>> float(TripletMarginLoss()([[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 9.0]]))
    0.0
    """

    function = staticmethod(F.triplet_margin_loss)

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, size_average: Any = None,
        reduce: Any = None, reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction, margin=margin, p=p, eps=eps, swap=swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return self.apply_function(anchor, positive, negative)


class TripletMarginWithDistanceLoss(Loss):
    """`TripletMarginLoss` with a distance of one's own: a function of two arrays, or a module.

    >>> loss = TripletMarginWithDistanceLoss(distance_function=lambda x, y: abs(x - y).sum(-1))
    >>> import numpy as np
    >>> float(loss(np.zeros((1, 2)), np.ones((1, 2)), np.full((1, 2), 2.0)))
    0.0
    """

    function = staticmethod(F.triplet_margin_with_distance_loss)

    def __init__(
        self, *, distance_function: Callable[..., Any] | None = None, margin: float = 1.0, swap: bool = False,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction=reduction, distance_function=distance_function, margin=margin, swap=swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return self.apply_function(anchor, positive, negative)
