"""Small matrix products that stay in registers, for the inside of compiled loops.

What LLVM makes of a loop over scalars keeps no block of results in registers; these are written as vector
instructions. One call computes a block of results over the whole of a sum:

    outer[r](b, b0, w, w0, off, k, x, x0, out, o0, pitch)
                                        out[o0 + i pitch + v] = b[b0 + i] + sum_j w[w0 + j r + i] x[x0 + off[j] + v]
    dots[r](a, a0, rows, b, b0, off, o0, n, out, p0, pitch, images, a_step, b_step)
                                        out[p0 + i pitch + j] += sum_v a[a0 + i rows + v] b[b0 + off[o0 + j] + v]

    panel[v](a, a0, row, step, k, b, b0, first, f0, f_row, out, o0, pitch, rows, columns, soon, s0, s_step)
                                        out[o0 + i pitch + j] = first[f0 + i f_row + j]
                                                                + sum_l a[a0 + i row + l step] b[b0 + l v lanes + j]
    pack(x, x0, row, k, columns, out, o0, v)            out[o0 + l v lanes + j] = x[x0 + l row + j], and 0 behind them
    turn(x, x0, row, rows, columns, out, o0, pitch)     out[o0 + j pitch + i] = x[x0 + i row + j], one square of vectors

    split[s](x, x0, width, lead, out, o0, pitch, n)     out[o0 + k pitch + m] = x[x0 + m s + k - lead], for m < n
    join[s](x, x0, pitch, out, o0, n, total)            out[o0 + m s + k] = x[x0 + k pitch + m], for m s + k < n

    to_lanes(x, x0, step, count, size, out, o0)             out[o0 + v lanes + i] = x[x0 + i step + v], for v < size
    from_lanes(x, x0, size, out, o0, step, count, total)    out[o0 + i step + v] = x[x0 + v lanes + i], for v < size

with `r` rows i. The places v are `WIDTH[r]` vectors in `outer`, and one in `outer_tail`. In `dots` they are 0 .. n-1,
rounded up to whole vectors, of so many images that lie `a_step` and `b_step` apart, and there are `COLUMNS[r]` columns.
`panel` computes up to `PANEL_ROWS` rows of up to v vectors; with an `f_row` below 0 there is nothing first. Meanwhile
`soon[s0 + l s_step]` comes to the cache.
`split` takes for 0 what is outside of the `width` numbers of x; `join` adds what it writes to a vector `total`, and so
does `from_lanes`. To and from lanes as many rows i are turned as there are lanes; `count` of them are there, the others
taken for 0; the last square that `to_lanes` writes has zeros beyond `size`.

Rows of x are found by their offsets: a convolution reads its image where it lies, without unfolding it. Measured on one
core with 512-bit vectors: 108 to 118 GFLOP/s for all of 25 to 576 terms and 256 to 1100 places, where NumPy's matrix
product of 1000 x 1000 has 104.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

WIDE = bool(binding.get_host_cpu_features().get("avx512f"))  # 32 registers of 64 bytes
BYTES = 64 if WIDE else 32
WIDTH = {8: 3, 6: 4, 4: 6, 2: 8, 1: 8} if WIDE else {8: 1, 6: 2, 4: 3, 2: 4, 1: 4}
COLUMNS = {8: 3, 6: 4, 4: 6, 2: 8, 1: 12} if WIDE else {8: 1, 6: 2, 4: 3, 2: 4, 1: 6}
PANEL_ROWS = 8 if WIDE else 4

_helpers: Any = cgutils
_settings: Any = config
_INT, _PART = ir.IntType(64), ir.IntType(32)


def lanes(itemsize: int) -> int:
    """How many numbers are in a vector."""
    return BYTES // itemsize


class _Code:
    """Writes vector instructions for numbers of one type."""

    def __init__(self, context: Any, builder: Any, dtype: Any, kinds: Any = (), args: Any = ()) -> None:
        self.context = context
        self.extents = _extents(context, builder, kinds, args) if _settings.BOUNDSCHECK else []
        self.builder, self.size = builder, dtype.bitwidth // 8
        self.lanes = lanes(self.size)
        self.vector = ir.VectorType(context.get_value_type(dtype), self.lanes)
        self.suffix = f"v{self.lanes}f{dtype.bitwidth}"
        self.zero = self.constant(0.0)

    def constant(self, value: float) -> Any:
        """A vector of equal numbers."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def call(self, name: str, *args: Any) -> Any:
        """One of LLVM's functions on vectors."""
        kind = ir.FunctionType(self.vector, [self.vector] * len(args))
        return self.builder.call(
            _helpers.get_or_insert_function(self.builder.module, kind, f"{name}.{self.suffix}"), args
        )

    def at(self, pointer: Any, *steps: Any) -> Any:
        """So many numbers further."""
        for step in steps:
            pointer = self.builder.gep(pointer, [_INT(step) if isinstance(step, int) else step])
        return pointer

    def load(self, pointer: Any) -> Any:
        """A vector from any place."""
        self.check(pointer)
        return self.builder.load(self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.size)

    def store(self, value: Any, pointer: Any) -> None:
        """A vector to any place."""
        self.check(pointer)
        self.builder.store(value, self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.size)

    def fetch(self, pointer: Any, writing: bool = False) -> None:
        """Begin to bring a line to the cache; where there is none, nothing happens."""
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _PART, _PART, _PART])
        function = _helpers.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        self.builder.call(function, [self.builder.bitcast(pointer, byte), _PART(int(writing)), _PART(3), _PART(1)])

    def check(self, pointer: Any, mask: Any = None, size: int = 0) -> None:
        """Raise IndexError where a vector, or its lanes in `mask`, lie in no array, if Numba is to check bounds."""
        if not self.extents:
            return
        builder, first = self.builder, self.builder.ptrtoint(pointer, _INT)

        def inside(start: Any, size: int) -> Any:
            end = builder.add(start, _INT(size))
            found = [
                builder.and_(builder.icmp_unsigned(">=", start, low), builder.icmp_unsigned("<=", end, high))
                for low, high in self.extents
            ]
            return functools.reduce(builder.or_, found)

        if mask is None:
            fits = inside(first, BYTES)
        else:
            fits = functools.reduce(builder.and_, [
                builder.or_(
                    builder.not_(builder.extract_element(mask, _PART(i))),
                    inside(builder.add(first, _INT(i * (size or self.size))), size or self.size),
                )
                for i in range(self.lanes)
            ])  # fmt: skip
        with builder.if_then(builder.not_(fits), likely=False):
            self.context.call_conv.return_user_exc(builder, IndexError, ("a vector reaches outside of its array",))

    def below(self, first: Any, bound: Any) -> Any:
        """Which lanes' places, counted from `first`, are in 0 .. bound-1."""
        wide = ir.VectorType(_INT, self.lanes)
        own = ir.Constant(wide, list(range(self.lanes)))
        return self.builder.icmp_unsigned("<", self.builder.add(self.same(first), own), self.same(bound))

    def same(self, number: Any) -> Any:
        """A vector of one integer."""
        nothing = ir.Constant(ir.VectorType(_INT, self.lanes), ir.Undefined)
        first = self.builder.insert_element(nothing, number, _PART(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_PART, self.lanes), None))

    def load_some(self, pointer: Any, mask: Any, whole: Any = None) -> Any:
        """The lanes in `mask` of a vector, or of `whole` numbers of so many bits, and 0."""
        vector = self.vector if whole is None else ir.VectorType(ir.IntType(whole), self.lanes)
        return self._some("load", vector, vector, pointer, mask, [], [ir.Constant(vector, None)])

    def store_some(self, value: Any, pointer: Any, mask: Any) -> None:
        """The lanes in `mask` of a vector."""
        self._some("store", ir.VoidType(), value.type, pointer, mask, [value], [])

    def _some(self, what: str, result: Any, vector: Any, pointer: Any, mask: Any, first: Any, last: Any) -> Any:
        whole = isinstance(vector.element, ir.IntType)
        size = vector.element.width // 8 if whole else self.size
        self.check(pointer, mask, size)
        name = f"llvm.masked.{what}.v{self.lanes}{'i' if whole else 'f'}{8 * size}.p0"
        args = [*first, self.builder.bitcast(pointer, vector.as_pointer()), _PART(size), mask, *last]
        kind = ir.FunctionType(result, [x.type for x in args])
        return self.builder.call(_helpers.get_or_insert_function(self.builder.module, kind, name), args)

    def pick(self, values: list[Any], places: list[int]) -> Any:
        """A vector of these places in one or more vectors that stand behind each other."""
        while len(values) > 1:
            size = values[0].type.count
            both = ir.Constant(ir.VectorType(_PART, 2 * size), list(range(2 * size)))
            values = [self.builder.shuffle_vector(x, y, both) for x, y in zip(values[::2], values[1::2], strict=True)]
        nothing = ir.Constant(values[0].type, ir.Undefined)
        return self.builder.shuffle_vector(values[0], nothing, ir.Constant(ir.VectorType(_PART, self.lanes), places))

    def spread(self, number: Any) -> Any:
        """A vector of one number."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, number, _PART(0))
        return self.builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_PART, self.lanes), None))

    def totals(self, values: list[Any]) -> list[Any]:
        """The sum of the numbers of each vector: halves of two are added up as one vector, and so on."""
        count, builder, half = len(values), self.builder, self.lanes
        while half > 1:
            half //= 2
            own = [j for j in range(self.lanes) if not j & half]
            first = [*own, *[j + self.lanes for j in own]]
            low, high = [ir.Constant(ir.VectorType(_PART, self.lanes), [j + k for j in first]) for k in (0, half)]
            values = [*values, values[-1]] if len(values) % 2 else values
            values = [
                builder.fadd(builder.shuffle_vector(x, y, low), builder.shuffle_vector(x, y, high))
                for x, y in zip(values[::2], values[1::2], strict=True)
            ]
        return [builder.extract_element(values[i // self.lanes], _PART(i % self.lanes)) for i in range(count)]

    def sums(self, rows: int, columns: int) -> Any:
        """Vectors that start as 0."""
        table = [[_helpers.alloca_once(self.builder, self.vector) for _ in range(columns)] for _ in range(rows)]
        for row in table:
            for place in row:
                self.builder.store(self.zero, place)
        return table

    def add_product(self, place: Any, x: Any, y: Any) -> None:
        """Add x y to the sum at a place."""
        self.builder.store(self.call("llvm.fma", x, y, self.builder.load(place)), place)


def _pointers(context: Any, builder: Any, kinds: Any, args: Any) -> list[Any]:
    return [
        context.make_array(kind)(context, builder, arg).data if isinstance(kind, types.Array) else arg
        for kind, arg in zip(kinds, args, strict=True)
    ]


def _extents(context: Any, builder: Any, kinds: Any, args: Any) -> list[tuple[Any, Any]]:
    """Where the arrays among the arguments begin and end."""
    found = []
    for kind, arg in zip(kinds, args, strict=True):
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, arg)
            start = builder.ptrtoint(array.data, _INT)
            end = builder.add(start, array.itemsize)
            shape, strides = (_helpers.unpack_tuple(builder, part) for part in (array.shape, array.strides))
            for size, step in zip(shape, strides, strict=True):
                reach = builder.mul(builder.sub(size, _INT(1)), step)
                back = builder.icmp_signed("<", reach, _INT(0))
                start = builder.add(start, builder.select(back, reach, _INT(0)))
                end = builder.add(end, builder.select(back, _INT(0), reach))
            found.append((start, end))
    return found


def _outer(rows: int, width: int) -> Any:
    @intrinsic
    def block(
        typing: Any, b: Any, b0: Any, w: Any, w0: Any, off: Any, k: Any, x: Any, x0: Any, out: Any, o0: Any, pitch: Any
    ) -> Any:  # fmt: skip
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at_b, from_b, at_w, from_w, offsets, count, at_x, from_x, at_out, to, step = _pointers(
                context, builder, signature.args, args
            )
            code = _Code(context, builder, w.dtype, signature.args, args)
            sums = code.sums(rows, width)
            for r in range(rows):
                begin = code.spread(builder.load(code.at(at_b, from_b, _INT(r))))
                for v in range(width):
                    builder.store(begin, sums[r][v])
            first_w, first_x = code.at(at_w, from_w), code.at(at_x, from_x)
            with _helpers.for_range(builder, count) as each:
                here = code.at(first_x, builder.load(code.at(offsets, each.index)))
                seen = [code.load(code.at(here, v * code.lanes)) for v in range(width)]
                weights = code.at(first_w, builder.mul(each.index, _INT(rows)))
                for r in range(rows):
                    weight = code.spread(builder.load(code.at(weights, r)))
                    for v in range(width):
                        code.add_product(sums[r][v], weight, seen[v])
            for r in range(rows):
                row = code.at(at_out, to, builder.mul(step, _INT(r)))
                for v in range(width):
                    code.store(builder.load(sums[r][v]), code.at(row, v * code.lanes))
            return context.get_dummy_value()

        return types.void(b, b0, w, w0, off, k, x, x0, out, o0, pitch), write

    return block


def _dots(rows: int, columns: int) -> Any:
    @intrinsic
    def block(
        typing: Any, a: Any, a0: Any, pitch: Any, b: Any, b0: Any, off: Any, o0: Any, n: Any, out: Any, p0: Any,
        step: Any, images: Any, a_step: Any, b_step: Any,
    ) -> Any:  # fmt: skip
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at_a, from_a, apart, at_b, from_b, offsets, offset, count, at_out, to, down, number, a_next, b_next = (
                _pointers(context, builder, signature.args, args)
            )
            code = _Code(context, builder, a.dtype, signature.args, args)
            sums = code.sums(rows, columns)
            first_a, first_b, first = code.at(at_a, from_a), code.at(at_b, from_b), code.at(offsets, offset)
            starts_a = [builder.mul(apart, _INT(r)) for r in range(rows)]
            starts_b = [builder.load(code.at(first, c)) for c in range(columns)]
            vectors = builder.udiv(builder.add(count, _INT(code.lanes - 1)), _INT(code.lanes))
            with _helpers.for_range(builder, number) as image:
                image_a = code.at(first_a, builder.mul(image.index, a_next))
                image_b = code.at(first_b, builder.mul(image.index, b_next))
                with _helpers.for_range(builder, vectors) as each:
                    here = builder.mul(each.index, _INT(code.lanes))
                    right = [code.load(code.at(image_b, start, here)) for start in starts_b]
                    for r in range(rows):  # one of each after the other: with all in registers there would be too few
                        left = code.load(code.at(image_a, starts_a[r], here))
                        for c in range(columns):
                            code.add_product(sums[r][c], left, right[c])
            totals = code.totals([builder.load(place) for row in sums for place in row])
            for r in range(rows):
                row = code.at(at_out, to, builder.mul(down, _INT(r)))
                for c in range(columns):
                    place = code.at(row, c)
                    builder.store(builder.fadd(builder.load(place), totals[r * columns + c]), place)
            return context.get_dummy_value()

        return types.void(a, a0, pitch, b, b0, off, o0, n, out, p0, step, images, a_step, b_step), write

    return block


def _panel(rows: int, width: int) -> Any:
    @intrinsic
    def block(
        typing: Any, a: Any, a0: Any, row: Any, step: Any, k: Any, b: Any, b0: Any, first: Any, f0: Any, f_row: Any,
        out: Any, o0: Any, pitch: Any, live: Any, columns: Any, soon: Any, s0: Any, s_step: Any,
    ) -> Any:  # fmt: skip
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            (
                at_a, from_a, down_a, along_a, count, at_b, from_b, at_f, from_f, down_f, at_out, to, down, some, wide,
                at_s, from_s, along_s,
            ) = _pointers(context, builder, signature.args, args)  # fmt: skip
            code = _Code(context, builder, a.dtype, signature.args, args)
            sums = code.sums(rows, width)
            inside = [builder.icmp_signed("<", _INT(r), some) for r in range(rows)]
            mask = code.below(_INT(0), builder.sub(wide, _INT((width - 1) * code.lanes)))

            def places(pointer: Any, start: Any, apart: Any) -> list[Any]:
                """Where the rows begin; of those that are not there, where the first one does."""
                steps = [builder.mul(apart, _INT(r)) for r in range(rows)]
                return [
                    code.at(pointer, start, builder.select(here, step, _INT(0)))
                    for here, step in zip(inside, steps, strict=True)
                ]

            with builder.if_then(builder.icmp_signed(">=", down_f, _INT(0))):
                for place, line in zip(places(at_f, from_f, down_f), sums, strict=True):
                    for v in range(width - 1):
                        builder.store(code.load(code.at(place, v * code.lanes)), line[v])
                    builder.store(code.load_some(code.at(place, (width - 1) * code.lanes), mask), line[-1])
            for place in places(at_out, to, down):
                for v in range(width):
                    code.fetch(code.at(place, v * code.lanes), writing=True)
            first_a, first_b, first_s = places(at_a, from_a, down_a), code.at(at_b, from_b), code.at(at_s, from_s)
            with _helpers.for_range(builder, count) as each:
                code.fetch(code.at(first_s, builder.mul(each.index, along_s)))
                here = code.at(first_b, builder.mul(each.index, _INT(width * code.lanes)))
                seen = [code.load(code.at(here, v * code.lanes)) for v in range(width)]
                along = builder.mul(each.index, along_a)
                for start, line in zip(first_a, sums, strict=True):
                    factor = code.spread(builder.load(code.at(start, along)))
                    for v in range(width):
                        code.add_product(line[v], factor, seen[v])
            for r, line in enumerate(sums):
                with builder.if_then(inside[r]):
                    place = code.at(at_out, to, builder.mul(down, _INT(r)))
                    for v in range(width - 1):
                        code.store(builder.load(line[v]), code.at(place, v * code.lanes))
                    code.store_some(builder.load(line[-1]), code.at(place, (width - 1) * code.lanes), mask)
            return context.get_dummy_value()

        kinds = a, a0, row, step, k, b, b0, first, f0, f_row, out, o0, pitch, live, columns, soon, s0, s_step
        return types.void(*kinds), write

    return block


@intrinsic
def pack(typing: Any, x: Any, x0: Any, row: Any, k: Any, columns: Any, out: Any, o0: Any, width: Any) -> Any:
    """Rows of one to three vectors behind each other."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_x, from_x, step, count, wide, at_out, to, vectors = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, x.dtype, signature.args, args)
        at_x, at_out = code.at(at_x, from_x), code.at(at_out, to)
        for n in (1, 2, 3):
            with builder.if_then(builder.icmp_signed("==", vectors, _INT(n))):
                mask = code.below(_INT((n - 1) * code.lanes), wide)
                with _helpers.for_range(builder, count) as each:
                    here = code.at(at_x, builder.mul(each.index, step))
                    there = code.at(at_out, builder.mul(each.index, _INT(n * code.lanes)))
                    for v in range(n):
                        place = code.at(here, v * code.lanes)
                        seen = code.load(place) if v < n - 1 else code.load_some(place, mask)
                        code.store(seen, code.at(there, v * code.lanes))
        return context.get_dummy_value()

    return types.void(x, x0, row, k, columns, out, o0, width), write


