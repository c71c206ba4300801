"""The picture of a stepper: draw's own, with room for each value and gradient that stands there on the way."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..draw import draw
from ..draw.quantity import Quantity
from ..draw.scene import Item
from ..draw.theme import THEMES
from ..tensor import at
from .groups import FoldStep
from .places import Place
from .steps import LeafStep, OpStep, SeedStep, Step

if TYPE_CHECKING:
    from ..draw import Picture
    from .stepper import Stepper

HALO, NEW, FLOW = "#ffd8a8", "#ffe8d6", "#d9480f"  # of the light theme
FOREVER = 9_999_999
TEXT = THEMES["light"].text
SVG = "http://www.w3.org/2000/svg"
_OUTCOME = re.compile("\\s*\N{NO-BREAK SPACE}(value|gradient) .*", re.DOTALL)  # in tooltips: not known at each step
_DECIMALS = re.compile(r"-?\d+\.\d+")
_SINCE = re.compile(r"--a:(\d+)")
_SPAN = re.compile(r"--a:(\d+)(?:;--b:(\d+))?")
_COMMAND = re.compile(r"([MLCHV])([^MLCHVz]*)")  # of a path, all absolute
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")

ET.register_namespace("", SVG)


class Stage(NamedTuple):
    """What stands at a place from one step on: the lines of its text."""

    start: int
    lines: list[str]


@dataclass(frozen=True)
class Text:
    """Takes a `Quantity`'s place in a picture: the text that needs the most room of all that will stand there."""

    lines: list[str]
    statistics: None = None
    thumbnail: None = None

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join(self.lines)


@dataclass
class Layout:
    """A picture, and what changes in it."""

    picture: Picture
    gradients: dict[str, list[Stage]] = field(default_factory=dict)  # by an item's key
    values: dict[str, list[Stage]] = field(default_factory=dict)
    keys: dict[Place, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)


def layout(stepper: Stepper, only: Sequence[Step] | None = None, **options: Any) -> Layout:
    """Draw the stepper's graph with room for all that will stand in it; or the part of it that some steps are at."""
    if only is not None:
        options["max_nodes"] = 10**9
    named = [(place.name, at(None, node)) for node, place in stepper.nodes() if place.given]
    picture = draw(*stepper.tensors, gradients=False, thumbnails=False, names=named, modules=stepper.calls, **options)
    scene = picture.scene
    items = {item.key: item for item in scene.items}
    made = Layout(picture, items=items)
    outputs: dict[str, Place] = {}
    given: dict[str, list[Item]] = {}  # constants that the graph did not keep, by the key of the item that reads them
    for place in stepper.places if only is None else _read_by(only):
        key = scene.node_keys.get(place.number) if place.number else scene.leaf_keys.get(place.leaf)
        if key is None:
            continue
        made.keys[place] = key
        item = items[key]
        if item.kind == "module" and place.op is not None:
            outputs[key] = place  # the last of them
        if item.kind in ("fold", "module"):
            continue
        item.name = place.name
        given[key] = _name_constants(place, item, items)
        gradients, values = (_stages(stepper.stages(place, values=of)) for of in (False, True))
        item.value = _widest(values)
        item.grad = _widest(gradients)
        if gradients:
            made.gradients[key] = gradients
        if values:
            made.values[key] = values
    for key, place in outputs.items():
        made.gradients[key] = _stages(stepper.stages(place))
        items[key].grad = _widest(made.gradients[key])
    scene.items = [new for item in scene.items for new in (*given.get(item.key, ()), item)]
    if only is not None:
        _cut_out(made, only)
    return made


def _read_by(steps: Sequence[Step]) -> list[Place]:
    """The places that steps are at, and what is read there."""
    at_steps = [step.place for step in steps if step.place is not None]
    return list(dict.fromkeys(place for here in at_steps for place in (*here.inputs, here) if place is not None))


