"""What a profile hears: every op, rule, call of a module and step of an optimizer, with its time and bytes."""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import get_ident
from time import perf_counter
from types import CodeType, FrameType
from typing import Any, Literal, NamedTuple

import numpy as np

from ..config import Observer
from ..graph import Node, buffer_owner, next_number, user_frame
from ..op import Op
from ..tensor import Tensor
from .report import arrays_in

Kind = Literal["forward", "backward", "module", "step", "span"]
Path = tuple[str, ...]


class Event(NamedTuple):
    """Something that took time. What ran inside of it has events of its own, whose time is not in `own`."""

    kind: Kind
    name: str  # of the op or the part
    start: float  # in seconds, on a clock that stands still while the profile itself works
    seconds: float
    own: float
    module: Path  # the modules that it ran in, outermost first; of a rule, those that its op ran in
    backward: bool = False  # a rule, or inside of one
    place: tuple[CodeType, int] | None = None  # the user's line
    node: int | None = None  # by its number
    shape: Any = ()
    bytes: int = 0  # new memory for the results
    saved: int = 0  # kept for the backward pass, each array once


class _Open:
    """What has begun and not ended, and the state to go back to."""

    __slots__ = ("backward", "inside", "part", "path", "start")

    def __init__(self, part: Any, path: Path, backward: bool, start: float) -> None:
        self.part, self.path, self.backward, self.start, self.inside = part, path, backward, start, 0.0


