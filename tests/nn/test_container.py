import pytest

import nn


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
