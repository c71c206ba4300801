"""The style for arrays: a box with rows for each op, an edge for each use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .labels import font, quantity, shortened, thumbnail
from .look import Look, bytes_text, escaped, fold_text, grouped, kind_text, local_name, printable, seconds_text, symbol
from .measure import Scale
from .quantity import Quantity
from .scene import Frame, Item, Scene
from .theme import blend, ink

if TYPE_CHECKING:
    import graphviz

HEAD, BODY, SMALL = 14, 12, 11  # points
SIDE = "&#160;"  # keeps text clear of a box's round corners
PLAIN = ("", "Sequential", "ModuleList", "ModuleDict")  # say no more than that there is something in them
THUMBNAILS = 40  # a larger picture has none unless asked


class Cards:
    """Writes the items of a scene into a Graphviz graph, and its subgraphs."""

    def __init__(self, graph: graphviz.Digraph, scene: Scene, look: Look, direction: str) -> None:
        self.graph, self.scene, self.look, self.theme = graph, scene, look, look.theme
        self.horizontal = direction == "LR"
        self.scale = Scale(scene.items, look.colour) if look.colour is not None else None
        self.frames: dict[str, Frame] = {frame.key: frame for frame in scene.frames}
        self.places: dict[str, graphviz.Digraph] = {}
        few = len(scene.items) <= THUMBNAILS
        self.thumbnails = few if look.thumbnails is None else look.thumbnails
        self.item_of = {item.key: item for item in scene.items}

    def draw(self) -> None:
        """Add everything to the graph."""
        self.open_frames()
        for item in self.scene.items:
            self.node(item.key, self.card(item), item)
            for key in dict.fromkeys(filter(None, item.inputs)):
                places = [place for place, other in enumerate(item.inputs) if other == key]
                self.edge(key, item, *places)
        self.close_frames()

    # -- frames -----------------------------------------------------------------------------------

    def open_frames(self) -> None:
        """Make a subgraph for each frame."""
        import graphviz

        self.depths = depths = {"": 0}
        for frame in self.scene.frames:
            depths[frame.key] = depth = depths[frame.parent] + 1
            place = graphviz.Digraph(f"cluster_{frame.key}")
            above = self.frames[frame.parent].name if frame.parent else ""
            name = frame.name.removeprefix(above + ".") if above else frame.name
            title = f"<B>{escaped(shortened(name))}</B> " if name else ""
            if not name or frame.kind not in PLAIN:
                title += font(shortened(frame.kind), self.theme.faint)
            tip = tooltip(f"{name} {frame.kind}".strip())
            place.attr(
                tooltip=tip, label=f"<{title}>", style="rounded,filled", fillcolor=self.theme.frames[depth % 2],
                color=self.theme.frame_edge, fontsize="12", fontcolor=self.theme.text, labeljust="l", margin="10",
                **{"class": f"module module-{frame.key}"},
            )  # fmt: skip
            self.places[frame.key] = place
        self.places[""] = self.graph

    def close_frames(self) -> None:
        """Put the subgraphs into each other, the innermost first."""
        for frame in sorted(self.scene.frames, key=lambda frame: -self.depths[frame.key]):
            self.places[frame.parent].subgraph(self.places[frame.key])

    # -- items ------------------------------------------------------------------------------------

    def node(self, key: str, label: str, item: Item, **attributes: str) -> None:
        """Add a node with an HTML-like label, and what a pointer resting on it reads."""
        tip = tooltip(plain(item, self.look))
        part = "box" if key == item.key else "wire"
        attributes["class"] = f"{part} {item.kind} item-{item.key}"
        self.places[item.frame].node(key, f"<{label}>", tooltip=tip, **attributes)

    def edge(self, key: str, item: Item, *places: int, tail: str | None = None, **attributes: str) -> None:
        """Add the line from an item to another, whose inputs number `places` it is."""
        attributes["class"] = " ".join(["use", f"from-{key}", f"to-{item.key}", *(f"at-{place}" for place in places)])
        label = self.edge_text(item, places[0]) if self.look.edges else ""
        if len(places) > 1:
            label = font(f" {len(places)}", self.theme.faint) + label
        if label:
            attributes["label"] = f"<{label}>"
        self.graph.edge(tail or key, item.key, **attributes)

    def edge_text(self, item: Item, place: int) -> str:
        """The local gradient, and what it makes of the incoming one."""
        local = item.local[place] if place < len(item.local) else None
        if local is None:
            return ""
        grad, words = item.grad, f"local {local.text}"
        if grad is not None and grad.array is not None and local.array is not None and not local.array.ndim:
            product = Quantity.of(grad.array * local.array)
            words = f"{grad.text} × {local.text} = {product.text}"
        return font(f" {words} ", self.theme.gradient, SMALL)

    def fill(self, item: Item) -> str:
        """The colour of an item's box, or of its head where colours measure something."""
        place = self.scale.place(item) if self.scale is not None else None
        return self.theme.fill[item.kind] if place is None else blend(self.theme.ramp, place)

    def card(self, item: Item) -> str:
        """The label of an item: a table with a row for each thing shown."""
        theme, fill = self.theme, self.fill(item)
        measured = self.scale is not None and fill != theme.fill[item.kind]
        colour = ink(fill) if measured else theme.text
        back = f' BGCOLOR="{fill}"' if measured else ""
        cells = f"<TR><TD{back}>{SIDE}{self.head(item, colour, measured)}{SIDE}</TD></TR>"
        rows = [font(line, theme.text, BODY) for line in fold_text(item)]
        rows += [font(text, theme.faint, SMALL) for text in self.about(item) if text]
        cells += "".join(f"<TR><TD>{SIDE}{row}{SIDE}</TD></TR>" for row in rows)
        if item.value is not None:
            cells += self.rows(item.value, theme.value)
        if item.grad is not None:
            cells += "<HR/>" + self.rows(item.grad, theme.gradient)
        border = 2 if item.root or item.kind in ("fold", "module") else 1
        corners = "" if measured or item.kind in ("parameter", "fold", "module") else ' STYLE="ROUNDED"'
        return (
            f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"{corners} '
            f'COLOR="{theme.edge[item.kind]}" BGCOLOR="{theme.fill[item.kind]}">{cells}</TABLE>'
        )

    def head(self, item: Item, colour: str, measured: bool) -> str:
        """The first row: what it is."""
        faint = colour if measured else self.theme.faint
        name = shortened(local_name(item, self.frames) or "")
        bold = "<B>{}</B>".format
        if item.kind == "fold":
            return bold(font(f"{grouped(item.nodes)} ops, folded" if item.nodes else "leaves, folded", colour, HEAD))
        if item.kind == "module":
            times = f"  × {grouped(item.repeat)}" if item.repeat > 1 else ""
            return bold(font(f"{name or item.op}{times}", colour, HEAD)) + (
                font(f"  {item.op}", faint, SMALL) if name else ""
            )
        if item.kind != "op":
            kind = font(f"  {item.kind}", colour if measured else self.theme.edge[item.kind], SMALL) if name else ""
            return bold(font(name or item.kind, colour, HEAD)) + kind
        sign = symbol(item)
        text = bold(font(f"{name} = {sign}" if name else sign, colour, HEAD))
        if not sign.isidentifier() and item.op != "pick":
            text += font(f"  {item.op}", faint, SMALL)
        return text

    def about(self, item: Item) -> list[str]:
        """Faint rows: parameters, shape, bytes, time, line."""
        facts = [kind_text(item, self.look)]
        if item.saved is not None:
            facts.append(f"keeps {bytes_text(item.saved)}" if item.saved else "keeps nothing")
        if item.seconds is not None:
            facts.append(seconds_text(item.seconds))
        lines = [shortened(item.params), "  ".join(filter(None, facts)), item.line or ""]
        return [*lines, f"cut off: {item.note}" if item.note else ""]

    def rows(self, known: Quantity, colour: str) -> str:
        """The rows of a value or a gradient: a tiny picture of it, and its text."""
        rows = f"<TR><TD>{SIDE}{quantity(known, colour, BODY)}{SIDE}</TD></TR>"
        if self.thumbnails and known.thumbnail is not None and known.statistics is not None:
            rows = f"<TR><TD>{thumbnail(known.thumbnail, colour, self.theme)}</TD></TR>{rows}"
        return rows


def tooltip(text: str) -> str:
    r"""Text for a tooltip: Graphviz puts names for \N and its like there twice over; a word joiner parts them."""
    import graphviz

    return str(graphviz.escape(printable(text).replace("\\", "\\\u2060")))


def plain(item: Item, look: Look) -> str:
    """One line about the item, without markup."""
    words = [item.name or "", item.op or item.kind, kind_text(item, look)]
    if item.value is not None:
        words.append(f"value {item.value.text}")
    if item.grad is not None:
        words.append(f"gradient {item.grad.text}")
    return "  ".join(word for word in words if word)