def _cut_out(made: Layout, steps: Sequence[Step]) -> None:
    """Leave in the picture what some steps are at, and what they read."""
    scene = made.picture.scene
    inside = {made.keys[step.place] for step in steps if step.place is not None and step.place in made.keys}
    read = {key for item in scene.items if item.key in inside for key in item.inputs}
    scene.items = [item for item in scene.items if item.key in inside or item.key in read]
    for item in scene.items:
        if item.key not in inside and item.kind == "op":
            item.kind, item.inputs, item.params = "input", [], ""
        item.root = item.root and item.key in inside
    left = {item.frame for item in scene.items}
    frames = {frame.key: frame for frame in scene.frames}
    for key in list(left):
        while key := (frames[key].parent if key in frames else ""):
            left.add(key)
    scene.frames = [frame for frame in scene.frames if frame.key in left]
    kept = {item.key for item in scene.items}
    made.keys = {place: key for place, key in made.keys.items() if key in kept}
    for table in (made.gradients, made.values):
        for key in [key for key in table if key not in kept]:
            del table[key]


def _name_constants(place: Place, item: Item, items: dict[str, Item]) -> list[Item]:
    """Give constants the names of the user's variables; return new items for numbers that the graph did not keep."""
    made = []
    for slot, key in enumerate(item.inputs):
        if place.inputs[slot] is not None:
            continue
        if key and place.called[slot]:
            items[key].name = place.called[slot]
        elif not key and place.constants[slot] is not None and not np.ndim(place.constants[slot]):
            value = place.constants[slot]
            found = Item(f"given{len(items)}", "constant", value=Quantity.of(value), dtype=np.asarray(value).dtype)
            items[found.key] = found
            made.append(found)
            item.inputs[slot] = found.key
    return made


def _stages(entries: list[tuple[int, Any]]) -> list[Stage]:
    """What is to be read at a place, and from which step on."""
    stages: list[Stage] = []
    for start, value in entries:
        if value is not None:
            lines = lines_of(value)
            if not stages or stages[-1].lines != lines:
                stages.append(Stage(start, lines))
    return stages


def lines_of(value: Any) -> list[str]:
    """A number, or the lines of an array's text."""
    if isinstance(value, list):
        return [", ".join("–" if part is None else Quantity.of(part).text for part in value)]
    return Quantity.of(value).lines


def _widest(stages: list[Stage]) -> Any:
    if not stages:
        return None
    widest = max(stages, key=lambda stage: (len(stage.lines), max(map(len, stage.lines))))
    longest = max((line for stage in stages for line in stage.lines), key=len)
    lines = list(widest.lines)
    if len(longest) > max(map(len, lines)):
        lines[0] = longest
    return Text(lines)


# -- the SVG --------------------------------------------------------------------------------------------