def _turned(code: _Code, rows: list[Any]) -> list[Any]:
    """The columns of a square of as many vectors as there are lanes: pairs exchange halves, quarters, and so on."""
    half = code.lanes // 2
    while half:
        for i in range(code.lanes):
            if not i & half:
                upper, lower = rows[i], rows[i + half]
                for row, first in ((i, 0), (i + half, half)):
                    picked = [(j & ~half | first) + (code.lanes if j & half else 0) for j in range(code.lanes)]
                    places = ir.Constant(ir.VectorType(_PART, code.lanes), picked)
                    rows[row] = code.builder.shuffle_vector(upper, lower, places)
        half //= 2
    return rows


@intrinsic
def turn(typing: Any, x: Any, x0: Any, row: Any, live: Any, columns: Any, out: Any, o0: Any, pitch: Any) -> Any:
    """A square transposed."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_x, from_x, step, some, wide, at_out, to, apart = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, x.dtype, signature.args, args)
        n, mask, seen = code.lanes, code.below(_INT(0), wide), []
        for r in range(n):
            inside = builder.icmp_signed("<", _INT(r), some)
            place = code.at(at_x, from_x, builder.select(inside, builder.mul(step, _INT(r)), _INT(0)))
            seen.append(code.load_some(place, mask))
        for c, column in enumerate(_turned(code, seen)):
            with builder.if_then(builder.icmp_signed("<", _INT(c), wide)):
                code.store(column, code.at(at_out, to, builder.mul(apart, _INT(c))))
        return context.get_dummy_value()

    return types.void(x, x0, row, live, columns, out, o0, pitch), write


def transform(matrix: Sequence[Sequence[float]], add: bool = False) -> Any:
    """Both sides of squares that lie across vectors: `out = m x m^T`, a square for each lane, or `out +=` to `add`.

    Called as (x, x0, off, out, o0, pitch): element (i, j) of x is at `x[x0 + off[i q + j]]`, that of the result at
    `out[o0 + (i p + j) pitch]`, for a p x q matrix; or at `out[o0 + pitch[i p + j]]` for an array of pitches.
    """
    p, q = len(matrix), len(matrix[0])

    @intrinsic
    def squares(typing: Any, x: Any, x0: Any, off: Any, out: Any, o0: Any, pitch: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at_x, from_x, offsets, at_out, to, apart = _pointers(context, builder, signature.args, args)
            code = _Code(context, builder, x.dtype, signature.args, args)
            first, last = code.at(at_x, from_x), code.at(at_out, to)

            def combine(row: Sequence[float], terms: Sequence[Any]) -> Any:
                found = None
                for factor, term in sorted(zip(row, terms, strict=True), key=lambda pair: pair[0] != 1):
                    if found is None and factor:
                        found = term if factor == 1 else builder.fmul(code.constant(factor), term)
                    elif factor in (1, -1):
                        found = (builder.fadd if factor == 1 else builder.fsub)(found, term)
                    elif factor:
                        found = code.call("llvm.fma", code.constant(factor), term, found)
                return found

            columns = []
            for j in range(q):
                seen = [code.load(code.at(first, builder.load(code.at(offsets, i * q + j)))) for i in range(q)]
                columns.append([combine(row, seen) for row in matrix])
            for i in range(p):
                for j, row in enumerate(matrix):
                    value, index = combine(row, [column[i] for column in columns]), _INT(i * p + j)
                    table = isinstance(pitch, types.Array)
                    place = code.at(last, builder.load(code.at(apart, index)) if table else builder.mul(apart, index))
                    code.store(builder.fadd(code.load(place), value) if add else value, place)
            return context.get_dummy_value()

        return types.void(x, x0, off, out, o0, pitch), write

    return squares


def _split(s: int) -> Any:
    @intrinsic
    def row(typing: Any, x: Any, x0: Any, width: Any, lead: Any, out: Any, o0: Any, pitch: Any, n: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at_x, from_x, size, before, at_out, to, step, count = _pointers(context, builder, signature.args, args)
            code = _Code(context, builder, x.dtype, signature.args, args)
            first = builder.sub(_INT(0), before)
            at_x, at_out = code.at(at_x, from_x), code.at(at_out, to)
            vectors = builder.udiv(builder.add(count, _INT(code.lanes - 1)), _INT(code.lanes))
            with _helpers.for_range(builder, vectors) as each:
                here = builder.mul(each.index, _INT(code.lanes))
                seen = []
                for v in range(s):
                    place = builder.add(builder.mul(here, _INT(s)), builder.add(first, _INT(v * code.lanes)))
                    seen.append(code.load_some(code.at(at_x, place), code.below(place, size)))
                mask = code.below(here, count)
                for k in range(s):
                    part = code.pick(seen, [m * s + k for m in range(code.lanes)]) if s > 1 else seen[0]
                    code.store_some(part, code.at(at_out, builder.mul(step, _INT(k)), here), mask)
            return context.get_dummy_value()

        return types.void(x, x0, width, lead, out, o0, pitch, n), write

    return row


def _join(s: int) -> Any:
    @intrinsic
    def row(typing: Any, x: Any, x0: Any, pitch: Any, out: Any, o0: Any, n: Any, total: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            at_x, from_x, step, at_out, to, count, at_total = _pointers(context, builder, signature.args, args)
            code = _Code(context, builder, x.dtype, signature.args, args)
            at_x, at_out = code.at(at_x, from_x), code.at(at_out, to)
            whole = s * code.lanes
            vectors = builder.udiv(builder.add(count, _INT(whole - 1)), _INT(whole))
            with _helpers.for_range(builder, vectors) as each:
                here = builder.mul(each.index, _INT(code.lanes))
                seen = [code.load(code.at(at_x, builder.mul(step, _INT(k)), here)) for k in range(s)]
                for v in range(s):
                    places = [v * code.lanes + m for m in range(code.lanes)]
                    part = code.pick(seen, [p % s * code.lanes + p // s for p in places]) if s > 1 else seen[0]
                    place = builder.add(builder.mul(here, _INT(s)), _INT(v * code.lanes))
                    mask = code.below(place, count)
                    code.store_some(part, code.at(at_out, place), mask)
                    counted = builder.select(mask, part, code.zero)
                    code.store(builder.fadd(code.load(at_total), counted), at_total)
            return context.get_dummy_value()

        return types.void(x, x0, pitch, out, o0, n, total), write

    return row


@intrinsic
def _to_lanes(typing: Any, x: Any, x0: Any, step: Any, count: Any, size: Any, out: Any, o0: Any) -> Any:
    """Rows of x to columns of `out`."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_x, from_x, apart, rows, length, at_out, to = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, x.dtype)
        at_x, at_out = code.at(at_x, from_x), code.at(at_out, to)
        blocks = builder.udiv(builder.add(length, _INT(code.lanes - 1)), _INT(code.lanes))
        with _helpers.for_range(builder, blocks) as each:
            here = builder.mul(each.index, _INT(code.lanes))
            seen = []
            for i in range(code.lanes):
                there = builder.icmp_signed("<", _INT(i), rows)
                mask = code.below(here, builder.select(there, length, _INT(0)))
                seen.append(code.load_some(code.at(at_x, builder.mul(apart, _INT(i)), here), mask))
            for v, column in enumerate(_turned(code, seen)):
                place = builder.mul(builder.add(here, _INT(v)), _INT(code.lanes))
                code.store(column, code.at(at_out, place))
        return context.get_dummy_value()

    return types.void(x, x0, step, count, size, out, o0), write


