"""The stepper's page from a file: clicked and arrowed through, offline, without scripts, in the dark, read aloud."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.draw.theme import contrast
from tests.browser.chromium import Browser, shots
from tests.browser.shown import SIGNS, Expected, Shown


def gates() -> ad.Tensor:
    x, y, z = (ad.Tensor(v, requires_grad=True, name=n) for n, v in zip("xyz", (-2.0, 5.0, -4.0), strict=True))
    q = x + y
    q.name = "q"
    f = q * z
    f.name = "f"
    return f


def twice() -> ad.Tensor:
    a = ad.Tensor(3.0, requires_grad=True, name="a")
    b = ad.Tensor(2.0, requires_grad=True, name="b")
    return np.tanh(a * b - 5.5) + a


def matrices() -> ad.Tensor:
    W = ad.Tensor(np.arange(6.0).reshape(2, 3) / 4, requires_grad=True, name="W")
    x = np.array([1.0, -2.0, 0.5])
    return np.sum((W @ x) ** 2)


def mlp() -> ad.Tensor:
    g = ad.Generator(0)
    model = nn.Sequential(nn.Linear(3, 4, generator=g), nn.Tanh(), nn.Linear(4, 1, generator=g))
    return model(np.ones((2, 3), np.float32)).mean()


def chain() -> ad.Tensor:
    y = ad.Tensor(0.5, requires_grad=True, name="x")
    for _ in range(120):
        y = np.sin(y) * 1.01
    return y


GRAPHS = {f.__name__: f for f in (gates, twice, matrices, mlp, chain)}


@pytest.mark.parametrize("forward", [False, True])
@pytest.mark.parametrize("graph", GRAPHS)
def test_clicked_through_forward_and_back(browser: Browser, tmp_path: Path, graph: str, forward: bool) -> None:
    stepper = ad.stepper(GRAPHS[graph](), forward=forward)
    browser.open(stepper.to_html(tmp_path / "s.html"))
    shown, expected = Shown(browser), Expected(stepper)
    shown.click(f".ad-dots .ad-d{expected.steps[0].number}")
    expected.check(shown.read(), expected.steps[0])
    for step in expected.steps[1:]:
        shown.click("details .ad-next")
        expected.check(shown.read(), step)
    shown.click("details .ad-next")  # stays at the end
    for step in expected.steps[-2::-1]:
        shown.click("details .ad-back")
        expected.check(shown.read(), step)


def test_arrow_keys(browser: Browser, tmp_path: Path) -> None:
    stepper = ad.stepper(gates())
    browser.open(stepper.to_html(tmp_path / "s.html"))
    shown, expected = Shown(browser), Expected(stepper)
    browser.keys("TAB")
    here = expected.steps.index(next(s for s in expected.steps if s.number == shown.read()["at"][0]))
    for key, move in [("ARROW_RIGHT", 1)] * 2 + [("ARROW_LEFT", -1)] * 2 + [("ARROW_DOWN", 1), ("ARROW_UP", -1)]:
        here = (here + move) % len(expected.steps)
        browser.keys(key)
        expected.check(shown.read(), expected.steps[here])


def test_it_works_offline_and_without_scripts(browser: Browser, tmp_path: Path) -> None:
    stepper = ad.stepper(gates(), forward=True)
    path = stepper.to_html(tmp_path / "s.html")
    browser.cdp("Network.enable")
    browser.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(path)
        shown, expected = Shown(browser), Expected(stepper)
        shown.click(f".ad-dots .ad-d{expected.steps[0].number}")
        for step in expected.steps[1:]:
            browser.keys("ARROW_RIGHT")
            expected.check(shown.read(), step)
        assert browser.requests() == [path.as_uri()]
        assert browser.messages() == []
    finally:
        browser.cdp(
            "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )


def test_without_styles_a_picture_and_a_list(browser: Browser, tmp_path: Path) -> None:
    stepper = ad.stepper(gates(), forward=True)
    path = tmp_path / "s.html"
    page = stepper.to_html(path).read_text(encoding="utf-8")
    path.write_text(re.sub(r' style="[^"]*"', "", re.sub("<style>.*?</style>", "", page, flags=re.DOTALL)), "utf-8")
    browser.open(path)
    lines = [
        line.translate(SIGNS) for line in browser.run("return document.body.innerText").split("\n") if line.strip()
    ]
    assert lines.pop(0) == "Backpropagation of f"
    for step in stepper:
        head = lines.pop(0)
        assert head.startswith(f"{step.number} of {step.total}, {step.phase}")
        assert step.title in head
        for row in step.rows:
            assert lines.pop(0).endswith(row.text)
    assert lines == []
    (image,) = browser.run(
        "return $('img, svg, input').filter($.seen).map(e => [e.alt, e.naturalWidth, e.naturalHeight])"
    )
    assert image[0] == "The graph of f with all values and gradients"
    assert image[1] > 200
    browser.shot(_file("stripped"))


@pytest.mark.parametrize("dark", [False, True])
def test_the_lit_node_is_seen(browser: Browser, tmp_path: Path, dark: bool) -> None:
    """The pixels around a box are of another colour when it is lit, and only then."""
    browser.look(dark=dark)
    stepper = ad.stepper(gates())
    browser.open(stepper.to_html(tmp_path / "s.html"))
    shown, expected = Shown(browser), Expected(stepper)
    pixels, halos = {}, {}
    for step in expected.steps:
        shown.click(f".ad-dots .ad-d{step.number}")
        pixels[step.number] = browser.shot(_file(f"gates-{'dark' if dark else 'light'}-{step.number}")).astype(int)
        halos[step.number] = shown.read()["halos"]
    lit = {number: boxes[0] for number, boxes in halos.items() if boxes}
    assert len(lit) == 2
    for number, (left, top, _, bottom) in lit.items():
        y, x = int((top + bottom) / 2), int(left) + 3
        for other, image in pixels.items():
            same = np.abs(image[y, x] - pixels[number][y, x]).max() < 20
            assert same == (other == number)
    for before, after in pairwise(pixels):
        assert np.abs(pixels[after] - pixels[before]).max(-1).mean() > 0.1


CONTRAST = """
const rgba = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const ground = e => {
  if (!e || e.nodeType !== 1) return [255, 255, 255, 1];
  const own = rgba(getComputedStyle(e).backgroundColor);
  return own[3] === 1 ? own : over(own, ground(e.parentNode));
};
const hex = c => '#' + c.slice(0, 3).map(n => Math.round(n).toString(16).padStart(2, '0')).join('');
const drawn = e => getComputedStyle(e, '::before').content.length > 6;
const texts = $(`${arguments[0]} *`).filter($.seen).filter(
  e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || drawn(e));
