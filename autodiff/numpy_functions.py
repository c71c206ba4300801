"""NumPy's functions of Tensors: `np.sum(t, 0)` comes here and goes on to `functional.py`.

Each function below has the signature of NumPy's function of that name, and refuses by name what Tensors do
not have (`out=`, `where=`, ...). `FUNCTIONS` is the whole list. Any other NumPy function takes Tensors that
require no grad, as arrays, and gives constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import functional as F
from .tensor import Tensor, constant

# -- signatures ------------------------------------------------------------------------------------------


def _refuse(function: str, **arguments: Any) -> None:
    """Raise TypeError for the first argument that was given: all default to None."""
    for name, value in arguments.items():
        if value is not None:
            raise TypeError(f"np.{function} of Tensors takes no {name}= argument")


def _refuse_order(function: str, order: Any) -> None:
    if order != "C":
        raise TypeError(f'np.{function} of Tensors takes no order= argument other than "C", got {order!r}')


def _cast(a: Any, dtype: Any) -> Any:
    return a if dtype is None else F.astype(a, dtype)


def _sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    _refuse("sum", out=out, initial=initial, where=where)
    return F.sum(_cast(a, dtype), axis, keepdims)


def _prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
    where: Any = None,
) -> Any:  # fmt: skip
    _refuse("prod", out=out, initial=initial, where=where)
    return F.prod(_cast(a, dtype), axis, keepdims)


def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> Any:
    _refuse("mean", out=out, where=where)
    return F.mean(_cast(a, dtype), axis, keepdims)


def _spread(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`var` and `std`."""

    def call(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool = False, *,
        where: Any = None, mean: Any = None, correction: int | None = None,
    ) -> Any:  # fmt: skip
        _refuse(name, out=out, where=where, mean=mean)
        if correction is not None:
            if ddof:
                raise ValueError("ddof and correction can't be provided simultaneously.")
            ddof = correction
        return function(_cast(a, dtype), axis, ddof, keepdims)

    return call


def _extreme(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`max` and `min`."""

    def call(
        a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Any:
        _refuse(name, out=out, initial=initial, where=where)
        return function(a, axis, keepdims)

    return call


def _position(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`argmax` and `argmin`."""

    def call(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
        _refuse(name, out=out)
        return function(a, axis, keepdims)

    return call


def _truth(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """`any` and `all`."""

    def call(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Any:
        _refuse(name, out=out, where=where)
        return function(a, axis, keepdims)

    return call


def _clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **more: Any
) -> Any:
    _refuse("clip", out=out, **more)
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError("np.clip takes a_min and a_max, or min and max, not some of both")
    return F.clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    _refuse("round", out=out)
    return F.round(a, decimals)


def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    _refuse_order("reshape", order)
    _refuse("reshape", copy=copy)
    return F.reshape(a, shape)


def _ravel(a: Any, order: str = "C") -> Any:
    _refuse_order("ravel", order)
    return F.ravel(a)


def _transpose(a: Any, axes: Any = None) -> Any:
    return F.transpose(a, axes)


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return F.swapaxes(a, axis1, axis2)


def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return F.broadcast_to(array, shape)


def _squeeze(a: Any, axis: Any = None) -> Any:
    return F.squeeze(a, axis)


def _expand_dims(a: Any, axis: Any) -> Any:
    return F.expand_dims(a, axis)


def _concatenate(
    arrays: Any, /, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: Any = None
) -> Any:
    _refuse("concatenate", out=out, dtype=dtype, casting=casting)
    return F.concatenate(arrays, axis)


def _stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = None) -> Any:
    _refuse("stack", out=out, dtype=dtype, casting=casting)
    return F.stack(arrays, axis)


def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None or y is None:
        raise TypeError("np.where of Tensors takes condition, x and y; for the places write np.nonzero(t.detach())")
    return F.where(condition, x, y)


def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _refuse("dot", out=out)
    return F.dot(a, b)


def _real(val: Any) -> Any:
    return F.real(val)


def _imag(val: Any) -> Any:
    return F.imag(val)


def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    _refuse("astype", device=device)
    return F.clone(x) if copy and x.dtype == dtype else F.astype(x, dtype)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _sum, np.prod: _prod, np.mean: _mean, np.var: _spread("var", F.var), np.std: _spread("std", F.std),
    np.max: _extreme("max", F.max), np.min: _extreme("min", F.min),
    np.amax: _extreme("amax", F.max), np.amin: _extreme("amin", F.min),
    np.argmax: _position("argmax", F.argmax), np.argmin: _position("argmin", F.argmin),
    np.any: _truth("any", F.any), np.all: _truth("all", F.all),
    np.clip: _clip, np.round: _round, np.around: _round, np.where: _where,
    np.reshape: _reshape, np.ravel: _ravel, np.transpose: _transpose, np.swapaxes: _swapaxes,
    np.broadcast_to: _broadcast_to, np.squeeze: _squeeze, np.expand_dims: _expand_dims,
    np.concatenate: _concatenate, np.stack: _stack, np.dot: _dot,
    np.real: _real, np.imag: _imag, np.astype: _astype,
    np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim, np.size: lambda a, axis=None: np.size(a.value, axis),
}  # fmt: skip
"""The NumPy functions that have a derivative, or are of use beside those that do."""

# -- all others ------------------------------------------------------------------------------------------

WRITERS = frozenset([np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal])
"""Functions that write into their argument, which a graph would not hear of."""


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's protocol: what a NumPy function does that finds a Tensor among its arguments."""
    function = FUNCTIONS.get(func)
    if function is not None:
        return function(*args, **kwargs)
    name = f"{func.__module__.replace('numpy', 'np', 1)}.{func.__name__}"
    if func in WRITERS:
        raise TypeError(f"{name} does not write into Tensors: write t[key] = v inside `with no_grad():`")
    if type(kwargs.get("out")) is Tensor:
        raise TypeError(f"{name} cannot write into a Tensor with out=; use its result")
    if any(t.requires_grad for t in _tensors((args, kwargs))):
        raise TypeError(unsupported(name))
    return _constants(func(*_arrays(args), **_arrays(kwargs)))


def unsupported(name: str) -> str:
    """What to say of a function that has no op yet."""
    return (
        f"{name} does not support tensors that require grad yet. Write it with autodiff's functions or define it "
        "with autodiff.define; where no gradient is wanted pass t.detach()."
    )


def _tensors(value: Any) -> Iterator[Tensor]:
    if type(value) is Tensor:
        yield value
    elif isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _arrays(value: Any) -> Any:
    """The same arguments with arrays for Tensors."""
    if type(value) is Tensor:
        return value.value
    if isinstance(value, dict):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(map(_arrays, value))
    return value


def _constants(result: Any) -> Any:
    """The same result with Tensors for arrays of numbers, in tuples and lists too."""
    if isinstance(result, np.ndarray | np.generic) and result.dtype.kind in "fciub":
        return constant(result)
    if isinstance(result, list | tuple):
        parts = [_constants(part) for part in result]
        return result._make(parts) if hasattr(result, "_make") else type(result)(parts)
    return result
