"""Making a batch of given examples: the same in the process that trains as in the workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.random import Draws, Generator

from .collate import collate
from .dataset import name_of


class BatchDraws(Draws):
    """Draws while a batch is made: they depend on the epoch, the number of the batch and the seed of the stream asked.

    So they are the same in any process, and in a run that goes on in the middle of an epoch; and no stream moves on.
    """

    def __init__(self, key: tuple[int, ...]) -> None:
        super().__init__()
        self.key = key
        self._counts: dict[int, int] = {}

    def next_draw(self, generator: Generator) -> tuple[int, int]:
        """The `(seed, offset)` of the next draw."""
        count = self._counts.get(generator.seed, 0)
        self._counts[generator.seed] = count + 1
        return mix(*self.key, generator.seed), count


def mix(*numbers: int) -> int:
    """A seed made of several numbers."""
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest())


def fetch(dataset: Any, collate_fn: Callable[[Any], Any] | None, indices: Any, key: tuple[int, ...]) -> Any:
    """Make the batch of these indices, or the example of a single one.

    An error gains a note that says which examples it is about.
    """
    several = not isinstance(indices, int | np.integer | str)
    if several and not len(indices):
        raise ValueError("a batch has one example at least, and the batch_sampler has given none")
    with BatchDraws(key):
        if several and collate_fn is None and getattr(dataset, "batched", False):
            return dataset[np.asarray(indices)]
        places = [i.item() if isinstance(i, np.generic) else i for i in (indices if several else [indices])]
        examples = _examples(dataset, places)
        if not several:
            return examples[0] if collate_fn is None else collate_fn(examples[0])
        try:
            return (collate_fn or collate)(examples)
        except Exception as error:
            names = [_name(dataset, i) for i in places]
            rest = f" and {len(names) - 10} more" if len(names) > 10 else ""
            error.add_note(f"while joining {', '.join(names[:10])}{rest}")
            raise


def _examples(dataset: Any, places: list[Any]) -> list[Any]:
    if hasattr(dataset, "__getitems__"):
        return list(dataset.__getitems__(places))
    examples = []
    for place in places:
        try:
            examples.append(dataset[place])
        except Exception as error:
            error.add_note(f"while making {_name(dataset, place)}")
            raise
    return examples


def _name(dataset: Any, place: Any) -> str:
    try:
        return name_of(dataset, place)
    except Exception:  # of a name only; the error that it would be in matters more
        return f"example {place}"
