import math

import numpy as np
import pytest
import scipy.stats

import nn
from autodiff.errors import GradientError
from autodiff.tensor import Tensor
from nn import init


def weight(*shape, dtype="float64"):
    return Tensor(np.zeros(shape, dtype))


@pytest.mark.parametrize(
    ("fill", "std", "bound"),
    [
        (lambda t: init.uniform_(t, -2, 2, generator=0), 2 / 3**0.5, 2),
        (lambda t: init.normal_(t, 0, 3, generator=0), 3, None),
        (lambda t: init.xavier_uniform_(t, generator=0), (2 / 500) ** 0.5, (6 / 500) ** 0.5),
        (lambda t: init.xavier_normal_(t, 2.0, generator=0), 2 * (2 / 500) ** 0.5, None),
        (lambda t: init.kaiming_uniform_(t, generator=0), (2 / 300) ** 0.5, (6 / 300) ** 0.5),
        (lambda t: init.kaiming_uniform_(t, 5**0.5, generator=0), 900**-0.5, 300**-0.5),
        (lambda t: init.kaiming_normal_(t, mode="fan_out", generator=0), (2 / 200) ** 0.5, None),
        (lambda t: init.kaiming_normal_(t, 0, "fan_in", "tanh", 0), 5 / 3 / 300**0.5, None),
        (lambda t: init.uniform_(t, a=-1, b=1, generator=0), 1 / 3**0.5, 1),
        (lambda t: init.trunc_normal_(t, generator=0), 0.7737413**0.5, 2),
        (lambda t: init.trunc_normal_(t, std=0.02, generator=0), 0.02, None),
        (lambda t: init.orthogonal_(t, 3.0, generator=0), 3 / 300**0.5, None),
        (lambda t: init.fixed_normal_(t, generator=0), 0.02, None),
        (lambda t: init.width_normal_(t, 2.0, generator=0), 2 / 300**0.5, None),
        (lambda t: init.fan_in_uniform_(t, generator=0), 900**-0.5, 300**-0.5),
    ],
)
def test_spread(fill, std, bound):
    t = weight(200, 300)
    assert fill(t) is t
    assert abs(t.value.mean()) < 4 * std / t.size**0.5
    np.testing.assert_allclose(t.value.std(), std, rtol=0.02)
    if bound is not None:
        assert 0.999 * bound < abs(t.value).max() <= bound


def test_constants_scalars_and_dtypes():
    assert init.constant_(weight(2), 3.0).tolist() == [3.0, 3.0]
    assert init.ones_(weight()).item() == 1.0
    assert init.zeros_(Tensor(5.0)).item() == 0.0
    assert init.normal_(weight(3, dtype="float32"), generator=0).dtype == np.float32
    scalar = init.uniform_(Tensor(np.float32(0)), 1, 2, generator=0)
    assert isinstance(scalar.value, np.float32)


def test_complex_values_have_the_same_variance():
    z = init.normal_(weight(10_000, dtype="complex128"), std=2.0, generator=0).value
    np.testing.assert_allclose([z.real.var(), z.imag.var()], 2.0, rtol=0.05)


