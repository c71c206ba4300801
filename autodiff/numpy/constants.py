"""Numbers, dtypes, and what can be asked of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .arguments import plain

__all__ = [
    "__array_api_version__", "__array_namespace_info__", "bool", "bool_", "can_cast", "common_type", "complex64",
    "complex128", "complexfloating", "dtype", "e", "errstate", "euler_gamma", "finfo", "float16", "float32", "float64",
    "floating", "generic", "iinfo", "inexact", "inf", "int8", "int16", "int32", "int64", "integer", "intp",
    "isdtype", "issubdtype", "min_scalar_type", "nan", "newaxis", "number", "pi",
    "promote_types", "result_type", "signedinteger", "uint8", "uint16", "uint32", "uint64", "uintp",
    "unsignedinteger",
]  # fmt: skip

pi, e, euler_gamma, inf, nan, newaxis = np.pi, np.e, np.euler_gamma, np.inf, np.nan, np.newaxis
dtype, errstate = np.dtype, np.errstate
bool = bool_ = np.bool
int8, int16, int32, int64, intp = np.int8, np.int16, np.int32, np.int64, np.intp
uint8, uint16, uint32, uint64, uintp = np.uint8, np.uint16, np.uint32, np.uint64, np.uintp
float16, float32, float64, complex64, complex128 = np.float16, np.float32, np.float64, np.complex64, np.complex128
generic, number, integer, signedinteger, unsignedinteger = (
    np.generic, np.number, np.integer, np.signedinteger, np.unsignedinteger,
)  # fmt: skip
inexact, floating, complexfloating = np.inexact, np.floating, np.complexfloating
isdtype, issubdtype, promote_types = np.isdtype, np.issubdtype, np.promote_types


def _dtype_of(x: Any) -> Any:
    return x.dtype if isinstance(x, Tensor | np.ndarray | np.generic) else x


def finfo(type: Any, /) -> Any:
    """The limits of a floating or complex dtype, or of an array's.

    >>> float(finfo(np.float32).max) < 4e38
    True
    """
    return np.finfo(_dtype_of(type))


def iinfo(type: Any, /) -> Any:
    """The limits of an integer dtype, or of an array's.

    >>> iinfo(np.int8).max
    127
    """
    return np.iinfo(_dtype_of(type))


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of a result of these arrays, numbers and dtypes; Python numbers are weak, as in arithmetic.

    >>> result_type(np.ones(2, np.float32), 2.0)
    dtype('float32')
    """
    return np.result_type(*[x.dtype if type(x) is Tensor else x for x in arrays_and_dtypes])


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Whether a dtype, or an array's, can be cast to another by this rule.

    >>> can_cast(np.int32, np.float64)
    True
    """
    return np.can_cast(_dtype_of(from_), _dtype_of(to), casting)


def common_type(*arrays: Any) -> Any:
    """The floating or complex type that all these arrays can be cast to."""
    return np.common_type(*map(plain, arrays))


def min_scalar_type(a: Any, /) -> Any:
    """The smallest dtype that holds this number; of an array, its dtype."""
    return np.min_scalar_type(plain(a))


# -- the array-API standard ------------------------------------------------------------------------------

__array_api_version__ = "2024.12"


_INTEGERS = (int8, int16, int32, int64, uint8, uint16, uint32, uint64)


class __array_namespace_info__:
    """Devices, dtypes and capabilities, as the array-API standard asks.

    >>> __array_namespace_info__().devices()
    ['cpu']
    """

    def capabilities(self) -> dict[str, Any]:
        """What is there that the standard leaves open."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device of new Tensors."""
        return "cpu"

    def devices(self) -> list[str]:
        """All devices."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes of Tensors that are made of Python numbers."""
        return {
            "real floating": np.dtype(float64),
            "complex floating": np.dtype(complex128),
            "integral": np.dtype(int),
            "indexing": np.dtype(intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """All dtypes of the standard, or those of a kind, or of a tuple of kinds."""
        every = [np.dtype(d) for d in (bool, *_INTEGERS, float32, float64, complex64, complex128)]
        return {d.name: d for d in every if kind is None or isdtype(d, kind)}
