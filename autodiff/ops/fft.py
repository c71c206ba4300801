"""Fourier transforms. `norm` is NumPy's: which of the two directions is divided by n ("ortho": both by its root)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Function, define

OTHER = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The norm with which the inverse transform is the transpose."""

fft: Function = define(
    "fft", lambda x, *, axes, norm: np.fft.fftn(x, axes=axes, norm=norm),
    lambda g, *, axes, norm: fft(g, axes=axes, norm=norm), kind="contract", linear=True,
    doc="Discrete Fourier transform over axes, `out_k = sum_j x_j e^(-2 pi i j k / n)`: a symmetric matrix.",
)  # fmt: skip

ifft: Function = define(
    "ifft", lambda x, *, axes, norm: np.fft.ifftn(x, axes=axes, norm=norm),
    lambda g, *, axes, norm: ifft(g, axes=axes, norm=norm), kind="contract", linear=True,
    doc="Inverse of `fft`, `out_j = sum_k x_k e^(2 pi i j k / n) / n`: a symmetric matrix.",
)  # fmt: skip


def _weights(x: Any, n: int, axis: int, inner: float) -> Any:
    """Times `inner` where an element stands for two of the whole spectrum, which has n."""
    k = np.arange(n // 2 + 1)
    weights = np.where((k == 0) | (2 * k == n), 1, inner).astype(x.real.dtype)
    return x * weights.reshape((-1,) + (1,) * (x.ndim - 1 - axis))


def _rfft_rule(g: Any, x_shape: tuple[int, ...], *, axis: int, norm: str) -> Any:
    n = x_shape[axis]
    return irfft(_weights(g, n, axis, 0.5), n=n, axis=axis, norm=OTHER[norm])


rfft: Function = define(
    "rfft", lambda x, *, axis, norm: np.fft.rfft(x, axis=axis, norm=norm), _rfft_rule, kind="contract", linear=True,
    holomorphic=False, doc="The first half of the Fourier transform of real numbers along an axis.",
)  # fmt: skip

irfft: Function = define(
    "irfft", lambda x, *, n, axis, norm: np.fft.irfft(x, n, axis=axis, norm=norm),
    lambda g, *, n, axis, norm: _weights(rfft(g, axis=axis, norm=OTHER[norm]), n, axis, 2.0),
    kind="contract", linear=True, holomorphic=False,
    doc="The n real numbers of whose Fourier transform x is the first half, n // 2 + 1 elements.",
)  # fmt: skip
