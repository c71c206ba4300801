"""The gallery's plots of networks, one function a picture."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

import nn
import optim

SUFFIX = ".png"


@cache
def _moons() -> tuple[Any, Any]:
    from sklearn.datasets import make_moons

    x, y = make_moons(200, noise=0.12, random_state=0)
    return x.astype(np.float32), y


@cache
def _digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images[:, None].astype(np.float32) / 16, digits.target


@cache
def _trained() -> Any:
    """A perceptron that tells the moons apart."""
    x, y = _moons()
    model = nn.MLP(2, [16, 16, 1], generator=0)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        _loss(model, x, y).backward()
        optimizer.step()
    return model


def _loss(model: Any, x: Any, y: Any) -> Any:
    return ((model(x).reshape(-1) - (2 * y - 1).astype(np.float32)) ** 2).mean()


@cache
def _network() -> Any:
    """A small convolutional network, trained on digits for a moment."""
    images, labels = _digits()
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, generator=0), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, generator=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, 32, generator=2), nn.ReLU(), nn.Linear(32, 10, generator=3),
    )  # fmt: skip
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(4):
        for i in range(0, 1600, 32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[i : i + 32]), labels[i : i + 32]).backward()
            optimizer.step()
    return model


def architecture() -> Any:
    """The layers of a network with the shapes of what they give."""
    model, (images, _) = _network(), _digits()
    return nn.plot.architecture(model, images[:1])


def neurons() -> Any:
    """A small perceptron: weights below zero are blue, above zero orange."""
    return nn.plot.neurons(nn.MLP(3, [4, 4, 1], generator=0))


def filters() -> Any:
    """The filters of a convolution."""
    model = _network()
    return nn.plot.filters(model[0])


def maps() -> Any:
    """What it makes of one image: feature maps."""
    model, (images, _) = _network(), _digits()
    return nn.plot.feature_maps(model, images[:1], layer="2")


def activations() -> Any:
    """Activations, layer by layer."""
    model, (images, _) = _network(), _digits()
    return nn.plot.activation_histograms(model, images[:200])


def gradients() -> Any:
    """Gradients, parameter by parameter."""
    model, (images, labels) = _network(), _digits()
    loss = nn.functional.cross_entropy(model(images[:200]), labels[:200])
    return nn.plot.gradient_histograms(model, loss)


def surface() -> Any:
    """The loss around a solution, in two random directions with filter normalisation."""
    model, (x, y) = _trained(), _moons()
    return nn.plot.loss_surface(model, lambda: _loss(model, x, y), points=31, log=True)


def boundary() -> Any:
    """Where a classifier changes its mind."""
    model, (x, y) = _trained(), _moons()
    return nn.plot.decision_boundary(model, x, y)
