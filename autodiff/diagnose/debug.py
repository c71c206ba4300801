"""`debug()`: stop at the first NaN or infinity, forward or backward, and at writes behind the graph's back."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType
from typing import Any, Literal

import numpy as np

from ..backward import pull_recorded
from ..config import MODES, Observer, mode
from ..draw.look import grouped
from ..draw.names import variable_names
from ..errors import GradientError, NumericalError
from ..graph import Mark, Node, format_line, notes, user_frame
from ..op import Lazy, Op
from ..tensor import Tensor
from .causes import At, backward_cause, forward_cause
from .text import at_line, count_of, number, place, span, table

SELECTORS = ("where", "clip", "relu", "maximum", "minimum", "max", "min", "dropout", "getitem", "gather")
"""Ops that give a gradient of 0 to what they did not choose."""


class debug(mode):
    """Raise `NumericalError` at the first NaN or infinity, in a `with debug():` block or a decorated function.

    The error names the op, the line that called it, the first bad element and what went into it, says why, and what
    to write instead. It looks at the result of every op, and at every gradient of a backward pass that runs inside.
    NumPy's own warnings about floating-point errors are silent meanwhile.

    Args:
        nan: look for NaN. Data that holds NaN is reported where a result first takes it over.
        inf: look for infinities that an op makes of finite numbers; those that data or a mask brings in may pass.
        writes: copy what the graph saves, and check before each rule that nobody has written into the arrays since,
            by `a[0] = 5` where `a` shares memory with a Tensor. With "each", check after each op as well:
            the error then names the two ops between which it happened.

    Like all modes it holds for this thread or task. Nothing is paid outside.

    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with ad.debug():
    ...     ad.log(x)
    Traceback (most recent call last):
    autodiff.errors.NumericalError: op 'log' at ... gave the first infinity: element [1] of its result ...
    """

    def __init__(self, *, nan: bool = True, inf: bool = True, writes: bool | Literal["each"] = True) -> None:
        if writes not in (True, False, "each"):
            raise ValueError(f'writes is True, False or "each", got {writes!r}')
        super().__init__()
        self._options = {"nan": nan, "inf": inf, "writes": writes}
        self._before: list[Any] = []

    def __enter__(self) -> None:
        modes = MODES.get()
        others = tuple([o for o in modes.observers if not isinstance(o, Debugger)])  # the inner one decides
        MODES.set(modes.changed(observers=(*others, Debugger(**self._options))))
        self._before.append(np.seterr(all="ignore"))

    def __exit__(self, *exc: object) -> None:
        np.seterr(**self._before.pop())
        super().__exit__(*exc)

    def _recreate_cm(self) -> debug:
        return debug(**self._options)


# -- what is remembered of each node --------------------------------------------------------------------


class Trail:
    """Where a value came from: op, line, and the trails of its inputs. It holds no arrays and no graph."""

    __slots__ = ("code", "lasti", "op", "sources")

    def __init__(self, op: str, code: CodeType, lasti: int, sources: tuple[Any, ...]) -> None:
        self.op, self.code, self.lasti, self.sources = op, code, lasti, sources


class Past:
    """What `debug()` knows of a node: its trail, its constant inputs that were cut off, what it saved."""

    __slots__ = ("cuts", "saved", "trail")

    def __init__(self, trail: Trail, cuts: tuple[Mark, ...]) -> None:
        self.trail, self.cuts = trail, cuts
        self.saved: list[tuple[str, Snapshot]] = []


class Snapshot:
    """The bytes of a saved array when it was saved."""

    __slots__ = ("__weakref__", "array", "changed", "data", "last")

    def __init__(self, array: Any, line: Line) -> None:
        self.array, self.data = array, array.tobytes()
        self.last = line  # the last op that found it as it was
        self.changed: Line | None = None  # the first that did not

    def intact(self, line: Line | None) -> bool:
        """Whether the array still holds what was saved; remembers what it finds."""
        if self.changed is None and self.array.tobytes() == self.data:
            self.last = line or self.last
            return True
        self.changed = self.changed or line
        return False

    def difference(self) -> str:
        """Say what has changed."""
        old = np.frombuffer(self.data, self.array.dtype).reshape(self.array.shape)
        differs = (old != self.array) & ~((old != old) & (self.array != self.array))
        if not differs.any():
            return "it was changed and changed back"
        index = np.unravel_index(int(differs.argmax()), differs.shape)
        count = count_of(int(differs.sum()), differs.size, "elements")
        return f"element {place(index)} was {number(old[index])} and is {number(self.array[index])} ({count} differ)"


class Line:
    """An op that ran, and from where."""

    __slots__ = ("code", "lasti", "op")

    def __init__(self, op: str, frame: FrameType) -> None:
        self.op, self.code, self.lasti = op, frame.f_code, frame.f_lasti

    def __str__(self) -> str:
        return f"op '{self.op}' at {at_line(self.code, self.lasti)}"


def source_of(tensor: Tensor) -> Any:
    """What a trail keeps of an input: the trail of what computed it, a leaf weakly, or the mark of a constant."""
    if tensor.node is not None:
        past = tensor.node.extra.past if tensor.node.extra is not None else None
        return past.trail if past is not None else None
    return weakref.ref(tensor) if tensor.requires_grad else tensor.mark


def sources_of(tensors: Sequence[Any]) -> tuple[Any, ...]:
    """The same for all inputs of an op that have any."""
    sources = [source_of(x) for x in tensors if type(x) is Tensor]
    return tuple([source for source in sources if source is not None])


# -- the observer -----------------------------------------------------------------------------------------


class Debugger(Observer):
    """Looks at every result and every gradient."""

    def __init__(self, nan: bool, inf: bool, writes: bool | Literal["each"]) -> None:
        self.nan, self.inf, self.writes = nan, inf, writes
        self.snapshots: weakref.WeakValueDictionary[int, Snapshot] = weakref.WeakValueDictionary()

    def called(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        frame = user_frame(frame)
        results = result if op.several else (result,)
        for i, out in enumerate(results):
            mask = self.bad(out.value)
            if mask is not None:
                self._check_result(op, inputs, params, out.value, mask, op.outs[i], frame)
        line = Line(op.name, frame) if self.writes else None
        if self.writes == "each":
            for snapshot in list(self.snapshots.values()):
                snapshot.intact(line)
        node = results[0].node if results else None
        if node is not None:
            whole = node.inputs[0] if op.several else node
            self._remember(whole, inputs, frame, line)
            if op.several:
                for out in results:
                    if out.node is not None:
                        notes(out.node).past = Past(whole.extra.past.trail, ())
        elif results and any(type(x) is Tensor and x.requires_grad for x in inputs):
            results[0].mark.sources = sources_of(inputs)  # the mark was made for this result

    def cut(self, tensor: Tensor, mark: Mark) -> None:
        mark.sources = sources_of([tensor])

    def pulled(self, node: Node, g: Any, gradients: Any, saved: tuple[Any, ...], order: Sequence[Node]) -> None:
        past = node.extra.past if node.extra is not None else None
        if past is not None:
            for name, snapshot in past.saved:
                if not snapshot.intact(None):
                    raise GradientError(_written(node, name, snapshot))
            if node.saved is None:
                past.saved = []
        for part in g if isinstance(g, list) else (g,):
            value = _plain(part)
            mask = self.bad(value)
            if mask is not None:
                raise NumericalError(_arrived_bad(node, node, value, mask, order))
        for i, gradient in enumerate(gradients):
            value = _plain(gradient)
            mask = self.bad(value)
            if mask is not None and i < len(node.inputs) and node.inputs[i] is not None:
                raise NumericalError(_pulled_bad(node, i, g, value, mask, saved, order))

    def pushed(self, node: Node, tangents: Sequence[Any], result: Any) -> None:
        for value in map(_plain, result if isinstance(result, tuple) else (result,)):
            mask = self.bad(value)
            if mask is not None:
                raise NumericalError(_pushed_bad(node, tangents, value, mask))

    def arrived(self, leaf: Any, g: Any) -> None:
        value = _plain(g)
        mask = self.bad(value)
        if mask is not None:
            raise NumericalError(_arrived_bad(leaf, None, value, mask, ()))

    def bad(self, value: Any) -> Any:
        """Return where an array is NaN or infinite, as far as that is looked for, or None."""
        if type(value) is np.float64:
            if math.isfinite(value):
                return None
        elif not hasattr(value, "dtype") or value.dtype.kind not in "fc":
            return None
        finite = np.isfinite(value)
        if finite.all():
            return None
        mask = np.zeros(np.shape(value), bool)
        if self.nan:
            mask |= np.isnan(value)
        if self.inf:
            mask |= np.isinf(value)
        return mask if mask.any() else None

    def _remember(self, node: Node, inputs: tuple[Any, ...], frame: FrameType, line: Line | None) -> None:
        cuts = [x.mark for x in inputs if type(x) is Tensor and not x.requires_grad and x.mark is not None]
        trail = Trail(node.op.name, frame.f_code, frame.f_lasti, sources_of(inputs))
        past = notes(node).past = Past(trail, tuple(cuts))
        if line is None or node.plan.keep is None or not node.saved:
            return
        for name, kept, value in zip((*node.op.inputs, *node.op.outs), node.plan.keep, node.saved, strict=False):
            for array in (value if isinstance(value, tuple) else (value,)) if kept else ():
                if type(array) is np.ndarray and array.size:
                    past.saved.append((name, self._snapshot(array, line)))

    def _snapshot(self, array: Any, line: Line) -> Snapshot:
        """Copy an array, once as long as it stays the same."""
        snapshot = self.snapshots.get(id(array))
        if snapshot is None or snapshot.array is not array or not snapshot.intact(line):
            snapshot = self.snapshots[id(array)] = Snapshot(array, line)
        return snapshot

    def _check_result(
        self, op: Op, inputs: tuple[Any, ...], params: Any, value: Any, mask: Any, out: str, frame: FrameType
    ) -> None:
        """Raise if an op's result is bad by its own doing, or took over NaN that came with the data."""
        values = [_plain(x) for x in inputs]
        nan, inf = _bad_inputs(op, values, np.shape(value))
        isnan = np.isnan(value) & mask
        born = (isnan & ~nan) | (mask & ~isnan & ~inf & ~nan)
        if np.any(born):
            if not _inside_rule():
                raise NumericalError(_born_bad(op, inputs, values, params, value, born, mask, out, frame))
        elif np.any(isnan) and not _inside_rule():
            raise NumericalError(_entered_bad(op, inputs, values, value, isnan, frame))


