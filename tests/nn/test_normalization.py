import copy
import warnings

import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("layer", "shape", "axis"),
    [
        (nn.BatchNorm1d(3), (5, 3), (0,)),
        (nn.BatchNorm1d(3), (5, 3, 4), (0, 2)),
        (nn.BatchNorm2d(3), (5, 3, 4, 2), (0, 2, 3)),
        (nn.BatchNorm3d(3), (5, 3, 4, 2, 2), (0, 2, 3, 4)),
        (nn.InstanceNorm1d(3), (5, 3, 4), (2,)),
        (nn.InstanceNorm2d(3), (3, 4, 4), (1, 2)),
        (nn.GroupNorm(1, 3), (5, 3, 4), (1, 2)),
        (nn.GroupNorm(3, 3), (5, 3, 4), (2,)),
        (nn.LayerNorm(4), (5, 3, 4), (2,)),
        (nn.LayerNorm((3, 4)), (5, 3, 4), (1, 2)),
    ],
)
def test_mean_0_and_variance_1_at_first(layer, shape, axis):
    layer.eps = 1e-12
    y = layer.astype("float64")(RNG.normal(3, 7, size=shape))
    y = getattr(y, "value", y)
    np.testing.assert_allclose(y.mean(axis), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis), 1, rtol=1e-4)


def test_running_statistics_move_by_momentum_and_with_the_unbiased_variance():
    layer = nn.BatchNorm1d(2, momentum=0.25, dtype="float64")
    x = RNG.normal(3, 2, size=(8, 2))
    layer(x)
    np.testing.assert_allclose(layer.running_mean.value, 0.25 * x.mean(0))
    np.testing.assert_allclose(layer.running_var.value, 0.75 + 0.25 * x.var(0, ddof=1))
    assert layer.num_batches_tracked.value == 1
    assert layer.num_batches_tracked.dtype == np.int64
    layer.reset_running_stats()
    assert layer.running_var.tolist() == [1.0, 1.0]
    assert layer.num_batches_tracked.value == 0


def test_no_momentum_is_the_average_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None, dtype="float64")
    batches = [RNG.normal(i, 2, size=(8, 2)) for i in range(3)]
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.value, np.mean(batches, axis=(0, 1)))


def test_evaluation_moves_nothing_and_is_affine():
    layer = nn.BatchNorm1d(2, dtype="float64")
    layer(RNG.normal(size=(8, 2)))
    before = copy.deepcopy(layer.state_dict())
    layer.eval()
    x = RNG.normal(size=(1, 2))
    np.testing.assert_allclose(
        layer(x).value, (x - before["running_mean"]) / np.sqrt(before["running_var"] + 1e-5), rtol=1e-12
    )
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_statistics_are_buffers_of_the_parameters_dtype_and_have_no_graph():
    layer = nn.BatchNorm1d(2)
    x = Tensor(RNG.normal(size=(8, 2)), requires_grad=True)
    y = layer(x)
    assert y.dtype == np.float32
    assert layer.running_mean.node is None
    assert not layer.running_mean.requires_grad
    assert layer.running_mean.dtype == np.float32
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    y.sum().backward()
    assert layer.weight.grad.shape == (2,)
    assert x.grad.dtype == np.float64


def test_the_gradient_goes_through_the_statistics():
    """A shift or a scaling of the whole batch changes nothing."""
    x = Tensor(RNG.normal(size=(6, 3)), requires_grad=True)
    g = RNG.normal(size=(6, 3))
    for norm in (
        lambda x: F.batch_norm(x, None, None, training=True, eps=0.0),
        lambda x: F.batch_norm(x, np.zeros(3), np.ones(3), training=True, eps=0.0),
    ):
        x.grad = None
        norm(x).backward(g)
        np.testing.assert_allclose(x.grad.value.sum(0), 0, atol=1e-13)
        np.testing.assert_allclose((x.grad.value * x.value).sum(0), 0, atol=1e-13)


