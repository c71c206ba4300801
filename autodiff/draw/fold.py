"""Folding: which stretches of a large graph are shown as one item.

Nodes are taken in topological order, and only neighbours in that order are folded together, so the
folded graph has no cycles either. First go repetitions (the steps of a loop, the blocks of a network): the
longest stretches that repeat with some period. If that is not enough, what lies between the two
ends is cut into equal parts.
"""

from __future__ import annotations

from collections.abc import Collection
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..graph import Node

PERIODS = 1024  # the longest block whose repetition is looked for, in ops; shorter in huge graphs
REPEATS = 3  # fewer repetitions are not folded
SHOWN = 4  # a graph that has to be folded is folded to one in so many of the ops allowed, or to 40
WIRE = 40  # the length of all wires, in ranks for each op allowed, that is still drawn
ENDS = 8  # segments that stay at each end, where the rest has to be cut
PARTS = 16  # and how many parts that rest is cut into


class Segment(NamedTuple):
    """Nodes `start` to `stop`, in order of creation; `period` of them repeat, or 0."""

    start: int
    stop: int
    period: int = 0

    @property
    def single(self) -> bool:
        """Whether it is one node, shown as it is."""
        return self.stop - self.start == 1


def fold(nodes: list[Node], anchors: Collection[int], limit: int) -> list[Segment]:
    """Cut the nodes into segments: one each up to `limit` nodes, otherwise as few as show the graph.

    A graph whose wires are very long is folded too: laying them out would take minutes.

    The nodes at the places in `anchors` are not folded into repetitions.
    """
    n = len(nodes)
    if n <= limit and _wire(nodes) <= WIRE * limit:
        return [Segment(i, i + 1) for i in range(n)]
    segments: list[Segment] = []
    at = 0
    for start, stop, period in repetitions(_signatures(nodes, anchors)):
        segments += [Segment(i, i + 1) for i in range(at, start)]
        segments.append(Segment(start, stop, period))
        at = stop
    segments += [Segment(i, i + 1) for i in range(at, n)]
    shown = max(limit // SHOWN, min(limit, 40))
    return segments if len(segments) <= shown else _cut(segments, shown)


def _wire(nodes: list[Node]) -> int:
    """The length of all wires together, in ranks of the layout."""
    rank: dict[Node, int] = {}
    total = 0
    for node in nodes:
        below = [rank[source] for source in node.inputs if isinstance(source, Node)]
        rank[node] = here = max(below, default=0) + 1
        total += sum(here - r for r in below)
    return total


def _signatures(nodes: list[Node], anchors: Collection[int]) -> np.ndarray:
    """A number for each node, equal for ops of one kind and shape from one source line."""
    known: dict[tuple[object, ...], int] = {}
    numbers = np.fromiter(
        (known.setdefault((n.plan, n.code, n.lasti, n.shape), len(known)) for n in nodes),
        dtype=np.int64,
        count=len(nodes),
    )
    places = np.fromiter(anchors, dtype=np.int64, count=len(anchors))
    numbers[places] = -1 - places  # like no other
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
