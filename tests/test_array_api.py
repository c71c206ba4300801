"""The array-API standard, 2024.12: `autodiff.numpy` has its names, signatures, promotions and special values."""

from __future__ import annotations

import inspect
import operator
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as xp
from autodiff import Tensor
from autodiff.errors import GradientError

inf, nan, pi = np.inf, np.nan, np.pi
EMPTY = inspect.Parameter.empty

# How each function of the standard is called: positional arguments, then after a star what has a name.
CALLS = {
    "x": """abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor imag isfinite isinf
        isnan log log10 log1p log2 logical_not negative positive real reciprocal round sign signbit sin sinh sqrt
        square tan tanh trunc nonzero unique_all unique_counts unique_inverse unique_values matrix_transpose
        linalg.det linalg.eigh linalg.eigvalsh linalg.inv linalg.matrix_transpose linalg.slogdet linalg.svdvals""",
    "x y": """add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign divide equal
        floor_divide greater greater_equal hypot less less_equal logaddexp logical_and logical_or logical_xor maximum
        minimum multiply nextafter not_equal pow remainder subtract matmul linalg.matmul linalg.outer linalg.solve""",
    "x y z": "where",
    "x n": "linalg.matrix_power",
    "x shape": "broadcast_to",
    "x *min max": "clip",
    "x *axis keepdims": "all any argmax argmin count_nonzero max mean min",
    "x *axis dtype keepdims": "sum prod",
    "x *axis correction keepdims": "std var",
    "x *axis dtype include_initial": "cumulative_sum cumulative_prod",
    "x *axis n prepend append": "diff",
    "x *axis": "expand_dims flip unstack",
    "x *axis descending stable": "argsort sort",
    "x *order": "",
    "x v *side sorter": "searchsorted",
    "x indices *axis": "take take_along_axis",
    "x *axes": "permute_dims",
    "x *repeats axis": "repeat",
    "x *shape copy": "reshape",
    "x *shift axis": "roll",
    "x axis": "squeeze",
    "xs *axis": "concat stack",
    "x reps": "tile",
    "x source destination": "moveaxis",
    "*": "broadcast_arrays result_type meshgrid",
    "x dtype *copy device": "astype",
    "x dtype": "can_cast",
    "dtype": "finfo iinfo",
    "dtype kind": "isdtype",
    "start *stop step dtype device": "arange",
    "x *dtype device copy": "asarray",
    "x *device copy": "from_dlpack",
    "shape *dtype device": "empty ones zeros",
    "x *dtype device": "empty_like ones_like zeros_like",
    "n m *k dtype device": "eye",
    "shape value *dtype device": "full",
    "x value *dtype device": "full_like",
    "start stop num *dtype device endpoint": "linspace",
    "x *k": "tril triu",
    "x *upper": "linalg.cholesky",
    "x y *axis": "vecdot linalg.vecdot linalg.cross",
    "x y *axes": "tensordot linalg.tensordot",
    "x *offset": "linalg.diagonal",
    "x *offset dtype": "linalg.trace",
    "x *keepdims ord": "linalg.matrix_norm",
    "x *rtol": "linalg.matrix_rank linalg.pinv",
    "x *mode": "linalg.qr",
    "x *full_matrices": "linalg.svd",
    "x *axis keepdims ord": "linalg.vector_norm",
    "x *n axis norm": "fft.fft fft.ifft fft.rfft fft.irfft fft.hfft fft.ihfft",
    "x *s axes norm": "fft.fftn fft.ifftn fft.rfftn fft.irfftn",
    "n *d dtype device": "fft.fftfreq fft.rfftfreq",
    "x *axes ": "fft.fftshift fft.ifftshift",
}
FUNCTIONS = [(name, how) for how, names in CALLS.items() for name in names.split()]
DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip


def find(name: str) -> Any:
    return operator.attrgetter(name)(xp)