@pytest.mark.parametrize("training", [True, False])
def test_derivatives_of_functions_with_running_statistics(training):
    mean, var = RNG.normal(size=3), RNG.uniform(1, 2, size=3)

    def batch(x, w, b):
        return F.batch_norm(x, mean.copy(), var.copy(), w, b, training, eps=0.1)

    def instance(x, w, b):
        return F.instance_norm(x, mean.copy(), var.copy(), w, b, training, eps=0.1)

    for f, shape in ((batch, (4, 3)), (batch, (2, 3, 2)), (instance, (2, 3, 4))):
        ad.testing.check_grads(f, [RNG.normal(size=s) for s in (shape, (3,), (3,))], order=2)


def test_large_offsets_do_not_spoil_the_variance():
    x = RNG.normal(size=(64, 1)) + 1e8
    y = F.layer_norm(x.T, 64)
    np.testing.assert_allclose(y.std(), 1, rtol=1e-4)
    x32 = (RNG.normal(size=(1, 64)) + 1e3).astype(np.float32)
    np.testing.assert_allclose(F.layer_norm(x32, 64), F.layer_norm(x32.astype(np.float64), 64), atol=2e-3)


def test_constant_input_gives_the_bias_and_a_finite_gradient():
    x = Tensor(np.full((2, 4), 5.0), requires_grad=True)
    y = F.layer_norm(x, 4, bias=np.arange(4.0))
    np.testing.assert_array_equal(y.value, [[0, 1, 2, 3]] * 2)
    y.backward(RNG.normal(size=(2, 4)))
    assert np.isfinite(x.grad.value).all()


def test_empty_batches():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nn.LayerNorm(3)(np.zeros((0, 3))).shape == (0, 3)
        assert nn.GroupNorm(1, 3)(np.zeros((0, 3, 2))).shape == (0, 3, 2)
        layer = nn.BatchNorm1d(3)
        assert layer(np.zeros((0, 3))).shape == (0, 3)
        assert np.isfinite(layer.running_mean.value).all()


def test_group_norm_between_layer_and_instance_norm():
    x = RNG.normal(size=(2, 6, 5))
    np.testing.assert_allclose(F.group_norm(x, 6), F.instance_norm(x), atol=1e-12)
    np.testing.assert_allclose(F.group_norm(x, 1), F.layer_norm(x, (6, 5)), atol=1e-12)


def test_rms_norm_forgets_the_size_and_keeps_the_dtype():
    x = RNG.normal(size=(2, 6))
    np.testing.assert_allclose(F.rms_norm(x, 6), F.rms_norm(1000 * x, 6), rtol=1e-12)
    assert F.rms_norm(x.astype(np.float32), 6).dtype == np.float32
    np.testing.assert_allclose((F.rms_norm(x, 6) ** 2).mean(-1), 1)


def test_local_response_norm_by_hand():
    x = RNG.normal(size=(1, 4, 1))
    y = F.local_response_norm(x, 3, 0.6, 0.5, 2.0).ravel()
    squares = x.ravel() ** 2
    sums = [squares[:2].sum(), squares[:3].sum(), squares[1:].sum(), squares[2:].sum()]
    np.testing.assert_allclose(y, x.ravel() / np.sqrt(2.0 + 0.2 * np.array(sums)))


def test_distances_at_zero():
    x = Tensor(np.zeros((3, 2)), requires_grad=True)
    F.pdist(x).sum().backward()
    assert not x.grad.value.any()
    x.grad = None
    F.cosine_similarity(x, np.ones((3, 2))).sum().backward()
    np.testing.assert_allclose(x.grad.value, 1 / (1e-8 * 2**0.5))
    assert F.pdist(np.ones((1, 4))).shape == (0,)
    assert F.cosine_similarity(np.ones((3, 1, 2)), np.ones((4, 2)), dim=-1).shape == (3, 4)


