"""On how many threads kernels and matrix products run.

A pool of threads of our own is handed ranges of the work. Compiled loops, which release Python's lock, hand them over
themselves (`compiled/team.py`), functions of NumPy through Python. Numba's own threading layers are not used: one
kills forked children, another stops the process when two Python threads enter it at once.

Threads stay awake for 0.5 ms after each piece of work, since waking one takes 20 to 40 us; OMP_WAIT_POLICY=passive lets
them sleep at once, as it does elsewhere. Where other programs leave them no core, callers go on alone.
"""

from __future__ import annotations

import operator
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

import numpy as np

__all__ = ["get_num_threads", "set_num_threads"]

PATIENCE = 0 if os.environ.get("OMP_WAIT_POLICY", "").lower() == "passive" else 20000  # looks for work: 0.5 ms
WORDS = 256  # in a worker's box: compiled/team.py says what they mean
TOO_LONG = 1e-3  # seconds to wait for a worker
ALONE = 32  # times as long, at most, callers compute alone then
STATE, FAILED, WAITS = 0, 16, 17  # words, and states: likewise
IDLE, JOB, BUSY, WAITED, CALL, CALLED = range(6)

_lock = threading.Lock()
_idle: list[_Worker] = []
_hired = 0  # idle or not
_inside = threading.local()  # a worker that calls a kernel computes it alone
_limits: Any = None
_serve: Any = None  # of compiled/team.py, once a compiled loop has been shared
_linger: Any = None
_alone_until = 0.0  # by perf_counter
_rest = 1.0  # times as long as was waited
_ALONE = np.empty(0, np.int64)


