"""NumPy's ufunc protocol: `np.add(t, u)`, `a + t` and `np.add.reduce(t)` of an array or Tensor t come here.

A ufunc is the function of the same name in this package, or in `autodiff.special` for one of SciPy's; its methods
(reduce, accumulate, outer, reduceat) are made of that function. Any other ufunc takes Tensors that require no grad,
as arrays, and gives constants.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import MODES
from ..inplace import is_recorded, overwrite
from ..ops import elementwise, reduce, shape
from ..tensor import Tensor, constant
from .arguments import array_of, axes_of, cast, one_axis, plain, refuse_order, write_out
from .joining import stack
from .protocol import FUNCTIONS, UFUNCS, as_constants, is_tracked, unsupported
from .scans import cumulative_extreme
from .shaping import expand_dims

REDUCTIONS = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip
"""The functions that reduce by a ufunc; others go through an axis step by step."""

SCANS = {np.add: np.cumsum, np.multiply: np.cumprod}
"""The functions that accumulate by a ufunc."""

_NO_VALUE: Any = getattr(np, "_NoValue", None)


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """NumPy's protocol: what a ufunc does that finds a Tensor among its arguments."""
    function = UFUNCS.get(ufunc)
    if method == "__call__" and not kwargs and function is not None:
        return function(*inputs)
    name = name_of(ufunc, method)
    if method == "at":
        return _at(name, ufunc, inputs)
    outs, where = kwargs.pop("out", ()), plain(kwargs.pop("where", True))
    casting = kwargs.get("casting", "same_kind")
    if method == "__call__" and where is not True and all(out is None for out in outs):
        raise TypeError(f"{name} with where= and no out= leaves elements undefined; write np.where(mask, f(x), y)")
    if method == "reduce" and where is not True:
        kwargs["where"] = where
    function = function or _scipys(ufunc)
    if function is not None:
        refuse_order(ufunc.__name__, kwargs.pop("order", "K"))
        kwargs.pop("subok", None)
        result = METHODS[method](ufunc, function, *inputs, **kwargs)
    elif MODES.get().recording and is_tracked((inputs, kwargs)):
        raise TypeError(unsupported(name))
    else:
        result = getattr(ufunc, method)(*map(plain, inputs), **{key: plain(value) for key, value in kwargs.items()})
        result = as_constants(result)
    if not outs:
        return result
    results = result if isinstance(result, tuple) else (result,)
    written = [
        r if out is None else write_out(name, out, r, where if method == "__call__" else True, casting)
        for r, out in zip(results, outs, strict=True)
    ]
    return tuple(written) if isinstance(result, tuple) else written[0]


def name_of(ufunc: Any, method: str) -> str:
    """How users write a ufunc or its method."""
    home = "scipy.special" if _from_scipy(ufunc) else "np" if getattr(np, ufunc.__name__, None) is ufunc else ""
    return ".".join([*([home] if home else []), ufunc.__name__, *([] if method == "__call__" else [method])])


def _from_scipy(ufunc: Any) -> bool:
    return getattr(sys.modules.get("scipy.special"), ufunc.__name__, None) is ufunc


def _scipys(ufunc: Any) -> Callable[..., Any] | None:
    """Our function in the place of a ufunc of `scipy.special`."""
    if not _from_scipy(ufunc):
        return None
    from .. import special

    return getattr(special, ufunc.__name__, None) if ufunc.__name__ in special.__all__ else None


# -- the methods: of recorded Tensors ---------------------------------------------------------------------


def _call(
    ufunc: Any, function: Any, *inputs: Any, dtype: Any = None, casting: str = "same_kind", signature: Any = None,
    sig: Any = None, **more: Any,
) -> Any:  # fmt: skip
    """The function in the dtypes of the loop that NumPy would choose."""
    if more and ufunc.signature is None:
        raise TypeError(f"{name_of(ufunc, '__call__')} of Tensors takes no {next(iter(more))}= argument")
    signature = _signature(ufunc, sig if signature is None else signature, dtype)
    if signature is None and casting == "same_kind":
        return function(*inputs, **more)
    given = [type(x) if isinstance(x, int | float | complex) else array_of(x).dtype for x in inputs]
    chosen = {} if signature is None else {"signature": signature}
    loop = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout), casting=casting, **chosen)
    result = function(*map(cast, inputs, loop), **more)
    if ufunc.nout > 1:
        return tuple(map(cast, result, loop[ufunc.nin :]))
    return cast(result, loop[-1])


