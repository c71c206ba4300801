"""Convolution and max pooling over one, two and three axes, and how functions of windows read their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import describe
from .numpy.arguments import array_of, ordered
from .ops import conv, pool

_AXES = {1: "l", 2: "h, w", 3: "d, h, w"}
_TAPS = {1: "k", 2: "kh, kw", 3: "kd, kh, kw"}


def per_axis(value: Any, name: str, low: int, count: int) -> tuple[int, ...]:
    """Write an argument for the axes of an image as so many ints no less than `low`."""
    each = tuple(value) if hasattr(value, "__iter__") else (value,) * count
    if len(each) != count or not all(_is_integer(v) and v >= low for v in each):
        raise ValueError(f"{name} is an integer >= {low} or {count} of them, got {value!r}")
    return tuple(map(int, each))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def convolution(
    name: str, axes: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Convolution over so many axes, for the function of this name; `padding` also "same" or "valid"."""
    x, weight = array_of(x), array_of(weight)
    if weight.ndim != axes + 2 or x.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{name} takes x (n, c, {_AXES[axes]}) and weight (o, c / groups, {_TAPS[axes]}); "
            f"got {describe(x)} and {describe(weight)}"
        )
    if x.ndim == axes + 1:  # one image
        x = x.reshape((1, *x.shape))
        out = convolution(name, axes, x, weight, bias, stride, padding, dilation, groups)
        return out.reshape(out.shape[1:])
    if groups < 1 or x.shape[1] % groups or weight.shape[0] % groups:
        raise ValueError(f"{groups} groups must divide the {x.shape[1]} input and {weight.shape[0]} output channels")
    if weight.shape[1] * groups != x.shape[1]:
        raise ValueError(
            f"x {describe(x)} has {x.shape[1]} channels; weight {describe(weight)} with groups={groups} "
            f"expects {weight.shape[1] * groups}"
        )
    steps, dilation = per_axis(stride, "stride", 1, axes), per_axis(dilation, "dilation", 1, axes)
    width = padding_of(padding, steps, weight.shape[2:], dilation)
    geometry = {"stride": steps, "padding": width, "dilation": dilation, "groups": groups}
    if bias is None:
        return conv.conv(x, weight, **geometry)
    return conv.conv_bias(x, weight, one_each(bias, weight.shape[0]), **geometry)


def padding_of(padding: Any, stride: Any, kernel: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """How much stands before and after each axis; "same" puts the larger half of an odd number after."""
    if not isinstance(padding, str):
        return tuple([(p, p) for p in per_axis(padding, "padding", 0, len(kernel))])
    if padding not in ("same", "valid"):
        raise ValueError(f'padding is "same", "valid", a number or one for each axis; got {padding!r}')
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if any(s != 1 for s in stride):
        raise ValueError(f'padding="same" keeps the size, which stride={stride} does not; use stride 1')
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return tuple([(n // 2, n - n // 2) for n in total])


def with_bias(out: Any, channels: int, bias: Any) -> Any:
    """Add one number to each channel of (n, c, *size)."""
    return out if bias is None else out + one_each(bias, channels).reshape((-1,) + (1,) * (out.ndim - 2))


def one_each(bias: Any, channels: int) -> Any:
    """A bias with a number for each output channel; ValueError for any other."""
    bias = array_of(bias)
    if bias.shape != (channels,):
        raise ValueError(f"bias {describe(bias)} needs shape {(channels,)}, one per output channel")
    return bias


def max_pooling(
    name: str, axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window over so many axes, for the function of this name; with its place if asked."""
    x = ordered(x, name)
    if x.ndim not in (axes + 1, axes + 2):
        raise ValueError(f"{name} takes x (n, c, {_AXES[axes]}) or (c, {_AXES[axes]}), got {describe(x)}")
    if x.ndim == axes + 1:
        x = x.reshape((1, *x.shape))
        out = max_pooling(name, axes, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
        one = [part.reshape(part.shape[1:]) for part in (out if return_indices else (out,))]
        return tuple(one) if return_indices else one[0]
    kernel, dilation = per_axis(kernel_size, "kernel_size", 1, axes), per_axis(dilation, "dilation", 1, axes)
    stride = kernel if stride is None else per_axis(stride, "stride", 1, axes)
    width = pool_padding(x.shape[2:], kernel, stride, per_axis(padding, "padding", 0, axes), dilation, ceil_mode)
    geometry = {"kernel": kernel, "stride": stride, "padding": width, "dilation": dilation}
    if not return_indices:
        return pool.max_pool(x, **geometry)
    places = pool.max_pool_places(x, **geometry)
    return pool.at_places(x, places), places


def pool_padding(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    """How much stands before and after each axis: with `ceil_mode` also what lets a last window begin in the image."""
    if any(p > k // 2 for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"padding {padding} is more than half the window {kernel}: a window could lie outside")
    width = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        rest = (n + 2 * p - d * (k - 1) - 1) % s
        begins = n + 2 * p - d * (k - 1) - 1 - rest + s  # of one window more, from the beginning of the padding
        more = s - rest if ceil_mode and rest and begins < n + p else 0
        width.append((p, p + more))
    return tuple(width)
