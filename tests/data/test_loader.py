"""The loader with and without workers: the same batches, after a resume too; and errors instead of hangs."""

import functools
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple

import numpy as np
import pytest

import autodiff as ad
from autodiff.tensor import Tensor
from nn.data import (
    BatchSampler,
    BucketBatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    Sampler,
    SequentialSampler,
    StratifiedSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    collate,
    get_worker_info,
    pad_collate,
)
from tests.processes import ROOT


class Noisy(Dataset):
    """Examples with noise from the default stream and from one of its own."""

    def __init__(self, n=20):
        self.n, self.stream = n, ad.Generator(5)

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return {"i": i, "noise": ad.random.as_generator().normal(3), "own": self.stream.uniform()}


class Broken(Noisy):
    def __init__(self, what):
        super().__init__()
        self.what = what

    def __getitem__(self, i):
        if i == 7:
            {"exit": lambda: os._exit(3), "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
             "sleep": lambda: time.sleep(60), "raise": lambda: [].index(i), "odd": self.odd,
             "leave": self.leave}[self.what]()  # fmt: skip
        return i

    def name_of(self, i):
        return f"file{i}.jpg"

    def odd(self):
        raise TwoArgumentsError("a", "b")

    def leave(self):
        """End, and leave a process behind that holds our end of the pipe open."""
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
        os._exit(4)


class TwoArgumentsError(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def flat(batches):
    """All numbers of nested batches, as bytes."""
    if isinstance(batches, dict):
        return flat(list(batches.values()))
    if isinstance(batches, list | tuple):
        return b"".join(flat(b) for b in batches)
    return np.asarray(batches.value if type(batches) is Tensor else batches).tobytes()


def loader(workers=0, data=None, **options):
    return DataLoader(data or Noisy(), 3, shuffle=True, generator=ad.Generator(1), num_workers=workers, **options)


def test_batches_do_not_depend_on_the_number_of_workers():
    epochs = []
    for workers in (0, 1, 2):
        ad.manual_seed(3)
        one = loader(workers, **({"persistent_workers": workers == 2} if workers else {}))
        epochs.append([flat(list(one)) for _ in range(2)])
        assert ad.random.as_generator().get_state() == {"seed": 3, "offset": 0}
    assert epochs[0] == epochs[1] == epochs[2]
    assert epochs[0][0] != epochs[0][1]


@pytest.mark.parametrize(("given", "workers"), [(0, 0), (1, 0), (4, 0), (7, 0), (4, 2)])
def test_a_loop_goes_on_where_it_was(given, workers):
    ad.manual_seed(3)
    whole = loader()
    batches = [[flat(b) for b in whole] for _ in range(3)]
    ad.manual_seed(3)
    one = loader(workers)
    assert [flat(b) for b in one] == batches[0]
    loop = iter(one)
    assert [flat(next(loop)) for _ in range(given)] == batches[1][:given]
    state = json.loads(json.dumps(one.state_dict()))
    del loop
    other = loader(0 if workers else 2) if given == 4 else loader()
    other.generator.set_state({"seed": 99, "offset": 7})
    other.load_state_dict(state)
    assert other.state_dict() == state
    assert [flat(b) for b in other] == batches[1][given:]
    assert [flat(b) for b in other] == batches[2]


def test_a_state_between_epochs_goes_on_with_the_next():
    one = loader(data=list(range(10)))
    list(one)
    other = loader(data=list(range(10)))
    other.load_state_dict(one.state_dict())
    assert flat(list(one)) == flat(list(other))


@pytest.mark.parametrize(
    "sampler",
    [
        lambda: {"sampler": WeightedRandomSampler(np.arange(1, 11), 9, generator=4), "batch_size": 2},
        lambda: {"sampler": StratifiedSampler(np.arange(10) % 3, generator=4), "batch_size": 2},
        lambda: {"batch_sampler": BucketBatchSampler(np.arange(10) % 4, 3, pool=2, generator=4)},
        lambda: {"batch_sampler": [[1, 2], [3], [9, 0]]},
        lambda: {"sampler": range(9, -1, -1), "batch_size": 4},
        lambda: {"batch_sampler": BatchSampler(SequentialSampler(range(10)), 3, True)},
        lambda: {"batch_size": None, "shuffle": True, "generator": 4},
        lambda: {"sampler": WeightedRandomSampler(np.arange(1, 11), 9), "batch_size": 2, "generator": 4},
        lambda: {"batch_sampler": BatchSampler(StratifiedSampler(np.arange(10) % 3), 3), "generator": 4},
    ],
)
def test_any_sampler_goes_on(sampler):
    data = TensorDataset(np.arange(10) * 10)
    one, whole, other = (DataLoader(data, **sampler()) for _ in range(3))
    expected = [[flat(b) for b in whole] for _ in range(2)]
    assert len(whole) == len(expected[0])
    loop = iter(one)
    assert [flat(next(loop)) for _ in range(2)] == expected[0][:2]
    other.load_state_dict(one.state_dict())
    assert [flat(b) for b in other] == expected[0][2:]
    assert [flat(b) for b in other] == expected[1]


class Unseeded(Sampler):
    def __iter__(self):
        return iter(np.random.default_rng().permutation(1000).tolist())

    def __len__(self):
        return 1000


def test_a_state_that_does_not_fit_is_an_error():
    one = DataLoader(range(1000), sampler=Unseeded())
    next(iter(one))
    other = DataLoader(range(1000), sampler=Unseeded())
    other.load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match="the sampler give the same order again"):
        iter(other)
    with pytest.raises(ValueError, match="over 1000 examples, and this data set has 5"):
        DataLoader(range(5)).load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match=r"no state that DataLoader\.state_dict"):
        other.load_state_dict({"epochs": 3})
    with pytest.raises(ValueError, match=r"no state that DataLoader\.state_dict"):
        other.load_state_dict({**one.state_dict(), "epoch": {"batch": 1}})
    long = one.state_dict()
    long["epoch"]["batch"] = 10**15
    other.load_state_dict(long)
    with pytest.raises(ValueError, match="the 1000000000000000 batches that the saved loop has given are not"):
        iter(other)
    with pytest.raises(ValueError, match="of a loader without a generator: make this one so, too"):
        DataLoader(range(1000), generator=1).load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match="with a generator: make this one with one too, generator=0"):
        DataLoader(range(10), shuffle=True).load_state_dict(loader(data=list(range(10))).state_dict())


