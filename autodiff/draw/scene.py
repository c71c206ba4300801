"""A picture as data: what each op, leaf, constant, module and fold shows, before anything is drawn.

The Graphviz source, the text listing and whatever else shows a graph read a `Scene`. It holds copies
of small values and statistics of large ones, never a node or a tensor, so keeping a picture keeps
no graph alive. `build.py` takes a graph down as a scene, `programs.py` a traced program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .quantity import Quantity

Kind = Literal["op", "input", "parameter", "constant", "module", "fold"]


@dataclass(slots=True)
class Item:
    """One thing in the picture."""

    key: str
    kind: Kind
    op: str = ""  # of a module the name of its class
    symbol: str = ""
    name: str | None = None
    shape: Any = ()
    dtype: Any = None
    value: Quantity | None = None
    grad: Quantity | None = None
    saved: int | None = None  # bytes that the node keeps for the backward pass
    seconds: float | None = None  # from a profile
    line: str | None = None
    params: str = ""
    note: str = ""  # why it has no graph
    inputs: list[str] = field(default_factory=list)  # keys; an unknown constant is the empty key
    local: list[Quantity | None] = field(default_factory=list)  # d(this op)/d(each input), where asked for
    root: bool = False
    backward: bool = False  # made by a backward pass
    frame: str = ""  # the key of the frame around it
    nodes: int = 1  # in a fold or module
    parts: Mapping[str, int] = field(default_factory=dict)  # op names in a fold, and how many
    repeat: int = 1  # how often a fold repeats `parts`, or how many modules like this follow each other
    leaves: int = 0  # in a fold or module
    elements: int = 0  # of these leaves


@dataclass(slots=True)
class Frame:
    """What is drawn around the items of a module, or of a backward pass."""

    key: str
    name: str
    kind: str
    parent: str = ""  # the key of the frame around it


@dataclass(slots=True)
class Scene:
    """All items in topological order, and how large the whole graph is."""

    items: list[Item]
    nodes: int
    leaves: int
    frames: list[Frame] = field(default_factory=list)  # parents first
    node_keys: dict[int, str] = field(default_factory=dict)  # by a node's number, the key of the item it is in
    leaf_keys: dict[int, str] = field(default_factory=dict)  # by a leaf's id

    @property
    def folded(self) -> bool:
        """Whether some nodes are not shown one by one."""
        return any(item.kind in ("fold", "module") for item in self.items)
