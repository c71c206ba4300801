"""States go both ways: what PyTorch saves we load and compute the same with, and the other way round."""

import numpy as np
import pytest
import safetensors.torch
import torch

import nn
from autodiff import io

pytestmark = pytest.mark.parity


def lenet(m):
    return m.Sequential(
        m.Conv2d(1, 6, 5, padding=2), m.ReLU(), m.MaxPool2d(2),
        m.Flatten(), m.Sequential(m.Linear(216, 10), m.Tanh(), m.Linear(10, 3, bias=False)),
    )  # fmt: skip


def bilinear(m):
    return m.ModuleDict({"form": m.Bilinear(3, 4, 2), "rest": m.ModuleList([m.Linear(2, 2), m.Identity()])})


def parameters(m):
    scales = m.ParameterDict({"a": m.Parameter(torch.ones(2) if m is torch.nn else np.ones(2, "f4"))})
    rows = m.ParameterList([m.Parameter(torch.zeros(()) if m is torch.nn else np.zeros((), "f4"))])
    return m.ModuleDict({"scales": scales, "rows": rows})


MODELS = [lenet, bilinear, parameters]


@pytest.mark.parametrize("build", MODELS)
def test_theirs_into_ours_and_back(build, tmp_path):
    torch.manual_seed(0)
    theirs, ours = build(torch.nn), build(nn)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    assert ours.load_state_dict(nn.load(tmp_path / "theirs.safetensors")) == ([], [])
    for name, value in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], value.numpy())
    nn.save(ours, tmp_path / "ours.safetensors")
    again = build(torch.nn)
    again.load_state_dict(safetensors.torch.load_file(tmp_path / "ours.safetensors"))
    for a, b in zip(again.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


def test_outputs_are_equal(tmp_path):
    torch.manual_seed(0)
    theirs, ours = lenet(torch.nn), lenet(nn)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / "a")
    ours.load_state_dict(nn.load(tmp_path / "a"))
    x = np.random.default_rng(0).normal(size=(4, 1, 12, 12)).astype("f4")
    np.testing.assert_allclose(ours(x).value, theirs(torch.tensor(x)).detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "int64", "bool"])
def test_dtypes(dtype, tmp_path):
    x = (torch.arange(6.0) / 7).reshape(2, 3).to(getattr(torch, dtype))
    safetensors.torch.save_file({"x": x}, tmp_path / "a")
    loaded = io.load(tmp_path / "a")["x"]
    assert str(loaded.dtype) == {"bfloat16": "float32"}.get(dtype, dtype)
    np.testing.assert_array_equal(loaded, x.to(torch.float32).numpy() if dtype == "bfloat16" else x.numpy())


def test_pytorchs_own_files_are_refused(tmp_path):
    for zipped in (True, False):
        torch.save({"w": torch.ones(2)}, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)
        with pytest.raises(ValueError, match="holds a pickle"):
            nn.load(tmp_path / "a.pt")


@pytest.mark.parametrize("registered", ["buffer", "transient"])
def test_buffers(registered):
    def build(m, zeros):
        net = m.Linear(2, 1)
        net.register_buffer("mean", zeros, persistent=registered == "buffer")
        net.register_parameter("extra", None)
        return net

    ours, theirs = build(nn, np.zeros(2)), build(torch.nn, torch.zeros(2))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [name for name, _ in ours.named_buffers()] == [name for name, _ in theirs.named_buffers()]


def test_walks_have_the_same_names():
    def build(m):
        net = m.Sequential(m.Linear(2, 2), m.Sequential(m.Tanh(), m.Linear(2, 2)))
        net.tied = net[1][1]
        return net

    ours, theirs = build(nn), build(torch.nn)
    for walk in ("named_parameters", "named_modules"):
        for options in ({}, {"prefix": "net"}, {"remove_duplicate": False}):
            mine = [name for name, _ in getattr(ours, walk)(**options)]
            assert mine == [name for name, _ in getattr(theirs, walk)(**options)]
    mine = [name for name, _ in ours.named_parameters(recurse=False)]
    assert mine == [name for name, _ in theirs.named_parameters(recurse=False)]
    assert [n for n, _ in ours.named_children()] == [n for n, _ in theirs.named_children()]