def _signature(ufunc: Any, signature: Any, dtype: Any) -> Any:
    """`dtype=` and `signature="ff->f"` as a tuple of dtypes, None for those that are free."""
    if isinstance(signature, str):
        return tuple(map(np.dtype, signature.replace("->", "")))
    if signature is None and dtype is not None:
        return (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    return None if signature is None else tuple(d if d is None else np.dtype(d) for d in signature)


def _slices(x: Any, axis: int) -> list[Any]:
    return [x[(slice(None),) * axis + (i,)] for i in range(x.shape[axis])]


def _ones(x: Any) -> Any:
    """What stands for x where NumPy only checks arguments: under `vmap` there is no value to show."""
    return np.ones(x.shape, x.dtype)


def _reduce(
    ufunc: Any, function: Any, x: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False,
    initial: Any = None, where: Any = True,
) -> Any:  # fmt: skip
    initial = None if initial is _NO_VALUE else initial
    x = cast(x, dtype)
    whole = FUNCTIONS.get(REDUCTIONS.get(ufunc))
    if whole is not None:
        options = {"initial": initial} if initial is not None else {}
        if where is not True:
            options["where"] = where
        return whole(x, axis, keepdims=keepdims, **options)
    given = {} if initial is None else {"initial": plain(initial)}
    values = ufunc.reduce(_ones(x), axis=axis, keepdims=keepdims, where=where, **given)  # NumPy checks the arguments
    axes = axes_of(axis, x.ndim)
    if 0 in [x.shape[along] for along in axes]:
        return as_constants(values)
    if where is not True:
        if ufunc.identity is None and ufunc not in (np.fmax, np.fmin):
            raise TypeError(f"np.{ufunc.__name__}.reduce of Tensors takes no where= argument")
        fill = initial if ufunc.identity is None else np.asarray(ufunc.identity).astype(x.dtype)
        x = elementwise.where(where, x, fill)
    if ufunc is np.logaddexp and initial is None:
        return reduce.logsumexp(x, axis=axes, keepdims=keepdims)
    for along in reversed(axes):
        start = [] if initial is None or along != axes[0] else [initial]
        x = functools.reduce(function, start + _slices(x, along))
    return expand_dims(x, axes) if keepdims else x


def _accumulate(ufunc: Any, function: Any, x: Any, axis: int = 0, dtype: Any = None) -> Any:
    x = cast(x, dtype)
    ufunc.accumulate(_ones(x), axis=axis)  # NumPy checks the arguments
    axis = one_axis(axis, x.ndim)
    whole = FUNCTIONS.get(SCANS.get(ufunc))
    if whole is not None:
        return whole(x, axis)
    if ufunc in (np.maximum, np.minimum):
        return cumulative_extreme(x, axis, ufunc is np.maximum)
    return stack(list(itertools.accumulate(_slices(x, axis), function)), axis) if x.shape[axis] else x


def _outer(ufunc: Any, function: Any, x: Any, y: Any, **kwargs: Any) -> Any:
    x, y = array_of(x), array_of(y)
    return _call(ufunc, function, x.reshape(x.shape + (1,) * y.ndim), y, **kwargs)


def _reduceat(ufunc: Any, function: Any, x: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    x = cast(x, dtype)
    ufunc.reduceat(_ones(x), plain(indices), axis=axis)  # NumPy checks the arguments
    axis = one_axis(axis, x.ndim)
    starts = [int(i) for i in plain(indices)]
    parts = []
    for start, stop in zip(starts, [*starts[1:], x.shape[axis]], strict=True):
        part = x[(slice(None),) * axis + (slice(start, max(stop, start + 1)),)]
        parts.append(_reduce(ufunc, function, part, axis))
    return stack(parts, axis)


METHODS: dict[str, Callable[..., Any]] = {
    "__call__": _call, "reduce": _reduce, "accumulate": _accumulate, "outer": _outer, "reduceat": _reduceat,
}  # fmt: skip


def _at(name: str, ufunc: Any, inputs: Any) -> None:
    """`ufunc.at(a, indices, b)`: into a Tensor, recorded, by ufuncs that segments are combined by; into an array."""
    if type(inputs[0]) is Tensor:
        from .. import functional as F

        combine = {
            np.add: F.segment_sum, np.subtract: F.segment_sum, np.multiply: F.segment_prod,
            np.maximum: F.segment_max, np.minimum: F.segment_min,
        }.get(ufunc)  # fmt: skip
        if combine is None or len(inputs) != 3:
            raise TypeError(
                f"{name} does not write into Tensors: add, subtract, multiply, maximum and minimum do. Other changes "
                "are np.where(mask, f(t), t)."
            )
        t, key, b = inputs
        places = F.getitem(constant(np.arange(t.size).reshape(t.shape)), key)
        b = cast(b, t.dtype) if isinstance(b, int | float | complex) else array_of(b)
        b = shape.expand(-b if ufunc is np.subtract else b, shape=places.shape).reshape(-1)
        whole = shape.concatenate(t.reshape(-1), b, axis=0)
        ids = shape.concatenate(np.arange(t.size), places.reshape(-1), axis=0)
        overwrite(t, combine(whole, ids, t.size).reshape(t.shape))
        return
    if is_recorded(*inputs):
        raise TypeError(
            f"{name} would write into an array, and the gradient would be lost. With one_hot = "
            "np.eye(len(a))[indices], sums are a + one_hot.T @ t; other changes are np.where(mask, t, a)."
        )
    ufunc.at(*map(plain, inputs))
