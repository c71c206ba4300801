"""NumPy's ufuncs of Tensors: every one of them, every argument and every method."""

from __future__ import annotations

import functools
import itertools
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special

import autodiff as ad
from autodiff import Tensor
from autodiff.testing import check_grads

GUFUNCS = {np.matmul, np.vecdot, getattr(np, "matvec", None), getattr(np, "vecmat", None)}
UFUNCS = sorted(
    {f for f in vars(np).values() if isinstance(f, np.ufunc)} - GUFUNCS - {np.isnat}, key=lambda f: f.__name__
)
INTEGERS = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.gcd, np.lcm,
            np.bitwise_count}  # fmt: skip
CONSTANT = {
    np.ceil, np.equal, np.floor, np.floor_divide, np.greater, np.greater_equal, np.isfinite, np.isinf, np.isnan,
    np.less, np.less_equal, np.logical_and, np.logical_not, np.logical_or, np.logical_xor, np.not_equal, np.rint,
    np.sign, np.signbit, np.spacing, np.trunc,
}  # fmt: skip
A = np.array([[0.3, -1.2, 2.0], [1.7, 0.6, -0.4]])
B = np.array([1.5, 0.7, -2.2])


def leaf(a: Any) -> Any:
    return Tensor(a, requires_grad=True)


def tensors(args: Any, **spec: Any) -> list[Any]:
    return [Tensor(a, **spec) if isinstance(a, np.ndarray | np.generic) else a for a in args]


def same(ours: Any, theirs: Any) -> None:
    """The same values, shape and dtype, in as many outputs."""
    for a, b in zip(*[r if isinstance(r, tuple) else (r,) for r in (ours, theirs)], strict=True):
        assert type(a) is Tensor
        assert a.dtype == np.result_type(b)
        assert a.shape == np.shape(b)
        kind = np.result_type(b).kind
        np.testing.assert_allclose(a.value, b, rtol=8 * np.finfo(a.dtype).eps if kind in "fc" else 0)


def operands(f: Any, dtype: Any) -> list[Any]:
    """Arguments for a ufunc, in its domain."""
    values = np.array([0.53, 0.27, 0.71]) if f is not np.arccosh else np.array([1.5, 2.0, 3.0])
    if np.dtype(dtype).kind in "iu":
        values = np.array([1, 3, 2])
    first, second = values.astype(dtype), values[[1, 2, 0]].astype(dtype)
    if np.dtype(dtype).kind == "c":
        first = (first + 0.25j).astype(dtype)
    if f is np.ldexp:
        second = np.array([1, 2, -1], np.intc)
    return [first, second][: f.nin]


