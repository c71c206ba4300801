"""Ops: what an operation computes, and how a gradient passes back through it.

How a rule is written
=====================

An op is one `define` statement: a name, a forward function of arrays, and one rule per input.

    tanh = define("tanh", np.tanh, lambda g, out: g * (1 - out * out), kind="elementwise")
    mul = define("mul", operator.mul, lambda g, y: g * y, lambda g, x: g * x, inputs="x y",
                 kind="elementwise", symbol="*")

`g` is the gradient of the loss with respect to the op's output (the *cotangent*, "upstream gradient"). The
rule of an input returns the gradient with respect to that input (the *vector-Jacobian product*): for
`out = x y` and `dL/dout = g` the chain rule gives `dL/dx = g y` and `dL/dy = g x`.

**A rule asks for what it needs by naming it**, and the graph keeps exactly what is named:

    g                   the incoming gradient
    x, y, ...           an input's array, by its name in `inputs=`
    out                 the output's array (prefer it to an input where either would do)
    x_shape, x_dtype    facts about an input that keep no array
    *, axis, ...        after a star: keyword parameters of the call

`add` names nothing and keeps nothing; `tanh` names `out` and keeps its output alone. An array is kept only
if a rule that will run names it: `x * 3` with a constant 3 does not keep `x`.

**A rule uses operators, array methods and defined ops only**: `g * y`, `g.reshape(x_shape)`, `expand(g, ...)`.
On an ordinary backward pass it receives plain arrays. With `create_graph=True` it receives Tensors, records
itself, and so has a derivative of its own. That is where second and higher derivatives come from; there is
no second set of rules.

**A rule does not care about**: broadcasting (a gradient of the broadcast shape is summed back), dtypes (it is
cast back to the input's, and its real part taken for real inputs), or accumulation. The backward pass
does those, once, for all ops.

**Forward mode is derived**, so say what the op is:

    linear=True         linear in all inputs together (add, concatenate, reshape, sum)
    linear="x w"        linear in each of these alone (matmul, convolution)
    kind="elementwise"  the Jacobian is diagonal, so the rule applied to a tangent gives the output's tangent
    anything else       the rule's own derivative is used (the vjp of the vjp)

**More than one output**: `outs="q r"`; forward returns a tuple, a rule may name each output, and its `g` is a
tuple with None for an output that has no gradient.

**Any number of inputs**: `inputs="*xs"` (or `"x *xs"`): the rule of `xs` returns a sequence of gradients, and
`xs`, `xs_shape` and `xs_dtype` are tuples.

**Fused ops** have a forward that returns `(out, saved)`, where `saved` is whatever the backward pass wants
to find again, a `vjp=` that names what it needs (`saved` and `needs`, a tuple of bools, among it) and returns
the gradients of all inputs, and a `composed=`: the same mathematics written in smaller ops. A first-order
backward pass runs `vjp`; every other derivative runs `composed` again from the saved inputs.

**Gradients found together.** Where one kernel gives the gradients of several inputs, `together=` is that kernel: it
names what the rules name, and `needs`, and returns the gradients of all inputs. The rules stay, for Tensors.

**Complex numbers** need nothing in a rule: write the plain transpose, as for real ones. For a complex output
the pass conjugates what goes in and what comes out, which gives PyTorch's convention. An op that is not
holomorphic (`abs`, `conj`) says `holomorphic=False` and is taken at its word.

**Views.** A forward may return a view of its input if the op is of kind shape, index or opaque, or says
`may_view=True`: in-place writes have to know.

Arrays are positional; parameters are keyword-only and hashable. An input without a derivative has the rule
`None`; an op without rules (a comparison, say) gives constants.

A user's own op is defined the same way:

>>> import numpy as np
>>> import autodiff as ad
>>> cube = ad.define("cube", lambda x: x * x * x, lambda g, x: 3 * g * x * x, kind="elementwise")
>>> x = ad.Tensor(2.0, requires_grad=True)
>>> y = cube(x)
>>> y.backward()
>>> y.item(), x.grad.item()
(8.0, 12.0)
>>> ad.testing.check_grads(cube, [np.array([1.0, -2.0])])
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .call import binary, make_call
from .graph import PAIRED, is_internal
from .kernels.large import shared

KINDS = frozenset(["elementwise", "reduce", "shape", "index", "contract", "linalg", "scan", "random", "opaque"])

Function = Callable[..., Any]
"""What `define` returns: call it with Tensors, arrays and numbers; its `op` is the record."""

OPS: dict[str, Op] = {}
"""Every defined op, by name."""


class Op:
    """The record of one operation; `call` is the function that users and rules call."""

    def __init__(self, name: str, forward: Callable[..., Any], rules: tuple[Any, ...], **spec: Any) -> None:
        self.name = name
        self.forward = forward
        self.forward_large = shared(forward)
        self.rules = rules
        self.symbol: str = spec["symbol"] or name
        self.kind: str = spec["kind"]
        names = spec["inputs"].split()
        self.variadic = bool(names) and names[-1].startswith("*")
        self.inputs = tuple(name.lstrip("*") for name in names)
        self.outs: tuple[str, ...] = tuple((spec["outs"] or "out").split())
        self.several = spec["outs"] is not None
        linear = spec["linear"]
        self.linear: bool | tuple[str, ...] = tuple(linear.split()) if isinstance(linear, str) else linear
        self.composed: Callable[..., Any] | None = spec["composed"]
        self.vjp: Callable[..., Any] | None = spec["vjp"]
        self.together: Callable[..., Any] | None = spec.get("together")
        self.holomorphic: bool = spec["holomorphic"]
        self.may_view = self.kind in ("shape", "index", "opaque") or spec["may_view"]
        self.defaults: dict[str, Any] = getattr(getattr(forward, "__wrapped__", forward), "__kwdefaults__", None) or {}
        self.facts: tuple[str, ...] = ()
        self._plans: dict[int, Plan] = {}
        self._check()
        rules = self.rules or (None,) * len(self.inputs)
        self.ruled = tuple([self.vjp is not None or rule is not None for rule in rules])
        """Which of the declared inputs have a derivative."""
        self.pick = OPS["pick"].plan(1) if self.several else None  # the op that reads one of several outputs
        self.call: Callable[..., Any] = make_call(self)
        self.operators = False
        """Whether the rules are ours, and made of operators and defined ops: large arrays are shared among threads."""

    @property
    def differentiable(self) -> bool:
        """Whether any input has a derivative."""
        return any(self.ruled)

    def plan(self, needs: int) -> Plan:
        """The plan for recording with gradients of the inputs whose bits are set."""
        plan = self._plans.get(needs)
        if plan is None:
            plan = self._plans[needs] = Plan(self, needs)
        return plan

    def _check(self) -> None:
        """Find mistakes of a definition where it is made, and collect the facts that its rules name."""

        def wrong(message: str) -> TypeError:
            return TypeError(f"op '{self.name}': {message}")

        if self.kind not in KINDS:
            raise wrong(f"kind {self.kind!r} is none of {', '.join(sorted(KINDS))}")
        for i, name in enumerate(self.inputs):
            if not name.isidentifier() or name in ("g", *self.outs) or self.inputs.index(name) != i:
                raise wrong(f"{name!r} cannot name an input here (rules use it for something else)")
        if len(self.rules) > len(self.inputs):
            raise wrong(f"{len(self.rules)} rules for the inputs {' '.join(self.inputs)!r}; name them in inputs=")
        if self.rules and len(self.rules) < len(self.inputs):
            raise wrong("one rule per input, please; None where there is no derivative")
        if (self.vjp is None) != (self.composed is None) or (self.vjp and self.rules):
            raise wrong("a fused op has vjp= and composed=, and no other rules")
        if self.together and not self.rules:
            raise wrong("together= computes on arrays what the rules say, so there have to be rules")
        if isinstance(self.linear, tuple) and not set(self.linear) <= set(self.inputs):
            raise wrong(f"linear={' '.join(self.linear)!r} names something that is no input")
        known = {"g", *self.inputs, *self.outs}
        facts = {f"{name}_{fact}" for name in self.inputs for fact in ("shape", "dtype")}
        extras = {"saved", "needs"} if self.vjp else set()
        found: dict[str, None] = {}
        if self.together:
            ruled = {name for rule in self.rules if rule is not None for name in signature(rule)[0]}
            unruled = set(signature(self.together)[0]) - ruled - {"g", "needs"}
            if unruled:
                raise wrong(f"together= names {', '.join(sorted(unruled))}, which no rule names and nothing keeps")
        for rule in (*self.rules, self.vjp):
            if rule is None:
                continue
            positional, _ = signature(rule)
            for name in positional:
                if name not in known | facts | extras:
                    raise wrong(
                        f"a rule names {name!r}; it may name {', '.join(sorted(known | facts | extras))}, "
                        "and keyword parameters after a star"
                    )
                if name in facts:
                    found[name] = None
        self.facts = (*found, "saved") if self.vjp else tuple(found)

    def __repr__(self) -> str:
        return f"<Op {self.name}({', '.join(self.inputs)}) {self.kind}>"


class Plan:
    """An op with a given set of inputs to find gradients of: what to keep, and how to pull back."""

    __slots__ = ("_conjugated", "_conjugates", "_wanted", "drops", "frees", "keep", "needs", "op", "passes", "pull")

    def __init__(self, op: Op, needs: int, conjugates: bool = False) -> None:
        self.op, self.needs, self._conjugates = op, needs, conjugates
        wanted = [i for i in range(len(op.inputs)) if needs >> i & 1]
        named: set[str] = set()
        if op.vjp is not None:
            named |= {
                *op.inputs,
                *signature(op.vjp)[0],
            }  # the inputs: `composed` may have to run again
        for i in wanted if op.vjp is None else ():
            named |= set(signature(op.rules[i])[0])
        # Which of (*inputs, *outs) to keep. None: nothing at all, not even facts, and nothing to free.
        kept = tuple(name in named for name in (*op.inputs, *op.outs))
        kept = PAIRED if kept == PAIRED else kept  # the very same: `binary` asks with `is`
        self.drops = tuple([i for i, wanted_later in enumerate(kept) if not wanted_later])
        self.frees = any(kept)
        self.keep = kept if self.frees or named & set(op.facts) or op.vjp is not None else None
        self._wanted = wanted
        self.passes = False  # whether both of two gradients are the one that comes, known with `pull`
        self.pull: Callable[[Any, Any, Any], Any] = self._pull_first
        self._conjugated: Plan | None = None

    def _pull_first(self, g: Any, saved: Any, params: Any) -> Any:
        """Write `pull` when it is first needed: for all ops at once it would cost 5 ms of import."""
        self.pull = _make_pull(self.op, self._wanted, self._conjugates)
        if self.needs == 3 and len(self.op.inputs) == 2 and not self._conjugates and self.op.vjp is None:
            self.passes = all(_SIMPLE.get(_instructions(rule)) == "{0}" for rule in self.op.rules)
        return self.pull(g, saved, params)

    @property
    def conjugated(self) -> Plan:
        """The plan for a complex output: `conj(rule(conj(g)))`, where that is not the rule itself."""
        if self._conjugates or not self.op.holomorphic or self.op.kind in ("shape", "index"):
            return self  # moving elements is the same for a number and its conjugate
        if self._conjugated is None:
            self._conjugated = Plan(self.op, self.needs, conjugates=True)
        return self._conjugated

    def narrow(self, needs: int) -> Plan:
        """The plan for fewer gradients."""
        needs &= self.needs
        if needs == self.needs:
            return self
        plan = self.op.plan(needs)
        return plan.conjugated if self._conjugates else plan


def _conj(g: Any) -> Any:
    if isinstance(g, tuple):
        return tuple([None if part is None else part.conj() for part in g])
    return g.conj()


def signature(rule: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a rule's positional and keyword-only parameter names: of a kernel with a twin, the reference's."""
    try:
        code = getattr(rule, "__wrapped__", rule).__code__
    except AttributeError:
        raise TypeError(f"a rule is a plain Python function, got {rule!r}") from None
    n = code.co_argcount
    return code.co_varnames[:n], code.co_varnames[n : n + code.co_kwonlyargcount]


