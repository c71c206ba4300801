"""Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its two adjoints.

Shapes: x (n, c, h, w); weight (o, c / groups, kh, kw); out (n, o, oh, ow) with
`oh = (h + 2 ph - dh (kh - 1) - 1) // sh + 1` and likewise for ow.

Each image is unfolded into columns, one per output pixel, so that the convolution is a matrix product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Pair = tuple[int, int]


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Number of places where a kernel fits along one axis."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def pad(x: Any, padding: Pair, value: float = 0.0) -> Any:
    """Surround the last two axes with a constant."""
    ph, pw = padding
    if not (ph or pw):
        return x
    n, c, h, w = x.shape
    out = np.full((n, c, h + 2 * ph, w + 2 * pw), value, x.dtype)
    out[:, :, ph : ph + h, pw : pw + w] = x
    return out


def windows(x: Any, kernel: Pair, stride: Pair, dilation: Pair) -> Any:
    """A view (n, c, kh, kw, oh, ow) in which `[..., i, j, p, q]` is what tap (i, j) sees at output (p, q)."""
    n, c, h, w = x.shape
    (kh, kw), (sh, sw), (dh, dw) = kernel, stride, dilation
    oh, ow = output_size(h, kh, sh, 0, dh), output_size(w, kw, sw, 0, dw)
    bn, bc, bh, bw = x.strides
    return np.lib.stride_tricks.as_strided(
        x, (n, c, kh, kw, oh, ow), (bn, bc, bh * dh, bw * dw, bh * sh, bw * sw), writeable=False
    )


def _columns(x: Any, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """Unfold to (n, groups, c/groups * kh * kw, oh * ow)."""
    view = windows(pad(x, padding), kernel, stride, dilation)
    n, c, kh, kw, oh, ow = view.shape
    return view.reshape(n, groups, c // groups * kh * kw, oh * ow)


def conv2d(x: Any, w: Any, *, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """`out[n, o, p, q] = sum_cij w[o, c, i, j] x[n, c, p sh + i dh - ph, q sw + j dw - pw]`."""
    o, _, kh, kw = w.shape
    size = [output_size(x.shape[2 + i], w.shape[2 + i], stride[i], padding[i], dilation[i]) for i in range(2)]
    if min(size) < 1:
        raise ValueError(
            f"kernel {(kh, kw)} with dilation {dilation} does not fit into images of {x.shape[2:]} padded by {padding}"
        )
    columns = _columns(x, (kh, kw), stride, padding, dilation, groups)
    out = w.reshape(groups, o // groups, -1) @ columns  # (n, groups, o/groups, oh * ow)
    return out.reshape(len(x), o, *size)


def conv2d_dx(g: Any, w: Any, *, shape: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """The adjoint by x: each gradient goes back to the pixels that its window saw. `shape` is x's (h, w)."""
    n, o, oh, ow = g.shape
    _, cg, kh, kw = w.shape
    (ph, pw), (sh, sw), (dh, dw) = padding, stride, dilation
    weight = w.reshape(groups, o // groups, cg * kh * kw).mT
    columns = weight @ g.reshape(n, groups, o // groups, oh * ow)
    taps = columns.reshape(n, groups * cg, kh, kw, oh, ow)
    out = np.zeros((n, groups * cg, shape[0] + 2 * ph, shape[1] + 2 * pw), columns.dtype)
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            out[:, :, top : top + sh * oh : sh, left : left + sw * ow : sw] += taps[:, :, i, j]
    return out[:, :, ph : ph + shape[0], pw : pw + shape[1]]


def conv2d_dw(x: Any, g: Any, *, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Any:
    """The adjoint by w: how each tap's pixels go with the gradient, summed over images and places."""
    n, o, oh, ow = g.shape
    columns = _columns(x, kernel, stride, padding, dilation, groups)
    products = g.reshape(n, groups, o // groups, oh * ow) @ columns.mT
    return np.add.reduce(products, axis=0).reshape(o, x.shape[1] // groups, *kernel)
