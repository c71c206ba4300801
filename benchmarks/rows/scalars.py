"""Graphs of single numbers: what an op costs when the arithmetic costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..row import Program, Row

LENGTH, FACTOR = 10_000, 0.9999


def scalar_in(system: str) -> Callable[[float], Any]:
    """How a system makes a number that requires grad."""
    if system == "ours":
        from autodiff import Tensor

        return partial(Tensor, requires_grad=True)
    if system == "torch":
        import torch

        return partial(torch.tensor, dtype=torch.float64, requires_grad=True)
    if system == "mygrad":
        import mygrad

        return mygrad.tensor
    from micrograd.engine import Value

    return Value


def in_each(build: Callable[[str], Program], *systems: str) -> dict[str, Callable[[], Program]]:
    """One builder for several systems."""
    return {system: partial(build, system) for system in systems}


def slopes(out: Any, **leaves: Any) -> dict[str, float]:
    """A number that was computed, and its gradients by name."""
    return {"value": number(out)} | {f"gradient of {name}": float(leaf.grad) for name, leaf in leaves.items()}


def found_by(value_and_grad: Any, names: str) -> dict[str, float]:
    """The same of what a function of functions gave."""
    value, grads = value_and_grad
    return {"value": float(value)} | {f"gradient of {x}": float(g) for x, g in zip(names, grads, strict=True)}


# -- one product ------------------------------------------------------------------------------------------


def multiply(system: str) -> Program:
    """One product of two numbers that require grad."""
    scalar = scalar_in(system)
    x, y = scalar(3.0), scalar(-4.0)

    def run(n: int) -> None:
        for _ in range(n):
            x * y

    def numbers() -> dict[str, Any]:
        out = x * y
        out.backward()
        return slopes(out, x=x, y=y)

    return Program(run, numbers)


# -- (x + y) z ---------------------------------------------------------------------------------------------


def gates(system: str) -> Program:
    """The first graph of the lectures, forward and backward."""
    scalar = scalar_in(system)
    x, y, z = scalar(-2.0), scalar(5.0), scalar(-4.0)
    none = 0.0 if system == "micrograd" else None

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = y.grad = z.grad = none
            ((x + y) * z).backward()

    def run_mygrad(n: int) -> None:
        for _ in range(n):
            ((x + y) * z).backward()  # a tensor's gradient is dropped when it is used again

    def numbers() -> dict[str, Any]:
        out = (x + y) * z
        out.backward()
        return slopes(out, x=x, y=y, z=z)

    return Program(run_mygrad if system == "mygrad" else run, numbers)


def gates_as_function(value_and_grad: Callable[[Any], Any]) -> Program:
    """The same where a function is differentiated."""
    values = (-2.0, 5.0, -4.0)
    found = value_and_grad(lambda xyz: (xyz[0] + xyz[1]) * xyz[2])

    def run(n: int) -> None:
        for _ in range(n):
            found(values)

    return Program(run, lambda: found_by(found(values), "xyz"))


def gates_jax() -> Program:
    """The first graph of the lectures, compiled."""
    import jax

    return gates_as_function(lambda f: jax.jit(jax.value_and_grad(f)))


def gates_autograd() -> Program:
    """The first graph of the lectures, by autograd."""
    import autograd

    return gates_as_function(autograd.value_and_grad)


# -- a long product ------------------------------------------------------------------------------------------


def chain(system: str, length: int = LENGTH) -> Program:
    """A product of many factors, one after the other, forward and backward."""
    scalar = scalar_in(system)
    x, w = scalar(2.0), scalar(FACTOR)

    def product() -> Any:
        if system != "mygrad":
            x.grad = w.grad = None
        h = x
        for _ in range(length):
            h = h * w
        h.backward()
        return h

    def run(n: int) -> None:
        for _ in range(n):
            product()

    return Program(run, lambda: slopes(product(), x=x, w=w))


def chain_autograd() -> Program:
    """The same by autograd."""
    from autograd import value_and_grad

    def product(xw: Any) -> Any:
        h, w = xw
        for _ in range(LENGTH):
            h = h * w
        return h

    found = value_and_grad(product)

    def run(n: int) -> None:
        for _ in range(n):
            found((2.0, FACTOR))

    return Program(run, lambda: found_by(found((2.0, FACTOR)), "xw"))


# -- a network neuron by neuron: the demo of micrograd ----------------------------------------------------------

SIZES = (2, 16, 16, 1)
ALPHA, STEP = 1e-4, 0.01


def points() -> tuple[list[list[float]], list[float]]:
    """A hundred points on two moons, and their sides, 1 and -1."""
    from .dense import moons

    x, t = moons()
    return x.astype(float).tolist(), t.ravel().astype(float).tolist()


def demo(system: str) -> Program:
    """A step of the demo: scores of all points, a hinge loss with weight decay, and every parameter moved."""
    if system == "ours":
        import autodiff as ad
        from nn.scalar import MLP

        model, relu = MLP(2, [*SIZES[1:]], activation="relu"), ad.relu
        neurons = [n for layer in model.layers for n in layer.neurons]
        inputs = list
    else:
        from micrograd.engine import Value
        from micrograd.nn import MLP

        model, relu = MLP(2, [*SIZES[1:]]), Value.relu
        neurons = [n for layer in model.layers for n in layer.neurons]

        def inputs(row: list[float]) -> list[Any]:
            return [Value(number) for number in row]

    rng = np.random.default_rng(1)
    for neuron in neurons:
        for w in neuron.w:
            set_number(w, rng.uniform(-1, 1) * len(neuron.w) ** -0.5)
        set_number(neuron.b, 0.1)
    parameters = [p for neuron in neurons for p in (*neuron.w, neuron.b)]
    xs, ts = points()

    def step() -> Any:
        scores = [model(inputs(row)) for row in xs]
        losses = [relu(1 + -t * score) for t, score in zip(ts, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in parameters)
        model.zero_grad()
        total.backward()
        for p in parameters:
            set_number(p, number(p) - STEP * number(p.grad))
        return total

    def run(n: int) -> None:
        for _ in range(n):
            step()

    def numbers() -> dict[str, Any]:
        losses = [number(step())]
        grads = [number(p.grad) for p in parameters]
        return {"gradients": grads, "losses": [*losses, number(step())]}

    return Program(run, numbers)


def number(x: Any) -> float:
    """The number of a scalar node."""
    return float(x.data if hasattr(x, "_prev") else x.item() if hasattr(x, "item") else x)


def set_number(p: Any, value: float) -> None:
    """Write a parameter, by the attribute that its system has for that."""
    if hasattr(p, "_prev"):
        p.data = value
    else:
        p.value = p.value.dtype.type(value)


DEMO = in_each(demo, "ours", "micrograd")

ROWS = {
    "multiply": Row(
        "scalar multiply, recorded", 0.4, in_each(multiply, "ours", "torch", "mygrad", "micrograd")
    ),
    "gates": Row(
        "(x+y)z, forward + backward", 0.3,
        in_each(gates, "ours", "torch", "mygrad", "micrograd") | {"jax": gates_jax, "autograd": gates_autograd},
    ),
    "chain": Row(
        "chain of 10 000 multiplies, forward + backward", 0.35,
        in_each(chain, "ours", "torch", "mygrad") | {"autograd": chain_autograd}, tolerance=1e-9,
    ),
    "demo": Row(
        "micrograd's moons demo, 65 000 scalar nodes", 0.15, DEMO, peer="micrograd", tolerance=1e-9, parallel=False,
    ),
    "demo-nogc": Row(
        "the same, without the cycle collector", 0.9, DEMO, peer="micrograd", tolerance=1e-9, parallel=False,
        collector=False,
    ),
}  # fmt: skip
