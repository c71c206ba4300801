"""Processes that make batches ahead of the one that trains.

Each has a pipe of its own, so none can hold a lock that another needs, and the end of a process is the end of its pipe.
What goes through the pipes is pickled, by our own processes for our own processes; nothing is unpickled from a file.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import queue
import signal
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

from autodiff.random import as_generator, manual_seed

from .fetch import fetch, mix


class WorkerInfo(NamedTuple):
    """What a worker is: its number, how many there are, a seed of its own, and its copy of the data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_BEGIN = 60.0  # the least seconds for a worker to import what it needs
_LOOK = 2.0  # seconds between two looks at whether it is alive
_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """What the worker is that this is called in; None in the process that trains."""
    return _info


class Workers:
    """`num_workers` processes; task k is done by number k modulo `num_workers`, in the order of the tasks."""

    def __init__(
        self, num_workers: int, dataset: Any, collate_fn: Callable[[Any], Any] | None,
        worker_init_fn: Callable[[int], None] | None, timeout: float, seed: int,
    ) -> None:  # fmt: skip
        try:
            payload = ForkingPickler.dumps((dataset, collate_fn, worker_init_fn))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            error.add_note(
                "Workers get the data set, its transforms and the functions of the loader by pickling: write functions "
                "at the top of a module in place of lambdas and inner functions, or leave num_workers at 0."
            )
            raise
        context = get_context("spawn")
        self.timeout = timeout or math.inf
        self.owner: Any = None  # the loop over the loader that the tasks are of
        self.connections: list[Connection[Any, Any]] = []
        self.processes: list[Any] = []
        self.results: list[queue.SimpleQueue[Any]] = []
        self._begun = [False] * num_workers
        weakref.finalize(self, _end, self.processes, self.connections)
        with _no_interrupts():
            for i in range(num_workers):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_work, args=(theirs, i, num_workers, seed), daemon=True, name=f"DataLoader worker {i}"
                )
                process.start()
                theirs.close()
                self.processes.append(process)
                self.connections.append(ours)
                self.results.append(queue.SimpleQueue())
                threading.Thread(target=_listen, args=(ours, self.results[i]), daemon=True).start()
        for i in range(num_workers):
            self._send(i, payload)

    def submit(self, number: int, indices: Any, key: tuple[int, ...]) -> None:
        """Hand out a task."""
        task = pickle.dumps((number, indices, key, as_generator().seed))
        self._send(number % len(self.processes), task)

    def _send(self, i: int, message: Any) -> None:
        with contextlib.suppress(OSError):  # it has ended: said when its batch is asked for
            self.connections[i].send_bytes(message)

    def take(self, number: int, key: tuple[int, ...]) -> Any:
        """Wait for the batch of a task."""
        i = number % len(self.processes)
        while True:
            answer = self._answer(i, number)
            if answer is None:
                raise self._ended(i, number)
            found, parts = answer
            if found == "ready":
                self._begun[i] = True
            elif found == "failed":  # before its first task
                error = _raised(i, *_unpack(parts))
                if isinstance(error, AttributeError):
                    error.add_note("Workers find classes and functions in modules, not in a notebook or at the prompt.")
                raise error
            elif found == (number, key):  # others are of a loop that was left
                good, value = _unpack(parts)
                if not good:
                    raise _raised(i, good, value)
                return value

    def _answer(self, i: int, number: int) -> Any:
        """The next answer of a worker; None if it has ended."""
        seconds = self.timeout if self._begun[i] else max(self.timeout, _BEGIN)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            alive = self.processes[i].is_alive()  # asked first: what it has sent by then is found below
            with contextlib.suppress(queue.Empty):
                return self.results[i].get(timeout=min(left, _LOOK))
            if not alive:  # but a process of its own keeps the pipe open
                return None
        raise TimeoutError(
            f"DataLoader worker {i} has not {f'made batch {number}' if self._begun[i] else 'begun'} in {seconds:g} "
            "seconds. Give it more with timeout=, or look at what the data set does."
        )

    def _ended(self, i: int, number: int) -> RuntimeError:
        process = self.processes[i]
        process.join(5)
        code = process.exitcode
        why = ""
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                why = f" ({signal.Signals(-code).name})"
            if code == -getattr(signal, "SIGKILL", 9):
                why += ": is there enough memory?"
        text = f"DataLoader worker {i} (process {process.pid}) has ended with exit code {code}{why}"
        if not self._begun[i]:
            return RuntimeError(
                f"{text} before it could begin. Its message is above. A script that uses workers starts its work below "
                'a line `if __name__ == "__main__":`, since each worker imports the script.'
            )
        return RuntimeError(f"{text} before batch {number} was made; num_workers=0 makes it here, where one can look.")

    def close(self) -> None:
        """End the processes."""
        _end(self.processes, self.connections)


