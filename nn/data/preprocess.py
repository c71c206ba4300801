"""Preprocessing whose numbers are found from the training data, and used on all other data as they are.

```python
prepare = Chain(Log1p(), Standardize())
x_train = prepare.fit(x_train).transform(x_train)
x_test = prepare.transform(x_test)  # with the mean and deviation of x_train
```

Each has `fit(x)`, `transform(x)` (also `prepare(x)`), `inverse(y)`, and its numbers as arrays by name: `state_dict()`,
which `autodiff.io.save` writes. What is transformed may be a Tensor, and has its gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.tensor import Tensor


class Preprocessing(ABC):
    """What all have in common; a class to derive others from."""

    names: tuple[str, ...] = ()  # of the arrays that `fit` finds

    def fit(self, x: Any) -> Any:
        """Find the numbers from the training data; returns itself."""
        return self

    @abstractmethod
    def transform(self, x: Any) -> Any:
        """The data, prepared."""

    @abstractmethod
    def inverse(self, y: Any) -> Any:
        """What `transform` has prepared, as it was."""

    def fit_transform(self, x: Any) -> Any:
        """`fit(x)`, and then `transform(x)`: for training data only."""
        return self.fit(x).transform(x)

    def __call__(self, x: Any) -> Any:
        return self.transform(x)

    def state_dict(self) -> dict[str, Any]:
        """The numbers found, by name."""
        return {name: self._found(name) for name in self.names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take numbers that were saved. Raises ValueError for others."""
        if set(state) != set(self.names):
            raise ValueError(f"{type(self).__name__} has the numbers {list(self.names)}, got {list(state)}")
        for name in self.names:
            setattr(self, name, np.asarray(state[name]))

    def _found(self, name: str) -> Any:
        found = getattr(self, name, None)
        if found is None:
            raise RuntimeError(f"{type(self).__name__} has not seen the training data: call fit(x_train) first")
        return found

    def _fits(self, x: Any, found: Any) -> None:
        if np.broadcast_shapes(np.shape(x), found.shape) != np.shape(x):
            raise ValueError(
                f"{type(self).__name__} was fitted to data of another shape: {found.shape} to {np.shape(x)}"
            )


class _Affine(Preprocessing):
    """(x - shift) / scale."""

    names = ("shift", "scale")

    def __init__(self, axis: int | Sequence[int] | None = 0) -> None:
        self.axis = axis if axis is None or isinstance(axis, int) else tuple(axis)

    def transform(self, x: Any) -> Any:
        """The data, prepared."""
        shift, scale = self._for(x)
        return (x - shift) / scale

    def inverse(self, y: Any) -> Any:
        """What was prepared, as it was."""
        shift, scale = self._for(y)
        return y * scale + shift

    def _for(self, x: Any) -> tuple[Any, Any]:
        found = [self._found(name) for name in self.names]
        example = found[0].shape[1:]
        if np.ndim(x) == found[0].ndim - 1 and len(found[0]) == 1:  # a single example
            found = [a[0] for a in found]
        x_dtype = x.dtype if isinstance(x, Tensor | np.ndarray) else np.asarray(x).dtype
        try:
            self._fits(x, found[0])
        except ValueError:
            raise ValueError(
                f"{type(self).__name__} was fitted to examples of shape {example}, got {describe(x)}"
            ) from None
        shift, scale = (a.astype(x_dtype) if x_dtype.kind in "fc" else a for a in found)
        return shift, scale


class Standardize(_Affine):
    """(x - mean) / deviation, both over `axis` of the training data: each feature has mean 0 and deviation 1.

    Args:
        axis: 0: each feature or pixel has its own; (0, 2, 3): one for each channel of images; None: one for all.

    A feature that is the same everywhere becomes 0.

    >>> prepare = Standardize().fit(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> prepare(np.array([[5.0, 5.0]])).tolist(), prepare.inverse(np.array([[3.0, 0.0]])).tolist()
    ([[3.0, 0.0]], [[5.0, 5.0]])

    Raises ValueError for training data with NaN or infinity, which names the examples.
    """

    names = ("mean", "std")

    def fit(self, x: Any) -> Standardize:
        """Find mean and deviation, in float64."""
        a = _training(x)
        mean, std, low, high = (f(axis=self.axis, keepdims=True) for f in (a.mean, a.std, a.min, a.max))
        self.mean = np.where(low == high, low, mean)  # the mean of equal numbers may be off by a bit
        self.std = np.where((low == high) | (std == 0), 1.0, std)
        return self


