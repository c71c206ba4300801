"""Changes of images: one image (c, h, w), or a batch (n, c, h, w) at once, each image with its own draws.

Arrays give arrays, Tensors give Tensors; the dtype stays, but for `ToArray` and `Normalize`. Names, and the order of
what may be given by place, are torchvision's where it has the like. What is random takes `generator=`, a stream or a
seed; a transform inside of a data set does best without: the loader then gives each batch draws of its own, whatever
the number of workers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.random import as_generator
from autodiff.tensor import Tensor, constant
from nn.init import Randomness

from .collate import fitting

__all__ = [
    "CenterCrop", "Compose", "GaussianNoise", "Normalize", "RandomAffine", "RandomCrop", "RandomErasing",
    "RandomHorizontalFlip", "RandomResizedCrop", "RandomRotation", "RandomTranslation", "RandomVerticalFlip", "Resize",
    "ToArray",
]  # fmt: skip

Images = Any
Size = int | Sequence[int]


class Compose:
    """One change after the other.

    >>> Compose([ToArray(), Normalize(0.5, 0.5)])(np.array([[[0, 255]]], np.uint8)).tolist()
    [[[-1.0, 1.0]]]
    """

    def __init__(self, transforms: Iterable[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"Compose takes a list of functions of images, and {transform!r} is none")

    def __call__(self, images: Images) -> Images:
        for transform in self.transforms:
            images = transform(images)
        return images

    def __repr__(self) -> str:
        return f"Compose([{', '.join(map(repr, self.transforms))}])"


class ToArray:
    """A Pillow image as an array (c, h, w) of numbers in [0, 1]; arrays of uint8 and uint16 are scaled to [0, 1] too.

    >>> ToArray()(np.array([[[0, 51]]], np.uint8)).tolist()
    [[[0.0, 0.2...]]]
    """

    def __init__(self, dtype: Any = np.float32) -> None:
        self.dtype = np.dtype(dtype)

    def __call__(self, image: Any) -> Any:
        array = _plain(image)
        if hasattr(array, "getbands"):  # of Pillow
            array = np.asarray(coloured(array))
            array = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise TypeError(f"ToArray takes a Pillow image or an array of numbers, got {describe(array)}")
        if array.dtype.kind in "iu":
            if array.dtype.kind == "i" or array.dtype.itemsize > 2:
                raise TypeError(
                    f"pixels of uint8 and of uint16 are scaled to [0, 1], got {array.dtype}, of which it is not known "
                    "what is white: give x.astype(np.uint8) or floating numbers"
                )
            array = np.divide(array, np.iinfo(array.dtype).max, dtype=self.dtype)
        array = np.ascontiguousarray(array, self.dtype)
        return constant(array) if type(image) is Tensor else array

    def __repr__(self) -> str:
        return f"ToArray({self.dtype.name})"


def coloured(image: Any) -> Any:
    """A Pillow image with colours in place of numbers of a palette; straight to RGB, Pillow warns of transparency."""
    return image.convert("RGBA").convert("RGB") if image.mode in ("P", "PA") else image


def _plain(images: Any) -> Any:
    """The array of a Tensor; what is no Tensor as it is."""
    if type(images) is not Tensor:
        return images
    if images.requires_grad:
        raise TypeError("changes of images have no gradient: give images.detach()")
    return images.value


class _Transform(ABC):
    """Takes (n, c, h, w) to (n, c, h, w); one image goes through as a batch of one."""

    def __call__(self, images: Images) -> Images:
        array = _plain(images)
        if not isinstance(array, np.ndarray) or array.ndim not in (3, 4) or array.dtype.kind not in "biuf":
            raise TypeError(
                f"{type(self).__name__} takes an image (channels, height, width) or a batch of them with an axis in "
                f"front, got {describe(array)}. nn.data.transforms.ToArray() makes one of a Pillow image."
            )
        batch = array[None] if array.ndim == 3 else array
        changed = self.apply(batch)
        changed = changed[0] if array.ndim == 3 else changed
        return constant(changed) if type(images) is Tensor else changed

    @abstractmethod
    def apply(self, x: Any) -> Any:
        """The change of a batch (n, c, h, w)."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if k != "generator" or v is not None)
        return f"{type(self).__name__}({shown})"


