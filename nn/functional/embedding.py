"""Rows of a table by their number: word vectors, bags of them, and one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import functional as F
from autodiff import numpy as anp
from autodiff.config import no_grad
from autodiff.errors import describe
from autodiff.numpy.arguments import array_of, known, plain
from autodiff.ops.elementwise import scale_gradient
from autodiff.tensor import Tensor, constant

__all__ = ["embedding", "embedding_bag", "one_hot"]


def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """Rows of a table, `weight[input]`.

    Args:
        input: integers of any shape, from 0 to the number of rows less 1.
        weight: the table, (rows, features).
        padding_idx: a row that gets no gradient; negative ones count from the end.
        max_norm: rows that are read and have a larger norm are scaled down to it first, in the table itself.
        norm_type: which norm that is.
        scale_grad_by_freq: whether a row's gradient is divided by how often it is read.
        sparse: whether `backward()` keeps the gradient as rows, which cost what was read and not what the table has;
            `.grad` makes an array of them when it is asked for.

    Returns (*input.shape, features). Raises IndexError for a number out of range, TypeError for what is no integer.

    >>> embedding(np.array([[2, 0]]), np.eye(3))
    array([[[0., 0., 1.],
            [1., 0., 0.]]])
    """
    indices, weight, padding = _read("embedding", input, weight, padding_idx, sparse)
    return _rows(indices, weight, padding, max_norm, norm_type, scale_grad_by_freq)


def _read(name: str, input: Any, weight: Any, padding_idx: int | None, sparse: bool) -> tuple[Any, Any, int | None]:
    weight, indices = array_of(weight), plain(input)
    if (
        sparse
        and type(weight) is Tensor
        and weight.requires_grad
        and weight.node is None
        and weight.notes().rows is None
    ):
        weight.notes().rows = ()  # backward() may keep the gradient as rows
    if weight.ndim != 2:
        raise ValueError(f"{name} takes a table (rows, features), got {describe(weight)}")
    rows = len(weight)
    if padding_idx is not None:
        padding_idx = check_padding(padding_idx, rows)
    if not known(indices):  # inside vmap; then all are Tensors
        return input, weight if type(weight) is Tensor else constant(weight), padding_idx
    if not isinstance(indices, np.ndarray):
        indices = np.asarray(indices)
        indices = indices if indices.size else indices.astype(int)  # an empty list
    if indices.dtype.kind not in "iu":
        raise TypeError(f"{name} takes integers, the numbers of rows; got {describe(indices)}")
    for place in np.argwhere((indices < 0) | (indices >= rows))[:1]:
        at = tuple(place.tolist())
        raise IndexError(f"index {indices[at]} at {at} is outside 0 .. {rows - 1}: the table has {rows} rows")
    return indices, weight, padding_idx


def check_padding(padding_idx: int, rows: int) -> int:
    """The row for padding counted from the beginning; ValueError if there is no such row."""
    if not -rows <= padding_idx < rows:
        raise ValueError(f"padding_idx {padding_idx} is outside -{rows} .. {rows - 1}: the table has {rows} rows")
    return padding_idx % rows


def _rows(
    indices: Any, weight: Any, padding: int | None, max_norm: float | None, norm_type: float, by_frequency: bool
) -> Any:
    if max_norm is not None:
        if not max_norm > 0:
            raise ValueError(f"max_norm is above 0, got {max_norm!r}")
        _renorm(weight, indices, max_norm, norm_type)
    rows = F.getitem(weight, indices)
    factor: Any = None
    if by_frequency:
        factor = 1 / np.bincount(indices.ravel(), minlength=len(weight))[indices].astype(weight.dtype)
    if padding is not None:
        factor = (indices != padding) * (1 if factor is None else factor)
    return rows if factor is None else scale_gradient(rows, anp.astype(factor[..., None], weight.dtype))


def _renorm(weight: Any, indices: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are read down to a norm, in place."""
    rows = np.unique(indices)
    norms = np.linalg.norm(plain(weight)[rows], norm_type, axis=1)
    large = norms > max_norm
    if large.any():
        with no_grad():
            weight[rows[large]] = plain(weight)[rows[large]] * (max_norm / (norms[large, None] + 1e-7))


