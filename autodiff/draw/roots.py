"""What `draw` was given: tensors in containers, a module or function with example arguments; and its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import numpy as np

from ..backward import backward_all, gradients
from ..config import mode
from ..graph import history, next_number
from ..tensor import Tensor, asarray
from .build import Part
from .modules import Call, watch_modules
from .names import given_names

Graph = Literal["forward", "backward", "both"]


def is_module(value: Any) -> bool:
    """Whether it has named modules and is called: this file is below `nn`, and cannot ask for its class."""
    return callable(value) and callable(getattr(type(value), "named_modules", None))


def is_function(value: Any) -> bool:
    """Whether it is to be called with the arguments that follow."""
    return callable(value) and type(value) is not Tensor


def flatten(roots: Sequence[Any]) -> tuple[list[Tensor], dict[int, str]]:
    """Return the tensors in nested lists, tuples and dicts, and the names that dicts give them."""
    tensors: list[Tensor] = []
    named: list[tuple[str, Tensor]] = []
    stack: list[tuple[str, Any]] = [("", root) for root in reversed(roots)]
    while stack:
        path, value = stack.pop()
        if type(value) is Tensor:
            tensors.append(value)
            if path:
                named.append((path, value))
        elif isinstance(value, dict):
            stack += [(f"{path}.{key}" if path else str(key), v) for key, v in reversed(value.items())]
        elif isinstance(value, list | tuple):
            stack += [(f"{path}.{i}" if path else "", v) for i, v in reversed([*enumerate(value)])]
        else:
            raise TypeError(
                f"draw() takes tensors, or lists, tuples and dicts of them; a module or function with the arguments to "
                f"call it with; or a traced program. It got {type(value).__name__}."
            )
    if not tensors:
        raise ValueError("there is nothing to draw: no tensor was given")
    return tensors, given_names(named)


class Given:
    """What `draw` was given: inside the block what to draw, the calls of modules, and names.

    A function among the arguments is called with those after it; a module in evaluation mode, which changes nothing in
    it. Floating arrays are given as tensors that require grad, so that the picture begins with them. With `backward`,
    the leaves have the gradients of the sum of the results inside the block, and their own again after it.
    """

    # A class, as the frame of a generator's context manager would stand between the ops and the user's code.

    def __init__(self, roots: Sequence[Any], modules: Any, backward: bool) -> None:
        self.roots, self.modules, self.backward = roots, modules, backward
        self.stack = ExitStack()

    def __enter__(self) -> tuple[Sequence[Any], Sequence[Call], dict[int, str]]:
        if not self.roots or not is_function(self.roots[0]):
            if self.backward:
                raise ValueError("backward=True is for a module or function; of a tensor call backward() first")
            return self.roots, self.modules or (), {}
        function, *args = self.roots
        model = function if is_module(function) else self.modules
        if model is not None and not is_module(model):
            raise TypeError(f"modules= is the model that the function calls, not {type(model).__name__}")
        given, names = _examples(function, args)
        calls: Sequence[Call] = ()
        try:
            if model is not None:
                calls = self.stack.enter_context(watch_modules(model))
            if model is function:
                self.stack.enter_context(_evaluating(model))
            self.stack.enter_context(mode(recording=True, keep_values=self.backward))
            out = function(*given)
            if self.backward:
                tensors = [t for t in flatten([out])[0] if t.requires_grad]
                self.stack.enter_context(_gradients(tensors))
        except BaseException:
            self.stack.close()
            raise
        if model is not None:
            names |= given_names(model.named_parameters())
        return (out,), calls, names

    def __exit__(self, *exc: object) -> None:
        self.stack.close()


def _examples(function: Callable[..., Any], args: Sequence[Any]) -> tuple[list[Any], dict[int, str]]:
    code = getattr(getattr(function, "forward", function), "__code__", None)
    known = () if code is None else code.co_varnames[is_module(function) : code.co_argcount]
    given, named = [], []
    for i, value in enumerate(args):
        if isinstance(value, np.ndarray | np.generic | float):
            tensor = asarray(value)
            tensor = Tensor(value, requires_grad=tensor.dtype.kind in "fc")
            named.append((known[i] if i < len(known) else f"input {i}", tensor))
            given.append(tensor)
        else:
            given.append(value)
    return given, given_names(named)


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    training = [(module, module.training) for _, module in model.named_modules()]
    model.eval()
    try:
        yield
    finally:
        for module, was in training:
            module.training = was


@contextmanager
def _gradients(tensors: Sequence[Tensor]) -> Iterator[None]:
    """Run a backward pass whose gradients the leaves have inside the block alone."""
    _, leaves = history([t.node or t for t in tensors])
    before = [(leaf, leaf.grad) for leaf in leaves if leaf.requires_grad]
    for leaf, _ in before:
        leaf.grad = None
    try:
        backward_all(tensors, [np.ones(t.shape, t.dtype)[()] for t in tensors], retain_graph=True)
        yield
    finally:
        for leaf, grad in before:
            leaf.grad = grad


def with_backward(
    tensors: list[Tensor], graph: Graph, names: Mapping[int, str], calls: Sequence[Call]
) -> tuple[list[Tensor], Part]:
    """Return the roots of the graph asked for, and which part of it to show.

    The backward pass is recorded from the sum of the tensors to every leaf below them; no `.grad` changes.
    """
    if graph == "forward":
        return tensors, Part(calls, None, False, names)
    below = [t for t in tensors if t.requires_grad]
    _, leaves = history([t.node or t for t in below])
    leaves = [leaf for leaf in leaves if leaf.requires_grad]
    if not leaves:
        raise ValueError("there is no backward graph: nothing was computed from a tensor that requires grad")
    passed = next_number()
    seeds = [np.ones(t.shape, t.dtype)[()] for t in below]
    found = gradients(below, leaves, seeds, create_graph=True, allow_unused=True)
    top = _name(below[0], names) if len(below) == 1 else ""
    named = dict(names)
    for leaf, g in zip(leaves, found, strict=True):
        name = _name(leaf, names)
        if g is not None and name:
            named.setdefault(id(g.node or g), f"d{top or 'L'}/d{name}")
    roots = [g for g in found if g is not None]
    return (roots if graph == "backward" else tensors + roots), Part(calls, passed, graph == "backward", named)


def _name(tensor: Tensor, names: Mapping[int, str]) -> str:
    return tensor.name or names.get(id(tensor.node or tensor), "")
