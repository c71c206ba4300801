"""Reverse mode: `grad`, `value_and_grad`, `vjp`, `elementwise_grad`, and `stop_gradient`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import GradientError, describe
from ..graph import Mark, user_frame
from ..tensor import Tensor, asarray, cut_off
from .levels import Level, as_output, named, pick_args, put_args, recorded, split_aux
from .trees import current, flatten, same_structure


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns `f`'s value and its gradient.

    Args:
        f: returns a single real number; with `has_aux`, a pair of that and anything else.
        argnums: which positional argument to differentiate by, or several (then the gradient is a tuple).
            Each may be a container; its gradient has the same structure.
        has_aux: the value returned is then the pair.
        holomorphic: `f` maps complex numbers to a complex number and has a complex derivative `f'(z)`; that is the
            result. Without it a gradient by complex arguments is `df/dx + i df/dy`, the direction of steepest ascent.

    Raises GradientError if `f` does not return a single real number, TypeError for integer arguments.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (np.float64(9.0), np.float64(6.0))
    """

    def value_and_grad_f(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen, numbers = pick_args(args, argnums, "grad")
        level = Level(chosen, "grad")
        out = level.run(f, put_args(args, argnums, numbers, level.arguments), kwargs)
        loss, _ = split_aux(out, has_aux, "loss")
        record = level.outside(flatten(out)[0])
        if holomorphic:
            loss = as_output(loss)
            check_holomorphic("grad", level.leaves, [loss])
            if loss.size != 1:
                raise GradientError(f"grad takes a function that returns a single number, got {describe(loss)}")
            gradients = [g.conj() for g in level.pull([loss], [np.ones(loss.shape, loss.dtype)], record)]
        else:
            gradients = level.pull([loss], [None], record)
        return level.release(out, record), level.release(level.rebuild(gradients), record)

    return named(value_and_grad_f, f)


def grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the gradient of `f`: see `value_and_grad`. With `has_aux`, `(gradient, aux)`.

    >>> grad(lambda x: x * x * x)(2.0)
    np.float64(12.0)
    >>> grad(grad(lambda x: x * x * x))(2.0)
    np.float64(12.0)
    >>> grad(lambda p: (p["w"] * p["b"]).sum())({"w": np.array([1.0, 2.0]), "b": 3.0})
    {'w': array([3., 3.]), 'b': np.float64(3.0)}
    >>> grad(lambda z: z * z, holomorphic=True)(1.0 + 2.0j)
    np.complex128(2+4j)
    """
    both = value_and_grad(f, argnums, has_aux, holomorphic)

    def grad_f(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return named(grad_f, f)


def check_holomorphic(what: str, arguments: Sequence[Tensor], outs: Sequence[Tensor]) -> None:
    """Raise TypeError unless all arguments and outputs are complex."""
    for role, values in (("arguments", arguments), ("outputs", outs)):
        for value in values:
            if value.dtype.kind != "c":
                raise TypeError(
                    f"{what} with holomorphic=True takes functions of complex numbers to complex numbers; among the "
                    f"{role} is {describe(value)}. Write z.astype(complex), or leave holomorphic out."
                )


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return `f(*primals)` and its pullback, which maps an output gradient to a tuple of input gradients.

    The pullback may be called any number of times. With `has_aux`, `f` returns `(out, aux)`, and this
    `(out, pullback, aux)`.

    >>> out, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> out, pullback(1.0)
    (np.float64(6.0), (np.float64(3.0), np.float64(2.0)))
    """
    level = Level(primals, "vjp", copy=True)
    out, aux = split_aux(level.run(f, level.arguments, {}), has_aux, "out")
    outs, rebuild = flatten(out)
    record = level.outside(outs)
    structure = rebuild([0.0] * len(outs))

    def pullback(cotangent: Any) -> Any:
        given = flatten(cotangent)[0]
        if len(given) != len(outs) or (len(outs) != 1 and not same_structure(structure, cotangent)):
            raise ValueError(
                f"the pullback takes {len(outs)} output gradients, in the structure of the output: {structure}"
            )
        record_pass = record or any(map(recorded, given))
        gradients = level.pull(outs, given, record_pass)
        return level.release(level.rebuild(gradients), record_pass)

    result = level.release(rebuild(outs), record)
    return (result, pullback, level.release(aux, record)) if has_aux else (result, pullback)


def elementwise_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make the function that returns the derivative of an elementwise `f`, element by element.

    `out[i] = df(x)[i] / dx[i]`, by the gradient of the sum: right where `f(x)[i]` depends on `x[i]` alone.
    For real `f`; the result has x's shape.

    Raises ValueError if the value of `f` has another shape than the argument.

    >>> elementwise_grad(lambda x: x * x)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """

    def elementwise_grad_f(*args: Any, **kwargs: Any) -> Any:
        shapes = [asarray(leaf).shape for leaf in flatten(pick_args(args, argnums, "elementwise_grad")[0])[0]]

        def total(*args: Any, **kwargs: Any) -> Any:
            out = as_output(f(*args, **kwargs))
            for shape in shapes:
                if out.shape != shape:
                    raise ValueError(
                        f"elementwise_grad takes functions of each element; this one maps {shape} to {describe(out)}. "
                        "Use jacobian for others."
                    )
            return out.sum()

        return grad(total, argnums)(*args, **kwargs)

    return named(elementwise_grad_f, f)


def stop_gradient(tree: Any) -> Any:
    """The same numbers, as constants: no gradient passes here, in any mode or at any level.

    Takes a Tensor, an array, a number, or a container of them; arrays and numbers come back as they are.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    leaves, rebuild = flatten(current(tree))
    frame = user_frame(sys._getframe(1))
    return rebuild(
        [cut_off(leaf, Mark("stop_gradient", "stop_gradient", frame)) if recorded(leaf) else leaf for leaf in leaves]
    )
