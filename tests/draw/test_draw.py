"""What pictures contain, in both styles, before and after `backward()`."""

import gc
import re
import weakref

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.draw import Picture, draw


def lecture():
    """The lecture's graph, (x + y) z."""
    with ad.keep_values():
        values = {"x": -2.0, "y": 5.0, "z": -4.0}
        x, y, z = (ad.Tensor(v, requires_grad=True, name=name) for name, v in values.items())
        q = (x + y).named("q")
        return (q * z).named("f")


def item(picture, name):
    (found,) = [item for item in picture.scene.items if item.name == name]
    return found


def rows(label):
    """The texts of an HTML-like label's rows."""
    return [re.sub("<[^>]*>", "", row).strip() for row in re.findall("<TD.*?</TD>", label)]


def wires(picture):
    """The rows of each wire in a circuit."""
    labels = re.findall(r"(\w+)_wire \[label=<(.*)> class", picture.source)
    return {key: rows(label) for key, label in labels}


def test_lecture_graph_has_values_above_and_gradients_below():
    f = lecture()
    before = wires(draw(f))
    f.backward()
    after = wires(draw(f))
    names = {item.key: item.name for item in draw(f).scene.items}
    assert {names[key]: texts for key, texts in before.items()} == {
        "x": ["-2", ""], "y": ["5", ""], "q": ["q = 3", ""], "z": ["-4", ""], "f": ["-12", ""],
    }  # fmt: skip
    assert {names[key]: texts for key, texts in after.items()} == {
        "x": ["-2", "-4"], "y": ["5", "-4"], "q": ["q = 3", "-4"], "z": ["-4", "3"], "f": ["-12", "1"],
    }  # fmt: skip


def test_lecture_graph_as_text():
    f = lecture()
    f.backward()
    assert str(draw(f)).splitlines() == [
        "x = input      # value=-2  grad=-4",
        "y = input      # value=5  grad=-4",
        "q = add(x, y)  # value=3  grad=-4",
        "z = input      # value=-4  grad=3",
        "f = mul(q, z)  # value=-12  grad=1",
    ]


def test_wires_run_through_the_middle_of_their_labels():
    f = lecture()
    source = draw(f).source
    heights = re.findall(r'HEIGHT="(\d+)"', source)
    assert len(heights) == 10
    assert len(set(heights)) == 1
    assert source.count("<HR/>") == 5
    assert "input0:e -> input0_wire:w" in source
    assert "input0_wire:e -> op3" in source
    down = draw(f, direction="TB").source
    assert down.count("<VR/>") == 5
    assert "input0:s -> input0_wire:n" in down


def test_structure_and_small_values_outlive_the_backward_pass():
    W = ad.Tensor(np.ones((3, 2)), requires_grad=True)
    loss = ad.tanh(np.ones((4, 3)) @ W).sum()
    before, _ = draw(loss), loss.backward()
    after = draw(loss)
    assert [item.op for item in before.scene.items] == ["", "", "matmul", "tanh", "sum"]
    assert [item.op for item in after.scene.items] == ["", "matmul", "tanh", "sum"]
    assert item(after, "loss").value == item(before, "loss").value
    assert item(before, "W").grad is None
    assert item(after, "W").grad.array.shape == (3, 2)


def test_a_picture_keeps_no_graph_alive():
    x = ad.Tensor(np.ones(100), requires_grad=True)
    gone = weakref.ref(x)
    picture = draw((x * x).sum())
    gc.disable()
    try:
        del x
        assert gone() is None
    finally:
        gc.enable()
    assert "mul" in picture.text()


