"""`graph_report()`: what keeps graphs alive, and how many bytes they hold."""

from __future__ import annotations

import gc
import sys
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..draw.look import bytes_text, grouped
from ..draw.names import forget_copy
from ..errors import describe
from ..graph import Node, by_number, history, is_internal, user_frame
from ..tensor import Tensor
from .text import line_of, table

SHOWN = 20  # rows of the table in the text; `rows` has all
LARGEST = 5
DEEP, WIDE = 3, 100_000  # how far, and over how many things, names are looked for in containers
GROWS = 3  # sums of this many terms, made by one line, look like a total that keeps its graph


@dataclass(frozen=True, slots=True)
class Row:
    """What the nodes of one op and line keep; an array kept by several nodes counts for the oldest."""

    op: str
    line: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Array:
    """One of the largest arrays, the op and line that keep it, and the name that its rule has for it."""

    bytes: int
    count: int  # of such arrays
    what: str
    name: str
    op: str
    line: str


@dataclass(frozen=True, slots=True)
class Root:
    """A holder of graphs: a variable, or a container of tensors."""

    holder: str
    tensors: int
    nodes: int  # below these tensors; a node below two holders counts for both
    line: str  # of the op that computed the newest of them
    advice: str


@dataclass(slots=True)
class Report:
    """What graphs hold; `print` it, or read `rows`, `largest`, `roots` and the totals."""

    nodes: int = 0
    leaves: int = 0
    bytes: int = 0
    copies: int = 0
    freed: int = 0
    rows: list[Row] = field(default_factory=list)
    largest: list[Array] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.nodes:
            return "No graph is alive." if not self.leaves else "No graph: leaves keep no arrays for a backward pass."
        lines = [
            f"{_counted(self.nodes, 'node')} and {_counted(self.leaves, 'leaf', 'leaves')} keep "
            f"{bytes_text(self.bytes)} for the backward pass, and {bytes_text(self.copies)} of small values to draw."
        ]
        if self.freed:
            lines.append(f"A backward pass has freed {_counted(self.freed, 'node')} of these.")
        rows = [["bytes", "count", "op", "line"]]
        shown = [row for row in self.rows if row.bytes][:SHOWN] or self.rows[:SHOWN]
        rows += [[bytes_text(row.bytes), grouped(row.count), row.op, row.line] for row in shown]
        lines += ["", *table(rows, ">><<")]
        if rest := self.rows[len(shown) :]:
            held = sum(row.bytes for row in rest)
            what = f"with {bytes_text(held)}" if held else "that keep nothing"
            lines.append(f"    ... {_counted(len(rest), 'op and line', 'ops and lines')} more {what}")
        if self.largest:
            lines += ["", "The largest arrays"]
            cells = [
                [
                    bytes_text(a.bytes),
                    f"x {grouped(a.count)}" if a.count > 1 else "",
                    a.what,
                    f"{a.name} of {a.op}",
                    a.line,
                ]
                for a in self.largest
            ]
            lines += table(cells, ">><<<")
        if self.roots:
            lines += ["", "What holds the graphs"]
            cells = [
                [root.holder, _counted(root.tensors, "tensor"), _counted(root.nodes, "node"), root.line]
                for root in self.roots[:SHOWN]
            ]
            lines += table(cells, "<>><")
            lines += [f"    ... {_counted(len(self.roots) - SHOWN, 'holder')} more"] * (len(self.roots) > SHOWN)
            lines += dict.fromkeys(root.advice for root in self.roots if root.advice)
        return "\n".join(lines)

    __repr__ = __str__


def graph_report(*tensors: Tensor) -> Report:
    """Say how many bytes graphs keep for their backward passes, by op and line, and what holds them.

    Each buffer is counted once, views and arrays kept by several nodes too. Without arguments, of all graphs that
    are alive in this process; the report then names the variables and containers that hold them, as far as they are
    found from the functions running and their modules.

    >>> from autodiff import Tensor
    >>> x = Tensor(np.ones((100, 100)), requires_grad=True)
    >>> report = graph_report((x * x).sum())
    >>> report.nodes, report.leaves, report.bytes
    (2, 1, 80000)
    """
    for tensor in tensors:
        if type(tensor) is not Tensor:
            raise TypeError(f"graph_report takes Tensors, got {describe(tensor)}")
    if not tensors:
        return _of_all(user_frame(sys._getframe(1)))
    nodes, leaves = history([t.node or t for t in tensors])
    return _of(nodes, [leaf for leaf in leaves if leaf.requires_grad])


