"""Derivatives of functions: `grad`, `value_and_grad`, `vjp`, `jvp`.

Each call wraps its arguments in fresh identity nodes, runs the function, and walks back to those nodes (or
forward from them) and no further. So transforms nest in any order, and levels cannot be confused:
d/dx [x d/dy (x y) at y = x] at 3 is 6.

Arguments may be numbers, arrays, Tensors, and containers of these (lists, tuples, dicts, whatever optree
knows). Given arrays and numbers a transform returns arrays; given Tensors it returns Tensors, recorded where
they depend on something that requires a gradient. A function that uses such a Tensor from outside gives
Tensors too, since its derivative depends on it; under `no_grad()` it gives arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from .backward import IDENTITY, check_loss, fit, freed, pull_composed, revive, seed, sweep, wrap
from .config import MODES, mode
from .errors import GradientError, describe
from .graph import Node, history
from .op import PICK, Op
from .tensor import Tensor, asarray, constant

# -- one level of differentiation -----------------------------------------------------------------------


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """Take a container apart into its leaves and a function that puts new leaves in their places."""
    if _is_leaf(tree):
        return [tree], lambda leaves: leaves[0]
    if type(tree) is tuple and all(map(_is_leaf, tree)):
        return list(tree), tuple
    import optree  # here, not above: importing autodiff costs little more than importing NumPy

    leaves, spec = optree.tree_flatten(tree)
    return leaves, lambda new: optree.tree_unflatten(spec, new)


def _is_leaf(tree: Any) -> bool:
    return type(tree) is Tensor or isinstance(tree, np.ndarray | np.generic | float | int | complex)


class Level:
    """One transform's arguments, each leaf wrapped in a fresh identity node, and what was computed of them."""

    def __init__(self, tree: Any, what: str, *, copy: bool = False) -> None:
        leaves, self.rebuild = flatten(tree)
        self.given_tensors = any(type(leaf) is Tensor for leaf in leaves)
        self.copy = copy  # arrays in and out, so that writing into them later changes no saved array
        self.leaves = [Tensor(leaf) if copy and type(leaf) is not Tensor else asarray(leaf) for leaf in leaves]
        for leaf in self.leaves:
            if leaf.dtype.kind not in "fc":
                raise TypeError(
                    f"{what} differentiates with respect to floating and complex numbers; an argument is "
                    f"{describe(leaf.value)}. Write 2.0 instead of 2, or leave it out with argnums=."
                )
        self.state = SimpleNamespace(running=True)  # a node knows it, not the level: that would be a cycle
        wrapped = [
            wrap(leaf.value, (leaf.node or leaf) if leaf.requires_grad else None, level=self.state)
            for leaf in self.leaves
        ]
        self.nodes: list[Any] = [tensor.node for tensor in wrapped]
        self.arguments = self.rebuild(wrapped)

    def run(self, f: Callable[..., Any], args: Any, kwargs: Any, *, keep_inputs: bool = False) -> Any:
        """Call the function with recording on, whatever the surrounding mode."""
        keep_inputs = keep_inputs or MODES.get().keep_inputs
        try:
            with mode(recording=True, keep_inputs=keep_inputs, transforming=True):
                return f(*args, **kwargs)
        finally:
            self.state.running = False

    def outside(self, outs: Sequence[Any]) -> bool:
        """Whether outputs depend on anything that requires a gradient outside this level."""
        if not MODES.get().recording:
            return False
        if any(leaf.requires_grad for leaf in self.leaves):
            return True
        roots = [out.node or out for out in outs if _recorded(out)]
        nodes, leaves = history(roots, stop=set(self.nodes))
        levels = [node.params["level"] for node in nodes if "level" in node.params]
        return bool(leaves) or any(level.running for level in levels)

    def release(self, value: Any, recorded: bool) -> Any:
        """Hand a result (or a container of them) to the caller: Tensors where Tensors are due, or arrays."""
        results, rebuild = flatten(value)
        return rebuild([self._release(result, recorded) for result in results])

    def _release(self, value: Any, recorded: bool) -> Any:
        if type(value) is Tensor and recorded:
            return value
        plain = _plain(value)
        if not isinstance(plain, np.ndarray | np.generic):
            return value
        if self.copy and isinstance(plain, np.ndarray):
            plain = plain.copy()
        return constant(plain) if self.given_tensors else plain


def _recorded(value: Any) -> bool:
    return type(value) is Tensor and value.requires_grad


