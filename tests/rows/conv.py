"""Convolution over one, two and three axes, and windows as columns."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import op, real, row


def loop_conv(x: Any, w: Any, *, stride: Any, padding: Any, dilation: Any, groups: int = 1) -> Any:
    """The definition of convolution, as loops over the output."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    reach = [d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilation, strict=True)]
    places = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], reach, stride, strict=True)]
    out = np.zeros((len(x), len(w), *places), np.result_type(x, w))
    axes = tuple(range(1, x.ndim))
    for k in range(len(w)):
        first = k // (len(w) // groups) * w.shape[1]
        for p in np.ndindex(*places):
            window = [slice(i * s, i * s + r, d) for i, s, r, d in zip(p, stride, reach, dilation, strict=True)]
            out[(slice(None), k, *p)] = (x[(slice(None), slice(first, first + w.shape[1]), *window)] * w[k]).sum(axes)
    return out


def loop_conv2d(
    x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    steps, width, gaps = (np.broadcast_to(v, 2).tolist() for v in (stride, padding, dilation))
    out = loop_conv(x, w, stride=steps, padding=[(p, p) for p in width], dilation=gaps, groups=groups)
    return out if b is None else out + b[:, None, None]


row("conv2d", ad.conv2d, loop_conv2d, [[real(2, 2, 5, 6), real(3, 2, 3, 2)], [real(0, 1, 5, 5), real(1, 1, 2, 2)]],
    options=[{}, {"padding": 1}, {"stride": 2, "padding": (1, 0)}, {"dilation": (2, 1)},
             {"stride": (1, 3), "padding": 2}], complex=True)  # fmt: skip
row("conv2d with bias", ad.conv2d, loop_conv2d, [[real(2, 2, 4, 4), real(3, 2, 3, 3), real(3)]])
row("conv2d in groups", ad.conv2d, loop_conv2d, [[real(2, 4, 4, 4), real(6, 2, 2, 2)]],
    options=[{"groups": 2}, {"groups": 2, "stride": 2}])  # fmt: skip
row("conv2d by channel", ad.conv2d, loop_conv2d, [[real(2, 3, 4, 4), real(3, 1, 3, 3)]],
    options=[{"groups": 3, "padding": 1}])  # fmt: skip

HOW: dict[int, dict[str, Any]] = {
    1: {"stride": (2,), "padding": ((1, 0),), "dilation": (2,), "groups": 2},
    2: {"stride": (2, 1), "padding": ((1, 1), (0, 2)), "dilation": (1, 2), "groups": 2},
    3: {"stride": (1, 2, 1), "padding": ((0, 0), (1, 1), (0, 1)), "dilation": (1, 1, 1), "groups": 1},
}
X = {1: (2, 4, 7), 2: (2, 2, 5, 6), 3: (2, 1, 2, 3, 3)}
W = {1: (2, 2, 3), 2: (4, 1, 3, 2), 3: (2, 1, 2, 2, 2)}


def adjoint(function: Any, shape: Any, g: Any, dtype: Any) -> Any:
    """The gradient of `<g, function(x)>` by x for a linear function, by unit vectors."""
    out = np.zeros(shape, dtype)
    for place in np.ndindex(*shape):
        unit = np.zeros(shape)
        unit[place] = 1
        out[place] = (g * function(unit)).sum()
    return out


def _triad(axes: int) -> None:
    how, x_shape, w_shape = HOW[axes], X[axes], W[axes]
    g_shape = loop_conv(np.zeros(x_shape), np.zeros(w_shape), **how).shape
    name = "" if axes == 2 else f" over {axes}"
    row(f"conv{name}", partial(op("conv"), **how), partial(loop_conv, **how), [[real(*x_shape), real(*w_shape)]],
        complex=axes == 1)  # fmt: skip
    row(f"conv_bias{name}", partial(op("conv_bias"), **how),
        lambda x, w, b: loop_conv(x, w, **how) + b.reshape(-1, *[1] * axes),
        [[real(*x_shape), real(*w_shape), real(w_shape[0])]], complex=axes == 1)  # fmt: skip
    row(f"conv_dx{name}", partial(op("conv_dx"), shape=x_shape[2:], **how),
        lambda g, w: adjoint(lambda x: loop_conv(x, w, **how), x_shape, g, np.result_type(g, w)),
        [[real(*g_shape), real(*w_shape)]], complex=axes == 1)  # fmt: skip
    row(f"conv_dw{name}", partial(op("conv_dw"), kernel=w_shape[2:], **how),
        lambda x, g: adjoint(lambda w: loop_conv(x, w, **how), w_shape, g, np.result_type(x, g)),
        [[real(*x_shape), real(*g_shape)]], complex=axes == 1)  # fmt: skip


for _axes in (1, 2, 3):
    _triad(_axes)


def loop_unfold(x: Any, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Each row of columns is a convolution with a kernel that is 1 at one tap."""
    taps = int(np.prod(kernel))
    weight = np.tile(np.eye(taps, dtype=x.dtype), (x.shape[1], 1)).reshape(-1, 1, *kernel)
    out = loop_conv(x, weight, stride=stride, padding=padding, dilation=dilation, groups=x.shape[1])
    return out.reshape(len(x), out.shape[1], int(np.prod(out.shape[2:])))


GEOMETRY: Any = {"kernel": (2, 3), "stride": (1, 2), "padding": ((1, 0), (1, 1)), "dilation": (2, 1)}
row("unfold", op("unfold"), loop_unfold, [[real(2, 2, 4, 5)], [real(0, 1, 4, 5)]], complex=True, options=[
    GEOMETRY, {"kernel": (1, 1), "stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}])  # fmt: skip
row("fold", op("fold"), lambda g, size, **how: adjoint(lambda x: loop_unfold(x, **how), (len(g), 2, *size), g, g.dtype),
    [[real(2, 12, 9)]], options=[GEOMETRY | {"size": (4, 5)}], complex=True)  # fmt: skip
