import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.errors import GradientError
from autodiff.tensor import Tensor

X = np.linspace(-3, 3, 7)
EXP = np.exp(X) / np.exp(X).sum()


@pytest.mark.parametrize(
    ("module", "value", "slope"),
    [
        (nn.ReLU(), np.maximum(X, 0), (X > 0) * 1.0),
        (nn.Tanh(), np.tanh(X), 1 - np.tanh(X) ** 2),
        (nn.Sigmoid(), 1 / (1 + np.exp(-X)), np.exp(-X) / (1 + np.exp(-X)) ** 2),
        (nn.Softmax(), EXP, EXP * (1 - EXP)),
        (nn.LogSoftmax(0), np.log(EXP), 1 - EXP),
    ],
)
def test_values_and_diagonal_derivatives(module, value, slope):
    np.testing.assert_allclose(module(X), value, atol=1e-14)
    for i in range(7):
        x = Tensor(X, requires_grad=True)
        module(x)[i].backward()
        np.testing.assert_allclose(x.grad.value[i], slope[i], atol=1e-14)


def test_softmax_axis_and_repr():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(nn.Softmax(dim=0)(x).sum(axis=0), 1)
    assert repr(nn.Softmax(1)) == "Softmax(dim=1)"
    assert repr(nn.LogSoftmax()) == "LogSoftmax(dim=None)"


def test_the_step_has_no_gradient_and_says_so():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    y = nn.Step()(x)
    assert y.tolist() == [0.0, 1.0, 1.0]
    assert not y.requires_grad
    with pytest.raises(GradientError, match="heaviside"):
        y.sum().backward()


def test_maxout_is_the_largest_of_its_pieces():
    layer = nn.Maxout(3, 2, pieces=4, dtype="float64", generator=0)
    x = np.random.default_rng(0).normal(size=(5, 3))
    pieces = (x @ layer.weight.value.T + layer.bias.value).reshape(5, 2, 4)
    np.testing.assert_allclose(layer(x).value, pieces.max(-1), rtol=1e-12)
    assert repr(layer) == "Maxout(in_features=3, out_features=2, pieces=4, bias=True)"
    absolute = nn.Maxout(1, 1, bias=False, dtype="float64")
    nn.init.fill_(absolute.weight, [[1.0], [-1.0]])
    np.testing.assert_array_equal(absolute([[-2.0], [3.0]]).value, [[2.0], [3.0]])


def test_radial_basis_functions():
    layer = nn.RBF(2, 3, dtype="float64", generator=0)
    np.testing.assert_allclose(np.diag(layer(layer.centers.value).value), 1)
    x, c, s = np.array([1.0, -2.0]), layer.centers.value, np.array([0.5, 1.0, 2.0])
    nn.init.fill_(layer.widths, s)
    np.testing.assert_allclose(layer(x).value, np.exp(-((x - c) ** 2).sum(1) / (2 * s * s)))
    assert repr(layer) == "RBF(in_features=2, out_features=3)"

    ad.testing.check_grads(layer.requires_grad_(False), [x], order=2)


def test_rrelu_draws_a_slope_for_each_element_in_training():
    layer, x = nn.RReLU(0.1, 0.3, generator=0), Tensor(np.full(10_000, -1.0), requires_grad=True)
    y = layer(x)
    slopes = -y.value
    assert 0.1 <= slopes.min() < slopes.max() < 0.3
    assert abs(slopes.mean() - 0.2) < 0.002
    y.sum().backward()
    np.testing.assert_allclose(x.grad.value, slopes)
    assert (layer(x).value != y.value).any()
    np.testing.assert_allclose(layer.eval()(x).value, -0.2)
    assert layer(np.float32([2.0])).dtype == np.float32


def test_gumbel_softmax_draws_classes_by_their_probabilities():
    p = np.array([0.1, 0.2, 0.7])
    logits = Tensor(np.broadcast_to(np.log(p), (20_000, 3)).copy(), requires_grad=True)
    y = F.gumbel_softmax(logits, tau=0.5, hard=True, generator=0)
    np.testing.assert_allclose(y.value.mean(0), p, atol=0.01)
    np.testing.assert_allclose(np.sort(y.value, axis=1), np.broadcast_to([0, 0, 1], (20_000, 3)), atol=1e-12)
    soft = F.gumbel_softmax(logits, tau=0.5, generator=0)
    np.testing.assert_array_equal(soft.value.argmax(1), y.value.argmax(1))
    g = np.random.default_rng(0).normal(size=y.shape)
    first, second = (ad.gradients([z], [logits], [Tensor(g)])[0].value for z in (y, soft))
    np.testing.assert_allclose(first, second)
    assert F.gumbel_softmax(np.zeros((2, 5)), dim=0, hard=True, generator=0).sum(0).tolist() == [1.0] * 5


def test_softmax_takes_pytorchs_names():
    x = np.arange(6.0).reshape(2, 3)
    assert F.softmax(x, dim=0, dtype=np.float32).dtype == np.float32
    np.testing.assert_allclose(F.log_softmax(x, dim=1), np.log(F.softmax(x, dim=1)))
    np.testing.assert_allclose(F.softmin(x, dim=1), F.softmax(-x, dim=1))


