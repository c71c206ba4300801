"""The places of a graph, where a value stands above the wire and a gradient below: what each is called and holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..draw.look import printable
from ..draw.quantity import number
from ..draw.words import short_line
from ..graph import WRITES, Node
from ..op import Op
from ..tensor import Tensor
from .record import Vault


@dataclass(slots=True, eq=False)
class Place:
    """What computed a tensor, or a leaf."""

    name: str
    shape: Any
    dtype: Any
    value: Any = None  # a read-only copy; None where the graph has not kept it
    op: Op | None = None  # None for a leaf
    params: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[Place | None, ...] = ()
    constants: tuple[Any, ...] = ()  # for each input that is no place its value, as far as it is known
    called: tuple[str, ...] = ()  # and what the user's variables call it
    line: tuple[str, int] | None = None
    given: bool = False  # whether the name is the user's
    number: int = 0  # the node's number on the clock of the process; 0 for a leaf
    leaf: int = 0  # the leaf's id

    @property
    def where(self) -> str:
        """The line of the user's code."""
        return short_line(self.line) if self.line is not None else ""

    def operand(self, slot: int) -> str:
        """What an input is called: by its name, or by its value where it is a number."""
        place = self.inputs[slot]
        if place is not None:
            return place.name
        value = self.constants[slot]
        if self.called[slot]:
            return self.called[slot]
        if value is None:
            return "const"
        if np.ndim(value):
            return f"const{tuple(np.shape(value))}".replace(" ", "")
        return number(value) if isinstance(value, int | float | complex | np.generic) else "const"


def make_places(
    nodes: Sequence[Node],
    leaves: Sequence[Tensor],
    roots: Mapping[Any, Any],
    names: Mapping[int, str],
    vault: Vault,
    again: bool = False,
) -> dict[Any, Place]:
    """Return the place of each node and leaf; `roots` has the values of the tensors that the pass starts from.

    With `again`, values that the graph has not kept are computed again, where all that goes into them is known.
    """
    values = _values(nodes, roots)
    places: dict[Any, Place] = {}
    labels = _Names(names)
    sources: list[Any] = [*leaves, *nodes]
    for source in sorted(sources, key=_age(nodes)):
        if type(source) is Node:
            given = [None if s is not None else saved_input(source, i) for i, s in enumerate(source.inputs)]
            places[source] = Place(
                "", source.shape, source.dtype, vault.keep_now(values.get(source)), source.op, source.params,
                tuple([None if s is None else places[s] for s in source.inputs]), tuple(map(vault.keep, given)),
                tuple([printable(names.get(id(v), "")) if isinstance(v, np.ndarray) else "" for v in given]),
                source.line, number=source.number,
            )  # fmt: skip
            if again and places[source].value is None:
                places[source].value = vault.keep_now(_computed(source, places[source]))
        else:
            places[source] = Place("", source.shape, source.dtype, vault.keep_now(source.value), leaf=id(source))
    for source in roots:
        labels.reserve(source, places[source], "L" if len(roots) == 1 else None)
    for source, place in places.items():
        labels.reserve(source, place)
    for place in places.values():
        labels.finish(place)
        _solve(place)
    return places


def _age(nodes: Sequence[Node]) -> Any:
    """A sort key that puts each leaf right before the first node that reads it."""
    first: dict[Any, tuple[int, int, int]] = {}
    for node in nodes:
        for slot, source in enumerate(node.inputs):
            if source is not None:
                first.setdefault(source, (node.number, 0, slot))
    return lambda source: (source.number, 1, 0) if type(source) is Node else first.get(source, (0, 0, 0))


