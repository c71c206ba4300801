import copy
import dataclasses
import pickle
from collections import deque

import numpy as np
import optree
import pytest

import autodiff as ad
import nn
import optim
from autodiff import config
from autodiff.errors import GradientError
from autodiff.tensor import Tensor


class Net(nn.Module):
    """Every place where a tensor or a module can be."""

    def __init__(self):
        self.scale = nn.Parameter([2.0])
        self.body = nn.Sequential(nn.Linear(2, 3, generator=0), nn.Tanh())
        self.heads = [nn.Linear(3, 1, generator=1), {"extra": (nn.Parameter(1.0), "text", None)}]
        self.mean = Tensor([0.0, 0.0])
        self.tied = self.body[0]
        self.same = self.scale
        self.size = 3

    def forward(self, x):
        return self.heads[0](self.body(x)) * self.scale


NAMES = [
    "scale",
    "heads.1.extra.0",
    "body.0.weight",
    "body.0.bias",
    "heads.0.weight",
    "heads.0.bias",
]


def test_parameters_are_found_once_wherever_they_are():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert len(list(net.parameters())) == len(NAMES)
    assert net.num_parameters() == 1 + 1 + 6 + 3 + 3 + 1


def test_buffers_are_the_other_tensors_that_are_not_computed():
    net = Net()
    net.seen = net(np.ones(2))
    assert [name for name, _ in net.named_buffers()] == ["mean"]
    assert next(net.buffers()) is net.mean


def test_modules_parents_first_and_children():
    net = Net()
    assert [name for name, _ in net.named_modules()] == ["", "body", "body.0", "body.1", "heads.0"]
    assert [name for name, _ in net.named_children()] == ["body", "heads.0", "tied"]
    assert list(net.children()) == [net.body, net.heads[0], net.body[0]]
    assert len(list(net.modules())) == 5


def test_a_module_needs_no_super_init_and_state_is_per_instance():
    a, b = nn.Tanh(), nn.Tanh()
    a.eval()
    assert (a.training, b.training) == (False, True)


def test_a_leaf_that_requires_grad_must_be_a_parameter():
    net = nn.Identity()
    net.w = Tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"w requires grad but is no parameter.*self.w = nn.Parameter"):
        list(net.parameters())


def test_apply_visits_children_first():
    net, seen = Net(), []
    assert net.apply(seen.append) is net
    assert seen == [net.body[0], net.body[1], net.body, net.heads[0], net]


def test_train_eval_and_freezing():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    net.requires_grad_(False)
    assert net.num_parameters() == 15
    assert net.num_parameters(trainable=True) == 0
    assert all(p.requires_grad for p in net.requires_grad_().parameters())


def test_zero_grad():
    net = Net()
    net(np.ones(2)).sum().backward()
    assert net.body[0].weight.grad is not None
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_astype_casts_values_gradients_and_buffers():
    net = Net()
    net(np.ones(2)).sum().backward()
    net.count = Tensor(3)
    grad = net.scale.grad.value
    assert net.to("float64") is net
    assert {p.dtype for p in net.parameters()} == {np.dtype("float64")}
    assert (net.mean.dtype, net.count.dtype) == (np.float64, np.int64)
    assert net.scale.grad.dtype == np.float64
    np.testing.assert_array_equal(net.scale.grad.value, grad)
    with pytest.raises(TypeError, match="not int64"):
        net.astype(int)


# -- state ---------------------------------------------------------------------------------------------


def test_state_dict_has_pytorchs_names_and_is_a_copy():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Conv2d(1, 2, 3))
    state = net.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    state["0.weight"][:] = 7
    assert not (net[0].weight.value == 7).any()


def test_state_dict_names_tied_tensors_every_time():
    state = Net().state_dict()
    assert {"tied.weight", "body.0.weight", "same", "scale", "mean"} <= set(state)
    Net().load_state_dict(state)


