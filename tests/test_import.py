"""Importing the packages costs little more than importing NumPy, and brings nothing else in."""

import sys

import pytest

from tests.processes import fresh

LATER = (
    "numba",
    "scipy",
    "graphviz",
    "matplotlib",
    "optree",
    "torch",
    "IPython",
    "sklearn",
    "tqdm",
)


@pytest.mark.parametrize("package", ["autodiff", "nn", "optim"])
def test_only_numpy_is_imported(package):
    code = f"import sys, {package}; print(*sorted(sys.modules))"
    roots = {name.partition(".")[0] for name in fresh(code).stdout.split()}
    assert "numpy" in roots
    assert not roots & set(LATER)


def test_only_the_standard_library_and_numpy():
    code = "import sys; old = set(sys.modules); import autodiff; print(*(set(sys.modules) - old))"
    roots = {name.partition(".")[0] for name in fresh(code).stdout.split()}
    assert roots - set(sys.stdlib_module_names) == {"autodiff", "numpy"}


def test_numpy_random_waits_until_it_is_needed():
    assert "numpy.random" not in fresh("import sys, autodiff; print(*sys.modules)").stdout.split()


def test_report_of_the_time_beside_numpy(record_property):
    """Report what our own files add to NumPy's; `make bench` measures whole processes."""
    lines = fresh("import autodiff", "-X", "importtime").stderr.splitlines()
    spent = {}  # microseconds, with all that the module imports
    for line in lines[1:]:
        _, cumulative, name = line.removeprefix("import time:").split("|")
        spent.setdefault(name.strip(), int(cumulative))
    ratio = spent["autodiff"] / spent["numpy"]  # numpy is imported below autodiff
    record_property("import_time_ratio", ratio)
    print(f"import autodiff / import numpy: {ratio:.2f}")
    assert spent["numpy"] < spent["autodiff"]
