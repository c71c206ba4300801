"""What `debug()` says: which op made a number bad, what went into it, why, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

import numpy as np

from ..draw.names import variable_names
from ..graph import Node, format_line
from ..op import Lazy, Op
from ..tensor import Tensor
from .causes import At, backward_cause, forward_cause
from .text import at_line, count_of, number, op_text, place, span, table

SELECTORS = ("where", "clip", "relu", "maximum", "minimum", "max", "min", "dropout", "getitem", "gather", "setitem")
"""Ops that give a gradient of 0 to what they did not choose."""


def moves(op: Op) -> bool:
    """Whether an op only moves, chooses or casts elements, so that NaN in its result is none of its doing."""
    return op.kind in ("shape", "index") or op.name in ("where", "astype", "identity", "setitem")


def plain(x: Any) -> Any:
    """The array of a Tensor or of a gradient that is not written out."""
    if type(x) is Tensor:
        return x.value
    return plain(getattr(x, "g", None)) if isinstance(x, Lazy) else x


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


def born_bad(
    op: Op, inputs: Any, values: list[Any], params: Any, value: Any, born: Any, mask: Any, out: str, frame: FrameType
) -> str:
    """Say which op made a bad number of good ones."""
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
    head = f"{op_text(op)} at {line} gave the first {_kind(bad)}: {_where(index, mask, what)}"
    return _compose(head, rows, why, fix)


def entered_bad(op: Op, inputs: Any, values: list[Any], value: Any, mask: Any, frame: FrameType) -> str:
    """Say which input brought NaN with it."""
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
            f"input {label} held NaN when it entered {op_text(op)} at {at_line(frame.f_code, frame.f_lasti)}: "
            f"{_where(at, np.isnan(given), label)}"
        )
        return _compose(head, [[label, "", span(given)]], *_came_from(x))
    return f"{op_text(op)} took over NaN from its inputs"


_LOOK = "Look at your data, np.isnan(a).any(), before it is used."


def _came_from(x: Any) -> tuple[str, str]:
    """Why an input that no op of this block computed holds NaN, and what to look at."""
    if type(x) is not Tensor:
        return "it is a plain array, a constant of the graph.", _LOOK
    if x.node is not None:
        line = format_line(x.node.line)
        if x.node.extra is not None and x.node.extra.past is not None:
            return f"op '{x.node.op.name}' at {line} has moved it there from the data.", _LOOK
        return f"op '{x.node.op.name}' at {line} computed it outside debug().", "Put that line into the block, too."
    if x.is_parameter:
        return "it is a parameter: an earlier update wrote NaN into it, or its start value was NaN.", (
            "Run the step before this one under debug(); a smaller learning rate or clipped gradients help "
            "where a loss grows first."
        )
    return "it is a leaf or a constant: the data that it was made of held NaN.", _LOOK


def pulled_bad(node: Node, i: int, g: Any, value: Any, mask: Any, saved: tuple[Any, ...], order: Sequence[Node]) -> str:
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
                f"`{selector.op.name}` at {format_line(selector.line)} did not choose this element, so the gradient "
                f"that arrives is 0; but {slope}, and 0 * inf is NaN."
            )
            fix = _inside_fix(op.name, selector.op.name)
        else:
            why = f"the gradient that arrives is 0; but {slope}, and 0 * inf is NaN."
    source = node.inputs[i]
    users = source.name if source is not None and source.name else None
    what = f"dL/d{name}" + (f" (`{users}`)" if users else "")
    head = (
        f"the backward pass of {op_text(op)}, called at {line}, gave the first {_kind(bad)}: "
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
        value = plain(part)
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


def arrived_bad(source: Any, node: Node | None, value: Any, mask: Any, order: Sequence[Node]) -> str:
    """Say what came together to a bad gradient though every rule gave good ones."""
    index = _first(mask)
    bad = value[index] if np.shape(value) else value
    if node is None:
        name = f"`{source.name}`" if source.name else "a leaf"
        head = f"the gradient of {name} is the first {_kind(bad)}: {_where(index, mask, 'it')}"
    else:
        head = (
            f"the gradient that arrives at {op_text(node.op)}, called at {format_line(node.line)}, is the first "
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


def pushed_bad(node: Node, tangents: Sequence[Any], saved: tuple[Any, ...], value: Any, mask: Any) -> str:
    """Say where forward mode made a bad tangent."""
    index = _first(mask)
    rows = [
        [f"d{name}", "", span(t)]
        for name, t in zip(_names(node.op, len(tangents)), tangents, strict=True)
        if t is not None
    ]
    rows += [[name, "", span(held)] for name, held in _held(node.op, None, saved)]
    bad = value[index] if np.shape(value) else value
    rows.append(["tangent", number(bad), span(value)])
    head = (
        f"forward mode through {op_text(node.op)}, called at {format_line(node.line)}, gave the first {_kind(bad)}: "
        f"{_where(index, mask, 'the tangent')}"
    )
    return _compose(head, rows, "", "")
