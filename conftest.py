"""Import the packages before pytest collects doctests, so that `pytest autodiff/tensor.py` alone finds them whole."""

import os
from typing import Any

os.environ.setdefault("AUTODIFF_KERNELS", "numba")  # the same code computes in each run: none waits for a background

import numba
import numpy as np
import pytest

import nn
import optim
from autodiff.kernels import threads

__all__ = ["nn", "optim"]
collect_ignore = ["autodiff/kernels/compiled"] if numba.config.DISABLE_JIT else []  # loops compile as they are imported
threads.ALONE = 0  # tests of threads have them on a busy machine too


@pytest.fixture(autouse=True)
def _numpy_for_doctests(doctest_namespace: dict[str, Any]) -> None:
    """Examples write `np.ones(3)`, also in files that have no other use for NumPy."""
    doctest_namespace["np"] = np
