"""What models that draw share: the choice of the next token, and noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.ops import random
from autodiff.random import Generator, as_generator
from autodiff.tensor import Tensor

from ..init import Randomness
from ..module import check_sizes


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

    Raises ValueError for a negative temperature, and for a top_k below 1.
    """
    if not temperature >= 0:  # nor NaN
        raise ValueError(f"temperature is a number of at least 0, got {temperature}")
    if top_k is not None:
        check_sizes(top_k=top_k)
    scores = np.asarray(logits.value if type(logits) is Tensor else logits, float)
    if temperature == 0:
        return scores.argmax(-1)
    scores = scores - scores.max(-1, keepdims=True)
    classes = np.argsort(-scores, axis=-1, kind="stable")[:, :top_k]  # the likeliest first
    p = np.cumsum(np.exp(np.take_along_axis(scores, classes, -1) / temperature), axis=-1)
    drawn = (p < stream.uniform((len(p), 1)) * p[:, -1:]).sum(-1)
    return classes[np.arange(len(p)), drawn]
