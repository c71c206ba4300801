"""The loader beside PyTorch's: names, arguments, and the batches that come of them."""

import inspect
import random
import types

import numpy as np
import pytest
import torch
import torch.utils.data as theirs

from nn import data as ours
from nn.data import transforms as T

ABSENT = {
    **dict.fromkeys(["ChainDataset", "IterableDataset"], "no order of examples that a run could go on in"),
    **dict.fromkeys(["DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe", "functional_datapipe",
                     "guaranteed_datapipes_determinism", "non_deterministic", "runtime_validation",
                     "runtime_validation_disabled", "argument_validation"], "deprecated: data pipes"),
    "DistributedSampler": "one machine", "StackDataset": "TensorDataset, or a list of tuples",
    "default_convert": "a loader with batch_size=None gives examples as they are",
}  # fmt: skip
OTHER = {  # argument: why it is not the same
    "tensors": "TensorDataset(*arrays)", "transform": "ours besides", "stratify": "ours besides",
    "pin_memory_device": "device", "generator": "ours may be a seed",
}  # fmt: skip


def test_every_name_is_here_or_absent_for_a_reason():
    names = {n for n in theirs.__all__ if n[0] != "_" and not isinstance(getattr(theirs, n), types.ModuleType)}
    assert names - set(ours.__all__) == set(ABSENT)


@pytest.mark.parametrize(
    "name", sorted(set(theirs.__all__) & set(ours.__all__) - {"Dataset", "Sampler", "TensorDataset"})
)
def test_arguments(name):
    def arguments(function):
        return [(p.name, p.kind) for p in inspect.signature(function).parameters.values() if p.name not in OTHER]

    mine, given = arguments(getattr(ours, name)), arguments(getattr(theirs, name))
    if name == "default_collate":
        assert len(mine) == len(given) == 1
    elif name != "get_worker_info":
        assert mine == given


@pytest.mark.parametrize("seed", range(40))
def test_batches_of_random_loaders(seed):
    draw = random.Random(seed)
    n, size = draw.randrange(0, 20), draw.randrange(1, 7)
    examples = [{"x": np.full((2, 3), i, np.float32), "y": (i, float(i), "abc"[i % 3])} for i in range(n)]
    options = draw.choice([
        lambda m: {"batch_size": size, "drop_last": seed % 2 == 0},
        lambda m: {"batch_size": size, "sampler": m.SequentialSampler(examples)},
        lambda m: {"batch_sampler": m.BatchSampler(range(n - 1, -1, -1), size, True)},
        lambda m: {"batch_size": size, "collate_fn": len},
        lambda m: {"batch_sampler": [[0], [], [n - 1] * 3] if n > 99 else [[i] for i in range(n)]},
    ])  # fmt: skip
    mine, given = (m.DataLoader(examples, **options(m)) for m in (ours, theirs))
    assert len(mine) == len(given)

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return value.tolist() if hasattr(value, "tolist") else value

    assert plain(list(mine)) == plain(list(given))


@pytest.mark.parametrize("lengths", [[3, 4], [0.5, 0.5], [0.3, 0.3, 0.4], [0.9, 0.1], [1 / 3] * 3])
def test_sizes_of_splits(lengths):
    n = sum(lengths) if isinstance(lengths[0], int) else 31
    assert [len(p) for p in ours.random_split(range(n), lengths)] == [
        len(p) for p in theirs.random_split(range(n), lengths)
    ]


@pytest.mark.parametrize("size", [(5, 9), (20, 3), (8, 8), (1, 30)])
def test_resize(size):
    x = np.random.default_rng(0).random((2, 3, 8, 11))
    given = torch.nn.functional.interpolate(torch.tensor(x), size, mode="bilinear", antialias=True)
    np.testing.assert_allclose(T.Resize(size)(x), given.numpy(), rtol=1e-6, atol=1e-6)
