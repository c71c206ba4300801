"""`explain_grad(x, loss)`: what a gradient is made of, or why there is none."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal, NamedTuple

import numpy as np

from ..draw.look import grouped
from ..draw.names import variable_names
from ..errors import describe
from ..graph import Mark, Node, buffer_owner, history, user_frame
from ..op import Lazy
from ..tensor import Tensor, why_constant
from .flow import Flow, Source, norm_of
from .text import count_of, line_of, number, table
from .trail import first_cuts

Kind = Literal["found", "partly zero", "zero", "not finite", "freed", "no path", "cut", "not required", "loss cut"]

SHOWN = 12  # rows of a table; longer ones leave out their middle
VANISHED = 1e-12  # of the gradient at the loss


@dataclass(frozen=True, slots=True)
class Part:
    """One op that x goes into: how much of the gradient comes through it, and what it holds back."""

    op: str
    line: str
    norm: float | None  # None where the graph was freed
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One op on the way from the loss to x, with the norm of the gradient that arrives there."""

    op: str
    line: str
    norm: float
    note: str


@dataclass(slots=True)
class Explanation:
    """Why a gradient is what it is; `print` it, or read its parts."""

    kind: Kind
    subject: str
    reason: str
    hints: list[str] = field(default_factory=list)
    paths: list[Part] = field(default_factory=list)
    chain: list[Step] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [self.subject, self.reason, *self.hints]
        for title, rows, align in self._tables():
            lines += ["", title, *table(rows, align)]
        if self.losses:
            lines += ["", "Where it gets lost", *(f"    {line}" for line in self.losses)]
        return "\n".join(lines)

    __repr__ = __str__

    def _tables(self) -> Iterable[tuple[str, list[list[str]], str]]:
        if self.paths:
            rows = [[p.op, p.line, "" if p.norm is None else number(p.norm), p.note] for p in self.paths]
            yield "What it is made of: each op that x goes into, with the norm of its part", _middle_out(rows), "<<><"
        if self.chain:
            rows = [[s.op, s.line, number(s.norm), s.note] for s in self.chain]
            yield "The way from the loss to x, with the norm of the gradient", _middle_out(rows), "<<><"

    def _repr_html_(self) -> str:
        parts = [f"<p>{escape(text)}</p>" for text in (self.subject, self.reason, *self.hints)]
        for title, rows, _ in self._tables():
            body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
            parts.append(f"<p>{escape(title)}</p><table>{body}</table>")
        parts += [f"<p>{escape(line)}</p>" for line in self.losses]
        return "".join(parts)


