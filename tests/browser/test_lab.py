"""The stepper, pictures and sliders in JupyterLab, and in what nbconvert makes of a notebook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import autodiff as ad
from autodiff.draw.theme import contrast
from tests.browser.chromium import Browser, shots
from tests.browser.lab import ROOT, Lab
from tests.browser.shown import SIGNS, Expected, Shown
from tests.browser.test_stepper import CONTRAST, gates

GATES = """
import autodiff as ad
x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
q = x + y
f = q * z
"""
CELLS = (GATES, "ad.stepper(f)", "ad.draw(f)")


@pytest.fixture(scope="module")
def saved(lab: Lab) -> Path:
    """A notebook with its outputs, that nobody trusts."""
    path = lab.notebook("gates.ipynb", *CELLS)
    lab.execute(path)
    return path


@pytest.mark.parametrize("dark", [False, True])
def test_stepped_through_where_it_was_run(browser: Browser, lab: Lab, dark: bool) -> None:
    lab.open(browser, lab.notebook(f"live{dark:d}.ipynb", *CELLS), dark=dark)
    lab.run_all(browser)
    step_through(browser)
    browser.shot(_file(f"lab-{'dark' if dark else 'light'}"))
    found = browser.run(CONTRAST, "section.ad-stepper")
    assert len(found) > 8
    assert not [text for text, ink, ground in found if contrast(ink, ground) < 4.5]
    (ground,) = {ground for text, _, ground in found if "df/dq" in text}
    assert (int(ground[1:3], 16) < 80) == dark
    assert shown_pictures(browser) == 1


def test_stepped_through_where_it_is_trusted(browser: Browser, lab: Lab, saved: Path) -> None:
    trusted = lab.folder / "trusted.ipynb"  # trust is of a content
    trusted.write_text(saved.read_text("utf-8").replace("import autodiff as ad", "import autodiff as  ad"), "utf-8")
    lab.trust(trusted)
    lab.open(browser, trusted)
    browser.wait("the stepper", lambda: browser.run("return $('section.ad-stepper input').length"))
    step_through(browser)
    assert shown_pictures(browser) == 1


def test_read_where_it_is_not_trusted(browser: Browser, lab: Lab, saved: Path) -> None:
    lab.open(browser, saved)
    texts = "return $('.jp-OutputArea-output').map(e => e.innerText)"
    page, picture = browser.wait("outputs", lambda: browser.run(texts))
    browser.shot(_file("lab-untrusted"))
    check_list(page)
    assert "f = mul(q, z)" in picture
    assert browser.run("return $('.jp-OutputArea-output img').map(e => e.naturalWidth > 200)") == [True]
    assert browser.run("return $('.jp-OutputArea-output input').filter($.seen).length") == 0


def test_exported_by_nbconvert(browser: Browser, lab: Lab, saved: Path) -> None:
    path = lab.export(saved)
    browser.open(path)
    step_through(browser)
    assert shown_pictures(browser) == 1
    browser.shot(_file("nbconvert"))


def test_exported_by_nbconvert_and_stripped_of_styles(browser: Browser, lab: Lab, saved: Path) -> None:
    path = lab.export(saved, "--output=stripped.html").with_name("stripped.html")
    page = re.sub("<(style|script).*?</\\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    path.write_text(re.sub(r' style="[^"]*"', "", page), encoding="utf-8")
    browser.open(path)
    text = browser.run("return document.body.innerText")
    check_list(text[text.index("Backpropagation of f") :])


def test_sliders(browser: Browser, lab: Lab) -> None:
    pytest.importorskip("anywidget")
    cells = (
        "import autodiff as ad",
        "live = ad.live_stepper(lambda x, y, z: (x + y) * z, x=-2.0, y=5.0, z=-4.0)\nlive",
    )
    lab.open(browser, lab.notebook("live.ipynb", *cells))
    lab.run_all(browser)
    browser.wait("sliders", lambda: browser.run("return $('.jp-OutputArea-output input[type=range]').length") == 3)
    shown = Shown(browser)
    shown.click(".ad-dots .ad-d2")
    before = shown.read()
    assert before["rows"][0].translate(SIGNS).endswith("= 1")
    browser.run("$('input[type=range]')[0].focus()")
    browser.keys("ARROW_RIGHT", "ARROW_RIGHT")  # a step is a hundredth of 5 to both sides
    browser.wait("new numbers", lambda: "-1.9" in " ".join(texts(shown.read())))
    after = shown.read()
    assert after["at"] == before["at"] == [2]
    assert after["gradients"] != before["gradients"]
    assert "x = -1.9" in browser.run("return $('.jp-OutputArea-output label').map(e => e.innerText).join()")
    browser.shot(_file("sliders"))
    shown.click("details .ad-next")
    assert shown.read()["at"] == [3]
    browser.keys("ARROW_LEFT")
    assert shown.read()["at"] == [2]


@pytest.mark.parametrize("dark", [False, True])
def test_a_profiles_tables(browser: Browser, lab: Lab, dark: bool) -> None:
    profiled = "with ad.profile() as seen:\n    ((x + y) * z).backward()\nseen"
    lab.open(browser, lab.notebook(f"profile{dark:d}.ipynb", GATES, profiled), dark=dark)
    lab.run_all(browser)
    browser.wait("tables", lambda: browser.run("return $('.jp-OutputArea-output table').filter($.seen).length") > 1)
    browser.shot(_file(f"profile-{'dark' if dark else 'light'}"))
    by_op = browser.run("return $('.jp-OutputArea-output table')[0].innerText")
    assert by_op.split()[:2] == ["op", "calls"]
    assert "mul" in by_op
    found = browser.run(CONTRAST, ".jp-OutputArea-output")
    assert len(found) > 10
    assert not [text for text, ink, ground in found if contrast(ink, ground) < 4.5]


def test_notebook_01(browser: Browser, lab: Lab) -> None:
    """Every cell runs in JupyterLab; each stepper in it can be clicked through forward and back."""
    for path in (ROOT / "notebooks").glob("*.py"):
        (lab.folder / path.name).write_bytes(path.read_bytes())
    path = lab.folder / "01_graph.ipynb"
    path.write_bytes((ROOT / "notebooks" / path.name).read_bytes())
    lab.open(browser, path)
    lab.run_all(browser)
    errors = "return $('[data-mime-type$=error], [data-mime-type$=stderr]').map(e => e.innerText)"
    assert browser.run(errors) == []
    assert browser.run("return $('section.ad-stepper').length") > 0
    for page in browser.run("return $('section.ad-stepper').map(e => e.id)"):
        shown = Shown(browser, f"#{page}")
        last = browser.run(f"return $('#{page} input.ad-at').length")
        shown.click(".ad-dots label:nth-of-type(1)")
        pages = [shown.read()]
        for _ in range(last - 1):
            shown.click("details .ad-next")
            pages.append(shown.read())
        assert len({seen["at"][0] for seen in pages}) == last
        for seen in pages[-2::-1]:
            shown.click("details .ad-back")
            assert shown.read() == seen


def step_through(browser: Browser) -> None:
    """Click forward, and go back by the arrow keys, and compare all that is seen with the stepper's own data."""
    expected, shown = Expected(ad.stepper(gates())), Shown(browser)
    shown.click(".ad-dots .ad-d1")
    for step in expected.steps[1:]:
        shown.click("details .ad-next")
        expected.check(shown.read(), step)
    for step in expected.steps[-2::-1]:
        browser.keys("ARROW_LEFT")
        expected.check(shown.read(), step)
    browser.keys("ARROW_DOWN")
    expected.check(shown.read(), expected.steps[1])


def check_list(text: str) -> None:
    """What is left of the page without styles: the title, and the steps in order."""
    lines = [line.translate(SIGNS) for line in text.split("\n") if line.strip()]
    assert lines.pop(0) == "Backpropagation of f"
    for step in ad.stepper(gates()):
        head = lines.pop(0)
        assert head.startswith(f"{step.number} of {step.total}, {step.phase} {step.title}")
        for row in step.rows:
            assert lines.pop(0).endswith(row.text)


def shown_pictures(browser: Browser) -> int:
    """How many pictures of `draw` are seen, as SVG with its texts."""
    outside = "return $('.jp-OutputArea-output svg').filter(e => $.seen(e) && !e.closest('section'))"
    return browser.run(outside + ".filter(e => e.textContent.includes('q = 3')).length") or browser.run(
        "return $('.jp-OutputArea-output img[src*=svg]').filter(e => $.seen(e) && e.naturalWidth > 200).length"
    )


def texts(seen: dict[str, list[str]]) -> list[str]:
    return [text for found in seen["values"].values() for text in found]


def _file(name: str) -> Path | None:
    folder = shots()
    return folder / f"{name}.png" if folder else None
