"""One system running one workload: started by measure.py, which talks to it in lines of JSON.

<- {"version": "2.13.0", "first": 0.2}           what it computed is in the file that it was told
or {"missing": "not installed"}                  this system cannot run here
-> {"repetitions": 100}
<- {"wall": 1.2e-5, "cpu": 1.2e-5, "peak": 123456789, "growth": 12345}     seconds of one repetition; bytes

What has grown is counted from the system's import on: of ours Numba and the machine code it loads are in it.
"""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from .systems import SYSTEMS, UnavailableError

STATUS = Path("/proc/self/status")


def status(name: str) -> int:
    """A number of bytes from Linux's list of what a process has."""
    return next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines() if line.startswith(name))


def peak_bytes() -> int:
    """The most memory that this process has had; 0 where no one says."""
    if STATUS.exists():
        return status("VmHWM")
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes() -> int:
    """The memory that this process has now; forgets the peak so far where the system can."""
    if not STATUS.exists():
        return peak_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def main(system: str, table: str, name: str, threads: int, numbers: str) -> None:
    """Set up, and then do what the lines of standard input say."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not get among the answers

    def answer(**facts: Any) -> None:
        print(json.dumps(facts), file=answers, flush=True)

    row = import_module(table).row_named(name)
    try:
        version = SYSTEMS[system].version()
        import_module(SYSTEMS[system].package)
        SYSTEMS[system].set_up(threads)
    except UnavailableError as reason:
        return answer(missing=str(reason))
    before = resident_bytes()
    start = perf_counter()
    program = row.systems[system]()
    np.savez(numbers, **program.numbers())
    answer(version=version, first=perf_counter() - start)
    if not row.collector:
        gc.disable()
    for line in sys.stdin:
        n = json.loads(line)["repetitions"]
        if gc.isenabled() != row.collector:
            raise RuntimeError("someone has switched the cycle collector")
        if not row.collector:
            gc.collect()
        start, busy = perf_counter(), process_time()
        program.run(n)
        wall, cpu = perf_counter() - start, process_time() - busy
        peak = peak_bytes()
        answer(wall=wall / n, cpu=cpu / n, peak=peak, growth=peak - before)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