# -- every ufunc ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["?", "b", "B", "h", "i", "q", "Q", "e", "f", "d", "F", "D"])
@pytest.mark.parametrize("f", UFUNCS, ids=lambda f: f.__name__)
def test_dtypes_are_numpys(f: Any, dtype: Any) -> None:
    args = operands(f, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            expected = f(*args)
        except TypeError:
            with pytest.raises(TypeError):
                f(*tensors(args))
            with pytest.raises(TypeError):
                f(*tensors(args, requires_grad=dtype in "efdFD"))
            return
        same(f(*tensors(args)), expected)
        same(getattr(ad.numpy, f.__name__)(*tensors(args)), expected)
        if dtype in "efdFD":
            same(f(*[leaf(a) if a.dtype.kind in "fc" else a for a in args]), expected)


@pytest.mark.parametrize("dtype", ["i", "e", "f", "d", "F"])
@pytest.mark.parametrize("f", [f for f in UFUNCS if f.nin == 2 and f not in INTEGERS], ids=lambda f: f.__name__)
def test_python_numbers_are_weak(f: Any, dtype: Any) -> None:
    first = operands(f, dtype)[0]
    for number in (2, 2.0):
        for args in ((first, number), (number, first)):
            try:
                expected = f(*args)
            except TypeError:
                continue
            same(f(*tensors(args)), expected)
            if dtype in "efdF":
                same(f(*tensors(args, requires_grad=True)), expected)


def test_dtypes_mix_as_in_numpy() -> None:
    dtypes = "?biqefdFD"
    for f in (np.add, np.multiply, np.true_divide, np.maximum, np.hypot, np.logaddexp, np.arctan2, np.power):
        for one, two in itertools.product(dtypes, dtypes):
            x, y = np.ones(2, one), np.ones(2, two)
            try:
                expected = f(x, y)
            except TypeError:
                continue
            same(f(Tensor(x), y), expected)
            recorded = f(leaf(x) if one in "efdFD" else x, leaf(y) if two in "efdFD" else Tensor(y))
            same(recorded, expected)
            if recorded.requires_grad:
                recorded.backward(np.ones_like(recorded.value))


def test_gradients_come_back_in_the_inputs_dtype() -> None:
    x, y = leaf(np.ones(2, np.float16)), leaf(np.ones(2, np.complex64))
    (np.hypot(x, 2.0) * y).sum().backward(np.complex64(1))
    assert (x.grad.dtype, y.grad.dtype) == (np.float16, np.complex64)


@pytest.mark.parametrize("f", [f for f in UFUNCS if f not in INTEGERS], ids=lambda f: f.__name__)
def test_every_ufunc_records_or_is_constant(f: Any) -> None:
    args = operands(f, float)
    out = f(*[leaf(a) if a.dtype.kind == "f" else a for a in args])
    first = out[f.__name__ == "divmod"] if isinstance(out, tuple) else out
    assert first.requires_grad == (f not in CONSTANT)
    if first.requires_grad and f is not np.heaviside:
        wrt = [a for a in args if a.dtype.kind == "f"][: 1 if f in (np.copysign, np.nextafter) else 2]
        check_grads(
            lambda *xs: f(*xs, *args[len(xs) :])[f is np.divmod] if f.nout == 2 else f(*xs, *args[len(xs) :]), wrt
        )


# -- arguments of a call -----------------------------------------------------------------------------------------


def test_dtype_casts_the_inputs() -> None:
    x = leaf(A)
    out = np.exp(x, dtype=np.float32)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out.value, np.exp(A, dtype=np.float32))
    out.sum().backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad.value, np.exp(A), rtol=1e-6)
    same(np.add(leaf(A), 1, dtype=np.complex64), np.add(A, 1, dtype=np.complex64))
    same(np.less(leaf(A), B, dtype=bool), np.less(A, B, dtype=bool))
    same(ad.numpy.exp(leaf(A), dtype="f4"), np.exp(A, dtype="f4"))
    fraction, whole = np.modf(leaf(A), dtype=np.float32)
    assert (fraction.dtype, whole.dtype, fraction.requires_grad) == (np.float32, np.float32, True)


def test_signature_and_casting() -> None:
    same(np.add(leaf(A), B, signature="ff->f"), np.add(A, B, signature="ff->f"))
    same(np.add(leaf(A), B, sig=("f4", "f4", "f4")), np.add(A, B, signature=("f4",) * 3))
    same(np.add(leaf(A), 1, casting="no"), A + 1)
    for f in (
        lambda x: np.add(x, 1, dtype=np.float32, casting="safe"),
        lambda x: np.add(x, 1, dtype=np.int64),
        lambda x: np.add(x, np.float32(1), casting="no"),
    ):
        for x in (A, leaf(A)):  # NumPy's own error for both
            with pytest.raises(TypeError, match=r"Cannot cast|No loop"):
                f(x)


