import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff import Tensor
from autodiff.testing import check_grads
from nn import models
from tests.nn.models.table import ROWS, WITHOUT_PARAMETERS, rng


def arrays(output):
    """A model's output as a list of arrays, with tuples opened."""
    if isinstance(output, tuple):
        return [part for held in output for part in arrays(held)]
    return [np.asarray(output.value if type(output) is Tensor else output)]


def run(row, model):
    """The outputs; models that draw in `forward` draw the same each time."""
    return arrays(model(*row.inputs, **row.options))


def test_every_model_has_a_row():
    found = {name for name in models.__all__ if isinstance(getattr(models, name), type)}
    assert found == {name for name in found if issubclass(getattr(models, name), nn.Module)}
    assert found == set(ROWS) | WITHOUT_PARAMETERS


@pytest.mark.parametrize("name", ROWS)
def test_shapes_and_dtypes(name):
    row = ROWS[name]
    outputs = run(row, row.make(0).eval())
    shapes = row.shape if isinstance(row.shape, list) else [row.shape]
    assert [out.shape for out in outputs] == shapes
    assert all(out.dtype == np.float32 for out in outputs)
    assert all(np.isfinite(out).all() for out in outputs)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_the_same_seed_gives_the_same_numbers(name, training):
    row = ROWS[name]
    first, second, other = (row.make(seed).train(training) for seed in (0, 0, 1))
    for _ in range(2):  # the second call too, which draws on from where the first one ended
        for a, b in zip(run(row, first), run(row, second), strict=True):
            np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(run(row, first), run(row, other), strict=True))


@pytest.mark.parametrize("name", ROWS)
def test_the_gradient_reaches_every_parameter(name):
    row = ROWS[name]
    model = row.make(0)
    row.loss(model, *row.inputs, 0).backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert np.isfinite(parameter.grad.value).all(), key
        assert (parameter.grad.value != 0).any(), key


@pytest.mark.parametrize("name", ROWS)
def test_saving_and_loading(name):
    row = ROWS[name]
    model, other = row.make(0), row.make(1)
    row.loss(model, *row.inputs, 0).backward()  # running statistics move
    other.load_state_dict(model.state_dict())
    for a, b in zip(run(row, model.eval()), run(row, other.eval()), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ROWS)
def test_in_evaluation_calls_are_alike_and_change_nothing(name):
    row = ROWS[name]
    model = row.make(0).eval()
    before = model.state_dict()
    for a, b in zip(run(row, model), run(row, model), strict=True):
        np.testing.assert_array_equal(a, b)
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(before[key], value)


@pytest.mark.parametrize("name", ROWS)
def test_a_summary_counts_all_and_changes_nothing(name):
    row = ROWS[name]
    model, other = row.make(0), row.make(0)
    table = nn.summary(model, *row.inputs, **row.options)
    shapes = row.shape if isinstance(row.shape, list) else [row.shape]
    assert table.total.output == ", ".join(map(str, shapes))
    assert table.total.parameters == model.num_parameters()
    assert table.total.multiply_adds > 0
    assert table.unused == []
    assert all(module.training and module._hooks is None for module in model.modules())
    for key, value in other.state_dict().items():
        np.testing.assert_array_equal(model.state_dict()[key], value)
    for a, b in zip(run(row, model), run(row, other), strict=True):  # what is drawn next is what would have been
        np.testing.assert_array_equal(a, b)


IMAGES = [
    name
    for name, row in ROWS.items()
    if row.inputs[0].ndim == 4 and name not in ("BasicBlock", "Bottleneck", "Inception")
]


@pytest.mark.parametrize("name", IMAGES)
def test_images_of_other_shapes(name):
    row = ROWS[name]
    model, (x, *others) = row.make(0).eval(), row.inputs
    assert arrays(model(x[:0], *[other[:0] for other in others]))[0].shape == (0, *row.shape[1:])
    for given in (x[0], x[None]):
        with pytest.raises(
            ValueError, match=rf"this {name} takes images \(n, channels, .*\).*, got float64 \({given.shape[0]},"
        ):
            model(given, *others)
    with pytest.raises(ValueError, match="has 3 channels; weight"):
        model(x.repeat(3, 1), *others)
    if name in ("ViT", "LeNet5", "CapsuleNetwork", "UNet", "ConvAutoencoder"):
        with pytest.raises(ValueError, match=f"this {name} takes images"):
            model(x[..., 1:], *others)


@pytest.mark.parametrize(
    "name", ["RBM", "LeNet5", "Capsules", "CharRNN", "Seq2Seq", "NeuralTuringMachine", "GPT", "MaskedLM", "ViT"]
)
def test_second_derivatives_of_the_smooth_ones(name):
    row = ROWS[name]
    model = row.make(0).eval().astype(float)
    if name in ("GPT", "MaskedLM", "ViT"):  # which begin with vectors so short that norms are too steep for differences
        for parameter in model.parameters():
            nn.init.fill_(parameter, parameter.value + rng().normal(size=parameter.shape))
    check_grads(lambda model: row.loss(model, *row.inputs, 0), (model,))


@pytest.mark.parametrize("name", ROWS)
def test_inputs_may_be_tensors(name):
    row = ROWS[name]
    model = row.make(0).eval()
    given = row._replace(inputs=[Tensor(x) for x in row.inputs])
    for a, b in zip(run(row, model), run(given, model), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("NeuralTuringMachine", "Seq2Seq")])
def test_vmap_of_one_example(name):
    row = ROWS[name]
    model = row.make(0).eval()  # of the two left out, one has steps on the first axis, the other asks for lengths

    def of_one(*inputs):
        out = model(*[x[None] for x in inputs], **row.options)
        return out[0][0] if isinstance(out, tuple) else out[0]

    np.testing.assert_allclose(arrays(ad.vmap(of_one)(*row.inputs))[0], run(row, model)[0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ROWS)
def test_a_traced_step_goes_on_training(name):
    row = ROWS[name]
    losses = []
    for traced in (True, False):
        model = row.make(0).eval()  # a program that is run again would draw the same dropout
        optimizer = optim.SGD(model.parameters(), lr=1e-3)

        def step(*inputs, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = row.loss(model, *inputs, 0)
            loss.backward()
            optimizer.step()
            return loss

        again = ad.trace(step)(*row.inputs) if traced else step
        if not traced:
            step(*row.inputs)
        losses.append([float(again(*row.inputs)) for _ in range(2)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ROWS)
def test_float64(name):
    row = ROWS[name]
    model = row.make(0).eval().astype(float)
    assert all(out.dtype == np.float64 for out in run(row, model))
