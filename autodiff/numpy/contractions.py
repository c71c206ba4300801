"""Einstein sums of any number of arrays: `einsum`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any

import numpy as np

from ..errors import describe, describe_all
from ..ops import einsum as ops
from ..ops import index, reduce
from ..ops import shape as shapes
from .arguments import array_of, cast, deliver, plain, refuse_order

__all__ = ["einsum", "einsum_path"]

Terms = tuple[str, ...]


def einsum(
    *operands: Any, out: Any = None, dtype: Any = None, order: str = "K", casting: Any = "safe", optimize: Any = False
) -> Any:
    """Einstein sum: multiply arrays along the axes that share a letter, and sum over the letters not in the result.

    `einsum("ij,jk->ik", a, b)` is the matrix product, `einsum("ii->i", a)` a diagonal, `einsum("ij->", a)` a sum;
    `...` stands for axes that broadcast. Without `->` the result has the letters that stand once, in their order.
    `einsum(a, [0, 1], b, [1, 2], [0, 2])` says the same with numbers for letters.

    Two arrays at a time are multiplied, as matrices where that is what it is. Of three and more, `optimize` says
    which first: a path as `einsum_path` gives it, "optimal", or "greedy" (also for True and False).

    >>> einsum("ij,j->i", np.eye(2), np.array([1.0, 2.0]))
    array([1., 2.])

    Raises ValueError for letters that do not fit the arrays.
    """
    refuse_order("einsum", order)
    spec, arrays = _take_apart(operands)
    if dtype is not None:
        for x in arrays:
            if not np.can_cast(x.dtype, dtype, casting):
                raise TypeError(f"einsum: cannot cast {describe(x)} to {np.dtype(dtype)} by the rule {casting!r}")
        arrays = [cast(x, dtype) for x in arrays]
    terms, result = _letters(spec, tuple([x.ndim for x in arrays]))
    lengths = _lengths(terms, arrays)
    parts = [_simplify(x, term, lengths) for x, term in zip(arrays, terms, strict=True)]
    if len(parts) > 1:
        key = ",".join([term for _, term in parts]) + "->" + result
        for step in _path(key, tuple([x.shape for x, _ in parts]), _how(optimize)):
            chosen = [parts[i] for i in sorted(step)]
            parts = [part for i, part in enumerate(parts) if i not in step]
            while len(chosen) > 1:
                left, right = chosen.pop(0), chosen.pop(0)
                needed = set(result).union(*[term for _, term in (*parts, *chosen)])
                chosen.insert(0, _multiply(left, right, needed, result))
            parts += chosen
    (x, term), *more = parts
    for y in more:
        x, term = _multiply((x, term), y, set(result), result)
    x, term = _sum_out((x, term), set(result))
    if term != result or x is arrays[0]:
        x = shapes.transpose(x, axes=tuple([term.index(a) for a in result]))
    return deliver("einsum", x, out)


def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: Any = False) -> Any:
    """In which order `einsum` should multiply three and more arrays, and a table of what that costs; a constant.

    >>> einsum_path("ij,jk,kl->il", np.ones((9, 2)), np.ones((2, 9)), np.ones((9, 2)))[0]
    ['einsum_path', (1, 2), (0, 1)]
    """
    return np.einsum_path(*map(plain, operands), optimize=optimize, einsum_call=einsum_call)


# -- reading the letters ---------------------------------------------------------------------------------


def _take_apart(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """The two ways of writing, as one: a string and arrays."""
    if not operands:
        raise ValueError("einsum needs a string of letters and the arrays they are for")
    if isinstance(operands[0], str):
        return "".join(operands[0].split()), [array_of(x) for x in operands[1:]]
    pairs = len(operands) // 2
    terms = [_term(numbers) for numbers in operands[1 : 2 * pairs : 2]]
    result = "->" + _term(operands[-1]) if len(operands) % 2 else ""
    return ",".join(terms) + result, [array_of(x) for x in operands[: 2 * pairs : 2]]


def _term(numbers: Any) -> str:
    letters = "".join(sorted(ascii_letters))
    if not isinstance(numbers, Sequence | np.ndarray) or isinstance(numbers, str):
        raise TypeError(f"einsum without a string takes arrays and lists of numbers in turn, got {describe(numbers)}")
    for n in numbers:
        if n is not Ellipsis and not 0 <= n < len(letters):
            raise ValueError(f"einsum: the numbers that stand for axes are 0 to {len(letters) - 1}, got {n}")
    return "".join(["..." if n is Ellipsis else letters[n] for n in numbers])


@lru_cache(maxsize=1024)
def _letters(spec: str, ndims: tuple[int, ...]) -> tuple[Terms, str]:
    """Write out what a string leaves open: the result, and a letter for each axis that `...` stands for."""
    inputs, arrow, result = spec.partition("->")
    given = inputs.split(",")
    if len(given) != len(ndims):
        raise ValueError(f"einsum: {spec!r} has letters for {len(given)} arrays, got {len(ndims)}")
    for term in (*given, result):
        strange = set(term.replace("...", "", 1)) - set(ascii_letters)
        if strange:
            raise ValueError(f"einsum: {min(strange)!r} in {spec!r} is no letter; axes are named by letters, or '...'")
    free = [letter for letter in ascii_letters if letter not in spec]
    terms, most = [], 0
    for i, (term, ndim) in enumerate(zip(given, ndims, strict=True)):
        named = len(term.replace("...", ""))
        dots = ndim - named
        if dots < 0 or (dots and "..." not in term):
            raise ValueError(f"einsum: {term!r} in {spec!r} names {named} axes, but array {i} has {ndim}")
        terms.append(term.replace("...", "".join(free[:dots][::-1])))
        most = max(most, dots)
    broadcast = "".join(free[:most][::-1])
    if not arrow:
        every = "".join(given).replace(".", "")
        return tuple(terms), broadcast + "".join([a for a in sorted(set(every)) if every.count(a) == 1])
    for letter in result.replace("...", ""):
        if letter not in inputs:
            raise ValueError(f"einsum: the result of {spec!r} has {letter!r}, which no array has")
        if result.count(letter) > 1:
            raise ValueError(f"einsum: the result of {spec!r} has {letter!r} twice")
    if most and "..." not in result:
        raise ValueError(f"einsum: the result of {spec!r} has no '...' for the axes that broadcast; sum them after")
    return tuple(terms), result.replace("...", broadcast)


def _lengths(terms: Terms, arrays: list[Any]) -> dict[str, int]:
    """How long each letter's axis is; lengths of 1 broadcast."""
    lengths: dict[str, int] = {}
    for i, (term, x) in enumerate(zip(terms, arrays, strict=True)):
        for letter, n in zip(term, x.shape, strict=True):
            if lengths.setdefault(letter, n) == 1:
                lengths[letter] = n
            elif n not in (1, lengths[letter]):
                raise ValueError(
                    f"einsum: axis {letter!r} has length {n} in array {i} and {lengths[letter]} in one before; "
                    f"arrays: {describe_all(arrays)}"
                )
    return lengths


