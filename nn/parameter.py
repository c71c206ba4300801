"""`Parameter`: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.config import default_dtype
from autodiff.errors import GradientError
from autodiff.tensor import Tensor


def Parameter(  # noqa: N802  # it reads as the type it stands for, as in PyTorch
    value: Any, requires_grad: bool = True, dtype: Any = None
) -> Tensor:
    """Make a Tensor that `Module.parameters()` finds, from a copy of a value.

    Arrays and Tensors keep their floating dtype, Python numbers become `default_dtype()`, float32.
    The tensor stays a parameter while `requires_grad` is off: freezing it loses nothing.

    >>> Parameter([1, 2])
    Tensor([1., 2.], dtype=float32, requires_grad=True)

    Raises TypeError for arrays of integers, GradientError for a computed tensor.
    """
    if type(value) is Tensor:
        if value.node is not None:
            raise GradientError(
                f"a parameter is where a graph begins, and this value was computed by op "
                f"'{value.node.op.name}'. Write nn.Parameter(t.detach())."
            )
        value = value.value
    elif dtype is None and not isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
        dtype = default_dtype() if value.dtype.kind in "fiub" else None
    value = np.asarray(value, dtype, order="C")  # the layout in which optimizers are fast
    parameter = Tensor(value, requires_grad=requires_grad)
    parameter.notes().parameter = True
    return parameter


def is_parameter(value: Any) -> bool:
    """Whether it is a Tensor that `Parameter` made."""
    return type(value) is Tensor and value.is_parameter


def told(value: Any) -> str:
    """What messages call something in a parameter's place."""
    return "a Tensor that is none" if type(value) is Tensor else type(value).__name__