def _middle_out(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= SHOWN:
        return rows
    half = SHOWN // 2
    return [*rows[:half], [f"... {grouped(len(rows) - 2 * half)} more", "", "", ""], *rows[-half:]]


def explain_grad(x: Tensor, loss: Tensor) -> Explanation:
    """Say what the gradient of the loss with respect to x is made of, or why it is None or zero.

    Every op that x goes into is listed with its part of the gradient, and the strongest way from the loss to x with
    the gradient's norm at each op. Where it is zero, the ops that let nothing through are named: a dead ReLU, the
    branch of a `where` that was not taken, a factor of 0, a saturated sigmoid. Where x does not reach the loss, the
    cut is named; cuts in the middle of a graph are known if it was recorded inside `with debug():`, and otherwise those
    whose constant is still there.

    Nothing is changed: no `.grad`, and the graph is not freed. Hooks are not run.

    Args:
        x: the tensor whose gradient is asked about, a leaf or a computed one.
        loss: what is differentiated; of more than one element the sum is meant.

    >>> from autodiff import Tensor, relu
    >>> x = Tensor([-1.0, -2.0], requires_grad=True)
    >>> print(explain_grad(x, relu(x).sum()).reason)
    The gradient is zero: op 'relu' at ... lets nothing through: all 2 inputs at or below 0.
    """
    for name, value in (("x", x), ("loss", loss)):
        if type(value) is not Tensor:
            raise TypeError(f"explain_grad takes two Tensors; {name} is {describe(value)}")
    names = variable_names(user_frame(sys._getframe(1)))
    subject = f"x is {_identity(x, names)}; the loss is {_identity(loss, names)}."
    if not loss.requires_grad:
        cut = first_cuts([loss.mark] if loss.mark is not None else [], x)
        hints = ["x went into it before that."] * bool(cut)
        return Explanation("loss cut", subject, f"The loss does not require grad{why_constant(loss)}.", hints)
    if not x.requires_grad:
        if x.mark is None and x.dtype.kind in "fc":
            why = ". Make it with Tensor(..., requires_grad=True), or call x.requires_grad_() before computing the loss"
        else:
            why = why_constant(x)
        return Explanation("not required", subject, f"x does not require grad{why}.")
    target: Source = x.node or x
    root: Source = loss.node or loss
    nodes, leaves = history([root])
    if target is root:
        return Explanation("found", subject, "x is the loss itself: the gradient is 1.")
    if target not in set(nodes) and not any(leaf is target for leaf in leaves):
        return _no_path(subject, x, loss, nodes, leaves)
    flow = Flow(root, np.ones_like(loss.value), target, nodes)
    result = _freed(subject, flow) if flow.stopped is not None else _found(subject, flow)
    if not np.isfinite(loss.value).all():
        result.hints.append("The loss itself is not finite: run inside `with debug():` to find the op that made it so.")
    result.hints += _about_grad(x, flow)
    result.hints += [f"x also goes another way, which carries no gradient: {text}" for text in _cut_texts(nodes, x)]
    return result


def _identity(t: Tensor, names: dict[int, str]) -> str:
    name = t.name or names.get(id(t.node if t.node is not None else t))
    what = f"{t.dtype} {number(t.value)}" if t.shape == () else describe(t.value)
    words = [f"`{name}`"] * bool(name) + [what]
    if t.node is not None:
        words.append(f"computed by op '{t.node.op.name}' at {line_of(t.node)}")
    elif t.requires_grad:
        words.append("a parameter" if t.is_parameter else "a leaf")
    else:
        words.append("a constant")
    return ", ".join(words)


# -- what an op holds back ----------------------------------------------------------------------------------

HELD_BACK = {
    "relu": "{} at or below 0",
    "where": "{} not chosen",
    "clip": "{} outside the bounds",
    "maximum": "{} smaller than the other",
    "minimum": "{} larger than the other",
    "max": "{} not the largest",
    "min": "{} not the smallest",
    "mul": "the other factor is 0 for {}",
    "dropout": "{} dropped",
    "setitem": "{} written over",
    "abs": "{} at 0",
    "sigmoid": "saturated: slope 0 for {}",
    "tanh": "saturated: slope 0 for {}",
}
"""How the elements are described to which an op gives no gradient."""

SATURATES = ("sigmoid", "tanh", "softmax", "erf", "hard_tanh", "softsign")


class Held(NamedTuple):
    """What an op's slope by an input takes away: in words, and whether that is all of it."""

    text: str = ""
    all: bool = False


def held_back(node: Node, i: int) -> Held:
    """Find what an op's slope by input i takes away."""
    source = node.inputs[i]
    name = node.op.name
    if node.saved is None or source is None or node.op.several:
        return Held()
    if name in ("getitem", "gather"):
        n, total = int(np.prod(node.shape)), int(np.prod(source.shape))
        return Held(f"reads {count_of(n, total, 'elements')}" if n < total else "", n == 0)
    if name in ("matmul", "affine"):
        other = node.saved[1 - i] if i < 2 else None
        nothing = other is not None and np.size(other) and not np.any(other)
        return Held("the other factor is all 0", all=True) if nothing else Held()
    if node.op.kind not in ("elementwise", "random") and name not in ("max", "min", "setitem"):
        return Held()
    slope = _slope(node, i)
    if slope is None or not slope.size:
        return Held()
    zeros, typical = int((slope == 0).sum()), float(slope.mean())
    if zeros:
        words = HELD_BACK.get(name, "its slope is 0 for {}")
        return Held(words.format(count_of(zeros, slope.size, "inputs")), zeros == slope.size)
    if typical < 1e-3 and (name in SATURATES or node.op.kind == "elementwise"):
        return Held(f"{'saturated, ' if name in SATURATES else ''}mean slope {number(typical)}")
    return Held()


def _slope(node: Node, i: int) -> Any:
    """The size of an op's slope by input i, element by element; None where its rule does not say."""
    plan = node.plan.narrow(1 << min(i, len(node.op.inputs) - 1))
    with np.errstate(all="ignore"):
        try:
            slope = plan.pull(np.ones(node.shape, node.dtype)[()], node.saved, node.params)[i]
            return np.abs(np.asarray(slope.into(None) if isinstance(slope, Lazy) else slope))
        except Exception:  # a user's rule
            return None


def _all_held_back(node: Node, live: set[Any]) -> Held:
    found = [held_back(node, i) for i, source in enumerate(node.inputs) if source in live]
    text = "; ".join(dict.fromkeys(held.text for held in found if held.text))
    return Held(text, all(held.all for held in found))


def _lets_nothing_through(node: Node, live: set[Any]) -> str:
    held = _all_held_back(node, live)
    rest = " (and at the others nothing arrives)" if held.text and not held.all else ""
    return f"lets nothing through{': ' + held.text if held.text else ''}{rest}"


def _as_input(node: Node, i: int) -> str:
    """An op's name, with that of the input where it has several."""
    if len(node.inputs) == 1:
        return node.op.name
    last = len(node.op.inputs) - 1
    name = f"{node.op.inputs[last]}[{i - last}]" if node.op.variadic and i >= last else node.op.inputs[i]
    return f"{node.op.name}, as {name}"


def _op_at(node: Node) -> str:
    return f"op '{node.op.name}' at {line_of(node)}"


# -- the explanations ---------------------------------------------------------------------------------------


def _found(subject: str, flow: Flow) -> Explanation:
    parts = [Part(_as_input(node, i), line_of(node), size, held_back(node, i).text) for node, i, size in flow.parts]
    chain = flow.chain
    shown = set(chain[: SHOWN // 2] + chain[-(SHOWN // 2) :])
    steps = [
        Step(
            node.op.name,
            line_of(node),
            flow.norms.get(node, 0.0),
            _all_held_back(node, flow.live).text if node in shown else "",
        )
        for node in chain
    ]
    norm = flow.norms.get(flow.target, 0.0)
    g = flow.gradient
    size = int(np.size(g))
    zeros = size - int(np.count_nonzero(g))
    result = Explanation("found", subject, "", paths=parts, chain=steps)
    if not size:
        result.kind, result.reason = "zero", "x has no elements, and neither has its gradient."
    elif not np.isfinite(norm):
        result.kind = "not finite"
        bad = [node for node, source in zip(chain, [*chain[1:], flow.target], strict=True) if not flow.finite(source)]
        result.reason = f"The gradient is not finite: it stops being finite at {_op_at(bad[0])}."
        result.hints.append("Run forward and backward inside `with debug():` to find the op that made it so.")
    elif zeros == size:
        result.kind = "zero"
        result.reason = f"The gradient is zero: {_why_zero(flow)}"
    else:
        result.kind = "partly zero" if zeros else "found"
        some = f"; {count_of(zeros, size, 'elements')} are 0" if zeros else ""
        result.reason = f"The gradient has norm {number(norm)}{some}."
    result.losses = _losses(flow, chain)
    return result


def _why_zero(flow: Flow) -> str:
    if flow.target in flow.cancelled:
        return f"the parts of {len(flow.parts)} uses of x add up to 0."
    if flow.closed:
        first = flow.closed[0]
        more = f" So do {len(flow.closed) - 1} other ops." if len(flow.closed) > 1 else ""
        return f"{_op_at(first)} {_lets_nothing_through(first, flow.live)}.{more}"
    if flow.cancelled:
        source: Any = flow.cancelled[0]
        return f"at {_op_at(source)} what arrives from several ops adds up to 0."
    return "nothing arrives on any way from the loss."


def _losses(flow: Flow, chain: Sequence[Node]) -> list[str]:
    """The ops that close the way, and the first on the chain where the gradient has vanished or exploded."""
    rows = Counter(f"{_op_at(node)} {_lets_nothing_through(node, flow.live)}" for node in flow.closed[:1000])
    lines = [line + (f" ({grouped(n)} times)" if n > 1 else "") for line, n in rows.most_common(8)]
    lines += [f"... and {grouped(len(rows) - 8)} more"] * (len(rows) > 8)
    start = flow.norms.get(flow.root, 0.0)
    norms = [flow.norms.get(source, 0.0) for source in (*chain, flow.target)]
    for before, norm in zip(chain, norms[1:], strict=False):
        if 0 < norm < VANISHED * start or (norm > start / VANISHED and np.isfinite(norm)):
            verb = "vanished" if norm < start else "exploded"
            steps = len(chain) - chain.index(before)
            lines.append(
                f"{_op_at(before)}, {_counted(steps, 'op', 'ops')} from x: the gradient has {verb}, its norm is "
                f"{number(norm / start)} of what it was at the loss"
            )
            break
    return lines


def _freed(subject: str, flow: Flow) -> Explanation:
    node: Any = flow.stopped
    consumers = [n for n in flow.live if type(n) is Node and flow.target in n.inputs and n is not flow.target]
    consumers.sort(key=lambda n: -n.number)
    parts = [Part(n.op.name, line_of(n), None, "") for n in consumers]
    if flow.error is not None:
        reason = f"x reaches the loss, but the rule of {_op_at(node)} failed: {type(flow.error).__name__}: {flow.error}"
        return Explanation("freed", subject, reason, paths=parts)
    reason = (
        f"x reaches the loss, but the graph was freed by an earlier backward pass: {_op_at(node)} no longer has what "
        "its rule needs."
    )
    hint = "For the size of each part compute the loss again, or call backward(retain_graph=True) before asking."
    return Explanation("freed", subject, reason, [hint], paths=parts)


def _about_grad(x: Tensor, flow: Flow) -> list[str]:
    """What `x.grad` holds, and how that differs from the gradient of one pass."""
    if x.grad is None:
        if x.node is not None and not (x.node.extra is not None and x.node.extra.retain):
            return ["x.grad is None: x is computed, and only leaves keep it. Call x.retain_grad() before backward()."]
        if flow.stopped is not None:
            return ["x.grad is None: it was cleared since, or backward(inputs=...) did not name x."]
        return ["x.grad is None: no backward pass has run yet, or it was cleared since."]
    held = norm_of(x.grad.value)
    if flow.gradient is not None and not np.isclose(held, flow.norms[flow.target], rtol=1e-5, atol=0):
        return [
            f"x.grad has norm {number(held)}: it is the sum of all passes since it was last None or zero, "
            "or of another loss."
        ]
    return []


def _no_path(subject: str, x: Tensor, loss: Tensor, nodes: list[Node], leaves: list[Tensor]) -> Explanation:
    cuts = _cut_texts(nodes, x)
    if cuts:
        return Explanation("cut", subject, f"x reaches the loss only where no gradient can follow: {cuts[0]}", cuts[1:])
    copies = _constant_uses(nodes, x)
    if copies:
        hint = "That is what x.detach(), x.value and x.numpy() give, and x itself before requires_grad_()."
        return Explanation("cut", subject, f"{copies[0]} took x's array as a constant, without its gradient.", [hint])
    size = f"{_counted(len(nodes), 'op', 'ops')} and {_counted(len(leaves), 'leaf', 'leaves')}"
    reason = f"x is not used in computing the loss: its graph has {size}, and x is not among them."
    hints = []
    twin = next((leaf for leaf in leaves if _same_values(leaf, x)), None)
    if twin is not None:
        name = f" `{twin.name}`" if twin.name else ""
        hints.append(f"Another leaf{name} of the same shape and values is: was x copied, or made again?")
    elif x.node is not None and loss.node is not None and x.node.number > loss.node.number:
        hints.append(
            f"x was computed later than the loss, at {line_of(x.node)}: was the name given anew, or x written to?"
        )
    hints += _living_cuts(nodes)
    hints.append(
        "If it was meant to be: the name may have been given anew (x = ...), x written over (x[...] = v), turned into "
        "a number (float(x), x.item()) or cut off (detach, no_grad, integers). Compute the loss again inside "
        "`with debug():` and ask again: then the cut is named."
    )
    return Explanation("no path", subject, reason, hints)


def _counted(n: int, one: str, many: str) -> str:
    return f"{grouped(n)} {one if n == 1 else many}"


def _same_values(leaf: Tensor, x: Tensor) -> bool:
    return leaf.shape == x.shape and leaf.dtype == x.dtype and bool(np.array_equal(leaf.value, x.value))


def _constant_uses(nodes: list[Node], x: Tensor) -> list[str]:
    """The ops that kept x's own array as a constant."""
    found = []
    owner = _owner(x.value)
    for node in nodes:
        for source, saved in zip(node.inputs, node.saved or (), strict=False):
            if source is None and saved is not None and _owner(saved) is owner:
                found.append(_op_at(node))
    return found


def _owner(value: Any) -> Any:
    return buffer_owner(value) if type(value) is np.ndarray else value


# -- cuts that `debug()` has seen ----------------------------------------------------------------------------


def _living_cuts(nodes: list[Node]) -> list[str]:
    """The ops that kept the array of a tensor which was cut off a graph and is still there."""
    users: dict[int, Node] = {}
    for node in nodes:
        for source, saved in zip(node.inputs, node.saved or (), strict=False):
            if source is None and isinstance(saved, np.ndarray | np.generic):
                users.setdefault(id(saved), node)
    found: dict[str, None] = {}
    for tensor in gc.get_objects() if users else ():
        if type(tensor) is Tensor and tensor.node is None and tensor.mark is not None and id(tensor.value) in users:
            user = _op_at(users[id(tensor.value)])
            found[f"{user} took a constant that may have been computed from x: {tensor.mark}."] = None
    return list(found)


def _cut_texts(nodes: list[Node], x: Tensor) -> list[str]:
    """Say for each place where x was cut off, and went on as a constant into one of these nodes, what happened."""
    users: dict[Mark, Node] = {}
    for node in nodes:
        past = node.extra.past if node.extra is not None else None
        for mark in past.cuts if past is not None else ():
            users.setdefault(mark, node)
    first = first_cuts(list(users), x)
    return [f"{cut}; {_op_at(users[mark])} used the result as a constant." for mark, cut in first.items()]