def test_same_generator_same_values():
    a, b = (init.normal_(weight(3, 3), generator=7).value for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert (init.normal_(weight(3, 3), generator=np.random.default_rng(0)).value != a).any()


def test_fans_and_gains():
    assert init.fans(weight(8, 3, 5, 5)) == (75, 200)
    assert init.calculate_gain("leaky_relu", 1.0) == 1.0
    assert math.isclose(init.calculate_gain("relu"), 2**0.5)
    with pytest.raises(ValueError, match=r"fan in and fan out need a weight .*got float64 \(3,\)"):
        init.xavier_uniform_(weight(3))
    with pytest.raises(TypeError, match="param is the slope of the leaky ReLU, a number; got 'x'"):
        init.calculate_gain("leaky_relu", "x")
    with pytest.raises(ValueError, match=r"uniform_ draws from a to b, got a=2\.0, b=1\.0"):
        init.uniform_(Tensor(np.ones(2)), 2.0)
    with pytest.raises(ValueError, match=r"normal_: std is at least 0, got -1\.0"):
        init.normal_(Tensor(np.ones(2)), 0.0, -1.0)
    with pytest.raises(ValueError, match=r"trunc_normal_: std is above 0, got 0\.0"):
        init.trunc_normal_(Tensor(np.ones(2)), 0.0, 0.0)
    with pytest.raises(ValueError, match=r"nonlinearity is one of linear, .*; got 'gelu'"):
        init.kaiming_normal_(weight(3, 3), nonlinearity="gelu")
    with pytest.raises(ValueError, match='"fan_in" or "fan_out", got \'in\''):
        init.kaiming_normal_(weight(3, 3), mode="in")


def test_only_leaves_and_a_stale_graph_says_so():
    w = Tensor([[2.0]], requires_grad=True)
    y = w * w
    with pytest.raises(GradientError, match="only leaves are written in place; op 'mul'"):
        init.zeros_(y)
    init.ones_(w)
    with pytest.raises(GradientError, match=r"test_init\.py:.* has written into that array since"):
        y.backward()


def test_a_scalar_is_filled_with_a_scalar():
    p = Tensor(np.float32(1))
    with pytest.raises(ValueError, match="could not broadcast"):
        init.fill_(p, np.ones(3))
    assert init.fill_(p, 2.0).value == np.float32(2)
    assert (p.shape, p.dtype) == ((), np.float32)


@pytest.mark.parametrize("bounds", [(-2, 2), (0.5, 1), (3, 9), (-9, -3), (30, 31)])
def test_truncated_normals_have_the_right_distribution(bounds):
    values = init.trunc_normal_(weight(20_000), 0.1, 1.1, *bounds, generator=0).value
    assert bounds[0] <= values.min() < values.max() <= bounds[1]
    low, high = ((b - 0.1) / 1.1 for b in bounds)
    assert scipy.stats.kstest((values - 0.1) / 1.1, scipy.stats.truncnorm(low, high).cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (4, 3, 2, 2), (1, 1)])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_orthogonal(shape, dtype):
    w = init.orthogonal_(weight(*shape, dtype=dtype), 2.0, generator=0).value.reshape(shape[0], -1)
    short = w @ w.conj().T if w.shape[0] <= w.shape[1] else w.conj().T @ w
    np.testing.assert_allclose(short, 4 * np.eye(len(short)), atol=1e-12)


def test_orthogonal_matrices_of_both_orientations_are_drawn():
    signs = {round(np.linalg.det(init.orthogonal_(weight(3, 3), generator=i).value)) for i in range(20)}
    assert signs == {-1, 1}


def test_sparse_columns():
    w = init.sparse_(weight(10, 400), 0.25, std=2.0, generator=0).value
    assert ((w == 0).sum(0) == 3).all()  # of 10 a quarter, rounded up
    np.testing.assert_allclose(w[w != 0].std(), 2, rtol=0.05)
    assert len(np.unique((w == 0).argmax(0))) > 3


def test_dirac_convolutions_hand_channels_on():
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 5))
    for groups in (1, 2):
        conv = nn.Conv2d(4, 6, 3, padding=1, groups=groups, bias=False, dtype="float64")
        init.dirac_(conv.weight, groups)
        y = conv(x).value
        if groups == 1:
            np.testing.assert_array_equal(y[:, :4], x)
            assert not y[:, 4:].any()
        else:
            np.testing.assert_array_equal(y[:, [0, 1, 3, 4]], x)
    np.testing.assert_array_equal(init.eye_(weight(2, 3)).value, [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: init.eye_(weight(3)), r"eye_ fills a matrix, got float64 \(3,\)"),
        (lambda: init.dirac_(weight(3, 3)), r"of 3 to 5 axes; got float64 \(3, 3\)"),
        (lambda: init.dirac_(weight(3, 3, 3), 2), "groups=2 must divide the 3 output channels"),
        (lambda: init.orthogonal_(weight(3)), r"two axes or more, got float64 \(3,\)"),
        (lambda: init.sparse_(weight(3), 0.1), "sparse_ fills a matrix"),
        (lambda: init.sparse_(weight(3, 3), 1.5), r"a share in \[0, 1\] of zeros; got float64 \(3, 3\), 1.5"),
        (lambda: init.trunc_normal_(weight(3), a=2, b=1), "draws between a and b, got a=2, b=1"),
        (lambda: init.width_normal_(weight(3)), "fan in and fan out need a weight"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()
