"""Losses of classes as modules: cross-entropy in its forms, and connectionist temporal classification.

Weights of classes are buffers: `state_dict` has them.
"""

from __future__ import annotations

from typing import Any

from . import functional as F
from .loss import Loss, PairLoss, constant

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "NLLLoss"]


class CrossEntropyLoss(PairLoss):
    """`-w_t log softmax(x)[t]` of logits x and target class t, or `-sum_k w_k t_k log softmax(x)_k` with probabilities.

    Logits are (n, c), (n, c, d1, ...) or (c,); class indices have that shape without c, probabilities that shape.

    Args:
        weight: (c,), for each class; the mean is over the weights of the targets.
        ignore_index: the class index that counts as nothing.
        label_smoothing: s in [0, 1]; the target is mixed with a uniform one, `(1 - s) t + s / c` (Szegedy and others,
            2016).

    >>> float(CrossEntropyLoss()([[0.0, 0.0]], [1]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.cross_entropy)

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(
            size_average, reduce, reduction, weight=constant(weight), ignore_index=ignore_index,
            label_smoothing=label_smoothing,
        )  # fmt: skip


class NLLLoss(PairLoss):
    """`-w_t x[t]` of log-probabilities x, after `LogSoftmax`, and target class t; shapes as for `CrossEntropyLoss`.

    >>> float(NLLLoss()([[-1.5, -0.25]], [1]))
    0.25
    """

    function = staticmethod(F.nll_loss)

    def __init__(
        self, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction, weight=constant(weight), ignore_index=ignore_index)


class BCELoss(PairLoss):
    """`-w (y log(x) + (1 - y) log(1 - x))` of probabilities x and targets y of one shape, logarithms at least -100.

    >>> float(BCELoss()([0.5], [1.0]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.binary_cross_entropy)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction, weight=constant(weight))


class BCEWithLogitsLoss(PairLoss):
    """`w ((1 - y) softplus(x) + p y softplus(-x))`: the binary cross-entropy of `sigmoid(x)`, exact for every x.

    Args:
        weight: w, broadcasts to the logits.
        pos_weight: p, likewise: how much positive targets count.

    >>> float(BCEWithLogitsLoss()([0.0], [1.0]))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.binary_cross_entropy_with_logits)

    def __init__(
        self, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(size_average, reduce, reduction, weight=constant(weight), pos_weight=constant(pos_weight))


class CTCLoss(Loss):
    """`-log` of the probability that a sequence of frames spells a target (Graves and others, 2006).

    Called with log-probabilities (T, n, c) or (T, c), targets (n, S) or one after another, and the lengths of both.
    The "mean" divides each loss by the length of its target first. With `zero_infinity`, a target that is too long for
    its frames counts as 0; otherwise its loss is infinite.

    >>> import numpy as np
    >>> float(CTCLoss()(np.log([[0.5, 0.5]]), np.array([1]), 1, 1))  # log 2
    0.693147180559...
    """

    function = staticmethod(F.ctc_loss)

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction, blank=blank, zero_infinity=zero_infinity)

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return self.apply_function(log_probs, targets, input_lengths, target_lengths)
