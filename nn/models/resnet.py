"""Residual networks: layers that learn what to add to their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff.random import as_generator

from .. import init
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..functional import flatten
from ..linear import Linear
from ..module import Module, check_sizes
from ..normalization import BatchNorm2d
from ..pool import AdaptiveAvgPool2d, MaxPool2d
from .inputs import images_of

__all__ = ["BasicBlock", "Bottleneck", "ResNet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]


class BasicBlock(Module):
    """`relu(x + f(x))`, where f is two 3 x 3 convolutions with batch normalisation.

    (n, in_channels, h, w) to (n, channels, h / stride, w / stride). Where these shapes differ, x goes through a 1 x 1
    convolution and batch normalisation, `downsample`, before it is added.
    """

    expansion = 1

    def __init__(self, in_channels: int, channels: int, stride: int = 1, **drawn: Any) -> None:
        dtype = drawn.get("dtype")
        self.conv1 = Conv2d(in_channels, channels, 3, stride, padding=1, bias=False, **drawn)
        self.bn1 = BatchNorm2d(channels, dtype=dtype)
        self.relu = ReLU()
        self.conv2 = Conv2d(channels, channels, 3, padding=1, bias=False, **drawn)
        self.bn2 = BatchNorm2d(channels, dtype=dtype)
        self.downsample = shortcut(in_channels, channels, stride, **drawn)

    def forward(self, x: Any) -> Any:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(Module):
    """`relu(x + f(x))`, where f is a 1 x 1, a 3 x 3 and a 1 x 1 convolution, the last with four times the channels.

    (n, in_channels, h, w) to (n, 4 channels, h / stride, w / stride). The stride is that of the 3 x 3 convolution.
    """

    expansion = 4

    def __init__(self, in_channels: int, channels: int, stride: int = 1, **drawn: Any) -> None:
        dtype = drawn.get("dtype")
        self.conv1 = Conv2d(in_channels, channels, 1, bias=False, **drawn)
        self.bn1 = BatchNorm2d(channels, dtype=dtype)
        self.conv2 = Conv2d(channels, channels, 3, stride, padding=1, bias=False, **drawn)
        self.bn2 = BatchNorm2d(channels, dtype=dtype)
        self.conv3 = Conv2d(channels, 4 * channels, 1, bias=False, **drawn)
        self.bn3 = BatchNorm2d(4 * channels, dtype=dtype)
        self.relu = ReLU()
        self.downsample = shortcut(in_channels, 4 * channels, stride, **drawn)

    def forward(self, x: Any) -> Any:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


def shortcut(in_channels: int, out_channels: int, stride: int, **drawn: Any) -> Sequential | None:
    """What a block's input goes through before it is added: nothing, where the shapes agree."""
    if stride == 1 and in_channels == out_channels:
        return None
    return Sequential(
        Conv2d(in_channels, out_channels, 1, stride, bias=False, **drawn),
        BatchNorm2d(out_channels, dtype=drawn.get("dtype")),
    )


STAGES: dict[int, tuple[type[BasicBlock | Bottleneck], tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}
"""The kind of block of each depth, and how many blocks there are in each of the four stages."""


class ResNet(Module):
    """A convolution, four stages of residual blocks, the mean over the image, and one dense layer.

        (n, in_channels, h, w)  conv 7 x 7, stride 2; max 3 x 3, stride 2   (n, width, h / 4, w / 4)
                                stage 1                                     (n, e width, h / 4, w / 4)
                                stage 2                                     (n, 2 e width, h / 8, w / 8)
                                stage 3                                     (n, 4 e width, h / 16, w / 16)
                                stage 4                                     (n, 8 e width, h / 32, w / 32)
                                mean, dense                                 (n, num_classes)

    where e is 1 for basic blocks (depth 18 and 34) and 4 for bottlenecks. 11 689 512, 21 797 672 and 25 557 032
    parameters at depth 18, 34 and 50; names are torchvision's, whose state dicts load.

    Args:
        depth: 18, 34, 50, 101 or 152 layers with weights, or the blocks of each stage, such as (1, 1), then all basic.
        num_classes: length of the result's last axis, logits.
        in_channels: of the images.
        width: channels of the first stage.
        dtype, generator: of the initial values (He et al., 2015).

    >>> import numpy as np
    >>> ResNet(18, num_classes=10, width=4, generator=0)(np.zeros((2, 3, 32, 32))).shape
    (2, 10)

    Raises ValueError for another depth. He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015.
    """

    def __init__(
        self,
        depth: int | Sequence[int] = 18,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 64,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        block: type[BasicBlock | Bottleneck] = BasicBlock
        if isinstance(depth, list | tuple) and depth:
            counts = tuple(depth)
        elif depth in STAGES:
            block, counts = STAGES[depth]
        else:
            raise ValueError(f"depth is one of {', '.join(map(str, STAGES))}, or a tuple; got {depth!r}")
        check_sizes(num_classes=num_classes, in_channels=in_channels, width=width)
        check_sizes(**{f"depth[{stage}]": count for stage, count in enumerate(counts)})
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        self.conv1 = Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False, **drawn)
        self.bn1 = BatchNorm2d(width, dtype=dtype)
        self.relu = ReLU()
        self.maxpool = MaxPool2d(3, 2, padding=1)
        self._stages = []
        channels = width
        for stage, count in enumerate(counts):
            blocks: list[Module] = []
            for i in range(count):
                stride = 2 if stage and not i else 1
                blocks.append(block(channels, width << stage, stride, **drawn))
                channels = block.expansion * width << stage
            setattr(self, f"layer{stage + 1}", Sequential(*blocks))
            self._stages.append(f"layer{stage + 1}")
        self.avgpool = AdaptiveAvgPool2d((1, 1))
        self.fc = Linear(channels, num_classes, **drawn)
        for module in self.modules():
            if isinstance(module, Conv2d):
                init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=stream)

    def forward(self, x: Any) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(images_of(x, self)))))  # (n, width, h / 4, w / 4)
        for stage in self._stages:
            x = getattr(self, stage)(x)
        return self.fc(flatten(self.avgpool(x), 1))  # (n, num_classes)


def resnet18(num_classes: int = 1000, **options: Any) -> ResNet:
    """`ResNet(18, num_classes, ...)`, by torchvision's name."""
    return ResNet(18, num_classes, **options)


def resnet34(num_classes: int = 1000, **options: Any) -> ResNet:
    """`ResNet(34, num_classes, ...)`, by torchvision's name."""
    return ResNet(34, num_classes, **options)


def resnet50(num_classes: int = 1000, **options: Any) -> ResNet:
    """`ResNet(50, num_classes, ...)`, by torchvision's name."""
    return ResNet(50, num_classes, **options)


def resnet101(num_classes: int = 1000, **options: Any) -> ResNet:
    """`ResNet(101, num_classes, ...)`, by torchvision's name."""
    return ResNet(101, num_classes, **options)


def resnet152(num_classes: int = 1000, **options: Any) -> ResNet:
    """`ResNet(152, num_classes, ...)`, by torchvision's name."""
    return ResNet(152, num_classes, **options)
