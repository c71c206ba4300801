"""Softmax, losses, convolution, pooling, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from tests.op_table import apart, fixed, op, real, row

_softmax = [[real(2, 3)], [real(4)], [real(2, 3, 2)]]


def _np_softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


row("softmax", ad.softmax, _np_softmax, [*_softmax, [real(0, 3)]], options=[{}, {"axis": 0}][:1])
row("softmax along axis 0", ad.softmax, _np_softmax, _softmax, options=[{"axis": 0}])
row("log_softmax", ad.log_softmax, lambda x, axis=-1: np.log(_np_softmax(x, axis)), _softmax,
    options=[{}, {"axis": 0}])  # fmt: skip


def _cross_entropy(x: Any, t: Any, reduction: str) -> Any:
    losses = -np.log(_np_softmax(x))[np.arange(len(t)), t]
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / max(len(t), 1)}[reduction]


row("cross_entropy", ad.cross_entropy, _cross_entropy, [[real(4, 3), fixed([0, 2, 1, 2])], [real(1, 2), fixed([1])]],
    options=[{"reduction": r} for r in ("mean", "sum", "none")])  # fmt: skip
row("cross_entropy of nothing", ad.cross_entropy, _cross_entropy, [[real(0, 3), fixed(np.zeros(0, int))]],
    options=[{"reduction": "sum"}, {"reduction": "none"}])  # fmt: skip

_geometry = [
    {}, {"padding": 1}, {"stride": 2, "padding": (1, 0)}, {"dilation": (2, 1)}, {"stride": (1, 3), "padding": 2},
]  # fmt: skip


def loop_conv2d(
    x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """The definition of convolution, as loops over the output."""
    (sh, sw), (ph, pw), (dh, dw) = (np.broadcast_to(v, 2).tolist() for v in (stride, padding, dilation))
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    (n, _, h, width), (o, cg, kh, kw) = x.shape, w.shape
    oh, ow = (h - dh * (kh - 1) - 1) // sh + 1, (width - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((n, o, oh, ow), np.result_type(x, w))
    for k in range(o):
        first = k // (o // groups) * cg
        for p in range(oh):
            for q in range(ow):
                seen = x[:, first : first + cg, p * sh : p * sh + dh * (kh - 1) + 1 : dh,
                         q * sw : q * sw + dw * (kw - 1) + 1 : dw]  # fmt: skip
                out[:, k, p, q] = (seen * w[k]).sum((1, 2, 3))
    return out if b is None else out + b[:, None, None]


row("conv2d", ad.conv2d, loop_conv2d, [[real(2, 2, 5, 6), real(3, 2, 3, 2)], [real(0, 1, 5, 5), real(1, 1, 2, 2)]],
    options=_geometry, complex=True)  # fmt: skip
row("conv2d with bias", ad.conv2d, loop_conv2d, [[real(2, 2, 4, 4), real(3, 2, 3, 3), real(3)]])
row("conv2d in groups", ad.conv2d, loop_conv2d, [[real(2, 4, 4, 4), real(6, 2, 2, 2)]],
    options=[{"groups": 2}, {"groups": 2, "stride": 2}])  # fmt: skip
row("conv2d by channel", ad.conv2d, loop_conv2d, [[real(2, 3, 4, 4), real(3, 1, 3, 3)]],
    options=[{"groups": 3, "padding": 1}])  # fmt: skip


def _adjoint(which: str) -> tuple[Any, Any, Any]:
    """The adjoints of convolution, and their definition: the gradient of <g, conv2d(x, w)>, by unit vectors."""
    how = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}
    x_shape, w_shape = (2, 2, 5, 6), (4, 1, 3, 2)
    g_shape = loop_conv2d(np.zeros(x_shape), np.zeros(w_shape), **how).shape

    def by_units(g: Any, other: Any, shape: Any, swap: bool) -> Any:
        out = np.zeros(shape, np.result_type(g, other))
        for place in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[place] = 1
            pair = (other, unit) if swap else (unit, other)
            out[place] = (g * loop_conv2d(*pair, **how)).sum()
        return out

    if which == "dx":
        call = lambda g, w: op("conv2d_dx")(g, w, shape=x_shape[2:], **how)  # noqa: E731  # shorter than a def here
        return call, lambda g, w: by_units(g, w, x_shape, False), [[real(*g_shape), real(*w_shape)]]
    call = lambda x, g: op("conv2d_dw")(x, g, kernel=w_shape[2:], **how)  # noqa: E731  # as above
    return call, lambda x, g: by_units(g, x, w_shape, True), [[real(*x_shape), real(*g_shape)]]


row("conv2d_dx", *_adjoint("dx"))
row("conv2d_dw", *_adjoint("dw"))


def loop_max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1) -> Any:
    """The definition of max pooling, as loops over the output."""
    (kh, kw), (ph, pw), (dh, dw) = (np.broadcast_to(v, 2).tolist() for v in (kernel_size, padding, dilation))
    sh, sw = (kh, kw) if stride is None else np.broadcast_to(stride, 2).tolist()
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    oh, ow = (x.shape[2] - dh * (kh - 1) - 1) // sh + 1, (x.shape[3] - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((*x.shape[:2], oh, ow), x.dtype)
    for p in range(oh):
        for q in range(ow):
            out[:, :, p, q] = x[:, :, p * sh : p * sh + dh * (kh - 1) + 1 : dh,
                                q * sw : q * sw + dw * (kw - 1) + 1 : dw].max((2, 3))  # fmt: skip
    return out


row("max_pool2d", ad.max_pool2d, loop_max_pool2d, [[apart(2, 2, 5, 6)]], options=[
    {"kernel_size": 2}, {"kernel_size": 3, "stride": 1}, {"kernel_size": (2, 3), "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 1, "dilation": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}])  # fmt: skip
row("max_pool2d_places", lambda x: op("max_pool2d_places")(x, kernel=(2, 2), stride=(1, 1), padding=(0, 0),
    dilation=(1, 1)), lambda x: np.stack([x[:, :, i : i + 2, j : j + 2] for i in (0, 1) for j in (0, 1)]).argmax(0)
    .astype(np.uint16), [[apart(2, 2, 3, 3)]], differentiable=False)  # fmt: skip
row(
    "max_pool2d of nothing",
    ad.max_pool2d,
    loop_max_pool2d,
    [[real(0, 1, 4, 4)]],
    options=[{"kernel_size": 2}],
)


def _dropout(x: Any, p: float, generator: int) -> Any:
    from autodiff.random import philox

    kept = philox(generator, 0).random(x.shape, np.float32) >= p
    return x * kept / (1 - p) if p < 1 else x * 0


row("dropout", ad.dropout, _dropout, [[real(4, 5)], [real()], [real(0)]],
    options=[{"p": 0.3, "generator": 5}, {"p": 0.0, "generator": 5}, {"p": 1.0, "generator": 5}],
    complex=True)  # fmt: skip
