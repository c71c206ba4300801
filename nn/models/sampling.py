"""What models that write share: rows of tokens, and the choice of the next one; and noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.functional import top_k as largest
from autodiff.ops import random
from autodiff.random import Generator, as_generator

from .. import functional as F
from ..functional.arguments import as_array
from ..init import Randomness


def rows_of(tokens: Any, model: Any) -> Any:
    """Tokens (n, steps) as an array or Tensor.

    Raises ValueError for another number of axes, and for no steps.
    """
    tokens = as_array(tokens)
    if tokens.ndim != 2 or not tokens.shape[1]:
        raise ValueError(
            f"{type(model).__name__} takes tokens (n, steps), of at least one step; got {describe(tokens)}"
        )
    return tokens


def noise(x: Any, distribution: str, generator: Randomness) -> Any:
    """Numbers of a distribution of NumPy's generators, as many as x has and of its dtype; a constant.

    It is an op, so that a program which is run again draws again.

    >>> noise(np.zeros((2, 3), np.float32), "standard_normal", 0).dtype
    dtype('float32')
    """
    seed, offset = as_generator(generator).next_draw()
    with no_grad():
        return random.drawn(x, distribution=distribution, seed=seed, offset=offset)


def choose(logits: Any, stream: Generator, temperature: float = 1.0, top_k: int | None = None) -> Any:
    """Draw one of the classes for each row of logits (n, classes): integers (n,).

    `p = softmax(logits / temperature)`; temperature 0 takes the largest, and with `top_k` only the k largest are drawn.

    >>> choose(np.array([[0.0, 5.0], [9.0, 0.0]]), Generator(0), temperature=0.0)
    array([1, 0])

    Raises ValueError for a negative temperature.
    """
    if temperature < 0:
        raise ValueError(f"temperature is a number of at least 0, got {temperature}")
    if temperature == 0:
        return np.asarray(logits.argmax(-1))
    with no_grad():
        if top_k is None:
            scores, classes = logits, None
        else:
            scores, classes = largest(logits, min(top_k, logits.shape[-1]))
        p = np.cumsum(np.asarray(F.softmax(scores / temperature)), axis=-1)  # (n, classes)
    drawn = (p < stream.uniform((len(p), 1)) * p[:, -1:]).sum(-1)
    return drawn if classes is None else np.asarray(classes)[np.arange(len(p)), drawn]
