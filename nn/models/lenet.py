"""LeNet-5, the network that read cheques."""

from __future__ import annotations

from typing import Any

from autodiff.random import as_generator

from ..activation import Tanh
from ..container import Sequential
from ..conv import Conv2d
from ..init import Randomness
from ..linear import Flatten, Linear
from ..module import Module
from ..pool import AvgPool2d
from .inputs import images_of

__all__ = ["LeNet5"]


class LeNet5(Module):
    """Two convolutions, each followed by tanh and averaging, then three dense layers.

    For images of 28 x 28, padded by 2 to the 32 x 32 of the paper:

        (n, 1, 28, 28)  conv 5 x 5   (n, 6, 28, 28)   average 2 x 2  (n, 6, 14, 14)
                        conv 5 x 5   (n, 16, 10, 10)  average 2 x 2  (n, 16, 5, 5)
                        dense 400 -> 120 -> 84 -> num_classes

    Unlike the paper's, every map of the second convolution sees all six below it, averaging has no weights, and the
    result is logits for `nn.CrossEntropyLoss`.

    Args:
        num_classes: length of the result's last axis.
        in_channels: of the images, (n, in_channels, size, size).
        size: of the images; 12 or more, a multiple of 4.
        dtype, generator: of the initial values, as in `nn.Linear`.

    >>> import numpy as np
    >>> LeNet5(generator=0)(np.zeros((2, 1, 28, 28))).shape
    (2, 10)

    Raises ValueError for images of another size. LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to
    document recognition, 1998.
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        size: int = 28,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        if size < 12 or size % 4:
            raise ValueError(f"LeNet5 halves the image twice: size is a multiple of 4, at least 12; got {size}")
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        side = (size // 2 - 4) // 2
        self.size = size
        self.features = Sequential(
            Conv2d(in_channels, 6, 5, padding=2, **drawn), Tanh(), AvgPool2d(2),
            Conv2d(6, 16, 5, **drawn), Tanh(), AvgPool2d(2),
        )  # fmt: skip
        self.classifier = Sequential(
            Flatten(),
            Linear(16 * side * side, 120, **drawn), Tanh(),
            Linear(120, 84, **drawn), Tanh(),
            Linear(84, num_classes, **drawn),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.classifier(self.features(images_of(x, self, self.size)))  # (n, num_classes)
