"""The workloads. Each stands once per system, side by side, so that a reader sees that they do the same.

A function sets a workload up and returns a `Program`: `run(n)` does it n times over, and is what the clock
sees; `numbers()` gives losses and gradients by name, which must be equal in all systems. A further workload
is one more `Row`, a further system one more entry in `SETUP` and in the rows that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np


class Program(NamedTuple):
    """A workload, set up."""

    run: Callable[[int], None]
    numbers: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    title: str
    goal: float  # for the time of ours / time of the peer
    systems: dict[str, Callable[[], Program]]  # how each of them does it
    peer: str = "torch"
    tolerance: float = 1e-12  # for numbers to be the same, relative to the largest of them


def set_up_torch(threads: int) -> str:
    """Set PyTorch's threads, and return its version."""
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    return str(torch.__version__)


def set_up_ours(threads: int) -> str:
    """Return our version; NumPy's BLAS has its threads from the environment."""
    import autodiff

    return autodiff.__version__


def gradients(tensors: Iterable[Any]) -> list[float]:
    """All elements of the tensors' gradients, in one list."""
    return [g for t in tensors for g in np.ravel(t.grad.tolist()).tolist()]


SETUP: dict[str, Callable[[int], str]] = {"ours": set_up_ours, "torch": set_up_torch, "plain": set_up_ours}
"""What each system needs before it starts; returns its version."""


# -- scalar multiply, recorded --------------------------------------------------------------------------


def multiply_ours() -> Program:
    """One product of two scalars that require grad."""
    from autodiff import Tensor

    x, y = Tensor(3.0, requires_grad=True), Tensor(-4.0, requires_grad=True)

    def run(n: int) -> None:
        for _ in range(n):
            x * y

    def numbers() -> dict[str, Any]:
        z = x * y
        z.backward()
        return {"z": z.item(), "gradients": gradients([x, y])}

    return Program(run, numbers)


def multiply_torch() -> Program:
    """One product of two scalars that require grad."""
    import torch

    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (3.0, -4.0))

    def run(n: int) -> None:
        for _ in range(n):
            x * y

    def numbers() -> dict[str, Any]:
        z = x * y
        z.backward()
        return {"z": z.item(), "gradients": gradients([x, y])}

    return Program(run, numbers)


# -- (x + y) z, forward and backward --------------------------------------------------------------------


def gates_ours() -> Program:
    """The first graph of the lectures, forward and backward."""
    from autodiff import Tensor

    x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = y.grad = z.grad = None
            ((x + y) * z).backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": gradients([x, y, z])}

    return Program(run, numbers)


def gates_torch() -> Program:
    """The first graph of the lectures, forward and backward."""
    import torch

    x, y, z = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (-2.0, 5.0, -4.0))

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = y.grad = z.grad = None
            ((x + y) * z).backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": gradients([x, y, z])}

    return Program(run, numbers)


# -- a chain of 10 000 multiplies -----------------------------------------------------------------------

LENGTH, FACTOR = 10_000, 0.9999


def chain_ours() -> Program:
    """A long product, forward and backward."""
    from autodiff import Tensor

    x, w = Tensor(2.0, requires_grad=True), Tensor(FACTOR, requires_grad=True)

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = w.grad = None
            y = x
            for _ in range(LENGTH):
                y = y * w
            y.backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": gradients([x, w])}

    return Program(run, numbers)


def chain_torch() -> Program:
    """A long product, forward and backward."""
    import torch

    x, w = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (2.0, FACTOR))

    def run(n: int) -> None:
        for _ in range(n):
            x.grad = w.grad = None
            y = x
            for _ in range(LENGTH):
                y = y * w
            y.backward()

    def numbers() -> dict[str, Any]:
        run(1)
        return {"gradients": gradients([x, w])}

    return Program(run, numbers)


# -- a small network on two moons ------------------------------------------------------------------------

MOONS_SIZES = (2, 16, 16, 1)
MOONS_STEP = 0.1


def moons() -> tuple[np.ndarray, np.ndarray]:
    """A hundred points on two moons, and their sides, 1 and -1."""
    rng = np.random.default_rng(0)
    angle = np.linspace(0, np.pi, 50)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([upper, [1.0, 0.5] - upper]) + rng.normal(scale=0.1, size=(100, 2))
    return points.astype(np.float32), np.repeat([1.0, -1.0], 50)[:, None].astype(np.float32)


