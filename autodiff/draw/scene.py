"""A picture as data: what each op, leaf, constant and fold shows, before anything is drawn.

The Graphviz source, the text listing and whatever else shows a graph read a `Scene`. It holds copies
of small values and statistics of large ones, never a node or a tensor, so keeping a picture keeps
no graph alive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

import numpy as np

from ..graph import WRITES, Node, history
from ..op import PICK
from ..tensor import Tensor
from .fold import Segment, fold
from .quantity import Quantity

Kind = Literal["op", "input", "parameter", "constant", "fold"]
Source = Node | Tensor

NEUTRAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0}  # not worth a word in a picture


@dataclass(slots=True)
class Item:
    """One thing in the picture."""

    key: str
    kind: Kind
    op: str = ""
    symbol: str = ""
    name: str | None = None
    shape: Any = ()
    dtype: Any = None
    value: Quantity | None = None
    grad: Quantity | None = None
    saved: int | None = None  # bytes that the node keeps for the backward pass
    line: str | None = None
    params: str = ""
    note: str = ""  # why it has no graph
    inputs: list[str] = field(default_factory=list)  # keys; an unknown constant is the empty key
    root: bool = False
    nodes: int = 1  # in a fold
    parts: Mapping[str, int] = field(default_factory=dict)  # op names in a fold, and how many
    repeat: int = 1  # how often a fold repeats `parts`
    leaves: int = 0  # in a fold
    elements: int = 0  # of these leaves


@dataclass(slots=True)
class Scene:
    """All items in topological order, and how large the whole graph is."""

    items: list[Item]
    nodes: int
    leaves: int
    node_keys: dict[int, str] = field(default_factory=dict)  # by a node's number, the key of the item it is in
    leaf_keys: dict[int, str] = field(default_factory=dict)  # by a leaf's id

    @property
    def folded(self) -> bool:
        """Whether some nodes are not shown one by one."""
        return any(item.kind == "fold" for item in self.items)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take down of each node."""

    values: bool = True
    gradients: bool = True
    lines: bool = False
    saved: bool = False
    max_nodes: int = 300


def build(roots: Iterable[Tensor], names: Mapping[int, str], wanted: Wanted) -> Scene:
    """Walk the graph below the roots once and take it down.

    `names` has a name for the id of a node, a leaf, or a constant's array.
    """
    return _Builder(roots, names, wanted).build()


class _Builder:
    def __init__(self, roots: Iterable[Tensor], names: Mapping[int, str], wanted: Wanted) -> None:
        self.root_values = {root.node or root: root.value for root in roots}
        self.names, self.wanted = names, wanted
        self.items: list[Item] = []
        self.constants: dict[int, Item] = {}
        self.key_of: dict[Source, str] = {}
        self.values: dict[Node, Any] = {}

    def build(self) -> Scene:
        nodes, leaves = history(self.root_values)
        segments = fold(nodes, self._anchors(nodes), self.wanted.max_nodes)
        inside, outside = self._place_leaves(nodes, leaves, segments)
        self._find_values([nodes[s.start] for s in segments if s.single])
        limit = self.wanted.max_nodes
        for leaf in outside[:limit]:
            self._add_leaf(leaf)
        if len(outside) > limit:
            self._add_fold([], 0, outside[limit:])
        for segment in segments:
            if segment.single:
                self._add_node(nodes[segment.start])
            else:
                some = nodes[segment.start : segment.stop]
                self._add_fold(some, segment.period, inside.get(segment, []))
        scene = Scene(_leaves_before_users(self.items), len(nodes), len(leaves))
        scene.node_keys = {node.number: self.key_of[node] for node in nodes}
        scene.leaf_keys = {id(leaf): self.key_of[leaf] for leaf in leaves}
        return scene

    # -- what is shown by itself --------------------------------------------------------------------

    def _anchors(self, nodes: list[Node]) -> set[int]:
        """Places of the nodes that are not to disappear in a repetition."""
        n = len(nodes)
        ends = {*range(min(3, n)), *range(max(0, n - 3), n)}
        marked = {i for i, node in enumerate(nodes) if node in self.root_values or self._name(node)}
        return ends | marked if len(marked) <= 30 else ends

    def _place_leaves(
        self, nodes: list[Node], leaves: list[Tensor], segments: list[Segment]
    ) -> tuple[dict[Segment, list[Tensor]], list[Tensor]]:
        """Say which leaves go into which fold, and which are shown, in the order of their use."""
        users: dict[Tensor, list[Segment]] = {}
        for segment in segments:
            for node in nodes[segment.start : segment.stop]:
                for source in node.inputs:
                    if source is not None and not isinstance(source, Node):
                        known = users.setdefault(source, [])
                        if not known or known[-1] is not segment:
                            known.append(segment)
        many = len(leaves) > self.wanted.max_nodes
        inside: dict[Segment, list[Tensor]] = {}
        outside = [leaf for leaf in leaves if leaf not in users]
        for leaf, [first, *more] in users.items():
            if not first.single and (many or not (more or self._name(leaf))):
                inside.setdefault(first, []).append(leaf)
            else:
                outside.append(leaf)
        return inside, outside

    def _name(self, source: Source) -> str | None:
        return source.name or self.names.get(id(source))

    # -- items --------------------------------------------------------------------------------------

    def _add(self, kind: Kind, source: Source | None = None, value: Any = None) -> Item:
        """Append an item with what every kind of it shows."""
        item = Item(f"{kind}{len(self.items)}", kind)
        self.items.append(item)
        if self.wanted.values and value is not None:
            item.value = Quantity.of(value)
        if source is not None:
            self.key_of[source] = item.key
            item.name, item.root = self._name(source), source in self.root_values
            item.shape, item.dtype = source.shape, source.dtype
            if self.wanted.gradients and source.grad is not None:
                item.grad = Quantity.of(source.grad.value)
        return item

    def _add_leaf(self, leaf: Tensor) -> None:
        kind: Kind = "input" if leaf.requires_grad else "constant"
        item = self._add("parameter" if leaf.is_parameter else kind, leaf, leaf.value)
        item.note = leaf.mark.reason if leaf.mark is not None else ""

    def _add_constant(self, value: Any) -> Item:
        """The item of a constant; an array that several ops use is one item."""
        item = self.constants.get(id(value))
        if item is None:
            item = self._add("constant", None, value)
            item.shape, item.dtype = np.shape(value), getattr(value, "dtype", None)
            if isinstance(value, np.ndarray):
                item.name = self.names.get(id(value))
                self.constants[id(value)] = item
        return item

    def _add_node(self, node: Node) -> None:
        inputs = [self._input(node, i, source) for i, source in enumerate(node.inputs)]
        item = self._add("op", node, self.values.get(node))
        item.inputs = inputs
        item.op, item.symbol = node.op.name, node.op.symbol
        if node.op is PICK and type(node.inputs[0]) is Node:
            item.symbol = node.inputs[0].op.outs[node.params["index"]]
        else:
            item.params = _params(node.params)
        if self.wanted.saved:
            item.saved = _bytes(node)
        if self.wanted.lines:
            item.line = short_line(node.line)

    def _input(self, node: Node, i: int, source: Source | None) -> str:
        if source is not None:
            return self.key_of[source]
        value = _saved_input(node, i)
        return "" if value is None else self._add_constant(value).key

    def _add_fold(self, nodes: list[Node], period: int, leaves: list[Tensor]) -> None:
        item = self._add("fold")
        item.nodes = len(nodes)
        item.leaves, item.elements = len(leaves), sum(leaf.size for leaf in leaves)
        self.key_of.update(dict.fromkeys(leaves, item.key))
        if not nodes:
            return
        item.repeat = len(nodes) // period if period else 1
        item.parts = Counter(node.op.name for node in nodes[: period or None])
        item.shape, item.dtype = nodes[-1].shape, nodes[-1].dtype
        item.root = not self.root_values.keys().isdisjoint(nodes)
        if self.wanted.saved:
            item.saved = sum(map(_bytes, nodes))
        if self.wanted.lines:
            item.line = short_line(nodes[-1].line)
        self.key_of.update(dict.fromkeys(nodes, item.key))
        below = {self.key_of[source]: None for n in nodes for source in n.inputs if source is not None}
        item.inputs = [key for key in below if key != item.key]

    # -- values -------------------------------------------------------------------------------------

    def _find_values(self, nodes: list[Node]) -> None:
        """Collect the nodes' values: kept, given as a root, or saved by the node or by one above."""
        if not self.wanted.values:
            return
        for node in nodes:
            for i, source in enumerate(node.inputs):
                if type(source) is Node and source.value is None and source not in self.values:
                    value = _saved_input(node, i)
                    if value is not None and not WRITES.after(node.number, value):
                        self.values[source] = value
        for node in nodes:
            value = node.value
            if value is None and not node.op.several:
                value = node.saved_arrays.get("out")
            if value is not None and not WRITES.after(node.number, value):
                self.values[node] = value
        self.values.update((k, v) for k, v in self.root_values.items() if type(k) is Node)


