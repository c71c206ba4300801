import copy
import pickle

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff.tensor import Tensor
from nn import utils
from nn.utils import parametrize

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


@pytest.mark.parametrize("wrap", [utils.weight_norm, utils.spectral_norm])
def test_a_wrapped_layer_is_trained_copied_pickled_and_unwrapped(wrap):
    plain = nn.Linear(3, 3, generator=0)
    before = plain(X).value
    layer = wrap(nn.Linear(3, 3, generator=0))
    if wrap is utils.weight_norm:
        np.testing.assert_allclose(layer(X).value, before, rtol=1e-5, atol=1e-6)
    assert isinstance(layer, nn.Linear)
    assert type(layer).__name__ == "ParametrizedLinear"
    assert "weight" not in layer.state_dict()
    opt = optim.SGD(layer.parameters(), 0.1)
    losses = []
    for _ in range(20):
        loss = (layer(X) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    layer.eval()
    now = layer(X).value
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(twin(X).value, now)
        assert twin.parametrizations is not layer.parametrizations
    utils.remove_weight_norm(layer)
    assert type(layer) is nn.Linear
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(layer(X).value, now, rtol=1e-6)


def test_the_weight_is_computed_once_a_pass_and_can_be_read_and_written():
    class Count(nn.Module):
        calls = 0

        def forward(self, w):
            self.calls += 1
            return 2.0 * w

        def right_inverse(self, w):
            return w / 2.0

    count = Count()
    layer = parametrize.register_parametrization(nn.Linear(3, 2, generator=0), "weight", count)
    np.testing.assert_array_equal(layer.weight.value, nn.Linear(3, 2, generator=0).weight.value)
    count.calls = 0
    layer(X)
    assert count.calls == 1
    layer.weight = np.ones((2, 3))
    np.testing.assert_array_equal(layer.parametrizations.weight.original.value, 0.5)
    parametrize.register_parametrization(layer, "bias", nn.Tanh())
    assert parametrize.is_parametrized(layer, "bias")
    assert parametrize.is_parametrized(layer, "weight")
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_array_equal(layer.weight.value, 0.5)
    assert "(parametrizations)" in repr(layer)


def test_spectral_norm_in_training_moves_its_vectors_and_in_evaluation_does_not():
    layer = utils.spectral_norm(nn.Linear(3, 3, generator=0), generator=1)
    state = layer.state_dict()
    layer.eval()(X)
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, state[name])
    for _ in range(100):
        layer.train()(X)
    np.testing.assert_allclose(np.linalg.norm(layer.weight.value, 2), 1, rtol=1e-5)


@pytest.mark.parametrize(("shape", "dim"), [((4, 3), 0), ((4, 3), 1), ((4, 3), None), ((4,), 0), ((4, 2, 3, 3), 0)])
def test_derivatives_of_weight_norm(shape, dim):
    layer = nn.Module()
    layer.weight = nn.Parameter(np.random.default_rng(0).normal(size=shape))
    g, v = (p.value for p in utils.weight_norm(layer, dim=dim).parameters())
    norm = getattr(layer.parametrizations.weight, "0")
    ad.testing.check_grads(norm, [1.5 * g, v], order=2)


def test_transforms_see_the_originals():
    layer = utils.weight_norm(nn.Linear(3, 2, dtype="float64", generator=0))
    gradient = ad.grad(lambda layer: (layer(X.astype("float64")) ** 2).sum())(layer)
    (layer(X.astype("float64")) ** 2).sum().backward()
    for name, p in layer.named_parameters():
        np.testing.assert_allclose(dict(gradient.named_parameters())[name].value, p.grad.value)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: utils.weight_norm(utils.weight_norm(nn.Linear(2, 2))), "weight is parametrized already"),
        (lambda: utils.weight_norm(nn.ReLU()), "ReLU has no parameter 'weight' to parametrize"),
        (lambda: utils.spectral_norm(nn.ReLU()), "ReLU has no parameter 'weight' to parametrize"),
        (lambda: utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0), "is at least 1, got 0"),
        (lambda: utils.remove_weight_norm(nn.Linear(2, 2)), "'weight' of this Linear is not parametrized"),
        (
            lambda: parametrize.remove_parametrizations(utils.weight_norm(nn.Linear(2, 2)), "weight", False),
            "weight is made of 2 originals",
        ),
        (
            lambda: utils.vector_to_parameters(np.ones(3), [Tensor([1.0])]),
            r"of 1 elements need a vector of shape \(1,\)",
        ),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_clipping_nan_and_nothing():
    p = Tensor([1.0, 2.0], requires_grad=True)
    assert utils.clip_grad_norm_([p], 1.0).item() == 0.0
    p.grad = Tensor([np.nan, 1.0])
    with pytest.raises(ValueError, match=r"the gradients' norm of order 2\.0 is nan"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    p.grad = Tensor([3.0, 4.0])
    utils.clip_grad_norm_(p, 100.0)
    assert p.grad.tolist() == [3.0, 4.0]


def test_parameters_to_vector_is_differentiable():
    p, q = Tensor([[1.0, 2.0]], requires_grad=True), Tensor(3.0, requires_grad=True)
    (utils.parameters_to_vector([p, q]) * np.arange(3.0)).sum().backward()
    assert p.grad.tolist() == [[0.0, 1.0]]
    assert q.grad.item() == 2.0
