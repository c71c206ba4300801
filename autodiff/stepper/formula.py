"""A rule's formula, found by running the rule itself on named symbols.

The symbols are Tensors with the numbers of the recorded pass. An observer hears of every op that the rule calls and
keeps, for each result, the expression that it is. So any op has a formula, a user's own too, and nothing has to be
written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from ..config import MODES, Observer, mode
from ..draw.quantity import number
from ..op import Lazy, Part, signature
from ..tensor import Tensor, constant

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
_STRENGTH = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT, "matmul": PRODUCT, "neg": SIGN, "pow": POWER}
_COMPARED = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "and", "or")
_USUAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0, "ignore_index": -100}
_SHORT = 28  # characters of a parameter


@dataclass(slots=True, eq=False)
class Expr:
    """A symbol, a number, or an op with arguments; with the value that it has in this pass."""

    op: str  # "" for a symbol or a number
    args: tuple[Expr, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    value: Any = None
    literal: bool = False  # whether it is a number, and not called anything

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return np.shape(self.value)

    def is_number(self, x: float) -> bool:
        """Whether it is this very number, written out."""
        return self.literal and bool(self.value == x)


class _Listener(Observer):
    """Keeps the expression of each Tensor that an op has made."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, Expr]] = {}

    def name(self, value: Any, text: str) -> Any:
        """Make a Tensor of an array, known by this name; numbers stay numbers and stand for themselves."""
        if isinstance(value, tuple):
            return tuple([self.name(v, f"{text}{i}") for i, v in enumerate(value)])
        if isinstance(value, np.ndarray | np.generic):
            tensor = constant(value)
            self.known[id(tensor)] = tensor, Expr("", text=text, value=value)
            return tensor
        return value

    def expr(self, x: Any) -> Expr:
        """The expression of an op's argument."""
        known = self.known.get(id(x))
        if known is not None:
            return known[1]
        value = x.value if type(x) is Tensor else x
        if np.ndim(value) == 0 and isinstance(value, bool | int | float | complex | np.generic):
            return Expr("", text=number(value), value=value, literal=True)
        return Expr("", text=_array_text(value), value=value)

    def called(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, frame: FrameType) -> None:
        """Keep what an op's result is."""
        args = tuple(map(self.expr, inputs))
        for i, out in enumerate(result if op.several else (result,)):
            whole = simple(Expr(op.name, args, params, value=out.value))
            if op.several:
                whole = Expr("pick", (whole,), {"index": i}, op.outs[i], out.value)
            self.known[id(out)] = out, whole

    def same(self, tensor: Any, of: Any) -> None:
        """Know a tensor's stand-in as the tensor."""
        if id(of) in self.known:
            self.known[id(tensor)] = tensor, self.known[id(of)][1]


def _array_text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size and (value == value.flat[0]).all():
        return number(value.flat[0])
    return f"const{np.shape(value)}".replace(" ", "")


def rule_formula(
    op: Any, slot: int, saved: tuple[Any, ...], params: Any, g: Any, names: Any, conj: bool
) -> Expr | None:
    """Run the rule of input `slot` on symbols and return what it computes; None where that cannot be written down.

    `names` maps what a rule may name to what it is called; `g` is the upstream gradient, 1 for the local slope.
    """
    last = len(op.inputs) - 1
    rule: Callable[..., Any] | None = op.rules[min(slot, last)] if op.rules else None
    if rule is None or op.inputs[0] == "region":
        return None
    listener = _Listener()
    given = dict(zip((*op.inputs, *op.outs, *op.facts), saved, strict=False))
    positional, keywords = signature(rule)
    try:
        with mode(recording=False, observers=(*MODES.get().observers, listener)), np.errstate(all="ignore"):
            arguments = [_argument(listener, name, given, g, names, conj) for name in positional]
            result = rule(*arguments, **{name: params[name] for name in keywords})
            if op.variadic and slot >= last:
                result = list(result)[slot - last]
            if type(result) is Part:
                return Expr("", text=f"{names['g']}, the part of output {result.index}", value=None)
            if isinstance(result, Lazy):
                result = constant(result.into(None))
            if conj and type(result) is Tensor:
                result = result.conj()
    except Exception:  # a user's rule may do anything with a Tensor, and a formula is not worth an error
        return None
    return listener.expr(result) if result is not None else None


