"""From one sequence to another of a different length: an encoder, a decoder, and attention between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import no_grad
from autodiff.random import as_generator

from .. import functional as F
from ..embedding import Embedding
from ..init import Randomness
from ..linear import Linear
from ..module import Module, check_sizes
from ..recurrent import GRU
from .inputs import rows_of

__all__ = ["Seq2Seq"]


class Seq2Seq(Module):
    """One GRU reads the source, another writes the target from the first one's last state, looking back at all states.

        source (n, S)  embedding, GRU                     states k (n, S, hidden), the last one starts the decoder
        target (n, T)  embedding, GRU                     states q (n, T, hidden)
        attention      softmax(q W k^T) k                 context (n, T, hidden), padding is left out
        output         tanh(C [q, context]), dense        logits (n, T, vocabulary): of what follows each target token

    Args:
        source_vocabulary, target_vocabulary: numbers of different tokens.
        embedding, hidden: features of a token and of a state.
        padding: the source token that fills short sequences up at their end.
        dtype, generator: of the initial values, as in `nn.GRU`.

    In training the target is given (teacher forcing): logits of `target[:, :-1]` are compared with `target[:, 1:]`, by
    `nn.CrossEntropyLoss(ignore_index=padding)`.

    >>> model = Seq2Seq(7, 9, 4, 8, generator=0)
    >>> model(np.array([[3, 1, 2, 0]]), np.array([[1, 5]])).shape
    (1, 2, 9)

    Raises ValueError for padding that is not at the end, and for sequences of nothing else. Sutskever, Vinyals, Le:
    Sequence to sequence learning with neural networks, 2014; Luong, Pham, Manning: Effective approaches to
    attention-based neural machine translation, 2015.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        embedding: int = 32,
        hidden: int = 128,
        padding: int = 0,
        dtype: Any = None,
        generator: Randomness = None,
    ) -> None:
        check_sizes(source_vocabulary=source_vocabulary, target_vocabulary=target_vocabulary)
        check_sizes(embedding=embedding, hidden=hidden)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": as_generator(generator)}
        self.padding = padding
        self.source = Embedding(source_vocabulary, embedding, **drawn)
        self.encoder = GRU(embedding, hidden, batch_first=True, **drawn)
        self.target = Embedding(target_vocabulary, embedding, **drawn)
        self.decoder = GRU(embedding, hidden, batch_first=True, **drawn)
        self.match = Linear(hidden, hidden, bias=False, **drawn)
        self.combine = Linear(2 * hidden, hidden, **drawn)
        self.output = Linear(hidden, target_vocabulary, **drawn)

    def encode(self, source: Any) -> tuple[Any, Any, Any]:
        """All states (n, S, hidden), the last of each sequence (1, n, hidden), and where there are tokens (n, 1, S)."""
        source = np.asarray(rows_of(source, self))
        there = source != self.padding
        if (there[:, 1:] > there[:, :-1]).any():
            raise ValueError(f"padding, token {self.padding}, fills sequences up at their end, not before other tokens")
        states, last = self.encoder(self.source(source), lengths=there.sum(1))
        return states, last, there[:, None]

    def decode(self, target: Any, encoded: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        """Logits (n, T, vocabulary), the last state of the decoder, and the attention weights (n, T, S)."""
        keys, state, there = encoded
        queries, state = self.decoder(self.target(rows_of(target, self)), state)  # (n, T, hidden)
        scores = self.match(queries) @ anp.swapaxes(keys, 1, 2)  # (n, T, S)
        weights = F.softmax(anp.where(there, scores, -np.inf), -1)
        both = anp.concatenate([queries, weights @ keys], axis=-1)  # (n, T, 2 hidden)
        return self.output(F.tanh(self.combine(both))), state, weights

    def forward(self, source: Any, target: Any) -> Any:
        return self.decode(target, self.encode(source))[0]

    def translate(self, source: Any, start: int, end: int, steps: int = 50) -> Any:
        """Write the likeliest token after each other: (n, up to steps) integers, without the start.

        A sequence that has reached `end` is filled up with it; all stop when every one has.
        """
        with no_grad():
            keys, state, there = self.encode(source)
            token = np.full((len(there), 1), start)
            done, written = np.zeros(len(there), bool), [np.empty((len(there), 0), int)]
            for _ in range(steps):
                logits, state, _ = self.decode(token, (keys, state, there))
                token = np.where(done, end, np.asarray(logits[:, -1].argmax(-1)))[:, None]
                written.append(token)
                done |= token[:, 0] == end
                if done.all():
                    break
        return np.concatenate(written, axis=1)
