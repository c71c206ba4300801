"""NumPy's elementwise functions and sums of large arrays, a part on each thread: the same functions, and the same bits.

Parts are cut at the same places everywhere. Where one thread reads what another has written, the next write into that
memory takes ten times as long, until the caches of the two have agreed: so it is all of these functions, or none.

What NumPy says of an overflow or of a division by zero, it says once and to the thread that asked: parts raise, and
then NumPy computes the whole again under the caller's `np.errstate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from .threads import get_num_threads, share

__all__ = ["LARGE", "add_to", "copy", "is_wide", "narrow", "pull", "shared", "sum_of"]

LARGE = 1 << 17
"""Elements below which no caller need ask."""
_LEAST = 2_000_000  # bytes for a thread: measured; to wake it, and to hear that it is done, takes 40 us
_BLOCK = 16  # elements: parts end at multiples, within a cache line of where those of compiled loops do
_add_reduce: Any = np.add.reduce
_POWERS: dict[float, Any] = {2: np.square, 1: np.positive, 0.5: np.sqrt, -1: np.reciprocal}
_ndarray = np.ndarray


def shared(function: Any) -> Any:
    """What computes the same as a ufunc or operator, large arrays on several threads; other functions as they are.

    >>> shared(np.hypot)(np.full(3, 3.0), 4.0)
    array([5., 5., 5.])
    """
    is_operator = getattr(function, "__module__", None) == "_operator"
    is_ufunc = isinstance(function, np.ufunc) and not function.signature
    if not is_operator and not (is_ufunc and "f" * function.nin + "->f" in function.types):
        return function

    def call(*arrays: Any) -> Any:
        if get_num_threads() == 1 or not any(type(x) is _ndarray and x.nbytes >= 2 * _LEAST for x in arrays):
            return function(*arrays)
        if is_operator:
            return narrow(function(*map(_widen, arrays)))
        given = _separable(arrays)
        if given is not None:
            out = np.empty(given[0].shape, given[0].dtype)
            try:
                _compute(function, [*given[1:], out], _loud())
            except FloatingPointError:
                pass
            else:
                return out
        return function(*arrays)

    return call


def pull(rule: Callable[..., Any], g: Any, saved: Sequence[Any], params: Any) -> Any:
    """Call a rule of an elementwise op, such that its operators are shared."""
    if g.nbytes < 2 * _LEAST:
        return rule(g, saved, params)
    if get_num_threads() > 1:
        saved = [_widen(x) for x in saved]
    return [narrow(gradient) for gradient in rule(_widen(g), saved, params)]


def add_to(x: Any, y: Any) -> None:
    """`x += y`; of an overflow each part tells by itself."""
    given = _separable((x, y)) if x.size >= LARGE and get_num_threads() > 1 else None
    if given is None or given[0] is not x:
        x += y
    else:
        _compute(np.add, [*given[1:], x], np.geterr() | {"call": np.geterrcall()})


def sum_of(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """`np.add.reduce(x, axis, keepdims=keepdims)`, over all axes or over some but the first."""
    if (0 in axis and len(axis) < x.ndim) or get_num_threads() == 1 or _separable((x,)) is None:
        return _add_reduce(x, axis=axis, keepdims=keepdims)
    told = _loud()
    try:
        return (_sum_all if 0 in axis else _sum_rows)(x, axis, keepdims, told)
    except FloatingPointError:
        return _add_reduce(x, axis=axis, keepdims=keepdims)


def _sum_all(x: Any, axis: tuple[int, ...], keepdims: bool, told: dict[str, Any]) -> Any:
    """Parts are where NumPy, which adds up in pairs, has halves too."""
    parts = [x.reshape(-1)]
    while len(parts) < get_num_threads():
        parts = [half for part in parts for half in np.split(part, [part.size // 16 * 8])]
    sums = np.empty(len(parts), x.dtype)

    def add(start: int, stop: int) -> None:
        with np.errstate(**told):
            for i in range(start, stop):
                _add_reduce(parts[i], out=sums[i, ...])

    share(add, len(parts))
    with np.errstate(**told):
        while len(sums) > 1:
            sums = sums[::2] + sums[1::2]
    return sums.reshape((1,) * x.ndim) if keepdims else sums[0]


def _sum_rows(x: Any, axis: tuple[int, ...], keepdims: bool, told: dict[str, Any]) -> Any:
    out = np.empty([1 if i in axis else n for i, n in enumerate(x.shape) if keepdims or i not in axis], x.dtype)

    def add(start: int, stop: int) -> None:
        with np.errstate(**told):
            _add_reduce(x[start:stop], axis=axis, keepdims=keepdims, out=out[start:stop])

    share(add, len(x), -(-_LEAST * len(x) // x.nbytes))
    return out


def copy(x: Any) -> Any:
    """`x.copy()`."""
    if x.nbytes < 2 * _LEAST or get_num_threads() == 1:
        return x.copy()
    out = np.empty(x.shape, x.dtype)
    share(lambda start, stop: np.copyto(out[start:stop], x[start:stop]), len(x), -(-_LEAST * len(x) // x.nbytes))
    return out


def _loud() -> dict[str, Any]:
    """The caller's `np.errstate`, but for "raise" in place of other ways to tell."""
    return {kind: how if how == "ignore" else "raise" for kind, how in np.geterr().items()}


