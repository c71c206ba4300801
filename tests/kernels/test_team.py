"""Compiled loops that call workers: all of a range once, whoever computes it, and nothing lost when that fails."""

import _thread
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from autodiff.kernels import threads
from autodiff.kernels.policy import loop
from autodiff.kernels.threads import get_num_threads, set_num_threads


@loop("void(T[:, ::1], T[::1], T[::1], T)", shared="rows")
def _scaled_rows(x, y, out, factor):
    for i in range(out.size):
        out[i] += x[i].sum() * y[i] * factor


@loop("void(T[::1], int64, int64)", shared="range")
def _count(seen, start, stop):
    for i in range(start, stop):
        seen[i] += 1


@loop("void(int64, T[::1], int64, int64)", shared="range")
def _slowly(work, seen, start, stop):
    for i in range(start, stop):
        total = seen[i]
        for j in range(work):
            total = np.sqrt(total * total + j)
        seen[i] = total


@loop("void(T[::1], int64, int64)", shared="range")
def _fails(seen, start, stop):
    for i in range(start, stop):
        if seen[i] == 3:
            raise ValueError
        seen[i] = 1


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    for each in (_scaled_rows, _count, _slowly, _fails):
        each.compile("d")


@pytest.fixture(params=[1, 2, 3, 5])
def count(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


@pytest.mark.usefixtures("count")
@pytest.mark.parametrize("pieces", [1, 2, 4])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 1001])
def test_each_of_a_range_is_computed_once(n, pieces):
    seen = np.zeros(n)
    for i in range(50):
        _count.share(seen, n=n, pieces=pieces)
        assert (seen == i + 1).all()


@pytest.mark.usefixtures("count")
def test_rows_of_all_arrays():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(301, 4)), rng.normal(size=301)
    out = np.zeros(301)
    _scaled_rows.share(x, y, out, 0.5, n=301)
    np.testing.assert_allclose(out, x.sum(axis=1) * y * 0.5, atol=1e-15)


@pytest.mark.usefixtures("count")
def test_workers_that_sleep_and_that_are_awake():
    seen = np.zeros(100)
    for i in range(20):
        time.sleep(0.002 * (i % 3))
        _count.share(seen, n=100)
    assert (seen == 20).all()


@pytest.mark.usefixtures("count")
def test_loops_and_functions_in_turns():
    seen = np.zeros(100)

    def add(start, stop):
        seen[start:stop] += 1

    for _ in range(100):
        _count.share(seen, n=100)
        threads.share(add, 100)
    assert (seen == 200).all()


@pytest.mark.usefixtures("count")
def test_a_caller_that_sleeps_is_woken():
    found = np.arange(6.0)
    expected = found.copy()
    _slowly.share(1_000_000, expected, n=6, least=6)
    for _ in range(3):
        seen = found.copy()
        _slowly.share(1_000_000, seen, n=6, pieces=1)
        assert (seen == expected).all()


def test_callers_compute_alone_where_workers_have_no_core(monkeypatch):
    """A worker that is waited for longer than its caller has worked was not running."""
    monkeypatch.setattr(threads, "ALONE", 1e6)
    monkeypatch.setattr(threads, "_alone_until", 0.0)
    monkeypatch.setattr(threads, "_rest", 1.0)
    before, me = get_num_threads(), threading.get_ident()
    set_num_threads(2)
    seen = []

    def run(start, stop):
        time.sleep(0.0 if threading.get_ident() == me else 0.05)
        seen.append((start, stop))

    try:
        for _ in range(2):
            threads.share(run, 4)
    finally:
        set_num_threads(before)
    assert seen == [(0, 2), (2, 4), (0, 4)]


@pytest.mark.usefixtures("count")
def test_a_loop_that_fails_on_any_thread():
    for at in range(20):
        seen = np.zeros(20)
        seen[at] = 3
        with pytest.raises(RuntimeError, match="compiled loop failed"):
            _fails.share(seen, n=20)
        seen[:] = 0
        _fails.share(seen, n=20)
        assert (seen == 1).all()


