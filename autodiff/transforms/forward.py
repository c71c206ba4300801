"""Forward mode: `jvp` and `linearize`. No op has a rule for it: tangents follow from kinds and reverse rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..accumulate import fit
from ..backward import IDENTITY, check_writes, constants, freed, pull_composed, revive, sweep, wrap
from ..config import MODES, is_traced, mode
from ..graph import WRITES, Node, history
from ..op import PICK, Op
from ..tensor import Tensor, asarray
from .levels import Level, mapped, plain, recorded, split_aux, zeros
from .trees import flatten


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return `f(*primals)` and the linear function that maps tangents of the primals to the tangent of the value.

    The linear function does not run `f` again: it walks over what `f` recorded, as often as it is called. With
    `has_aux`, `f` returns `(out, aux)`, and this `(out, f_jvp, aux)`.

    >>> out, f_jvp = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> out, f_jvp(1.0, 0.0), f_jvp(0.0, 1.0)
    (np.float64(6.0), np.float64(3.0), np.float64(2.0))
    """
    level = Level(primals, "linearize", copy=True)
    out, aux = split_aux(level.run(f, level.arguments, {}, keep_inputs=True), has_aux, "out")
    outs, rebuild = flatten(out)
    record = level.outside(outs)

    def f_jvp(*tangents: Any) -> Any:
        return level.release(*_tangents_of(level, outs, rebuild, tangents, record))

    result = level.release(rebuild(outs), record)
    return (result, f_jvp, level.release(aux, record)) if has_aux else (result, f_jvp)


