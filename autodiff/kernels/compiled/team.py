"""One compiled loop on several threads at once, without Python's lock.

A worker of `threads.py` waits for work in `serve`, awake for a while after each loop: to wake a sleeping thread takes
20 to 40 us, to tell one that is awake less than 1. What it is told lies in its box, at these offsets in bytes:

    STATE           IDLE, JOB (there is a loop to join), BUSY (with it), WAITED (busy, and the caller
                    sleeps), CALL (there is a function of Python to call), CALLED
    ORDER           seven words: which thread this is, of how many, pieces of each part, the length of the range,
                    addresses of all boxes, of the loop, of its arguments
    CORE, SEAT      where the caller runs, and where the worker does
    FAILED          whether the loop has raised an error
    WAITS           whether the caller has gone to sleep until this worker is done
    TAKEN, TAKEN_BY_CALLER      how many pieces of the worker's part, and of the caller's, have been taken

Each thread takes pieces of its own part first, then what is left of the others'. So who is late, or asleep, makes
nobody wait: a caller that finds all pieces taken withdraws the job from those who have not begun.

A worker never stays awake on the core that its caller runs on, since the system moves only threads that sleep.
"""

from __future__ import annotations

import functools
import platform
import re
import sys
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils, sigutils
from numba.extending import intrinsic

from ..policy import jit
from ..threads import BUSY, CALL, CALLED, IDLE, JOB, WAITED, WORDS

_helpers: Any = cgutils
_normalize: Any = sigutils.normalize_signature
_intrinsic: Any = intrinsic
_types: Any = types
_INT, _PART, _NOTHING = ir.IntType(64), ir.IntType(32), ir.VoidType()
_CODE = ir.FunctionType(_INT, [_INT, _INT, _INT])

STATE, ORDER, CORE, FAILED, WAITS, SEAT, TAKEN, TAKEN_BY_CALLER, ROOM = 0, 64, 120, 128, 136, 144, 192, 256, 320
SPACE = 8 * WORDS - ROOM
LINGER = 10000  # looks at a worker that is busy, before the caller sleeps: 0.3 ms
LINUX = sys.platform == "linux"
LOOKS = 64  # at the box, between looking which core this is
GRACE = 100  # pauses until Python's lock is asked for: the caller holds it until it is in a function of NumPy's


# -- one instruction each ---------------------------------------------------------------------------------------------


def _word(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _INT.as_pointer())


@_intrinsic
def _load(context: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_word(builder, args[0]), "acquire", 8)

    return types.int64(types.int64), code


