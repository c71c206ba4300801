"""The steps as pictures: SVG or PNG files, or an animated GIF."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..draw.render import render
from ..draw.scene import Item
from ..draw.source import digraph
from .groups import folded
from .scene import FLOW, HALO, Drawing, Layout, Text, last_of, layout, lit
from .steps import Step

if TYPE_CHECKING:
    from .stepper import Stepper

_NODE = re.compile(r'\s*"?(\w+?)(_wire)?"? \[label=<')


def save_frames(
    stepper: Stepper, folder: str | Path, kind: Literal["svg", "png"], dpi: int, **options: Any
) -> list[Path]:
    """Write a file for each step."""
    if kind not in ("svg", "png"):
        raise ValueError(f"frames are 'svg' or 'png', not {kind!r}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = layout(stepper, **options)
    steps = folded(stepper.steps, made)
    digits = len(str(len(stepper)))
    paths = []
    for step in steps:
        path = folder / f"step{step.number:0{digits}}.{kind}"
        if kind == "svg":
            path.write_text(svg_frame(made, step), encoding="utf-8")
        else:
            path.write_bytes(png_frame(made, step, dpi))
        paths.append(path)
    return paths


def save_gif(stepper: Stepper, path: str | Path, seconds: float, dpi: int, **options: Any) -> Path:
    """Write all steps as one animated picture."""
    try:
        from PIL import Image
    except ImportError:
        raise RuntimeError("a GIF is written by Pillow: pip install pillow. Or use save_frames().") from None
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = layout(stepper, **options)
    frames = [Image.open(io.BytesIO(png_frame(made, step, dpi))).convert("RGB") for step in folded(stepper.steps, made)]
    size = max(frame.width for frame in frames), max(frame.height for frame in frames)
    canvases = []
    for frame in frames:
        canvas = Image.new("RGB", size, "white")
        canvas.paste(frame, (0, 0))
        canvases.append(canvas.quantize(64))
    first, *rest = canvases
    first.save(path, save_all=True, append_images=rest, duration=int(1000 * seconds), loop=0)
    return path


def svg_at(stepper: Stepper, **options: Any) -> str:
    """The picture at the stepper's position."""
    made = layout(stepper, **options)
    here = [step for step in folded(stepper.steps, made) if step.number <= stepper.position <= last_of(step)]
    drawing = Drawing(made)
    drawing.animate(here, f"Backpropagation of {stepper.loss} after {stepper.position} steps")
    return drawing.at_step(stepper.position)


def svg_frame(made: Layout, step: Step) -> str:
    """The picture at a step, as SVG that stands alone."""
    drawing = Drawing(made)
    drawing.animate([step], f"step {step.number}: {step.title}")
    return drawing.at_step(last_of(step))


def png_frame(made: Layout, step: Step, dpi: int) -> bytes:
    """The same as PNG, which Graphviz draws: what is not yet there is transparent, so that all stays in its place."""
    now, picture = last_of(step), made.picture
    items: list[Item] = []
    hidden: dict[str, list[str]] = {}
    for item in picture.scene.items:
        shown: dict[str, Any] = {}
        for name, table in (("grad", made.gradients), ("value", made.values)):
            stages = [stage for stage in table.get(item.key, []) if stage.start <= now]
            if stages:
                shown[name] = Text(stages[-1].lines)
            elif item.key in table:
                hidden.setdefault(item.key, []).append(name)
        items.append(replace(item, **shown))
    key, targets = lit(step, made)
    theme = picture.look.theme
    colours = {"grad": theme.gradient, "value": theme.value}
    lines = digraph(replace(picture.scene, items=items), picture.look).source.split("\n")
    for i, line in enumerate(lines):
        node = _NODE.match(line)
        if node is not None:
            for name in hidden.get(node[1], ()):
                line = line.replace(f'COLOR="{colours[name]}"', 'COLOR="transparent"')
            if node[1] == key and not node[2]:
                line = line.replace(f'fillcolor="{theme.fill["op"]}"', f'fillcolor="{HALO}"')
                line = re.sub(r'(<TABLE [^>]*BGCOLOR=)"[^"]*"', rf'\1"{HALO}"', line)
        elif any(f'"use from-{target} to-{key} ' in line for target in targets):
            line = line.replace("[class=", f'[color="{FLOW}" penwidth=2.5 class=')
        lines[i] = line
    return render("\n".join(lines), "png", dpi)