def test_large_values_are_statistics_and_broken_ones_say_so():
    a = np.arange(20.0)
    a[3] = np.nan
    x = ad.Tensor(a, requires_grad=True)
    assert "1 not finite" in item(draw(x), "x").value.text
    y = ad.Tensor(np.full(20, np.inf), requires_grad=True)
    assert item(draw(y), "y").value.text == "20 not finite"
    z = ad.Tensor(np.zeros((4, 5)), requires_grad=True)
    assert item(draw(z), "z").value.text == "all 0"
    c = ad.Tensor(np.full(20, 3 + 4j), requires_grad=True)
    assert item(draw(c), "c").value.text == "all 5"
    e = ad.Tensor(np.zeros((0, 3)), requires_grad=True)
    assert item(draw(e), "e").value.text == "no elements"
    r = ad.Tensor(np.ones((1, 2)), requires_grad=True)
    assert item(draw(r), "r").value.lines == ["[[1 1]]"]
    m = ad.Tensor(np.eye(2), requires_grad=True)
    assert item(draw(m), "m").value.lines == ["[[1 0]", "[0 1]]"]


def test_values_that_the_backward_pass_still_needs_are_shown():
    x = ad.Tensor(np.linspace(0, 1, 50), requires_grad=True)
    h = ad.tanh(x * 2.0)
    y = (h * h).sum()
    h_item = next(item for item in draw(y, names=False).scene.items if item.op == "tanh")
    assert h_item.value.statistics.high == np.tanh(2.0)
    y.backward()
    h_item = next(item for item in draw(y, names=False).scene.items if item.op == "tanh")
    assert h_item.value is None


def test_retained_gradients():
    x = ad.Tensor(3.0, requires_grad=True)
    y = x * x
    y.retain_grad()
    z = y * 2.0
    z.backward()
    assert item(draw(z), "y").grad.text == "2"
    assert item(draw(z), "x").grad.text == "12"
    assert item(draw(z), "z").grad is None


def test_several_roots_and_containers():
    x = ad.Tensor(2.0, requires_grad=True)
    a, b = x * x, ad.exp(x)
    for picture in (draw(a, b), draw([a, (b,)]), draw({"a": a, "b": b}), draw(a, b, a)):
        assert [item.op for item in picture.scene.items if item.root] == ["mul", "exp"]
        assert len(picture.scene.items) == 3
    picture = draw({"out": {"a": a, "b": [b]}}, names=False)
    assert [item.name for item in picture.scene.items] == [None, "out.a", "out.b.0"]


def test_parameters_inputs_and_constants_look_different():
    model = nn.Linear(3, 2)
    x = ad.Tensor(np.ones((4, 3)), requires_grad=True)
    data = ad.Tensor(np.ones((4, 3)))
    loss = (model(x) + model(data)).sum() * 3
    kinds = {item.name: item.kind for item in draw(loss).scene.items if item.name}
    assert kinds["model.weight"] == "parameter"
    assert kinds["x"] == "input"
    fills = set(re.findall(r'BGCOLOR="(#\w+)"', draw(loss).source))
    assert len(fills) == 4
    assert "= mul(" in draw(loss).text()
    assert ", 3)" in draw(loss).text()


def test_an_array_used_twice_as_a_constant_is_one_item():
    x = ad.Tensor(np.ones(3), requires_grad=True)
    weights = np.array([1.0, 2.0, 3.0])
    y = (x * weights).sum() + (x * weights).sum()
    assert [item.kind for item in draw(y).scene.items].count("constant") == 1


def test_a_tensor_without_graph_says_why():
    x = ad.Tensor(2.0, requires_grad=True)
    cut = (x * x).detach()
    assert str(draw(cut)) == "cut = constant  # value=4  cut off: detach"
    assert "cut off: detach" in draw(cut, style="cards").source


def test_names():
    x = ad.Tensor(1.0, requires_grad=True, name="own")
    y = ad.Tensor(2.0, requires_grad=True)
    f = x * y
    assert draw(f).text().split("\n")[2].startswith("f = mul(own, y)")
    assert draw(f, names=False).text().split("\n")[2].startswith("%3 = mul(own, %2)")
    assert draw(f, names={"given": y}).text().split("\n")[2].startswith("f = mul(own, given)")
    assert draw(f, names=[("given", y)]).text().split("\n")[2].startswith("f = mul(own, given)")
    with pytest.raises(TypeError, match="names= gives tensors names, 'y' is a float"):
        draw(f, names={"y": 2.0})


