"""What a step shows: the upstream gradient, each rule as a formula and with its numbers, what goes out, the sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from ..draw.quantity import Quantity, number
from ..op import Lazy
from .formula import Expr, conjugates, has_op, rule_formula, rule_words, shapes, write
from .places import Place
from .record import Event, Term

Phase = Literal["forward", "backward", "update"]
MANY = 12  # lines of one kind; further ones are counted


class Row(NamedTuple):
    """A line of a step: what it is about, and its text."""

    kind: str
    text: str


@dataclass(eq=False)
class Step:
    """One step: `print` shows it. It belongs to a stepper and never changes."""

    number: int  # the first is 1
    total: int
    phase: Phase
    loss: str  # what the d's are taken of
    focus: list[Row] = field(default_factory=list, init=False)

    @property
    def place(self) -> Place | None:
        """The place in the graph that the step is at."""
        return None

    @property
    def name(self) -> str:
        """What the tensor at that place is called."""
        return self.place.name if self.place is not None else ""

    @property
    def op(self) -> str:
        """The name of the op at that place."""
        return self.place.op.name if self.place is not None and self.place.op is not None else ""

    @property
    def line(self) -> tuple[str, int] | None:
        """The line of the user's code that called the op."""
        return self.place.line if self.place is not None else None

    @property
    def title(self) -> str:
        """The step in a few words."""
        return self.phase

    @cached_property
    def rows(self) -> list[Row]:
        """The step's lines."""
        return []

    @property
    def shown(self) -> list[Row]:
        """The lines, and those about the elements that the stepper has in focus."""
        return [*self.rows, *self.focus]

    def text(self) -> str:
        """Return the step as lines of text."""
        where = f"   ({self.place.where})" if self.place is not None and self.place.where else ""
        head = f"step {self.number} of {self.total}, {self.phase}: {self.title}{where}"
        return "\n".join([head, *(f"    {row.text}" for row in self.shown)])

    def __repr__(self) -> str:
        return self.text()

    def slope(self, place: Place) -> str:
        """The gradient of the loss with respect to a place: "df/dq"."""
        return slope(self.loss, place.name)


def slope(of: str, by: str) -> str:
    """Write a derivative.

    >>> slope("L", "w"), slope("L", "0.weight")
    ('dL/dw', 'dL/d(0.weight)')
    """
    top, below = (name if name.isidentifier() else f"({name})" for name in (of, by))
    return f"d{top}/d{below}"


# -- forward --------------------------------------------------------------------------------------------


class InputStep(Step):
    """What the forward pass starts from."""

    leaves: list[Place]

    @property
    def title(self) -> str:
        return "the inputs"

    @cached_property
    def rows(self) -> list[Row]:
        return some([Row("input", f"{leaf.name} = {quantity(leaf.value)}") for leaf in self.leaves], "inputs")


class ForwardStep(Step):
    """An op computes its output."""

    at: Place

    @property
    def place(self) -> Place:
        return self.at

    @property
    def title(self) -> str:
        return equation(self.at)

    @cached_property
    def rows(self) -> list[Row]:
        at = self.at
        if at.value is None:
            several = isinstance(at.dtype, tuple)
            return [
                Row("value", "several outputs" if several else f"{at.name}: {at.shape}, a value the graph did not keep")
            ]
        numbers = numeric_equation(at)
        return [
            Row(
                "value",
                f"{at.name} = {numbers} = {quantity(at.value)}" if numbers else f"{at.name} = {quantity(at.value)}",
            )
        ]


# -- backward -------------------------------------------------------------------------------------------


class SeedStep(Step):
    """The gradient that the pass starts from."""

    seeds: list[tuple[Place, Any]]

    @property
    def place(self) -> Place | None:
        return self.seeds[0][0] if len(self.seeds) == 1 else None

    @property
    def line(self) -> tuple[str, int] | None:
        return None

    @property
    def op(self) -> str:
        return ""

    @property
    def title(self) -> str:
        return "the gradient of the loss with respect to itself"

    @cached_property
    def rows(self) -> list[Row]:
        return [Row("seed", f"{self.slope(place)} = {quantity(g)}") for place, g in self.seeds]


