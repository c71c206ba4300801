"""Functions that NumPy does not have: activations, softmax, losses, and layers without parameters.

What NumPy has is in `numpy/`, a subject a file, under NumPy's names. All of them take Tensors, arrays and
numbers; given no Tensor they return arrays, so the same code runs with and without gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import windows
from .batched import numbers
from .errors import describe
from .kernels import loss as kernels
from .numpy.arguments import Axis, array_of, axes_of, cast, fixed, floating, known, one_axis, ordered, plain, seen
from .numpy.indexing import take, take_along_axis
from .numpy.products import matmul
from .numpy.sorting import argsort
from .ops import compare, elementwise, index, linalg, loss, norm, random, reduce, scan
from .ops import shape as shapes
from .random import Generator, as_generator

__all__ = [
    "clone", "conv2d", "cross_entropy", "dropout", "getitem", "linear", "log_softmax", "logsumexp", "max_pool2d",
    "one_hot", "relu", "scatter_add", "segment_max", "segment_mean", "segment_min", "segment_prod", "segment_sum",
    "sigmoid", "softmax", "top_k",
]  # fmt: skip

sigmoid, relu = elementwise.sigmoid, elementwise.relu


def clone(x: Any) -> Any:
    """Copy, as a recorded op: the gradient goes on to the original."""
    x = array_of(x)
    return shapes.astype(x, dtype=x.dtype)


def getitem(x: Any, key: Any) -> Any:
    """`x[key]` with every form of NumPy's indexing.

    >>> getitem(np.arange(4.0), slice(1, 3))
    array([1., 2.])
    """
    return index.read(array_of(x), *index.split_key(key))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """`log(sum(exp(x)))` over an axis, several, or all, without overflow.

    >>> float(logsumexp(np.array([1000.0, 1000.0])) - 1000.0)  # log 2
    0.693147180559...
    """
    x = floating(x)
    return reduce.logsumexp(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


# -- places and groups of rows ---------------------------------------------------------------------------


def one_hot(labels: Any, num_classes: int, dtype: Any = np.float64) -> Any:
    """A new last axis with a 1 at the place of each label and 0 elsewhere; a constant.

    >>> one_hot(np.array([0, 2]), 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])

    Raises TypeError for labels that are no integers, ValueError for one that is not in 0 .. num_classes - 1.
    """
    labels = array_of(labels)
    values = plain(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels are integers, got {describe(labels)}")
    if known(labels) and np.any((values < 0) | (values >= num_classes)):
        raise ValueError(
            f"labels of {num_classes} classes are 0 .. {num_classes - 1}, got {values.min()} .. {values.max()}"
        )
    return compare.equal(labels.reshape((*labels.shape, 1)), np.arange(num_classes)).astype(np.dtype(dtype))


def top_k(x: Any, k: int, axis: int = -1, largest: bool = True) -> tuple[Any, Any]:
    """The k largest elements along an axis in descending order (or the smallest, ascending), and their places.

    The gradient goes to the elements; the places are constants. Of equal elements the first ones are taken, and NaN
    counts as larger than all numbers.

    >>> top_k(np.array([1.0, 3.0, 2.0]), 2)
    (array([3., 2.]), array([1, 2]))
    """
    x = ordered(x, "top_k")
    axis = one_axis(axis, x.ndim)
    n = x.shape[axis]
    if not 0 <= k <= n:
        raise ValueError(f"top_k with k={k} along axis {axis} of {describe(x)}, which has {n} elements")
    order = n - 1 - scan.back(argsort(scan.back(x, axis), axis), axis) if largest else argsort(x, axis)
    places = order[(*(slice(None),) * axis, slice(k))]
    return take_along_axis(x, places, axis), places


def scatter_add(x: Any, key: Any, values: Any) -> Any:
    """A copy of x with values added at `x[key]`, any of NumPy's indices; places that repeat add up.

    The values have the shape of `x[key]`, or one that broadcasts to it.

    >>> scatter_add(np.zeros(3), [0, 2, 0], np.array([1.0, 2.0, 3.0]))
    array([4., 0., 2.])
    """
    x, values = array_of(x), array_of(values)
    if not np.can_cast(values.dtype, x.dtype, "same_kind"):
        raise TypeError(f"scatter_add of {describe(values)} into {describe(x)} would lose a part; cast x first")
    spec, arrays = index.split_key(key)
    lengths = np.broadcast_to(np.False_, x.shape)[index.join_key(spec, tuple(arrays))].shape
    values = shapes.expand(cast(values, x.dtype), shape=lengths)
    return x + index.scatter(values, *arrays, index=spec, shape=x.shape)


def _segments(name: str, data: Any, segment_ids: Any, num_segments: int | None) -> tuple[Any, Any, int]:
    """The rows, the segment of each, and the number of segments."""
    x, ids = array_of(data), array_of(segment_ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name}: segment_ids are integers, got {describe(ids)}")
    if ids.ndim != 1 or ids.shape != x.shape[:1]:
        raise ValueError(f"{name}: segment_ids {describe(ids)} are not one for each row of {describe(x)}")
    values = seen(ids)
    n = int(values.max(initial=-1)) + 1 if num_segments is None else num_segments
    if np.any((values < 0) | (values >= n)):
        raise IndexError(f"{name}: the ids of {n} segments are 0 .. {n - 1}, got {values.min()} .. {values.max()}")
    return x, ids, n


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Sum of the rows of each segment: `out[s] = sum of data[i] where segment_ids[i] = s`, and 0 of no rows.

    Args:
        data: (k, ...) rows.
        segment_ids: (k,) integers in any order, the segment of each row.
        num_segments: how many there are; by default as many as the largest id says.

    Raises IndexError for an id out of range, ValueError for ids of another shape, TypeError if they are no integers.

    >>> segment_sum(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]))
    array([4., 0., 2.])
    """
    x, ids, n = _segments("segment_sum", data, segment_ids, num_segments)
    x = cast(x, np.int64) if x.dtype.kind == "b" else x
    return index.scatter(x, ids, index=(index.ARRAY,), shape=(n, *x.shape[1:]))


