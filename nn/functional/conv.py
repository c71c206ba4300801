"""Convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff import functional as F
from autodiff import numpy as anp

__all__ = ["conv2d"]


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
