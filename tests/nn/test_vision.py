"""Resampling, rearranging, and reading images at other places."""

import warnings

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor
from autodiff.testing import check_grads

RNG = np.random.default_rng(0)


# -- size -------------------------------------------------------------------------------------------------


def test_nearest_repeats_and_the_gradient_counts():
    x = Tensor([[[1.0, 2.0]]], requires_grad=True)
    out = nn.Upsample(scale_factor=3)(x)
    assert out[0, 0].tolist() == [1, 1, 1, 2, 2, 2]
    out.sum().backward()
    assert x.grad[0, 0].tolist() == [3, 3]


def test_lines_stay_lines():
    line = np.arange(5.0)[None, None]
    np.testing.assert_allclose(F.interpolate(line, 9, mode="linear", align_corners=True)[0, 0], np.linspace(0, 4, 9))
    inside = F.interpolate(np.tile(line[:, :, None], (1, 1, 5, 1)), (5, 10), mode="bicubic")[0, 0, 2, 4:-4]
    np.testing.assert_allclose(inside, np.arange(4, 6) / 2 - 0.25, atol=0.3)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
@pytest.mark.parametrize("size", [(1, 1), (3, 8), (5, 4)])
def test_constants_stay_constant(mode, size):
    np.testing.assert_allclose(F.interpolate(np.full((1, 2, 5, 4), 3.0), size, mode=mode), 3.0)


def test_an_infinite_element_spoils_only_what_sees_it():
    x = np.zeros((1, 1, 4))
    x[..., 0] = np.inf
    assert np.isinf(F.interpolate(x, 8, mode="linear")[0, 0]).sum() == 3
    assert np.isfinite(F.interpolate(x, 8, mode="linear")[0, 0, 3:]).all()


def test_the_same_size_is_the_same():
    x = RNG.normal(size=(1, 2, 3, 4))
    for mode in ("nearest", "bilinear", "bicubic", "area"):
        np.testing.assert_array_equal(F.interpolate(x, (3, 4), mode=mode), x)


def test_upsampling_layers():
    x = RNG.normal(size=(1, 2, 3, 4))
    np.testing.assert_array_equal(nn.UpsamplingNearest2d(scale_factor=2)(x), F.upsample(x, scale_factor=2))
    assert nn.UpsamplingBilinear2d(size=5)(x).shape == (1, 2, 5, 5)
    assert repr(nn.Upsample(scale_factor=(2, 3), mode="bilinear")) == (
        "Upsample(scale_factor=(2.0, 3.0), mode='bilinear')"
    )
    assert repr(nn.Upsample(size=(3, 4))) == "Upsample(size=(3, 4), mode='nearest')"


def test_interpolate_says_what_does_not_go_together():
    x = np.zeros((1, 1, 4))
    for how, text in (
        ({}, "give one of size and scale_factor"),
        ({"size": 2, "scale_factor": 2}, "give one of size and scale_factor"),
        ({"size": 2, "mode": "lanczos"}, "mode is one of nearest"),
        ({"size": 2, "mode": "bilinear"}, "mode 'bilinear' resamples x"),
        ({"size": 2, "align_corners": True}, "align_corners has no meaning"),
        ({"size": 2, "mode": "linear", "antialias": True}, "antialias goes with"),
        ({"size": 2, "recompute_scale_factor": True}, "recompute_scale_factor goes with scale_factor"),
        ({"size": (2, 2)}, "size is an integer >= 1"),
        ({"scale_factor": 0.1}, "each of these is 1 at least"),
        ({"scale_factor": -1}, "scale_factor is a number above 0"),
    ):
        with pytest.raises(ValueError, match=text):
            F.interpolate(x, **how)


# -- rearranging ------------------------------------------------------------------------------------------


def test_shuffles_are_undone():
    x = RNG.normal(size=(2, 8, 3, 4))
    np.testing.assert_array_equal(nn.PixelUnshuffle(2)(nn.PixelShuffle(2)(x)), x)
    np.testing.assert_array_equal(nn.ChannelShuffle(4)(nn.ChannelShuffle(2)(x)), x)


def test_shuffles_say_what_they_need():
    for call, text in (
        (lambda: F.pixel_shuffle(np.zeros((3, 2, 2)), 2), r"takes x \(..., c \* 4, h, w\)"),
        (lambda: F.pixel_unshuffle(np.zeros((3, 3, 2)), 2), r"takes x \(..., c, h \* 2, w \* 2\)"),
        (lambda: F.channel_shuffle(np.zeros((1, 3, 2)), 2), "c a multiple of 2"),
    ):
        with pytest.raises(ValueError, match=text):
            call()


# -- reading at other places ------------------------------------------------------------------------------


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_the_identity_reads_the_image_itself(mode, corners):
    x = RNG.normal(size=(2, 3, 4, 5))
    grid = F.affine_grid(np.tile(np.eye(2, 3), (2, 1, 1)), x.shape, align_corners=corners)
    np.testing.assert_allclose(F.grid_sample(x, grid, mode, align_corners=corners), x, atol=1e-12)


def test_a_spatial_transformer_has_gradients_by_everything():
    x = RNG.normal(size=(2, 2, 4, 5))
    theta = np.array([[0.2, 0.02, 0.03], [0.02, 0.25, -0.04]])[None] * [[[1.0]], [[0.8]]]
    for mode in ("bilinear", "bicubic"):
        check_grads(lambda x, theta, m=mode: F.grid_sample(x, F.affine_grid(theta, (2, 2, 2, 2)), m), [x, theta])


def test_vmap_of_grid_sample():
    x, grid = RNG.normal(size=(3, 2, 2, 4, 5)), RNG.uniform(-1, 1, size=(3, 2, 2, 3, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = ad.vmap(F.grid_sample)(x, grid)
    np.testing.assert_allclose(got, [F.grid_sample(a, b) for a, b in zip(x, grid, strict=True)])


def test_grid_sample_says_what_it_needs():
    x, grid = np.zeros((1, 1, 3, 3)), np.zeros((1, 2, 2, 2))
    for call, text in (
        (lambda: F.grid_sample(x, grid[..., :1]), "grid_sample takes x"),
        (lambda: F.grid_sample(x, np.zeros((2, 2, 2, 2))), "grid_sample takes x"),
        (lambda: F.grid_sample(x, grid, "linear"), 'mode is "bilinear"'),
        (lambda: F.grid_sample(x, grid, padding_mode="zero"), 'padding_mode is "zeros"'),
        (lambda: F.grid_sample(x[:, :, :0], grid), "images that have elements"),
        (lambda: F.affine_grid(np.zeros((2, 2, 3)), (1, 1, 2, 2)), "affine_grid takes theta"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
