import copy
import pickle

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import Tensor


def layer():
    made = nn.Linear(2, 2, bias=False, dtype="float64")
    made.load_state_dict({"weight": [[1.0, 2.0], [3.0, 4.0]]})
    return made


class Two(nn.Module):
    def forward(self, x, y, scale=1.0):
        return x * y, x + scale


# -- before and after forward --------------------------------------------------------------------------


def test_forward_hooks_see_and_change_arguments_and_output():
    net, seen = nn.Identity(), []
    net.register_forward_pre_hook(lambda module, args: seen.append((module, args)))
    net.register_forward_pre_hook(lambda module, args: args[0] + 1)
    net.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    net.register_forward_hook(lambda module, args, out: seen.append((module, args, out)))
    net.register_forward_hook(lambda module, args, out: out + 100)
    assert net(3.0) == 108.0
    assert seen == [(net, (3.0,)), (net, (8.0,), 8.0)]


def test_hooks_with_kwargs():
    net = Two()
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, kwargs | {"scale": 10.0}), with_kwargs=True)
    net.register_forward_hook(lambda m, args, kwargs, out: (*out, kwargs["scale"]), with_kwargs=True)
    assert net(2.0, 3.0, scale=5.0) == (6.0, 12.0, 10.0)
    net.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(TypeError, match=r"returns None or a pair \(args, kwargs\), got tuple"):
        net(2.0, 3.0)


def test_order_prepend_and_handles():
    net, seen = nn.Identity(), []

    def note(name):
        return lambda *_: seen.append(name)

    first = net.register_forward_hook(note("first"))
    net.register_forward_hook(note("zeroth"), prepend=True)
    with net.register_forward_hook(note("inside")):
        net(0)
    assert seen == ["zeroth", "first", "inside"]
    first.remove()
    first.remove()
    seen.clear()
    net(0)
    assert seen == ["zeroth"]


def test_a_hook_may_take_itself_off():
    net, seen = nn.Identity(), []

    def once(*_):
        seen.append(1)
        handle.remove()

    handle = net.register_forward_hook(once)
    net(0), net(0)
    assert seen == [1]


def test_always_call():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    net, seen = Broken(), []
    net.register_forward_hook(lambda *_: seen.append("never"))
    net.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(ValueError, match="no"):
        net(1)
    assert seen == [None]


def test_hooks_of_modules_inside_run_and_survive_copies():
    net = nn.Sequential(nn.Identity())
    net[0].register_forward_hook(_plus_one)
    for twin in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin(1.0) == 2.0
        assert list(twin.state_dict()) == []


def _plus_one(module, args, out):
    return out + 1


# -- with the gradients --------------------------------------------------------------------------------


def test_backward_hooks_see_the_gradients_of_inputs_and_outputs():
    net, seen = layer(), []
    net.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((m, grad_in, grad_out)))
    net.register_full_backward_pre_hook(lambda m, grad_out: seen.append((m, grad_out)))
    x = Tensor([[1.0, 1.0]], requires_grad=True)
    net(x).backward([[1.0, 10.0]])
    (m, (out,)), (n, (inner,), (outer,)) = seen
    assert m is n is net
    assert out.tolist() == outer.tolist() == [[1.0, 10.0]]
    assert inner.tolist() == x.grad.tolist() == [[31.0, 42.0]]
    assert not inner.requires_grad


def test_backward_hooks_change_gradients():
    net = layer()
    net.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 2,))
    net.register_full_backward_hook(lambda m, grad_in, grad_out: grad_in[0] + grad_out[0])
    x = Tensor([[1.0, 1.0]], requires_grad=True)
    net(x).backward([[1.0, 10.0]])
    assert net.weight.grad.tolist() == [[2.0, 2.0], [20.0, 20.0]]
    assert x.grad.tolist() == [[62.0 + 2.0, 84.0 + 20.0]]


