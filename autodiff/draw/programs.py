"""A scene of a traced program: a box for each op call, leaves for its inputs and for what it reads outside."""

from __future__ import annotations

from pathlib import Path

from ..equations import Literal, Var
from ..op import OPS
from ..program import Program
from .quantity import Quantity
from .scene import Item, Scene

LIMIT = 1000  # op calls; a longer program is read as a listing


def program_scene(program: Program, *, lines: bool = False) -> Scene:
    """Take a program down; what is returned or written is marked as a root.

    Raises ValueError for a program too long to be looked at.
    """
    if len(program) > LIMIT:
        raise ValueError(f"this program has {len(program)} op calls; print(program) lists them")
    key: dict[int, str] = {}
    items: list[Item] = []
    names = [*program.input_names, *(repr(cell) for _, cell in program.cells)]
    for var, name in zip((*program.inputs, *(var for var, _ in program.cells)), names, strict=True):
        key[var.number] = f"v{var.number}"
        items.append(Item(key[var.number], "input", name=name, shape=var.shape, dtype=var.dtype))
    roots = {x.number for x in program.outputs if isinstance(x, Var)}
    roots |= {var.number for _, _, var in program.writes if var is not None}
    for i, eq in enumerate(program.equations):
        given: list[str] = []
        for j, x in enumerate(eq.inputs):
            if isinstance(x, Literal):
                items.append(Item(f"c{i}.{j}", "constant", value=Quantity.of(x.value)))
                given.append(f"c{i}.{j}")
            else:
                given.append(key[x.number])
        item = Item(f"e{i}", "op", op=eq.title, symbol=eq.title if eq.vjp else OPS[eq.name].symbol, inputs=given)
        item.shape, item.dtype = eq.outputs[0].shape, eq.outputs[0].dtype
        item.params = ", ".join(f"{name}={value!r}" for name, value in eq.params.items())[:60]
        item.line = f"{Path(eq.line[0]).name}:{eq.line[1]}" if lines else None
        item.root = any(var.number in roots for var in eq.outputs)
        key |= {var.number: item.key for var in eq.outputs}
        items.append(item)
    return Scene(items, len(program), len(names))
