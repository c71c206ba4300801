import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import Tensor
from autodiff import numpy as anp


def columns(summary, *names):
    return [tuple(getattr(row, name) for name in names) for row in summary.rows]


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Sequential(nn.Linear(216, 10), nn.Tanh(), nn.Linear(10, 3)),
    )  # fmt: skip


def test_shapes_parameters_and_costs_layer_by_layer():
    net = lenet()
    net[4][0].freeze()
    net[0].train(False)
    table = nn.summary(net, (2, 1, 12, 12))
    assert columns(table, "label", "depth", "output", "parameters", "trainable") == [
        ("Sequential", 0, "(2, 3)", 2359, 189),
        ("0: Conv2d", 1, "(2, 6, 12, 12)", 156, 156),
        ("1: ReLU", 1, "(2, 6, 12, 12)", 0, 0),
        ("2: MaxPool2d", 1, "(2, 6, 6, 6)", 0, 0),
        ("3: Flatten", 1, "(2, 216)", 0, 0),
        ("4: Sequential", 1, "(2, 3)", 2203, 33),
        ("0: Linear", 2, "(2, 10)", 2170, 0),
        ("1: Tanh", 2, "(2, 10)", 0, 0),
        ("2: Linear", 2, "(2, 3)", 33, 33),
    ]
    assert columns(table, "multiply_adds", "activation_bytes")[5:] == [
        (2 * (217 * 10 + 10 + 11 * 3), 4 * 2 * (10 + 10 + 3)),
        (2 * 217 * 10, 4 * 2 * 10),
        (2 * 10, 4 * 2 * 10),
        (2 * 11 * 3, 4 * 2 * 3),
    ]
    assert table.rows[3].activation_bytes == 2 * 6 * 6 * 6 * 4
    assert table.rows[4][-2:] == (0, 0)  # it only moves
    assert table.total.multiply_adds == sum(row.multiply_adds for row in table.rows if row.depth == 1)
    assert table.total is table.rows[0]
    assert [module.training for module in net.modules()] == [True, False, *[True] * 7]
    assert all(p.grad is None for p in net.parameters())


def test_multiply_adds_of_a_convolution():
    table = nn.summary(nn.Conv2d(3, 8, 5, groups=1, bias=False), (2, 3, 10, 10))
    assert table.total.multiply_adds == 2 * 8 * 6 * 6 * 3 * 5 * 5


def test_costs_are_those_of_the_program():
    net, x = lenet(), np.ones((2, 1, 12, 12), np.float32)
    with ad.no_grad():
        assert nn.summary(net, x).total.multiply_adds == ad.trace(net)(x).cost().multiply_adds


def test_other_ops_that_multiply():
    q = np.ones((2, 5, 8))

    class Ops(nn.Module):
        def __init__(self, op):
            self.op = op

        def forward(self, *xs):
            return self.op(*xs)

    def einsum(a, b):
        return anp.einsum("bij,bjk->bik", a, b)

    assert nn.summary(Ops(einsum), q, np.ones((2, 8, 3))).total.multiply_adds == 2 * 5 * 8 * 3
    attend = Ops(nn.functional.scaled_dot_product_attention)
    assert nn.summary(attend, q, np.ones((2, 7, 8)), np.ones((2, 7, 4))).total.multiply_adds == 2 * 5 * 7 * (8 + 4)
    for name, gates in (("RNN", 1), ("LSTM", 4), ("GRU", 3)):
        total = nn.summary(getattr(nn, name)(3, 6), (5, 2, 3)).total.multiply_adds
        assert total >= 5 * 2 * gates * 6 * (3 + 6)
        assert total < 1.2 * 5 * 2 * gates * 6 * (3 + 6)


class Shared(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)
        self.spare = nn.Linear(2, 5)

    def forward(self, x, twice=True):
        x = self.layer(x)
        return {"a": (self.layer(x) if twice else x, x), "b": [Tensor(1.0)]}


def test_a_module_called_again_and_one_that_is_not_called():
    table = nn.summary(Shared(), (3, 2))
    assert columns(table, "label", "parameters", "multiply_adds", "output") == [
        ("Shared", 6 + 15, 36, "(3, 2), (3, 2), ()"),
        ("layer: Linear", 6, 18, "(3, 2)"),
        ("layer: Linear (again)", 0, 18, "(3, 2)"),
    ]
    assert table.unused == ["spare (Linear)"]
    assert str(table).endswith("not used: spare (Linear)")
    assert len(nn.summary(Shared(), (3, 2), twice=False).rows) == 2


def test_parameters_may_be_used_without_a_call_of_their_module():
    table = nn.summary(nn.MultiheadAttention(4, 2), *[(3, 1, 4)] * 3)  # which reads the weight of its `out_proj`
    assert table.unused == []
    assert len(table.rows) == 1


def test_inputs_may_be_arrays_and_lazy_layers_get_their_size():
    net = nn.Sequential(nn.LazyLinear(3), nn.Identity())
    assert nn.summary(net, np.ones((4, 5))).total.parameters == 18
    assert nn.summary(net, Tensor(np.ones((4, 5)))).rows[1].label == "0: Linear"
    assert nn.summary(net.double(), (4, 5)).rows[1].dtype == "float64"


def test_an_error_leaves_the_model_as_it_was():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 1))
    with pytest.raises(ValueError, match=r"takes x \(\.\.\., 2\)"):
        nn.summary(net, (1, 2))
    assert net.training
    assert all(module._hooks is None for module in net.modules())
    assert ad.config.MODES.get().observers == ()


def test_text_and_html():
    table = nn.summary(lenet(), (1, 1, 12, 12))
    text = str(table)
    assert repr(table) == text
    assert "    2: Linear  " in text
    assert "2 359 parameters, 2 359 of them trainable" in text
    html = table._repr_html_()
    assert html.count("<tr>") == 10
    assert "padding-left: 2.5em" in html


def test_tied_parameters_are_counted_in_the_first_row_that_has_them():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2)), nn.Linear(2, 2, bias=False))
    net[1][0].weight = net[0].weight
    net[2].weight = net[0].weight
    rows = columns(nn.summary(net.freeze("0.bias"), (1, 2)), "label", "parameters", "trainable")
    assert rows == [
        ("Sequential", 8, 6), ("0: Linear", 6, 4), ("1: Sequential", 2, 2), ("0: Linear", 2, 2), ("2: Linear", 0, 0),
    ]  # fmt: skip


def test_it_leaves_hooks_as_they_are():
    net, seen = lenet(), []
    net[0].register_forward_hook(lambda module, args, out: seen.append(out.shape))
    hooks = net[0]._hooks
    nn.summary(net, (1, 1, 12, 12))
    assert net[0]._hooks is hooks
    assert len(hooks.after) == 1
    assert not hooks.before
    assert all(module._hooks is None for module in net.modules() if module is not net[0])
    assert seen == [(1, 6, 12, 12)]


def test_arrays_in_containers_are_seen_too():
    class Square(nn.Module):
        def forward(self, given):
            return [anp.square(x) for x in given["x"]]

    assert nn.summary(Square(), {"x": [np.ones(3), np.ones(4)]}).total.multiply_adds == 7
    with pytest.raises(TypeError, match="summary holds modules; Square is a class"):
        nn.summary(Square, (1, 2))
