"""Derivatives of functions: `grad`, `value_and_grad`, `vjp`, `jvp`.

Each call wraps its arguments in fresh identity nodes, runs the function, and walks back to those nodes (or
forward from them) and no further. So transforms nest in any order, and levels cannot be confused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backward import Source, gradients, identity, pull_composed, revive, seed, sweep, wrap
from .config import mode
from .errors import GradientError, describe
from .graph import Node, history
from .op import OPS, Plan
from .tensor import Tensor, asarray, constant
