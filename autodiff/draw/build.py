"""From a graph to a `Scene`: one walk over the nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..graph import WRITES, Node, history
from ..op import PICK
from ..tensor import Tensor
from .fold import READABLE, Segment, fold
from .frames import Frames
from .local import local_gradients
from .modules import Call, spans
from .quantity import Quantity
from .scene import Item, Kind, Scene
from .words import params_text, short_line

Source = Node | Tensor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take down of each node."""

    values: bool = True
    gradients: bool = True
    lines: bool = False
    saved: bool = False
    local: bool = False
    small: bool = False  # a tiny picture of each array
    seconds: Mapping[int, float] | None = None  # of each node, by its number
    max_nodes: int | None = None
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the graph to show, if it has a backward part at all."""

    calls: Sequence[Call] = ()
    passed: int | None = None  # nodes with larger numbers were made by a backward pass
    cut: bool = False  # show those alone, and what they read as if it were given
    names: Mapping[int, str] = field(default_factory=dict)  # by the id of a node, a leaf or a constant's array


def build(roots: Iterable[Tensor], part: Part, wanted: Wanted) -> Scene:
    """Walk the graph below the roots once and take it down."""
    return _Builder(roots, part, wanted).build()


class _Builder:
    def __init__(self, roots: Iterable[Tensor], part: Part, wanted: Wanted) -> None:
        self.root_values = {root.node or root: root.value for root in roots}
        self.part, self.wanted = part, wanted
        self.items: list[Item] = []
        self.constants: dict[int, Item] = {}
        self.key_of: dict[Source, str] = {}
        self.values: dict[Node, Any] = {}
        self.absorbed: set[Source] = set()  # leaves inside folds: they may be in several, and are no wire between them

    def build(self) -> Scene:
        nodes, leaves = history(self.root_values)
        read: list[Node] = []
        if self.part.cut and self.part.passed is not None:
            nodes, read, leaves = self._cut(nodes, self.part.passed)
        known = spans(self.part.calls, nodes)
        segments = fold(nodes, self._anchors(nodes), self.wanted.max_nodes, known, self.wanted.depth)
        self.frames = Frames(known, nodes, segments, None if self.part.cut else self.part.passed)
        inside, outside = self._place_leaves(nodes, leaves, segments)
        shown = [nodes[s.stop - 1] for s in segments if s.single or s.span is not None]
        self._find_values([*read, *shown])
        for node in read:
            self._add_read(node)
        limit = self._limit()
        for leaf in outside[:limit]:
            self._add_leaf(leaf)
        if len(outside) > limit:
            self._add_fold(Segment(0, 0), [], outside[limit:])
        for segment in segments:
            if segment.single:
                item = self._add_node(nodes[segment.start])
            else:
                item = self._add_fold(segment, nodes[segment.start : segment.stop], inside.get(segment, []))
            item.frame = self.frames.of_segment(segment)
        items = _leaves_before_users(self.items)
        scene = Scene(items, len(nodes), len(leaves), self.frames.used(items))
        scene.node_keys = {node.number: self.key_of[node] for node in nodes}
        scene.leaf_keys = {id(leaf): self.key_of[leaf] for leaf in leaves}
        return scene

    def _limit(self) -> int:
        return READABLE * 5 if self.wanted.max_nodes is None else self.wanted.max_nodes

    def _cut(self, nodes: list[Node], passed: int) -> tuple[list[Node], list[Node], list[Tensor]]:
        """The nodes of the backward pass, the forward nodes and the leaves that they read."""
        made = [node for node in nodes if node.number > passed]
        below = dict.fromkeys(source for node in made for source in node.inputs if source is not None)
        read = [s for s in below if isinstance(s, Node) and s.number <= passed]
        below |= dict.fromkeys(self.root_values)
        return made, read, [s for s in below if not isinstance(s, Node)]

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
        many = len(leaves) > self._limit()
        inside: dict[Segment, list[Tensor]] = {}
        outside = [root for root in self.root_values if type(root) is Tensor and root not in users]
        for leaf, [first, *more] in users.items():
            alone = not more and not self._name(leaf)
            modules = leaf.is_parameter and all(segment.span or segment.unit for segment in (first, *more))
            if not first.single and (many or alone or modules):
                inside.setdefault(first, []).append(leaf)
            else:
                outside.append(leaf)
                self.frames.place(leaf, [first, *more])
        return inside, outside

    def _name(self, source: Source) -> str | None:
        return source.name or self.part.names.get(id(source))

    # -- items --------------------------------------------------------------------------------------

    def _add(self, kind: Kind, source: Source | None = None, value: Any = None) -> Item:
        """Append an item with what every kind of it shows."""
        item = Item(f"{kind}{len(self.items)}", kind)
        self.items.append(item)
        if self.wanted.values and value is not None:
            item.value = Quantity.of(value, self.wanted.small)
        if source is not None:
            self.key_of[source] = item.key
            item.name, item.root = self._name(source), source in self.root_values
            item.shape, item.dtype = source.shape, source.dtype
            if self.wanted.gradients and source.grad is not None:
                item.grad = Quantity.of(source.grad.value, self.wanted.small)
        return item

    def _add_leaf(self, leaf: Tensor) -> None:
        kind: Kind = "input" if leaf.requires_grad else "constant"
        item = self._add("parameter" if leaf.is_parameter else kind, leaf, leaf.value)
        item.note = leaf.mark.reason if leaf.mark is not None else ""
        item.frame = self.frames.of_leaf(leaf)

    def _add_read(self, node: Node) -> None:
        """The item of a forward node in a picture of the backward pass alone: something given."""
        item = self._add("input", node, self.values.get(node))
        item.name = item.name or f"{node.op.name} {self._params(node)}".strip()

    def _add_constant(self, value: Any) -> Item:
        """The item of a constant; an array that several ops use is one item."""
        item = self.constants.get(id(value))
        if item is None:
            item = self._add("constant", None, value)
            item.shape, item.dtype = np.shape(value), getattr(value, "dtype", None)
            if isinstance(value, np.ndarray):
                item.name = self.part.names.get(id(value))
                self.constants[id(value)] = item
        return item

    def _add_node(self, node: Node) -> Item:
        inputs = [self._input(node, i, source) for i, source in enumerate(node.inputs)]
        item = self._add("op", node, self.values.get(node))
        item.inputs = inputs
        item.op, item.symbol = node.op.name, node.op.symbol
        item.backward = self.part.passed is not None and node.number > self.part.passed
        if node.op is PICK and type(node.inputs[0]) is Node:
            item.symbol = node.inputs[0].op.outs[node.params["index"]]
        else:
            item.params = self._params(node)
        if self.wanted.saved:
            item.saved = _bytes(node)
        if self.wanted.seconds is not None:
            item.seconds = self.wanted.seconds.get(node.number)
        if self.wanted.lines:
            item.line = short_line(node.line)
        if self.wanted.local:
            item.local = local_gradients(node, self.values, self.wanted.small)
        return item

    @staticmethod
    def _params(node: Node) -> str:
        return params_text(node.params, node.op.defaults)

    def _input(self, node: Node, i: int, source: Source | None) -> str:
        if source is not None:
            return self.key_of[source]
        value = saved_input(node, i)
        return "" if value is None else self._add_constant(value).key

    def _add_fold(self, segment: Segment, nodes: list[Node], leaves: list[Tensor]) -> Item:
        span = segment.span
        item = self._add("fold" if span is None else "module")
        item.nodes = len(nodes)
        item.leaves, item.elements = len(leaves), sum(leaf.size for leaf in leaves)
        self.key_of.update(dict.fromkeys(leaves, item.key))
        if not nodes:
            return item
        item.repeat = segment.repeats
        if span is not None:
            item.name, item.op = span.call.path, span.call.kind
            if segment.last is not None and segment.last.call.path != item.name:
                item.name += f" to {segment.last.call.path.rpartition('.')[2]}"  # "blocks.0 to 11"
            item.elements = span.call.parameters * item.repeat
        unit = nodes[: segment.period or None]
        item.parts = Counter(segment.unit or (node.op.name for node in unit))
        item.shape, item.dtype = nodes[-1].shape, nodes[-1].dtype
        item.root = not self.root_values.keys().isdisjoint(nodes)
        item.backward = self.part.passed is not None and nodes[0].number > self.part.passed
        last = nodes[-1]
        if span is not None and self.wanted.values and last in self.values:
            item.value = Quantity.of(self.values[last], self.wanted.small)
        if self.wanted.gradients and last.grad is not None:  # of what goes out
            item.grad = Quantity.of(last.grad.value, self.wanted.small)
        if self.wanted.saved:
            item.saved = sum(map(_bytes, nodes))
        if self.wanted.seconds is not None:
            item.seconds = sum(self.wanted.seconds.get(node.number, 0.0) for node in nodes)
        if self.wanted.lines:
            item.line = short_line(nodes[-1].line)
        self.key_of.update(dict.fromkeys(nodes, item.key))
        self.absorbed.update(leaves)
        below = {self.key_of[s]: None for n in nodes for s in n.inputs if s is not None and s not in self.absorbed}
        item.inputs = [key for key in below if key != item.key]
        return item

    # -- values -------------------------------------------------------------------------------------

    def _find_values(self, nodes: list[Node]) -> None:
        """Collect the nodes' values: kept, given as a root, or saved by the node or by one above."""
        if not (self.wanted.values or self.wanted.local):
            return
        for node in nodes:
            for i, source in enumerate(node.inputs):
                if type(source) is Node and source.value is None and source not in self.values:
                    value = saved_input(node, i)
                    if value is not None and not WRITES.after(node.number, value):
                        self.values[source] = value
        for node in nodes:
            value = node.value
            if value is None and not node.op.several:
                value = node.saved_arrays.get("out")
            if value is not None and not WRITES.after(node.number, value):
                self.values[node] = value
        self.values.update((k, v) for k, v in self.root_values.items() if type(k) is Node)


def saved_input(node: Node, i: int) -> Any:
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
    waiting = {item.key: item for item in items if not item.inputs and item.kind in ("input", "parameter", "constant")}
    for item in items:
        if item.kind == "fold" and not item.nodes:
            waiting[item.key] = item
    ordered: list[Item] = []
    for item in items:
        if item.key not in waiting:
            for key in item.inputs:
                if key in waiting:
                    given = waiting.pop(key)
                    if given.kind == "constant" and not given.frame:
                        given.frame = item.frame
                    ordered.append(given)
            ordered.append(item)
    return [*waiting.values(), *ordered]


def _bytes(node: Node) -> int:
    total = 0
    for saved in node.saved_arrays.values():
        for array in saved if isinstance(saved, tuple) else (saved,):
            total += getattr(array, "nbytes", 0)
    return total
