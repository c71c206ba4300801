"""Operators, array methods and NumPy's protocols on Tensor. `METHODS` is the whole list."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from opcode import opmap
from typing import Any

import numpy as np

from . import functional as F
from . import numpy as N
from .call import lift
from .config import MODES, is_traced
from .errors import GradientError, describe
from .graph import WRITES
from .inplace import check_in_place, is_recorded, note_plain, overwrite, write
from .numpy.ndarray import ARRAY_METHODS
from .numpy.protocol import array_function
from .numpy.ufuncs import array_ufunc
from .op import operator_method
from .ops import arithmetic, compare, elementwise
from .tensor import WRITTEN, Tensor, is_scalar, note_read, refresh

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
    return N.matmul(self, other)


def _rmatmul(self: Tensor, other: Any) -> Any:
    return N.matmul(other, self)


def _in_place(function: Callable[..., Any], ufunc: Any) -> Callable[[Tensor, Any], Any]:
    """`t += u` writes into t; a scalar t, as NumPy's scalars are immutable, gets its name to a new tensor."""

    def method(self: Tensor, other: Any) -> Any:
        if is_recorded(self, other):
            if is_scalar(self) and (self.node is not None or not self.requires_grad):
                return function(self, other)
            check_in_place(self)
            return overwrite(self, function(self, other))
        if is_traced():
            return overwrite(self, function(self, other))
        refresh(self)
        note_plain(self)
        new = other.value if type(other) is Tensor else lift(other)
        if type(self.value) is np.ndarray:
            ufunc(self.value, new, out=self.value)
            WRITES.note(self.value)  # a graph that saved the old values will say so
            return self
        return overwrite(self, function(self.value, new))

    return method


def _divmod(self: Any, other: Any) -> tuple[Any, Any]:
    return N.floor_divide(self, other), N.remainder(self, other)


def _round(self: Tensor, digits: int | None = None) -> Any:
    return N.round(self, digits or 0)


# -- conversion ----------------------------------------------------------------------------------------


def _bool(self: Tensor) -> bool:
    if WRITTEN:
        refresh(self)
    note_read(self, "bool", truth := bool(self.value))
    return truth


def _number(kind: type) -> Callable[[Tensor], Any]:
    def convert(self: Tensor) -> Any:
        if WRITTEN:
            refresh(self)
        if self.requires_grad:
            if MODES.get().transforming:
                raise GradientError(
                    f"{kind.__name__}(t) inside a function that is being differentiated would lose the gradient "
                    "(math.sin(t) calls it too). Use autodiff's functions, or t.item() for the plain number."
                )
            caller = sys._getframe(1)  # a[i] = t of an array, and initial=t, ask for a number as float(t) does
            if str(caller.f_globals.get("__name__")).startswith("numpy."):
                raise GradientError(
                    "NumPy asked for the plain number of a tensor that requires grad, and its gradient would be lost. "
                    "Write t.detach() if that is wanted; for np.sum(a, initial=t) write np.sum(a) + t."
                )
            if caller.f_code.co_code[caller.f_lasti] == opmap["STORE_SUBSCR"]:
                raise GradientError(
                    "storing a tensor that requires grad into an array would lose its gradient without a word. "
                    "Write a[i] = t.detach() if that is wanted; to join tensors use autodiff.stack or concatenate."
                )
        return note_read(self, kind.__name__, kind(self.value.item() if self.value.size == 1 else self.item()))

    return convert


def _index(self: Tensor) -> int:
    if self.value.shape or self.value.dtype.kind not in "iu":
        raise TypeError(f"an index is an integer, not {describe(self.value)}")
    note_read(self, "index", number := operator.index(self.value))
    return number


def _len(self: Tensor) -> int:
    if not self.value.shape:
        raise TypeError("len() of a tensor of shape (), a scalar")
    return len(self.value)


def _iter(self: Tensor) -> Iterator[Tensor]:
    if not self.value.shape:
        raise TypeError("iteration over a tensor of shape (), a scalar")
    return (F.getitem(self, i) for i in range(len(self.value)))


def _contains(self: Tensor, item: Any) -> bool:
    return bool(N.any(self == item))


def _format(self: Tensor, spec: str) -> str:
    if not spec:
        return str(self)
    refresh(self)
    note_read(self, "text", None)
    return format(self.value, spec)


# -- methods with NumPy's signatures --------------------------------------------------------------------


def _transpose(self: Tensor, *axes: Any) -> Any:
    one = len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list))
    return N.transpose(self, axes[0] if one else axes or None)


def _expand(self: Tensor, *shape: Any) -> Any:
    """Repeat along axes of length 1, and along new leading axes."""
    return N.broadcast_to(self, shape[0] if len(shape) == 1 else shape)


def _conj(self: Tensor) -> Any:
    """The complex conjugate; the method leaves booleans what they are, `np.conj` makes numbers of them."""
    return N.copy(self) if self.dtype == bool else N.conj(self)


def _copy(self: Tensor, order: str = "C") -> Any:
    """Copy, as a recorded op: the gradient goes on to the original."""
    return N.copy(self, order)


