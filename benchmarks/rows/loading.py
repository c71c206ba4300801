"""Loading data: epochs over examples, one by one, with and without workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..row import Program, Row

EXAMPLES, BATCH = 1024, 64


class Examples:
    """Images of 3 x 32 x 32 made one at a time, each turned over and normalised, with their classes."""

    def __init__(self) -> None:
        self.images = np.random.default_rng(0).integers(0, 256, (EXAMPLES, 3, 32, 32), dtype=np.uint8)

    def __len__(self) -> int:
        return EXAMPLES

    def __getitem__(self, i: int) -> tuple[Any, int]:
        if not 0 <= i < EXAMPLES:
            raise IndexError(i)
        image = self.images[i] / np.float32(255)
        return np.ascontiguousarray((image[:, :, ::-1] - np.float32(0.5)) / np.float32(0.25)), i % 10


def epochs(loader: Any) -> Program:
    """Epochs over a loader; the numbers are the sums of its batches."""

    def run(n: int) -> None:
        for _ in range(n):
            for _batch in loader:
                pass

    def numbers() -> dict[str, Any]:
        sums = [(float(x.sum()), int(y.sum())) for x, y in loader]
        return {"images": np.array([x for x, _ in sums]), "classes": np.array([y for _, y in sums])}

    return Program(run, numbers)


def ours(workers: int) -> Program:
    """An epoch in our system."""
    from nn.data import DataLoader

    return epochs(DataLoader(Examples(), BATCH, num_workers=workers, persistent_workers=workers > 0))


def torch(workers: int) -> Program:
    """An epoch in PyTorch, whose workers are started in the same way."""
    from torch.utils.data import DataLoader

    spawn = {"persistent_workers": True, "multiprocessing_context": "spawn"} if workers else {}
    return epochs(DataLoader(Examples(), BATCH, num_workers=workers, **spawn))


def arrays(system: str) -> Program:
    """Shuffled batches of arrays that are in memory as a whole."""
    x, y = np.random.default_rng(0).random((20_000, 64), dtype=np.float32), np.arange(20_000) % 10
    if system == "ours":
        from nn.data import DataLoader, TensorDataset

        loader: Any = DataLoader(TensorDataset(x, y), BATCH, shuffle=True, generator=0)
    else:
        from torch import from_numpy
        from torch.utils.data import DataLoader, TensorDataset

        loader = DataLoader(TensorDataset(from_numpy(x), from_numpy(y)), BATCH, shuffle=True)
    program = epochs(loader)
    return Program(program.run, lambda: {"examples": np.array(len(loader.dataset))})


def both(workers: int) -> dict[str, Callable[[], Program]]:
    """Ours and PyTorch's, with this many workers."""
    return {"ours": lambda: ours(workers), "torch": lambda: torch(workers)}


ROWS = {
    "loader": Row("DataLoader, 1024 images 3x32x32 one by one", 1.0, both(0), tolerance=1e-4, parallel=False),
    "loader-workers": Row(
        "DataLoader, the same by 2 workers that stay", 1.0, both(2), tolerance=1e-4, parallel=False
    ),
    "loader-arrays": Row(
        "DataLoader, 20 000 rows in memory, shuffled, batch 64", 0.3,
        {"ours": lambda: arrays("ours"), "torch": lambda: arrays("torch")}, parallel=False,
    ),
}  # fmt: skip
