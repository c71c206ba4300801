"""Random numbers that can be drawn again: a generator is a seed and an offset, nothing more."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np


def philox(seed: int, offset: int) -> np.random.Generator:
    """NumPy's generator for draw number `offset` of the stream `seed`; the same pair gives the same bits."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, offset, 0, 0]))


class Generator:
    """A stream of draws. Draw number `offset` depends on `(seed, offset)` alone (counter-based Philox).

    An op that needs randomness takes the pair from `next_draw` as its parameters, so running the
    recorded op again gives the same numbers; saving the pair saves the stream.

    >>> a, b = Generator(7), Generator(7)
    >>> bool((a.normal(3) == b.normal(3)).all()), a.offset
    (True, 1)
    """

    def __init__(self, seed: Any = None, offset: int = 0) -> None:
        if seed is None:
            seed = int.from_bytes(os.urandom(8))  # numpy.random, 10 ms to import, waits for its first use
        elif isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise TypeError(f"a seed is a non-negative int, got {seed!r}")
        self.seed, self.offset = int(seed), int(offset)
        self._lock = threading.Lock()

    def next_draw(self) -> tuple[int, int]:
        """Reserve one draw and return its `(seed, offset)`."""
        with self._lock:
            offset, self.offset = self.offset, self.offset + 1
        return self.seed, offset

    def numpy(self) -> np.random.Generator:
        """NumPy's generator for one reserved draw: `generator.numpy().poisson(3.0, 10)`."""
        return philox(*self.next_draw())

    def normal(self, shape: Any = None, mean: float = 0.0, std: float = 1.0) -> Any:
        """Draw float64 numbers of the normal distribution."""
        return self.numpy().normal(mean, std, shape)

    def uniform(self, shape: Any = None, low: float = 0.0, high: float = 1.0) -> Any:
        """Draw float64 numbers, uniform in [low, high)."""
        return self.numpy().uniform(low, high, shape)

    def permutation(self, n: int) -> Any:
        """Draw an order of 0 .. n-1."""
        return self.numpy().permutation(n)

    def get_state(self) -> dict[str, int]:
        """Return the stream's whole state."""
        return {"seed": self.seed, "offset": self.offset}

    def set_state(self, state: dict[str, int]) -> None:
        """Go back (or forward) to a state from `get_state`."""
        self.seed, self.offset = int(state["seed"]), int(state["offset"])

    def __getstate__(self) -> dict[str, int]:
        return self.get_state()

    def __setstate__(self, state: dict[str, int]) -> None:
        self.set_state(state)
        self._lock = threading.Lock()  # a lock cannot be pickled

    def __repr__(self) -> str:
        return f"Generator(seed={self.seed}, offset={self.offset})"


_default = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the generator that is used where none is given, and return it."""
    _default.set_state(Generator(seed).get_state())
    return _default


def as_generator(source: Generator | np.random.Generator | int | None = None) -> Generator:
    """Turn what a `generator=` argument may hold into a `Generator`; None is the default one.

    >>> as_generator(3)
    Generator(seed=3, offset=0)
    """
    if source is None:
        return _default
    if isinstance(source, Generator):
        return source
    if isinstance(source, np.random.Generator):
        return Generator(int(source.integers(2**63)))
    return Generator(source)
