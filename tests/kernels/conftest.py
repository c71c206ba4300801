"""Compiled kernels beside their references: with Numba switched off there is nothing to compare."""

import numba
import pytest

WITHOUT_LOOPS = ("test_large.py",)  # NumPy's functions on threads


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test before its fixtures compile anything; all other tests then run on the references."""
    if numba.config.DISABLE_JIT and item.path.name not in WITHOUT_LOOPS:
        pytest.skip("compares compiled loops with their references, and NUMBA_DISABLE_JIT leaves no compiler")