class Drawing:
    """The SVG of a layout as a tree of elements, to be changed for a page or a frame."""

    def __init__(self, made: Layout) -> None:
        self.made = made
        self.root = ET.fromstring(made.picture.svg)
        self.canvas = next(child for child in self.root if child.tag == _tag("g"))
        self.groups: dict[str, list[ET.Element]] = {}  # by each class
        for group in self.canvas.iter(_tag("g")):
            for name in group.get("class", "").split():
                self.groups.setdefault(name, []).append(group)
        _shrink(self.root)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points."""
        box = [float(n) for n in _NUMBER.findall(self.root.get("viewBox", "0 0 0 0"))]
        return box[2], box[3]

    def resize(self, factor: float) -> None:
        """Set the size in pixels, so many for each point."""
        for name, length in zip(("width", "height"), self.size, strict=True):
            self.root.set(name, f"{length * factor:.0f}")

    def write(self) -> str:
        """The SVG as text."""
        return ET.tostring(self.root, encoding="unicode", short_empty_elements=True)

    # -- finding things -----------------------------------------------------------------------------

    def box(self, key: str) -> ET.Element | None:
        """The group of an item's gate or box."""
        return next((g for g in self.groups.get(f"item-{key}", []) if "box" in _classes(g)), None)

    def texts(self, key: str, name: str) -> list[tuple[ET.Element, ET.Element]]:
        """The texts of an item's value or gradient, each with the group it is in."""
        groups = self.groups.get(f"item-{key}", [])
        return [(g, text) for g in groups for text in g.iter(_tag("text")) if name in _classes(text)]

    def lines(self, key: str, to: str) -> Iterable[tuple[ET.Element, str]]:
        """The groups and paths of the lines from one item to another; in a circuit with the first one's wire."""
        for group in self.groups.get(f"to-{to}", []):
            if f"from-{key}" in _classes(group):
                yield from [(group, path.get("d", "")) for path in group.findall(_tag("path"))]
        for group in self.groups.get(f"item-{key}", []):
            if "wire" in _classes(group):
                left, top, right, bottom = extent(group)
                yield group, f"M{left:g},{top:g}L{right:g},{bottom:g}"

    def centre(self, step: Step) -> tuple[float, float]:
        """Where a step is in the picture, in points from its top left."""
        key, targets = lit(step, self.made)
        box = self.box(key or (targets[0] if targets else ""))
        if box is None:
            return self.size[0] / 2, self.size[1] / 2
        left, top, right, bottom = extent(box)
        moved = self.canvas.get("transform", "").rpartition("translate(")[2].rstrip(")").split()
        x, y = (float(n) for n in moved) if len(moved) == 2 else (0.0, 0.0)
        return (left + right) / 2 + x, (top + bottom) / 2 + y

    # -- changing it --------------------------------------------------------------------------------

    def at_end(self) -> str:
        """The picture with all that stands in it at the end."""
        for name, table in (("gradient", self.made.gradients), ("value", self.made.values)):
            for key, stages in table.items():
                self._set(key, name, stages[-1:], still=True)
        for group in self.canvas.iter(_tag("g")):
            group.attrib.pop("class", None)
            for title in group.findall(_tag("title")):
                group.remove(title)
        return self.write()

    def animate(self, steps: Iterable[Step], label: str) -> None:
        """Put in all that stands there on the way, and lights for each step, each with the steps it is seen at."""
        self.root.set("role", "img")
        self.root.set("aria-label", label)
        self.canvas.set("aria-hidden", "true")  # the texts of all steps are in it
        for title in self.canvas.iter(_tag("title")):
            title.text = _OUTCOME.sub("", title.text or "")
        for key, stages in self.made.gradients.items():
            self._set(key, "gradient", stages)
        for key, stages in self.made.values.items():
            if len(stages) > 1 or stages[0].start:
                self._set(key, "value", stages)
        for step in steps:
            key, targets = lit(step, self.made)
            last = last_of(step)
            now = _span(step.number, last + 1)
            self._light(key, step, now)
            for target in dict.fromkeys(targets) if key else ():
                texts = self.texts(target, "gradient")
                for group, text in texts:
                    if step.number <= _start(text) <= last:  # behind all lines of what is written there
                        ground = _ground(text, extent(group), "box" in _classes(group), now)
                        group.insert(list(group).index(texts[0][1]), ground)
                for group, path in list(self.lines(target, key)):
                    group.append(element("path", "ad-flow", d=path, fill="none", style=now))

    def at_step(self, number: int) -> str:
        """What an animated picture shows once so many steps are done, with no style but its own attributes."""
        theme = self.made.picture.look.theme
        looks = {
            "ad-halo": {"fill": HALO}, "ad-new": {"fill": NEW}, "value": {"fill": theme.value},
            "ad-flow": {"stroke": FLOW, "stroke-width": "2.6", "stroke-dasharray": "6 4"},
            "gradient": {"fill": theme.gradient, "font-weight": "bold"},
        }  # fmt: skip
        for parent in list(self.root.iter()):
            for child in list(parent):
                for name, attributes in looks.items():
                    if name in _classes(child) and child.tag != _tag("g"):
                        child.attrib.update(attributes)
                span = _SPAN.fullmatch(child.attrib.pop("style", "--a:0"))
                if span and not int(span[1]) <= number < int(span[2] or FOREVER):
                    parent.remove(child)
        return self.write()

    def _set(self, key: str, name: str, stages: list[Stage], still: bool = False) -> None:
        """Put the texts of all stages where the widest of them was set."""
        found = self.texts(key, name)
        if not found:
            return
        group, first = found[0]
        left, _, right, _ = extent(group)
        size, colour = first.get("font-size", "14"), first.get("fill", "")
        label = first.text or ""
        prefix = label[: label.index(" = ") + 3] if name == "value" and " = " in label else ""
        ys = [float(text.get("y", "0")) for _, text in found]
        for owner, text in found:
            owner.remove(text)
        stops = [*(stage.start for stage in stages[1:]), FOREVER]
        for stage, stop in zip(stages, stops, strict=True):
            lines = stage.lines if len(stage.lines) <= len(ys) else [" ".join(stage.lines)]
            middle = (ys[0] + ys[-1]) / 2
            rest = [middle + 13 * (i - (len(lines) - 1) / 2) for i in range(len(lines))]
            for y, line in zip(ys if len(lines) == len(ys) else rest, lines, strict=True):
                text = element("text", name, x=f"{(left + right) / 2:g}", y=f"{y:g}", text_anchor="middle")
                if size != "14":
                    text.set("font-size", size)
                if still:
                    text.set("fill", colour)
                else:
                    text.set("class", f"{name} ad-o")
                    text.set("style", _span(stage.start, stop))
                text.text = prefix + line
                group.append(text)

    def _light(self, key: str, step: Step, now: str) -> None:
        """Put a halo behind an item's box."""
        box = self.box(key) if key else None
        if box is None:
            return
        left, top, right, bottom = extent(box)
        left, top, width, height = left - 5, top - 5, right - left + 10, bottom - top + 10
        round_ = 12 if box.find(_tag("ellipse")) is None else height / 2
        halo = element("rect", f"ad-halo ad-o ad-{step.phase}", x=f"{left:g}", y=f"{top:g}", width=f"{width:g}",
                       height=f"{height:g}", rx=f"{round_:g}", style=now)  # fmt: skip
        place = next(i for i, child in enumerate(self.canvas) if {"node", "edge"} & set(_classes(child)))
        self.canvas.insert(place, halo)  # above the frames of modules, below all boxes