def test_softmax_of_several_axes_asks_which():
    for make in (nn.Softmax, nn.Softmin, nn.LogSoftmax):
        np.testing.assert_array_equal(make()(np.eye(2)), make(1)(np.eye(2)))
        with pytest.raises(ValueError, match=r"softm.* of float64 \(1, 2, 2\): along which axis\? Write dim=-1"):
            make()(np.eye(2)[None])


def test_relu_of_nan_is_nan_and_keeps_its_gradient():
    x = Tensor([np.nan, -1.0, 0.0, 2.0], requires_grad=True)
    F.relu(x).backward(np.full(4, 3.0))
    assert x.grad.tolist() == [3, 0, 0, 3]


def test_normalize_writes_where_it_is_told():
    out = np.empty((1, 2))
    assert F.normalize(np.array([[3.0, 4.0]]), out=out) is out
    assert out.tolist() == [[0.6, 0.8]]


@pytest.mark.parametrize("f", [F.gelu, F.silu, F.mish, F.elu, F.softplus, F.logsigmoid, F.hardswish, F.softsign])
def test_float32_stays_and_integers_become_float64(f):
    assert f(np.float32([1, -1])).dtype == np.float32
    assert f(np.array([1, -1])).dtype == np.float64
    x = Tensor(np.float32([1, -1]), requires_grad=True)
    f(x).sum().backward()
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.gelu(1.0, "erf"), ValueError, 'approximate is "none" or "tanh", got \'erf\''),
        (lambda: F.elu(1.0, -1.0), ValueError, "elu: alpha is at least 0, got -1.0"),
        (lambda: F.celu(1.0, 0.0), ValueError, "celu divides by alpha"),
        (lambda: F.softplus(1.0, 0.0), ValueError, "softplus divides by beta"),
        (lambda: F.hardtanh(1.0, 2.0, 1.0), ValueError, r"min_val=2\.0 is above max_val=1\.0"),
        (lambda: nn.Hardtanh(1.0, 1.0), ValueError, "min_val=1.0 is not below max_val=1.0"),
        (lambda: F.softshrink(1.0, -1.0), ValueError, "lambd is at least 0, got -1.0"),
        (lambda: F.rrelu(1.0, 0.5, 0.1), ValueError, "lower=0.5 is above upper=0.1"),
        (lambda: F.glu(np.ones(3)), ValueError, r"glu halves axis -1 of float64 \(3,\), whose length is odd"),
        (lambda: nn.PReLU(3)(np.ones((2, 4))), ValueError, r"one for each channel of x \(n, c, \.\.\.\); got"),
        (lambda: nn.PReLU(0), ValueError, "num_parameters is an integer of at least 1, got 0"),
        (lambda: nn.Softmax2d()(np.ones((2, 4))), ValueError, r"takes x \(n, c, h, w\) or \(c, h, w\), got"),
        (lambda: nn.RBF(3, 2)(np.ones((2, 4))), ValueError, r"RBF takes x \(\.\.\., 3\), got float32 \(2, 4\)"),
        (lambda: F.gumbel_softmax(np.ones(2), 0.0), ValueError, "tau is above 0, got 0.0"),
        (lambda: F.silu(np.ones(2) + 1j), TypeError, "silu takes real numbers"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [5, 3]), ValueError, "cutoffs are increasing integers"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, []), ValueError, "cutoffs are increasing integers"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [10]), ValueError, "between 1 and n_classes - 1 = 9"),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5]), ValueError, "cluster 1 has no units"),
        (lambda: ADAPTIVE(np.ones((2, 8)), np.array([0, 10])), IndexError, r"targets lie in 0 \.\. 9, got 0 \.\. 10"),
        (lambda: ADAPTIVE(np.ones((2, 8)), np.array([0.0, 1])), TypeError, "targets are class indices, integers"),
        (lambda: ADAPTIVE(np.ones((2, 8)), np.array([0])), ValueError, r"takes x \(n, 8\) and targets \(n,\)"),
        (lambda: ADAPTIVE(np.ones((0, 8)), np.zeros(0, int)), ValueError, "the batch is empty"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


ADAPTIVE = nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2], generator=0)


def test_adaptive_softmax_sums_to_one_and_takes_one_example():
    x = np.random.default_rng(0).normal(size=(4, 8))
    np.testing.assert_allclose(np.exp(ADAPTIVE.log_prob(x).value).sum(1), 1, rtol=1e-5)
    out, loss = ADAPTIVE(x[0], 7)
    assert out.shape == ()
    np.testing.assert_allclose(out.value, ADAPTIVE.log_prob(x).value[0, 7], rtol=1e-5)
    np.testing.assert_allclose(loss.value, -out.value)


def test_in_place_on_a_leaf_that_requires_grad_is_refused():
    with pytest.raises(GradientError, match="in-place operation on a leaf that requires grad"):
        nn.ReLU(inplace=True)(Tensor([1.0], requires_grad=True))
    assert F.relu([-1.0, 1.0], inplace=True).tolist() == [0.0, 1.0]
