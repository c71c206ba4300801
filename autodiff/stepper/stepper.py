"""`Stepper`: a recorded pass, and a position in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from ..draw.render import find
from ..errors import describe
from ..graph import history
from ..tensor import WRITTEN, Tensor, refresh
from .groups import AROUND, INSIDE, Group, find_groups
from .places import Place, make_places
from .record import Recording, Vault, check_modes, record_pass
from .steps import ForwardStep, InputStep, LeafStep, OpStep, Row, SeedStep, Step, quantity, slope
from .trail import Trail, part_of
from .update import UpdateStep, take_step

INSIDE_FROM = 60  # a longer pass may be folded in the picture
FOCUSED = 4  # summands of an element in focus that a step shows
LISTED = 40  # steps that a stepper's text shows in full

Target = Tensor | str | int | Callable[[Step], bool]


class Breakpoint(NamedTuple):
    """Where `resume` stops."""

    number: int
    what: str
    test: Callable[[Step], bool]

    def __repr__(self) -> str:
        return f"<Breakpoint {self.number}: {self.what}>"


class Stepper:
    """A pass, step by step: what `autodiff.stepper` returns.

    It is a sequence of steps, `stepper[0]` to `stepper[-1]`, and has a position, the number of steps done:
    `next`, `back`, `goto`, `run_to`, `resume` and `reset` move it, and `gradient(tensor)` is what has arrived at a
    tensor by then. A notebook shows all of it as a page to click or arrow through.
    """

    def __init__(
        self, tensors: Sequence[Tensor], recording: Recording, places: Mapping[Any, Place], forward: bool, calls: Any
    ) -> None:
        self.calls = calls
        self.tensors, self._recording, self._places = list(tensors), recording, places
        self.loss = places[recording.roots[0][0]].name if len({root for root, _ in recording.roots}) == 1 else "L"
        self.steps: list[Step] = []
        self.breakpoints: list[Breakpoint] = []
        self.watched: list[Place] = []
        self._position = 0
        self._groups: list[Group] | None = None
        self._gradients: dict[Place, list[tuple[int, Any]]] = {}  # what stands there from which step on
        self._values: dict[Place, list[tuple[int, Any]]] = {}
        self._build(forward)

    # -- the steps ----------------------------------------------------------------------------------

    def _build(self, forward: bool) -> None:
        recording, places = self._recording, self._places
        if forward:
            first = self._add(InputStep, "forward")
            first.leaves = [leaf for leaf in places.values() if leaf.op is None]
            self._note(self._values, first.leaves, [leaf.value for leaf in first.leaves])
            for node in recording.nodes:
                step = self._add(ForwardStep, "forward")
                step.at = places[node]
                self._note(self._values, [step.at], [step.at.value])
        else:
            for place in places.values():
                self._values[place] = [(0, place.value)]
        seeds = [(places[root], g) for root, g in recording.roots]
        self._add(SeedStep, "backward").seeds = seeds
        sums: dict[Place, Any] = {}
        for place, g in seeds:
            sums[place] = g if place not in sums else sums[place] + g
        self._note(self._gradients, list(sums), list(sums.values()))
        for event in recording.events:
            op_step = self._add(OpStep, "backward")
            op_step.at, op_step.event = places[event.node], event
            op_step.targets = [places[term.source] for term in event.terms]
            self._note(self._gradients, [op_step.at], [event.g])
            for term, target in zip(event.terms, op_step.targets, strict=True):
                self._note(self._gradients, [target], [term.total])
        rows = [
            (places[leaf], recording.sums.get(leaf), found, recording.before.get(leaf), recording.after.get(leaf))
            for leaf, found in recording.found.items()
        ]
        end = self._add(LeafStep, "backward")
        order = {place: i for i, place in enumerate(places.values())}
        end.leaves = sorted(rows, key=lambda row: order[row[0]])
        self._note(self._gradients, [row[0] for row in rows], [row[2] if row[4] is None else row[4] for row in rows])
        self._renumber()

    def _add(self, kind: Any, phase: str) -> Any:
        step = kind(len(self.steps) + 1, 0, phase, self.loss)
        self.steps.append(step)
        return step

    def _note(self, table: dict[Place, list[tuple[int, Any]]], places: Sequence[Place], values: Sequence[Any]) -> None:
        """Write down what stands at places from the newest step on."""
        now = len(self.steps)
        for place, value in zip(places, values, strict=True):
            entries = table.setdefault(place, [])
            if entries and entries[-1][0] == now:
                entries.pop()
            entries.append((now, value))

    def _renumber(self) -> None:
        for step in self.steps:
            step.total = len(self.steps)

    # -- a sequence ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        return self.steps[index]

    # -- the position -------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """How many steps are done: 0 to `len(stepper)`."""
        return self._position

    @property
    def step(self) -> Step | None:
        """The step that was done last."""
        return self.steps[self._position - 1] if self._position else None

    def next(self, count: int = 1) -> Step | None:
        """Do the next step, or so many, and return the last of them; None at the end."""
        before = self._position
        self.goto(min(len(self), before + count))
        return self.step if self._position > before else None

    def back(self, count: int = 1) -> Step | None:
        """Undo the last step, or so many; all is again as it was. Returns the step that is then the last done."""
        self.goto(max(0, self._position - count))
        return self.step

    def goto(self, position: int) -> Step | None:
        """Go to where so many steps are done; -1 is the end, -2 the step before it."""
        place = position + len(self) + 1 if position < 0 else position
        if not 0 <= place <= len(self):
            raise IndexError(f"there are {len(self)} steps, and no position {position}")
        self._position = place
        return self.step

    def reset(self) -> None:
        """Go back to the beginning; breakpoints and watches stay."""
        self._position = 0

    def run_to(self, target: Target) -> Step:
        """Go forward to the next step at a tensor, op or line, and do it.

        Args:
            target: a tensor, where a computed one hands on its gradient, and a leaf's gradient is complete; its name;
                the name of an op; a line of your code, as a number or as "train.py:12"; a function of a step.

        Raises LookupError if there is none ahead; the position stays.
        """
        test, what = self._test(target)
        for step in self.steps[self._position :]:
            if test(step):
                self._position = step.number
                return step
        raise LookupError(f"there is no step at {what} after step {self._position} of {len(self)}")

    def resume(self) -> Step | None:
        """Go on to the next step that a breakpoint holds for, or to the end; None if nothing is left to do."""
        if self._position == len(self):
            return None
        for step in self.steps[self._position :]:
            self._position = step.number
            if any(stop.test(step) for stop in self.breakpoints):
                break
        return self.step

    def _test(self, target: Target) -> tuple[Callable[[Step], bool], str]:
        if isinstance(target, Tensor):
            return self._at(self.place(target)), f"tensor {self.place(target).name!r}"
        if isinstance(target, bool) or not isinstance(target, str | int | np.integer):
            if callable(target):
                return target, "which the function is true"
            raise TypeError(f"a step is found by a tensor, name, op, line or function, not {type(target).__name__}")
        if not isinstance(target, str):
            return lambda step: step.line is not None and step.line[1] == target, f"line {target}"
        place = next((place for place in self._places.values() if place.name == target), None)
        if place is not None:
            return self._at(place), f"tensor {target!r}"
        if any(step.op == target for step in self.steps):
            return lambda step: step.op == target, f"op {target!r}"
        if re.fullmatch(r".*:\d+", target):
            return lambda step: step.place is not None and target in (step.place.where, _line(step)), f"line {target}"
        names = ", ".join(sorted({place.name for place in self._places.values() if place.given})[:12])
        raise LookupError(f"nothing here is called {target!r}; there are tensors {names or '(without names)'}")

    def _at(self, place: Place) -> Callable[[Step], bool]:
        if place.op is not None:
            return lambda step: step.place is place and not isinstance(step, SeedStep)
        last = max((s.number for s in self.steps if isinstance(s, OpStep) and place in s.targets), default=0)
        return lambda step: step.number == last

    # -- breakpoints and watches --------------------------------------------------------------------

    def break_on(
        self,
        target: Target | None = None,
        *,
        op: str | None = None,
        name: str | None = None,
        nan: bool = False,
        larger: float | None = None,
    ) -> Breakpoint:
        """Make `resume` stop after each step that all of this holds for.

        Args:
            target: what `run_to` takes.
            op: the name of the step's op.
            name: the name of the tensor it is at, or of one that it gives a gradient to.
            nan: whether a gradient in it holds NaN.
            larger: a number that some element of a gradient in it exceeds in magnitude.
        """
        tests: list[tuple[Callable[[Step], bool], str]] = []
        if target is not None:
            tests.append(self._test(target))
        if op is not None:
            tests.append((lambda step: step.op == op, f"op {op!r}"))
        if name is not None:
            tests.append((lambda step: name in (step.name, *(c.name for c in _contributions(step))), f"name {name!r}"))
        if nan:
            tests.append((lambda step: any(np.isnan(g).any() for g in _arrays(step)), "NaN"))
        if larger is not None:
            limit = float(larger)
            tests.append(
                (lambda step: any((np.abs(g) > limit).any() for g in _arrays(step)), f"|gradient| > {larger:g}")
            )
        if not tests:
            raise TypeError("break_on() needs a condition: a target, op=, name=, nan=True or larger=")
        number = max((stop.number for stop in self.breakpoints), default=0) + 1
        stop = Breakpoint(
            number, ", ".join(what for _, what in tests), lambda step: all(test(step) for test, _ in tests)
        )
        self.breakpoints.append(stop)
        return stop

    def clear(self, stop: Breakpoint | int | None = None) -> None:
        """Take away a breakpoint, or all of them."""
        number = stop.number if isinstance(stop, Breakpoint) else stop
        self.breakpoints = [b for b in self.breakpoints if number is not None and b.number != number]

    def watch(self, *targets: Tensor | str) -> None:
        """Show the gradients of these tensors, as far as they have arrived, below each step."""
        for target in targets:
            place = self.place(target)
            if place not in self.watched:
                self.watched.append(place)

    def unwatch(self, *targets: Tensor | str) -> None:
        """Show them no longer; without arguments none."""
        gone = [self.place(target) for target in targets] if targets else list(self.watched)
        self.watched = [place for place in self.watched if place not in gone]

    # -- what is known at the position --------------------------------------------------------------

    def place(self, target: Tensor | str) -> Place:
        """The place of a tensor in the graph, by the tensor or its name."""
        if isinstance(target, Tensor):
            found = self._places.get(target.node or target)
        else:
            found = next((place for place in self._places.values() if place.name == target), None)
        if found is None:
            raise LookupError(f"{target!r} takes no part in the graph of {self.loss}")
        return found

    def gradient(self, target: Tensor | str) -> Any:
        """The gradient that has arrived at a tensor by now, a read-only array or number; None before the first."""
        return _standing(self._gradients.get(self.place(target), []), self._position)

    def value(self, target: Tensor | str) -> Any:
        """A tensor's value, where the graph has kept it."""
        return _standing(self._values.get(self.place(target), []), self._position)

    def gradients(self) -> dict[str, Any]:
        """All gradients that have arrived by now, by name."""
        standing = {place.name: _standing(entries, self._position) for place, entries in self._gradients.items()}
        return {name: g for name, g in standing.items() if g is not None}

    def trail(self, target: Tensor | str, focus: int | tuple[int, ...] = ()) -> Trail:
        """Say which elements of the upstream gradients went into one element of a tensor's gradient in the whole pass.

        Args:
            target: the tensor, or its name.
            focus: the element: `(2, 3)`, or `()` of a number.
        """
        place = self.place(target)
        index = (focus,) if isinstance(focus, int) else tuple(focus)
        if isinstance(place.dtype, tuple) or len(index) != len(place.shape):
            raise IndexError(
                f"{place.name} has shape {place.shape}: focus= takes {len(place.shape)} indices, got {focus}"
            )
        if not all(-n <= i < n for i, n in zip(index, place.shape, strict=True)):
            raise IndexError(f"{place.name} has shape {place.shape} and no element {index}")
        index = tuple([i % n for i, n in zip(index, place.shape, strict=True)])
        parts = []
        for step in self.steps:
            if isinstance(step, OpStep):
                for contribution in step.contributions if place in step.targets else ():
                    part = part_of(step, contribution, index) if contribution.to is place else None
                    parts += [part] if part is not None else []
        g = _standing(self._gradients.get(place, []), len(self))
        return Trail(slope(self.loss, place.name), index, parts, None if g is None else np.asarray(g)[index])

    def focus(self, target: Tensor | str | None = None, index: int | tuple[int, ...] = ()) -> Trail | None:
        """Show in each step what it contributes to one element of a tensor's gradient; without arguments no longer.

        >>> import autodiff as ad
        >>> W = ad.Tensor([[1.0, 2.0]], requires_grad=True)
        >>> h = np.array([[3.0], [4.0]]) @ W
        >>> s = ad.stepper((h * h).sum())
        >>> trail = s.focus(W, (0, 1))
        >>> for row in s.run_to(h).focus:
        ...     print(row.text)
        dL/dW[0, 1] gets 100
            dL/dh[1, 1] * slope = 16 * 4 = 64
            dL/dh[0, 1] * slope = 12 * 3 = 36
        """
        for step in self.steps:
            step.focus.clear()
        if target is None:
            return None
        trail = self.trail(target, index)
        for part in trail.parts:
            part.step.focus += [Row("focus", line) for line in trail.lines(part, FOCUSED)]
        return trail

    def nodes(self) -> list[tuple[Any, Place]]:
        """The graph's nodes, oldest first, with their places."""
        return [(node, self._places[node]) for node in self._recording.nodes]

    @property
    def places(self) -> list[Place]:
        """All places of the graph, oldest first."""
        return list(self._places.values())

    def stages(self, place: Place, values: bool = False) -> list[tuple[int, Any]]:
        """What stands at a place, a gradient or a value, and from which step on; 0 is from the beginning."""
        return list((self._values if values else self._gradients).get(place, []))

    # -- text ---------------------------------------------------------------------------------------

    @property
    def groups(self) -> list[Group]:
        """The calls of modules, and the stretches that the picture folds, as groups of steps; outer ones first."""
        if self._groups is None:
            from .scene import layout

            self._groups = find_groups(self, layout(self) if len(self) > INSIDE_FROM else None)
        return self._groups

    def into(self) -> Step | None:
        """Do the next step, inside the group that begins here."""
        return self.next()

    def over(self) -> Step | None:
        """Do all steps of the largest group that begins here at once; where none does, the next step."""
        here = max((len(group) for group in self.groups if group.start == self._position), default=1)
        around = [group.stop for group in self.groups if group.start < self._position < group.stop]
        return (
            self.next(min(here, min(around, default=len(self)) - self._position))
            if len(self) > self._position
            else None
        )

    def out(self) -> Step | None:
        """Do what is left of the smallest group that the last step is in; where it is in none, all."""
        stops = [group.stop for group in self.groups if group.start < self._position < group.stop]
        return self.goto(min(stops, default=len(self)))

    def inside(self, number: int | None = None) -> Part:
        """Return the part of the page around a step, one by one: its group, where that is not too large.

        By default the step that was done last.
        """
        n = max(1, self._position if number is None else number)
        if not 1 <= n <= len(self):
            raise IndexError(f"there are steps 1 to {len(self)}, not {n}")
        around = [group for group in self.groups if group.start < n <= group.stop and len(group) <= INSIDE]
        if around:
            group = max(around, key=len)
            return Part(self, self.steps[group.start : group.stop])
        start = max(0, n - 1 - AROUND // 2)
        return Part(self, self.steps[start : start + AROUND])

    def text(self) -> str:
        """Return all steps as text."""
        return "\n".join(step.text() for step in self.steps)

    # -- an optimizer ---------------------------------------------------------------------------------

    def optimizer_step(self, optimizer: Any) -> list[Step]:
        """Have an optimizer take a step with the gradients of this pass, and add a step for each parameter.

        The parameters really change; their `.grad` does not. Any optimizer with `param_groups` and `step()` will do.
        Returns the new steps.
        """
        start = len(self)
        for change in take_step(optimizer, self._places, self._recording.found):
            self._add(UpdateStep, "update").change = change
            self._note(self._values, [change.place], [change.after])
        self._renumber()
        self._groups = None
        return self.steps[start:]

    # -- pages --------------------------------------------------------------------------------------

    def html(self, **options: Any) -> str:
        """Return the page as HTML that stands alone: no scripts, nothing from outside."""
        from .page import page

        return page(self, **options)

    def to_html(self, path: str | Path, **options: Any) -> Path:
        """Write the page into a file, and return its path. It works offline, and with scripts off."""
        from .page import document

        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document(self, **options), encoding="utf-8")
        return path

    def svg(self, **options: Any) -> str:
        """Return the picture at this position as SVG; options are `draw`'s."""
        from .frames import svg_at

        return svg_at(self, **options)

    def save_frames(
        self, folder: str | Path, kind: Literal["svg", "png"] = "svg", *, dpi: int = 144, **options: Any
    ) -> list[Path]:
        """Write the picture at each step into a file of its own, for slides; returns the paths.

        `dpi` is for PNG; further options are `draw`'s.
        """
        from .frames import save_frames

        return save_frames(self, folder, kind, dpi, **options)

    def save_gif(self, path: str | Path, *, seconds: float = 1.5, dpi: int = 96, **options: Any) -> Path:
        """Write the steps as an animated GIF (with Pillow), so many seconds for each; returns the path."""
        from .frames import save_gif

        return save_gif(self, path, seconds, dpi, **options)

    def run(self) -> None:
        """Step through in the terminal, by keys; where there is no terminal, print all steps."""
        from .terminal import run

        run(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self) if len(self) > LISTED else self.text()}
        if find() is not None:
            bundle["text/html"] = self.html()
        return bundle

    def __repr__(self) -> str:
        lines = [f"<stepper of {self.loss}: {len(self)} steps, {self._position} done>"]
        if self.step is not None:
            lines.append(self.step.text())
        for place in self.watched:
            g = _standing(self._gradients.get(place, []), self._position)
            lines.append(f"    watch {slope(self.loss, place.name)} = {'none yet' if g is None else quantity(g)}")
        return "\n".join(lines)


