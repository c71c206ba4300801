"""On how many threads kernels and matrix products run.

Compiled loops release Python's lock and are handed ranges of the work, one for each thread of a pool of our own.
Numba's own threading layers are not used: one kills forked children, another stops the process when two Python
threads enter it at once.
"""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["get_num_threads", "set_num_threads"]

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_inside = threading.local()  # a worker that calls a kernel computes it alone
_limits: Any = None


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
    _drop_pool()
    _count = n
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return
    _limits = threadpool_limits(n, user_api="blas")


def _drop_pool() -> None:
    global _pool
    with _lock:
        if _pool is not None:
            _pool.shutdown(wait=False)
        _pool = None


def _forget_pool() -> None:
    """In a forked child there are no threads but this one."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _start() -> None:
    _inside.worker = True


def share(run: Callable[[int, int], Any], n: int, least: int = 1) -> None:
    """Call `run(start, stop)` on ranges that together are `range(n)`, in parallel, none shorter than `least`.

    >>> found = []
    >>> share(lambda start, stop: found.append((start, stop)), 3, least=3)
    >>> found
    [(0, 3)]
    """
    global _pool
    parts = min(_count, n // max(least, 1))
    if parts < 2 or getattr(_inside, "worker", False):
        run(0, n)
        return
    with _lock:
        if _pool is None:
            from concurrent.futures import ThreadPoolExecutor

            _pool = ThreadPoolExecutor(_count - 1, thread_name_prefix="autodiff", initializer=_start)
        pool = _pool
        bounds = [n * i // parts for i in range(parts + 1)]
        jobs = [pool.submit(run, bounds[i], bounds[i + 1]) for i in range(1, parts)]
    try:
        run(bounds[0], bounds[1])
    finally:
        for job in jobs:
            job.result()
