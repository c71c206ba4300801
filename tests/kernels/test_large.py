"""Elementwise functions of large arrays in several threads: the bits, errors and warnings of NumPy."""

import operator
import threading
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, backward
from autodiff.accumulate import merge
from autodiff.kernels import large
from autodiff.kernels.threads import get_num_threads, set_num_threads

N = 140_001  # large, and no multiple of anything


@pytest.fixture(params=[1, 2, 3], autouse=True)
def threads(request, monkeypatch):
    """The number of threads; all of them have something to do."""
    monkeypatch.setattr(large, "_LEAST", 1 << 12)
    before = get_num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


@pytest.fixture
def workers(monkeypatch):
    """The threads that have computed something."""
    seen = set()
    share = large.share

    def watched(run, n, least=1):
        def noted(start, stop):
            if start < stop:
                seen.add(threading.get_ident())
            run(start, stop)

        share(noted, n, least)

    monkeypatch.setattr(large, "share", watched)
    return seen


def numbers(dtype, n=N, seed=0):
    """Positive and negative ones, NaN, infinities, zeros, the smallest and the largest."""
    x = (np.random.default_rng(seed).normal(size=n) * 3).astype(dtype)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).max, np.finfo(dtype).tiny / 4, -1.0, 1.0]
    for start in (0, n // 2, n - 40):
        x[start : start + len(special)] = special
    return x


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.flags.c_contiguous == b.flags.c_contiguous and (
        a.tobytes() == b.tobytes()
    )  # fmt: skip


FOUND = {f for f in vars(np).values() if isinstance(f, np.ufunc) and large.shared(f) is not f}
UFUNCS = sorted(FOUND, key=lambda f: f.__name__)
NAMES = "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "abs"
OPERATORS = [getattr(operator, name) for name in NAMES]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [*UFUNCS, *OPERATORS], ids=lambda f: f.__name__)
def test_bits_are_those_of_numpy(function, dtype, workers, threads):
    many = 1 if function in (operator.neg, operator.abs) else getattr(function, "nin", 2)
    arrays = [numbers(dtype, 20_001, seed=i) for i in range(many)]
    with np.errstate(all="ignore"):
        assert same(large.shared(function)(*arrays), function(*arrays))
    assert (threads == 1) == (not workers)
    assert len(workers) in ([0] if threads == 1 else [threads - 1, threads])  # a quick one may take what is another's


def outcome(function, *arrays):
    """What a function returns, or what it raises."""
    try:
        return function(*arrays), None
    except (ValueError, TypeError) as error:
        return None, (type(error), str(error))


