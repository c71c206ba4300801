"""One system running one workload: started by `python -m benchmarks`, which talks to it in lines of JSON.

<- {"numbers": {...}, "version": "2.13.0"}        set up, and what it computed
-> {"repetitions": 100}
<- {"seconds": 1.2e-5, "peak": 123456789}         time of one repetition; bytes of the process so far
"""

from __future__ import annotations

import gc
import json
import sys
from time import perf_counter
from typing import Any

from .rows import ROWS, SETUP


def peak_bytes() -> int:
    """The most memory that this process has had."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(system: str, row: str, threads: int) -> None:
    """Set up, and then do what the lines of standard input say."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not get among the answers

    def answer(**facts: Any) -> None:
        print(json.dumps(facts), file=answers, flush=True)

    version = SETUP[system](threads)
    program = ROWS[row].systems[system]()
    answer(numbers=program.numbers(), version=version)
    for line in sys.stdin:
        n = json.loads(line)["repetitions"]
        if not gc.isenabled():
            raise RuntimeError("times are taken with the cycle collector on")
        start = perf_counter()
        program.run(n)
        seconds = perf_counter() - start
        answer(seconds=seconds / n, peak=peak_bytes())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
