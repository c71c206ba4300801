"""Steps taken together: the calls of modules, and what the picture of a large graph folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..draw.modules import Span, spans
from .steps import MANY, ForwardStep, LeafStep, OpStep, Phase, Row, SeedStep, Step, quantity, some

if TYPE_CHECKING:
    from .scene import Layout
    from .stepper import Stepper

INSIDE = 100  # steps that a page shows one by one: Graphviz takes minutes for the long wires of many more
FEW = 6  # gradients that leave a group and are written out
AROUND = 60  # and how many of a long stretch that has no parts


@dataclass(frozen=True)
class Group:
    """The steps of one call of a module, or of a stretch of the graph: from position `start` to `stop`."""

    name: str
    phase: Phase
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def find_groups(stepper: Stepper, made: Layout | None) -> list[Group]:
    """All groups, the outer before the inner ones."""
    found: list[Group] = []
    numbers = {
        phase: [
            (step.place.number, i)
            for i, step in enumerate(stepper.steps)
            if isinstance(step, ForwardStep | OpStep) and step.phase == phase
        ]
        for phase in ("forward", "backward")
    }
    for span in _all(spans(stepper.calls or (), [node for node, _ in stepper.nodes()])):
        call = span.call
        name = f"{call.path} ({call.kind})" if call.path else call.kind
        for phase in ("forward", "backward"):
            inside = [i for number, i in numbers[phase] if call.start <= number < call.stop]
            if inside:
                found.append(Group(name, phase, min(inside), max(inside) + 1))
    if made is not None:
        for fold in folded(stepper.steps, made):
            if isinstance(fold, FoldStep):
                start, stop = fold.number - 1, fold.last
                found.append(Group(fold.title, fold.phase, start, stop))
                item = made.items[fold.key]
                size = (stop - start) // item.repeat
                if item.repeat > 1 and size > 1 and size * item.repeat == stop - start:
                    found += [
                        Group(f"{i + 1} of {item.repeat}", fold.phase, start + i * size, start + (i + 1) * size)
                        for i in range(item.repeat)
                    ]
    known = dict.fromkeys(sorted(found, key=lambda group: (group.start, -group.stop)))
    return [group for group in known if len(group) > 1]


def _all(found: Sequence[Span]) -> Iterable[Span]:
    stack = list(found)
    while stack:
        span = stack.pop()
        yield span
        stack += span.children


@dataclass(eq=False)
class FoldStep(Step):
    """Many steps as one: what the picture shows as one box."""

    steps: list[Any]
    key: str
    name_: str

    @property
    def last(self) -> int:
        """The number of the last of the steps."""
        return int(self.steps[-1].number)

    @property
    def title(self) -> str:
        return f"{self.name_}: {len(self.steps)} steps"

    @cached_property
    def rows(self) -> list[Row]:
        inside = {id(step.at) for step in self.steps}
        rows = []
        if self.phase == "backward":
            first = self.steps[0]
            rows.append(Row("upstream", f"{self.slope(first.at)} = {quantity(first.event.g)}"))
            out = {}
            for step in self.steps:
                for contribution in step.contributions:
                    if id(contribution.to) not in inside:
                        out[contribution.name] = Row(
                            "out", f"{self.slope(contribution.to)} = {quantity(contribution.after)}"
                        )
            rows += some(list(out.values()), "gradients", FEW)
        counts: dict[str, int] = {}
        for step in self.steps:
            counts[step.op] = counts.get(step.op, 0) + 1
        words = [f"{name} x {n}" if n > 1 else name for name, n in list(counts.items())[:MANY]]
        rows.append(Row("inside", ", ".join(words)))
        rows.append(Row("more", f"stepper.inside({self.number}) shows these steps one by one"))
        return rows


def folded(steps: Sequence[Step], made: Layout) -> list[Step]:
    """The steps, those in a row that the picture shows as one box as one."""
    found: list[Step] = []
    for key, run in groupby(steps, lambda step: (step.phase, _fold_of(step, made))):
        some_steps = list(run)
        phase, fold = key
        if not fold or len(some_steps) == 1:
            found += some_steps
            continue
        item, first = made.items[fold], some_steps[0]
        name = f"{item.name} ({item.op})" if item.name else item.op
        found.append(FoldStep(first.number, first.total, phase, first.loss, some_steps, fold, name or "folded"))
    return found


def _fold_of(step: Step, made: Layout) -> str:
    if isinstance(step, SeedStep | LeafStep) or not isinstance(step, ForwardStep | OpStep):
        return ""
    key = made.keys.get(step.at, "")
    return key if key and made.items[key].kind in ("fold", "module") else ""
