"""The stepper as a page of HTML and CSS: one picture, a radio button for each step, no script.

The steps are radio buttons, so that the arrow keys step. The checked one sets the number `--i`; whatever is to be seen
from step a until before step b has the style `--a: a; --b: b`, and an opacity that is 1 for a <= i < b and else 0.
What a viewer leaves that drops styles and SVG is a picture and a list of steps.
"""

from __future__ import annotations

import base64
import html
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..draw.render import find
from .groups import folded
from .scene import Drawing, last_of, layout
from .steps import Row, Step
from .style import CSS, PAGE

if TYPE_CHECKING:
    from .stepper import Stepper

LABELS = {
    "upstream": "arrives", "local": "local slope", "chain": "chain rule", "sum": "summed", "out": "goes out",
    "add": "adds up", "seed": "start", "leaf": "result", "value": "computes", "input": "given", "more": "",
}  # fmt: skip
SMALL = (1120, 620)  # points; a larger picture is followed from node to node
NARROW = 560  # points; beside a wider picture there is no room for the text

# Of what is of no use without styles, which undo it. JupyterLab drops an empty attribute; and it would take the arrow
# keys of buttons for its cells.
HIDDEN = 'hidden="hidden"'
UNSEEN = f"{HIDDEN} data-lm-suppress-shortcuts"


def document(stepper: Stepper, **options: Any) -> str:
    """A whole HTML file."""
    title = html.escape(f"Backpropagation of {stepper.loss}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{PAGE}</style></head><body>{page(stepper, 's', **options)}</body></html>\n"
    )


def page(stepper: Stepper, name: str | None = None, only: Sequence[Step] | None = None, **options: Any) -> str:
    """The page as an element for a notebook or another page; `name` begins its ids, by default one of its own.

    With `only`, a page of these steps alone.
    """
    return _Page(stepper, name or f"ad{secrets.token_hex(4)}", only, options).write()


class _Page:
    def __init__(self, stepper: Stepper, name: str, only: Sequence[Step] | None, options: dict[str, Any]) -> None:
        self.stepper, self.name = stepper, name
        self.made = layout(stepper, only, **options)
        self.steps = folded(stepper.steps if only is None else only, self.made)
        self.start = next((s for s in self.steps if last_of(s) >= stepper.position), self.steps[0]).number
        self.drawing = Drawing(self.made) if find() is not None else None
        self.width, self.height = self.drawing.size if self.drawing is not None else (0.0, 0.0)
        self.places = {step: i for i, step in enumerate(self.steps)}
        self.follows = self.width > SMALL[0] or self.height > SMALL[1]

    def write(self) -> str:
        """All of it."""
        name, title = self.name, html.escape(f"Backpropagation of {self.stepper.loss}, {len(self.steps)} steps")
        looks = "ad-stepper"
        looks += " ad-wide" if self.width > NARROW and self.width > self.height else ""
        looks += " ad-follow" if self.follows else ""
        figure = self.figure()
        rules = "".join(map(self.rule, self.steps))
        texts = "".join(map(self.details, self.steps))
        return (
            f'<section id="{name}" class="{looks}" role="group" aria-label="{title}"><style>{CSS}{rules}</style>'
            f'{self.radios()}<div class="ad-dots" aria-hidden="true">{self.dots()}</div>'
            f'<div class="ad-stage">{figure}'
            f'<div class="ad-steps" id="{name}-steps" aria-live="polite">{texts}</div></div></section>'
        )

    def radios(self) -> str:
        """The buttons: to be focused and read out, not to be seen."""
        parts = []
        if self.follows:
            parts.append(
                f'<input type="checkbox" id="{self.name}-whole" class="ad-whole" {UNSEEN} aria-label="whole picture">'
            )
        for step in self.steps:
            checked = " checked" if step.number == self.start else ""
            parts.append(
                f'<input type="radio" name="{self.name}" id="{self.name}-{step.number}" class="ad-at"{checked} '
                f'{UNSEEN} aria-label="{html.escape(_brief(step))}" aria-controls="{self.name}-steps">'
            )
        return "".join(parts)

    def dots(self) -> str:
        """What is seen of the buttons."""
        parts = [f"<b>{html.escape(f'Backpropagation of {self.stepper.loss}')}</b>"]
        for step in self.steps:
            looks = f"ad-d{step.number} ad-{step.phase}"
            title = html.escape(_brief(step))
            parts.append(f'<label for="{self.name}-{step.number}" class="{looks}" title="{title}"></label>')
        if self.follows:
            parts.append(f'<label for="{self.name}-whole" class="ad-switch"></label>')
        return "".join([*parts, '<span class="ad-hint"></span>'])

    def rule(self, step: Step) -> str:
        """What is different at a step."""
        at, n, i = f"#{self.name}-{step.number}:checked~", step.number, last_of(step)
        camera = ""
        if self.follows and self.drawing is not None:
            x, y = self.drawing.centre(step)
            camera = f";--x:{x:.0f};--y:{y:.0f}"
        return (
            f"{at}.ad-stage{{--i:{i}{camera}}}{at}.ad-stage .ad-t{n}{{display:block}}"
            f"{at}.ad-dots .ad-d{n}{{background:var(--accent);transform:scale(1.35)}}"
        )

    def figure(self) -> str:
        """The picture, and one that stays where SVG and styles are dropped."""
        if self.drawing is None:
            return ""
        final = base64.b64encode(Drawing(self.made).at_end().encode()).decode()
        alt = html.escape(f"The graph of {self.stepper.loss} with all values and gradients")
        self.drawing.animate(self.steps, f"The graph of {self.stepper.loss}; the node of this step is lit")
        grow = 1.0 if self.follows else min(1.7, max(1.0, 520 / self.width))
        self.drawing.resize(grow)
        return (
            f'<div class="ad-picture" {HIDDEN} style="--h:{self.height + 30:.0f}px">{self.drawing.write()}</div>'
            f'<img class="ad-final" alt="{alt}" src="data:image/svg+xml;base64,{final}">'
        )

    def details(self, step: Step) -> str:
        """The text of a step."""
        place = step.place
        where = f' <span class="ad-where">{html.escape(place.where)}</span>' if place and place.where else ""
        i = self.places[step]
        back, following = (self.steps[min(max(0, j), len(self.steps) - 1)].number for j in (i - 1, i + 1))
        until = f" to {last_of(step)}" if last_of(step) > step.number else ""
        return (
            f'<details open class="ad-t{step.number} ad-{step.phase}"><summary tabindex="-1"><b>{step.number}</b>'
            f"<i>{until} of {step.total}, {step.phase}</i>"
            f" <code>{_pretty(step.title)}</code>{where}</summary>"
            f'<span class="ad-keys" aria-hidden="true"><label for="{self.name}-{back}" title="back" class="ad-back">'
            f'</label><label for="{self.name}-{following}" title="next" class="ad-next"></label></span>'
            f"{''.join(map(_row, step.shown))}</details>"
        )


def _brief(step: Step) -> str:
    return f"step {step.number} of {step.total}, {step.phase}: {step.title}"


def _row(row: Row) -> str:
    label = LABELS.get(row.kind, row.kind)
    return f'<div class="ad-row ad-{row.kind}"><span>{label}</span> <code>{_pretty(row.text)}</code></div>'


def _pretty(text: str) -> str:
    """Escape a line, and set its signs as in mathematics."""
    text = html.escape(text).replace(" * ", " · ").replace(" -&gt; ", " → ").replace(" &lt;- ", " ← ")
    for before in (" ", "(", "["):
        text = text.replace(f"{before}-", f"{before}\N{MINUS SIGN}")
    return text