def test_options_leave_things_out():
    x = ad.Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    assert "float32 (2, 2)" in draw(loss).text()
    assert "float32" not in draw(loss, shapes=False).text()
    assert "(2, 2)" in draw(loss, dtypes=False).text()
    assert "float32" not in draw(loss, dtypes=False).text()
    assert "value" not in draw(loss, values=False).text()
    assert "grad=" not in draw(loss, gradients=False).text()
    y = ad.Tensor(1.0, requires_grad=True)
    assert "float64" not in draw(y).text()
    assert "float64" in draw(y, dtypes=True).text()


def test_lines_and_saved_bytes():
    x = ad.Tensor(np.ones(100), requires_grad=True)
    loss = ad.tanh(x + 1.0).sum()
    text = draw(loss, lines=True, saved=True).text().splitlines()
    assert [re.sub(r".*keeps ", "", line) for line in text[1:]] == [
        f"{size}  test_draw.py:{line}" for size, line in zip(("0 B", "800 B", "0 B"), [line_of(loss)] * 3, strict=True)
    ]
    assert "test_draw.py:" in draw(loss, lines=True).source
    assert "/" not in draw(loss, lines=True).text()


def line_of(tensor):
    return tensor.node.line[1]


@pytest.mark.parametrize("style", ["circuit", "cards"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_style_and_direction_can_be_chosen(style, direction):
    f = lecture()
    picture = draw(f, style=style, direction=direction)
    assert f"rankdir={direction}" in picture.source
    assert ("_wire" in picture.source) == (style == "circuit")


def test_arrays_are_drawn_as_cards():
    x = ad.Tensor(np.ones((4, 4)), requires_grad=True)
    assert "_wire" not in draw(x @ x).source


def test_an_input_used_twice():
    x = ad.Tensor(3.0, requires_grad=True)
    y = x * x
    assert draw(y).source.count("input0_wire:e -> op1") == 2
    assert re.search(r"input0 -> op1 \[label=.*> 2</FONT>", draw(y, style="cards").source)


def test_unknown_constants_of_a_gate_are_still_shown():
    x = ad.Tensor(3.0, requires_grad=True)
    y = x + 1.0  # add keeps nothing
    assert "y = add(x, const)" in draw(y).text()
    assert "const" in draw(y).source


def test_the_outputs_of_an_op_with_several():
    def forward(x):
        return x * 2.0, x * 3.0

    def rule(g):
        return sum(part * factor for part, factor in zip(g, (2.0, 3.0), strict=True) if part is not None)

    both = ad.define("drawn_both", forward, rule, outs="twice thrice")
    x = ad.Tensor(np.ones(5), requires_grad=True)
    loss = sum(part.sum() for part in both(x))
    text = draw(loss).text()
    assert re.search(r"%\d+ = %2\.twice ", text)
    assert re.search(r"%\d+ = %2\.thrice ", text)
    assert "float64 (5,) (5,)" in text


def test_parameters_of_ops():
    x = ad.Tensor(np.ones((4, 5)), requires_grad=True)
    text = draw(x.sum(axis=1)[1:3]).text()
    assert "axis=" in text
    assert "getitem(%2, [1:3])" in text


def test_second_derivatives_draw_too():
    x = ad.Tensor(2.0, requires_grad=True)
    y = x * x * x
    (dx,) = ad.gradients(y, [x], create_graph=True)
    assert len(draw(y, dx).scene.items) > 5


def test_mistakes_are_explained():
    x = ad.Tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"takes tensors, or lists.*a module or function.*got float"):
        draw(2.0)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        draw(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="nothing to draw"):
        draw([])
    with pytest.raises(ValueError, match="direction is 'LR' or 'TB'"):
        draw(x, direction="up")
    with pytest.raises(ValueError, match="style is 'circuit' or 'cards'"):
        draw(x, style="art")
    with pytest.raises(ValueError, match="max_nodes is at least 1"):
        draw(x, max_nodes=0)


def test_public_names():
    assert ad.draw is draw
    assert type(ad.draw(ad.Tensor(1.0))) is Picture
