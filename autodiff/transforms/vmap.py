"""`vmap`: a function of one example made to work on all of a batch at once.

The function runs once, on Tensors that have the shape of one example and hold them all (`Batched`); each op computes
with all examples (`batching.py`). Nothing else of the engine changes: nodes, rules and passes see arrays of the shape
of one example. What was recorded inside is left in the graph outside as one node, whose backward pass is the mapped
backward pass of what it holds: the derivative of `vmap(f)` is `vmap` of the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..backward import sweep, wrap
from ..batched import Batched, Mapping
from ..config import MODES, is_traced, mode
from ..errors import describe
from ..ops import shape
from ..tensor import Tensor, asarray, constant
from .batching import forward
from .levels import named, plain, recorded
from .regions import outer_sources, record_region, records, value_of
from .trees import current, flatten, is_number, spread


def vmap(
    f: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None
) -> Callable[..., Any]:
    """Make the function that applies `f`, written for one example, to each of a batch, all in one go.

    `vmap(f)(x)[i]` is `f(x[i])`.

    Args:
        f: a function of arrays and containers of them. It may branch on shapes but not on values.
        in_axes: along which axis of the arguments the examples stand, None for an argument that all examples share:
            one for all, or a tuple with one for each argument, where that of a container may be a container of them.
            Keyword arguments are mapped along axis 0.
        out_axes: along which axis of the results they are to stand, likewise; None where all share the result.
        axis_size: the number of examples, needed where nothing is mapped.

    Random ops draw anew for each example. Raises ValueError if the numbers of examples differ, GradientError where `f`
    asks for the value of one example.

    >>> vmap(np.dot, in_axes=(0, None))(np.arange(6.0).reshape(3, 2), np.array([1.0, 10.0]))
    array([10., 32., 54.])
    >>> from autodiff import grad
    >>> vmap(grad(lambda x: x * x))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    in_axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes

    def vmap_f(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten((args, kwargs))
        axes = _axes(in_axes, args, kwargs)
        size = _size(leaves, axes, axis_size)
        level = _Level(size)
        given = any(type(leaf) is Tensor for leaf in leaves)
        arguments = rebuild([level.enter(leaf, axis) for leaf, axis in zip(leaves, axes, strict=True)])
        with level.running():
            out = current(f(*arguments[0], **arguments[1]))
        outs, rebuild_out = flatten(out)
        for leaf in outs:
            if not is_number(leaf):
                raise TypeError(f"a function that vmap maps returns numbers, not {type(leaf).__name__}")
        return rebuild_out(level.leave(outs, _spread("out_axes", out_axes, out), given))

    return named(vmap_f, f)


def _axes(in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(f"in_axes={in_axes} has {len(in_axes)} entries, for {len(args)} positional arguments")
    return _spread("in_axes", (in_axes, 0), (args, kwargs))


def _spread(what: str, axes: Any, tree: Any) -> list[Any]:
    try:
        found = spread(axes, tree)
    except ValueError as error:
        raise ValueError(f"{what}={axes} does not have the structure of what it is for: {error}") from None
    for axis in found:
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, int | np.integer)):
            raise TypeError(f"{what} holds axes, integers or None; got {axis!r}")
    return found


def _size(leaves: Sequence[Any], axes: Sequence[Any], axis_size: int | None) -> int:
    """How many examples there are."""
    sizes: dict[int, str] = {} if axis_size is None else {axis_size: f"axis_size={axis_size}"}
    for leaf, axis in zip(leaves, axes, strict=True):
        if axis is None:
            continue
        t = asarray(leaf) if is_number(leaf) or isinstance(leaf, list) else None
        if t is None or not -t.ndim <= axis < t.ndim:
            raise ValueError(
                f"vmap maps axis {axis} of an argument that is {describe(leaf if t is None else t)}. "
                "Write in_axes=None for what all examples share."
            )
        sizes.setdefault(t.shape[axis], f"axis {axis} of {describe(t)}")
    if len(sizes) > 1:
        raise ValueError(f"vmap was given different numbers of examples: {' and '.join(sizes.values())}")
    if not sizes:
        raise ValueError("vmap maps no argument (in_axes is None everywhere): say how many examples with axis_size=")
    return next(iter(sizes))


