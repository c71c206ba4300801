"""From a scene to Graphviz source, in one of two styles: `circuit.py` for numbers, `cards.py` for arrays.

Wherever rows are stacked, the value is above the gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cards import Cards
from .circuit import Circuit, is_small
from .legend import legend
from .look import Look
from .scene import Scene

if TYPE_CHECKING:
    import graphviz

FONT = "Arial"  # both renderers know its widths, and most systems have it or its twin
CIRCUIT_ITEMS = 80  # a larger graph, or one of arrays, is drawn as cards
LINE = 8  # so many modules fit a slide from left to right


def digraph(scene: Scene, look: Look) -> graphviz.Digraph:
    """Draw the scene as a `graphviz.Digraph`."""
    import graphviz  # here, because `import autodiff` is to import NumPy alone

    theme = look.theme
    circuit = (look.style or _style(scene)) == "circuit"
    short = len(scene.items) <= LINE and any(item.kind == "module" for item in scene.items)
    direction = look.direction or ("LR" if circuit or short else "TB")
    shared = len({key for item in scene.items for key in item.inputs if key})
    forks = shared < sum(1 for item in scene.items for key in item.inputs if key)
    gap = "0.3" if forks or not circuit else "0.12"  # room for wires that part
    graph = graphviz.Digraph("autodiff")
    graph.attr(rankdir=direction, bgcolor=theme.background, pad="0.15", ranksep=gap, nodesep="0.15")
    size = "14" if circuit else "11"
    graph.attr("graph", fontname=FONT, fontcolor=theme.text)
    graph.attr("node", shape="plain", fontname=FONT, fontsize=size, fontcolor=theme.text, color=theme.wire)
    graph.attr("edge", color=theme.wire, arrowsize="0.7", fontname=FONT, fontsize="11")
    drawn = (Circuit if circuit else Cards)(graph, scene, look, direction)
    drawn.draw()
    if drawn.scale is not None:
        graph.attr("graph", label=f"<{legend(drawn.scale, theme)}>", labelloc="b", labeljust="l")
    return graph


def _style(scene: Scene) -> str:
    small = all(is_small(item) for item in scene.items if item.kind in ("op", "module"))
    return "circuit" if small and len(scene.items) <= CIRCUIT_ITEMS else "cards"