def _plain(x: Any) -> Any:
    """The array of a Tensor or of a gradient that is not written out."""
    if type(x) is Tensor:
        return x.value
    return _plain(getattr(x, "g", None)) if isinstance(x, Lazy) else x


def _bad_inputs(op: Op, values: list[Any], shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Where inputs were NaN, and where they were infinite, in the shape of the result."""
    nan: Any = np.zeros(shape, bool)
    inf: Any = np.zeros(shape, bool)
    for value in values:
        if np.asarray(value).dtype.kind not in "fc":
            continue
        for seen, found in ((nan, np.isnan(value)), (inf, np.isinf(value))):
            seen |= found if op.kind == "elementwise" else found.any()
    return nan, inf


def _inside_rule() -> bool:
    """Whether the op is a part of a rule that records itself: what counts there is what the rule returns."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        if frame.f_code is pull_recorded.__code__:
            return True
        frame = frame.f_back
    return False


# -- what the errors say ----------------------------------------------------------------------------------


def _kind(values: Any) -> str:
    return "NaN" if np.isnan(values).any() else "infinity"


def _first(mask: Any) -> tuple[int, ...]:
    return tuple(map(int, np.unravel_index(int(np.argmax(mask)), np.shape(mask))))


def _where(index: tuple[int, ...], mask: Any, what: str) -> str:
    """Say which element is bad and how many are."""
    size, count = np.size(mask), int(np.sum(mask))
    if not index:
        return what
    return f"element {place(index)} of {what} ({count_of(count, size, 'elements')})"


def _broadcast_index(index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Where an element of a result comes from in an input that was broadcast to it."""
    if len(shape) > len(index):
        return None
    tail = index[len(index) - len(shape) :]
    return tuple([0 if n == 1 else i for i, n in zip(tail, shape, strict=True)])


def _names(op: Op, count: int) -> list[str]:
    """What an op's inputs are called; of a variadic input each is numbered."""
    if not op.variadic:
        return list(op.inputs)
    fixed = op.inputs[:-1]
    return [*fixed, *(f"{op.inputs[-1]}[{i}]" for i in range(count - len(fixed)))]


def _values_at(op: Op, value: Any, index: tuple[int, ...], params: Any, shape: tuple[int, ...]) -> Any:
    """The part of an input that a result's element was made of, where that is known: a number or a slice."""
    value = np.asarray(value)
    if op.kind == "elementwise":
        at = _broadcast_index(index, value.shape)
        return None if at is None or not value.size else value[at]
    axis = params.get("axis") if op.kind == "reduce" else None
    axes = (axis,) if isinstance(axis, int) else axis
    if axes is None or not value.ndim:
        return None
    if len(shape) == value.ndim:
        at_axes: Any = [slice(None) if i in axes else n for i, n in enumerate(index)]
    elif len(shape) == value.ndim - len(axes):
        rest = iter(index)
        at_axes = [slice(None) if i in axes else next(rest) for i in range(value.ndim)]
    else:
        return None
    return value[tuple(at_axes)]


def _text_of(value: Any) -> str:
    """A value in a table: a number as it is, a few in brackets, of a longer slice its range."""
    if value is None:
        return ""
    if np.ndim(value) == 0:
        return number(value)
    flat = np.ravel(value)
    if flat.size <= 4:
        return f"[{', '.join(map(number, flat))}]"
    return f"[{number(flat[0])}, {number(flat[1])}, ..., {number(flat[-1])}]"


def _label(name: str, tensor: Any, known: dict[int, str]) -> str:
    """An input's name in the op, and what the user calls it."""
    users = _user_name(tensor, known)
    return f"{name} (`{users}`)" if users and users != name else name


def _user_name(x: Any, known: dict[int, str]) -> str | None:
    if type(x) is not Tensor:
        return None
    return x.name or known.get(id(x.node if x.node is not None else x))


def _compose(head: str, rows: list[list[str]], why: str, fix: str) -> str:
    lines = [head, *table(rows, "<><")]
    lines += [f"Why: {why}"] * bool(why) + [f"Fix: {fix}"] * bool(fix)
    return "\n".join(lines)


def _op_text(op: Op) -> str:
    return f"op '{op.name}'" + (f" ({op.symbol})" if op.symbol not in (op.name, "") else "")


def _born_bad(
    op: Op, inputs: Any, values: list[Any], params: Any, value: Any, born: Any, mask: Any, out: str, frame: FrameType
) -> str:
    index, shape = _first(born), np.shape(value)
    known = variable_names(frame)
    rows, at, made_by = [], {}, {}
    for name, x, given in zip(_names(op, len(values)), inputs, values, strict=True):
        part = _values_at(op, given, index, params, shape)
        if part is not None:
            at[name] = part
        made_by[name] = x.node.op.name if type(x) is Tensor and x.node is not None else None
        rows.append([_label(name, x, known), _text_of(part), span(given)])
    bad = value[index] if shape else value
    rows.append(["result" if out == "out" else out, number(bad), span(value)])
    if params:
        shown = ", ".join(f"{key}={text!r}" for key, text in params.items())
        rows.append(["with", "", shown if len(shown) < 80 else shown[:80] + "..."])
    nan = bool(np.isnan(bad))
    if not at and not any(np.isinf(v).any() or np.isnan(v).any() for v in values if np.asarray(v).dtype.kind in "fc"):
        at = {"all": np.float64(0)}  # nothing at one place, but all of it finite
    why, fix = forward_cause(op.name, At(at, made_by, value.dtype, params), nan)
    what = "its result" if out == "out" else f"its output {out}"
    line = at_line(frame.f_code, frame.f_lasti)
    head = f"{_op_text(op)} at {line} gave the first {_kind(bad)}: {_where(index, mask, what)}"
    return _compose(head, rows, why, fix)


def _entered_bad(op: Op, inputs: Any, values: list[Any], value: Any, mask: Any, frame: FrameType) -> str:
    known = variable_names(frame)
    index = _first(mask)
    for name, x, given in zip(_names(op, len(values)), inputs, values, strict=True):
        given = np.asarray(given)
        if given.dtype.kind not in "fc" or not np.isnan(given).any():
            continue
        at = _broadcast_index(index, given.shape) if op.kind == "elementwise" else None
        if at is None or not np.isnan(given[at]):
            at = _first(np.isnan(given))
        label = f"`{_user_name(x, known) or name}`"
        head = (
            f"input {label} held NaN when it entered {_op_text(op)} at {at_line(frame.f_code, frame.f_lasti)}: "
            f"{_where(at, np.isnan(given), label)}"
        )
        return _compose(head, [[label, "", span(given)]], *_came_from(x))
    return f"{_op_text(op)} took over NaN from its inputs"


def _came_from(x: Any) -> tuple[str, str]:
    """Why an input that no op of this block computed holds NaN, and what to look at."""
    if type(x) is not Tensor:
        return "it is a plain array, a constant of the graph.", "Look at your data: np.isnan(a).any() before it is used."
    if x.node is not None:
        line = format_line(x.node.line)
        return f"op '{x.node.op.name}' at {line} computed it outside debug().", "Put that line into the block, too."
    if x.is_parameter:
        return "it is a parameter: an earlier update wrote NaN into it, or its start value was NaN.", (
            "Run the step before this one under debug(); a smaller learning rate or clipped gradients help "
            "where a loss grows first."
        )
    return "it is a leaf: the data that it was made of held NaN.", "Look at your data: np.isnan(a).any() before it is used."


def _pulled_bad(
    node: Node, i: int, g: Any, value: Any, mask: Any, saved: tuple[Any, ...], order: Sequence[Node]
) -> str:
    """Say which rule made a bad gradient of what."""
    op, index, shape = node.op, _first(mask), np.shape(value)
    names = _names(op, len(node.inputs))
    name = names[i]
    rows: list[list[str]] = []
    at: dict[str, Any] = {}
    for label, held in _held(op, g, saved):
        here = _broadcast_index(index, np.shape(held))
        aligned = op.kind == "elementwise" or np.shape(held) == shape
        part = np.asarray(held)[here] if here is not None and aligned and _reaches(here, np.shape(held)) else None
        if part is not None:
            at[label] = part
        rows.append([label, _text_of(part), span(held)])
    for key, param in node.params.items():
        if isinstance(param, int | float):
            at.setdefault(key, param)
    bad = value[index] if shape else value
    rows.append([f"dL/d{name}", number(bad), span(value)])
    made_by = {
        n: source.op.name if type(source) is Node else None for n, source in zip(names, node.inputs, strict=True)
    }
    nan = bool(np.isnan(bad))
    if not at and all(np.isfinite(held).all() for _, held in _held(op, g, saved)):
        at = {"all": np.float64(0)}
    why, fix = backward_cause(op.name, At(at, made_by, node.dtype if not op.several else value.dtype, node.params), nan)
    line = format_line(node.line)
    if nan and "g" in at and at["g"] == 0:
        selector = _selector_above(node, order)
        slope = why.rstrip(".") or "the slope of this op is infinite or NaN here"
        if selector is not None:
            why = (
                f"`{selector.op.name}` at {format_line(selector.line)} did not choose this element, so the gradient that "
                f"arrives is 0; but {slope}, and 0 * inf is NaN."
            )
            fix = _inside_fix(op.name, selector.op.name)
        else:
            why = f"the gradient that arrives is 0; but {slope}, and 0 * inf is NaN."
    source = node.inputs[i]
    users = source.name if source is not None and source.name else None
    what = f"dL/d{name}" + (f" (`{users}`)" if users else "")
    head = (
        f"the backward pass of {_op_text(op)}, called at {line}, gave the first {_kind(bad)}: "
        f"{_where(index, mask, what)}"
    )
    return _compose(head, rows, why, fix)


def _inside_fix(op: str, selector: str) -> str:
    call = {"div": "x / safe", "pow": "safe ** y"}.get(op, f"{op}(safe)")
    if selector == "where":
        return (
            f"Choose twice, before the op and after it: safe = where(ok, x, 1.0); where(ok, {call}, 0.0), "
            "with 1.0 standing for any harmless value."
        )
    return f"Keep such values out before the op, too: safe = where(ok, x, 1.0), then {call}."


def _reaches(index: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return all(i < n for i, n in zip(index, shape, strict=True))


def _held(op: Op, g: Any, saved: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """The numbers that a rule reads, by name."""
    for k, part in enumerate(g if isinstance(g, list) else (g,)):
        value = _plain(part)
        if value is not None:
            yield f"g[{k}]" if isinstance(g, list) else "g", value
    for name, value in zip((*op.inputs, *op.outs), saved, strict=False):
        many = isinstance(value, tuple)
        for k, held in enumerate(value if many else (value,)):
            if held is not None and np.asarray(held).dtype.kind in "fciub":
                yield f"{name}[{k}]" if many else name, held


def _selector_above(node: Node, order: Sequence[Node]) -> Node | None:
    """The nearest op, from this node towards the loss, that chooses among its elements."""
    above: set[Any] = {node}
    for consumer in reversed(order[: order.index(node)]):
        if not above.isdisjoint(consumer.inputs):
            if consumer.op.name in SELECTORS:
                return consumer
            above.add(consumer)
    return None


def _arrived_bad(source: Any, node: Node | None, value: Any, mask: Any, order: Sequence[Node]) -> str:
    """Say what came together to a bad gradient though every rule gave good ones."""
    index = _first(mask)
    bad = value[index] if np.shape(value) else value
    if node is None:
        name = f"`{source.name}`" if source.name else "a leaf"
        head = f"the gradient of {name} is the first {_kind(bad)}: {_where(index, mask, 'it')}"
    else:
        head = (
            f"the gradient that arrives at {_op_text(node.op)}, called at {format_line(node.line)}, is the first "
            f"{_kind(bad)}: {_where(index, mask, 'it')}"
        )
    rows = [["g", number(bad), span(value)]]
    if node is not None and not any(node in other.inputs for other in order[: order.index(node)]):
        return _compose(head, rows, "the gradient given to backward() held it.", "Look at what you pass to backward().")
    hooks = source.extra is not None and source.extra.hooks
    why = (
        f"every rule gave finite gradients{' (or a hook returned this)' if hooks else ''}; their sum, or its cast to "
        f"{value.dtype}, is larger than {value.dtype} holds, {np.finfo(value.dtype).max:.3g}."
    )
    return _compose(head, rows, why, "Scale the loss down and divide the gradients again, or use a wider dtype.")


def _pushed_bad(node: Node, tangents: Sequence[Any], value: Any, mask: Any) -> str:
    """Say where forward mode made a bad tangent."""
    index = _first(mask)
    rows = [
        [f"d{name}", "", span(_plain(t))]
        for name, t in zip(_names(node.op, len(tangents)), tangents, strict=True)
        if t is not None
    ]
    rows += [[name, "", span(held)] for name, held in _held(node.op, None, node.saved or ())]
    bad = value[index] if np.shape(value) else value
    rows.append(["tangent", number(bad), span(value)])
    head = (
        f"forward mode through {_op_text(node.op)}, called at {format_line(node.line)}, gave the first {_kind(bad)}: "
        f"{_where(index, mask, 'the tangent')}"
    )
    return _compose(head, rows, "", "")


def _written(node: Node, name: str, snapshot: Snapshot) -> str:
    """Say which saved array was written behind the graph's back, and when as far as is known."""
    op = node.op
    i = op.inputs.index(name) if name in op.inputs else -1
    leaf = node.inputs[i] if 0 <= i < len(node.inputs) and type(node.inputs[i]) is Tensor else None
    users = f" of `{leaf.name}`" if leaf is not None and leaf.name else ""
    head = (
        f"{_op_text(op)} at {format_line(node.line)} kept {name!r}{users} for its rule, and something has written "
        f"into that array since: {snapshot.difference()}. The gradient would be wrong."
    )
    if snapshot.changed is not None:
        when = f"It happened between {snapshot.last} and {snapshot.changed}."
    else:
        when = f'It happened after {snapshot.last}; debug(writes="each") says between which two ops.'
    size = f"The array: {span(snapshot.array)}; {grouped(snapshot.array.nbytes)} bytes."
    fix = (
        "Fix: the write went to the ndarray itself (asarray(a), t.numpy() and views share memory, Tensor(a) copies). "
        "Write after backward(), or into a copy."
    )
    return "\n".join([head, f"    {size}", when, fix])
