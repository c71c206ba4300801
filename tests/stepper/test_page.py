"""The stepper's page: what is in it, what is left of it where styles are dropped, and that nothing in it runs."""

import base64
import html
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.draw import render

pytestmark = pytest.mark.skipif(render.find() is None, reason="no Graphviz renderer is installed")

NAMES = ["<b>&\"'", r"back\slash \N \G", "line\nbreak", "μ中文עברית", "]]></text></svg><script>alert(1)</script>",
         "</style><img src=x onerror=alert(1)>", "--><b>", "n" * 300]  # fmt: skip


class Reader(HTMLParser):
    """Tags with their attributes, and the text outside of styles and pictures."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "svg"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def gates(**options):
    x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    q = x + y
    f = q * z
    return ad.stepper(f, **options)


def test_a_radio_button_and_a_text_for_each_step():
    s = gates(forward=True)
    read = Reader(s.html())
    radios = [a for a in read.all("input") if a["type"] == "radio"]
    assert len(radios) == len(read.all("details")) == len(s)
    assert len({a["id"] for a in radios}) == len(s)
    assert len({a["name"] for a in radios}) == 1
    assert [a["aria-label"] for a in radios][4] == "step 5 of 7, backward: f = q * z"
    assert sum("checked" in a for a in radios) == 1
    assert all("open" in a for a in read.all("details"))


def test_without_styles_it_is_a_list_with_a_picture():
    s = gates()
    read = Reader(s.html())
    text = " ".join("".join(read.words).split())
    for words in (
        "f = q · z",
        "df/dq = df/df · df/dq = 1 · \N{MINUS SIGN}4 = \N{MINUS SIGN}4",
        "df/dx = df/dq · dq/dx = \N{MINUS SIGN}4 · 1 = \N{MINUS SIGN}4",
    ):
        assert words in text
    (image,) = read.all("img")
    assert "graph of f" in image["alt"]
    svg = base64.b64decode(image["src"].partition("base64,")[2]).decode()
    assert svg.startswith("<svg")
    assert svg.count(">-4<") == 4  # the value of z, the gradients of q, x and y


def test_what_is_of_no_use_without_styles_is_hidden():
    read = Reader(gates(forward=True).html())
    (picture,) = [a for a in read.all("div") if a.get("class") == "ad-picture"]
    assert {a.get("hidden") for a in (picture, *read.all("input"))} == {"hidden"}  # JupyterLab drops an empty one


def test_arrow_keys_are_the_pages_own_in_jupyterlab():
    assert all("data-lm-suppress-shortcuts" in a for a in Reader(gates().html()).all("input"))


def test_tooltips_do_not_tell_the_end():
    svg = re.search(r"<svg.*?</svg>", gates(forward=True).html(), re.DOTALL)[0]
    titles = [" ".join(title.split()) for title in re.findall("<title>(.*?)</title>", svg, re.DOTALL)]
    assert {"x input", "q add", "f mul"} <= set(titles)
    assert not [title for title in titles if "gradient" in title or "value" in title]


def test_it_stands_alone():
    read = Reader(gates(forward=True).html())
    assert not [tag for tag, _ in read.tags if tag in ("script", "link", "iframe", "object")]
    for _, attrs in read.tags:
        assert not [name for name in attrs if name.startswith("on")]
        assert (attrs.get("src") or "data:").startswith("data:")
    assert "http" not in re.sub(r"http://www\.w3\.org/[\w/]*", "", gates().html())


def test_each_output_has_ids_of_its_own():
    s = gates()
    first, second = ({a["id"] for a in Reader(s.html()).all("input")} for _ in range(2))
    assert not first & second


def test_a_number_is_seen_from_its_step_on():
    x = ad.Tensor(3.0, requires_grad=True)
    y = x * x
    s = ad.stepper(y)
    source = s.html()
    found = re.finditer(r'<text[^>]* style="--a:(\d+)(?:;--b:(\d+))?"[^>]*>([^<]+)<', source)
    stages = [stage.groups() for stage in found]
    assert ("2", None, "6") in stages  # of x, whose two contributions come in one step
    assert ("1", None, "1") in stages


def test_roles_and_labels():
    read = Reader(gates().html())
    (section,) = read.all("section")
    assert section["role"] == "group"
    assert section["aria-label"] == "Backpropagation of f, 4 steps"
    (svg,) = read.all("svg")
    assert svg["role"] == "img"
    assert svg["aria-label"]
    assert [a for a in read.all("div") if a.get("aria-live") == "polite"]
    assert all(a.get("alt") for a in read.all("img"))


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_and_do_nothing(name):
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    c = np.array([1.0, 2.0])
    y = (x * c).sum()
    y.name = name + "!"
    s = ad.stepper(y, forward=True)
    assert name.replace("\n", "\\n") in s.text()
    source = s.html()
    read = Reader(source)
    tags = {tag for tag, _ in read.tags}
    assert tags <= {
        "section", "style", "input", "div", "b", "i", "span", "label", "code", "details", "summary", "img", "svg", "g",
        "title", "text", "path", "polygon", "polyline", "ellipse", "rect",
    }  # fmt: skip
    assert not [a for _, attrs in read.tags for a in attrs if a.startswith("on")]
    shown = html.unescape("".join(read.words))
    assert name.replace("\n", "\\n").replace(" -", " \N{MINUS SIGN}") in shown


def test_a_file(tmp_path):
    path = gates().to_html(tmp_path / "some" / "steps.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text == gates().to_html(tmp_path / "again.html").read_text(encoding="utf-8")


def test_a_notebook_gets_text_and_html():
    bundle = gates()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "df/dx" in bundle["text/plain"]


def test_sixty_nodes_are_small():
    x = ad.Tensor(0.5, requires_grad=True)
    y = x
    for _ in range(30):
        y = np.sin(y) * 1.01
    s = ad.stepper(y)
    assert len(s) == 62
    assert len(s.html()) < 400_000  # 243 kB with the wheel's picture; dot 2.43 writes boxes as longer paths, 359 kB


def halos(source):
    """The rectangles behind lit boxes, and the picture's size."""
    svg = re.search(r"<svg.*?</svg>", source, re.DOTALL)[0]
    box = [float(n) for n in re.search(r'viewBox="([^"]*)"', svg)[1].split()]
    found = [tag for tag in re.findall(r"<rect [^>]*>", svg) if "ad-halo" in tag]
    return [[float(re.search(rf' {name}="([^"]*)"', tag)[1]) for name in ("width", "height")] for tag in found], box


@pytest.mark.parametrize("style", ["circuit", "cards"])
def test_lights_are_as_large_as_what_they_light(style):
    g = ad.Generator(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(3, 3, generator=g), nn.Tanh()) for _ in range(40)])
    with ad.watch_modules(model) as calls:
        y = model(np.ones((2, 3), np.float32)).sum()
    for s in (gates(), ad.stepper(y, modules=calls)):
        sizes, (_, _, width, height) = halos(s.html(style=style))
        assert sizes
        for w, h in sizes:
            assert 20 < w < max(60, 0.9 * width)
            assert 20 < h < max(60, 0.9 * height)