class _Random(_Transform):
    def __init__(self, generator: Randomness) -> None:
        self.generator = None if generator is None else as_generator(generator)

    def rng(self) -> np.random.Generator:
        """The draws of one call."""
        return as_generator(self.generator).numpy()


class Normalize(_Transform):
    """(x - mean) / std, with one number for all channels or one for each.

    Raises ValueError for a standard deviation that is not above 0. `nn.data.Standardize` finds both from data.
    """

    def __init__(self, mean: Any, std: Any) -> None:
        self.mean, self.std = np.asarray(mean, np.float64), np.asarray(std, np.float64)
        if not (self.std > 0).all():
            raise ValueError(f"std is above 0, got {std!r}")

    def apply(self, x: Any) -> Any:
        """(n, c, h, w) to the same, floating."""
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
        mean, std = (
            a.astype(dtype) if not a.ndim else a.astype(dtype).reshape(-1, 1, 1) for a in (self.mean, self.std)
        )
        for a in (mean, std):
            if a.ndim and len(a) not in (1, x.shape[1]):
                raise ValueError(f"Normalize has {len(a)} channels, and the images have {x.shape[1]}")
        return (x - mean) / std


class _Flip(_Random):
    axis = -1

    def __init__(self, p: float = 0.5, *, generator: Randomness = None) -> None:
        super().__init__(generator)
        self.p = _share(p)

    def apply(self, x: Any) -> Any:
        """Some images turned over."""
        chosen = self.rng().random(len(x)) < self.p
        return np.where(chosen[:, None, None, None], np.flip(x, self.axis), x)


class RandomHorizontalFlip(_Flip):
    """Left and right exchanged with probability p.

    >>> RandomHorizontalFlip(p=1.0)(np.array([[[1, 2, 3]]])).tolist()
    [[[3, 2, 1]]]
    """


class RandomVerticalFlip(_Flip):
    """Above and below exchanged with probability p."""

    axis = -2


class RandomTranslation(_Random):
    """Moved by whole pixels, up to `pixels` each way; what comes in is `fill`.

    Args:
        pixels: an int, or (vertically, horizontally).
    """

    def __init__(self, pixels: Size, fill: float = 0, *, generator: Randomness = None) -> None:
        super().__init__(generator)
        self.pixels = _pair(pixels, "pixels", least=0)
        self.fill = fill

    def apply(self, x: Any) -> Any:
        """Each image moved by its own steps."""
        v, h = self.pixels
        padded = _padded(x, v, h, self.fill)
        return _windows(padded, self.rng(), x.shape[2:])


class RandomCrop(_Random):
    """A window of `size` at a random place, after `padding` pixels of `fill` around the image.

    Raises ValueError for images smaller than the window.
    """

    def __init__(self, size: Size, padding: Size = 0, *, fill: float = 0, generator: Randomness = None) -> None:
        super().__init__(generator)
        self.size, self.padding, self.fill = _pair(size, "size"), _pair(padding, "padding", least=0), fill

    def apply(self, x: Any) -> Any:
        """A window of each image."""
        v, h = self.padding
        padded = _padded(x, v, h, self.fill) if v or h else x
        _must_hold(padded.shape[2:], self.size)
        return _windows(padded, self.rng(), self.size)


class CenterCrop(_Transform):
    """The window of `size` in the middle. Raises ValueError for images smaller than it."""

    def __init__(self, size: Size) -> None:
        self.size = _pair(size, "size")

    def apply(self, x: Any) -> Any:
        """The middle of each image."""
        _must_hold(x.shape[2:], self.size)
        top, left = (round((n - m) / 2) for n, m in zip(x.shape[2:], self.size, strict=True))
        return x[:, :, top : top + self.size[0], left : left + self.size[1]]


