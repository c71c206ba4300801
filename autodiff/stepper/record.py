"""One backward pass, written down: what arrived at each op, what its rules gave, and every sum on the way.

The pass is the real one, `backward.sweep`, with an observer that listens. The observer adds up a table of its own by
the same functions in the same order, so that each partial sum is known and has the same bits. All arrays are copied
when they are met: what happens to the graph later changes nothing that was written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..accumulate import fit, merge
from ..backward import add_to_grad, seed, sweep
from ..config import MODES, Observer, is_traced, mode
from ..errors import GradientError
from ..graph import Node, history
from ..op import Lazy
from ..tensor import Tensor

_float64 = np.float64


class Term(NamedTuple):
    """A gradient that an op's rule has given to one of its inputs."""

    slot: int  # which input
    source: Any  # the node or leaf that it is the gradient of
    raw: Any  # as the rule returned it
    fitted: Any  # summed to the input's shape and cast to its dtype; a Lazy stays one
    before: Any  # what had arrived at the input until then, or None
    total: Any  # and with this one


class Event(NamedTuple):
    """An op's turn in the pass."""

    node: Node
    arrived: Any  # the gradient of its output; of an op with several outputs a list with None for those unused
    g: Any  # the same as the op's hooks have changed it
    terms: tuple[Term, ...]
    saved: tuple[Any, ...]  # what the rules read
    plan: Any  # which rules ran


class Vault:
    """Read-only copies of arrays, one of each however often it is met."""

    def __init__(self) -> None:
        self._met: dict[int, tuple[Any, Any]] = {}

    def keep(self, value: Any) -> Any:
        """Return a copy that nobody writes to; a Tensor counts as its value."""
        if type(value) is _float64 or value is None:
            return value
        if type(value) is Tensor:
            value = value.value
        if type(value) is np.ndarray:
            met = self._met.get(id(value))
            if met is None:
                copy = value.copy(order="K")
                copy.flags.writeable = False
                met = self._met[id(value)] = value, copy
            return met[1]
        if type(value) is list or type(value) is tuple:
            return type(value)(map(self.keep, value))
        return self._copy_lazy(value) if isinstance(value, Lazy) else value

    def keep_now(self, value: Any) -> Any:
        """The same for a buffer that will be written to: a copy of what is in it now."""
        if type(value) is np.ndarray:
            value = value.copy(order="K")
            value.flags.writeable = False
            return value
        return [self.keep(part) for part in value] if type(value) is list else self.keep(value)

    def _copy_lazy(self, lazy: Lazy) -> Lazy:
        twin: Lazy = object.__new__(type(lazy))
        for name in getattr(type(lazy), "__slots__", ()):
            setattr(twin, name, self.keep(getattr(lazy, name)))
        return twin

    def close(self) -> None:
        """Let go of the originals."""
        self._met.clear()


class Recorder(Observer):
    """Listens to one pass among all that may run inside it: a region's own pass, a fused op's."""

    def __init__(self, nodes: Sequence[Node], roots: Sequence[tuple[Any, Any]], vault: Vault) -> None:
        self.vault, self.events = vault, list[Event]()
        self.nodes = frozenset(nodes)
        self.order: Sequence[Node] | None = None
        self.mine: set[Any] = set()
        self.table: dict[Any, Any] = {}
        for root, g in roots:
            before = self.table.get(root)
            self.table[root] = g if before is None else before + g

    def pulled(self, node: Node, g: Any, gradients: Any, saved: tuple[Any, ...], order: Sequence[Node]) -> None:
        """Write down an op's turn."""
        if self.order is None and node in self.nodes and len(order) == len(self.nodes):
            self.order = order
        if order is not self.order:
            return
        keep, terms = self.vault.keep, []
        arrived = keep(self.table.pop(node))
        for slot, (source, raw) in enumerate(zip(node.inputs, gradients, strict=False)):
            if source is None or raw is None:
                continue
            if type(raw) is Tensor:  # the pass records itself; its numbers are what is added up here
                raw = raw.value
            fitted = raw if type(raw) is _float64 and type(source.value) is _float64 else fit(_numbers(raw), source)
            before = self.table.get(source)
            shown = before if before is None else self.vault.keep_now(before)
            total = self.table[source] = merge([before], fitted, source, self.mine)
            terms.append(Term(slot, source, keep(raw), keep(fitted), shown, self._total(total, before, source)))
        self.events.append(Event(node, arrived, keep(g), tuple(terms), keep(saved), node.plan))

    def _total(self, total: Any, before: Any, source: Any) -> Any:
        if before is None and source not in self.mine:
            return self.vault.keep(total)
        return self.vault.keep_now(total)


def _numbers(raw: Any) -> Any:
    """The same gradient without Tensors: one of several outputs may hold one."""
    if isinstance(raw, Lazy) and type(getattr(raw, "g", None)) is Tensor:
        twin: Any = object.__new__(type(raw))
        for name in getattr(type(raw), "__slots__", ()):
            part = getattr(raw, name)
            setattr(twin, name, part.value if type(part) is Tensor else part)
        return twin
    return raw


class Recording(NamedTuple):
    """A whole pass."""

    nodes: list[Node]  # oldest first
    leaves: list[Tensor]
    roots: list[tuple[Any, Any]]  # where it started, and with which gradient
    events: list[Event]  # in the order of the pass
    sums: dict[Any, Any]  # what arrived at each leaf
    found: dict[Any, Any]  # the same as the leaf's hooks have changed it
    before: dict[Any, Any]  # what was in the leaf's `.grad`
    after: dict[Any, Any]  # and what is there now


def check_modes() -> None:
    """Raise GradientError where a pass has no numbers to look at."""
    if MODES.get().forward is not None:
        raise GradientError(
            "stepper() inside a function that vmap maps would step through all examples: call it outside"
        )
    if is_traced():
        raise GradientError("stepper() looks at a pass, and a traced program has nothing to look at: call it outside")


def record_pass(
    tensors: Sequence[Tensor],
    gradients: Sequence[Any],
    vault: Vault,
    *,
    accumulate: bool,
    retain_graph: bool,
    create_graph: bool,
) -> Recording:
    """Run the pass that `backward()` would run and write it down; only with `accumulate` it leaves its gradients."""
    roots = [seed(t, g, create_graph) for t, g in zip(tensors, gradients, strict=True)]
    nodes, leaves = history([root for root, _ in roots])
    starts = [(root, vault.keep(g)) for root, g in roots]
    recorder = Recorder(nodes, [(root, g.value if type(g) is Tensor else g) for root, g in roots], vault)
    before = {leaf: vault.keep_now(leaf.grad.value) for leaf in leaves if leaf.grad is not None}
    kept = [(extra, extra.grad) for node in nodes if (extra := node.extra) is not None and extra.retain]
    try:
        with mode(observers=(*MODES.get().observers, recorder)):
            found = sweep(roots, retain=retain_graph, create_graph=create_graph)
        if accumulate:
            for source, g in found.items():
                add_to_grad(source, g)
    finally:
        if not accumulate:
            for extra, grad in kept:
                extra.grad = grad
    after = {leaf: vault.keep_now(leaf.grad.value) for leaf in leaves if leaf.grad is not None} if accumulate else {}
    sums = {leaf: vault.keep(g) for leaf, g in recorder.table.items() if g is not None}
    final = {leaf: vault.keep(g) for leaf, g in found.items()}
    vault.close()
    return Recording(nodes, leaves, starts, recorder.events, sums, final, before, after)