# -- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "how"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_functions_are_called_as_the_standard_says(name: str, how: str) -> None:
    function = find(name)
    assert name.rpartition(".")[2] in (xp.__all__ if "." not in name else find(name.partition(".")[0]).__all__)
    positional, _, named = how.partition("*")
    try:
        signature = inspect.signature(function)
    except ValueError:  # one of NumPy's own, written in C
        return
    bound = signature.bind(*[0] * len(positional.split()), **dict.fromkeys(named.split()))
    left = [p for p in signature.parameters.values() if p.name not in bound.arguments and p.default is EMPTY]
    assert all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in left)


def test_constants_and_dtypes() -> None:
    assert (xp.e, xp.pi, xp.inf, xp.newaxis) == (np.e, np.pi, np.inf, None)
    assert xp.nan != xp.nan
    for name in DTYPES:
        assert xp.zeros(2, dtype=getattr(xp, name)).dtype == name


def test_the_namespace_is_found_from_a_tensor() -> None:
    t = Tensor([1.0])
    assert t.__array_namespace__() is xp
    assert t.__array_namespace__(api_version="2024.12") is xp
    assert xp.__array_api_version__ == "2024.12"
    with pytest.raises(ValueError, match=r"'1999\.12' was asked for"):
        t.__array_namespace__(api_version="1999.12")


def test_what_the_namespace_says_of_itself() -> None:
    info = xp.__array_namespace_info__()
    assert info.default_device() in info.devices() == ["cpu"]
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert sorted(info.dtypes()) == sorted(DTYPES)
    assert sorted(info.dtypes(kind="complex floating")) == ["complex128", "complex64"]
    assert info.default_dtypes()["real floating"] == xp.zeros(1).dtype
    assert info.default_dtypes()["indexing"] == xp.argmax(Tensor([1.0])).dtype


def test_devices() -> None:
    t = Tensor([1.0, 2.0])
    assert t.device == "cpu"
    assert t.to_device("cpu") is t
    assert t.__dlpack_device__() == (1, 0)
    np.testing.assert_array_equal(np.from_dlpack(t), t.value)
    assert xp.from_dlpack(t) is t
    assert xp.asarray(t, device="cpu") is t
    assert xp.astype(t, xp.float32, device="cpu").dtype == np.float32
    with pytest.raises(ValueError, match='live on the device "cpu"'):
        t.to_device("cuda")
    with pytest.raises(GradientError, match=r"t\.detach\(\)"):
        np.from_dlpack(Tensor([1.0], requires_grad=True))


def test_attributes_of_an_array() -> None:
    t = Tensor(np.arange(6.0).reshape(1, 2, 3))
    assert (t.dtype, t.ndim, t.shape, t.size) == (np.float64, 3, (1, 2, 3), 6)
    assert (t.mT.shape, t[0].T.shape, t.itemsize, t.nbytes, t.strides) == ((1, 3, 2), (3, 2), 8, 48, (48, 24, 8))


# -- promotion --------------------------------------------------------------------------------------------

PROMOTION = """
        i1  i2  i4  i8  u1  u2  u4  u8  f4  f8  c8  c16
    i1  i1  i2  i4  i8  i2  i4  i8  .   .   .   .   .
    i2  i2  i2  i4  i8  i2  i4  i8  .   .   .   .   .
    i4  i4  i4  i4  i8  i4  i4  i8  .   .   .   .   .
    i8  i8  i8  i8  i8  i8  i8  i8  .   .   .   .   .
    u1  i2  i2  i4  i8  u1  u2  u4  u8  .   .   .   .
    u2  i4  i4  i4  i8  u2  u2  u4  u8  .   .   .   .
    u4  i8  i8  i8  i8  u4  u4  u4  u8  .   .   .   .
    u8  .   .   .   .   u8  u8  u8  u8  .   .   .   .
    f4  .   .   .   .   .   .   .   .   f4  f8  c8  c16
    f8  .   .   .   .   .   .   .   .   f8  f8  c16 c16
    c8  .   .   .   .   .   .   .   .   c8  c16 c8  c16
    c16 .   .   .   .   .   .   .   .   c16 c16 c16 c16
"""
_columns, *_rows = [line.split() for line in PROMOTION.strip().splitlines()]
PAIRS = [(row[0], column, to) for row in _rows for column, to in zip(_columns, row[1:], strict=True) if to != "."]
assert len(PAIRS) == 64 - 8 + 16


