"""LeNet, AlexNet, VGG, GoogLeNet and ResNet: each in small, trained; in full size, counted."""

import numpy as np
import pytest

import nn
from nn import models
from tests.nn.models.training import digits, train


def enlarged(times):
    """Zeros, ones and twos, so many times as large as 8 x 8, standardised."""
    images, labels = digits(3)
    images = np.kron(images, np.ones((times, times), np.float32))
    return (images - images.mean()) / images.std(), labels


# They learn from other seeds as well, which is why the steps are not fewer.
SMALL = {  # name: size of the images over eight, learning rate, steps, and the model
    "LeNet5": (3, 0.005, 15, lambda: models.LeNet5(3, 1, 24, generator=0)),
    "AlexNet": (8, 0.0005, 36, lambda: models.AlexNet(3, 1, width=8, dropout=0.0, generator=0)),
    "VGG11": (4, 0.002, 24, lambda: models.VGG(11, 3, 1, 8, 32, 1, dropout=0.2, generator=0)),
    "VGG13 with batch norm": (4, 0.01, 10, lambda: models.VGG(13, 3, 1, 6, 16, 1, True, 0.2, generator=0)),
    "GoogLeNet": (4, 0.01, 10, lambda: models.GoogLeNet(3, 1, 8, generator=0)),
    "ResNet18": (4, 0.01, 8, lambda: models.ResNet(18, 3, 1, 8, generator=0)),
    "ResNet50": (4, 0.003, 24, lambda: models.ResNet(50, 3, 1, 4, generator=0)),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_learns(name):
    times, lr, steps, make = SMALL[name]
    images, labels = enlarged(times)
    model, loss_of = make(), nn.CrossEntropyLoss()
    losses = train(model, lambda step: loss_of(model(images[:24]), labels[:24]), steps, lr)
    assert np.mean(losses[-3:]) < 0.5 * losses[0]


def test_lenet_reads_digits_it_has_not_seen():
    images, labels = enlarged(3)
    model, loss_of, rng = models.LeNet5(3, 1, 24, generator=0), nn.CrossEntropyLoss(), np.random.default_rng(0)

    def loss(step):
        batch = rng.integers(400, size=16)
        return loss_of(model(images[batch]), labels[batch])

    train(model, loss, 60, 0.005)
    assert (model(images[400:]).value.argmax(1) == labels[400:]).mean() > 0.95


@pytest.mark.parametrize(
    ("depth", "counts"), [(11, (1, 1, 2, 2, 2)), (13, (2,) * 5), (16, (2, 2, 3, 3, 3)), (19, (2, 2, 4, 4, 4))]
)
def test_vgg_counts_its_layers(depth, counts):
    model = models.VGG(depth, 3, width=2, hidden=4, pool=1)
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(layers) == depth
    kinds = "".join({nn.Conv2d: "c", nn.MaxPool2d: "p"}.get(type(layer), "") for layer in model.features)
    assert kinds == "p".join("c" * count for count in counts) + "p"


@pytest.mark.parametrize(("depth", "entries"), [(18, 122), (34, 218), (50, 320), (101, 626), (152, 932)])
def test_resnet_counts_its_layers(depth, entries):
    model = models.ResNet(depth, 3, width=1)
    layers = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and "downsample" not in name
    ]
    assert len(layers) == depth
    assert len(model.state_dict()) == entries


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_resnets_by_name(name):
    model = getattr(models, name)(5, width=1, in_channels=1, generator=0)
    assert repr(model) == repr(models.ResNet(int(name[6:]), 5, 1, 1))


@pytest.mark.parametrize("name", ["vgg11", "vgg13", "vgg16", "vgg19"])
def test_vggs_by_name(name):
    model = getattr(models, name)(5, width=1, hidden=2, batch_norm=True)
    assert repr(model) == repr(models.VGG(int(name[3:]), 5, width=1, hidden=2, batch_norm=True))


def test_sizes_of_the_maps():
    # The tables of the papers, at a width that is quick: sides of the images from stage to stage.
    x = np.zeros((1, 3, 224, 224), np.float32)

    def sides(model, names):
        seen = {}
        for name in names:
            module = model
            for part in name.split("."):
                module = getattr(module, part)
            module.register_forward_hook(lambda _, inputs, out, name=name: seen.__setitem__(name, out.shape[-1]))
        model.eval()(x)
        return [seen[name] for name in names]

    stages = ["conv1", "maxpool", "layer1", "layer2", "layer3", "layer4"]
    assert sides(models.ResNet(18, 3, width=1), stages) == [112, 56, 56, 28, 14, 7]
    stages = ["conv1", "maxpool1", "maxpool2", "inception3b", "maxpool3", "inception4e", "maxpool4", "inception5b"]
    assert sides(models.GoogLeNet(3, width=8), stages) == [112, 56, 28, 28, 14, 14, 7, 7]
    stages = ["features.0", "features.2", "features.5", "features.12"]
    assert sides(models.AlexNet(3, width=1), stages) == [55, 27, 13, 6]
    assert sides(models.VGG(16, 3, width=1, hidden=2), ["features"]) == [7]


def test_a_residual_block_begins_with_its_input():
    block = models.BasicBlock(4, 4, generator=0).eval()
    x = abs(np.random.default_rng(0).normal(size=(2, 4, 5, 5))).astype(np.float32)
    state = block.state_dict()
    state["bn2.weight"][:] = 0
    block.load_state_dict(state)
    np.testing.assert_allclose(block(x).value, x, rtol=1e-6)
    assert models.BasicBlock(4, 4).downsample is None
    assert models.BasicBlock(4, 4, 2)(x).shape == (2, 4, 3, 3)
    assert models.Bottleneck(4, 2, 2)(x).shape == (2, 8, 3, 3)


def test_errors():
    with pytest.raises(ValueError, match="depth is one of 11, 13, 16, 19; got 12"):
        models.VGG(12)
    for depth in (20, "18", (), True):
        with pytest.raises(ValueError, match="depth is one of 18, 34, 50, 101, 152, or a tuple; got"):
            models.ResNet(depth)
    with pytest.raises(ValueError, match=r"depth\[1\] is an integer of at least 1, got 0"):
        models.ResNet((1, 0))
    assert repr(models.ResNet(np.int64(18), width=1)) == repr(models.ResNet((2, 2, 2, 2), width=1))
    with pytest.raises(ValueError, match="width is a multiple of 8, so that all blocks have whole channels; got 12"):
        models.GoogLeNet(width=12)
    with pytest.raises(ValueError, match="size is a multiple of 4, at least 12; got 30"):
        models.LeNet5(size=30)
