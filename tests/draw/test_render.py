"""Pictures as files and in notebooks, by the system's `dot` and by the wheel."""

import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import autodiff as ad
from autodiff.draw import draw, picture, render

ODD = ['<b>&"', "a\nb", "\\N", "back\\slash\\", "ends\\", '"', "<", "<i>x</i>", "é漢", "\x00", "%s{|}", ""]


@pytest.fixture(params=["dot", "wheel"])
def renderer(request, monkeypatch):
    """Each renderer in turn; without a PATH there is no system `dot`."""
    if request.param == "wheel":
        monkeypatch.setenv("PATH", "")
        if render.find() is None:
            pytest.skip("graphviz-pure has no build for this machine")
    elif shutil.which("dot") is None:
        pytest.skip("no system dot")
    assert render.find().system == (request.param == "dot")
    return request.param


def graph():
    x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    f = (x + y) * z
    f.backward()
    return draw(f)


def texts(svg):
    """The texts of an SVG picture with their places."""
    nodes = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(node.text.strip(), float(node.get("x")), float(node.get("y"))) for node in nodes if node.text.strip()]


def test_svg_has_values_above_gradients(renderer):
    places = {}
    for text, x, y in texts(graph().svg):
        places.setdefault(text, []).append((x, y))
    ((x_value, y_value),) = places["5"]
    below = [(x, y) for x, y in places["-4"] if abs(x - x_value) < 10 and y > y_value]
    assert any(10 < y - y_value < 30 for _, y in below)
    assert {"x", "y", "z", "f", "+", "×", "-2", "5", "3", "-12"} <= set(places)


def test_files(renderer, tmp_path):
    drawn = graph()
    svg = drawn.save(tmp_path / "new" / "folder" / "f.svg")
    assert svg == tmp_path / "new" / "folder" / "f.svg"
    assert ET.parse(svg).getroot().tag.endswith("svg")
    png = drawn.save(str(tmp_path / "f.PNG")).read_bytes()
    assert png.startswith(b"\x89PNG")
    width = struct.unpack(">I", png[16:20])[0]
    half = drawn.save(tmp_path / "half.png", dpi=72).read_bytes()
    assert abs(width - 2 * struct.unpack(">I", half[16:20])[0]) <= 4
    for suffix in ("dot", "gv"):
        assert drawn.save(tmp_path / f"f.{suffix}").read_text() == drawn.source
    if renderer == "dot":
        assert drawn.save(tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")
    else:
        with pytest.raises(RuntimeError, match="PDF needs Graphviz's own `dot`"):
            drawn.save(tmp_path / "f.pdf")


@pytest.mark.parametrize("style", ["circuit", "cards"])
def test_any_name_can_be_drawn(renderer, style):
    x = ad.Tensor(1.0, requires_grad=True)
    total = x
    for name in ODD:
        total = (total * ad.Tensor(1.0, requires_grad=True, name=name)).named(f"{name} out")
    drawn = draw(total, names=False, style=style)
    found = " ".join(text for text, _, _ in texts(drawn.svg))
    for name in ODD:
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)
        assert shown in found
    assert drawn.png().startswith(b"\x89PNG")
    assert b"<b>" not in drawn.svg.encode()
    assert "%1" in drawn.text()


@pytest.mark.parametrize("suffix", ["jpg", "txt", ""])
def test_unknown_suffix(tmp_path, suffix):
    with pytest.raises(ValueError, match=r"saved as \.svg, \.png, \.pdf, \.dot, \.gv"):
        graph().save(tmp_path / f"f.{suffix}")
    assert not list(tmp_path.iterdir())


def test_notebook(renderer):
    bundle = graph()._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "f = mul(%3, z)" in bundle["text/plain"]
    assert bundle["text/plain"] == repr(graph())


def test_without_any_renderer(monkeypatch, tmp_path):
    monkeypatch.setattr(render, "find", lambda: None)
    drawn = graph()
    with pytest.raises(RuntimeError, match="no Graphviz renderer is installed: pip install graphviz-pure"):
        drawn.save(tmp_path / "f.svg")
    assert drawn.save(tmp_path / "f.dot").exists()


def test_a_notebook_without_any_renderer_shows_the_listing(monkeypatch):
    monkeypatch.setattr(picture, "find", lambda: None)
    assert set(graph()._repr_mimebundle_()) == {"text/plain"}


def test_a_failing_renderer_is_quoted(renderer):
    with pytest.raises(RuntimeError, match=r"could not draw the graph: .*syntax error"):
        render.render("digraph {", "svg")


def test_the_background_is_white_in_dark_notebooks_too(renderer):
    assert '<polygon class="background" fill="#ffffff"' in graph().svg


def test_drawing_is_repeatable(renderer):
    assert graph().svg == graph().svg


def test_drawing_imports_graphviz_late():
    code = (
        "import sys, autodiff as ad\n"
        "p = ad.draw(ad.Tensor(1.0))\n"
        "print(p)\n"
        "assert 'graphviz' not in sys.modules\n"
        "p.source\n"
        "assert 'graphviz' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True)


def test_layers_of_arrays(renderer):
    W = ad.Tensor(np.ones((3, 20), np.float32), requires_grad=True)
    loss = ad.tanh(np.ones((5, 3), np.float32) @ W).mean()
    loss.backward()
    found = [text for text, _, _ in texts(draw(loss).svg)]
    assert "float32 (3, 20)" in found
    assert "tanh" in found