@pytest.mark.parametrize("function", [np.multiply, operator.sub, operator.pow, np.arctan2], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operands_of_all_kinds(function, dtype):
    x = np.abs(numbers(dtype, 30_000)).reshape(300, 100)
    row, column, fortran = x[0].copy(), x[:, :1].copy(), np.asfortranarray(x)
    with np.errstate(all="ignore"):
        narrow = [x.astype(np.int8), x.astype(np.float16), x.astype(x.dtype.newbyteorder()), x * 1j]
    others = [
        2, 0.5, -1, 2.0, 0, 1, 1.0, 3, -2.0, True, dtype(3), np.float64(3), np.float16(3), np.int64(2), row, row[None],
        column, row[:1], fortran, x[::2], x[::-1], x[:, ::-1], x.T.copy().T, np.broadcast_to(dtype(2), x.shape),
        np.broadcast_to(row, x.shape), np.broadcast_to(column, x.shape), np.ones((2, *x.shape), dtype), x[:0],
        np.ones(3), *narrow,
    ]  # fmt: skip
    for y in others:
        for a, b in ((x, y), (y, x)):
            with np.errstate(all="ignore"):
                expected, error = outcome(function, a, b)
                found, found_error = outcome(large.shared(function), a, b)
                assert error == found_error
                assert error or (same(found, expected) and found.strides == expected.strides)


def test_other_functions_stay_as_they_are():
    for function in (np.matmul, np.where, len, np.logical_and, np.isnan, np.divmod, np.frexp):
        assert large.shared(function) is function


def test_sums_have_the_bits_of_numpy(workers, threads):
    for dtype in (np.float32, np.float64):
        for n in (N, N + 1, N + 7, 1_234_567):
            x = np.random.default_rng(n).normal(size=n).astype(dtype)
            assert same(large.sum_of(x, (0,), False), np.add.reduce(x))
            y = x[: n - n % 120].reshape(12, -1, 10)
            for z in (y, y.T, y[:, ::2], y.transpose(1, 0, 2), np.broadcast_to(y[:1], y.shape)):
                for axis in ((0, 1, 2), (1, 2), (1,), (2,), (0,), (0, 2)):
                    for keepdims in (False, True):
                        expected = np.add.reduce(z, axis=axis, keepdims=keepdims)
                        assert same(large.sum_of(z, axis, keepdims), expected)
    assert len(workers) in ([0] if threads == 1 else [threads - 1, threads])
    for x in (np.full(N, -0.0), np.ones(N, np.int8), np.full(N, 0.25, np.float16)):
        assert same(large.sum_of(x, (0,), False), np.add.reduce(x))
    with np.errstate(invalid="ignore"):
        x = np.ones(N)
        x[0], x[-1] = np.inf, -np.inf
        assert np.isnan(large.sum_of(x, (0,), False))


def test_copies():
    x = np.arange(2.0 * N).reshape(-1, 2)
    for y in (x, x.T, x[::2], np.broadcast_to(2.0, x.shape), x[:1], x[:0]):
        found = large.copy(y)
        assert same(found, y.copy())
        assert found.base is None


# -- np.errstate -------------------------------------------------------------------------------------------------


def _overflows():
    x = np.ones(N, np.float32)
    x[10] = x[-10] = 3e38
    return x


CALLS = {
    "mul": (lambda x: large.shared(operator.mul)(x, x), "multiply"),
    "sum": (lambda x: large.sum_of(x, (0,), False), "reduce"),
    "rows": (lambda x: large.sum_of(np.stack([x, x], 1), (1,), True), "reduce"),
    "exp": (lambda x: large.shared(np.exp)(x), "exp"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_is_given_once(name):
    call, text = CALLS[name]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        call(_overflows())
    assert [str(warning.message) for warning in told] == [f"overflow encountered in {text}"]
    assert told[0].category is RuntimeWarning


@pytest.mark.parametrize("name", CALLS)
def test_errors_reach_the_caller(name):
    call, text = CALLS[name]
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match=f"overflow encountered in {text}"):
        call(_overflows())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match=f"overflow encountered in {text}"):
            call(_overflows())
    call(np.ones(N))  # and all goes on


def test_other_ways_to_tell():
    told = []
    with np.errstate(over="call", call=lambda kind, flag: told.append(kind)):
        large.shared(operator.mul)(_overflows(), 2)
    assert told == ["overflow"]
    with np.errstate(over="ignore"):
        assert np.isinf(large.shared(operator.mul)(_overflows(), 2)[[10, -10]]).all()
    with np.errstate(under="raise"), pytest.raises(FloatingPointError, match="underflow"):
        large.shared(np.exp)(np.full(N, -1000.0))
    large.shared(np.exp)(np.full(N, -1000.0))


def test_adding_in_place():
    x, y = _overflows(), _overflows()
    with np.errstate(over="ignore"):
        expected = x + y
        large.add_to(x, y)
    assert same(x, expected)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in add"):
        large.add_to(y, y)
    for other in (np.ones((N, 1)).T, np.broadcast_to(2.0, (1, N)), np.ones(N)):
        z = np.arange(float(N))[None]
        large.add_to(z, other)
        assert z[0, -1] == N - 1 + other.ravel()[-1]
    z = np.ones((N // 2, 2)).T
    large.add_to(z, np.ones(z.shape))
    assert (z == 2).all()


# -- through the engine ------------------------------------------------------------------------------------------


def gradients(n, dtype):
    """Some of everything, with gradients that arrive more than once."""
    rng = np.random.default_rng(0)
    x, y = (Tensor(rng.uniform(0.5, 2, n).astype(dtype), requires_grad=True) for _ in range(2))
    s = Tensor(dtype(1.5), requires_grad=True)
    z = x.tanh() * x.sigmoid() + x.exp() / y - (-x) ** 2 + 1.0 / y + abs(x - y) * s + 2 * x.sqrt() + np.log(y) + y
    z = np.maximum(z, x) + x**3 + x**y
    (z.mean() + (z * z).sum() + x.sum()).backward(retain_graph=True)
    (z.tanh() + z.sigmoid() + (z.sigmoid() * 2.0).tanh()).sum().backward()
    return [z.value, x.grad.value, y.grad.value, s.grad.value]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_have_the_bits_of_one_thread(dtype, threads, monkeypatch):
    found = gradients(N, dtype)
    assert [type(a) for a in found[:3]] == [np.ndarray] * 3
    monkeypatch.setattr(large, "get_num_threads", lambda: 1)
    for a, b in zip(found, gradients(N, dtype), strict=True):
        assert same(a, b)
    if threads == 1:
        return
    monkeypatch.setattr(large, "_separable", lambda arrays: None)  # NumPy alone
    for a, b in zip(found, gradients(N, dtype), strict=True):
        assert same(a, b)


def test_higher_derivatives_modes_and_views():
    x = Tensor(np.linspace(0.1, 1, N), requires_grad=True)
    y = (x.exp() * x).sum()
    g = ad.gradients(y, x, create_graph=True)
    gg = ad.gradients((g * g).sum(), x)
    e = np.exp(x.value)
    np.testing.assert_allclose(gg.value, 2 * (e * x.value + e) * (e * x.value + 2 * e), rtol=1e-14)
    with ad.no_grad():
        assert same((x * x).value, x.value * x.value)
    assert type((x * x).value) is type(g.value) is np.ndarray
    with ad.debug():
        (x * x).sum().backward()
    assert same(x.grad.value, 2 * x.value)


def test_rules_of_users_get_plain_arrays():
    met = []

    def rule(g, x):
        met.extend([type(g), type(x)])
        return g * (2.0 * x)

    square = ad.define("square_of_a_user", lambda x: x * x, rule, kind="elementwise")
    x = Tensor(np.ones(N), requires_grad=True)
    square(x).sum().backward()
    assert met == [np.ndarray, np.ndarray]
    assert (x.grad.value == 2).all()


def test_a_gradient_is_added_to_only_where_nobody_else_holds_it():
    source = Tensor(np.ones(3), requires_grad=True)
    mine, theirs, g = np.ones(3), np.ones(3), np.ones(3)
    address = mine.ctypes.data
    box = [mine]
    del mine
    assert merge(box, g, source, set()).ctypes.data == address
    assert merge([theirs], g, source, set()) is not theirs
    assert theirs.tolist() == [1, 1, 1]
    whole = np.ones(6)
    assert merge([whole[:3]], g, source, set()).tolist() == [2, 2, 2]
    assert whole.tolist() == [1] * 6


def test_gradients_of_the_user_are_left_alone():
    x = Tensor(np.ones(N), requires_grad=True)
    g = np.ones(N)
    y = x + 0.0
    (y + y + x).backward(Tensor(g))
    assert (x.grad.value == 3).all()
    assert (g == 1).all()
    kept = []
    z = x * 2.0
    z.register_hook(lambda g: kept.append(g.value))
    x.grad = None
    (z + z * 3.0 + x).backward(g)
    assert (x.grad.value == 9).all()
    assert (kept[0] == 4).all()
    assert (g == 1).all()


def test_the_gradient_of_a_leaf_is_no_copy(monkeypatch):
    given = []
    own = backward.own
    monkeypatch.setattr(backward, "own", lambda kept: given.extend(g.ctypes.data for g in kept.values()) or own(kept))
    x = Tensor(np.ones(N), requires_grad=True)
    (x.exp() + x.tanh() * 2.0).sum().backward()
    assert given == [x.grad.value.ctypes.data]