def moons_weights() -> list[tuple[np.ndarray, np.ndarray]]:
    """Where both networks start."""
    rng = np.random.default_rng(1)
    pairs = pairwise(MOONS_SIZES)
    return [(rng.normal(scale=k**-0.5, size=(n, k)).astype(np.float32), np.zeros(n, np.float32)) for k, n in pairs]


def moons_ours() -> Program:
    """A step of gradient descent on 100 points: zero_grad, forward, backward, update."""
    import nn
    import optim
    from autodiff import Tensor

    layers: list[Any] = [layer for k, n in pairwise(MOONS_SIZES) for layer in (nn.Linear(k, n), nn.Tanh())]
    model = nn.Sequential(*layers[:-1])
    for layer, (w, b) in zip(layers[::2], moons_weights(), strict=True):
        layer.weight.value[...], layer.bias.value[...] = w, b
    x, t = (Tensor(a) for a in moons())
    loss_of = nn.MSELoss()
    optimizer = optim.SGD(model.parameters(), lr=MOONS_STEP)

    def run(n: int) -> None:
        for _ in range(n):
            optimizer.zero_grad()
            loss = loss_of(model(x), t)
            loss.backward()
            optimizer.step()

    def numbers() -> dict[str, Any]:
        run(5)
        return {"loss": loss_of(model(x), t).item(), "gradients": gradients(model.parameters())}

    return Program(run, numbers)


def moons_torch() -> Program:
    """A step of gradient descent on 100 points: zero_grad, forward, backward, update."""
    import torch
    from torch import nn

    layers: list[Any] = [layer for k, n in pairwise(MOONS_SIZES) for layer in (nn.Linear(k, n), nn.Tanh())]
    model = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for layer, (w, b) in zip(layers[::2], moons_weights(), strict=True):
            layer.weight.copy_(torch.tensor(w))
            layer.bias.copy_(torch.tensor(b))
    x, t = (torch.tensor(a) for a in moons())
    loss_of = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=MOONS_STEP)

    def run(n: int) -> None:
        for _ in range(n):
            optimizer.zero_grad()
            loss = loss_of(model(x), t)
            loss.backward()
            optimizer.step()

    def numbers() -> dict[str, Any]:
        run(5)
        return {"loss": loss_of(model(x), t).item(), "gradients": gradients(model.parameters())}

    return Program(run, numbers)


# -- what a transform or a mode costs beside doing without ("plain") ---------------------------------------

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

    return Program(run, lambda: {"gradients": np.ravel(each(params, xs)[0][0]).tolist()})


def each_by_a_loop() -> Program:
    """A gradient for each example, one after the other."""
    import autodiff as ad

    params, xs = network(), examples()
    slope = ad.grad(loss_of_one)

    def run(n: int) -> None:
        for _ in range(n):
            for x in xs:
                slope(params, x)

    return Program(run, lambda: {"gradients": np.ravel([slope(params, x)[0][0] for x in xs]).tolist()})


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
        return {"gradients": gradients(leaves)}

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
        return {"gradients": gradients([w])}

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
        return {"gradients": gradients([x])[::100]}

    return Program(run, numbers)


# -- the table --------------------------------------------------------------------------------------------

ROWS: dict[str, Row] = {
    "multiply": Row(
        "scalar multiply, recorded", 0.4, {"ours": multiply_ours, "torch": multiply_torch}
    ),
    "gates": Row("(x+y)z, forward + backward", 0.3, {"ours": gates_ours, "torch": gates_torch}),
    "chain": Row(
        "chain of 10 000 multiplies, forward + backward", 0.35, {"ours": chain_ours, "torch": chain_torch},
        tolerance=1e-9,
    ),
    "moons": Row(
        "moons MLP 2-16-16-1, batch 100, SGD step", 0.5, {"ours": moons_ours, "torch": moons_torch},
        tolerance=1e-5,
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
"""The workloads that run in workers, by the name that `--rows` takes."""

IMPORTS: dict[str, str] = {"numpy": "import numpy", "ours": "import autodiff", "torch": "import torch"}
"""What the row `import` measures as whole processes."""

IMPORT_ROW = Row("import, as a whole process", 1.5, {}, peer="numpy")
