"""Results have NumPy's dtypes and shapes, for every function and every dtype of the arguments."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as xp
from autodiff import Tensor

DTYPES = ["bool", "int8", "int32", "uint8", "int64", "float16", "float32", "float64", "complex64", "complex128"]
MORE: dict[str, list[Any]] = {
    "reshape": [(-1,)], "full_like": [2], "roll": [1], "repeat": [2], "tile": [2], "expand_dims": [0],
    "moveaxis": [0, 0], "rollaxis": [0], "swapaxes": [0, 0], "percentile": [30], "quantile": [0.3], "pad": [1],
    "nanpercentile": [30], "nanquantile": [0.3], "broadcast_to": [(2, 3, 3)], "array_split": [2], "split": [3],
    "hsplit": [3], "vsplit": [3], "delete": [0], "insert": [0, 1], "take": [[0, 1]], "resize": [(2, 2)],
    "partition": [1], "argpartition": [1], "clip": [0, 1], "astype": ["f4"], "linspace": [2], "ldexp": [np.array(1)],
    "histogram": [3], "matrix_power": [2], "interp": [np.arange(6.0), np.arange(6.0)],
}  # fmt: skip
"""What a function is given besides an array, where one or more arrays are not what it takes."""

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "var": [{"ddof": 1}, {"keepdims": True}, {"mean": 0.0}, {"mean": 1}, {"correction": 1}],
    "mean": [{"dtype": "f4"}, {"keepdims": True}],
    "sum": [{"dtype": "f4"}, {"initial": 2}],
    "average": [{"weights": None, "returned": True}],
}
OPTIONS |= dict.fromkeys(("std", "nanvar", "nanstd"), OPTIONS["var"])
OPTIONS |= {"nanmean": OPTIONS["mean"], "prod": OPTIONS["sum"], "nansum": OPTIONS["sum"], "nanprod": OPTIONS["sum"]}

NO_FUNCTIONS = {
    "array2string", "array_repr", "array_str", "diag_indices", "tri", "tril_indices", "triu_indices",
    "indices", "piecewise",
}  # fmt: skip
SPACES = [("", np, xp), ("linalg.", np.linalg, xp.linalg), ("fft.", np.fft, xp.fft)]
NAMES = [
    (prefix + name, getattr(theirs, name), getattr(ours, name))
    for prefix, theirs, ours in SPACES
    for name in sorted(theirs.__all__)
    if callable(getattr(theirs, name)) and not isinstance(getattr(theirs, name), type)
    and hasattr(ours, name) and name not in NO_FUNCTIONS
]  # fmt: skip


def calls(name: str, f: Any) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Arguments to try: a scalar, a vector and a matrix of each dtype, alone, in pairs, beside Python's numbers."""
    short = name.rpartition(".")[2]
    for dtype in map(np.dtype, DTYPES):
        vector = np.array([1, 0, 1, 1, 0, 1]).astype(dtype)
        for a in (dtype.type(1), vector, np.array([[3, 1, 1], [1, 4, 1], [0, 1, 5]]).astype(dtype)):
            if short in MORE:
                yield [a, *MORE[short]], {}
                continue
            yield [a], {}
            yield from (([a], options) for options in OPTIONS.get(short, ()))
            arrays = getattr(f, "nin", 3)
            yield from [([a, a], {})] * (arrays > 1)
            yield from [([a > 0, a, a], {})] * (arrays > 2)
            if arrays == 2:
                yield from (([a, y], {}) for y in (2, 2.0, True, np.float32(1), np.int16(1)))
                yield from (([x, a], {}) for x in (2, 2.0))


def tensors(given: list[Any]) -> list[Any]:
    return [Tensor(x) if isinstance(x, np.ndarray | np.generic) else x for x in given]


def facts(result: Any) -> list[Any]:
    """Dtypes and shapes of a result, or of its parts."""
    if isinstance(result, tuple | list):
        return [fact for part in result for fact in facts(part)]
    value = getattr(result, "value", result)
    return [(getattr(value, "dtype", type(value)), np.shape(value))]