def test_several_inputs_and_outputs():
    net, seen = Two(), []
    net.register_full_backward_hook(lambda m, *grads: seen.append(grads))
    x, y = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    a, b = net(x, y)
    (5.0 * a + 7.0 * b).backward()
    assert [[g.item() for g in part] for part in seen[0]] == [[22.0, 10.0], [5.0, 7.0]]
    net(x, 4.0)[0].backward()
    (inner, none), (outer, unused) = seen[1]
    assert (inner.item(), none, outer.item(), unused) == (4.0, None, 1.0, None)
    assert (x.grad.item(), y.grad.item()) == (26.0, 10.0)


def test_inputs_that_need_no_gradient():
    net, seen = layer(), []
    net.register_full_backward_hook(lambda m, *grads: seen.append(grads))
    net(np.ones((1, 2))).backward([[1.0, 0.0]])
    assert seen[0][0] == (None,)
    assert seen[0][1][0].tolist() == [[1.0, 0.0]]
    with ad.no_grad():
        assert not net(Tensor([[1.0, 1.0]], requires_grad=True)).requires_grad
    assert len(seen) == 1


def test_higher_derivatives_pass_through_hooks():
    class Cube(nn.Module):
        def forward(self, x):
            return x**3

    plain, hooked = Cube(), Cube()
    hooked.register_full_backward_hook(lambda m, grad_in, grad_out: (2 * grad_in[0],))
    for net, factor in ((plain, 1), (hooked, 2)):
        assert ad.grad(net)(2.0) == 12 * factor
        assert ad.grad(ad.grad(net))(2.0) == 12 * factor * factor  # the inner pass meets the hook again
    hooked = Cube()
    hooked.register_full_backward_hook(lambda m, grad_in, grad_out: None)
    assert ad.grad(ad.grad(ad.grad(hooked)))(2.0) == 6.0
    assert ad.jvp(hooked, (2.0,), (1.0,))[1] == 12.0
    np.testing.assert_array_equal(ad.vmap(ad.grad(hooked))(np.array([1.0, 2.0])), [3.0, 12.0])


def test_a_hook_that_returns_the_wrong_gradients():
    net, x = layer(), Tensor([[1.0, 1.0]], requires_grad=True)
    with net.register_full_backward_pre_hook(lambda m, g: (g[0], g[0])):
        loss = net(x).sum()
    with pytest.raises(ValueError, match=r"full_backward_pre_hook of Linear returned 2 gradients for a grad_output"):
        loss.backward()
    with net.register_full_backward_hook(lambda m, i, o: (i[0][0],)):
        loss = net(x).sum()
    with pytest.raises(ValueError, match=r"full_backward_hook of Linear returned a gradient of shape \(2,\) in place"):
        loss.backward()


def test_writing_into_a_hooked_output_is_seen():
    net = nn.Tanh()
    net.register_full_backward_hook(lambda *_: None)
    x = Tensor([1.0, 2.0], requires_grad=True)
    out = net(x)
    out[0] = 5.0
    with pytest.raises(ad.GradientError, match=r"op 'tanh' .* has written into that array since"):
        out.sum().backward()


def test_a_program_holds_what_hooks_did():
    net = layer()
    net.register_full_backward_hook(lambda m, grad_in, grad_out: (2 * grad_in[0],))
    net.freeze()
    slope = ad.grad(lambda x: (net(x) ** 2).sum())
    x = np.array([[2.0, 3.0]])
    np.testing.assert_array_equal(ad.trace(slope)(np.ones((1, 2)))(x), slope(x))


def test_outputs_in_a_dict():
    class Both(nn.Module):
        def forward(self, x):
            return {"double": 2 * x, "text": "none", "square": x * x}

    net, seen = Both(), []
    net.register_full_backward_hook(lambda module, into, out: seen.append((into, out)))
    x = Tensor(3.0, requires_grad=True)
    outs = net(x)
    assert list(outs) == ["double", "text", "square"]
    (5 * outs["double"] + outs["square"]).backward()
    assert x.grad.item() == 16.0
    ((into,), (double, text, square)) = seen[0]
    assert (into.item(), double.item(), text, square.item()) == (16.0, 5.0, None, 1.0)
