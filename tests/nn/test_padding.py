"""Padding layers, in numbers that can be read."""

import numpy as np
import pytest

import nn
import nn.functional as F
from autodiff.tensor import Tensor

ROW = np.array([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.ZeroPad1d((1, 2)), [0, 1, 2, 3, 0, 0]),
        (nn.ConstantPad1d(1, -4.0), [-4, 1, 2, 3, -4]),
        (nn.ReflectionPad1d((2, 1)), [3, 2, 1, 2, 3, 2]),
        (nn.ReplicationPad1d((1, 2)), [1, 1, 2, 3, 3, 3]),
        (nn.CircularPad1d((1, 3)), [3, 1, 2, 3, 1, 2, 3]),
        (nn.ZeroPad1d((-1, 1)), [2, 3, 0]),
    ],
)
def test_by_hand_and_each_gradient_is_a_count(layer, expected):
    x = Tensor(ROW, requires_grad=True)
    out = layer(x)
    assert out[0].tolist() == expected
    out.sum().backward()
    assert x.grad[0].tolist() == [expected.count(v) for v in (1, 2, 3)]


def test_the_last_axis_comes_first():
    assert F.pad(np.zeros((2, 3)), (1, 0, 0, 2)).shape == (4, 4)
    assert nn.ZeroPad2d((1, 2, 3, 4))(np.zeros((1, 5, 5))).shape == (1, 12, 8)
    assert nn.ZeroPad3d((1, 0, 0, 2, 0, 3))(np.zeros((1, 5, 5, 5))).shape == (1, 8, 7, 6)


def test_integers_stay_integers():
    assert F.pad(np.arange(3), (1, 1)).tolist() == [0, 0, 1, 2, 0]
    assert F.pad(np.arange(3), (1, 1), "circular").dtype == np.arange(3).dtype


def test_errors():
    with pytest.raises(ValueError, match=r"mode 'reflect' pads axis 1 of float64 .* by at most 2"):
        nn.ReflectionPad1d(3)(ROW)
    with pytest.raises(ValueError, match=r"mode 'circular' pads axis 1 of float64 .* by at most 3"):
        nn.CircularPad1d(4)(ROW)
    with pytest.raises(ValueError, match="takes more than there is away from axis 1"):
        nn.ZeroPad1d(-2)(ROW)
    with pytest.raises(ValueError, match="mode is one of constant, reflect, replicate, circular; got 'edge'"):
        F.pad(ROW, (1, 1), "edge")
    with pytest.raises(ValueError, match="pad is \\(before, after\\)"):
        F.pad(ROW, (1, 1, 1))
    with pytest.raises(ValueError, match="value=1 goes with mode 'constant'"):
        F.pad(ROW, (1, 1), "circular", 1)
    with pytest.raises(ValueError, match="ReflectionPad2d takes"):
        nn.ReflectionPad2d(1)(ROW)
    with pytest.raises(ValueError, match="padding is an integer"):
        nn.ZeroPad2d((1, 2))


def test_repr():
    assert repr(nn.ConstantPad1d(2, 3.5)) == "ConstantPad1d(padding=(2, 2), value=3.5)"
    assert repr(nn.CircularPad2d((1, 2, 0, 0))) == "CircularPad2d((1, 2, 0, 0))"
