"""An element's own trail: which elements of the upstream gradient went into it, and with what numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..accumulate import fit
from ..backward import constants, pull_composed, sweep, wrap
from ..config import mode
from ..draw.look import grouped
from ..draw.quantity import number
from ..op import PICK
from ..tensor import Tensor
from .steps import Contribution, OpStep

SHOWN = 8  # summands that are written out


class Summand(NamedTuple):
    """An element of an upstream gradient, and what it is multiplied with on its way."""

    place: tuple[int, ...]
    upstream: Any
    slope: Any

    @property
    def product(self) -> Any:
        """What it contributes."""
        return self.upstream * self.slope


class Part(NamedTuple):
    """What one step has contributed to the element."""

    step: OpStep
    contribution: Contribution
    gradient: Any
    summands: list[Summand]  # largest first; None of those is zero


class Trail:
    """All that went into one element of a gradient; `print` shows it."""

    def __init__(self, name: str, index: tuple[int, ...], parts: Sequence[Part], total: Any) -> None:
        self.name, self.index, self.parts, self.total = name, index, list(parts), total

    def lines(self, part: Part, most: int) -> list[str]:
        """What one step has contributed, in a line for the sum and one for each of the largest summands."""
        upstream = part.step.slope(part.step.at)
        found = [f"{self.name}{_place(self.index)} gets {number(part.gradient)}"]
        for s in part.summands[:most]:
            numbers = f"{number(s.upstream)} * {number(s.slope)} = {number(s.product)}"
            found.append(f"    {upstream}{_place(s.place)} * slope = {numbers}")
        rest = part.summands[most:]
        if rest:
            found.append(f"    {grouped(len(rest))} smaller, together {number(sum(s.product for s in rest))}")
        return found if part.summands else [*found, f"    no element of {upstream} reaches it"]

    def text(self) -> str:
        """Return it as lines of text."""
        lines = [f"{self.name}{_place(self.index)} = {number(self.total) if self.total is not None else 'none yet'}"]
        for part in self.parts:
            head, *summands = self.lines(part, SHOWN)
            lines.append(f"    step {part.step.number}, {part.step.title}: {head.rpartition(' ')[2]}, the sum of")
            lines += [f"    {line}" for line in summands]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()


def _place(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def part_of(step: OpStep, contribution: Contribution, index: tuple[int, ...]) -> Part | None:
    """What a step has given to one element of an input's gradient; None of an op with several outputs."""
    if isinstance(contribution.gradient, list):
        return None
    gradient = np.asarray(contribution.gradient)[index]
    upstream = step.event.g if isinstance(step.event.g, list) else [step.event.g]
    summands = []
    for g, slopes in zip(upstream, _slopes(step, contribution, index), strict=True):
        if g is None or slopes is None:
            continue
        g, slopes = np.asarray(g), np.asarray(slopes)
        for place in np.argwhere(slopes != 0) if slopes.shape else ([()] if slopes else []):
            at = tuple(map(int, place))
            summands.append(Summand(at, g[at], slopes[at]))
    summands.sort(key=lambda s: -abs(s.product))
    return Part(step, contribution, gradient, summands)


def _slopes(step: OpStep, contribution: Contribution, index: tuple[int, ...]) -> list[Any]:
    """How each element of the upstream gradient counts: the rule is linear in it, so these are its derivatives."""
    event, term, op = step.event, contribution.term, step.event.plan.op
    upstream = event.g if isinstance(event.g, list) else [event.g]
    if op is PICK:
        one = np.zeros(np.shape(event.g))
        one[index] = 1
        return [one]
    with mode(recording=True, observers=()), np.errstate(all="ignore"):
        probes = [None if g is None else wrap(g, None) for g in upstream]
        given: Any = tuple(probes) if op.several else probes[0]
        saved = constants(event.node, event.saved)
        if op.composed is not None:
            pulled = pull_composed(event.node, event.plan, saved, given)
        else:
            pulled = event.plan.pull(given, saved, event.node.params)
        element: Any = fit(list(pulled)[term.slot], term.source)
        element = element[index] if index else element
        if type(element) is not Tensor or element.node is None:
            return [None for _ in probes]
        wanted = [probe.node for probe in probes if probe is not None and probe.node is not None]
        one = np.ones((), element.dtype)[()]
        found = sweep([(element.node, one)], wanted, retain=True, stop=True)
    return [None if probe is None else _conj(found.get(probe.node)) for probe in probes]


def _conj(value: Any) -> Any:
    return np.conj(value) if np.iscomplexobj(value) else value
