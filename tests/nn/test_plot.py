"""Plots of networks: what they show, and that they leave no trace."""

import sys

import numpy as np
import pytest

import autodiff as ad
import nn

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("matplotlib.figure")
RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(20, 2)).astype(np.float32)
IMAGES = RNG.normal(size=(2, 1, 8, 8)).astype(np.float32)


def perceptron():
    return nn.Sequential(nn.Linear(2, 5, generator=0), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 1, generator=1))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, generator=0), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(36, 3, generator=1),
    )  # fmt: skip


def squared(model):
    return lambda: (model(POINTS) ** 2).mean()


PLOTS = {
    "architecture": lambda ax: (model := convolutional(), nn.plot.architecture(model, IMAGES, ax=ax)),
    "neurons": lambda ax: (model := perceptron(), nn.plot.neurons(model, ax=ax)),
    "filters": lambda ax: (model := convolutional(), nn.plot.filters(model[0], ax=ax)),
    "feature_maps": lambda ax: (model := convolutional(), nn.plot.feature_maps(model, IMAGES, ax=ax)),
    "activations": lambda ax: (model := perceptron(), nn.plot.activation_histograms(model, POINTS, ax=ax)),
    "gradients": lambda ax: (model := perceptron(), nn.plot.gradient_histograms(model, squared(model)(), ax=ax)),
    "surface": lambda ax: (model := perceptron(), nn.plot.loss_surface(model, squared(model), points=5, ax=ax)),
    "boundary": lambda ax: (
        model := perceptron(),
        nn.plot.decision_boundary(model, POINTS, np.sign(POINTS[:, 0]), points=9, ax=ax),
    ),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_comes_back_and_draws(name):
    _, figure = PLOTS[name](None)
    assert isinstance(figure, matplotlib.figure.Figure)
    figure.canvas.draw()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


@pytest.mark.parametrize("name", PLOTS)
def test_axes_can_be_given(name):
    figure = matplotlib.figure.Figure()
    ax = figure.subplots(1, 2)[1]
    assert PLOTS[name](ax)[1] is figure
    assert ax.has_data() or ax.patches or ax.collections


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("lone", [True, False])
def test_the_model_is_left_as_it_was(training, lone):
    model = convolutional()
    model.train(training)
    if lone:
        model[1].eval()
    loss = model(IMAGES).sum()
    loss.backward()

    def state():
        tensors = [*model.named_parameters(), *model.named_buffers()]
        return [(name, t.value.copy(), None if t.grad is None else t.grad.value.copy()) for name, t in tensors]

    before, modes = state(), [m.training for m in model.modules()]
    settings = dict(matplotlib.rcParams)
    nn.plot.architecture(model, IMAGES)
    nn.plot.feature_maps(model, IMAGES)
    nn.plot.activation_histograms(model, IMAGES)
    nn.plot.gradient_histograms(model, model(IMAGES).sum() if not training else None)
    nn.plot.loss_surface(model, lambda: (model(IMAGES) ** 2).mean(), points=3)
    assert [m.training for m in model.modules()] == modes
    for (name, value, grad), (_, now, now_grad) in zip(before, state(), strict=True):
        np.testing.assert_array_equal(value, now, name)
        np.testing.assert_array_equal(grad, now_grad, name)
    assert dict(matplotlib.rcParams) == settings
    assert all(m._hooks is None or not (m._hooks.before or m._hooks.after) for m in model.modules())


def test_after_an_error_too():
    model = perceptron()
    before = model[0].weight.value
    with pytest.raises(ZeroDivisionError):
        nn.plot.loss_surface(model, lambda: 1 / 0, points=3)
    assert model[0].weight.value is before
    assert model.training
    with pytest.raises(ValueError, match="takes x"):
        nn.plot.activation_histograms(model, np.ones((2, 3)))
    assert model.training


def words(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_architecture_names_shapes_and_layers():
    found = words(nn.plot.architecture(convolutional(), IMAGES))
    assert "4 × 6 × 6" in found
    assert "Conv2d\nBatchNorm2d\nReLU" in found
    assert found[:2] == ["1 × 8 × 8", "input"]
    net = nn.Sequential(convolutional(), nn.Softmax(-1))
    assert len(words(nn.plot.architecture(net, IMAGES, depth=1))) < len(words(nn.plot.architecture(net, IMAGES)))


def test_lines_are_coloured_by_the_sign_of_their_weights():
    model = nn.Linear(2, 1, dtype=np.float64)
    model.weight.value = np.array([[-2.0, 1.0]])
    (lines,) = [c for c in nn.plot.neurons(model).axes[0].collections if hasattr(c, "get_segments")]
    (b, w) = lines.get_colors()
    assert b[2] > b[0]
    assert w[0] > w[2]
    assert lines.get_linewidths()[0] > lines.get_linewidths()[1]


def test_scalar_and_array_perceptrons_are_drawn_alike():
    small, wide = nn.scalar.MLP(2, [3, 1], generator=0), nn.MLP(2, [3, 1], generator=0)
    first, second = (nn.plot.neurons(m).axes[0].collections[0].get_linewidths() for m in (small, wide))
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_wide_layers_show_their_ends():
    figure = nn.plot.neurons([2, 100, 1], most=7)
    assert len(figure.axes[0].patches) == 2 + 6 + 1
    assert "⋮" in words(figure)


def test_histograms_tell_dead_units_and_what_is_not_finite():
    model = nn.Sequential(nn.Linear(2, 4, generator=0), nn.ReLU())
    model[0].weight.value = -np.ones((4, 2), np.float32)
    model[0].bias.value = np.zeros(4, np.float32)
    assert "100% zero" in words(nn.plot.activation_histograms(model, np.ones((3, 2), np.float32)))[1]
    model[0].bias.value = np.full(4, np.nan, np.float32)
    assert "not finite" in words(nn.plot.activation_histograms(model, np.ones((3, 2), np.float32)))[0]


def test_the_surface_is_the_loss():
    model = nn.Linear(2, 1, generator=0)
    loss = squared(model)
    here = loss().item()
    figure = nn.plot.loss_surface(model, loss, points=3, span=1e-6)
    assert words(figure) == [f"{here:.3g}"]


def test_mistakes_are_explained():
    with pytest.raises(ValueError, match="no dense layers"):
        nn.plot.neurons(nn.ReLU())
    with pytest.raises(ValueError, match=r"filters are .*shape \(1, 2\)"):
        nn.plot.filters(nn.Linear(2, 1))
    with pytest.raises(ValueError, match=r"'9' is not called"):
        nn.plot.feature_maps(convolutional(), IMAGES, "9")
    with pytest.raises(ValueError, match=r"'4' gives arrays of shape \(2, 36\)"):
        nn.plot.feature_maps(convolutional(), IMAGES, "4")
    with pytest.raises(ValueError, match="no parameter has a gradient"):
        nn.plot.gradient_histograms(perceptron())
    with pytest.raises(ValueError, match=r"points are \(n, 2\)"):
        nn.plot.decision_boundary(perceptron(), np.ones((3, 4)))
    with pytest.raises(ValueError, match="at least 3 points"):
        nn.plot.loss_surface(perceptron(), lambda: 0.0, points=1)
    with pytest.raises(ValueError, match="no weights of two or more axes"):
        nn.plot.loss_surface(nn.BatchNorm1d(3), lambda: 0.0)


def test_a_function_and_several_classes_have_a_boundary():
    figure = nn.plot.decision_boundary(lambda x: ad.asarray(x) @ np.eye(2), POINTS, points=9)
    figure.canvas.draw()
    assert figure.axes[0].get_legend() is None


def test_names_are_written_as_they_are():
    class Odd(nn.Module):
        def __init__(self):
            setattr(self, r"$\frac$", nn.Linear(2, 3))

        def forward(self, x):
            return getattr(self, r"$\frac$")(x)

    for figure in (
        nn.plot.activation_histograms(Odd(), POINTS),
        nn.plot.neurons([1, 1], labels=[[r"$\frac$"], ["$"]]),
        nn.plot.decision_boundary(nn.Linear(2, 1), POINTS, np.where(POINTS[:, 0] > 0, 1, -1), points=5),
    ):
        figure.canvas.draw()
