"""Folding: which stretches of a large graph are shown as one item.

Nodes are taken in topological order, and only neighbours in that order are folded together, so the
folded graph has no cycles either. Where the calls of modules are known, those of one depth become blocks,
the deepest that leaves the graph readable. Then go repetitions (the steps of a loop, the blocks of a
network): the longest stretches that repeat with some period. If that is not enough, what lies between
the two ends is cut into equal parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..graph import Node
from .modules import Span

PERIODS = 1024  # the longest block whose repetition is looked for, in ops; shorter in huge graphs
REPEATS = 3  # fewer repetitions are not folded
READABLE = 60  # a larger graph is folded where that halves it
BLOCKS = 40  # the most boxes of modules that still show how a network is built
MOST = 150  # a larger graph is folded whatever comes out
SHOWN = 4  # a graph that has to be folded is folded to one in so many of the ops allowed, or to 40
WIRE = 40  # the length of all wires, in ranks for each op allowed, that is still drawn
ENDS = 8  # segments that stay at each end, where the rest has to be cut
PARTS = 16  # and how many parts that rest is cut into


class Segment(NamedTuple):
    """Nodes `start` to `stop`, in order of creation; `period` of them repeat, or 0."""

    start: int
    stop: int
    period: int = 0
    span: Span | None = None  # the call of a module that it is, or the first of several alike
    last: Span | None = None  # and the last of these
    unit: tuple[str, ...] = ()  # of a repetition of modules: what repeats

    @property
    def single(self) -> bool:
        """Whether it is one node, shown as it is."""
        return self.stop - self.start == 1 and self.span is None

    @property
    def repeats(self) -> int:
        """How often it repeats what is in a period."""
        return (self.stop - self.start) // self.period if self.period else 1


class _Each:
    """A segment for each of n nodes, made when asked for: there may be a million."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, places: slice) -> list[Segment]:
        return [Segment(i, i + 1) for i in range(self.n)[places]]

    def __iter__(self) -> Iterator[Segment]:
        return iter(self[:])


Segments = list[Segment] | _Each