def _counted(n: int, one: str, many: str = "") -> str:
    return f"{grouped(n)} {one if n == 1 else many or one + 's'}"


# -- bytes --------------------------------------------------------------------------------------------------


class Buffers:
    """Which parts of memory have been counted."""

    def __init__(self) -> None:
        self.starts: list[int] = []  # disjoint spans in order
        self.stops: list[int] = []
        self.scalars: set[int] = set()

    def add(self, value: Any) -> int:
        """Count an array or a scalar; return how many of its bytes are new."""
        if isinstance(value, np.generic):
            new = id(value) not in self.scalars
            self.scalars.add(id(value))
            return value.nbytes if new else 0
        if not isinstance(value, np.ndarray) or not value.size:
            return 0
        low, high = np.lib.array_utils.byte_bounds(value)
        first = last = bisect_left(self.stops, low)
        covered, start, stop = 0, low, high
        while last < len(self.starts) and self.starts[last] <= high:
            covered += max(0, min(high, self.stops[last]) - max(low, self.starts[last]))
            start, stop = min(start, self.starts[last]), max(stop, self.stops[last])
            last += 1
        self.starts[first:last], self.stops[first:last] = [start], [stop]
        return high - low - covered


def arrays_in(value: Any) -> Iterator[Any]:
    """The arrays in what a node has saved; a fused op's own record may be a tuple or dict of them."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, np.ndarray | np.generic):
            yield value
        elif isinstance(value, tuple | list):
            stack.extend(value)
        elif isinstance(value, dict):
            stack.extend(value.values())


def _of(nodes: list[Node], leaves: list[Tensor]) -> Report:
    buffers = Buffers()
    counts: Counter[tuple[str, str]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[int, Any, str, str, str]] = Counter()
    report = Report(len(nodes), len(leaves))
    for node in nodes:
        key = node.op.name, line_of(node)
        counts[key] += 1
        report.copies += _copied(node)
        if node.saved is None:
            report.freed += 1
        for name, saved in zip((*node.op.inputs, *node.op.outs, *node.op.facts), node.saved or (), strict=False):
            for array in arrays_in(saved) if saved is not None and not name.endswith("_dtype") else ():
                new = buffers.add(array)
                sizes[key] += new
                if new:
                    found[new, (array.dtype, array.shape), name, *key] += 1
    report.rows = [Row(*key, count, sizes[key]) for key, count in counts.items()]
    report.rows.sort(key=lambda row: (-row.bytes, -row.count))
    report.bytes = sum(sizes.values())
    report.largest = [
        Array(size, count, f"{dtype} {shape}", name, op, line)
        for (size, (dtype, shape), name, op, line), count in sorted(found.items(), key=lambda f: -f[0][0])[:LARGEST]
    ]
    return report


def _copied(node: Node) -> int:
    """Bytes of the value that a node keeps to be drawn."""
    return node.value.nbytes if isinstance(node.value, np.ndarray | np.generic) else 0


# -- all graphs of the process ------------------------------------------------------------------------------


def _of_all(frame: FrameType) -> Report:
    nodes, tensors = [], []
    for value in gc.get_objects():
        if type(value) is Node:
            nodes.append(value)
        elif type(value) is Tensor:
            tensors.append(value)
    nodes.sort(key=by_number)
    below = {id(source) for node in nodes for source in node.inputs if source is not None}
    report = _of(nodes, [t for t in tensors if id(t) in below])
    ends = [t for t in tensors if t.node is not None and id(t.node) not in below]
    report.roots = _holders(ends, frame)
    return report


@dataclass(frozen=True, slots=True)
class Place:
    """A variable, or what stands inside one, and the kind of container that a tensor was found in."""

    path: str
    where: str
    container: str = ""

    def __str__(self) -> str:
        kind = f", a {self.container}" if self.container else ""
        return f"`{self.path}`{kind} in {self.where}"


def _holders(ends: list[Tensor], frame: FrameType) -> list[Root]:
    """What holds the ends of graphs, and containers of any computed tensors; those of most nodes first."""
    wanted = {id(t): t for t in ends}
    groups: dict[Place | None, list[Tensor]] = {}
    for place, tensor in _reachable(frame):
        if id(tensor) in wanted or (place.container and tensor.node is not None):
            groups.setdefault(place, []).append(tensor)
            wanted.pop(id(tensor), None)
    if wanted:
        groups[None] = list(wanted.values())
    roots = []
    for where, held in groups.items():
        nodes, _ = history([t.node for t in held])
        newest: Any = max((t.node for t in held), key=by_number)
        advice = _advice(where, held, newest) if where is not None else ""
        holder = str(where or "something not found from here")
        roots.append(Root(holder, len(held), len(nodes), line_of(newest), advice))
    return sorted(roots, key=lambda root: -root.nodes)


def _advice(place: Place, held: list[Tensor], newest: Node) -> str:
    """What to write where a holder looks like one that collects graphs without need."""
    if place.container and len(held) > 1 and all(t.value.size == 1 for t in held):
        return (
            f"`{place.path}` holds {grouped(len(held))} numbers, each with its graph: append(loss.item()) keeps the "
            "number alone."
        )
    line, terms = line_of(newest), 0
    node: Any = newest
    while node is not None and node.op.name == "add" and line_of(node) == line:
        terms += 1
        node = next((s for s in node.inputs if type(s) is Node and line_of(s) == line), None)
    if terms >= GROWS and newest.shape == ():
        return (
            f"`{place.path}` has grown {grouped(terms)} times at {line}, and holds the graph of every term: "
            "total += loss.item() adds up numbers alone."
        )
    return ""


def _reachable(frame: FrameType) -> Iterator[tuple[Place, Tensor]]:
    """The tensors found from the variables of the functions that run and of their modules, and in what."""
    seen: set[int] = set()
    budget = WIDE
    for where, name, variable in _variables(frame):
        stack: list[tuple[Place, Any, int]] = [(Place(name, where), variable, 0)]
        while stack and budget:
            place, value, depth = stack.pop()
            budget -= 1
            if type(value) is Tensor:
                yield place, value
            elif depth < DEEP and id(value) not in seen and not isinstance(value, _CLOSED):
                seen.add(id(value))
                stack += [(inner, item, depth + 1) for inner, item in _contents(place, value)]


_CLOSED = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.ndarray, str, bytes)


def _contents(place: Place, value: Any) -> list[tuple[Place, Any]]:
    """What a container or an object holds, and where each is."""
    if isinstance(value, list | tuple | set | frozenset | deque):
        inner = Place(place.path, place.where, type(value).__name__)
        return [(inner, item) for item in list(value)]
    if isinstance(value, dict):
        return [(Place(f"{place.path}[{key!r}]", place.where), item) for key, item in list(value.items())]
    try:
        attributes = vars(value)
    except TypeError:
        return []
    return [(Place(f"{place.path}.{key}", place.where), item) for key, item in list(attributes.items())]


def _variables(frame: FrameType) -> Iterator[tuple[str, str, Any]]:
    """Where, what and the value of the variables of a frame, of the modules of all frames, and of outer frames."""
    frames: list[FrameType] = []
    outer: FrameType | None = frame
    while outer is not None:
        if not is_internal(outer.f_globals.get("__name__")):
            frames.append(outer)
        outer = outer.f_back
    main = vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
    modules = {id(scope): scope for scope in (frame.f_globals, main, *(outer.f_globals for outer in frames))}
    yield from _locals(frame)
    for scope in modules.values():
        yield from _tensors_first(scope.get("__name__", "a module"), scope)
    for outer in frames[1:]:
        yield from _locals(outer)


def _locals(frame: FrameType) -> list[tuple[str, str, Any]]:
    if frame.f_locals is frame.f_globals:
        return []
    found = _tensors_first(frame.f_code.co_name, frame.f_locals)
    forget_copy(frame)
    return found


def _tensors_first(where: str, scope: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """So that a tensor goes by its own variable, and not by an object that knows all variables."""
    found = [(where, name, value) for name, value in scope.items() if not name.startswith("__")]
    return sorted(found, key=lambda item: type(item[2]) is not Tensor)