def _argument(listener: _Listener, name: str, given: Any, g: Any, names: Any, conj: bool) -> Any:
    if name != "g":
        value = given[name]
        return value if name.endswith(("_shape", "_dtype")) else listener.name(value, names.get(name, name))
    if isinstance(g, list):
        parts = [None if part is None else listener.name(part, f"{names['g']}{i}") for i, part in enumerate(g)]
        return tuple([part.conj() if conj and part is not None else part for part in parts])
    if isinstance(g, int):
        one = constant(np.float64(g))
        listener.known[id(one)] = one, Expr("", text=str(g), value=np.float64(g), literal=True)
        return one
    tensor = listener.name(g, names["g"])
    return tensor.conj() if conj else tensor


# -- simpler expressions ------------------------------------------------------------------------------


def simple(e: Expr) -> Expr:
    """Leave out what changes nothing: times 1, plus 0, minus minus, a power of 1, a shape that is there already."""
    a = e.args[0] if e.args else e
    same_shape = a.shape == e.shape
    if e.op in ("reshape", "expand", "identity", "astype", "positive", "clone") and same_shape:
        return a
    if e.op == "neg" and a.op == "neg":
        return a.args[0]
    if e.op == "neg" and a.literal and not a.text.startswith("-"):
        return Expr("", text=f"-{a.text}", value=e.value, literal=True)
    if e.op == "neg" and a.op in ("mul", "div"):
        return _signed(e, a)
    if e.op == "conj":
        return _conjugated(e, a)
    if len(e.args) != 2:
        return e
    b = e.args[1]
    if e.op == "mul":
        if a.is_number(1) and b.shape == e.shape:
            return b
        if b.is_number(1) and same_shape:
            return a
        if a.is_number(-1) and b.shape == e.shape:
            return simple(Expr("neg", (b,), value=e.value))
        if a.op == "neg" and b.op == "neg":
            return simple(Expr("mul", (a.args[0], b.args[0]), value=e.value))
    if e.op == "div" and b.is_number(1) and same_shape:
        return a
    if e.op == "div" and a.op == "neg" and b.op == "neg":
        return simple(Expr("div", (a.args[0], b.args[0]), value=e.value))
    if e.op in ("add", "sub") and b.is_number(0) and same_shape:
        return a
    if e.op == "add" and a.is_number(0) and b.shape == e.shape:
        return b
    if e.op == "pow" and b.is_number(1) and same_shape:
        return a
    return e


def _signed(e: Expr, a: Expr) -> Expr:
    """`-(x y)` as `-x y`."""
    first = simple(Expr("neg", (a.args[0],), value=None if a.args[0].value is None else -np.asarray(a.args[0].value)))
    return Expr(a.op, (first, a.args[1]), a.params, value=e.value)


def _conjugated(e: Expr, a: Expr) -> Expr:
    """The conjugate of an expression of conjugates: `conj(conj(g) y)` is `g conj(y)`."""
    if a.op == "conj":
        return a.args[0]
    if not np.iscomplexobj(a.value):
        return a
    if a.op in ("add", "sub", "mul", "div", "neg", "matmul", "reshape", "expand", "transpose", "sum"):
        args = [simple(Expr("conj", (x,), value=None if x.value is None else np.conj(x.value))) for x in a.args]
        return simple(Expr(a.op, tuple(args), a.params, value=e.value))
    return e


# -- as text ------------------------------------------------------------------------------------------


def write(e: Expr, leaf: Callable[[Expr], str] | None = None) -> str:
    """Write an expression; `leaf` writes its symbols, by default by name.

    >>> x, y = Expr("", text="x"), Expr("", text="y")
    >>> write(Expr("mul", (Expr("add", (x, y)), Expr("neg", (y,)))))
    '(x + y) * -y'
    """
    done: dict[int, tuple[str, int]] = {}
    stack = [(e, False)]
    while stack:
        here, ready = stack.pop()
        if id(here) in done:
            continue
        if ready or not here.args:
            done[id(here)] = _written(here, [done[id(arg)] for arg in here.args], leaf)
        else:
            stack.append((here, True))
            stack += [(arg, False) for arg in here.args]
    return done[id(e)][0]


