"""Answers to exercises: `check(name, answer, right)` says whether an answer is right, and if not, what is off."""

from collections.abc import Mapping
from typing import Any

import numpy as np

CLOSE = 1e-6  # relative


def check(name: str, answer: Any, right: Any, hints: Mapping[float, str] | None = None) -> bool:
    """Compare an answer with the right one, print what to think of it, and return whether it is right.

    `...` is an answer still open. Answers are numbers, arrays, Tensors, texts or booleans; `hints` says of wrong
    numbers what led to them.
    """
    words = _judged(answer, right, hints or {})
    print(f"{name}: {words}")
    return words == "right!"


def _judged(answer: Any, right: Any, hints: Mapping[float, str]) -> str:
    if answer is ...:
        return "still open."
    if answer is None:
        return "the answer is None. Did a `return` get lost?"
    if isinstance(right, bool):
        return "right!" if answer == right else "not yet."
    if isinstance(right, str):
        return "right!" if answer == right else f"{answer!r} is not it. What would follow if it were so?"
    try:
        found, wanted = (np.asarray(getattr(v, "value", v), float) for v in (answer, right))
    except (TypeError, ValueError):
        return f"a number or an array is asked for, this is {type(answer).__name__}."
    if found.shape != wanted.shape:
        return _of_shapes(found.shape, wanted.shape)
    if np.allclose(found, wanted, CLOSE, CLOSE * np.abs(wanted).max(initial=0.0)):
        return "right!"
    return _of_numbers(found, wanted, hints)


def _of_shapes(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    words = f"its shape is {found}, and it should be {wanted}"
    if found == wanted[::-1]:
        return f"{words}: it wants to be transposed."
    if len(found) > len(wanted):
        return f"{words}: is there something to sum over?"
    return f"{words}."


def _of_numbers(found: Any, wanted: Any, hints: Mapping[float, str]) -> str:
    shown = (
        f"{found.item():g} is not it" if found.size == 1 else f"the shape {found.shape} is right, the numbers are not"
    )
    for value, hint in hints.items():
        if found.size == 1 and np.isclose(found, value):
            return f"{shown}. {hint}"
    if not np.isfinite(found).all():
        return f"{shown}: there are NaN or infinities in it."
    if np.allclose(found, -wanted):
        return f"{shown}: the size is right, the sign is wrong."
    both = (wanted != 0) & (found != 0)
    if both.any() and np.array_equal(wanted == 0, found == 0):
        ratios = found[both] / wanted[both]
        if np.allclose(ratios, ratios[0]) and _is_simple(ratios[0]):
            return f"{shown}: it is {ratios[0]:g} times as large as it should be."
    if found.size > 1:
        wrong = ~np.isclose(found, wanted)
        place = [int(i) for i in np.argwhere(wrong)[0]]
        return f"{shown}: {np.count_nonzero(wrong)} of {found.size} are off, the first at {place}."
    return f"{shown}: it is too {'large' if found > wanted else 'small'}."


def _is_simple(ratio: float) -> bool:
    """Whether a factor looks like one that was forgotten, or taken twice."""
    return any(np.isclose(abs(ratio) * n, round(abs(ratio) * n)) for n in (1, 2, 3)) and abs(ratio) < 1000
