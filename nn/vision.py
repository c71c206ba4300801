"""Layers that make images larger, and layers that rearrange channels and pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import functional as F
from .module import Module

__all__ = [
    "ChannelShuffle", "PixelShuffle", "PixelUnshuffle", "Upsample", "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]  # fmt: skip


class Upsample(Module):
    """Resample (n, c, l), (n, c, h, w) or (n, c, d, h, w) to another size; as `nn.functional.interpolate`.

    Args:
        size: of the result, an int or one per axis; or
        scale_factor: what the size is multiplied by, a number or one per axis.
        mode: "nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic" or "area".
        align_corners: whether the centres of the outermost elements stay where they are, or their edges.
        recompute_scale_factor: whether places follow from the rounded size, or from `scale_factor` as given.

    >>> Upsample(scale_factor=2)(np.array([[[1.0, 2.0]]]))
    array([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        self.size, self.mode, self.align_corners = size, mode, align_corners
        factors: Any = scale_factor
        if factors is not None:
            factors = float(factors) if isinstance(factors, int | float) else tuple(map(float, factors))
        self.scale_factor = factors
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Any) -> Any:
        return F.interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        first = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{first}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resample images (n, c, h, w), each element from the nearest one: `Upsample` in mode "nearest".

    >>> UpsamplingNearest2d(scale_factor=2)(np.zeros((1, 1, 2, 3))).shape
    (1, 1, 4, 6)
    """

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """Resample images (n, c, h, w) in mode "bilinear", the centres of the corners staying where they are.

    >>> UpsamplingBilinear2d(size=(1, 3))(np.array([[[[0.0, 2.0]]]]))
    array([[[[0., 1., 2.]]]])
    """

    def __init__(
        self, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
    ) -> None:
        super().__init__(size, scale_factor, "bilinear", align_corners=True)


class PixelShuffle(Module):
    """Channels become pixels: (..., c r r, h, w) to (..., c, h r, w r) for the factor r (Shi et al., 2016).

    >>> PixelShuffle(2)(np.zeros((1, 8, 2, 3))).shape
    (1, 2, 4, 6)
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor

    def forward(self, x: Any) -> Any:
        return F.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels become channels, the inverse of `PixelShuffle`: (..., c, h r, w r) to (..., c r r, h, w).

    >>> PixelUnshuffle(2)(np.zeros((1, 2, 4, 6))).shape
    (1, 8, 2, 3)
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = downscale_factor

    def forward(self, x: Any) -> Any:
        return F.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deal the channels of (n, c, ...) out anew: the first of each group, the second of each ... (Zhang et al., 2018).

    >>> ChannelShuffle(2)(np.arange(4.0).reshape(1, 4, 1)).ravel()
    array([0., 2., 1., 3.])
    """

    def __init__(self, groups: int) -> None:
        self.groups = groups

    def forward(self, x: Any) -> Any:
        return F.channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
