import copy

import numpy as np
import pytest

import nn
import nn.functional as F
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
    assert repr(nn.Dropout(0.3)) == "Dropout(p=0.3, inplace=False)"
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 1.5"):
        nn.Dropout(1.5)


@pytest.mark.parametrize(
    ("layer", "shape", "places"),
    [
        (nn.Dropout1d, (50, 40, 3), 1), (nn.Dropout1d, (900, 3), 1), (nn.Dropout2d, (50, 40, 2, 3), 2),
        (nn.Dropout3d, (50, 40, 2, 1, 3), 3), (nn.Dropout3d, (900, 2, 1, 3), 3),
    ],
)  # fmt: skip
def test_whole_channels_share_one_fate(layer, shape, places):
    x = Tensor(np.ones(shape), requires_grad=True)
    y = layer(0.25, generator=0)(x)
    flat = y.value.reshape((-1, int(np.prod(shape[-places:]))))
    assert set(flat.ravel()) == {0.0, 1 / 0.75}
    assert (flat == flat[:, :1]).all()
    assert abs((flat[:, 0] == 0).mean() - 0.25) < 0.06
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.value, y.value)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p):
    x = np.random.default_rng(0).normal(size=200_000)
    y = nn.AlphaDropout(p, generator=0)(x)
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / x.size - p) < 0.01  # those put out have one value
    a = ((1 - p) * (1 + p * 1.7580993408473766**2)) ** -0.5
    np.testing.assert_allclose(values[counts.argmax()], a * -1.7580993408473766 * (1 - p))


def test_feature_alpha_dropout_and_its_gradient():
    x = Tensor(np.random.default_rng(0).normal(size=(20, 10, 5)), requires_grad=True)
    y = nn.FeatureAlphaDropout(0.4, generator=0)(x)
    y.sum().backward()
    slopes = x.grad.value
    assert (slopes == slopes[:, :, :1]).all()
    assert set(np.round(np.unique(slopes), 6)) == {0.0, round((0.6 * (1 + 0.4 * 1.7580993408473766**2)) ** -0.5, 6)}


@pytest.mark.parametrize("name", nn.dropout.__all__)
def test_extremes(name):
    x = Tensor(np.ones((2, 3, 2, 2) if name != "Dropout1d" else (2, 3, 2)), requires_grad=True)
    layer = getattr(nn, name)
    assert layer(0.0)(x) is x
    assert layer(0.3).eval()(x) is x
    y = layer(1.0)(x)
    assert not y.value.any()
    y.sum().backward()
    assert not x.grad.value.any()
    assert layer(0.5)(x.astype("float32")).dtype == np.float32
    a, b = (layer(0.5, generator=7)(x).value for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_in_place_and_errors():
    array = np.ones(100)
    assert nn.Dropout(0.5, inplace=True)(array) is array
    assert 0 in array
    with pytest.raises(ValueError, match=r"dropout2d takes x \(n, c, h, w\), got float64 \(2, 3, 4\). For \(n, c, l\)"):
        nn.Dropout2d()(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match=r"dropout1d takes x \(n, c, l\) or \(c, l\), got float64 \(3,\)"):
        nn.Dropout1d().eval()(np.ones(3))
    with pytest.raises(ValueError, match=r"feature_alpha_dropout takes x \(n, c, \.\.\.\), got float64 \(3,\)"):
        nn.FeatureAlphaDropout()(np.ones(3))
    for f in (lambda: nn.Dropout(0.5, 3), lambda: nn.functional.dropout(array, 0.5, True, 3)):
        with pytest.raises(TypeError, match="inplace is True or False, got 3; give a generator by its name"):
            f()
    with pytest.raises(ValueError, match="got -1"):
        nn.functional.alpha_dropout(np.ones(3), -1)


@pytest.mark.parametrize("p", [-0.1, 1.5, np.nan, "a", None, True])
def test_what_is_no_probability(p):
    for make in (
        lambda: nn.Dropout(p), lambda: nn.LSTM(2, 2, 2, dropout=p), lambda: nn.MultiheadAttention(2, 1, dropout=p),
        lambda: F.dropout(np.ones(2), p), lambda: F.alpha_dropout(np.ones(2), p, training=True),
        lambda: F.scaled_dot_product_attention(*[np.eye(2)] * 3, dropout_p=p),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rf"dropout probability must lie in \[0, 1\], got {p!r}"):
            make()