@intrinsic
def _from_lanes(
    typing: Any, x: Any, x0: Any, size: Any, out: Any, o0: Any, step: Any, count: Any, total: Any
) -> Any:  # fmt: skip
    """Columns of x to rows of `out`."""

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at_x, from_x, length, at_out, to, apart, rows, at_total = _pointers(context, builder, signature.args, args)
        code = _Code(context, builder, x.dtype)
        at_x, at_out = code.at(at_x, from_x), code.at(at_out, to)
        blocks = builder.udiv(builder.add(length, _INT(code.lanes - 1)), _INT(code.lanes))
        with _helpers.for_range(builder, blocks) as each:
            here = builder.mul(each.index, _INT(code.lanes))
            seen = [
                code.load(code.at(at_x, builder.mul(builder.add(here, _INT(v)), _INT(code.lanes))))
                for v in range(code.lanes)
            ]
            sums = code.load(at_total)
            for i, row in enumerate(_turned(code, seen)):
                there = builder.icmp_signed("<", _INT(i), rows)
                mask = code.below(here, builder.select(there, length, _INT(0)))
                code.store_some(row, code.at(at_out, builder.mul(apart, _INT(i)), here), mask)
                sums = builder.fadd(sums, builder.select(mask, row, code.zero))
            code.store(sums, at_total)
        return context.get_dummy_value()

    return types.void(x, x0, size, out, o0, step, count, total), write


outer = {rows: _outer(rows, width) for rows, width in WIDTH.items()}
outer_tail = {rows: _outer(rows, 1) for rows in WIDTH}
panel = {width: _panel(PANEL_ROWS, width) for width in (1, 2, 3)}
dots = {rows: _dots(rows, columns) for rows, columns in COLUMNS.items()}
to_lanes: Any = _to_lanes
from_lanes: Any = _from_lanes
split = {s: _split(s) for s in (1, 2, 4)}
join = {s: _join(s) for s in (1, 4)}
