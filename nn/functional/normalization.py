"""Normalisation over the batch, the layer, the instance, the group; and by the neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.numpy import sqrt
from autodiff.numpy.arguments import cast, floating, ordered
from autodiff.ops import norm

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _floats(name: str, *arrays: Any) -> list[Any]:
    """The arrays that are given, real and in the floating dtype that holds them all; None stays."""
    found = [None if x is None else floating(ordered(x, name)) for x in arrays]
    dtype = np.result_type(*[x.dtype for x in found if x is not None])
    return [None if x is None else cast(x, dtype) for x in found]


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    if not sizes:
        raise ValueError("normalized_shape names the last axes' lengths, one at least; got ()")
    return sizes


def _last_axes(name: str, x: Any, shape: tuple[int, ...], **parameters: Any) -> tuple[int, ...]:
    """The axes that are normalised over; ValueError unless they, weight and bias have the shape."""
    if x.shape[-len(shape) :] != shape or x.ndim < len(shape):
        lengths = ", ".join(map(str, shape))
        raise ValueError(f"{name} with normalized_shape {shape} takes x (..., {lengths}), got {describe(x)}")
    for key, value in parameters.items():
        if value is not None and value.shape != shape:
            raise ValueError(f"{name}: {key} {describe(value)} needs shape {shape}, that of normalized_shape")
    return tuple(range(x.ndim - len(shape), x.ndim))


def layer_norm(
    input: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """`(x - mean) / sqrt(var + eps) weight + bias`, mean and variance (divisor n) over the last axes.

    Args:
        input: x, (..., *normalized_shape).
        weight, bias: (*normalized_shape), or None for 1 and 0.

    Raises ValueError for other shapes. Ba, Kiros and Hinton, 2016.

    >>> layer_norm(np.array([1.0, 3.0]), 2, eps=0.0)
    array([-1.,  1.])
    """
    shape = _shape(normalized_shape)
    x, weight, bias = _floats("layer_norm", input, weight, bias)
    axis = _last_axes("layer_norm", x, shape, weight=weight, bias=bias)
    return norm.standardize(x, *_affine(weight, bias), axis=axis, eps=_eps("layer_norm", eps))


def _eps(name: str, eps: Any) -> float:
    """What is added to variances, as a number; ValueError for a negative one."""
    if not eps >= 0:
        raise ValueError(f"{name}: eps is at least 0, got {eps!r}")
    return float(eps)


def _affine(weight: Any, bias: Any, shape: tuple[int, ...] | None = None) -> tuple[Any, Any]:
    """Weight and bias in a shape that broadcasts; what is not given as the number that stands for none."""
    pair = [(weight, 1.0), (bias, 0.0)]
    weight, bias = (none if v is None else v if shape is None else v.reshape(shape) for v, none in pair)
    return weight, bias


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """`(x - mean) / sqrt(var + eps) weight + bias`, mean and variance over each example's groups of channels.

    Args:
        input: x, (n, c, ...).
        num_groups: into how many groups the channels are split.
        weight, bias: (c,), or None for 1 and 0.

    Raises ValueError for other shapes, for groups that do not divide the channels, and for one example with one value
    in each group. Wu and He, 2018.

    >>> group_norm(np.array([[1.0, 3.0, 2.0, 4.0]]), 2, eps=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    x, weight, bias = _floats("group_norm", input, weight, bias)
    channels = _channels("group_norm", x, 2, weight=weight, bias=bias)
    if num_groups < 1 or channels % num_groups:
        raise ValueError(f"group_norm: {num_groups} groups do not divide the {channels} channels of {describe(x)}")
    split = (num_groups, channels // num_groups)
    rows = x.reshape((x.shape[0], *split, math.prod(x.shape[2:])))  # (n, groups, c / groups, rest)
    if rows.size == num_groups:
        raise ValueError(
            f"group_norm of {describe(x)} has one value in each of {num_groups} groups to take mean and variance of, "
            "and all would become 0; take fewer groups"
        )
    scale = _affine(weight, bias, (*split, 1))
    return norm.standardize(rows, *scale, axis=(2, 3), eps=_eps("group_norm", eps)).reshape(x.shape)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`(x - mean) / sqrt(var + eps) weight + bias`, mean and variance of each channel.

    In training they are those of the batch, with divisor n, and the running ones are moved towards them in place:
    `running = (1 - momentum) running + momentum batch`, the variance there with divisor n - 1. Otherwise they are
    the running ones.

    Args:
        input: x, (n, c) or (n, c, ...).
        running_mean, running_var: (c,), Tensors or arrays; both may be None in training.
        weight, bias: (c,), or None for 1 and 0.

    Raises ValueError for other shapes, and in training for fewer than 2 values a channel. Ioffe and Szegedy, 2015.

    >>> batch_norm(np.array([[1.0], [3.0]]), None, None, training=True, eps=0.0).ravel()
    array([-1.,  1.])
    """
    x, weight, bias = _floats("batch_norm", input, weight, bias)
    running = {"running_mean": running_mean, "running_var": running_var}
    _channels("batch_norm", x, 2, weight=weight, bias=bias, **running)
    axis = (0, *range(2, x.ndim))
    return _by_channel("batch_norm", x, axis, weight, bias, training, momentum, eps, **running)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`(x - mean) / sqrt(var + eps) weight + bias`, mean and variance of each channel of each example.

    With `use_input_stats` they are those of the input, and the running ones, if given, are moved in place towards
    their averages over the examples; otherwise they are the running ones. See `batch_norm`.

    Args:
        input: x, (n, c, l, ...).
        running_mean, running_var: (c,), Tensors or arrays, or None.
        weight, bias: (c,), or None for 1 and 0.

    Raises ValueError for other shapes, and for fewer than 2 values a channel. Ulyanov et al., 2016.

    >>> instance_norm(np.array([[[1.0, 3.0]], [[5.0, 9.0]]]), eps=0.0)[:, 0]
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x, weight, bias = _floats("instance_norm", input, weight, bias)
    running = {"running_mean": running_mean, "running_var": running_var}
    _channels("instance_norm", x, 3, weight=weight, bias=bias, **running)
    axis = tuple(range(2, x.ndim))
    return _by_channel("instance_norm", x, axis, weight, bias, use_input_stats, momentum, eps, **running)


def _channels(name: str, x: Any, ndim: int, **parameters: Any) -> int:
    """The number of channels; ValueError unless each parameter has one number for each of them."""
    if x.ndim < ndim:
        raise ValueError(f"{name} takes x (n, c{', l' * (ndim - 2)}, ...), got {describe(x)}")
    channels: int = x.shape[1]
    for key, value in parameters.items():
        if value is not None and value.shape != (channels,):
            raise ValueError(
                f"{name}: {key} {describe(value)} needs shape ({channels},), one per channel of x {describe(x)}"
            )
    return channels


def _by_channel(
    name: str, x: Any, axis: tuple[int, ...], weight: Any, bias: Any, own: bool, momentum: Any, eps: float,
    running_mean: Any, running_var: Any,
) -> Any:  # fmt: skip
    """Normalise over axes, by moments of the input's own or by the running ones."""
    column = (x.shape[1],) + (1,) * (x.ndim - 2)
    scale, eps = _affine(weight, bias, column), _eps(name, eps)
    if not own:
        if running_mean is None or running_var is None:
            raise ValueError(f"{name} that does not take its input's own statistics needs running_mean and running_var")
        mean, var = (cast(v, x.dtype).reshape(column) for v in (running_mean, running_var))
        return (x - mean) * (scale[0] / sqrt(var + eps)) + scale[1]
    n = math.prod(x.shape[i] for i in axis)
    if n < 2 and x.shape[0]:
        raise ValueError(
            f"{name} of {describe(x)} has one value per channel to take mean and variance of, and all would become 0. "
            + ("Give more." if running_mean is None else "Give more, or take the running statistics with model.eval().")
        )
    if running_mean is None or running_var is None or not x.size:
        return norm.standardize(x, *scale, axis=axis, eps=eps)
    with no_grad():
        mean, var = norm.moments(x, axis=axis)
        for running, value in ((running_mean, mean), (running_var, var * (n / (n - 1)))):
            running[...] = running * (1 - momentum) + value.reshape((-1, x.shape[1])).mean(0) * momentum
    return norm.batch_norm(x, *scale, mean, var, axis=axis, eps=eps)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """`x / (k + alpha mean(x^2))^beta`, the mean over a window of channels, zeros beyond the first and the last.

    Args:
        input: x, (n, c, ...), with one more axis at least.
        size: channels in the window, (size - 1) // 2 of them after the one in question.

    Raises ValueError for other shapes. Krizhevsky, Sutskever and Hinton, 2012.

    >>> local_response_norm(np.ones((1, 3, 1)), 3, alpha=3.0, beta=1.0).ravel()
    array([0.33333333, 0.25      , 0.33333333])
    """
    (x,) = _floats("local_response_norm", input)
    _channels("local_response_norm", x, 3)
    if size < 1:
        raise ValueError(f"local_response_norm: size is at least 1, got {size}")
    squares = norm.window_sum(x * x, axis=1, before=size // 2, after=(size - 1) // 2)
    return x / (squares * (alpha / size) + k) ** beta


def rms_norm(input: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> Any:
    """`x / sqrt(mean(x^2) + eps) weight`, the mean over the last axes.

    Args:
        input: x, (..., *normalized_shape).
        weight: (*normalized_shape), or None for 1.
        eps: by default the machine epsilon of x's dtype.

    Raises ValueError for other shapes. Zhang and Sennrich, 2019.

    >>> rms_norm(np.array([1.0, -1.0]), 2)
    array([ 1., -1.])
    """
    shape = _shape(normalized_shape)
    x, weight = _floats("rms_norm", input, weight)
    axis = _last_axes("rms_norm", x, shape, weight=weight)
    eps = _eps("rms_norm", np.finfo(x.dtype).eps if eps is None else eps)
    return norm.rms_norm(x, 1.0 if weight is None else weight, axis=axis, eps=eps)
