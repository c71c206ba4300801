"""Models in files: `save` and `load`, in the format safetensors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from autodiff import io
from autodiff.io import load

from .module import Module

__all__ = ["load", "save"]


def save(
    model: Module | Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a model's parameters and buffers, or arrays by name, to a safetensors file: all of it or nothing.

    Names and layouts are PyTorch's, so what one of the two has saved, the other loads. `autodiff.io.save` has the
    errors.

    >>> import nn, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> nn.save(nn.Linear(2, 3), path)
    >>> nn.Linear(2, 3).load_state_dict(nn.load(path))
    Loaded(missing_keys=[], unexpected_keys=[])
    """
    io.save(model.state_dict() if isinstance(model, Module) else model, path, metadata)
