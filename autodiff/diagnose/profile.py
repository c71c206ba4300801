"""`profile()`: where the time goes and the memory, by op, by line and by module, forward and backward."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from threading import get_ident
from typing import Any, Literal, Self, TypeVar

from ..config import MODES, mode, part
from ..draw.look import bytes_text, grouped, seconds_text
from .events import Event, Listener
from .text import at_line, table

T = TypeVar("T")
By = Literal["op", "line", "module", "part"]

SHOWN = 12  # rows of each table in the text; `rows` has all
WAYS = ("op", "line", "module", "part")


@dataclass(slots=True)
class Row:
    """What was spent on one op, line or module; of a module also what was spent on those inside it."""

    name: str
    calls: int = 0
    forward: float = 0.0  # seconds
    backward: float = 0.0
    bytes: int = 0  # new memory for results and gradients
    saved: int = 0  # kept for the backward pass
    depth: int = 0  # of a module: how many it is inside of

    @property
    def seconds(self) -> float:
        """Forward and backward together."""
        return self.forward + self.backward


class profile:
    """Take the time and the bytes of all that runs in a `with profile() as p:` block.

    `print(p)` or a notebook shows it by op, by line and by module; `p.rows("op")` has the numbers, `p.save_trace(file)`
    writes a timeline for chrome://tracing or ui.perfetto.dev, and `draw(loss, color="time", profile=p)` colours the
    graph. The same `p` can be entered several times and adds up. It holds for this thread or task.

    The time of an op is that of its forward, without what Python and recording take around it; of a rule, also that of
    adding its gradients up. An op inside another (a rule that records itself, a checkpoint's second run) has its own
    time, and the outer one what is left. Ops that run in a backward pass count there.

    Calls cost more while they are watched: `overhead` is what the profile has taken for itself. It is in no other
    number; what the slower general way through each call costs is in "elsewhere".

    >>> import autodiff as ad
    >>> x = ad.Tensor(np.ones((100, 100)), requires_grad=True)
    >>> with ad.profile() as p:
    ...     ad.tanh(x @ x).sum().backward()
    >>> [(row.name, row.calls, row.bytes) for row in sorted(p.rows("op"), key=lambda row: row.name)]
    [('matmul', 1, 240000), ('sum', 1, 16), ('tanh', 1, 160000)]
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._listener = Listener()
        self._mode: Any = None
        self._began = 0.0

    def __enter__(self) -> Self:
        if self._mode is not None:
            raise RuntimeError("this profile is running already; inside of it, make another: with profile() as inner")
        self._mode = mode(observers=(*MODES.get().observers, self._listener))
        self._mode.__enter__()
        self._listener.thread = get_ident()
        self._began = self._listener.clock()
        return self

    def __exit__(self, *exc: object) -> None:
        self.seconds += self._listener.clock() - self._began
        self._mode.__exit__(*exc)
        self._mode = None

    def span(self, name: str) -> AbstractContextManager[None]:
        """Time a part of the program under a name: `with p.span("data"): ...`."""
        if not isinstance(name, str):
            raise TypeError(f"a span has a name, got {name!r}")
        return part(name)

    def loading(self, batches: Iterable[T], name: str = "data") -> Iterator[T]:
        """Go over batches, and time how long each takes to come: `for x, y in p.loading(loader)`."""
        source, end = iter(batches), object()
        while True:
            with self.span(name):
                batch: Any = next(source, end)
            if batch is end:
                self.events.pop()
                return
            yield batch

    # -- numbers -----------------------------------------------------------------------------------------------

    @property
    def events(self) -> list[Event]:
        """All that was heard, in the order in which it ended."""
        return self._listener.events

    @property
    def overhead(self) -> float:
        """The seconds that the profile itself has taken."""
        return self._listener.overhead

    @property
    def node_seconds(self) -> dict[int, float]:
        """The time of each recorded node, forward and backward, by its number."""
        found: dict[int, float] = {}
        for event in self.events:
            if event.node is not None:
                found[event.node] = found.get(event.node, 0.0) + event.seconds
        return found

    def rows(self, by: By = "op") -> list[Row]:
        """Return what was spent by "op", "line", "module" or "part" (steps, spans), the most time first.

        Modules come as a tree: each before those inside it.
        """
        if by not in WAYS:
            raise ValueError(f"by is {', '.join(map(repr, WAYS))}, not {by!r}")
        if by == "module":
            return self._modules()
        found: dict[str, Row] = {}
        for event in self.events:
            if by == "part":
                if event.kind in ("step", "span"):
                    _add(found.setdefault(event.name, Row(event.name)), event, event.seconds)
            elif event.kind in ("forward", "backward"):
                name = event.name if by == "op" or event.place is None else at_line(*event.place)
                _add(found.setdefault(name, Row(name)), event, event.own)
        return sorted(found.values(), key=lambda row: -row.seconds)

    def _modules(self) -> list[Row]:
        found: dict[tuple[str, ...], Row] = {}
        for event in self.events:
            path = (*event.module, event.name) if event.kind == "module" else event.module
            for depth in range(len(path)):
                row = found.setdefault(path[: depth + 1], Row(path[depth], depth=depth))
                if event.kind == "module":
                    row.calls += depth == len(path) - 1 and not event.backward
                elif event.kind in ("forward", "backward"):
                    _add(row, event, event.own, 0)
        children: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for path in found:
            children.setdefault(path[:-1], []).append(path)
        ordered: list[Row] = []
        stack = sorted(children.get((), []), key=lambda path: found[path].seconds)
        while stack:
            path = stack.pop()
            ordered.append(found[path])
            stack += reversed(children.get(path, []))
        return ordered

    # -- to be read ----------------------------------------------------------------------------------------------

    def _summary(self) -> str:
        ops = [event for event in self.events if event.kind in ("forward", "backward")]
        if not ops:
            return "No op of a Tensor has run in this profile."
        calls = sum(event.kind == "forward" and not event.backward for event in ops)
        forward = sum(event.own for event in ops if not event.backward)
        backward = sum(event.own for event in ops if event.backward)
        parts = sum(event.own for event in self.events if event.kind in ("step", "span"))
        rest = max(0.0, self.seconds - forward - backward - parts)
        words = [
            f"{seconds_text(forward)} in {grouped(calls)} calls of ops",
            f"{seconds_text(backward)} in their rules",
        ]
        words += [f"{seconds_text(parts)} in steps and spans outside of ops"] if parts else []
        words += [f"{seconds_text(rest)} elsewhere"]
        return f"{seconds_text(self.seconds)}: {', '.join(words)}. The profile took {seconds_text(self.overhead)} more."

    def _tables(self) -> Iterator[tuple[list[list[str]], str]]:
        whole = sum(event.own for event in self.events if event.kind in ("forward", "backward"))
        ways: tuple[By, ...] = ("op", "line", "module")
        for by in ways:
            rows = self.rows(by)
            if rows:
                cells = [[by, "calls", "forward", "backward", "share", "new bytes", "saved"]]
                cells += [_cells(row, whole) for row in rows[:SHOWN]]
                if len(rows) > SHOWN:
                    rest = 0.0 if by == "module" else sum(row.seconds for row in rows[SHOWN:])
                    cells.append([f"... {grouped(len(rows) - SHOWN)} more", "", "", "", _share(rest, whole), "", ""])
                yield cells, "<>>>>>>"
        parts = self.rows("part")
        if parts:
            cells = [["part", "calls", "time", "share of all"]]
            cells += [
                [row.name, grouped(row.calls), seconds_text(row.seconds), _share(row.seconds, self.seconds)]
                for row in parts[:SHOWN]
            ]
            yield cells, "<>>>"

    def __str__(self) -> str:
        lines = [self._summary()]
        for cells, align in self._tables():
            lines += ["", *table(cells, align)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(self._summary())}</p>"]
        for cells, align in self._tables():
            body = ""
            for i, row in enumerate(cells):
                tag = "td" if i else "th"
                sides = ["left" if side == "<" else "right" for side in align]
                body += "<tr>"
                for cell, side in zip(row, sides, strict=True):
                    text = escape(cell).replace("  ", "&nbsp;&nbsp;")
                    body += f'<{tag} align="{side}" style="text-align:{side}">{text}</{tag}>'
                body += "</tr>"
            parts.append(f"<table>{body}</table>")
        return "".join(parts)

    def save_trace(self, file: str | Path) -> Path:
        """Write a timeline as JSON, for chrome://tracing and ui.perfetto.dev; returns the path.

        Modules, steps and spans enclose what ran inside them. Times are without those of the profile itself.
        """
        begin = min((event.start for event in self.events), default=0.0)
        entries: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": 1, "tid": 1, "args": {"name": "autodiff"}}
        ]
        for event in sorted(self.events, key=lambda event: (event.start, -event.seconds)):
            args: dict[str, Any] = {"module": " / ".join(event.module)} if event.module else {}
            if event.place is not None:
                args |= {"line": at_line(*event.place), "shape": str(event.shape), "bytes": event.bytes}
                args |= {"saved": event.saved} if event.kind == "forward" else {}
            name = f"{event.name} backward" if event.kind == "backward" else event.name
            times = {"ts": (event.start - begin) * 1e6, "dur": event.seconds * 1e6}
            entries.append({"ph": "X", "name": name, "cat": event.kind, "pid": 1, "tid": 1, **times, "args": args})
        path = Path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"traceEvents": entries, "displayTimeUnit": "ms"}), encoding="utf-8")
        return path


def _add(row: Row, event: Event, seconds: float, calls: int = 1) -> None:
    if event.backward:
        row.backward += seconds
    else:
        row.forward += seconds
        row.calls += calls
    row.bytes += event.bytes
    row.saved += event.saved


def _share(seconds: float, whole: float) -> str:
    return f"{100 * seconds / whole:.1f} %" if whole and seconds else ""


def _cells(row: Row, whole: float) -> list[str]:
    times = [seconds_text(seconds) if seconds else "" for seconds in (row.forward, row.backward)]
    sizes = [bytes_text(n) if n else "" for n in (row.bytes, row.saved)]
    return ["  " * row.depth + row.name, grouped(row.calls), *times, _share(row.seconds, whole), *sizes]