class Contribution:
    """What a step gives to one input of its op: `gradient`, of which the rule is `formula`."""

    def __init__(self, step: OpStep, term: Term, to: Place) -> None:
        self._step, self.term, self.to = step, term, to

    @property
    def name(self) -> str:
        """What the input is called."""
        return self.to.name

    @cached_property
    def gradient(self) -> Any:
        """The gradient, of the input's shape; of an op with several outputs a list, with None for the others."""
        fitted = self.term.fitted
        return fitted.into(None) if isinstance(fitted, Lazy) else fitted

    @property
    def before(self) -> Any:
        """What had arrived at the input before, or None."""
        return self.term.before

    @property
    def after(self) -> Any:
        """The sum of both."""
        return self.term.total

    @cached_property
    def expression(self) -> Expr | None:
        """The rule, with `g` for the upstream gradient."""
        return self._step.expression(self.term.slot, self._step.event.g)

    @cached_property
    def local(self) -> Expr | None:
        """The slope of the op itself, where that is a number."""
        event, at = self._step.event, self._step.at
        scalar = at.shape == () == self.to.shape and at.op is not None and at.op.kind == "elementwise"
        if not scalar or not isinstance(event.g, np.floating):
            return None
        return self._step.expression(self.term.slot, 1)

    @property
    def formula(self) -> str:
        """The rule as a formula: "xᵀ @ g"."""
        return (
            write(self.expression)
            if self.expression is not None
            else rule_words(self._step.at.op, self is self._step.contributions[0])
        )

    @cached_property
    def rows(self) -> list[Row]:
        """The lines about it."""
        step, term, to = self._step, self.term, self.to
        name, upstream = step.slope(to), step.slope(step.at)
        again = [t for t in step.event.terms if t.source is term.source]
        which = f" [input {term.slot + 1}]" if len(again) > 1 else ""
        rows = []
        if self.local is not None:
            own = slope(step.at.name, to.name)
            value, written = number(self.local.value * 1), write(self.local)  # of a comparison 1 or 0
            rows.append(Row("local", f"{own} = {written}{'' if written == value else f' = {value}'}{which}"))
            numbers = f"{number(step.event.g)} * {value} = {number(self.gradient)}"
            rows.append(Row("chain", f"{name} = {upstream} * {own} = {numbers}{which}"))
        else:
            rows.append(Row("rule", f"{name} = {self.formula}{which}"))
            if (
                self.expression is not None
                and self.expression.op
                and has_op(self.expression, "matmul", "einsum", "conv")
            ):
                rows.append(Row("shapes", shapes(self.expression)))
        rows += self._fitting()
        if self.local is None and not (isinstance(self.gradient, list)):
            rows.append(Row("out", f"{name} = {quantity(self.gradient)}{which}"))
        if term.before is not None and not isinstance(term.total, list):
            target = name if to.op is not None else f"{to.name}.grad"
            rows.append(Row("add", f"{target}: {addition(term.before, self.gradient, term.total)}"))
        return rows

    def _fitting(self) -> Iterator[Row]:
        """What the pass itself did to the rule's result: summing what was broadcast, casting."""
        raw, to = self.term.raw, self.to
        if isinstance(raw, Lazy | list) or isinstance(to.dtype, tuple):
            return
        shape = np.shape(raw)
        if shape != to.shape:
            yield Row("sum", f"{to.name} was broadcast: sum over {summed_axes(shape, to.shape)}, {shape} -> {to.shape}")
        dtype = getattr(raw, "dtype", to.dtype)
        if dtype != to.dtype:
            yield Row("cast", f"{dtype} -> {to.dtype}")


