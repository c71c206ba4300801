import warnings

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor

RNG = np.random.default_rng(0)


def test_max_pool_by_hand():
    x = Tensor(np.arange(16.0).reshape(1, 1, 4, 4), requires_grad=True)
    y = nn.MaxPool2d(2)(x)
    assert y[0, 0].tolist() == [[5, 7], [13, 15]]
    (y * [[1.0, 2.0], [3.0, 4.0]]).sum().backward()
    expected = np.zeros((4, 4))
    expected[1, 1], expected[1, 3], expected[3, 1], expected[3, 3] = 1, 2, 3, 4
    np.testing.assert_array_equal(x.grad.value[0, 0], expected)


def test_overlapping_windows_padding_and_single_images():
    x = np.arange(9.0).reshape(1, 3, 3)
    assert nn.MaxPool2d(2, stride=1)(x)[0].tolist() == [[4, 5], [7, 8]]
    assert nn.MaxPool2d(3, 2, 1)(-x)[0].tolist() == [[0, -1], [-3, -4]]


def test_repr_and_errors():
    assert repr(nn.MaxPool2d(3, 2)) == "MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False)"
    with pytest.raises(ValueError, match="kernel_size is an integer >= 1"):
        nn.MaxPool2d(0)
    with pytest.raises(ValueError, match="more than half the window"):
        nn.MaxPool2d(2, padding=2)(np.zeros((1, 1, 4, 4)))


# -- the largest ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_places_are_where_the_largest_are(axes):
    size = (7, 6, 5)[:axes]
    x = RNG.normal(size=(2, 3, *size))
    how = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "return_indices": True}
    out, places = getattr(nn, f"MaxPool{axes}d")(**how)(Tensor(x))
    assert places.dtype == np.intp
    np.testing.assert_array_equal(np.take_along_axis(x.reshape(2, 3, -1), places.value.reshape(2, 3, -1), 2).ravel(),
                                  out.value.ravel())  # fmt: skip


def test_of_equal_elements_the_first_takes_the_gradient_however_large_the_window():
    for layer, size in ((nn.MaxPool2d(2), 2), (nn.MaxPool2d(7), 7), (nn.AdaptiveMaxPool2d(1), 3)):
        x = Tensor(np.ones((1, 1, size, size)), requires_grad=True)
        layer(x).sum().backward()
        assert x.grad.value[0, 0, 0, 0] == 1
        assert x.grad.value.sum() == 1


def test_a_window_of_more_than_65536_elements():
    x = Tensor(RNG.normal(size=(1, 1, 300, 300)), requires_grad=True)
    nn.MaxPool2d(300)(x).sum().backward()
    assert np.flatnonzero(x.grad.value) == np.argmax(x.value)


def test_unpooling_gives_back_what_pooling_kept():
    x = RNG.normal(size=(2, 3, 5, 6))
    out, places = F.max_pool2d(x, 2, return_indices=True)
    back = nn.MaxUnpool2d(2)(out, places, output_size=x.shape)
    assert back.shape == x.shape
    np.testing.assert_array_equal(F.max_pool2d(back, 2), np.maximum(out, 0))
    np.testing.assert_array_equal(back[back != 0], x[back != 0])


def test_a_batch_of_none_is_unpooled():
    out, places = F.max_pool2d(np.zeros((0, 3, 4, 4)), 2, return_indices=True)
    assert F.max_unpool2d(out, places, 2).shape == (0, 3, 4, 4)


def test_of_numbers_that_come_to_one_place_the_last_counts_and_takes_the_gradient():
    x = Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    out = F.max_unpool1d(x, np.array([[1, 1, 4]]), 2)
    assert out[0].tolist() == [0, 2, 0, 0, 3, 0]
    out.sum().backward()
    assert x.grad[0].tolist() == [0, 1, 1]


def test_random_windows_lie_in_order_and_end_at_the_end():
    ramp = np.tile(np.arange(20.0), (2, 1, 3, 1))
    out, places = F.fractional_max_pool2d(ramp, (3, 2), output_size=(1, 9), return_indices=True, generator=3)
    assert (np.diff(out[:, 0, 0]) >= 1).all()
    assert (np.diff(out[:, 0, 0]) <= 3).all()
    assert (out[..., -1] == 19).all()
    assert (places % 20 == out).all()
    again = F.fractional_max_pool2d(ramp, (3, 2), output_size=(1, 9), generator=3)
    np.testing.assert_array_equal(again, out)
    layer = nn.FractionalMaxPool2d(2, output_ratio=(0.5, 0.6), generator=0)
    assert layer(np.zeros((1, 10, 10))).shape == (1, 5, 6)
    noise = RNG.normal(size=(1, 10, 10))
    assert not np.array_equal(layer(noise), layer(noise))


# -- means and norms --------------------------------------------------------------------------------------


def test_what_the_padding_counts_for():
    x = np.ones((1, 4))
    assert F.avg_pool1d(x, 2, 2, 1)[0].tolist() == [0.5, 1, 0.5]
    assert F.avg_pool1d(x, 2, 2, 1, count_include_pad=False)[0].tolist() == [1, 1, 1]
    assert F.avg_pool1d(np.ones((1, 5)), 2, ceil_mode=True)[0].tolist() == [1, 1, 1]
    assert nn.AvgPool2d(2, divisor_override=1)(np.ones((1, 2, 2))).tolist() == [[[4]]]


@pytest.mark.parametrize("p", [1, 2, 3.5, np.inf, -np.inf])
def test_norms(p):
    x = RNG.uniform(0.5, 2, size=(1, 1, 4, 4))
    blocks = x.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(4, 4)
    np.testing.assert_allclose(F.lp_pool2d(x, p, 2).ravel(), [np.linalg.norm(b, p) for b in blocks])


