"""`docs/numpy.md` is in step with the code, and each of its lines is true."""

from __future__ import annotations

import operator
import re
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as xp
from autodiff import Tensor
from autodiff.errors import GradientError
from autodiff.numpy.protocol import FUNCTIONS, REFUSED, UFUNCS
from tests import numpy_table

WRITTEN = numpy_table.TABLE.read_text(encoding="utf-8")
LINES = re.findall(r"^\| `np\.([\w.]+)`(∗?) \| (\w+) \| (.*) \|$", WRITTEN, re.MULTILINE)
t = Tensor(np.eye(2), requires_grad=True)
same_numpy = pytest.mark.skipif(
    f"NumPy {numpy_table.VERSION}" not in WRITTEN, reason="the table is of another version of NumPy"
)


def kinds(kind: str) -> list[str]:
    return [name for name, _, of, _ in LINES if of == kind]


@same_numpy
def test_the_table_is_in_step() -> None:
    assert numpy_table.table() == WRITTEN, "docs/numpy.md is out of step: run make stubs"


@same_numpy
def test_every_function_that_numpy_hands_over_is_taken() -> None:
    for name, star, kind, _ in LINES:
        theirs = operator.attrgetter(name)(np)
        if not star and kind != "refused" and name not in numpy_table.ORDINARY:
            assert theirs in UFUNCS or theirs in FUNCTIONS, name


@same_numpy
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # of np.matrix
@pytest.mark.parametrize("name", kinds("refused"))
def test_refused_functions_say_what_to_write(name: str) -> None:
    function = operator.attrgetter(name)(np)
    error, words = TypeError, re.escape(f"np.{name} does not take tensors that require grad: write ")
    if not hasattr(function, "_implementation"):
        error, words = GradientError, "its gradient would be lost"
    given = ["file", t] if name.startswith("save") else [[[t, t]]] if name == "bmat" else [t]
    with pytest.raises(error, match=words):
        function(*given)


def test_what_nobody_knows_is_refused_too() -> None:
    with pytest.raises(TypeError, match=r"np\.pakbits does not support tensors that require grad yet"):
        t.__array_function__(_stranger, (Tensor,), (t,), {})
    with pytest.raises(LookupError, match=r"np\.pakbits is neither here nor refused"):
        numpy_table.classify("", "pakbits", _stranger, None)


def _stranger(x: Any) -> Any:
    return x


_stranger.__module__, _stranger.__name__ = "numpy", "pakbits"

PLAIN = {
    "can_cast": lambda f: f(t, float), "may_share_memory": lambda f: f(t, t), "shares_memory": lambda f: f(t, t),
    "broadcast_shapes": lambda f: f(t.shape), "packbits": lambda f: f(Tensor([True])),
    "unpackbits": lambda f: f(Tensor(np.array([3], np.uint8))),
}  # fmt: skip


@same_numpy
@pytest.mark.parametrize("name", kinds("constant"))
def test_constants_have_no_gradient(name: str) -> None:
    function = operator.attrgetter(name)(np if name in numpy_table.ORDINARY else xp)
    rows = numpy_table.rows_of(name, function)
    if rows:
        assert not any(map(numpy_table.has_gradient, rows))
        return
    result = PLAIN.get(name, lambda f: f(t))(function)
    assert type(result) is not Tensor or not result.requires_grad


def test_the_table_counts_what_there_is() -> None:
    assert len(kinds("gradient")) > 200
    assert not set(kinds("refused")) - {name.removeprefix("np.") for name in REFUSED}
    assert ad.numpy.sin(t).requires_grad


LOUD = (TypeError, ValueError, LookupError, AttributeError, np.linalg.LinAlgError, GradientError)
NUMBERS = {"tri", "fromiter"}  # they take Python numbers: a size, and elements one by one, as float(t) gives them


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("space", [np, np.linalg, np.fft])
def test_no_function_of_numpy_loses_a_gradient_silently(space: Any) -> None:
    """Given a tensor that requires grad, its result is a Tensor, no number at all, or an error."""
    writes = {"save", "savez", "savez_compressed", "savetxt", "memmap", "test", "loadtxt", "genfromtxt", "load"}
    for name in set(space.__all__) - writes - NUMBERS:
        function = getattr(space, name)
        if isinstance(function, type) or not callable(function):
            continue
        for given in (np.array([1.0, 2.0, 3.0]), np.array([[2.0, 0.5], [0.5, 3.0]]), 2.0):
            for count in (1, 2, 3):
                t = Tensor(given, requires_grad=True)
                try:
                    out = function(*[t] * count)
                except LOUD:
                    continue
                for part in out if isinstance(out, tuple | list) else [out]:
                    kind = np.asarray(part).dtype.kind if isinstance(part, np.ndarray | np.generic | float) else ""
                    assert kind not in ("f", "c", "O"), (name, count, part)
