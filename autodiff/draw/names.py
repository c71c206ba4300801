"""Names for tensors that have none of their own: as the caller gives them, or as its variables say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import CO_OPTIMIZED
from sys import getrefcount
from types import FrameType
from typing import Any

from ..tensor import Tensor

Named = Mapping[str, Any] | Iterable[tuple[str, Any]]


def given_names(names: Named) -> dict[int, str]:
    """Return the name by the id of a node, leaf or constant array, from pairs or a mapping."""
    pairs = names.items() if isinstance(names, Mapping) else names
    found: dict[int, str] = {}
    for name, value in pairs:
        if type(value) is not Tensor:
            raise TypeError(f"names= gives tensors names, {name!r} is a {type(value).__name__}")
        found.update(dict.fromkeys(_ids(value), name))
    return found


def variable_names(frame: FrameType) -> dict[int, str]:
    """Return what a frame's variables call tensors, in the form of `given_names`.

    Locals come before globals, earlier variables before later ones; those that begin with "_" are left out.
    A variable that holds a module names its parameters: "model.0.weight".
    """
    found: dict[int, str] = {}
    scopes = [frame.f_locals, frame.f_globals]
    if frame.f_locals is frame.f_globals:
        scopes.pop()
    for scope in scopes:
        modules = []
        for name, value in list(scope.items()):
            if name.startswith("_"):
                continue
            if type(value) is Tensor:
                for key in _ids(value):
                    found.setdefault(key, name)
            elif callable(getattr(type(value), "named_parameters", None)):
                modules.append((name, value))
        for prefix, module in modules:
            for name, value in module.named_parameters():
                if type(value) is Tensor:
                    found.setdefault(id(value), name if prefix == "self" else f"{prefix}.{name}")
    del scopes, scope
    forget_copy(frame)
    return found


def forget_copy(frame: FrameType) -> None:
    """Empty the copy of a function's variables that Python before 3.13 keeps once `f_locals` was read.

    It would keep tensors alive after the function has dropped them.
    """
    copy = frame.f_locals
    if type(copy) is dict and frame.f_code.co_flags & CO_OPTIMIZED and getrefcount(copy) <= 3:
        copy.clear()  # the frame, `copy` and the argument of `getrefcount` hold it: nobody else


def _ids(tensor: Tensor) -> tuple[int, ...]:
    """The ids that a picture knows a tensor by: its node or itself, and its array as a constant."""
    if tensor.node is not None:
        return (id(tensor.node),)
    return (id(tensor), id(tensor.value)) if tensor.shape else (id(tensor),)