class Listener(Observer):
    """Takes the time of what it is told of, in one thread; its own work is in `overhead`, and in no event.

    A thread that was started with a copy of the context would tell it, too: it does not listen to that.
    """

    def __init__(self) -> None:
        self.thread = get_ident()
        self.events: list[Event] = []
        self.overhead = 0.0
        self._open: list[_Open] = []
        self._path: Path = ()
        self._backward = False
        self._ran: tuple[Op, _Open, float] | None = None
        self._kept: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._names: dict[int, tuple[Any, str]] = {}  # with the modules, so that ids stay theirs
        self._outermost: dict[str, int] = {}  # how many of a class there are
        self._numbers: list[int] = [0]  # nodes from here on were made ...
        self._paths: list[Path] = [()]  # ... here

    # -- ops -------------------------------------------------------------------------------------------------

    def runs(self, forward: Callable[..., Any] | None) -> Callable[..., Any]:
        """Time what computes an op."""

        def run(op: Op, values: list[Any], params: dict[str, Any]) -> Any:
            if get_ident() != self.thread:
                return op.forward(*values, **params) if forward is None else forward(op, values, params)
            opened = self._begin(op)
            try:
                return op.forward(*values, **params) if forward is None else forward(op, values, params)
            finally:
                self._ran = op, opened, self._end(opened, self.clock())

        return run

    def called(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        """Write down an op, whose time is known already."""
        if get_ident() != self.thread:
            return
        now = self.clock()
        ran, self._ran = self._ran, None
        start, seconds, own = now, 0.0, 0.0  # an in-place write had happened before anyone was told
        if ran is not None and ran[0] is op:
            start, seconds, own = ran[1].start, ran[2], ran[2] - ran[1].inside
        outs = result if type(result) is tuple else (result,)
        node = outs[0].node if outs else None
        if node is not None and op.several:
            node = node.inputs[0]
        shapes = tuple([out.value.shape for out in outs])
        frame = user_frame(frame)
        event = Event(
            "forward", op.name, start, seconds, own, self._path, self._backward, (frame.f_code, frame.f_lasti),
            None if node is None else node.number, shapes if op.several else shapes[0],
            _new(outs, inputs), 0 if node is None else self._saved(node),
        )  # fmt: skip
        self.events.append(event)
        self._work_since(now)

    def pulling(self, node: Node) -> None:
        """Begin to time a rule, in the module of its op."""
        if get_ident() == self.thread:
            path = self._paths[bisect_right(self._numbers, node.number) - 1]
            self._begin(node)
            self._go(path, True)

    def pulled(self, node: Node, g: Any, gradients: Any, saved: tuple[Any, ...], order: Sequence[Node]) -> None:
        """Write down a rule."""
        now, path, opened = self.clock(), self._path, self._opened(node)
        if opened is None:
            return
        seconds = self._end(opened, now)
        event = Event(
            "backward", node.op.name, opened.start, seconds, seconds - opened.inside, path, True,
            (node.code, node.lasti), node.number, node.shape, _new(gradients, [g, *saved]),
        )  # fmt: skip
        self.events.append(event)
        self._work_since(now)

    def failed(self, node: Node) -> None:
        """Forget a rule that raised an error."""
        opened = self._opened(node)
        if opened is not None:
            self._end(opened, self.clock())

    def _saved(self, node: Node) -> int:
        """The bytes that a node keeps and none before it has kept."""
        total = 0
        for value in node.saved or ():
            for array in arrays_in(value):
                owner = buffer_owner(array) if isinstance(array, np.ndarray) else None
                if owner is None or self._kept.get(id(owner)) is not owner:
                    total += array.nbytes
                if owner is not None:
                    self._kept[id(owner)] = owner
        return total

    # -- parts -----------------------------------------------------------------------------------------------

    def began(self, part: Any) -> None:
        """Enter a module, a step of an optimizer, or a span, which is known by its name."""
        if get_ident() != self.thread:
            return
        self._begin(part)
        if _is_module(part):
            self._go((*self._path, self._name_of(part)), self._backward)

    def ended(self, part: Any) -> None:
        """Leave it."""
        now, path, opened = self.clock(), self._path, self._opened(part)
        if opened is None:
            return
        seconds = self._end(opened, now)
        kind: Kind = "step"
        name = f"{type(part).__name__}.step"
        if isinstance(part, str):
            kind, name = "span", part
        elif _is_module(part):
            kind, name = "module", path[-1]
        own = seconds - opened.inside
        self.events.append(Event(kind, name, opened.start, seconds, own, self._path, self._backward))
        self._work_since(now)

    def _name_of(self, module: Any) -> str:
        """The path to a module from the outermost one that was called, and its class; the outermost has its class."""
        if id(module) not in self._names:
            kind = type(module).__name__
            count = self._outermost[kind] = self._outermost.get(kind, 0) + 1
            for path, inner in module.named_modules():
                name = f"{path} {type(inner).__name__}" if path else kind if count == 1 else f"{kind} ({count})"
                self._names.setdefault(id(inner), (inner, name))
        return self._names[id(module)][1]

    # -- time ------------------------------------------------------------------------------------------------

    def clock(self) -> float:
        """Seconds without those that the profile has taken for itself."""
        return perf_counter() - self.overhead

    def _begin(self, part: Any) -> _Open:
        opened = _Open(part, self._path, self._backward, self.clock())
        self._open.append(opened)
        return opened

    def _opened(self, part: Any) -> _Open | None:
        """What was begun with this part last; None if that was in another thread or before the profile began."""
        if get_ident() != self.thread:
            return None
        return next((opened for opened in reversed(self._open) if opened.part is part), None)

    def _end(self, opened: _Open, now: float) -> float:
        """End it, and what was begun inside of it and never ended; return its seconds."""
        while self._open and self._open.pop() is not opened:
            pass
        seconds = now - opened.start
        if self._open:
            self._open[-1].inside += seconds
        self._go(opened.path, opened.backward)
        return seconds

    def _go(self, path: Path, backward: bool) -> None:
        if path is not self._path:
            self._numbers.append(next_number())
            self._paths.append(path)
        self._path, self._backward = path, backward

    def _work_since(self, start: float) -> None:
        self.overhead += self.clock() - start


def _is_module(part: Any) -> bool:
    return hasattr(part, "named_modules")


def _new(results: Sequence[Any], given: Sequence[Any]) -> int:
    """The bytes of arrays that share memory with nothing given."""
    known = {id(buffer_owner(x)) for x in map(_plain, given) if type(x) is np.ndarray}
    total = 0
    for x in map(_plain, results):
        if type(x) is np.ndarray:
            owner = buffer_owner(x)
            total += 0 if id(owner) in known else min(x.nbytes, owner.nbytes)  # of a broadcast view, what it looks into
            known.add(id(owner))
        elif isinstance(x, np.generic):
            total += x.nbytes
    return total


def _plain(x: Any) -> Any:
    return x.value if type(x) is Tensor else x