def _written(e: Expr, args: list[tuple[str, int]], leaf: Any) -> tuple[str, int]:
    """The text and how strongly it holds together."""

    def arg(i: int, least: int) -> str:
        text, strength = args[i]
        return f"({text})" if strength < least else text

    if not e.op:
        text = leaf(e) if leaf is not None else e.text
        return text, SIGN if text.startswith("-") else SUM if " " in text and leaf is None else ATOM
    strength = _STRENGTH.get(e.op, ATOM)
    if e.op == "neg":
        return f"-{arg(0, SIGN)}", SIGN
    if e.op in ("add", "sub"):
        return f"{arg(0, SUM)} {'+' if e.op == 'add' else '-'} {arg(1, PRODUCT)}", SUM
    if strength == PRODUCT:
        sign = {"mul": "*", "div": "/", "matmul": "@"}[e.op]
        return f"{arg(0, PRODUCT)} {sign} {arg(1, PRODUCT if e.op == 'mul' and not _divides(e) else SIGN)}", PRODUCT
    if e.op == "pow":
        return f"{arg(0, ATOM)}**{arg(1, ATOM)}", POWER
    if e.op in _COMPARED:
        sign = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
                "not_equal": "!=", "and": "&", "or": "|"}[e.op]  # fmt: skip
        return f"{arg(0, PRODUCT)} {sign} {arg(1, PRODUCT)}", 0
    if e.op == "transpose" and _swaps_last(e.params.get("axes", ())):
        return f"{arg(0, ATOM)}ᵀ", ATOM
    if e.op == "abs":
        return f"|{args[0][0]}|", ATOM
    if e.op == "pick":
        return f"{arg(0, ATOM)}.{e.text}", ATOM
    words = [text for text, _ in args]
    if e.op in ("getitem", "gather"):
        return f"{arg(0, ATOM)}[{', '.join(words[1:]) or _index(e.params.get('index', ()))}]", ATOM
    return f"{e.op}({', '.join([*words, *_params(e.params)])})", ATOM


def _divides(e: Expr) -> bool:
    return e.args[1].op in ("div", "matmul", "mul")


def _swaps_last(axes: tuple[int, ...]) -> bool:
    n = len(axes)
    return n >= 2 and tuple(axes) == (*range(n - 2), n - 1, n - 2)


def _index(index: Any) -> str:
    parts = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, tuple) and part[:1] == ("slice",):
            start, stop, step = ("" if p is None else str(p) for p in part[1:])
            parts.append(f"{start}:{stop}" + (f":{step}" if step else ""))
        else:
            parts.append("..." if part is Ellipsis else str(part))
    return ", ".join(parts)


def _is_usual(key: str, value: Any) -> bool:
    """Whether a parameter is what it would be if nobody had asked for anything: a stride of 1, a padding of 0."""
    if key not in _USUAL:
        return False
    parts = [value]
    while any(isinstance(part, tuple) for part in parts):
        parts = [x for part in parts for x in (part if isinstance(part, tuple) else (part,))]
    return all(part == _USUAL[key] for part in parts)


def _params(params: Mapping[str, Any]) -> list[str]:
    found = []
    for key, value in params.items():
        if value is None or value is False or (isinstance(value, float) and not value) or _is_usual(key, value):
            continue
        text = f"[{_index(value)}]" if key == "index" else str(value)
        found.append(f"{key}={text if len(text) <= _SHORT else '...'}")
    return found


def shapes(e: Expr) -> str:
    """The expression with the shape of each symbol in its place.

    >>> g, y = Expr("", text="g", value=np.ones((2, 4))), Expr("", text="y", value=np.ones((3, 4)))
    >>> turned = Expr("transpose", (y,), {"axes": (1, 0)}, value=y.value.T)
    >>> shapes(Expr("matmul", (g, turned), value=g.value @ turned.value))
    '(2, 4) @ (3, 4)ᵀ -> (2, 3)'
    """
    return f"{write(e, lambda leaf: str(leaf.shape) if leaf.shape else leaf.text)} -> {e.shape}"


def has_op(e: Expr, *names: str) -> bool:
    """Whether an op of one of these names is called in it."""
    stack = [e]
    while stack:
        here = stack.pop()
        if here.op in names:
            return True
        stack += here.args
    return False


def conjugates(plan: Any) -> bool:
    """Whether the pass conjugates what goes into the rules and what comes out: for a complex output."""
    return plan is not plan.op.plan(plan.needs)


_FUSED = {
    "cross_entropy": "g * (softmax(logits) - onehot(targets)) / n",
    "log_softmax": "g - softmax(x) * sum(g)",
    "softmax": "out * (g - sum(g * out))",
}


def rule_words(op: Any, first: bool = True) -> str:
    """What to say of a rule that is no formula: a kernel's, or a function's."""
    if op.vjp is None:
        return f"{op.name}: what its own backward function gives for g"
    words = (op.vjp.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    known = _FUSED.get(op.name)
    if known is not None or not first:
        return known or f"{op.name}.vjp(g), by the same kernel"
    return f"{op.name}.vjp(g), one kernel" + (f": {words}" if words else "")
