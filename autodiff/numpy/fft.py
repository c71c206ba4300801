"""Fourier transforms: `numpy.fft` on Tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import describe
from ..ops import elementwise
from ..ops import fft as ops
from ..tensor import constant
from .arguments import array_of, cast, deliver, on_cpu, one_axis, shape_of
from .joining import concatenate
from .shaping import roll

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

Lengths = Sequence[int | None] | None
Axes = Sequence[int] | None
Norm = str | None


def _norm(norm: Norm) -> str:
    if norm is None:
        return "backward"
    if norm not in ops.OTHER:
        raise ValueError(f'norm is "backward", "ortho" or "forward", got {norm!r}')
    return norm


def _resize(x: Any, n: int | None, axis: int) -> Any:
    """Cut an axis to n elements, or fill it up with zeros."""
    axis = one_axis(axis, x.ndim)
    length = x.shape[axis]
    n = length if n is None else n
    if n < 1:
        raise ValueError(f"a Fourier transform needs one point at least, got n={n} for {describe(x)}")
    if n < length:
        return x[(slice(None),) * axis + (slice(n),)]
    if n == length:
        return x
    zeros = np.zeros((*x.shape[:axis], n - length, *x.shape[axis + 1 :]), x.dtype)
    return concatenate([x, zeros], axis)


def _several(x: Any, s: Lengths, axes: Axes) -> tuple[list[int | None], list[int]]:
    """The lengths and axes of a transform over several; an axis may come twice."""
    lengths = None if s is None else list(s)
    if axes is None:
        places = list(range(x.ndim)) if lengths is None else list(range(-len(lengths), 0))
    else:
        places = list(shape_of(axes))
    places = [one_axis(i, x.ndim) for i in places]
    if lengths is None:
        return [None] * len(places), places
    if len(lengths) != len(places):
        raise ValueError(f"s and axes have different lengths: {tuple(lengths)} and {tuple(places)}")
    return [x.shape[i] if n == -1 else n for n, i in zip(lengths, places, strict=True)], places


def _along(op: Any, x: Any, n: int | None, axis: int, norm: Norm) -> Any:
    """A transform of complex numbers along one axis."""
    return op(_resize(x, n, axis), axes=(one_axis(axis, x.ndim),), norm=_norm(norm))


def _over(op: Any, a: Any, s: Lengths, axes: Axes, norm: Norm) -> Any:
    """A transform of complex numbers over several axes."""
    x = array_of(a)
    lengths, places = _several(x, s, axes)
    if len(set(places)) < len(places):
        for n, i in reversed(list(zip(lengths, places, strict=True))):
            x = _along(op, x, n, i, norm)
        return x
    for n, i in zip(lengths, places, strict=True):
        x = _resize(x, n, i)
    return op(x, axes=tuple(places), norm=_norm(norm))


def _real(x: Any, what: str) -> Any:
    if x.dtype.kind == "c":
        raise TypeError(f"np.fft.{what} takes real numbers, got {describe(x)}; use fft, or take the real part first")
    return x


def _half(x: Any, n: int | None, axis: int, norm: Norm) -> Any:
    """The real numbers of which x is the first half of the spectrum."""
    axis = one_axis(axis, x.ndim)
    n = 2 * (x.shape[axis] - 1) if n is None else n
    if n < 1:
        raise ValueError(f"a Fourier transform needs one point at least, got n={n} for {describe(x)}")
    return ops.irfft(_resize(x, n // 2 + 1, axis), n=n, axis=axis, norm=_norm(norm))


# -- complex transforms ----------------------------------------------------------------------------------


def fft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Discrete Fourier transform along an axis, `out_k = sum_j a_j e^(-2 pi i j k / n)`.

    The axis is cut to n elements, or filled up with zeros. `norm` says what is divided: nothing ("backward", the
    default), by n ("forward"), or by its root ("ortho"); the inverse the other way round.

    >>> fft(np.array([1.0, 2.0]))
    array([ 3.+0.j, -1.+0.j])

    Raises ValueError for n below 1 and for another norm.
    """
    return deliver("fft.fft", _along(ops.fft, array_of(a), n, axis, norm), out)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `fft`: `out_j = sum_k a_k e^(2 pi i j k / n) / n`.

    >>> ifft(np.array([3.0, -1.0]))
    array([1.+0.j, 2.+0.j])
    """
    return deliver("fft.ifft", _along(ops.ifft, array_of(a), n, axis, norm), out)


def fftn(a: Any, s: Lengths = None, axes: Axes = None, norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform over several axes, by default all; `s` has their lengths, -1 for one as it is.

    >>> fftn(np.ones((2, 2))).real
    array([[4., 0.],
           [0., 0.]])
    """
    return deliver("fft.fftn", _over(ops.fft, a, s, axes, norm), out)