def _instructions(rule: Any) -> tuple[bytes, int]:
    return rule.__code__.co_code, rule.__code__.co_flags


_SIMPLE = {
    _instructions(lambda g: g): "{0}",
    _instructions(lambda g, y: g * y): "{0} * {1}",
    _instructions(lambda g: -g): "-{0}",
}
"""Rules that are written out rather than called: they name nothing but their arguments, so the code says it all."""


def _make_pull(op: Op, wanted: list[int], conjugates: bool) -> Callable[[Any, Any, Any], Any]:
    """Write the function `(g, saved, params) -> gradients` that hands each rule what it names.

    For `mul` with both gradients wanted it is `return (x_rule(g, saved[1]), y_rule(g, saved[0]),)`; for a complex
    output `conj` stands around `g` and around the whole.
    """
    place = {name: f"saved[{i}]" for i, name in enumerate((*op.inputs, *op.outs, *op.facts))}
    place["g"] = ("conj({})" if conjugates else "{}").format("tuple(g)" if op.several else "g")
    place["needs"] = repr(tuple(i in wanted for i in range(len(op.inputs))))

    def text(rule: Callable[..., Any], name: str) -> str:
        positional, keyword = signature(rule)
        given = [place[p] for p in positional] + [f"{k}=params[{k!r}]" for k in keyword]
        written = _SIMPLE.get(_instructions(rule))
        if written is not None:
            return written.format(*given)
        return f"{name}({', '.join(given)})"

    scope: dict[str, Any] = {"__name__": __name__, "vjp": op.vjp, "conj": _conj}
    if op.vjp is not None:
        result = text(op.vjp, "vjp")
    else:
        parts = []
        for i, name in enumerate(op.inputs):
            many = op.variadic and i == len(op.inputs) - 1
            if i in wanted:
                scope[f"{name}_rule"] = op.rules[i]
                parts.append("*" * many + text(op.rules[i], f"{name}_rule"))
            elif not many:
                parts.append("None")
        result = f"({', '.join(parts)},)" if parts else "()"
    if conjugates:
        result = f"conj({result})"
    kept = {name for i in wanted if op.vjp is None for name in signature(op.rules[i])[0]}
    if op.together is not None and kept - {"g"}:
        scope |= {"together": op.together, "ndarray": np.ndarray}
        at_once = text(op.together, "together")
        result = f"{f'conj({at_once})' if conjugates else at_once} if type(g) is ndarray else {result}"
    exec(f"def pull(g, saved, params): return {result}", scope)  # names checked by Op._check
    pull: Callable[[Any, Any, Any], Any] = scope["pull"]
    return pull