def test_order_subok_and_what_is_not_an_argument() -> None:
    same(np.add(leaf(A), 1, order="C", subok=False), A + 1)
    with pytest.raises(TypeError, match=r'np.add of Tensors takes no order= argument other than "C", got \'F\''):
        np.add(leaf(A), 1, order="F")
    with pytest.raises(TypeError, match="keepdims"):
        np.add(leaf(A), 1, keepdims=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'out'"):
        ad.add(leaf(A), 1, out=np.zeros(3))  # the two-argument functions take arrays alone


def test_where_needs_out() -> None:
    for x in (leaf(A), Tensor(A)):
        with pytest.raises(
            TypeError, match=r"np.exp with where= and no out= leaves elements undefined; write np.where"
        ):
            np.exp(x, where=A > 0)
        with pytest.raises(TypeError, match="leaves elements undefined"):
            ad.exp(x, where=A > 0)
    out = Tensor(np.zeros(A.shape))
    x = leaf(A)
    assert np.exp(x, where=A > 0, out=out) is out
    np.testing.assert_allclose(out.value, np.where(A > 0, np.exp(A), 0))
    out.sum().backward()
    np.testing.assert_allclose(x.grad.value, np.where(A > 0, np.exp(A), 0))


def test_out() -> None:
    x, out = leaf(A), Tensor(np.zeros(A.shape))
    assert np.multiply(x, 2.0, out=out) is out
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.value, np.full(A.shape, 2.0))
    plain = np.zeros(A.shape)
    assert np.multiply(Tensor(A), 2.0, out=plain) is plain
    np.testing.assert_array_equal(plain, A * 2)
    for call in (
        lambda: np.multiply(x, 2.0, out=plain),
        lambda: ad.exp(x, out=plain),
        lambda: np.add.reduce(x, out=plain[0]),
    ):
        with pytest.raises(
            TypeError, match=r"would write into an array, and the gradient would be lost: use its result"
        ):
            call()
    fraction, whole = Tensor(np.zeros(3)), Tensor(np.zeros(3))
    y = leaf(B)
    written = np.modf(y, out=(fraction, whole))
    assert written[0] is fraction
    assert written[1] is whole
    np.testing.assert_allclose(fraction.value, np.modf(B)[0])
    np.testing.assert_allclose(whole.value, np.modf(B)[1])
    fraction.sum().backward()
    np.testing.assert_array_equal(y.grad.value, np.ones(3))
    whole = np.zeros(2, int)
    np.add(Tensor([1.5, 2.5]), 1, out=whole, casting="unsafe")
    assert whole.tolist() == [2, 3]
    with pytest.raises(TypeError, match="same_kind"):
        np.add(Tensor([1.5, 2.5]), 1, out=whole)
    sums = Tensor(np.zeros(3))
    assert np.add.reduce(leaf(A), out=sums) is sums
    np.testing.assert_allclose(sums.value, A.sum(0))


# -- methods ----------------------------------------------------------------------------------------------------

POSITIVE = np.abs(A) + 0.1
REDUCED = [np.add, np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot,
           np.subtract, np.divide, np.arctan2, np.power]  # fmt: skip
REORDERABLE = REDUCED[:9]
by_name = pytest.mark.parametrize("f", REDUCED, ids=lambda f: f.__name__)


def folded(f: Any, x: Any, axis: int = 0, initial: Any = None, keepdims: bool = False) -> Any:
    """What reduce gives; NumPy 2.4's own is wrong for arctan2 and power along a last axis."""
    parts = [part[..., None].swapaxes(-1, axis) if keepdims else part for part in np.moveaxis(x, axis, 0)]
    return functools.reduce(f, parts) if initial is None else functools.reduce(f, parts, initial)


def same_gradient(f: Any, g: Any, x: Any) -> None:
    np.testing.assert_allclose(ad.grad(lambda x: f(x).sum())(x), ad.grad(lambda x: g(x).sum())(x), rtol=1e-12)


@by_name
def test_reduce(f: Any) -> None:
    for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}, {"axis": 0, "initial": 0.65}):
        expected = folded(f, POSITIVE, **options)
        result = f.reduce(leaf(POSITIVE), **options)
        assert result.requires_grad
        np.testing.assert_allclose(result.value, expected, rtol=1e-12)
        same_gradient(lambda x, o=options: f.reduce(x, **o), lambda x, o=options: folded(f, x, **o), POSITIVE)
    assert f.reduce(leaf(POSITIVE), dtype=np.float32).dtype == np.float32
    assert not f.reduce(Tensor(POSITIVE)).requires_grad


