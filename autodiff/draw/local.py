"""Local derivatives: what a node's rule makes of an incoming gradient of 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import Node
from ..tensor import Tensor
from .quantity import Quantity

LARGEST = 1_000_000  # elements


def local_gradients(node: Node, values: Mapping[Any, Any], small: bool) -> list[Quantity | None]:
    """Return d(node)/d(input) for each input, None where it is not one number per element or not known.

    Where a backward pass has freed what the rules read, it is put together from the values that nodes and leaves have.
    """
    nothing: list[Quantity | None] = [None] * len(node.inputs)
    op = node.op
    if op.several or op.vjp is not None or (node.shape != () and op.kind != "elementwise"):
        return nothing
    if any(getattr(source, "shape", ()) not in ((), node.shape) for source in node.inputs):
        return nothing
    saved = node.saved if node.saved is not None else _put_together(node, values)
    if saved is None or int(np.prod(node.shape)) > LARGEST:
        return nothing
    g = np.ones(node.shape, node.dtype)[()]
    try:
        with np.errstate(all="ignore"):
            pulled = node.plan.pull(g, saved, node.params)
    except Exception:  # a rule that cannot do without what was freed: then there is no label
        return nothing
    found = []
    for source, gi in zip(node.inputs, pulled, strict=False):
        known = isinstance(gi, np.ndarray | np.generic) and source is not None and np.shape(gi) == node.shape
        found.append(Quantity.of(gi, small) if known else None)
    return found


def _put_together(node: Node, values: Mapping[Any, Any]) -> tuple[Any, ...] | None:
    """What the node had saved, from the values of its inputs and its own."""
    op = node.op
    if op.facts or op.variadic:
        return None
    sources = [*node.inputs, node]
    known = [source.value if isinstance(source, Tensor) else values.get(source) for source in sources]
    keep = node.plan.keep or (False,) * len(known)
    if any(kept and value is None for kept, value in zip(keep, known, strict=True)):
        return None
    return tuple(known)
