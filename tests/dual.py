"""Random programs of views and writes, run on Tensors and on `Dual`, plain NumPy that carries a derivative along.

A Dual is two arrays that are made alike: the values, and their tangents along a direction. A view is a view of both, a
write writes both; `no_grad` and `detach` share the values and cut the tangents off.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from random import Random
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import Tensor
from autodiff.tensor import is_scalar


class Dual:
    """Values, tangents that lie in memory as they do, and whether the tangents may be other than zero."""

    def __init__(self, v: Any, d: Any, needs: bool | None) -> None:
        self.v, self.d = v, d
        self._needs = needs
        self.cut = False  # whether it shares memory with something that it was cut off from
        NEEDS.setdefault(id(self.owner), (self.owner, needs))

    @property
    def owner(self) -> Any:
        d = self.d
        while isinstance(d, np.ndarray) and d.base is not None:
            d = d.base
        return d

    @property
    def needs(self) -> bool | None:
        """Of arrays a matter of the memory that they look into; None where a Tensor may or may not have a graph."""
        return NEEDS[id(self.owner)][1] if isinstance(self.d, np.ndarray) else self._needs

    def written(self, needs: bool | None) -> None:
        NEEDS[id(self.owner)] = self.owner, needs


NEEDS: dict[int, tuple[Any, bool | None]] = {}


def needs(x: Any) -> bool | None:
    return x.needs if isinstance(x, Dual) else False


def zeros(v: Any) -> Any:
    made = np.zeros_like(v, float if v.dtype.kind == "i" else v.dtype)
    return made if isinstance(v, np.ndarray) else made[()]


class Plain:
    """How a program's instructions run on Duals."""

    def __init__(self) -> None:
        self.recording = True
        self.leaves: list[Dual] = []
        NEEDS.clear()

    def leaf(self, a: Any, direction: Any) -> Any:
        made = Dual(a.copy(), direction.copy(), bool(np.any(direction)))
        if made.needs:
            self.leaves.append(made)
        return made

    def value(self, x: Any) -> Any:
        return x.v if isinstance(x, Dual) else x

    def _made(self, v: Any, d: Any, *of: Any) -> Dual:
        if isinstance(v, np.ndarray) and not v.shape and not any(np.may_share_memory(v, self.value(x)) for x in of):
            v, d = v[()], d[()]
        found = [needs(x) for x in of]
        if None in found and not self.recording:
            raise ValueError
        if v.dtype.kind not in "fc" or not (self.recording or not any(found)):
            return Dual(v, zeros(v), False)
        d = d + np.zeros((), v.dtype) if np.shape(d) != np.shape(v) or d.dtype != v.dtype else d
        return Dual(v, d, None if None in found and True not in found else any(found))

    def view(self, x: Any, f: Callable[[Any], Any]) -> Any:
        v = f(x.v)
        if not self.recording and v is x.v:  # a new tensor or the same one: both are right
            raise ValueError
        if v is x.v:
            return x
        made = self._made(v, f(x.d), x)
        made.cut = (x.cut or bool(not self.recording and x.needs)) and np.may_share_memory(v, x.v)
        return made

    def call(self, x: Any, name: str) -> Any:
        f, slope = UNARY[name]
        return self._made(f(x.v), slope(x.v) * x.d, x)

    def add(self, x: Any, y: Any) -> Any:
        return self._made(x.v + self.value(y), x.d + getattr(y, "d", 0.0), x, y)

    def mul(self, x: Any, y: Any) -> Any:
        return self._made(x.v * self.value(y), x.d * self.value(y) + x.v * getattr(y, "d", 0.0), x, y)

    def write(self, x: Any, f: Callable[[Any, Any], Any], y: Any) -> None:
        v, d, gives = self.value(y), getattr(y, "d", 0.0), needs(y)
        d = np.array(np.broadcast_to(d, np.shape(v)))  # apart: what is written may be read from the same memory
        f(x.v, np.array(v))
        if self.recording and x.v.dtype.kind in "fc":
            if gives and x.cut:  # refused, or a write into both where what it was cut off from is a constant by now
                raise ValueError
            f(x.d, d)
            if gives or x.needs is False:
                x.written(gives)
            elif np.size(x.d) == np.size(x.owner):
                x.written(None)

    def update(self, x: Any, name: str, y: Any) -> Any:
        new = getattr(self, name)(x, y)
        if not isinstance(x.v, np.ndarray):
            return new
        if new.v.shape != x.v.shape or not np.can_cast(new.v.dtype, x.v.dtype, "same_kind"):
            raise TypeError
        self.write(x, lambda a, b: np.copyto(a, b, "unsafe"), new)
        return x

    def detach(self, x: Any) -> Any:
        made = Dual(x.v, zeros(x.v), False)
        made.cut = isinstance(x.v, np.ndarray)
        return made

    def copied(self, x: Any, deep: bool) -> Any:
        if x in self.leaves:  # whose copy is another leaf
            raise ValueError
        v, d = copy.copy(x.v), copy.copy(x.d)
        return Dual(v if np.shape(v) else v[()], np.zeros_like(d)[()] if deep else d[()], not deep and x.needs)

    def loss(self, made: list[Any]) -> float:
        total = 0.0
        for n, x in enumerate(made):
            w = np.sin(n + np.arange(np.size(x.v))).reshape(np.shape(x.v))
            if x.v.dtype.kind in "fc":
                total += float((w * np.cos(x.v.real) * x.d.real).sum())
            if x.v.dtype.kind == "c":
                total += float((w * x.d.imag).sum())
        return total


