import numpy as np
import pytest

import nn
from autodiff.tensor import Tensor

REDUCE = {"mean": np.mean, "sum": np.sum, "none": lambda losses: losses}
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
CLASSES = np.array([0, 2, 1, 1])
LOG_P = X - np.log(np.exp(X).sum(axis=1, keepdims=True))
PICKED = -LOG_P[np.arange(4), CLASSES]
ONE_HOT = np.eye(3)[CLASSES]


@pytest.mark.parametrize("reduction", REDUCE)
@pytest.mark.parametrize(
    ("make", "target", "losses", "slope"),
    [
        (nn.MSELoss, Y, (X - Y) ** 2, 2 * (X - Y)),
        (nn.L1Loss, Y, abs(X - Y), np.sign(X - Y)),
        (nn.CrossEntropyLoss, CLASSES, PICKED, np.exp(LOG_P) - ONE_HOT),
        (nn.NLLLoss, CLASSES, -X[np.arange(4), CLASSES], -ONE_HOT),
    ],
)
def test_value_and_gradient_in_closed_form(make, target, losses, slope, reduction):
    x = Tensor(X, requires_grad=True)
    loss = make(reduction)(x, target)
    np.testing.assert_allclose(loss.value, REDUCE[reduction](losses), rtol=1e-13)
    loss.sum().backward()
    scale = losses.size if reduction == "mean" else 1
    np.testing.assert_allclose(x.grad.value, slope / scale, rtol=1e-12, atol=1e-14)


def test_the_target_takes_the_predictions_dtype():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    for target in (np.zeros(3), [0, 0, 1], Tensor(np.zeros(3, np.int8)), np.array([True] * 3)):
        assert nn.MSELoss()(x, target).dtype == np.float32


def test_both_sides_may_need_a_gradient():
    x, y = Tensor([3.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    nn.MSELoss()(x, y).backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([4.0], [-4.0])


@pytest.mark.parametrize("make", [nn.MSELoss, nn.L1Loss])
def test_shapes_do_not_broadcast(make):
    with pytest.raises(ValueError, match=r"got float64 \(3, 1\) and float64 \(3,\).*reshape\(\(3, 1\)\)"):
        make()(np.ones((3, 1)), np.ones(3))
    with pytest.raises(TypeError, match="takes real predictions"):
        make()(np.ones(3) * 1j, np.ones(3))


def test_errors():
    with pytest.raises(ValueError, match='"mean", "sum" or "none", got \'average\''):
        nn.MSELoss("average")
    with pytest.raises(ValueError, match='"mean", "sum" or "none", got \'average\''):
        nn.functional.mse_loss(X, Y, "average")
    with pytest.raises(ValueError, match="the batch is empty"):
        nn.MSELoss()(np.ones((0, 2)), np.ones((0, 2)))
    with pytest.raises(TypeError, match="class indices, integers; got float64"):
        nn.NLLLoss()(X, np.ones(4))
    with pytest.raises(ValueError, match=r"targets \(n,\); got float64 \(4, 3\) and int64 \(3,\)"):
        nn.NLLLoss()(X, np.arange(3))
    with pytest.raises(IndexError, match=r"targets lie in 0 \.\. 2, got 0 \.\. 3"):
        nn.NLLLoss()(X, np.arange(4))
    assert repr(nn.MSELoss("sum")) == "MSELoss(reduction='sum')"