@_intrinsic
def _store(context: Any, address: Any, value: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], _word(builder, args[0]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@_intrinsic
def _next(context: Any, address: Any) -> Any:
    """Count up, and say what it was before."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _word(builder, args[0]), _INT(1), "acq_rel")

    return types.int64(types.int64), code


@_intrinsic
def _change(context: Any, address: Any, old: Any, new: Any) -> Any:
    """Write `new` where `old` is; False if it is not."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pair = builder.cmpxchg(_word(builder, args[0]), args[1], args[2], "acq_rel", "acquire")
        return builder.extract_value(pair, 1)

    return types.boolean(types.int64, types.int64, types.int64), code


def _call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    kind = ir.FunctionType(result, [x.type for x in args])
    return builder.call(_helpers.get_or_insert_function(builder.module, kind, name), args)


@_intrinsic
def _pause(context: Any) -> Any:
    """Let the core rest for a moment."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            _call(builder, "llvm.x86.sse2.pause", _NOTHING)
        elif platform.machine().lower() in ("arm64", "aarch64"):
            _call(builder, "llvm.aarch64.hint", _NOTHING, _PART(1))
        return context.get_dummy_value()

    return types.void(), code


@_intrinsic
def _core(context: Any) -> Any:
    """The core that this thread runs on; 0 where the system does not tell."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sext(_call(builder, "sched_getcpu", _PART), _INT) if LINUX else _INT(0)

    return types.int64(), code


@_intrinsic
def _run(context: Any, code: Any, args: Any, start: Any, stop: Any) -> Any:
    """Call what `_address` gave; 1 if that failed."""

    def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.call(builder.inttoptr(args[0], _CODE.as_pointer()), args[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), call


# -- workers and callers ----------------------------------------------------------------------------------------------


@njit(error_model="numpy")
def _take(number: Any, parts: Any, pieces: Any, n: Any, boxes: Any, code: Any, args: Any) -> Any:
    """Compute pieces until there are no more: of one's own part, and then of the others'."""
    failed = 0
    for more in range(parts):
        whose = (number + more) % parts
        box = _load(boxes + 8 * max(whose - 1, 0))
        while True:
            i = _next(box + (TAKEN if whose else TAKEN_BY_CALLER))
            if i >= pieces:
                break
            i += whose * pieces
            failed |= _run(code, args, n * i // (parts * pieces), n * (i + 1) // (parts * pieces))
    return failed


@lambda function: jit(function, "int64(int64, int64)", nogil=True, error_model="numpy")
def serve(box: Any, patience: Any) -> Any:
    """Join the loops that come. CALL: there is a function to call; WAITED: wake the caller; IDLE: nothing came."""
    _change(box + STATE, CALLED, IDLE)  # here the caller may hear of it: Python's lock is free
    left = patience
    while True:
        state = _load(box + STATE)
        if state == CALL:
            _store(box + SEAT, _core())
            for _ in range(GRACE):
                _pause()
            return CALL
        if state == JOB and _change(box + STATE, JOB, BUSY):
            _store(box + SEAT, _core())
            job = box + ORDER
            if _take(
                _load(job), _load(job + 8), _load(job + 16), _load(job + 24), _load(job + 32), _load(job + 40),
                _load(job + 48),
            ):  # fmt: skip
                _store(box + FAILED, 1)
            if not _change(box + STATE, BUSY, IDLE):
                _store(box + STATE, IDLE)
                return WAITED
            left = patience
        elif left <= 0 or (left % LOOKS == 0 and LINUX and _core() == _load(box + CORE)):
            return IDLE
        _pause()
        left -= 1


@lambda function: jit(function, "void(int64, int64)", nogil=True, error_model="numpy")
def linger(box: Any, patience: Any) -> None:
    """Wait until the function has been called, but no longer than `patience` looks, and not on the worker's core."""
    while patience > 0 and _load(box + STATE) >= CALL and not (LINUX and _core() == _load(box + SEAT)):
        _pause()
        patience -= 1


@njit(error_model="numpy")
def _together(boxes: Any, pieces: Any, n: Any, code: Any, args: Any, size: Any) -> Any:
    """Compute all of `range(n)` with the workers of these boxes; 1 if that failed. WAITS says who is still at it."""
    if boxes.size == 0:
        return _run(code, args, 0, n)
    parts, addresses = boxes.size + 1, np.int64(boxes.ctypes.data)
    for at in range(0, size, 8):
        _store(boxes[0] + ROOM + at, _load(args + at))
    args = boxes[0] + ROOM
    _store(boxes[0] + TAKEN_BY_CALLER, 0)
    for box in boxes:
        _store(box + TAKEN, 0)
    for i in range(parts - 1):
        box = boxes[i]
        job = (i + 1, parts, pieces, n, addresses, code, args)
        for word in range(7):
            _store(box + ORDER + 8 * word, job[word])
        _store(box + CORE, _core())
        _store(box + STATE, JOB)
    failed = _take(0, parts, pieces, n, addresses, code, args)
    for box in boxes:
        if not _change(box + STATE, JOB, IDLE):
            left = LINGER
            while left > 0 and _load(box + STATE) == BUSY and not (LINUX and _core() == _load(box + SEAT)):
                _pause()
                left -= 1
            if _change(box + STATE, BUSY, WAITED):
                _store(box + WAITS, 1)
    return failed


def _addresses(rows: bool) -> Any:
    """An intrinsic: the addresses of a function that calls a loop for a piece, and of the arguments; their size."""

    @_intrinsic
    def addresses(context: Any, args: Any) -> Any:
        given = [*args][1:] + ([] if rows else [types.int64, types.int64])
        three = _types.UniTuple(types.int64, 3)

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            slot = _helpers.alloca_once_value(builder, values[0])
            size = context.get_abi_sizeof(slot.type.pointee)
            if size > SPACE:
                raise ValueError(f"a loop has arguments of {size} bytes, and there is room for {SPACE}")
            piece = ir.Function(builder.module, _CODE, builder.module.get_unique_name("piece"))
            piece.linkage = "internal"
            inside = ir.IRBuilder(piece.append_basic_block())
            start, stop = piece.args[1:]
            loop, *found = _helpers.unpack_tuple(inside, inside.load(inside.inttoptr(piece.args[0], slot.type)))
            if rows:
                for i, kind in enumerate(given):
                    if isinstance(kind, types.Array):
                        found[i] = _rows(context, inside, kind, found[i], start, stop)
            else:
                found += [start, stop]
            convention = context.call_conv
            loop = inside.inttoptr(loop, convention.get_function_type(types.void, given).as_pointer())
            status, _ = convention.call_function(inside, loop, types.void, given, found)
            inside.ret(inside.zext(status.is_error, _INT))
            found = [builder.ptrtoint(piece, _INT), builder.ptrtoint(slot, _INT), _INT(size)]
            return context.make_tuple(builder, three, found)

        return three(args), code

    return addresses


def _rows(context: Any, builder: Any, kind: Any, value: Any, start: Any, stop: Any) -> Any:
    """`x[start:stop]` of an array in rows."""
    x = context.make_array(kind)(context, builder, value)
    shape, count = _helpers.unpack_tuple(builder, x.shape), builder.sub(stop, start)
    width = _helpers.unpack_tuple(builder, x.strides)[0]
    x.data = _helpers.pointer_add(builder, x.data, builder.mul(start, width), x.data.type)
    x.nitems = functools.reduce(builder.mul, shape[1:], count)
    x.shape = _helpers.pack_array(builder, [count, *shape[1:]])
    return x._getvalue()


def entry(signature: str, rows: bool) -> tuple[Callable[..., Any], str]:
    """A function `f(boxes, pieces, n, loop, ...)` that calls the loop of that address for `range(n)`; its signature.

    The loop has this signature. It is given rows of its arrays, or a range as its last arguments, start and stop. The
    caller computes, and the workers whose boxes have the addresses `boxes`; the part of each is cut in `pieces`.
    """
    if not rows:
        signature = signature.removesuffix(", int64, int64)") + ")"
    signature = signature.replace("void(", "int64(int64[::1], int64, int64, int64, ")
    count = len(_normalize(re.sub(r"\bT\b", "float64", signature))[0]) - 4
    name, given = f"entry_{zlib.crc32(f'{signature} {rows}'.encode()):x}", ", ".join(f"x{i}" for i in range(count))
    text = (
        f"def {name}(boxes, pieces, n, loop, {given}):\n"
        f"    code, args, size = addresses((loop, {given}))\n"
        "    return together(boxes, pieces, n, code, args, size)"
    )
    scope: dict[str, Any] = {"__name__": __name__, "together": _together, "addresses": _addresses(rows)}
    exec(compile(text, __file__, "exec"), scope)
    return scope[name], signature
