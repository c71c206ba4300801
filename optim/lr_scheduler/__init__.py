"""Schedules: step sizes that change as training goes on.

A schedule sets its optimizer's "lr" when it is made, and anew at each `step()`, once an epoch or once a batch, after
the optimizer's own step. `last_epoch` counts these. Most multiply the rate they find, so that several can act on one
optimizer. With the optimizer's state and its own `state_dict()`, plain numbers, a schedule goes on as if it had never
been stopped.

>>> import optim
>>> from autodiff import Tensor
>>> w = Tensor(3.0, requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.8)
>>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(5):
...     optimizer.step()
...     schedule.step()
>>> schedule.get_last_lr()
[0.2]
"""

from .base import LRScheduler
from .cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from .decays import (
    SWALR,
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .plateau import ReduceLROnPlateau
from .several import ChainedScheduler, SequentialLR

__all__ = [
    "LRScheduler", "LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR",
    "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR", "SequentialLR",
    "ChainedScheduler", "ReduceLROnPlateau", "SWALR",
]  # fmt: skip
