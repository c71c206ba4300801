"""Optimizers.

>>> import optim
>>> from autodiff import Tensor
>>> w = Tensor([3.0, -2.0], requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.1, momentum=0.5)
>>> for _ in range(40):
...     optimizer.zero_grad()
...     loss = (w * w).sum()
...     loss.backward()
...     optimizer.step()
>>> loss.item() < 1e-8
True
"""

from . import lr_scheduler
from .adam import Adam, Adamax, AdamW, NAdam, RAdam, SparseAdam
from .adaptive import Adadelta, Adagrad, RMSprop, Rprop
from .lbfgs import LBFGS
from .matrix import Adafactor, Muon
from .optimizer import Optimizer
from .sgd import ASGD, SGD, Lion

__all__ = [
    "Optimizer", "SGD", "ASGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop",
    "Rprop", "Adafactor", "Lion", "Muon", "LBFGS",
    "SparseAdam", "lr_scheduler",
]  # fmt: skip
