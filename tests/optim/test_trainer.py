"""`optim.Trainer`: what it computes, what it stops at, and that a resumed run is the uninterrupted one."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import nn
import optim
from autodiff.errors import NumericalError
from autodiff.tensor import Tensor
from tests.optim.training import ending, make
from tests.processes import ROOT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 4)).astype(np.float32)
Y = (X @ RNG.normal(size=(4, 1)) + 0.1).astype(np.float32)


def loader(size=10, **options):
    return nn.data.DataLoader(nn.data.TensorDataset(X, Y), batch_size=size, **options)


def line(**options):
    model = nn.Linear(4, 1, generator=0)
    options = {"progress": False} | options
    return optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1, momentum=0.9), **options)


def by_hand(epochs, size=10, between=lambda model: None):
    model, losses = nn.Linear(4, 1, generator=0), []
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(epochs):
        for x, y in loader(size):
            optimizer.zero_grad()
            loss = nn.MSELoss()(model(x), y)
            loss.backward()
            between(model)
            optimizer.step()
            losses.append(loss.item())
    return model, losses


def same(a, b):
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], err_msg=name)


# -- what it computes ---------------------------------------------------------------------------------


def test_it_does_what_the_loop_does():
    trainer = line(metrics={"error": optim.metrics.MSE()})
    history = trainer.fit(loader(), 3, validate=loader(7))
    model, losses = by_hand(3)
    same(trainer.model.state_dict(), model.state_dict())
    assert trainer.losses == losses
    assert [record["step"] for record in history] == [3, 6, 9]
    assert history[2]["loss"] == pytest.approx(np.mean(losses[6:])) == pytest.approx(history[2]["error"])
    error = np.mean((model(X).value - Y) ** 2)
    assert history[2]["val_loss"] == pytest.approx(error) == pytest.approx(history[2]["val_error"])
    assert trainer.evaluate(loader(30))["loss"] == pytest.approx(error)
    np.testing.assert_allclose(trainer.predict(X), model(X).value, rtol=1e-6)
    np.testing.assert_allclose(trainer.predict(loader(7)), model(X).value, rtol=1e-6)


def test_clipping():
    trainer = line(clip_norm=0.5)
    trainer.fit(loader(), 2)
    model, _ = by_hand(2, between=lambda model: nn.utils.clip_grad_norm_(list(model.parameters()), 0.5))
    same(trainer.model.state_dict(), model.state_dict())
    trainer = line(clip_value=0.1)
    trainer.fit(loader(), 2)
    model, _ = by_hand(2, between=lambda model: nn.utils.clip_grad_value_(list(model.parameters()), 0.1))
    same(trainer.model.state_dict(), model.state_dict())


@pytest.mark.parametrize("clip", [None, 0.5])
def test_small_batches_are_gathered_to_one_step(clip):
    """Batches of 4, 4, 4 and of 4, 4, 4, ..., 2 make the steps that batches of 12, 12 and 6 make."""
    small, large = line(accumulate=3, clip_norm=clip), line(clip_norm=clip)
    small.fit(loader(4), 3)
    large.fit(loader(12), 3)
    assert small.step == large.step == 9
    for a, b in zip(small.model.parameters(), large.model.parameters(), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-5)


def test_schedules_by_epoch_by_step_and_by_the_validation_loss():
    for name, options, rates in (
        ("StepLR", {"step_size": 1, "gamma": 0.5}, [0.1, 0.05, 0.025]),
        ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "threshold": 1e9}, [0.1, 0.05, 0.025]),
        ("OneCycleLR", {"max_lr": 0.2, "total_steps": 9}, None),
    ):
        trainer = line()
        trainer.schedule = getattr(optim.lr_scheduler, name)(trainer.optimizer, **options)
        trainer = optim.Trainer(trainer.model, nn.MSELoss(), trainer.optimizer, trainer.schedule, progress=False)
        history = trainer.fit(loader(), 3, validate=loader())
        if rates:
            assert [record["lr"] for record in history] == pytest.approx(rates)
        else:
            assert trainer.schedule.last_epoch == 9


def test_lbfgs_gets_its_closure():
    model = nn.Linear(4, 1, generator=0)
    trainer = optim.Trainer(model, nn.MSELoss(), optim.LBFGS(model.parameters()), progress=False)
    trainer.fit(loader(30), 5)
    best = np.linalg.lstsq(np.c_[X, np.ones(30)], Y, rcond=None)[1][0] / 30
    assert trainer.evaluate(loader())["loss"] == pytest.approx(best, abs=1e-6)


def test_batches_of_several_inputs_of_one_array_and_of_other_kinds():
    class Sum(nn.Module):
        def __init__(self):
            self.scale = nn.Parameter(1.0)

        def forward(self, *xs):
            return sum(xs) * self.scale

    def run(batches, **options):
        model = Sum()
        options = {"loss": nn.MSELoss()} | options
        trainer = optim.Trainer(model, optimizer=optim.SGD(model.parameters(), lr=0.1), progress=False, **options)
        return trainer.fit(batches, 1)[0]["loss"], trainer

    assert run([(np.ones(2), np.ones(2), np.full(2, 3.0))])[0] == 1.0
    assert run([np.ones(2)])[0] == run([(np.ones(2),)])[0] == 0.0
    with pytest.raises(TypeError, match="compute=f"):
        run([{"x": np.ones(2)}])

    def compute(model, batch):
        out = model(batch["x"])
        return ((out - 4.0) ** 2).mean(), out, out

    assert run([{"x": np.ones(2)}], loss=None, compute=compute)[0] == 9.0


def test_evaluation_changes_nothing():
    trainer, data, test = make()
    trainer.fit(data, 1)
    frozen = trainer.model[1].eval()
    before = trainer.model.state_dict()
    trainer.evaluate(test)
    same(before, trainer.model.state_dict())
    assert not frozen.training
    assert trainer.model[3].training


def test_callbacks_are_called_in_order():
    seen = []

    class Spy(optim.Callback):
        def __getattribute__(self, name):
            if name in ("begin", "before_epoch", "after_step", "after_epoch", "end"):
                return lambda trainer: seen.append(name)
            return super().__getattribute__(name)

        def after_step(self, trainer):
            pass

    line(callbacks=[Spy()]).fit(loader(15), 2)
    epoch = ["before_epoch", "after_step", "after_step", "after_epoch"]
    assert seen == ["begin", *epoch, *epoch, "end"]


def test_early_stopping_puts_the_best_weights_back():
    trainer = line(callbacks=[optim.EarlyStopping("val_loss", patience=2)])
    best = {}

    class Worse(optim.Callback):
        def after_epoch(self, trainer):
            if trainer.epoch == 3:
                best.update(trainer.model.state_dict())
                trainer.optimizer.param_groups[0]["lr"] = 2.0  # far too much

    trainer.callbacks.insert(0, Worse())
    trainer.optimizer.param_groups[0]["momentum"] = 0.0
    trainer.fit(loader(), 100, validate=loader())
    assert trainer.epoch == 5
    assert re.match(r"val_loss has not become better than .* \(epoch 3\)", trainer.stopped)
    same(best, trainer.model.state_dict())
    assert trainer.fit(loader(), 200) is trainer.history
    assert trainer.epoch == 5


def test_callbacks_begin_anew_with_another_run(tmp_path):
    callbacks = [optim.EarlyStopping("loss", patience=1), optim.Checkpoint(tmp_path, monitor="loss")]
    line(callbacks=callbacks).fit(loader(), 1)
    callbacks[0].best = callbacks[1].best = -1.0
    other = line(callbacks=callbacks)
    other.model.weight.value[...] = 1.0
    other.fit(loader(), 1)
    assert other.stopped is None
    assert callbacks[0].best == callbacks[1].best == other.history[0]["loss"]
    for name in ("last", "best"):
        again = line(callbacks=callbacks)
        again.load(tmp_path / f"{name}.safetensors")
        same(again.model.state_dict(), other.model.state_dict())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": nn.MSELoss}, r"write MSELoss\(\)"),
        ({"loss": None}, "give loss=.*or compute="),
        ({"callbacks": [optim.EarlyStopping]}, r"write EarlyStopping\("),
        ({"accumulate": 0}, "accumulate is a whole number of 1 or more"),
        ({"accumulate": 2.5}, "accumulate is a whole number of 1 or more"),
        ({"clip_norm": -1}, "clip_norm is a positive number"),
        ({"clip_value": "1"}, "clip_value is a positive number"),
        ({"loss": "mse"}, "loss is a function or a module such as"),
        ({"schedule": optim.lr_scheduler.StepLR}, r"lr_scheduler: StepLR\(optimizer, 10\)"),
        ({"schedule": optim.lr_scheduler.StepLR(optim.SGD([Tensor(1.0, requires_grad=True)]), 1)}, "another optimizer"),
        ({"optimizer": optim.SGD(nn.Linear(4, 1).parameters())}, "made for another model"),
        ({"optimizer": [1]}, "takes an optimizer such as"),
        ({"model": len}, "trains an nn.Module"),
        ({"schedule_each": "day"}, 'is "step" or "epoch"'),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    model = nn.Linear(4, 1)
    arguments = {"model": model, "loss": nn.MSELoss(), "optimizer": optim.SGD(model.parameters())} | change
    with pytest.raises((TypeError, ValueError), match=message):
        optim.Trainer(**arguments)


def test_wrong_data_is_refused():
    with pytest.raises(ValueError, match="gave no batch"):
        line().fit([], 1)
    with pytest.raises(TypeError, match="only once"):
        line().fit(iter(loader()), 1)
    with pytest.raises(ValueError, match="no batches to evaluate"):
        line().evaluate([])
    with pytest.raises(ValueError, match="no figure 'val_loss'"):
        line(callbacks=[optim.EarlyStopping("val_loss")]).fit(loader(), 1)
    with pytest.raises(ValueError, match="of a Checkpoint callback"):
        line().fit(loader(), 1, resume=True)
    with pytest.raises(ValueError, match=r"epochs is a whole number of 0 or more, got float 1\.5"):
        line().fit(loader(), 1.5)
    trainer = line()
    with pytest.raises(ValueError, match="looks at a figure of the epoch"):
        optim.Trainer(
            trainer.model, nn.MSELoss(), trainer.optimizer, schedule_each="step",
            schedule=optim.lr_scheduler.ReduceLROnPlateau(trainer.optimizer),
        )  # fmt: skip


@pytest.mark.parametrize("loss", [3.0, np.float32(3.0), Tensor([1.0, 2.0])])
def test_a_loss_that_is_no_number_is_refused(loss):
    model = nn.Linear(4, 1)
    trainer = optim.Trainer(model, lambda *_: loss, optim.SGD(model.parameters()), progress=False)
    with pytest.raises(TypeError, match="a loss is a Tensor of one number, the mean of a batch, got float"):
        trainer.fit(loader(), 1)


def test_figures_are_numbers():
    class Constant(optim.metrics.MSE):
        value = None

        def compute(self):
            return self.value

    metric = Constant()
    for metric.value in (None, "much", {"a": 1}):
        with pytest.raises(TypeError, match="metric 'constant' computes a number or an array of numbers, got"):
            line(metrics=metric).fit(loader(), 1)
    metric.value = Tensor(2.0)
    assert repr(line(metrics=metric).fit(loader(), 1)[0]["constant"]) == "np.float64(2.0)"


def test_one_callback_needs_no_list():
    assert line(callbacks=optim.EarlyStopping("loss")).fit(loader(), 1)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: optim.EarlyStopping(5), 'name of a figure such as "val_loss", got int 5'),
    (lambda: optim.EarlyStopping(patience=0), "patience is a whole number of 1 or more, got int 0"),
    (lambda: optim.Checkpoint("runs", every=-1), "every is a whole number of 0 or more, got int -1"),
    (lambda: optim.Checkpoint("runs", seconds=-1), "seconds is 0 or more, got -1"),
    (lambda: optim.LivePlot(every=0), "every is a whole number of 1 or more, got int 0"),
    (lambda: optim.TensorBoard("runs", every=0), "every is a whole number of 1 or more, got int 0"),
    (lambda: optim.TensorBoard("runs", histograms=-1), "histograms is a whole number of 0 or more"),
    (lambda: optim.Averaging(None, every=1.5), "every is a whole number of 0 or more, got float 1.5"),
])  # fmt: skip
def test_callbacks_that_make_no_sense(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_parameters_that_come_later_are_clipped_too():
    model = nn.Sequential(nn.Linear(4, 3, generator=0), nn.Linear(3, 1, generator=1))
    norms = []

    class Thaw(optim.Callback):
        def before_epoch(self, trainer):
            if trainer.epoch == 1:
                trainer.optimizer.add_param_group({"params": list(model[0].parameters())})

        def after_step(self, trainer):
            known = [p for group in trainer.optimizer.param_groups for p in group["params"]]
            norms.append(sum((p.grad.value**2).sum() for p in known) ** 0.5)

    optimizer = optim.SGD(model[1].parameters())
    optim.Trainer(model, nn.MSELoss(), optimizer, callbacks=Thaw(), clip_norm=1e-3, progress=False).fit([(X, Y)], 2)
    np.testing.assert_allclose(norms, 1e-3, rtol=1e-3)


# -- NaN ------------------------------------------------------------------------------------------------


class Log(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(4, 1, generator=0)

    def forward(self, x):
        from autodiff import log

        return log(self.layer(x) * 0 + x[:, :1])  # the line to be named


def test_a_nan_stops_the_run_with_its_cause(tmp_path):
    model = Log()
    x = np.ones((6, 4), np.float32)
    x[4, 0] = -1.0
    data = nn.data.DataLoader(nn.data.TensorDataset(x, x[:, :1]), batch_size=2)
    trainer = optim.Trainer(
        model, nn.MSELoss(), optim.SGD(model.parameters()), progress=False,
        callbacks=[optim.Checkpoint(tmp_path, every=1)],
    )  # fmt: skip
    before = model.state_dict()
    with np.errstate(all="ignore"), pytest.raises(NumericalError) as error:
        trainer.fit(data, 1)
    text = str(error.value)
    assert "the loss is nan at step 3 (epoch 1, batch 3)" in text
    assert "op 'log' at" in text
    assert "test_trainer.py" in text
    assert "The last checkpoint is" in text
    same(before, model.state_dict())


def test_a_gradient_that_is_not_finite_is_found_before_the_step():
    model = nn.Linear(4, 1, generator=0)

    def compute(model, batch):
        from autodiff import sqrt

        out = model(batch[0])
        return sqrt((out - out).sum() ** 2 * 0), out, batch[1]

    trainer = optim.Trainer(model, None, optim.SGD(model.parameters()), compute=compute, progress=False)
    before = model.state_dict()
    with np.errstate(all="ignore"), pytest.raises(NumericalError, match=r"(?s)gradient is not finite at step 1.*sqrt"):
        trainer.fit(loader(), 1)
    same(before, model.state_dict())


def test_weights_that_are_not_finite_are_named():
    trainer = line()
    nn.init.fill_(trainer.model.weight, np.full((1, 4), np.nan))
    with pytest.raises(NumericalError, match="weights themselves are not finite: weight"):
        trainer.fit(loader(), 1)


def test_dropout_draws_the_same_when_the_step_is_repeated():
    class Rare(nn.Module):
        """NaN where a certain unit is dropped, which happens now and then."""

        def __init__(self):
            self.w = nn.Parameter(np.ones(1, np.float32))
            self.drop = nn.Dropout(0.1, generator=1)

        def forward(self, x):
            from autodiff import log

            return log(self.drop(self.w * x[:1]) - 0.5)

    model = Rare()
    trainer = optim.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.0), progress=False)
    batch = (np.ones(1, np.float32), np.zeros(1, np.float32))
    with np.errstate(all="ignore"), pytest.raises(NumericalError, match=r"(?s)step \d+.*op 'log'"):
        trainer.fit([batch] * 200, 1)
    assert trainer.step > 1


# -- resuming -------------------------------------------------------------------------------------------

OPTIONS = {
    "as it is": {},
    "accumulated": {"accumulate": 2},
    "epoch schedule": {"schedule": "plateau"},
}


def run(folder, stop_at=None, epochs=4, **options):
    """A run in a folder, which is cut off at a step by an error; what is there is gone on with."""

    class Stop(optim.Callback):
        def after_step(self, trainer):
            if trainer.step == stop_at:
                raise InterruptedError

    if options.get("schedule") == "plateau":
        trainer, data, test = make(folder, callbacks=[Stop()], schedule=None)
        trainer.schedule = optim.lr_scheduler.ReduceLROnPlateau(trainer.optimizer, patience=0)
    else:
        trainer, data, test = make(folder, callbacks=[Stop()], **options)
    try:
        trainer.fit(data, epochs, test, resume=True)
    except InterruptedError:
        return None
    return ending(trainer)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("stop_at", [1, 4, 5, 8])
def test_a_resumed_run_has_the_same_bits(tmp_path, options, stop_at):
    whole = run(tmp_path / "whole", **options)
    assert run(tmp_path / "cut", stop_at, **options) is None
    assert run(tmp_path / "cut", stop_at + 3, **options) is None
    same(whole, run(tmp_path / "cut", **options))
    assert sorted(os.listdir(tmp_path / "cut")) == ["best.safetensors", "last.safetensors"]


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("stop_at", [1, 2])
def test_stopped_at_the_step_of_what_was_gathered_at_the_end_of_an_epoch(tmp_path, as_list, stop_at):
    """The loader has come to its end then, and its next loop is a new epoch."""

    def train(folder, stop_at=None):
        class Stop(optim.Callback):
            last = True

            def after_step(self, trainer):
                if trainer.step == stop_at:
                    raise InterruptedError

        trainer = line(accumulate=4, callbacks=[optim.Checkpoint(folder, every=1), Stop()])
        data = loader(shuffle=not as_list, generator=0)  # of 3 batches
        trainer.fit(list(data) if as_list else data, 3, resume=True)
        return trainer.model.state_dict() | {"losses": np.array(trainer.losses)}

    whole = train(tmp_path / "whole")
    with pytest.raises(InterruptedError):
        train(tmp_path / "cut", stop_at)
    same(whole, train(tmp_path / "cut"))


def test_an_epoch_whose_validation_fails_is_closed_when_the_run_goes_on():
    trainer, whole, bad = line(), line(), [(X, Y), (X, Y[:, 0])]
    with pytest.raises(ValueError, match="one shape"):
        trainer.fit(loader(shuffle=True, generator=0), 2, bad)
    assert (trainer.epoch, trainer.step) == (0, 3)
    data = trainer.data
    same_record = whole.fit(loader(shuffle=True, generator=0), 2, loader())
    for found, expected in zip(trainer.fit(data, 2, loader()), same_record, strict=True):
        assert found | {"seconds": 0} == expected | {"seconds": 0}


def test_a_run_that_is_made_longer_goes_on_from_its_last_weights(tmp_path):
    """Early stopping puts the best weights back at the end: after the checkpoint, which has the last ones."""

    def train(folder, epochs):
        trainer = line(callbacks=[optim.EarlyStopping("val_loss", patience=50), optim.Checkpoint(folder)])
        trainer.optimizer.param_groups[0]["lr"] = 0.31  # up and down
        trainer.fit(loader(shuffle=True, generator=0), epochs, loader(), resume=True)
        assert trainer.evaluate(loader())["loss"] == pytest.approx(min(r["val_loss"] for r in trainer.history))
        return trainer.model.state_dict() | {"losses": np.array(trainer.losses)}

    whole = train(tmp_path / "whole", 9)
    for epochs in (2, 4, 5):
        train(tmp_path / "cut", epochs)
    same(whole, train(tmp_path / "cut", 9))


def test_what_was_best_can_be_had_again(tmp_path):
    trainer, data, test = make(tmp_path)
    history = trainer.fit(data, 6, test)
    again, _, _ = make()
    again.callbacks = trainer.callbacks
    again.load(tmp_path / "best.safetensors")
    best = max(record["val_accuracy"] for record in history)
    assert again.record["val_accuracy"] == best == pytest.approx(again.evaluate(test)["accuracy"])


def test_a_state_of_another_run_changes_nothing(tmp_path):
    trainer, data, test = make(tmp_path)
    trainer.fit(data, 1, test)
    before = ending(trainer)
    other = line(callbacks=[optim.Checkpoint(tmp_path / "other")])
    other.fit(loader(), 2)
    with pytest.raises(ValueError, match=r"last\.safetensors does not fit: .*schedule"):
        trainer.load(tmp_path / "other" / "last.safetensors")
    weights = other.model.state_dict()
    with pytest.raises(ValueError, match="does not fit"):
        other.load(tmp_path / "last.safetensors")
    same(weights, other.model.state_dict())
    same(before, ending(trainer))
    with pytest.raises(FileNotFoundError):
        trainer.fit(data, 2, resume=tmp_path / "none.safetensors")
    nn.save(trainer.model, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="holds arrays but no state"):
        trainer.load(tmp_path / "model.safetensors")


def test_damaged_checkpoints_are_refused(tmp_path):
    trainer, data, test = make(tmp_path)
    trainer.fit(data, 1, test)
    whole, path = trainer.callbacks[-1].path.read_bytes(), tmp_path / "damaged.safetensors"
    before, rng = ending(trainer), np.random.default_rng(0)
    header = 8 + int.from_bytes(whole[:8], "little")
    for i in range(300):
        data = bytearray(whole)
        match i % 4:
            case 0:
                data = data[: rng.integers(len(data))]
            case 1:
                data[:8] = int(rng.integers(2**63)).to_bytes(8, "little")
            case 2:
                data[:header] = rng.bytes(header)
            case 3:
                data += b"more"
        path.write_bytes(data)
        with pytest.raises(ValueError, match="damaged"):
            trainer.load(path)
    same(before, ending(trainer))


@pytest.mark.slow
def test_ten_thousand_strange_checkpoints(tmp_path):
    """Headers with bytes changed anywhere: what can still be read fits, or is refused with nothing changed."""
    trainer = line(callbacks=[optim.Checkpoint(tmp_path)])
    trainer.fit(loader(shuffle=True, generator=0), 1)
    whole, path = trainer.callbacks[-1].path.read_bytes(), tmp_path / "strange.safetensors"
    rng, header = np.random.default_rng(0), 8 + int.from_bytes(whole[:8], "little")
    for _ in range(10_000):
        data = bytearray(whole)
        for place in rng.integers(8, header, size=rng.integers(1, 4)):
            data[place] = rng.choice(list(b'0123456789{}[]",:.-eaN x')) if rng.random() < 0.8 else rng.integers(256)
        path.write_bytes(data)
        before = trainer.model.state_dict()
        try:
            trainer.load(path)
        except ValueError:
            same(before, trainer.model.state_dict())
        else:
            trainer.load(tmp_path / "last.safetensors")


def killed(folder, moments, epochs):
    """Start the program again and again, and kill it so many steps and seconds after it begins to train."""
    command = [sys.executable, "-m", "tests.optim.training", str(folder), str(epochs)]
    environment = os.environ | {"AUTODIFF_KERNELS": "numpy", "PYTHONPATH": str(ROOT)}
    for steps, seconds in moments:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, bufsize=1, **pipes) as process:
            for _ in range(steps):
                assert process.stdout.readline()
                process.stdin.write("go on\n")
            time.sleep(seconds)
            assert process.poll() is None  # it is in the next step, or waits after it
            process.kill()
        for name in ("last", "best"):
            if (folder / f"{name}.safetensors").exists():
                optim.load_state(folder / f"{name}.safetensors")  # whole
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def kill_test(tmp_path, kills, epochs):
    rng = np.random.default_rng()
    most = epochs * 5 // (kills + 1)  # steps between two kills: the run is longer than all of them
    killed(tmp_path / "whole", [], epochs)
    killed(tmp_path / "cut", [(rng.integers(most), rng.uniform(0, 0.006)) for _ in range(kills)], epochs)
    same(nn.load(tmp_path / "whole" / "weights.safetensors"), nn.load(tmp_path / "cut" / "weights.safetensors"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_killed_three_times(tmp_path):
    kill_test(tmp_path, 3, 8)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_killed_twenty_times(tmp_path):
    kill_test(tmp_path, 20, 60)


def test_ctrl_c_stops_after_the_step_and_says_how_to_go_on(tmp_path):
    class Press(optim.Callback):
        def after_step(self, trainer):
            if trainer.step == 7:
                signal.raise_signal(signal.SIGINT)

    whole = run(tmp_path / "whole")
    trainer, data, test = make(tmp_path / "cut", callbacks=[Press()])
    with pytest.raises(KeyboardInterrupt, match=r"stopped after step 7, epoch 2, and saved .*resume=True"):
        trainer.fit(data, 4, test)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    same(whole, run(tmp_path / "cut"))
    trainer, data, test = make(callbacks=[Press()])  # the same process goes on without a file
    with pytest.raises(KeyboardInterrupt, match="Nothing was saved"):
        trainer.fit(data, 4, test)
    trainer.fit(data, 4, test)
    same(
        {k: v for k, v in whole.items() if k != "history"}, {k: v for k, v in ending(trainer).items() if k != "history"}
    )


def test_ctrl_c_pressed_twice_stops_at_once(tmp_path):
    calls = []

    def loss(output, target):
        calls.append(target)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            calls.append("not reached")
        return ((output - target) ** 2).mean()

    model = nn.Linear(4, 1, generator=0)
    trainer = optim.Trainer(
        model, loss, optim.SGD(model.parameters()), callbacks=optim.Checkpoint(tmp_path), progress=False
    )
    with pytest.raises(KeyboardInterrupt) as error:
        trainer.fit(loader(), 1)
    assert (str(error.value), len(calls), trainer.step, list(tmp_path.iterdir())) == ("", 2, 1, [])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# -- disks ----------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    resource = pytest.importorskip("resource")
    trainer, data, test = make(tmp_path, every=1)
    trainer.fit(data, 1, test)
    before = trainer.callbacks[-1].path.read_bytes()
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match=r"last\.safetensors") as error:
            trainer.fit(data, 2, test)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert re.search("epoch 1, step 6; what .* held before, it still holds", error.value.__notes__[-1])
    assert trainer.callbacks[-1].path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["best.safetensors", "last.safetensors"]


def test_a_folder_that_cannot_be_written_to_is_an_error_before_training(tmp_path):
    (tmp_path / "file").write_text("in the way")
    trainer = line(callbacks=[optim.Checkpoint(tmp_path / "file" / "runs")])
    with pytest.raises(OSError, match="runs"):
        trainer.fit(loader(), 1)
    assert trainer.step == 0
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(PermissionError):
            line(callbacks=[optim.Checkpoint(tmp_path / "closed")]).fit(loader(), 1)


def test_a_trainer_takes_tensors_too():
    assert line().predict(Tensor(X)).shape == (30, 1)


def test_resumed_in_the_middle_of_an_epoch_of_workers(tmp_path):
    """Batches that were made ahead are not lost, and the number of workers does not matter."""

    def run(folder, workers, stop_at=None):
        class Stop(optim.Callback):
            def after_step(self, trainer):
                if trainer.step == stop_at:
                    raise InterruptedError

        trainer = line(callbacks=[optim.Checkpoint(folder, every=1), Stop()])
        data = loader(4, shuffle=True, generator=3, num_workers=workers)
        try:
            trainer.fit(data, 2, resume=True)
        except InterruptedError:
            return None
        return trainer.model.state_dict() | {"losses": np.array(trainer.losses)}

    whole = run(tmp_path / "whole", 0)
    assert run(tmp_path / "cut", 1, stop_at=5) is None
    same(whole, run(tmp_path / "cut", 0))
