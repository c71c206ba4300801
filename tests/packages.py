"""Marks for tests of optional packages."""

import importlib.util

import pytest


def needs(*packages):
    """Mark a test of what these packages bring: `make test` installs them, a user's environment may be without."""
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {missing}")