def segment_mean(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Mean of the rows of each segment, and 0 of no rows; arguments as for `segment_sum`.

    >>> segment_mean(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]))
    array([2., 0., 2.])
    """
    x, ids, n = _segments("segment_mean", floating(data), segment_ids, num_segments)
    ones = np.ones(ids.shape, np.finfo(x.dtype).dtype)
    sizes = elementwise.maximum(index.scatter(ones, ids, index=(index.ARRAY,), shape=(n,)), 1)
    return segment_sum(x, ids, n) / sizes.reshape((n,) + (1,) * (x.ndim - 1))


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Largest of each segment's rows, element by element, and -inf of no rows; arguments as for `segment_sum`.

    Equal elements share the gradient evenly. Of integers, no rows give the least there is.

    >>> segment_max(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]))
    array([  3., -inf,   2.])
    """
    x, ids, n = _segments("segment_max", ordered(data, "segment_max"), segment_ids, num_segments)
    return reduce.segment_extreme(x, ids, count=n, largest=True)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Smallest of each segment's rows, element by element, and inf of no rows; arguments as for `segment_sum`.

    Equal elements share the gradient evenly. Of integers, no rows give the most there is.

    >>> segment_min(np.array([1.0, 2.0, 3.0]), np.array([0, 2, 0]))
    array([ 1., inf,  2.])
    """
    x, ids, n = _segments("segment_min", ordered(data, "segment_min"), segment_ids, num_segments)
    return reduce.segment_extreme(x, ids, count=n, largest=False)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None) -> Any:
    """Product of the rows of each segment, and 1 of no rows; arguments as for `segment_sum`. Zeros do no harm.

    >>> segment_prod(np.array([2.0, 4.0, 3.0]), np.array([0, 2, 0]))
    array([6., 1., 4.])
    """
    x, ids, n = _segments("segment_prod", data, segment_ids, num_segments)
    order = np.argsort(plain(ids), kind="stable")
    segment = plain(ids)[order]
    begins = np.ones(len(segment), bool)
    begins[1:] = segment[1:] != segment[:-1]
    rows, new = take(x, order, 0), begins.reshape((-1,) + (1,) * (x.ndim - 1))
    products = scan.recur(elementwise.where(new, 0, rows), elementwise.where(new, rows, 0), axis=0)
    last = np.roll(begins, -1)  # a segment ends where the next begins
    none = np.bincount(segment, minlength=n) == 0
    return segment_sum(products[last], segment[last], n) + none.astype(x.dtype).reshape((n,) + (1,) * (x.ndim - 1))


# -- layers without parameters -------------------------------------------------------------------------


def softmax(x: Any, axis: int = -1) -> Any:
    """`exp(x_i) / sum_j exp(x_j)` along an axis.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    x = floating(x)
    return norm.softmax(x, axis=one_axis(axis, x.ndim))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of softmax along an axis, exact also where softmax rounds to 0."""
    x = floating(x)
    return norm.log_softmax(x, axis=one_axis(axis, x.ndim))


def cross_entropy(
    logits: Any,
    targets: Any,
    reduction: str = "mean",
    *,
    weight: Any = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Any:
    """`-w_t log softmax(logits)[t]` with target class t, or `-sum_k w_k t_k log softmax(logits)_k` with probabilities.

    Args:
        logits: (n, c), (n, c, d1, ...) or (c,), real numbers of any size.
        targets: class indices, integers of the shape without c; or probabilities, floating, of the shape of the logits.
        reduction: "mean" or "sum" over all targets, or "none" for each one's loss. The mean of class indices is over
            their weights, and NaN (with gradient 0) where all of them are ignored.
        weight: (c,), a constant for each class; 1 by default.
        ignore_index: the class index that counts as nothing.
        label_smoothing: s in [0, 1]; the target is mixed with a uniform one, `(1 - s) t + s / c`.

    Raises ValueError for other shapes, an empty batch with "mean", and arguments out of range; TypeError for targets
    that are neither, IndexError for a class out of range.

    >>> float(cross_entropy(np.zeros((4, 2)), np.array([0, 1, 0, 1])))  # log 2
    0.693147180559...
    """
    logits, targets = floating(ordered(logits, "cross_entropy")), array_of(targets)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none", got {reduction!r}')
    label_smoothing = fixed("cross_entropy", "label_smoothing", label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing lies in 0 .. 1, got {label_smoothing!r}")
    if not logits.ndim:
        raise ValueError(f"cross_entropy takes logits (n, c, ...) or (c,), got {describe(logits)}")
    single, classes = logits.ndim == 1, logits.shape[min(logits.ndim - 1, 1)]
    soft = targets.shape == logits.shape
    if soft and targets.dtype.kind == "f" and ignore_index >= 0:
        raise ValueError(
            f"ignore_index={ignore_index} is a class index, and the targets are probabilities, {describe(targets)}: "
            "to leave a row out, set its probabilities to 0"
        )
    if soft and targets.dtype.kind != "f":
        raise TypeError(
            f"targets of the shape of the logits are probabilities, floating numbers; got {describe(targets)}. "
            f'Write targets.astype("{logits.dtype}"), or pass class indices {_without_classes(logits.shape)}.'
        )
    if not soft and targets.dtype.kind not in "iu":
        raise TypeError(f"targets are class indices, integers; got {describe(targets)}")
    if not soft and targets.shape != _without_classes(logits.shape):
        raise ValueError(
            f"cross_entropy takes logits (n, c, ...) and targets (n, ...); got {describe(logits)} and "
            f"{describe(targets)}: the targets need shape {_without_classes(logits.shape)}, "
            f"or {logits.shape} for probabilities"
        )
    if reduction == "mean" and not targets.size:
        raise ValueError("the mean cross-entropy of no rows is undefined; the batch is empty")
    if weight is not None:
        weight = cast(fixed("cross_entropy", "weight", weight), logits.dtype)
        if weight.shape != (classes,):
            raise ValueError(f"weight is one number for each of {classes} classes, got {describe(weight)}")
    if single:
        logits, targets = logits[None], targets[None]
    if soft:
        targets = cast(targets, logits.dtype)
        if label_smoothing:
            targets = (1 - label_smoothing) * targets + label_smoothing / classes
        if weight is not None:
            targets = targets * weight.reshape((-1,) + (1,) * (logits.ndim - 2))
        out = loss.soft_cross_entropy(logits, targets, reduction=reduction)
    else:
        if not known(targets):
            kept = numbers(targets)
            kernels.check_classes(kept[kept != ignore_index], classes)
        out = loss.cross_entropy(
            logits, targets, 1.0 if weight is None else weight, reduction=reduction,
            ignore_index=int(ignore_index), smoothing=float(label_smoothing),
        )  # fmt: skip
    return out[0] if single and reduction == "none" else out


def _without_classes(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:1], *shape[2:]) if len(shape) > 1 else ()


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Two-dimensional convolution (the kernel is not flipped, as in every deep-learning library).

    `out[n, o, p, q] = bias[o] + sum_cij weight[o, c, i, j] x[n, c, p s + i d - pad, q s + j d - pad]`

    Args:
        input: x, (n, c, h, w), or one image (c, h, w).
        weight: (o, c / groups, kh, kw).
        bias: (o,) or None.
        stride, dilation: an int, or one per axis.
        padding: zeros around the image, an int, or one per axis; "valid" is 0, and "same" is what keeps the
            image's size at stride 1 (the larger half of an odd number goes right and below).
        groups: the channels are split into this many groups that do not see each other.

    Raises ValueError for shapes that do not go together, and for "same" with a stride.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    return windows.convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def max_pool2d(
    x: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Largest element of each window of x (n, c, h, w) or (c, h, w); `stride` is the window's size unless given.

    Of equal elements the first takes the gradient. `nn.functional.max_pool2d` has more arguments.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return windows.max_pooling("max_pool2d", 2, x, kernel_size, stride, padding, dilation)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """A dense layer, `x weight^T + bias`: input x (..., k), weight (n, k), bias (n,), result (..., n).

    >>> linear(np.ones(3), np.ones((2, 3)), np.zeros(2))
    array([3., 3.])
    """
    x, weight = array_of(input), array_of(weight)
    taken, made = x.shape, weight.shape
    if len(made) != 2 or not taken or taken[-1] != made[1]:
        raise ValueError(
            f"a dense layer with weight {describe(weight)} takes x (..., {made[-1] if made else '?'}), "
            f"got {describe(x)}"
        )
    if bias is None:
        return matmul(x, weight.T)
    bias = array_of(bias)
    if bias.shape != made[:1]:
        raise ValueError(f"bias {describe(bias)} needs shape {made[:1]}, one per output")
    return matmul(x, weight.T) + bias if len(taken) == 1 else linalg.affine(x, weight, bias)


def dropout(x: Any, p: float = 0.5, generator: Generator | np.random.Generator | int | None = None) -> Any:
    """Zero each element with probability p and scale the rest by `1 / (1 - p)`, so that the mean stays.

    >>> bool((dropout(np.ones(8), 0.5, generator=1) == dropout(np.ones(8), 0.5, generator=1)).all())
    True
    """
    p = fixed("dropout", "p", p)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability must lie in [0, 1], got {p}")
    if p == 0:
        return x
    seed, offset = as_generator(generator).next_draw()
    return random.dropout(array_of(x), p=float(p), seed=seed, offset=offset)