def _ground(text: ET.Element, inside: tuple[float, float, float, float], box: bool, now: str) -> ET.Element:
    """A coloured ground for a text that has just been written."""
    size, x, y = (float(text.get(name, "14")) for name in ("font-size", "x", "y"))
    width = min(0.52 * size * len(text.text or "") + 10, inside[2] - inside[0] + (-2 if box else 10))
    return element("rect", "ad-new ad-o", x=f"{x - width / 2:.1f}", y=f"{y - size * 0.93:.1f}", width=f"{width:.1f}",
                   height=f"{size * 1.25:g}", rx="4", style=now)  # fmt: skip


def _start(text: ET.Element) -> int:
    """The step from which on a text is seen."""
    return int((_SINCE.match(text.get("style", "")) or [0, -1])[1])


def last_of(step: Step) -> int:
    """The number of the last step that one is, which may stand for many."""
    return step.last if isinstance(step, FoldStep) else step.number


def _span(start: int, stop: int) -> str:
    return f"--a:{start}" + (f";--b:{stop}" if stop != FOREVER else "")


def _classes(group: ET.Element) -> list[str]:
    return group.get("class", "").split()


def _tag(name: str) -> str:
    return f"{{{SVG}}}{name}"


def element(tag: str, class_: str, **attributes: Any) -> ET.Element:
    """Make an SVG element; an underscore in an attribute's name is a hyphen."""
    made = ET.Element(_tag(tag), {name.replace("_", "-"): str(value) for name, value in attributes.items()})
    made.set("class", class_)
    return made


def _shrink(root: ET.Element) -> None:
    """Write the same in less: what texts repeat stands at the root, blank ones go, and boxes are rectangles."""
    root.set("font-family", "Arial,Helvetica,sans-serif")
    root.set("fill", TEXT)
    root.set("font-size", "14")
    for parent in list(root.iter()):
        parent.tail = None
        if parent.tag not in (_tag("text"), _tag("title")):
            parent.text = None
        for name in ("d", "points", "x", "y", "cx", "cy"):
            if name in parent.attrib:
                parent.set(name, _DECIMALS.sub(lambda n: f"{float(n[0]):.1f}".removesuffix(".0"), parent.attrib[name]))
        if parent.tag == _tag("g"):
            parent.attrib.pop("id", None)
        for child in list(parent):
            if child.tag == _tag("text"):
                _shrink_text(child)
                if not (child.text or "").strip():
                    parent.remove(child)
            elif child.tag == _tag("title") and "node" not in _classes(parent):
                parent.remove(child)
    for group in list(root.iter(_tag("g"))):
        _shrink_shapes(group)


