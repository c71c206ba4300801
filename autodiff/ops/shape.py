"""Ops that move elements and change none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import Function, define


def _reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    return np.reshape(x, shape) if not hasattr(x, "reshape") else x.reshape(shape)


reshape = define(
    "reshape", _reshape, lambda g, x_shape: g.reshape(x_shape), kind="shape", linear=True,
    doc="The same elements in another shape; a view where NumPy gives one.",
)  # fmt: skip


def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that undoes an order."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


transpose = define(
    "transpose", lambda x, *, axes: x.transpose(axes), lambda g, *, axes: g.transpose(inverse(axes)),
    kind="shape", linear=True, symbol="T", doc="Axes in another order: output axis i is input axis `axes[i]`.",
)  # fmt: skip


def _expand(x: Any, *, shape: tuple[int, ...], **view: bool) -> Any:
    if view.get("view", math.prod(shape) > 4096):
        return np.broadcast_to(x, shape)
    out = np.empty(
        shape, x.dtype if type(x) is np.ndarray else np.result_type(x)
    )  # for small arrays a copy costs a quarter of a view
    out[...] = x
    return out


expand = define(
    "expand", _expand, lambda g: g, kind="shape", linear=True,
    doc="Broadcast to a shape: a read-only view (`view=True`), a copy (`view=False`), or whichever is faster. The pass "
    "sums the gradient back by itself.",
)  # fmt: skip

astype = define(
    "astype", lambda x, *, dtype, **order: np.asarray(x).astype(dtype, **order), lambda g: g, kind="elementwise",
    linear=True, holomorphic=False,
    doc="Cast to a dtype: a copy, in the memory order `order`. The backward pass casts the gradient back by itself.",
)  # fmt: skip


flip: Function = define(
    "flip", lambda x, *, axis: np.flip(x, axis), lambda g, *, axis: flip(g, axis=axis), kind="shape", linear=True,
    doc="Elements along some axes in reverse order; a view.",
)  # fmt: skip


def _opposite(g: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return roll(g, shift=tuple([-n for n in shift]), axis=axis)


roll: Function = define(
    "roll", lambda x, *, shift, axis: np.roll(x, shift, axis), _opposite, kind="shape", linear=True,
    doc="Elements moved along some axes by so many places, those beyond the end coming in at the beginning.",
)  # fmt: skip


def _inside(shape: tuple[int, ...], width: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple([slice(before, before + n) for n, (before, _) in zip(shape, width, strict=True)])


def _pad(x: Any, *, width: tuple[tuple[int, int], ...]) -> Any:
    shape = np.shape(x)
    out = np.zeros([n + sum(pair) for n, pair in zip(shape, width, strict=True)], np.result_type(x))
    out[_inside(shape, width)] = x
    return out


pad = define(
    "pad", _pad, lambda g, x_shape, *, width: g[_inside(x_shape, width)], kind="shape", linear=True,
    doc="Zeros around an array: for each axis so many before and so many after.",
)  # fmt: skip


def _split(g: Any, xs_shape: tuple[tuple[int, ...], ...], *, axis: int) -> list[Any]:
    before, pieces, start = (slice(None),) * axis, [], 0
    for shape in xs_shape:
        stop = start + shape[axis]
        pieces.append(g[(*before, slice(start, stop))])
        start = stop
    return pieces


concatenate = define(
    "concatenate", lambda *xs, axis: np.concatenate(xs, axis), _split, inputs="*xs", kind="shape", linear=True,
    doc="Join arrays along an axis they already have.",
)  # fmt: skip


def _unstack(g: Any, xs_shape: tuple[tuple[int, ...], ...], *, axis: int) -> list[Any]:
    before = (slice(None),) * axis
    return [g[(*before, i)] for i in range(len(xs_shape))]


stack = define(
    "stack", lambda *xs, axis: np.stack(xs, axis), _unstack, inputs="*xs", kind="shape", linear=True,
    doc="Join arrays along a new axis.",
)  # fmt: skip
