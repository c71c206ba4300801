"""Random numbers that can be drawn again: a generator is a seed and an offset, nothing more."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import Any

import numpy as np

from .errors import GradientError


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
        watching = _WATCHING.get()
        return self.reserve() if watching is None else watching.next_draw(self)

    def reserve(self) -> tuple[int, int]:
        """`next_draw`, whoever watches."""
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


class Draws:
    """What is drawn in a `with` block: recorded, or handed out again as an earlier block has recorded it.

    >>> with Draws() as draws:
    ...     first = Generator(7).normal()
    >>> with Draws(draws.pairs):
    ...     again = Generator(8).normal()
    >>> bool(first == again), draws.pairs
    (True, [(7, 0)])
    """

    def __init__(self, pairs: list[tuple[int, int]] | None = None) -> None:
        self.pairs = [] if pairs is None else pairs
        self._again = None if pairs is None else iter(pairs)
        self._outer: Draws | None = None

    def __enter__(self) -> Draws:
        self._outer = _WATCHING.get()
        _WATCHING.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _WATCHING.set(self._outer)

    def next_draw(self, generator: Generator) -> tuple[int, int]:
        """The `(seed, offset)` of the next draw."""
        if self._again is not None:
            pair = next(self._again, None)
            if pair is None:
                raise GradientError(
                    "a function that is run again draws more random numbers than the first time; it must do the same"
                )
            return pair
        pair = generator.reserve() if self._outer is None else self._outer.next_draw(generator)
        self.pairs.append(pair)
        return pair


_WATCHING: ContextVar[Draws | None] = ContextVar("autodiff_draws", default=None)
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
