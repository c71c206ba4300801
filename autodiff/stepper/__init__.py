"""Stepping through backpropagation, forward and back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..draw.names import Named, given_names, variable_names
from ..tensor import Tensor

if TYPE_CHECKING:
    from .stepper import Stepper
    from .widget import live_stepper
else:

    def __getattr__(name):
        """Import the widget when it is asked for."""
        if name == "live_stepper":
            from .widget import live_stepper

            return live_stepper
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = ["live_stepper", "stepper"]


def stepper(
    loss: Tensor | Sequence[Tensor],
    gradient: Any = None,
    *,
    forward: bool = False,
    accumulate: bool = False,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    optimizer: Any = None,
    focus: tuple[Any, Any] | None = None,
    names: bool | Named = True,
    modules: Any = None,
) -> Stepper:
    """Record the backward pass of a loss, to go through it step by step, forward and back.

    Each step is one op's turn: the gradient that arrives at its output, its rule as a formula and with its numbers,
    what goes out to each input, and how it adds up there. The pass is the real one, so all numbers have the bits
    that `loss.backward()` gives; hooks run in it, once. It is then only looked at: unless `accumulate` is asked for,
    `.grad` stays as it was, and the graph can be walked again. What the stepper shows is copied, and never changes.

    In a notebook it shows itself as a page to click or arrow through; `print(stepper.text())` has it all as text.

    Args:
        loss: a tensor, or several, whose sum it is then.
        gradient: where the pass starts, as for `backward()`; of several tensors a list.
        forward: begin with the forward pass, an op a step.
        accumulate: add the gradients to `.grad`, and free the graph, as `backward()` does.
        retain_graph, create_graph: as for `backward()`.
        focus: a tensor and an index, `(W, (2, 3))`: each step shows what it contributes to this element's gradient.
        optimizer: have it take a step with the gradients, and show that too.
        names: True names tensors and arrays after the caller's variables, False only by their own `.name`; a
            mapping or pairs add names to those.
        modules: what `autodiff.watch_modules(model)` took down of the modules' calls: they are frames in the picture,
            and a large graph is stepped through by modules first.

    Raises what `backward()` raises.

    >>> import autodiff as ad
    >>> x, y, z = (ad.Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    >>> q = x + y
    >>> f = q * z
    >>> steps = stepper(f)
    >>> steps.run_to(q)
    step 3 of 4, backward: q = x + y   (...)
        g = df/dq = -4
        dq/dx = 1
        df/dx = df/dq * dq/dx = -4 * 1 = -4
        dq/dy = 1
        df/dy = df/dq * dq/dy = -4 * 1 = -4
    >>> steps.gradient(x), steps.back() and steps.gradient(x)
    (np.float64(-4.0), None)
    """
    from .stepper import make_stepper

    several = isinstance(loss, list | tuple)
    tensors: list[Any] = list(loss) if several else [loss]
    known = {}
    if names is not False:
        frame = sys._getframe(1)
        known = _array_names(frame) | variable_names(frame)
        if names is not True:
            known |= given_names(names)
    gradients = [gradient] if not several else [None] * len(tensors) if gradient is None else list(gradient)
    retain = (create_graph or not accumulate) if retain_graph is None else retain_graph
    made = make_stepper(
        tensors, gradients, known,
        forward=forward, calls=modules, accumulate=accumulate, retain_graph=retain, create_graph=create_graph,
    )  # fmt: skip
    if focus is not None:
        made.focus(*focus)
    if optimizer is not None:
        made.optimizer_step(optimizer)
    return made


def _array_names(frame: FrameType) -> dict[int, str]:
    """What a frame's variables call arrays, by the array's id: constants of the graph have no other name."""
    found: dict[int, str] = {}
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in list(scope.items()):
            if type(value) is np.ndarray and not name.startswith("_"):
                found.setdefault(id(value), name)
    return found