class Part:
    """Some steps of a stepper: a notebook shows them as a page, `print` as text."""

    def __init__(self, stepper: Stepper, steps: Sequence[Step]) -> None:
        self.stepper, self.steps = stepper, list(steps)

    def html(self, **options: Any) -> str:
        """Return the page of these steps."""
        from .page import page

        return page(self.stepper, only=self.steps, **options)

    def to_html(self, path: str | Path, **options: Any) -> Path:
        """Write the page of these steps into a file."""
        return self.stepper.to_html(path, only=self.steps, **options)

    def __repr__(self) -> str:
        return "\n".join(step.text() for step in self.steps)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if find() is not None:
            bundle["text/html"] = self.html()
        return bundle


def _standing(entries: list[tuple[int, Any]], position: int) -> Any:
    """What stands at a place when so many steps are done."""
    i = bisect_right(entries, position, key=lambda entry: entry[0])
    return entries[i - 1][1] if i else None


def _contributions(step: Step) -> list[Any]:
    return step.contributions if isinstance(step, OpStep) else []


def _arrays(step: Step) -> Iterator[Any]:
    """All gradients that a step shows."""
    given = [step.event.g] if isinstance(step, OpStep) else []
    for g in (*given, *(c.gradient for c in _contributions(step))):
        yield from (part for part in (g if isinstance(g, list) else [g]) if part is not None)


def _line(step: Step) -> str:
    return f"{step.line[0]}:{step.line[1]}" if step.line is not None else ""


def make_stepper(
    tensors: Sequence[Tensor],
    gradients: Sequence[Any],
    names: Mapping[int, str],
    *,
    forward: bool,
    calls: Any,
    **options: bool,
) -> Stepper:
    """Run and record a pass."""
    for tensor in tensors:
        if type(tensor) is not Tensor:
            raise TypeError(f"a backward pass starts from a Tensor, got {describe(tensor)}")
        if WRITTEN:
            refresh(tensor)
    check_modes()
    vault = Vault()
    nodes, leaves = history([tensor.node or tensor for tensor in tensors])
    places = make_places(nodes, leaves, {t.node or t: t.value for t in tensors}, names, vault, again=forward)
    recording = record_pass(tensors, gradients, vault, **options)
    return Stepper(tensors, recording, places, forward, calls)
