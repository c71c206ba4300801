"""The functions for the inside of compiled loops, against longer arithmetic."""

import numpy as np
import pytest
from scipy import special

from autodiff.kernels.compiled import vector
from autodiff.kernels.policy import loop

# largest error in units of the last place, interval in float32, interval in float64
BOUNDS = {
    "exp": (1.5, (-87, 88), (-708, 709)),
    "log": (1.5, (1e-30, 1e30), (1e-300, 1e300)),
    "log1p": (1.5, (0, 1), (0, 1)),
    "expm1": (3, (-100, 0), (-800, 0)),
    "tanh": (3, (-12, 12), (-25, 25)),
    "sigmoid": (3.5, (-87, 87), (-708, 708)),
    "erf": (3, (-5, 5), (-7, 7)),
    "bell": (2, (-13, 13), (-37, 37)),
    "ndtr": (4, (-12, 8), (-36, 9)),
    "sin": (2.5, (-8000, 8000), (-8000, 8000)),
    "cos": (2.5, (-8000, 8000), (-8000, 8000)),
}
REFERENCES = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "erf": lambda x: special.erf(x.astype(float)),
    "bell": lambda x: np.exp(-x * x / 2),
    "ndtr": lambda x: special.ndtr(x.astype(float)),
}


def _loop_of(function):
    @loop("void(T[::1], T[::1])")
    def run(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return run


LOOPS = {name: _loop_of(getattr(vector, name)) for name in BOUNDS}


def compute(name, x):
    out = np.empty_like(x)
    LOOPS[name].compile(x.dtype.char)
    LOOPS[name](x, out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BOUNDS)
def test_error_stays_within_its_bound(name, dtype):
    bound, single, double = BOUNDS[name]
    low, high = single if dtype is np.float32 else double
    rng = np.random.default_rng(0)
    if name == "log":
        x = np.exp(rng.uniform(np.log(low), np.log(high), 20_000))
        x = np.concatenate([x, rng.uniform(0.5, 2, 20_000), [1.0]])
    else:
        signs = rng.choice([-1.0, 1.0], 20_000)
        x = np.concatenate(
            [rng.uniform(low, high, 20_000), rng.uniform(-1, 1, 20_000), signs * 10.0 ** rng.uniform(-6, 0, 20_000)]
        )
    x = {"log1p": np.abs, "expm1": lambda x: -np.abs(x)}.get(name, lambda x: x)(x).astype(dtype)
    longer = x.astype(np.float64 if dtype is np.float32 else np.longdouble)
    expected = REFERENCES.get(name, getattr(np, name, None))(longer)
    error = np.abs(compute(name, x) - expected) / np.spacing(np.abs(expected.astype(dtype)))
    allowed = bound + ((6 + 2 * x**2) * (x < 0) if name == "ndtr" else x**2 / 2 if name == "bell" else 0)
    if dtype is np.float64 and np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps:
        allowed = allowed + 2  # no longer arithmetic here: the reference has errors too
    assert (error <= allowed).all(), (x[np.argmax(error - allowed)], error.max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends_and_what_is_no_number(dtype):
    x = np.array([0.0, np.inf, -np.inf, np.nan], dtype)
    for name, expected in {
        "exp": [1, np.inf, 0, np.nan],
        "log": [-np.inf, np.inf, np.nan, np.nan],
        "tanh": [0, 1, -1, np.nan],
        "sigmoid": [0.5, 1, 0, np.nan],
        "erf": [0, 1, -1, np.nan],
        "bell": [1, 0, 0, 0],
        "ndtr": [0.5, 1, 0, np.nan],
        "sin": [0, np.nan, np.nan, np.nan],
        "cos": [1, np.nan, np.nan, np.nan],
    }.items():
        np.testing.assert_array_equal(compute(name, x), np.array(expected, dtype), err_msg=name)
    huge = np.array([1e30, -1e30], dtype)
    assert compute("exp", huge).tolist() == [np.inf, 0]
    assert compute("tanh", huge).tolist() == [1, -1]
    assert np.isnan(compute("log", -huge[:1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_below_the_normal_range(dtype):
    tiny = np.finfo(dtype).smallest_subnormal * np.array([1, 2, 1000], dtype)
    np.testing.assert_allclose(compute("log", tiny), np.log(tiny), rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(compute("tanh", tiny), tiny)
    x = np.log(tiny)
    np.testing.assert_allclose(compute("exp", x), np.exp(x), rtol=1e-3, atol=float(tiny[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_top_of_a_vector(dtype):
    @loop("void(T[::1], T[::1])")
    def run(x, out):
        out[0] = vector.top(x)

    run.compile(np.dtype(dtype).char)
    rng = np.random.default_rng(0)
    for x in rng.normal(size=99), -rng.random(5), [-0.0, 0.0], [-np.inf] * 3, [1, np.inf], [1e-310, -1], [1, np.nan]:
        out, x = np.empty(1, dtype), np.array(x, dtype)
        run(x, out)
        np.testing.assert_array_equal(out[0], np.max(x))
