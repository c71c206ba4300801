"""What stands around a step: hooks, accumulated gradients, noise, averages, a watch, states in files."""

import os

import numpy as np
import pytest

import nn
import optim
from autodiff.tensor import Tensor
from optim.swa_utils import (
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))


def model():
    return nn.Sequential(nn.Linear(3, 4, generator=0), nn.Tanh(), nn.Linear(4, 2, generator=1)).astype(float)


def loss_of(net, rows=slice(None)):
    return nn.MSELoss()(net(X[rows]), Y[rows])


def test_hooks_come_before_and_after():
    w = nn.Parameter([1.0])
    optimizer, seen = optim.SGD([w], lr=1.0), []
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", w.item(), len(args))))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", w.item(), len(args))))
    w.grad = np.float32([0.5])
    optimizer.step()
    before.remove()
    before.remove()
    optimizer.step(lambda: None)
    assert seen == [("before", 1.0, 0), ("after", 0.5, 0), ("after", 0.0, 1)]


def test_batches_of_any_size_add_up_to_one():
    one, many = model(), model()
    a, b = optim.Adam(one.parameters(), lr=0.1), optim.Adam(many.parameters(), lr=0.1)
    several = optim.Accumulate(b, steps=3)
    for _ in range(4):
        a.zero_grad()
        loss_of(one).backward()
        a.step()
        parts = [slice(0, 5), slice(5, 10), slice(10, 12)]
        assert [several.backward(loss_of(many, part), len(X[part])) for part in parts] == [False, False, True]
    for p, q in zip(one.parameters(), many.parameters(), strict=True):
        np.testing.assert_allclose(p.value, q.value, rtol=1e-10)
        assert q.grad is None
    several.step()  # nothing is there
    several.backward(loss_of(many))
    several.step()
    assert several.count == 0
    for wrong in (0, -1.0, np.nan):
        with pytest.raises(ValueError, match="the weight of a batch is positive"):
            several.backward(loss_of(many), wrong)
    with pytest.raises(ValueError, match="a step is made of 1 or more batches, got 0"):
        optim.Accumulate(b, 0)


def test_accumulated_rows_stay_rows():
    ends = []
    for sparse in (True, False):
        table = nn.Embedding(9, 2, sparse=sparse, dtype=float, generator=0)
        several = optim.Accumulate(optim.SGD(table.parameters(), lr=0.1), steps=2)
        several.backward((table([1, 2]) ** 2).sum(), 2)
        assert bool(table.weight.notes().rows) == sparse
        several.backward((table([2, 5, 5]) ** 2).sum(), 3)
        ends.append(table.weight.value)
    np.testing.assert_allclose(*ends, rtol=1e-12)


def test_gradients_only_add_up_too():
    w = nn.Parameter([2.0])
    for _ in range(3):
        (w * 1.5).sum().backward()
    assert w.grad.tolist() == [4.5]


def test_noise_dies_away():
    p, q = nn.Parameter(np.zeros((100, 100))), nn.Parameter(np.zeros((100, 100)))
    stds = []
    for step in (0, 100, 10_000):
        p.grad, q.grad = np.zeros(p.shape), np.zeros(q.shape)
        stds.append(nn.utils.add_grad_noise_([p, q], step, eta=1.0, generator=step))
        np.testing.assert_allclose(p.grad.value.std(), (1 / (1 + step) ** 0.55) ** 0.5, rtol=0.05)
        assert not np.array_equal(p.grad.value, q.grad.value)
    assert stds == sorted(stds, reverse=True)
    with pytest.raises(ValueError, match=r"step=-1, eta=0\.3"):
        nn.utils.add_grad_noise_(p, -1)


def test_the_largest_gradient_where_some_are_empty():
    p, q = nn.Parameter(np.zeros((0, 2))), nn.Parameter(np.zeros(2))
    p.grad, q.grad = np.zeros((0, 2)), np.array([3.0, -4.0])
    assert nn.utils.clip_grad_norm_([p, q], 2.0, norm_type=np.inf).item() == 4.0
    np.testing.assert_allclose(q.grad.value, [1.5, -2.0], rtol=1e-6)