def _fill(self: Tensor, value: Any) -> None:
    """Write a number into every element."""
    overwrite(self, value, "unsafe")


# -- NumPy's protocols ----------------------------------------------------------------------------------


def _array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    if WRITTEN:
        refresh(self)
    if self.requires_grad:
        raise GradientError(
            "NumPy asked for the plain array of a tensor that requires grad, and its gradient would be lost. "
            "Write t.detach() if that is wanted; to join tensors use autodiff.stack or concatenate."
        )
    return np.array(note_read(self, "array", self.value), dtype=dtype, copy=copy)


METHODS: dict[str, Any] = {
    "__add__": operator_method(N.add), "__radd__": _reflected(N.add),
    "__sub__": operator_method(N.subtract), "__rsub__": _reflected(N.subtract),
    "__mul__": operator_method(N.multiply), "__rmul__": _reflected(N.multiply),
    "__truediv__": operator_method(N.divide), "__rtruediv__": _reflected(N.divide),
    "__floordiv__": _comparison(N.floor_divide), "__rfloordiv__": _reflected(N.floor_divide),
    "__mod__": operator_method(N.remainder), "__rmod__": _reflected(N.remainder),
    "__pow__": operator_method(elementwise.pow_), "__rpow__": _reflected(elementwise.pow_),
    "__matmul__": _matmul, "__rmatmul__": _rmatmul,
    "__iadd__": _in_place(N.add, np.add), "__isub__": _in_place(N.subtract, np.subtract),
    "__imul__": _in_place(N.multiply, np.multiply), "__itruediv__": _in_place(N.divide, np.true_divide),
    "__ipow__": _in_place(elementwise.pow_, np.power), "__imod__": _in_place(N.remainder, np.remainder),
    "__ifloordiv__": _in_place(N.floor_divide, np.floor_divide), "__imatmul__": _in_place(N.matmul, np.matmul),
    "__iand__": _in_place(N.bitwise_and, np.bitwise_and), "__ior__": _in_place(N.bitwise_or, np.bitwise_or),
    "__ixor__": _in_place(N.bitwise_xor, np.bitwise_xor),
    "__ilshift__": _in_place(N.left_shift, np.left_shift), "__irshift__": _in_place(N.right_shift, np.right_shift),
    "__divmod__": _divmod, "__rdivmod__": _reflected(_divmod), "__round__": _round,
    "__neg__": arithmetic.neg, "__pos__": N.positive, "__abs__": elementwise.abs_,
    "__invert__": compare.invert,
    "__and__": _comparison(compare.and_), "__rand__": _reflected(compare.and_),
    "__or__": _comparison(compare.or_), "__ror__": _reflected(compare.or_),
    "__lshift__": _comparison(N.left_shift), "__rlshift__": _reflected(N.left_shift),
    "__rshift__": _comparison(N.right_shift), "__rrshift__": _reflected(N.right_shift),
    "__xor__": _comparison(compare.xor), "__rxor__": _reflected(compare.xor),
    "__lt__": _comparison(N.less), "__le__": _comparison(N.less_equal),
    "__gt__": _comparison(N.greater), "__ge__": _comparison(N.greater_equal),
    "__eq__": _comparison(N.equal), "__ne__": _comparison(N.not_equal),
    "__getitem__": F.getitem, "__setitem__": write, "__len__": _len, "__iter__": _iter,
    "__contains__": _contains, "__bool__": _bool,
    "__float__": _number(float), "__int__": _number(int), "__complex__": _number(complex),
    "__index__": _index, "__format__": _format,
    "__array__": _array, "__array_ufunc__": array_ufunc, "__array_function__": array_function,
    "exp": N.exp, "log": N.log, "sqrt": N.sqrt, "sin": N.sin, "cos": N.cos, "tanh": N.tanh,
    "sigmoid": F.sigmoid, "relu": F.relu, "abs": N.abs, "square": N.square, "clip": N.clip, "sign": N.sign,
    "sum": N.sum, "mean": N.mean, "prod": N.prod, "max": N.max, "min": N.min, "var": N.var, "std": N.std,
    "argmax": N.argmax, "argmin": N.argmin, "any": N.any, "all": N.all, "logsumexp": F.logsumexp,
    "softmax": F.softmax, "log_softmax": F.log_softmax, "dot": N.dot,
    "ravel": N.ravel, "transpose": _transpose, "swapaxes": N.swapaxes,
    "squeeze": N.squeeze, "expand": _expand, "astype": N.astype, "clone": F.clone, "copy": _copy,
    "conj": _conj, "conjugate": _conj, "fill": _fill,
    "T": property(N.transpose, doc="All axes in reverse order."), "mT": property(N.matrix_transpose),
    "real": property(N.real), "imag": property(N.imag), **ARRAY_METHODS,
}  # fmt: skip
"""What this file attaches to Tensor; `tensor.pyi` declares it."""

for _name, _method in METHODS.items():
    setattr(Tensor, _name, _method)
