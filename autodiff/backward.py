"""The backward pass: walk the graph from the newest node to the oldest, and apply the chain rule.

    for node in nodes, newest first:
        for each input of node:
            gradient[input] += rule(gradient[node], what the rule named)

Every node is newer than its inputs, so when its turn comes all its gradient has arrived. The same loop runs
on arrays (an ordinary pass) and on Tensors (`create_graph=True`), where the rules record themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

import numpy as np

from .accumulate import fit, merge, own, read_only
from .batched import Batched
from .call import record
from .config import MODES, is_traced, mode
from .errors import GradientError, describe
from .graph import PAIR, WRITES, Node, by_number, format_line, notes
from .kernels.large import LARGE
from .kernels.large import pull as pull_large
from .op import OPS, PICK, Lazy, Plan, define, signature
from .ops.index import Rows
from .tensor import WRITTEN, Tensor, at, constant, refresh, stand_in, why_constant

_ndarray, _float64, _floating = np.ndarray, np.float64, np.floating
_add_reduce = np.add.reduce
Source = Node | Tensor


def backward(
    tensor: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Iterable[Tensor] | None = None,
) -> None:
    """Compute the gradient of this tensor with respect to every leaf it was computed from.

    It is added to each leaf's `.grad` (to that of `inputs` only, if given).

    Args:
        gradient: dL/d(this tensor), of its shape; needed unless it is a single real number, where it is 1.
        retain_graph: keep what the nodes saved, so that the graph can be walked again. By default
            it is freed on the way, except with `create_graph`.
        create_graph: record the backward pass itself, so that the gradients can be differentiated. Each leaf's
            `.grad` then holds a graph that holds the leaf, a cycle; `gradients()` avoids it.
        inputs: the tensors whose `.grad` is wanted.

    Raises GradientError if the tensor has no graph, is not a single number and no gradient is given, or
    its graph was freed by an earlier pass.

    >>> from autodiff import Tensor
    >>> x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    >>> f = (x + y) * z
    >>> f.backward()
    >>> x.grad.item(), y.grad.item(), z.grad.item()
    (-4.0, -4.0, 3.0)
    """
    backward_all([tensor], [gradient], retain_graph, create_graph, inputs)


def backward_all(
    tensors: Sequence[Tensor],
    gradients: Sequence[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Iterable[Tensor] | None = None,
) -> None:
    """Run one backward pass from several tensors at once: the gradient of the sum of their losses."""
    if MODES.get().forward is not None:
        raise GradientError(
            "backward() inside a function that vmap maps: every example would add to the same .grad. Use grad(f) "
            "there, or call backward() on the result of vmap."
        )
    if len(tensors) == len(gradients) == 1:
        roots = [seed(tensors[0], gradients[0], create_graph)]  # a comprehension costs 0.2 us
    else:
        roots = _seeds(tensors, gradients, create_graph)
    retain = create_graph if retain_graph is None else retain_graph
    wanted = None if inputs is None else [_tracked(t) for t in inputs]
    found = sweep(roots, wanted, retain=retain, create_graph=create_graph, rows=True)
    for source, g in found.items():
        add_to_grad(source, g)


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> Any:
    """Return the gradients of outputs with respect to inputs, leaving every `.grad` alone.

    One tensor as `inputs` gives one gradient, a sequence a tuple. Inputs may be computed tensors. An input that
    the outputs do not depend on is an error, or None with `allow_unused=True`.

    >>> from autodiff import Tensor
    >>> x = Tensor(3.0, requires_grad=True)
    >>> dx = gradients(x * x * x, x, create_graph=True)
    >>> dx.item(), gradients(dx, x).item()
    (27.0, 18.0)
    """
    single = type(inputs) is Tensor
    outs = [outputs] if type(outputs) is Tensor else list(outputs)
    ins: list[Any] = [inputs] if single else list(inputs)
    seeds = [None] * len(outs) if grad_outputs is None else grad_outputs
    if type(outputs) is Tensor and grad_outputs is not None and not isinstance(seeds, list | tuple):
        seeds = [seeds]
    roots = _seeds(outs, seeds, create_graph)
    retain = create_graph if retain_graph is None else retain_graph
    wanted = [_tracked(t) for t in ins]
    found = sweep(roots, wanted, retain=retain, create_graph=create_graph)
    results: list[Tensor | None] = []
    seen: set[Source] = set()
    for i, source in enumerate(wanted):
        g = found.get(source)
        if g is None and not allow_unused:
            raise GradientError(
                f"the outputs do not depend on input {i} ({ins[i]!r}). Pass allow_unused=True to get None for it."
            )
        if type(g) is _ndarray and source in seen:
            g = g.copy()  # the same input twice: two gradients, not one
        seen.add(source)
        results.append(g if g is None else _as_tensor(g))
    return results[0] if single else tuple(results)


def _tracked(tensor: Any) -> Source:
    if type(tensor) is Tensor:
        refresh(tensor)
    if type(tensor) is not Tensor or not tensor.requires_grad:
        what = (
            repr(tensor) if type(tensor) is not Tensor else "this tensor does not require grad" + why_constant(tensor)
        )
        raise GradientError(f"gradients are found with respect to tensors that require grad; {what}")
    return tensor.node or tensor


def _seeds(tensors: Sequence[Tensor], gradients: Sequence[Any], create_graph: bool) -> list[tuple[Source, Any]]:
    if len(tensors) != len(gradients):
        raise ValueError(f"each tensor needs a gradient, or None: got {len(gradients)} for {len(tensors)}")
    return [seed(t, g, create_graph) for t, g in zip(tensors, gradients, strict=True)]


def seed(tensor: Tensor, gradient: Any, create_graph: bool) -> tuple[Source, Any]:
    """Check where a pass starts and with which gradient."""
    if type(tensor) is not Tensor:
        raise TypeError(f"a backward pass starts from a Tensor, got {describe(tensor)}")
    if WRITTEN:
        refresh(tensor)
    if not tensor.requires_grad:
        raise GradientError(f"this tensor does not require grad{why_constant(tensor)}.")
    value = tensor.value
    if gradient is None and isinstance(value, _floating):
        one = type(value)(1)
        return tensor.node or tensor, constant(one) if create_graph else one
    if gradient is None:
        check_loss(value)
        g: Any = np.ones(value.shape, value.dtype) if value.shape else value.dtype.type(1)
    else:
        g = gradient.value if type(gradient) is Tensor else np.asarray(gradient)
        if g.shape != value.shape:
            raise ValueError(f"gradient has shape {g.shape}, the tensor {value.shape}; they must be equal")
        if g.dtype.kind == "c" and value.dtype.kind != "c":
            raise TypeError(f"gradient is complex, the tensor {describe(value)}; pass its real part")
    if create_graph and type(gradient) is Tensor:
        with mode(recording=True):
            return tensor.node or tensor, gradient if gradient.dtype == value.dtype else gradient.astype(value.dtype)
    if type(gradient) is Tensor and is_traced():
        with mode(recording=False):
            own_gradient = stand_in(gradient, g.copy())
            return tensor.node or tensor, own_gradient.astype(value.dtype) if g.dtype != value.dtype else own_gradient
    if g.dtype != value.dtype:
        g = g.astype(value.dtype)
    if type(g) is _ndarray and not g.shape:
        g = g[()]
    return tensor.node or tensor, constant(g) if create_graph else g


def check_loss(value: Any) -> None:
    """Raise GradientError unless a gradient can start here with 1: from a single real number."""
    if value.size != 1:
        raise GradientError(
            f"backward() starts from a single number, this tensor is {describe(value)}. Reduce it to a loss first, "
            "t.sum().backward(), or pass the gradient of your loss with respect to it: t.backward(gradient)."
        )
    if value.dtype.kind == "c":
        raise GradientError("backward() starts from a real number, this one is complex. Pass a gradient.")


# -- the loop -----------------------------------------------------------------------------------------


def sweep(
    roots: Sequence[tuple[Source, Any]],
    wanted: Sequence[Source] | None = None,
    *,
    retain: bool = False,
    create_graph: bool = False,
    record: bool = True,
    stop: bool = False,
    outer: Container[Any] = (),
    rows: bool = False,
) -> dict[Any, Any]:
    """Walk back from `(source, gradient)` pairs and return the gradients of the leaves.

    With `wanted`, return the gradients of those sources instead, and do only the work that leads to them;
    with `stop`, go no further below them; with `rows`, gradients of leaves may come as `Rows`. The arrays returned
    share memory with nothing else.

    With `create_graph` all is computed on Tensors, which record themselves unless `record` is False. Hooks of
    sources in `outer` do not run: another pass will come to them.
    """
    modes = MODES.get()
    if modes.forward is not None and not create_graph:
        create_graph, record = True, False  # inside vmap there are Tensors only
    if create_graph and record and not modes.recording:
        with mode(recording=True):
            return sweep(roots, wanted, retain=retain, create_graph=True, stop=stop, outer=outer)
    targets: Any = None if wanted is None else set(wanted)
    order, grads = _order(roots, targets if stop else ())
    if order and WRITES.last > order[-1].number:
        check_writes(order)
    live = None if targets is None else _leading_to(targets, order)
    observers = modes.observers
    tracing = bool(observers) and is_traced()
    ordinary = not (create_graph or observers)
    whole = ordinary and live is None
    mine: set[Any] = set()  # sources whose gradient is a buffer of this pass, which it may write into
    kept: dict[Any, Any] = {}
    box: Any = None
    for root, g in roots:
        if tracing and type(g) is not Tensor:
            g = constant(g)
            for observer in observers:
                observer.made(g)
        if live is None or root in live:
            grads[root] = g if grads[root] is None else grads[root] + g
    for node in order:
        g = grads.pop(node)
        if g is None:
            continue
        if node.extra is not None and node not in outer:
            g = _visit(node, g)
        saved, plan = node.kept, node.plan
        if saved is PAIR:
            saved = (node.first, node.second, None)
        if live is not None:
            if node in targets:
                kept[node] = g
                if stop:
                    continue
            plan = _narrow(plan, node.inputs, live)
        if saved is None:
            raise freed(node)
        if not retain and plan.frees:
            node.kept = node.first = node.second = None
        try:
            if ordinary:
                # Graphs of numbers are made of this case.
                if whole and type(g) is _float64 and (y := node.y) is not None:
                    x = node.x
                    gx, gy = pulled = (g, g) if plan.passes else plan.pull(g, saved, node.params)
                    if type(gy) is _float64 is type(y.value) and (x is None or type(gx) is _float64 is type(x.value)):
                        if x is not None:
                            before = grads[x]
                            grads[x] = gx if before is None else before + gx
                        before = grads[y]
                        grads[y] = gy if before is None else before + gy
                        continue
                elif type(g) is _ndarray and g.size >= LARGE and plan.op.operators:
                    pulled = pull_large(plan.pull, g, saved, node.params)
                else:
                    pulled = plan.pull(g, saved, node.params)
            else:
                for observer in observers:
                    observer.pulling(node)
                if create_graph:
                    pulled = pull_tensors(node, plan, saved, g, record)
                else:
                    pulled = (_pull_traced if tracing else _pull_plain)(node, plan, saved, g)
            sources = (node.x, node.y) if node.more is None else node.more
            for source, gi in zip(sources, pulled):  # noqa: B905  # strict= costs 50 ns an op; of one input, pulled is the shorter
                if source is None or gi is None or (live is not None and source not in live):
                    continue
                kind = type(gi)
                if kind is _ndarray:
                    if not gi.shape or gi.shape != source.shape or gi.dtype is not source.dtype:
                        gi = fit(gi, source)
                elif kind is not type(source.value):
                    gi = fit(gi, source)
                before = grads[source]
                if kind is _float64:  # NumPy scalars are immutable: nothing to own
                    grads[source] = gi if before is None else before + gi
                elif before is None and not isinstance(gi, Lazy):
                    grads[source] = gi
                else:
                    box = [before]
                    grads[source] = before = None  # so that `merge` sees who else holds it
                    grads[source] = merge(box, gi, source, mine)
        except Exception as error:
            for observer in observers:
                observer.failed(node)
            error.add_note(f"in the backward pass of op '{node.op.name}', called at {format_line(node.line)}")
            raise
        if observers:
            for observer in observers:
                observer.pulled(node, g, pulled, saved, order)
    for leaf, g in grads.items():
        if g is not None and (targets is None or leaf in targets):
            if type(g) is Rows and (not rows or observers or leaf.extra.hooks):
                g = g.into(None)
            if observers:
                for observer in observers:
                    observer.arrived(leaf, g)
            extra = leaf.extra
            kept[leaf] = g if extra is None or not extra.hooks or leaf in outer else _run_hooks(leaf, g)
    grads.clear()
    g = gi = gx = gy = before = box = saved = pulled = None  # drop them, so that `own` sees who else holds an array
    return own(kept)


def _order(roots: Sequence[tuple[Source, Any]], stops: Any) -> tuple[list[Node], dict[Any, Any]]:
    """Return the nodes below the roots, newest first, and a table with None for each source."""
    grads: dict[Any, Any] = {}
    nodes: list[Any] = []
    append = nodes.append
    for source, _ in roots:
        if source not in grads:
            grads[source] = None
            if type(source) is Node:
                append(source)
    stack = nodes.copy()  # what came last goes on first: nodes near in time are near in memory
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if stops and node in stops:
            continue
        if node.more is not None:
            for source in node.more:
                if source is not None and source not in grads:
                    grads[source] = None
                    if type(source) is Node:
                        push(source)
                        append(source)
            continue
        source = node.x
        if source is not None and source not in grads:
            grads[source] = None
            if type(source) is Node:
                push(source)
                append(source)
        source = node.y
        if source is not None and source not in grads:
            grads[source] = None
            if type(source) is Node:
                push(source)
                append(source)
    nodes.sort(key=by_number, reverse=True)
    return nodes, grads


def _leading_to(targets: set[Any], order: list[Node]) -> set[Any]:
    """The targets, and the nodes that were computed from them."""
    live = set(targets)
    for node in reversed(order):
        if node not in live and not live.isdisjoint(node.inputs):
            live.add(node)
    return live


def _narrow(plan: Plan, inputs: tuple[Any, ...], live: set[Any]) -> Plan:
    """The plan for the inputs that matter to this pass."""
    last, needs = len(plan.op.inputs) - 1, 0
    for i, source in enumerate(inputs):
        if source in live:
            needs |= 1 << min(i, last)
    return plan.narrow(needs)


def _visit(node: Node, g: Any) -> Any:
    """Run a node's hooks, and keep its gradient if it is to be kept."""
    extra: Any = node.extra
    g = _run_hooks(node, g)
    if extra.retain:
        old = extra.grad
        if type(g) is Tensor:
            extra.grad = g if old is None else old + g
        else:
            extra.grad = constant(g.copy() if old is None else old.value + g)
    return g


