from collections import OrderedDict

import numpy as np
import pytest

import nn
from autodiff import Tensor


def row(n):
    return [nn.Linear(1, 1, generator=i) for i in range(n)]


@pytest.mark.parametrize("make", [lambda layers: nn.Sequential(*layers), nn.ModuleList])
def test_a_row_is_a_list(make):
    layers = row(3)
    container = make(layers)
    assert list(container) == layers
    assert len(container) == 3
    assert container[1] is layers[1]
    assert container[-1] is layers[2]
    assert type(container[1:]) is type(container)
    assert list(container[1:]) == layers[1:]
    assert list(container[::2]) == layers[::2]
    extra = nn.Tanh()
    assert container.append(extra) is container
    assert container[3] is extra
    container[0] = extra
    assert container[0] is extra
    assert list(container.extend([nn.ReLU(), nn.Tanh()]))[:4] == [extra, *layers[1:], extra]
    with pytest.raises(IndexError, match=r"index 9 of a .* of 6 modules"):
        container[9]


def test_sequential_composes_and_takes_names():
    a, b = row(2)
    x = [[3.0]]
    assert nn.Sequential(a, b)(x).tolist() == b(a(x)).tolist()
    named = nn.Sequential({"first": a, "second": b})
    assert [name for name, _ in named.named_parameters()][:2] == ["first.weight", "first.bias"]
    assert named(x).tolist() == b(a(x)).tolist()
    assert nn.Sequential()(x) is x


def test_a_slice_keeps_names_and_can_grow():
    part = nn.Sequential(*row(3))[1:].append(nn.Tanh())
    assert [name for name, _ in part.named_children()] == ["1", "2", "3"]
    assert [name for name, _ in part[1:].append(nn.Tanh()).named_children()] == ["2", "3", "4"]


def test_only_modules():
    with pytest.raises(TypeError, match=r"ReLU is a class: write ReLU\(\)"):
        nn.Sequential(nn.ReLU)
    with pytest.raises(TypeError, match="Sequential holds modules, got <function"):
        nn.Sequential(nn.functional.relu)
    with pytest.raises(TypeError, match="ModuleList holds modules, got 3"):
        nn.ModuleList(row(1)).append(3)


# -- what lists can do ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda layers: nn.Sequential(*layers), nn.ModuleList, nn.ParameterList])
def test_insert_delete_pop_add(make):
    a, b, c, d = [nn.Parameter(float(i)) for i in range(4)] if make is nn.ParameterList else row(4)
    container = make([a, b, c])
    assert list(container.insert(1, d)) == [a, d, b, c]
    assert list(container._row()) == ["0", "1", "2", "3"]
    del container[1]
    assert list(container) == [a, b, c]
    assert container.pop(0) is a
    assert list(container._row()) == ["0", "1"]
    assert container.pop() is c
    container += [c, d]
    assert list(container) == [b, c, d]
    del container[:2]
    assert list(container) == [d]
    both = container + make([a])
    assert type(both) is type(container)
    assert list(both) == [d, a]
    assert list(container) == [d]
    both[:1] = [b, c]
    assert list(both) == [b, c, a]
    with pytest.raises(IndexError, match="index 3 of a"):
        del both[3]
    with pytest.raises(IndexError, match="index 5 of a"):
        both.pop(5)


def test_a_sequential_repeated_shares_its_modules():
    a, b = row(2)
    twice = nn.Sequential(a, b) * 2
    assert list(twice) == [a, b, a, b] == list(2 * nn.Sequential(a, b))
    assert twice.num_parameters() == 4
    twice *= 2
    assert len(twice) == 8
    with pytest.raises(TypeError, match=r"times an integer is a longer one; got 1\.5"):
        twice * 1.5
    with pytest.raises(ValueError, match="repeated at least once, got 0"):
        twice * 0


