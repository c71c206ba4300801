"""Writes behind the graph's back: into the ndarray of a saved value, where no Tensor sees it."""

from __future__ import annotations

from types import FrameType
from typing import Any

import numpy as np

from ..draw.look import grouped
from ..graph import Node, format_line
from ..tensor import Tensor
from .text import at_line, count_of, number, op_text, place, span


class Snapshot:
    """The bytes of a saved array when it was saved."""

    __slots__ = ("__weakref__", "array", "changed", "data", "last")

    def __init__(self, array: Any, line: Line) -> None:
        self.array, self.data = array, array.tobytes()
        self.last = line  # the last op that found it as it was
        self.changed: Line | None = None  # the first that did not

    def intact(self, line: Line | None) -> bool:
        """Whether the array still holds what was saved; remembers what it finds."""
        if self.changed is None and self.array.tobytes() == self.data:
            self.last = line or self.last
            return True
        self.changed = self.changed or line
        return False

    def difference(self) -> str:
        """Say what has changed."""
        old = np.frombuffer(self.data, self.array.dtype).reshape(self.array.shape)
        differs = (old != self.array) & ~((old != old) & (self.array != self.array))
        if not differs.any():
            return "it was changed and changed back"
        index = tuple(map(int, np.unravel_index(int(differs.argmax()), differs.shape)))
        count = count_of(int(differs.sum()), differs.size, "elements")
        return f"element {place(index)} was {number(old[index])} and is {number(self.array[index])} ({count} differ)"


class Line:
    """An op that ran, and from where."""

    __slots__ = ("code", "lasti", "op")

    def __init__(self, op: str, frame: FrameType) -> None:
        self.op, self.code, self.lasti = op, frame.f_code, frame.f_lasti

    def __str__(self) -> str:
        return f"op '{self.op}' at {at_line(self.code, self.lasti)}"


def written(node: Node, name: str, snapshot: Snapshot) -> str:
    """Say which saved array was written behind the graph's back, and when as far as is known."""
    op = node.op
    i = op.inputs.index(name) if name in op.inputs else -1
    leaf = node.inputs[i] if 0 <= i < len(node.inputs) and type(node.inputs[i]) is Tensor else None
    users = f" of `{leaf.name}`" if leaf is not None and leaf.name else ""
    head = (
        f"{op_text(op)} at {format_line(node.line)} kept {name!r}{users} for its rule, and something has written "
        f"into that array since: {snapshot.difference()}. The gradient would be wrong."
    )
    if snapshot.changed is not None:
        when = f"It happened between {snapshot.last} and {snapshot.changed}."
    else:
        when = f'It happened after {snapshot.last}; debug(writes="each") says between which two ops.'
    size = f"The array: {span(snapshot.array)}; {grouped(snapshot.array.nbytes)} bytes."
    fix = (
        "Fix: the write went to the ndarray itself (asarray(a), t.numpy() and views share memory, Tensor(a) copies). "
        "Write after backward(), or into a copy."
    )
    return "\n".join([head, f"    {size}", when, fix])
