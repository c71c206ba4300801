"""How time grows with size: rows that stand at many sizes, each called by name and size, `width@512`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..row import Program, Row
from .dense import classifier
from .images import lenet_on
from .scalars import chain, in_each
from .sequences import characters

Systems = dict[str, Callable[[], Program]]


@dataclass(frozen=True)
class Curve:
    """One workload at many sizes."""

    title: str
    axis: str
    sizes: tuple[int, ...]
    systems: Callable[[int], Systems]
    tolerance: float = 1e-3

    def row(self, size: int) -> Row:
        """The row at one size."""
        return Row(f"{self.title}, {self.axis} {size}", float("nan"), self.systems(size), tolerance=self.tolerance)


def chain_of(length: int) -> Systems:
    """A chain of multiplications of scalars; PyTorch's cost an op is known by 100 000."""
    return in_each(partial(chain, length=length), "ours", *(["torch"] if length <= 100_000 else []))


CURVES: dict[str, Curve] = {
    "ops": Curve("chain of multiplications", "ops", (100, 1000, 10_000, 100_000, 1_000_000), chain_of, tolerance=1e-6),
    "batch": Curve(
        "MLP 784-128-10, Adam", "examples", (1, 8, 64, 256, 1024),
        lambda n: classifier(784, 128, 10, examples=n).programs(),
    ),
    "width": Curve(
        "MLP 784-n-n-10, batch 128, Adam", "width", (16, 64, 256, 512, 1024, 2048),
        lambda n: classifier(784, n, n, 10, examples=128).programs(),
    ),
    "steps": Curve(
        "character LSTM B32 H128, Adam", "steps", (8, 32, 64, 128, 256), lambda n: characters("LSTM", n).programs()
    ),
    "pixels": Curve(
        "LeNet, batch 16, Adam", "image size", (16, 28, 32, 48, 64, 96, 128), lambda n: lenet_on(16, n).programs()
    ),
}  # fmt: skip
"""By the name that `--curves` takes."""