def test_lists_and_float32():
    assert nn.GroupNorm(1, 2)([[1.0, 2.0]]).dtype == np.float32
    assert nn.BatchNorm1d(1, affine=False)([[1.0], [2.0]]).dtype == np.float32
    assert nn.LayerNorm(2, elementwise_affine=False)(np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.LayerNorm(3)(np.ones((2, 4))), ValueError, r"takes x \(\.\.\., 3\), got float32 \(2, 4\)"),
        (lambda: nn.LayerNorm(())(np.ones(2)), ValueError, r"normalized_shape\[0\] is an integer of at least 1"),
        (lambda: F.layer_norm(np.ones(2), ()), ValueError, "one at least"),
        (lambda: F.layer_norm(np.ones(2), 2, np.ones(3)), ValueError, r"weight float64 \(3,\) needs shape \(2,\)"),
        (lambda: nn.RMSNorm((2, 3))(np.ones(3)), ValueError, r"takes x \(\.\.\., 2, 3\), got float32 \(3,\)"),
        (lambda: nn.LayerNorm(2)(np.array([1, 2])), TypeError, "takes floating input, got int64"),
        (lambda: F.layer_norm(np.ones(2) + 1j, 2), TypeError, "layer_norm takes real numbers"),
        (lambda: nn.BatchNorm1d(3)(np.ones((1, 3))), ValueError, r"has one value per channel.*model\.eval\(\)"),
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 4))), ValueError, r"takes x \(n, 3\) or \(n, 3, l\), got float32"),
        (lambda: nn.BatchNorm2d(3)(np.ones((2, 3))), ValueError, r"BatchNorm2d takes x \(n, 3, h, w\), got"),
        (lambda: nn.BatchNorm3d(3)(np.ones((2, 3))), ValueError, r"takes x \(n, 3, d, h, w\), got"),
        (lambda: nn.BatchNorm1d(0), ValueError, "num_features is an integer of at least 1, got 0"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((2, 4))), ValueError, r"takes x \(3, l\) or \(n, 3, l\), got"),
        (lambda: nn.InstanceNorm2d(3)(np.ones((2, 3))), ValueError, r"takes x \(3, h, w\) or \(n, 3, h, w\), got"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((3, 1))), ValueError, "has one value per channel"),
        (lambda: nn.GroupNorm(2, 3), ValueError, "num_groups=2 must divide num_channels=3"),
        (lambda: nn.GroupNorm(1, 3)(np.ones((2, 4))), ValueError, r"takes x \(n, 3, \.\.\.\), got float32 \(2, 4\)"),
        (lambda: F.group_norm(np.ones((2, 3)), 2), ValueError, "2 groups do not divide the 3 channels"),
        (lambda: F.group_norm(np.ones((1, 3)), 3), ValueError, "one value in each of 3 groups .* take fewer groups"),
        (lambda: F.group_norm(np.ones(3), 1), ValueError, r"takes x \(n, c, \.\.\.\), got float64 \(3,\)"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None), ValueError, "needs running_mean and running_var"),
        (lambda: F.batch_norm(np.ones((2, 3)), np.ones(2), np.ones(3)), ValueError, r"running_mean float64 \(2,\) nee"),
        (lambda: F.local_response_norm(np.ones((2, 3)), 2), ValueError, r"takes x \(n, c, l, \.\.\.\), got"),
        (lambda: F.local_response_norm(np.ones((2, 3, 1)), 0), ValueError, "size is at least 1, got 0"),
        (lambda: nn.LocalResponseNorm(0), ValueError, "size is an integer of at least 1, got 0"),
        (lambda: nn.BatchNorm1d(3, eps=-1.0)(np.ones((2, 3))), ValueError, r"batch_norm: eps is at least 0, got -1\.0"),
        (lambda: F.layer_norm(np.ones(2), 2, eps=np.nan), ValueError, "layer_norm: eps is at least 0, got nan"),
        (lambda: nn.InstanceNorm1d(3)(np.ones((3, 1))), ValueError, r"would become 0\. Give more\.\nin Instance"),
        (lambda: F.pdist(np.ones(3)), ValueError, r"pdist takes rows \(n, d\), got float64 \(3,\)"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_trace_moves_the_running_statistics_again(momentum):
    layer = nn.BatchNorm1d(2, momentum=momentum, dtype="float64")
    twin = copy.deepcopy(layer)
    batches = [Tensor(RNG.normal(i, 2, size=(5, 2))) for i in range(3)]
    program = ad.trace(layer)(batches[0])
    for x in batches[1:]:
        program(x)
    for x in batches:
        y = twin(x)
    np.testing.assert_allclose(program(batches[2]).value, y.value)
    twin(batches[2])
    for name, value in layer.state_dict().items():
        np.testing.assert_allclose(value, twin.state_dict()[name], rtol=1e-12)
