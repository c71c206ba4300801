import copy
import inspect
import pickle

import numpy as np
import pytest

import nn
import optim


def test_a_lazy_layer_becomes_one_of_the_size_of_its_input():
    lazy, plain = nn.LazyLinear(4, generator=3), nn.Linear(5, 4, generator=3)
    assert repr(lazy) == "LazyLinear(out_features=4, generator=3)"
    x = np.ones((2, 3, 5))
    np.testing.assert_array_equal(lazy(x).value, plain(x).value)
    assert type(lazy) is nn.Linear
    assert repr(lazy) == repr(plain)
    assert list(vars(lazy)) == list(vars(plain))
    with pytest.raises(ValueError, match=r"takes x \(\.\.\., 5\)"):
        lazy(np.ones(6))


def test_there_are_no_parameters_before_the_first_call():
    model = nn.Sequential(nn.Linear(2, 3), nn.LazyLinear(4))
    for ask in (model.state_dict, lambda: optim.SGD(model.parameters(), lr=0.1), model.num_parameters):
        with pytest.raises(ValueError, match="1, a LazyLinear, has no parameters before its first call"):
            ask()
    assert len(list(model.modules())) == 3
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), model.eval()):
        twin(np.ones((1, 2)))
        assert twin.num_parameters() == 9 + 16
    assert not model[1].training


def test_dtype_and_hooks_stay():
    lazy = nn.LazyLinear(4, False, "float32").double()
    seen = []
    lazy.register_forward_hook(lambda module, args, out: seen.append(type(module)))
    assert lazy([1.0, 2.0]).dtype == np.float64
    assert lazy.bias is None
    assert seen == [nn.Linear]


def test_loading_makes_the_parameters():
    model, full = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(1)), nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    model.load_state_dict(full.state_dict())
    x = np.ones((4, 2))
    np.testing.assert_array_equal(model(x).value, full(x).value)


KINDS = [
    ("Conv1d", (6, 3), {"groups": 2}, (2, 4, 9)), ("Conv2d", (6, 3), {"bias": False}, (4, 9, 9)),
    ("Conv3d", (2, 2), {}, (1, 4, 3, 3, 3)), ("ConvTranspose1d", (6, 3), {"groups": 2}, (2, 4, 9)),
    ("ConvTranspose2d", (6, 3), {}, (2, 4, 5, 5)), ("ConvTranspose3d", (2, 2), {}, (4, 3, 3, 3)),
    ("BatchNorm1d", (), {}, (3, 4)), ("BatchNorm1d", (), {"affine": False}, (3, 4, 5)),
    ("BatchNorm2d", (1e-3,), {}, (3, 4, 2, 2)), ("BatchNorm3d", (), {}, (3, 4, 2, 2, 2)),
    ("InstanceNorm1d", (), {"affine": True, "track_running_stats": True}, (4, 5)),
    ("InstanceNorm2d", (), {"affine": True, "track_running_stats": False}, (2, 4, 3, 3)),
    ("InstanceNorm3d", (1e-5, 0.1, True, False), {}, (2, 4, 3, 3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options", "shape"), KINDS)
def test_every_kind_finds_its_size(name, args, options, shape):
    x = np.random.default_rng(0).normal(size=shape)
    draws = {} if "Norm" in name else {"generator": 0}
    plain = getattr(nn, name)(4, *args, **options, **draws)
    for lazy in (getattr(nn, f"Lazy{name}")(*args, **options, **draws) for _ in range(2)):
        assert lazy(x).shape == plain(x).shape
        assert (type(lazy), repr(lazy)) == (type(plain), repr(plain))
        for key, value in plain.state_dict().items():
            if "running" not in key and "tracked" not in key:
                np.testing.assert_array_equal(lazy.state_dict()[key], value)
    loaded = getattr(nn, f"Lazy{name}")(*args, **options)
    loaded.load_state_dict(plain.state_dict())
    np.testing.assert_array_equal(loaded.eval()(x).value, plain.eval()(x).value)
    with pytest.raises(ValueError, match=f"Lazy{name} takes an input of . axes or more"):
        getattr(nn, f"Lazy{name}")(*args, **options)(np.ones(1))


def test_wrong_arguments():
    with pytest.raises(TypeError, match="LazyLinear: missing a required argument: 'out_features'"):
        nn.LazyLinear()
    with pytest.raises(ValueError, match=r"takes an input of 1 axes or more, got float64 \(\)"):
        nn.LazyLinear(2)(np.float64(3.0))


def test_a_lazy_layer_has_the_arguments_of_the_layer_but_the_first():
    lazy, plain = inspect.signature(nn.LazyConv2d), inspect.signature(nn.Conv2d)
    assert [*lazy.parameters.values()] == [*plain.parameters.values()][1:]


def test_a_lazy_instance_norm_has_parameters_and_statistics_unless_told_otherwise():
    layer = nn.LazyInstanceNorm1d()
    layer(np.eye(3)[None])
    assert repr(layer) == repr(nn.InstanceNorm1d(3, affine=True, track_running_stats=True))