def _run_hooks(source: Any, g: Any) -> Any:
    """Show the whole gradient of a source to its hooks; what they return takes its place."""
    hooks: dict[int, Callable[[Tensor], Any]] | None = source.extra.hooks
    if not hooks:
        return g
    recorded = type(g) is Tensor
    for hook in list(hooks.values()):
        result = hook(g if recorded else constant(read_only(g)))
        if result is None:
            continue
        value = result.value if type(result) is Tensor else np.asarray(result)
        if value.shape != source.shape:
            raise ValueError(f"a hook returned a gradient of shape {value.shape} for a tensor of shape {source.shape}")
        if value.dtype.kind == "c" and source.dtype.kind != "c":
            raise TypeError(f"a hook returned a complex gradient for a tensor of {source.dtype}; return its real part")
        g = _as_tensor(result) if recorded else fit(value, source)
    return g


def _as_tensor(g: Any) -> Tensor:
    return g if type(g) is Tensor else constant(g)


def add_to_grad(source: Any, g: Any) -> None:
    """Add a gradient to a tensor's `.grad`."""
    extra = source.extra or notes(source)
    if extra.rows is not None:
        if type(g) is Rows and extra.grad is None:
            extra.rows = extra.rows.joined(g) if extra.rows else g
            return
        g = g.into(None) if type(g) is Rows else g
        extra.grad = source.grad
    old = extra.grad
    if extra.retain:
        return  # the pass has kept it already
    if old is None:
        if type(g) is Tensor and g.requires_grad:
            g = wrap(g.value.copy(), g.node or g)
        extra.grad = _as_tensor(g)
    elif type(g) is Tensor or old.requires_grad:
        with mode(recording=True):
            extra.grad = old + g
    elif type(old.value) is _ndarray:
        old.value += g
        WRITES.note(old.value)
    else:
        old.value = old.value + g


