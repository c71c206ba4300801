"""Convolutional networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..row import Row
from ..systems import Arrays, Network


def random_weights(shapes: dict[str, tuple[int, ...]]) -> Arrays:
    """Normal weights that keep the size of what goes through them; biases near 0, the weights of norms near 1."""
    rng = np.random.default_rng(1)

    def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) > 1:
            return rng.normal(scale=np.prod(shape[1:]) ** -0.5, size=shape)
        return rng.normal(scale=0.1, size=shape) + (name.endswith("weight"))

    return {name: draw(name, shape).astype(np.float32) for name, shape in shapes.items()}


# -- LeNet ------------------------------------------------------------------------------------------------


def lenet(nn: Any, size: int = 28) -> Any:
    """LeCun's network with ReLU and max pooling."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * (size // 4 - 2) ** 2, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def lenet_weights(size: int) -> Arrays:
    """Where LeNet starts."""
    shapes = {
        "0": (6, 1, 5, 5),
        "3": (16, 6, 5, 5),
        "7": (120, 16 * (size // 4 - 2) ** 2),
        "9": (84, 120),
        "11": (10, 84),
    }
    return random_weights(
        {f"{name}.{part}": s for name, shape in shapes.items() for part, s in (("weight", shape), ("bias", shape[:1]))}
    )


def images(examples: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Random images of one channel, and classes."""
    rng = np.random.default_rng(0)
    return rng.random((examples, 1, size, size), dtype=np.float32), rng.integers(10, size=examples)


def convolve(x: Any, w: Any, padding: int) -> Any:
    """Convolution in JAX."""
    from jax import lax

    return lax.conv_general_dilated(x, w, (1, 1), [(padding, padding)] * 2)


def lenet_loss(f: Any, w: Arrays, x: Any, t: Any) -> Any:
    """The same in JAX."""
    from jax import lax

    def convolved(x: Any, name: str, padding: int) -> Any:
        x = f.relu(convolve(x, w[f"{name}.weight"], padding) + w[f"{name}.bias"][:, None, None])
        return lax.reduce_window(x, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    x = convolved(convolved(x, "0", 2), "3", 0).reshape(len(x), -1)
    for name in ("7", "9", "11"):
        x = x @ w[f"{name}.weight"].T + w[f"{name}.bias"]
        x = x if name == "11" else f.relu(x)
    return f.cross_entropy(x, t)


def lenet_on(examples: int, size: int) -> Network:
    """LeNet on images of this size."""
    return Network(
        model=lambda nn: lenet(nn, size), criterion="CrossEntropyLoss", optimizer="Adam", lr=1e-3,
        weights=lambda: lenet_weights(size), batch=lambda: images(examples, size), loss=lenet_loss,
    )  # fmt: skip


# -- a residual block ---------------------------------------------------------------------------------------


def residual_block(nn: Any) -> Any:
    """Two 3 x 3 convolutions with batch norm, and the way around them."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(64)
            self.conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(64)
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            h = self.relu(self.bn1(self.conv1(x)))
            return self.relu(self.bn2(self.conv2(h)) + x)

    return Block()


def residual_weights() -> Arrays:
    """Where the block starts."""
    shapes = {"conv{}.weight": (64, 64, 3, 3), "bn{}.weight": (64,), "bn{}.bias": (64,)}
    return random_weights({name.format(i): shape for i in (1, 2) for name, shape in shapes.items()})


def features() -> tuple[np.ndarray, np.ndarray]:
    """Random features, and what the block is to make of them."""
    x, t = np.random.default_rng(0).normal(size=(2, 16, 64, 32, 32)).astype(np.float32)
    return x, t


def residual_loss(f: Any, w: Arrays, x: Any, t: Any) -> Any:
    """The same in JAX, which keeps no running statistics here."""

    def normalised(x: Any, i: int) -> Any:
        x = convolve(x, w[f"conv{i}.weight"], 1)
        mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        return (x - mean) * (var + 1e-5) ** -0.5 * w[f"bn{i}.weight"][:, None, None] + w[f"bn{i}.bias"][:, None, None]

    return ((f.relu(normalised(f.relu(normalised(x, 1)), 2) + x) - t) ** 2).mean()


RESIDUAL = Network(
    model=residual_block, criterion="MSELoss", optimizer="SGD", lr=0.1,
    weights=residual_weights, batch=features, loss=residual_loss,
)  # fmt: skip

ROWS = {
    "lenet": Row(
        "LeNet on 1x28x28, batch 64, Adam", 0.5, lenet_on(64, 28).programs("jax"), tolerance=1e-3, memory=True
    ),
    "residual": Row(
        "residual block 16x64x32x32, SGD", 0.8, RESIDUAL.programs("jax"), tolerance=1e-3, memory=True
    ),
}  # fmt: skip
