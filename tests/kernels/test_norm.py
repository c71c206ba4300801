"""Compiled normalisations and softmax against the NumPy references."""

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.kernels.policy import use_kernels
from tests.kernels.twins import check, reference, twin

DTYPES = [np.float32, np.float64]

# shape of x, axes, shape of weight and bias
CHANNELS = {
    "batch": ((3, 5, 4, 7), (0, 2, 3), (5, 1, 1)),
    "batch of sequences": ((4, 3, 9), (0, 2), (3, 1)),
    "batch of volumes": ((2, 3, 2, 3, 4), (0, 2, 3, 4), (3, 1, 1, 1)),
    "instance": ((3, 5, 4, 7), (2, 3), (5, 1, 1)),
    "instance of sequences": ((2, 3, 8), (2,), (3, 1)),
    "groups": ((3, 2, 4, 11), (2, 3), (2, 4, 1)),
    "long": ((2, 2, 9000), (0, 2), (2, 1)),
    "shared out": ((2, 7, 100, 101), (0, 2, 3), (7, 1, 1)),
}
ROWS = {
    "layer": ((6, 13), (1,), (13,)),
    "layer of sequences": ((2, 3, 16), (2,), (16,)),
    "layer over two axes": ((3, 2, 4, 5), (2, 3), (4, 5)),
    "one row": ((8,), (0,), (8,)),
    "long": ((3, 9001), (1,), (9001,)),
    "shared out": ((300, 257), (1,), (257,)),
}


def draw(shape, dtype, seed=0, loc=0.0):
    return np.random.default_rng(seed).normal(loc, 1, shape).astype(dtype)


def given(case, dtype, scaled=True):
    shape, axis, column = case
    weight, bias = (draw(column, dtype, 1), draw(column, dtype, 2)) if scaled else (1.0, 0.0)
    return draw(shape, dtype, loc=0.5), draw(shape, dtype, 3), weight, bias, axis


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [*CHANNELS.values(), *ROWS.values()], ids=[*CHANNELS, *ROWS])
def test_standardize(case, dtype, scaled, threads):
    x, g, weight, bias, axis = given(case, dtype, scaled)
    _, saved = check("norm.standardize", x, weight, bias, axis=axis, eps=1e-5, threads=threads)
    for needs in (True, scaled, scaled), (True, False, False):
        check("norm.standardize_vjp", g, x, weight, bias, saved, needs, axis=axis, threads=threads, ulps=100)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [name for name in CHANNELS if name != "groups"])
def test_batch_norm(name, dtype):
    x, g, weight, bias, axis = given(CHANNELS[name], dtype)
    mean, var = check("norm.moments", x, axis=axis)
    _, saved = check("norm.batch_norm", x, weight, bias, mean, var, axis=axis, eps=1e-5)
    needs = (True, True, True, False, False)
    check("norm.batch_norm_vjp", g, x, weight, bias, saved, needs, axis=axis, ulps=100)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS)
def test_rms_norm(case, dtype):
    x, g, weight, _, axis = given(case, dtype)
    _, saved = check("norm.rms_norm", x, weight, axis=axis, eps=1e-5)
    for needs in (True, True), (True, False), (False, True):
        check("norm.rms_norm_vjp", g, x, weight, saved, needs, axis=axis, ulps=100)


def test_a_mean_far_from_zero_costs_no_digits_of_the_deviations():
    x = (1000 + np.random.default_rng(0).normal(size=(4, 3, 64))).astype(np.float32)
    out, _ = twin("norm.standardize")(x, 1.0, 0.0, axis=(0, 2), eps=0.0)
    longer, _ = reference("norm.standardize")(x.astype(np.float64), 1.0, 0.0, axis=(0, 2), eps=0.0)
    np.testing.assert_allclose(out, longer, atol=1e-4)