def test_a_slice_of_a_list_is_numbered_anew():
    assert list(nn.ModuleList(row(3))[1:].state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_a_sequential_takes_an_ordered_dict():
    net = nn.Sequential(OrderedDict([("first", nn.Linear(1, 2)), ("relu", nn.ReLU())]))
    assert list(net.state_dict()) == ["first.weight", "first.bias"]
    assert net.first is net[0]


# -- by name -------------------------------------------------------------------------------------------


def test_module_dict():
    a, b, c = row(3)
    box = nn.ModuleDict({"a": a})
    box["b"] = b
    box.update([("c", c), ("a", b)])
    assert list(box) == list(box.keys()) == ["a", "b", "c"]
    assert list(box.values()) == [b, b, c]
    assert dict(box.items()) == {"a": b, "b": b, "c": c}
    assert "c" in box
    assert "d" not in box
    assert box.get("d") is None
    assert box.pop("c") is c
    del box["a"]
    assert len(box) == 1
    assert list(box.state_dict()) == ["b.weight", "b.bias"]
    with pytest.raises(KeyError, match="'d' is not in this ModuleDict; there is b"):
        box["d"]
    box.clear()
    assert len(box) == 0
    for name in ("keys", "a.b", "", 3):
        with pytest.raises(KeyError, match="cannot name what a ModuleDict holds"):
            box[name] = a
    with pytest.raises(TypeError, match="ModuleDict holds modules, got 3"):
        box["a"] = 3


def test_parameter_containers_make_parameters():
    weights = nn.ParameterList([nn.Parameter(1.0), 2.0]).append([3.0, 4.0])
    assert [p.is_parameter for p in weights] == [True] * 3
    assert list(weights.state_dict()) == ["0", "1", "2"]
    assert repr(weights) == "ParameterList(0: float32 (), 1: float32 (), 2: float32 (2,))"
    scales = nn.ParameterDict({"a": 1.0})
    scales["b"] = np.ones(2)
    scales["fixed"] = Tensor([1.0])
    assert [name for name, _ in scales.named_parameters()] == ["a", "b"]
    assert list(scales.state_dict()) == ["a", "b", "fixed"]
    assert scales.double()["a"].dtype == np.float64


# -- side by side --------------------------------------------------------------------------------------


def test_residual():
    net = nn.Residual(nn.Linear(3, 3, generator=0), nn.ReLU())
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    out = net(x)
    np.testing.assert_array_equal(out.value, x.value.astype("f4") + net[1](net[0](x)).value)
    assert out.dtype == np.float32
    out.sum().backward()
    assert x.grad.shape == (2, 3)
    assert list(net.state_dict()) == ["0.weight", "0.bias"]
    with pytest.raises(ValueError, match=r"keeps the shape: x is \(2, 3\), f\(x\) is \(2, 1\)"):
        nn.Residual(nn.Linear(3, 1))(x)


def test_parallel_and_concat():
    a, b = nn.Linear(3, 2), nn.Linear(3, 4)
    x = np.ones((5, 3))
    left, right = nn.Parallel(a, b)(x)
    joined = nn.Concat(a, b)
    np.testing.assert_array_equal(joined(x).value, np.hstack([left.value, right.value]))
    assert nn.Concat(a, a, dim=0)(x).shape == (10, 2)
    assert "dim=1" in repr(joined)
    assert joined[:1](x).shape == (5, 2)


def test_nothing_holds_itself():
    net = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match="a Sequential cannot hold itself"):
        net.append(net)
    named = nn.ModuleDict()
    with pytest.raises(ValueError, match="a ModuleDict cannot hold itself"):
        named["self"] = named
    assert (len(net), len(named)) == (1, 0)


def test_a_parameter_dict_is_a_dict():
    some = nn.ParameterDict.fromkeys(["a", "b"], 1.0)
    assert some["a"] is not some["b"]
    assert some.setdefault("a", 5.0) is some["a"]
    assert some.setdefault("c", 5.0).item() == 5.0
    assert list(reversed(some)) == ["c", "b", "a"]
    assert some.copy()["a"] is some["a"]
    name, last = some.popitem()
    assert (name, last.item()) == ("c", 5.0)
    both = some | {"d": 2.0}
    assert (list(both), list({"d": 2.0} | some)) == (["a", "b", "d"], ["d", "a", "b"])
    some |= both
    assert some["d"] is both["d"]
    with pytest.raises(KeyError, match="this ParameterDict is empty"):
        nn.ParameterDict().popitem()