# -- errors that are better found before walking ------------------------------------------------------


def freed(node: Node) -> GradientError:
    """Say that a node no longer has what its rule needs, and what to do."""
    return GradientError(
        f"the graph was freed by an earlier backward pass (finished or not): op '{node.op.name}' at "
        f"{format_line(node.line)} no longer has what its rule needs. Pass retain_graph=True to the earlier "
        "backward(), or compute the loss again."
    )


def check_writes(order: Iterable[Node], forward: bool = False) -> None:
    """Find saved arrays that were written in place after they were saved, among those that a pass reads."""
    for node in order:
        for name, saved in node.saved_arrays.items():
            if not _is_read(node, name, forward):
                continue
            for array in saved if type(saved) is tuple else (saved,):
                line = WRITES.after(node.number, array.value if type(array) is Tensor else array)
                if line is not None:
                    raise GradientError(
                        f"op '{node.op.name}' at {format_line(node.line)} kept {name!r} for its rule, and "
                        f"{format_line(line)} has written into that array since, so the gradient would be wrong. "
                        "Call backward() before the write, or compute with a copy: t.clone()."
                    )


def _is_read(node: Node, name: str, forward: bool) -> bool:
    """Whether a pass reads a saved array: while a function is linearized all of them are kept."""
    op, keep, arrays = node.op, node.plan.keep, (*node.op.inputs, *node.op.outs)
    if forward and op.linear is True:
        return False
    if forward and op.linear and name in op.inputs:
        return True
    return name not in arrays or (keep is not None and keep[arrays.index(name)])


