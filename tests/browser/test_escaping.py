"""Names, labels and lines of code that look like HTML: nothing breaks or runs, and each is shown as it is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff.draw.look import printable
from tests.browser.chromium import Browser
from tests.browser.lab import Lab
from tests.browser.shown import SIGNS, Shown

RUN = "window.ran = true"
NAMES = (
    f"<script>{RUN}</script>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg onload='{RUN}'>",
    f"</text></svg><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"</title></textarea><img src=x onerror={RUN}>",
    f"javascript:{RUN}",
    "&lt;b&gt; &amp;amp; &quot;",
    '\\N \\G \\\\ \\u003c \\"',
    "`${1}` {{7*7}} $x^2$",
    "\u202eright to left\u202c μ中文עברית",
    "</details></section>",
)


def graph(name: str) -> ad.Tensor:
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    y = x * 3.0
    y.name = f"y{name}"
    loss = np.tanh(y)
    loss.name = f"L{name}"
    return loss


def check(browser: Browser, shown: str, name: str) -> None:
    assert browser.run("return window.ran") is None
    assert browser.run("return $('img[src=x], body script, b, svg svg').length") == browser.run(
        "return $('.ad-dots b, .ad-steps b').length"
    )
    assert [url for url in browser.requests() if not url.startswith("file:") or url.endswith("/x")] == []
    assert printable(name).translate(SIGNS) in shown.translate(SIGNS)


@pytest.mark.parametrize("name", NAMES)
def test_the_steppers_page(browser: Browser, tmp_path: Path, name: str) -> None:
    stepper = ad.stepper(graph(name), forward=True)
    browser.open(stepper.to_html(tmp_path / "s.html"))
    shown = Shown(browser)
    for step in stepper:
        shown.click(f".ad-dots .ad-d{step.number}")
        seen = shown.read()
        assert [row.translate(SIGNS) for row in seen["rows"]] == [row.text.translate(SIGNS) for row in step.rows]
        assert seen["title"][0].translate(SIGNS) == step.title.translate(SIGNS)
    check(browser, browser.run("return $('details').map(e => e.textContent).join(' ')"), name)
    assert printable(f"L{name}") in browser.run("return document.title")
    assert any(
        printable(f"L{name}") in label
        for label in browser.run("return $('input').map(e => e.getAttribute('aria-label'))")
    )


@pytest.mark.parametrize("style", ["circuit", "cards"])
@pytest.mark.parametrize("name", NAMES)
def test_pictures(browser: Browser, tmp_path: Path, name: str, style: str) -> None:
    """Inside a page, and as a file of their own, which is XML."""
    loss, start = graph(name), printable(name)[:20].split("\\")[0]
    picture = ad.draw(loss, style=style, lines=True) if style == "cards" else ad.draw(loss)
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8>{picture.svg_element('a-')}", encoding="utf-8")
    for path in (page, picture.save(tmp_path / "picture.svg")):
        browser.open(path)
        titles = browser.run("return $('title').map(e => e.textContent).join(' ')")
        texts = browser.run("return $('text').map(e => e.textContent).join(' ')")
        assert start in texts  # long ones are cut
        check(browser, titles.replace("\u2060", "").replace("\u00a0", " ") + texts, start)
        assert browser.run("return $('parsererror').length") == 0


def test_notebooks(browser: Browser, lab: Lab) -> None:
    """All names at once, where scripts of outputs do run: in JupyterLab, and as nbconvert's HTML."""
    cells = [f"import autodiff as ad, numpy as np\nnames = {NAMES!r}"]
    for i in range(len(NAMES)):
        cells += [
            f"x = ad.Tensor(2.0, requires_grad=True, name=names[{i}])\ny = np.tanh(x * 3)\nad.stepper(y)",
            "ad.draw(y)",
        ]
    path = lab.notebook("names.ipynb", *cells)
    lab.execute(path)
    lab.trust(path)
    lab.open(browser, path)
    pages = "return $('section.ad-stepper').map(e => e.textContent)"
    for found in (browser.wait("pages", lambda: browser.run(pages)), exported(browser, lab, path, pages)):
        assert browser.run("return window.ran") is None
        assert browser.run("return $('img[src=x]').length") == 0
        assert len(found) == len(NAMES)
        for name, text in zip(NAMES, found, strict=True):
            assert printable(name).translate(SIGNS) in text.translate(SIGNS)
    assert not [url for url in browser.requests() if url.endswith("/x")]


def exported(browser: Browser, lab: Lab, path: Path, script: str) -> list[str]:
    browser.open(lab.export(path))
    return browser.run(script)