def test_the_error_of_a_worker_is_that_of_the_data_set():
    for workers in (0, 1):
        with pytest.raises(ValueError, match="is not in list") as caught:
            list(DataLoader(Broken("raise"), 2, num_workers=workers))
        notes = "\n".join(caught.value.__notes__)
        assert "while making file7.jpg" in notes
        assert ("in DataLoader worker 0:\nTraceback" in notes) == bool(workers)
        assert not workers or "in __getitem__" in notes
    with pytest.raises(RuntimeError, match="TwoArgumentsError in DataLoader worker 0") as caught:
        list(DataLoader(Broken("odd"), 2, num_workers=1))
    assert "TwoArgumentsError: a and b" in caught.value.__notes__[0]


def test_a_worker_that_ends_is_an_error_and_not_a_hang():
    got = []
    with pytest.raises(RuntimeError, match=r"worker 1 \(process \d+\) has ended with exit code 3 before batch 3 was"):
        got.extend(batch.tolist() for batch in DataLoader(Broken("exit"), 2, num_workers=2))
    assert got == [[0, 1], [2, 3], [4, 5]]
    if hasattr(signal, "SIGKILL"):
        with pytest.raises(RuntimeError, match=r"exit code -9 \(SIGKILL\): is there enough memory\?"):
            list(DataLoader(Broken("kill"), 2, num_workers=1))
    with pytest.raises(RuntimeError, match="has ended with exit code 4"):
        list(DataLoader(Broken("leave"), 2, num_workers=1, timeout=30))
    assert not multiprocessing.active_children()


def test_a_slow_worker_runs_out_of_time():
    with pytest.raises(TimeoutError, match=r"worker 0 has not made batch 3 in 1 seconds"):
        list(DataLoader(Broken("sleep"), 2, num_workers=1, timeout=1))


def told(i):
    info = get_worker_info()
    info.dataset.n = 100 + i
    assert info.id == i < info.num_workers


def size(examples):
    return get_worker_info().dataset.n, len(examples), get_worker_info().seed


def test_worker_init_fn_and_worker_info():
    assert get_worker_info() is None
    found = list(DataLoader(Noisy(4), 2, num_workers=2, worker_init_fn=told, collate_fn=size))
    assert [f[:2] for f in found] == [(100, 2), (101, 2)]
    assert found[0][2] != found[1][2]


def fails(i):
    raise OSError("no such disk")


def test_a_worker_that_cannot_begin_says_why():
    with pytest.raises(OSError, match="no such disk"):
        list(DataLoader(Noisy(4), num_workers=1, worker_init_fn=fails))
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError), match=r"(?i)pickle") as caught:
        list(DataLoader(Noisy(4), num_workers=1, collate_fn=lambda b: b))
    assert "write functions at the top of a module" in caught.value.__notes__[0]


