"""Averaged weights: of all places that training came through (SWA), or a running mean of them (EMA).

>>> import nn, optim
>>> model = nn.Linear(2, 1, generator=0)
>>> optimizer = optim.SGD(model.parameters(), lr=0.1)
>>> smooth = AveragedModel(model, avg_fn=get_ema_avg_fn(0.9))
>>> for _ in range(3):
...     optimizer.zero_grad()
...     model(np.ones((4, 2))).sum().backward()
...     optimizer.step()
...     smooth.update_parameters(model)
>>> smooth(np.ones((4, 2))).shape, smooth.n_averaged.item()
((4, 1), 3)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.graph import WRITES
from autodiff.tensor import Tensor
from nn.module import Module
from nn.normalization import BatchNorm1d

from .lr_scheduler import SWALR

__all__ = [
    "AveragedModel", "SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip

One = Callable[[Any, Any, int], Any]
Several = Callable[[list[Any], list[Any], int], None]


def _check(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"decay lies in [0, 1], got {decay}")


def get_ema_avg_fn(decay: float = 0.999) -> One:
    """`decay averaged + (1 - decay) current`: a mean of the last 1 / (1 - decay) or so.

    >>> get_ema_avg_fn(0.9)(1.0, 2.0, 5)
    1.1
    """
    _check(decay)
    return lambda averaged, current, count: decay * averaged + (1 - decay) * current


def get_swa_avg_fn() -> One:
    """`averaged + (current - averaged) / (count + 1)`: the mean of all (Izmailov et al., 2018).

    >>> get_swa_avg_fn()(1.0, 2.0, 1)
    1.5
    """
    return lambda averaged, current, count: averaged + (current - averaged) / (count + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> Several:
    """As `get_ema_avg_fn`, for lists of arrays; the first are written."""
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Several:
    """As `get_swa_avg_fn`, for lists of arrays; the first are written."""
    return _in_place(get_swa_avg_fn())


def _in_place(average: One) -> Several:
    def update(averaged: list[Any], current: list[Any], count: int) -> None:
        for a, b in zip(averaged, current, strict=True):
            a[...] = average(a, b, count)

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's, taken whenever `update_parameters` is called.

    Args:
        model: what is copied; of the first call the copy takes its values as they are.
        device: None.
        avg_fn: `f(averaged, current, count)` of arrays, the mean of all (`get_swa_avg_fn()`) unless given.
        multi_avg_fn: the same of two lists of arrays, which writes the first.
        use_buffers: whether buffers are averaged too; otherwise they are the model's last ones, and the running means
            of batch norms want `update_bn`.

    Buffers: n_averaged (), how often it was called.

    Raises ValueError for a model of other parameters.
    """

    def __init__(
        self,
        model: Module,
        device: None = None,
        avg_fn: One | None = None,
        multi_avg_fn: Several | None = None,
        use_buffers: bool = False,
    ) -> None:
        if device is not None:
            raise TypeError(f"there is one device, the CPU: leave device={device!r} away")
        if avg_fn is not None and multi_avg_fn is not None:
            raise TypeError("give avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        self.n_averaged = Tensor(np.int64(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the average."""
        mine, theirs = list(self.module.parameters()), list(model.parameters())
        my_buffers, buffers = list(self.module.buffers()), list(model.buffers())
        if [t.shape for t in (*mine, *my_buffers)] != [t.shape for t in (*theirs, *buffers)]:
            raise ValueError(
                f"{type(model).__name__} has other parameters or buffers than the model that was copied, "
                f"{type(self.module).__name__}"
            )
        if self.use_buffers:
            mine, theirs = [*mine, *my_buffers], [*theirs, *buffers]
        else:
            for a, b in zip(my_buffers, buffers, strict=True):
                _put(a, b.value)
        count = int(self.n_averaged.value)
        if count == 0:
            new = [b.value for b in theirs]
        elif self.multi_avg_fn is not None:
            new = [np.array(a.value) for a in mine]
            self.multi_avg_fn(new, [np.asarray(b.value) for b in theirs], count)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            new = [average(a.value, b.value, count) for a, b in zip(mine, theirs, strict=True)]
        for a, value in zip(mine, new, strict=True):
            _put(a, value)
        _put(self.n_averaged, count + 1)


def _put(tensor: Tensor, value: Any) -> None:
    """Write into a tensor's array; a scalar gets a new one."""
    value = np.asarray(value).astype(tensor.dtype)  # means of whole numbers, too
    if value.shape != tensor.shape:
        raise ValueError(f"the average of {describe(tensor.value)} is {describe(value)}")
    if type(tensor.value) is np.ndarray:
        tensor.value[...] = value
        WRITES.note(tensor.value)
    else:
        tensor.value = value[()]


def update_bn(loader: Iterable[Any], model: Module, device: None = None) -> None:
    """Give batch norms the mean and variance of the data, by one pass through it: what averaged weights need.

    Args:
        loader: batches, or tuples whose first is the batch.

    >>> import nn
    >>> model = nn.BatchNorm1d(1)
    >>> update_bn([np.full((4, 1), 2.0, np.float32), np.full((4, 1), 4.0, np.float32)], model)
    >>> model.running_mean.tolist()
    [3.0]
    """
    norms = [m for m in model.modules() if isinstance(m, BatchNorm1d)]
    if not norms:
        return
    momenta, modes = [norm.momentum for norm in norms], [(m, m.training) for m in model.modules()]
    model.train()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, list | tuple) else batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training