return texts.map(e => {
  const style = getComputedStyle(e);
  const behind = e.closest('svg') && e.parentNode.querySelector('[fill]:not(text):not(.ad-halo):not([fill=none])');
  const fill = behind && rgba(getComputedStyle(behind).fill);
  return [e.textContent, hex(rgba(e.closest('svg') ? style.fill : style.color)), hex(fill || ground(e))];
});
"""


@pytest.mark.parametrize("graph", ["gates", "mlp", "chain"])
@pytest.mark.parametrize("dark", [False, True])
def test_texts_stand_out(browser: Browser, tmp_path: Path, graph: str, dark: bool) -> None:
    browser.look(dark=dark)
    stepper = ad.stepper(GRAPHS[graph](), forward=True)
    browser.open(stepper.to_html(tmp_path / "s.html"))
    shown = Shown(browser)
    for step in Expected(stepper).steps[:: 1 if graph == "gates" else 3]:
        shown.click(f".ad-dots .ad-d{step.number}")
        found = browser.run(CONTRAST, "section.ad-stepper")
        assert len(found) > 8
        faint = [(text, ink, ground) for text, ink, ground in found if contrast(ink, ground) < 4.5]
        assert not faint
    # and the page is as dark as it was asked to be
    assert (browser.shot().mean() < 80) == dark


def test_read_aloud(browser: Browser, tmp_path: Path) -> None:
    stepper = ad.stepper(gates(), forward=True)
    browser.open(stepper.to_html(tmp_path / "s.html"))
    Shown(browser).click(".ad-dots .ad-d5")
    browser.cdp("Accessibility.enable")
    said = browser.spoken()
    browser.cdp("Accessibility.disable")
    (whole,) = [n for n in said if n["role"] == "group" and n["name"]]
    assert whole["name"] == "Backpropagation of f, 7 steps"
    radios = [n for n in said if n["role"] == "radio"]
    assert [n["name"] for n in radios] == [f"step {s.number} of 7, {s.phase}: {s.title}" for s in stepper]
    assert [n["checked"] for n in radios] == ["true" if s.number == 5 else "false" for s in stepper]
    (picture,) = [n for n in said if n["role"] in ("image", "img")]
    assert picture["name"].startswith("The graph of f")
    controls = [n for n in said if n.get("focusable") and n["role"] != "RootWebArea"]
    assert all(n["name"].strip() for n in controls)
    assert not [n for n in said if "back next" in n["name"]]
    assert {n["role"] for n in controls} <= {"radio", "DisclosureTriangle"}
    assert any(n.get("live") == "polite" for n in said)
    words = [n["name"].translate(SIGNS) for n in said if n["role"] == "StaticText"]
    for row in stepper[4].rows:
        assert row.text in words
    assert not [word for word in words if word in ("\u25c0", "\u25b6")]  # arrows mean nothing to the ear
    assert not set(words) & {row.text for row in stepper[5].rows}


@pytest.mark.parametrize("size", [(600, 900, 1), (1280, 900, 2), (380, 800, 1)], ids=["narrow", "zoomed", "phone"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_nothing_is_cut_off(
    browser: Browser, tmp_path: Path, graph: str, size: tuple[int, int, float], request: pytest.FixtureRequest
) -> None:
    """Where there is little room the page grows downwards only, and what is to be clicked is in view."""
    browser.size(*size)
    stepper = ad.stepper(GRAPHS[graph](), forward=True)
    browser.open(stepper.to_html(tmp_path / "s.html"))
    steps = Expected(stepper).steps
    Shown(browser).click(f".ad-dots .ad-d{steps[-2].number}")
    browser.run("scrollTo(0, 0)")
    browser.shot(_file(f"{graph}-{request.node.callspec.id.split('-')[-1]}"))
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    texts = browser.run(
        "return $('.ad-stepper details, .ad-row code, .ad-keys label, .ad-dots *').filter($.seen).map($.box)"
    )
    width = browser.run("return innerWidth")
    assert all(left >= 0 and right <= width for left, _, right, _ in texts)


def test_two_steppers_on_a_page_do_not_meet(browser: Browser, tmp_path: Path) -> None:
    first, second = ad.stepper(gates()), ad.stepper(twice())
    path = tmp_path / "both.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><div id=a>{first.html()}</div><div id=b>{second.html()}</div>")
    browser.open(path)
    a, b = Shown(browser, "#a section"), Shown(browser, "#b section")
    a.click("details .ad-next")
    Expected(first).check(a.read(), first[1])
    Expected(second).check(b.read(), second[0])


def _file(name: str) -> Path | None:
    folder = shots()
    return folder / f"{name}.png" if folder else None
