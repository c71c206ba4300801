"""Dense layers, and reshaping between layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.functional import linear
from autodiff.numpy.arguments import one_axis
from autodiff.tensor import Tensor

__all__ = ["bilinear", "flatten", "linear", "unflatten"]


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """A bilinear form for each output, `y_k = x1^T weight_k x2 + bias_k`.

    Takes x1 (..., m), x2 (..., n), weight (k, m, n) and bias (k,); the result is (..., k).

    >>> bilinear(np.array([1.0, 2.0]), np.array([3.0]), np.ones((2, 2, 1)), np.array([0.0, 1.0])).tolist()
    [9.0, 10.0]

    Raises ValueError for shapes that do not fit.
    """
    x1, x2, weight = (x if type(x) is Tensor else np.asarray(x) for x in (input1, input2, weight))
    fits = weight.ndim == 3 and x1.ndim and x2.ndim and (x1.shape[-1], x2.shape[-1]) == weight.shape[1:]
    if not fits or x1.shape[:-1] != x2.shape[:-1]:
        raise ValueError(
            f"a bilinear form with weight {describe(weight)} takes x1 (..., m) and x2 (..., n) for a weight (k, m, n), "
            f"with equal leading axes; got {describe(x1)} and {describe(x2)}"
        )
    k, m, n = weight.shape
    rows = anp.reshape(anp.transpose(weight, (1, 0, 2)), (m, k * n))
    forms = anp.reshape(anp.matmul(x1, rows), (*x1.shape[:-1], k, n))
    out = anp.matmul(forms, x2[..., None])[..., 0]  # (..., k)
    if bias is None:
        return out
    bias = bias if type(bias) is Tensor else np.asarray(bias)
    if bias.shape != (k,):
        raise ValueError(f"bias {describe(bias)} needs shape {(k,)}, one per output")
    return out + bias


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Join the axes from `start_dim` to `end_dim`, both included, into one.

    >>> flatten(np.zeros((2, 3, 4)), 1).shape
    (2, 12)

    Raises ValueError if `end_dim` comes before `start_dim`, IndexError for an axis out of range.
    """
    x = input if type(input) is Tensor else np.asarray(input)
    start, end = (one_axis(dim, max(x.ndim, 1)) for dim in (start_dim, end_dim))
    if end < start:
        raise ValueError(f"flatten from axis {start} to {end} of {describe(x)}: there is nothing between")
    joined = math.prod(x.shape[start : end + 1])
    return anp.reshape(x, (*x.shape[:start], joined, *x.shape[end + 1 :]))


def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """Part axis `dim` into several of the lengths `sizes`, of which one may be -1: the inverse of `flatten`.

    >>> unflatten(np.zeros((2, 12)), 1, (3, -1)).shape
    (2, 3, 4)

    Raises ValueError where the lengths do not multiply to that of the axis, IndexError for an axis out of range.
    """
    x = input if type(input) is Tensor else np.asarray(input)
    axis, sizes = one_axis(dim, x.ndim), tuple(sizes)
    length, known = x.shape[axis], math.prod(n for n in sizes if n != -1)
    if sizes.count(-1) == 1 and known and length % known == 0:
        sizes = tuple([length // known if n == -1 else n for n in sizes])
    if not sizes or min(sizes) < 0 or math.prod(sizes) != length:
        raise ValueError(f"axis {axis} of {describe(x)} cannot be parted into {tuple(sizes)}")
    return anp.reshape(x, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))