@pytest.mark.usefixtures("count")
def test_several_python_threads_at_once():
    seen = np.zeros((8, 500))

    def run(row):
        for _ in range(200):
            _count.share(seen[row], n=500)

    users = [threading.Thread(target=run, args=(row,)) for row in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert (seen == 200).all()


def test_the_number_of_threads_changes_while_loops_run():
    before = get_num_threads()
    seen, ends = np.zeros(500), []

    def run():
        while not ends:
            _count.share(seen, n=500)

    user = threading.Thread(target=run)
    user.start()
    try:
        for i in range(300):
            set_num_threads(1 + i % 4)
    finally:
        ends.append(True)
        user.join()
        set_num_threads(before)
    assert (seen == seen[0]).all()


PASSIVE = """
import numpy as np
from autodiff.kernels import threads
from tests.kernels import test_team as t
t._count.compile("d")
threads.set_num_threads(2)
seen = np.zeros(100)
for _ in range(100):
    t._count.share(seen, n=100)
assert (seen == 100).all() and threads.PATIENCE == 0
"""


def test_threads_that_never_wait_awake():
    """OMP_WAIT_POLICY=passive, as PyTorch's OpenMP has it."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    subprocess.run([sys.executable, "-c", PASSIVE], check=True, env=environment, timeout=300)


def test_arguments_that_are_too_many():
    names = ", ".join(f"a{i}" for i in range(40))
    scope: dict = {"__name__": __name__}
    exec(f"def many({names}): a0[0] = 1", scope)
    scope["many"].__code__ = scope["many"].__code__.replace(co_filename=__file__)
    many = loop(f"void({', '.join(['T[::1]'] * 40)})", shared="rows")(scope["many"])
    with pytest.raises(Exception, match="there is room for"):
        many.compile("d")


def test_loops_of_one_signature_and_both_dtypes():
    for char in "fdfd":
        _fails.compile(char)
        _count.compile(char)
    for dtype in (np.float32, np.float64):
        seen = np.zeros(100, dtype)
        _count.share(seen, n=100)
        _fails.share(seen, n=100)
        assert (seen == 1).all()
    with pytest.raises(TypeError, match="other types"):
        _count.share(np.zeros((100, 2)), n=100)
    with pytest.raises(KeyError):
        _count.share(np.zeros(100, np.int64), n=100)


def test_arrays_that_may_only_be_read():
    x = np.ones((4, 3))
    x.flags.writeable = False
    out = np.zeros(4)
    _scaled_rows.share(x, np.ones(4), out, 1.0, n=4)
    assert (out == 3).all()


def test_a_caller_that_is_interrupted_while_it_waits():
    before, me = get_num_threads(), threading.get_ident()
    set_num_threads(2)
    seen = []

    def run(start, stop):
        if threading.get_ident() != me:
            time.sleep(0.05)
            _thread.interrupt_main()
        seen.append(start)

    try:
        with pytest.raises(KeyboardInterrupt):
            threads.share(run, 2)
        assert sorted(seen) == [0, 1]  # it is raised when all is done
        threads.share(lambda start, stop: seen.append(start), 2)
        assert sorted(seen) == [0, 0, 1, 1]
    finally:
        set_num_threads(before)


def test_workers_that_are_handed_from_one_caller_to_the_next_at_once():
    before, interval = get_num_threads(), sys.getswitchinterval()
    set_num_threads(3)
    sys.setswitchinterval(1e-6)
    counts = np.zeros(3)

    def run(user):
        for _ in range(1500):
            threads.share(lambda start, stop: None, 4)
            counts[user] += 1

    users = [threading.Thread(target=run, args=(user,), daemon=True) for user in range(3)]
    try:
        for user in users:
            user.start()
        for user in users:
            user.join(120)
    finally:
        sys.setswitchinterval(interval)
        set_num_threads(before)
    assert (counts == 1500).all()
