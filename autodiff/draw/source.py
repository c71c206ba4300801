"""From a scene to Graphviz source, in one of two styles.

`circuit` is the lecture's: an op is a gate, and on the wire that leaves it the value stands above and the
gradient below. `cards` is for arrays: one box for each op, with rows. Wherever rows are stacked,
the value is above the gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .look import (
    EDGE,
    FAINT,
    FILL,
    GRADIENT,
    TEXT,
    VALUE,
    WIRE,
    Look,
    bytes_text,
    escaped,
    fold_text,
    grouped,
    kind_text,
    printable,
    symbol,
)
from .quantity import Quantity
from .scene import Item, Scene

if TYPE_CHECKING:
    import graphviz

FONT = "Arial"  # both renderers know its widths, and most systems have it or its twin
CIRCUIT_ITEMS = 80  # a larger graph, or one of arrays, is drawn as cards
SIDE = "&#160;"  # keeps text clear of a box's round corners
CHARACTER = 8.5  # points, a little more than a digit of 14 points is wide


def digraph(scene: Scene, look: Look) -> graphviz.Digraph:
    """Draw the scene as a `graphviz.Digraph`."""
    import graphviz  # here, because `import autodiff` is to import NumPy alone

    circuit = (look.style or _style(scene)) == "circuit"
    direction = look.direction or ("LR" if circuit else "TB")
    shared = len({key for item in scene.items for key in item.inputs if key})
    forks = shared < sum(1 for item in scene.items for key in item.inputs if key)
    gap = "0.3" if forks or not circuit else "0.12"  # room for wires that part
    graph = graphviz.Digraph("autodiff")
    graph.attr(rankdir=direction, bgcolor="white", pad="0.15", ranksep=gap, nodesep="0.15")
    graph.attr("node", shape="plain", fontname=FONT, fontsize="14", fontcolor=TEXT, color=WIRE)
    graph.attr("edge", color=WIRE, arrowsize="0.7")
    (_Circuit if circuit else _Cards)(graph, scene, look, direction).draw()
    return graph


def _style(scene: Scene) -> str:
    small = all(_is_small(item) for item in scene.items if item.kind == "op")
    return "circuit" if small and len(scene.items) <= CIRCUIT_ITEMS else "cards"


def _is_small(item: Item) -> bool:
    """Whether its value goes on a wire: a number, or a few."""
    return len(item.shape) <= 1 and all(isinstance(n, int) and n <= 3 for n in item.shape)


class _Cards:
    """Boxes with rows; an edge for each use."""

    def __init__(self, graph: graphviz.Digraph, scene: Scene, look: Look, direction: str) -> None:
        self.graph, self.scene, self.look = graph, scene, look
        self.horizontal = direction == "LR"

    def draw(self) -> None:
        for item in self.scene.items:
            self.node(item.key, self.card(item), item)
            for key in dict.fromkeys(filter(None, item.inputs)):
                places = [place for place, other in enumerate(item.inputs) if other == key]
                look = {"class": _use(key, item, *places)}
                if len(places) > 1:
                    look |= {"label": f" {len(places)}", "fontcolor": FAINT, "fontname": FONT}
                self.graph.edge(key, item.key, **look)

    def node(self, key: str, label: str, item: Item, **attributes: str) -> None:
        """Add a node with an HTML-like label, and what a pointer resting on it reads."""
        import graphviz

        # Graphviz puts names for \N and its like into tooltips twice over; a word joiner parts them.
        tip = graphviz.escape(printable(_plain(item, self.look)).replace("\\", "\\\u2060"))
        part = "box" if key == item.key else "wire"
        attributes["class"] = f"{part} {item.kind} item-{item.key}"
        self.graph.node(key, f"<{label}>", tooltip=tip, **attributes)

    def card(self, item: Item) -> str:
        head = escaped(symbol(item) if item.kind == "op" else item.name or item.kind)
        if item.kind == "fold":
            nodes = f"{grouped(item.nodes)} ops" if item.nodes else "leaves"
            head = f"{nodes}, folded"
        elif item.kind == "op" and item.params:
            head += f" {_font(item.params, FAINT, 11)}"
        if item.kind == "op" and item.name:
            head = f"{_font(item.name + ' = ', TEXT)}{head}"
        rows = [f"<B>{head}</B>"]
        if item.kind in ("parameter", "constant") and item.name:
            rows[0] += _font(f"  {item.kind}", EDGE[item.kind], 11)
        rows += [_font(line, TEXT, 12) for line in fold_text(item)]
        about = [kind_text(item, self.look)]
        if item.saved is not None:
            about.append(f"keeps {bytes_text(item.saved)}")
        about += [item.line or "", item.note and f"cut off: {item.note}"]
        rows += [_font(text, FAINT, 11) for text in about if text]
        if item.value is not None:
            rows.append(_quantity(item.value, VALUE, 12))
        cells = "".join(f"<TR><TD>{SIDE}{row}{SIDE}</TD></TR>" for row in rows)
        if item.grad is not None:
            gradient = _quantity(item.grad, GRADIENT, 12)
            cells += f"<HR/><TR><TD>{SIDE}{gradient}{SIDE}</TD></TR>"
        border = 2 if item.root or item.kind == "fold" else 1
        style = "" if item.kind in ("parameter", "fold") else ' STYLE="ROUNDED"'
        return (
            f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"{style} '
            f'COLOR="{EDGE[item.kind]}" BGCOLOR="{FILL[item.kind]}">{cells}</TABLE>'
        )


class _Circuit(_Cards):
    """Gates, and between them wires with a value above and a gradient below."""

    def draw(self) -> None:
        tail, head = ("e", "w") if self.horizontal else ("s", "n")
        used = {key for item in self.scene.items for key in item.inputs}
        constants = {item.key for item in self.scene.items if item.kind == "constant"}
        out: dict[str, str] = {}  # by an item's key, the port that its wire leaves from
        for item in self.scene.items:
            if item.kind == "fold" or not _is_small(item):
                self.node(item.key, self.card(item), item)
                out[item.key] = item.key
            else:
                self.gate(item) if item.kind == "op" else self.terminal(item)
                if item.kind == "constant":
                    out[item.key] = f"{item.key}:{tail}"
                else:
                    self.node(f"{item.key}_wire", self.wire(item), item)
                    lead = {"class": f"lead item-{item.key}", "arrowhead": "none"}
                    self.graph.edge(f"{item.key}:{tail}", f"{item.key}_wire:{head}", **lead)
                    out[item.key] = f"{item.key}_wire:{tail}"
            for place, key in enumerate(item.inputs):
                if key:
                    weight = "1" if key in constants else "10"  # the wires that matter go straight
                    self.graph.edge(out[key], item.key, weight=weight, **{"class": _use(key, item, place)})
                elif len(item.inputs) == 2:  # a gate with one wire of two would look wrong
                    unknown = f"{item.key}_const{place}"
                    self.graph.node(unknown, f"<{_font('const', FAINT, 12)}>")
                    self.graph.edge(unknown, item.key, color=FAINT, weight="1")
            if item.key not in used and item.kind == "op":
                end = f"{item.key}_end"
                name = f"<{escaped(item.name)}>" if item.name else ""
                look = {"shape": "plaintext", "margin": "0.05"} if name else {"style": "invis"}
                look["class"] = f"end item-{item.key}"
                self.graph.node(end, name, width="0.01", height="0.01", **look)
                self.graph.edge(out[item.key], f"{end}:{head}", **{"class": f"lead item-{item.key}"})

    def gate(self, item: Item) -> None:
        text = escaped(symbol(item))
        if len(symbol(item)) <= 2:
            shape = {"shape": "circle", "width": "0.5", "fixedsize": "true"}
            text = f'<FONT POINT-SIZE="20">{text}</FONT>'
        else:
            shape = {"shape": "ellipse", "margin": "0.04,0.02", "width": "0.5", "height": "0.5"}
        if item.params:
            text += f"<BR/>{_font(item.params, FAINT, 10)}"
        if item.root:
            shape["penwidth"] = "2"
        self.node(item.key, text, item, style="filled", fillcolor=FILL["op"], **shape)

    def terminal(self, item: Item) -> None:
        if item.kind == "constant":
            value = item.value.text if item.value is not None else kind_text(item, self.look)
            known = f"{item.name} = {value}" if item.name else value
            self.node(
                item.key,
                _font(known, FAINT),
                item,
                shape="plaintext",
                margin="0.04",
                width="0",
                height="0.3",
            )
            return
        look = {"shape": "plaintext", "margin": "0.05", "width": "0", "height": "0.3"}
        if item.kind == "parameter":
            look |= {
                "shape": "box", "style": "filled", "fillcolor": FILL["parameter"],
                "color": EDGE["parameter"],
            }  # fmt: skip
        elif not item.name:
            look = {"shape": "point", "width": "0.06"}
        self.node(item.key, escaped(item.name or " "), item, **look)

    def wire(self, item: Item) -> str:
        """A table of two equal rows, the rule between them being the wire."""
        value = item.value.text if item.value is not None else ""
        grad = item.grad.text if item.grad is not None else ""
        if item.name and item.kind == "op" and not self._ends(item):
            value = f"{item.name} = {value}" if value else item.name
        above, below = _font(value, VALUE), _font(grad, GRADIENT)
        rows = 'BORDER="0" CELLBORDER="0" CELLSPACING="0"'
        if self.horizontal:
            return (
                f'<TABLE {rows} CELLPADDING="2" COLOR="{WIRE}"><TR><TD HEIGHT="20">{above}</TD></TR><HR/>'
                f'<TR><TD HEIGHT="20">{below}</TD></TR></TABLE>'
            )
        width = f'WIDTH="{int(CHARACTER * max(len(value), len(grad)) + 8)}"'  # equal, so the wire is central
        return (
            f'<TABLE {rows} CELLPADDING="4" COLOR="{WIRE}"><TR><TD ALIGN="RIGHT" {width}>{above}</TD><VR/>'
            f'<TD ALIGN="LEFT" {width}>{below}</TD></TR></TABLE>'
        )

    def _ends(self, item: Item) -> bool:
        return not any(item.key in other.inputs for other in self.scene.items)


def _use(key: str, item: Item, *places: int) -> str:
    """The classes of a line from one item to another, whose inputs number `places` it is."""
    return " ".join(["use", f"from-{key}", f"to-{item.key}", *(f"at-{place}" for place in places)])


def _font(text: str, colour: str, size: int | None = None) -> str:
    if not text:
        return " "
    points = f' POINT-SIZE="{size}"' if size is not None else ""
    return f'<FONT COLOR="{colour}"{points}>{escaped(text)}</FONT>'


def _quantity(quantity: Quantity, colour: str, size: int) -> str:
    return "<BR/>".join(_font(line, colour, size) for line in quantity.lines)


def _plain(item: Item, look: Look) -> str:
    """One line about the item, without markup."""
    words = [item.name or "", item.op or item.kind, kind_text(item, look)]
    if item.value is not None:
        words.append(f"value {item.value.text}")
    if item.grad is not None:
        words.append(f"gradient {item.grad.text}")
    return "  ".join(word for word in words if word)
