"""Pooling: one number for each window of a sequence, an image or a volume."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.kernels.resample import Spec
from autodiff.numpy.arguments import array_of, bare, floating, known, ordered, plain
from autodiff.ops import pool as ops
from autodiff.ops.index import ARRAY
from autodiff.ops.resample import resample
from autodiff.ops.write import setitem
from autodiff.random import as_generator
from autodiff.windows import max_pooling, per_axis, pool_padding

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "fractional_max_pool2d", "fractional_max_pool3d",
    "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d",
    "max_unpool3d",
]  # fmt: skip

Size = int | Sequence[int]


def _batched(name: str, axes: int, x: Any, pooled: Callable[[Any], Any]) -> Any:
    """Call `pooled` with x (n, c, *size); of one image (c, *size) give one result, or two."""
    if x.ndim == axes + 2:
        return pooled(x)
    if x.ndim != axes + 1:
        raise ValueError(f"{name} takes x (n, c, *size) or (c, *size) with {axes} axes of size, got {describe(x)}")
    out = pooled(x.reshape((1, *x.shape)))
    if isinstance(out, tuple):
        return tuple([part.reshape(part.shape[1:]) for part in out])
    return out.reshape(out.shape[1:])


# -- the largest --------------------------------------------------------------------------------------------


def max_pool1d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window of x (n, c, l) or (c, l); as `max_pool2d`.

    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return max_pooling("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window of x (n, c, h, w) or (c, h, w); of equal ones the first takes the gradient.

    Args:
        kernel_size, stride, padding, dilation: an int, or one per axis; stride is the window's size unless given.
            What is put around the image is never the largest.
        ceil_mode: whether windows that begin in the image and end beyond it count.
        return_indices: whether to return also where in its image, counted row by row, each largest element is.

    Raises ValueError for a window that does not fit, TypeError for complex numbers.

    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)[0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return max_pooling("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Largest element of each window of x (n, c, d, h, w) or (c, d, h, w); as `max_pool2d`.

    >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[7.]]]])
    """
    return max_pooling("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# -- the mean ----------------------------------------------------------------------------------------------


def avg_pool1d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """Mean of each window of x (n, c, l) or (c, l); as `avg_pool2d`.

    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """Mean of each window of x (n, c, h, w) or (c, h, w).

    Args:
        kernel_size, stride, padding: an int, or one per axis; stride is the window's size unless given.
        ceil_mode: whether windows that begin in the image and end beyond it count.
        count_include_pad: whether the zeros around the image count as elements.
        divisor_override: divide by this and not by the number of elements.

    Raises ValueError for a window that does not fit, and for a divisor of 0.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)[0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )  # fmt: skip


def avg_pool3d(
    input: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """Mean of each window of x (n, c, d, h, w) or (c, d, h, w); as `avg_pool2d`.

    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[3.5]]]])
    """
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )  # fmt: skip


def _avg_pool(
    name: str, axes: int, x: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
    count_include_pad: bool, divisor: int | None,
) -> Any:  # fmt: skip
    if divisor == 0:
        raise ValueError("divisor_override is a number other than 0")
    kernel = per_axis(kernel_size, "kernel_size", 1, axes)
    steps = kernel if stride is None else per_axis(stride, "stride", 1, axes)
    sides = per_axis(padding, "padding", 0, axes)

    def pooled(x: Any) -> Any:
        size = x.shape[2:]
        width = pool_padding(size, kernel, steps, sides, (1,) * axes, ceil_mode)
        total = ops.pool_sum(x, kernel=kernel, stride=steps, padding=width)
        if divisor is not None:
            return total * (1 / divisor)
        if not any(map(any, width)):
            return total * (1 / math.prod(kernel))
        counts: Any = np.ones((), x.real.dtype)
        for n, k, s, p, m in zip(size, kernel, steps, sides, total.shape[2:], strict=True):
            starts = np.arange(m) * s - p
            low, high = (-p, n + p) if count_include_pad else (0, n)
            counts = counts[..., None] * (np.minimum(starts + k, high) - np.maximum(starts, low)).astype(counts.dtype)
        return total / counts

    return _batched(name, axes, floating(x), pooled)


