"""Losses of classes as modules: cross-entropy in its forms, and connectionist temporal classification.

Weights of classes are buffers: `state_dict` has them.
"""

from __future__ import annotations

import math
from typing import Any

from . import functional as F
from .functional.arguments import cast
from .init import Randomness
from .linear import Linear
from .loss import Loss, PairLoss, constant
from .module import check_sizes

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CrossEntropyLoss", "LinearCrossEntropyLoss", "NLLLoss"]


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


class LinearCrossEntropyLoss(Loss):
    """A dense layer and the cross-entropy of its results, which are logits: the last two steps of a classifier.

    Args:
        in_features: k, features of the input (n, k) or (k,).
        num_classes: c.
        out_features: (d1, ...), where there are losses of that many places for each input; the targets then are
            class indices (n, d1, ...), or probabilities (n, c, d1, ...).
        bias: whether the layer adds one.
        reduction, weight, ignore_index, label_smoothing: as for `CrossEntropyLoss`; None ignores the class index -100.
        options: PyTorch's way of working through the batch in pieces; TypeError for any but None.
        dtype, generator: of the layer, as for `Linear`.

    Parameters: linear.weight (c * d1 * ..., k), linear.bias (c * d1 * ...,) or None.

    >>> float(LinearCrossEntropyLoss(3, 2, generator=0)([[0.0, 0.0, 0.0]], [1]))  # log 2
    0.693147...
    """

    function = staticmethod(F.linear_cross_entropy)
    ignore_index: int | None
    label_smoothing: float
    options: Any

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        dtype: Any = None, reduction: str = "mean", weight: Any = None, ignore_index: int | None = None,
        label_smoothing: float = 0.0, options: Any = None, generator: Randomness = None,
    ) -> None:  # fmt: skip
        super().__init__(
            reduction=reduction, weight=constant(weight), ignore_index=ignore_index, label_smoothing=label_smoothing,
            options=options,
        )  # fmt: skip
        check_sizes(num_classes=num_classes, **{f"out_features[{i}]": n for i, n in enumerate(out_features)})
        self.in_features, self.num_classes, self.out_features = in_features, num_classes, tuple(out_features)
        self.linear = Linear(in_features, num_classes * math.prod(self.out_features), bias, dtype, generator)

    def forward(self, input: Any, target: Any) -> Any:
        places, bias = (self.num_classes, *self.out_features), self.linear.bias
        weight = self.linear.weight.reshape((*places, self.in_features))
        return self.function(
            cast(input, weight), weight, target, linear_bias=None if bias is None else bias.reshape(places),
            reduction=self.reduction, **{name: getattr(self, name) for name in self._options},
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


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
