"""Checks of derivatives against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .config import mode
from .graph import Node, format_line, history
from .op import Lazy
from .tensor import Tensor
from .transforms import flatten, jvp, vjp

_STEP = 1e-3


class GradientCheckError(AssertionError):
    """A derivative does not agree with finite differences."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    modes: Sequence[str] = ("reverse", "forward"),
    rtol: float = 1e-6,
    atol: float = 1e-8,
    seed: int = 0,
) -> None:
    """Check the derivatives of `f` at `args` against finite differences, along random directions.

    The difference is `(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h` with h = 1e-3, whose error is of order h^4;
    everything is computed in float64 (or complex128). Second order checks the gradient's own gradient.

    Args:
        f: a function of arrays; it may return a container.
        args: floating or complex arrays, numbers, or containers of them.
        order: 1 checks gradients, 2 (the default) also theirs, and so on.
        modes: "reverse" (vjp), "forward" (jvp), or both.
        rtol, atol: tolerance, relative to the larger of the two numbers, and absolute.
        seed: of the random directions.

    Raises GradientCheckError, an AssertionError that names the input, the element and the op at fault.

    >>> check_grads(lambda x, y: x * y, (2.0, np.array([1.0, 3.0])))
    """
    for name in modes:
        if name not in ("reverse", "forward"):
            raise ValueError(f'modes are "reverse" and "forward", got {name!r}')
    leaves, rebuild = flatten(tuple(args))
    points = [_double(leaf) for leaf in leaves]
    _check(
        _Flat(f, rebuild),
        points,
        order,
        tuple(modes),
        (rtol, atol),
        np.random.default_rng(seed),
        "",
    )


def numerical_grad(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Any, ...]:
    """The gradient of a real function by finite differences, element by element.

    >>> numerical_grad(lambda x: (x * x).sum(), [np.array([1.0, 2.0])])[0].round(6)
    array([2., 4.])
    """
    points = [_double(a) for a in args]
    flat = _Flat(f, tuple)
    return tuple(_elementwise(flat, points, [np.float64(1.0)], i) for i in range(len(points)))


class _Flat:
    """A function of a list of arrays that returns a list of arrays (or Tensors, of Tensors)."""

    def __init__(self, f: Callable[..., Any], rebuild: Callable[[list[Any]], Any]) -> None:
        self.f, self.rebuild = f, rebuild

    def __call__(self, *points: Any) -> list[Any]:
        return flatten(self.f(*self.rebuild(list(points))))[0]

    def values(self, points: Sequence[Any]) -> list[Any]:
        outs = self(*[_scalar(p.copy()) for p in points])
        return [np.asarray(out.value if type(out) is Tensor else out) for out in outs]


def _double(leaf: Any) -> Any:
    array = np.asarray(leaf.value if type(leaf) is Tensor else leaf)
    if array.dtype.kind not in "fc":
        raise TypeError(f"check_grads takes floating or complex arguments, got {array.dtype}")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _scalar(array: Any) -> Any:
    return array if array.shape else array[()]


def _random_like(rng: np.random.Generator, array: Any) -> Any:
    direction = rng.standard_normal(array.shape)
    if array.dtype.kind == "c":
        direction = direction + 1j * rng.standard_normal(array.shape)
    return np.asarray(direction)


def _inner(a: Sequence[Any], b: Sequence[Any]) -> float:
    """The real inner product `Re sum conj(a) b`, over several arrays."""
    return float(sum(np.real(np.vdot(x, y)) for x, y in zip(a, b, strict=True)))


def _difference(flat: _Flat, points: list[Any], direction: list[Any]) -> list[Any]:
    """The derivative of the outputs along a direction."""

    def at(step: float) -> list[Any]:
        return flat.values([p + step * d for p, d in zip(points, direction, strict=True)])

    near = [a - b for a, b in zip(at(_STEP), at(-_STEP), strict=True)]
    far = [a - b for a, b in zip(at(2 * _STEP), at(-2 * _STEP), strict=True)]
    return [(8 * n - f) / (12 * _STEP) for n, f in zip(near, far, strict=True)]


def _close(a: Any, b: Any, tolerance: tuple[float, float], scale: float = 0.0) -> bool:
    rtol, atol = tolerance
    return bool(np.all(np.abs(a - b) <= atol + rtol * np.maximum(scale, np.maximum(np.abs(a), np.abs(b)))))