class _Names:
    """Hands out names: a tensor's own, else what the caller's variables call it, else v1, v2, ..."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names, self.taken, self.count = names, set[str](), 0

    def reserve(self, source: Any, place: Place, default: str | None = None) -> None:
        """Give a place the user's name, with a number behind it where another has that name."""
        name = source.name or self.names.get(id(source)) or default
        if name and not place.name:
            place.given, unique, n = name != default, printable(name), 1
            while unique in self.taken:
                n += 1
                unique = f"{printable(name)}_{n}"
            place.name = unique
            self.taken.add(unique)

    def finish(self, place: Place) -> None:
        """Give a place that has none a name of ours."""
        while not place.name:
            self.count += 1
            name = f"v{self.count}"
            place.name = "" if name in self.taken else name


def saved_input(node: Node, slot: int) -> Any:
    """The array of an input, where the node still keeps it."""
    op, last = node.op, len(node.op.inputs) - 1
    if not node.saved or last < 0:
        return None
    value = node.saved[min(slot, last)]
    if op.variadic and slot >= last:
        value = value[slot - last] if isinstance(value, tuple) and slot - last < len(value) else None
    return value if isinstance(value, np.ndarray | np.generic | int | float | complex) else None


def _values(nodes: Sequence[Node], roots: Mapping[Any, Any]) -> dict[Any, Any]:
    """The values that the graph has: kept by a node, saved by it or by one that reads it, or a root's."""
    found: dict[Any, Any] = {}
    for node in nodes:
        for slot, source in enumerate(node.inputs):
            if type(source) is Node and source.value is None and source not in found:
                value = saved_input(node, slot)
                if value is not None and np.shape(value) == source.shape and not WRITES.after(node.number, value):
                    found[source] = value
        value = node.value
        if value is None and not node.op.several:
            value = node.saved_arrays.get("out")
        if value is not None and not WRITES.after(node.number, value):
            found[node] = value
    return found | {source: value for source, value in roots.items() if type(source) is Node}


def _computed(node: Node, place: Place) -> Any:
    """The value of an op whose inputs are known, by running its forward once more; None where it is not to be had."""
    op = node.op
    if op.several or op.kind in ("random", "opaque"):
        return None
    given = [p.value if p is not None else c for p, c in zip(place.inputs, place.constants, strict=True)]
    leaves = [source for source in node.inputs if isinstance(source, Tensor)]
    if any(x is None for x in given) or any(WRITES.after(node.number, leaf.value) for leaf in leaves):
        return None
    with np.errstate(all="ignore"):
        out = op.forward(*given, **node.params)
    value = np.asarray(out[0] if op.vjp is not None else out)[()]
    return value if value.shape == node.shape and value.dtype == node.dtype else None


def _solve(place: Place) -> None:
    """Find the constant of a sum, difference or quotient of numbers, which no rule needs and no graph keeps.

    It is taken only where the numbers of six digits on both sides of it would give another result.
    """
    op, out = place.op, place.value
    if op is None or op.name not in ("add", "sub", "div") or out is None or np.size(out) != 1 or out.dtype.kind != "f":
        return
    missing = [i for i, source in enumerate(place.inputs) if source is None and place.constants[i] is None]
    if len(missing) != 1:
        return
    (slot,) = missing
    other = place.inputs[1 - slot]
    x = other.value if other is not None else place.constants[1 - slot]
    if x is None or np.size(x) != 1 or (op.name == "div" and slot == 1):
        return
    x, out = np.asarray(x).reshape(-1)[0], out.reshape(-1)[0]

    def gives(c: Any) -> bool:
        return bool(op.forward(*((c, x) if slot == 0 else (x, c))) == out)

    with np.errstate(all="ignore"):
        guess = {"add": out - x, "sub": x - out if slot else out + x, "div": out * x}[op.name]
        for digits in (6, 12, 17):
            c = type(out)(f"{guess:.{digits}g}")
            near = [c * type(out)(1 + 1e-6), c * type(out)(1 - 1e-6)]
            if c != 0 and np.isfinite(c) and gives(c) and not any(map(gives, near)):
                place.constants = tuple([c if i == slot else old for i, old in enumerate(place.constants)])
                return