def _saved_input(node: Node, i: int) -> Any:
    """The array of input i, where the node still keeps it."""
    op = node.op
    last = len(op.inputs) - 1
    if not node.saved or last < 0:
        return None
    value = node.saved[min(i, last)]
    if op.variadic and i >= last:
        value = value[i - last] if isinstance(value, tuple) else None
    return value


def _leaves_before_users(items: list[Item]) -> list[Item]:
    """Order the items so that a leaf or constant stands right before its first user."""
    waiting = {item.key: item for item in items if not item.inputs and item.kind != "op"}
    ordered: list[Item] = []
    for item in items:
        if item.key not in waiting:
            ordered += [waiting.pop(key) for key in item.inputs if key in waiting]
            ordered.append(item)
    return [*waiting.values(), *ordered]


def _bytes(node: Node) -> int:
    total = 0
    for saved in node.saved_arrays.values():
        for array in saved if isinstance(saved, tuple) else (saved,):
            total += getattr(array, "nbytes", 0)
    return total


def _params(params: dict[str, Any]) -> str:
    """Write an op's keyword parameters, leaving out what changes nothing."""
    found = []
    for key, value in params.items():
        if value is None or value is False or value == (NEUTRAL.get(key),) * 2 or value == NEUTRAL.get(key):
            continue
        text = _slices(value) if key == "index" else str(value)
        found.append(f"{key}={text}" if len(text) <= 24 else f"{key}=...")
    return ", ".join(found)


def _slices(index: Any) -> str:
    """Write an index as in source code; slices are kept as ("slice", start, stop, step)."""

    def one(part: Any) -> str:
        if isinstance(part, tuple) and len(part) == 4 and part[0] == "slice":
            start, stop, step = ("" if p is None else str(p) for p in part[1:])
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return "..." if part is Ellipsis else str(part)

    parts = index if isinstance(index, tuple) and index[:1] != ("slice",) else (index,)
    return f"[{', '.join(map(one, parts))}]"


def short_line(line: tuple[str, int]) -> str:
    """Write a source line by the file's name alone; a notebook's cell has no name worth showing.

    >>> short_line(("/somewhere/train.py", 12)), short_line(("/tmp/ipykernel_7/123.py", 3))
    ('train.py:12', 'cell:3')
    """
    path = PurePath(line[0])
    name = "cell" if path.parent.name.startswith("ipykernel_") else path.name
    return f"{name}:{line[1]}"