@pytest.mark.parametrize("f", REORDERABLE, ids=lambda f: f.__name__)
def test_reduce_over_all_and_masked(f: Any) -> None:
    mask = np.array([[True, False, True], [False, True, True]])
    for options in ({"axis": None}, {"axis": (0, 1)}, {"axis": None, "keepdims": True}, {"axis": None, "initial": 0.65},
                    {"axis": 1, "where": mask, "initial": 0.65}, {"where": mask, "initial": 0.65}):  # fmt: skip
        np.testing.assert_allclose(f.reduce(leaf(POSITIVE), **options).value, f.reduce(POSITIVE, **options), rtol=1e-12)
        check_grads(lambda x, o=options: f.reduce(x, **o), [POSITIVE])
    check_grads(lambda x: np.logaddexp.reduce(x, where=mask, axis=1), [POSITIVE])


def test_reduce_refuses_what_numpy_refuses() -> None:
    with pytest.raises(ValueError, match="not reorderable"):
        np.subtract.reduce(leaf(A), axis=(0, 1))
    with pytest.raises(ValueError, match="no identity"):
        np.fmax.reduce(leaf(np.zeros((0, 2))))
    assert np.hypot.reduce(leaf(np.zeros((0, 2)))).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="binary"):
        np.exp.reduce(leaf(A))
    with pytest.raises(ValueError, match="identity"):
        np.fmax.reduce(leaf(A), where=A > 0)


def test_reductions_that_are_constants() -> None:
    for f in (np.logical_and, np.logical_or, np.logical_xor):
        result = f.reduce(leaf(A), axis=1)
        assert not result.requires_grad
        np.testing.assert_array_equal(result.value, f.reduce(A, axis=1))


@by_name
def test_accumulate(f: Any) -> None:
    for axis in (0, 1, -1):
        result = f.accumulate(leaf(POSITIVE), axis=axis)
        assert result.requires_grad
        np.testing.assert_allclose(result.value, f.accumulate(POSITIVE, axis=axis), rtol=1e-12)
        check_grads(lambda x, a=axis: f.accumulate(x, axis=a), [POSITIVE])
    assert f.accumulate(leaf(POSITIVE), dtype=np.float32).dtype == np.float32
    assert f.accumulate(leaf(np.zeros((0, 2)))).shape == (0, 2)


@by_name
def test_outer(f: Any) -> None:
    small = POSITIVE[0] + 0.01
    result = f.outer(leaf(POSITIVE), small)
    np.testing.assert_allclose(result.value, f.outer(POSITIVE, small), rtol=1e-12)
    check_grads(f.outer, [POSITIVE, small])
    assert f.outer(leaf(POSITIVE), small, dtype=np.float32).dtype == np.float32
    assert f.outer(2.0, leaf(POSITIVE)).shape == POSITIVE.shape


@by_name
def test_reduceat(f: Any) -> None:
    x = np.abs(np.random.default_rng(0).normal(size=(2, 6))) + 0.2
    for places in ([0, 3], [0, 4, 1, 2], [5]):
        result = f.reduceat(leaf(x), places, axis=1)
        ends = [*places[1:], x.shape[1]]
        for i, (start, end) in enumerate(zip(places, ends, strict=True)):
            expected = folded(f, x[:, start : max(end, start + 1)], 1)
            np.testing.assert_allclose(result.value[:, i], expected, rtol=1e-12)
        same_gradient(
            lambda x, p=places: f.reduceat(x, p, axis=1)[:, -1], lambda x, p=places: folded(f, x[:, p[-1] :], 1), x
        )
    with pytest.raises(IndexError):
        f.reduceat(leaf(x), [7], axis=1)


def test_at_is_refused_where_a_gradient_is_at_stake() -> None:
    a = np.zeros(3)
    with pytest.raises(ad.GradientError, match="a leaf that requires grad"):
        np.add.at(leaf(B), [0], 1.0)
    with pytest.raises(TypeError, match=r"np.add.at would write into an array.*np.where\(mask, t, a\)"):
        np.add.at(a, [0], leaf(1.0))
    np.add.at(a, [0, 0], Tensor(1.5))
    np.testing.assert_array_equal(a, [3, 0, 0])


# -- other ufuncs -----------------------------------------------------------------------------------------------


