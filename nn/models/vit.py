"""The vision transformer: an image as a sequence of patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.random import as_generator

from .. import init
from ..activation import GELU
from ..attention import MultiheadAttention
from ..container import Sequential
from ..conv import Conv2d
from ..dropout import Dropout
from ..functional import flatten
from ..linear import Linear
from ..module import Module, Parameter, check_sizes
from ..normalization import LayerNorm
from .inputs import images_of

__all__ = ["ViT"]


class Block(Module):
    """`x = x + attention(norm(x))`, then `x = x + dense(gelu(dense(norm(x))))`: (n, steps, width) to the same."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float, **drawn: Any) -> None:
        dtype, stream = drawn["dtype"], drawn["generator"]
        self.ln_1 = LayerNorm(width, eps=1e-6, dtype=dtype)
        self.self_attention = MultiheadAttention(width, heads, dropout, batch_first=True, **drawn)
        self.dropout = Dropout(dropout, generator=stream)
        self.ln_2 = LayerNorm(width, eps=1e-6, dtype=dtype)
        self.mlp = Sequential(
            Linear(width, hidden, **drawn), GELU(), Dropout(dropout, generator=stream),
            Linear(hidden, width, **drawn), Dropout(dropout, generator=stream),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        y = self.ln_1(x)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = x + self.dropout(y)
        return x + self.mlp(self.ln_2(x))


class Encoder(Module):
    """Positions added, blocks, and a norm."""

    def __init__(
        self, steps: int, depth: int, width: int, heads: int, hidden: int, dropout: float, **drawn: Any
    ) -> None:
        dtype, stream = drawn["dtype"], drawn["generator"]
        positions = Parameter(np.empty((1, steps, width), dtype or default_dtype()))
        self.pos_embedding = init.normal_(positions, 0.0, 0.02, stream)
        self.dropout = Dropout(dropout, generator=stream)
        self.layers = Sequential(
            {f"encoder_layer_{i}": Block(width, heads, hidden, dropout, **drawn) for i in range(depth)}
        )
        self.ln = LayerNorm(width, eps=1e-6, dtype=dtype)

    def forward(self, x: Any) -> Any:
        return self.ln(self.layers(self.dropout(x + self.pos_embedding)))


class ViT(Module):
    """Patches of an image become vectors, which attend to each other; a dense layer reads one more, the class token.

        (n, in_channels, size, size)  conv patch x patch, stride patch     (n, width, s, s), s = size / patch
                                      as a sequence, after the class token (n, 1 + s s, width)
                                      + positions; depth blocks; norm      (n, 1 + s s, width)
                                      dense on what became of the token    (n, num_classes)

    By default ViT-B/16, of 86 567 656 parameters; names are torchvision's, whose state dicts load.

    Args:
        size, patch: sides of the images and of the patches; the second divides the first.
        num_classes, in_channels: length of the result's last axis, logits; of the images.
        width, depth, heads, hidden: features of a step, number of blocks, heads, units of their dense layers (4 width
            unless given).
        dropout: its probability.
        dtype, generator: of the initial values, as in the layers; the generator also draws the dropout.

    >>> model = ViT(8, 4, num_classes=10, in_channels=1, width=16, depth=2, heads=2, generator=0)
    >>> model(np.zeros((3, 1, 8, 8))).shape
    (3, 10)

    Raises ValueError for images of another size. Dosovitskiy et al.: An image is worth 16x16 words, 2020.
    """

    def __init__(
        self,
        size: int = 224,
        patch: int = 16,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        hidden: int | None = None,
        dropout: float = 0.0,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(size=size, patch=patch, num_classes=num_classes, in_channels=in_channels, width=width, depth=depth)
        if size % patch:
            raise ValueError(f"images of {size} x {size} are not made of patches of {patch} x {patch}")
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.size = size
        self.conv_proj = Conv2d(in_channels, width, patch, stride=patch, **drawn)
        self.class_token = Parameter(np.zeros((1, 1, width), dtype or default_dtype()))
        self.encoder = Encoder(1 + (size // patch) ** 2, depth, width, heads, hidden or 4 * width, dropout, **drawn)
        self.heads = Sequential({"head": Linear(width, num_classes, **drawn)})

    def forward(self, x: Any) -> Any:
        x = self.conv_proj(images_of(x, self, self.size))  # (n, width, s, s)
        x = anp.swapaxes(flatten(x, 2), 1, 2)  # (n, s s, width)
        token = anp.broadcast_to(self.class_token, (len(x), *self.class_token.shape[1:]))
        x = self.encoder(anp.concatenate([token, x], axis=1))
        return self.heads(x[:, 0])