@pytest.mark.parametrize(("a", "b", "to"), PAIRS)
def test_promotion(a: str, b: str, to: str) -> None:
    x, y = xp.ones(2, dtype=a), xp.ones(2, dtype=b)
    assert xp.result_type(x, y) == xp.result_type(x.dtype, y.dtype) == np.dtype(to)
    results = [x + y, y * x, x - y, xp.concat([x, y]), xp.stack([x, y]), xp.where(xp.asarray([True, False]), x, y)]
    results += [x == y] if to == "b1" else [x**y]
    assert [r.dtype for r in results] == [np.dtype(to)] * len(results)
    assert (x == y).dtype == (x != y).dtype == np.bool
    if np.dtype(to).kind in "fc":
        for s, t in ((x, y), (xp.asarray(x, copy=True), xp.asarray(y, copy=True))):
            s, t = (v.requires_grad_() if v.dtype.kind in "fc" else v for v in (s, t))
            assert (s / t).dtype == np.dtype(to)
            (s * t).sum().backward(xp.ones((), dtype=to))
            assert all(v.grad.dtype == v.dtype for v in (s, t))


WEAK = {bool: "b", int: "iufc", float: "fc", complex: "fc"}


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("kind", WEAK)
def test_python_numbers_are_weak(name: str, kind: Any) -> None:
    x = xp.ones(2, dtype=name)
    if x.dtype.kind not in WEAK[kind]:
        return
    expected = x.dtype
    if kind is complex:
        expected = {"float32": np.dtype("complex64"), "float64": np.dtype("complex128")}.get(name, x.dtype)
    number = kind(1)
    if kind is bool:
        assert (x & number).dtype == (number | x).dtype == (x == number).dtype == np.bool
        return
    for result in (x + number, number + x, x * number, number - x, xp.add(x, number), xp.multiply(number, x)):
        assert result.dtype == expected
    assert xp.result_type(x, number) == expected


OPERATORS = [
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and_", "or_", "xor",
    "lt", "le", "gt", "ge", "eq", "ne",
]  # fmt: skip


def test_operators() -> None:
    x, y = xp.asarray([6, 5, 4]), xp.asarray([1, 2, 3])
    a, b = x.value, y.value
    for name in OPERATORS:
        f = getattr(operator, name)
        for result in (f(x, y), f(x, b), f(a, y)):
            np.testing.assert_array_equal(result.value, f(a, b))
            assert result.dtype == f(a, b).dtype
        np.testing.assert_array_equal(f(x, 2).value, f(a, 2))
        np.testing.assert_array_equal(f(20, x).value, f(20, a))
    for name in ["iadd", "isub", "imul", "ifloordiv", "imod", "ipow", "ilshift", "irshift", "iand", "ior", "ixor"]:
        f = getattr(operator, name)
        t = same = xp.asarray(x, copy=True)
        t = f(t, y)
        assert t is same
        np.testing.assert_array_equal(t.value, f(a.copy(), b))
    m = same = xp.asarray(np.arange(4.0).reshape(2, 2))
    m @= xp.asarray([[0.0, 1.0], [1.0, 0.0]])
    assert m is same
    np.testing.assert_array_equal(m.value, [[1, 0], [3, 2]])
    assert (-x).value[0] == -6
    assert (~x).value[0] == -7
    assert (+x).value[0] == abs(-x).value[0] == 6


