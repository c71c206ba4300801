"""Compiled kernels beside their references: with Numba switched off there is nothing to compare."""

import numba
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Skip a test before its fixtures compile anything."""
    if numba.config.DISABLE_JIT:
        pytest.skip("Numba's compiler is switched off")
