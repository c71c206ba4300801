"""The lecture's style: an op is a gate; on the wire that leaves it the value stands above and the gradient below."""

from __future__ import annotations

from .cards import Cards, tooltip
from .labels import font, shortened
from .look import escaped, kind_text, local_name, symbol
from .scene import Item
from .theme import ink

CHARACTER = 8.5  # points, a little more than a digit of 14 points is wide
SHORTEST = 34  # points: wires of one rank that are equally long have no gaps at their ends


class Circuit(Cards):
    """Gates, and between them wires with a value above and a gradient below."""

    def draw(self) -> None:
        """Add everything to the graph."""
        self.open_frames()
        tail, head = ("e", "w") if self.horizontal else ("s", "n")
        self.used = {key for item in self.scene.items for key in item.inputs}
        constants = {item.key for item in self.scene.items if item.kind == "constant"}
        out: dict[str, str] = {}  # by an item's key, the port that its wire leaves from
        for item in self.scene.items:
            if item.kind in ("fold", "module") or not is_small(item):
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
                    self.edge(key, item, place, tail=out[key], weight=weight)
                elif len(item.inputs) == 2:  # a gate with one wire of two would look wrong
                    unknown = f"{item.key}_const{place}"
                    self.places[item.frame].node(
                        unknown, f"<{font('const', self.theme.faint, 12)}>", tooltip="a constant"
                    )
                    self.graph.edge(unknown, item.key, color=self.theme.faint, weight="1")
            if item.key not in self.used and item.kind == "op":
                self.end(item, out[item.key], head)
        self.close_frames()

    def end(self, item: Item, out: str, head: str) -> None:
        """Let the wire of a result end at its name."""
        end = f"{item.key}_end"
        name = f"<{escaped(shortened(item.name))}>" if item.name else ""
        look = {"shape": "plaintext", "margin": "0.05"} if name else {"style": "invis"}
        look |= {"class": f"end item-{item.key}", "tooltip": tooltip(item.name or "")}
        self.graph.node(end, name, width="0.01", height="0.01", **look)
        self.graph.edge(out, f"{end}:{head}", **{"class": f"lead item-{item.key}"})

    def gate(self, item: Item) -> None:
        """An op: a circle with a sign, or an ellipse with a word."""
        fill = self.fill(item)
        colour = ink(fill) if fill != self.theme.fill["op"] else self.theme.text
        if len(symbol(item)) <= 2:
            shape = {"shape": "circle", "width": "0.5", "fixedsize": "true"}
            text = font(symbol(item), colour, 20)
        else:
            shape = {"shape": "ellipse", "margin": "0.04,0.02", "width": "0.5", "height": "0.5"}
            text = font(symbol(item), colour)
        if item.params:
            text += f"<BR/>{font(item.params, self.theme.faint, 10)}"
        if item.root:
            shape["penwidth"] = "2"
        self.node(item.key, text, item, style="filled", fillcolor=fill, **shape)

    def terminal(self, item: Item) -> None:
        """An input, a parameter or a constant, by its name."""
        name = shortened(local_name(item, self.frames) or "")
        look = {"shape": "plaintext", "margin": "0.05", "width": "0", "height": "0.3"}
        if item.kind == "constant":
            value = item.value.text if item.value is not None else kind_text(item, self.look)
            known = f"{name} = {value}" if name else value
            self.node(item.key, font(known, self.theme.faint), item, **(look | {"margin": "0.04"}))
            return
        fill = self.fill(item)
        colour = self.theme.text
        if item.kind == "parameter" or fill != self.theme.fill[item.kind]:
            look |= {"shape": "box", "style": "filled", "fillcolor": fill, "color": self.theme.edge[item.kind]}
            colour = colour if fill == self.theme.fill[item.kind] else ink(fill)
        elif not name:
            look = {"shape": "point", "width": "0.06"}
        self.node(item.key, font(name, colour), item, **look)

    def wire(self, item: Item) -> str:
        """A table of two equal rows, the rule between them being the wire."""
        value = item.value.text if item.value is not None else ""
        grad = item.grad.text if item.grad is not None else ""
        if item.name and item.kind == "op" and item.key in self.used:
            name = shortened(item.name)
            value = f"{name} = {value}" if value else name
        above, below = font(value, self.theme.value), font(grad, self.theme.gradient)
        rows = f'BORDER="0" CELLBORDER="0" CELLSPACING="0" COLOR="{self.theme.wire}"'
        if self.horizontal:
            return (
                f'<TABLE {rows} CELLPADDING="2"><TR><TD HEIGHT="20" WIDTH="{SHORTEST}">{above}</TD></TR><HR/>'
                f'<TR><TD HEIGHT="20" WIDTH="{SHORTEST}">{below}</TD></TR></TABLE>'
            )
        width = f'WIDTH="{int(CHARACTER * max(len(value), len(grad)) + 8)}"'  # equal, so the wire is central
        return (
            f'<TABLE {rows} CELLPADDING="4"><TR><TD ALIGN="RIGHT" {width}>{above}</TD><VR/>'
            f'<TD ALIGN="LEFT" {width}>{below}</TD></TR></TABLE>'
        )


def is_small(item: Item) -> bool:
    """Whether its value goes on a wire: a number, or a few."""
    return len(item.shape) <= 1 and all(isinstance(n, int) and n <= 3 for n in item.shape)
