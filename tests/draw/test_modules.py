"""Modules in pictures: frames around what they compute, boxes at a depth, repetitions, readable by default."""

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import draw, watch_modules

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4)).astype(np.float32)


def perceptron():
    inner = nn.Sequential(nn.Linear(8, 8, generator=1), nn.Tanh())
    return nn.Sequential(nn.Linear(4, 8, generator=0), nn.ReLU(), inner, nn.Linear(8, 3, generator=2))


def modules(picture):
    return [item for item in picture.scene.items if item.kind == "module"]


def frame_names(picture):
    return [frame.name for frame in picture.scene.frames]


def test_a_module_and_an_example_are_drawn_in_frames():
    picture = draw(perceptron(), X)
    assert frame_names(picture) == ["0", "2", "2.0", "3"]
    parents = {frame.name: frame.parent for frame in picture.scene.frames}
    keys = {frame.name: frame.key for frame in picture.scene.frames}
    assert parents["2.0"] == keys["2"]
    inside = {item.name: item.frame for item in picture.scene.items if item.kind == "parameter"}
    assert inside["2.0.weight"] == keys["2.0"]
    assert "subgraph cluster_" in picture.source
    assert not picture.scene.folded
    assert picture.scene.items[0].kind == "input"


def test_names_inside_frames_leave_out_what_the_frames_say():
    source = draw(perceptron(), X).source
    assert ">weight</FONT>" in source
    assert ">2.0.weight</FONT>" not in source


@pytest.mark.parametrize(("depth", "names"), [(0, [""]), (1, ["0", "1", "2", "3"]), (2, ["0", "1", "2.0", "2.1", "3"])])
def test_depth_makes_boxes(depth, names):
    picture = draw(perceptron(), X, depth=depth)
    assert [item.name for item in modules(picture)] == names
    assert sum(item.elements for item in modules(picture)) == perceptron().num_parameters()
    assert [item.kind for item in picture.scene.items if item.kind != "module"] == ["input"]


def test_boxes_are_a_chain():
    picture = draw(perceptron(), X, depth=1)
    keys = [item.key for item in picture.scene.items]
    assert [item.inputs for item in modules(picture)] == [[key] for key in keys[:-1]]


def test_the_modules_of_a_graph_made_before_are_watched():
    model = perceptron()
    with watch_modules(model) as calls:
        loss = (model(X) ** 2).sum()
    loss.backward()
    picture = draw(loss, modules=calls)
    assert "2.0" in frame_names(picture)
    assert frame_names(picture)[0] == ""  # the model does not compute all: there is the loss
    assert all(item.grad is not None for item in picture.scene.items if item.kind == "parameter")
    assert frame_names(draw(loss)) == []
    assert all(module._hooks is None or not module._hooks.before for module in model.modules())


def test_a_function_that_calls_a_model():
    model = perceptron()
    picture = draw(lambda x: model(x).sum(), X, modules=model)
    assert "2.0" in frame_names(picture)
    with pytest.raises(TypeError, match="modules= is the model that the function calls, not int"):
        draw(lambda x: model(x), X, modules=3)


def test_hooks_are_taken_off_after_an_error():
    model = perceptron()
    with pytest.raises(ValueError, match="takes x"):
        draw(model, X[:, :2])
    assert all(not module._hooks.before and not module._hooks.after for module in model.modules() if module._hooks)


def test_drawing_changes_nothing_in_a_model():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[0].train(False)
    before = [(name, t.value.copy()) for name, t in (*model.named_parameters(), *model.named_buffers())]
    generator = getattr(model[2], "generator", None)
    offset = getattr(generator, "offset", None)
    model[0].weight.grad = ad.Tensor(np.ones((4, 4), np.float32))
    draw(model, X, backward=True)
    assert [module.training for module in model] == [False, True, True]
    for name, value in before:
        np.testing.assert_array_equal(dict((*model.named_parameters(), *model.named_buffers()))[name].value, value)
    assert (model[0].weight.grad.value == 1).all()
    assert model[0].bias.grad is None
    assert getattr(generator, "offset", None) == offset


def test_backward_shows_gradients():
    picture = draw(perceptron(), X, backward=True)
    assert all(item.grad is not None and item.value is not None for item in picture.scene.items)
    with pytest.raises(ValueError, match="of a tensor call backward"):
        draw(ad.Tensor(1.0, requires_grad=True), backward=True)


def test_a_lazy_layer_is_made_by_the_call():
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU())
    picture = draw(model, X, depth=1)
    assert [(item.op, item.elements) for item in modules(picture)] == [("Linear", 15), ("ReLU", 0)]


def test_equal_blocks_that_follow_each_other_are_one():
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(12)]
    picture = draw(nn.Sequential(*blocks, nn.Linear(4, 2)), X, depth=1)
    first, last = modules(picture)
    assert (first.repeat, first.elements, first.name) == (12, 12 * 20, "0 to 11")
    assert last.repeat == 1
    assert "× 12" in picture.source
    assert "x 12" in picture.text()


def test_resnet50_is_readable_by_default():
    model = nn.models.resnet50(num_classes=10, generator=0)
    picture = draw(model, np.zeros((1, 3, 32, 32), np.float32))
    assert len(picture.scene.items) < 30
    assert sum(item.elements for item in modules(picture)) == model.num_parameters()
    assert [item.repeat for item in modules(picture) if item.op == "Bottleneck"] == [1, 1, 1, 1, 3, 1, 5, 1, 1, 1]
    assert "layer3" in frame_names(picture)


class Steps(nn.Module):
    def __init__(self):
        self.cell = nn.RNNCell(4, 8, generator=0)
        self.out = nn.Linear(8, 2, generator=1)

    def forward(self, xs):
        h = np.zeros((2, 8), np.float32)
        for i in range(len(xs)):
            h = self.cell(xs[i], h)
        return self.out(h)


def test_an_unrolled_cell_is_readable_by_default():
    picture = draw(Steps(), RNG.normal(size=(64, 2, 4)).astype(np.float32))
    assert len(picture.scene.items) < 10
    (fold,) = [item for item in picture.scene.items if item.kind == "fold"]
    assert dict(fold.parts) == {"getitem": 1, "RNNCell": 1}
    assert fold.repeat == 63
    boxes = {item.key for item in modules(picture)}
    assert all(key not in boxes or key == picture.scene.items[2].key for key in fold.inputs)


def test_parameters_that_boxes_share_are_no_wires_between_them():
    layer = nn.Linear(4, 4)
    picture = draw(nn.Sequential(layer, nn.ReLU(), layer, nn.Tanh(), layer), X, depth=1)
    assert all(len(item.inputs) == 1 for item in modules(picture))


def test_many_ops_in_a_model_are_its_boxes():
    class Long(nn.Module):
        def forward(self, x):
            for _ in range(20_000):
                x = x * 1.0
            return x

    picture = draw(nn.Sequential(Long(), Long()), np.float64(1.0))
    assert [item.nodes for item in modules(picture)] == [20_000, 20_000]


def test_lines_are_those_of_the_call_of_draw():
    model = perceptron()
    text = draw(model, X, lines=True).text()
    assert "test_modules.py:" in text
    assert "contextlib" not in text
    assert "test_modules.py:" in draw(lambda x: model(x).sum(), X, modules=model, lines=True, backward=True).text()