def test_round_trip_through_a_file(tmp_path):
    a, b = (nn.MLP(2, [3, 1], generator=seed) for seed in (0, 1))
    np.savez(tmp_path / "w.npz", **a.state_dict())
    with np.load(tmp_path / "w.npz") as state:
        assert b.load_state_dict(state) == ([], [])
    x = np.ones((4, 2))
    np.testing.assert_array_equal(a(x).value, b(x).value)


def test_loading_writes_in_place_casts_and_takes_tensors():
    layer = nn.Linear(2, 1)
    array = layer.weight.value
    layer.load_state_dict({"weight": Tensor([[1.0, 2.0]]), "bias": [3.0]})
    assert layer.weight.value is array
    assert layer.weight.dtype == np.float32
    assert layer([1.0, 1.0]).tolist() == [6.0]


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam])
def test_what_was_loaded_from_any_layout_trains_on(make):
    rng = np.random.default_rng(0)
    state = {"weight": rng.normal(size=(200, 300)).astype("f4"), "bias": rng.normal(size=200).astype("f4")}
    twice = np.repeat(state["bias"], 2)
    layouts = [state, {"weight": np.asfortranarray(state["weight"]), "bias": twice[::2]}]
    x, layers = rng.normal(size=(8, 300)).astype("f4"), []
    for layout in layouts:
        layer = nn.Linear(300, 200)  # a weight of more than one of the optimizer's blocks
        layer.load_state_dict(layout)
        optimizer = make(layer.parameters(), lr=0.01)
        for _ in range(3):
            optimizer.zero_grad()
            (layer(x) ** 2).mean().backward()
            optimizer.step()
        assert all(p.value.flags.c_contiguous for p in layer.parameters())
        assert all(p.value.flags.c_contiguous for p in layer.astype("float64").parameters())
        layers.append(layer)
    for a, b in zip(*(layer.parameters() for layer in layers), strict=True):
        np.testing.assert_array_equal(a.value, b.value)
    assert (layers[0].weight.value != state["weight"]).all()


def test_loading_lists_all_faults_and_changes_nothing():
    layer = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1))
    before = layer.state_dict()
    state = {"0.weight": np.zeros((2, 1)), "0.bias": np.zeros(1, complex), "1.weight": np.ones((1, 1))}
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        layer.load_state_dict(state | {"2.weight": 0.0})
    text = str(caught.value)
    assert "missing: 1.bias" in text
    assert "unexpected: 2.weight" in text
    assert "0.weight is float32 (1, 2) here, float64 (2, 1) in the state" in text
    assert "0.bias is float32 (1,) here, complex128 (1,) in the state" in text
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(ValueError, match=r"0\.weight is float32"):
        layer.load_state_dict(state, strict=False)


def test_loading_what_there_is():
    layer = nn.Linear(2, 1)
    loaded = layer.load_state_dict({"weight": np.ones((1, 2)), "other": np.ones(1)}, strict=False)
    assert loaded == (["bias"], ["other"])
    assert layer.weight.tolist() == [[1.0, 1.0]]


def test_loading_between_forward_and_backward_is_an_error():
    layer = nn.Linear(2, 1)
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    loss = layer(x.astype("float32")).sum()
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(GradientError, match="has written into that array since"):
        loss.backward()


def test_copies_and_pickles_are_independent():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert [name for name, _ in twin.named_parameters()] == NAMES
        assert twin.tied is twin.body[0]
        twin.body[0].weight.value[:] = 0
        assert (net.body[0].weight.value != 0).all()


# -- calls and text ------------------------------------------------------------------------------------


