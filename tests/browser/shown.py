"""A stepper's page as a viewer sees it, and what the stepper itself says should be seen."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from autodiff.stepper.groups import folded
from autodiff.stepper.scene import Layout, last_of, layout, lines_of, lit
from autodiff.stepper.steps import Step
from tests.browser.chromium import Browser

SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "·": "*", "→": "->", "←": "<-", "\N{NO-BREAK SPACE}": " "})

_READ = """
const page = $(arguments[0])[0];
const inside = selector => [...page.querySelectorAll(selector)];
const written = (item, name) => inside(`.ad-picture .item-${item} text.${name}`).filter($.seen);
const texts = (item, name) => written(item, name).map(e => e.textContent);
const names = inside('.ad-picture .box').flatMap(e => [...e.classList]);
const items = [...new Set(names.filter(c => c.startsWith('item-')))];
const halos = inside('.ad-picture .ad-halo').filter($.seen).map($.box);
const lit = e => {
  const [l, t, r, b] = $.box(e.querySelector('ellipse, rect, path, polygon') || e);
  const [x, y] = [(l + r) / 2, (t + b) / 2];
  return halos.some(([left, top, right, bottom]) => left < x && x < right && top < y && y < bottom);
};
return {
  at: inside('input.ad-at:checked').map(e => Number(e.id.split('-').pop())),
  title: inside('details').filter($.seen).map(e => e.querySelector('summary code').innerText),
  rows: inside('details').filter($.seen).flatMap(e => [...e.querySelectorAll('.ad-row code')].map(e => e.innerText)),
  lit: items.filter(c => inside(`.ad-picture .${c}.box`).some(lit)).map(c => c.slice(5)),
  halos: halos,
  flows: inside('.ad-picture .ad-flow').filter($.seen).length,
  gradients: Object.fromEntries(items.map(c => [c.slice(5), texts(c.slice(5), 'gradient')])),
  values: Object.fromEntries(items.map(c => [c.slice(5), texts(c.slice(5), 'value')])),
};
"""


class Shown:
    """One stepper's page."""

    def __init__(self, browser: Browser, selector: str = "section.ad-stepper") -> None:
        self.browser, self.selector = browser, selector

    def read(self) -> dict[str, Any]:
        """All that is seen: step, title, lines, lit items, values and gradients in the picture."""
        return self.browser.run(_READ, self.selector)

    def click(self, what: str) -> None:
        self.browser.click(f"{self.selector} {what}")


class Expected:
    """What should be seen at each step, of the stepper's own data."""

    def __init__(self, stepper: ad.stepper.Stepper, **options: Any) -> None:
        self.stepper = stepper
        self.made: Layout = layout(stepper, **options)
        self.steps: list[Step] = folded(stepper.steps, self.made)

    def check(self, seen: dict[str, Any], step: Step) -> None:
        """Compare with a step."""
        assert seen["at"] == [step.number]
        assert [title.translate(SIGNS) for title in seen["title"]] == [step.title]
        assert [row.translate(SIGNS) for row in seen["rows"]] == [row.text for row in step.rows]
        key, targets = lit(step, self.made)
        assert seen["lit"] == ([key] if key else [])
        assert bool(seen["flows"]) == bool(key and targets)
        done = last_of(step)
        for place, key in self.made.keys.items():
            if self.made.items[key].kind in ("fold", "module"):
                continue
            for name in ("gradients", "values"):
                stood = [v for start, v in self.stepper.stages(place, values=name == "values") if start <= done]
                expected = lines_of(stood[-1]) if stood and stood[-1] is not None else []
                assert [_number(text) for text in seen[name][key]] == expected, (place.name, name)


def _number(text: str) -> str:
    """The value of a label like "x = 3"."""
    return text.rpartition(" = ")[2]
