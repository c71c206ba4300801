"""How long pictures of graphs take, and how large they are, from a hundred ops to a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from autodiff import Tensor, draw
from autodiff.draw.look import bytes_text

SIZES = (100, 1_000, 10_000, 100_000)


def random_graph(n: int) -> Tensor:
    """Scalars, each computed from one or two of the last thirty."""
    rng = np.random.default_rng(0)
    pool = [Tensor(float(v), requires_grad=True) for v in rng.normal(size=30)]
    for i, j, kind in rng.integers((1, 1, 0), (30, 30, 3), size=(n, 3)).tolist():
        a, b = pool[-i], pool[-j]
        pool.append([np.tanh, lambda a, b=b: a - b, lambda a, b=b: a + b][kind](a))
    out = pool[-1]
    for t in pool[-30:-1]:
        out = out + t
    return out


def chain(n: int) -> Tensor:
    """Layers one after the other."""
    x = Tensor(np.ones((4, 8)), requires_grad=True)
    W = Tensor(np.eye(8), requires_grad=True)
    for _ in range(n // 2):
        x = np.tanh(x @ W)
    return x.sum()


def unrolled(n: int) -> Tensor:
    """A recurrent network, four ops a step."""
    W, U = (Tensor(np.full((m, 8), 0.1), requires_grad=True) for m in (8, 4))
    h, x = Tensor(np.zeros((2, 8))), np.ones((2, 4))
    for _ in range(n // 4):
        h = np.tanh(x @ U + h @ W)
    return h.sum()


GRAPHS: dict[str, Callable[[int], Tensor]] = {"random": random_graph, "layers": chain, "loop": unrolled}


def table() -> str:
    """Measure, and return a Markdown table."""
    rows = ["| graph | ops | boxes | as data | with SVG | SVG file |", "|---|---|---|---|---|---|"]
    for name, make in GRAPHS.items():
        for n in SIZES:
            root = make(n)
            start = perf_counter()
            picture = draw(root, names=False)
            between = perf_counter()
            size = len(picture.svg.encode())
            end = perf_counter()
            boxes = len(picture.scene.items)
            rows.append(
                f"| {name} | {picture.scene.nodes} | {boxes} | {between - start:.2f} s | {end - start:.2f} s "
                f"| {bytes_text(size)} |"
            )
            del root, picture
    return "\n".join(rows)