def test_conversions_of_numbers() -> None:
    assert bool(xp.asarray(1.0)) is True
    assert (int(xp.asarray(3)), float(xp.asarray(3)), complex(xp.asarray(3.0))) == (3, 3.0, 3 + 0j)
    assert operator.index(xp.asarray(3)) == 3


# -- shapes -----------------------------------------------------------------------------------------------

UNARY = [
    "abs", "ceil", "conj", "cos", "exp", "floor", "imag", "isfinite", "log1p", "negative", "real", "round", "sign",
    "sin", "sqrt", "square", "tanh", "trunc",
]  # fmt: skip
BINARY = [
    "add", "atan2", "divide", "equal", "hypot", "less", "maximum", "multiply", "pow", "subtract",
]  # fmt: skip
REDUCTIONS = {"sum": 0, "prod": 1, "any": False, "all": True, "count_nonzero": 0}


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3), (2, 3)])
def test_shapes_of_elementwise_functions(shape: tuple[int, ...]) -> None:
    x = xp.full(shape, 0.5)
    for name in UNARY:
        assert getattr(xp, name)(x).shape == shape
    for name in BINARY:
        f = getattr(xp, name)
        assert f(x, x).shape == f(x, 0.5).shape == f(xp.asarray(0.5), x).shape == shape
        assert f(xp.full((4, *(1,) * len(shape)), 0.5), x).shape == (4, *shape)
    with pytest.raises(ValueError, match="broadcast"):
        xp.add(xp.ones((2, 3)), xp.ones(4))


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3)])
def test_shapes_of_reductions(shape: tuple[int, ...]) -> None:
    x = xp.ones(shape)
    for name, empty in REDUCTIONS.items():
        f = getattr(xp, name)
        assert f(x).shape == ()
        assert f(x, keepdims=True).shape == (1,) * len(shape)
        if 0 in shape:
            assert f(x).item() == empty
        for axis in range(-len(shape), len(shape)):
            kept = list(shape)
            kept[axis] = 1
            assert f(x, axis=axis, keepdims=True).shape == tuple(kept)
    for name in ("max", "min", "argmax"):
        if 0 in shape:
            with pytest.raises(ValueError, match=r"zero-size|empty"):
                getattr(xp, name)(x)


def test_sums_have_the_dtype_of_the_standard() -> None:
    for name in DTYPES[1:]:
        x = xp.ones(2, dtype=name)
        wide = {"i": "int64", "u": "uint64"}.get(x.dtype.kind, name)
        for f in (xp.sum, xp.prod, xp.cumulative_sum, xp.cumulative_prod):
            assert f(x).dtype == wide
        assert xp.sum(x, dtype=xp.float64 if x.dtype.kind != "c" else xp.complex128).dtype in ("float64", "complex128")


def test_creation() -> None:
    for shape in ((), (0,), (2, 3), 4):
        for f in (xp.zeros, xp.ones, xp.empty):
            made = f(shape)
            assert made.shape == (shape if isinstance(shape, tuple) else (shape,))
            assert (made.dtype, made.device, made.requires_grad) == (np.float64, "cpu", False)
    x = xp.ones((2, 3), dtype=xp.float32)
    for f in (xp.zeros_like, xp.ones_like, xp.empty_like):
        assert (f(x).shape, f(x).dtype, f(x, dtype=xp.int8).dtype) == ((2, 3), np.float32, np.int8)
    assert xp.full(2, 3).dtype == np.int64
    assert xp.full(2, True).dtype == np.bool
    assert xp.full_like(x, 3).dtype == np.float32
    assert xp.arange(3).dtype == np.int64
    assert xp.arange(3.0).dtype == np.float64
    assert xp.arange(5, 0, -2, dtype=xp.float32).tolist() == [5, 3, 1]
    assert xp.eye(2, 3, k=1, dtype=xp.int8).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert xp.linspace(0, 1, 5, endpoint=False).tolist() == [0, 0.2, 0.4, 0.6000000000000001, 0.8]
    assert xp.asarray([1, 2.5]).dtype == np.float64
    assert [g.shape for g in xp.meshgrid(xp.arange(2), xp.arange(3), indexing="ij")] == [(2, 3)] * 2
    assert xp.tril(xp.ones((2, 2)), k=-1).tolist() == [[0, 0], [1, 0]]


