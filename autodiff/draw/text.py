"""A graph as text: one line for each op, leaf and fold."""

from __future__ import annotations

import re

from .look import Look, bytes_text, fold_text, grouped, kind_text
from .scene import Item, Scene

LINES = 60  # a longer listing leaves out its middle
CODE = 44  # columns for the code; longer lines push their comment to the right
PLAIN = re.compile(r"[\w.\[\]]*[^\W\d][\w.\[\]]*").fullmatch  # names that a reader cannot take for something else


def listing(scene: Scene, look: Look) -> str:
    """Return the listing, aligned, its middle left out where it is long."""
    handles = _handles(scene)
    shown = [item for item in scene.items if not _inline(item)]
    rows = [(_code(item, handles), _comment(item, handles[item.key], look)) for item in shown]
    left = min(CODE, max((len(code) for code, _ in rows), default=0))
    lines = [f"{code:<{left}}  # {comment}" if comment else code for code, comment in rows]
    if len(lines) > LINES:
        half = LINES // 2
        lines[half:-half] = [f"... {grouped(len(lines) - 2 * half)} lines more"]
    if scene.folded:
        lines.append(f"{grouped(scene.nodes)} ops and {grouped(scene.leaves)} leaves in all")
    return "\n".join(lines)


def _handles(scene: Scene) -> dict[str, str]:
    """What each item is called: its name where no other has it, otherwise %1, %2, ..."""
    counts: dict[str | None, int] = {}
    for item in scene.items:
        counts[item.name] = counts.get(item.name, 0) + 1
    handles = {"": "const"}
    number = 0
    for item in scene.items:
        if _inline(item):
            handles[item.key] = item.value.text if item.value is not None else "const"
            continue
        number += 1
        name = item.name
        handles[item.key] = name if name and counts[name] == 1 and PLAIN(name) else f"%{number}"
    return handles


def _inline(item: Item) -> bool:
    """Whether it is a number written where it is used."""
    return item.kind == "constant" and item.shape == () and not (item.name or item.root)


def _code(item: Item, handles: dict[str, str]) -> str:
    handle, given = handles[item.key], [handles[key] for key in item.inputs]
    if item.kind == "op":
        if item.op == "pick":
            return f"{handle} = {given[0]}.{item.symbol}"
        given += [item.params] if item.params else []
        return f"{handle} = {item.op}({', '.join(given)})"
    if item.kind == "fold":
        shown = [*given[:4], "..."] if len(given) > 4 else given
        return f"{handle} = ({', '.join(shown)}) ... {grouped(item.nodes)} ops folded"
    if item.kind == "module":
        times = f" x {grouped(item.repeat)}" if item.repeat > 1 else ""
        return f"{handle} = {item.op}({', '.join(given)}){times}"
    return f"{handle} = {item.kind}"


def _comment(item: Item, handle: str, look: Look) -> str:
    named = repr(item.name) if item.name and item.name != handle else ""
    words = [named, ", ".join(fold_text(item)), kind_text(item, look)]
    for what, known in (("value", item.value), ("grad", item.grad)):
        if known is not None:
            words.append(f"{what}={known.text}")
            if look.thumbnails and known.thumbnail is not None:
                words.append(f"[{known.thumbnail.text}]")
    if item.saved is not None:
        words.append(f"keeps {bytes_text(item.saved)}")
    words += [item.line or "", item.note and f"cut off: {item.note}"]
    return "  ".join(word for word in words if word)
