"""Elementwise functions of a large array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..row import Program, Row


def million() -> np.ndarray:
    """A million numbers."""
    return np.random.default_rng(0).normal(size=1_000_000).astype(np.float32)


def methods(leaf: Callable[[np.ndarray], Any]) -> Program:
    """x.tanh() x.sigmoid() + x.exp(), summed, and its gradient."""
    x = leaf(million())

    def step() -> Any:
        x.grad = None
        total = (x.tanh() * x.sigmoid() + x.exp()).sum()
        total.backward()
        return total

    def run(n: int) -> None:
        for _ in range(n):
            step()

    return Program(run, lambda: {"sum": float(step().item()), "gradient of x": x.grad.numpy()})


def ours() -> Program:
    """In our system."""
    from autodiff import Tensor

    return methods(lambda a: Tensor(a, requires_grad=True))


def torch() -> Program:
    """In PyTorch."""
    import torch

    return methods(lambda a: torch.tensor(a, requires_grad=True))


def of_function(value_and_grad: Callable[[Any], Any], x: Any, wait: Callable[[Any], Any]) -> Program:
    """The same where a function is differentiated."""

    def run(n: int) -> None:
        for _ in range(n):
            wait(value_and_grad(x))

    def numbers() -> dict[str, Any]:
        total, slope = value_and_grad(x)
        return {"sum": float(total), "gradient of x": np.asarray(slope)}

    return Program(run, numbers)


def jax() -> Program:
    """In JAX, compiled."""
    import jax
    from jax import numpy as jnp

    def f(x: Any) -> Any:
        return (jnp.tanh(x) * jax.nn.sigmoid(x) + jnp.exp(x)).sum()

    return of_function(jax.jit(jax.value_and_grad(f)), jnp.asarray(million()), jax.block_until_ready)


def autograd() -> Program:
    """In autograd."""
    from autograd import numpy as anp
    from autograd import value_and_grad

    def f(x: Any) -> Any:
        return anp.sum(anp.tanh(x) / (1 + anp.exp(-x)) + anp.exp(x))

    return of_function(value_and_grad(f), million(), lambda found: None)


def mygrad() -> Program:
    """In MyGrad."""
    import mygrad as mg

    x = mg.tensor(million())

    def step() -> Any:
        total = (mg.tanh(x) * mg.nnet.sigmoid(x) + mg.exp(x)).sum()
        total.backward()
        return total

    def run(n: int) -> None:
        for _ in range(n):
            step()

    return Program(run, lambda: {"sum": float(step().item()), "gradient of x": x.grad})


ROWS = {
    "elementwise": Row(
        "x.tanh()*x.sigmoid()+x.exp(), 1e6 float32", 0.6,
        {"ours": ours, "torch": torch, "jax": jax, "autograd": autograd, "mygrad": mygrad}, tolerance=1e-5,
    ),
}  # fmt: skip
