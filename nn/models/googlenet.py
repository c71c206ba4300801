"""GoogLeNet: blocks that look at several scales side by side."""

from __future__ import annotations

from typing import Any

from autodiff.numpy import concatenate
from autodiff.random import as_generator

from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..functional import flatten
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..normalization import BatchNorm2d
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .inputs import images_of

__all__ = ["GoogLeNet", "Inception"]


class BasicConv2d(Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, **drawn: Any) -> None:
        self.conv = Conv2d(
            in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False, **drawn
        )
        self.bn = BatchNorm2d(out_channels, eps=0.001, dtype=drawn.get("dtype"))
        self.relu = ReLU()

    def forward(self, x: Any) -> Any:
        return self.relu(self.bn(self.conv(x)))


class Inception(Module):
    """Four branches over the same input, their channels side by side in the result.

        branch1  1 x 1 conv to c1                              branch3  1 x 1 conv to r3, then 3 x 3 to c3
        branch2  1 x 1 conv to r2, then 3 x 3 to c2            branch4  max 3 x 3, then 1 x 1 conv to c4

    (n, in_channels, h, w) to (n, c1 + c2 + c3 + c4, h, w). The third branch is of 5 x 5 in the paper, and 3 x 3 in the
    weights that are in use since.

    >>> import numpy as np
    >>> Inception(8, 4, (2, 6), (1, 3), 2, generator=0)(np.zeros((2, 8, 5, 5))).shape
    (2, 15, 5, 5)
    """

    def __init__(self, in_channels: int, c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int, **drawn: Any):
        self.branch1 = BasicConv2d(in_channels, c1, 1, **drawn)
        self.branch2 = Sequential(BasicConv2d(in_channels, c2[0], 1, **drawn), BasicConv2d(*c2, 3, **drawn))
        self.branch3 = Sequential(BasicConv2d(in_channels, c3[0], 1, **drawn), BasicConv2d(*c3, 3, **drawn))
        self.branch4 = Sequential(MaxPool2d(3, 1, padding=1, ceil_mode=True), BasicConv2d(in_channels, c4, 1, **drawn))

    def forward(self, x: Any) -> Any:
        return concatenate([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], axis=1)


BLOCKS: dict[str, tuple[int, tuple[int, int], tuple[int, int], int]] = {
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
"""c1, (r2, c2), (r3, c3) and c4 of each block at width 64: the paper's table 1."""


class GoogLeNet(Module):
    """Three convolutions, nine Inception blocks with max pooling between them, the mean, one dense layer.

        (n, in_channels, h, w)  conv 7 x 7, stride 2; max 3 x 3, stride 2        (n, width, h / 4, w / 4)
                                conv 1 x 1, conv 3 x 3; max 3 x 3, stride 2      (n, 3 width, h / 8, w / 8)
                                3a, 3b; max 3 x 3, stride 2                      (n, 7.5 width, h / 16, w / 16)
                                4a, 4b, 4c, 4d, 4e; max 2 x 2, stride 2          (n, 13 width, h / 32, w / 32)
                                5a, 5b; mean, dropout, dense                     (n, num_classes)

    With batch normalisation and without the auxiliary classifiers: 6 624 904 parameters. Names are torchvision's,
    whose state dicts load (with aux_logits=False; its trained weights were made for images scaled to [-1, 1]).

    Args:
        num_classes: length of the result's last axis, logits.
        in_channels: of the images.
        width: channels of the first convolution, a multiple of 8; the others follow.
        dropout: its probability.
        dtype, generator: of the initial values, as in `nn.Linear`; the generator also draws the dropout.

    >>> import numpy as np
    >>> GoogLeNet(10, width=8, generator=0)(np.zeros((2, 3, 32, 32))).shape
    (2, 10)

    Raises ValueError for another width. Szegedy et al.: Going deeper with convolutions, 2014.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 64,
        dropout: float = 0.2,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(num_classes=num_classes, in_channels=in_channels, width=width)
        if width % 8:
            raise ValueError(f"width is a multiple of 8, so that all blocks have whole channels; got {width}")
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        self.conv1 = BasicConv2d(in_channels, width, 7, stride=2, **drawn)
        self.maxpool1 = MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = BasicConv2d(width, width, 1, **drawn)
        self.conv3 = BasicConv2d(width, 3 * width, 3, **drawn)
        self.maxpool2 = MaxPool2d(3, 2, ceil_mode=True)
        channels = 3 * width
        for name, (c1, (r2, c2), (r3, c3), c4) in BLOCKS.items():
            c1, r2, c2, r3, c3, c4 = (n * width // 64 for n in (c1, r2, c2, r3, c3, c4))
            setattr(self, f"inception{name}", Inception(channels, c1, (r2, c2), (r3, c3), c4, **drawn))
            channels = c1 + c2 + c3 + c4
        self.maxpool3 = MaxPool2d(3, 2, ceil_mode=True)
        self.maxpool4 = MaxPool2d(2, 2, ceil_mode=True)
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.dropout = Dropout(dropout, generator=stream)
        self.fc = Linear(channels, num_classes, **drawn)

    def forward(self, x: Any) -> Any:
        x = self.maxpool1(self.conv1(images_of(x, self)))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        for name in BLOCKS:
            x = getattr(self, f"inception{name}")(x)
            if name == "3b":
                x = self.maxpool3(x)
            elif name == "4e":
                x = self.maxpool4(x)
        return self.fc(self.dropout(flatten(self.avgpool(x), 1)))  # (n, num_classes)