def test_averages_are_means():
    net = model()
    mean, ema = AveragedModel(net), AveragedModel(net, avg_fn=get_ema_avg_fn(0.75))
    several = AveragedModel(net, multi_avg_fn=get_swa_multi_avg_fn())
    smooth = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.75))
    path = []
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        loss_of(net).backward()
        optimizer.step()
        path.append(net[0].weight.value.copy())
        for averaged in (mean, ema, several, smooth):
            averaged.update_parameters(net)
    expected = path[0]
    for w in path[1:]:
        expected = 0.75 * expected + 0.25 * w
    for averaged, value in ((mean, np.mean(path, 0)), (several, np.mean(path, 0)), (ema, expected), (smooth, expected)):
        np.testing.assert_allclose(averaged.module[0].weight.value, value, rtol=1e-12)
        assert averaged.n_averaged.item() == 5
    np.testing.assert_array_equal(mean(X).value, mean.module(X).value)
    other = AveragedModel(net)
    other.load_state_dict(mean.state_dict())
    np.testing.assert_array_equal(other(X).value, mean(X).value)
    with pytest.raises(ValueError, match="Linear has other parameters or buffers than the model that was copied, Sequ"):
        mean.update_parameters(nn.Linear(3, 2))
    with pytest.raises(ValueError, match=r"decay lies in \[0, 1\], got 1.5"):
        get_ema_avg_fn(1.5)
    with pytest.raises(TypeError, match="not both"):
        AveragedModel(net, avg_fn=get_ema_avg_fn(), multi_avg_fn=get_swa_multi_avg_fn())


def test_buffers_are_copied_or_averaged_and_batch_norms_updated():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5)).astype(float)
    copied, averaged = AveragedModel(net), AveragedModel(net, use_buffers=True)
    seen = []
    for rows in (slice(0, 6), slice(6, 12)):
        net(X[rows])
        seen.append(net[0].running_mean.value.copy())
        copied.update_parameters(net)
        averaged.update_parameters(net)
    np.testing.assert_allclose(copied.module[0].running_mean.value, seen[1])
    np.testing.assert_allclose(averaged.module[0].running_mean.value, np.mean(seen, 0))
    net.eval()
    net[1].train()
    update_bn([(X[:6], Y[:6]), [X[6:]]], net)
    np.testing.assert_allclose(net[0].running_mean.value, X.mean(0), rtol=1e-6)
    assert (net.training, net[0].training, net[1].training, net[0].momentum) == (False, False, True, 0.1)
    update_bn([], nn.Linear(1, 1))  # nothing to do


def test_a_watch_writes_down_norms():
    net = model()
    optimizer = optim.SGD(net.parameters(), lr=0.5)
    with optim.Watch(optimizer, net, every=2) as watch:
        for step in range(5):
            optimizer.zero_grad()
            loss_of(net).backward()
            before = net[0].weight.value.copy()
            g = np.linalg.norm(net[0].weight.grad.value)
            optimizer.step()
            if step == 2:
                expected = [0.5 * g / np.linalg.norm(before), g, np.linalg.norm(before), 0.5 * g]
    assert watch.steps == [0, 2, 4]
    found = [watch.history["0.weight"][kind][1] for kind in ("ratio", "gradient", "weight", "update")]
    np.testing.assert_allclose(found, expected)
    assert list(watch.last("ratio")) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    optimizer.step()
    assert len(watch.steps) == 3
    with pytest.raises(ValueError, match="a watch knows ratio, gradient, weight, update, not 'loss'"):
        watch.plot("loss")
    with pytest.raises(ValueError, match="none of these parameters is the optimizer's"):
        optim.Watch(optimizer, model())
    with pytest.raises(ValueError, match="every is a number of steps, got 0"):
        optim.Watch(optimizer, every=0)


def test_a_watch_is_drawn():
    pytest.importorskip("matplotlib")
    net = model()
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    watch = optim.Watch(optimizer)
    for _ in range(3):
        loss_of(net).backward()
        optimizer.step()
    for kind in ("ratio", "gradient"):
        ax = watch.plot(kind)
        assert (ax.get_yscale(), ax.get_xlabel(), len(ax.lines)) == ("log", "step", 4 + (kind == "ratio"))
        assert watch.plot(kind, ax) is ax


def test_a_watch_leaves_rows_alone():
    table = nn.Embedding(100, 2, sparse=True, generator=0)
    optimizer = optim.SparseAdam(table.parameters())
    with optim.Watch(optimizer, table) as watch:
        table([3, 3]).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(watch.last("gradient")["weight"], 8**0.5)


