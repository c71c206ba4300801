"""How the functions of this package read their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.numpy.arguments import fixed
from autodiff.tensor import Tensor


def cast(x: Any, weight: Tensor) -> Any:
    """Bring a layer's input to the dtype of its parameters; lists become arrays.

    >>> cast(np.ones(2), Tensor(np.ones(2, np.float32))).dtype
    dtype('float32')

    Raises TypeError for arrays of integers, and for complex input where the parameters are real.
    """
    if type(x) is not Tensor and not isinstance(x, np.ndarray | np.generic):
        return np.asarray(x, weight.dtype)
    dtype = weight.dtype
    if x.dtype is dtype or x.dtype == dtype:
        return x
    if x.dtype.kind not in "fc":
        raise TypeError(
            f'this layer computes in {dtype} and takes floating input, got {describe(x)}. Write x.astype("{dtype}").'
        )
    if x.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(
            f"the input is {describe(x)} and the parameters are {dtype}: "
            "the imaginary part would be lost. "
            f'Make the layer complex, layer.astype("{x.dtype}"), or pass x.real.'
        )
    return anp.astype(x, dtype)


def as_array(x: Any) -> Any:
    """Return a Tensor as it is, anything else as an array."""
    return x if type(x) is Tensor else np.asarray(x)


def reduced(losses: Any, reduction: str) -> Any:
    """Take losses as they are ("none"), their "sum" or their "mean"."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return anp.sum(losses)
    if reduction != "mean":
        raise ValueError(f'reduction is "mean", "sum" or "none", got {reduction!r}')
    if not losses.size:
        raise ValueError("the mean loss of no elements is undefined; the batch is empty")
    return anp.mean(losses)


def probability(p: Any, name: str = "dropout probability") -> float:
    """A probability as a number; ValueError for what is none."""
    if isinstance(p, bool) or not isinstance(p, int | float | np.number) or not 0 <= p <= 1:
        raise ValueError(f"{name} must lie in [0, 1], got {p!r}")
    return float(p)


def no_old_names(size_average: Any, reduce: Any) -> None:
    """Raise TypeError if one of PyTorch's two former arguments for the reduction is given."""
    if size_average is None is reduce:
        return
    for name, value in (("size_average", size_average), ("reduce", reduce)):
        if value is not None:
            raise TypeError(f'{name}= is a former name of the reduction, got {value!r}. Write reduction="sum" instead.')


def real(name: str, *arrays: Any) -> list[Any]:
    """Arrays of real floating numbers; the others in the dtype of the first, which must be floating."""
    first, *others = [as_array(x) for x in arrays]
    if first.dtype.kind != "f" or any(x.dtype.kind not in "fiub" for x in others):
        raise TypeError(
            f"{name} takes real predictions and targets, got {' and '.join(map(describe, (first, *others)))}"
        )
    return [first, *(x if x.dtype == first.dtype else anp.astype(x, first.dtype) for x in others)]


def alike(name: str, input: Any, target: Any) -> list[Any]:
    """Predictions and targets of one shape, both in the dtype of the predictions."""
    x, target = as_array(input), as_array(target)
    shape, dtype = x.shape, x.dtype
    if shape != target.shape:
        raise ValueError(
            f"{name} takes predictions and targets of one shape, "
            f"got {describe(x)} and {describe(target)}. "
            "Broadcasting would compare every prediction with every target. "
            f"Write target.reshape({shape}) or squeeze the predictions."
        )
    if dtype.kind == "f" and target.dtype is dtype:
        return [x, target]
    return real(name, x, target)


def constant_weight(name: str, weight: Any, x: Any, argument: str = "weight") -> Any:
    """A weight in the dtype of x; TypeError for one that a gradient is asked of, ValueError if it has too many axes."""
    weight = anp.astype(as_array(fixed(name, argument, weight)), x.dtype)
    try:
        fits = np.broadcast_shapes(weight.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name}: {argument} {describe(weight)} does not broadcast to {describe(x)}")
    return weight


def in_places(bad: Any, values: Any) -> str:
    """Name the first value that a mask finds, and its place."""
    bad, values = np.atleast_1d(bad), np.atleast_1d(values)
    at = tuple(map(int, np.argwhere(bad)[0]))
    return f"{values[at]} at {at[0] if len(at) == 1 else at}"