def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """Sum, mean or largest of the rows of each bag.

    Args:
        input: (bags, n) integers, each row a bag; or (n,), all bags one after the other, with `offsets`.
        offsets: (bags,) where each bag begins, the first at 0; with `include_last_offset` also where the last one ends.
        mode: "sum", "mean" or "max". A bag of no rows gives zeros.
        per_sample_weights: of the input's shape, factors of the rows; for mode "sum".
        padding_idx: a row that is left out of all bags.

    weight, max_norm, norm_type and scale_grad_by_freq as for `embedding`. Returns (bags, features). Raises IndexError
    for a number out of range, ValueError for offsets that do not fit.

    >>> embedding_bag(np.array([0, 2, 1]), np.eye(3), np.array([0, 2]), mode="sum")
    array([[1., 0., 1.],
           [0., 1., 0.]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f'mode is "sum", "mean" or "max", got {mode!r}')
    if mode == "max" and scale_grad_by_freq:
        raise ValueError('mode "max" has no scale_grad_by_freq: use "sum" or "mean"')
    indices, weight, padding = _read("embedding_bag", input, weight, padding_idx, sparse)
    bags, count = _bags(indices, offsets, include_last_offset)
    factors = per_sample_weights
    if factors is not None:
        if mode != "sum":
            raise ValueError(f'per_sample_weights are for mode "sum", got mode {mode!r}')
        factors = array_of(factors)
        if factors.shape != indices.shape:
            raise ValueError(f"per_sample_weights have the input's shape {indices.shape}, got {describe(factors)}")
        factors = anp.reshape(factors, -1)
    indices = indices.reshape(-1)
    if padding is not None:
        kept = indices != padding
        indices, bags = indices[kept], bags[kept]
        factors = None if factors is None else factors[kept]
    rows = _rows(indices, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if factors is not None:
        rows = rows * factors[:, None]
    if mode == "max":
        empty = np.bincount(bags, minlength=count) == 0
        return anp.where(empty[:, None], 0, F.segment_max(rows, bags, count))
    return (F.segment_sum if mode == "sum" else F.segment_mean)(rows, bags, count)


def _bags(indices: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, int]:
    """The bag of each row, and the number of bags."""
    if indices.ndim == 2:
        if offsets is not None:
            raise ValueError("a two-dimensional input has a bag in each row and takes no offsets")
        return np.repeat(np.arange(len(indices)), indices.shape[1]), len(indices)
    if indices.ndim != 1 or offsets is None:
        raise ValueError(
            f"embedding_bag takes (bags, n), or (n,) with offsets; got {describe(indices)} "
            f"and offsets {'None' if offsets is None else describe(plain(offsets))}"
        )
    offsets = np.asarray(plain(offsets))
    if offsets.dtype.kind not in "iu" or offsets.ndim != 1:
        raise ValueError(f"offsets are integers (bags,), got {describe(offsets)}")
    begins = offsets[:-1] if include_last_offset else offsets
    ends = np.append(offsets, len(indices)) if not include_last_offset else offsets
    if include_last_offset and (not len(offsets) or offsets[-1] != len(indices)):
        raise ValueError(f"the last offset is where the last bag ends, {len(indices)}; got {offsets.tolist()}")
    if len(begins) and (begins[0] != 0 or (np.diff(ends) < 0).any()):
        raise ValueError(f"offsets rise from 0 to {len(indices)} at most, got {offsets.tolist()}")
    if not len(begins) and len(indices):
        raise ValueError(f"there are {len(indices)} rows and no bag")
    return np.repeat(np.arange(len(begins)), np.diff(ends)), len(begins)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """A new last axis with a 1 at the place of each label and 0 elsewhere, int64; a constant.

    Args:
        num_classes: length of the new axis; -1 for one more than the largest label.

    Raises ValueError for a label out of range, TypeError for labels that are no integers.

    >>> one_hot(np.array([0, 2]))
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    labels = array_of(tensor)
    if num_classes == -1:
        if not labels.size:
            raise ValueError("the number of classes of no labels is not known; pass num_classes")
        num_classes = int(plain(labels).max()) + 1
    return F.one_hot(labels, num_classes, np.int64)