class Recorded:
    """How they run on Tensors."""

    def __init__(self) -> None:
        self.recording = True

    def leaf(self, a: Any, direction: Any) -> Any:
        return Tensor(a, requires_grad=bool(np.any(direction)))

    def value(self, x: Any) -> Any:
        return x.detach().numpy() if type(x) is Tensor else x

    def _mode(self) -> Any:
        return nullcontext() if self.recording else ad.no_grad()

    def view(self, x: Any, f: Callable[[Any], Any]) -> Any:
        with self._mode():
            return f(x)

    def call(self, x: Any, name: str) -> Any:
        with self._mode():
            return UNARY[name][0](x)

    def add(self, x: Any, y: Any) -> Any:
        with self._mode():
            return x + y

    def mul(self, x: Any, y: Any) -> Any:
        with self._mode():
            return x * y

    def write(self, x: Any, f: Callable[[Any, Any], Any], y: Any) -> None:
        with self._mode():
            f(x, y)

    def update(self, x: Any, name: str, y: Any) -> Any:
        with self._mode():
            if is_scalar(x):
                return x + y if name == "add" else x * y
            if name == "add":
                x += y
            else:
                x *= y
            return x

    def detach(self, x: Any) -> Any:
        return x.detach()

    def copied(self, x: Any, deep: bool) -> Any:
        return copy.deepcopy(x) if deep else copy.copy(x)

    def loss(self, made: list[Any]) -> Any:
        total = 0.0
        for n, x in enumerate(made):
            w = np.sin(n + np.arange(x.size)).reshape(x.shape)
            if x.dtype.kind in "fc":
                total = total + (w * np.sin(np.real(x))).sum()
            if x.dtype.kind == "c":
                total = total + (w * np.imag(x)).sum()
        return total


UNARY: dict[str, tuple[Any, Any]] = {
    "sin": (np.sin, np.cos),
    "exp": (lambda x: np.exp(0.3 * x), lambda v: 0.3 * np.exp(0.3 * v)),
    "square": (np.square, lambda v: 2 * v),
    "tanh": (np.tanh, lambda v: 1 - np.tanh(v) ** 2),
    "twice": (lambda x: x * 2.0, lambda v: 2.0),
    "copy": (np.copy, lambda v: 1.0),
    "complex": (lambda x: x * (1.0 + 0.5j), lambda v: 1.0 + 0.5j),
    "integer": (lambda x: x.astype(np.int64), lambda v: 0.0),
}

VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x[0],
    lambda x: x[-1:],
    lambda x: x[..., 0],
    lambda x: x[..., 0],
    lambda x: x[(0,) * x.ndim + (...,)],
    lambda x: x[(-1,) * x.ndim + (...,)],
    lambda x: x[(..., *(0,) * x.ndim)],
    lambda x: x[(0,) * x.ndim],
    lambda x: x[...],
    lambda x: x[()],
    lambda x: x[None],
    lambda x: x[..., ::-1],
    lambda x: x[::2],
    lambda x: x[1:],
    lambda x: x.T,
    lambda x: x.reshape(()) if x.size == 1 else x.reshape(-1),
    lambda x: x.reshape(-1),
    lambda x: x.reshape(-1, 2),
    lambda x: x.ravel(),
    lambda x: np.ravel(x, "F"),
    lambda x: np.reshape(x, (2, -1), order="F"),
    lambda x: x.squeeze(),
    lambda x: np.squeeze(x[..., :1]),
    lambda x: np.expand_dims(x, -1),
    lambda x: np.atleast_1d(x),
    lambda x: np.atleast_2d(x),
    lambda x: np.moveaxis(x, 0, -1),
    lambda x: np.swapaxes(x, 0, -1),
    lambda x: np.flip(x),
    lambda x: np.rot90(x),
    lambda x: np.diagonal(x),
    lambda x: np.diagonal(x, 1, -1, 0),
    lambda x: np.diag(x, -1),
    lambda x: np.einsum("ii->i", x),
    lambda x: np.einsum("ij->ji", x),
    lambda x: np.einsum("iij->ji", x),
    lambda x: np.einsum("...i->i...", x),
    lambda x: np.einsum("ij->ij", x),
    lambda x: np.broadcast_to(x, (2, *x.shape)),
    lambda x: np.broadcast_arrays(x, np.zeros((2, 3)))[0],
    lambda x: np.split(x, [1])[1],
    lambda x: np.real(x),
    lambda x: np.imag(x) if x.dtype.kind == "c" else x.real,
    lambda x: np.hsplit(x, 2)[1],
    lambda x: np.matrix_transpose(x),
    lambda x: [*x][-1],
    lambda x: x.swapaxes(0, 1)[::-1],
    lambda x: np.trim_zeros(x),
    lambda x: x.diagonal(),
    lambda x: x[[0, -1]],
    lambda x: np.take(x, [0, 0]),
    lambda x: np.asarray(x) if isinstance(x, np.ndarray) else ad.asarray(x) if type(x) is Tensor else x,
]  # fmt: skip


def _key(x: Any, k: int) -> Any:
    n = len(x)
    return [0, -1, ..., (..., 0), slice(1, None), slice(None, None, -1), [0, -1], [0, 0], np.arange(n) % 2 == 0,
            (None, 0), (..., None), np.array(0), slice(0, 1)][k % 13]  # fmt: skip


def _setitem(k: int) -> Callable[[Any, Any], None]:
    def write(x: Any, v: Any) -> None:
        x[_key(x, k) if x.shape else [..., ()][k % 2]] = v

    return write


def _put(x: Any, v: Any) -> None:
    np.put_along_axis(x, np.zeros((1,) * x.ndim, int), v, x.ndim - 1)


WRITES: list[Callable[[int], Callable[[Any, Any], Any]]] = [
    _setitem, _setitem, _setitem, _setitem,
    lambda k: lambda x, v: np.copyto(x, v, casting="unsafe" if k % 2 else "same_kind"),
    lambda k: lambda x, v: np.copyto(x, v, where=np.arange(x.size).reshape(x.shape) % 2 == 0),
    lambda k: _put,
    lambda k: lambda x, v: np.fill_diagonal(x, v),
    lambda k: lambda x, v: np.add(v, 0.0, out=x),
    lambda k: lambda x, v: np.positive(v, out=x),
    lambda k: lambda x, v: np.place(x, np.arange(x.size).reshape(x.shape) % 2 == 0, v),
    lambda k: lambda x, v: np.put(x, [0, -1], v),
]  # fmt: skip

KINDS = ["view"] * 8 + ["write"] * 5 + ["update"] * 4 + ["unary"] * 3 + ["binary"] * 2 + [
    "fill", "detach", "copy", "deepcopy", "alias", "look", "sum", "drop", "handed", "leaf write", "mul out",
]  # fmt: skip