def _shrink_text(text: ET.Element) -> None:
    for name in ("{http://www.w3.org/XML/1998/namespace}space", "font-family"):
        text.attrib.pop(name, None)
    if text.get("fill") == TEXT:
        del text.attrib["fill"]
    size = f"{float(text.attrib.pop('font-size', '14')):g}"
    if size != "14":
        text.set("font-size", size)


def _shrink_shapes(group: ET.Element) -> None:
    """Graphviz writes a box with round corners as two long paths, and a rule as a polygon."""
    shapes = group.findall(_tag("path")) if "box" in _classes(group) else []
    for ground, edge in pairwise(shapes):
        if ground.get("d") == edge.get("d") and ground.get("stroke") == "none" and edge.get("fill") == "none":
            left, top, right, bottom = extent([edge])
            box = ET.Element(_tag("rect"), {
                "x": f"{left:g}", "y": f"{top:g}", "width": f"{right - left:g}", "height": f"{bottom - top:g}",
                "rx": "9", "fill": ground.get("fill", ""), "stroke": edge.get("stroke", ""),
                "stroke-width": edge.get("stroke-width", "1"),
            })  # fmt: skip
            group.insert(list(group).index(ground), box)
            group.remove(ground)
            group.remove(edge)
    for shape in group.findall(_tag("polygon")):
        left, top, right, bottom = extent([shape])
        if top == bottom or left == right:
            for box in group.findall(_tag("rect")):  # a rule ends at the box's edge
                near, _, far, _ = extent([box])
                left, right = max(left, near), min(right, far)
            path = f"M{left:g},{top:g}L{right:g},{bottom:g}"
            rule = ET.Element(_tag("path"), {"stroke": shape.get("stroke", ""), "d": path})
            group.insert(list(group).index(shape), rule)
            group.remove(shape)


def extent(group: Iterable[ET.Element]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what a group draws."""
    xs: list[float] = []
    ys: list[float] = []
    texts: list[ET.Element] = []
    for shape in group:
        if shape.tag == _tag("text"):
            texts.append(shape)
        elif shape.tag == _tag("rect") and "class" not in shape.attrib:
            x, y, width, height = (float(shape.get(name, "0")) for name in ("x", "y", "width", "height"))
            xs += [x, x + width]
            ys += [y, y + height]
        elif shape.tag == _tag("ellipse"):
            cx, cy, rx, ry = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
            xs += [cx - rx, cx + rx]
            ys += [cy - ry, cy + ry]
        elif shape.tag in (_tag("polygon"), _tag("polyline"), _tag("path")) and shape.get("class") != "ad-flow":
            for command, numbers in _COMMAND.findall(f"M{shape.get('points', '')}" + shape.get("d", "")):
                found = [float(n) for n in _NUMBER.findall(numbers)]
                xs += found if command == "H" else [] if command == "V" else found[::2]
                ys += found if command == "V" else [] if command == "H" else found[1::2]
    if not xs:
        for text in texts:
            x, y, size = (float(text.get(name, "14")) for name in ("x", "y", "font-size"))
            xs += [x, x + 0.55 * size * len(text.text or "")]
            ys += [y - 0.8 * size, y + 0.2 * size]
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


def lit(step: Step, made: Layout) -> tuple[str, list[str]]:
    """The key of the item that a step is at, "" for none, and the keys that it gives a gradient to."""
    keys = made.keys
    if isinstance(step, OpStep):
        return keys.get(step.at, ""), [keys[to] for to in step.targets if to in keys]
    if isinstance(step, FoldStep):
        inside = [to for s in step.steps if isinstance(s, OpStep) for to in s.targets]
        return step.key, [key for key in dict.fromkeys(keys[to] for to in inside if to in keys) if key != step.key]
    if isinstance(step, SeedStep):
        return "", [keys[place] for place, _ in step.seeds if place in keys]
    if isinstance(step, LeafStep):
        return "", [keys[row[0]] for row in step.leaves if row[0] in keys]
    return keys.get(step.place, "") if step.place is not None else "", []