class OpStep(Step):
    """An op's rules pull the gradient of its output back to its inputs."""

    at: Place
    event: Event
    targets: list[Place]  # one for each of the event's terms

    @property
    def place(self) -> Place:
        return self.at

    @property
    def title(self) -> str:
        return equation(self.at)

    @property
    def upstream(self) -> Any:
        """The gradient of the loss with respect to the op's output, as the rules get it."""
        return self.event.g

    @cached_property
    def contributions(self) -> list[Contribution]:
        """What goes out, in the order of the op's inputs."""
        return [Contribution(self, term, to) for term, to in zip(self.event.terms, self.targets, strict=True)]

    def expression(self, slot: int, g: Any) -> Expr | None:
        """The rule of an input, run on symbols."""
        op: Any = self.at.op
        event, names = self.event, {"g": "g", op.outs[0]: self.at.name}
        last = len(op.inputs) - 1
        for i, name in enumerate(op.inputs):
            if not (op.variadic and i == last) and i < len(self.at.inputs):
                place = self.at.inputs[i]
                names[name] = place.name if place is not None else self.at.operand(i)
        return rule_formula(op, slot, event.saved, self.at.params, g, names, conjugates(event.plan))

    @cached_property
    def rows(self) -> list[Row]:
        rows = [Row("upstream", f"g = {self.slope(self.at)} = {quantity(self.event.g)}")]
        if self.event.arrived is not self.event.g and not same(self.event.arrived, self.event.g):
            rows.append(Row("hook", f"a hook made it that, of {quantity(self.event.arrived)}"))
        for contribution in self.contributions[:MANY]:
            rows += contribution.rows
        if len(self.contributions) > MANY:
            rows.append(Row("more", f"... and {len(self.contributions) - MANY} inputs more"))
        return rows


class LeafStep(Step):
    """All gradients have arrived: hooks of leaves run, and the sums go into `.grad`."""

    leaves: list[tuple[Place, Any, Any, Any, Any]]  # place, sum, after hooks, .grad before, .grad after

    @property
    def title(self) -> str:
        return "the gradients of the leaves"

    @cached_property
    def rows(self) -> list[Row]:
        rows = []
        for place, total, found, before, after in self.leaves:
            if not same(total, found):
                rows.append(Row("hook", f"{place.name}: a hook made {quantity(found)} of {quantity(total)}"))
            if before is not None and after is not None:
                rows.append(Row("add", f"{place.name}.grad: {addition(before, found, after)}"))
            else:
                rows.append(Row("leaf", f"{self.slope(place)} = {quantity(found)}"))
        return some(rows, "leaves")


# -- words ----------------------------------------------------------------------------------------------


def some(rows: list[Row], what: str, most: int = MANY) -> list[Row]:
    """The first lines, and how many more there are."""
    return rows if len(rows) <= most else [*rows[:most], Row("more", f"... and {len(rows) - most} {what} more")]


def quantity(value: Any, short: bool = False) -> str:
    """A number, a small array, or an array's shape and statistics."""
    if value is None:
        return "?"
    if isinstance(value, list | tuple):
        return ", ".join("none" if part is None else quantity(part) for part in value)
    if isinstance(value, Lazy):
        value = value.into(None)
        return quantity(value, short)
    text = Quantity.of(value).text
    shape = np.shape(value)
    return text if not shape or short or text.startswith("[") else f"{shape}  {text}"


def addition(before: Any, new: Any, total: Any) -> str:
    """A sum in numbers; of large arrays in their statistics.

    >>> addition(np.float64(3), np.float64(-2), np.float64(1))
    '3 + -2 = 1'
    """
    texts = [quantity(x, short=True) for x in (before, new, total)]
    old, new, now = (f"({text})" if "±" in text else text for text in texts)
    return f"{old} + {new} = {now}"


def same(a: Any, b: Any) -> bool:
    """Whether two gradients have the same bits."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if a is None or b is None or isinstance(a, list) or isinstance(b, list):
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())


def summed_axes(shape: tuple[int, ...], to: tuple[int, ...]) -> str:
    """The axes over which a gradient is summed where its input was broadcast."""
    extra = len(shape) - len(to)
    axes = [i for i, n in enumerate(shape) if i < extra or (to[i - extra] == 1 and n != 1)]
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def equation(place: Place) -> str:
    """What an op computes: "q = x + y"."""
    op: Any = place.op
    symbols = tuple([Expr("", text=place.operand(i)) for i in range(len(place.inputs))])
    if op.name == "pick" and place.inputs[0] is not None and place.inputs[0].op is not None:
        return f"{place.name} = {place.inputs[0].name}.{place.inputs[0].op.outs[place.params['index']]}"
    return f"{place.name} = {write(Expr(op.name, symbols, place.params))}"


def numeric_equation(place: Place) -> str:
    """The same with numbers: "-2 + 5", where all are numbers."""
    op: Any = place.op
    symbols = []
    for i, source in enumerate(place.inputs):
        value = source.value if source is not None else place.constants[i]
        if value is None or np.ndim(value):
            return ""
        symbols.append(Expr("", text=number(value), value=value, literal=True))
    return write(Expr(op.name, tuple(symbols), place.params)) if symbols else ""
