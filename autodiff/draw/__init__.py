"""Pictures of the graph.

    draw(loss)                   shows itself in a notebook
    draw(loss).save("loss.svg")  or .png, .pdf, .dot
    print(draw(loss))            a listing for terminals
    draw(model, x)               the modules that a call of a model goes through

`build.py` takes the graph down as data, a `Scene` (`fold.py` folds large ones, `modules.py` knows which module an op
was called in); `source.py` turns that into Graphviz source, in the style of `cards.py` or `circuit.py`, and `text.py`
into a listing; `render.py` finds a program that draws it, and `svg.py` makes that ready for pages. The first picture
imports these files: what they need of the standard library takes a third as long to import as NumPy.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..program import Program
from .names import Named, given_names, variable_names

if TYPE_CHECKING:
    from .modules import watch_modules
    from .picture import Picture
else:

    def __getattr__(name):
        """Import `Picture` and `watch_modules` when they are asked for."""
        if name == "Picture":
            from .picture import Picture

            return Picture
        if name == "watch_modules":
            from .modules import watch_modules

            return watch_modules
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = ["Picture", "draw", "watch_modules"]


def draw(
    *roots: Any,
    direction: Literal["LR", "TB"] | None = None,
    style: Literal["circuit", "cards"] | None = None,
    theme: Literal["light", "dark", "print"] = "light",
    graph: Literal["forward", "backward", "both"] = "forward",
    values: bool = True,
    gradients: bool = True,
    shapes: bool = True,
    dtypes: bool | None = None,
    lines: bool = False,
    saved: bool = False,
    edges: bool = False,
    thumbnails: bool | None = None,
    color: Literal["gradient", "value", "time", "bytes"] | None = None,
    profile: Any = None,
    names: bool | Named = True,
    backward: bool = False,
    modules: Any = None,
    depth: int | None = None,
    max_nodes: int | None = None,
) -> Picture:
    """Draw the graph that tensors were computed by, with values above and gradients below the wires.

    It can be drawn before and after `backward()`. Values are shown where the graph has them: of leaves,
    of nodes up to 16 elements, of whatever the backward pass still needs, and all under `keep_values()`.
    Gradients are those of leaves, and of other tensors after `retain_grad()` or under `keep_values()`.

    Args:
        roots: tensors, or lists, tuples and dicts of tensors, nested as a module returns them; or a module or function
            and the arguments to call it with (a module in evaluation mode); or a traced program.
        direction: "LR", left to right, or "TB", top to bottom. Circuits go right, cards down.
        style: "circuit", the lecture's gates and wires, or "cards", one box with rows for each op. By default
            a small graph of numbers is a circuit.
        theme: "light", "dark", or "print", which needs no colours.
        graph: "forward", the graph itself; "backward", that of its backward pass, as `create_graph=True` records it;
            or "both".
        values: show values, small ones in full and large ones as mean ± deviation, smallest to largest.
        gradients: show gradients, likewise.
        shapes: show shapes and dtypes.
        dtypes: True shows every dtype, False none; by default all but a scalar's float64.
        lines: show the line of your code that called each op.
        saved: show the bytes that each op keeps for the backward pass.
        edges: label each wire with the local gradient, and with incoming × local = outgoing where all are known.
        thumbnails: a tiny histogram of each large array, or heat map of each matrix. By default in small pictures.
        color: what the colours of boxes measure, with a legend: the norm of the gradient, the size of the values, the
            time (needs `profile`), the bytes kept for the backward pass.
        profile: a mapping from node numbers to seconds, or an object that has it as `node_seconds`.
        names: True names tensors after the caller's variables ("x", "model.0.weight"), False only by their
            own `.name`; a mapping or pairs add names to those. A tensor's own name comes first.
        backward: of a module or function: run a backward pass from the sum of its results, and show all values and
            gradients. The `.grad` of parameters is left as it was.
        modules: what `autodiff.watch_modules(model)` took down of the modules' calls; of a function, the model that it
            calls. Modules are frames, or one box where the graph is large.
        depth: which modules are boxes: those inside of so many others, and all that call none.
        max_nodes: a graph of more ops is folded: repetitions first, then whole stretches. By default as it is readable.

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
    _check("direction", direction, ("LR", "TB", None))
    _check("style", style, ("circuit", "cards", None))
    _check("theme", theme, ("light", "dark", "print"))
    _check("graph", graph, ("forward", "backward", "both"))
    _check("color", color, ("gradient", "value", "time", "bytes", None))
    if max_nodes is not None and max_nodes < 1:
        raise ValueError(f"max_nodes is at least 1, not {max_nodes}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is at least 0, the model as one box; not {depth}")
    from .build import Wanted, build
    from .look import Look
    from .picture import Picture
    from .roots import Given, flatten, with_backward

    look = Look(direction, style, shapes, dtypes, theme, color, thumbnails, edges)
    if len(roots) == 1 and type(roots[0]) is Program:
        from .programs import program_scene

        return Picture(program_scene(roots[0], lines=lines, max_nodes=max_nodes), look)
    seconds = None if profile is None else getattr(profile, "node_seconds", profile)
    if not isinstance(seconds, Mapping | None):
        raise TypeError(
            f"profile= is a mapping from node numbers to seconds, or has one as node_seconds; got {profile!r}"
        )
    if color == "time" and seconds is None:
        raise ValueError('color="time" needs profile=, which knows the times')
    kept = saved or color == "bytes"
    wanted = Wanted(values, gradients, lines, kept, edges, thumbnails is not False, seconds, max_nodes, depth)
    with Given(roots, modules, backward) as (given, calls, known):
        tensors, more = flatten(given)
        known |= more
        if names is not False:
            known = known | variable_names(sys._getframe(1)) | more
            if names is not True:
                known |= given_names(names)
        tensors, part = with_backward(tensors, graph, known, calls)
        return Picture(build(tensors, part, wanted), look)


def _check(name: str, value: Any, known: tuple[Any, ...]) -> None:
    if value not in known:
        words = [repr(k) for k in known if k is not None]
        raise ValueError(f"{name} is {', '.join(words[:-1])} or {words[-1]}, not {value!r}")