def hooked(net, log, tensor):
    """The same hooks on a module of either system; `tensor` makes a number readable."""
    net.register_forward_pre_hook(lambda m, args: log.append(("before", *map(tensor, args))))
    net.register_forward_hook(lambda m, args, out: log.append(("after", tensor(out))))
    net.register_forward_hook(lambda m, args, out: out * 2, prepend=True)
    net.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 3,))
    net.register_full_backward_hook(lambda m, i, o: log.append(("gradient", *map(tensor, (*i, *o)))))
    net.register_full_backward_hook(lambda m, i, o: (i[0] + 1,))
    return net


@pytest.mark.parametrize("first", [True, False])
def test_hooks_see_and_do_the_same(first):
    torch.manual_seed(0)
    theirs, ours = (m.Sequential(m.Linear(2, 3), m.Tanh(), m.Linear(3, 1)) for m in (torch.nn, nn))
    ours.astype("float32").load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    logs = [], []
    x = np.array([[0.5, -1.0]], "f4")
    u, v = nn.Parameter(x), torch.tensor(x, requires_grad=True)
    hooked(ours if first else ours[2], logs[0], lambda t: t.value)
    hooked(theirs if first else theirs[2], logs[1], lambda t: t.detach().numpy())
    ours(u).sum().backward()
    theirs(v).sum().backward()
    assert [entry[0] for entry in logs[0]] == [entry[0] for entry in logs[1]]
    for mine, other in zip(*logs, strict=True):
        for a, b in zip(mine[1:], other[1:], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(u.grad.value, v.grad, rtol=1e-5)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.value, q.grad, rtol=1e-5, atol=1e-7)


def test_their_tensors_load_as_they_are():
    theirs, ours = torch.nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    theirs(torch.randn(5, 3))
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    for name, value in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], value)


def test_hooks_of_states_are_called_alike():
    def build(m, log, ones):
        inner = m.Linear(1, 1, bias=False)
        net = m.Sequential(m.Sequential(inner), m.ReLU())
        for name, module in (("net", net), ("inner", inner)):
            module.register_state_dict_pre_hook(lambda m, prefix, keep, name=name: log.append((name, prefix, keep)))
            module.register_state_dict_post_hook(lambda m, state, prefix, _: state.update({prefix + "more": ones}))
            module.register_load_state_dict_pre_hook(
                lambda m, state, prefix, _, strict, *lists, name=name: (
                    state.pop(prefix + "more"),
                    log.append((name, sorted(state), prefix, strict, *map(list, lists))),
                )
            )
            module.register_load_state_dict_post_hook(lambda m, keys, name=name: log.append((name, *map(list, keys))))
        return net

    logs = [], []
    ours, theirs = build(nn, logs[0], np.ones(1)), build(torch.nn, logs[1], torch.ones(1))
    mine, other = ours.state_dict(prefix="a."), theirs.state_dict(prefix="a.")
    assert list(mine) == list(other) == ["a.0.0.weight", "a.0.0.more", "a.more"]
    for net in (ours, theirs):
        state = net.state_dict()
        net.load_state_dict(state)
        assert sorted(state) == ["0.0.more", "0.0.weight", "more"]
    assert logs[0] == logs[1]


def test_a_hook_may_refuse_a_state():
    layer = nn.Linear(1, 1)
    layer.register_load_state_dict_pre_hook(lambda m, s, p, _, strict, missing, more, errors: errors.append("too old"))
    with pytest.raises(ValueError, match="too old"):
        layer.load_state_dict(layer.state_dict())
