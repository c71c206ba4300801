import copy

import numpy as np
import pytest

import nn
from autodiff.random import manual_seed
from autodiff.tensor import Tensor


def test_dropout_keeps_the_mean_and_draws_anew():
    drop, x = nn.Dropout(0.25, generator=0), np.ones(10_000)
    a, b = drop(x), drop(x)
    assert set(a) == {0.0, 1 / 0.75}
    assert abs(a.mean() - 1) < 0.03
    assert (a != b).any()


def test_gradient_goes_where_the_value_went():
    x = Tensor(np.ones(100), requires_grad=True)
    y = nn.Dropout(0.5, generator=1)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.value, y.value)


def test_evaluation_and_p_0_change_nothing():
    x = Tensor([1.0, 2.0])
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0.0)(x) is x
    assert nn.Dropout(1.0)(x).tolist() == [0.0, 0.0]


def test_the_default_stream_is_manual_seeds_also_in_copies():
    drop, x = nn.Dropout(0.5), np.ones(50)
    runs = []
    for module in (drop, copy.deepcopy(drop)):
        manual_seed(5)
        runs.append(module(x))
    np.testing.assert_array_equal(*runs)


def test_p_is_a_probability():
    assert repr(nn.Dropout(0.3)) == "Dropout(p=0.3)"
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 1.5"):
        nn.Dropout(1.5)
