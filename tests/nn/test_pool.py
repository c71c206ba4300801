import numpy as np
import pytest

import nn
from autodiff.tensor import Tensor


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
    assert repr(nn.MaxPool2d(3, 2)) == "MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1)"
    with pytest.raises(ValueError, match="kernel_size is an integer >= 1"):
        nn.MaxPool2d(0)
    with pytest.raises(ValueError, match="more than half the window"):
        nn.MaxPool2d(2, padding=2)(np.zeros((1, 1, 4, 4)))
