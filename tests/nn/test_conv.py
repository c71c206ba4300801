import numpy as np
import pytest

import nn

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
    with pytest.raises(ValueError, match='padding="same" keeps the size, which stride=2 does not'):
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
