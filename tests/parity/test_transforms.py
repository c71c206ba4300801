"""The function transforms beside those of torch.func."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint as torch_checkpoint

import autodiff as ad

# Forward mode imports what PyTorch deprecates; its linearize warns of a graph of its own.
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}:torch") for kind in ("DeprecationWarning", "UserWarning")]

RNG = np.random.default_rng(0)
A, X, V, B = RNG.standard_normal((4, 4)), RNG.standard_normal(4), RNG.standard_normal(4), RNG.standard_normal((3, 4))


def vector(lib: Any, a: Any) -> Any:
    return lambda x: lib.tanh(a @ x) * x + lib.exp(-x * x).sum()


def scalar(lib: Any, a: Any) -> Any:
    return lambda x: (vector(lib, a)(x) ** 2).sum()


def table(lib: Any, a: Any) -> Any:
    return lambda x: lib.sin(x[:, None] * x) * a


FUNCTIONS = {"scalar": scalar, "vector": vector, "table": table}
TRANSFORMS: dict[str, Any] = {
    "jacrev": lambda lib, f: lib.jacrev(f),
    "jacfwd": lambda lib, f: lib.jacfwd(f),
    "hessian": lambda lib, f: lib.hessian(f),
    "jacfwd of jacfwd": lambda lib, f: lib.jacfwd(lib.jacfwd(f)),
    "jacrev of jacfwd": lambda lib, f: lib.jacrev(lib.jacfwd(f)),
    "third": lambda lib, f: lib.jacrev(lib.jacrev(lib.jacrev(f))),
    "vmap of jacrev": lambda lib, f: lambda x: lib.vmap(lib.jacrev(f))(lib.stack([x, 2 * x])),
    "vmap of hessian": lambda lib, f: lambda x: lib.vmap(lib.hessian(f))(lib.stack([x, 2 * x])),
    "jacrev of vmap": lambda lib, f: lambda x: lib.jacrev(lib.vmap(f))(lib.stack([x, 2 * x])),
    "linearize": lambda lib, f: lambda x: lib.linearize(f, x)[1](2 * x),
    "jvp": lambda lib, f: lambda x: lib.jvp(f, (x,), (x,))[1],
    "jvp of jvp": lambda lib, f: lambda x: lib.jvp(lambda y: lib.jvp(f, (y,), (x,))[1], (x,), (x,))[1],
    "vmap": lambda lib, f: lambda x: lib.vmap(f, 1)(lib.stack([x, 2 * x]).T),
    "vmap, out": lambda lib, f: lambda x: lib.vmap(f, 0, -1)(lib.stack([x, 2 * x])),
}


class Theirs:
    """torch.func and torch under one name."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch.func, name, None) or getattr(torch, name)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transform(transform: str, function: str) -> None:
    make, apply = FUNCTIONS[function], TRANSFORMS[transform]
    ours = apply(ad, make(ad, A))(X)
    theirs = apply(Theirs(), make(torch, torch.tensor(A)))(torch.tensor(X))
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-11)


def test_hvp() -> None:
    f = scalar(torch, torch.tensor(A))
    _, theirs = torch.autograd.functional.hvp(f, torch.tensor(X), torch.tensor(V))
    np.testing.assert_allclose(ad.hvp(scalar(ad, A), X, V), theirs.numpy(), rtol=1e-10)


def test_per_example_gradients_of_shared_weights() -> None:
    def loss(lib: Any) -> Any:
        return lambda w, x: (lib.tanh(w @ x) ** 2).sum()

    ours = ad.vmap(ad.grad(loss(ad)), (None, 0))(A, B)
    theirs = torch.vmap(torch.func.grad(loss(torch)), (None, 0))(torch.tensor(A), torch.tensor(B))
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10)
    total = ad.grad(lambda w: (ad.vmap(loss(ad), (None, 0))(w, B) ** 2).sum())(A)
    want = torch.func.grad(lambda w: (torch.vmap(loss(torch), (None, 0))(w, torch.tensor(B)) ** 2).sum())
    np.testing.assert_allclose(total, want(torch.tensor(A)).numpy(), rtol=1e-10)


def test_checkpoint() -> None:
    x, t = ad.Tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    (ad.checkpoint(vector(ad, A))(x) ** 2).sum().backward()
    (torch_checkpoint(vector(torch, torch.tensor(A)), t, use_reentrant=False) ** 2).sum().backward()
    assert x.grad is not None
    assert t.grad is not None
    np.testing.assert_allclose(x.grad.value, t.grad.numpy(), rtol=1e-12)