# -- working through them --------------------------------------------------------------------------------


def _simplify(x: Any, term: str, lengths: dict[str, int]) -> tuple[Any, str]:
    """Take diagonals where a letter repeats, and leave out axes of length 1 that broadcast."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            i = term.index(letter)
            j = term.index(letter, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ValueError(
                    f"einsum: axis {letter!r} stands for lengths {x.shape[i]} and {x.shape[j]} in one array"
                )
            x, term = _diagonal(x, i, j), term[:i] + term[i + 1 : j] + term[j + 1 :] + letter
    if any(n == 1 != lengths[letter] for letter, n in zip(term, x.shape, strict=True)):
        term = "".join([letter for letter, n in zip(term, x.shape, strict=True) if n == lengths[letter]])
        x = shapes.reshape(x, shape=tuple([lengths[letter] for letter in term]))
    return x, term


def _diagonal(x: Any, i: int, j: int) -> Any:
    """The diagonal of two axes of one length, as the last axis."""
    rest = [k for k in range(x.ndim) if k not in (i, j)]
    return index.diagonal(shapes.transpose(x, axes=(*rest, i, j)), offset=0, writeable=True)


def _sum_out(part: tuple[Any, str], needed: set[str]) -> tuple[Any, str]:
    """Sum over the letters that nothing else needs."""
    x, term = part
    axes = tuple([i for i, letter in enumerate(term) if letter not in needed])
    if axes:
        x = cast(reduce.sum_(x, axis=axes, keepdims=False), x.dtype)
    return x, "".join([letter for letter in term if letter in needed])


def _multiply(left: tuple[Any, str], right: tuple[Any, str], needed: set[str], result: str) -> tuple[Any, str]:
    """Multiply two arrays, and sum over the letters that nothing else needs."""
    x, mine = _sum_out(left, needed | set(right[1]))
    y, theirs = _sum_out(right, needed | set(mine))
    out = "".join([a for a in dict.fromkeys(mine + theirs) if a in needed])
    if set(out) == set(result):
        out = result
    return ops.einsum(x, y, spec=f"{mine},{theirs}->{out}"), out


def _how(optimize: Any) -> Any:
    """What `einsum_path` should do, or the path itself, in hashable form."""
    if isinstance(optimize, Sequence) and not isinstance(optimize, str):
        return tuple([tuple(step) if isinstance(step, Sequence) and not isinstance(step, str) else step
                      for step in optimize])  # fmt: skip
    return optimize if isinstance(optimize, str) else "greedy"


@lru_cache(maxsize=1024)
def _path(spec: str, lengths: tuple[tuple[int, ...], ...], how: Any) -> tuple[tuple[int, ...], ...]:
    if len(lengths) == 2:
        return ((0, 1),)
    if how[0] == "einsum_path":
        return tuple(how[1:])
    stand_ins = [np.broadcast_to(np.float64(0), shape) for shape in lengths]
    return tuple(np.einsum_path(spec, *stand_ins, optimize=how)[0][1:])
