"""Autoencoders: through a bottleneck and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from autodiff.random import as_generator

from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d, ConvTranspose2d
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from .inputs import images_of

__all__ = ["Autoencoder", "ConvAutoencoder"]


def dense(sizes: Sequence[int], **drawn: Any) -> Sequential:
    """Linear layers with ReLU between them: (..., sizes[0]) to (..., sizes[-1])."""
    layers: list[Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [Linear(fan_in, fan_out, **drawn), ReLU()]
    return Sequential(*layers[:-1])


class Autoencoder(Module):
    """A dense encoder to a code of few numbers, and a decoder, its mirror image, back to the input.

    Args:
        sizes: from the input's features to the code's, such as (784, 128, 32).
        dtype, generator: of the initial values, as in `nn.Linear`.

    x (..., sizes[0]) to its reconstruction of the same shape; `encoder` gives the code (..., sizes[-1]). Train it with
    `nn.MSELoss()(model(x), x)`.

    >>> import numpy as np
    >>> model = Autoencoder([64, 16, 2], generator=0)
    >>> model(np.zeros((5, 64))).shape, model.encoder(np.zeros((5, 64))).shape
    ((5, 64), (5, 2))

    Hinton, Salakhutdinov: Reducing the dimensionality of data with neural networks, 2006.
    """

    def __init__(self, sizes: Sequence[int], dtype: Any = None, generator: Randomness = None) -> None:
        if len(sizes) < 2:
            raise ValueError(f"sizes go from the input's features to the code's, two or more; got {list(sizes)}")
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.encoder = dense(sizes, **drawn)
        self.decoder = dense(sizes[::-1], **drawn)

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))  # (..., sizes[0])


class ConvAutoencoder(Module):
    """Convolutions of stride 2 to a small image with many channels, and transposed convolutions back.

        (n, c, h, w)  conv 3 x 3  (n, width, h / 2, w / 2)  conv 3 x 3  (n, 2 width, h / 4, w / 4), and back

    Args:
        in_channels: c; h and w are multiples of 4.
        width: channels after the first convolution.
        dtype, generator: of the initial values, as in `nn.Conv2d`.

    >>> import numpy as np
    >>> ConvAutoencoder(1, 4, generator=0)(np.zeros((2, 1, 8, 8))).shape
    (2, 1, 8, 8)

    Raises ValueError for images of other sizes. Masci et al.: Stacked convolutional auto-encoders for hierarchical
    feature extraction, 2011.
    """

    def __init__(self, in_channels: int = 1, width: int = 16, dtype: Any = None, generator: Randomness = None) -> None:
        check_sizes(in_channels=in_channels, width=width)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        half: dict[str, Any] = {"stride": 2, "padding": 1, **drawn}
        self.encoder = Sequential(
            Conv2d(in_channels, width, 3, **half), ReLU(), Conv2d(width, 2 * width, 3, **half), ReLU()
        )
        self.decoder = Sequential(
            ConvTranspose2d(2 * width, width, 3, output_padding=1, **half), ReLU(),
            ConvTranspose2d(width, in_channels, 3, output_padding=1, **half),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(images_of(x, self, multiple=4)))
