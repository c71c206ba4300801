"""Operators, array methods and NumPy's protocols on Tensor. `METHODS` is the whole list."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from opcode import opmap
from typing import Any

import numpy as np

from . import functional as F
from .call import lift
from .config import MODES
from .errors import GradientError, describe
from .graph import WRITES
from .numpy_functions import array_function, unsupported
from .op import operator_method
from .ops import arithmetic, compare, elementwise
from .ops.index import join_key, split_key
from .tensor import Tensor, constant

# -- operators -----------------------------------------------------------------------------------------


def _reflected(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return function(other, self)

    return method


def _comparison(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        try:
            return function(self, other)
        except TypeError:
            return NotImplemented  # == with something that is no number is False, < an error

    return method


def _matmul(self: Tensor, other: Any) -> Any:
    return F.matmul(self, other)


def _rmatmul(self: Tensor, other: Any) -> Any:
    return F.matmul(other, self)


def _in_place(function: Callable[..., Any], ufunc: Any) -> Callable[[Tensor, Any], Any]:
    """`t += u` writes into t where no gradient is recorded; elsewhere it gives the name t to a new tensor."""

    def method(self: Tensor, other: Any) -> Any:
        if self.node is not None or _recorded(self, other):
            if self.node is None and self.requires_grad:
                raise GradientError(
                    "an in-place operation on a leaf that requires grad cannot be recorded. To update a parameter "
                    "write it inside `with no_grad():`; for a new tensor write t = t + u."
                )
            return function(self, other)
        new = other.value if type(other) is Tensor else lift(other)
        if self.value.shape:
            ufunc(self.value, new, out=self.value)
            WRITES.note(self.value)  # a graph that saved the old values will say so
            return self
        result = np.asarray(function(self.value, new))  # NumPy scalars are immutable: put another in its place
        if result.shape:
            raise ValueError(f"cannot write {describe(result)} into a tensor of shape ()")
        self.value = result.astype(self.value.dtype, casting="same_kind")[()]
        return self

    return method


def _setitem(self: Tensor, key: Any, value: Any) -> None:
    """Write into t where no gradient is recorded."""
    if self.node is not None or _recorded(self, value):
        raise TypeError(
            "t[key] = v is not recorded: the gradient would miss it. Build the result with where(mask, v, t), "
            "concatenate or stack; a leaf can be written inside `with no_grad():`."
        )
    index, arrays = split_key(key)
    self.value[join_key(index, tuple(arrays))] = value.value if type(value) is Tensor else value
    WRITES.note(self.value)


def _recorded(self: Tensor, other: Any) -> bool:
    tracked = self.requires_grad or (type(other) is Tensor and other.requires_grad)
    return tracked and MODES.get().recording


def _divmod(self: Tensor, other: Any) -> tuple[Any, Any]:
    return F.floor_divide(self, other), F.remainder(self, other)


def _round(self: Tensor, digits: int | None = None) -> Any:
    return F.round(self, digits or 0)


# -- conversion ----------------------------------------------------------------------------------------


def _bool(self: Tensor) -> bool:
    return bool(self.value)


def _number(kind: type) -> Callable[[Tensor], Any]:
    def convert(self: Tensor) -> Any:
        if self.requires_grad:
            if MODES.get().transforming:
                raise GradientError(
                    f"{kind.__name__}(t) inside a function that is being differentiated would lose the gradient "
                    "(math.sin(t) calls it too). Use autodiff's functions, or t.item() for the plain number."
                )
            caller = sys._getframe(1)  # a[i] = t of an array asks for a number as float(t) does
            if caller.f_code.co_code[caller.f_lasti] == opmap["STORE_SUBSCR"]:
                raise GradientError(
                    "storing a tensor that requires grad into an array would lose its gradient without a word. "
                    "Write a[i] = t.detach() if that is wanted; to join tensors use autodiff.stack or concatenate."
                )
        return kind(self.item())

    return convert


def _index(self: Tensor) -> int:
    if self.value.shape or self.value.dtype.kind not in "iu":
        raise TypeError(f"an index is an integer, not {describe(self.value)}")
    return operator.index(self.value)


def _len(self: Tensor) -> int:
    if not self.value.shape:
        raise TypeError("len() of a tensor of shape (), a scalar")
    return len(self.value)


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self.value.shape:
        raise TypeError("iteration over a tensor of shape (), a scalar")
    return (F.getitem(self, i) for i in range(len(self.value)))


def _contains(self: Tensor, item: Any) -> bool:
    return bool(np.any(self.value == (item.value if type(item) is Tensor else item)))


def _format(self: Tensor, spec: str) -> str:
    return format(self.value, spec) if spec else str(self)


# -- methods with NumPy's signatures --------------------------------------------------------------------


def _reshape(self: Tensor, *shape: Any) -> Any:
    return F.reshape(self, shape[0] if len(shape) == 1 else shape)


def _transpose(self: Tensor, *axes: Any) -> Any:
    one = len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list))
    return F.transpose(self, axes[0] if one else axes or None)


def _matrix_transpose(self: Tensor) -> Any:
    """The last two axes exchanged: each matrix of a batch transposed."""
    if self.ndim < 2:
        raise ValueError(f"mT swaps the last two axes, and {describe(self)} has fewer")
    return F.swapaxes(self, -1, -2)


def _expand(self: Tensor, *shape: Any) -> Any:
    """Repeat along axes of length 1, and along new leading axes."""
    return F.broadcast_to(self, shape[0] if len(shape) == 1 else shape)


# -- NumPy's protocols ----------------------------------------------------------------------------------


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    if self.requires_grad:
        raise GradientError(
            "NumPy asked for the plain array of a tensor that requires grad, and its gradient would be lost. "
            "Write t.detach() if that is wanted; to join tensors use autodiff.stack or concatenate."
        )
    return np.array(self.value, dtype=dtype, copy=copy)


def _float_power(x: Any, y: Any) -> Any:
    """Power of both in float64, or in complex128 for complex ones: never of integers, nor of float32."""
    dtype = np.result_type(*[v.dtype if type(v) is Tensor else v for v in (x, y)], np.float64)
    return F.power(F.astype(x, dtype), F.astype(y, dtype))


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: F.add, np.subtract: F.subtract, np.multiply: F.multiply, np.true_divide: F.divide,
    np.floor_divide: F.floor_divide, np.remainder: F.remainder, np.negative: F.negative, np.power: F.power,
    np.float_power: _float_power, np.absolute: F.absolute, np.square: F.square, np.exp: F.exp, np.log: F.log,
    np.log1p: F.log1p, np.expm1: F.expm1, np.sqrt: F.sqrt, np.sin: F.sin, np.cos: F.cos, np.tanh: F.tanh,
    np.maximum: F.maximum, np.minimum: F.minimum, np.matmul: F.matmul, np.sign: F.sign, np.floor: F.floor,
    np.ceil: F.ceil, np.conjugate: F.conj, np.less: F.less, np.less_equal: F.less_equal, np.greater: F.greater,
    np.greater_equal: F.greater_equal, np.equal: F.equal, np.not_equal: F.not_equal, np.isnan: F.isnan,
    np.isfinite: F.isfinite, np.logical_not: F.logical_not, np.logical_and: compare.logical_and,
    np.logical_or: compare.logical_or, np.logical_xor: compare.logical_xor, np.invert: compare.invert,
    np.bitwise_and: compare.and_, np.bitwise_or: compare.or_, np.bitwise_xor: compare.xor,
}  # fmt: skip
"""The ufuncs that Tensors take part in."""


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    into = [out for out in kwargs.get("out", ()) if out is not None]
    if any(type(out) is Tensor for out in into):
        raise TypeError(f"{name} cannot write into a Tensor with out=; use its result")
    function = UFUNCS.get(ufunc)
    if function is not None and method == "__call__" and not kwargs:
        return function(*inputs)
    if not any(type(x) is Tensor and x.requires_grad for x in inputs):  # constants in, constants out
        result = getattr(ufunc, method)(*[x.value if type(x) is Tensor else x for x in inputs], **kwargs)
        if into:
            return result
        return tuple(map(constant, result)) if isinstance(result, tuple) else constant(result)
    if into:
        raise TypeError(
            f"{name} would write into an array, and the gradient would be lost: write a = a + t, not a += t"
        )
    if function is not None and method == "__call__":
        raise TypeError(f"{name} of a tensor that requires grad takes no {', '.join(sorted(kwargs))}= argument")
    raise TypeError(unsupported(name))


METHODS: dict[str, Any] = {
    "__add__": operator_method(F.add), "__radd__": _reflected(F.add),
    "__sub__": operator_method(F.subtract), "__rsub__": _reflected(F.subtract),
    "__mul__": operator_method(F.multiply), "__rmul__": _reflected(F.multiply),
    "__truediv__": operator_method(F.divide), "__rtruediv__": _reflected(F.divide),
    "__floordiv__": _comparison(F.floor_divide), "__rfloordiv__": _reflected(F.floor_divide),
    "__mod__": operator_method(F.remainder), "__rmod__": _reflected(F.remainder),
    "__pow__": operator_method(F.power), "__rpow__": _reflected(F.power),
    "__matmul__": _matmul, "__rmatmul__": _rmatmul,
    "__iadd__": _in_place(F.add, np.add), "__isub__": _in_place(F.subtract, np.subtract),
    "__imul__": _in_place(F.multiply, np.multiply), "__itruediv__": _in_place(F.divide, np.true_divide),
    "__ipow__": _in_place(F.power, np.power),
    "__divmod__": _divmod, "__round__": _round,
    "__neg__": arithmetic.neg, "__pos__": lambda self: self, "__abs__": elementwise.abs_,
    "__invert__": compare.invert,
    "__and__": _comparison(compare.and_), "__rand__": _reflected(compare.and_),
    "__or__": _comparison(compare.or_), "__ror__": _reflected(compare.or_),
    "__xor__": _comparison(compare.xor), "__rxor__": _reflected(compare.xor),
    "__lt__": _comparison(F.less), "__le__": _comparison(F.less_equal),
    "__gt__": _comparison(F.greater), "__ge__": _comparison(F.greater_equal),
    "__eq__": _comparison(F.equal), "__ne__": _comparison(F.not_equal),
    "__getitem__": F.getitem, "__setitem__": _setitem, "__len__": _len, "__iter__": _iter,
    "__contains__": _contains, "__bool__": _bool,
    "__float__": _number(float), "__int__": _number(int), "__complex__": _number(complex),
    "__index__": _index, "__format__": _format,
    "__array__": _array, "__array_ufunc__": _array_ufunc, "__array_function__": array_function,
    "exp": F.exp, "log": F.log, "sqrt": F.sqrt, "sin": F.sin, "cos": F.cos, "tanh": F.tanh,
    "sigmoid": F.sigmoid, "relu": F.relu, "abs": F.abs, "square": F.square, "clip": F.clip, "sign": F.sign,
    "sum": F.sum, "mean": F.mean, "prod": F.prod, "max": F.max, "min": F.min, "var": F.var, "std": F.std,
    "argmax": F.argmax, "argmin": F.argmin, "any": F.any, "all": F.all, "logsumexp": F.logsumexp,
    "softmax": F.softmax, "log_softmax": F.log_softmax, "dot": F.dot,
    "reshape": _reshape, "ravel": F.ravel, "flatten": F.ravel, "transpose": _transpose, "swapaxes": F.swapaxes,
    "squeeze": F.squeeze, "expand": _expand, "astype": F.astype, "clone": F.clone, "copy": F.clone, "conj": F.conj,
    "T": property(F.transpose, doc="All axes in reverse order."), "mT": property(_matrix_transpose),
    "real": property(F.real), "imag": property(F.imag),
}  # fmt: skip
"""What this file attaches to Tensor; `tensor.pyi` declares it."""

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