@pytest.mark.parametrize(("name", "theirs", "ours"), NAMES, ids=[name for name, _, _ in NAMES])
def test_dtypes_and_shapes_are_numpys(name: str, theirs: Any, ours: Any) -> None:
    tried = refused = 0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for given, options in calls(name, theirs):
            try:
                expected = theirs(*given, **options)
            except (TypeError, ValueError, IndexError, AttributeError, np.linalg.LinAlgError):
                continue
            tried += 1
            try:
                found = ours(*tensors(given), **options)
            except (TypeError, ValueError, IndexError, np.linalg.LinAlgError):
                refused += 1  # complex numbers that have no order, say: an error is not a wrong dtype
                continue
            assert facts(found) == facts(expected), (name, given, options)
    assert refused <= tried / 2 or name in ("cumulative_sum", "cumulative_prod", "fft.fftfreq", "fft.rfftfreq"), refused


METHODS: dict[str, list[Any]] = {
    "__add__": [1], "__radd__": [1.5], "__sub__": [1], "__mul__": [2.0], "__truediv__": [2], "__floordiv__": [2],
    "__mod__": [2], "__pow__": [2], "__rpow__": [2], "__matmul__": [np.ones(6)], "__and__": [True], "__lshift__": [1],
    "__eq__": [1], "__lt__": [1], "__neg__": [], "__pos__": [], "__abs__": [], "__invert__": [], "__divmod__": [2],
    "__iadd__": [1], "__imul__": [2], "__ipow__": [2], "__ifloordiv__": [2], "conj": [], "conjugate": [], "round": [],
    "sum": [], "prod": [], "mean": [], "var": [], "std": [], "max": [], "argmax": [], "cumsum": [], "cumprod": [],
    "any": [], "all": [], "dot": [np.ones(6)], "trace": [], "ptp": [], "nonzero": [], "argsort": [], "repeat": [2],
    "clip": [0, 1], "astype": ["f4"], "tolist": [], "item": [0],
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_the_dtypes_of_arrays_methods(name: str) -> None:
    for dtype in DTYPES:
        a = np.array([1, 0, 1, 1, 0, 1]).astype(dtype)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = getattr(a.copy(), name)(*METHODS[name])
            except (TypeError, ValueError, AttributeError):
                continue
            try:
                found = getattr(Tensor(a), name)(*METHODS[name])
            except TypeError:
                assert a.dtype.kind == "c"  # no order
                continue
        assert facts(found) == facts(expected), (name, dtype)


HELD: dict[str, Any] = {
    "var has no derivative by ddof": lambda t: xp.var(np.ones(4), ddof=t),
    "var has no derivative by correction": lambda t: xp.std(np.ones(4), correction=t),
    "nanvar has no derivative by ddof": lambda t: xp.nanstd(np.ones(4), ddof=t),
    "cov has no derivative by ddof": lambda t: xp.cov(np.ones((2, 3)), ddof=t),
    "cov has no derivative by fweights": lambda t: xp.cov(np.ones((2, 1)), fweights=t.reshape(1)),
    "linalg.norm has no derivative by ord": lambda t: xp.linalg.norm(np.eye(2), t),
    "linalg.vector_norm has no derivative by ord": lambda t: xp.linalg.vector_norm(np.ones(2), ord=t),
    "linalg.matrix_norm has no derivative by ord": lambda t: xp.linalg.matrix_norm(np.eye(2), ord=t),
    "linalg.cond has no derivative by p": lambda t: xp.linalg.cond(np.eye(2), t),
    "ix_ has no derivative by places": lambda t: np.ix_(t.reshape(1)),
    "cross_entropy has no derivative by label_smoothing": lambda t: ad.cross_entropy(
        np.ones((1, 2)), np.array([1]), label_smoothing=t
    ),
    "dropout has no derivative by p": lambda t: ad.dropout(np.ones(2), t),
}


@pytest.mark.parametrize("said", HELD)
def test_an_argument_without_derivative_does_not_lose_its_gradient(said: str) -> None:
    call = HELD[said]
    with pytest.raises(TypeError, match=rf"{said}; pass \w+\.detach\(\)"):
        call(Tensor(1.0, requires_grad=True))
