"""The U-Net: a class for every pixel."""

from __future__ import annotations

from typing import Any

from autodiff.numpy import concatenate
from autodiff.random import as_generator

from ..activation import ReLU
from ..container import ModuleList, Sequential
from ..conv import Conv2d, ConvTranspose2d
from ..init import Randomness
from ..module import Module, check_sizes
from ..normalization import BatchNorm2d
from ..pool import MaxPool2d
from .inputs import images_of

__all__ = ["UNet"]


def twice(in_channels: int, out_channels: int, batch_norm: bool, **drawn: Any) -> Sequential:
    """Two 3 x 3 convolutions that keep the image's size, each followed by ReLU."""
    layers: list[Module] = []
    for channels in (in_channels, out_channels):
        layers += [Conv2d(channels, out_channels, 3, padding=1, **drawn)]
        layers += [BatchNorm2d(out_channels, dtype=drawn["dtype"])] * batch_norm + [ReLU()]
    return Sequential(*layers)


class UNet(Module):
    """Down to a small image with many channels and up again, each level seeing what the same level saw on the way down.

        down   (n, width, h, w)          ->  joined  ->  (n, width, h, w)          1 x 1 conv  (n, num_classes, h, w)
                 max 2 x 2                                 transposed conv 2 x 2
               (n, 2 width, h/2, w/2)    ->  joined  ->  (n, 2 width, h/2, w/2)
                 ...                                       ...
               (n, width 2^depth, h / 2^depth, w / 2^depth)

    At every level there are two 3 x 3 convolutions with ReLU. Unlike the paper's, they are padded, so that the result
    is as large as the image.

    Args:
        num_classes: channels of the result, logits.
        in_channels: of the images, whose sides are multiples of 2^depth.
        width, depth: channels of the first level, and how many levels lie below it.
        batch_norm: whether each convolution is followed by one.
        dtype, generator: of the initial values, as in `nn.Conv2d`.

    >>> import numpy as np
    >>> UNet(2, 1, width=4, depth=2, generator=0)(np.zeros((3, 1, 8, 8))).shape
    (3, 2, 8, 8)

    Raises ValueError for images that cannot be halved so often. Ronneberger, Fischer, Brox: U-Net: convolutional
    networks for biomedical image segmentation, 2015.
    """

    def __init__(
        self,
        num_classes: int = 2,
        in_channels: int = 1,
        width: int = 64,
        depth: int = 4,
        batch_norm: bool = False,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(num_classes=num_classes, in_channels=in_channels, width=width, depth=depth)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        sizes = [width << level for level in range(depth + 1)]
        self.first = twice(in_channels, width, batch_norm, **drawn)
        self.pool = MaxPool2d(2)
        self.down = ModuleList([twice(n, 2 * n, batch_norm, **drawn) for n in sizes[:-1]])
        self.enlarge = ModuleList([ConvTranspose2d(2 * n, n, 2, stride=2, **drawn) for n in sizes[-2::-1]])
        self.up = ModuleList([twice(2 * n, n, batch_norm, **drawn) for n in sizes[-2::-1]])
        self.output = Conv2d(width, num_classes, 1, **drawn)

    def forward(self, x: Any) -> Any:
        x = self.first(images_of(x, self, multiple=1 << len(self.down)))
        seen = []
        for level in self.down:
            seen.append(x)
            x = level(self.pool(x))
        for enlarge, level in zip(self.enlarge, self.up, strict=True):
            x = level(concatenate([seen.pop(), enlarge(x)], axis=1))
        return self.output(x)