# -- the norm ----------------------------------------------------------------------------------------------


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Any:
    """`(sum over the window of x^p)^(1/p)` for x (n, c, l) or (c, l) and p = norm_type; as `lp_pool2d`.

    >>> lp_pool1d(np.array([[3.0, 4.0]]), 2, 2)
    array([[5.]])
    """
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Any:
    """`(sum over the window of x^p)^(1/p)` for x (n, c, h, w) or (c, h, w) and p = norm_type.

    With p = 1 it is the sum, with p = inf the largest absolute value. An odd p needs sums that are not negative.
    Where the sum is 0 the gradient is 0.

    >>> lp_pool2d(np.ones((1, 2, 2)), 2, 2)
    array([[[2.]]])

    Raises ValueError for p = 0.
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> Any:
    """`(sum over the window of x^p)^(1/p)` for x (n, c, d, h, w) or (c, d, h, w); as `lp_pool2d`.

    >>> lp_pool3d(np.ones((1, 2, 2, 1)), 2, (2, 2, 1))
    array([[[[2.]]]])
    """
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(name: str, axes: int, x: Any, p: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Any:
    x = floating(ordered(x, name))
    if p == 0:
        raise ValueError(f"norm_type of {name} is a number other than 0")
    if math.isinf(p):
        sign = 1 if p > 0 else -1
        return sign * max_pooling(name, axes, sign * anp.abs(x), kernel_size, stride, 0, 1, ceil_mode)
    mean = _avg_pool(name, axes, x**p, kernel_size, stride, 0, ceil_mode, True, None)
    total = mean * math.prod(per_axis(kernel_size, "kernel_size", 1, axes))
    if p == 1:
        return total
    zero = total == 0
    return anp.where(zero, 0.0, anp.where(zero, 1.0, total) ** (1 / p))


# -- windows by the number of results -----------------------------------------------------------------------


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Mean of each of `output_size` parts of x (n, c, l) or (c, l); as `adaptive_avg_pool2d`.

    >>> adaptive_avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Mean of each part of x (n, c, h, w) or (c, h, w), parted into `output_size`, an int or one per axis.

    Part i of m of an axis of length n begins at `floor(i n / m)` and ends before `ceil((i + 1) n / m)`: parts overlap
    where m does not divide n. None in place of a size leaves that axis as it is.

    >>> adaptive_avg_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, None))[0]
    array([[6., 7., 8., 9.]])

    Raises ValueError for another number of sizes, and for a size below 1.
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Mean of each part of x (n, c, d, h, w) or (c, d, h, w); as `adaptive_avg_pool2d`.

    >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[3.5]]]])
    """
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _parts(name: str, output_size: Any, size: Sequence[int]) -> tuple[int, ...]:
    axes = len(size)
    given = tuple(output_size) if hasattr(output_size, "__iter__") else (output_size,) * axes
    if len(given) == axes:
        given = tuple([n if m is None else m for n, m in zip(size, given, strict=True)])
    if 0 in size:
        raise ValueError(f"{name} takes axes that have elements, got {tuple(size)}")
    return per_axis(given, "output_size", 1, axes)


