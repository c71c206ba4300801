"""VGG: nothing but 3 x 3 convolutions, and many of them."""

from __future__ import annotations

from typing import Any

from autodiff.random import as_generator

from .. import init
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..functional import flatten
from ..linear import Linear
from ..module import Module, check_sizes
from ..normalization import BatchNorm2d
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .inputs import images_of

__all__ = ["VGG", "vgg11", "vgg13", "vgg16", "vgg19"]

CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
"""How many there are in each of the five blocks; with the three dense layers they make the depth."""


class VGG(Module):
    """Five blocks of 3 x 3 convolutions with ReLU, each ended by max pooling that halves the image; three dense layers.

        (n, in_channels, h, w)  block 1  (n, width, h / 2, w / 2)       block 2  (n, 2 width, h / 4, w / 4)
                                block 3  (n, 4 width, h / 8, w / 8)     block 4  (n, 8 width, h / 16, w / 16)
                                block 5  (n, 8 width, h / 32, w / 32)   mean to pool x pool
                                dense -> hidden -> hidden -> num_classes

    The sixteen layers of the paper's network D have 138 357 544 parameters; names are torchvision's, whose state
    dicts load.

    Args:
        depth: 11, 13, 16 or 19 layers with weights.
        num_classes: length of the result's last axis, logits.
        in_channels: of the images, which are 32 x 32 or larger.
        width: channels of the first block.
        hidden: units of the two hidden dense layers.
        pool: what the last maps are averaged to, before the dense layers.
        batch_norm: whether each convolution is followed by one.
        dropout: its probability, in the dense layers.
        dtype, generator: of the initial values (He et al., 2015); the generator also draws the dropout.

    >>> import numpy as np
    >>> VGG(11, num_classes=10, width=2, hidden=8, pool=1, generator=0)(np.zeros((2, 3, 32, 32))).shape
    (2, 10)

    Raises ValueError for another depth. Simonyan, Zisserman: Very deep convolutional networks for large-scale image
    recognition, 2014.
    """

    def __init__(
        self,
        depth: int = 16,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 64,
        hidden: int = 4096,
        pool: int = 7,
        batch_norm: bool = False,
        dropout: float = 0.5,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        if depth not in CONVOLUTIONS:
            raise ValueError(f"depth is one of {', '.join(map(str, CONVOLUTIONS))}; got {depth!r}")
        check_sizes(num_classes=num_classes, in_channels=in_channels, width=width, hidden=hidden, pool=pool)
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        layers: list[Module] = []
        channels = in_channels
        for times, convolutions in zip((1, 2, 4, 8, 8), CONVOLUTIONS[depth], strict=True):
            for _ in range(convolutions):
                layers += [Conv2d(channels, times * width, 3, padding=1, **drawn)]
                layers += [BatchNorm2d(times * width, dtype=dtype)] * batch_norm + [ReLU()]
                channels = times * width
            layers += [MaxPool2d(2, 2)]
        self.features = Sequential(*layers)
        self.avgpool = AdaptiveAvgPool2d((pool, pool))
        self.classifier = Sequential(
            Linear(channels * pool * pool, hidden, **drawn), ReLU(), Dropout(dropout, generator=stream),
            Linear(hidden, hidden, **drawn), ReLU(), Dropout(dropout, generator=stream),
            Linear(hidden, num_classes, **drawn),
        )  # fmt: skip
        for layer in (*self.features, *self.classifier):
            if isinstance(layer, Conv2d | Linear) and layer.bias is not None:
                init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=stream)
                init.zeros_(layer.bias)

    def forward(self, x: Any) -> Any:
        x = self.avgpool(self.features(images_of(x, self)))  # (n, 8 width, pool, pool)
        return self.classifier(flatten(x, 1))  # (n, num_classes)


def vgg11(num_classes: int = 1000, **options: Any) -> VGG:
    """`VGG(11, num_classes, ...)`, by torchvision's name."""
    return VGG(11, num_classes, **options)


def vgg13(num_classes: int = 1000, **options: Any) -> VGG:
    """`VGG(13, num_classes, ...)`, by torchvision's name."""
    return VGG(13, num_classes, **options)


def vgg16(num_classes: int = 1000, **options: Any) -> VGG:
    """`VGG(16, num_classes, ...)`, by torchvision's name."""
    return VGG(16, num_classes, **options)


def vgg19(num_classes: int = 1000, **options: Any) -> VGG:
    """`VGG(19, num_classes, ...)`, by torchvision's name."""
    return VGG(19, num_classes, **options)
