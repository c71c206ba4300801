"""What comes out of each module in one call of a model that leaves no trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autodiff.config import no_grad
from autodiff.tensor import Tensor

from ..module import Module


class Output(NamedTuple):
    """What one call of a module gave."""

    name: str
    module: Module
    depth: int
    value: Any  # an array


@contextmanager
def untouched(model: Module) -> Iterator[None]:
    """Put a model into evaluation mode inside the block, and its modes, tensors and gradients back after it."""
    modes = [(module, "training" in vars(module), module.training) for module in model.modules()]
    model.eval()
    try:
        tensors = [(t, t.value, t.grad) for t in (*model.parameters(), *model.buffers())]
    except TypeError:  # lazy layers, before their first call, have none
        tensors = []
    try:
        yield
    finally:
        for tensor, value, grad in tensors:
            tensor.value, tensor.grad = value, grad
        for module, own, training in modes:
            if own:
                module.training = training
            else:
                vars(module).pop("training", None)


def outputs(model: Module, *inputs: Any) -> list[Output]:
    """Call a model in evaluation mode without recording, and return what each module gave, in the order of the calls.

    Raises TypeError if a module's output is no single array.
    """
    names = {id(module): name for name, module in reversed([*model.named_modules()])}
    found: list[Output | None] = []
    places: list[int] = []

    def enter(module: Any, args: Any) -> None:
        places.append(len(found))
        found.append(None)

    def leave(module: Any, args: Any, out: Any) -> None:
        place = places.pop()
        first = out[0] if isinstance(out, tuple | list) else out
        value = first.value if type(first) is Tensor else first
        if isinstance(value, np.ndarray):
            found[place] = Output(names.get(id(module), ""), module, len(places), np.array(value))

    handles = []
    try:
        for module in model.modules():
            handles.append(module.register_forward_pre_hook(enter, prepend=True))
            handles.append(module.register_forward_hook(leave, always_call=True))
        with untouched(model), no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return [output for output in found if output is not None]