class Resize(_Transform):
    """Images in another size: each pixel a weighted mean of those around it, over all of them where it shrinks.

    Args:
        size: (height, width); an int is the length of the shorter side, and the shape stays.

    >>> Resize((1, 2))(np.array([[[0.0, 2.0, 4.0, 6.0]]])).round(3).tolist()
    [[[1.429, 4.571]]]
    """

    def __init__(self, size: Size) -> None:
        pair = _pair(size, "size")
        self.size = pair[0] if isinstance(size, int | np.integer) else pair

    def apply(self, x: Any) -> Any:
        """(n, c, h, w) to (n, c, *size)."""
        if not isinstance(self.size, int):
            return resized(x, self.size)
        least = max(1, min(x.shape[2:]))
        return resized(x, [max(1, self.size * side // least) for side in x.shape[2:]])


class RandomResizedCrop(_Random):
    """A window of a random area and shape, resized to `size`.

    Args:
        scale: least and largest share of the area.
        ratio: least and largest ratio of width to height.
    """

    def __init__(
        self, size: Size, scale: Sequence[float] = (0.08, 1.0), ratio: Sequence[float] = (3 / 4, 4 / 3),
        *, generator: Randomness = None,
    ) -> None:  # fmt: skip
        super().__init__(generator)
        self.size, self.scale, self.ratio = _pair(size, "size"), _range(scale, "scale"), _range(ratio, "ratio")

    def apply(self, x: Any) -> Any:
        """A window of each image, in one size."""
        rng, (height, width) = self.rng(), x.shape[2:]
        tops, lefts, hs, ws = _boxes(rng, len(x), height, width, self.scale, self.ratio)
        parts = [
            resized(image[None, :, t : t + h, left : left + w], self.size)
            for image, t, left, h, w in zip(x, tops, lefts, hs, ws, strict=True)
        ]
        return np.concatenate(parts) if parts else np.empty((0, x.shape[1], *self.size), x.dtype)


class RandomErasing(_Random):
    """A rectangle of a random area and shape filled with `value`, with probability p.

    Args:
        scale: least and largest share of the area.
        ratio: least and largest ratio of width to height.

    Source: Zhong et al., 2017.
    """

    def __init__(
        self, p: float = 0.5, scale: Sequence[float] = (0.02, 0.33), ratio: Sequence[float] = (0.3, 3.3),
        value: float = 0, *, generator: Randomness = None,
    ) -> None:  # fmt: skip
        super().__init__(generator)
        self.p, self.scale, self.ratio, self.value = _share(p), _range(scale, "scale"), _range(ratio, "ratio"), value

    def apply(self, x: Any) -> Any:
        """Some images with a rectangle erased."""
        rng, (height, width) = self.rng(), x.shape[2:]
        chosen = rng.random(len(x)) < self.p
        tops, lefts, hs, ws = (a[:, None] for a in _boxes(rng, len(x), height, width, self.scale, self.ratio))
        rows, columns = np.arange(height), np.arange(width)
        inside_rows = (rows >= tops) & (rows < tops + hs) & chosen[:, None]  # (n, h)
        inside_columns = (columns >= lefts) & (columns < lefts + ws)  # (n, w)
        inside = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
        return np.where(inside, fitting(self.value, x.dtype), x)


class GaussianNoise(_Random):
    """x + noise of the normal distribution; with `clip`, kept in [0, 1] (integers always in the range they have).

    Args:
        sigma: in the units of the image, also for integers.
    """

    def __init__(
        self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True, *, generator: Randomness = None
    ) -> None:
        super().__init__(generator)
        if not sigma >= 0:
            raise ValueError(f"sigma is not negative, got {sigma!r}")
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def apply(self, x: Any) -> Any:
        """Each pixel with noise of its own."""
        real = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
        drawn = np.float64 if real == np.float64 else np.float32
        noise: Any = self.rng().standard_normal(x.shape, drawn)
        noisy = x + (noise * self.sigma + self.mean).astype(real)
        if x.dtype.kind != "f":
            return _as(noisy, x.dtype)
        return np.clip(noisy, 0, 1) if self.clip else noisy


class RandomAffine(_Random):
    """Turned, moved, scaled and sheared about the middle; what comes in is `fill`.

    Args:
        degrees: turned by -degrees to degrees, or from the first to the second, counter-clockwise.
        translate: the largest moves, as shares of (width, height).
        scale: least and largest factor.
        shear: sheared along x by -shear to shear degrees, or from the first to the second.
        interpolation: "bilinear" or "nearest".
    """

    def __init__(
        self, degrees: float | Sequence[float], translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None, shear: float | Sequence[float] | None = None,
        interpolation: str = "bilinear", fill: float = 0, *, generator: Randomness = None,
    ) -> None:  # fmt: skip
        super().__init__(generator)
        self.degrees = _angles(degrees, "degrees")
        if translate is not None and np.shape(translate) != (2,):
            raise ValueError(f"translate is the largest moves, as shares of (width, height); got {translate!r}")
        self.translate = (0.0, 0.0) if translate is None else tuple(map(_share, translate))
        self.scale = (1.0, 1.0) if scale is None else _range(scale, "scale")
        self.shear = (0.0, 0.0) if shear is None else _angles(shear, "shear")
        if interpolation not in ("bilinear", "nearest"):
            raise ValueError(f'interpolation is "bilinear" or "nearest", got {interpolation!r}')
        self.interpolation, self.fill = interpolation, fill

    def apply(self, x: Any) -> Any:
        """Each image seen through a map of its own."""
        rng, n, (height, width) = self.rng(), len(x), x.shape[2:]
        angle, shear = (np.radians(rng.uniform(limits[0], limits[1], n)) for limits in (self.degrees, self.shear))
        scale = rng.uniform(self.scale[0], self.scale[1], n)
        moves = [rng.uniform(-t, t, n) * side for t, side in zip(self.translate, (width, height), strict=True)]
        cos, sin, tan = np.cos(angle), np.sin(angle), np.tan(shear)
        # Where a pixel of the result comes from: the inverse of scale * rotation * shear, y pointing down.
        inverse = np.array([[cos + tan * sin, -sin + tan * cos], [sin, cos]]) / scale  # (2, 2, n)
        middle = np.array([width - 1, height - 1]) / 2
        v, u = np.meshgrid(np.arange(height) - middle[1], np.arange(width) - middle[0], indexing="ij")
        du = u - moves[0][:, None, None]  # (n, h, w)
        dv = v - moves[1][:, None, None]
        (a, b), (c, d) = inverse[..., None, None]
        return sampled(x, a * du + b * dv + middle[0], c * du + d * dv + middle[1], self.interpolation, self.fill)


class RandomRotation(RandomAffine):
    """Turned about the middle by -degrees to degrees, or from the first to the second, counter-clockwise.

    >>> RandomRotation((90, 90))(np.array([[[1.0, 2.0], [3.0, 4.0]]])).round(6).tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """

    def __init__(
        self, degrees: float | Sequence[float], interpolation: str = "bilinear", *, fill: float = 0,
        generator: Randomness = None,
    ) -> None:  # fmt: skip
        super().__init__(degrees, interpolation=interpolation, fill=fill, generator=generator)


def resized(x: Any, size: Sequence[int]) -> Any:
    """Images (n, c, h, w) in another size, by triangle-weighted means."""
    h, w = x.shape[2:]
    if not h or not w:
        raise ValueError(f"an image of {h} x {w} pixels cannot be resized")
    real = _real(x)
    rows, columns = (_weights(n, m).astype(real) for n, m in zip((h, w), size, strict=True))
    return _as(rows @ x.astype(real, copy=False) @ columns.T, x.dtype)


def _weights(n: int, m: int) -> Any:
    """What each of m pixels takes of n: (m, n), each row summing to 1."""
    ratio = n / m
    middles = (np.arange(m)[:, None] + 0.5) * ratio
    weights = np.maximum(0, 1 - np.abs(np.arange(n) + 0.5 - middles) / max(ratio, 1.0))
    return weights / weights.sum(axis=1, keepdims=True)


def sampled(x: Any, u: Any, v: Any, interpolation: str, fill: float) -> Any:
    """Images (n, c, h, w) at the places u, v (n, h, w): columns and rows, `fill` outside."""
    n, c, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2)), constant_values=fitting(fill, x.dtype))
    padded = padded.reshape(n, c, (height + 3) * (width + 3))
    if interpolation == "nearest":
        u, v = np.rint(u), np.rint(v)
    u, v = np.clip(u, -1, width) + 1, np.clip(v, -1, height) + 1  # of the padded images
    j, i = u.astype(np.intp), v.astype(np.intp)
    places = i * (width + 3) + j

    def at(step: int) -> Any:
        found = np.empty((n, c, *places.shape[1:]), x.dtype)
        for image, place, out in zip(padded, places + step, found, strict=True):
            np.take(image, place, axis=1, out=out, mode="clip")
        return found

    if interpolation == "nearest":
        return at(0)
    real = _real(x)
    p, q = (u - j).astype(real)[:, None], (v - i).astype(real)[:, None]  # (n, 1, h, w)
    top = at(0) * (1 - p) + at(1) * p
    bottom = at(width + 3) * (1 - p) + at(width + 4) * p
    return _as(top * (1 - q) + bottom * q, x.dtype)


