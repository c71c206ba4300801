"""Max pooling over windows of the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .conv import output_size, pad, windows

Pair = tuple[int, int]


def _first_real(size: int, kernel: int, stride: int, padding: int, dilation: int) -> Any:
    """For each window along one axis, the first of its taps that lies in the image and not in the padding."""
    starts = np.arange(output_size(size, kernel, stride, padding, dilation)) * stride - padding
    taps = np.maximum(-(starts // dilation), 0)
    outside = (taps >= kernel) | (starts + taps * dilation >= size)
    if outside.any():
        raise ValueError(
            f"window {np.flatnonzero(outside)[0]} along an axis of length {size} lies wholly in the padding "
            f"(kernel_size {kernel}, stride {stride}, padding {padding}, dilation {dilation}); pad less"
        )
    return taps


def max_pool2d(x: Any, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> tuple[Any, Any]:
    """The largest element of each window, and which of its kh * kw elements that was (the first of equals)."""
    size = [output_size(x.shape[2 + i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2)]
    if min(size) < 1:
        raise ValueError(
            f"window {kernel} with dilation {dilation} does not fit into an image of {x.shape[2:]} padded by {padding}"
        )
    down, right = (_first_real(x.shape[2 + i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2))
    lowest: Any = -np.inf if x.dtype.kind == "f" else False if x.dtype.kind == "b" else np.iinfo(x.dtype).min
    view = windows(pad(x, padding, lowest), kernel, stride, dilation)  # (n, c, kh, kw, oh, ow)
    taps = [view[:, :, i, j] for i in range(kernel[0]) for j in range(kernel[1])]
    best, which = taps[0].copy(), np.empty(taps[0].shape, np.uint16)
    which[...] = down[:, None] * kernel[1] + right  # where all are `lowest`, the first real one and not the padding
    for k, tap in enumerate(taps[1:], 1):
        larger = ~(tap <= best) & ~(best != best)  # a NaN wins, the first of them
        np.copyto(best, tap, where=larger)
        which[larger] = k
    return best, which


def max_pool2d_vjp(
    g: Any,
    x_shape: tuple[int, ...],
    saved: Any,
    *,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
) -> tuple[Any]:
    """Give each window's gradient to the element that was its largest."""
    n, c, h, w = x_shape
    (ph, pw), (sh, sw), (dh, dw) = padding, stride, dilation
    oh, ow = g.shape[2:]
    out = np.zeros((n, c, h + 2 * ph, w + 2 * pw), g.dtype)
    for k in range(kernel[0] * kernel[1]):
        top, left = k // kernel[1] * dh, k % kernel[1] * dw
        out[:, :, top : top + sh * oh : sh, left : left + sw * ow : sw] += g * (saved == k)
    return (out[:, :, ph : ph + h, pw : pw + w],)