def _check(
    flat: _Flat, points: list[Any], order: int, modes: tuple[str, ...], tolerance: tuple[float, float],
    rng: np.random.Generator, of: str,
) -> None:  # fmt: skip
    direction = [_random_like(rng, p) for p in points]
    numeric = _difference(flat, points, direction)
    scale = max((float(np.abs(n).max(initial=0.0)) for n in numeric), default=0.0)
    outs = flat.values(points)
    cotangent = [_random_like(rng, out) for out in outs]
    given = [_scalar(p) for p in points]
    if "reverse" in modes:
        _, pullback = vjp(flat, *given)
        gradients = [np.asarray(g) for g in pullback([_scalar(c) for c in cotangent])]
        for i, (gradient, point) in enumerate(zip(gradients, points, strict=True)):
            if gradient.shape != point.shape or gradient.dtype != point.dtype:
                raise GradientCheckError(
                    f"vjp{of}: the gradient of input {i} is {gradient.dtype} {gradient.shape}, "
                    f"the input {point.dtype} {point.shape}"
                )
        size = scale * max((float(np.sqrt(c.size)) for c in cotangent), default=0.0)
        if not _close(_inner(gradients, direction), _inner(cotangent, numeric), tolerance, size):
            _blame(flat, points, cotangent, gradients, tolerance, of)
    if "forward" in modes:
        tangents = jvp(flat, given, [_scalar(d) for d in direction])[1]
        for i, (tangent, expected) in enumerate(zip(tangents, numeric, strict=True)):
            if np.shape(tangent) != expected.shape:
                raise GradientCheckError(f"jvp{of}: tangent {i} has shape {np.shape(tangent)}, output {expected.shape}")
            if not _close(tangent, expected, tolerance, scale):
                worst = _worst(tangent, expected)
                raise GradientCheckError(
                    f"jvp{of}: output {i}, element {worst}: forward mode gives {np.asarray(tangent)[worst]}, "
                    f"finite differences {expected[worst]}{_culprit(flat, points, tolerance)}"
                )
    if order > 1:
        seeds = [_scalar(c) for c in cotangent]
        pull = _Flat(lambda *xs: list(vjp(flat, *xs)[1](seeds)), tuple)
        _check(pull, points, order - 1, modes, tolerance, rng, f"{of} of the gradient")


def _worst(a: Any, b: Any) -> tuple[int, ...]:
    error = np.abs(np.asarray(a) - b)
    error = np.where(np.isnan(error), np.inf, error)
    return tuple(int(i) for i in np.unravel_index(int(error.argmax()) if error.size else 0, error.shape))


def _elementwise(flat: _Flat, points: list[Any], cotangent: Sequence[Any], i: int) -> Any:
    """The gradient by input i, one element at a time."""
    result = np.zeros_like(points[i])
    for place in np.ndindex(points[i].shape):
        for unit in (1.0, 1j) if points[i].dtype.kind == "c" else (1.0,):
            direction = [np.zeros_like(p) for p in points]
            direction[i][place] = unit
            result[place] += unit * _inner(cotangent, _difference(flat, points, direction))
    return result


def _blame(
    flat: _Flat,
    points: list[Any],
    cotangent: list[Any],
    gradients: list[Any],
    tolerance: tuple[float, float],
    of: str,
) -> None:
    """Find the element that is wrong, and raise."""
    for i, gradient in enumerate(gradients):
        expected = _elementwise(flat, points, cotangent, i)
        if not _close(gradient, expected, tolerance, float(np.abs(expected).max(initial=0.0))):
            worst = _worst(gradient, expected)
            raise GradientCheckError(
                f"vjp{of}: input {i}, element {worst}: the rules give {gradient[worst]}, finite differences "
                f"{expected[worst]}{_culprit(flat, points, tolerance)}"
            )
    raise GradientCheckError(f"vjp{of}: the gradient disagrees with finite differences along a random direction")


def _culprit(flat: _Flat, points: list[Any], tolerance: tuple[float, float]) -> str:
    """Check each recorded op alone, oldest first; name the first whose rule is wrong."""
    with mode(recording=True, keep_inputs=True):
        outs = flat(*[Tensor(p, requires_grad=True) for p in points])
    nodes, _ = history([out.node for out in outs if type(out) is Tensor])
    rng = np.random.default_rng(0)
    for node in nodes:
        if not node.op.several and node.saved and not _rule_holds(node, rng, tolerance):
            return f". The op at fault is '{node.op.name}', called at {format_line(node.line)}"
    return ""


def _rule_holds(node: Node, rng: np.random.Generator, tolerance: tuple[float, float]) -> bool:
    op, saved = node.op, list(node.saved or ())
    fixed = len(op.inputs) - op.variadic
    values = [*saved[:fixed], *(saved[fixed] if op.variadic else ())]
    g = _scalar(_random_like(rng, np.empty(node.shape, node.dtype)))
    pulled = node.plan.pull(g, tuple(saved), node.params)
    for i, (gradient, source) in enumerate(zip(pulled, node.inputs, strict=False)):
        if gradient is None or source is None:
            continue
        whole = gradient.into(None) if isinstance(gradient, Lazy) else np.asarray(gradient)

        def forward(x: Any, i: int = i) -> Any:
            result = op.forward(*values[:i], x, *values[i + 1 :], **node.params)
            return result if op.vjp is None else result[0]

        point = np.asarray(values[i])
        direction = _random_like(rng, point)
        expected = _inner([g], _difference(_Flat(forward, tuple), [point], [direction]))
        found = _inner([whole], [np.broadcast_to(direction, whole.shape) if whole.shape else direction])
        if not _close(found, expected, tolerance, float(np.abs(np.asarray(g)).sum())):
            return False
    return True
