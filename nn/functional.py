"""Layers and losses as functions, under PyTorch's names.

Most are the engine's own functions; the losses, and what takes more forms of arguments, are written
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.functional import (
    cross_entropy,
    linear,
    log_softmax,
    relu,
    sigmoid,
    softmax,
)
from autodiff.numpy import tanh
from autodiff.numpy.arguments import one_axis
from autodiff.random import Generator
from autodiff.tensor import Tensor

__all__ = [
    "conv2d",
    "cross_entropy",
    "dropout",
    "flatten",
    "l1_loss",
    "linear",
    "log_softmax",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]


def cast(x: Any, weight: Tensor) -> Any:
    """Bring a layer's input to the dtype of its parameters; lists become arrays.

    >>> cast(np.ones(2), Tensor(np.ones(2, np.float32))).dtype
    dtype('float32')

    Raises TypeError for arrays of integers, and for complex input where the parameters are real.
    """
    if type(x) is not Tensor and not isinstance(x, np.ndarray | np.generic):
        return np.asarray(x, weight.dtype)
    dtype = weight.dtype
    if x.dtype is dtype or x.dtype == dtype:
        return x
    if x.dtype.kind not in "fc":
        raise TypeError(
            f'this layer computes in {dtype} and takes floating input, got {describe(x)}. Write x.astype("{dtype}").'
        )
    if x.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(
            f"the input is {describe(x)} and the parameters are {dtype}: "
            "the imaginary part would be lost. "
            f'Make the layer complex, layer.astype("{x.dtype}"), or pass x.real.'
        )
    return anp.astype(x, dtype)


# -- layers --------------------------------------------------------------------------------------


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Join the axes from `start_dim` to `end_dim`, both included, into one.

    >>> flatten(np.zeros((2, 3, 4)), 1).shape
    (2, 12)

    Raises ValueError if `end_dim` comes before `start_dim`, IndexError for an axis out of range.
    """
    x = x if type(x) is Tensor else np.asarray(x)
    if x.ndim == 0:
        return anp.reshape(x, (1,))
    start, end = one_axis(start_dim, x.ndim), one_axis(end_dim, x.ndim)
    if end < start:
        raise ValueError(f"flatten from axis {start} to {end} of {describe(x)}: there is nothing between")
    joined = int(np.prod(x.shape[start : end + 1], dtype=np.intp))
    return anp.reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Two-dimensional convolution as `autodiff.conv2d`, also of one image, and with named padding.

    Args:
        x: (n, c, h, w) or (c, h, w).
        padding: pixels of zeros, one number or one per axis; "valid" is 0, and "same" is what keeps
            the image's size at stride 1 (the larger half of an odd number goes right and below).

    Raises ValueError for another word, and for "same" with a stride.

    >>> conv2d(np.ones((1, 4, 4)), np.ones((1, 1, 2, 2)), padding="same").shape
    (1, 4, 4)
    """
    if len(x.shape) == 3:
        x = anp.expand_dims(x, 0)
        return anp.squeeze(conv2d(x, weight, bias, stride, padding, dilation, groups), 0)
    if not isinstance(padding, str):
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    if padding not in ("same", "valid"):
        raise ValueError(f'padding is "same", "valid", a number or a pair of them; got {padding!r}')
    if padding == "valid":
        return F.conv2d(x, weight, bias, stride, 0, dilation, groups)
    if F.pair(stride, "stride", 1) != (1, 1):
        raise ValueError(f'padding="same" keeps the size, which stride={stride!r} does not; use stride 1')
    steps = F.pair(dilation, "dilation", 1)
    total = [d * (k - 1) for d, k in zip(steps, weight.shape[2:], strict=True)]
    out = F.conv2d(x, weight, bias, 1, [(n + 1) // 2 for n in total], dilation, groups)
    if total[0] % 2 or total[1] % 2:  # padded by one too many on the left: drop the first places
        out = F.getitem(out, (..., slice(total[0] % 2, None), slice(total[1] % 2, None)))
    return out


def max_pool2d(
    x: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Largest element of each window as `autodiff.max_pool2d`, also of one image (c, h, w).

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)[0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    if len(x.shape) == 3:
        return anp.squeeze(F.max_pool2d(anp.expand_dims(x, 0), kernel_size, stride, padding, dilation), 0)
    return F.max_pool2d(x, kernel_size, stride, padding, dilation)


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


# -- losses --------------------------------------------------------------------------------------


def mse_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Squared error `(x - target)^2`: its mean, its sum, or one per element ("none").

    Raises ValueError unless the shapes are equal: (n, 1) and (n,) would broadcast to n x n errors.

    >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    difference = _difference(x, target, "mse_loss")
    return _reduce(anp.square(difference), reduction)


def l1_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute error `|x - target|`: its mean, its sum, or one per element ("none").

    Raises ValueError unless the shapes are equal.

    >>> float(l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    return _reduce(anp.abs(_difference(x, target, "l1_loss")), reduction)


def nll_loss(log_probabilities: Any, targets: Any, reduction: str = "mean") -> Any:
    """Negative log-likelihood `-log_probabilities[i, targets[i]]` of rows (n, classes).

    Raises ValueError for other shapes, TypeError for targets that are no integers.

    >>> float(nll_loss(np.log([[0.5, 0.5]]), np.array([1])))
    0.693147180559...
    """
    x, targets = _as_array(log_probabilities), _as_array(targets)
    targets = targets.value if type(targets) is Tensor else targets
    if targets.dtype.kind not in "iu":
        raise TypeError(f"targets are class indices, integers; got {describe(targets)}")
    if x.ndim != 2 or targets.shape != x.shape[:1]:
        raise ValueError(
            f"nll_loss takes log-probabilities (n, classes) and targets (n,); got {describe(x)} and {describe(targets)}"
        )
    if targets.size and not 0 <= targets.min() <= targets.max() < x.shape[1]:
        raise IndexError(f"targets lie in 0 .. {x.shape[1] - 1}, got {targets.min()} .. {targets.max()}")
    return _reduce(-F.getitem(x, (np.arange(len(targets)), targets)), reduction)


def _as_array(x: Any) -> Any:
    return x if type(x) is Tensor else np.asarray(x)


def _difference(x: Any, target: Any, name: str) -> Any:
    """`x - target` in the dtype of x, for equal shapes only."""
    x, target = _as_array(x), _as_array(target)
    if x.shape != target.shape:
        raise ValueError(
            f"{name} takes predictions and targets of one shape, "
            f"got {describe(x)} and {describe(target)}. "
            "Broadcasting would compare every prediction with every target. "
            f"Write target.reshape({x.shape}) or squeeze the predictions."
        )
    if x.dtype.kind not in "f" or target.dtype.kind not in "fiub":
        raise TypeError(f"{name} takes real predictions and targets, got {describe(x)} and {describe(target)}")
    return x - anp.astype(target, x.dtype)


def _reduce(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return anp.sum(losses)
    if reduction != "mean":
        raise ValueError(f'reduction is "mean", "sum" or "none", got {reduction!r}')
    if not losses.size:
        raise ValueError("the mean loss of no elements is undefined; the batch is empty")
    return anp.mean(losses)
