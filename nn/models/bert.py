"""A transformer that fills gaps: each position sees all others."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.random import as_generator

from .. import functional as F
from .. import init
from ..container import ModuleList
from ..dropout import Dropout
from ..embedding import Embedding
from ..linear import Linear
from ..module import Module, Parameter, check_sizes
from ..normalization import LayerNorm
from ..transformer import TransformerEncoderLayer
from .gpt import begin
from .inputs import rows_of
from .sampling import noise

__all__ = ["MaskedLM"]


class MaskedLM(Module):
    """Vectors of tokens and of positions, added; blocks of attention to both sides; logits of what stands at each step.

        tokens (n, steps)  norm(embedding + positions)       (n, steps, width)
                           depth times: x = norm(x + attention(x)), x = norm(x + dense(gelu(dense(x))))
                           norm(gelu(dense)), product with the embedding, + bias  (n, steps, vocabulary)

    It learns from text without labels: some tokens are replaced by one that means "masked", and it has to say what
    stood there.

    Args:
        vocabulary: number of different tokens, with the one for "masked".
        mask: the number of that token.
        context: most steps that it can look at.
        width, depth, heads: features of a step, number of blocks, of heads in each.
        padding: the token that fills short sequences up, which nobody attends to; None if there is none.
        dropout: its probability.
        dtype, generator: of the initial values, normal with std 0.02; the generator also draws the dropout.

    >>> model = MaskedLM(10, mask=9, context=8, width=16, depth=2, heads=2, generator=0)
    >>> model(np.array([[1, 9, 3]])).shape
    (1, 3, 10)

    Raises ValueError for more steps than the context. Devlin, Chang, Lee, Toutanova: BERT: pre-training of deep
    bidirectional transformers for language understanding, 2018 (without its second task, of pairs of sentences).
    """

    def __init__(
        self,
        vocabulary: int,
        mask: int,
        context: int = 128,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        padding: int | None = None,
        dropout: float = 0.1,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(vocabulary=vocabulary, context=context, depth=depth)
        if not 0 <= mask < vocabulary:
            raise ValueError(f"mask is one of the {vocabulary} tokens, 0 .. {vocabulary - 1}; got {mask}")
        if padding is not None and (padding == mask or not 0 <= padding < vocabulary):
            raise ValueError(
                f"padding is one of the {vocabulary} tokens, 0 .. {vocabulary - 1}, but not mask, {mask}; got {padding}"
            )
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        self.mask, self.padding = mask, padding
        self.tokens = Embedding(vocabulary, width, **drawn)
        self.positions = Parameter(np.empty((context, width), dtype or default_dtype()))
        self.norm = LayerNorm(width, dtype=dtype)
        self.dropout = Dropout(dropout, generator=stream)
        self.blocks = ModuleList([
            TransformerEncoderLayer(width, heads, 4 * width, dropout, "gelu", batch_first=True, **drawn)
            for _ in range(depth)
        ])  # fmt: skip
        self.transform = Linear(width, width, **drawn)
        self.transform_norm = LayerNorm(width, dtype=dtype)
        self.output_bias = Parameter(np.empty(vocabulary, dtype or default_dtype()))
        begin(self, stream)

    def forward(self, tokens: Any) -> Any:
        tokens = rows_of(tokens, self)
        steps, context = tokens.shape[1], len(self.positions)
        if steps > context:
            raise ValueError(f"this MaskedLM looks at {context} steps at most, got {steps}")
        x = self.dropout(self.norm(self.tokens(tokens) + self.positions[:steps]))  # (n, steps, width)
        absent = None if self.padding is None else anp.equal(tokens, self.padding)
        for block in self.blocks:
            x = block(x, src_key_padding_mask=absent)
        x = self.transform_norm(F.gelu(self.transform(x)))
        return F.linear(x, self.tokens.weight, self.output_bias)

    def hide(self, tokens: Any, share: float = 0.15, generator: init.Randomness = None) -> tuple[Any, Any]:
        """Choose tokens to be guessed: the tokens with gaps, and where they were chosen, both (n, steps).

        Of the chosen share 80 % become `mask`, 10 % a random token, and 10 % stay as they are. Padding is not chosen.
        """
        if not 0 < share <= 1:
            raise ValueError(f"share is more than 0 and at most 1, got {share}")
        tokens, stream = rows_of(tokens, self), as_generator(generator)
        zeros = anp.zeros_like(tokens, float)
        chosen = anp.less(noise(zeros, "random", stream), share)
        if self.padding is not None:
            chosen = anp.logical_and(chosen, anp.not_equal(tokens, self.padding))
        fate = noise(zeros, "random", stream)
        other = anp.floor(noise(zeros, "random", stream) * len(self.tokens.weight)).astype(tokens.dtype)
        if self.padding is not None:
            other = anp.where(anp.equal(other, self.padding), self.mask, other)
        hidden = anp.where(anp.logical_and(chosen, anp.less(fate, 0.8)), self.mask, tokens)
        return anp.where(anp.logical_and(chosen, anp.greater_equal(fate, 0.9)), other, hidden), chosen

    def loss(self, tokens: Any, share: float = 0.15, generator: init.Randomness = None) -> Any:
        """Mean cross-entropy of the tokens that `hide` chooses, given all that it leaves: tokens (n, steps)."""
        tokens = rows_of(tokens, self)
        hidden, chosen = self.hide(tokens, share, generator)
        if not chosen.any():
            raise ValueError(f"none of the {tokens.size} tokens was chosen; give more of them, or a larger share")
        wanted = anp.where(chosen, tokens, -100)  # what cross-entropy passes over
        logits = self(hidden)
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), wanted.ravel(), ignore_index=-100)
