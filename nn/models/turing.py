"""The neural Turing machine: a network with a memory beside it, and heads that look for their place by content."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import numpy as anp
from autodiff.config import default_dtype
from autodiff.errors import describe
from autodiff.random import as_generator

from .. import functional as F
from .. import init
from ..functional.arguments import cast
from ..linear import Linear
from ..module import Module, Parameter, check_sizes

__all__ = ["NeuralTuringMachine"]


class Head(Module):
    """Where to look: weights (n, slots) over the memory, from what the controller says and from the last weights.

    Four steps: look for the slots that resemble a key; go there, or stay with the last weights; move by one slot up or
    down; sharpen.
    """

    def __init__(self, hidden: int, width: int, **drawn: Any) -> None:
        self.width = width
        self.say = Linear(hidden, width + 6, **drawn)

    def forward(self, state: Any, memory: Any, last: Any) -> Any:
        said = self.say(state)  # (n, width + 6)
        key, (strength, gate, sharpness) = said[:, : self.width], said[:, self.width : -3].T[:, :, None]
        lengths = anp.sqrt(anp.sum(memory * memory, -1) * anp.sum(key * key, -1, keepdims=True) + 1e-8)
        likeness = (memory @ key[:, :, None])[:, :, 0] / lengths  # (n, slots), cosines
        found = F.softmax(F.softplus(strength) * likeness)
        gate = F.sigmoid(gate)
        here = gate * found + (1 - gate) * last
        back, stay, on = F.softmax(said[:, -3:]).T[:, :, None]
        moved = back * anp.roll(here, -1, 1) + stay * here + on * anp.roll(here, 1, 1)
        sharp = (moved + 1e-8) ** (1 + F.softplus(sharpness))
        return sharp / anp.sum(sharp, -1, keepdims=True)


class NeuralTuringMachine(Module):
    """At each step a dense controller reads the input and what was read last, writes to the memory, reads from it.

        state = tanh(controller [x, read])                           (n, hidden)
        memory = memory (1 - w erase) + w add, w by the write head   (n, slots, width)
        read = w . memory, w by the read head                        (n, width)
        out = output [state, read]                                   (n, out_features)

    All of it is smooth, so that backpropagation teaches the heads where to go.

    Args:
        in_features, out_features: of a step.
        slots, width: how many vectors the memory holds, and of what length.
        hidden: units of the controller.
        dtype, generator: of the initial values.

    x (steps, n, in_features) to logits (steps, n, out_features). Both heads start at slot 0. Parameter `memory`
    (slots, width) is what the memory holds at first.

    >>> NeuralTuringMachine(3, 2, slots=8, width=4, generator=0)(np.zeros((5, 1, 3))).shape
    (5, 1, 2)

    Graves, Wayne, Danihelka: Neural Turing machines, 2014.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        slots: int = 128,
        width: int = 20,
        hidden: int = 100,
        dtype: Any = None,
        generator: init.Randomness = None,
    ) -> None:
        check_sizes(slots=slots, width=width)
        stream = as_generator(generator)
        dtype = dtype or default_dtype()
        drawn: dict[str, Any] = {"dtype": dtype, "generator": stream}
        self.controller = Linear(in_features + width, hidden, **drawn)
        self.writer = Head(hidden, width, **drawn)
        self.change = Linear(hidden, 2 * width, **drawn)
        self.reader = Head(hidden, width, **drawn)
        self.output = Linear(hidden + width, out_features, **drawn)
        bound = width**-0.5
        self.memory = init.uniform_(Parameter(np.empty((slots, width), dtype)), -bound, bound, stream)

    def forward(self, x: Any) -> Any:
        x = cast(x, self.memory)
        if x.ndim != 3 or not len(x):
            raise ValueError(f"NeuralTuringMachine takes (steps, n, in_features) of a step or more, got {describe(x)}")
        n, (slots, width) = x.shape[1], self.memory.shape
        memory = anp.broadcast_to(self.memory, (n, slots, width))
        written = looked = anp.zeros((n, slots), x.dtype) + np.eye(1, slots, dtype=x.dtype)
        read = anp.zeros((n, width), x.dtype)
        outs = []
        for step in x:  # (n, in_features)
            state = F.tanh(self.controller(anp.concatenate([step, read], axis=-1)))
            written = self.writer(state, memory, written)
            erase, add = anp.split(self.change(state)[:, None], 2, axis=-1)  # (n, 1, width)
            place = written[:, :, None]  # (n, slots, 1)
            memory = memory * (1 - place * F.sigmoid(erase)) + place * F.tanh(add)
            looked = self.reader(state, memory, looked)
            read = (looked[:, None] @ memory)[:, 0]
            outs.append(self.output(anp.concatenate([state, read], axis=-1)))
        return anp.stack(outs)
