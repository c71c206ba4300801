"""A scene of a traced program: a box for each op call, leaves for its inputs and for what it reads outside."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..equations import Equation, Literal, Var
from ..op import OPS
from ..program import Program
from .fold import MOST, READABLE, REPEATS, repetitions
from .quantity import Quantity
from .scene import Item, Scene
from .words import params_text, short_line


def program_scene(program: Program, *, lines: bool = False, max_nodes: int | None = None) -> Scene:
    """Take a program down; what is returned or written is marked as a root.

    A program of more calls than `max_nodes` is folded: what repeats, and then stretches of equal length.
    """
    return _Builder(program, lines, max_nodes).build()


class _Builder:
    def __init__(self, program: Program, lines: bool, max_nodes: int | None) -> None:
        self.program, self.lines, self.max_nodes = program, lines, max_nodes
        self.key: dict[int, str] = {}  # by a variable's number
        self.items: list[Item] = []
        self.roots = {x.number for x in program.outputs if isinstance(x, Var)}
        self.roots |= {var.number for _, _, var in program.writes if var is not None}

    def build(self) -> Scene:
        program = self.program
        names = [*program.input_names, *(repr(cell) for _, cell in program.cells)]
        for var, name in zip((*program.inputs, *(var for var, _ in program.cells)), names, strict=True):
            self.key[var.number] = f"v{var.number}"
            self.items.append(Item(self.key[var.number], "input", name=name, shape=var.shape, dtype=var.dtype))
        for start, stop, period in self.segments():
            if stop - start == 1:
                self.add(start, program.equations[start])
            else:
                self.add_fold(start, list(program.equations[start:stop]), period)
        return Scene(self.items, len(program), len(names))

    def segments(self) -> list[tuple[int, int, int]]:
        """Which calls are shown one by one, and which together."""
        n = len(self.program)
        most = READABLE if self.max_nodes is None else self.max_nodes
        each = [(i, i + 1, 0) for i in range(n)]
        if n <= most:
            return each
        folded: list[tuple[int, int, int]] = []
        at = 0
        for start, stop, period in repetitions(self.numbers()):
            folded += [*each[at:start], (start, stop, period)]
            at = stop
        folded += each[at:]
        if self.max_nodes is None and n <= MOST and 2 * len(folded) > n:
            return each
        if len(folded) <= max(most, REPEATS):
            return folded
        ends = max(1, most // 4)
        middle = folded[ends:-ends]
        size = -(-len(middle) // max(1, most // 2))
        parts = [middle[i : i + size] for i in range(0, len(middle), size)]
        joined = [p[0] if len(p) == 1 else (p[0][0], p[-1][1], 0) for p in parts]
        return [*folded[:ends], *joined, *folded[-ends:]]

    def numbers(self) -> np.ndarray:
        """A number for each call, equal for those alike; those that give results are like no other."""
        known: dict[object, int] = {}
        found = []
        for i, eq in enumerate(self.program.equations):
            alike = (eq.title, eq.line, tuple(out.shape for out in eq.outputs))
            own = any(var.number in self.roots for var in eq.outputs)
            found.append(-1 - i if own else known.setdefault(alike, len(known)))
        return np.array(found, dtype=np.int64)

    def add(self, i: int, eq: Equation) -> None:
        """Add the item of one call, and those of the numbers that it is given."""
        given: list[str] = []
        for j, x in enumerate(eq.inputs):
            if isinstance(x, Literal):
                self.items.append(Item(f"c{i}.{j}", "constant", value=Quantity.of(x.value)))
                given.append(f"c{i}.{j}")
            else:
                given.append(self.key[x.number])
        op = OPS.get(eq.name)
        item = Item(f"e{i}", "op", op=eq.title, symbol=eq.title if eq.vjp or op is None else op.symbol, inputs=given)
        item.shape, item.dtype = eq.outputs[0].shape, eq.outputs[0].dtype
        item.params = params_text(eq.params, {} if op is None else op.defaults)
        item.line = short_line(eq.line) if self.lines else None
        self.close(item, [eq])

    def add_fold(self, i: int, some: list[Equation], period: int) -> None:
        """Add one item for several calls."""
        item = Item(f"f{i}", "fold", nodes=len(some), repeat=len(some) // period if period else 1)
        item.parts = Counter(eq.title for eq in some[: period or None])
        inside = {var.number for eq in some for var in eq.outputs}
        read = (x.number for eq in some for x in eq.inputs if isinstance(x, Var) and x.number not in inside)
        item.inputs = list(dict.fromkeys(self.key[number] for number in read))
        item.shape, item.dtype = some[-1].outputs[0].shape, some[-1].outputs[0].dtype
        self.close(item, some)

    def close(self, item: Item, some: list[Equation]) -> None:
        """Add an item that gives what these calls give."""
        made = [var.number for eq in some for var in eq.outputs]
        item.root = not self.roots.isdisjoint(made)
        self.key |= dict.fromkeys(made, item.key)
        self.items.append(item)
