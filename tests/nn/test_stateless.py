import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import Tensor


def net(seed=0):
    return nn.Sequential(nn.Linear(2, 3, generator=seed), nn.Tanh(), nn.Linear(3, 1, generator=seed + 9)).double()


X = np.array([[1.0, 2.0], [3.0, -4.0]])


def test_a_call_with_other_parameters():
    a, b = net(0), net(1)
    before = a.state_dict()
    np.testing.assert_array_equal(nn.functional_call(a, b.state_dict(), X), b(X).value)
    np.testing.assert_array_equal(nn.functional_call(a, {}, (X,)).value, a(X).value)
    mixed = nn.functional_call(a, {"0.weight": b[0].weight, "0.bias": b[0].bias}, X)
    np.testing.assert_array_equal(mixed.value, a[2](b[:2](X)).value)
    for name, value in a.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_gradients_by_a_dict_of_parameters():
    model = net()
    slopes = ad.grad(lambda p: (nn.functional_call(model, p, X) ** 2).mean())(model.state_dict())
    (model(X) ** 2).mean().backward()
    for name, p in model.named_parameters():
        np.testing.assert_allclose(slopes[name], p.grad.value, rtol=1e-12)


def test_computed_parameters_pass_their_gradients_on():
    model, scale = net(), Tensor(2.0, requires_grad=True)
    scaled = {name: scale * p.detach() for name, p in model.named_parameters()}
    nn.functional_call(model, scaled, X).sum().backward()
    h = 1e-6
    f = [
        nn.functional_call(model, {k: s * v for k, v in model.state_dict().items()}, X).sum()
        for s in (2.0 - h, 2.0 + h)
    ]
    np.testing.assert_allclose(scale.grad.item(), (f[1] - f[0]) / (2 * h), rtol=1e-6)
    assert all(p.grad is None for p in model.parameters())


def test_a_stack_of_models_is_mapped_over():
    models = [net(i) for i in range(4)]
    params, buffers = nn.stack_module_state(models)
    assert buffers == {}
    assert params["0.weight"].shape == (4, 3, 2)
    assert params["0.weight"].requires_grad
    run = ad.vmap(lambda p, x: nn.functional_call(models[0], p, x), in_axes=(0, None))
    np.testing.assert_allclose(run(params, X).value, np.stack([model(X).value for model in models]), rtol=1e-12)
    run(params, X).sum().backward()
    models[2](X).sum().backward()
    np.testing.assert_allclose(params["2.weight"].grad.value[2], models[2][2].weight.grad.value, rtol=1e-12)


class Tied(nn.Module):
    def __init__(self):
        self.a = self.b = nn.Linear(2, 2, bias=False, dtype="float64")
        self.register_buffer("mean", np.ones(2))

    def forward(self, x):
        return self.b(self.a(x)) - self.mean


def test_tied_tensors_and_buffers():
    model, w = Tied(), np.diag([2.0, 3.0])
    for name in ("a.weight", "b.weight"):
        np.testing.assert_array_equal(nn.functional_call(model, {name: w}, X).value, X * [4.0, 9.0] - 1)
    np.testing.assert_array_equal(nn.functional_call(model, {"a.weight": w, "mean": np.zeros(2)}, X), X * [4.0, 9.0])
    with pytest.raises(ValueError, match=r"b\.weight is tied to another tensor"):
        nn.functional_call(model, {"a.weight": w, "b.weight": w + 1}, X)
    params, buffers = nn.stack_module_state([model, model])
    assert (list(params), list(buffers)) == (["a.weight"], ["mean"])


def test_mistakes():
    with pytest.raises(KeyError, match=r"Sequential has no 1\.weight; it has 0\.weight"):
        nn.functional_call(net(), {"1.weight": 1.0}, X)
    with pytest.raises(KeyError, match=r"0\.bias, 2\.weight, 2\.bias is missing"):
        nn.functional_call(net(), {"0.weight": np.ones((3, 2))}, X, strict=True)
    with pytest.raises(ValueError, match=r"0\.weight is float64 \(3, 2\), and float64 \(2, 3\) was given for it"):
        nn.functional_call(net(), {"0.weight": np.ones((2, 3))}, X)
    with pytest.raises(ValueError, match="the models differ"):
        nn.stack_module_state([nn.Linear(1, 2), nn.Linear(2, 2)])
