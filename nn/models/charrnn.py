"""A recurrent language model that reads and writes one character at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.random import as_generator

from ..embedding import Embedding
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..recurrent import LSTM
from .inputs import rows_of
from .sampling import choose

__all__ = ["CharRNN"]


class CharRNN(Module):
    """Characters to vectors, an LSTM over them, and the logits of the character that follows each.

        tokens (n, steps)  embedding  (n, steps, embedding)  LSTM  (n, steps, hidden)  dense  (n, steps, vocabulary)

    Args:
        vocabulary: the number of different characters; a text is an array of their numbers.
        embedding, hidden, layers: features of a character, of a state, and how many LSTMs stand on one another.
        dropout: between these.
        dtype, generator: of the initial values, as in `nn.LSTM`; the generator also draws the dropout.

    The call also takes the states (h, c) to begin with, and returns logits and the last states. Train it with
    `nn.CrossEntropyLoss` on logits of a text without its last character and the text without its first.

    >>> logits, state = CharRNN(5, 4, 8, generator=0)(np.array([[0, 3, 1]]))
    >>> logits.shape
    (1, 3, 5)

    Graves: Generating sequences with recurrent neural networks, 2013.
    """

    def __init__(
        self,
        vocabulary: int,
        embedding: int = 32,
        hidden: int = 128,
        layers: int = 1,
        dropout: float = 0.0,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(vocabulary=vocabulary, embedding=embedding, hidden=hidden, layers=layers)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.embedding = Embedding(vocabulary, embedding, **drawn)
        self.lstm = LSTM(embedding, hidden, layers, batch_first=True, dropout=dropout, **drawn)
        self.output = Linear(hidden, vocabulary, **drawn)

    def forward(self, tokens: Any, state: Any = None) -> tuple[Any, Any]:
        states, state = self.lstm(self.embedding(rows_of(tokens, self)), state)  # (n, steps, hidden)
        return self.output(states), state

    def sample(
        self,
        start: Any,
        steps: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        generator: Randomness = None,
    ) -> Any:
        """Write on: start (n, some) and `steps` drawn characters after it, (n, some + steps) integers.

        Each is drawn from `softmax(logits / temperature)`, from the `top_k` likeliest if given; temperature 0 takes the
        likeliest. Call `eval()` first where there is dropout.
        """
        tokens = np.asarray(rows_of(start, self))
        stream = as_generator(generator)
        with no_grad():
            logits, state = self(tokens)
            for _ in range(steps):
                token = choose(logits[:, -1], stream, temperature, top_k)[:, None]
                tokens = np.concatenate([tokens, token], axis=1)
                logits, state = self(token, state)
        return tokens
