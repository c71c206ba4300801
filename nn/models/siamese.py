"""Siamese networks: the same network looks at two or three images, and distances say whether they show the same."""

from __future__ import annotations

from typing import Any

from autodiff import numpy as anp
from autodiff.errors import describe
from autodiff.random import as_generator

from .. import functional as F
from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..pool import MaxPool2d
from .inputs import images_of

__all__ = ["Siamese"]


class Siamese(Module):
    """A small CNN from images to points on the unit sphere: (n, in_channels, h, w) to (n, embedding).

        conv 3 x 3, ReLU, max 2 x 2;  conv 3 x 3, ReLU;  mean over the image;  dense;  divided by its length

    Both losses draw images of the same thing together and push others apart.

    Args:
        in_channels, width, embedding: channels of the images, after the first convolution, and of the result.
        dtype, generator: of the initial values, as in `nn.Conv2d`.

    >>> import numpy as np
    >>> Siamese(1, 4, 8, generator=0)(np.ones((2, 1, 8, 8))).shape
    (2, 8)

    Bromley et al.: Signature verification using a siamese time delay neural network, 1993.
    """

    def __init__(
        self,
        in_channels: int = 1,
        width: int = 32,
        embedding: int = 64,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(in_channels=in_channels, width=width, embedding=embedding)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.features = Sequential(
            Conv2d(in_channels, width, 3, padding=1, **drawn), ReLU(), MaxPool2d(2),
            Conv2d(width, 2 * width, 3, padding=1, **drawn), ReLU(),
        )  # fmt: skip
        self.head = Linear(2 * width, embedding, **drawn)

    def forward(self, x: Any) -> Any:
        return F.normalize(self.head(anp.mean(self.features(images_of(x, self)), axis=(2, 3))))  # (n, embedding)

    def _points(self, *images: Any) -> list[Any]:
        """Where images go; raises ValueError unless there are equally many of each."""
        points = [self(x) for x in images]
        if len({len(x) for x in points}) > 1:
            raise ValueError(f"there are {', '.join(str(len(x)) for x in points)} images to be compared: give as many")
        return points

    def contrastive_loss(self, a: Any, b: Any, same: Any, margin: float = 1.0) -> Any:
        """Mean over pairs of images of `1/2 (same d^2 + (1 - same) max(0, margin - d)^2)`.

        d is the distance of the two embeddings, same (n,) is 1 or 0. Hadsell, Chopra, LeCun, 2006.
        """
        d = F.pairwise_distance(*self._points(a, b))  # (n,)
        same = anp.asarray(same, d.dtype)
        if same.shape != d.shape:
            raise ValueError(f"same is one number for each of the {len(d)} pairs, got {describe(same)}")
        return anp.mean(same * d**2 + (1 - same) * F.relu(margin - d) ** 2) / 2

    def triplet_loss(self, anchor: Any, positive: Any, negative: Any, margin: float = 0.2) -> Any:
        """Mean over triplets of `max(0, d(anchor, positive)^2 - d(anchor, negative)^2 + margin)`.

        Anchor and positive show the same, the negative another. Schroff, Kalenichenko, Philbin: FaceNet, 2015.
        """
        x, *others = self._points(anchor, positive, negative)
        near, far = (anp.sum((x - other) ** 2, -1) for other in others)
        return anp.mean(F.relu(near - far + margin))
