"""From a picture to a sentence: a CNN reads, an RNN writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import no_grad
from autodiff.random import as_generator

from ..activation import ReLU
from ..container import Sequential
from ..conv import Conv2d
from ..embedding import Embedding
from ..functional import tanh
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..pool import MaxPool2d
from ..recurrent import GRU
from .inputs import images_of, rows_of

__all__ = ["Captioner"]


class Captioner(Module):
    """Two convolutions and their mean over the image give the state with which a GRU begins to write.

        images (n, in_channels, h, w)  conv 3 x 3, ReLU, max 2 x 2; conv 3 x 3, ReLU; mean   (n, 2 width)
                                       dense, tanh: the first state                          (n, hidden)
        words (n, T)                   embedding, GRU, dense                                 (n, T, vocabulary)

    Args:
        vocabulary: number of words, with those for start and end.
        in_channels, width: of the images, and after the first convolution.
        embedding, hidden: features of a word and of a state.
        dtype, generator: of the initial values, as in `nn.GRU`.

    The logits are those of the word that follows each given one: compare `model(images, words[:, :-1])` with
    `words[:, 1:]`.

    >>> Captioner(5, 1, 4, 4, 8, generator=0)(np.zeros((2, 1, 8, 8)), np.array([[0, 3], [0, 2]])).shape
    (2, 2, 5)

    Vinyals, Toshev, Bengio, Erhan: Show and tell: a neural image caption generator, 2014.
    """

    def __init__(
        self,
        vocabulary: int,
        in_channels: int = 3,
        width: int = 32,
        embedding: int = 64,
        hidden: int = 128,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(vocabulary=vocabulary, in_channels=in_channels, width=width, embedding=embedding, hidden=hidden)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.features = Sequential(
            Conv2d(in_channels, width, 3, padding=1, **drawn), ReLU(), MaxPool2d(2),
            Conv2d(width, 2 * width, 3, padding=1, **drawn), ReLU(),
        )  # fmt: skip
        self.first = Linear(2 * width, hidden, **drawn)
        self.embedding = Embedding(vocabulary, embedding, **drawn)
        self.gru = GRU(embedding, hidden, batch_first=True, **drawn)
        self.output = Linear(hidden, vocabulary, **drawn)

    def look(self, images: Any) -> Any:
        """The state that an image puts the writer into, (1, n, hidden)."""
        return tanh(self.first(anp.mean(self.features(images_of(images, self)), axis=(2, 3))))[None]

    def forward(self, images: Any, words: Any) -> Any:
        states, _ = self.gru(self.embedding(rows_of(words, self)), self.look(images))
        return self.output(states)  # (n, T, vocabulary)

    def caption(self, images: Any, start: int, end: int, steps: int = 20) -> Any:
        """Write the likeliest words: (n, up to steps) integers, without the start, filled up with `end`."""
        with no_grad():
            state = self.look(images)
            word = np.full((state.shape[1], 1), start)
            done, written = np.zeros(len(word), bool), [np.empty((len(word), 0), int)]
            for _ in range(steps):
                states, state = self.gru(self.embedding(word), state)
                likeliest = np.asarray(self.output(states[:, -1]).argmax(-1))
                word = np.where(done, end, likeliest)[:, None]
                written.append(word)
                done |= word[:, 0] == end
                if done.all():
                    break
        return np.concatenate(written, axis=1)