def test_long_sums_keep_their_digits():
    x = np.full((1, 1, 1_000_003), 0.1, np.float32)
    mean, var = twin("norm.moments")(x, axis=(0, 2))
    assert abs(mean.item() - x[0, 0, 0]) < 1e-7
    assert var.item() < 1e-14


def test_nan_and_infinity_stay_where_they_are():
    x = draw((4, 3, 16), np.float32)
    x[0, 0, 0], x[1, 1, 1] = np.nan, np.inf
    out, _ = twin("norm.standardize")(x, 1.0, 0.0, axis=(0, 2), eps=1e-5)
    assert np.isnan(out[:, 0]).all()
    assert np.isnan(out[1, 1, 1])
    assert np.isfinite(out[:, 2]).all()
    out, _ = twin("norm.standardize")(x, 1.0, 0.0, axis=(2,), eps=1e-5)
    assert np.isnan(out[0, 0]).all()
    assert np.isfinite(out[2:]).all()


def test_what_has_no_loop_is_left_to_the_reference():
    standardize = twin("norm.standardize")
    x = np.ones((4, 6, 8, 8))
    options = {"axis": (0, 2, 3), "eps": 1e-5}
    assert standardize(x[:, ::2], 1.0, 0.0, **options) is None
    assert standardize(x, np.ones((6, 1, 1), np.float32), 0.0, **options) is None
    assert standardize(x, np.ones((8,)), 0.0, **options) is None
    assert standardize(x[:, :, :2, :2].copy(), 1.0, 0.0, **options) is None  # 4 numbers side by side
    assert standardize(x, 1.0, 0.0, axis=(1,), eps=1e-5) is None
    assert standardize(np.ones((50, 60)), 1.0, 0.0, axis=(0,), eps=1e-5) is None
    x.flags.writeable = False
    assert standardize(x, 1.0, 0.0, **options) is None


@pytest.mark.parametrize("layer", [
    lambda: nn.BatchNorm2d(6), lambda: nn.GroupNorm(3, 6), lambda: nn.InstanceNorm2d(6, affine=True),
    lambda: nn.LayerNorm([16, 16]), lambda: nn.RMSNorm([16, 16]),
])  # fmt: skip
def test_layers_learn_the_same_either_way(layer):
    found = []
    for mode in "numba", "numpy":
        with use_kernels(mode):
            module = layer()
            x = ad.Tensor(draw((4, 6, 16, 16), np.float64), requires_grad=True)
            (module(x) * draw((4, 6, 16, 16), np.float64, 1)).sum().backward()
            found.append([x.grad.numpy(), *[p.grad.numpy() for p in module.parameters()]])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


# -- softmax ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(9,), (3, 8), (5, 17), (2, 3, 65), (400, 333)])
def test_softmax_and_its_slopes(shape, dtype, threads):
    x, g, axis = 5 * draw(shape, dtype), draw(shape, dtype, 1), len(shape) - 1
    for name in "softmax", "log_softmax":
        out = check(f"norm.{name}", x, axis=axis, threads=threads)
        check(f"norm.{name}_slope", g, out, axis=axis, threads=threads)


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_what_is_no_number(dtype):
    rows = np.zeros((6, 20), dtype)
    rows[0, 3], rows[1, 19], rows[2] = np.nan, np.inf, -np.inf
    rows[3, :19], rows[4, 1], rows[5] = -np.inf, -np.nan, np.finfo(dtype).max
    for name in "softmax", "log_softmax":
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            expected = reference(f"norm.{name}")(rows, axis=1)
        np.testing.assert_allclose(twin(f"norm.{name}")(rows, axis=1), expected, rtol=1e-5)


def test_softmax_along_another_axis_is_left_to_the_reference():
    x = draw((40, 50), np.float64)
    assert twin("norm.softmax")(x, axis=0) is None
    assert twin("norm.softmax")(x.T, axis=1) is None
    assert twin("norm.softmax")(x[:, :4].copy(), axis=1) is None
