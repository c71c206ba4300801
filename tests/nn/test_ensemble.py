import copy

import numpy as np
import pytest

import nn
from autodiff import Tensor


def nets(n=3):
    return [nn.Sequential(nn.Linear(2, 3, generator=i), nn.Tanh(), nn.Linear(3, 1, generator=9 + i)) for i in range(n)]


def test_the_average_of_linear_models_is_their_mean_in_both_ways():
    models = [nn.Linear(3, 2, dtype="float64", generator=i) for i in range(4)]
    x = np.random.default_rng(0).normal(size=(5, 3))
    mean = np.mean([model(x).value for model in models], axis=0)
    np.testing.assert_allclose(nn.average(models)(x).value, mean, rtol=1e-13)
    np.testing.assert_allclose(nn.Ensemble(models)(x).value, mean, rtol=1e-13)


def test_an_average_is_a_new_model_and_keeps_dtypes():
    a, b = nets(2)
    a.count, b.count = Tensor(3), Tensor(5)
    a.mean, b.mean = Tensor([1.0]), Tensor([3.0])
    before = copy.deepcopy(a.state_dict())
    made = nn.average([a, b], weights=[0, 2])
    assert made.count.item() == 3
    assert made.mean.item() == 3.0
    np.testing.assert_array_equal(made[0].weight.value, b[0].weight.value)
    assert made[0].weight.dtype == np.float32
    assert made[0].weight.requires_grad
    for name, value in a.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_tied_weights_stay_tied():
    models = nets(2)
    for model in models:
        model.tied = model[0]
    made = nn.average(models)
    assert made.tied is made[0]
    np.testing.assert_allclose(made.tied.weight.value, sum(m[0].weight.value for m in models) / 2, rtol=1e-6)


def test_gradients_reach_all_models_of_an_ensemble():
    models = nets()
    both = nn.Ensemble(models)
    both(np.ones((4, 2))).sum().backward()
    assert all(p.grad is not None for p in both.parameters())
    assert both.num_parameters() == 3 * models[0].num_parameters()
    assert next(iter(both.state_dict())) == "models.0.0.weight"


def test_outputs_may_be_containers():
    both = nn.Ensemble([nn.Parallel(nn.ReLU(), nn.Identity()), nn.Parallel(nn.Identity(), nn.Identity())])
    a, b = both(np.array([-2.0, 4.0]))
    assert (a.tolist(), b.tolist()) == ([-1.0, 4.0], [-2.0, 4.0])
    with pytest.raises(ValueError, match="return different things"):
        nn.Ensemble([nn.Parallel(nn.ReLU()), nn.ReLU()])(np.ones(2))


def test_mistakes():
    for what in (nn.average, nn.Ensemble):
        with pytest.raises(ValueError, match="needs models, got none"):
            what([])
        with pytest.raises(TypeError, match="holds modules, got 3"):
            what([3])
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="2 models need as many weights"):
            nn.average(nets(2), weights)
    with pytest.raises(ValueError, match="model 1 has other parameters"):
        nn.average([nn.Linear(2, 2), nn.Linear(2, 3)])
