"""Functions that make Tensors: constants, ranges, grids. What they are given as values has a gradient."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..batched import numbers
from ..errors import GradientError, describe
from ..ops import elementwise
from ..ops import shape as ops
from ..tensor import Tensor, constant, note_created
from ..tensor import asarray as share
from .arguments import array_of, bare, cast, nested, on_cpu, one_axis, plain, shape_of
from .elementwise import floor
from .shaping import at_least, moveaxis

__all__ = [
    "arange", "array", "asanyarray", "asarray", "asarray_chkfinite", "diag_indices", "diag_indices_from", "empty",
    "empty_like", "eye", "from_dlpack", "fromfunction", "full", "full_like", "geomspace", "identity", "indices",
    "linspace", "logspace", "mask_indices", "ones", "ones_like", "tri", "tril_indices", "tril_indices_from",
    "triu_indices", "triu_indices_from", "vander", "zeros", "zeros_like",
]  # fmt: skip


def _new(value: Any) -> Tensor:
    return note_created(constant(value))


def _check(function: str, order: Any = None, device: Any = None) -> None:
    if order not in (None, "C", "F", "A", "K"):
        raise ValueError(f'np.{function} takes order "C", "F", "A" or "K", got {order!r}')
    on_cpu(device)


# -- from values ---------------------------------------------------------------------------------------


def array(
    object: Any, dtype: Any = None, *, copy: bool | None = True, order: Any = "K", subok: bool = False,
    ndmin: int = 0, like: Any = None,
) -> Any:  # fmt: skip
    """A new Tensor of numbers, an array, a Tensor, or nested lists of them, whose gradients it hands on.

    >>> array([[1.0, 2.0], np.zeros(2)])
    Tensor([[1., 2.],
            [0., 0.]])

    Raises TypeError for what holds no numbers.
    """
    return at_least(asarray(object, dtype, order, copy=copy), ndmin)


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """A Tensor of numbers, an array, a Tensor, or nested lists of them; memory is shared where it can be.

    A Tensor of that dtype comes back as it is. `copy=True` always copies, `copy=False` never.

    >>> asarray(np.ones(2), np.float32)
    Tensor([1., 1.], dtype=float32)

    Raises ValueError where `copy=False` cannot be, TypeError for what holds no numbers.
    """
    _check("asarray", order, device)
    x = nested(a)
    same = hasattr(x, "dtype") and (dtype is None or x.dtype == dtype)
    if copy is False and not (same and x is a):
        raise ValueError(f"a Tensor of {describe(a)}{f' in {np.dtype(dtype)}' if dtype else ''} needs a copy")
    if type(x) is Tensor:
        return cast(x, dtype) if not same else ops.astype(x, dtype=x.dtype) if copy and x is a else x
    shared = share(x, dtype)
    if (copy and shared.value is x) or (order in ("C", "F") and not shared.value.flags[f"{order}_CONTIGUOUS"]):
        return _new(np.array(shared.value, order=order or "K"))
    return shared


def asanyarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: bool | None = None, like: Any = None
) -> Any:
    """The same as `asarray`: there is one kind of Tensor."""
    return asarray(a, dtype, order, device=device, copy=copy)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Like `asarray`, with ValueError for infinities and NaN."""
    x = asarray(a, dtype, order)
    if not np.isfinite(bare(x)).all():
        raise ValueError(f"{describe(x)} contains infinities or NaN")
    return x


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """A Tensor of another library's array on the CPU; memory is shared unless `copy=True`.

    >>> from_dlpack(np.ones(2))
    Tensor([1., 1.])
    """
    _check("from_dlpack", device=device)
    return asarray(x if type(x) is Tensor else np.from_dlpack(x), copy=copy)


# -- of one value --------------------------------------------------------------------------------------


