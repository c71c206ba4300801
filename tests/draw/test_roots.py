"""What can be drawn: functions, backward passes, and both."""

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, draw


def ops(picture):
    return [item.op for item in picture.scene.items if item.kind == "op"]


def test_a_function_and_its_arguments():
    picture = draw(lambda a, b: (a * b).sum(), np.ones(3), 2.0)
    assert ops(picture) == ["mul", "sum"]
    assert [item.name for item in picture.scene.items if item.kind == "input"] == ["a", "b"]
    x = Tensor(3.0, requires_grad=True)
    assert ops(draw(lambda: x * x)) == ["mul"]
    assert ops(draw(np.tanh, Tensor(0.5, requires_grad=True))) == ["tanh"]


def test_a_function_after_its_backward_pass():
    x = Tensor(3.0, requires_grad=True)
    x.grad = Tensor(7.0)
    picture = draw(lambda v: x * v, 2.0, backward=True)
    grads = {item.name: item.grad.text for item in picture.scene.items if item.kind == "input"}
    assert grads == {"x": "2", "v": "3"}
    assert x.grad.item() == 7.0


def test_gradients_are_restored_after_an_error():
    x = Tensor(3.0, requires_grad=True)
    x.grad = Tensor(7.0)
    with pytest.raises(ValueError, match="depth"):
        draw(lambda: x * x, backward=True, depth=-1)
    assert x.grad.item() == 7.0


def test_integers_are_given_as_they_are():
    W = Tensor(np.ones((5, 2)), requires_grad=True)
    picture = draw(lambda i: W[i].sum(), np.array([0, 1]))
    assert ops(picture)[-1] == "sum"


def test_a_result_without_a_graph_says_what_it_is():
    with pytest.raises(TypeError, match="got str"):
        draw(lambda: "words")


def test_the_backward_graph():
    x, w = Tensor(3.0, requires_grad=True), Tensor(0.5, requires_grad=True)
    L = ad.tanh(w * x)
    before = len(draw(L).scene.items)
    picture = draw(L, graph="backward")
    names = {item.name for item in picture.scene.items if item.root}
    assert names == {"dL/dx", "dL/dw"}
    assert all(item.backward for item in picture.scene.items if item.kind == "op")
    assert "tanh" not in ops(picture)
    assert {"L", "x", "w"} <= {item.name for item in picture.scene.items if item.kind == "input"}
    values = {item.name: item.value.array.item() for item in picture.scene.items if item.root}
    expected = ad.gradients(ad.tanh(w * x), [x, w])
    assert values == {"dL/dx": expected[0].item(), "dL/dw": expected[1].item()}
    assert x.grad is None
    assert len(draw(L).scene.items) == before  # and the graph can still be used
    L.backward()


def test_both_graphs():
    x = Tensor(3.0, requires_grad=True)
    L = ad.tanh(x) * x
    picture = draw(L, graph="both")
    (frame,) = picture.scene.frames
    assert frame.name == "backward pass"
    backward = [item for item in picture.scene.items if item.backward]
    assert backward
    assert all(item.frame == frame.key for item in backward)
    assert ops(picture)[:2] == ["tanh", "mul"]
    assert {item.name for item in picture.scene.items if item.root} == {"L", "dL/dx"}


def test_the_backward_graph_of_arrays():
    W = Tensor(np.ones((3, 2)), requires_grad=True)
    out = ad.relu(np.ones((4, 3)) @ W)
    picture = draw(out, graph="backward")
    root = next(item for item in picture.scene.items if item.root)
    assert root.shape == (3, 2)
    assert "svg" in picture.svg


def test_there_may_be_no_backward_graph():
    with pytest.raises(ValueError, match="no backward graph"):
        draw(Tensor(1.0), graph="backward")
    x = Tensor(1.0, requires_grad=True)
    y = x * x
    y.backward()
    with pytest.raises(ad.GradientError, match="freed by an earlier backward pass"):
        draw(y, graph="both")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theme": "pink"}, "theme is 'light', 'dark' or 'print', not 'pink'"),
        ({"graph": "up"}, "graph is 'forward', 'backward' or 'both', not 'up'"),
        ({"color": "size"}, "color is 'gradient', 'value', 'time' or 'bytes', not 'size'"),
        ({"color": "time"}, 'color="time" needs profile='),
        ({"depth": -1}, "depth is at least 0"),
    ],
)
def test_unknown_options_are_explained(options, message):
    with pytest.raises(ValueError, match=message):
        draw(Tensor(1.0), **options)


def test_a_profile_is_a_mapping_or_has_one():
    x = Tensor(2.0, requires_grad=True)
    y = x * x

    class Profile:
        def __init__(self):
            self.node_seconds = {y.node.number: 0.0123}

    for profile in (Profile().node_seconds, Profile()):
        assert "12.3 ms" in draw(y, profile=profile, style="cards").source
    with pytest.raises(TypeError, match="profile= is a mapping"):
        draw(y, profile=3)


def test_a_long_program_is_folded():
    def f(x):
        for _ in range(200):
            x = np.tanh(x) * 2.0
        return x

    program = ad.trace(f)(np.ones(3))
    picture = draw(program)
    (fold,) = [item for item in picture.scene.items if item.kind == "fold"]
    assert fold.repeat >= 198
    assert sum(item.nodes for item in picture.scene.items if item.kind in ("op", "fold")) == 400
    assert len(draw(program, max_nodes=400).scene.items) > 400
    places = {item.key: i for i, item in enumerate(picture.scene.items)}
    assert all(places[key] < places[item.key] for item in picture.scene.items for key in item.inputs)
    assert len(draw(program, max_nodes=1).scene.items) < 10
