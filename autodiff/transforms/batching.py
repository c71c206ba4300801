"""How each op computes with all examples at once: what `vmap` does to ops.

A rule gets a `Call`: the op, its arrays (those that are mapped have the examples along axis 0) and its parameters. It
returns what the op would give for each example, again along axis 0. Kinds have rules, and some ops their own; an op
without one is called example by example, and a warning says so.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

import numpy as np

from ..batched import Batched, Mapping, numbers
from ..config import is_traced
from ..graph import user_frame
from ..op import Op
from ..ops import linalg, shape, sort
from ..ops.index import ARRAY, read
from ..tensor import constant
from .levels import plain

ALL = ("slice", None, None, None)


@dataclass
class Call:
    """One call of an op with mapped arrays; other arguments are as they were given."""

    op: Op
    arrays: list[Any]
    mapped: list[bool]
    params: dict[str, Any]
    size: int

    def ndim(self, i: int) -> int:
        """Number of axes that one example of an argument has."""
        ndim: int = getattr(self.arrays[i], "ndim", 0)
        return ndim - self.mapped[i]

    def aligned(self, i: int, ndim: int) -> Any:
        """An argument such that it broadcasts against mapped ones whose examples have `ndim` axes."""
        x = self.arrays[i]
        missing = ndim - self.ndim(i)
        if not self.mapped[i] or missing <= 0:
            return x
        return x.reshape((self.size, *(1,) * missing, *x.shape[1:]))

    def spread(self, i: int) -> Any:
        """An argument with one copy for each example, if it is not mapped."""
        x = self.arrays[i]
        if self.mapped[i]:
            return x
        x = x if hasattr(x, "shape") else np.asarray(x)
        return shape.expand(x, shape=(self.size, *x.shape))

    def all_spread(self) -> list[Any]:
        """All arguments, each with a copy for each example."""
        return [self.spread(i) for i in range(len(self.arrays))]

    def __call__(self, *arrays: Any, **params: Any) -> Any:
        """Call the op, with some parameters changed."""
        return self.op.call(*arrays, **self.params | params)


def forward(op: Op, values: list[Any], params: dict[str, Any]) -> Any:
    """Compute an op of values some of which may be batched: `Modes.forward` inside a mapped function."""
    mappings = [value.mapping for value in values if type(value) is Batched]
    if not mappings:
        return op.forward(*values, **params)
    mapping: Mapping = max(mappings, key=lambda m: m.number)  # the innermost; others are arrays to it
    mapped = [type(value) is Batched and value.mapping is mapping for value in values]
    for value, mine in zip(values, mapped, strict=True):
        if mine and not mapping.running:
            value._refuse()
    arrays = [_array(v.batch if mine else v) for v, mine in zip(values, mapped, strict=True)]
    call = Call(op, arrays, mapped, params, mapping.size)
    rule = RULES.get(op.name) or KINDS.get(op.kind, _no_rule)
    result = _one_by_one(call) if mapping.size == 0 else rule(call)
    if result is NotImplemented and op.composed is not None:
        inputs = [constant(v) if isinstance(v, np.ndarray | np.generic | Batched) else v for v in values]
        return plain(op.composed(*inputs, **params)), None
    if result is NotImplemented:
        _warn(op, mapping.size)
        result = _one_by_one(call)
    if op.several:
        return tuple([Batched(plain(part), mapping) for part in result])
    result = Batched(plain(result), mapping)
    return result if op.vjp is None else (result, None)


def _array(value: Any) -> Any:
    """What a rule gets of an array: a Tensor of one that is mapped further out, or while a trace is being made."""
    on_tensors = type(value) is Batched or (is_traced() and isinstance(value, np.ndarray | np.generic))
    return constant(value) if on_tensors else value


def _no_rule(call: Call) -> Any:
    return NotImplemented


def _warn(op: Op, size: int) -> None:
    import sys

    frame = user_frame(sys._getframe(1))
    warnings.warn_explicit(
        f"vmap calls op '{op.name}' {size} times, example by example: it has no rule for all at once",
        UserWarning, frame.f_code.co_filename, frame.f_lineno,
    )  # fmt: skip


def _one_by_one(call: Call) -> Any:
    """Call the op for each example and stack what it gives; for no example, learn the shape from zeros."""
    pairs = list(zip(call.arrays, call.mapped, strict=True))
    if not call.size:
        with np.errstate(all="ignore"):
            out = call(*[np.zeros(x.shape[1:], x.dtype) if mine else x for x, mine in pairs])
        parts = out if call.op.several else (out,)
        empty = [np.empty((0, *np.shape(plain(part))), plain(part).dtype) for part in parts]
        return tuple(empty) if call.op.several else empty[0]
    outs = [call(*[x[i] if mine else x for x, mine in pairs]) for i in range(call.size)]
    if call.op.several:
        return tuple([shape.stack(*part, axis=0) for part in zip(*outs, strict=True)])
    return shape.stack(*outs, axis=0)


# -- kinds ----------------------------------------------------------------------------------------------


def _elementwise(call: Call) -> Any:
    ndim = max([call.ndim(i) for i in range(len(call.arrays))])
    return call(*[call.aligned(i, ndim) for i in range(len(call.arrays))])


def _shifted(axis: Any, ndim: int) -> Any:
    if isinstance(axis, tuple | list):
        return tuple([_shifted(a, ndim) for a in axis])
    return axis % ndim + 1


def _along_axis(call: Call) -> Any:
    """Ops that work along `axis`, which moves by one. None means all axes of an example."""
    arrays = call.all_spread()
    ndim = arrays[0].ndim - 1
    axis = call.params.get("axis", None)
    if axis is not None and not ndim and axis != ():
        return NotImplemented  # NumPy lets axis 0 of a scalar pass here and there
    if axis is not None:
        return call(*arrays, axis=_shifted(axis, ndim))
    if len(arrays) > 1 or not ndim:
        return NotImplemented
    out = call(arrays[0].reshape((call.size, -1)), axis=1)
    return out.reshape((call.size, *(1,) * ndim)) if call.params.get("keepdims") else out


def _shape(call: Call) -> Any:
    return _along_axis(call) if "axis" in call.params else NotImplemented


def _reduce(call: Call) -> Any:
    one = len(call.arrays) == 1
    return _along_axis(call) if one or "axis" in call.params else NotImplemented


def _random(call: Call) -> Any:
    """Each example draws numbers of its own, in one draw for all."""
    return call(*call.all_spread())


def _linalg(call: Call) -> Any:
    """NumPy's functions of matrices take any axes before the last two."""
    matrices = [i for i in range(len(call.arrays)) if call.ndim(i) >= 2]
    if not matrices:
        return NotImplemented
    ndim = max([call.ndim(i) for i in matrices])
    return call(*[call.aligned(i, ndim) if i in matrices else x for i, x in enumerate(call.arrays)])


