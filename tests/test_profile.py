"""What `profile()` counts, names and writes; its times are only compared with each other."""

import json
from contextvars import copy_context
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

import autodiff as ad
import nn
import optim
from autodiff import Tensor
from autodiff.config import MODES


def named(rows):
    return {row.name: row for row in rows}


def tensor(*shape):
    return Tensor(np.random.default_rng(0).standard_normal(shape), requires_grad=True)


def test_ops_are_counted_forward_and_backward():
    x, w = tensor(5, 3), tensor(3, 4)
    with ad.profile() as p:
        loss = ad.tanh(x @ w).sum()
        loss.backward()
    rows = named(p.rows())
    assert {name: row.calls for name, row in rows.items()} == {"matmul": 1, "tanh": 1, "sum": 1}
    assert all(row.forward > 0 and row.backward > 0 for row in rows.values())
    assert rows["matmul"].bytes == 8 * (5 * 4 + 5 * 3 + 3 * 4)  # the result, and the gradients of x and w
    assert rows["matmul"].saved == 8 * (5 * 3 + 3 * 4)
    assert rows["tanh"].saved == 8 * 5 * 4
    assert sum(row.seconds for row in rows.values()) <= p.seconds


def test_the_result_is_that_without_it():
    x, w = tensor(5, 3), tensor(3, 4)
    ad.exp(x @ w).sum().backward()
    plain = x.grad.numpy(), w.grad.numpy()
    x.grad = w.grad = None
    with ad.profile():
        ad.exp(x @ w).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), plain[0])
    np.testing.assert_array_equal(w.grad.numpy(), plain[1])
    assert MODES.get().plain


def test_an_array_that_several_nodes_keep_counts_once():
    x = tensor(100)
    with ad.profile() as p:
        (x * x + x * x).sum()
    assert named(p.rows())["mul"].saved == x.value.nbytes


def test_views_are_no_new_memory():
    x = tensor(4, 6)
    with ad.profile() as p:
        x.reshape(24).sum().backward()
    assert named(p.rows())["reshape"].bytes == 0


def test_lines():
    x = tensor(3)
    with ad.profile() as p:
        y = ad.exp(x)
        z = ad.sin(y) + y
    z.sum()
    first, second = sorted(p.rows("line"), key=lambda row: row.name)
    assert first.calls == 1
    assert second.calls == 2
    path, _, number = first.name.rpartition(":")
    assert path == __file__
    assert second.name == f"{path}:{int(number) + 1}"


def model():
    return nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 3), nn.Tanh()), nn.Linear(3, 2))


def test_modules_are_a_tree_and_hold_what_is_inside():
    net, criterion = model(), nn.CrossEntropyLoss()
    x = np.ones((5, 4), np.float32)
    with ad.profile() as p:
        for _ in range(2):
            criterion(net(x), np.zeros(5, int)).backward()
    rows = named(p.rows("module"))
    assert [(row.name, row.depth) for row in p.rows("module") if row.name != "CrossEntropyLoss"] == [
        ("Sequential", 0),
        ("0 Linear", 1),
        ("1 Sequential", 1),
        ("1.0 Linear", 2),
        ("1.1 Tanh", 2),
        ("2 Linear", 1),
    ]
    assert {row.calls for row in rows.values()} == {2}
    assert all(row.backward > 0 for row in rows.values())
    inner = rows["1.0 Linear"].seconds + rows["1.1 Tanh"].seconds
    assert rows["1 Sequential"].seconds == pytest.approx(inner)
    ops = sum(row.seconds for row in p.rows("op"))
    assert rows["Sequential"].seconds + rows["CrossEntropyLoss"].seconds == pytest.approx(ops)


def test_two_models_of_one_class_are_told_apart():
    with ad.profile() as p:
        nn.Linear(2, 2)(np.ones((1, 2)))
        nn.Linear(2, 2)(np.ones((1, 2)))
    assert [row.name for row in p.rows("module")] in (["Linear", "Linear (2)"], ["Linear (2)", "Linear"])


def test_a_module_with_hooks_and_one_that_raises():
    net = model()
    net[0].register_forward_hook(lambda module, inputs, out: None)
    with ad.profile() as p:
        net(np.ones((1, 4), np.float32))
        with pytest.raises(ValueError, match="dense layer"):
            net(np.ones((1, 5), np.float32))
        net(np.ones((1, 4), np.float32))
    rows = named(p.rows("module"))
    assert rows["Sequential"].calls == rows["0 Linear"].calls == 3
    assert rows["2 Linear"].calls == 2


def test_a_pass_that_fails_leaves_the_rest_right():
    def broken(g):
        raise RuntimeError("no")

    bad = ad.define("bad_rule", lambda x: x * 1.0, lambda g, x: broken(g), kind="elementwise")
    x = tensor(3)
    try:
        with ad.profile() as p:
            with pytest.raises(RuntimeError, match="no"):
                bad(x).sum().backward()
            ad.exp(x)
        (event,) = [event for event in p.events if event.name == "exp"]
        assert not event.backward
    finally:
        del ad.OPS["bad_rule"]


def test_steps_spans_and_batches():
    net = model()
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    loader = nn.data.DataLoader(nn.data.TensorDataset(np.ones((6, 4), np.float32)), batch_size=2)
    with ad.profile() as p:
        for (x,) in p.loading(loader):
            with p.span("training"):
                net(x).sum().backward()
                optimizer.step()
    rows = named(p.rows("part"))
    assert {name: row.calls for name, row in rows.items()} == {"data": 3, "training": 3, "SGD.step": 3}
    assert rows["training"].seconds > rows["SGD.step"].seconds
    assert "SGD.step" in str(p)
    with pytest.raises(TypeError, match="a span has a name"):
        p.span(3)


