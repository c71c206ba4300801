"""AlexNet, with which deep networks won the ImageNet competition of 2012."""

from __future__ import annotations

from typing import Any

from autodiff.random import as_generator

from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..functional import flatten
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .inputs import images_of

__all__ = ["AlexNet"]


class AlexNet(Module):
    """Five convolutions and three dense layers with ReLU, dropout before the first two dense ones.

    With w = width, and images (n, in_channels, 224, 224) for the sizes on the right:

        conv 11 x 11, stride 4   w    max 3 x 3, stride 2   (n, w, 27, 27)
        conv 5 x 5              3 w   max 3 x 3, stride 2   (n, 3 w, 13, 13)
        conv 3 x 3              6 w                         (n, 6 w, 13, 13)
        conv 3 x 3              4 w                         (n, 4 w, 13, 13)
        conv 3 x 3              4 w   max 3 x 3, stride 2   (n, 4 w, 6, 6)
        mean to 6 x 6, dense 144 w -> 64 w -> 64 w -> num_classes

    This is the version on one device, of 61 100 840 parameters; names are torchvision's, whose state dicts load.

    Args:
        num_classes: length of the result's last axis, logits.
        in_channels: of the images, which are 63 x 63 or larger.
        width: channels after the first convolution; the others follow.
        dropout: its probability.
        dtype, generator: of the initial values, as in `nn.Linear`; the generator also draws the dropout.

    >>> import numpy as np
    >>> AlexNet(10, width=2, generator=0)(np.zeros((2, 3, 64, 64))).shape
    (2, 10)

    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks, 2012;
    Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 64,
        dropout: float = 0.5,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(num_classes=num_classes, in_channels=in_channels, width=width)
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        w = width
        self.features = Sequential(
            Conv2d(in_channels, w, 11, stride=4, padding=2, **drawn), ReLU(), MaxPool2d(3, 2),
            Conv2d(w, 3 * w, 5, padding=2, **drawn), ReLU(), MaxPool2d(3, 2),
            Conv2d(3 * w, 6 * w, 3, padding=1, **drawn), ReLU(),
            Conv2d(6 * w, 4 * w, 3, padding=1, **drawn), ReLU(),
            Conv2d(4 * w, 4 * w, 3, padding=1, **drawn), ReLU(), MaxPool2d(3, 2),
        )  # fmt: skip
        self.avgpool = AdaptiveAvgPool2d((6, 6))
        self.classifier = Sequential(
            Dropout(dropout, generator=stream), Linear(4 * w * 36, 64 * w, **drawn), ReLU(),
            Dropout(dropout, generator=stream), Linear(64 * w, 64 * w, **drawn), ReLU(),
            Linear(64 * w, num_classes, **drawn),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        x = self.avgpool(self.features(images_of(x, self)))  # (n, 4 w, 6, 6)
        return self.classifier(flatten(x, 1))  # (n, num_classes)
