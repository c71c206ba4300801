"""What a page finds in the SVG: classes, tooltips and ids."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.draw import draw, render
from autodiff.draw.labels import shortened

pytestmark = pytest.mark.skipif(render.find() is None, reason="no Graphviz renderer is installed")

NAMES = ["<b>&\"'", r"back\slash \N \G", "line\nbreak", "μ中文עברית", "]]></text><script>alert(1)</script>", "n" * 300]


def gates():
    x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    f = (x + y) * z
    f.backward()
    return f, draw(f)


def groups(svg):
    """The classes of each group, and the group."""
    root = ET.fromstring(svg)
    return [(set(g.get("class", "").split()), g) for g in root.iter("{http://www.w3.org/2000/svg}g")]


def texts(group, name):
    return ["".join(t.itertext()) for t in group.iter("{http://www.w3.org/2000/svg}text") if t.get("class") == name]


def test_items_lines_and_texts_have_classes():
    f, picture = gates()
    q, z = f.node.inputs
    found = groups(picture.svg)
    key = picture.scene.node_keys[q.number]
    box, wire, lead = ([g for names, g in found if {part, f"item-{key}"} <= names] for part in ("box", "wire", "lead"))
    assert len(box) == len(wire) == len(lead) == 1
    assert texts(wire[0], "value") == ["3"]
    uses = [names for names, _ in found if "use" in names]
    assert len(uses) == 4
    assert {"use", f"from-{key}", f"to-{picture.key_of(f)}", "at-0", "edge"} in uses
    assert {"use", f"from-{picture.key_of(z)}", f"to-{picture.key_of(f)}", "at-1", "edge"} in uses
    (z_wire,) = [g for names, g in found if {"wire", f"item-{picture.key_of(z)}"} <= names]
    assert texts(z_wire, "value") == ["-4"]
    assert texts(z_wire, "gradient") == ["3"]


def test_one_line_for_several_inputs_says_which():
    x = ad.Tensor(np.ones((4, 4)), requires_grad=True)
    (use,) = [names for names, _ in groups(draw(x * x).svg) if "use" in names]
    assert {"at-0", "at-1"} <= use


def test_what_is_folded_has_the_key_of_its_fold():
    x = ad.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1000):
        y = y * 1.0
    picture = draw(y)
    keys = {item.key for item in picture.scene.items}
    assert len(picture.scene.node_keys) == 1000
    assert set(picture.scene.node_keys.values()) < keys
    assert picture.key_of(ad.Tensor(1.0)) is None


def test_two_pictures_share_a_page():
    _, picture = gates()
    first, second = (set(re.findall(r' id="([^"]*)"', picture.svg_element(prefix))) for prefix in ("a-", "b-"))
    assert first
    assert not first & second
    assert len(first) == len(re.findall(r' id="', picture.svg))


def test_tooltips_are_titles():
    f, picture = gates()
    (title,) = [g[0].text for names, g in groups(picture.svg) if {"box", f"item-{picture.key_of(f)}"} <= names]
    assert "mul" in title
    assert "xlink:title" not in picture.svg
    assert "_end<" not in picture.svg  # keys are our own


@pytest.mark.parametrize("style", ["circuit", "cards"])
@pytest.mark.parametrize("name", NAMES)
def test_names_survive(name, style):
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    svg = draw(x * x, style=style).svg
    root = ET.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "title", "text", "polygon", "path", "ellipse", "polyline"}
    shown = "".join("".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text"))
    assert shortened(name).replace("\n", r"\n") in shown
    titles = "".join(t.text for t in root.iter("{http://www.w3.org/2000/svg}title"))
    assert name[:20].strip("\\").split("\n")[0].split("\\")[0] in titles


def test_the_picture_and_its_frames_have_titles_for_readers():
    picture = draw(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), np.ones((1, 2), np.float32))
    root = ET.fromstring(picture.svg)
    title = root.find(".//{http://www.w3.org/2000/svg}title")
    assert title.text == "computational graph, 2 ops and 5 leaves"
    titles = [group[0].text for names, group in groups(picture.svg) if "module" in names and "cluster" in names]
    assert titles == ["0 Linear", "1 Linear"]
    assert "->" not in "".join(root.itertext())


def test_module_names_survive():
    class Odd(nn.Module):
        def __init__(self):
            setattr(self, '<b>&"\\N', nn.Linear(2, 2))

        def forward(self, x):
            return getattr(self, '<b>&"\\N')(x)

    for options in ({}, {"depth": 1}):
        root = ET.fromstring(draw(Odd(), np.ones((1, 2)), **options).svg)
        assert '<b>&"\\N' in "".join(root.itertext())
