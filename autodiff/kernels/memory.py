"""Keeping memory between steps.

The C library gives large blocks back to the system as soon as they are free, and pays for each page again when the next
step asks for the same: more than half the time of an elementwise operation on a megabyte. Told to keep them, it
hands the same pages out again, and each step after the first runs in memory that is there already.
"""

from __future__ import annotations

import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's malloc.h
_LARGEST = (1 << 30, 1 << 25)  # bytes of a block that is kept; glibc before 2.35 takes no more than the second


def keep_memory() -> bool:
    """Let the C library keep what is freed, and say whether it does: glibc does, unless AUTODIFF_KEEP_MEMORY is 0.

    A process then holds on to the most it has used at a time. Nothing else changes.
    """
    if not sys.platform.startswith("linux") or os.environ.get("AUTODIFF_KEEP_MEMORY") == "0":
        return False
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False  # somebody has chosen for themselves
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):  # another C library
        return False
    kept = any(mallopt(_MMAP_THRESHOLD, size) for size in _LARGEST)
    return bool(kept and mallopt(_TRIM_THRESHOLD, 2**31 - 1))
