"""The variational autoencoder: codes that are drawn, so that new data can be drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff import numpy as anp
from autodiff.config import no_grad
from autodiff.random import as_generator

from .. import functional as F
from ..functional.arguments import cast
from ..init import Randomness
from ..module import Module
from .autoencoder import dense
from .sampling import noise

__all__ = ["VAE"]


class VAE(Module):
    """An encoder to a normal distribution over codes, a draw from it, and a decoder from codes to data in [0, 1].

        x  encoder  mean, log_variance  z = mean + exp(log_variance / 2) noise  decoder  logits

    Written as a function of noise from outside, the draw passes gradients on to mean and variance (the
    reparametrisation).

    Args:
        sizes: from the data's features to the code's, such as (784, 400, 20).
        dtype, generator: of the initial values, as in `nn.Linear`.

    >>> import numpy as np
    >>> model = VAE([64, 16, 2], generator=0)
    >>> logits, mean, log_variance = model(np.zeros((5, 64)), generator=1)
    >>> logits.shape, mean.shape, model.sample(3, generator=2).shape
    ((5, 64), (5, 2), (3, 64))

    Kingma, Welling: Auto-encoding variational Bayes, 2013.
    """

    def __init__(self, sizes: Sequence[int], dtype: Any = None, generator: Randomness = None) -> None:
        if len(sizes) < 2:
            raise ValueError(f"sizes go from the data's features to the code's, two or more; got {list(sizes)}")
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.encoder = dense([*sizes[:-1], 2 * sizes[-1]], **drawn)
        self.decoder = dense(sizes[::-1], **drawn)

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Mean and log-variance of the code, each (n, code)."""
        mean, log_variance = anp.split(self.encoder(x), 2, axis=-1)
        return mean, log_variance

    def forward(self, x: Any, generator: Randomness = None) -> tuple[Any, Any, Any]:
        mean, log_variance = self.encode(x)
        z = mean + anp.exp(log_variance / 2) * noise(mean, "standard_normal", generator)
        return self.decoder(z), mean, log_variance

    def loss(self, x: Any, generator: Randomness = None) -> Any:
        """The negative evidence lower bound, mean over the samples x (n, features) with values in [0, 1].

        `-log p(x | z) + KL(N(mean, variance) | N(0, 1))`: the cross-entropy of all features, and
        `1/2 sum(mean^2 + variance - 1 - log_variance)`.
        """
        logits, mean, log_variance = self(x, generator)
        missed = F.binary_cross_entropy_with_logits(logits, cast(x, logits), reduction="sum")
        divergence = anp.sum(mean**2 + anp.exp(log_variance) - 1 - log_variance) / 2
        return (missed + divergence) / len(logits)

    def sample(self, n: int, generator: Randomness = None) -> Any:
        """Draw n codes from N(0, 1) and decode them: probabilities (n, features)."""
        last = self.decoder[0].weight
        z = as_generator(generator).normal((n, last.shape[1])).astype(last.dtype)
        with no_grad():
            return F.sigmoid(self.decoder(z))