def _end(processes: list[Any], connections: list[Connection[Any, Any]]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.send_bytes(b"")
    for process in processes:
        process.join(2)
        for stop in (process.terminate, process.kill):
            if process.is_alive():
                stop()
                process.join(2)
    processes.clear()
    connections.clear()  # the threads that listen close them


def _listen(connection: Connection[Any, Any], results: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            found, sizes = pickle.loads(connection.recv_bytes())
            parts = [bytearray(size) for size in sizes]
            for part in parts:
                if part:
                    connection.recv_bytes_into(part)
            results.put((found, parts))
    except (EOFError, OSError):
        pass  # the worker has ended
    finally:
        results.put(None)
        connection.close()


def _pack(value: Any) -> list[Any]:
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return [head, *(buffer.raw() for buffer in buffers)]


def _unpack(parts: list[Any]) -> Any:
    return pickle.loads(parts[0], buffers=parts[1:])


def _raised(i: int, good: bool, value: Any) -> BaseException:
    """The error that a worker has sent, with the lines that it came from."""
    pickled, name, text = value
    try:
        error = pickle.loads(pickled) if pickled else RuntimeError(f"{name} in DataLoader worker {i}")
    except Exception:
        error = RuntimeError(f"{name} in DataLoader worker {i}")
    error.add_note(f"in DataLoader worker {i}:\n{text}")
    return error


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from processes that begin here: the one that trains hears it, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker  # which is no module of Windows

    resource_tracker.ensure_running()  # it lets signals through again when it begins, with the first process otherwise
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- in the worker ----------------------------------------------------------------------------------------


def _work(connection: Connection[Any, Any], i: int, num_workers: int, seed: int) -> None:
    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped = threading.Event()
    threading.Thread(target=_receive, args=(connection, tasks, stopped), daemon=True).start()
    try:
        try:
            dataset, collate_fn, worker_init_fn = pickle.loads(tasks.get())
            _info = WorkerInfo(i, num_workers, mix(seed, i), dataset)
            if worker_init_fn is not None:
                worker_init_fn(i)
        except Exception as error:
            return _answer(connection, "failed", _pack((False, _error(error))))
        _answer(connection, "ready", [])
        while (task := tasks.get()) and not stopped.is_set():
            number, indices, key, default = pickle.loads(task)
            if as_generator().seed != default:
                manual_seed(default)
            try:
                parts = _pack((True, fetch(dataset, collate_fn, indices, (*key, number))))
            except Exception as error:
                parts = _pack((False, _error(error)))
            _answer(connection, (number, key), parts)
    except OSError:
        pass  # nobody listens any more


def _receive(connection: Connection[Any, Any], tasks: queue.SimpleQueue[Any], stopped: threading.Event) -> None:
    """Read tasks at once, so that the process that trains never waits to hand one out."""
    try:
        while message := connection.recv_bytes():
            tasks.put(message)
    except (EOFError, OSError):
        os._exit(1)  # the process that trains is gone
    stopped.set()
    tasks.put(b"")


def _answer(connection: Connection[Any, Any], found: Any, parts: list[Any]) -> None:
    connection.send_bytes(pickle.dumps((found, [len(part) for part in parts])))
    for part in parts:
        if len(part):
            connection.send_bytes(part)


def _error(error: Exception) -> tuple[bytes, str, str]:
    text = "".join(traceback.format_exception(error)).rstrip()
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:  # of its own class, with other arguments than its message
        pickled = b""
    return pickled, type(error).__name__, text
