"""A compiled kernel beside its NumPy reference, which computes in float64."""

from __future__ import annotations

import importlib
import sys
from typing import Any
from unittest.mock import patch

import numpy as np

from autodiff.kernels.policy import KERNELS, compile_kernels
from autodiff.kernels.threads import get_num_threads, set_num_threads


def _longer(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_longer, value))
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _flat(value: Any) -> list[Any]:
    return [part for item in value for part in _flat(item)] if isinstance(value, tuple) else [value]


def twin(name: str) -> Any:
    """The compiled form of kernel "file.name"; it returns None for what it has no loop for."""
    compile_kernels(name)
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"autodiff.kernels.compiled.{module}"), function)


def reference(name: str) -> Any:
    """Its NumPy form."""
    return KERNELS[name].reference


def check(name: str, *arrays: Any, ulps: float = 40, threads: int = 1, **options: Any) -> Any:
    """Compare both: each result differs by so many units of the last place of its largest number; return the twin's."""
    before = get_num_threads()
    set_num_threads(threads)
    call = twin(name)
    try:
        with patch.object(sys.modules[call.__module__], "LEAST", 1 << 8, create=True):  # something for all threads
            found = call(*arrays, **options)
    finally:
        set_num_threads(before)
    assert found is not None, f"{name} has no loop for this"
    expected = reference(name)(*map(_longer, arrays), **options)
    dtype = next(a.dtype for a in arrays if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    for one, other in zip(_flat(found), _flat(expected), strict=True):
        assert (one is None) == (other is None)
        if one is None:
            continue
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape
        assert one.dtype == dtype or one.dtype.kind == "i"
        scale = np.max(np.abs(other), where=np.isfinite(other), initial=np.finfo(dtype).tiny)
        np.testing.assert_allclose(one, other, rtol=0, atol=ulps * np.finfo(dtype).eps * scale)
    return found