def fold(
    nodes: list[Node],
    anchors: Collection[int],
    limit: int | None = None,
    spans: Sequence[Span] = (),
    depth: int | None = None,
) -> list[Segment]:
    """Cut the nodes into segments: one each up to `limit` nodes, otherwise as few as show the graph.

    Without a limit a graph is folded as far as it gets readable by that. A graph whose wires are very long is folded
    too: laying them out would take minutes. With `depth`, modules inside of so many others become blocks.

    The nodes at the places in `anchors` are not folded into repetitions.
    """
    n = len(nodes)
    most = MOST if limit is None else limit
    single: Segments = _Each(n)
    if depth is not None:
        single = _repeated(_blocks(n, spans, depth), nodes, anchors)
    if len(single) <= (READABLE if limit is None else limit) and _wire(nodes) <= WIRE * most:
        return list(single)
    if depth is None:
        deepest = _depth(spans)
        for level in range(deepest, 0, -1):
            blocks = _repeated(_blocks(n, spans, level), nodes, anchors)
            if len(blocks) <= min(BLOCKS, most) or level == 1:
                single = blocks
                break
    segments = _repeated(single, nodes, anchors, mixed=True)
    if (
        limit is None
        and 2 * len(segments) > len(single)
        and (n if depth is None else len(single)) <= MOST
        and _wire(nodes) <= WIRE * most
    ):
        return list(single)
    shown = max(most // SHOWN, min(most, 40))
    return segments if len(segments) <= shown else _cut(segments, shown)


def _depth(spans: Sequence[Span]) -> int:
    """The depth of the deepest call."""
    deepest, stack = 0, [(span, 0) for span in spans]
    while stack:
        span, depth = stack.pop()
        deepest = max(deepest, depth)
        stack += [(child, depth + 1) for child in span.children]
    return deepest


def _blocks(n: int, spans: Sequence[Span], depth: int) -> list[Segment]:
    """One segment for each call inside of `depth` others, and for those in fewer that call no module."""
    blocks: list[Segment] = []
    stack = [(span, 0) for span in reversed(spans)]
    at = 0
    while stack:
        span, level = stack.pop()
        if level < depth and span.children:
            stack += [(child, level + 1) for child in reversed(span.children)]
            continue
        blocks += [Segment(i, i + 1) for i in range(at, span.start)]
        blocks.append(Segment(span.start, span.stop, 0, span))
        at = span.stop
    return blocks + [Segment(i, i + 1) for i in range(at, n)]


def _repeated(segments: Segments, nodes: list[Node], anchors: Collection[int], mixed: bool = False) -> list[Segment]:
    """Join what repeats: calls of modules that follow each other, or with `mixed` any stretch of segments."""
    folded: list[Segment] = []
    at = 0
    each = isinstance(segments, _Each)
    numbers = _node_numbers(nodes, anchors) if each else _signatures(segments, nodes, anchors)
    for start, stop, period in repetitions(numbers):
        unit = segments[start : start + period]
        if not mixed and (period > 1 or unit[0].span is None):
            continue
        folded += segments[at:start]
        names = tuple(s.span.call.kind if s.span else nodes[s.start].op.name for s in unit)
        named = names if any(s.span for s in unit) else ()
        length, (last,) = unit[-1].stop - unit[0].start, segments[stop - 1 : stop]
        span = unit[0].span if period == 1 else None
        folded.append(Segment(unit[0].start, last.stop, length, span, last.span if span else None, named))
        at = stop
    return [*folded, *segments[at:]]


def _wire(nodes: list[Node]) -> int:
    """The length of all wires together, in ranks of the layout."""
    rank: dict[Node, int] = {}
    total = 0
    for node in nodes:
        below = [rank.get(source, 0) for source in node.inputs if isinstance(source, Node)]
        rank[node] = here = max(below, default=0) + 1
        total += sum(here - r for r in below)
    return total


def _node_numbers(nodes: Sequence[Node], anchors: Collection[int]) -> np.ndarray:
    """A number for each node, equal for ops of one kind and shape from one source line."""
    lines: dict[tuple[object, int], int] = {}  # of instructions, which move when the interpreter specialises them
    known: dict[object, int] = {}
    numbers = np.empty(len(nodes), dtype=np.int64)
    for i, n in enumerate(nodes):
        place = (n.code, n.lasti)
        line = lines.get(place)
        if line is None:
            line = lines[place] = n.line[1]
        numbers[i] = known.setdefault((n.plan, n.code, line, n.shape), len(known))
    places = np.fromiter(anchors, dtype=np.int64, count=len(anchors))
    numbers[places] = -1 - places  # like no other
    return numbers


def _signatures(segments: Segments, nodes: list[Node], anchors: Collection[int]) -> np.ndarray:
    """A number for each segment, equal for ops and for calls of modules that are alike."""
    of_node = _node_numbers(nodes, anchors)
    known: dict[object, int] = {}
    numbers = np.empty(len(segments), dtype=np.int64)
    for i, segment in enumerate(segments):
        signature: object = segment.start  # like no other
        if segment.single:
            signature = ("op", int(of_node[segment.start]))
        elif segment.span is not None and not segment.period:
            inside = nodes[segment.start : segment.stop]
            signature = (segment.span.call.kind, tuple([(n.plan, n.shape) for n in inside]))
        numbers[i] = known.setdefault(signature, len(known))
    return numbers


def repetitions(numbers: np.ndarray) -> list[tuple[int, int, int]]:
    """Find stretches `(start, stop, period)` that repeat, longest first, without overlap; sorted.

    >>> repetitions(np.array([9, 1, 2, 1, 2, 1, 2, 7, 5, 5, 5, 5]))
    [(1, 7, 2), (8, 12, 1)]
    """
    n = len(numbers)
    candidates: list[tuple[int, int, int]] = []  # (-covered, period, start)
    for period in range(1, min(PERIODS, n // REPEATS, max(64, 10**8 // max(n, 1))) + 1):
        equal = numbers[:-period] == numbers[period:]
        edges = np.flatnonzero(np.diff(equal, prepend=False, append=False))
        starts, stops = edges[::2], edges[1::2]
        lengths = stops - starts + period
        covered = lengths // period * period
        long = covered >= max(REPEATS * period, n // 1000)  # so there are never very many
        found = zip(covered[long].tolist(), starts[long].tolist(), strict=True)
        candidates += [(-cover, period, start) for cover, start in found]
    heapify(candidates)
    taken = np.zeros(n, dtype=bool)
    chosen = []
    while candidates:
        cover, period, start = heappop(candidates)
        stop = start - cover
        free = ~taken[start:stop]
        if free.all():
            taken[start:stop] = True
            chosen.append((start, stop, period))
        elif free.any():  # what is left of it may still be long enough, and takes its turn
            first = int(free.argmax())
            length = int((~free[first:]).argmax()) or len(free) - first
            if length >= REPEATS * period:
                heappush(candidates, (-(length // period * period), period, start + first))
    return sorted(chosen)


def _cut(segments: list[Segment], limit: int) -> list[Segment]:
    """Keep both ends as they are and join the segments between into parts of about equal size."""
    ends = min(ENDS, max(1, limit // 4))
    head, middle, tail = segments[:ends], segments[ends:-ends], segments[-ends:]
    stops = np.array([segment.stop for segment in middle])
    marks = np.linspace(middle[0].start, middle[-1].stop, min(PARTS, max(1, limit // 2)) + 1)
    cuts = np.unique([0, *(np.searchsorted(stops, marks[1:-1]) + 1), len(middle)]).tolist()
    parts = []
    for first, last in pairwise(cuts):
        alone = last - first == 1
        parts.append(middle[first] if alone else Segment(middle[first].start, middle[last - 1].stop))
    return [*head, *parts, *tail]