class _Level:
    """One call of a mapped function, and the way in and out of it."""

    def __init__(self, size: int) -> None:
        self.mapping = Mapping(size)
        self.state = SimpleNamespace(running=False)  # nodes know it
        self.nodes: list[Any] = []  # above mapped arguments that require a gradient
        self.sources: list[Any] = []  # where those stand in the graph outside
        self.values: list[Any] = []
        self.axes: list[int] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be inside: ops compute with all examples."""
        before = self.mapping.running, self.state.running
        self.mapping.running = self.state.running = True
        try:
            with mode(forward=forward):
                yield
        finally:
            self.mapping.running, self.state.running = before

    def enter(self, leaf: Any, axis: int | None) -> Any:
        """Make of an argument what stands for it inside."""
        if axis is None:
            return leaf
        outside = asarray(leaf)
        axis %= outside.ndim
        batched = Batched(_moved(outside.value, axis, 0), self.mapping)
        if not (outside.requires_grad and MODES.get().recording):
            return constant(batched, outside.mark)
        inside = wrap(batched, None, level=self.state)
        self.nodes.append(inside.node)
        self.sources.append(outside.node or outside)
        self.values.append(outside.value)
        self.axes.append(axis)
        return inside

    def leave(self, outs: Sequence[Any], axes: Sequence[Any], tensors: bool) -> list[Any]:
        """Make of results what stands for them outside: recorded Tensors, Tensors if `tensors`, or arrays."""
        results = [self._array(out, axis) for out, axis in zip(outs, axes, strict=True)]
        tracked = [i for i, out in enumerate(outs) if recorded(out) and self._owns(out)]
        if tracked and MODES.get().recording:
            region = _Mapped(self, [outs[i] for i in tracked], [axes[i] for i in tracked])
            made = record_region("vmap", region, region.inputs, region.values, [results[i] for i in tracked])
            for i, out in zip(tracked, made, strict=True):
                results[i] = out
        tensors = tensors or is_traced()
        return [
            constant(out) if type(out) is Batched or (tensors and type(out) is not Tensor) else out for out in results
        ]

    def _owns(self, out: Any) -> bool:
        value = plain(out)
        return type(value) is Batched and value.mapping is self.mapping

    def _array(self, out: Any, axis: int | None) -> Any:
        """The value of a result outside; one that is not batched is the same for all examples."""
        value = plain(out)
        if self._owns(out):
            if axis is None:
                raise ValueError("out_axes is None for a result that differs from example to example; give it an axis")
            return _moved(value.batch, 0, normalize_axis_index(axis, value.batch.ndim, "out_axes"))
        if axis is None:
            return out
        out = out if type(out) is Tensor else constant(value) if type(value) is Batched else np.asarray(out)
        whole = shape.expand(out, shape=(self.mapping.size, *out.shape))
        axis = normalize_axis_index(axis, whole.ndim, "out_axes")
        whole = _move(whole, 0, axis) if axis else whole
        return whole if type(whole) is Tensor else whole.copy()


def _move(x: Any, start: int, end: int) -> Any:
    order = [i for i in range(x.ndim) if i != start]
    order.insert(end, start)
    return shape.transpose(x, axes=tuple(order))


def _moved(value: Any, start: int, end: int) -> Any:
    """An array or a Batched with an axis moved."""
    if start == end:
        return value
    return plain(_move(constant(value) if type(value) is Batched or is_traced() else value, start, end))


class _Mapped:
    """What a mapped function has recorded, as one region of the graph outside."""

    def __init__(self, level: _Level, outs: Sequence[Tensor], axes: Sequence[int]) -> None:
        self.level, self.axes = level, axes
        self.roots = [out.node for out in outs]
        self.like = [out.value.batch.shape for out in outs]
        self.nodes, self.in_axes = list(level.nodes), list(level.axes)
        outer = outer_sources(outs, level.mapping.number, self.nodes)
        self.outer = frozenset(outer)
        self.wanted = [*self.nodes, *outer]
        self.inputs = [*level.sources, *outer]
        self.values = [*level.values, *map(value_of, outer)]

    def pull(self, g: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """Map the backward pass over the examples; a gradient of what all share is summed over them."""
        record = records((*g, *xs))
        inner = _Level.__new__(_Level)  # the same mapping, with the gradients as further arguments
        inner.mapping, inner.state = self.level.mapping, self.level.state
        inner.nodes, inner.axes = list(self.nodes), list(self.in_axes)
        inner.sources, inner.values = list(self.level.sources), list(self.level.values)
        with mode(recording=record):
            given: list[tuple[Any, Any]] = [
                (root, inner.enter(gi, axis % (len(like))))
                for root, gi, axis, like in zip(self.roots, g, self.axes, self.like, strict=True)
                if gi is not None
            ]
            with inner.running():
                found = sweep(
                    given, self.wanted, retain=True, create_graph=True, record=record, stop=True, outer=self.outer
                )
            live = [i for i, source in enumerate(self.wanted) if source in found]
            axes = [self.in_axes[i] if i < len(self.nodes) else 0 for i in live]
            tensors = any(type(x) is Tensor for x in (*g, *xs))
            left = inner.leave([found[self.wanted[i]] for i in live], axes, tensors)
        results: list[Any] = [None] * len(self.wanted)
        for i, gradient in zip(live, left, strict=True):
            results[i] = gradient if i < len(self.nodes) else gradient.sum(axis=0)
        return results
