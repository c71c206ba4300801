"""How the functions of this package read their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
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


def reduce(losses: Any, reduction: str) -> Any:
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