def test_indexing() -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    t = xp.asarray(a)
    for key in (0, -1, (1, 2, 3), slice(1), (..., 1), (None, 0), (slice(None), slice(None, None, -1)), ..., (), a > 5,
                np.array([0, 1, 1]), (0, np.array([2, 0]), slice(1, 3))):  # fmt: skip
        np.testing.assert_array_equal(t[key].value, a[key])
    np.testing.assert_array_equal(t[t > 5].value, a[a > 5])
    np.testing.assert_array_equal(t[xp.asarray([1, 0])].value, a[[1, 0]])
    assert xp.take(t, xp.asarray([0, 2]), axis=1).shape == (2, 2, 4)
    t[0, 0] = 7.0
    assert t[0, 0].tolist() == [7.0] * 4
    with pytest.raises(IndexError):
        t[5]


# -- special values -----------------------------------------------------------------------------------------

# For each function (arguments, result); 0.0 and -0.0 are told apart.
SPECIAL: dict[str, list[tuple[Any, ...]]] = {
    "abs": [(nan, nan), (-0.0, 0.0), (-inf, inf)],
    "acos": [(nan, nan), (1.5, nan), (-1.5, nan), (1.0, 0.0)],
    "acosh": [(nan, nan), (0.5, nan), (1.0, 0.0), (inf, inf)],
    "asin": [(nan, nan), (1.5, nan), (0.0, 0.0), (-0.0, -0.0)],
    "asinh": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf)],
    "atan": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, pi / 2), (-inf, -pi / 2)],
    "atanh": [(nan, nan), (1.5, nan), (-1.0, -inf), (1.0, inf), (0.0, 0.0), (-0.0, -0.0)],
    "ceil": [(nan, nan), (inf, inf), (-0.0, -0.0), (-0.5, -0.0)],
    "floor": [(nan, nan), (-inf, -inf), (-0.0, -0.0), (0.5, 0.0)],
    "trunc": [(nan, nan), (inf, inf), (-0.0, -0.0), (-0.5, -0.0)],
    "round": [(nan, nan), (inf, inf), (-0.0, -0.0), (0.5, 0.0), (1.5, 2.0), (2.5, 2.0)],
    "cos": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan)],
    "sin": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, nan)],
    "tan": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (-inf, nan)],
    "cosh": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf)],
    "sinh": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -inf)],
    "tanh": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0)],
    "exp": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0)],
    "expm1": [(nan, nan), (0.0, 0.0), (-0.0, -0.0), (inf, inf), (-inf, -1.0)],
    "log": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log1p": [(nan, nan), (-2.0, nan), (-1.0, -inf), (-0.0, -0.0), (0.0, 0.0), (inf, inf)],
    "log2": [(nan, nan), (-1.0, nan), (0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log10": [(nan, nan), (-1.0, nan), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "reciprocal": [(inf, 0.0), (-inf, -0.0), (0.0, inf), (-0.0, -inf)],
    "sign": [(nan, nan), (0.0, 0.0), (-3.0, -1.0)],
    "signbit": [(0.0, False), (-0.0, True), (inf, False), (-inf, True)],
    "sqrt": [(nan, nan), (-1.0, nan), (0.0, 0.0), (-0.0, -0.0), (inf, inf)],
    "square": [(nan, nan), (-0.0, 0.0), (-inf, inf)],
    "isfinite": [(nan, False), (inf, False), (0.0, True)],
    "isinf": [(nan, False), (-inf, True), (0.0, False)],
    "isnan": [(nan, True), (inf, False)],
    "add": [(nan, 1.0, nan), (inf, -inf, nan), (inf, 1.0, inf), (-0.0, -0.0, -0.0), (-0.0, 0.0, 0.0), (1.0, -1.0, 0.0)],
    "subtract": [(inf, inf, nan), (-0.0, 0.0, -0.0), (0.0, 0.0, 0.0), (1.0, inf, -inf)],
    "multiply": [(nan, 1.0, nan), (inf, 0.0, nan), (-0.0, inf, nan), (inf, -2.0, -inf), (-0.0, 2.0, -0.0)],
    "divide": [(nan, 1.0, nan), (inf, inf, nan), (0.0, -0.0, nan), (1.0, -0.0, -inf), (1.0, inf, 0.0)],
    "floor_divide": [(nan, 1.0, nan), (inf, inf, nan), (0.0, 0.0, nan), (0.0, 2.0, 0.0), (-1.0, 2.0, -1.0)],
    "remainder": [(nan, 1.0, nan), (inf, 2.0, nan), (0.0, 0.0, nan), (0.0, 2.0, 0.0), (0.0, -2.0, -0.0)],
    "pow": [(1.0, nan, 1.0), (nan, 0.0, 1.0), (nan, -0.0, 1.0), (nan, 1.0, nan), (2.0, inf, inf), (2.0, -inf, 0.0),
            (-1.0, inf, 1.0), (1.0, -inf, 1.0), (0.5, inf, 0.0), (0.5, -inf, inf), (inf, 2.0, inf), (inf, -2.0, 0.0),
            (-inf, 3.0, -inf), (-inf, 2.0, inf), (-inf, -3.0, -0.0), (0.0, 2.0, 0.0), (0.0, -2.0, inf),
            (-0.0, 3.0, -0.0), (-0.0, -3.0, -inf), (-0.0, -2.0, inf), (-2.0, 0.5, nan)],
    "atan2": [(nan, 1.0, nan), (1.0, nan, nan), (1.0, 0.0, pi / 2), (0.0, 1.0, 0.0), (0.0, -0.0, pi), (-0.0, 0.0, -0.0),
              (-0.0, -1.0, -pi), (-1.0, -0.0, -pi / 2), (inf, inf, pi / 4), (inf, -inf, 3 * pi / 4), (1.0, inf, 0.0),
              (-1.0, -inf, -pi), (-inf, 1.0, -pi / 2)],
    "hypot": [(inf, nan, inf), (nan, -inf, inf), (nan, 1.0, nan), (0.0, -0.0, 0.0)],
    "logaddexp": [(nan, 1.0, nan), (inf, 1.0, inf), (-inf, 1.0, 1.0)],
    "copysign": [(1.0, -0.0, -1.0), (-0.0, 1.0, 0.0), (-inf, 0.0, inf)],
    "nextafter": [(nan, 1.0, nan), (-0.0, 0.0, 0.0), (0.0, -0.0, -0.0), (0.0, 1.0, 5e-324)],
    "maximum": [(nan, 1.0, nan), (1.0, nan, nan), (inf, 1.0, inf)],
    "minimum": [(nan, 1.0, nan), (1.0, nan, nan), (-inf, 1.0, -inf)],
    "equal": [(nan, nan, False), (0.0, -0.0, True), (inf, inf, True)],
    "not_equal": [(nan, nan, True), (0.0, -0.0, False)],
    "less": [(nan, 1.0, False), (-inf, inf, True), (-0.0, 0.0, False)],
    "greater_equal": [(nan, nan, False), (inf, inf, True)],
    "logical_and": [(nan, 1.0, True), (0.0, nan, False)],
    "logical_not": [(nan, False), (-0.0, True)],
}  # fmt: skip
COMPLEX: dict[str, list[tuple[Any, ...]]] = {
    "exp": [(0j, 1 + 0j), (complex(-inf, 1.0), 0j)],
    "sqrt": [(0j, 0j), (complex(-4.0, 0.0), 2j), (complex(-4.0, -0.0), -2j), (complex(1.0, inf), complex(inf, inf))],
    "log": [(complex(-1.0, 0.0), complex(0.0, pi)), (complex(-1.0, -0.0), complex(0.0, -pi))],
    "abs": [(complex(inf, nan), inf), (complex(3.0, -4.0), 5.0)],
    "isnan": [(complex(nan, 0.0), True), (complex(inf, 0.0), False)],
    "isfinite": [(complex(0.0, inf), False)],
    "isinf": [(complex(nan, inf), True)],
    "sign": [(0j, 0j), (3j, 1j)],
    "multiply": [(1j, 1j, -1 + 0j)],
}


@pytest.mark.parametrize(("name", "rows"), [*SPECIAL.items(), *COMPLEX.items()])
@pytest.mark.parametrize("tracked", [False, True])
def test_special_values(name: str, rows: list[tuple[Any, ...]], tracked: bool) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    *arguments, expected = columns
    with np.errstate(all="ignore"):
        result = getattr(xp, name)(*[Tensor(a, requires_grad=tracked) for a in arguments])
        ones = [getattr(xp, name)(*[Tensor(v) for v in row[:-1]]).value for row in rows]
    for found in (result.value, np.array(ones)):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-15)
        if expected.dtype.kind == "f":
            zeros = expected == 0
            np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(expected[zeros]))


