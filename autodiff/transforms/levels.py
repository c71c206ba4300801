"""One level of differentiation: arguments wrapped in fresh identity nodes, and what was computed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backward import check_loss, seed, sweep, wrap
from ..batched import Batched
from ..config import MODES, is_traced, mode
from ..errors import GradientError, describe
from ..graph import history
from ..tensor import Tensor, asarray, constant
from .trees import current, flatten, is_number


class Level:
    """One transform's arguments, each leaf wrapped in a fresh identity node, and what was computed of them."""

    def __init__(self, tree: Any, what: str, *, copy: bool = False) -> None:
        leaves, self.rebuild = flatten(tree)
        self.given_tensors = any(type(leaf) is Tensor for leaf in leaves)
        self.copy = copy  # arrays in and out, so that writing into them later changes no saved array
        for leaf in leaves:
            if not is_number(leaf):
                raise TypeError(
                    f"{what} differentiates with respect to numbers, arrays, Tensors and containers of them; an "
                    f"argument holds {type(leaf).__name__}. Leave it out with argnums=, or close over it."
                )
        self.leaves = [Tensor(leaf) if copy and type(leaf) is not Tensor else asarray(leaf) for leaf in leaves]
        for leaf in self.leaves:
            if leaf.dtype.kind not in "fc":
                raise TypeError(
                    f"{what} differentiates with respect to floating and complex numbers; an argument is "
                    f"{describe(leaf.value)}. Write 2.0 instead of 2, or leave it out with argnums=."
                )
        self.state = SimpleNamespace(running=True)  # a node knows it, not the level: that would be a cycle
        wrapped = [
            wrap(leaf.value, (leaf.node or leaf) if leaf.requires_grad else None, leaf, level=self.state)
            for leaf in self.leaves
        ]
        self.nodes: list[Any] = [tensor.node for tensor in wrapped]
        self.arguments = self.rebuild(wrapped)

    def run(self, f: Callable[..., Any], args: Any, kwargs: Any, *, keep_inputs: bool = False) -> Any:
        """Call the function with recording on, whatever the surrounding mode."""
        keep_inputs = keep_inputs or MODES.get().keep_inputs
        try:
            with mode(recording=True, keep_inputs=keep_inputs, transforming=True):
                return current(f(*args, **kwargs))
        finally:
            self.state.running = False

    def outside(self, outs: Sequence[Any]) -> bool:
        """Whether outputs depend on anything that requires a gradient outside this level."""
        if not MODES.get().recording:
            return False
        if any(leaf.requires_grad for leaf in self.leaves):
            return True
        roots = [out.node or out for out in outs if recorded(out)]
        nodes, leaves = history(roots, stop=set(self.nodes))
        levels = [node.params["level"] for node in nodes if "level" in node.params]
        return bool(leaves) or any(level.running for level in levels)

    def pull(self, outs: Sequence[Any], cotangents: Sequence[Any], record: bool) -> list[Any]:
        """Pull cotangents back to the leaves; what the outputs do not depend on has gradient zero.

        A cotangent None stands for 1 where the output is a single real number.
        """
        tensors = record or mapped()
        roots = []
        for out, cotangent in zip(outs, cotangents, strict=True):
            tensor = as_output(out)
            if recorded(tensor):
                roots.append(seed(tensor, cotangent, tensors))
            elif cotangent is None:  # a constant function; refuse what no gradient could start from
                check_loss(tensor.value)
        if not roots:
            return [zeros(leaf) for leaf in self.leaves]
        found = sweep(roots, self.nodes, retain=True, create_graph=tensors, record=record, stop=True)
        return [
            found[node] if node in found else zeros(leaf) for node, leaf in zip(self.nodes, self.leaves, strict=True)
        ]

    def release(self, value: Any, record: bool) -> Any:
        """Hand a result (or a container of them) to the caller: Tensors where Tensors are due, or arrays."""
        results, rebuild = flatten(value)
        return rebuild([self._release(result, record) for result in results])

    def _release(self, value: Any, record: bool) -> Any:
        if type(value) is Tensor and record:
            return value
        inside = plain(value)
        if type(inside) is Batched:
            return constant(inside)
        if not isinstance(inside, np.ndarray | np.generic):
            return value
        if self.copy and isinstance(inside, np.ndarray):
            inside = inside.copy()
        if not self.given_tensors and not is_traced():
            return inside
        result = constant(inside)
        for observer in MODES.get().observers:
            observer.same(result, value)
        return result


def recorded(value: Any) -> bool:
    """Whether it is a Tensor with a gradient to come."""
    return type(value) is Tensor and value.requires_grad


def mapped() -> bool:
    """Whether we are inside a function that vmap maps, where arrays are out of sight."""
    return MODES.get().forward is not None


def plain(x: Any) -> Any:
    """The value of a Tensor; anything else as it is."""
    return x.value if type(x) is Tensor else x


def zeros(x: Any) -> Any:
    """Zeros in the shape and dtype of a Tensor, an array or a number."""
    x = plain(x)
    return np.zeros(np.shape(x), x.dtype if hasattr(x, "dtype") else np.result_type(x))[()]


def as_output(out: Any) -> Tensor:
    """What a differentiated function returned, as a Tensor; GradientError if it is no number."""
    if not is_number(out):
        raise GradientError(f"a differentiated function returns numbers; this one returned {type(out).__name__}")
    return asarray(out)


def pick_args(args: tuple[Any, ...], argnums: int | Sequence[int], what: str) -> tuple[Any, list[int]]:
    """The arguments that `argnums` names, one or a tuple of them, and their places."""
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise TypeError(f"{what} with argnums={argnums} needs that many positional arguments, got {len(args)}")
    numbers = [n % len(args) for n in numbers]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"argnums={argnums} names an argument twice")
    return (args[numbers[0]] if isinstance(argnums, int) else tuple(args[n] for n in numbers)), numbers


def put_args(args: tuple[Any, ...], argnums: int | Sequence[int], numbers: list[int], chosen: Any) -> list[Any]:
    """All arguments, with these in the places of the chosen ones."""
    called = list(args)
    for n, argument in zip(numbers, [chosen] if isinstance(argnums, int) else chosen, strict=True):
        called[n] = argument
    return called


def split_aux(out: Any, has_aux: bool, first: str) -> tuple[Any, Any]:
    """Part what a function with `has_aux` returns."""
    if not has_aux:
        return out, None
    if not (isinstance(out, tuple) and len(out) == 2):
        raise TypeError(f"with has_aux=True the function returns a pair ({first}, aux), got {type(out).__name__}")
    return out[0], out[1]


def named(function: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    """Give the function that a transform returns its docstring."""
    function.__doc__ = f"{function.__name__[:-2]} of {getattr(f, '__name__', 'a function')}."
    return function
