"""Modules as functions of their parameters: `functional_call`, and the parameters of many models in one array each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor
from autodiff.transforms.levels import plain

from .ensemble import several
from .module import Module, with_tensors

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any],
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the places of its parameters and buffers; the module stays as it is.

    Args:
        parameters_and_buffers: Tensors or arrays by name, as `named_parameters` has them; computed ones too. What is
            not named is the module's own. Of a tied tensor one name is enough.
        args: the arguments in a tuple, or the only one.
        strict: whether all names must be given.

    The result depends on the tensors given, so this is how a module is differentiated by a dict of parameters, or
    mapped over a stack of them (`stack_module_state`).

    >>> import autodiff as ad
    >>> import nn
    >>> layer = nn.Linear(1, 1, bias=False)
    >>> ad.grad(lambda p: functional_call(layer, p, np.array([3.0])).sum())({"weight": np.array([[2.0]])})
    {'weight': array([[3.]])}

    Raises KeyError for names that the module has not (or, strictly, that are missing), ValueError for other shapes.
    """
    own = dict(module._tensors(once=False))
    unknown = [name for name in parameters_and_buffers if name not in own]
    if unknown:
        raise KeyError(f"{type(module).__name__} has no {', '.join(unknown)}; it has {', '.join(own) or 'no tensors'}")
    values: dict[int, Any] = {}
    for name, value in parameters_and_buffers.items():
        mine = own[name]
        if np.shape(plain(value)) != mine.shape:
            raise ValueError(f"{name} is {describe(mine)}, and {describe(value)} was given for it")
        if values.setdefault(id(mine), value) is not value:
            raise ValueError(f"{name} is tied to another tensor that was given, so give one of the two names only")
    missing = [name for name, t in own.items() if id(t) not in values]
    if strict and missing:
        raise KeyError(f"strict=True asks for all tensors, and {', '.join(missing)} is missing")
    tensors = {id(t): t for t in own.values() if id(t) in values}
    twin = with_tensors(module, list(tensors.values()), [values[place] for place in tensors])
    return twin(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))


def stack_module_state(models: Iterable[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of models of one kind, each stacked along a new first axis: for `vmap`.

    >>> import autodiff as ad
    >>> import nn
    >>> models = [nn.Linear(3, 2) for _ in range(5)]
    >>> params, buffers = stack_module_state(models)
    >>> ad.vmap(lambda p, x: functional_call(models[0], p, x), in_axes=(0, None))(params, np.ones((4, 3))).shape
    (5, 4, 2)

    Raises ValueError for no models, or models that differ in names and shapes.
    """
    found = several(models, "stack_module_state")
    stacks: list[dict[str, Tensor]] = []
    for trained in (True, False):
        named = [dict(model._tensors(trained=trained)) for model in found]
        shapes = [{name: t.shape for name, t in tensors.items()} for tensors in named]
        if any(given != shapes[0] for given in shapes):
            raise ValueError("the models differ in the names or shapes of their parameters, so they cannot be stacked")
        stacks.append(
            {
                name: Tensor(np.stack([tensors[name].value for tensors in named]), requires_grad=t.requires_grad)
                for name, t in named[0].items()
            }
        )
    return stacks[0], stacks[1]
