"""Which streams of random numbers a checkpoint knows, and what else a run consists of."""

import random
from functools import partial

import numpy as np
import pytest

import nn
import optim
from autodiff import Generator, manual_seed
from autodiff.kernels import policy
from optim.checkpoint import read_streams, set_streams
from optim.swa_utils import AveragedModel
from tests.optim.training import make


class Slots:
    __slots__ = ("stream",)

    def __init__(self):
        self.stream = Generator(1)


def holders():
    """Things that hold streams in all ways that are looked into, and how to draw from them."""
    rng, own, python = np.random.default_rng(0), Generator(2), random.Random(3)
    module, slots, old = nn.Sequential(nn.Dropout(generator=4)), Slots(), np.random.RandomState(5)
    held = {
        "closure": lambda: rng.normal(), "partial": partial(own.normal), "list": [{"deep": python}],
        "module": module, "slots": slots, "old": old,
    }  # fmt: skip

    def draw():
        shared = np.random.mtrand._rand.normal(), random.random()
        return [
            held["closure"](), own.normal(), python.random(), module[0].generator.normal(), slots.stream.normal(),
            old.normal(), nn.init.normal_(nn.Parameter(np.zeros(1))).item(), *shared,
        ]  # fmt: skip

    return held, draw


def test_streams_are_found_and_put_back():
    manual_seed(0)
    held, draw = holders()
    states = read_streams(data=held)
    arrays, text = optim.files.to_arrays(states)
    first = draw()
    assert first != draw()
    set_streams(optim.files.from_arrays(arrays, text), data=held)
    assert draw() == first


def test_other_streams_than_there_were_are_an_error():
    states = read_streams(data=[Generator(0)])
    with pytest.raises(ValueError, match=r"a random generator at data\.1, of which the checkpoint knows nothing"):
        set_streams(states, data=[Generator(0), Generator(1)])
    with pytest.raises(ValueError, match=r"random generators that are not here: data\.0"):
        set_streams(states, data=[])


def test_reproducible_runs_compile_their_kernels_first(monkeypatch):
    compiled = []
    monkeypatch.setattr(policy, "compile_kernels", lambda: compiled.append(True))
    for mode, times in (("numpy", 0), ("auto", 1)):
        with policy.use_kernels(mode):
            trainer, data, _ = make(reproducible=True)
            trainer.fit(data, 0)
        assert len(compiled) == times


def test_averages_of_weights():
    trainer, data, test = make()
    at_ends = optim.Averaging(AveragedModel(trainer.model), every=0)
    late = optim.Averaging(AveragedModel(trainer.model), every=2, start=5)
    trainer.callbacks += [at_ends, late]
    trainer.fit(data, 2, test)  # of 5 steps each
    assert at_ends.averaged.n_averaged.item() == 2
    assert late.averaged.n_averaged.item() == 2  # steps 7 and 9
    assert trainer.evaluate(test, model=at_ends.averaged)["loss"] != trainer.evaluate(test)["loss"]