def _real(x: Any) -> Any:
    """What to compute with: float64 for float64, float32 for all else."""
    return np.dtype(np.float64 if x.dtype == np.float64 else np.float32)


def _as(x: Any, dtype: Any) -> Any:
    if dtype.kind == "f":
        return x.astype(dtype, copy=False)
    if dtype.kind == "b":
        return x >= 0.5
    limits = np.iinfo(dtype)
    return np.clip(np.rint(x), limits.min, limits.max).astype(dtype)


def _padded(x: Any, v: int, h: int, fill: float) -> Any:
    return np.pad(x, ((0, 0), (0, 0), (v, v), (h, h)), constant_values=fitting(fill, x.dtype))


def _windows(x: Any, rng: np.random.Generator, size: Sequence[int]) -> Any:
    """A window of each image, at a place drawn for it."""
    (h, w), n = size, len(x)
    tops = rng.integers(x.shape[2] - h + 1, size=n)
    lefts = rng.integers(x.shape[3] - w + 1, size=n)
    views = np.lib.stride_tricks.sliding_window_view(x, (h, w), axis=(2, 3))  # (n, c, places, places, h, w)
    return views[np.arange(n), :, tops, lefts]


def _boxes(
    rng: np.random.Generator, n: int, height: int, width: int, scale: Sequence[float], ratio: Sequence[float]
) -> tuple[Any, Any, Any, Any]:
    """Tops, lefts, heights and widths of n rectangles of random area and shape; cut where they are too large."""
    area = rng.uniform(scale[0], scale[1], n) * height * width
    shape = np.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1]), n))
    hs = np.clip(np.rint(np.sqrt(area / shape)), 1, height).astype(np.intp)
    ws = np.clip(np.rint(np.sqrt(area * shape)), 1, width).astype(np.intp)
    return rng.integers(height - hs + 1), rng.integers(width - ws + 1), hs, ws


