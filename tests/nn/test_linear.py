import numpy as np
import pytest

import nn
import nn.functional as F
from autodiff.tensor import Tensor


def test_linear_by_hand():
    layer = nn.Linear(2, 2, dtype="float64")
    layer.load_state_dict({"weight": [[1.0, 2.0], [3.0, 4.0]], "bias": [0.5, -0.5]})
    x = Tensor([[1.0, 1.0], [2.0, 0.0]], requires_grad=True)
    y = layer(x)
    assert y.tolist() == [[3.5, 6.5], [2.5, 5.5]]
    (y * [[1.0, 0.0], [0.0, 1.0]]).sum().backward()
    assert layer.weight.grad.tolist() == [[1.0, 1.0], [2.0, 0.0]]
    assert layer.bias.grad.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("shape", [(3,), (0, 3), (5, 3), (2, 5, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_takes_any_leading_axes(shape, bias):
    layer = nn.Linear(3, 4, bias)
    out = layer(np.ones(shape))
    assert (out.shape, out.dtype) == ((*shape[:-1], 4), np.float32)
    out.sum().backward()
    assert layer.weight.grad.shape == (4, 3)


def test_same_seed_same_values_within_their_bound():
    a, b = (nn.Linear(16, 50, generator=3) for _ in range(2))
    np.testing.assert_array_equal(a.weight.value, b.weight.value)
    assert 0.2 < abs(a.weight.value).max() < 0.25  # 1 / sqrt(16)
    assert (nn.Linear(16, 50, generator=4).weight.value != a.weight.value).any()


def test_floating_input_is_cast_and_other_input_refused():
    layer = nn.Linear(2, 1)
    x = Tensor([1.0, 2.0], requires_grad=True)
    layer(x).sum().backward()
    assert (layer(x).dtype, x.grad.dtype) == (np.float32, np.float64)
    assert layer([1, 2]).dtype == np.float32  # Python numbers have no dtype of their own
    with pytest.raises(TypeError, match=r'takes floating input, got int64 \(2,\).*x.astype\("float32"\)'):
        layer(np.array([1, 2]))
    with pytest.raises(TypeError, match="the imaginary part would be lost"):
        layer(np.array([1j, 2]))
    assert layer.astype("complex64")(np.ones(2)).dtype == np.complex64


@pytest.mark.parametrize("sizes", [(0, 1), (1, -1), (1.5, 1), (True, 1)])
def test_sizes_are_positive_integers(sizes):
    with pytest.raises(ValueError, match="features is an integer of at least 1, got"):
        nn.Linear(*sizes)


def test_a_bias_of_another_size_is_refused_for_one_example_too():
    for x in (np.ones(3), np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"bias float64 \(1,\) needs shape \(2,\), one per output"):
            F.linear(x, np.ones((2, 3)), np.ones(1))


def test_stacked_linear_layers_are_one_linear_map():
    f, g = nn.Linear(3, 5, dtype=float, generator=0), nn.Linear(5, 2, dtype=float, generator=1)
    one = nn.Linear(3, 2, dtype=float)
    weight = g.weight.value @ f.weight.value
    one.load_state_dict({"weight": weight, "bias": g.weight.value @ f.bias.value + g.bias.value})
    x = np.random.default_rng(0).normal(size=(7, 3))
    np.testing.assert_allclose(nn.Sequential(f, g)(x).value, one(x).value, rtol=1e-13)


def test_flatten_and_identity():
    x = Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0)(x).shape == (24,)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Identity()(x) is x
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"
    with pytest.raises(ValueError, match="flatten from axis 2 to 1"):
        nn.Flatten(2, 1)(x)
    with pytest.raises(IndexError):
        nn.Flatten(3)(x)


def test_bilinear_by_hand():
    form = nn.Bilinear(2, 2, 1, dtype="float64")
    form.load_state_dict({"weight": [[[1.0, 2.0], [3.0, 4.0]]], "bias": [0.5]})
    assert form([1.0, 10.0], [100.0, 1000.0]).tolist() == [1 * 100 + 2 * 1000 + 30 * 100 + 40 * 1000 + 0.5]
    assert repr(form) == "Bilinear(in1_features=2, in2_features=2, out_features=1, bias=True)"
    assert 0.3 < abs(nn.Bilinear(9, 50, 20, generator=0).weight.value).max() < 1 / 3
    with pytest.raises(ValueError, match=r"with equal leading axes; got float64 \(3, 2\) and float64 \(4, 2\)"):
        form(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="needs shape"):
        nn.functional.bilinear(np.ones(2), np.ones(2), np.ones((1, 2, 2)), np.ones(2))


def test_unflatten_undoes_flatten():
    x = Tensor(np.arange(24.0).reshape(2, 12), requires_grad=True)
    parted = nn.Unflatten(1, (3, -1))
    assert parted(x).shape == (2, 3, 4)
    assert nn.Flatten()(parted(x)).tolist() == x.tolist()
    assert repr(parted) == "Unflatten(dim=1, unflattened_size=(3, -1))"
    assert nn.Unflatten(-1, (0, 5))(np.ones((2, 0))).shape == (2, 0, 5)
    for sizes in [(5, -1), (3, 5), (-1, -1), ()]:
        with pytest.raises(ValueError, match=r"axis 1 of float64 \(2, 12\) cannot be parted into"):
            nn.Unflatten(1, sizes)(x)
    with pytest.raises(IndexError):
        nn.Unflatten(2, (3, 4))(x)