def _pick_args(args: tuple[Any, ...], argnums: int | Sequence[int], what: str) -> tuple[Any, list[int]]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise TypeError(f"{what} with argnums={argnums} needs that many positional arguments, got {len(args)}")
    numbers = [n % len(args) for n in numbers]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"argnums={argnums} names an argument twice")
    return (args[numbers[0]] if isinstance(argnums, int) else tuple(args[n] for n in numbers)), numbers


# -- reverse mode ---------------------------------------------------------------------------------------


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Make the function that returns `f`'s value and its gradient.

    Args:
        f: returns a single real number; with `has_aux`, a pair of that and anything else.
        argnums: which positional argument to differentiate by, or several (then the gradient is a tuple).
            Each may be a container; its gradient has the same structure.
        has_aux: the value returned is then the pair.

    Raises GradientError if `f` does not return a single real number, TypeError for integer arguments.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (np.float64(9.0), np.float64(6.0))
    """

    def value_and_grad_f(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen, numbers = _pick_args(args, argnums, "grad")
        level = Level(chosen, "grad")
        arguments = [level.arguments] if isinstance(argnums, int) else list(level.arguments)
        called = list(args)
        for n, argument in zip(numbers, arguments, strict=True):
            called[n] = argument
        out = level.run(f, called, kwargs)
        if has_aux and not (isinstance(out, tuple) and len(out) == 2):
            raise TypeError(f"with has_aux=True the function returns a pair (loss, aux), got {type(out).__name__}")
        loss = out[0] if has_aux else out
        recorded = level.outside(flatten(out)[0])
        gradients = _pull([loss], [None], level, recorded)
        return level.release(out, recorded), level.release(level.rebuild(gradients), recorded)

    return _named(value_and_grad_f, f)


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Make the function that returns the gradient of `f`: see `value_and_grad`. With `has_aux`, `(gradient, aux)`.

    >>> grad(lambda x: x * x * x)(2.0)
    np.float64(12.0)
    >>> grad(grad(lambda x: x * x * x))(2.0)
    np.float64(12.0)
    >>> grad(lambda p: (p["w"] * p["b"]).sum())({"w": np.array([1.0, 2.0]), "b": 3.0})
    {'w': array([3., 3.]), 'b': np.float64(3.0)}
    """
    both = value_and_grad(f, argnums, has_aux)

    def grad_f(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return _named(grad_f, f)


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return `f(*primals)` and its pullback, which maps an output gradient to a tuple of input gradients.

    The pullback may be called any number of times. With `has_aux`, `f` returns `(out, aux)`, and this
    `(out, pullback, aux)`.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (np.float64(6.0), (np.float64(3.0), np.float64(2.0)))
    """
    level = Level(primals, "vjp", copy=True)
    out = level.run(f, level.arguments, {})
    out, aux = out if has_aux else (out, None)
    outs, rebuild = flatten(out)
    recorded = level.outside(outs)

    def pullback(cotangent: Any) -> Any:
        given = flatten(cotangent)[0]
        if len(given) != len(outs):
            raise ValueError(f"the pullback takes {len(outs)} output gradients, in the structure of the output")
        record_pass = recorded or any(map(_recorded, given))
        gradients = _pull(outs, given, level, record_pass)
        return level.release(level.rebuild(gradients), record_pass)

    result = level.release(rebuild(outs), recorded)
    return (result, pullback, level.release(aux, recorded)) if has_aux else (result, pullback)


def _pull(outs: Sequence[Any], cotangents: Sequence[Any], level: Level, recorded: bool) -> list[Any]:
    """Pull cotangents back to the level's leaves; what the outputs do not depend on has gradient zero."""
    roots = []
    for out, cotangent in zip(outs, cotangents, strict=True):
        if not _is_leaf(out):
            raise GradientError(f"a differentiated function returns numbers; this one returned {type(out).__name__}")
        tensor = asarray(out)
        if _recorded(tensor):
            roots.append(seed(tensor, cotangent, recorded))
        elif cotangent is None:  # a constant function; refuse what no gradient could start from
            check_loss(tensor.value)
    found = sweep(roots, level.nodes, retain=True, create_graph=recorded, stop=True) if roots else {}
    return [
        found[node] if node in found else np.zeros_like(leaf.value)[()]
        for node, leaf in zip(level.nodes, level.leaves, strict=True)
    ]


def _named(function: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    function.__doc__ = f"{function.__name__[:-2]} of {getattr(f, '__name__', 'a function')}."
    return function


# -- forward mode ---------------------------------------------------------------------------------------


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return `f(*primals)` and its derivative along the tangents (forward mode).

    No op has a forward-mode rule: each node's tangent follows from its op's kind and from the rule it has.

    Args:
        f: any function of the primals; its output may be a container.
        primals, tangents: sequences of the same structure and shapes.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (np.float64(6.0), np.float64(23.0))
    """
    if not isinstance(primals, tuple | list) or not isinstance(tangents, tuple | list):
        raise TypeError("jvp takes its primals and its tangents as tuples: jvp(f, (x,), (dx,))")
    level = Level(tuple(primals), "jvp", copy=True)
    given = flatten(tuple(tangents))[0]
    if [np.shape(t if type(t) is not Tensor else t.value) for t in given] != [t.shape for t in level.leaves]:
        raise ValueError("jvp needs one tangent for each primal, of the same shape and structure")
    outs, rebuild = flatten(level.run(f, level.arguments, {}, keep_inputs=True))
    recorded = level.outside(outs) or (MODES.get().recording and any(map(_recorded, given)))
    level.given_tensors |= any(type(t) is Tensor for t in given)
    table: dict[Any, Any] = {}
    for node, leaf, tangent in zip(level.nodes, level.leaves, given, strict=True):
        t = asarray(tangent, leaf.dtype)
        table[node] = t if recorded else t.value
    _push([out.node for out in outs if _recorded(out)], table, recorded)
    out_tangents = [
        table[out.node] if _recorded(out) and out.node in table else np.zeros_like(asarray(out).value)[()]
        for out in outs
    ]
    return level.release(rebuild(outs), recorded), level.release(rebuild(out_tangents), recorded)


def _push(roots: list[Any], table: dict[Any, Any], recorded: bool) -> None:
    """Walk from the nodes in the table up to the roots, and enter each node's tangent."""
    nodes, _ = history(roots, stop=set(table))
    observers = MODES.get().observers
    with mode(recording=True):
        for node in nodes:
            if node not in table:
                tangents = [table.get(source) for source in node.inputs]
                if any(t is not None for t in tangents):
                    table[node] = _tangent(node, tangents, recorded)
                    for observer in observers:
                        observer.pushed(node, tangents, table[node])


def _tangent(node: Node, tangents: list[Any], recorded: bool) -> Any:
    """The tangent of a node's output from those of its inputs (None: zero)."""
    op: Op = node.op
    if op is PICK:
        return tangents[0][node.params["index"]]
    if op is IDENTITY:
        return tangents[0]
    if node.saved is None:
        raise freed(node)
    saved: Any = node.saved if not recorded else revive(node, node.saved)
    call = op.call if recorded else op.forward
    fixed = len(op.inputs) - op.variadic
    inputs = [*saved[:fixed], *(saved[fixed] if op.variadic else ())]
    if op.linear is True:
        args = [
            (np.zeros_like(_plain(x)) if t is None else t) if op.ruled[min(i, len(op.inputs) - 1)] else x
            for i, (x, t) in enumerate(zip(inputs, tangents, strict=True))
        ]
        return _fit(call(*args, **node.params), node)
    moving = [i for i, t in enumerate(tangents) if t is not None]
    if isinstance(op.linear, tuple) and all(op.inputs[i] in op.linear for i in moving):
        terms = [call(*inputs[:i], tangents[i], *inputs[i + 1 :], **node.params) for i in moving]
    elif op.kind == "elementwise" and not op.several and op.vjp is None and _diagonal(op, inputs):
        terms = [op.plan(1 << i).pull(tangents[i], saved, node.params)[i] for i in moving]
    else:
        return _vjp_of_vjp(node, saved, tangents, recorded)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return _fit(total, node)


def _diagonal(op: Op, inputs: list[Any]) -> bool:
    """Whether rule(tangent) is the output's tangent: for real functions and for holomorphic ones."""
    return op.holomorphic or all(np.asarray(_plain(x)).dtype.kind != "c" for x in inputs if x is not None)


def _vjp_of_vjp(node: Node, saved: Any, tangents: list[Any], recorded: bool) -> Any:
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
    wanted: list[Any] = [probe.node for probe in probes]
    found = sweep(roots, wanted, retain=True, create_graph=recorded, stop=True) if roots else {}
    results = [found.get(n, np.zeros_like(p.value)) for n, p in zip(wanted, probes, strict=True)]
    return tuple(results) if op.several else results[0]


def _fit(tangent: Any, node: Node) -> Any:
    """Give a tangent the shape and dtype of the node's output; an op of several outputs gives a tuple."""
    if isinstance(tangent, tuple):
        return tangent
    if np.shape(_plain(tangent)) != node.shape:
        tangent = tangent + np.zeros(node.shape, node.dtype)
    return fit(tangent, node)


def _plain(x: Any) -> Any:
    return x.value if type(x) is Tensor else x
