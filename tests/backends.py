"""The systems that a test program can run on, with one set of names: NumPy's.

`Ours` is what is tested. `NumPy` gives values only, for finite differences. `Torch`, in
tests/parity/conftest.py, is the judge. A scenario or a random program is written once, against
these names, and run on several.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

import autodiff as ad


class Detached:
    """Values that `detach` gave on the first run and gives again on later ones.

    A finite difference moves the inputs; what was detached must stay where it was.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.position: int | None = None  # None while they are being collected

    def rewind(self) -> None:
        self.position = 0

    def next(self, value: Any) -> Any:
        if self.position is None:
            self.values.append(np.array(value))
            return value
        self.position += 1
        return self.values[self.position - 1]


class Ours:
    """The engine under test."""

    def __init__(self, detached: Detached | None = None) -> None:
        self.detached = detached

    def __getattr__(self, name: str) -> Any:
        return getattr(ad, name)

    def tensor(self, array: Any) -> ad.Tensor:
        """A leaf that requires grad."""
        return ad.Tensor(array, requires_grad=True)

    def constant(self, array: Any) -> ad.Tensor:
        return ad.Tensor(array)

    def detach(self, x: ad.Tensor) -> ad.Tensor:
        if self.detached is None:
            return x.detach()
        return ad.asarray(self.detached.next(x.value))

    def array(self, x: Any) -> np.ndarray:
        """The value as an array that shares no memory with the tensor."""
        return np.array(x.value)

    def gradients(self, outs: Any, ins: Any, seeds: Any = None, **options: Any) -> Any:
        return ad.gradients(outs, ins, seeds, **options)


class NumPy:
    """Values only."""

    def __init__(self, detached: Detached | None = None) -> None:
        self.detached = detached or Detached()

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def detach(self, x: Any) -> Any:
        return self.detached.next(x)

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def relu(self, x: Any) -> Any:
        return np.maximum(x, 0)

    def getitem(self, x: Any, key: Any) -> Any:
        return x[key]

    def logsumexp(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))

    def softmax(self, x: Any, axis: int) -> Any:
        return np.exp(self.log_softmax(x, axis))

    def log_softmax(self, x: Any, axis: int) -> Any:
        return x - self.logsumexp(x, axis, True)


def assert_close(ours: Sequence[Any], theirs: Sequence[Any], rtol: float, atol: float) -> None:
    """Compare lists of arrays: shapes, dtypes and values, None with None."""
    assert len(ours) == len(theirs)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            assert a is b, f"result {i}: {a} and {b}"
            continue
        a, b = np.asarray(a), np.asarray(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape), f"result {i}"
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=f"result {i}")