def ifftn(a: Any, s: Lengths = None, axes: Axes = None, norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `fftn`."""
    return deliver("fft.ifftn", _over(ops.ifft, a, s, axes, norm), out)


def fft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform over two axes, by default the last."""
    return fftn(a, s, axes, norm, out)


def ifft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `fft2`."""
    return ifftn(a, s, axes, norm, out)


# -- real numbers on one side ----------------------------------------------------------------------------


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform of real numbers: its first `n // 2 + 1` elements, which determine the rest.

    >>> rfft(np.array([1.0, 2.0, 3.0, 2.0]))
    array([ 8.+0.j, -2.+0.j,  0.+0.j])
    """
    x = _resize(_real(array_of(a), "rfft"), n, axis)
    return deliver("fft.rfft", ops.rfft(x, axis=one_axis(axis, x.ndim), norm=_norm(norm)), out)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `rfft`: n real numbers, by default an even number of them.

    >>> irfft(np.array([8.0, -2.0, 0.0]))
    array([1., 2., 3., 2.])
    """
    return deliver("fft.irfft", _half(array_of(a), n, axis, norm), out)


def rfftn(a: Any, s: Lengths = None, axes: Axes = None, norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform of real numbers over several axes; of the last one the first half is given."""
    x = _real(array_of(a), "rfftn")
    lengths, places = _several(x, s, axes)
    x = rfft(x, lengths[-1], places[-1], norm)
    return deliver("fft.rfftn", _over(ops.fft, x, _whole(x, lengths[:-1], places), places[:-1], norm), out)


def irfftn(a: Any, s: Lengths = None, axes: Axes = None, norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `rfftn`."""
    x = array_of(a)
    lengths, places = _several(x, s, axes)
    x = _over(ops.ifft, x, _whole(x, lengths[:-1], places), places[:-1], norm)
    return deliver("fft.irfftn", _half(x, lengths[-1], places[-1], norm), out)


def _whole(x: Any, lengths: list[int | None], places: list[int]) -> list[int]:
    return [x.shape[i] if n is None else n for n, i in zip(lengths, places, strict=False)]


def rfft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform of real numbers over two axes."""
    return rfftn(a, s, axes, norm, out)


def irfft2(a: Any, s: Lengths = None, axes: Axes = (-2, -1), norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `rfft2`."""
    return irfftn(a, s, axes, norm, out)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Fourier transform of numbers whose second half, not given, mirrors the first: real numbers."""
    x = _half(elementwise.conj(array_of(a)), n, axis, ops.OTHER[_norm(norm)])
    return deliver("fft.hfft", x, out)


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: Norm = None, out: Any = None) -> Any:
    """Inverse of `hfft`."""
    x = rfft(_real(array_of(a), "ihfft"), n, axis, ops.OTHER[_norm(norm)])
    return deliver("fft.ihfft", elementwise.conj(x), out)


# -- frequencies -----------------------------------------------------------------------------------------


def fftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of the elements of `fft`, for samples at distance d.

    >>> fftfreq(4)
    Tensor([ 0.00,  0.25, -0.50, -0.25])
    """
    on_cpu(device)
    return cast(constant(np.fft.fftfreq(n)) / d, dtype)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of the elements of `rfft`.

    >>> rfftfreq(4)
    Tensor([0.00, 0.25, 0.50])
    """
    on_cpu(device)
    return cast(constant(np.fft.rfftfreq(n)) / d, dtype)


def fftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    """Put frequency 0 in the middle, along these axes or all.

    >>> fftshift(np.array([0, 1, 2, -2, -1]))
    array([-2, -1,  0,  1,  2])
    """
    return _shift(array_of(x), axes, 1)


def ifftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    """Undo `fftshift`."""
    return _shift(array_of(x), axes, -1)


def _shift(x: Any, axes: int | Sequence[int] | None, sign: int) -> Any:
    places = tuple(range(x.ndim)) if axes is None else shape_of(axes)
    return roll(x, [sign * (x.shape[i] // 2) for i in places], places)