def empty(
    shape: int | Sequence[int], dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """A Tensor whose elements are whatever was in memory: to be written into."""
    _check("empty", order, device)
    return _new(np.empty(shape_of(plain(shape)), dtype, order))


def zeros(
    shape: int | Sequence[int], dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """Zeros of a shape.

    >>> zeros(2)
    Tensor([0., 0.])
    """
    _check("zeros", order, device)
    return _new(np.zeros(shape_of(plain(shape)), dtype, order))


def ones(
    shape: int | Sequence[int], dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """Ones of a shape.

    >>> ones((1, 2), np.int64)
    Tensor([[1, 1]])
    """
    _check("ones", order, device)
    return _new(np.ones(shape_of(plain(shape)), dtype, order))


def full(
    shape: int | Sequence[int], fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """One value, or an array of them broadcast, in a shape; its gradient is the sum of theirs.

    >>> full(2, 7.0)
    Tensor([7., 7.])
    """
    _check("full", order, device)
    value, lengths = nested(fill_value), shape_of(plain(shape))
    if type(value) is Tensor:
        return ops.expand(cast(value, dtype), shape=lengths, view=False)
    return _new(np.full(lengths, value, dtype, order))


def _like(a: Any, dtype: Any, shape: Any, device: Any, order: Any) -> tuple[tuple[int, ...], Any]:
    """The shape and dtype for one more array like this one."""
    _check("zeros_like", order, device)
    x = array_of(a)
    return x.shape if shape is None else shape_of(shape), x.dtype if dtype is None else dtype


def empty_like(
    prototype: Any, /, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """A Tensor of an array's shape and dtype whose elements are whatever was in memory."""
    return empty(*_like(prototype, dtype, shape, device, order))


def zeros_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """Zeros of an array's shape and dtype; a constant.

    >>> zeros_like(np.ones(2))
    Tensor([0., 0.])
    """
    return zeros(*_like(a, dtype, shape, device, order))


def ones_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> Any:
    """Ones of an array's shape and dtype; a constant."""
    return ones(*_like(a, dtype, shape, device, order))


def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """One value in an array's shape and dtype; the gradient is the value's, and a has none.

    >>> full_like(np.ones(2), 3.0)
    Tensor([3., 3.])
    """
    lengths, kind = _like(a, dtype, shape, device, order)
    return full(lengths, fill_value, kind)


# -- matrices ------------------------------------------------------------------------------------------


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: Any = float, order: Any = "C", *, device: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """Ones on the k-th diagonal of an (N, M) matrix, zeros elsewhere.

    >>> eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    _check("eye", order, device)
    return _new(np.eye(N, M, k, float if dtype is None else dtype, order))


def identity(n: int, dtype: Any = None, *, like: Any = None) -> Any:
    """The (n, n) matrix with ones on its diagonal."""
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float, *, like: Any = None) -> Any:
    """Ones on and below the k-th diagonal of an (N, M) matrix, zeros above it.

    >>> tri(2)
    Tensor([[1., 0.],
            [1., 1.]])
    """
    return _new(np.tri(N, M, k, dtype))


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of each element of a vector in a row: from x^(N-1) down to 1, or the other way round.

    >>> vander(np.array([2.0, 3.0]), increasing=True)
    array([[1., 2.],
           [1., 3.]])
    """
    x = array_of(x)
    if x.ndim != 1:
        raise ValueError(f"vander takes a vector, got {describe(x)}")
    powers = np.arange(x.shape[0] if N is None else N)
    x = cast(x, np.promote_types(x.dtype, int))
    return elementwise.pow_(ops.reshape(x, shape=(-1, 1)), powers if increasing else powers[::-1])


# -- ranges --------------------------------------------------------------------------------------------


def arange(
    start: Any, /, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None, like: Any = None
) -> Any:
    """Numbers from start (0 if only one is given) to before stop.

    >>> arange(3), arange(0.0, 1.0, 0.5)
    (Tensor([0, 1, 2]), Tensor([0.0, 0.5]))
    """
    _check("arange", device=device)
    ends = [plain(end) for end in (start, stop, step)]
    if any(type(end) is Tensor and end.requires_grad for end in (start, stop, step)):
        raise GradientError(
            "arange of tensors that require grad would lose their gradient, as its length depends on them. Write "
            "start + step * arange(n), or arange(start.item(), ...) for a constant."
        )
    make: Any = np.arange
    return _new(make(*([0, ends[0]] if stop is None else ends[:2]), 1 if step is None else ends[2], dtype))


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """So many numbers at equal distances from start to stop, which may be arrays.

    >>> linspace(0.0, 1.0, 3)
    Tensor([0.0, 0.5, 1.0])
    """
    _check("linspace", device=device)
    start, stop = nested(start), nested(stop)
    if type(start) is not Tensor and type(stop) is not Tensor:
        make: Any = np.linspace
        found = make(start, stop, num, endpoint, retstep, dtype, axis)
        return (_new(found[0]), _new(np.asarray(found[1]))) if retstep else _new(found)
    span, parts = stop * 1.0 - start, num - 1 if endpoint else num
    step = span / parts if parts else span * np.nan if retstep else span
    places = np.arange(num).reshape(num, *(1,) * span.ndim)
    values = (step if parts else span) * places.astype(span.dtype) + start
    if endpoint and num > 1:
        values = elementwise.where(places == parts, stop, values)  # free of rounding
    if dtype is not None:
        values = cast(floor(values) if np.dtype(dtype).kind in "iu" else values, dtype)
    values = _placed(values, axis)
    return (values, step) if retstep else values


def _placed(values: Any, axis: int) -> Any:
    """Move the first axis, along which the numbers run, to where it is wanted."""
    return moveaxis(values, 0, one_axis(axis, values.ndim))


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0,
    *, device: Any = None,
) -> Any:  # fmt: skip
    """So many numbers from base^start to base^stop, each the same multiple of the one before.

    >>> logspace(0.0, 2.0, 3)
    Tensor([  1.,  10., 100.])
    """
    base, exponents = nested(base), linspace(start, stop, num, endpoint, device=device)
    missing = array_of(base).ndim - (exponents.ndim - 1)
    if missing > 0:
        exponents = ops.reshape(exponents, shape=(num, *(1,) * missing, *exponents.shape[1:]))
    return _placed(cast(elementwise.pow_(base, exponents), dtype), axis)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0, *,
    device: Any = None,
) -> Any:  # fmt: skip
    """So many numbers from start to stop, each the same multiple of the one before.

    >>> geomspace(1.0, 100.0, 3)
    Tensor([  1.,  10., 100.])

    Raises ValueError where start or stop is zero.
    """
    first, last = asarray(start) * 1.0, asarray(stop) * 1.0
    if np.any(numbers(first) == 0) or np.any(numbers(last) == 0):
        raise ValueError("a geometric sequence has no zero in it: start and stop must be other than zero")
    part = linspace(0.0, 1.0, num, endpoint, device=device).value
    part = part.reshape(num, *(1,) * max(first.ndim, last.ndim))
    values = first * elementwise.pow_(last / first, part)
    if endpoint and num > 1:
        values = elementwise.where(part == 1, last, values)  # free of rounding
    return _placed(cast(values, dtype), axis)


# -- functions of places ---------------------------------------------------------------------------------


def fromfunction(
    function: Callable[..., Any], shape: Sequence[int], *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    """Call a function on the coordinates of all places of an array of this shape, a Tensor for each axis.

    >>> fromfunction(lambda i, j: i + 2 * j, (2, 2))
    Tensor([[0., 2.],
            [1., 3.]])
    """
    return function(*map(_new, np.indices(shape_of(shape), dtype)), **kwargs)


def indices(dimensions: Sequence[int], dtype: Any = int, sparse: bool = False) -> Any:
    """The coordinates of all places of an array of this shape; sparse, a tuple that broadcasts to them.

    >>> indices((1, 2))
    Tensor([[[0, 0]],
            [[0, 1]]])
    """
    make: Any = np.indices
    found = make(shape_of(dimensions), dtype, sparse)
    return tuple(map(_new, found)) if sparse else _new(found)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Where the elements on and below the k-th diagonal of an (n, m) matrix are: `t[tril_indices(n)]` reads them."""
    return tuple(map(_new, np.tril_indices(n, k, m)))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, ...]:
    """Where the elements on and above the k-th diagonal of an (n, m) matrix are: `t[triu_indices(n)]` reads them."""
    return tuple(map(_new, np.triu_indices(n, k, m)))


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """Like `tril_indices`, for a matrix of this shape."""
    n, m = _matrix_shape("tril_indices_from", arr)
    return tril_indices(n, k, m)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, ...]:
    """Like `triu_indices`, for a matrix of this shape."""
    n, m = _matrix_shape("triu_indices_from", arr)
    return triu_indices(n, k, m)


def _matrix_shape(function: str, a: Any) -> tuple[int, int]:
    x = array_of(a)
    if x.ndim != 2:
        raise ValueError(f"{function} takes a matrix, got {describe(x)}")
    n, m = x.shape
    return n, m


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """Where the main diagonal of an array with `ndim` axes of length n is.

    >>> diag_indices(2)
    (Tensor([0, 1]), Tensor([0, 1]))
    """
    return (_new(np.arange(n)),) * operator.index(ndim)


def diag_indices_from(arr: Any) -> tuple[Any, ...]:
    """Like `diag_indices`, for an array of this shape."""
    x = array_of(arr)
    if x.ndim < 2 or len(set(x.shape)) != 1:
        raise ValueError(f"diag_indices_from takes two axes or more of one length, got {describe(x)}")
    return diag_indices(x.shape[0], x.ndim)


def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> tuple[Any, ...]:
    """Where the elements of an (n, n) matrix are that a function such as `triu` keeps."""
    return tuple(map(_new, np.nonzero(plain(mask_func(np.ones((n, n), int), k)))))