def test_scipys_ufuncs_find_ours() -> None:
    for name in ad.special.__all__:
        f = getattr(scipy.special, name, None)
        if not isinstance(f, np.ufunc) or f.nin > 1:
            continue
        t = leaf(np.array([0.25, 0.5]))
        out = f(t)
        np.testing.assert_allclose(out.value, f(t.detach().numpy()), rtol=1e-13)
        assert out.requires_grad == (name != "gammasgn")
        assert not f(t.detach()).requires_grad
    x = leaf(np.array([0.5, 2.0]))
    scipy.special.gammainc(2.0, x).sum().backward()
    np.testing.assert_allclose(x.grad.value, [0.5, 2] * np.exp([-0.5, -2.0]))


def test_ufuncs_without_a_derivative_are_named() -> None:
    x = leaf(np.array([0.5, 2.0]))
    with pytest.raises(
        TypeError, match=r"scipy\.special\.struve does not support tensors that require grad.*autodiff\.define"
    ):
        scipy.special.struve(0, x)
    mine = np.frompyfunc(lambda x: x + 1, 1, 1)
    with pytest.raises(TypeError, match=r"<lambda> \(vectorized\) does not support tensors that require grad"):
        mine(x)
    assert type(mine(x.detach())) is np.ndarray  # objects are no Tensor
    with ad.no_grad():
        assert not scipy.special.struve(0, x).requires_grad


def test_under_no_grad_everything_is_constant() -> None:
    x = leaf(A)
    with ad.no_grad():
        for out in (
            np.add.reduce(x),
            scipy.special.erf(x),
            np.exp(x, dtype=np.float32),
            np.fmax.outer(x, x),
            np.multiply.accumulate(x),
        ):
            assert not out.requires_grad
        into = np.zeros(A.shape)
        np.exp(x, out=into)
        np.testing.assert_array_equal(into, np.exp(A))


AT = [np.add, np.subtract, np.multiply, np.maximum, np.minimum]
KEYS = [
    np.array([0, 2, 0]),
    (np.array([1, 1]), np.array([0, 0])),
    1,
    (slice(None), np.array([0, 0])),
    np.array([True, False, True]),
]


@pytest.mark.parametrize("ufunc", AT)
@pytest.mark.parametrize("key", KEYS, ids=["rows", "elements", "row", "columns", "mask"])
def test_at_writes_where_places_repeat(ufunc: Any, key: Any) -> None:
    """As NumPy writes, with the gradient of a loop over the places."""
    x = np.random.default_rng(0).uniform(0.5, 1.5, (3, 2))
    b = np.random.default_rng(1).uniform(0.5, 1.5, x[key].shape)

    def at(x: Any, b: Any) -> Any:
        t = x * 1.0
        ufunc.at(t, key, b)
        return t

    expected = x.copy()
    ufunc.at(expected, key, b)
    found = at(Tensor(x), Tensor(b))
    np.testing.assert_allclose(found.value, expected, rtol=1e-14)
    ad.testing.check_grads(at, [x, b])


def test_at_of_single_numbers_and_what_it_refuses() -> None:
    t = Tensor(np.ones(3, np.float32))
    np.add.at(t, [0, 0, 2], 1.0)
    assert t.tolist() == [3.0, 1.0, 2.0]
    assert t.dtype == np.float32
    counts = Tensor(np.zeros(3, int))
    np.add.at(counts, np.array([1, 1]), 1)
    assert counts.tolist() == [0, 2, 0]
    with pytest.raises(TypeError, match="casting 'same_kind' forbids it"):
        np.add.at(counts, [0], np.array([0.5]))
    with pytest.raises(TypeError, match=r"np\.hypot\.at does not write into Tensors: add, subtract, multiply"):
        np.hypot.at(t, [0], 1.0)
    moved = ad.vmap(lambda i: (lambda y: (np.add.at(y, i, 2.0), y)[1])(ad.numpy.zeros(3)))(np.array([[0, 0], [1, 2]]))
    assert moved.tolist() == [[4.0, 0.0, 0.0], [0.0, 2.0, 2.0]]
