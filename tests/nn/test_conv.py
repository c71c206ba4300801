import numpy as np
import pytest

import nn
import nn.functional as F
from autodiff.testing import check_grads

RNG = np.random.default_rng(0)

# The 5 x 5 binary image and the filter of the lecture.
IMAGE = np.array([list(map(float, row)) for row in ["11100", "01110", "00111", "00110", "01100"]])
FILTER = np.array([list(map(float, row)) for row in ["101", "010", "101"]])


def test_the_lectures_convolution():
    conv = nn.Conv2d(1, 1, 3, bias=False)
    conv.load_state_dict({"weight": FILTER[None, None]})
    assert conv(IMAGE[None])[0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, (2, 3), (5, 4)])
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)])
def test_same_keeps_the_size_and_pads_more_on_the_right(kernel, dilation):
    conv = nn.Conv2d(2, 3, kernel, padding="same", dilation=dilation, dtype=float, generator=0)
    x = np.random.default_rng(0).normal(size=(2, 2, 6, 7))
    kh, kw = conv.kernel_size
    th, tw = conv.dilation[0] * (kh - 1), conv.dilation[1] * (kw - 1)
    padded = np.pad(x, ((0, 0), (0, 0), (th // 2, th - th // 2), (tw // 2, tw - tw // 2)))
    plain = nn.Conv2d(2, 3, kernel, padding="valid", dilation=dilation, dtype=float)
    plain.load_state_dict(conv.state_dict())
    assert conv(x).shape == (2, 3, 6, 7)
    np.testing.assert_allclose(conv(x).value, plain(padded).value, rtol=1e-12, atol=1e-12)


def test_groups_stride_and_parameters():
    conv = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2)
    assert conv.weight.shape == (6, 2, 3, 2)
    assert (conv.in_channels, conv.out_channels) == (4, 6)
    assert conv(np.zeros((5, 4, 8, 8))).shape == (5, 6, 4, 9)
    assert abs(conv.weight.value).max() < 12**-0.5
    conv(np.ones((5, 4, 8, 8))).sum().backward()
    np.testing.assert_allclose(conv.bias.grad.value, 5 * 4 * 9)


def test_a_batch_is_its_images():
    conv = nn.Conv2d(1, 2, 3)
    images = np.random.default_rng(0).normal(size=(3, 1, 5, 5))
    for image, out in zip(images, conv(images).value, strict=True):
        np.testing.assert_allclose(conv(image).value, out, rtol=1e-5, atol=1e-6)


def test_errors():
    with pytest.raises(ValueError, match="groups=2 must divide in_channels=3 and out_channels=4"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match=r'padding="same" keeps the size, which stride=\(2, 2\) does not'):
        nn.Conv2d(1, 1, 3, stride=2, padding="same")
    with pytest.raises(ValueError, match=r'padding is "same", "valid".*full'):
        nn.Conv2d(1, 1, 3, padding="full")
    with pytest.raises(ValueError, match="kernel_size is an integer >= 1"):
        nn.Conv2d(1, 1, 0)
    with pytest.raises(ValueError, match="expects 3"):
        nn.Conv2d(3, 1, 3)(np.zeros((1, 1, 5, 5)))
    with pytest.raises(TypeError, match="takes floating input, got uint8"):
        nn.Conv2d(1, 1, 3)(np.zeros((1, 1, 5, 5), np.uint8))


def test_repr():
    assert repr(nn.Conv2d(2, 4, 3, 2, "valid", 2, 2, False)) == (
        "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=valid, dilation=(2, 2), groups=2, bias=False)"
    )


def test_same_with_another_padding_mode():
    x = RNG.normal(size=(1, 2, 6))
    conv = nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular", dtype=float, generator=0)
    around = np.concatenate([x[..., -1:], x, x[..., :2]], -1)
    plain = nn.Conv1d(2, 3, 4, dtype=float)
    plain.load_state_dict(conv.state_dict())
    np.testing.assert_allclose(conv(x).value, plain(around).value, rtol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("how", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}])
def test_transposed_convolution_is_the_transpose(axes, how):
    size = (7, 6, 5)[:axes]
    conv = getattr(F, f"conv{axes}d")
    back = getattr(F, f"conv_transpose{axes}d")
    x, w = RNG.normal(size=(2, 4, *size)), RNG.normal(size=(6, 4 // how.get("groups", 1), *(3,) * axes))
    y = conv(x, w, **how)
    g = RNG.normal(size=y.shape)
    more = [n - m for n, m in zip(size, back(g, w, **how).shape[2:], strict=True)]
    np.testing.assert_allclose((y * g).sum(), (x * back(g, w, output_padding=more, **how)).sum())


def test_output_padding_beyond_what_was_cut_off_is_zero():
    out = F.conv_transpose1d(np.ones((1, 2)), np.ones((1, 1, 2)), dilation=4, output_padding=3)
    assert out[0].tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 0]


def test_fold_after_unfold_counts_the_windows():
    x = RNG.normal(size=(2, 3, 5, 6))
    how = {"kernel_size": 3, "padding": 1, "stride": 2}
    counts = F.fold(F.unfold(np.ones_like(x), **how), (5, 6), **how)
    np.testing.assert_allclose(F.fold(F.unfold(x, **how), (5, 6), **how), x * counts)
    kernel = RNG.normal(size=(4, 3, 3, 3))
    product = kernel.reshape(4, -1) @ F.unfold(x, **how)
    np.testing.assert_allclose(product.reshape(2, 4, 3, 3), F.conv2d(x, kernel, padding=1, stride=2))
    np.testing.assert_array_equal(nn.Fold((5, 6), **how)(nn.Unfold(**how)(x)), x * counts)


def test_locally_connected_layers_with_one_kernel_are_convolutions():
    for local, conv, size in (
        (nn.LocallyConnected2d(2, 4, (6, 7), (3, 2), (2, 1), (1, 0), generator=0),
         nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 0)), (6, 7)),
        (nn.LocallyConnected1d(2, 4, 9, 3, 2, 1, generator=0), nn.Conv1d(2, 4, 3, 2, 1), (9,)),
    ):  # fmt: skip
        local.astype(float), conv.astype(float)
        places = local.output_size
        local.load_state_dict({
            "weight": np.broadcast_to(conv.weight.value, (*places, *conv.weight.shape)),
            "bias": np.broadcast_to(conv.bias.value.reshape(-1, *(1,) * len(places)), (4, *places)),
        })  # fmt: skip
        x = RNG.normal(size=(3, 2, *size))
        np.testing.assert_allclose(local(x).value, conv(x).value, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(local(x[0]).value, conv(x[0]).value, rtol=1e-12, atol=1e-12)


def test_locally_connected_layers_learn_each_place_by_itself():
    layer = nn.LocallyConnected2d(1, 1, 4, 3, dtype=float, generator=0)
    layer(RNG.normal(size=(1, 1, 4, 4)))[0, 0, 0, 1].backward()
    assert np.abs(layer.weight.grad.value).sum((2, 3, 4, 5)).astype(bool).tolist() == [[False, True], [False, False]]
    x, state = RNG.normal(size=(2, 1, 4, 4)), layer.state_dict()
    check_grads(lambda *arrays: _local(layer, *arrays), [x, *state.values()])
    assert repr(nn.LocallyConnected1d(2, 4, 9, 3, bias=False)) == (
        "LocallyConnected1d(2, 4, input_size=(9,), kernel_size=(3,), stride=(1,), padding=(0,), bias=False)"
    )
    with pytest.raises(ValueError, match=r"takes input \(n, 1, 4, 4\), got float64 \(1, 1, 5, 4\)"):
        layer(np.zeros((1, 1, 5, 4)))


def _local(layer, x, weight, bias):
    return nn.functional_call(layer, {"weight": weight, "bias": bias}, x)


@pytest.mark.parametrize("name", ["Conv1d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"])
def test_complex_layers(name):
    layer = getattr(nn, name)(2, 2, 2, dtype=complex, generator=0)
    x = RNG.normal(size=(1, 2, *(4,) * int(name[-2]))) + 1j
    out = layer(x)
    real, imag = (getattr(nn, name)(2, 2, 2, bias=False, dtype=float) for _ in "ab")
    real.load_state_dict({"weight": layer.weight.value.real})
    imag.load_state_dict({"weight": layer.weight.value.imag})
    bias = layer.bias.value.reshape(-1, *(1,) * (x.ndim - 2))
    expected = real(x.real).value - imag(x.imag).value + 1j * (real(x.imag).value + imag(x.real).value)
    np.testing.assert_allclose(out.value, expected + bias)


def test_more_errors():
    for call, text in (
        (lambda: nn.Conv1d(1, 1, 3, padding_mode="wrap"), "padding_mode of Conv1d is one of zeros, reflect"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"), "of ConvTranspose2d is one of zeros;"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, padding="same"), "padding of ConvTranspose2d is an int"),
        (lambda: nn.ConvTranspose2d(1, 1, 3, output_padding=1)(np.zeros((1, 1, 2, 2))), "must be less than stride"),
        (lambda: nn.ConvTranspose1d(1, 1, 3, 2)(np.zeros((1, 1, 2)), output_size=[7]), r"between \(5,\) and \(6,\)"),
        (lambda: nn.ConvTranspose1d(1, 1, 3, padding=3)(np.zeros((1, 1, 2))), "cuts off all of the"),
        (lambda: nn.ConvTranspose1d(2, 1, 3)(np.zeros((1, 1, 4))), "has 1 channels; weight .* takes 2"),
        (lambda: F.conv1d(np.zeros((1, 1, 4, 4)), np.zeros((1, 1, 3))), r"conv1d takes x \(n, c, l\)"),
        (lambda: F.conv3d(np.zeros((1, 1, 2, 4, 4)), np.zeros((1, 1, 3, 3, 3))), "does not fit into images"),
        (lambda: F.unfold(np.zeros((4, 4)), 2), "unfold takes x"),
        (lambda: F.fold(np.zeros((1, 5, 9)), 4, 2), r"takes \(n, c \* 4, 9\), got float64 \(1, 5, 9\)"),
        (lambda: F.fold(np.zeros((1, 4, 8)), 4, 2), r"takes \(n, c \* 4, 9\), got float64 \(1, 4, 8\)"),
        (lambda: F.fold(np.zeros((4, 4, 4, 4)), 4, 2), "fold takes x"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=text):
            call()
