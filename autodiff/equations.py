"""What a program is made of: values, calls of ops, and places outside."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .errors import describe
from .graph import WRITES
from .op import OPS
from .tensor import Tensor, constant


class Var:
    """A value: an array or scalar of known shape and dtype, or (`dtype` None) whatever a fused op keeps."""

    __slots__ = ("dtype", "number", "shape")
    dtype: Any
    shape: tuple[int, ...]

    def __init__(self, number: int, value: Any) -> None:
        self.number = number
        known = isinstance(value, np.ndarray | np.generic | float | int | complex)
        self.shape = np.shape(value) if known else ()
        self.dtype = getattr(value, "dtype", type(value).__name__) if known else None

    def __repr__(self) -> str:
        return f"%{self.number}"

    @property
    def kind(self) -> str:
        """Dtype and shape, as they are listed."""
        return f"{self.dtype} {self.shape}" if self.dtype is not None else "kept"


class Literal:
    """A number or array that is part of the program itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value) if np.size(self.value) == 1 else f"<{describe(self.value)}>"


class Equation:
    """One call of an op, or of a fused op's gradient kernel: `outputs = op(*inputs, **params)`."""

    __slots__ = ("inputs", "line", "name", "outputs", "params", "vjp")

    def __init__(
        self, name: str, inputs: tuple[Any, ...], params: dict[str, Any], outputs: tuple[Var, ...],
        line: tuple[str, int], vjp: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.inputs, self.params, self.outputs = name, inputs, params, outputs
        self.line, self.vjp = line, vjp  # vjp: the inputs are what the kernel names, in its order

    @property
    def title(self) -> str:
        """The op's name; that of its gradient kernel is marked."""
        return f"{self.name}.vjp" if self.vjp else self.name

    def run(self, values: list[Any], params: dict[str, Any]) -> tuple[Any, ...]:
        """Compute the outputs."""
        op = OPS[self.name]
        if self.vjp:
            kernel: Any = op.vjp or op.together
            return tuple(kernel(*values, **params))
        result = op.forward(*values, **params)
        if op.vjp is not None:
            return result if isinstance(result, tuple) else (result,)
        return result if op.several else (result,)


class Cell:
    """A place outside that a program reads or writes: a tensor's value, its gradient, an item of a dict."""

    def __init__(self, holder: Any, what: str) -> None:
        self.holder, self.what = holder, what  # what: "value" or "grad" of a Tensor, an "item", or a "constant"

    def read(self) -> Any:
        """What is there now."""
        if self.what == "value":
            return self.holder.value
        if self.what == "grad":
            return None if self.holder.grad is None else self.holder.grad.value
        return self.holder.read() if self.what == "item" else self.holder

    def write(self, value: Any) -> None:
        """Put a value there; None takes a gradient away."""
        if self.what == "grad":
            self.holder.grad = None if value is None else constant(np.array(value)[()])
        elif self.what == "item":
            self.holder.write(value if isinstance(value, np.ndarray | int | float) else value.item())
        elif np.shape(value):
            self.holder.value[...] = value
            WRITES.note(self.holder.value)
        else:
            self.holder.value = value

    def __repr__(self) -> str:
        if self.what == "item":
            *_, group, key = self.holder.path
            return f"{group.name or 'parameter'}: {key}" if type(group) is Tensor else str(key)
        if self.what == "constant":
            return "constant"
        name = self.holder.name or ("parameter" if self.holder.is_parameter else "tensor")
        return f"{name}.grad" if self.what == "grad" else str(name)


class Read(NamedTuple):
    """A concrete value that Python code asked for while it was traced."""

    what: str  # bool, item, float, numpy, value, ...; "plain" of a function that takes it as a constant
    var: Any
    value: Any  # None of a text that was made of it
    line: tuple[str, int]

    @property
    def decides(self) -> bool:
        """Whether the way through the function or the parameter of an op was made of it."""
        return self.what in ("bool", "int", "index", "plain")

    def agrees(self, value: Any) -> bool:
        """Whether Python code would read the same of a value."""
        if self.what in ("bool", "int", "index", "item", "float", "complex"):
            value = {"bool": bool, "int": int, "float": float, "complex": complex}.get(self.what, _as_is)(value.item())
        now, then = np.asarray(value), np.asarray(self.value)
        return now.dtype == then.dtype and now.shape == then.shape and now.tobytes() == then.tobytes()


def _as_is(value: Any) -> Any:
    return value