def _adaptive_avg(name: str, axes: int, x: Any, output_size: Any) -> Any:
    def pooled(x: Any) -> Any:
        size = x.shape[2:]
        parts = _parts(name, output_size, size)
        if all(n % m == 0 for n, m in zip(size, parts, strict=True)):
            apart = [k for n, m in zip(size, parts, strict=True) for k in (m, n // m)]
            return anp.mean(x.reshape((*x.shape[:2], *apart)), axis=tuple(range(3, 3 + 2 * axes, 2)))
        for axis, m in enumerate(parts, 2):
            x = resample(x, axis=axis, spec=Spec(x.shape[axis], m, "area"))
        return x

    return _batched(name, axes, floating(x), pooled)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest element of each of `output_size` parts of x (n, c, l) or (c, l); as `adaptive_max_pool2d`.

    >>> adaptive_max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest element of each part of x (n, c, h, w) or (c, h, w); the parts are those of `adaptive_avg_pool2d`.

    With `return_indices` also where in its image, counted row by row, each of them is.

    >>> adaptive_max_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, None))[0]
    array([[12., 13., 14., 15.]])
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Largest element of each part of x (n, c, d, h, w) or (c, d, h, w); as `adaptive_max_pool2d`.

    >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[7.]]]])
    """
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _adaptive_max(name: str, axes: int, x: Any, output_size: Any, return_indices: bool) -> Any:
    def pooled(x: Any) -> Any:
        tables = []
        for n, m in zip(x.shape[2:], _parts(name, output_size, x.shape[2:]), strict=True):
            i = np.arange(m)
            start, stop = i * n // m, -(-(i + 1) * n // m)
            taps = start[:, None] + np.arange((stop - start).max())
            tables.append(np.minimum(taps, stop[:, None] - 1)[None, None])  # the last one again where there is no more
        return _largest(x, tables, return_indices)

    return _batched(name, axes, ordered(x, name), pooled)


def _largest(x: Any, tables: list[Any], return_indices: bool) -> Any:
    places = ops.max_places(x, *tables)
    out = ops.at_places(x, places)
    return (out, places) if return_indices else out


def fractional_max_pool2d(
    input: Any,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    generator: Any = None,
) -> Any:
    """Largest element of windows that lie at random places, in order and `size / output_size` apart (Graham, 2014).

    Args:
        input: x, (n, c, h, w) or (c, h, w); each channel of each image has places of its own.
        kernel_size: of the windows, an int or one per axis.
        output_size: number of windows, an int or one per axis; or
        output_ratio: by what the size is multiplied, between 0 and 1.
        return_indices: whether to return also where in its image each largest element is.
        _random_samples: (n, c, 2), numbers from [0, 1) that say where the windows lie, in place of random ones.
        generator: draws them.

    Raises ValueError for both or neither of output_size and output_ratio, and for windows that do not fit.

    >>> fractional_max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2, output_size=2, generator=0).shape
    (1, 2, 2)
    """
    return _fractional(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples,
        generator,
    )  # fmt: skip


def fractional_max_pool3d(
    input: Any,
    kernel_size: Size,
    output_size: Size | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
    _random_samples: Any = None,
    generator: Any = None,
) -> Any:
    """Largest element of windows at random places of x (n, c, d, h, w) or (c, d, h, w); as `fractional_max_pool2d`.

    >>> fractional_max_pool3d(np.zeros((1, 4, 4, 4)), 2, output_ratio=0.5, generator=0).shape
    (1, 2, 2, 2)
    """
    return _fractional(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples,
        generator,
    )  # fmt: skip


def _fractional(
    name: str, axes: int, x: Any, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    samples: Any, generator: Any,
) -> Any:  # fmt: skip
    kernel = per_axis(kernel_size, "kernel_size", 1, axes)
    if (output_size is None) == (output_ratio is None):
        raise ValueError(f"{name} takes one of output_size and output_ratio, got {output_size=} and {output_ratio=}")

    def pooled(x: Any) -> Any:
        size = x.shape[2:]
        if output_size is None:
            ratios = (output_ratio,) * axes if isinstance(output_ratio, float | int) else tuple(output_ratio)
            if len(ratios) != axes or not all(0 < r < 1 for r in ratios):
                raise ValueError(f"output_ratio is between 0 and 1, or {axes} such numbers; got {output_ratio!r}")
            count = per_axis([int(n * r) for n, r in zip(size, ratios, strict=True)], "output_size", 1, axes)
        else:
            count = per_axis(output_size, "output_size", 1, axes)
        if any(m + k - 1 > n for n, m, k in zip(size, count, kernel, strict=True)):
            raise ValueError(f"{count} windows of {kernel} do not fit into {describe(x)}, one place apart at least")
        shape = (*x.shape[:2], axes)
        drawn = as_generator(generator).uniform(shape) if samples is None else np.asarray(plain(samples))
        if drawn.shape != shape:
            raise ValueError(f"_random_samples of {name} of {describe(x)} are {shape}, got {describe(drawn)}")
        tables = []
        for axis, (n, m, k) in enumerate(zip(size, count, kernel, strict=True)):
            # PyTorch takes the last axis's numbers first.
            starts = _starts(n, m, k, drawn[..., axes - 1 - axis] if axes == 2 else drawn[..., axis])
            tables.append(starts[..., None] + np.arange(k))
        return _largest(x, tables, return_indices)

    return _batched(name, axes, ordered(x, name), pooled)


def _starts(n: int, m: int, k: int, u: Any) -> Any:
    """Where m windows of length k begin on an axis of length n, for numbers u from [0, 1): (..., m)."""
    starts = np.full((*u.shape, m), n - k)
    if m > 1:
        alpha = (n - k) / (m - 1)
        u, i = u[..., None], np.arange(m - 1)
        starts[..., :-1] = np.floor((i + u) * alpha) - np.floor(u * alpha)
    return starts


# -- the way back from the largest ----------------------------------------------------------------------------


def max_unpool1d(
    input: Any, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Any:  # fmt: skip
    """Each number at the place it came from, and zeros elsewhere: x (n, c, l) or (c, l); as `max_unpool2d`.

    >>> max_unpool1d(np.array([[3.0, 2.0]]), np.array([[1, 2]]), 2)
    array([[0., 3., 2., 0.]])
    """
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Any:  # fmt: skip
    """Each number at the place it came from, and zeros elsewhere: what `max_pool2d` leaves of an image.

    Args:
        input: x, (n, c, oh, ow) or (c, oh, ow), such as `max_pool2d` gives.
        indices: of the same shape, such as `max_pool2d` gives with `return_indices=True`. Of numbers that come to
            one place the last one counts.
        kernel_size, stride, padding: those of the pooling.
        output_size: of the image, which these do not always tell: (h, w), or the whole shape.

    Raises ValueError for an output size that pooling cannot have come from, IndexError for a place outside.

    >>> max_unpool2d(np.array([[[5.0]]]), np.array([[[2]]]), 2)
    array([[[0., 0.],
            [5., 0.]]])
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any, indices: Any, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: Sequence[int] | None = None,
) -> Any:  # fmt: skip
    """Each number at the place it came from, and zeros elsewhere: x (n, c, od, oh, ow); as `max_unpool2d`.

    >>> max_unpool3d(np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), 3), (1, 2, 2)).ravel()
    array([0., 0., 0., 1.])
    """
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _unpool(
    name: str, axes: int, x: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    x, places = array_of(x), array_of(indices)
    kernel, sides = per_axis(kernel_size, "kernel_size", 1, axes), per_axis(padding, "padding", 0, axes)
    steps = kernel if stride is None else per_axis(stride, "stride", 1, axes)
    if places.dtype.kind not in "iu" or places.shape != x.shape:
        raise ValueError(f"{name} takes one integer for each element of {describe(x)}, got {describe(places)}")

    def unpooled(x: Any) -> Any:
        n, c, *pooled = x.shape
        usual = [(m - 1) * s + k - 2 * p for m, s, k, p in zip(pooled, steps, kernel, sides, strict=True)]
        given = usual if output_size is None else [int(m) for m in output_size]
        size = given[-axes:]
        if len(given) not in (axes, places.ndim) or any(
            abs(m - u) >= s for m, u, s in zip(size, usual, steps, strict=True)
        ):
            raise ValueError(
                f"output_size={tuple(given)} of {name} of {describe(x)} has to lie less than a stride "
                f"{steps} from {tuple(usual)}"
            )
        flat, length = places.reshape((n, c, math.prod(pooled))), math.prod(size)
        values = bare(flat)
        if known(flat) and values.size and (values.min() < 0 or values.max() >= length):
            raise IndexError(
                f"places in an image of {tuple(size)} are 0 .. {length - 1}, got {values.min()} .. {values.max()}"
            )
        images, channels = np.arange(n)[:, None, None], np.arange(c)[:, None]
        out = setitem(
            np.zeros((n, c, length), x.dtype), x.reshape(flat.shape), images, channels, flat, index=(ARRAY,) * 3
        )
        return out.reshape((n, c, *size))

    return _batched(name, axes, x, unpooled)