def run_step(world: Any, made: list[Any], step: tuple[str, int, int, int, bool], read: Callable[[Any], None]) -> None:
    """Run one instruction."""
    kind, i, j, k, recording = step
    x, y = made[i % len(made)], made[j % len(made)]
    if j % 5 == 0:
        y = 0.5 + j % 3
    world.recording = recording
    try:
        if kind == "view":
            made.append(world.view(x, VIEWS[k % len(VIEWS)]))
        elif kind == "unary":
            made.append(world.call(x, [*UNARY][k % len(UNARY)]))
        elif kind == "binary":
            made.append(getattr(world, ["add", "mul"][k % 2])(x, y))
        elif kind == "write":
            world.write(x, WRITES[k % len(WRITES)](k // len(WRITES)), y)
        elif kind == "leaf write":
            world.recording = False
            world.write(made[0], _setitem(k), 0.25)
        elif kind == "update":
            made[i % len(made)] = world.update(x, ["add", "mul"][k % 2], y)
        elif kind == "mul out":
            z = made[k % len(made)]
            new = world.mul(x, y)
            world.write(z, lambda a, b: np.copyto(a, b), new)
        elif kind == "fill":
            world.write(x, lambda a, b: a.fill(b), 0.75)
        elif kind == "detach":
            made.append(world.detach(x))
        elif kind in ("copy", "deepcopy"):
            made.append(world.copied(x, kind == "deepcopy"))
        elif kind == "alias":
            made.append(x)
        elif kind == "sum":
            made.append(world.view(x, lambda a: a.sum()))
        elif kind == "drop" and len(made) > 2:
            del made[2 + i % (len(made) - 2)]
        elif kind == "handed":

            def scale(t: Any) -> Any:
                return world.update(t, "mul", 1.5)

            made.append(scale(world.view(x, lambda a: a[..., :1])))
        elif kind == "look":
            read(world.value(x))
    finally:
        world.recording = True


def draw(r: Random, length: int = 12) -> tuple[list[Any], list[Any]]:
    """Leaves and their directions, and instructions that NumPy accepts, by trial."""
    rng = np.random.default_rng(r.randrange(2**32))
    leaves = []
    for n in range(2):
        shape = r.choice([(1,), (2,), (3,), (4,), (1, 1), (2, 2), (2, 3), (3, 3), (2, 2, 2), (1, 3, 1), ()])
        a = rng.uniform(-1, 1, shape)
        if r.random() < 0.15:
            a = a + 1j * rng.uniform(-1, 1, shape)
        direction = rng.normal(size=shape) + (1j * rng.normal(size=shape) if a.dtype.kind == "c" else 0)
        if n and r.random() < 0.5:
            direction = np.zeros_like(direction)
        leaves.append((np.asarray(a)[()], np.asarray(direction)[()]))
    steps: list[Any] = []
    for _ in range(r.randint(3, length)):
        step = (r.choice(KINDS), r.randrange(99), r.randrange(99), r.randrange(2000), r.random() > 0.12)
        trial = run(Plain(), leaves, [*steps, step])
        if trial is not None:
            steps.append(step)
    return leaves, steps


def run(world: Any, leaves: list[Any], steps: list[Any], read: Callable[[Any], None] = lambda a: None) -> Any:
    """All values that a program makes; None where NumPy refuses or numbers grow too large."""
    made = [world.leaf(*leaf) for leaf in leaves]
    made += [world.call(x, "twice") for x in made]
    if not isinstance(world, Plain):
        for step in steps:
            run_step(world, made, step, read)
        return made
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")
            for step in steps:
                if step[0] in ("write", "update", "fill", "mul out", "handed"):
                    target = made[(step[3] if step[0] == "mul out" else step[1]) % len(made)]
                    if target is made[0] or target is made[1] or not isinstance(target.v, np.ndarray):
                        return None
                    if step[0] == "write" or step[0] == "mul out":
                        y = made[step[2] % len(made)]
                        if y.v.dtype.kind == "c" and target.v.dtype.kind != "c":
                            return None
                run_step(world, made, step, read)
                for x in made:
                    if np.shape(x.v) != np.shape(x.d) or np.size(x.v) > 64 or np.ndim(x.v) > 5:
                        return None
                    if not (np.all(np.isfinite(x.v)) and np.all(np.abs(x.v) < 50)):
                        return None
                    if isinstance(x.v, np.ndarray) and x.v.strides != x.d.strides and x.v.itemsize == x.d.itemsize:
                        return None
    except (ValueError, IndexError, TypeError, AttributeError, np.exceptions.AxisError, Warning):
        return None
    return made
