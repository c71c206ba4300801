"""Which code computes a kernel, and on how many threads."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from autodiff.kernels import policy
from autodiff.kernels.memory import keep_memory
from autodiff.kernels.policy import compile_kernels, loop, use_kernels, uses
from autodiff.kernels.threads import get_num_threads, set_num_threads, share
from tests.processes import fresh


@loop("void(T[::1], T[::1], int64, int64)")
def _double(x, out, start, stop):
    for i in range(start, stop):
        out[i] = 2 * x[i]


@uses(_double)
def double(x):
    """What `compiled/` would hold."""
    if not x.flags.c_contiguous:
        return None
    out = np.empty_like(x)
    share(lambda start, stop: _double(x, out, start, stop), x.size)
    return out


def make(monkeypatch, tmp_path, calls):
    """A kernel with a compiled twin in this file, on a machine where nothing has been compiled."""
    monkeypatch.setattr(policy, "KERNELS", {})
    monkeypatch.setattr(policy, "_marks", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "autodiff.kernels.compiled.here", sys.modules[__name__])

    @policy.compiled("here", at_least=4)
    def double(x):
        calls.append(x.size)
        return x + x

    return double


def test_numba_computes_from_the_given_size_on(monkeypatch, tmp_path):
    calls = []
    kernel = make(monkeypatch, tmp_path, calls)
    with use_kernels("numba"):
        assert kernel(np.ones(4)).tolist() == [2.0] * 4
        assert calls == []
        kernel(np.ones(3))
        kernel(np.ones(8, np.float16))
        kernel(np.ones(8)[::2])
        assert calls == [3, 8, 4]  # too few, no loop for the dtype, not contiguous
    with use_kernels("numpy"):
        kernel(np.ones(9))
    assert calls[-1] == 9


def test_what_is_loaded_computes_smaller_arrays_too(monkeypatch, tmp_path):
    calls = []
    make(monkeypatch, tmp_path, calls)
    kernel = policy.compiled("here", at_least=4, loaded=2)(policy.KERNELS["here.double"].reference)
    with use_kernels("numba"):
        kernel(np.ones(3))
        assert calls == [3]
        kernel(np.ones(4))
        kernel(np.ones(2))
        assert calls == [3]
        kernel(np.ones(1))
        assert calls == [3, 1]


def test_an_array_that_repeats_a_number_is_written_out(monkeypatch, tmp_path):
    """Loops go over memory; the gradient of a large sum is one number, seen many times."""
    calls = []
    kernel = make(monkeypatch, tmp_path, calls)
    with use_kernels("numba"):
        assert kernel(np.broadcast_to(3.0, 8)).tolist() == [6.0] * 8
    assert calls == []


def test_numpy_serves_until_the_background_has_compiled(monkeypatch, tmp_path):
    calls = []
    kernel = make(monkeypatch, tmp_path, calls)
    with use_kernels("auto"):
        kernel(np.ones(5, np.float32))
        assert calls == [5]
        twin = policy.KERNELS["here.double"]
        for _ in range(1000):
            if twin.ready:
                break
            time.sleep(0.02)
        kernel(np.ones(6, np.float32))
    assert calls == [5]
    assert list(twin.ready) == ["f"]


def test_what_is_on_disk_is_loaded_at_once(monkeypatch, tmp_path):
    calls = []
    kernel = make(monkeypatch, tmp_path, calls)
    compile_kernels("here.double")
    policy.KERNELS["here.double"].ready.clear()
    with use_kernels("auto"):
        kernel(np.ones(5))
    assert calls == []


def test_a_kernel_that_cannot_be_compiled_is_computed_by_numpy(monkeypatch, tmp_path):
    kernel = make(monkeypatch, tmp_path, [])

    def no_numba(name):
        raise ImportError("no Numba here")

    monkeypatch.setattr(policy.importlib, "import_module", no_numba)
    with use_kernels("numba"):
        assert kernel(np.ones(5)).tolist() == [2.0] * 5
    assert "no Numba here" in str(policy.KERNELS["here.double"].failed)


def test_where_nothing_can_be_kept_kernels_are_compiled_anew(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(policy.os, "access", lambda *_: False)
    monkeypatch.setattr(Path, "home", no_home)
    nowhere = policy._marks.__wrapped__()
    assert nowhere == Path(os.devnull)
    make(monkeypatch, nowhere, [])
    kernel, again, out = policy.KERNELS["here.double"], loop(_double.signature)(_double.function), np.zeros(2)
    again.compile("d")
    again(np.ones(2), out, 0, 2)
    assert out.tolist() == [2.0, 2.0]
    assert again._calls[np.dtype(float)][0].stats.cache_path is None
    policy._mark(kernel, "d")
    assert not policy._marker(kernel, "d").exists()


def test_mistakes():
    with (
        pytest.raises(ValueError, match="kernels are one of 'auto', 'numba', 'numpy', got 'fast'"),
        use_kernels("fast"),
    ):
        pass
    with pytest.raises(ValueError, match="there is no kernel nonsense"):
        compile_kernels("nonsense")
    with pytest.raises(ValueError, match="at least 1, got 0"):
        set_num_threads(0)


def test_kernels_are_known_before_what_uses_them_is_imported():
    fresh(
        dedent("""
        import autodiff
        from autodiff.kernels import policy

        policy.Kernel.prepare = lambda kernel, char: None
        assert "optimizer.adam" not in policy.KERNELS
        assert "optimizer.adam" in autodiff.compile_kernels()
    """)
    )


def test_the_environment_chooses():
    choices = ({}, "auto"), ({"AUTODIFF_KERNELS": "numpy"}, "numpy"), ({"NUMBA_DISABLE_JIT": "1"}, "numpy")
    for variables, answer in choices:
        code = "import autodiff.kernels.policy as p; print(p._mode)"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PATH": "", "PYTHONPATH": ":".join(sys.path)} | variables,
        )  # fmt: skip
        assert done.stdout.strip() == answer


def test_numbas_own_switch_leaves_everything_to_the_references(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    fresh(
        dedent("""
        import numpy as np
        import autodiff as ad
        import nn

        x = np.ones((64, 1, 28, 28), "f")
        for mode in "auto", "numba", "numpy":
            with ad.use_kernels(mode):
                nn.models.LeNet5()(x).sum().backward()
        assert ad.compile_kernels() == []
    """)
    )


BEYOND = """
    import numpy as np
    from autodiff.kernels.compiled.tiles import BYTES, outer_tail
    from autodiff.kernels.policy import loop

    tail, n = outer_tail[1], BYTES // 4

    @loop("void(T[::1], T[::1], int64[::1], T[::1], int64, int64)")
    def run(w, x, off, out, at, to):
        tail(out, 0, w, 0, off, off.size, x, at, out, to, 0)

    @loop("void(T[::1])")
    def one_by_one(x):
        for i in range(x.size + 1):
            x[i] = 1

    run.compile("f")
    one_by_one.compile("f")
    w, x, off, out = np.ones(1, "f"), np.arange(2 * n, dtype="f"), np.zeros(1, np.int64), np.zeros(n, "f")
    run(w, x, off, out, n, 0)
    assert (out == x[n:]).all()
    for call in lambda: run(w, x, off, out, n + 1, 0), lambda: run(w, x, off, out, 0, 1), lambda: one_by_one(x):
        try:
            call()
        except IndexError as error:
            print(error)
