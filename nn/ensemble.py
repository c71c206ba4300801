"""Several models of one kind as one: their weights averaged, or their outputs."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.transforms.trees import flatten, same_structure

from .container import ModuleList
from .init import fill_
from .module import Module, modules_only

__all__ = ["Ensemble", "average"]


def average(models: Iterable[Module], weights: Sequence[float] | None = None) -> Module:
    """Make a model whose parameters and buffers are the mean of those of the models, `sum_i w_i theta_i / sum_i w_i`.

    It costs what one of them costs. Models from one run of training can be averaged so (Izmailov et al., 2018); those
    that began from different initial values are better averaged by their outputs: `Ensemble`. Integers are the first's.

    Args:
        weights: one of each model, not negative; equal unless given.

    >>> import nn
    >>> a, b = nn.Linear(1, 1), nn.Linear(1, 1)
    >>> for layer, value in ((a, 1.0), (b, 2.0)):
    ...     _ = nn.init.constant_(layer.weight, value)
    >>> average([a, b], [3, 1]).weight.item()
    1.25

    Raises ValueError for no models, weights that do not fit, or models that differ in names and shapes.
    """
    models = several(models, "average")
    shares = np.ones(len(models)) if weights is None else np.asarray(weights, float)
    if shares.shape != (len(models),) or not np.all(shares >= 0) or not 0 < shares.sum() < np.inf:
        raise ValueError(f"{len(models)} models need as many weights that are not negative, got {weights}")
    result = copy.deepcopy(models[0])
    named = [dict(model._tensors()) for model in models]
    for i, tensors in enumerate(named):
        if {name: t.shape for name, t in tensors.items()} != {name: t.shape for name, t in named[0].items()}:
            raise ValueError(f"model {i} has other parameters or buffers than model 0, so there is no mean of the two")
    for name, t in result._tensors():
        t.grad = None
        if t.dtype.kind in "fc":
            mean = sum(share * tensors[name].value for share, tensors in zip(shares / shares.sum(), named, strict=True))
            fill_(t, mean)
    return result


class Ensemble(Module):
    """The mean of what several models make of one input, `sum_i f_i(x) / n`.

    The outputs may be containers of tensors. For probabilities let the models end in a softmax: the mean of logits is
    another thing.

    >>> import nn
    >>> Ensemble([nn.Identity(), nn.ReLU()])(np.array([-2.0, 2.0])).tolist()
    [-1.0, 2.0]

    Raises ValueError for no models, or outputs of different structure.
    """

    def __init__(self, models: Iterable[Module]) -> None:
        self.models = ModuleList(several(models, "an Ensemble"))

    def forward(self, *inputs: Any, **options: Any) -> Any:
        outs = [model(*inputs, **options) for model in self.models]
        if not all(same_structure(outs[0], out) for out in outs[1:]):
            raise ValueError("the models of an Ensemble return different things, so there is no mean of them")
        leaves = [flatten(out)[0] for out in outs]
        return flatten(outs[0])[1]([sum(parts[1:], parts[0]) / len(outs) for parts in zip(*leaves, strict=True)])


def several(models: Iterable[Module], who: str) -> list[Module]:
    """The models as a list; raises for none, and for what is no module."""
    models = list(models)
    modules_only(models, who)
    if not models:
        raise ValueError(f"{who} needs models, got none")
    return models