def test_special_values_of_reductions() -> None:
    for name, values, expected in (
        ("sum", [inf, -inf], nan), ("sum", [nan, 1.0], nan), ("prod", [inf, 0.0], nan), ("max", [1.0, nan], nan),
        ("min", [nan, 1.0], nan), ("mean", [inf, -inf], nan), ("mean", [nan], nan), ("any", [nan], True),
        ("var", [1.0, nan], nan), ("argmax", [1.0, nan], 1), ("cumulative_sum", [1.0, nan], [1.0, nan]),
        ("count_nonzero", [nan, -0.0], 1),
    ):  # fmt: skip
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(getattr(xp, name)(Tensor(values)).value, expected)


def test_sets_tell_every_nan_apart() -> None:
    t = Tensor([nan, 1.0, nan, 1.0])
    assert xp.unique_values(t).size == xp.unique_counts(t).counts.size == 3
    assert sorted(xp.unique_counts(t).counts.tolist()) == [1, 1, 2]
    everything = xp.unique_all(t)
    assert everything._fields == ("values", "indices", "inverse_indices", "counts")


def test_sorting() -> None:
    t = Tensor([2.0, 1.0, 3.0, 1.0])
    assert xp.sort(t, descending=True).tolist() == [3, 2, 1, 1]
    assert xp.argsort(t, stable=True).tolist() == [1, 3, 0, 2]
    assert xp.argsort(t, descending=True).tolist()[:2] == [2, 0]
    assert xp.searchsorted(Tensor([1.0, 2.0]), Tensor([1.0, 3.0]), side="right").tolist() == [1, 2]


def test_gradients_flow_through_code_that_asks_for_the_namespace() -> None:
    def distance(x: Any, y: Any) -> Any:
        names = x.__array_namespace__()
        return names.sqrt(names.sum(names.square(names.subtract(x, y)), axis=-1))

    x, y = (Tensor(v, requires_grad=True) for v in ([[3.0, 4.0]], [0.0, 0.0]))
    distance(x, y).sum().backward()
    np.testing.assert_allclose(x.grad.value, [[0.6, 0.8]])
    ad.testing.check_grads(lambda a, b: distance(xp.asarray(a), xp.asarray(b)), [np.ones((2, 3)), np.zeros(3)])
    assert all(xp.result_type(a, b) == np.promote_types(a, b) for a, b in combinations_with_replacement(DTYPES, 2))
