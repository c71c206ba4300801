"""What can be asked of an array that has no gradient: how it reads as text, and how it lies in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import array_of, bare, plain

__all__ = [
    "array2string", "array_repr", "array_str", "iscomplexobj", "isfortran", "isrealobj", "isscalar", "iterable",
    "may_share_memory", "shares_memory",
]  # fmt: skip

isscalar, iterable = np.isscalar, np.iterable


def array2string(a: Any, *args: Any, **kwargs: Any) -> str:
    """The values as text, with NumPy's arguments.

    >>> array2string(np.array([1.25, 2.0]), precision=1)
    '[1.2 2. ]'
    """
    return np.array2string(plain(array_of(a)), *args, **kwargs)


def array_repr(arr: Any, *args: Any, **kwargs: Any) -> str:
    """The values as NumPy's code, with NumPy's arguments; `repr(t)` also says what a Tensor is."""
    return np.array_repr(np.asarray(plain(array_of(arr))), *args, **kwargs)


def array_str(a: Any, *args: Any, **kwargs: Any) -> str:
    """The values as text, with NumPy's arguments."""
    return np.array_str(np.asarray(plain(array_of(a))), *args, **kwargs)


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex, whatever the values."""
    return bool(np.iscomplexobj(bare(x)))


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex, whatever the values."""
    return not iscomplexobj(x)


def isfortran(a: Any) -> bool:
    """Whether columns lie one after the other in memory, and rows do not."""
    return bool(np.isfortran(bare(array_of(a))))


def may_share_memory(a: Any, b: Any, /, max_work: Any = None) -> bool:
    """Whether two arrays may look into the same memory: their bounds overlap."""
    return np.may_share_memory(bare(array_of(a)), bare(array_of(b)), max_work)


def shares_memory(a: Any, b: Any, /, max_work: Any = -1) -> bool:
    """Whether two arrays look into the same memory.

    >>> a = np.zeros(3)
    >>> shares_memory(a, a[1:])
    True
    """
    return np.shares_memory(bare(array_of(a)), bare(array_of(b)), max_work)
