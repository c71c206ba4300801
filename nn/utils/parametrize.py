"""Parameters that are computed from others; `parametrizations.py` has two such ways, weight and spectral norm.

`register_parametrization(module, "weight", map)` puts the parameter away as `module.parametrizations.weight.original`
and makes `module.weight` the map's result, computed anew in each forward pass, once. The module becomes one of a
subclass, in which `weight` is a property. Names of parameters and buffers are those of PyTorch's
`torch.nn.utils.parametrize`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.tensor import Tensor

from ..init import fill_
from ..module import Module, Parameter

__all__ = ["ParametrizationList", "is_parametrized", "register_parametrization", "remove_parametrizations"]


class ParametrizationList(Module):
    """A parameter that was put away, and the map that makes the one in use from it.

    The map's `forward` takes the originals and gives the parameter; its `right_inverse`, if it has one, takes a
    parameter and gives originals: one, or a tuple.
    """

    def __init__(self, parametrization: Module, parameter: Tensor) -> None:
        inverse = getattr(parametrization, "right_inverse", None)
        originals: Any = parameter.value if inverse is None else inverse(parameter.value)
        self._several = isinstance(originals, tuple)
        if self._several:
            for i, value in enumerate(originals):
                setattr(self, f"original{i}", Parameter(value, parameter.requires_grad))
        elif inverse is None:
            self.original = parameter  # the optimizer goes on with it
        else:
            self.original = Parameter(originals, parameter.requires_grad)
        setattr(self, "0", parametrization)

    def _originals(self) -> list[Tensor]:
        return [held for name, held in vars(self).items() if name.startswith("original")]

    def forward(self) -> Any:
        return getattr(self, "0")(*self._originals())

    def assign(self, value: Any) -> None:
        """Write originals that give this value."""
        value = np.asarray(value.value if type(value) is Tensor else value)
        inverse = getattr(getattr(self, "0"), "right_inverse", None)
        given = value if inverse is None else inverse(value)
        for original, part in zip(self._originals(), given if self._several else (given,), strict=True):
            fill_(original, part)


class ModuleDict(Module):
    """The parametrizations of a module by the names of what they give."""


class _Made:
    """What one forward pass has computed, by name."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}


def _property(name: str) -> property:
    def get(module: Any) -> Any:
        made = module._made
        if made is None:
            return getattr(module.parametrizations, name)()
        if name not in made.values:
            made.values[name] = getattr(module.parametrizations, name)()
        return made.values[name]

    def put(module: Any, value: Any) -> None:
        getattr(module.parametrizations, name).assign(value)

    return property(get, put, doc=f"Computed by `parametrizations.{name}`.")


def _forward(module: Any, *inputs: Any, **options: Any) -> Any:
    module._made = _Made()
    try:
        return super(type(module), module).forward(*inputs, **options)
    finally:
        module._made = None


def _reduce(module: Any, protocol: Any) -> Any:
    made = type(module)
    return _new, (made.__base__, made.names), dict(vars(module))


def _new(base: type, names: tuple[str, ...]) -> Any:
    return object.__new__(_subclass(base, names))


@cache
def _subclass(base: type, names: tuple[str, ...]) -> Any:
    """The subclass in which these attributes are computed."""
    body: dict[str, Any] = {name: _property(name) for name in names}
    body |= {"forward": _forward, "names": names, "_made": None, "__reduce_ex__": _reduce, "__doc__": base.__doc__}
    return type(f"Parametrized{base.__name__}", (base,), body | {"__module__": base.__module__})


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a parameter of a module, or any of them, is computed from others.

    >>> import nn
    >>> is_parametrized(nn.Linear(2, 1)), is_parametrized(nn.utils.weight_norm(nn.Linear(2, 1)), "weight")
    (False, True)
    """
    names: tuple[str, ...] = getattr(type(module), "names", ()) if "parametrizations" in vars(module) else ()
    return bool(names) if tensor_name is None else tensor_name in names


def register_parametrization(module: Any, tensor_name: str, parametrization: Module) -> Any:
    """Compute a parameter from another in each forward pass; returns the module.

    Args:
        tensor_name: which parameter.
        parametrization: a module from originals to the parameter, and if it has `right_inverse` back, so that the
            parameter's value at first is the one it had.

    >>> import nn
    >>> layer = register_parametrization(nn.Linear(2, 2), "weight", nn.Softplus())
    >>> bool((layer.weight.value > 0).all()), [name for name, _ in layer.named_parameters()]
    (True, ['bias', 'parametrizations.weight.original'])

    Raises ValueError if the module has no parameter of that name, or one that is computed already.
    """
    if is_parametrized(module, tensor_name):
        raise ValueError(f"{tensor_name} is parametrized already; compose the maps into one module")
    parameter = vars(module).get(tensor_name)
    if type(parameter) is not Tensor:
        raise ValueError(f"{type(module).__name__} has no parameter {tensor_name!r} to parametrize")
    base: Any = type(module)
    names: tuple[str, ...] = ()
    if is_parametrized(module):
        base, names = base.__base__, base.names
    else:
        module.parametrizations = ModuleDict()
    setattr(module.parametrizations, tensor_name, ParametrizationList(parametrization, parameter))
    del vars(module)[tensor_name]
    module.__class__ = _subclass(base, (*names, tensor_name))
    return module


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make a computed parameter an ordinary one again; returns the module.

    Args:
        leave_parametrized: whether with the computed value, or as the original that was put away.

    Raises ValueError for one that is not computed, and where there is no one original to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{tensor_name!r} of this {type(module).__name__} is not parametrized")
    held = getattr(module.parametrizations, tensor_name)
    originals = held._originals()
    if not leave_parametrized and len(originals) > 1:
        raise ValueError(
            f"{tensor_name} is made of {len(originals)} originals; leave_parametrized=True keeps its value"
        )
    with no_grad():
        parameter = Parameter(held().value, originals[0].requires_grad) if leave_parametrized else originals[0]
    base, names = type(module).__base__, tuple(name for name in type(module).names if name != tensor_name)
    delattr(module.parametrizations, tensor_name)
    module.__class__ = _subclass(base, names) if names else base
    if not names:
        del module.parametrizations
        vars(module).pop("_made", None)
    setattr(module, tensor_name, parameter)
    return module