class Rescale(_Affine):
    """Into [0, 1] by the least and the largest number over `axis` of the training data; other data may leave it.

    Args:
        axis: 0: each feature or pixel has its own; (0, 2, 3): one for each channel of images; None: one for all.

    >>> Rescale().fit_transform(np.array([[0.0], [5.0], [10.0]])).tolist()
    [[0.0], [0.5], [1.0]]

    Raises ValueError for training data with NaN or infinity, which names the examples.
    """

    names = ("low", "width")

    def fit(self, x: Any) -> Rescale:
        """Find the least and the largest numbers."""
        a = _training(x)
        self.low = a.min(axis=self.axis, keepdims=True)
        width = a.max(axis=self.axis, keepdims=True) - self.low
        self.width = np.where(width == 0, 1.0, width)
        return self


class Log1p(Preprocessing):
    """log(1 + x): counts and prices, whose large values are rare. Nothing is found from data.

    Raises ValueError for numbers of -1 or less, which names the first.
    """

    def transform(self, x: Any) -> Any:
        """log(1 + x)."""
        value = np.asarray(x.detach().value if type(x) is Tensor else x)
        wrong = np.argwhere(value <= -1)
        if len(wrong):
            place = tuple(wrong[0].tolist())
            raise ValueError(
                f"log(1 + x) needs numbers above -1; {len(wrong)} are not, the first is {value[place]} at {place}"
            )
        return anp.log1p(x)

    def inverse(self, y: Any) -> Any:
        """exp(y) - 1."""
        return anp.expm1(y)


class Chain(Preprocessing):
    """One after the other; each is fitted to what those before it have prepared.

    >>> prepare = Chain(Log1p(), Rescale())
    >>> prepare.fit_transform(np.array([[0.0], [np.e - 1]])).tolist(), list(prepare.state_dict())
    ([[0.0], [1.0]], ['1.low', '1.width'])
    """

    def __init__(self, *steps: Preprocessing) -> None:
        for step in steps:
            if not isinstance(step, Preprocessing):
                raise TypeError(f"a chain is made of preprocessings such as Standardize(), got {step!r}")
        self.steps = steps
        self.names = tuple(f"{i}.{name}" for i, step in enumerate(steps) for name in step.names)

    def fit(self, x: Any) -> Chain:
        """Fit each in turn."""
        for step in self.steps:
            x = step.fit_transform(x)
        return self

    def transform(self, x: Any) -> Any:
        """One after the other."""
        for step in self.steps:
            x = step.transform(x)
        return x

    def inverse(self, y: Any) -> Any:
        """From the last to the first."""
        for step in reversed(self.steps):
            y = step.inverse(y)
        return y

    def state_dict(self) -> dict[str, Any]:
        """The numbers of all, with the place of each in front of their names."""
        return {f"{i}.{name}": a for i, step in enumerate(self.steps) for name, a in step.state_dict().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take numbers that were saved."""
        if set(self.names) != set(state):
            raise ValueError(f"the chain has the numbers {list(self.names)}, got {list(state)}")
        for i, step in enumerate(self.steps):
            step.load_state_dict({name: state[f"{i}.{name}"] for name in step.names})


def _training(x: Any) -> Any:
    """Training data as float64."""
    given = np.asarray(x.detach().value if type(x) is Tensor else x)
    if not given.ndim or not len(given):
        raise ValueError(f"training data has examples along its first axis, got {describe(given)}")
    if given.dtype.kind not in "biuf":
        raise TypeError(f"training data are real numbers, got {describe(given)}")
    a = given.astype(np.float64, copy=False)
    bad = np.flatnonzero(~np.isfinite(a).reshape(len(a), -1).all(axis=1))
    if bad.size:
        more = f" and {bad.size - 5} more" if bad.size > 5 else ""
        raise ValueError(
            f"examples {', '.join(map(str, bad[:5]))}{more} have NaN or infinity: leave them out, or fill them"
        )
    return a
