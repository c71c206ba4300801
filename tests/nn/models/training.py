"""What the tests of the zoo share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import optim


def train(model: Any, loss_of: Callable[[int], Any], steps: int, lr: float = 0.01) -> list[float]:
    """Train a model with Adam on `loss_of(step)`; the losses."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def digits(classes: int = 10) -> tuple[Any, Any]:
    """scikit-learn's digits of the first classes: images (n, 1, 8, 8) in [0, 1], float32, and labels (n,)."""
    images, labels = load_digits(return_X_y=True)
    kept = labels < classes
    return (images[kept].reshape(-1, 1, 8, 8) / 16).astype(np.float32), labels[kept]
