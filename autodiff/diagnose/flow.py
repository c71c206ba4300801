"""How a gradient flows from a loss to one tensor: a backward pass that keeps norms and changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..accumulate import fit
from ..graph import Node
from ..op import Lazy
from ..tensor import Tensor

Source = Node | Tensor


class Flow:
    """How the gradient flows from the loss to one source: a pass that frees nothing and runs no hooks."""

    def __init__(self, root: Source, g: Any, target: Source, nodes: list[Node]) -> None:
        self.root, self.target = root, target
        self.norms: dict[Source, float] = {}  # of the gradient that arrives at each
        self.parts: list[tuple[Node, int, float]] = []  # consumers of the target, with the input's position
        self.best: dict[Source, tuple[float, Node]] = {}  # the consumer that sends each source the most
        self.closed: list[Node] = []  # ops at which something arrives, and from which nothing goes on
        self.cancelled: list[Source] = []  # sources whose parts add up to nothing
        self.stopped: Node | None = None
        self.error: Exception | None = None
        self.gradient: Any = None
        self.live = self._leading_to(nodes)
        gross: dict[Source, float] = {}
        grads: dict[Source, Any] = {root: g}
        with np.errstate(all="ignore"):
            for node in reversed(nodes):
                if node not in self.live or node not in grads or node is target:
                    continue
                g = grads.pop(node)
                self._arrive(node, g, gross)
                pulled = self._pull(node, g)
                if pulled is None:
                    self.stopped = node
                    break
                sent = 0.0
                for i, (source, gi) in enumerate(zip(node.inputs, pulled, strict=False)):
                    if source is None or gi is None or source not in self.live:
                        continue
                    gi, total = _added(gi, grads.get(source), source)
                    grads[source] = total
                    size = norm_of(gi)
                    sent += size
                    gross[source] = gross.get(source, 0.0) + size
                    if source not in self.best or not size <= self.best[source][0]:
                        self.best[source] = size, node
                    if source is target:
                        self.parts.append((node, i, size))
                if sent == 0 and self.norms[node] > 0:
                    self.closed.append(node)
            if target in grads:
                self.gradient = grads[target]
                self._arrive(target, self.gradient, gross)

    def _leading_to(self, nodes: list[Node]) -> set[Any]:
        live: set[Any] = {self.target}
        for node in nodes:
            if not live.isdisjoint(node.inputs):
                live.add(node)
        return live

    def _arrive(self, source: Source, g: Any, gross: dict[Source, float]) -> None:
        self.norms[source] = norm_of(g)
        if self.norms[source] == 0 and gross.get(source, 0.0) > 0:
            self.cancelled.append(source)

    def _pull(self, node: Node, g: Any) -> Any:
        if node.saved is None:
            return None
        last = len(node.op.inputs) - 1
        needs = 0
        for i, source in enumerate(node.inputs):
            if source in self.live:
                needs |= 1 << min(i, last)
        try:
            return node.plan.narrow(needs).pull(g, node.saved, node.params)
        except Exception as error:  # a user's rule
            self.error = error
            return None

    def finite(self, source: Source) -> bool:
        """Whether the gradient that arrives at a source is finite."""
        return bool(np.isfinite(self.norms.get(source, 0.0)))

    @property
    def chain(self) -> list[Node]:
        """The ops from the root down to the target, by the largest part at each."""
        found = []
        source = self.target
        while source in self.best:
            source = self.best[source][1]
            found.append(source)
        return found[::-1]


def _added(g: Any, before: Any, source: Any) -> tuple[Any, Any]:
    """A gradient as an array (of one of several outputs, as a list), and its sum with what came before."""
    if isinstance(g, Lazy):
        if isinstance(source.dtype, tuple):
            return getattr(g, "g", None), g.into(before)
        g = g.into(None)
    g = fit(g, source)
    return g, g if before is None else before + g


def norm_of(g: Any) -> float:
    """The Euclidean norm of an array of any dtype, or of the gradients of several outputs.

    >>> norm_of(np.array([3.0, 4.0])), norm_of(np.array([1e200, 0.0]))
    (5.0, 1e+200)
    """
    if type(g) is np.float64:
        return abs(float(g))
    if isinstance(g, list):
        return float(np.sqrt(sum(norm_of(part) ** 2 for part in g if part is not None)))
    g = np.asarray(g)
    if g.dtype.kind not in "fc":
        g = g.astype(np.float64)
    elif g.dtype.itemsize < 8:
        g = g.astype(np.complex128 if g.dtype.kind == "c" else np.float64)
    with np.errstate(all="ignore"):
        size = float(np.linalg.norm(g.ravel()))
        if (size == 0 and g.size) or np.isinf(size):  # squares may underflow or overflow where numbers do not
            top = float(np.abs(g).max())
            if 0 < top < np.inf:
                return top * float(np.linalg.norm((g / top).ravel()))
    return size