def test_forward_is_needed():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no forward\. Write `def forward"):
        Empty()(1.0)


def test_an_error_says_in_which_module_it_arose():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1))
    with pytest.raises(ValueError, match=r"takes x \(\.\.\., 4\)") as caught:
        net(np.ones(2))
    notes = "\n".join(caught.value.__notes__)
    assert "in Linear(in_features=4, out_features=1, bias=True)\nin Sequential()" in notes


def test_repr_shows_the_tree_as_pytorch_does():
    assert repr(nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Sequential(nn.ReLU()))) == (
        "Sequential(\n"
        "  (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "  )\n"
        ")"
    )
    assert "(heads.0): Linear(in_features=3, out_features=1, bias=True)" in repr(Net())


def test_a_cycle_of_modules_is_no_trap():
    a, b = nn.Sequential(nn.Tanh()), nn.Sequential(nn.Linear(1, 1))
    a.below, b.above, a.box = b, a, []
    a.box.append(a.box)
    assert len(list(a.modules())) == 4
    assert list(a.state_dict()) == ["below.0.weight", "below.0.bias"]
    assert "(above): Sequential(...)" in repr(a)


def test_deep_nesting_needs_no_recursion():
    net = nn.Linear(1, 1)
    for _ in range(3000):
        net = nn.Sequential(net)
    assert len(list(net.parameters())) == 2
    assert len(net.state_dict()) == 2
    assert len(net.eval().train().zero_grad() or repr(net).splitlines()) == 6001
    net.apply(lambda module: None)


# -- Parameter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "float32"),
        ([[1.0]], "float32"),
        (np.ones(2), "float64"),
        (np.float64(1), "float64"),
        (np.ones(2, np.float16), "float16"),
        (1j, "complex128"),
        (Tensor([1.0]), "float64"),
    ],
)
def test_dtype_of_parameters(value, dtype):
    p = nn.Parameter(value)
    assert (p.dtype, p.requires_grad, p.is_parameter) == (dtype, True, True)


def test_parameter_copies_and_stays_one_when_frozen():
    a = np.ones(2)
    p = nn.Parameter(a, requires_grad=False)
    a[:] = 5
    assert p.tolist() == [1.0, 1.0]
    assert p.is_parameter
    assert nn.Parameter(p.requires_grad_()) is not p


def test_parameter_errors():
    with pytest.raises(TypeError, match="only floating and complex"):
        nn.Parameter(np.arange(3))
    with pytest.raises(GradientError, match=r"computed by op 'mul'. Write nn.Parameter\(t.detach\(\)\)"):
        nn.Parameter(Tensor(1.0, requires_grad=True) * 2)


def test_default_dtype_is_followed():
    config.set_default_dtype("float64")
    try:
        assert nn.Parameter([1]).dtype == nn.Linear(1, 1).weight.dtype == np.float64
    finally:
        config.set_default_dtype("float32")


def test_parameters_are_laid_out_in_rows():
    for value in (np.ones((3, 2)).T, Tensor(np.ones((3, 2)).T), np.ones((4, 4))[::2, ::-1]):
        assert nn.Parameter(value).value.flags.c_contiguous


def test_a_module_may_load_its_own_tensors():
    a, b = nn.Parameter([1.0]), nn.Parameter([2.0])
    pair = nn.Module()
    pair.a, pair.b = a, b
    pair.load_state_dict({"a": b, "b": a})
    assert (a.item(), b.item()) == (2.0, 1.0)


# -- by name -------------------------------------------------------------------------------------------


def test_arguments_of_the_walks():
    net = Net()
    assert [name for name, _ in net.named_parameters("net")] == [f"net.{name}" for name in NAMES]
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale", "heads.1.extra.0"]
    assert list(net.parameters(recurse=False)) == [net.scale, net.heads[1]["extra"][0]]
    every = [name for name, _ in net.named_parameters(remove_duplicate=False)]
    assert set(every) == {*NAMES, "same", "tied.weight", "tied.bias"}
    assert [name for name, _ in net.named_buffers("net", recurse=False)] == ["net.mean"]
    assert [name for name, _ in net.named_modules("net")][:2] == ["net", "net.body"]
    assert "tied" in dict(net.named_modules(remove_duplicate=False))


def test_getting_by_name():
    net = Net()
    assert net.get_submodule("") is net
    assert net.get_submodule("body.0") is net.get_submodule("tied") is net.tied
    assert net.get_parameter("tied.weight") is net.get_parameter("body.0.weight") is net.tied.weight
    assert net.get_buffer("mean") is net.mean
    with pytest.raises(
        AttributeError, match=r"Net has no module 'tail'\. It has body, body\.0, body\.1, heads\.0, tied\."
    ):
        net.get_submodule("tail")
    with pytest.raises(AttributeError, match=r"Net has no parameter 'mean'\. It has scale, heads"):
        net.get_parameter("mean")
    with pytest.raises(AttributeError, match=r"Net has no buffer 'scale'\. It has mean\."):
        net.get_buffer("scale")


def test_registering():
    net = nn.Module()
    net.register_parameter("w", nn.Parameter(1.0))
    net.register_parameter("none", None)
    net.register_buffer("mean", np.zeros(2))
    net.register_buffer("positions", np.arange(3), persistent=False)
    net.register_buffer("empty", None)
    net.add_module("body", nn.Linear(1, 1))
    net.register_module("tail", None)
    assert list(net.state_dict()) == ["w", "mean", "body.weight", "body.bias"]
    assert [name for name, _ in net.named_buffers()] == ["mean", "positions"]
    assert net.none is net.empty is net.tail is None
    twin = copy.deepcopy(net)
    assert list(twin.state_dict()) == list(net.state_dict())
    assert twin.load_state_dict(net.state_dict()) == ([], [])
    with pytest.raises(ValueError, match="unexpected: positions"):
        net.load_state_dict(net.state_dict() | {"positions": np.arange(3)})
    net.register_buffer("mean", np.ones(2))  # again, as PyTorch allows
    assert net.mean.tolist() == [1.0, 1.0]


def test_registering_errors():
    net = nn.Module()
    with pytest.raises(KeyError, match=r"a string without dots, got 'a\.b'"):
        net.register_buffer("a.b", 1.0)
    with pytest.raises(KeyError, match="has an attribute 'forward' already"):
        net.add_module("forward", nn.Tanh())
    with pytest.raises(TypeError, match=r"parameter 'w' is made by nn\.Parameter\(\.\.\.\), or None; got ndarray"):
        net.register_parameter("w", np.ones(1))
    with pytest.raises(TypeError, match="got a Tensor that is none"):
        net.register_parameter("w", Tensor(1.0))
    with pytest.raises(TypeError, match="buffer 'w' would be trained"):
        net.register_buffer("w", nn.Parameter(1.0))
    with pytest.raises(TypeError, match=r"register_module\('m'\) holds modules, got 3"):
        net.register_module("m", 3)


def test_freezing_by_name():
    net = Net().freeze("body", "scale")
    assert [name for name, p in net.named_parameters() if p.requires_grad] == NAMES[1:2] + NAMES[4:]
    net.unfreeze("tied.bias")
    assert net.body[0].bias.requires_grad
    assert not net.body[0].weight.requires_grad
    assert all(p.requires_grad for p in net.unfreeze().parameters())
    assert not any(p.requires_grad for p in net.freeze().parameters())
    with pytest.raises(AttributeError, match="no parameter 'bod'"):
        net.freeze("bod")


def test_zero_grad_with_zeros():
    net = nn.Linear(2, 1)
    net(np.ones(2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0.0, 0.0]]


def test_casting_by_name_and_devices():
    net = nn.Linear(2, 1)
    assert net.double().weight.dtype == np.float64
    assert net.half().weight.dtype == np.float16
    assert net.float().weight.dtype == np.float32
    assert net.to("cpu") is net
    with pytest.raises(ValueError, match="there is no device 'cuda:0'"):
        net.to("cuda:0")
    with pytest.raises(TypeError, match="lose the imaginary part"):
        net.astype("complex64").astype("float32")


def test_loading_tied_tensors():
    tied = nn.Module()
    tied.a = nn.Linear(2, 2, bias=False)
    tied.b = tied.a
    one = {"b.weight": np.ones((2, 2))}
    assert tied.load_state_dict(one) == ([], [])  # one of its names is enough
    assert tied.a.weight.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(ValueError, match=r"a\.weight and b\.weight are one tensor here, and differ in the state"):
        tied.load_state_dict(one | {"a.weight": np.zeros((2, 2))})


def test_gradients_by_a_whole_model():
    net = nn.Sequential(nn.Linear(2, 3, generator=0), nn.Tanh(), nn.Linear(3, 1, generator=1)).double()
    x = np.array([[1.0, 2.0], [3.0, 4.0]])

    def loss(model):
        return (model(x) ** 2).mean()

    slopes = ad.grad(loss)(net)
    loss(net).backward()
    assert type(slopes) is nn.Sequential
    state = slopes.state_dict()
    assert list(state) == list(net.state_dict())
    for name, p in net.named_parameters():
        np.testing.assert_allclose(state[name], p.grad.value, rtol=1e-12, err_msg=name)
    assert slopes[0].weight.tolist() == state["0.weight"].tolist()
    assert slopes.num_parameters() == net.num_parameters()
    assert [t.tolist() for t in slopes[2].parameters()] == [state["2.weight"].tolist(), state["2.bias"].tolist()]


def test_parameters_inside_a_transform_are_those_that_it_differentiates_by():
    net = Net().double()
    decay = ad.grad(lambda model: sum((p * p).sum() for p in model.parameters()) / 2)(net)
    assert decay.tied is decay.body[0]
    assert list(decay.buffers()) == [net.mean]
    for (name, p), (same, slope) in zip(net.named_parameters(), decay.named_parameters(), strict=True):
        assert name == same
        np.testing.assert_array_equal(slope.value, p.value)
    twice = ad.grad(lambda m: ad.grad(lambda k: (k.body[0].weight ** 3).sum())(m).tied.weight.sum())(net)
    np.testing.assert_allclose(twice.body[0].weight.value, 6 * net.body[0].weight.value, rtol=1e-12)


def test_a_step_downhill_is_a_module_again():
    net = nn.Sequential(nn.Linear(2, 3, generator=0), nn.Linear(3, 1, generator=1)).double()
    x = np.ones((4, 2))

    def loss(model):
        return (model(x) ** 2).mean()

    before = net.state_dict()
    moved = optree.tree_map(lambda p, g: p.detach() - 0.01 * g.detach(), net, ad.grad(loss)(net), namespace="autodiff")
    assert loss(moved).item() < loss(net).item()
    assert ad.grad(loss)(moved).num_parameters() == net.num_parameters()
    net.load_state_dict(moved.state_dict())
    np.testing.assert_array_equal(net[1].weight.value, moved[1].weight.value)
    assert (before["1.weight"] != net[1].weight.value).all()


# -- what would be lost without a word ----------------------------------------------------------------


def test_a_parameter_is_not_replaced_by_what_is_none():
    layer = nn.Linear(2, 1)
    for value in (np.ones((1, 2)), 1.0, layer.weight * 2, Tensor(np.ones((1, 2)))):
        with pytest.raises(TypeError, match=r"weight is a parameter of this Linear, .* Write nn\.init\.fill_"):
            layer.weight = value
    layer.weight = nn.Parameter(np.ones((1, 2), "f4"))
    layer.bias = None
    assert layer(np.ones(2)).tolist() == [2.0]
    del layer.weight
    layer.weight = np.zeros((1, 2))  # a constant from now on, as asked for
    assert list(layer.parameters()) == []


def test_parameters_and_modules_of_a_class_are_an_error():
    for value in (nn.Parameter(1.0), nn.Dropout()):
        with pytest.raises(
            TypeError, match=r"Net\.part stands in the class, .*: write self\.part = \.\.\. in __init__"
        ):
            type("Net", (nn.Module,), {"part": value})


@pytest.mark.parametrize("container", [set, frozenset, deque])
def test_containers_without_names_are_an_error(container):
    net = nn.Module()
    net.parts = container([nn.Linear(1, 1)])
    with pytest.raises(
        TypeError, match=rf"parts is a {container.__name__}, which has no names .*: use a list or a dict"
    ):
        list(net.parameters())
    net.parts = container(["text", 3])
    assert net.state_dict() == {}


def test_two_tensors_of_one_name_are_an_error():
    net = nn.Module()
    net.parts = {"1": nn.Parameter(1.0), 1: nn.Parameter(2.0)}
    for ask in (net.state_dict, lambda: dict(net.named_parameters()), lambda: net.load_state_dict({})):
        with pytest.raises(ValueError, match=r"two tensors of this Module have the name parts\.1, and only one"):
            ask()


@dataclasses.dataclass
class Part(nn.Module):
    """Dataclasses compare by value, and cannot be hashed."""

    size: int

    def __post_init__(self):
        self.layer = nn.Linear(self.size, self.size)

    def forward(self, x):
        return self.layer(x)


def test_modules_may_be_dataclasses():
    net, seen = nn.Sequential(Part(2), Part(2)), []
    net.apply(seen.append)
    assert seen == [net[0].layer, net[0], net[1].layer, net[1], net]
    assert list(net.eval().double().state_dict())[::2] == ["0.layer.weight", "1.layer.weight"]
    assert copy.deepcopy(net)(np.ones((1, 2))).dtype == np.float64


# -- as PyTorch has it --------------------------------------------------------------------------------


def test_a_name_is_of_one_kind():
    net = nn.Linear(1, 1)
    net.register_buffer("mean", np.zeros(1), persistent=False)
    net.add_module("part", nn.ReLU())
    for register in (
        lambda: net.register_buffer("weight", np.ones(1)),
        lambda: net.register_parameter("mean", nn.Parameter(1.0)),
        lambda: net.register_buffer("part", np.ones(1)),
        lambda: net.register_module("mean", nn.ReLU()),
        lambda: net.register_buffer("in_features", np.ones(1)),
    ):
        with pytest.raises(KeyError, match=r"has an attribute '.*' already"):
            register()
    net.register_buffer("mean", np.ones(1))  # saved from now on
    net.register_parameter("bias", None)
    net.register_parameter("bias", nn.Parameter([1.0]))
    assert list(net.state_dict()) == ["weight", "bias", "mean"]


def test_where_and_as_what():
    layer = nn.Linear(1, 1)
    assert layer.to("cpu").cpu().to(device="cpu:0") is layer
    assert layer.to("cpu", np.float64).weight.dtype == np.float64
    assert layer.type("float16").weight.dtype == np.float16
    assert layer.to(Tensor(1.0)).weight.dtype == np.float64
    assert layer.to(dtype="float32", device="cpu").weight.dtype == np.float32
    with pytest.raises(ValueError, match="there is no device 'cuda:0'"):
        layer.to(device="cuda:0")
    with pytest.raises(ValueError, match="training is True or False, got 'no'"):
        layer.train("no")


def test_arguments_of_states():
    layer = nn.Linear(1, 1)
    assert list(layer.state_dict(prefix="net.")) == ["net.weight", "net.bias"]
    assert layer.state_dict(keep_vars=True)["bias"] is layer.bias
    loaded = layer.load_state_dict({"bias": [1.0], "other": 2.0}, strict=False)
    assert (loaded.missing_keys, loaded.unexpected_keys) == (["weight"], ["other"])
    for state in ("model.safetensors", [1.0], nn.Linear(1, 1)):
        with pytest.raises(TypeError, match=r"a state is arrays by name, .*; got ('model|list|Linear)"):
            layer.load_state_dict(state)


def test_setting_a_module_by_name():
    net = Net()
    layer, heads = nn.Linear(2, 3), net.heads
    net.set_submodule("body.0", layer)
    net.set_submodule("heads.0", nn.Tanh())
    net.parts = {3: nn.ReLU(), "t": (nn.ReLU(),)}
    net.set_submodule("parts.3", nn.Identity())
    assert net.body[0] is layer
    assert net.tied is not layer
    assert net.heads is heads
    assert repr((heads[0], net.parts[3])) == "(Tanh(), Identity())"
    with pytest.raises(AttributeError, match="Net has no module 'tail'"):
        net.set_submodule("tail", layer)
    with pytest.raises(TypeError, match=r"set_submodule\('body'\) holds modules, got 3"):
        net.set_submodule("body", 3)
    with pytest.raises(TypeError, match=r"parts\.t is a tuple, whose parts cannot be replaced: use a list"):
        net.set_submodule("parts.t.0", layer)
    with pytest.raises(ValueError, match="cannot be replaced"):
        net.set_submodule("", layer)
