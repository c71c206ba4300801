"""Where values came from, as far as `debug()` has seen it: what tells that x was cut off in the middle of a graph."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from types import CodeType
from typing import Any

from ..graph import Mark
from ..tensor import Tensor
from .writes import Snapshot


class Trail:
    """Where a value came from: op, line, and the trails of its inputs. It holds no arrays and no graph."""

    __slots__ = ("code", "lasti", "op", "sources")

    def __init__(self, op: str, code: CodeType, lasti: int, sources: tuple[Any, ...]) -> None:
        self.op, self.code, self.lasti, self.sources = op, code, lasti, sources


class Past:
    """What `debug()` knows of a node: its trail, its constant inputs that were cut off, what it saved."""

    __slots__ = ("cuts", "saved", "trail")

    def __init__(self, trail: Trail, cuts: tuple[Mark, ...]) -> None:
        self.trail, self.cuts = trail, cuts
        self.saved: list[tuple[str, Snapshot]] = []


def source_of(tensor: Tensor) -> Any:
    """What a trail keeps of an input: the trail of what computed it, a leaf weakly, or the mark of a constant."""
    if tensor.node is not None:
        past = tensor.node.extra.past if tensor.node.extra is not None else None
        return past.trail if past is not None else None
    return weakref.ref(tensor) if tensor.requires_grad else tensor.mark


def sources_of(tensors: Sequence[Any]) -> tuple[Any, ...]:
    """The same for all inputs of an op that have any."""
    sources = [source_of(x) for x in tensors if type(x) is Tensor]
    return tuple([source for source in sources if source is not None])


def first_cuts(marks: list[Mark], x: Tensor) -> dict[Mark, Mark]:
    """Those of the marks whose values were computed from x, each with the mark that came first after x."""
    ups: dict[Any, list[Any]] = {}  # from what a value was computed of, by id or the thing itself, to its results
    stack: list[Any] = list(marks)
    seen = set(map(id, marks))
    while stack:
        below = stack.pop()
        for source in below.sources:
            source = source() if isinstance(source, weakref.ref) else source
            if source is None:
                continue
            ups.setdefault(id(source), []).append(below)
            if isinstance(source, Mark | Trail) and id(source) not in seen:
                seen.add(id(source))
                stack.append(source)
    past = x.node.extra.past if x.node is not None and x.node.extra is not None else None
    start: Any = past.trail if past is not None else x
    first: dict[int, Any] = {}  # by the id of what x leads to: the first mark on the way
    walk: list[tuple[Any, Any]] = [(start, None)]
    while walk:
        value, cut = walk.pop()
        for above in ups.get(id(value), ()):
            if id(above) not in first:
                first[id(above)] = cut or (above if isinstance(above, Mark) else None)
                walk.append((above, first[id(above)]))
    return {mark: first[id(mark)] for mark in marks if first.get(id(mark)) is not None}
