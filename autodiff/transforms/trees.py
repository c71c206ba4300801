"""Containers of numbers: taking them apart into leaves, and putting them together again.

A container is a list, tuple, dict, namedtuple, OrderedDict, deque, or whatever else optree knows; a dataclass, of
which fields with `metadata={"static": True}` are no part; and any object with a method `__tree_flatten__()` that
returns its children and a function that makes such an object of other children (`nn.Module` has one).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ..tensor import WRITTEN, Tensor, refresh

_NAMESPACE = "autodiff"


def flatten(tree: Any, modules: bool = True) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """Take a container apart into its leaves and a function that puts new leaves in their places.

    Without `modules`, objects with a `__tree_flatten__` are leaves.

    >>> leaves, rebuild = flatten({"a": 1.0, "b": [2.0, 3.0]})
    >>> leaves, rebuild([4.0, 5.0, 6.0])
    ([1.0, 2.0, 3.0], {'a': 4.0, 'b': [5.0, 6.0]})
    """
    if is_number(tree):
        return [tree], lambda leaves: leaves[0]
    if type(tree) is tuple and all(map(is_number, tree)):
        return list(tree), tuple
    import optree  # here, not above: importing autodiff costs little more than importing NumPy

    closed = None if modules else _is_module
    leaves, spec = optree.tree_flatten(_known(tree, closed), closed, namespace=_NAMESPACE)
    return leaves, lambda new: optree.tree_unflatten(spec, new)


def current(tree: Any) -> Any:
    """A container as it is, its views brought up to date: what a function returns, before its modes end."""
    if WRITTEN:
        for leaf in flatten(tree, modules=False)[0]:
            if type(leaf) is Tensor:
                refresh(leaf)
    return tree


def is_number(leaf: Any) -> bool:
    """Whether it is a Tensor, an array or a number."""
    return type(leaf) is Tensor or isinstance(leaf, np.ndarray | np.generic | float | int | complex)


def spread(prefix: Any, tree: Any) -> list[Any]:
    """The leaves of a prefix of the tree, each as often as the tree has leaves below it. None is a leaf of the prefix.

    >>> spread([0, (1, None)], [{"a": 1.0, "b": 2.0}, (3.0, 4.0)])
    [0, 0, 1, None]
    """
    import optree

    known: Any = _known(tree)
    found = optree.broadcast_prefix(prefix, known, none_is_leaf=True, namespace=_NAMESPACE)
    leaves = optree.tree_leaves(known, none_is_leaf=True, namespace=_NAMESPACE)
    return [entry for entry, leaf in zip(found, leaves, strict=True) if leaf is not None]


def leaves_like(tree: Any, other: Any) -> list[Any] | None:
    """The leaves of another container of the tree's structure, None among them; None if the structure differs.

    >>> leaves_like({"a": 1.0, "b": 2.0}, {"a": None, "b": 3.0}), leaves_like([1.0], [1.0, 2.0])
    ([None, 3.0], None)
    """
    import optree

    first: Any = _known(tree)
    leaves, spec = optree.tree_flatten(_known(other), none_is_leaf=True, namespace=_NAMESPACE)
    return leaves if spec == optree.tree_structure(first, none_is_leaf=True, namespace=_NAMESPACE) else None


def same_structure(tree: Any, other: Any) -> bool:
    """Whether two containers differ in their leaves at most."""
    import optree

    return optree.tree_structure(_known(tree), namespace=_NAMESPACE) == optree.tree_structure(
        _known(other), namespace=_NAMESPACE
    )


def _known(tree: Any, closed: Callable[[Any], bool] | None = None) -> Any:
    """The same tree, after telling optree of the containers in it that it does not know yet."""
    import optree

    while True:
        leaves = optree.tree_leaves(tree, closed, namespace=_NAMESPACE)
        new = {type(leaf) for leaf in leaves if _opens(leaf) and not (closed and closed(leaf))}
        if not new:
            return tree
        for kind in new:
            optree.register_pytree_node(kind, _take_apart, _put_together, namespace=_NAMESPACE)


def _opens(leaf: Any) -> bool:
    return (is_dataclass(leaf) and not isinstance(leaf, type)) or _is_module(leaf)


def _is_module(leaf: Any) -> bool:
    return hasattr(type(leaf), "__tree_flatten__")


def _take_apart(container: Any) -> tuple[Sequence[Any], Any]:
    if hasattr(type(container), "__tree_flatten__"):
        children, rebuild = container.__tree_flatten__()
        return children, rebuild
    names = [field.name for field in fields(container) if not field.metadata.get("static")]
    return [getattr(container, name) for name in names], _Fields(container, tuple(names))


def _put_together(rebuild: Any, children: Any) -> Any:
    return rebuild(children)


class _Fields:
    """Makes a dataclass like another one of new values for some fields."""

    def __init__(self, model: Any, names: tuple[str, ...]) -> None:
        self.kind, self.names = type(model), names
        self.static = {f.name: getattr(model, f.name) for f in fields(model) if f.name not in names}

    def __call__(self, values: Sequence[Any]) -> Any:
        made = object.__new__(self.kind)  # a frozen one, or one whose __init__ does more, is made all the same
        for name, value in (self.static | dict(zip(self.names, values, strict=True))).items():
            object.__setattr__(made, name, value)
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fields) and (self.kind, self.names) == (other.kind, other.names)

    def __hash__(self) -> int:
        return hash((self.kind, self.names))