def run(code, *, send=None):
    """Run a script file in a process group of its own; `send` a signal to all of it when it says "now"."""
    process = subprocess.Popen(
        [sys.executable, "-u", str(code)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    if send is not None:
        while "now" not in (line := process.stdout.readline()):
            assert line
        os.killpg(process.pid, send)
    out, err = process.communicate(timeout=60)  # returns when the last process that could write has ended
    return process.returncode, out, err


@pytest.mark.skipif(os.name != "posix", reason="signals to a group of processes are POSIX's")
def test_ctrl_c_ends_all_processes_without_a_word_from_workers(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(
        textwrap.dedent("""
        import time
        from nn.data import DataLoader
        if __name__ == "__main__":
            try:
                for batch in DataLoader(range(1000), 2, num_workers=2):
                    print("now", flush=True)
                    time.sleep(0.2)
            except KeyboardInterrupt:
                print("interrupted")
    """)
    )
    code, out, err = run(path, send=signal.SIGINT)
    assert (code, err) == (0, "")
    assert out.endswith("interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_a_script_without_a_main_line_is_told_so(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("from nn.data import DataLoader\nlist(DataLoader(range(10), num_workers=1))\n")
    code, _, err = run(path)
    assert code == 1
    assert '`if __name__ == "__main__":`' in err.splitlines()[-1]


def test_leaving_a_loop_ends_its_workers():
    for batch in DataLoader(range(100), 2, num_workers=1):
        assert batch.tolist() == [0, 1]
        break
    assert not multiprocessing.active_children()


def test_persistent_workers_stay_and_drop_what_was_left():
    one = DataLoader(range(10), 2, num_workers=1, persistent_workers=True)
    for _ in one:
        pids = [p.pid for p in multiprocessing.active_children()]
        break
    assert [b.tolist() for b in one] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    first = iter(one)
    next(first)
    second = iter(one)
    assert next(second).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match="a newer loop over this loader"):
        next(first)
    assert next(second).tolist() == [2, 3]
    assert len(pids) == 1
    del one, first, second
    assert not multiprocessing.active_children()


def test_large_batches_of_any_layout_come_whole():
    x = np.arange(300_000.0).reshape(3, 100_000)
    y = np.asfortranarray(x.reshape(3, 100, 1000)).astype(np.float32)
    z = np.empty((3, 0))
    (batch,) = DataLoader(TensorDataset(x, y, z), 3, num_workers=1)
    for found, given in zip(batch, (x, y, z), strict=True):
        np.testing.assert_array_equal(found.value, given)
        assert found.dtype == given.dtype
        found.value[...] = 0  # one's own, to be written


Pair = namedtuple("Pair", "x y")


def test_nested_batches_and_padding():
    batch = next(iter(DataLoader([Pair({"a": np.ones(2), "b": "p"}, (1, 2.5))] * 2, 2)))
    assert type(batch) is Pair
    assert batch.x["a"].shape == (2, 2)
    assert batch.x["b"] == ["p", "p"]
    assert batch.y[1].tolist() == [2.5, 2.5]
    with pytest.raises(ValueError, match="the same keys"):
        next(iter(DataLoader([{"a": 1}, {"b": 1}], 2)))
    words = [(np.arange(n), n) for n in (3, 1, 0)]
    x, n = pad_collate(words)
    assert (x.tolist(), n.tolist()) == ([[0, 1, 2], [0, 0, 0], [0, 0, 0]], [3, 1, 0])
    (x, lengths), _ = pad_collate(words, value=-1, lengths=True)
    assert (x.tolist(), lengths.tolist()) == ([[0, 1, 2], [0, -1, -1], [-1, -1, -1]], [3, 1, 0])
    (x, _), *_ = DataLoader(words, 3, collate_fn=functools.partial(pad_collate, value=9))
    assert x.tolist()[1] == [0, 9, 9]
    images = pad_collate([np.ones((1, 2)), np.ones((2, 1))])
    assert images.tolist() == [[[1, 1], [0, 0]], [[1, 0], [1, 0]]]
    with pytest.raises(ValueError, match="as many axes"):
        pad_collate([np.ones(2), np.ones((2, 1))])


def test_what_is_no_number_stays_a_list_and_sorts_are_not_mixed():
    assert collate([np.str_("a"), np.str_("b")]) == ["a", "b"]
    days = [np.datetime64("2020-01-01"), np.datetime64("2020-01-02")]
    assert collate([(day, 1) for day in days])[0] == days
    for examples, sorts in (
        ([1, "a"], "int, str"), ([(1, 2), 3], "int, tuple"), ([{"a": 1}, None], "NoneType, dict"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=f"are of one sort, got {sorts}$"):
            collate(examples)
    assert collate([1, 2.5, np.float32(3)]).tolist() == [1, 2.5, 3]
    with pytest.raises(ValueError, match=r"have \[1, 3\] parts.* a sequence of numbers is an array"):
        pad_collate([[1, 2, 3], [1]])


@pytest.mark.parametrize(("value", "dtype"), [(np.nan, "i8"), (0.5, "i8"), (-1, "u1"), (300, "u1"), (None, "f4")])
def test_padding_with_a_number_that_the_arrays_cannot_hold(value, dtype):
    with pytest.raises(ValueError, match="is no number of"):
        pad_collate([np.ones(1, dtype), np.ones(2, dtype)], value=value)


def test_a_batch_that_cannot_be_joined_names_its_examples():
    with pytest.raises(ValueError, match=r"one shape, got float64 \(2,\), float64 \(3,\)") as caught:
        next(iter(DataLoader([np.ones(2), np.ones(3)], 2)))
    assert caught.value.__notes__ == ["while joining example 0, example 1"]


def test_batches_of_parts_of_data_sets():
    data = TensorDataset(np.arange(10), transform=np.negative)
    part = Subset(data, [5, 3, 1])
    ((batch,),) = DataLoader(part, 3)
    assert batch.tolist() == [-5, -3, -1]
    both = ConcatDataset([part, data])
    assert len(both) == len(part + data) == 13
    assert [b.tolist() for (b,) in DataLoader(both, 7)] == [[-5, -3, -1, 0, -1, -2, -3], [-4, -5, -6, -7, -8, -9]]
    assert both[-1][0].item() == -9
    with pytest.raises(IndexError, match="13 examples in all, and no example 13"):
        both[13]
    with pytest.raises(IndexError, match="has 10 examples, and there is no example 10"):
        Subset(data, [0, 10])
    with pytest.raises(TypeError, match="integers in one axis"):
        Subset(data, [0.5])
    with pytest.raises(TypeError, match=r"got bool \(10,\)\. np\.flatnonzero\(mask\)"):
        Subset(data, np.arange(10) > 3)
    with pytest.raises(TypeError, match="a list of data sets, got a single one"):
        ConcatDataset(data)
    with pytest.raises(TypeError, match="slice"):
        both[:2]
    assert len(Subset(data, [])) == 0
    assert Subset("abcd", [3, 1, 0])[1:] == ["b", "a"]


class Listed(Noisy):
    def __getitems__(self, places):
        return [10 * i for i in places]


def test_batch_size_none_and_getitems():
    assert [x.item() for (x,) in DataLoader(TensorDataset(np.arange(3)), batch_size=None)] == [0, 1, 2]
    assert list(DataLoader("abc", batch_size=None, collate_fn=str.upper)) == ["A", "B", "C"]
    assert next(iter(DataLoader(Listed(), 3))).tolist() == [0, 10, 20]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_workers": -1}, "num_workers is an integer of at least 0"),
        ({"timeout": 3}, "are of workers"),
        ({"persistent_workers": True}, "are of workers"),
        ({"num_workers": 1, "timeout": -1}, "timeout is not negative"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor"),
        ({"sampler": [1], "shuffle": True}, "a sampler gives the order"),
        ({"batch_sampler": [[1]], "drop_last": True}, "a batch_sampler gives whole batches"),
        ({"batch_sampler": [[1]], "batch_size": 3}, "a batch_sampler gives whole batches"),
        ({"batch_size": None, "drop_last": True}, "drop_last=True"),
        ({"pin_memory": True}, "no memory to pin"),
        ({"num_workers": 1, "multiprocessing_context": "fork"}, "started by .spawn."),
    ],
)
def test_arguments_that_do_not_go_together(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(range(3), **options)


@pytest.mark.parametrize("order", [iter([1, 2]), (i for i in [1]), 3])
@pytest.mark.parametrize("name", ["sampler", "batch_sampler"])
def test_an_order_that_is_used_up_after_an_epoch_is_refused(name, order):
    with pytest.raises(
        TypeError, match=f"a {name} gives its indices anew for each epoch, and .* does not: pass a list"
    ):
        DataLoader(range(3), **{name: order})


@pytest.mark.parametrize("data", [[1, 2], TensorDataset(np.arange(2))])
def test_a_batch_of_nothing_is_named(data):
    with pytest.raises(ValueError, match="a batch has one example at least"):
        list(DataLoader(data, batch_sampler=[[0], []]))
