"""NumPy's functions called with Tensors: `np.sum(t, 0)` comes here, `np.add(a, t)` to `ufuncs.py`.

`UFUNCS` and `FUNCTIONS` say which function of this package stands for which of NumPy's: the one of the same
name. Any other NumPy function takes Tensors that require no grad, as arrays, and gives constants; of a Tensor
that requires grad it raises a TypeError.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..tensor import Tensor, constant, refresh
from .arguments import plain

_ours: Any = sys.modules[__package__]
NAMESPACES: list[tuple[Any, Any]] = [
    (np, _ours),
    *((getattr(np, name), getattr(_ours, name)) for name in ("linalg", "fft") if hasattr(_ours, name)),
]
"""NumPy's namespaces, and ours."""


def _find() -> Iterator[tuple[Any, Callable[..., Any]]]:
    for theirs, ours in NAMESPACES:
        for name in ours.__all__:
            if hasattr(theirs, name):  # this NumPy may be too old for it
                yield getattr(theirs, name), getattr(ours, name)


UFUNCS: dict[Any, Callable[..., Any]] = {f: ours for f, ours in _find() if isinstance(f, np.ufunc)}
"""The ufuncs that Tensors take part in."""

for _ufunc, _ours_of_it in UFUNCS.items():  # so that `autodiff.numpy.maximum.accumulate(t)` is there as well
    for _method in ("reduce", "accumulate", "reduceat", "outer", "at"):
        setattr(_ours_of_it, _method, getattr(_ufunc, _method))

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    f: ours for f, ours in _find() if callable(f) and not isinstance(f, np.ufunc | type)
}
"""The other functions."""


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's protocol: what any other NumPy function does that finds a Tensor among its arguments."""
    function = FUNCTIONS.get(func)
    if function is not None:
        return function(*args, **kwargs)
    name = f"{func.__module__.replace('numpy', 'np', 1)}.{func.__name__}"
    if type(kwargs.get("out")) is Tensor:
        raise TypeError(f"{name} cannot write into a Tensor with out=; use its result")
    if is_tracked((args, kwargs)):
        raise TypeError(unsupported(name))
    return as_constants(func(*_arrays(args), **_arrays(kwargs)))


REFUSED = {
    "np.asmatrix": "np.atleast_2d(t)",
    "np.bmat": "np.block([[t, u]])",
    "np.require": "np.require(t.detach(), ...)",
    "np.save": "np.save(file, t.detach())",
    "np.savetxt": "np.savetxt(file, t.detach())",
    "np.savez": "np.savez(file, name=t.detach())",
    "np.savez_compressed": "np.savez_compressed(file, name=t.detach())",
}
"""The functions of arrays that take no Tensor that requires grad, and what to write instead."""


def unsupported(name: str) -> str:
    """What to say of a function that takes no Tensor that requires grad."""
    if name in REFUSED:
        return f"{name} does not take tensors that require grad: write {REFUSED[name]}"
    from difflib import get_close_matches

    names = {f.__name__ for f in (*UFUNCS, *FUNCTIONS)}
    near = [f"np.{other}" for other in get_close_matches(name.rpartition(".")[2], sorted(names), 2)]
    hint = f" (near in name: {', '.join(near)})" if near else ""
    return (
        f"{name} does not support tensors that require grad yet. Write it with autodiff's functions{hint} or define it "
        "with autodiff.define; where no gradient is wanted pass t.detach()."
    )


def is_tracked(value: Any) -> bool:
    """Whether any Tensor in a container requires grad, views being brought up to date first."""
    for tensor in _tensors(value):
        refresh(tensor)
        if tensor.requires_grad:
            return True
    return False


def _tensors(value: Any) -> Iterator[Tensor]:
    if type(value) is Tensor:
        yield value
    elif isinstance(value, list | tuple | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _arrays(value: Any) -> Any:
    """The same arguments with arrays for Tensors."""
    if type(value) is Tensor:
        return plain(value)
    if isinstance(value, dict):
        return {key: _arrays(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(map(_arrays, value))
    return value


def as_constants(result: Any) -> Any:
    """The same result with Tensors for arrays of numbers, in tuples and lists too."""
    if isinstance(result, np.ndarray | np.generic) and result.dtype.kind in "fciub":
        return constant(result)
    if isinstance(result, list | tuple):
        parts = [as_constants(part) for part in result]
        return result._make(parts) if hasattr(result, "_make") else type(result)(parts)
    return result
