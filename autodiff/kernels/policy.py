"""Which code computes a kernel, Numba's or NumPy's: this file alone decides, `threads.py` on how many threads.

A kernel is written in NumPy, as the reference that says what it computes. `compiled("activation", at_least=2048)` above
it names the file in `compiled/` with a function of the same name that computes the same in compiled loops, and
from how many elements on it is worth while (measured; below, calling it costs more than it gains). That function may
return None for arguments that it has no loop for; the reference then serves.

Nothing waits for a compiler that NumPy could have served: what has not been compiled on this machine before is
compiled by a thread in the background, kept on disk, and used from then on. What is on disk is loaded at once. The
environment variable AUTODIFF_KERNELS (or `use_kernels`) changes that:

    auto    the default, as above
    numba   wait for the compiler: the same code computes from the first call on, and so the same bits
    numpy   references only; so does NUMBA_DISABLE_JIT=1
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import is_
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from .threads import share_loop

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["compile_kernels", "compiled", "serves", "use_kernels"]

MODES = ("auto", "numba", "numpy")
FREEDOM = "contract", "nsz", "arcp", "reassoc"  # what the compiler may do with arithmetic so that sums become vectors
DTYPES = "fd"  # what loops are compiled for: float32 and float64
PIECES = 4  # of a thread's part of a loop: who is done takes the others'
_ndarray = np.ndarray
F = TypeVar("F", bound=Callable[..., Any])


def _first_mode() -> str:
    mode = os.environ.get("AUTODIFF_KERNELS", "auto").lower()
    if mode not in MODES:
        raise ValueError(f"AUTODIFF_KERNELS is one of {', '.join(MODES)}, got {mode!r}")
    return "numpy" if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") else mode


_mode = _first_mode()
_lock = threading.RLock()  # one compiles at a time
KERNELS: dict[str, Kernel] = {}


class Kernel:
    """A kernel that has a compiled twin."""

    def __init__(self, reference: Callable[..., Any], module: str) -> None:
        self.reference, self.name, self.module = reference, reference.__name__, module
        self.ready: dict[str, Callable[..., Any]] = {}  # the compiled function, by the letter of the dtype
        self.asked: set[str] = set()
        self.at_least = self.by = 0
        self.failed: Exception | None = None

    def find(self, char: str) -> Callable[..., Any] | None:
        """The compiled function if it can be had now; otherwise see to it that it can be had later."""
        if char not in DTYPES or self.failed is not None:
            return None
        if _mode == "numba":
            self.prepare(char)
        elif _marker(self, char).exists():
            if _lock.acquire(blocking=False):  # not while the background is compiling another kernel
                try:
                    self.prepare(char)
                finally:
                    _lock.release()
        elif char not in self.asked:
            self.asked.add(char)
            _compiler.ask(self, char)
            return None
        return self.ready.get(char)

    def prepare(self, char: str) -> None:
        """Compile what the function needs for a dtype, or load it from disk."""
        with _lock:
            if char in self.ready or self.failed is not None:
                return
            try:
                function = getattr(importlib.import_module(f"autodiff.kernels.compiled.{self.module}"), self.name)
                for loop in function.loops:
                    loop.compile(char)
            except ImportError as error:  # no Numba for this machine or this Python, or it is switched off
                self.failed = error
                return
            self.ready[char] = function
            _mark(self, char)


def compiled(module: str, at_least: int = 0, by: int = 0, loaded: int = 0) -> Callable[[F], F]:
    """Let a kernel be computed by its namesake in `compiled/<module>.py` where argument `by` is large enough.

    `loaded` elements, if it is not 0, are enough once something has loaded it: for kernels of the reference's bits
    alone, as results would otherwise depend on what ran before.
    """

    def decorate(reference: F) -> F:
        kernel = KERNELS[f"{module}.{reference.__name__}"] = Kernel(reference, module)
        ready = kernel.ready

        @functools.wraps(reference)
        def call(*args: Any, **options: Any) -> Any:
            x = args[by]
            if (
                type(x) is _ndarray
                and (x.size >= at_least or (loaded and ready and x.size >= loaded))
                and _mode != "numpy"
                and x.dtype.isnative
            ):
                char = x.dtype.char
                function = ready.get(char) or kernel.find(char)
                if function is not None:
                    result = function(*args, **options)
                    if result is None and any(map(_repeats, args)):  # one number for many: the gradient of a sum
                        args = tuple([a.copy() if _repeats(a) else a for a in args])
                        result = function(*args, **options)
                    if result is not None:
                        return result
            return reference(*args, **options)

        kernel.at_least, kernel.by = at_least, by
        return cast(F, call)

    return decorate


def _repeats(x: Any) -> bool:
    return type(x) is _ndarray and 0 in x.strides and x.size > 1


def serves(name: str, x: Any) -> bool:
    """Whether compiled code computes the kernel of that name, "file.kernel", for an array like this, and can now."""
    kernel = KERNELS[name]
    if type(x) is not _ndarray or x.size < kernel.at_least or _mode == "numpy" or not x.dtype.isnative:
        return False
    return (kernel.ready.get(x.dtype.char) or kernel.find(x.dtype.char)) is not None


@contextmanager
def use_kernels(mode: str) -> Iterator[None]:
    """Choose the code that computes in a block: "auto", "numba" (waits for the compiler) or "numpy" (references).

    >>> with use_kernels("numpy"):
    ...     pass

    It holds for all threads. Without Numba, or with its NUMBA_DISABLE_JIT=1, the references serve in any case.
    Raises ValueError for another word.
    """
    global _mode
    if mode not in MODES:
        raise ValueError(f"kernels are one of {', '.join(map(repr, MODES))}, got {mode!r}")
    before, _mode = _mode, mode
    try:
        yield
    finally:
        _mode = before


def compile_kernels(*names: str) -> list[str]:
    """Compile all kernels, or those named, for float32 and float64, and keep them on disk; returns what is compiled.

    Do this once after an installation and no first run is slower than the later ones. Without Numba, or with its
    NUMBA_DISABLE_JIT=1, that is nothing, and the references serve. Raises ValueError for a kernel that is not there.
    """
    from pathlib import Path

    if not names or set(names) - set(KERNELS):
        for path in sorted(Path(__file__).parent.glob("*.py")):  # some are imported only with what uses them
            importlib.import_module(f"autodiff.kernels.{path.stem}")
    unknown = set(names) - set(KERNELS)
    if unknown:
        raise ValueError(f"there is no kernel {', '.join(sorted(unknown))}; there are {', '.join(sorted(KERNELS))}")
    for name in names or KERNELS:
        for char in DTYPES:
            KERNELS[name].prepare(char)
    return sorted(name for name in names or KERNELS if KERNELS[name].failed is None)


# -- compiling ----------------------------------------------------------------------------------------


class Loop:
    """A loop over arrays, compiled once for each dtype on first need.

    `signature` is Numba's, with T for the dtype: "void(T[::1], T[::1], int64)". With `exact` each operation rounds as
    it does in NumPy: products and sums are not contracted, sums not reordered.

    With `shared` it is called by `share`, for pieces of a range on several threads. The pieces are "rows" of all its
    arrays, or a "range", of which it is told start and stop as its last two arguments.
    """

    def __init__(self, function: Callable[..., Any], signature: str, exact: bool = False, shared: str = "") -> None:
        self.function, self.signature, self.shared = function, signature, shared
        self.options = {"nogil": True, "error_model": "numpy", "fastmath": not exact and set(FREEDOM)}
        self._calls: dict[Any, tuple[Any, int]] = {}  # by dtype: what is called, and the loop's address
        self._typed = 0  # which argument has that dtype
        functools.update_wrapper(self, function)

    def compile(self, char: str) -> None:
        """Compile for a dtype, or load what was compiled before."""
        if np.dtype(char) in self._calls:
            return
        made = call = jit(self.function, _of(self.signature, char), **self.options)
        (compiled,) = made.overloads.values()
        if self.shared:
            call = _entry(self.signature, self.shared == "rows", char)
        single, double = (_arguments(_of(self.signature, c)) for c in DTYPES)
        self._typed = [a != b and hasattr(a, "dtype") for a, b in zip(single, double, strict=True)].index(True)
        self._calls[np.dtype(char)] = call, compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)

    def share(self, *args: Any, n: int, least: int = 1, pieces: int = PIECES) -> None:
        """Call it for `range(n)`, with no thread for less than `least` of it; each part is cut in so many `pieces`."""
        entry, address = self._calls[args[self._typed].dtype]
        try:
            share_loop(entry, (address, *args), n, least, pieces)
        except TypeError:
            share_loop(entry, (address, *_writeable(args)), n, least, pieces)

    def __call__(self, *args: Any) -> Any:
        call, _ = self._calls[args[self._typed].dtype]
        try:
            return call(*args)
        except TypeError:
            return call(*_writeable(args))


def _writeable(args: tuple[Any, ...]) -> list[Any]:
    """Copies of arrays that may only be read, and so are only read: they are of other types, for which nothing runs."""
    copied = [x if type(x) is not _ndarray or x.flags.writeable else x.copy() for x in args]
    if all(map(is_, copied, args)):
        raise TypeError("a loop was called with other types than those that it is compiled for")
    return copied


def jit(function: Callable[..., Any], signature: str, **options: Any) -> Any:
    """Compile a function for the types of its signature, or load it from disk; others are a mistake.

    It is never opened again for more types: a thread that called it meanwhile could have it compiled for its own.
    """
    numba: Any = importlib.import_module("numba")
    if numba.config.DISABLE_JIT:
        raise ImportError("Numba's compiler is switched off by NUMBA_DISABLE_JIT")
    try:
        made = numba.njit(cache=str(_marks()) != os.devnull, **options)(function)
        kept = made._cache._cache_file
        kept._source_stamp = kept._source_stamp, _stamp()  # Numba looks at one file; helpers are in others
    except (RuntimeError, AttributeError):  # no directory to write to, or a Numba that keeps things elsewhere
        made = numba.njit(**options)(function)
    made.compile(signature)
    made.disable_compile()
    return made


def _of(signature: str, char: str) -> str:
    return re.sub(r"\bT\b", {"f": "float32", "d": "float64"}[char], signature)


def _arguments(signature: str) -> Any:
    sigutils: Any = importlib.import_module("numba.core.sigutils")
    return sigutils.normalize_signature(signature)[0]


@functools.cache
def _entry(signature: str, rows: bool, char: str) -> Any:
    """What hands out pieces to loops of a signature."""
    from .compiled.team import entry

    function, own = entry(signature, rows)
    return jit(function, _of(own, char), nogil=True, error_model="numpy")


def loop(signature: str, exact: bool = False, shared: str = "") -> Callable[[Callable[..., Any]], Loop]:
    """Make a `Loop` of a function: `exact` if its arithmetic is to be done as written, `shared` as it says."""
    return lambda function: Loop(function, signature, exact, shared)


def uses(*loops: Loop) -> Callable[[F], F]:
    """Name the loops that a compiled kernel needs."""

    def decorate(function: F) -> F:
        vars(function)["loops"] = loops
        return function

    return decorate


class _Compiler:
    """The thread that compiles in the background."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[Kernel, str]] = deque()
        self.more = threading.Semaphore(0)
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None

    def ask(self, kernel: Kernel, char: str) -> None:
        """Have a kernel compiled some time."""
        self.jobs.append((kernel, char))
        self.more.release()
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._work, name="autodiff kernels", daemon=True)
                self.thread.start()

    def _work(self) -> None:
        while True:
            self.more.acquire()
            kernel, char = self.jobs.popleft()
            try:
                kernel.prepare(char)
            except Exception as error:  # a compiler's mistake must not stop a program that NumPy can serve
                kernel.failed = error
                sys.stderr.write(f"autodiff: NumPy computes '{kernel.name}', as compiling it failed: {error}\n")


