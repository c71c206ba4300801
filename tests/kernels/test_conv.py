"""Compiled convolution against the NumPy references, direct and Winograd's."""

import numpy as np
import pytest

from autodiff import get_num_threads, set_num_threads, use_convolution, use_kernels
from autodiff.kernels import conv as kernels
from autodiff.kernels.compiled import conv as compiled
from autodiff.kernels.policy import compile_kernels

GEOMETRIES = [  # x, w, stride, padding, dilation, groups
    ((2, 3, 9), (4, 3, 3), (1,), ((1, 1),), (1,), 1),
    ((3, 2, 30), (4, 2, 5), (3,), ((0, 4),), (2,), 1),
    ((2, 4, 9, 11), (6, 2, 3, 2), (2, 1), ((1, 2), (0, 1)), (1, 2), 2),
    ((3, 1, 28, 28), (6, 1, 5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    ((5, 6, 14, 14), (16, 6, 5, 5), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((2, 8, 8, 9), (8, 1, 3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 8),
    ((2, 4, 8, 9), (12, 1, 3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), 4),
    ((1, 3, 17, 19), (10, 3, 7, 7), (2, 2), ((3, 3), (3, 3)), (1, 1), 1),
    ((2, 3, 17, 19), (1, 3, 3, 3), (3, 2), ((0, 3), (4, 1)), (2, 3), 1),
    ((2, 3, 7, 8), (5, 3, 1, 1), (3, 2), ((0, 0), (1, 0)), (1, 1), 1),
    ((2, 3, 6, 5, 7), (5, 3, 2, 3, 2), (1, 2, 1), ((0, 1), (1, 0), (3, 1)), (1, 1, 2), 1),
    ((2, 3, 6, 5, 7), (5, 3, 2, 3, 2), (3, 2, 5), ((0, 1), (1, 0), (3, 1)), (1, 1, 2), 1),
    ((2, 2, 3, 3), (2, 2, 3, 3), (1, 1), ((5, 5), (5, 5)), (1, 1), 1),  # windows that see padding alone
    ((1, 5, 70, 9), (3, 5, 3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
]
THREE = [  # n, c, o, size, padding
    (1, 1, 1, (3, 3), ((0, 0), (0, 0))),
    (2, 16, 17, (8, 9), ((1, 1), (1, 1))),
    (3, 5, 8, (4, 13), ((2, 0), (0, 2))),
    (7, 20, 10, (5, 6), ((1, 1), (1, 1))),
    (1, 9, 24, (40, 41), ((1, 1), (1, 1))),
    (2, 3, 6, (66, 9), ((2, 2), (2, 2))),
]
LANES = [  # n, c, o, size, kernel, padding
    (1, 1, 1, (3, 3), (3, 3), ((0, 0), (0, 0))),
    (33, 1, 6, (28, 27), (5, 5), ((2, 2), (2, 2))),
    (17, 2, 3, (5, 40), (4, 3), ((3, 1), (0, 2))),
    (5, 3, 4, (7, 6), (1, 1), ((0, 0), (0, 0))),
    (2, 10, 9, (50, 3), (7, 2), ((3, 3), (1, 1))),
    (20, 6, 16, (14, 14), (5, 5), ((0, 0), (0, 0))),
    (19, 17, 6, (6, 9), (5, 5), ((1, 2), (2, 3))),
    (9, 12, 11, (9, 18), (3, 3), ((0, 0), (1, 2))),
    (18, 24, 23, (7, 10), (3, 3), ((1, 1), (2, 0))),
    (3, 512, 4, (4, 4), (3, 3), ((1, 1), (1, 1))),
]
BOUND = {np.float32: 1e-6, np.float64: 2e-15}
WINOGRAD = {np.float32: 1e-5, np.float64: 2e-14}


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compile_kernels("conv.conv", "conv.conv_bias", "conv.conv_dx", "conv.conv_dw")


@pytest.fixture(params=[1, 2])
def _threads(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


def triad(kernel_of, x, w, g, how):
    """The convolution and its two adjoints."""
    return (
        kernel_of("conv")(x, w, **how),
        kernel_of("conv_dx")(g, w, shape=x.shape[2:], **how),
        kernel_of("conv_dw")(x, g, kernel=w.shape[2:], **how),
    )


def reference(name):
    return getattr(kernels, name).__wrapped__


def check(way, dtype, bound, xs, ws, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x, w = rng.normal(size=xs), rng.normal(size=ws)
    g = rng.normal(size=reference("conv")(x, w, **how).shape)
    expected = triad(reference, x, w, g, how)
    sums = triad(reference, abs(x), abs(w), abs(g), how)
    with use_convolution(way):
        found = triad(lambda name: getattr(compiled, name), *[a.astype(dtype) for a in (x, w, g)], how)
    for a, b, scale in zip(found, expected, sums, strict=True):
        assert a.dtype == dtype
        assert a.shape == b.shape
        if way == "winograd":  # what is large in a tile is lost of what is small beside it
            scale = scale.max(axis=(-2, -1), keepdims=True)
        largest = scale.max(axis=(2, 3), keepdims=True) if bound in WINOGRAD.values() else scale
        assert np.all(np.abs(a - b) <= bound * largest)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_direct_computes_what_the_reference_does(geometry, dtype):
    check("direct", dtype, BOUND[dtype], *geometry)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "c", "o", "size", "padding"), THREE)
def test_winograd_computes_what_the_reference_does(n, c, o, size, padding, dtype):
    check("winograd", dtype, WINOGRAD[dtype], (n, c, *size), (o, c, 3, 3), (1, 1), padding, (1, 1), 1)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "c", "o", "size", "kernel", "padding"), LANES)
def test_images_in_lanes_compute_what_the_reference_does(n, c, o, size, kernel, padding, dtype):
    bound = WINOGRAD[dtype] if c * o >= 96 else BOUND[dtype]
    check("lanes", dtype, bound, (n, c, *size), (o, c, *kernel), (1, 1), padding, (1, 1), 1)


@pytest.mark.parametrize("channels", [64, 512])
def test_winograds_error_over_many_channels(channels):
    check("winograd", np.float32, 1e-5, (2, channels, 12, 12), (16, channels, 3, 3), (1, 1), ((1, 1),) * 2, (1, 1), 1)


@pytest.mark.parametrize("way", ["direct", "winograd", "lanes"])
@pytest.mark.parametrize("bad", [np.inf, np.nan, 3e38])
@pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")
@pytest.mark.parametrize(("c", "o"), [(3, 4), (10, 12)])  # in lanes direct, and in tiles
def test_what_is_no_number_stays_where_it_is(way, bad, c, o):
    rng = np.random.default_rng(0)
    how = {"stride": (1, 1), "padding": ((1, 1), (0, 0)), "dilation": (1, 1), "groups": 1}
    x, w = rng.normal(size=(2, c, 9, 10)).astype("f"), rng.normal(size=(o, c, 3, 3)).astype("f")
    g = rng.normal(size=(2, o, 9, 8)).astype("f")
    for array, place in ((x, (0, 1, 0, 0)), (x, (1, 2, 8, 9)), (g, (1, 3, 4, 0)), (w, (1, 1, 0, 2))):
        before, array[place] = array[place], bad
        expected = triad(reference, x, w, g, how)
        with use_convolution(way):
            found = triad(lambda name: getattr(kernels, name), x, w, g, how)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(np.isfinite(a), np.isfinite(b))
            np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        array[place] = before


@pytest.mark.parametrize("way", ["direct", "winograd", "lanes"])
@pytest.mark.parametrize(("x", "w"), [
    ((9, 40, 17, 18), (30, 40, 3, 3)), ((9, 5, 31, 30), (6, 5, 3, 3)), ((20, 12, 24, 11), (14, 12, 5, 5)),
    ((16, 16, 3, 60), (17, 16, 3, 3)),
])  # fmt: skip
def test_any_number_of_threads_computes_the_same(way, x, w):
    rng = np.random.default_rng(0)
    how = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    x, w = rng.normal(size=x).astype("f"), rng.normal(size=w).astype("f")
    g = rng.normal(size=reference("conv")(x, w, **how).shape).astype("f")
    before, results = get_num_threads(), []
    for n in (1, 2, 3, 5):
        set_num_threads(n)
        with use_convolution(way):
            results.append(triad(lambda name: getattr(compiled, name), x, w, g, how))
    set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(results[-1], triad(reference, x, w, g, how), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(b).max())


def test_memory_in_any_order():
    rng = np.random.default_rng(0)
    how = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    x, w, g = rng.normal(size=(3, 9, 10, 4)), rng.normal(size=(3, 3, 4, 5)), rng.normal(size=(3, 5, 9, 10))[:, :, ::-1]
    x, w = np.moveaxis(x, -1, 1), w.transpose(3, 2, 0, 1)
    for way in "direct", "winograd", "lanes":
        with use_convolution(way):
            found = triad(lambda name: getattr(compiled, name), x, w, g, how)
        for a, b in zip(found, triad(reference, x, w, g, how), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def test_what_has_no_loop_is_left_to_the_reference():
    how = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1}
    x, w = np.ones((2, 3, 5, 5)), np.ones((4, 3, 3, 3))
    assert compiled.conv(x, w.astype("f"), **how) is None
    assert compiled.conv(x[:0], w, **how) is None
    assert compiled.conv(x, w[:, :, :1, :1], **how) is None
    many = np.ones((1, 1, 2, 2, 2, 2))
    assert compiled.conv(many, many, stride=(1,) * 4, padding=((0, 0),) * 4, dilation=(1,) * 4, groups=1) is None


def test_the_choice():
    x, w, calls = np.ones((2, 3, 16, 16)), np.ones((4, 3, 3, 3)), []
    how = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1}
    with use_kernels("numba"), use_convolution("gemm"):
        calls.append(compiled.conv(x, w, **how))
    assert calls == [None]
    with pytest.raises(
        ValueError, match="is computed by one of 'auto', 'gemm', 'direct', 'winograd', 'lanes', got 'fft'"
    ):
        use_convolution("fft").__enter__()
    with pytest.raises(ValueError, match="does not fit"):
        kernels.conv(x[:, :, :2], w, **how)


def test_a_bias_is_where_sums_begin():
    rng = np.random.default_rng(0)
    for c, o, groups in ((2, 6, 2), (10, 12, 1)):
        how = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": groups}
        x, w, b = rng.normal(size=(20, c, 9, 10)), rng.normal(size=(o, c // groups, 3, 3)), rng.normal(size=o)
        expected = reference("conv_bias")(x, w, b, **how)
        for way in "direct", "winograd", "lanes":
            with use_convolution(way):
                np.testing.assert_allclose(compiled.conv_bias(x, w, b, **how), expected, rtol=1e-11, atol=1e-11)
        assert compiled.conv_bias(x, w, b.astype("f"), **how) is None
