"""How models that write choose what comes next."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.functional import top_k as largest
from autodiff.random import Generator

from .. import functional as F


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
