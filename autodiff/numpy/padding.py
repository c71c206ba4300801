"""`pad`: more elements around an array, in all of NumPy's modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import describe
from ..ops import shape as ops
from .arguments import array_of, bare, cast, nested, plain
from .elementwise import floor, round
from .reductions import amax, amin, mean
from .shaping import along, broadcast_to, copy
from .statistics import median

__all__ = ["pad"]

_OPTIONS = {
    "constant": ("constant_values",), "edge": (), "wrap": (), "linear_ramp": ("end_values",),
    "reflect": ("reflect_type",), "symmetric": ("reflect_type",), "maximum": ("stat_length",),
    "minimum": ("stat_length",), "mean": ("stat_length",), "median": ("stat_length",),
}  # fmt: skip

_STATISTICS: dict[str, Any] = {"maximum": amax, "minimum": amin, "mean": mean, "median": median}


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Put more elements before and after those of each axis: `pad_width` says how many.

    It is one number, a pair (before, after), a pair for each axis, or a dict of them by axis. The mode says what
    is put there: "constant" (`constant_values`, 0), "edge", "reflect" and "symmetric" (`reflect_type` "even" or
    "odd"), "wrap", "linear_ramp" (to `end_values`, 0), and "maximum", "minimum", "mean" and "median" of the first
    and last `stat_length` elements. All have gradients, those of `constant_values` and `end_values` among them.

    >>> pad(np.array([1, 2, 3]), (1, 2), "reflect")
    array([2, 1, 2, 3, 2, 1])

    Raises ValueError for a mode or width that cannot be, TypeError for a function as mode and for "empty".
    """
    x = array_of(array)
    if callable(mode) or mode == "empty":
        given = 'no mode "empty", whose elements are undefined' if mode == "empty" else "no function as mode"
        raise TypeError(f"np.pad of Tensors takes {given}; concatenate says what stands there")
    if mode not in _OPTIONS:
        raise ValueError(f"np.pad has the modes {', '.join(_OPTIONS)}; got {mode!r}")
    for name in kwargs:
        if name not in _OPTIONS[mode]:
            raise ValueError(f"np.pad in mode {mode!r} takes no {name}= argument")
    widths = _widths(pad_width, x.ndim)
    if mode == "constant" and not _any(kwargs.get("constant_values", 0)):
        return ops.pad(x, width=widths)
    values = _pairs(kwargs.get("constant_values", kwargs.get("end_values", 0)), x.ndim)
    for axis, (before, after) in enumerate(widths):
        if not before and not after:
            continue
        n = x.shape[axis]
        if n == 0 and mode != "constant":
            raise ValueError(f"axis {axis} of {describe(x)} is empty: only mode 'constant' can pad it")
        if mode in ("reflect", "symmetric") and n > 1:
            x = _reflect(x, axis, before, after, mode == "symmetric", kwargs.get("reflect_type", "even"))
        elif mode == "wrap":
            x = along(x, np.arange(-before, n + after) % n, axis)
        else:
            x = ops.concatenate(
                _side(x, axis, 0, before, mode, values, kwargs), x,
                _side(x, axis, 1, after, mode, values, kwargs), axis=axis,
            )  # fmt: skip
    return x if any(map(any, widths)) else copy(x)


def _any(values: Any) -> bool:
    found = nested(values)
    return bool(np.any(bare(found))) or getattr(found, "requires_grad", False)


def _widths(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    if isinstance(pad_width, dict):
        given = {axis % ndim: pair for axis, pair in pad_width.items()}
        pad_width = [np.broadcast_to(given.get(i, 0), 2) for i in range(ndim)]
    widths = np.asarray(plain(pad_width))
    if widths.dtype.kind not in "iu":
        raise TypeError(f"pad_width is a number of elements, or a pair of them for each axis; got {describe(widths)}")
    if widths.min(initial=0) < 0:
        raise ValueError(f"pad_width has no negative numbers, got {pad_width}; to cut off write t[1:-1]")
    return tuple([(before, after) for before, after in np.broadcast_to(widths, (ndim, 2)).tolist()])


def _pairs(values: Any, ndim: int) -> Any:
    return broadcast_to(nested(values), (ndim, 2))


def _part(x: Any, axis: int, start: int, stop: int) -> Any:
    return along(x, np.arange(start, stop), axis)


def _side(x: Any, axis: int, side: int, width: int, mode: str, values: Any, options: dict[str, Any]) -> Any:
    """What stands before (side 0) or after (side 1) the elements of an axis."""
    n = x.shape[axis]
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    if mode == "constant":
        return ops.expand(cast(values[axis, side], x.dtype), shape=shape)
    edge = _part(x, axis, 0, 1) if side == 0 else _part(x, axis, n - 1, n)
    if mode == "linear_ramp":
        end, places = values[axis, side], np.arange(width)[::-1] if side else np.arange(width)
        ramp = (edge - end) / max(width, 1) * places.reshape(-1, *(1,) * (x.ndim - axis - 1)) + end
        return cast(floor(ramp) if x.dtype.kind in "iu" else ramp, x.dtype)
    if mode in ("edge", "reflect", "symmetric"):
        return ops.expand(edge, shape=shape)
    return ops.expand(_statistic(x, axis, side, mode, options.get("stat_length")), shape=shape)


def _statistic(x: Any, axis: int, side: int, mode: str, lengths: Any) -> Any:
    n = x.shape[axis]
    length = n if lengths is None else min(n, int(np.broadcast_to(lengths, (x.ndim, 2))[axis, side]))
    if length < 1:
        raise ValueError("stat_length is one element at least")
    part = _part(x, axis, 0, length) if side == 0 else _part(x, axis, n - length, n)
    value = _STATISTICS[mode](part, axis, keepdims=True)
    return value if value.dtype == x.dtype else cast(round(value), x.dtype)


def _reflect(x: Any, axis: int, before: int, after: int, symmetric: bool, kind: str) -> Any:
    """Mirror both sides until they are wide enough; "odd" is a mirror image of the values about the edge too."""
    if kind not in ("even", "odd"):
        raise ValueError(f'reflect_type is "even" or "odd", got {kind!r}')
    period = x.shape[axis] - (not symmetric)
    skip = 0 if symmetric else 1
    while before or after:
        n = x.shape[axis]
        whole = (n - skip) // period * period
        left, right = min(whole, before), min(whole, after)
        head = along(x, np.arange(skip, skip + left)[::-1], axis)
        tail = along(x, np.arange(n - skip - right, n - skip)[::-1], axis)
        if kind == "odd":
            head, tail = 2 * _part(x, axis, 0, 1) - head, 2 * _part(x, axis, n - 1, n) - tail
        x = ops.concatenate(head, x, tail, axis=axis)
        before, after = before - left, after - right
    return x
