"""Two networks against each other: one draws, the other tells drawn from real."""

from __future__ import annotations

from typing import Any, Protocol

from autodiff import numpy as anp
from autodiff.config import no_grad
from autodiff.random import as_generator

from .. import functional as F
from ..activation import LeakyReLU, ReLU
from ..container import Sequential
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes

__all__ = ["GANDiscriminator", "GANGenerator", "discriminator_step", "generator_step"]


class Optimizer(Protocol):
    """What the steps need of an optimizer of `optim`."""

    def zero_grad(self) -> None:
        """Drop the gradients."""

    def step(self) -> Any:
        """Update the parameters."""


class GANGenerator(Module):
    """From noise to samples: (n, latent) to (n, features), dense with ReLU.

    Args:
        latent, hidden, features: numbers of units; there are two hidden layers.
        dtype, generator: of the initial values, as in `nn.Linear`.

    >>> draws = GANGenerator(4, 16, 2, generator=0)
    >>> draws(draws.noise(5, generator=1)).shape
    (5, 2)

    Goodfellow et al.: Generative adversarial nets, 2014.
    """

    def __init__(
        self, latent: int, hidden: int, features: int, dtype: Any = None, generator: Randomness = None
    ) -> None:
        check_sizes(latent=latent, hidden=hidden, features=features)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.latent = latent
        self.layers = Sequential(
            Linear(latent, hidden, **drawn), ReLU(),
            Linear(hidden, hidden, **drawn), ReLU(),
            Linear(hidden, features, **drawn),
        )  # fmt: skip

    def forward(self, noise: Any) -> Any:
        return self.layers(noise)

    def noise(self, n: int, generator: Randomness = None) -> Any:
        """Draw (n, latent) normal numbers."""
        return as_generator(generator).normal((n, self.latent))


class GANDiscriminator(Module):
    """From samples to the logit of being real: (n, features) to (n,), dense with leaky ReLU.

    Args:
        features, hidden: numbers of units; there are two hidden layers.
        dtype, generator: of the initial values, as in `nn.Linear`.

    >>> import numpy as np
    >>> GANDiscriminator(2, 16, generator=0)(np.zeros((5, 2))).shape
    (5,)
    """

    def __init__(self, features: int, hidden: int, dtype: Any = None, generator: Randomness = None) -> None:
        check_sizes(features=features, hidden=hidden)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.layers = Sequential(
            Linear(features, hidden, **drawn), LeakyReLU(0.2),
            Linear(hidden, hidden, **drawn), LeakyReLU(0.2),
            Linear(hidden, 1, **drawn),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        return self.layers(x)[..., 0]


def discriminator_step(draws: Module, judge: Module, real: Any, noise: Any, optimizer: Optimizer) -> Any:
    """Train the judge for one step to say 1 of real samples and 0 of drawn ones; returns its loss.

    `-mean log sigmoid(judge(real)) - mean log(1 - sigmoid(judge(draws(noise))))`. The optimizer is the judge's.
    """
    optimizer.zero_grad()
    with no_grad():
        drawn = draws(noise)
    yes, no = judge(real), judge(drawn)
    loss = F.binary_cross_entropy_with_logits(yes, anp.ones_like(yes))
    loss = loss + F.binary_cross_entropy_with_logits(no, anp.zeros_like(no))
    loss.backward()
    optimizer.step()
    return loss.detach()


def generator_step(draws: Module, judge: Module, noise: Any, optimizer: Optimizer) -> Any:
    """Train what draws for one step to be taken for real; returns its loss, `-mean log sigmoid(judge(draws(noise)))`.

    The optimizer is that of `draws`. The judge gets gradients too, which `discriminator_step` drops.
    """
    optimizer.zero_grad()
    verdict = judge(draws(noise))
    loss = F.binary_cross_entropy_with_logits(verdict, anp.ones_like(verdict))
    loss.backward()
    optimizer.step()
    return loss.detach()
