"""Optimizers, and what trains with them: `Trainer`, callbacks, metrics, scikit-learn estimators.

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

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import lr_scheduler, metrics
from .accumulate import Accumulate
from .adam import Adam, Adamax, AdamW, NAdam, RAdam, SparseAdam
from .adaptive import Adadelta, Adagrad, RMSprop, Rprop
from .files import load_state, save_state
from .lbfgs import LBFGS
from .matrix import Adafactor, Muon
from .optimizer import Optimizer
from .sgd import ASGD, SGD, Lion
from .watch import Watch

if TYPE_CHECKING:
    from . import swa_utils
    from .callbacks import Averaging, Callback, EarlyStopping
    from .checkpoint import Checkpoint
    from .estimators import NeuralClassifier, NeuralRegressor
    from .events import TensorBoard
    from .logs import CSVLog, JSONLog
    from .plots import LivePlot
    from .progress import Progress
    from .trainer import Trainer

__all__ = [
    "ASGD", "Accumulate", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Lion", "Muon",
    "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop", "SGD", "SparseAdam", "Watch", "load_state", "lr_scheduler",
    "metrics", "save_state",
    "Averaging", "CSVLog", "Callback", "Checkpoint", "EarlyStopping", "JSONLog", "LivePlot", "NeuralClassifier",
    "NeuralRegressor", "Progress", "TensorBoard", "Trainer", "swa_utils",
]  # fmt: skip

# Where names come from that need nn (or scikit-learn), which optimizers do not: imported at their first use.
_LATER = {
    "Averaging": "callbacks", "CSVLog": "logs", "Callback": "callbacks", "Checkpoint": "checkpoint",
    "EarlyStopping": "callbacks", "JSONLog": "logs", "LivePlot": "plots", "NeuralClassifier": "estimators",
    "NeuralRegressor": "estimators", "Progress": "progress", "TensorBoard": "events", "Trainer": "trainer",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "swa_utils":
        return import_module("optim.swa_utils")
    if name not in _LATER:
        raise AttributeError(f"module 'optim' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"optim.{_LATER[name]}"), name)
    return value