def test_the_norm_of_nothing_has_gradient_zero():
    x = Tensor([[0.0, 0.0, 3.0, 4.0]], requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    np.testing.assert_allclose(x.grad[0].value, [0, 0, 0.6, 0.8])


def test_adaptive_means():
    x = Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    out = nn.AdaptiveAvgPool1d(2)(x)
    assert out[0].tolist() == [1.5, 2.5]
    out.sum().backward()
    assert x.grad[0].tolist() == [0.5, 1, 0.5]
    image = RNG.normal(size=(2, 3, 5, 7))
    np.testing.assert_allclose(F.adaptive_avg_pool2d(image, 1)[..., 0, 0], image.mean((2, 3)))
    np.testing.assert_array_equal(F.adaptive_max_pool2d(image, (None, 7)), image)
    assert F.adaptive_avg_pool2d(1j * image, (2, 3)).dtype == complex


def test_all_pooling_maps():
    x = RNG.normal(size=(3, 2, 2, 6, 7))
    for f in (
        lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), lambda x: F.lp_pool2d(x, 2, 2),
        lambda x: F.adaptive_avg_pool2d(x, (4, 3)), lambda x: F.adaptive_max_pool2d(x, (4, 3)),
        lambda x: F.max_pool2d(x, 3, 2, return_indices=True)[0], lambda x: F.interpolate(x, (3, 9), mode="bicubic"),
        lambda x: F.unfold(x, 3), lambda x: F.pad(x, (1, 2, 0, 1), "reflect"),
        lambda x: F.pixel_unshuffle(x[..., :6], 2),
    ):  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            got = ad.vmap(f)(x)
        np.testing.assert_allclose(got, [f(one) for one in x], rtol=1e-12, atol=1e-14)


def test_a_trace_of_pooling_runs_on_other_numbers():
    x, other = RNG.normal(size=(2, 1, 2, 6, 7))
    for f in (
        lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True, return_indices=True)[0], lambda x: F.lp_pool2d(x, 2, 2),
        lambda x: F.adaptive_max_pool2d(x, (4, 3)), lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        lambda x: F.max_unpool2d(*F.max_pool2d(x[..., 1:], 2, return_indices=True), 2),
        lambda x: F.adaptive_avg_pool2d(x, 4),
        lambda x: F.interpolate(x, (3, 9), mode="bilinear"), lambda x: F.grid_sample(x, x[:, 0, :, :2][:, None] / 9),
    ):  # fmt: skip
        np.testing.assert_allclose(ad.trace(f)(x)(other), f(other), rtol=1e-12)


def test_what_pooling_refuses():
    x = np.zeros((1, 4, 4))
    for call, text in (
        (lambda: F.max_pool2d(x, 5), "window \\(5, 5\\) .* does not fit"),
        (lambda: F.max_pool1d(np.zeros(4), 2), r"max_pool1d takes x \(n, c, l\)"),
        (lambda: F.avg_pool2d(x, 2, padding=2), "more than half the window"),
        (lambda: F.avg_pool2d(x, 2, divisor_override=0), "divisor_override is a number other than 0"),
        (lambda: F.avg_pool3d(x[0], 2), "avg_pool3d takes x"),
        (lambda: F.lp_pool2d(x, 0, 2), "norm_type of lp_pool2d is a number other than 0"),
        (lambda: F.adaptive_avg_pool2d(x, 0), "output_size is an integer >= 1"),
        (lambda: F.adaptive_avg_pool2d(x, 2.5), r"output_size is an integer >= 1 or 2 of them, got \(2\.5, 2\.5\)"),
        (lambda: F.max_pool2d(x, 1.5), r"kernel_size is an integer >= 1 or 2 of them, got 1\.5"),
        (lambda: F.max_pool2d(x, 2, True), "stride is an integer >= 1 or 2 of them, got True"),
        (lambda: F.adaptive_avg_pool2d(x, (1, 2, 3)), "output_size is an integer >= 1"),
        (lambda: F.adaptive_max_pool2d(x[:, :0], 1), "axes that have elements"),
        (lambda: F.max_unpool2d(x, np.zeros((1, 4, 4)), 2), "takes one integer for each element"),
        (lambda: F.max_unpool2d(x, np.zeros((1, 4, 4), int), 2, output_size=(4, 4)), "has to lie less than a stride"),
        (lambda: F.max_unpool1d(x[0], np.zeros((4, 4), int), 2, output_size=(1, 4, 8)), r"output_size=\(1, 4, 8\) of"),
        (lambda: nn.FractionalMaxPool2d(2), "give one of output_size and output_ratio"),
        (lambda: F.fractional_max_pool2d(x, 2), "takes one of output_size and output_ratio"),
        (lambda: F.fractional_max_pool2d(x, 2, output_ratio=2.0), "output_ratio is between 0 and 1"),
        (lambda: F.fractional_max_pool2d(x, 2, 4), "do not fit into"),
        (lambda: F.fractional_max_pool2d(x, 2, 2, _random_samples=np.zeros((1, 1, 3))), "_random_samples of"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises(IndexError, match=r"places in an image of \(8, 8\) are 0 .. 63, got 0 .. 64"):
        F.max_unpool2d(x, np.array([64, *[0] * 15]).reshape(1, 4, 4), 2)
    for name in ("max_pool2d", "adaptive_max_pool2d"):
        with pytest.raises(TypeError, match=f"{name} takes real numbers"):
            getattr(F, name)(x + 1j, 2)
    with pytest.raises(TypeError, match="lp_pool2d takes real numbers"):
        F.lp_pool2d(x + 1j, 2, 2)
