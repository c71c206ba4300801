"""Pictures of the graph.

    draw(loss)                   shows itself in a notebook
    draw(loss).save("loss.svg")  or .png, .pdf, .dot
    print(draw(loss))            a listing for terminals

`scene.py` takes the graph down as data (`fold.py` folds large ones), `source.py` turns that into Graphviz
source and `text.py` into a listing, `render.py` finds a program that draws it. The first picture imports
these files: what they need of the standard library takes a third as long to import as NumPy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal

from ..program import Program
from ..tensor import Tensor
from .names import Named, given_names, variable_names

if TYPE_CHECKING:
    from .picture import Picture
else:

    def __getattr__(name):
        """Import `Picture` when it is asked for."""
        if name != "Picture":
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        from .picture import Picture

        return Picture


__all__ = ["Picture", "draw"]


def draw(
    *roots: Any,
    direction: Literal["LR", "TB"] | None = None,
    style: Literal["circuit", "cards"] | None = None,
    values: bool = True,
    gradients: bool = True,
    shapes: bool = True,
    dtypes: bool | None = None,
    lines: bool = False,
    saved: bool = False,
    names: bool | Named = True,
    max_nodes: int = 300,
) -> Picture:
    """Draw the graph that tensors were computed by, with values above and gradients below the wires.

    It can be drawn before and after `backward()`. Values are shown where the graph has them: of leaves,
    of nodes up to 16 elements, of whatever the backward pass still needs, and all under `keep_values()`.
    Gradients are those of leaves, and of other tensors after `retain_grad()` or under `keep_values()`.

    Args:
        roots: tensors, or lists, tuples and dicts of tensors, nested as a module returns them; or a traced program.
        direction: "LR", left to right, or "TB", top to bottom. Circuits go right, cards down.
        style: "circuit", the lecture's gates and wires, or "cards", one box with rows for each op. By default
            a small graph of numbers is a circuit.
        values: show values, small ones in full and large ones as mean ± deviation, smallest to largest.
        gradients: show gradients, likewise.
        shapes: show shapes and dtypes.
        dtypes: True shows every dtype, False none; by default all but a scalar's float64.
        lines: show the line of your code that called each op.
        saved: show the bytes that each op keeps for the backward pass.
        names: True names tensors after the caller's variables ("x", "model.0.weight"), False only by their
            own `.name`; a mapping or pairs add names to those. A tensor's own name comes first.
        max_nodes: a graph of more ops is folded: repetitions first, then whole stretches.

    Raises TypeError for roots that are no tensors, ValueError for none, or for an unknown option.

    >>> import autodiff as ad
    >>> x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    >>> f = (x + y) * z
    >>> f.backward()
    >>> draw(f)
    x = input         # value=-2  grad=-4
    y = input         # value=5  grad=-4
    %3 = add(x, y)    # value=3
    z = input         # value=-4  grad=3
    f = mul(%3, z)    # value=-12
    """
    if direction not in (None, "LR", "TB"):
        raise ValueError(f"direction is 'LR' or 'TB', not {direction!r}")
    if style not in (None, "circuit", "cards"):
        raise ValueError(f"style is 'circuit' or 'cards', not {style!r}")
    if max_nodes < 1:
        raise ValueError(f"max_nodes is at least 1, not {max_nodes}")
    from .look import Look
    from .picture import Picture
    from .scene import Wanted, build

    look = Look(direction, style, shapes, dtypes)
    if len(roots) == 1 and type(roots[0]) is Program:
        from .programs import program_scene

        return Picture(program_scene(roots[0], lines=lines), look)
    tensors, known = _flatten(roots)
    if names is not False:
        known = variable_names(sys._getframe(1)) | known
        if names is not True:
            known |= given_names(names)
    scene = build(tensors, known, Wanted(values, gradients, lines, saved, max_nodes))
    return Picture(scene, look)


def _flatten(roots: tuple[Any, ...]) -> tuple[list[Tensor], dict[int, str]]:
    """Return the tensors in nested lists, tuples and dicts, and the names that dicts give them."""
    tensors: list[Tensor] = []
    named: list[tuple[str, Tensor]] = []
    stack: list[tuple[str, Any]] = [("", root) for root in reversed(roots)]
    while stack:
        path, value = stack.pop()
        if type(value) is Tensor:
            tensors.append(value)
            if path:
                named.append((path, value))
        elif isinstance(value, dict):
            stack += [(f"{path}.{key}" if path else str(key), v) for key, v in reversed(value.items())]
        elif isinstance(value, list | tuple):
            stack += [(f"{path}.{i}" if path else "", v) for i, v in reversed([*enumerate(value)])]
        else:
            raise TypeError(
                f"draw() takes tensors, or lists, tuples and dicts of them; got {type(value).__name__}. "
                "Of a module, draw what it returns: draw(model(x))."
            )
    if not tensors:
        raise ValueError("there is nothing to draw: no tensor was given")
    return tensors, given_names(named)