def jvp(
    f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Return `f(*primals)` and its derivative along the tangents (forward mode).

    Args:
        f: any function of the primals; its output may be a container.
        primals, tangents: sequences of the same structure and shapes.
        has_aux: `f` returns `(out, aux)`, and this `(out, tangent, aux)`.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (np.float64(6.0), np.float64(23.0))
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp takes its primals and its tangents as tuples: jvp(f, (x,), (dx,))")
    level = Level(tuple(primals), "jvp", copy=True)
    _check(level, tangents)
    out, aux = split_aux(level.run(f, level.arguments, {}, keep_inputs=True), has_aux, "out")
    outs, rebuild = flatten(out)
    record = level.outside(outs)
    pushed, record = _tangents_of(level, outs, rebuild, tangents, record)
    both = level.release(rebuild(outs), record), level.release(pushed, record)
    return (*both, level.release(aux, record)) if has_aux else both


def _check(level: Level, tangents: Sequence[Any]) -> list[Any]:
    """The tangents' leaves, one for each of the level's, as Tensors of the same dtype."""
    given = [asarray(t) for t in flatten(tuple(tangents))[0]]
    if [t.shape for t in given] != [leaf.shape for leaf in level.leaves]:
        raise ValueError("jvp needs one tangent for each primal, of the same shape and structure")
    for t, leaf in zip(given, level.leaves, strict=True):
        if t.dtype.kind == "c" and leaf.dtype.kind != "c":
            raise TypeError(f"a tangent is complex and its primal is {leaf.dtype}; pass the tangent's real part")
    return [asarray(t, leaf.dtype) if t.dtype != leaf.dtype else t for t, leaf in zip(given, level.leaves, strict=True)]


def _tangents_of(level: Level, outs: list[Any], rebuild: Any, tangents: Any, record: bool) -> tuple[Any, bool]:
    """The outputs' tangents in the outputs' structure, and whether they are recorded."""
    level.given_tensors |= any(type(t) is Tensor for t in flatten(tuple(tangents))[0])
    given = _check(level, tangents)
    record = record or (MODES.get().recording and any(map(recorded, given)))
    return rebuild(push(level.nodes, given, outs, record)), record


def push(sources: Sequence[Any], tangents: Sequence[Any], outs: Sequence[Any], record: bool) -> list[Any]:
    """Walk from sources with these tangents up to the outputs, and return the outputs' tangents."""
    record = record or is_traced()
    tensors = record or mapped()
    table: dict[Any, Any] = {
        source: t if tensors else plain(t) for source, t in zip(sources, tangents, strict=True) if t is not None
    }
    nodes, _ = history([out.node for out in outs if recorded(out)], stop=set(table))
    if nodes and WRITES.last > nodes[0].number:
        check_writes(nodes, forward=True)
    observers = MODES.get().observers
    with mode(recording=True):
        for node in nodes:
            if node not in table:
                along = [table.get(source) for source in node.inputs]
                if any(t is not None for t in along):
                    table[node] = _tangent(node, along, record, tensors)
                    for observer in observers:
                        observer.pushed(node, along, table[node])
    return [table[out.node] if recorded(out) and out.node in table else zeros(asarray(out)) for out in outs]


def _tangent(node: Node, tangents: list[Any], record: bool, tensors: bool) -> Any:
    """The tangent of a node's output from those of its inputs (None: zero)."""
    op: Op = node.op
    if op is PICK:
        return tangents[0][node.params["index"]]
    if op is IDENTITY:
        return tangents[0]
    if node.saved is None:
        raise freed(node)
    saved: Any = revive(node, node.saved) if record else constants(node, node.saved) if tensors else node.saved
    call = op.call if tensors else op.forward
    fixed = len(op.inputs) - op.variadic
    inputs = [*saved[:fixed], *(saved[fixed] if op.variadic else ())]
    if op.linear is True:
        args = [
            (zeros(x) if t is None else t) if op.ruled[min(i, len(op.inputs) - 1)] else x
            for i, (x, t) in enumerate(zip(inputs, tangents, strict=True))
        ]
        return _fit(call(*args, **node.params), node)
    moving = [i for i, t in enumerate(tangents) if t is not None]
    if isinstance(op.linear, tuple) and all(op.inputs[i] in op.linear for i in moving):
        terms = [call(*inputs[:i], tangents[i], *inputs[i + 1 :], **node.params) for i in moving]
    elif op.kind == "elementwise" and not op.several and op.vjp is None and _diagonal(op, inputs):
        terms = [op.plan(1 << i).pull(tangents[i], saved, node.params)[i] for i in moving]
    else:
        return _vjp_of_vjp(node, saved, tangents, record, tensors)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return _fit(total, node)


def _diagonal(op: Op, inputs: list[Any]) -> bool:
    """Whether rule(tangent) is the output's tangent: for real functions and for holomorphic ones."""
    return op.holomorphic or not any(np.iscomplexobj(plain(x)) for x in inputs if x is not None)


def _vjp_of_vjp(node: Node, saved: Any, tangents: list[Any], record: bool, tensors: bool) -> Any:
    """`J t`: the pullback u -> J^T u is linear in u, and its own pullback maps t to J t."""
    op = node.op
    shapes, dtypes = (node.shape, node.dtype) if op.several else ((node.shape,), (node.dtype,))
    probes = [wrap(np.zeros(s, d)[()], None) for s, d in zip(shapes, dtypes, strict=True)]
    if op.composed is not None:
        pulled: Any = pull_composed(node, node.plan, saved, probes[0])
    else:
        pulled = node.plan.pull(tuple(probes) if op.several else probes[0], saved, node.params)
    roots = []
    for source, gradient, t in zip(node.inputs, pulled, tangents, strict=False):
        if gradient is not None and t is not None:
            gradient = fit(gradient, source)
            if gradient.requires_grad:
                roots.append((gradient.node, t))
    wanted: list[Any] = [probe.node for probe in probes]  # None for integers
    live = [n for n in wanted if n is not None]
    found = sweep(roots, live, retain=True, create_graph=tensors, record=record, stop=True) if roots else {}
    results = [found.get(n, zeros(p)) for n, p in zip(wanted, probes, strict=True)]
    return tuple(results) if op.several else results[0]


def _fit(tangent: Any, node: Node) -> Any:
    """Give a tangent the shape and dtype of the node's output; an op of several outputs gives a tuple."""
    if isinstance(tangent, tuple):
        return tangent
    if np.shape(plain(tangent)) != node.shape:
        tangent = tangent + np.zeros(node.shape, node.dtype)
    return fit(tangent, node)
