"""Networks of dense layers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..row import Row
from ..systems import Arrays, Network

MOONS = (2, 16, 16, 1)
MOONS_STEP = 0.1


def dense_weights(sizes: tuple[int, ...]) -> Arrays:
    """Weights and biases of dense layers with activations between, as `nn.Sequential` names them."""
    rng = np.random.default_rng(1)
    weights = {}
    for i, (k, n) in enumerate(pairwise(sizes)):
        weights[f"{2 * i}.weight"] = rng.normal(scale=k**-0.5, size=(n, k)).astype(np.float32)
        weights[f"{2 * i}.bias"] = rng.normal(scale=0.1, size=n).astype(np.float32)
    return weights


def layers(nn: Any, sizes: tuple[int, ...], activation: str) -> Any:
    """Dense layers with activations between."""
    stack = [layer for k, n in pairwise(sizes) for layer in (nn.Linear(k, n), getattr(nn, activation)())]
    return nn.Sequential(*stack[:-1])


def apply_layers(weights: Arrays, x: Any, activation: Any) -> Any:
    """The same as a function."""
    last = len(weights) - 2
    for i in range(0, len(weights), 2):
        x = x @ weights[f"{i}.weight"].T + weights[f"{i}.bias"]
        x = x if i == last else activation(x)
    return x


def moons() -> tuple[np.ndarray, np.ndarray]:
    """A hundred points on two moons, and their sides, 1 and -1."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, np.pi, 50)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([upper, [1.0, 0.5] - upper]) + rng.normal(scale=0.1, size=(100, 2))
    return points.astype(np.float32), np.repeat([1.0, -1.0], 50)[:, None].astype(np.float32)


MOONS_NETWORK = Network(
    model=lambda nn: layers(nn, MOONS, "Tanh"), criterion="MSELoss", optimizer="SGD", lr=MOONS_STEP,
    weights=lambda: dense_weights(MOONS), batch=moons,
    loss=lambda f, weights, x, t: ((apply_layers(weights, x, f.tanh) - t) ** 2).mean(),
)  # fmt: skip


def digits(examples: int, features: int, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Random images in a row, and classes."""
    rng = np.random.default_rng(0)
    return rng.random((examples, features), dtype=np.float32), rng.integers(classes, size=examples)


def classifier(*sizes: int, examples: int) -> Network:
    """Dense layers with ReLU that tell classes apart, trained by Adam."""
    return Network(
        model=lambda nn: layers(nn, sizes, "ReLU"), criterion="CrossEntropyLoss", optimizer="Adam", lr=1e-3,
        weights=lambda: dense_weights(sizes), batch=lambda: digits(examples, sizes[0], sizes[-1]),
        loss=lambda f, weights, x, t: f.cross_entropy(apply_layers(weights, x, f.relu), t),
    )  # fmt: skip


PEERS = ("jax", "autograd", "mygrad", "tinygrad")

ROWS = {
    "moons": Row(
        "moons MLP 2-16-16-1, batch 100, SGD", 0.5, MOONS_NETWORK.programs(*PEERS), tolerance=1e-4
    ),
    "mlp": Row(
        "MLP 784-128-10, batch 64, Adam", 0.65, classifier(784, 128, 10, examples=64).programs(*PEERS), tolerance=1e-4
    ),
    "mlp-wide": Row(
        "MLP 784-512-512-10, batch 128, Adam", 0.6, classifier(784, 512, 512, 10, examples=128).programs(*PEERS),
        tolerance=1e-4,
    ),
}  # fmt: skip
