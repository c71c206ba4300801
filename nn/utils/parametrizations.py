"""Weights that are computed from others: weight normalisation and spectral normalisation.

PyTorch's `torch.nn.utils.parametrizations`, of names and state; the older functions in `torch.nn.utils` have the same
arguments and mathematics, and are these here.
"""

from __future__ import annotations

from typing import Any

from autodiff.config import no_grad
from autodiff.numpy import matmul, moveaxis
from autodiff.numpy.linalg import vector_norm
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from ..functional import normalize
from ..init import Randomness
from ..module import Module
from .parametrize import register_parametrization, remove_parametrizations

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    """`g v / |v|`, the length taken over all axes but one."""

    def __init__(self, dim: int | None) -> None:
        self.dim = None if dim == -1 else dim

    def _length(self, v: Any) -> Any:
        if self.dim is None:
            return vector_norm(v)
        return vector_norm(v, axis=tuple(i for i in range(v.ndim) if i != self.dim), keepdims=True)

    def forward(self, g: Any, v: Any) -> Any:
        return v * (g / self._length(v))

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        return self._length(weight), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Learn the length and the direction of weights apart: `weight = g v / |v|`; returns the module.

    Args:
        dim: the axis along which there are lengths of their own, the outputs' by default; None for one length.

    Parameters: parametrizations.weight.original0 is g, (out, 1, ...), original1 is v, like the weight.

    >>> import nn
    >>> [name for name, _ in weight_norm(nn.Linear(3, 2)).named_parameters()]
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']

    Salimans and Kingma, 2016.
    """
    return register_parametrization(module, name, _WeightNorm(dim))


class _SpectralNorm(Module):
    """The weight over its largest singular value, found by power iteration: one or some steps a forward pass."""

    _u: Any
    _v: Any

    def __init__(self, weight: Tensor, n_power_iterations: int, eps: float, dim: int, generator: Randomness) -> None:
        self.n_power_iterations, self.eps, self.dim = n_power_iterations, eps, dim
        if weight.ndim > 1:
            stream = as_generator(generator)
            rows, columns = self._matrix(weight).shape
            for side, n in (("_u", rows), ("_v", columns)):
                setattr(self, side, Tensor(normalize(stream.normal(n), dim=0, eps=eps).astype(weight.dtype)))
            self._iterate(weight.detach(), 15)

    def _matrix(self, weight: Any) -> Any:
        first = moveaxis(weight, self.dim, 0)
        return first.reshape((first.shape[0], -1))

    def _iterate(self, weight: Any, steps: int) -> None:
        with no_grad():
            matrix = self._matrix(weight)
            for _ in range(steps):
                self._u[...] = normalize(matmul(matrix, self._v), dim=0, eps=self.eps)
                self._v[...] = normalize(matmul(self._u, matrix), dim=0, eps=self.eps)

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        if self.training:
            self._iterate(weight, self.n_power_iterations)
        u, v = self._u.copy(), self._v.copy()  # the next pass writes into these
        return weight / matmul(u, matmul(self._matrix(weight), v))


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
    generator: Randomness = None,
) -> Any:
    """Divide a weight by its largest singular value, so that the layer stretches nothing; returns the module.

    The singular vectors are found by power iteration, some steps each time the weight is computed in training; the
    gradient takes them for constants.

    Args:
        dim: which axis of the weight makes the rows of the matrix; by default 0, or 1 for transposed convolutions.
        generator: draws the vectors at first.

    Parameters: parametrizations.weight.original. Buffers: parametrizations.weight.0._u and _v.

    >>> import nn
    >>> layer = spectral_norm(nn.Linear(3, 3), n_power_iterations=50, generator=0)
    >>> round(float(np.linalg.norm(layer.weight.value, 2)), 3)
    1.0

    Miyato et al., 2018.
    """
    weight = vars(module).get(name)
    if type(weight) is not Tensor:
        raise ValueError(f"{type(module).__name__} has no parameter {name!r} to parametrize")
    if n_power_iterations < 1:
        raise ValueError(f"spectral_norm: n_power_iterations is at least 1, got {n_power_iterations}")
    if dim is None:
        dim = int("ConvTranspose" in type(module).__name__)
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, eps, dim, generator))


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make a weight that `weight_norm` computes an ordinary parameter of the same value; returns the module."""
    return remove_parametrizations(module, name)


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make a weight that `spectral_norm` computes an ordinary parameter of the same value; returns the module."""
    return remove_parametrizations(module, name)
