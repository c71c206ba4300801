"""A transformer that writes: each position sees those before it, and says what comes next."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype, no_grad
from autodiff.errors import describe
from autodiff.random import as_generator

from .. import functional as F
from .. import init
from ..container import ModuleList
from ..dropout import Dropout
from ..embedding import Embedding
from ..module import Module, Parameter, check_sizes
from ..normalization import LayerNorm
from ..transformer import TransformerEncoderLayer
from .inputs import rows_of
from .sampling import choose

__all__ = ["GPT"]


class GPT(Module):
    """Vectors of tokens and of positions, added; blocks of causal attention and dense layers; logits of what follows.

        tokens (n, steps)  embedding + positions         (n, steps, width)
                           depth times: x = x + attention(norm(x)), each step to itself and those before it
                                        x = x + dense(gelu(dense(norm(x)))), 4 width inside
                           norm, product with the embedding  (n, steps, vocabulary)

    The table that tokens are looked up in also gives the logits (tied weights). With the arguments (50257, 1024, 768,
    12, 12) it has the 124 439 808 parameters of the small GPT-2.

    Args:
        vocabulary: number of different tokens.
        context: most steps that it can look at.
        width, depth, heads: features of a step, number of blocks, of heads in each.
        dropout: its probability.
        dtype, generator: of the initial values, normal with std 0.02; the generator also draws the dropout.

    >>> model = GPT(10, context=8, width=16, depth=2, heads=2, generator=0)
    >>> model(np.array([[1, 2, 3]])).shape
    (1, 3, 10)

    Raises ValueError for more steps than the context. Radford et al.: Language models are unsupervised multitask
    learners, 2019.
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 128,
        width: int = 128,
        depth: int = 4,
        heads: int = 4,
        dropout: float = 0.1,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(vocabulary=vocabulary, context=context, depth=depth)
        stream = as_generator(generator)
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        self.tokens = Embedding(vocabulary, width, **drawn)
        self.positions = Parameter(np.empty((context, width), dtype or default_dtype()))
        self.dropout = Dropout(dropout, generator=stream)
        self.blocks = ModuleList([
            TransformerEncoderLayer(
                width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True, **drawn
            )
            for _ in range(depth)
        ])  # fmt: skip
        self.norm = LayerNorm(width, dtype=dtype)
        begin(self, stream)

    def forward(self, tokens: Any) -> Any:
        tokens = rows_of(tokens, self)
        steps, context = tokens.shape[1], len(self.positions)
        if steps > context:
            raise ValueError(f"this GPT looks at {context} steps at most, got {steps}: pass tokens[:, -{context}:]")
        x = self.dropout(self.tokens(tokens) + self.positions[:steps])  # (n, steps, width)
        mask = np.triu(np.ones((steps, steps), bool), 1)  # True where a step lies ahead
        for block in self.blocks:
            x = block(x, src_mask=mask, is_causal=True)
        return F.linear(self.norm(x), self.tokens.weight)

    def loss(self, tokens: Any) -> Any:
        """Mean cross-entropy of each token given those before it: tokens (n, steps), two steps or more."""
        tokens = rows_of(tokens, self)
        if tokens.shape[1] < 2:
            raise ValueError(f"the first token is given: the loss needs two steps or more, got {describe(tokens)}")
        logits = self(tokens[:, :-1])
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), tokens[:, 1:].ravel())

    def generate(
        self,
        tokens: Any,
        steps: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        generator: init.Randomness = None,
    ) -> Any:
        """Write on: tokens (n, some) and `steps` drawn ones after them, (n, some + steps) integers.

        Each is drawn from `softmax(logits / temperature)`, from the `top_k` likeliest if given; temperature 0 takes the
        likeliest. It looks at the last `context` tokens. Call `eval()` first, or dropout acts.
        """
        tokens = np.asarray(rows_of(tokens, self))
        stream, context = as_generator(generator), len(self.positions)
        with no_grad():
            for _ in range(steps):
                logits = self(tokens[:, -context:])[:, -1]
                token = choose(logits, stream, temperature, top_k)[:, None]
                tokens = np.concatenate([tokens, token], axis=1)
        return tokens


def begin(model: Module, generator: init.Randomness) -> None:
    """The initial values of GPT and BERT: tables and weights normal with std 0.02; of norms and biases, 1 and 0."""
    for module in model.modules():
        for name, parameter in vars(module).items():
            if isinstance(module, LayerNorm) or parameter is None or not getattr(parameter, "is_parameter", False):
                continue
            if name.endswith("bias"):
                init.zeros_(parameter)
            else:
                init.normal_(parameter, 0.0, 0.02, generator)
