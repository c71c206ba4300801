"""Which module each node was made in: known for what is computed inside `watch_modules`, at no cost for anything else.

Nodes are numbered by one clock. A call of a module is the numbers between its beginning and its end, and the nodes made
in it are those with numbers in between; nothing is asked of an op.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..graph import Node, next_number


@dataclass(slots=True, eq=False)
class Call:
    """One call of a module."""

    path: str  # "layer1.0"; "" is the model itself
    kind: str  # the name of its class
    depth: int  # how many calls it is inside of
    start: int  # nodes made in it have numbers from here
    stop: int = 0  # to here
    parameters: int = 0  # elements of the parameters in it
    children: list[Call] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Span:
    """A call as places in a list of nodes: `nodes[start:stop]` were made in it."""

    call: Call
    start: int
    stop: int
    children: list[Span] = field(default_factory=list)


@contextmanager
def watch_modules(model: Any) -> Iterator[list[Call]]:
    """Take down the calls of a model's modules in a `with` block: give the list to `draw(..., modules=calls)`.

    >>> import autodiff as ad, nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    >>> with watch_modules(model) as calls:
    ...     y = model(np.ones((1, 2)))
    >>> [(call.path, call.kind, call.parameters) for call in calls[0].children]
    [('0', 'Linear', 9), ('1', 'Tanh', 0)]
    """
    calls: list[Call] = []
    open_calls: list[Call] = []
    names = {id(module): (name, module) for name, module in reversed([*model.named_modules()])}
    counts: dict[int, int] = {}

    def enter(module: Any, args: Any) -> None:
        call = Call(names[id(module)][0], type(module).__name__, len(open_calls), next_number())
        (open_calls[-1].children if open_calls else calls).append(call)
        open_calls.append(call)

    def leave(module: Any, args: Any, out: Any) -> None:
        call = open_calls.pop()
        call.stop = next_number()
        key = id(module)
        if key not in counts:  # now, as a lazy layer has none before
            counts[key] = sum(p.size for p in module.parameters())
        call.kind, call.parameters = type(module).__name__, counts[key]

    handles = []
    try:
        for _, module in names.values():
            handles.append(module.register_forward_pre_hook(enter, prepend=True))
            handles.append(module.register_forward_hook(leave, always_call=True))
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def spans(calls: Sequence[Call], nodes: Sequence[Node]) -> list[Span]:
    """Return the calls that made some of these nodes, which are in order of their numbers."""
    numbers = [node.number for node in nodes]
    found: list[Span] = []
    stack: list[tuple[Call, list[Span]]] = [(call, found) for call in reversed(calls)]
    while stack:
        call, siblings = stack.pop()
        span = Span(call, bisect_left(numbers, call.start), bisect_left(numbers, call.stop))
        if span.start < span.stop:
            siblings.append(span)
            stack += [(child, span.children) for child in reversed(call.children)]
    return found