# -- the same loop on Tensors -------------------------------------------------------------------------


def wrap(value: Any, source: Source | None, of: Any = None, **params: Any) -> Tensor:
    """Put an identity node above a source (or above nothing), which a sweep can stop at; `of` is what it stands for."""
    tensor = record(IDENTITY.plan(1), source, None, None, (), params, value, sys._getframe(1))
    for observer in MODES.get().observers if of is not None else ():
        observer.same(tensor, of)
    return tensor


def revive(node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """Turn saved arrays back into Tensors, each at its place in the graph; constants stay arrays."""
    op, n = node.op, len(node.op.inputs)
    if not saved:
        return saved

    def at_source(value: Any, source: Any) -> Any:
        if value is None:
            return None
        if source is None:
            return constant(value) if type(value) is Batched else value
        if type(source) is Node:
            return at(value, source)
        return source if source.value is value else wrap(value, source)  # the leaf has a new value since

    revived: list[Any] = []
    for i, value in enumerate(saved[:n]):
        if op.variadic and i == n - 1 and value is not None:
            revived.append(tuple(map(at_source, value, node.inputs[i:])))
        else:
            revived.append(at_source(value, node.inputs[i] if i < len(node.inputs) else None))
    for index, value in enumerate(saved[n : n + len(op.outs)]):
        if value is not None and op.several:
            params = {"index": index, "count": len(op.outs)}
            revived.append(record(PICK.plan(1), node, None, None, (), params, value, sys._getframe(1)))
        else:
            revived.append(None if value is None else at(value, node))
    return (*revived, *saved[n + len(op.outs) :])


def constants(node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """Turn saved arrays into Tensors outside the graph: rules compute with them, and record nothing."""
    n = len(node.op.inputs) + len(node.op.outs)
    return (*map(_constant, saved[:n]), *saved[n:])


def _constant(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    return constant(value) if isinstance(value, _ndarray | np.generic | Batched) else value


def pull_tensors(node: Node, plan: Plan, saved: tuple[Any, ...], g: Any, record: bool) -> Any:
    """Pull a Tensor gradient back through a node; with `record` the rules record themselves."""
    with mode(recording=True):
        tensors = revive(node, saved) if record else constants(node, saved)
        if node.op.composed is None:
            return plan.pull(g, tensors, node.params)
        return pull_composed(node, plan, tensors, g, record)


def _pull_plain(node: Node, plan: Plan, saved: tuple[Any, ...], g: Any) -> Any:
    return plan.pull(g, saved, node.params)


def _pull_traced(node: Node, plan: Plan, saved: tuple[Any, ...], g: Any) -> Any:
    """Pull a gradient back such that a trace sees each op call of the rules; nothing is recorded."""
    op = node.op
    with mode(recording=False):
        tensors = revive(node, saved)
        kernel = op.vjp or op.together
        if kernel is None or (op.vjp is None and (not tensors or type(g.value) is not _ndarray)):
            return plan.pull(g, tensors, node.params)
        positional, keywords = signature(kernel)
        named = dict(zip((*op.inputs, *op.outs, *op.facts), tensors, strict=True)) | {"g": g, "saved": node}
        named["needs"] = tuple([plan.needs >> i & 1 == 1 for i in range(len(op.inputs))])
        params = {name: node.params[name] for name in keywords}
        arrays = tuple([kept.value if type(kept) is Tensor else kept for kept in saved])
        found = plan.pull(g.value, arrays, node.params)
        gradients = [None if gi is None else constant(gi) for gi in found]
        for observer in MODES.get().observers:
            observer.called_vjp(node, [named[name] for name in positional], params, gradients)
        return gradients


def pull_composed(node: Node, plan: Plan, tensors: tuple[Any, ...], g: Any, record: bool = True) -> list[Any]:
    """Run a fused op's composed form again from its inputs, and pull back through that."""
    inputs = list(tensors[: len(node.op.inputs)])
    wanted: dict[int, Source] = {}
    for i, x in enumerate(inputs):
        if plan.needs >> i & 1:
            tracked = type(x) is Tensor and x.requires_grad
            inputs[i] = wrap(x.value, x.node or x, x) if tracked else wrap(getattr(x, "value", x), None, x)
            wanted[i] = inputs[i].node
    composed: Any = node.op.composed
    out = composed(*inputs, **node.params)
    if not out.requires_grad:
        return [None] * len(inputs)
    found = sweep([(out.node, g)], list(wanted.values()), retain=True, create_graph=True, record=record, stop=True)
    return [found.get(wanted[i]) if i in wanted else None for i in range(len(inputs))]


identity = define(
    "identity", lambda x: x, lambda g: g, kind="elementwise", linear=True, may_view=True,
    doc="The value itself. Transforms put one above each argument, to know where their own graph begins.",
)  # fmt: skip
IDENTITY = OPS["identity"]

Tensor.backward = backward  # type: ignore[method-assign, assignment]  # its first parameter is no `self`