class _Wide(np.ndarray):
    """A view of an array whose operators are shared."""

    def __pow__(self, y: Any, mod: None = None) -> Any:
        """Of some exponents the shorter ways that NumPy goes with an array that is no such view."""
        ufunc = _POWERS.get(y) if type(y) is int or type(y) is float else None
        return _widen(_shared(ufunc)(narrow(self)) if ufunc else _shared(np.power)(narrow(self), narrow(y)))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = map(narrow, inputs)
        if method != "__call__" or options:
            return _widen(getattr(ufunc, method)(*arrays, **options))
        return _widen(_shared(ufunc)(*arrays))


_shared = cache(shared)


def is_wide(x: Any) -> bool:
    """Whether a rule that got x is called by `pull`: in an ordinary pass, with a large gradient."""
    return type(x) is _Wide


def _widen(x: Any) -> Any:
    return x.view(_Wide) if type(x) is _ndarray else x


def narrow(x: Any) -> Any:
    """The array that `pull` has given a rule a view of, for kernels; anything else as it is."""
    if type(x) is not _Wide:
        return x
    base = x.base
    return base if type(base) is _ndarray and base.shape == x.shape and base.strides == x.strides else x.view(_ndarray)


def _separable(arrays: tuple[Any, ...]) -> list[Any] | None:
    """An array like the result, and the operands; None if too small, or not the simplest case of NumPy's rules."""
    like = None
    given = []
    try:
        shape = np.broadcast(*arrays).shape
    except ValueError:
        return None
    for x in arrays:
        if type(x) is _ndarray:
            if x.flags.c_contiguous and x.shape == shape:
                like = x if like is None else like
            elif not any(x.strides):
                x = x[(0,) * x.ndim]
        elif not (type(x) is int or type(x) is float or isinstance(x, np.generic)):
            return None
        given.append(x)
    if like is None or like.nbytes < 2 * _LEAST:
        return None
    dtype = like.dtype
    if dtype.char not in "fd" or not dtype.isnative or any(getattr(x, "dtype", dtype) != dtype for x in given):
        return None
    return [like, *given]


def _compute(ufunc: Any, arrays: list[Any], told: dict[str, Any]) -> None:
    """Compute the last array from the others, in parts along its first axis, or along all if shapes are equal."""
    out = arrays[-1]
    step = 1
    if all(type(x) is not _ndarray or (x.shape == out.shape and x.flags.c_contiguous) for x in arrays):
        arrays = [x.reshape(-1) if type(x) is _ndarray else x for x in arrays]
        step = _BLOCK
    long, axes = arrays[-1].shape[0], arrays[-1].ndim
    cut = [type(x) is _ndarray and x.ndim == axes and x.shape[0] == long for x in arrays]

    def part(start: int, stop: int) -> None:
        here = slice(start * step, stop * step)
        *given, result = [x[here] if parted else x for x, parted in zip(arrays, cut, strict=True)]
        with np.errstate(**told):
            ufunc(*given, out=result)

    share(part, -(-long // step), -(-_LEAST * long // (step * out.nbytes)))
