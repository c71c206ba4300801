"""Normalisation over the layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.numpy.arguments import cast, floating, ordered
from autodiff.ops import norm

__all__ = ["layer_norm", "rms_norm"]


def _floats(name: str, *arrays: Any) -> list[Any]:
    """The arrays that are given, real and in the floating dtype that holds them all; None stays."""
    found = [None if x is None else floating(ordered(x, name)) for x in arrays]
    dtype = np.result_type(*[x.dtype for x in found if x is not None])
    return [None if x is None else cast(x, dtype) for x in found]


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    if not sizes:
        raise ValueError("normalized_shape names the last axes' lengths, one at least; got ()")
    return sizes


def _last_axes(name: str, x: Any, shape: tuple[int, ...], **parameters: Any) -> tuple[int, ...]:
    """The axes that are normalised over; ValueError unless they, weight and bias have the shape."""
    if x.shape[-len(shape) :] != shape or x.ndim < len(shape):
        lengths = ", ".join(map(str, shape))
        raise ValueError(f"{name} with normalized_shape {shape} takes x (..., {lengths}), got {describe(x)}")
    for key, value in parameters.items():
        if value is not None and value.shape != shape:
            raise ValueError(f"{name}: {key} {describe(value)} needs shape {shape}, that of normalized_shape")
    return tuple(range(x.ndim - len(shape), x.ndim))


def layer_norm(
    x: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """`(x - mean) / sqrt(var + eps) weight + bias`, mean and variance (divisor n) over the last axes.

    Args:
        x: (..., *normalized_shape).
        weight, bias: (*normalized_shape), or None for 1 and 0.

    Raises ValueError for other shapes. Ba, Kiros and Hinton, 2016.

    >>> layer_norm(np.array([1.0, 3.0]), 2, eps=0.0)
    array([-1.,  1.])
    """
    shape = _shape(normalized_shape)
    x, weight, bias = _floats("layer_norm", x, weight, bias)
    axis = _last_axes("layer_norm", x, shape, weight=weight, bias=bias)
    return norm.standardize(x, *_affine(weight, bias), axis=axis, eps=float(eps))


def _affine(weight: Any, bias: Any, shape: tuple[int, ...] | None = None) -> tuple[Any, Any]:
    """Weight and bias in a shape that broadcasts; what is not given as the number that stands for none."""
    pair = [(weight, 1.0), (bias, 0.0)]
    weight, bias = (none if v is None else v if shape is None else v.reshape(shape) for v, none in pair)
    return weight, bias


def rms_norm(x: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> Any:
    """`x / sqrt(mean(x^2) + eps) weight`, the mean over the last axes.

    Args:
        x: (..., *normalized_shape).
        weight: (*normalized_shape), or None for 1.
        eps: by default the machine epsilon of x's dtype.

    Raises ValueError for other shapes. Zhang and Sennrich, 2019.

    >>> rms_norm(np.array([1.0, -1.0]), 2)
    array([ 1., -1.])
    """
    shape = _shape(normalized_shape)
    x, weight = _floats("rms_norm", x, weight)
    axis = _last_axes("rms_norm", x, shape, weight=weight)
    eps = float(np.finfo(x.dtype).eps if eps is None else eps)
    return norm.rms_norm(x, 1.0 if weight is None else weight, axis=axis, eps=eps)