"""


def test_bounds_are_checked_of_loops_and_of_vector_instructions(monkeypatch):
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    said = fresh(dedent(BEYOND)).stdout.splitlines()
    assert said == ["a vector reaches outside of its array"] * 2 + ["index is out of bounds"]


# -- threads ---------------------------------------------------------------------------------------------


@pytest.fixture
def _two_threads():
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
def test_work_is_shared_among_threads():
    seen, done = set(), np.zeros(10)

    def run(start, stop):
        seen.add(threading.get_ident())
        time.sleep(0.01)
        done[start:stop] += 1

    share(run, 10)
    assert len(seen) == 2
    assert (done == 1).all()
    share(run, 10, least=6)  # too little for two
    assert (done == 2).all()


@pytest.mark.usefixtures("_two_threads")
def test_a_worker_shares_no_further():
    def run(start, stop):
        share(lambda i, j: inner.append((threading.get_ident(), i, j)), 4)

    inner: list = []
    share(run, 2)
    assert sorted({(i, j) for _, i, j in inner}) in ([(0, 4)], [(0, 2), (0, 4), (2, 4)])


@pytest.mark.usefixtures("_two_threads")
def test_an_error_in_a_worker_is_raised_here():
    def run(start, stop):
        if start:
            raise RuntimeError("in the second half")

    with pytest.raises(RuntimeError, match="second half"):
        share(run, 4)


@pytest.mark.usefixtures("_two_threads")
def test_a_job_that_is_done_holds_nothing():
    x = np.ones(3)
    before = sys.getrefcount(x)
    share(lambda start, stop: x.sum(), 4)
    assert sys.getrefcount(x) == before


def test_fewer_threads_end_the_others():
    before = get_num_threads()
    try:
        set_num_threads(3)
        share(lambda start, stop: time.sleep(0.01), 3)
        workers = [worker for worker in threading.enumerate() if worker.name == "autodiff worker"]
        assert len(workers) >= 2
        set_num_threads(1)
        share(lambda start, stop: None, 3)
        for worker in workers:
            worker.join(60)
            assert not worker.is_alive()
    finally:
        set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
def test_several_python_threads_share_at_once():
    done = np.zeros((8, 1000))

    def run(row):
        for _ in range(50):
            share(lambda start, stop: np.add(done[row, start:stop], 1, out=done[row, start:stop]), 1000)

    users = [threading.Thread(target=run, args=(row,)) for row in range(8)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert (done == 50).all()


# -- other processes ---------------------------------------------------------------------------------------


def in_fork(work):
    """Whether work() is true in a forked child; a child that hangs is killed."""
    child = os.fork()
    if not child:
        code = 2
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    for _ in range(6000):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
threads_and_forks = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.mark.usefixtures("_two_threads")
@forks
@threads_and_forks
def test_a_forked_child_has_threads_of_its_own():
    def ranges():
        found = []
        share(lambda start, stop: found.append(start), 4)
        return sorted(found) == [0, 2]

    assert ranges()
    assert in_fork(lambda: ranges() and in_fork(ranges))
    assert ranges()


@pytest.mark.usefixtures("_two_threads")
@forks
@threads_and_forks
def test_a_fork_while_threads_are_at_work():
    busy, go_on = threading.Event(), threading.Event()

    def run(start, stop):
        if start:
            busy.set()
            go_on.wait(60)

    user = threading.Thread(target=share, args=(run, 2))
    user.start()
    assert busy.wait(60)
    assert in_fork(lambda: share(lambda start, stop: None, 2) is None)
    go_on.set()
    user.join()


@forks
@threads_and_forks
@pytest.mark.parametrize("mode", ["auto", "numba"])
def test_a_fork_while_a_kernel_is_being_compiled(monkeypatch, tmp_path, mode):
    calls, busy = [], threading.Event()
    kernel = make(monkeypatch, tmp_path, calls)
    compile_now = policy.Loop.compile

    def compile_slowly(self, char):
        busy.set()
        time.sleep(0.2)
        compile_now(self, char)

    monkeypatch.setattr(policy.Loop, "compile", compile_slowly)

    def works():
        twin = policy.KERNELS["here.double"]
        with use_kernels(mode):
            for _ in range(3000):
                ok = kernel(np.ones(5, np.float32)).tolist() == [2.0] * 5
                if twin.ready or not ok:
                    return ok
                time.sleep(0.01)
        return False

    with use_kernels("auto"):
        kernel(np.ones(5))
        kernel(np.ones(5, np.float32))  # stands in line: the child has to ask for it again
        assert busy.wait(60)
        assert in_fork(works)
        assert works()


def test_a_spawned_process():
    code = """
import multiprocessing as mp
import numpy as np
from autodiff import Tensor, set_num_threads

def slope(n):
    set_num_threads(2)
    t = Tensor(np.zeros(n, np.float32), requires_grad=True)
    t.sigmoid().sum().backward()
    return float(t.grad.numpy().sum())

if __name__ == "__main__":
    found = slope(400_000)
    with mp.get_context("spawn").Pool(1) as pool:
        assert pool.apply(slope, (400_000,)) == found == 100_000
"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spawning.py")
        with open(path, "w") as file:
            file.write(code)
        subprocess.run([sys.executable, path], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def test_memory_is_kept_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("AUTODIFF_KEEP_MEMORY", "0")
    assert not keep_memory()
