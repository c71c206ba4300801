"""The recorded graph: nodes, what they keep, and walking over them.

A `Node` is the record of one op. It points to its inputs, each the node that computed it or the leaf
tensor itself, and never to its own output, so there is no reference cycle: dropping the last tensor
of a graph frees the graph at once. Nothing here is recursive; a chain of a million nodes is fine.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Container, Iterable
from contextvars import ContextVar
from itertools import count
from operator import attrgetter
from threading import Lock
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .op import Op, Plan
    from .tensor import Tensor

SMALL = 16  # a node keeps a copy of its value up to this many elements, so it can be drawn later

next_number: Callable[[], int] = count(1).__next__
"""The clock of the process: numbers nodes and writes in the order they happen (atomic in CPython)."""


class Extra:
    """What only some tensors and nodes have."""

    __slots__ = ("grad", "hooks", "mark", "name", "parameter", "past", "retain", "rows")

    def __init__(self) -> None:
        self.grad: Tensor | None = None
        self.hooks: dict[int, Callable[[Tensor], Any]] | None = None
        self.mark: Mark | None = None
        self.name: str | None = None
        self.parameter = False
        self.past: Any = None  # of a node made under `debug()`: where it came from, and what it saved
        self.retain = False
        self.rows: Any = None  # of a leaf whose gradient may be kept as rows: these, or () while there are none


PAIRED = (True, True, False)
"""What the plan of an op says whose rules need its two inputs, and not what it gave."""

PAIR: tuple[Any, ...] = ("first", "second")
"""Stands in a node for the two numbers that such an op was given."""


class Node:
    """The record of one op: what it was, what it was given, and what its rules need."""

    __slots__ = (
        "code", "dtype", "extra", "first", "kept", "lasti", "more", "number", "params", "plan", "second", "shape",
        "value", "x", "y",
    )  # fmt: skip
    plan: Plan  # the op, and which of its inputs need a gradient
    x: Node | Tensor | None  # the inputs: each a node, a leaf, or None for a constant. One or two stand in slots, which
    y: Node | Tensor | None  # gives the cycle collector one object a node to walk, not two
    more: tuple[Node | Tensor | None, ...] | None  # all inputs, where there are three or any number
    kept: tuple[Any, ...] | None  # what `saved` gives, or PAIR: two numbers, which stand in slots for the same reason
    first: Any
    second: Any
    params: dict[str, Any]
    value: Any  # the output where it is small, a scalar or asked for; otherwise None
    shape: Any  # a tuple of these for an op with several outputs; dtype likewise
    dtype: Any
    number: int
    code: CodeType  # with lasti: where the user's code called the op
    lasti: int
    extra: Extra | None

    @property
    def op(self) -> Op:
        """The op that this node records."""
        return self.plan.op

    @property
    def inputs(self) -> tuple[Node | Tensor | None, ...]:
        """What it was computed from: for each input a node, a leaf, or None for a constant."""
        if self.more is not None:
            return self.more
        return (self.x,) if len(self.plan.op.inputs) == 1 else (self.x, self.y)

    @property
    def saved(self) -> tuple[Any, ...] | None:
        """What the rules need: `(*inputs, *outs, *facts)` with None for what is not kept; None once freed."""
        return (self.first, self.second, None) if self.kept is PAIR else self.kept

    @saved.setter
    def saved(self, saved: tuple[Any, ...] | None) -> None:
        self.kept = saved
        self.first = self.second = None

    @property
    def line(self) -> tuple[str, int]:
        """File and line of the user's code that called the op."""
        return source_line(self.code, self.lasti)

    @property
    def name(self) -> str | None:
        """The name given to the node's output, if any."""
        return self.extra.name if self.extra is not None else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient kept by `retain_grad` or `keep_values`, if any."""
        return self.extra.grad if self.extra is not None else None

    @property
    def saved_arrays(self) -> dict[str, Any]:
        """The arrays kept for the backward pass, by the name that the op's rules know them by.

        >>> import autodiff as ad
        >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
        >>> sorted(ad.tanh(x).node.saved_arrays), sorted((x + x).node.saved_arrays)
        (['out'], [])
        """
        if not self.saved:
            return {}
        names = (*self.op.inputs, *self.op.outs, *self.op.facts)
        pairs = zip(names, self.saved, strict=True)
        return {k: v for k, v in pairs if v is not None and not k.endswith(("_shape", "_dtype"))}

    def __repr__(self) -> str:
        return f"<Node {self.number} {self.op.name} {self.dtype} {self.shape}>"


def notes(holder: Node | Tensor) -> Extra:
    """Return what only some tensors and nodes have, making the record on first need."""
    if holder.extra is None:
        holder.extra = Extra()
    return holder.extra


class Mark:
    """Why a value has no graph: "detach", "no_grad", "integer", "constant" and others; the op and the line."""

    __slots__ = ("code", "lasti", "op", "reason", "sources")

    def __init__(self, reason: str, op: str, frame: FrameType) -> None:
        self.reason, self.op = reason, op
        self.sources: tuple[Any, ...] = ()  # what was cut off, as far as `debug()` has seen it
        self.code, self.lasti = frame.f_code, frame.f_lasti

    @property
    def line(self) -> tuple[str, int]:
        """File and line of the user's code that made the value."""
        return source_line(self.code, self.lasti)

    def __str__(self) -> str:
        what = {
            "detach": "`detach()` cut it off the graph",
            "stop_gradient": "`stop_gradient()` cut it off the graph",
            "no_grad": f"op '{self.op}' ran under `no_grad()`",
            "integer": f"op '{self.op}' gave integers or booleans, which have no gradient",
            "constant": f"op '{self.op}' has no derivative",
            "program": f"the program {self.op} computed it, and a program records nothing",
            "copy": "it is a copy (or was unpickled), and a copy keeps the value, not the graph",
        }[self.reason]
        return f"{what}, at {format_line(self.line)}"