def _available() -> int:
    """How many cores this process may use, or what one of the usual environment variables says."""
    for name in ("AUTODIFF_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        text = os.environ.get(name, "")
        if text.isdigit() and int(text) > 0:
            return int(text)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_count = _available()


def get_num_threads() -> int:
    """How many threads kernels use.

    >>> get_num_threads() >= 1
    True
    """
    return _count


def set_num_threads(n: int) -> None:
    """Let kernels, and the matrix products of NumPy and SciPy, use n threads.

    Matrix products follow if threadpoolctl is installed. Raises ValueError for less than 1.
    """
    global _count, _limits
    n = operator.index(n)
    if n < 1:
        raise ValueError(f"the number of threads is at least 1, got {n}")
    _count = n
    _dismiss()
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    _limits = threadpool_limits(n, user_api="blas")


class _Worker:
    """A thread that joins loops and calls functions. It stays awake for a while after each, and then sleeps."""

    def __init__(self) -> None:
        self.box = np.zeros(WORDS, np.int64)  # what loops tell it
        self.boxes = np.array([self.box.ctypes.data], np.int64)
        self.work: Any = None
        self.keeps: Any = None  # what a loop reads while it is waited for
        self.finished = False
        self.error: BaseException | None = None
        self.asleep = self.ends = False
        self.crew = _idle
        self.lock, self.wake, self.done = _lock, threading.Lock(), threading.Lock()
        self.wake.acquire()
        self.done.acquire()
        threading.Thread(target=self._live, name="autodiff worker", daemon=True).start()

    def rouse(self) -> None:
        """Wake it up, if it sleeps; with the lock held."""
        if self.asleep:
            self.asleep = False
            self.wake.release()

    def call(self, run: Callable[[int, int], Any], start: int, stop: int) -> None:
        """Have it call a function."""
        with self.lock:
            self.finished, self.work, self.box[STATE] = False, (run, start, stop), CALL
            self.rouse()

    def end(self) -> None:
        """Let the thread end."""
        with self.lock:
            self.ends, self.box[STATE] = True, CALL
            self.rouse()

    def wait(self, began: float) -> BaseException | None:
        """Wait until it is done, and return what it has raised, or what has interrupted that.

        A worker that is waited for longer than its caller has worked, since `began`, has no core of its own: callers
        compute alone for as long again, and if it is so soon after that, for twice as long each time.
        """
        global _alone_until, _rest
        done = perf_counter()
        while not self.finished:
            try:
                self.done.acquire()  # it may have rung before
            except BaseException as interruption:
                self.error = self.error or interruption
        waited = min(perf_counter() - done, 1.0)
        if waited > max(TOO_LONG, done - began):
            _rest = min(max(2 * _rest, 1.0), ALONE) if done < _alone_until + ALONE * waited else min(1.0, ALONE)
            _alone_until = done + waited + _rest * waited
        error, self.error = self.error, None
        return error

    def _live(self) -> None:
        _inside.worker = True
        address = int(self.boxes[0])
        while not self.ends:
            state = self.box[STATE] if _serve is None else _serve(address, PATIENCE)
            if state == CALL and self.work:
                (run, *part), self.work = self.work, None
                try:
                    run(*part)
                except BaseException as error:
                    self.error = error
                del run, part
                self.box[STATE] = CALLED
                self._ring()
            elif state == WAITED:
                self._ring()
            else:
                with self.lock:
                    asleep = self.asleep = self.box[STATE] not in (CALL, JOB)
                if asleep:
                    self.wake.acquire()

    def _ring(self) -> None:
        """Tell the caller who waits, or will, that the work is done."""
        self.finished = True
        with suppress(RuntimeError):  # it has rung before, and nobody was waiting
            self.done.release()


def _hire(n: int) -> list[_Worker]:
    """Up to n workers that have nothing to do, for the range beside one's own; others may have all of them."""
    global _hired
    if n < 1 or getattr(_inside, "worker", False) or perf_counter() < _alone_until or sys.is_finalizing():
        return []
    with _lock:
        workers = [_idle.pop() for _ in range(min(n, len(_idle)))]
        while len(workers) < n and _hired < _count - 1:
            try:
                workers.append(_Worker())
            except RuntimeError:  # the interpreter is about to end, or the system has no more threads
                break
            _hired += 1
    return workers


def _release(workers: list[_Worker]) -> None:
    """Let workers go who are done. Those who have been dismissed end, and those that an interruption left at work."""
    global _hired
    for worker in workers:
        with worker.lock:
            ours = worker.crew is _idle
            if ours and worker.work is None and worker.box[STATE] in (IDLE, CALLED):
                _idle.append(worker)
                continue
            _hired -= ours
        worker.end()


def _dismiss() -> None:
    """Let all threads of the pool end, each when it is done."""
    global _idle, _hired
    with _lock:
        before, _idle, _hired = _idle, [], 0
    for worker in before:
        worker.end()


def _forget() -> None:
    """In a forked child there are no threads but this one."""
    global _idle, _hired, _lock, _inside
    _idle, _hired, _lock, _inside = [], 0, threading.Lock(), threading.local()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def share(run: Callable[[int, int], Any], n: int, least: int = 1) -> None:
    """Call `run(start, stop)` on ranges that together are `range(n)`, in parallel, none shorter than `least`.

    >>> found = []
    >>> share(lambda start, stop: found.append((start, stop)), 3, least=3)
    >>> found
    [(0, 3)]
    """
    parts = min(_count, n // max(least, 1))
    workers = _hire(parts - 1)
    if not workers:
        run(0, n)
        return
    parts = len(workers) + 1
    bounds = [n * i // parts for i in range(parts + 1)]
    began, called = perf_counter(), 0
    errors: list[BaseException | None] = []
    try:
        for worker in workers:
            called += 1
            worker.call(run, bounds[called], bounds[called + 1])
        run(bounds[0], bounds[1])
    finally:
        for worker in workers[:called]:
            if _linger is not None:
                _linger(int(worker.boxes[0]), PATIENCE)
            errors.append(worker.wait(began))
        _release(workers)
    _raise(errors)


def share_loop(loop: Any, args: tuple[Any, ...], n: int, least: int, pieces: int) -> None:
    """The same for a compiled loop, which calls the workers itself: each one's part is cut in so many pieces."""
    global _serve, _linger
    parts = min(_count, n // max(least, 1))
    workers = _hire(parts - 1)
    failed = 0
    if not workers:
        failed = loop(_ALONE, 1, n, *args)
    else:
        if _serve is None:
            from .compiled.team import linger, serve

            _serve, _linger = serve, linger
        boxes = workers[0].boxes if len(workers) == 1 else np.concatenate([worker.boxes for worker in workers])
        errors: list[BaseException | None] = []
        began = perf_counter()
        try:
            with _lock:
                for worker in workers:
                    worker.finished, worker.keeps = False, (boxes, workers, args)
                    worker.rouse()
            failed = loop(boxes, min(pieces, n // (len(workers) + 1)), n, *args)
        finally:
            for worker in workers:
                if worker.box[WAITS]:  # it reads the arguments until it is done
                    errors.append(worker.wait(began))
                failed = failed or worker.box[FAILED]
                worker.box[FAILED] = worker.box[WAITS] = 0
                worker.keeps = None
            _release(workers)
        _raise(errors)
    if failed:
        raise RuntimeError("a compiled loop failed; with NUMBA_BOUNDSCHECK=1 it checks its indices")


def _raise(errors: list[BaseException | None]) -> None:
    for error in errors:
        if error is not None:
            raise error
