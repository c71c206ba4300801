"""`checkpoint`: keep what goes into a function and not what it computes on the way; compute that again when needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..backward import sweep, wrap
from ..batched import Batched
from ..config import MODES, is_traced, mode
from ..errors import GradientError, describe
from ..graph import next_number
from ..inplace import journal, undone
from ..random import Draws
from ..tensor import Tensor, asarray, constant
from .levels import mapped, recorded
from .regions import outer_sources, record_region, records, refuse_written, value_of
from .trees import current, flatten, is_number


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that computes as `f` does, but keeps only its arguments for the backward pass.

    The backward pass runs `f` again, with the same random numbers. It costs a second forward pass and saves the memory
    of what `f` computes on the way. Also a decorator. Arguments and results may be containers; what else `f` uses that
    requires a gradient (parameters, outer values) gets it. Hooks on tensors inside of `f` do not run. What `f` writes
    into tensors from outside (running statistics, a counter) is written once.

    Raises GradientError if `f` does not compute the same again, or writes into an argument that is differentiated.

    >>> from autodiff import grad
    >>> grad(checkpoint(lambda x: x * x * x))(2.0)
    np.float64(12.0)
    """

    @wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not MODES.get().recording or is_traced():  # a program says itself what is computed again
            return f(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs), modules=False)
        start = next_number()
        sources = [(x.node or x) if recorded(x) else None for x in leaves]
        run = _Run(f, leaves, rebuild, [i for i, source in enumerate(sources) if source is not None])
        with Draws() as draws:
            nodes, outs, rebuild_out = run(
                [x.value for x in map(asarray, _pick(leaves, run.places))], _pick(sources, run.places)
            )
        run.draws = draws.pairs
        live = [i for i, out in enumerate(outs) if recorded(out)]
        region = _Checkpoint(run, outs, live, outer_sources([outs[i] for i in live], start, set(nodes)))
        values = [leaves[i].value for i in run.places] + [value_of(source) for source in region.outer]
        inputs = [sources[i] for i in run.places] + region.outer
        region.values = values[len(run.places) :]
        if live:
            made = record_region("checkpoint", region, inputs, values, [outs[i].value for i in live])
            for i, out in zip(live, made, strict=True):
                outs[i] = out
        return rebuild_out(outs)

    return checkpointed


def checkpoint_sequential(functions: Sequence[Callable[[Any], Any]], segments: int, x: Any) -> Any:
    """Apply functions one after the other, in this many segments, each but the last a `checkpoint`.

    For n functions about sqrt(n) segments keep least.

    >>> checkpoint_sequential([lambda x: x + 1.0, lambda x: x * x], 2, 2.0)
    9.0
    """
    if not 1 <= segments <= len(functions):
        raise ValueError(f"{len(functions)} functions are parted into 1 to {len(functions)} segments, not {segments}")
    ends = [len(functions) * (i + 1) // segments for i in range(segments)]
    for start, end in zip([0, *ends], ends, strict=False):

        def segment(x: Any, part: Sequence[Callable[[Any], Any]] = tuple(functions[start:end])) -> Any:
            for function in part:
                x = function(x)
            return x

        x = segment(x) if end == len(functions) else checkpoint(segment)(x)
    return x


def _pick(leaves: Sequence[Any], places: Sequence[int]) -> list[Any]:
    return [leaves[i] for i in places]


def _sums(x: Tensor) -> Any:
    """What shows whether an array is the same again: the sum of its elements and that of their magnitudes."""
    if type(x.value) is Batched:
        return 0.0, 0.0
    with np.errstate(all="ignore"):
        return np.sum(x.value), np.sum(np.abs(x.value))


class _Run:
    """Running a function on its arguments, with those that are differentiated put in anew."""

    def __init__(self, f: Callable[..., Any], leaves: Sequence[Any], rebuild: Any, places: list[int]) -> None:
        self.f, self.rebuild, self.places = f, rebuild, places
        self.leaves = [None if i in places else x for i, x in enumerate(leaves)]
        self.draws: list[tuple[int, int]] = []
        self.written: list[Any] = []  # of what the function wrote into: a second run is to leave it as it is
        self.transforming = MODES.get().transforming

    def __call__(self, values: Sequence[Any], sources: Sequence[Any]) -> tuple[list[Any], list[Any], Any]:
        """The nodes above the arguments, the results, and how they are put together."""
        leaves = list(self.leaves)
        state = SimpleNamespace(running=True)
        given = [wrap(value, source, level=state) for value, source in zip(values, sources, strict=True)]
        for i, inside in zip(self.places, given, strict=True):
            leaves[i] = inside
        nodes: list[Any] = [inside.node for inside in given]
        args, kwargs = self.rebuild(leaves)
        with mode(recording=True, transforming=self.transforming), undone(self.written), journal() as written:
            out = current(self.f(*args, **kwargs))
        self.written = self.written or written
        state.running = False
        refuse_written("a checkpointed function", given, nodes, values)
        outs, rebuild_out = flatten(out, modules=False)
        return nodes, outs, rebuild_out


class _Checkpoint:
    """A checkpointed call as a region of the graph."""

    def __init__(self, run: _Run, outs: Sequence[Any], live: list[int], outer: list[Any]) -> None:
        self.run, self.live, self.outer = run, live, outer
        self.values: list[Any] = []  # of the outer sources, when the function ran
        self.like = [describe(out) if is_number(out) else None for out in outs]
        self.sums = [_sums(outs[i]) for i in live]

    def pull(self, g: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """Run the function again, and pull back through what that records."""
        for source, value in zip(self.outer, self.values, strict=True):
            if type(source) is Tensor and source.value is not value:
                raise GradientError(
                    f"a tensor that a checkpointed function used, {source!r}, has been given another value since, so "
                    "that the function cannot compute the same again. Call backward() before the change."
                )
        record = records((*g, *xs))
        tensors = record or mapped() or any(type(x) is Tensor for x in (*g, *xs))
        given = [asarray(x) for x in xs[: len(self.run.places)]]
        with Draws(self.run.draws):
            nodes, outs, _ = self.run([x.value for x in given], [(x.node or x) if recorded(x) else None for x in given])
        if [describe(out) if is_number(out) else None for out in outs] != self.like:
            raise GradientError(
                "a checkpointed function gave results of other shapes or dtypes when it ran again. It must compute the "
                "same from the same arguments: give what changes as an argument."
            )
        for out, sums in zip(_pick(outs, self.live), self.sums, strict=True):
            if abs(_sums(out)[0] - sums[0]) > 1e-5 * sums[1]:  # never so of NaN and infinity
                raise GradientError(
                    "a checkpointed function gave other values when it ran again, so that the gradient would be wrong. "
                    "It must compute the same from the same arguments: give what changes as an argument, and write "
                    "into nothing from outside."
                )
        roots = [
            (out.node or out, gi if not tensors or type(gi) is Tensor else constant(gi))
            for out, gi in zip(_pick(outs, self.live), g, strict=True)
            if gi is not None and recorded(out)
        ]
        wanted = [*nodes, *self.outer]
        found = sweep(
            roots, wanted, retain=record, create_graph=tensors, record=record, stop=True, outer=frozenset(self.outer)
        )
        return [found.get(source) for source in wanted]
