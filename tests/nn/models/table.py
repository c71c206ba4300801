"""One row for each model of the zoo: how to make it small, what to give it, and what it is trained on.

`test_table.py` runs every row: shapes, the same numbers from the same seed, every parameter trained, saving and
loading, training and evaluation. The data is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from autodiff.random import as_generator
from nn import models


class Row(NamedTuple):
    """A model, made from a seed; its inputs; the shape of its output; and a loss of it."""

    make: Callable[[int], Any]
    inputs: tuple[Any, ...]
    shape: Any  # of the output, or of each output
    loss: Callable[..., Any]  # of the model, the inputs, and a seed for what is drawn
    options: Mapping[str, Any] = MappingProxyType({})  # further arguments of the model


def rng(seed: int = 0) -> np.random.Generator:
    """A stream for making data."""
    return np.random.default_rng(seed)


def normal(*shape: int) -> Any:
    """Normal numbers, always the same."""
    return rng().normal(size=shape)


def bits(*shape: int) -> Any:
    """Zeros and ones, always the same."""
    return rng().integers(2, size=shape).astype(float)


def tokens(*shape: int) -> Any:
    """Integers below five, always the same."""
    return rng().integers(5, size=shape)


PADDED = np.array([[4, 3, 1, 2], [2, 1, 0, 0]])


def mean_square(model: Any, x: Any, seed: int) -> Any:
    """A loss for any model with one input and one output."""
    return (model(x) ** 2).mean()


ROWS: dict[str, Row] = {
    "RBM": Row(
        lambda seed: models.RBM(6, 4, generator=seed),
        (bits(5, 6),),
        (5, 4),
        lambda model, v, seed: model.contrastive_divergence(v, 1, seed),
    ),
    "DeepBeliefNetwork": Row(
        lambda seed: models.DeepBeliefNetwork([6, 5, 3], generator=seed),
        (bits(5, 6),),
        (5, 3),
        lambda model, v, seed: sum(model.contrastive_divergence(layer, v, 1, seed) for layer in range(2)),
    ),
    "NeuralTuringMachine": Row(
        lambda seed: models.NeuralTuringMachine(3, 2, slots=6, width=4, hidden=8, generator=seed),
        (normal(4, 2, 3),),
        (4, 2, 2),
        mean_square,
    ),
    "Capsules": Row(
        lambda seed: models.Capsules(6, 4, 3, 5, generator=seed), (normal(2, 6, 4),), (2, 3, 5), mean_square
    ),
    "CapsuleNetwork": Row(
        lambda seed: models.CapsuleNetwork(3, 1, 8, 4, 2, 4, 4, 3, generator=seed),
        (normal(2, 1, 8, 8),),
        (2, 3),
        lambda model, x, seed: model.loss(x, np.array([0, 2])),
    ),
    "CharRNN": Row(
        lambda seed: models.CharRNN(5, 3, 6, layers=2, dropout=0.2, generator=seed),
        (tokens(2, 4),),
        [(2, 4, 5), (2, 2, 6), (2, 2, 6)],
        lambda model, x, seed: (model(x)[0] ** 2).mean(),
    ),
    "Seq2Seq": Row(
        lambda seed: models.Seq2Seq(5, 6, 3, 4, padding=0, generator=seed),
        (PADDED, tokens(2, 3)),
        (2, 3, 6),
        lambda model, x, y, seed: (model(x, y) ** 2).mean(),
    ),
    "Captioner": Row(
        lambda seed: models.Captioner(5, 1, 3, 3, 4, generator=seed),
        (normal(2, 1, 6, 6), tokens(2, 3)),
        (2, 3, 5),
        lambda model, x, words, seed: (model(x, words) ** 2).mean(),
    ),
    "GPT": Row(
        lambda seed: models.GPT(5, context=4, width=8, depth=2, heads=2, generator=seed),
        (tokens(2, 4),),
        (2, 4, 5),
        lambda model, x, seed: model.loss(np.tile(x, 2)[:, :5]),
    ),
    "MaskedLM": Row(
        lambda seed: models.MaskedLM(6, mask=5, context=4, width=8, depth=2, heads=2, padding=0, generator=seed),
        (PADDED,),
        (2, 4, 6),
        lambda model, x, seed: model.loss(x, 0.9, seed),
    ),
    "ViT": Row(
        lambda seed: models.ViT(6, 3, 4, 1, 8, 2, 2, dropout=0.1, generator=seed),
        (normal(2, 1, 6, 6),),
        (2, 4),
        mean_square,
    ),
    "LeNet5": Row(lambda seed: models.LeNet5(3, 1, 12, generator=seed), (normal(2, 1, 12, 12),), (2, 3), mean_square),
    "AlexNet": Row(
        lambda seed: models.AlexNet(3, 1, width=4, generator=seed), (normal(2, 1, 63, 63),), (2, 3), mean_square
    ),
    "VGG": Row(
        lambda seed: models.VGG(11, 3, 1, 4, 16, 1, generator=seed), (normal(2, 1, 32, 32),), (2, 3), mean_square
    ),
    "BasicBlock": Row(
        lambda seed: models.BasicBlock(2, 3, 2, generator=as_generator(seed)),
        (normal(2, 2, 6, 6),),
        (2, 3, 3, 3),
        mean_square,
    ),
    "Bottleneck": Row(
        lambda seed: models.Bottleneck(2, 2, generator=as_generator(seed)),
        (normal(2, 2, 6, 6),),
        (2, 8, 6, 6),
        mean_square,
    ),
    "ResNet": Row(
        lambda seed: models.ResNet((1, 1), 3, 1, 4, generator=seed), (normal(2, 1, 16, 16),), (2, 3), mean_square
    ),
    "Inception": Row(
        lambda seed: models.Inception(3, 2, (2, 3), (2, 2), 1, generator=as_generator(seed)),
        (normal(2, 3, 6, 6),),
        (2, 8, 6, 6),
        mean_square,
    ),
    "GoogLeNet": Row(
        lambda seed: models.GoogLeNet(3, 1, 8, generator=seed), (normal(2, 1, 64, 64),), (2, 3), mean_square
    ),
    "UNet": Row(
        lambda seed: models.UNet(3, 1, 4, 2, batch_norm=True, generator=seed),
        (normal(2, 1, 8, 8),),
        (2, 3, 8, 8),
        mean_square,
    ),
    "ConvAutoencoder": Row(
        lambda seed: models.ConvAutoencoder(1, 4, generator=seed), (normal(2, 1, 8, 8),), (2, 1, 8, 8), mean_square
    ),
    "Autoencoder": Row(
        lambda seed: models.Autoencoder([6, 4, 2], generator=seed), (normal(5, 6),), (5, 6), mean_square
    ),
    "VAE": Row(
        lambda seed: models.VAE([6, 5, 2], generator=seed),
        (bits(5, 6),),
        [(5, 6), (5, 2), (5, 2)],
        lambda model, x, seed: model.loss(x, seed),
        {"generator": 0},
    ),
    "GANGenerator": Row(
        lambda seed: models.GANGenerator(3, 8, 2, generator=seed), (normal(5, 3),), (5, 2), mean_square
    ),
    "GANDiscriminator": Row(
        lambda seed: models.GANDiscriminator(2, 8, generator=seed), (normal(5, 2),), (5,), mean_square
    ),
    "Siamese": Row(
        lambda seed: models.Siamese(1, 3, 4, generator=seed),
        (normal(4, 1, 6, 6),),
        (4, 4),
        lambda model, x, seed: model.contrastive_loss(x[:2], x[2:], [1.0, 0.0], margin=2.0),
    ),
}

WITHOUT_PARAMETERS = {"Hopfield"}
"""Tested in their own files alone."""
