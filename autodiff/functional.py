"""Functions of Tensors, arrays and numbers, with NumPy's names and signatures.

Each is an op, or a few lines that bring friendly arguments into the form that an op takes. Given no Tensor
they return arrays, so the same code runs with and without gradients.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .call import lift
from .errors import describe
from .ops import arithmetic, compare, conv, elementwise, index, linalg, norm, pool, random, reduce
from .ops import shape as shapes
from .random import Generator, as_generator
from .tensor import Tensor

# -- elementwise: the ops themselves, under NumPy's names ----------------------------------------------

add, subtract, multiply, divide = arithmetic.add, arithmetic.sub, arithmetic.mul, arithmetic.div
true_divide, negative, floor_divide, remainder = (
    divide,
    arithmetic.neg,
    arithmetic.floordiv,
    arithmetic.mod,
)
mod, power, absolute, abs = remainder, elementwise.pow_, elementwise.abs_, elementwise.abs_
exp, log, log1p, expm1, sqrt = (
    elementwise.exp, elementwise.log, elementwise.log1p, elementwise.expm1, elementwise.sqrt,
)  # fmt: skip
sin, cos, tanh, sigmoid, relu = (
    elementwise.sin, elementwise.cos, elementwise.tanh, elementwise.sigmoid, elementwise.relu,
)  # fmt: skip
maximum, minimum, where = elementwise.maximum, elementwise.minimum, elementwise.where
sign, floor, ceil = elementwise.sign, compare.floor, compare.ceil
conj, real, imag = elementwise.conj, elementwise.real, elementwise.imag
less, less_equal, greater, greater_equal = (
    compare.less, compare.less_equal, compare.greater, compare.greater_equal,
)  # fmt: skip
equal, not_equal, isnan, isfinite = (
    compare.equal,
    compare.not_equal,
    compare.isnan,
    compare.isfinite,
)
logical_not = compare.logical_not


def square(x: Any) -> Any:
    """`x x`.

    >>> square(3.0)
    9.0
    """
    return arithmetic.mul(x, x)


def round(x: Any, decimals: int = 0) -> Any:
    """Round to this many decimals, halves to even; a constant.

    >>> round(np.array([1.25, 2.5]), 1)
    array([1.2, 2.5])
    """
    return compare.round_(x, decimals=operator.index(decimals))


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """Limit x to [low, high], numbers or arrays; either may be None.

    The gradient at a bound is that of x, as it is inside; outside it is the bound's.

    >>> clip(np.array([-2.0, 0.5, 2.0]), -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    x = _array(x)
    given = [x.dtype, *(v.dtype if type(v) is Tensor else lift(v) for v in (low, high) if v is not None)]
    if np.result_type(*given).kind in "fc":
        return elementwise.clip(x, -np.inf if low is None else low, np.inf if high is None else high)
    if low is not None:  # integers have neither an infinity nor a gradient
        x = maximum(x, low)
    return x if high is None else minimum(x, high)


# -- reductions ----------------------------------------------------------------------------------------

Axis = int | Sequence[int] | None


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Write an axis argument as a sorted tuple of non-negative ints; None means all axes.

    >>> axes_of(-1, 3), axes_of(None, 2)
    ((2,), (0, 1))

    Raises IndexError (NumPy's AxisError) for an axis out of range, ValueError for one given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = tuple([one_axis(a, ndim) for a in (axis if isinstance(axis, tuple | list) else (axis,))])
    if len(set(axes)) != len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(axes))


def one_axis(axis: int, ndim: int) -> int:
    """Write one axis as a non-negative int, or raise NumPy's AxisError."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis + ndim if axis < 0 else axis


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over an axis, several, or all.

    >>> sum(np.ones((2, 3)), axis=0)
    array([2., 2., 2.])
    """
    x = _array(x)
    return reduce.sum_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over an axis, several, or all.

    >>> float(mean(np.array([1.0, 3.0])))
    2.0
    """
    x = _array(x)
    return reduce.mean(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Product over an axis, several, or all; its gradient is right in the presence of zeros.

    >>> float(prod(np.array([2.0, 3.0])))
    6.0
    """
    x = _array(x)
    return reduce.prod(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(max(np.array([2.0, 5.0, 3.0])))
    5.0
    """
    x = _ordered(x, "max")
    return reduce.max_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest element over an axis, several, or all; equal ones share the gradient evenly.

    >>> float(min(np.array([2.0, 5.0, 3.0])))
    2.0
    """
    x = _ordered(x, "min")
    return reduce.min_(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def var(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Variance `sum (x - mean)^2 / (n - ddof)` over an axis, several, or all (NumPy's default, ddof 0).

    >>> float(var(np.array([1.0, 3.0])))
    1.0
    """
    x = _array(x)
    return reduce.var(x, axis=axes_of(axis, x.ndim), ddof=ddof, keepdims=keepdims)


def std(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Standard deviation, the square root of `var`.

    >>> float(std(np.array([1.0, 3.0])))
    1.0
    """
    return sqrt(var(x, axis, ddof, keepdims))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """`log(sum(exp(x)))` over an axis, several, or all, without overflow.

    >>> float(logsumexp(np.array([1000.0, 1000.0])) - 1000.0)  # log 2
    0.693147180559...
    """
    x = _floating(x)
    return reduce.logsumexp(x, axis=axes_of(axis, x.ndim), keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the largest element; a constant."""
    return compare.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the smallest element; a constant."""
    return compare.argmin(x, axis=axis, keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether any element is true; a constant."""
    return compare.any_(x, axis=axis, keepdims=keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements are true; a constant."""
    return compare.all_(x, axis=axis, keepdims=keepdims)


# -- shape ---------------------------------------------------------------------------------------------


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """The same elements in another shape; one length may be -1.

    >>> reshape(np.arange(6.0), (2, -1)).shape
    (2, 3)
    """
    x = _array(x)
    return shapes.reshape(x, shape=(shape,) if isinstance(shape, int) else tuple(map(operator.index, shape)))


def ravel(x: Any) -> Any:
    """All elements in one row."""
    return reshape(x, -1)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes in another order, by default reversed.

    >>> transpose(np.zeros((2, 3, 4)), (0, 2, 1)).shape
    (2, 4, 3)
    """
    x = _array(x)
    if axes is None:
        return shapes.transpose(x, axes=tuple(range(x.ndim))[::-1])
    order = tuple(one_axis(a, x.ndim) for a in axes)
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"axes {tuple(axes)} are not an order of the {x.ndim} axes of {describe(x)}")
    return shapes.transpose(x, axes=order)


def swapaxes(x: Any, a: int, b: int) -> Any:
    """Exchange two axes.

    >>> swapaxes(np.zeros((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    x = _array(x)
    order = list(range(x.ndim))
    a, b = one_axis(a, x.ndim), one_axis(b, x.ndim)
    order[a], order[b] = b, a
    return shapes.transpose(x, axes=tuple(order))


def broadcast_to(x: Any, shape: int | Sequence[int]) -> Any:
    """Repeat along axes of length 1, and along new leading axes.

    >>> broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return shapes.expand(_array(x), shape=(shape,) if isinstance(shape, int) else tuple(shape))


def squeeze(x: Any, axis: Axis = None) -> Any:
    """Drop axes of length 1: all of them, or those named.

    >>> squeeze(np.zeros((1, 3, 1))).shape
    (3,)
    """
    x = _array(x)
    named = axes_of(axis, x.ndim) if axis is not None else [i for i, n in enumerate(x.shape) if n == 1]
    for i in named:
        if x.shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of {describe(x)} has length {x.shape[i]}, not 1")
    return shapes.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in named))


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """Add axes of length 1 at these places of the result.

    >>> expand_dims(np.zeros(3), 0).shape
    (1, 3)
    """
    x = _array(x)
    new = axis if isinstance(axis, tuple | list) else (axis,)
    ndim = x.ndim + len(new)
    places = axes_of(tuple(new), ndim)
    lengths = iter(x.shape)
    return shapes.reshape(x, shape=tuple(1 if i in places else next(lengths) for i in range(ndim)))


def concatenate(arrays: Iterable[Any], axis: int | None = 0) -> Any:
    """Join arrays along an axis they have; with axis None, all their elements in one row.

    >>> concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    parts = [_array(a) for a in arrays]
    if not parts:
        raise ValueError("concatenate needs at least one array")
    if axis is None:
        parts, axis = [ravel(a) for a in parts], 0
    return shapes.concatenate(*parts, axis=one_axis(axis, parts[0].ndim))


def stack(arrays: Iterable[Any], axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis.

    >>> stack([np.zeros(2), np.ones(2)]).shape
    (2, 2)
    """
    parts = [_array(a) for a in arrays]
    if not parts:
        raise ValueError("stack needs at least one array")
    return shapes.stack(*parts, axis=one_axis(axis, parts[0].ndim + 1))


def astype(x: Any, dtype: Any) -> Any:
    """Cast to a dtype; the gradient comes back in the old one. Integers and booleans are constants.

    >>> astype(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    x, dtype = _array(x), np.dtype(dtype)
    return x if x.dtype == dtype else shapes.astype(x, dtype=dtype)


def clone(x: Any) -> Any:
    """Copy, as a recorded op: the gradient goes on to the original."""
    return shapes.astype(_array(x), dtype=_array(x).dtype)


def getitem(x: Any, key: Any) -> Any:
    """`x[key]` with every form of NumPy's indexing.

    >>> getitem(np.arange(4.0), slice(1, 3))
    array([1., 2.])
    """
    return index.read(_array(x), *index.split_key(key))


# -- products ------------------------------------------------------------------------------------------


def matmul(x: Any, y: Any) -> Any:
    """Matrix product `x @ y`: vectors are a row on the left and a column on the right, other axes a batch.

    >>> matmul(np.ones((2, 3)), np.ones(3))
    array([3., 3.])

    Raises ValueError if the inner lengths differ or an operand is a scalar.
    """
    x, y = _array(x), _array(y)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"matmul needs one axis at least, got {describe(x)} and {describe(y)}; use * for scalars")
    inner = y.shape[-2] if y.ndim > 1 else y.shape[0]
    if x.shape[-1] != inner:
        raise ValueError(
            f"matmul: {describe(x)} has {x.shape[-1]} columns and {describe(y)} has {inner} rows; they must be equal"
        )
    if x.ndim > 1 and y.ndim > 1:
        return linalg.matmul(x, y)
    row, column = x.ndim == 1, y.ndim == 1
    if row:
        x = x.reshape((1, x.shape[0]))
    if column:
        y = y.reshape((y.shape[0], 1))
    out = linalg.matmul(x, y)
    shape = out.shape[:-2] + (() if row else out.shape[-2:-1]) + (() if column else out.shape[-1:])
    return out.reshape(shape)


def dot(x: Any, y: Any) -> Any:
    """Product of two vectors, or of matrices, or by a scalar.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    x, y = _array(x), _array(y)
    if x.ndim == 0 or y.ndim == 0:
        return arithmetic.mul(x, y)
    if y.ndim > 2:
        raise ValueError(f"dot of {describe(x)} and {describe(y)}: use matmul for batches of matrices")
    return matmul(x, y)


# -- layers without parameters -------------------------------------------------------------------------


def softmax(x: Any, axis: int = -1) -> Any:
    """`exp(x_i) / sum_j exp(x_j)` along an axis.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    x = _floating(x)
    return norm.softmax(x, axis=one_axis(axis, x.ndim))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of softmax along an axis, exact also where softmax rounds to 0."""
    x = _floating(x)
    return norm.log_softmax(x, axis=one_axis(axis, x.ndim))


def cross_entropy(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """`-log softmax(logits)[target]`, over rows of logits (n, classes) and class indices (n,).

    Args:
        logits: (n, classes), real numbers of any size.
        targets: (n,), integers in 0 .. classes-1.
        reduction: "mean" or "sum" over the n rows, or "none" for the n losses.

    Raises ValueError for other shapes, TypeError for targets that are no integers, IndexError for a class out of range.

    >>> float(cross_entropy(np.zeros((4, 2)), np.array([0, 1, 0, 1])))  # log 2
    0.693147180559...
    """
    logits = _floating(_ordered(logits, "cross_entropy"))
    targets = targets.value if type(targets) is Tensor else np.asarray(targets)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none", got {reduction!r}')
    if targets.dtype.kind not in "iu":
        raise TypeError(f"targets are class indices, integers; got {describe(targets)}")
    if logits.ndim != 2 or targets.shape != logits.shape[:1]:
        raise ValueError(
            f"cross_entropy takes logits (n, classes) and targets (n,); got {describe(logits)} and {describe(targets)}"
        )
    if reduction == "mean" and not len(targets):
        raise ValueError("the mean cross-entropy of no rows is undefined; the batch is empty")
    return norm.cross_entropy(logits, targets, reduction=reduction)


def pair(value: Any, name: str, low: int) -> tuple[int, int]:
    """Write an argument for two axes as a pair of ints no less than `low`."""
    both = (value, value) if isinstance(value, int | np.integer) else tuple(value)
    if len(both) != 2 or not builtins.all(isinstance(v, int | np.integer) and v >= low for v in both):
        raise ValueError(f"{name} is an integer >= {low} or a pair of them, got {value!r}")
    return int(both[0]), int(both[1])


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Two-dimensional convolution (the kernel is not flipped, as in every deep-learning library).

    `out[n, o, p, q] = bias[o] + sum_cij weight[o, c, i, j] x[n, c, p s + i d - pad, q s + j d - pad]`

    Args:
        x: (n, c, h, w).
        weight: (o, c / groups, kh, kw).
        bias: (o,) or None.
        stride, padding, dilation: an int, or one per axis.
        groups: the channels are split into this many groups that do not see each other.

    Raises ValueError for shapes that do not go together.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    x, weight = _array(x), _array(weight)
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError(
            f"conv2d takes x (n, c, h, w) and weight (o, c / groups, kh, kw); got {describe(x)} and {describe(weight)}"
        )
    if groups < 1 or x.shape[1] % groups or weight.shape[0] % groups:
        raise ValueError(f"{groups} groups must divide the {x.shape[1]} input and {weight.shape[0]} output channels")
    if weight.shape[1] * groups != x.shape[1]:
        raise ValueError(
            f"x {describe(x)} has {x.shape[1]} channels; weight {describe(weight)} with groups={groups} "
            f"expects {weight.shape[1] * groups}"
        )
    out = conv.conv2d(
        x, weight, stride=pair(stride, "stride", 1), padding=pair(padding, "padding", 0),
        dilation=pair(dilation, "dilation", 1), groups=groups,
    )  # fmt: skip
    if bias is None:
        return out
    bias = _array(bias)
    if bias.shape != weight.shape[:1]:
        raise ValueError(f"bias {describe(bias)} needs shape {weight.shape[:1]}, one per output channel")
    return out + bias.reshape((-1, 1, 1))


def max_pool2d(
    x: Any,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Largest element of each window of x (n, c, h, w); `stride` is the window's size unless given.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = _ordered(x, "max_pool2d")
    if x.ndim != 4:
        raise ValueError(f"max_pool2d takes x (n, c, h, w), got {describe(x)}")
    kernel, pads = pair(kernel_size, "kernel_size", 1), pair(padding, "padding", 0)
    if pads[0] > kernel[0] // 2 or pads[1] > kernel[1] // 2:
        raise ValueError(f"padding {pads} is more than half the window {kernel}: a window could lie outside")
    return pool.max_pool2d(
        x, kernel=kernel, stride=kernel if stride is None else pair(stride, "stride", 1), padding=pads,
        dilation=pair(dilation, "dilation", 1),
    )  # fmt: skip


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """A dense layer, `x weight^T + bias`: x (..., k), weight (n, k), bias (n,), result (..., n).

    >>> linear(np.ones(3), np.ones((2, 3)), np.zeros(2))
    array([3., 3.])
    """
    x, weight = _array(x), _array(weight)
    if weight.ndim != 2 or x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"a dense layer with weight {describe(weight)} takes x (..., {weight.shape[-1] if weight.ndim else '?'}), "
            f"got {describe(x)}"
        )
    if bias is None or x.ndim == 1:
        out = matmul(x, weight.T)
        return out if bias is None else out + bias
    bias = _array(bias)
    if bias.shape != weight.shape[:1]:
        raise ValueError(f"bias {describe(bias)} needs shape {weight.shape[:1]}, one per output")
    return linalg.affine(x, weight, bias)


def dropout(x: Any, p: float = 0.5, generator: Generator | np.random.Generator | int | None = None) -> Any:
    """Zero each element with probability p and scale the rest by `1 / (1 - p)`, so that the mean stays.

    >>> bool((dropout(np.ones(8), 0.5, generator=1) == dropout(np.ones(8), 0.5, generator=1)).all())
    True
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability must lie in [0, 1], got {p}")
    if p == 0:
        return x
    seed, offset = as_generator(generator).next_draw()
    return random.dropout(_array(x), p=float(p), seed=seed, offset=offset)


def _floating(x: Any) -> Any:
    """Like `_array`, with integers and booleans cast to float64."""
    x = _array(x)
    return x if x.dtype.kind in "fc" else astype(x, np.float64)


def _ordered(x: Any, what: str) -> Any:
    """Like `_array`, refusing complex numbers."""
    x = _array(x)
    if x.dtype.kind == "c":
        raise TypeError(f"{what} takes real numbers, as complex ones have no order; got {describe(x)}")
    return x


def _array(x: Any) -> Any:
    """Return a Tensor as it is, anything else as an array."""
    return x if type(x) is Tensor or type(x) is np.ndarray else np.asarray(lift(x))