# -- where the user's code stands ---------------------------------------------------------------------

INTERNAL: dict[str | None, bool] = {}
"""Whether a module is one of this distribution's, by its name, for the modules met so far."""


def is_internal(module: str | None) -> bool:
    """Whether a module of this name is ours, so that a source line in it tells the user nothing."""
    answer = INTERNAL.get(module)
    if answer is None:
        root = (module or "").partition(".")[0]
        answer = INTERNAL[module] = root in ("autodiff", "nn", "optim")
    return answer


class Caller:
    """Where the user's code called a module that is running now."""

    __slots__ = ("code", "frame", "lasti")

    def __init__(self, frame: FrameType) -> None:
        self.frame: FrameType | None = frame  # None once the module has returned
        self.code, self.lasti = frame.f_code, frame.f_lasti


CALLER: ContextVar[Caller | None] = ContextVar("autodiff_caller", default=None)
"""The user's call of the innermost of the modules running now: where a long walk outwards may end."""


def user_frame(frame: FrameType) -> FrameType:
    """Return the innermost frame, from this one outwards, that is not ours."""
    outer: FrameType | None = frame
    for _ in range(4):  # an op, a function around it, a forward, a module: enough for most
        if outer is None:
            return frame
        name = outer.f_globals.get("__name__")
        if not (INTERNAL[name] if name in INTERNAL else is_internal(name)):
            return outer
        outer = outer.f_back
    caller = CALLER.get()
    if caller is not None and caller.frame is not None:
        return caller.frame
    while outer is not None and is_internal(outer.f_globals.get("__name__")):
        outer = outer.f_back
    return outer or frame


_entry: CodeType | None = None


def enter_by(code: CodeType) -> None:
    """Make known the function of ours that sets `CALLER`: from what it calls no walk is needed."""
    global _entry
    _entry = code


def outer_frame(frame: FrameType) -> FrameType:
    """Return what `user_frame` does, for a frame of ours: most often it is a module's forward."""
    back = frame.f_back
    if back is not None and back.f_code is _entry:
        caller = CALLER.get()
        if caller is not None and caller.frame is not None:
            return caller.frame
    return user_frame(frame)


def source_line(code: CodeType, lasti: int) -> tuple[str, int]:
    """Return the file and line of an instruction."""
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return code.co_filename, line
    return code.co_filename, code.co_firstlineno


def format_line(line: tuple[str, int]) -> str:
    """Write a source line the way tracebacks and editors do."""
    return f"{line[0]}:{line[1]}"


# -- walking ------------------------------------------------------------------------------------------

by_number = attrgetter("number")


def history(roots: Iterable[Node | Tensor | None], stop: Container[Any] = ()) -> tuple[list[Node], list[Tensor]]:
    """Return the nodes that the roots were computed by, oldest first, and the leaves below them.

    The walk goes no further below the nodes in `stop`. Every node is created after its inputs, so sorting by
    creation number is a topological order.
    """
    nodes: list[Node] = []
    leaves: list[Any] = []
    seen = {root for root in roots if root is not None}
    stack = list(seen)
    while stack:
        source = stack.pop()
        if type(source) is not Node:
            leaves.append(source)
            continue
        nodes.append(source)
        if source in stop:
            continue
        for below in (source.x, source.y) if source.more is None else source.more:
            if below is not None and below not in seen:
                seen.add(below)
                stack.append(below)
    nodes.sort(key=by_number)
    return nodes, leaves


