"""Names for tensors that have none of their own: as the caller gives them, or as its variables say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Return the variables of a frame that hold tensors, in the form of `given_names`.

    Locals come before globals, earlier variables before later ones; those that begin with "_" are left out.
    """
    found: dict[int, str] = {}
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):
            if type(value) is Tensor and not name.startswith("_"):
                for key in _ids(value):
                    found.setdefault(key, name)
        if frame.f_locals is frame.f_globals:
            break
    return found


def _ids(tensor: Tensor) -> tuple[int, ...]:
    """The ids that a picture knows a tensor by: its node or itself, and its array as a constant."""
    if tensor.node is not None:
        return (id(tensor.node),)
    return (id(tensor), id(tensor.value)) if tensor.shape else (id(tensor),)
