import math

import numpy as np
import pytest

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
    assert init.gain_of("leaky_relu", 1.0) == 1.0
    assert math.isclose(init.gain_of("relu"), 2**0.5)
    with pytest.raises(ValueError, match=r"fan in and fan out need a weight .*got float64 \(3,\)"):
        init.xavier_uniform_(weight(3))
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