def saved_bytes(*roots: Node | Tensor) -> int:
    """Bytes of the arrays that these tensors' graphs keep for the backward pass, each buffer once.

    Scalars count as what they are; views count as their part of the buffer, overlapping views once.
    """
    nodes, _ = history([getattr(root, "node", root) for root in roots])
    spans: list[tuple[int, int]] = []
    scalars: dict[int, int] = {}
    for node in nodes:
        for value in node.saved_arrays.values():
            for array in value if isinstance(value, tuple) else (value,):
                if isinstance(array, np.ndarray) and array.size:
                    spans.append(np.lib.array_utils.byte_bounds(array))
                elif isinstance(array, np.generic):
                    scalars[id(array)] = array.nbytes
    total, end = sum(scalars.values()), 0
    for start, stop in sorted(spans):
        total += max(0, stop - max(start, end))
        end = max(end, stop)
    return total


# -- writes -------------------------------------------------------------------------------------------


class Stamp:
    """When a buffer was written, as a whole or element by element."""

    __slots__ = ("last", "lines", "ref", "when")

    def __init__(self, ref: weakref.ref[Any]) -> None:
        self.ref = ref
        self.last = 0  # the number of the latest write
        self.when: Any = None  # the number of each element's latest write, in the order of memory; None: `last`
        self.lines: dict[int, tuple[CodeType, int]] = {}  # who wrote, by number


class Writes:
    """When tensors' buffers were last written in place, so that a stale saved array is an error.

    A write stamps what it has written with the clock that numbers nodes. A backward pass looks at the stamps
    only if the last write of all is newer than the oldest node it walks.
    """

    def __init__(self) -> None:
        self.last = 0
        self.lock = Lock()
        self.stamps: dict[int, Stamp] = {}

    def note(self, array: Any, key: Any = ...) -> None:
        """Record that `array[key]` has just been written, by the calling user's line."""
        if type(array) is not np.ndarray:
            return  # NumPy scalars are immutable
        owner, stamps, number = buffer_owner(array), self.stamps, next_number()
        place = id(owner)
        stamp = stamps.get(place)
        if stamp is None:
            stamp = stamps[place] = Stamp(weakref.ref(owner, lambda _: stamps.pop(place, None)))
        frame = user_frame(sys._getframe(1))
        if key is ... and array.size == owner.size:
            stamp.when = None
        else:
            if stamp.when is None:
                stamp.when = np.full(owner.size, stamp.last)
            region = _companion(stamp.when, array, owner)
            if region is None:
                stamp.when = None  # memory that elements do not tell apart: take it all as written
            else:
                region[key] = number
        if stamp.when is None:
            stamp.lines.clear()
        elif len(stamp.lines) > 2 * owner.size + 64:
            found = set(stamp.when.tolist())
            stamp.lines = {n: line for n, line in stamp.lines.items() if n in found}
        stamp.lines[number] = frame.f_code, frame.f_lasti
        stamp.last = number
        with self.lock:  # a thread that took its number earlier must not put the clock back
            self.last = max(self.last, number)

    def note_all(self, arrays: Iterable[Any]) -> None:
        """Record that arrays have just been written, each as a whole, by the calling user's line."""
        number, frame = next_number(), user_frame(sys._getframe(1))
        line = frame.f_code, frame.f_lasti
        for array in arrays:
            if type(array) is not np.ndarray:
                continue
            stamp = self.stamps.get(id(array))
            if stamp is None or array.base is not None:
                self.note(array)
            else:
                stamp.when, stamp.last, stamp.lines = None, number, {number: line}
        with self.lock:
            self.last = max(self.last, number)

    def after(self, number: int, array: Any) -> tuple[str, int] | None:
        """Return the line that wrote any of the array's elements later than the given number, if one did."""
        if not isinstance(array, np.ndarray) or not array.size:
            return None
        owner = buffer_owner(array)
        stamp = self.stamps.get(id(owner))
        if stamp is None or stamp.last <= number:
            return None
        latest = stamp.last
        if stamp.when is not None:
            region = _companion(stamp.when, array, owner)
            latest = stamp.last if region is None else int(region.max())
        return source_line(*stamp.lines[latest]) if latest > number else None


def _companion(when: Any, array: Any, owner: Any) -> Any:
    """The part of `when`, an array with an element for each of the owner's, that stands beside a view."""
    size = owner.itemsize
    if array.itemsize != size or not owner.flags.forc or any(step % size for step in array.strides):
        return None
    offset = (array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]) // size
    strides = [step // size * when.itemsize for step in array.strides]
    return np.lib.stride_tricks.as_strided(when[offset:], array.shape, strides)


def buffer_owner(array: Any) -> Any:
    """Return the array that owns the memory a view looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


WRITES = Writes()
