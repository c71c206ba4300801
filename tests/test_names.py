"""What `autodiff` makes public: all of it, listed, and no more."""

import inspect
from pathlib import Path

import pytest

import autodiff
from autodiff import config, functional, random, transforms

HELPERS = {
    "fixed",
    "numbers",
    "axes_of",
    "one_axis",
    "apply",
    "lift",
    "as_generator",
    "describe",
    "array_of",
    "floating",
    "ordered",
    "cast",
    "plain",
    "known",
    "seen",
}


def functions_of(module):
    """The functions that a module defines or names, but for those that it only imports as helpers."""
    found = {name for name, value in vars(module).items() if inspect.isfunction(value)}
    return {name for name in found if not name.startswith("_")} - HELPERS


def test_every_public_function_is_listed():
    assert functions_of(functional) - set(autodiff.numpy.__all__) == set(functional.__all__)
    assert set(functional.__all__) <= set(autodiff.__all__)
    assert {"grad", "value_and_grad", "vjp", "jvp"} <= set(autodiff.__all__)


def test_names_are_listed_once_and_exist():
    assert len(set(autodiff.__all__)) == len(autodiff.__all__)
    for name in autodiff.__all__:
        assert getattr(autodiff, name) is not None
    assert set(autodiff.__all__) <= set(dir(autodiff))


def test_helpers_are_not_public():
    for helper in HELPERS | {"mode", "Modes", "MODES", "philox", "flatten", "Level"}:
        assert not hasattr(autodiff, helper), helper
    assert hasattr(config, "mode")
    assert hasattr(random, "philox")
    assert hasattr(transforms, "Level")


def test_what_is_imported_on_first_use():
    assert autodiff.testing.check_grads is not None
    assert isinstance(autodiff.__version__, str)
    with pytest.raises(AttributeError, match="module 'autodiff' has no attribute 'Variable'"):
        _ = autodiff.Variable


def test_the_version_is_that_of_the_distribution():
    text = Path(autodiff.__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8")
    assert autodiff.__version__ == "0+unknown" or f'version = "{autodiff.__version__}"' in text
