"""Capsules: units that are vectors, and agree on what they see."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.functional import one_hot
from autodiff.random import as_generator

from .. import functional as F
from .. import init
from ..conv import Conv2d
from ..functional.arguments import cast
from ..module import Module, Parameter, check_sizes
from .inputs import images_of

__all__ = ["CapsuleNetwork", "Capsules"]


def squash(s: Any) -> Any:
    """`|s|^2 / (1 + |s|^2)  s / |s|` along the last axis: the same direction, a length below 1."""
    squared = anp.sum(s * s, -1, keepdims=True)
    return s * anp.sqrt(squared + 1e-8) / (1 + squared)


def margin_loss(lengths: Any, labels: Any) -> Any:
    """Mean over samples of `sum_k T_k max(0, 0.9 - l_k)^2 + 0.5 (1 - T_k) max(0, l_k - 0.1)^2`.

    Args:
        lengths: l, (n, classes) in [0, 1).
        labels: (n,) integers; T is 1 at these, 0 elsewhere.
    """
    if np.shape(labels) != lengths.shape[:1]:
        raise ValueError(f"labels are one integer for each of {len(lengths)} samples, got shape {np.shape(labels)}")
    there = one_hot(labels, lengths.shape[1], lengths.dtype)
    losses = there * F.relu(0.9 - lengths) ** 2 + 0.5 * (1 - there) * F.relu(lengths - 0.1) ** 2
    return anp.sum(losses) / len(lengths)


class Capsules(Module):
    """Capsules that are sent to those above by agreement: x (n, in_capsules, in_features) to (n, capsules, features).

    Capsule i predicts each capsule j above as `u_ij = weight_ji x_i`. Then a few times: i distributes itself over all j
    by `c_i = softmax(b_i)`, j becomes `v_j = squash(sum_i c_ij u_ij)`, and b_ij grows by the agreement `u_ij . v_j`.
    The length of v_j says how sure the capsule is that its thing is there, the direction what it looks like.

    Args:
        in_capsules, in_features, capsules, features: numbers of capsules, and of what is in each.
        routings: how often it is distributed anew.
        dtype, generator: of the initial values, normal with std 0.1.

    Parameters: weight (capsules, in_capsules, features, in_features).

    >>> Capsules(6, 4, 3, 8, generator=0)(np.ones((2, 6, 4))).shape
    (2, 3, 8)

    Sabour, Frosst, Hinton: Dynamic routing between capsules, 2017.
    """

    def __init__(
        self,
        in_capsules: int,
        in_features: int,
        capsules: int,
        features: int,
        routings: int = 3,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(in_capsules=in_capsules, in_features=in_features)
        check_sizes(capsules=capsules, features=features, routings=routings)
        weight = Parameter(np.empty((capsules, in_capsules, features, in_features), dtype or default_dtype()))
        self.weight = init.normal_(weight, 0.0, 0.1, generator)
        self.routings = routings

    def forward(self, x: Any) -> Any:
        x = cast(x, self.weight)
        capsules, in_capsules, _, in_features = self.weight.shape
        if x.shape[1:] != (in_capsules, in_features):
            raise ValueError(f"these capsules take (n, {in_capsules}, {in_features}), got {describe(x)}")
        predicted = anp.einsum("jidf,nif->njid", self.weight, x)
        b = anp.zeros((len(x), capsules, in_capsules, 1), x.dtype)
        for routing in range(self.routings):
            c = F.softmax(b, 1)
            v = squash(anp.sum(c * predicted, 2))  # (n, capsules, features)
            if routing + 1 < self.routings:
                b = b + predicted @ v[..., None]
        return v

    def extra_repr(self) -> str:
        capsules, in_capsules, features, in_features = self.weight.shape
        return f"{in_capsules}, {in_features}, {capsules}, {features}, routings={self.routings}"


class CapsuleNetwork(Module):
    """A convolution, a layer of capsules made by convolution, and one capsule for each class.

        (n, in_channels, size, size)  conv kernel x kernel, ReLU          (n, width, s, s), s = size - kernel + 1
                                      conv kernel x kernel, stride 2      (n, maps features, t, t)
                                      as capsules, squashed               (n, maps t t, features)
                                      `Capsules`, their lengths           (n, num_classes)

    `loss` is the margin loss of these lengths. At the paper's size 6 804 224 parameters (its decoder, which draws the
    image again as a regulariser, is left out).

    Args:
        num_classes, in_channels, size: of the images.
        width, maps, features, kernel: as above; class_features: the length of a class's capsule.
        dtype, generator: of the initial values.

    >>> model = CapsuleNetwork(size=8, width=8, maps=2, features=4, class_features=4, kernel=3, generator=0)
    >>> model(np.zeros((2, 1, 8, 8))).shape
    (2, 10)

    Sabour, Frosst, Hinton: Dynamic routing between capsules, 2017.
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        size: int = 28,
        width: int = 256,
        maps: int = 32,
        features: int = 8,
        class_features: int = 16,
        kernel: int = 9,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        side = (size - 2 * kernel + 1) // 2 + 1
        check_sizes(num_classes=num_classes, maps=maps, features=features)
        if size < 2 * kernel - 1:
            raise ValueError(f"two convolutions of {kernel} x {kernel} need a size of {2 * kernel - 1}, got {size}")
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.size, self.features = size, features
        self.conv = Conv2d(in_channels, width, kernel, **drawn)
        self.primary = Conv2d(width, maps * features, kernel, stride=2, **drawn)
        self.classes = Capsules(maps * side * side, features, num_classes, class_features, **drawn)

    def forward(self, x: Any) -> Any:
        x = self.primary(F.relu(self.conv(images_of(x, self, self.size))))  # (n, maps features, t, t)
        n, channels, t, _ = x.shape
        maps = channels // self.features
        x = anp.swapaxes(x.reshape(n, maps, self.features, t * t), 2, 3)
        x = x.reshape(n, maps * t * t, self.features)
        v = self.classes(squash(x))  # (n, num_classes, class_features)
        return anp.sqrt(anp.sum(v * v, -1) + 1e-8)

    def loss(self, x: Any, labels: Any) -> Any:
        """The margin loss of images and labels (n,)."""
        return margin_loss(self(x), labels)
