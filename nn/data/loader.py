"""Batches of a data set, in order or shuffled, made here or by workers."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice
from typing import Any

import numpy as np

from autodiff.random import Generator, as_generator
from nn.init import Randomness
from nn.module import check_sizes

from .fetch import fetch, mix
from .samplers import BatchSampler, Draw, RandomSampler, Sampler, SequentialSampler, begin
from .workers import Workers


class DataLoader:
    """Go over a data set in batches; each `for` loop over it is one epoch. Names and arguments are PyTorch's.

    Args:
        dataset: a `Dataset`, or anything with `len()` and `[i]`: a list of pairs will do.
        batch_size: examples per batch; None gives example after example, not joined.
        shuffle: whether each epoch has an order of its own.
        sampler: gives the indices of an epoch, in place of `shuffle`.
        batch_sampler: gives a list of indices for each batch, in place of the above and of `drop_last`.
        num_workers: processes that make batches ahead; 0 makes them here.
        collate_fn: makes a batch from a list of examples; by default `collate`, which stacks them.
        pin_memory, multiprocessing_context, in_order: False, "spawn" (or None) and True; nothing else is there.
        drop_last: leave out the last batch if it is not full.
        timeout: seconds to wait for a batch of a worker that has begun; 0 waits for ever.
        worker_init_fn: called in each worker with its number, before its first batch.
        generator: draws the orders: the same seed gives the same ones, epoch by epoch.
        prefetch_factor: batches that each worker makes ahead, 2 by default.
        persistent_workers: keep the workers from one epoch to the next.

    Yields what the data set gives, with a batch axis in front, as Tensors. Batches, their order and all that is drawn
    while they are made do not depend on the number of workers. `state_dict()` says where a loop is; after
    `load_state_dict` the next loop goes on from there, with the same batches.

    >>> loader = DataLoader([10, 11, 12, 13, 14], batch_size=2)
    >>> [x.tolist() for x in loader], len(loader)
    ([[10, 11], [12, 13], [14]], 3)

    Raises ValueError for arguments that do not go together, TypeError for what is no data set; while it runs,
    RuntimeError if a worker has ended, TimeoutError, and the errors of the data set, which name the example.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: str | None = None,
        generator: Randomness = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        in_order: bool = True,
    ) -> None:
        kind = dataset if isinstance(dataset, type) else type(dataset)
        if kind is dataset or not hasattr(kind, "__len__") or not hasattr(kind, "__getitem__"):
            raise TypeError(
                f"a data set has len() and [i], {kind.__name__} has not. "
                "Make a list of it, or write nn.data.TensorDataset(x, y)."
            )
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, worker_init_fn)
        if pin_memory or not in_order or multiprocessing_context not in (None, "spawn"):
            raise ValueError(
                'there is no memory to pin, workers are started by "spawn", and batches come in order: leave out '
                "pin_memory, multiprocessing_context and in_order"
            )
        if sampler is not None and shuffle:
            raise ValueError("a sampler gives the order: leave out shuffle=True, or the sampler")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "a batch_sampler gives whole batches: leave out batch_size, shuffle, sampler and drop_last"
            )
        for name, order in (("sampler", sampler), ("batch_sampler", batch_sampler)):
            if isinstance(order, Iterator) or (order is not None and not hasattr(order, "__iter__")):
                raise TypeError(
                    f"a {name} gives its indices anew for each epoch, and {type(order).__name__} does not: pass a list"
                )
        if batch_size is None and drop_last:
            raise ValueError("drop_last=True leaves out a batch that is not full, and batch_size=None makes no batches")
        self.dataset, self.drop_last, self.collate_fn = dataset, drop_last, collate_fn
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor, self.persistent_workers = prefetch_factor or 2, persistent_workers
        self.generator = None if generator is None else as_generator(generator)
        if sampler is None:
            sampler = RandomSampler(dataset, generator=self.generator) if shuffle else SequentialSampler(dataset)
        self.sampler, self.batch_size = sampler, None if batch_sampler is not None else batch_size
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        self._epochs = 0
        self._place: _Place | None = None
        self._resume: dict[str, Any] | None = None
        self._workers: Workers | None = None

    def __len__(self) -> int:
        return len(self._source())

    def __copy__(self) -> DataLoader:
        """A loader of the same data and streams, with workers and a place of its own."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self) | {"_place": None, "_resume": None, "_workers": None})
        return twin

    def __iter__(self) -> Iterator[Any]:
        state, self._resume = self._resume, None
        if state is None:
            self._epochs += 1
        self._place = place = _Place(self, state)
        return self._ahead(place) if self.num_workers else self._here(place)

    def _here(self, place: _Place) -> Iterator[Any]:
        for indices in place.indices:
            batch = fetch(self.dataset, self.collate_fn, indices, (*place.key, place.given))
            place.given_is(indices)
            yield batch
        place.over = True

    def _ahead(self, place: _Place) -> Iterator[Any]:
        """The same by workers, which have some batches to make at any time."""
        workers = self._workers
        if workers is None or not workers.processes:
            workers = Workers(
                self.num_workers, self.dataset, self.collate_fn, self.worker_init_fn, self.timeout, mix(*place.key)
            )
        if self.persistent_workers:
            self._workers = workers
        try:
            workers.owner = place
            tasks = deque(zip(count(place.given), islice(place.indices, self.num_workers * self.prefetch_factor)))
            for number, indices in tasks:
                workers.submit(number, indices, place.key)
            while tasks:
                if workers.owner is not place:
                    raise RuntimeError("a newer loop over this loader has taken its persistent workers")
                number, indices = tasks.popleft()
                batch = workers.take(number, place.key)
                for following in islice(place.indices, 1):
                    tasks.append((number + len(tasks) + 1, following))
                    workers.submit(*tasks[-1], place.key)
                place.given_is(indices)
                yield batch
            place.over = True
        finally:
            if not self.persistent_workers or (not place.over and workers.owner is place):
                workers.close()

    def _source(self) -> Any:
        """What gives the indices of each batch."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _own(self) -> Generator | None:
        """The stream that orders are drawn from, None for the default one."""
        source = self._source()
        while isinstance(source, BatchSampler):
            source = source.sampler
        own = source.generator if isinstance(source, Sampler) else None
        return self.generator if own is None else own

    def state_dict(self) -> dict[str, Any]:
        """Where the newest loop over the loader is, as numbers: the epoch, the batches that it has given, the streams.

        >>> loader = DataLoader(range(6), batch_size=2, shuffle=True, generator=0)
        >>> batches = iter(loader)
        >>> _ = next(batches)
        >>> twin = DataLoader(range(6), batch_size=2, shuffle=True, generator=1)
        >>> twin.load_state_dict(loader.state_dict())
        >>> [b.tolist() for b in twin] == [b.tolist() for b in batches]
        True
        """
        epoch: Any = self._resume if self._place is None else self._place.state()
        own = self._own()
        stream = as_generator(own).get_state()
        return {"epochs": self._epochs, "stream": stream, "own": own is not None, "epoch": epoch}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a state: the next loop gives the batches that were still to come.

        If nothing was to come, it is the next epoch. The stream that orders are drawn from goes on from where it was,
        be it the default one. Raises ValueError for the state of another data set.
        """
        epoch = _has(state, "epochs", "stream", "own", "epoch")["epoch"]
        if epoch is not None:
            _has(epoch, "batch", "draw", "key", "check", "examples")
        if epoch is not None and epoch["examples"] != len(self.dataset):
            raise ValueError(
                f"the state is of a loader over {epoch['examples']} examples, and this data set has {len(self.dataset)}"
            )
        own = self._own()
        if (own is not None) != state["own"]:
            raise ValueError(
                f"the state is of a loader {'with' if state['own'] else 'without'} a generator: make this one "
                f"{'with one too, generator=0' if state['own'] else 'so, too'}"
            )
        self._epochs, self._resume, self._place = int(state["epochs"]), epoch, None
        as_generator(own).set_state(state["stream"])


def _has(state: Any, *keys: str) -> Any:
    if not isinstance(state, Mapping) or not state.keys() >= set(keys):
        raise ValueError("this is no state that DataLoader.state_dict has given")
    return state


def _check_workers(num_workers: Any, timeout: float, prefetch_factor: Any, persistent: bool, init: Any) -> None:
    if isinstance(num_workers, bool) or not isinstance(num_workers, int | np.integer) or num_workers < 0:
        raise ValueError(f"num_workers is an integer of at least 0, got {num_workers!r}")
    if not timeout >= 0:
        raise ValueError(f"timeout is not negative, got {timeout!r}")
    if prefetch_factor is not None:
        check_sizes(prefetch_factor=prefetch_factor)
    if not num_workers and (timeout or prefetch_factor or persistent or init):
        raise ValueError(
            "timeout, prefetch_factor, persistent_workers and worker_init_fn are of workers: write num_workers=1"
        )


class _Place:
    """Where a loop over a loader is."""

    def __init__(self, loader: DataLoader, state: dict[str, Any] | None) -> None:
        self.examples = len(loader.dataset)
        draw: Draw = None if state is None or state["draw"] is None else (state["draw"][0], state["draw"][1])
        stream = as_generator(loader._own())
        self.key: tuple[int, ...] = (loader._epochs, stream.seed, stream.offset) if state is None else (*state["key"],)
        self.draw, indices = begin(loader._source(), draw, loader.generator)
        self.indices = iter(indices)
        self.given, self.check, self.over = 0, 0, False
        for before in islice(self.indices, 0 if state is None else state["batch"]):
            self.given_is(before)
        if state is not None and (self.given, self.check) != (state["batch"], state["check"]):
            raise ValueError(
                f"the {state['batch']} batches that the saved loop has given are not the first ones of this loader: "
                "the data set, batch_size and sampler must be as they were, and the sampler give the same order again"
            )

    def given_is(self, indices: Any) -> None:
        """Note that the batch of these indices is given."""
        self.given += 1
        self.check = _check(self.check, indices)

    def state(self) -> dict[str, Any] | None:
        """The place as numbers; None at the end."""
        if self.over:
            return None
        return {
            "batch": self.given, "draw": None if self.draw is None else list(self.draw), "key": list(self.key),
            "check": self.check, "examples": self.examples,
        }  # fmt: skip


def _check(before: int, indices: Any) -> int:
    """A number that says which batches there were."""
    array = np.asarray(indices)
    data = array.astype(np.int64).tobytes() if array.dtype.kind in "iu" else repr(indices).encode()
    return zlib.crc32(data, before)