def test_derivatives_of_derivatives_count_backward_once():
    x = tensor(50)
    with ad.profile() as p:
        y = (ad.sin(x) * x).sum()
        (dx,) = ad.gradients(y, [x], create_graph=True)
        (dx * dx).sum().backward()
    ops = [event for event in p.events if event.kind in ("forward", "backward")]
    assert sum(event.own for event in ops) <= p.seconds
    assert all(-1e-9 <= event.own <= event.seconds + 1e-9 for event in ops)
    assert named(p.rows())["cos"].calls == 0  # only rules have called it
    assert named(p.rows())["cos"].backward > 0


def test_a_checkpoints_second_run_is_backward():
    x = tensor(50)
    with ad.profile() as p:
        ad.checkpoint(lambda x: ad.exp(ad.sin(x)))(x).sum().backward()
    row = named(p.rows())["exp"]
    assert row.calls == 1
    assert row.backward > 0


def test_under_vmap_and_no_grad():
    with ad.profile() as p:
        ad.vmap(ad.grad(lambda x: ad.sin(x) * x))(np.ones(5))
        with ad.no_grad():
            ad.exp(tensor(3))
    rows = named(p.rows())
    assert rows["sin"].calls == 1
    assert rows["exp"].calls == 1


def test_a_program_is_one_part():
    program = ad.trace(lambda x: ad.exp(x).sum())(np.ones(3))
    with ad.profile() as p:
        program(np.ones(3))
    assert [event.kind for event in p.events] == ["span"]
    assert p.events[0].name.startswith("program ")


def test_beside_a_debugger_and_a_stepper():
    x = tensor(3)
    with ad.profile() as p, ad.debug():
        ad.stepper(ad.exp(x).sum())
    assert named(p.rows())["exp"].backward > 0


def test_several_outputs_writes_and_constants():
    x = tensor(6)
    with ad.profile() as p:
        a, b = ad.numpy.split(x * 2, 2)
        h = Tensor(np.zeros(3))
        h[0] = a.sum()
        ad.argmax(b)
        (h.sum() + b.sum()).backward()
    rows = named(p.rows())
    assert rows["setitem"].calls == 1
    assert rows["argmax"].backward == 0


def test_it_can_be_entered_again_but_not_inside_of_itself():
    x = tensor(3)
    p = ad.profile()
    for _ in range(2):
        with p:
            ad.exp(x)
        ad.exp(x)
    assert named(p.rows())["exp"].calls == 2
    with p, pytest.raises(RuntimeError, match="running already"):
        p.__enter__()
    with ad.profile() as outer, ad.profile() as inner:
        ad.exp(x)
    assert len(outer.events) == len(inner.events) == 1


def test_another_thread_with_this_context_is_not_heard():
    x, net = tensor(3), model()

    def work():
        for _ in range(50):
            net(np.ones((5, 4), np.float32)).sum().backward()
            ad.exp(x).sum().backward()

    with ad.profile() as p:
        thread = Thread(target=copy_context().run, args=(work,))
        thread.start()
        for _ in range(50):
            ad.sin(x).sum().backward()
        thread.join()
    assert set(named(p.rows())) == {"sin", "sum"}
    assert named(p.rows())["sin"].calls == 50
    assert not p.rows("module")


def test_spans_that_do_not_nest():
    with ad.profile() as p:
        first, second = p.span("first"), p.span("second")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
    assert [event.name for event in p.events] == ["first"]


def test_times_of_nodes_colour_a_graph():
    x = tensor(30, 30)
    with ad.profile() as p:
        y = x @ x
        loss = ad.tanh(y).sum()
        loss.backward(retain_graph=True)
    assert set(p.node_seconds) == {y.node.number, loss.node.number, loss.node.x.number}
    svg = ad.draw(loss, color="time", profile=p).source
    assert "time" in svg


def test_the_trace_is_nested(tmp_path):
    net = model()
    with ad.profile() as p, p.span("all"):
        net(np.ones((5, 4), np.float32)).sum().backward()
    file = p.save_trace(tmp_path / "new" / "trace.json")
    trace = json.loads(file.read_text("utf-8"))
    events = [SimpleNamespace(**event) for event in trace["traceEvents"] if event["ph"] == "X"]
    assert {event.cat for event in events} == {"forward", "backward", "module", "span"}
    assert {event.name for event in events} >= {"all", "Sequential", "1.1 Tanh", "tanh", "tanh backward"}
    stack = []
    for event in events:  # by their beginnings: each ends before all that it is inside of
        while stack and stack[-1] <= event.ts:
            stack.pop()
        assert not stack or event.ts + event.dur <= stack[-1] + 1e-3
        stack.append(event.ts + event.dur)
    (tanh,) = [event for event in events if event.name == "tanh"]
    assert tanh.args["module"] == "Sequential / 1 Sequential / 1.1 Tanh"
    assert tanh.args["line"].startswith(__file__)


def test_text_and_html():
    x = tensor(3)
    with ad.profile() as p:
        pass
    assert str(p) == "No op of a Tensor has run in this profile."
    with p:
        ad.exp(x).sum().backward()
    assert "calls of ops" in str(p)
    assert "exp" in str(p)
    html = p._repr_html_()
    assert html.count("<table>") == 2
    assert ">exp</td>" in html
    with pytest.raises(ValueError, match="by is 'op', 'line'"):
        p.rows("ops")


def test_long_tables_are_cut():
    x = tensor(3)
    with ad.profile() as p:
        for name in ("sin", "cos", "tan", "exp", "log1p", "sinh", "cosh", "tanh", "arctan", "square", "expm1", "abs"):
            getattr(np, name)(x)
        ad.sigmoid(x), ad.relu(x)
    assert "... 2 more" in str(p)