@pytest.mark.parametrize("name", [
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop", "Rprop", "ASGD", "Lion",
    "Adafactor", "Muon", "LBFGS",
])  # fmt: skip
def test_a_run_goes_on_from_a_file_to_the_same_bits(name, tmp_path):
    """The weights, the optimizer's state and the schedule's, through one file."""

    def start():
        net = model()
        params = list(net.parameters())
        params = [p for p in params if p.ndim == 2] if name == "Muon" else params
        options = {} if name == "LBFGS" else {"lr": 0.05}
        optimizer = getattr(optim, name)(params, **options)
        return net, optimizer, optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)

    def steps(net, optimizer, schedule, n):
        def closure():
            optimizer.zero_grad()
            loss = loss_of(net)
            loss.backward()
            return loss

        for _ in range(n):
            optimizer.step(closure)
            schedule.step()

    whole, rest = start(), start()
    steps(*whole, 5)
    parts = dict(zip(("model", "optimizer", "schedule"), [part.state_dict() for part in whole], strict=True))
    optim.save_state(parts, tmp_path / "run.safetensors")
    steps(*whole, 5)
    for part, state in zip(rest, optim.load_state(tmp_path / "run.safetensors").values(), strict=True):
        part.load_state_dict(state)
    steps(*rest, 5)
    for p, q in zip(whole[0].parameters(), rest[0].parameters(), strict=True):
        assert p.value.tobytes() == q.value.tobytes()


def test_all_kinds_of_values_come_back(tmp_path):
    state = {
        "a": {0: (1, 2.5, None), "x.y": [True, "text", float("inf"), 1e-300]},
        "b": [np.arange(3), np.float32(2), np.array([1 + 2j]), np.complex64(1j), Tensor([1.0]), np.zeros((0, 2))],
    }
    optim.save_state(state, tmp_path / "s.safetensors")
    back = optim.load_state(tmp_path / "s.safetensors")
    assert back["a"] == state["a"]
    for found, given in zip(back["b"], state["b"], strict=True):
        given = given.value if type(given) is Tensor else given
        assert (found.dtype, found.shape) == (given.dtype, given.shape)
        np.testing.assert_array_equal(found, given)


def test_damaged_files_are_said_to_be_so(tmp_path):
    w = nn.Parameter(np.ones((2, 3)))
    optimizer = optim.Adam([w])
    w.grad = np.ones((2, 3))
    optimizer.step()
    path, rng = tmp_path / "s.safetensors", np.random.default_rng(0)
    optim.save_state(optimizer.state_dict(), path)
    whole, refused = path.read_bytes(), 0
    for i in range(500):
        data = bytearray(whole[: rng.integers(len(whole))] if i % 3 == 0 else whole)
        for place in rng.integers(len(data), size=i % 4) if data else ():
            data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            optimizer.load_state_dict(optim.load_state(path))
        except (ValueError, TypeError):  # TypeError: an option that is no number
            refused += 1
    assert refused > 300


@pytest.mark.parametrize("state", [
    {"state": {}, "param_groups": 3}, {"state": {}, "param_groups": [{}]}, {"state": 3, "param_groups": []},
    {"state": {0: 1}, "param_groups": []}, {"state": {}, "param_groups": [{"params": 0}]},
])  # fmt: skip
def test_states_of_another_form(state):
    with pytest.raises(ValueError, match='this is no optimizer\'s state: "param_groups" is a list of dicts'):
        optim.Adam([nn.Parameter([1.0])]).load_state_dict(state)


def test_files_that_hold_no_state(tmp_path):
    from autodiff import io

    path = tmp_path / "s.safetensors"
    io.save({"w": np.ones(2)}, path)
    with pytest.raises(ValueError, match="holds arrays but no state"):
        optim.load_state(path)
    for text in ("{", '{"array": "other"}', '{"a": 1, "b": 2}', '{"dict": 3}', "[" * 5000):
        io.save({"w": np.ones(2)}, path, {"state": text})
        with pytest.raises(ValueError, match="no state that to_arrays has written"):
            optim.load_state(path)
    io.save({"w": np.ones(0)}, path, {"state": '{"carray": "w"}'})
    with pytest.raises(ValueError, match="no state that to_arrays has written"):
        optim.load_state(path)
    before = os.path.getsize(path)
    for wrong, match in (({"f": len}, "f is builtin_function"), ({(1, 2): 3}, "keys that are neither text")):
        with pytest.raises(TypeError, match=match):
            optim.save_state(wrong, path)
    assert os.path.getsize(path) == before
