"""`Batched`: what stands for the array of a Tensor inside a function that `vmap` maps.

It has the shape and dtype of one example, and holds all of them. Ops compute with all examples at once
(`transforms/batching.py` says how); everything else that asks for the numbers gets an error, since they differ
from example to example.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from .errors import GradientError
from .graph import next_number


def numbers(x: Any) -> Any:
    """The numbers of a Tensor or array, inside vmap those of all examples: for checks that are to hold for each."""
    if type(x) is not Batched:
        x = getattr(x, "value", x)
    while type(x) is Batched:
        x = x.batch
    return x


class Mapping:
    """One call of a mapped function: how many examples there are, and whether it is running."""

    __slots__ = ("number", "running", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.number = next_number()  # the clock of nodes: an inner mapping has the larger number
        self.running = False


class Batched:
    """The arrays of all examples, along axis 0 of `batch`; shape and dtype are those of one."""

    __slots__ = ("batch", "dtype", "mapping", "shape")

    def __init__(self, batch: Any, mapping: Mapping) -> None:
        self.batch = batch  # an ndarray, or the Batched of an outer mapping
        self.mapping = mapping
        self.shape: tuple[int, ...] = batch.shape[1:]
        self.dtype: np.dtype[Any] = batch.dtype

    @property
    def ndim(self) -> int:
        """Number of axes of one example."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements of one example."""
        n = 1
        for length in self.shape:
            n *= length
        return n

    @property
    def nbytes(self) -> int:
        """Bytes of one example."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<{self.mapping.size} examples of {self.dtype} {self.shape}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # protocols that are asked for on trial
            raise AttributeError(name)
        return self._refuse()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        if not self.mapping.running:
            raise GradientError(
                "a Tensor of a function that vmap maps was used after that function had returned. Return it instead."
            )
        raise GradientError(
            f"vmap runs the function once for all {self.mapping.size} examples, and here it asks for the numbers of "
            "one (an `if`, bool(t), float(t), t.item(), np.asarray(t), t[i] = v, a NumPy function that has no op). "
            "Choose between values with where(condition, x, y); compute with Tensor methods or autodiff's functions."
        )

    __array__ = __array_ufunc__ = __bool__ = __int__ = __float__ = __complex__ = __index__ = __iter__ = _refuse
    __getitem__ = __setitem__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __eq__ = __ne__ = _refuse
    __hash__ = object.__hash__
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __neg__ = __abs__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = item = tolist = astype = copy = _refuse
