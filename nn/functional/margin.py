"""Losses of margins: the right answer is to be better than the others by so much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.batched import numbers
from autodiff.errors import describe
from autodiff.kernels.loss import check_classes
from autodiff.numpy.arguments import fixed
from autodiff.ops import loss as ops
from autodiff.special import softplus

from .arguments import alike, as_array, constant_weight, in_places, no_old_names, real, reduced
from .distance import pairwise_distance

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """Of a distance x: x itself where the target is 1, `max(0, margin - x)` where it is -1.

    Raises ValueError unless the shapes are equal, and for a target other than 1 and -1.

    >>> hinge_embedding_loss(np.array([0.5, 0.75]), np.array([1, -1]), reduction="none")
    array([0.5 , 0.25])
    """
    no_old_names(size_average, reduce)
    x, target = alike("hinge_embedding_loss", input, _signs("hinge_embedding_loss", target))
    return reduced(anp.where(target == 1, x, _hinge(margin - x)), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """`max(0, margin - target (x1 - x2))`: a target of 1 says that x1 ranks higher, -1 that x2 does.

    Raises ValueError unless the shapes are equal, and for a target other than 1 and -1.

    >>> margin_ranking_loss(np.array([1.0]), np.array([3.0]), np.array([1]), reduction="none")
    array([2.])
    """
    no_old_names(size_average, reduce)
    x1, x2 = alike("margin_ranking_loss", input1, input2)
    x1, target = alike("margin_ranking_loss", x1, _signs("margin_ranking_loss", target))
    return reduced(_hinge(margin - target * (x1 - x2)), reduction)


def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """`log(1 + exp(-target x))` with targets of 1 and -1, without overflow.

    Raises ValueError unless the shapes are equal, and for a target other than 1 and -1.

    >>> soft_margin_loss(np.array([0.0, 1000.0]), np.array([1, 1]), reduction="none")
    array([0.69314718, 0.        ])
    """
    no_old_names(size_average, reduce)
    x, target = alike("soft_margin_loss", input, _signs("soft_margin_loss", target))
    return reduced(softplus(-target * x), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """`1 - cos` of the angle between x1 and x2 where the target is 1, `max(0, cos - margin)` where it is -1.

    Args:
        input1, input2: (n, d) or (d,).
        target: (n,) or ().

    Raises ValueError for other shapes, and for a target other than 1 and -1.

    >>> cosine_embedding_loss(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1]), reduction="none")
    array([1.])
    """
    no_old_names(size_average, reduce)
    x1, x2 = alike("cosine_embedding_loss", input1, input2)
    target = as_array(_signs("cosine_embedding_loss", target))
    if x1.ndim not in (1, 2) or target.shape != x1.shape[:-1]:
        raise ValueError(
            f"cosine_embedding_loss takes inputs (n, d) or (d,) and a target for each pair; got {describe(x1)} "
            f"and {describe(target)}"
        )
    squares = (anp.sum(anp.square(x1), -1) + 1e-12) * (anp.sum(anp.square(x2), -1) + 1e-12)
    cos = anp.sum(x1 * x2, -1) / anp.sqrt(squares)
    return reduced(anp.where(target == 1, 1 - cos, _hinge(cos - margin)), reduction)


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """`sum_(i != t) (w_t max(0, margin - x_t + x_i)^p) / c` of scores x and target class t: the hinge loss of an SVM.

    Args:
        input: (n, c) or (c,) scores.
        target: (n,) or () class indices.
        p: 1 or 2.
        weight: (c,), a constant for each class.

    Raises ValueError for other shapes and powers, TypeError for targets that are no integers, IndexError for a class
    out of range.

    >>> multi_margin_loss(np.array([[0.5, 1.0]]), np.array([1]), reduction="none")
    array([0.25])
    """
    no_old_names(size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss takes p=1 or p=2, got {p!r}")
    x, target = _scores("multi_margin_loss", input, target, 1)
    classes = x.shape[-1]
    check_classes(np.asarray(numbers(target)), classes)
    gaps = F.relu(margin - anp.take_along_axis(x, target[..., None], -1) + x)
    gaps = gaps if p == 1 else gaps * gaps
    if weight is not None:
        weight = constant_weight("multi_margin_loss", weight, anp.ones(classes, x.dtype))
        gaps = gaps * anp.broadcast_to(weight, (classes,))[target][..., None]
    others = anp.expand_dims(target, -1) != np.arange(classes)
    return reduced(anp.sum(anp.where(others, gaps, 0), -1) / classes, reduction)


def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """`sum_ij max(0, 1 - x_j + x_i) / c` over target classes j and all other classes i.

    Args:
        input: (n, c) or (c,) scores.
        target: of that shape: the class indices of each row, then -1; what follows the first -1 is not looked at.

    Raises ValueError for other shapes, TypeError for targets that are no integers, IndexError for a class out of range.

    >>> multilabel_margin_loss(np.array([[1.0, 0.5]]), np.array([[0, -1]]), reduction="none")
    array([0.25])
    """
    no_old_names(size_average, reduce)
    x, target = _scores("multilabel_margin_loss", input, target, 0)
    classes = x.shape[-1]
    target = fixed("multilabel_margin_loss", "target", target)
    there = np.logical_and.accumulate(target >= 0, axis=-1)  # before the first -1
    target = np.where(there, target, 0)
    check_classes(target, classes)
    among = ((target[..., None] == np.arange(classes)) & there[..., None]).any(-2)  # (..., c): is it a target?
    gaps = F.relu(1 - anp.take_along_axis(x, target, -1)[..., :, None] + x[..., None, :])  # (..., j, i)
    counted = anp.where(there[..., :, None] & ~among[..., None, :], gaps, 0)
    return reduced(anp.sum(counted, (-2, -1)) / classes, reduction)


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """The mean over the classes of `w (y softplus(-x) + (1 - y) softplus(x))`, for scores x and targets y in 0 .. 1.

    Args:
        input, target: (n, c) or (c,), of one shape.
        weight: (c,), a constant for each class.

    Raises ValueError for other shapes.

    >>> multilabel_soft_margin_loss(np.array([[0.0, 0.0]]), np.array([[0, 1]]), reduction="none")
    array([0.69314718])
    """
    no_old_names(size_average, reduce)
    x, target = alike("multilabel_soft_margin_loss", input, target)
    if not x.ndim or not x.shape[-1]:
        raise ValueError(f"multilabel_soft_margin_loss takes scores (n, c) or (c,), got {describe(x)}")
    one = x.dtype.type(1)
    weight = one if weight is None else constant_weight("multilabel_soft_margin_loss", weight, x)
    return reduced(anp.mean(ops.bce_with_logits(x, target, weight, one, reduction="none"), -1), reduction)


def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """`max(0, d(a, p) - d(a, n) + margin)` with distances `d(x, y) = |x - y + eps|_p` along the last axis.

    The positive is to be nearer to the anchor than the negative. With `swap`, the negative's distance is from the
    nearer one of anchor and positive (Balntas and others, 2016).

    Raises ValueError unless the shapes are equal and the margin is positive.

    >>> triplet_margin_loss(np.zeros((1, 2)), np.zeros((1, 2)), np.array([[0.6, 0.8]]), eps=0.0, reduction="none")
    array([0.])
    """
    no_old_names(size_average, reduce)
    return _triplet(
        "triplet_margin_loss", anchor, positive, negative, lambda x, y: pairwise_distance(x, y, p, eps), margin, swap,
        reduction,
    )  # fmt: skip


def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *, distance_function: Callable[..., Any] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """`triplet_margin_loss` with a distance of one's own, `pairwise_distance` by default.

    >>> def city(x, y):
    ...     return abs(x - y).sum(-1)
    >>> near, far = np.ones((1, 2)), np.full((1, 2), 2.0)
    >>> float(triplet_margin_with_distance_loss(np.zeros((1, 2)), near, far, distance_function=city))
    0.0
    """
    return _triplet(
        "triplet_margin_with_distance_loss", anchor, positive, negative, distance_function or pairwise_distance, margin,
        swap, reduction,
    )  # fmt: skip


def _triplet(
    name: str, anchor: Any, positive: Any, negative: Any, distance: Callable[..., Any], margin: float, swap: bool,
    reduction: str,
) -> Any:  # fmt: skip
    if not margin > 0:
        raise ValueError(f"{name} takes a positive margin, got {margin!r}")
    anchor, positive = alike(name, anchor, positive)
    anchor, negative = alike(name, anchor, negative)
    far = distance(anchor, negative)
    if swap:
        far = anp.minimum(far, distance(positive, negative))
    return reduced(_hinge(distance(anchor, positive) - far + margin), reduction)


def _hinge(x: Any) -> Any:
    """`max(0, x)`, with slope 1 at 0: where nothing has been learned yet, there is somewhere to go."""
    return anp.clip(x, 0, None)


def _signs(name: str, target: Any) -> Any:
    """Targets of 1 and -1, constants."""
    target = as_array(fixed(name, "target", target))
    values = np.asarray(numbers(target))
    bad = abs(values.astype(float)) != 1
    if bad.any():
        hint = " Write 2 * target - 1." if np.isin(values, (0, 1)).all() else ""
        raise ValueError(f"{name}: targets are 1 or -1, got {in_places(bad, values)}.{hint}")
    return target


def _scores(name: str, input: Any, target: Any, less: int) -> tuple[Any, Any]:
    """Scores of one row or several, and integer targets of that shape, or of one axis less."""
    (x,), target = real(name, input), as_array(target)
    if target.dtype.kind not in "iu":
        raise TypeError(f"{name}: targets are class indices, integers; got {describe(target)}")
    if x.ndim not in (1, 2) or not x.shape[-1] or target.shape != x.shape[: x.ndim - less]:
        raise ValueError(
            f"{name} takes scores (n, c) and targets {'(n,)' if less else '(n, c)'}; got {describe(x)} and "
            f"{describe(target)}"
        )
    return x, target
