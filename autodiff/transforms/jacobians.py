"""Whole matrices of derivatives: `jacobian`, `jacrev`, `jacfwd`, `hessian`; and `hvp`, which needs no matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import describe
from ..tensor import Tensor
from .forward import jvp, push
from .levels import Level, as_output, named, pick_args, put_args, recorded, split_aux
from .reverse import check_holomorphic, grad
from .trees import flatten
from .vmap import vmap


def jacobian(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    mode: str = "auto",
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian of `f`, `J[i, j] = d f(x)[i] / d x[j]`.

    Its shape is that of the value followed by that of the argument. Where these are containers, the result is a
    container like the value, of containers like the argument.

    Args:
        f: a function of any number of arguments; with `has_aux` it returns `(out, aux)`, and this `(jacobian, aux)`.
        argnums: which positional argument to differentiate by, or several (then there is a tuple of Jacobians).
        mode: "reverse" computes the rows, all at once; "forward" the columns; "auto" whichever are fewer.
        holomorphic: `f` maps complex to complex numbers and has complex derivatives; these are the result. Without
            it, complex arguments go with real values (`df/dx + i df/dy`), and complex values with real arguments.

    Raises TypeError for integer arguments, and where complex numbers do not go with the mode.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in ("auto", "reverse", "forward"):
        raise ValueError(f'mode is "auto", "reverse" or "forward", got {mode!r}')

    def jacobian_f(*args: Any, **kwargs: Any) -> Any:
        chosen, numbers = pick_args(args, argnums, "jacobian")
        level = Level(chosen, "jacobian", copy=True)
        called = put_args(args, argnums, numbers, level.arguments)
        out = level.run(f, called, kwargs, keep_inputs=mode != "reverse")
        out, aux = split_aux(out, has_aux, "out")
        leaves, rebuild = flatten(out)
        outs = list(map(as_output, leaves))
        record = level.outside(outs)
        if holomorphic:
            check_holomorphic("jacobian", level.leaves, outs)
        blocks = (_columns if _forward(level, outs, mode, holomorphic) else _rows)(level, outs, record, holomorphic)
        result = rebuild([level.rebuild(row) for row in blocks])
        result = level.release(result, record)
        return (result, level.release(aux, record)) if has_aux else result

    return named(jacobian_f, f)


def jacrev(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """The Jacobian in reverse mode, row by row (all rows at once): right for few outputs. See `jacobian`.

    >>> jacrev(lambda x: x.sum())(np.array([1.0, 2.0]))
    array([1., 1.])
    """
    return jacobian(f, argnums, "reverse", has_aux, holomorphic)


def jacfwd(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """The Jacobian in forward mode, column by column (all at once): right for few inputs. See `jacobian`.

    >>> jacfwd(lambda t: np.stack([np.cos(t), np.sin(t)]))(0.0)
    array([-0.,  1.])
    """
    return jacobian(f, argnums, "forward", has_aux, holomorphic)


def hessian(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the second derivatives of `f`, `H[i, j] = d^2 f / d x[i] d x[j]`.

    Forward over reverse: `jacfwd(jacrev(f))`. With several arguments or containers, the result is a container like
    the value, of containers like the argument, of such again. With `has_aux`, `(hessian, aux)`.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return named(jacfwd(jacrev(f, argnums, has_aux, holomorphic), argnums, has_aux, holomorphic), f)


def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The product of the Hessian of a real `f` at the primals with the tangents, at the cost of a few gradients.

    `H v = d/dt grad f(x + t v)` at t = 0: forward over reverse mode, and no matrix is made.

    Args:
        f: returns a single real number.
        primals, tangents: tuples with one entry for each argument of `f`; the result is such a tuple. For a function
            of one argument, that argument itself (no tuple); the result is then a product of its structure.

    >>> hvp(lambda x: (x * x * x).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    if not isinstance(primals, tuple):
        return jvp(grad(f), (primals,), (tangents,))[1]
    if not isinstance(tangents, tuple) or len(tangents) != len(primals):
        raise TypeError("hvp takes tangents as it takes primals: hvp(f, (x, y), (dx, dy)) or hvp(f, x, dx)")
    return jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]


def _forward(level: Level, outs: Sequence[Tensor], mode: str, holomorphic: bool) -> bool:
    """Whether to work in forward mode. One-hot vectors find all derivatives only if what they stand in is real."""
    ins_complex = [x for x in level.leaves if x.dtype.kind == "c" and not holomorphic]
    outs_complex = [x for x in outs if x.dtype.kind == "c" and not holomorphic]
    if ins_complex and (outs_complex or mode == "forward"):
        raise TypeError(
            f"a Jacobian by a complex argument ({describe(ins_complex[0])}) is found in reverse mode, of real values. "
            "For complex derivatives of a holomorphic function pass holomorphic=True."
        )
    if outs_complex and mode == "reverse":
        raise TypeError(
            f"a Jacobian of complex values ({describe(outs_complex[0])}) is found in forward mode: use jacfwd, or for "
            "a holomorphic function pass holomorphic=True."
        )
    if mode != "auto":
        return mode == "forward"
    if ins_complex or outs_complex:
        return bool(outs_complex)
    return sum(x.size for x in level.leaves) < sum(out.size for out in outs)


def _rows(level: Level, outs: Sequence[Tensor], record: bool, holomorphic: bool) -> list[list[Any]]:
    """For each output and each argument the Jacobian, by pulling back one-hot vectors."""
    blocks = []
    for out in outs:
        shapes = [(*out.shape, *x.shape) for x in level.leaves]
        if not recorded(out) or not out.size:
            blocks.append([np.zeros(s, x.dtype)[()] for s, x in zip(shapes, level.leaves, strict=True)])
            continue
        one_hot = np.eye(out.size, dtype=out.dtype).reshape((out.size, *out.shape))

        def pull(g: Any, out: Tensor = out) -> list[Any]:
            return level.pull([out], [g], record)

        rows = pull(one_hot[0]) if out.size == 1 else vmap(pull)(one_hot)
        rows = [row.conj() for row in rows] if holomorphic else rows
        blocks.append([row.reshape(s) for row, s in zip(rows, shapes, strict=True)])
    return blocks


def _columns(level: Level, outs: Sequence[Tensor], record: bool, holomorphic: bool) -> list[list[Any]]:
    """For each output and each argument the Jacobian, by pushing one-hot vectors forward."""
    blocks: list[list[Any]] = [[] for _ in outs]
    for node, x in zip(level.nodes, level.leaves, strict=True):
        if not x.size:
            columns = [np.zeros((*out.shape, 0), out.dtype) for out in outs]
        else:
            one_hot = np.eye(x.size, dtype=x.dtype).reshape((x.size, *x.shape))

            def along(t: Any, node: Any = node) -> list[Any]:
                return push([node], [t], outs, record)

            columns = along(Tensor(one_hot[0])) if x.size == 1 else vmap(along, out_axes=-1)(one_hot)
        for block, out, column in zip(blocks, outs, columns, strict=True):
            block.append(column.reshape((*out.shape, *x.shape)))
    return blocks