def _must_hold(shape: Sequence[int], size: Sequence[int]) -> None:
    if shape[0] < size[0] or shape[1] < size[1]:
        raise ValueError(
            f"a window of {size[0]} x {size[1]} pixels does not fit into images of {shape[0]} x {shape[1]}: "
            "resize them, or give RandomCrop some padding"
        )


def _pair(size: Size, name: str, least: int = 1) -> tuple[int, int]:
    pair: Sequence[Any] = (size, size) if isinstance(size, int | float | np.number) else tuple(size)
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in pair)
    if len(pair) != 2 or not whole or min(pair) < least:
        raise ValueError(f"{name} is an integer of at least {least}, or two (height, width); got {size!r}")
    return int(pair[0]), int(pair[1])


def _share(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"a share or probability is in [0, 1], got {p!r}")
    return float(p)


def _range(limits: Sequence[float], name: str) -> tuple[float, float]:
    if np.shape(limits) != (2,) or not 0 < limits[0] <= limits[1] < math.inf:
        raise ValueError(f"{name} is the least and the largest number, above 0; got {limits!r}")
    return float(limits[0]), float(limits[1])


def _angles(angle: float | Sequence[float], name: str) -> tuple[float, float]:
    limits = (-angle, angle) if isinstance(angle, int | float | np.number) else tuple(angle)
    if np.shape(limits) != (2,) or not limits[0] <= limits[1]:
        raise ValueError(f"{name} is a number that is not negative, or the least and the largest angle; got {angle!r}")
    return float(limits[0]), float(limits[1])