_compiler = _Compiler()


def _in_child() -> None:
    """In a forked child nobody compiles what the parent had asked for."""
    global _compiler
    _compiler = _Compiler()
    for kernel in KERNELS.values():
        kernel.asked.intersection_update(kernel.ready)
    _lock.release()


if hasattr(os, "register_at_fork"):  # a fork waits for the kernel that is being compiled: the compiler has locks too
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_in_child)


@functools.cache
def _stamp() -> str:
    """What a compiled kernel depends on: Python, Numba, and the files with the loops."""
    from importlib.metadata import version  # imported here: it costs a third of importing NumPy
    from pathlib import Path

    here = Path(__file__).parent
    files = [here / "policy.py", here / "threads.py", *(here / "compiled").glob("*.py")]
    newest = max(path.stat().st_mtime_ns for path in files)
    return f"{sys.implementation.cache_tag}-{version('numba')}-{newest:x}"


@functools.cache
def _marks() -> Path:
    from pathlib import Path

    own = Path(__file__).parent / "compiled" / "__pycache__"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    writable = os.access(own if own.exists() else own.parent, os.W_OK)
    if writable:
        return own
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "chainrule")
    except RuntimeError:  # a user without a home, as in many containers: nothing is kept
        return Path(os.devnull)


def _marker(kernel: Kernel, char: str) -> Path:
    """The file whose presence says that a kernel has been compiled on this machine."""
    return _marks() / f"{kernel.module}.{kernel.name}.{char}.{_stamp()}.ready"


def _mark(kernel: Kernel, char: str) -> None:
    try:
        marker = _marker(kernel, char)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError:
        pass  # nothing is kept here: the next process compiles in the background again
