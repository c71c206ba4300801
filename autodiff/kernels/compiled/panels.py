"""Products with a matrix that serves many times, packed for it: inside of compiled loops, a block of rows at a time.

`pack` copies a matrix into panels as wide as a block of results, in which row follows row, so that what a block reads lies
together. A recurrent layer multiplies a few rows with the same weights at each time: 32 x 128 by 128 x 512 runs at 112
GFLOP/s a core (512-bit vectors) where NumPy's product has 85.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ..policy import loop
from .tiles import BYTES, _Code, _helpers, _pointers, lanes

ROWS, VECTORS = (8, 3) if BYTES == 64 else (4, 3)  # of a block: as many sums as there are registers for
_INT, _PART = ir.IntType(64), ir.IntType(32)


@intrinsic
def address(typing: Any, x: Any, x0: Any) -> Any:
    """Where number `x0` of an array is. Arrays handed from function to function would be counted at each call."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(builder.gep(_pointers(context, builder, signature.args, args)[0], [args[1]]), _INT)

    return types.int64(x, x0), write


def _block(width: int) -> Any:
    @intrinsic
    def block(
        typing: Any, like: Any, a: Any, down: Any, b: Any, k: Any, start: Any, s_pitch: Any, out: Any, pitch: Any,
        rows: Any, columns: Any,
    ) -> Any:  # fmt: skip
        """`out[i, v] = start[i, v] + sum_j a[i, j] b[j, v]` for `rows` rows i and `width` vectors v, cut to `columns`."""

        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            code = _Code(context, builder, like)
            _, from_a, step_a, from_b, count, from_start, step_start, to, step, high, wide = args
            kind = code.vector.element.as_pointer()
            first_a, first_b, first, last = (builder.inttoptr(x, kind) for x in (from_a, from_b, from_start, to))
            there = [builder.icmp_signed("<", _INT(r), high) for r in range(ROWS)]
            steps = [builder.select(there[r], _INT(r), _INT(0)) for r in range(ROWS)]
            mask = code.below(_INT((width - 1) * code.lanes), wide)
            sums = code.sums(ROWS, width)
            left = [code.at(first_a, builder.mul(step_a, step_r)) for step_r in steps]
            for r in range(ROWS):
                row = code.at(first, builder.mul(step_start, steps[r]))
                for v in range(width):
                    place = code.at(row, v * code.lanes)
                    builder.store(code.load(place) if v < width - 1 else code.load_some(place, mask), sums[r][v])
            with _helpers.for_range(builder, count) as each:
                here = code.at(first_b, builder.mul(each.index, _INT(width * code.lanes)))
                seen = [code.load(code.at(here, v * code.lanes)) for v in range(width)]
                for r in range(ROWS):
                    factor = code.spread(builder.load(code.at(left[r], each.index)))
                    for v in range(width):
                        code.add_product(sums[r][v], factor, seen[v])
            for r in range(ROWS):
                with builder.if_then(there[r]):
                    row = code.at(last, builder.mul(step, _INT(r)))
                    for v in range(width):
                        place, value = code.at(row, v * code.lanes), builder.load(sums[r][v])
                        if v < width - 1:
                            code.store(value, place)
                        else:
                            code.store_some(value, place, mask)
            return context.get_dummy_value()

        return types.void(like, a, down, b, k, start, s_pitch, out, pitch, rows, columns), write

    return block


block_1, block_2, block_3 = (_block(width) for width in range(1, VECTORS + 1))
_inline: Any = njit(error_model="numpy", forceinline=True)


@_inline
def product(
    like: Any, a: Any, down: Any, rows: Any, k: Any, panels: Any, n: Any, start: Any, s_pitch: Any, out: Any, pitch: Any
) -> None:
    """`out = start + a b` for up to ROWS rows, with b (k, n) packed; addresses and pitches, `like` a number."""
    lanes = BYTES // size(like)
    for c in range(0, n, VECTORS * lanes):
        columns = min(VECTORS * lanes, n - c)
        b, s, to = panels + c * k * size(like), start + c * size(like), out + c * size(like)
        if columns > 2 * lanes:
            block_3(like, a, down, b, k, s, s_pitch, to, pitch, rows, columns)
        elif columns > lanes:
            block_2(like, a, down, b, k, s, s_pitch, to, pitch, rows, columns)
        else:
            block_1(like, a, down, b, k, s, s_pitch, to, pitch, rows, columns)


@intrinsic
def size(typing: Any, like: Any) -> Any:
    """How many bytes a number has."""
    return types.int64(like), lambda context, builder, signature, args: _INT(like.bitwidth // 8)


@loop("void(T[:, ::1], T[::1])")
def pack_into(b: Any, panels: Any) -> None:
    lanes = BYTES // b.itemsize
    k, n = b.shape
    for c in range(0, n, VECTORS * lanes):
        width = -(-min(VECTORS * lanes, n - c) // lanes) * lanes
        seen = min(width, n - c)
        for j in range(k):
            row, to = b[j, c : c + seen], panels[c * k + j * width :][:width]
            for i in range(row.size):
                to[i] = row[i]
            for i in range(row.size, to.size):
                to[i] = type(row[0])(0)


def pack(b: Any) -> Any:
    """The panels of a matrix (k, n)."""
    (k, n), width = b.shape, lanes(b.itemsize)
    panels = np.empty(k * -(-n // width) * width, b.dtype)
    if b.size:
        pack_into(np.ascontiguousarray(b), panels)
    return panels
