"""Max pooling over windows of the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .conv import output_size, pad, windows

Pair = tuple[int, int]


def max_pool2d(x: Any, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> tuple[Any, Any]:
    """The largest element of each window, and which of its kh * kw elements that was (the first of equals)."""
    size = [output_size(x.shape[2 + i], kernel[i], stride[i], padding[i], dilation[i]) for i in range(2)]
    if min(size) < 1:
        raise ValueError(
            f"window {kernel} with dilation {dilation} does not fit into an image of {x.shape[2:]} padded by {padding}"
        )
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    view = windows(pad(x, padding, lowest), kernel, stride, dilation)  # (n, c, kh, kw, oh, ow)
    taps = [view[:, :, i, j] for i in range(kernel[0]) for j in range(kernel[1])]
    best, which = taps[0].copy(), np.zeros(taps[0].shape, np.uint16)
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
