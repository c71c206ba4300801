"""All parameters or gradients at once: clipped, with noise, and as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.numpy import clip, concatenate, isfinite, minimum, stack
from autodiff.numpy.arguments import array_of
from autodiff.numpy.linalg import vector_norm
from autodiff.random import as_generator
from autodiff.tensor import Tensor

from ..init import Randomness, fill_, normal_

__all__ = [
    "add_grad_noise_", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
    "parameters_to_vector", "vector_to_parameters",
]  # fmt: skip

Tensors = Tensor | Iterable[Tensor]


def _several(tensors: Tensors) -> list[Tensor]:
    return [tensors] if type(tensors) is Tensor else list(tensors)


def _with_gradients(parameters: Tensors) -> list[Any]:
    return [p for p in _several(parameters) if p.grad is not None]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: Any = None
) -> Any:
    """The norm of all elements of all tensors: `(sum |t|^p)^(1/p)`, or the largest of them for inf.

    `foreach` is accepted and has no effect. Raises ValueError for NaN or infinity, if that is wanted.

    >>> get_total_norm([Tensor([3.0]), Tensor([4.0])]).item()
    5.0
    """
    norms = [vector_norm(t.reshape(-1), ord=norm_type) for t in _several(tensors) if t.size]
    total = vector_norm(stack(norms), ord=norm_type) if norms else Tensor(0.0)
    if error_if_nonfinite and not isfinite(total).item():
        raise ValueError(
            f"the gradients' norm of order {norm_type} is {total.item()}, and clipping would spread that to all. "
            "autodiff.debug() names the op it comes from."
        )
    return total


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Any, foreach: Any = None) -> None:
    """Scale all gradients in place by `min(1, max_norm / (total_norm + 1e-6))`.

    >>> p = Tensor([1.0], requires_grad=True)
    >>> (5.0 * p).sum().backward()
    >>> clip_grads_with_norm_(p, 1.0, 10.0)
    >>> round(p.grad.item(), 6)
    0.5
    """
    with no_grad():
        scale = minimum(max_norm / (total_norm + 1e-6), 1.0)
        for p in _with_gradients(parameters):
            p.grad[...] = p.grad * scale


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: Any = None,
) -> Any:
    """Scale all gradients in place such that their norm as one vector is at most `max_norm`; return what it was.

    Args:
        parameters: one or several; those without a gradient are left alone.
        norm_type: the order of the norm; inf for the largest element.
        error_if_nonfinite: whether NaN or infinity in the norm is a ValueError.
        foreach: accepted, without effect.

    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> clip_grad_norm_(p, 1.0).item(), p.grad.numpy().round(3).tolist()
    (10.0, [0.6, 0.8])

    Pascanu, Mikolov and Bengio, 2012.
    """
    parameters = _with_gradients(parameters)
    with no_grad():
        total = get_total_norm([p.grad for p in parameters], norm_type, error_if_nonfinite)
        clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: Any = None) -> None:
    """Clip each element of all gradients to ± clip_value, in place.

    >>> p = Tensor([3.0, 0.1], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> clip_grad_value_(p, 1.0)
    >>> p.grad.tolist()
    [1.0, 0.2]
    """
    with no_grad():
        for p in _with_gradients(parameters):
            p.grad[...] = clip(p.grad, -clip_value, clip_value)


def add_grad_noise_(
    parameters: Tensors, step: int, eta: float = 0.3, gamma: float = 0.55, generator: Randomness = None
) -> float:
    """Add normal noise of variance `eta / (1 + step)^gamma` to all gradients in place; return its standard deviation.

    Args:
        step: the number of the step, from 0: the noise dies away.
        eta, gamma: as above; 0.01, 0.3 and 1 are usual for eta.
        generator: draws the noise.

    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> round(add_grad_noise_(p, step=99, eta=1.0, gamma=1.0, generator=0), 6)
    0.1

    Raises ValueError for a negative step or eta. Neelakantan et al., 2015.
    """
    if step < 0 or not eta >= 0:
        raise ValueError(f"noise is for steps from 0 and a variance that is not negative, got step={step}, eta={eta}")
    std = float((eta / (1 + step) ** gamma) ** 0.5)
    stream = as_generator(generator)
    with no_grad():
        for p in _with_gradients(parameters):
            noise = Tensor(np.empty_like(p.value))
            normal_(noise, std=std, generator=stream)
            p.grad[...] = p.grad + noise
    return std


def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All elements of all parameters in a row, differentiably: (n,).

    >>> parameters_to_vector([Tensor([[1.0, 2.0]]), Tensor(3.0)]).tolist()
    [1.0, 2.0, 3.0]
    """
    return concatenate([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Write the elements of a vector into parameters in place, one after the other.

    Raises ValueError unless there are as many as the parameters have; then nothing has been written.

    >>> p = Tensor([0.0, 0.0])
    >>> vector_to_parameters([1.0, 2.0], [p])
    >>> p.tolist()
    [1.0, 2.0]
    """
    parameters = list(parameters)
    values = array_of(vec)
    values = values.detach() if type(values) is Tensor else values
    sizes = [p.size for p in parameters]
    if values.shape != (sum(sizes),):
        raise ValueError(
            f"parameters of {sum(sizes)} elements need a vector of shape ({sum(sizes)},), got {values.shape}"
        )
    for p, part in zip(parameters, np.split(values, np.cumsum(sizes)[:-1]), strict=True):
        fill_(p, part.reshape(p.shape))
