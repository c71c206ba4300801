"""Products for the inside of compiled loops, eight rows at a time, with a matrix that is packed for them.

`pack` copies a matrix into panels as wide as a block of results, in which row follows row, so that what a block reads
lies together; `pack_turned` does so with a transpose. A recurrent layer multiplies a few rows with the same weights at
each time: 32 x 128 by 128 x 512 runs at 112 GFLOP/s a core (512-bit vectors) where NumPy's product has 85.

All take addresses and steps between rows, as `address(x, i)` gives them: arrays that are handed from function to
function would be counted at each call, a tenth of the time. `like` is any number of the dtype.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from .tiles import BYTES, _Code, _helpers, _pointers

ROWS, VECTORS = (8, 3) if BYTES == 64 else (4, 3)  # of a block: as many sums as there are registers for
_INT, _PART = ir.IntType(64), ir.IntType(32)
_inline: Any = njit(error_model="numpy", forceinline=True)


def _address(typing: Any, x: Any, x0: Any) -> Any:
    """Where number `x0` of an array is."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(builder.gep(_pointers(context, builder, signature.args, args)[0], [args[1]]), _INT)

    return types.int64(x, x0), write


def _size(typing: Any, like: Any) -> Any:
    """How many bytes a number has."""
    return types.int64(like), lambda context, builder, signature, args: _INT(like.bitwidth // 8)


def _begin(context: Any, builder: Any, like: Any, *places: Any) -> Any:
    """The writer of vector instructions, and pointers to addresses."""
    code = _Code(context, builder, like)
    return code, *[builder.inttoptr(place, code.vector.element.as_pointer()) for place in places]


def _block(width: int) -> Any:
    def block(
        typing: Any, like: Any, a: Any, down: Any, along: Any, b: Any, k: Any, first: Any, first_pitch: Any, out: Any,
        pitch: Any, rows: Any, columns: Any,
    ) -> Any:  # fmt: skip
        """`out[i, v] = first[i, v] + sum_j a[i, j] b[j, v]` for rows i and `width` vectors v, cut to `columns`."""

        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _, a, down, along, b, count, first, down_first, out, step, high, wide = args
            code, a, b, first, out = _begin(context, builder, like, a, b, first, out)
            there = [builder.icmp_signed("<", _INT(r), high) for r in range(ROWS)]
            steps = [builder.select(there[r], _INT(r), _INT(0)) for r in range(ROWS)]  # what is not there is read again
            mask, last = code.below(_INT((width - 1) * code.lanes), wide), width - 1
            sums = code.sums(ROWS, width)
            left = [code.at(a, builder.mul(down, step_r)) for step_r in steps]
            for r in range(ROWS):
                row = code.at(first, builder.mul(down_first, steps[r]))
                for v in range(width):
                    place = code.at(row, v * code.lanes)
                    builder.store(code.load(place) if v < last else code.load_some(place, mask), sums[r][v])
            with _helpers.for_range(builder, count) as each:
                here = code.at(b, builder.mul(each.index, _INT(width * code.lanes)))
                seen = [code.load(code.at(here, v * code.lanes)) for v in range(width)]
                place = builder.mul(each.index, along)
                for r in range(ROWS):
                    factor = code.spread(builder.load(code.at(left[r], place)))
                    for v in range(width):
                        code.add_product(sums[r][v], factor, seen[v])
            for r in range(ROWS):
                with builder.if_then(there[r]):
                    row = code.at(out, builder.mul(step, _INT(r)))
                    for v in range(last):
                        code.store(builder.load(sums[r][v]), code.at(row, v * code.lanes))
                    code.store_some(builder.load(sums[r][last]), code.at(row, last * code.lanes), mask)
            return context.get_dummy_value()

        return types.void(
            like, a, down, along, b, k, first, first_pitch, out, pitch, rows, columns
        ), write  # fmt: skip

    return intrinsic(block)


def _move(typing: Any, like: Any, x: Any, columns: Any, out: Any) -> Any:
    """A vector of which the first numbers are `columns` of x, and the others 0."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        code, x, out = _begin(context, builder, like, args[1], args[3])
        code.store(code.load_some(x, code.below(_INT(0), args[2])), out)
        return context.get_dummy_value()

    return types.void(like, x, columns, out), write


def _turn(typing: Any, like: Any, x: Any, row: Any, rows: Any, columns: Any, out: Any, pitch: Any) -> Any:
    """A square of vectors transposed, by exchanging halves, quarters and so on; 0 where x has no rows."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, x, row, high, wide, out, step = args
        code, x, out = _begin(context, builder, like, x, out)
        n = half = code.lanes
        inside, seen = code.below(_INT(0), wide), []
        for r in range(n):
            there = builder.icmp_signed("<", _INT(r), high)
            mask = builder.select(there, inside, ir.Constant(inside.type, None))
            seen.append(code.load_some(code.at(x, builder.mul(row, _INT(r))), mask))
        while half := half // 2:
            upper = ir.Constant(ir.VectorType(_PART, n), [i if not i & half else n + i - half for i in range(n)])
            lower = ir.Constant(ir.VectorType(_PART, n), [i + half if not i & half else n + i for i in range(n)])
            for r in range(n):
                if not r & half:
                    pair = seen[r], seen[r + half]
                    seen[r], seen[r + half] = (builder.shuffle_vector(*pair, places) for places in (upper, lower))
        for c, column in enumerate(seen):
            with builder.if_then(builder.icmp_signed("<", _INT(c), wide)):
                code.store(column, code.at(out, builder.mul(step, _INT(c))))
        return context.get_dummy_value()

    return types.void(like, x, row, rows, columns, out, pitch), write


address: Any = intrinsic(_address)
size: Any = intrinsic(_size)
_move_in: Any = intrinsic(_move)
_turn_in: Any = intrinsic(_turn)
block_1, block_2, block_3 = (_block(width) for width in range(1, VECTORS + 1))


@_inline
def _vectors(columns: Any, lanes: Any) -> Any:
    """How wide the next panel is: three vectors, but of the last four two and two."""
    left = -(-columns // lanes)
    return 2 if left == 4 else min(left, VECTORS)


@_inline
def product(
    like: Any, a: Any, down: Any, along: Any, rows: Any, k: Any, panels: Any, n: Any, first: Any, first_pitch: Any,
    out: Any, pitch: Any,
) -> None:  # fmt: skip
    """`out = first + a b` for up to ROWS rows of a, with b (k, n) packed."""
    bytes_each = size(like)
    lanes, c = BYTES // bytes_each, 0
    while c < n:
        vectors, at = _vectors(n - c, lanes), c * bytes_each
        b, f, to, columns = panels + at * k, first + at, out + at, min(vectors * lanes, n - c)
        if vectors == 3:
            block_3(like, a, down, along, b, k, f, first_pitch, to, pitch, rows, columns)
        elif vectors == 2:
            block_2(like, a, down, along, b, k, f, first_pitch, to, pitch, rows, columns)
        else:
            block_1(like, a, down, along, b, k, f, first_pitch, to, pitch, rows, columns)
        c += vectors * lanes


@_inline
def pack(like: Any, b: Any, row: Any, k: Any, n: Any, panels: Any) -> None:
    """The panels of b (k, n), whose rows are `row` apart."""
    bytes_each = size(like)
    lanes, c = BYTES // bytes_each, 0
    while c < n:
        vectors = _vectors(n - c, lanes)
        for j in range(k):
            for v in range(vectors):
                at, to = j * row + c + v * lanes, c * k + (j * vectors + v) * lanes
                _move_in(like, b + at * bytes_each, n - c - v * lanes, panels + to * bytes_each)
        c += vectors * lanes


@_inline
def pack_turned(like: Any, b: Any, row: Any, k: Any, n: Any, panels: Any) -> None:
    """The panels of the transpose of b (n, k), whose rows are `row` apart."""
    bytes_each = size(like)
    lanes, c = BYTES // bytes_each, 0
    while c < n:
        vectors = _vectors(n - c, lanes)
        for v in range(vectors):
            i = c + v * lanes
            for j in range(0, k, lanes):
                at, to = i * row + j, c * k + (j * vectors + v) * lanes
                _turn_in(
                    like, b + at * bytes_each, row, n - i, min(lanes, k - j), panels + to * bytes_each, vectors * lanes
                )
        c += vectors * lanes


def room(k: int, n: int, itemsize: int) -> int:
    """How many numbers the panels of a (k, n) matrix have."""
    lanes = BYTES // itemsize
    return k * -(-n // lanes) * lanes