class Lazy:
    """A gradient not yet written out in full; the backward pass adds it into a buffer that it owns."""

    __slots__ = ()

    def into(self, buffer: Any) -> Any:
        """Add it into the buffer, a new one if None, and return the buffer."""
        raise TypeError(f"{type(self).__name__} is abstract")


class Part(Lazy):
    """The gradient of one of several outputs, on its way to the node that has them all."""

    __slots__ = ("count", "g", "index")

    def __init__(self, g: Any, index: int, count: int) -> None:
        self.g, self.index, self.count = g, index, count

    def into(self, buffer: Any) -> Any:
        """Put the gradient into the list with a place for each output."""
        parts = [None] * self.count if buffer is None else buffer
        before = parts[self.index]
        parts[self.index] = self.g if before is None else before + self.g
        return parts


# -- defining an op -----------------------------------------------------------------------------------


def define(
    name: str,
    forward: Callable[..., Any],
    *rules: Callable[..., Any] | None,
    inputs: str = "x",
    kind: str = "opaque",
    symbol: str | None = None,
    linear: bool | str = False,
    holomorphic: bool = True,
    outs: str | None = None,
    composed: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    together: Callable[..., Any] | None = None,
    may_view: bool = False,
    doc: str | None = None,
) -> Function:
    """Define an op and return the function that calls it; `function.op` is its record in `OPS`.

    The manual at the top of this file says how rules are written. The function takes Tensors, arrays and
    numbers, gives a Tensor if a Tensor is among them, and otherwise what `forward` gives. Defining a name
    again replaces a user's op (a notebook cell runs twice), but not one of the engine's.

    >>> square = define("my_square", lambda x: x * x, lambda g, x: 2 * g * x, kind="elementwise")
    >>> square(3.0), square.op
    (9.0, <Op my_square(x) elementwise>)

    Raises TypeError for a definition that cannot work: an unknown name in a rule, too few rules.
    """
    module = sys._getframe(1).f_globals.get("__name__")
    if name in OPS and not is_internal(module) and is_internal(OPS[name].call.__module__):
        raise ValueError(f"op '{name}' belongs to the engine; choose another name")
    op = Op(
        name, forward, rules, inputs=inputs, kind=kind, symbol=symbol,
        linear=linear, holomorphic=holomorphic, outs=outs, composed=composed, vjp=vjp,
        together=together, may_view=may_view,
    )  # fmt: skip
    call: Any = op.call
    call.__name__ = call.__qualname__ = name
    call.__module__ = module or "__main__"
    call.__doc__ = doc or f"Op `{name}` of {', '.join(op.inputs) or 'no arrays'}."
    call.op = op
    op.operators = kind == "elementwise" and vjp is None and is_internal(module)
    OPS[name] = op
    return op.call


def operator_method(function: Any) -> Callable[[Any, Any], Any]:
    """Return a binary op's form for `__add__` and its like: NotImplemented for what is no number."""
    op: Op = function.op
    method = binary(op, operator=True)
    method.__name__ = method.__qualname__ = op.name
    return method


def _pick(outs: tuple[Any, ...], *, index: int, count: int) -> Any:
    return outs[index]


define(
    "pick", _pick, lambda g, *, index, count: Part(g, index, count), kind="index", linear=True,
    doc="One of the outputs of an op that has several.",
)  # fmt: skip
PICK = OPS["pick"]