KINDS: dict[str, Callable[[Call], Any]] = {
    "elementwise": _elementwise, "reduce": _reduce, "shape": _shape, "scan": _shape, "linalg": _linalg,
    "random": _random,
}  # fmt: skip


# -- shape ------------------------------------------------------------------------------------------------


def _reshape(call: Call) -> Any:
    (x,), lengths = call.arrays, call.params["shape"]
    lengths = (lengths,) if isinstance(lengths, int) else lengths
    if -1 in lengths:
        known = math.prod(n for n in lengths if n != -1)
        lengths = tuple([math.prod(x.shape[1:]) // max(known, 1) if n == -1 else n for n in lengths])
    return call(x, shape=(call.size, *lengths))


def _transpose(call: Call) -> Any:
    return call(call.arrays[0], axes=(0, *(a + 1 for a in call.params["axes"])))


def _expand(call: Call) -> Any:
    lengths = call.params["shape"]
    return call(call.aligned(0, len(lengths)), shape=(call.size, *lengths))


def _pad(call: Call) -> Any:
    return call(call.arrays[0], width=((0, 0), *call.params["width"]))


def _join(call: Call) -> Any:
    return call(*call.all_spread(), axis=call.params["axis"] + 1)


# -- index ------------------------------------------------------------------------------------------------


def _getitem(call: Call) -> Any:
    return call(call.arrays[0], index=(ALL, *call.params["index"]))


def _diagonal(call: Call) -> Any:
    return call(call.arrays[0])


@dataclass
class _Places:
    """An index with arrays, made to read from all examples: where the arrays' axes come to lie."""

    index: tuple[Any, ...]
    arrays: list[Any]
    before: int  # axes of the result that stand before those of the arrays
    broad: int  # axes of the arrays

    def last(self, x: Any) -> Any:
        """What was read with the arrays' axes first, (n, arrays, before, after), as it is for one example."""
        return self._turned(x, self.broad, self.before)

    def first(self, x: Any) -> Any:
        """The way back."""
        return self._turned(x, self.before, self.broad)

    def _turned(self, x: Any, k: int, m: int) -> Any:
        """The k axes after the first exchanged with the m axes after those."""
        if not (k and m):
            return x
        order = (0, *range(1 + k, 1 + k + m), *range(1, 1 + k), *range(1 + k + m, x.ndim))
        return shape.transpose(x, axes=order)


def _places(call: Call, ndim: int, examples: bool, first_array: int = 1) -> _Places | None:
    """Write `call.params["index"]` without Ellipsis, booleans and integers, and with a first array for the example."""
    following = iter(range(first_array, len(call.arrays)))
    parts: list[Any] = []
    arrays: list[Any] = []
    mapped: list[bool] = []
    for part in call.params["index"]:
        if part == ARRAY:
            i = next(following)
            array = call.arrays[i]
            if plain(array).dtype.kind != "b":
                parts.append(ARRAY)
                arrays.append(array)
                mapped.append(call.mapped[i])
            elif call.mapped[i]:
                raise TypeError(
                    "an index of booleans gives each example its own number of elements, and vmap needs one shape for "
                    "all. Write where(mask, x, 0)."
                )
            elif not plain(array).shape:
                return None
            else:
                found = plain(array).nonzero()
                parts += [ARRAY] * len(found)
                arrays += found
                mapped += [False] * len(found)
        elif isinstance(part, int):
            parts.append(ARRAY)
            arrays.append(np.asarray(part))
            mapped.append(False)
        else:
            parts.append(part)
    rest = [ALL] * (ndim - sum(part is not None and part is not Ellipsis for part in parts))
    place = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
    parts[place : place + 1] = rest
    first, last = parts.index(ARRAY), len(parts) - parts[::-1].index(ARRAY)
    together = all(part == ARRAY for part in parts[first:last])
    broad = max(getattr(a, "ndim", 0) - m for a, m in zip(arrays, mapped, strict=True))
    arrays = [
        a.reshape((call.size, *(1,) * (broad - a.ndim + 1), *a.shape[1:])) if m else a
        for a, m in zip(arrays, mapped, strict=True)
    ]
    if examples:
        parts.insert(0, ARRAY)
        arrays.insert(0, np.arange(call.size).reshape((call.size, *(1,) * broad)))
    return _Places(tuple(parts), arrays, first if together else 0, broad)


def _gather(call: Call) -> Any:
    x = call.arrays[0]
    places = _places(call, call.ndim(0), call.mapped[0])
    if places is None:
        return NotImplemented
    out = call.op.call(x, *places.arrays, index=places.index)
    if call.mapped[0]:
        return places.last(out)
    order = list(range(out.ndim))  # (before, n, arrays, after) to (n, before, arrays, after)
    order.insert(0, order.pop(places.before))
    return out if places.before == 0 else shape.transpose(out, axes=tuple(order))


def _scatter(call: Call) -> Any:
    x, lengths = call.spread(0), call.params["shape"]
    if len(call.arrays) == 1:
        return call(x, index=(ALL, *call.params["index"]), shape=(call.size, *lengths))
    places = _places(call, len(lengths), True)
    if places is None:
        return NotImplemented
    return call.op.call(places.first(x), *places.arrays, index=places.index, shape=(call.size, *lengths))


def _setitem(call: Call) -> Any:
    x, count = call.spread(0), len(call.arrays) - 2
    places = _places(call, x.ndim - 1, True, 2) if count else None
    if count and places is None:
        return NotImplemented
    part = read(x, places.index, places.arrays) if places else read(x, (ALL, *call.params["index"]), ())
    v, surplus = call.aligned(1, part.ndim - 1), call.ndim(1) - part.ndim + 1
    if surplus > 0:  # NumPy lets values have more axes, of length 1
        v = v.reshape(v.shape[: call.mapped[1]] + v.shape[call.mapped[1] + surplus :])
    if places is None:
        return call(x, v, index=(ALL, *call.params["index"]))
    return call.op.call(x, places.first(shape.expand(v, shape=places.last(part).shape)), *places.arrays,
                        index=places.index)  # fmt: skip


# -- contractions -------------------------------------------------------------------------------------------


def _matmul(call: Call) -> Any:
    ndim = max(call.ndim(0), call.ndim(1))
    return call(call.aligned(0, ndim), call.aligned(1, ndim))


def _affine(call: Call) -> Any:
    if call.mapped == [True, False, False] and call.ndim(0) > 0:
        return call(*call.arrays)
    x, w, b = call.all_spread()  # (n, ..., k), (n, o, k), (n, o)
    ones = (1,) * (x.ndim - 3)
    w = w.mT.reshape((call.size, *ones, w.shape[2], w.shape[1])) if x.ndim > 2 else w.mT
    out = linalg.matmul(x if x.ndim > 2 else x.reshape((call.size, 1, -1)), w)
    out = out if x.ndim > 2 else out.reshape((call.size, -1))
    return out + b.reshape((call.size, *(1,) * (out.ndim - 2), b.shape[1]))


def _einsum(call: Call) -> Any:
    """One letter more, for the examples."""
    terms, out = call.params["spec"].split("->")
    letter = next(c for c in ascii_letters if c not in terms)
    terms = ",".join(letter * mine + term for term, mine in zip(terms.split(","), call.mapped, strict=True))
    return call(*call.arrays, spec=f"{terms}->{letter}{out}")


def _fft(call: Call) -> Any:
    return call(call.arrays[0], axes=_shifted(call.params["axes"], call.ndim(0)))


def _insert(a: Any, v: Any, side: str) -> Any:
    """Where to insert (n, ...) numbers into n sorted rows: of each, the rank among both less that among its own."""
    own = v.reshape((v.shape[0], -1))
    parts = (own, a) if side == "left" else (a, own)
    ranks = _ranks(shape.concatenate(*parts, axis=1))
    among = ranks[:, : own.shape[1]] if side == "left" else ranks[:, a.shape[1] :]
    return (among - _ranks(own)).reshape(v.shape)


def _ranks(x: Any) -> Any:
    """The place of each element in its sorted row, equals in the order in which they stand."""
    return sort.argsort(sort.argsort(x, axis=1, kind="stable"), axis=1, kind="stable")


def _searchsorted(call: Call) -> Any:
    if call.mapped == [False, True]:
        return call(*call.arrays)
    a, v = call.all_spread()
    return _insert(a, v, call.params["side"])


def _digitize(call: Call) -> Any:
    if call.mapped == [True, False]:
        return call(*call.arrays)
    x, bins = call.all_spread()
    if (np.diff(numbers(bins), axis=-1) < 0).any():
        return NotImplemented  # falling in some examples, perhaps
    return _insert(bins, x, "left" if call.params["right"] else "right")


def _isin(call: Call) -> Any:
    if call.mapped == [True, False]:
        return call(*call.arrays)
    x, others = call.all_spread()
    equal = x.reshape((call.size, -1, 1)) == others.reshape((call.size, 1, -1))
    found = equal.any(axis=2).reshape(x.shape)
    return ~found if call.params["invert"] else found


def _bincount(call: Call) -> Any:
    (x,), n = call.arrays, call.params["minlength"]
    if not x.shape[1] or numbers(x).min() < 0 or numbers(x).max() >= n:
        return NotImplemented
    rows = np.arange(call.size).reshape((-1, 1))
    return call((x + rows * n).reshape((-1,)), minlength=call.size * n).reshape((call.size, n))


def _segments(call: Call) -> Any:
    """Segments of each example are segments of their own."""
    *xs, ids = call.all_spread()
    count = call.params["count"] if call.params else xs[1].shape[1]
    ids = (ids + np.arange(call.size).reshape((-1, 1)) * count).reshape((-1,))
    changed = {"count": count * call.size} if call.params else {}
    return _parted(call(*[_merged(x, 0) for x in xs], ids, **changed), 0, call.size)


def _slide(call: Call) -> Any:
    """Convolution of vectors: windows of the one times the other."""
    x, y = call.all_spread()
    if call.op.name == "convolve":
        x, y = (x, y) if x.shape[1] >= y.shape[1] else (y, x)
        more = y.shape[1] - 1
        x, y = shape.pad(x, width=((0, 0), (more, more))), y[:, ::-1]
    if x.shape[1] < y.shape[1]:
        return NotImplemented
    places = np.arange(x.shape[1] - y.shape[1] + 1).reshape((-1, 1)) + np.arange(y.shape[1])
    windows = read(x, (ALL, ARRAY), (places,))  # (n, places, k)
    return linalg.matmul(windows, y.reshape((*y.shape, 1))).reshape((call.size, len(places)))


def _lstsq(call: Call) -> Any:
    x, y = call.all_spread()
    return linalg.matmul(linalg.pinv(x, np.asarray(call.params["rcond"]), hermitian=False), y)


def _merged(x: Any, axis: int) -> Any:
    """The examples (axis 0) put together with another axis of each: (n, ..., k, ...) to (..., n k, ...)."""
    n, rest = x.shape[0], x.shape[1:]
    x = shape.transpose(x, axes=(*range(1, axis + 1), 0, *range(axis + 1, x.ndim)))
    return x.reshape((*rest[:axis], n * rest[axis], *rest[axis + 1 :]))


def _parted(x: Any, axis: int, n: int) -> Any:
    """What `_merged` has put together."""
    x = x.reshape((*x.shape[:axis], n, x.shape[axis] // n, *x.shape[axis + 1 :]))
    return shape.transpose(x, axes=(axis, *(i for i in range(x.ndim) if i != axis)))


def _conv(call: Call) -> Any:
    """Examples of images are more images; examples of kernels are groups of channels that do not see each other."""
    weights = call.op.name != "conv_dw"  # what stands second is a kernel, not images
    if weights and call.mapped[0] and not any(call.mapped[1:]):
        return _parted(call(_merged(call.arrays[0], 0), *call.arrays[1:]), 0, call.size)
    x, y, *bias = call.all_spread()
    y, bias = _merged(y, 0 if weights else 1), [_merged(b, 0) for b in bias]
    out = call(_merged(x, 1), y, *bias, groups=call.params["groups"] * call.size)
    return _parted(out, 1 if weights else 0, call.size)


def _images(call: Call) -> Any:
    """Ops of one array of images: examples of them are more images. Tables that hold for all images stay."""
    x, *tables = call.arrays
    if any(call.mapped[1:]) or any(len(table) > 1 for table in tables):
        return NotImplemented
    return _parted(call(_merged(x, 0), *tables), 0, call.size)


def _cross_entropy(call: Call) -> Any:
    """Examples of rows are more rows, as long as the mean is over all of them."""
    how, (logits, targets) = call.params["reduction"], (call.spread(0), call.spread(1))
    ignored = numbers(targets) == call.params["ignore_index"]
    if call.mapped[2] or (how == "mean" and (np.ndim(call.arrays[2]) or ignored.any())):
        return NotImplemented
    losses = call(_merged(logits, 0), plain(_merged(targets, 0)), call.arrays[2], reduction="none")
    losses = _parted(losses, 0, call.size)
    axes = tuple(range(1, losses.ndim))
    return losses if how == "none" else losses.sum(axis=axes) if how == "sum" else losses.mean(axis=axes)


RULES: dict[str, Callable[[Call], Any]] = {
    "reshape": _reshape, "transpose": _transpose, "expand": _expand, "concatenate": _join, "stack": _join, "pad": _pad,
    "getitem": _getitem, "matrix_diagonal": _diagonal, "gather": _gather, "scatter": _scatter, "setitem": _setitem,
    "matmul": _matmul, "affine": _affine, "einsum": _einsum, "lstsq": _lstsq, "unspecified": _random,
    "fft": _fft, "ifft": _fft, "rfft": _along_axis, "irfft": _along_axis,
    "searchsorted": _searchsorted, "digitize": _digitize, "isin": _isin, "bincount": _bincount,
    "segment_extreme": _segments, "segment_ties": _segments, "convolve": _slide, "correlate": _slide,
    "conv": _conv, "conv_bias": _conv, "conv_dx": _conv, "conv_dw": _conv, "unfold": _images, "fold": _images,
    "max_pool": _images, "max_pool_places": _images, "max_places": _images,
    "pool_sum": _images, "pool_spread": _images, "cross_entropy": _cross_entropy,
    "soft_cross_entropy": _no_rule, "bce_with_logits": _no_rule,
}  # fmt: skip
"""Ops that need more than their kind says."""
