"""What a transform or a mode costs beside doing without it, which is called `plain`."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ..row import Program, Row

SIZES = (16, 32, 32, 4)
EXAMPLES = 256


def network() -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases."""
    rng = np.random.default_rng(0)
    return [(rng.normal(scale=k**-0.5, size=(k, n)), np.zeros(n)) for k, n in pairwise(SIZES)]


def loss_of_one(params: Any, x: Any) -> Any:
    """Half the squared length of the network's output, for an example or a batch."""
    for i, (w, b) in enumerate(params):
        x = x @ w + b if i == len(params) - 1 else np.tanh(x @ w + b)
    return (x * x).sum() * 0.5


def examples() -> np.ndarray:
    """A batch of inputs."""
    return np.random.default_rng(1).normal(size=(EXAMPLES, SIZES[0]))


def each_by_vmap() -> Program:
    """A gradient for each example, all at once."""
    import autodiff as ad

    params, xs = network(), examples()
    each = ad.vmap(ad.grad(loss_of_one), in_axes=(None, 0))

    def run(n: int) -> None:
        for _ in range(n):
            each(params, xs)

    return Program(run, lambda: {"gradients": np.ravel(each(params, xs)[0][0])})


def each_by_a_loop() -> Program:
    """A gradient for each example, one after the other."""
    import autodiff as ad

    params, xs = network(), examples()
    slope = ad.grad(loss_of_one)

    def run(n: int) -> None:
        for _ in range(n):
            for x in xs:
                slope(params, x)

    return Program(run, lambda: {"gradients": np.ravel([slope(params, x)[0][0] for x in xs])})


def step_watched(*, watched: bool) -> Program:
    """A forward and a backward pass, under debug() or not."""
    from contextlib import nullcontext

    import autodiff as ad

    params = [tuple(ad.Tensor(a, requires_grad=True) for a in pair) for pair in network()]
    leaves = [leaf for pair in params for leaf in pair]
    xs = examples()

    def run(n: int) -> None:
        for _ in range(n):
            for leaf in leaves:
                leaf.grad = None
            with ad.debug() if watched else nullcontext():
                loss_of_one(params, xs).backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": np.concatenate([np.ravel(leaf.grad.value) for leaf in leaves])}

    return Program(run, numbers)


def explained(*, asked: bool) -> Program:
    """A forward and a backward pass through 100 layers, and the question why a gradient is what it is."""
    import autodiff as ad

    w = ad.Tensor(np.eye(8) * 0.9, requires_grad=True)
    x = np.random.default_rng(0).normal(size=(4, 8))

    def run(n: int) -> None:
        for _ in range(n):
            w.grad = None
            h: Any = x
            for _ in range(100):
                h = np.tanh(h @ w)
            loss = h.sum()
            loss.backward(retain_graph=True)
            if asked:
                str(ad.explain_grad(w, loss))

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": w.grad.value}

    return Program(run, numbers)


def blocks(*, checkpointed: bool) -> Program:
    """16 blocks of 8 elementwise ops on 512 KB, with or without keeping what is inside of them."""
    import autodiff as ad

    x = ad.Tensor(np.linspace(-1, 1, 2**16), requires_grad=True)

    def block(h: Any) -> Any:
        for _ in range(4):
            h = np.sin(h) * 1.1
        return h

    called = ad.checkpoint(block) if checkpointed else block

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = None
            h: Any = x
            for _ in range(16):
                h = called(h)
            h.sum().backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": x.grad.value}

    return Program(run, numbers)


def lenet(*, trainer: bool) -> Program:
    """Training steps of LeNet on a batch of 64, by the Trainer or by a loop."""
    import nn
    import optim

    rng = np.random.default_rng(0)
    batch = rng.random((64, 1, 28, 28), dtype=np.float32), rng.integers(10, size=64)
    model, criterion = nn.models.LeNet5(generator=0), nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    losses: list[float] = []
    fit = optim.Trainer(model, criterion, optimizer, progress=False)

    def run(n: int) -> None:
        if trainer:
            fit.fit([batch] * n, fit.epoch + 1)
            return
        for x, y in [batch] * n:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

    def numbers() -> dict[str, Any]:
        run(1)
        return {
            "loss": (fit.losses if trainer else losses)[-1],
            "weights": np.ravel(model.state_dict()["features.0.weight"]),
        }

    return Program(run, numbers)


ROWS = {
    "trainer": Row(
        "LeNet on 1x28x28, batch 64, Adam, by optim.Trainer", 1.02,
        {"ours": partial(lenet, trainer=True), "plain": partial(lenet, trainer=False)}, peer="plain", tolerance=1e-4,
    ),
    "vmap": Row(
        "a gradient for each of 256 examples, by vmap", 0.1, {"ours": each_by_vmap, "plain": each_by_a_loop},
        peer="plain",
    ),
    "debug": Row(
        "MLP forward + backward under debug()", 3.0,
        {"ours": partial(step_watched, watched=True), "plain": partial(step_watched, watched=False)}, peer="plain",
    ),
    "explain": Row(
        "100 layers forward + backward + explain_grad", 10.0,
        {"ours": partial(explained, asked=True), "plain": partial(explained, asked=False)}, peer="plain",
    ),
    "checkpoint": Row(
        "16 blocks of 8 ops on 512 KB, checkpointed", 2.0,
        {"ours": partial(blocks, checkpointed=True), "plain": partial(blocks, checkpointed=False)}, peer="plain",
    ),
}  # fmt: skip
