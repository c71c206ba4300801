"""What a `Trainer` takes for batches, and that other loops over its data leave the run's own place alone."""

from itertools import pairwise

import numpy as np
import pytest

import nn
import optim
from nn.data import BatchSampler, DataLoader, RandomSampler, TensorDataset
from optim.batches import length
from tests.optim.test_trainer import X, Y, line, loader, same


@pytest.mark.parametrize("data", [
    X, (X, Y), TensorDataset(X, Y), {"x": X}, "data", None, 3.0, loader,
], ids=["array", "arrays", "dataset", "dict", "text", "None", "number", "function"])  # fmt: skip
def test_examples_are_no_batches(data):
    for call in (lambda: line().fit(data, 1), lambda: line().evaluate(data), lambda: line().find_rate(data)):
        with pytest.raises(TypeError, match=r"goes over batches: a DataLoader\(dataset, batch_size=32\)"):
            call()
    if data is not None:
        with pytest.raises(TypeError, match="goes over batches"):
            line().fit(loader(), 1, data)
    if data is not X:
        with pytest.raises(TypeError, match="goes over batches"):
            line().predict(data)


def test_a_tuple_of_batches_is_fine():
    assert line().fit(((X, Y), (X, Y)), 1)[0]["step"] == 2


def test_predictions_are_in_the_order_of_the_data():
    trainer, data = line(), TensorDataset(X, Y)
    np.testing.assert_allclose(trainer.predict(loader(7)), trainer.predict(X), rtol=1e-6)
    random = RandomSampler(data)
    for shuffled in (
        loader(shuffle=True), DataLoader(data, sampler=random), DataLoader(data, batch_size=None, sampler=random),
        DataLoader(data, batch_sampler=BatchSampler(random, 4, False)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="draws its order anew each time"):
            trainer.predict(shuffled)


def test_what_cannot_be_joined():
    trainer = line()
    trainer.model = nn.Parallel(nn.Linear(4, 1), nn.Linear(4, 1))
    with pytest.raises(TypeError, match="predict joins Tensors, and the model returned tuple"):
        trainer.predict(X)


def test_the_length_of_a_batch_is_that_of_its_first_array():
    assert length({"id": 7, "names": ["a", "b", "c"], "x": X, "y": Y[:3]}) == 30
    assert length((3.0, (None, [X[:5]]))) == 5
    assert length(["a", "b"]) == length([]) == 1


def test_batches_with_text_weigh_by_their_examples():
    def compute(model, batch):
        out = model(batch["x"])
        return ((out - batch["y"]) ** 2).mean(), out, batch["y"]

    ends = []
    for sizes in ((10, 20), (30,)):
        cuts = np.cumsum((0, *sizes))
        data = [{"names": ["some"] * (b - a), "x": X[a:b], "y": Y[a:b]} for a, b in pairwise(cuts)]
        model = nn.Linear(4, 1, generator=0)
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        trainer = optim.Trainer(model, None, optimizer, compute=compute, accumulate=2, progress=False)
        trainer.fit(data, 1)
        ends.append([trainer.history[0]["loss"], *model.weight.value[0]])
    np.testing.assert_allclose(*ends, rtol=1e-5)


class Look(optim.Callback):
    """Evaluates the training data in the middle of epochs, on the very loader that gives the batches."""

    def after_step(self, trainer):
        if trainer.step % 3 == 0:
            trainer.evaluate(trainer.data)


class Stop(optim.Callback):
    def __init__(self, step):
        self.step = step

    def after_step(self, trainer):
        if trainer.step == self.step:
            raise InterruptedError


@pytest.mark.parametrize("stop_at", [3, 4, 7])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_look_at_the_training_data_leaves_the_run_resumable(tmp_path, stop_at, workers):
    if workers and stop_at != 4:
        return

    def run(folder, *callbacks):
        trainer = line(callbacks=[Look(), optim.Checkpoint(folder, every=1), *callbacks])
        options = {"num_workers": workers, "persistent_workers": True} if workers else {}
        trainer.fit(loader(6, shuffle=True, generator=3, **options), 2, resume=True)
        return trainer.model.state_dict() | {"losses": np.array(trainer.losses)}

    whole = run(tmp_path / "whole")
    with pytest.raises(InterruptedError):
        run(tmp_path / "cut", Stop(stop_at))
    same(whole, run(tmp_path / "cut"))


def test_workers_that_stay_serve_all_validations():
    trainer, data = line(), loader(num_workers=1, persistent_workers=True)
    trainer.evaluate(data)
    (process,) = data._workers.processes
    trainer.evaluate(data)
    trainer.predict(data)
    assert data._workers.processes == [process]
    data._workers.close()


def test_finding_a_rate_leaves_the_loader_where_it_was():
    ends = []
    for look in (True, False):
        trainer, data = line(), loader(shuffle=True, generator=0)
        if look:
            trainer.find_rate(data, steps=10)
        state = data.state_dict()
        assert state["epochs"] == 0
        assert state["epoch"] is None
        trainer.fit(data, 1)
        ends.append(trainer.losses)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("bad", [1, 4])
def test_a_step_that_fails_is_left_out_when_the_run_goes_on(as_list, bad):
    """The first one of an epoch begins it anew."""
    calls = []

    def loss(output, target):
        calls.append(target)
        if len(calls) == bad:
            raise InterruptedError
        return ((output - target) ** 2).mean()

    model = nn.Linear(4, 1, generator=0)
    trainer = optim.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1), progress=False)
    data = list(loader(6)) if as_list else loader(6)
    with pytest.raises(InterruptedError):
        trainer.fit(data, 1)
    trainer.fit(data, 1)
    firsts = [np.flatnonzero(target.value[0] == Y)[0] for target in calls]
    assert firsts == ([0, 0, 6, 12, 18, 24] if bad == 1 else [0, 6, 12, 18, 24])
    assert trainer.step == len(firsts) - 1


def test_data_that_gives_nothing_can_be_replaced():
    trainer = line()
    for _ in range(2):
        with pytest.raises(ValueError, match="the data gave no batch"):
            trainer.fit([], 1)
    assert trainer.fit(loader(), 1)[0]["step"] == 3
