"""Gradients of several small batches for one step, as of one large batch."""

from __future__ import annotations

from typing import Any

from autodiff.graph import WRITES

from .optimizer import Optimizer


class Accumulate:
    """Adds up the gradients of `steps` batches, and then lets the optimizer step with their mean.

    With a mean of n examples as loss and n as its weight, the step is that of one batch of all of them, be the last one
    smaller or not; layers that look at a whole batch (batch norm) still see small ones.

    Args:
        optimizer: what steps. Gradients that are there when it begins are dropped.
        steps: how many batches make a step.

    >>> import optim
    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> several = Accumulate(optim.SGD([w], lr=1.0), steps=2)
    >>> [several.backward(w * x, weight=n) for x, n in [(1.0, 3), (2.0, 1)]]
    [False, True]
    >>> w.item()  # 3 - (3 * 1 + 1 * 2) / 4
    1.75

    Raises ValueError for a number of steps below 1, and weights that are not positive.
    """

    def __init__(self, optimizer: Optimizer, steps: int) -> None:
        if steps < 1:
            raise ValueError(f"a step is made of 1 or more batches, got {steps}")
        self.optimizer, self.steps = optimizer, steps
        self.count, self.total = 0, 0.0
        optimizer.zero_grad()

    def backward(self, loss: Any, weight: float = 1.0) -> bool:
        """Add a loss's gradient; True where the optimizer has made a step."""
        if not weight > 0:
            raise ValueError(f"the weight of a batch is positive, the number of its examples say; got {weight}")
        (loss if weight == 1 else loss * weight).backward()
        self.count, self.total = self.count + 1, self.total + weight
        if self.count < self.steps:
            return False
        self.step()
        return True

    def step(self) -> None:
        """Step with what there is, after the last batches of an epoch; nothing happens if there is nothing."""
        if not self.count:
            return
        for group in self.optimizer.param_groups:
            for p in group["params"]:
                if p.extra is not None and p.extra.rows:
                    p.extra.rows.scale(1 / self.total)
                elif p.grad is not None:
                    p.grad.value = p.grad.value * (1 / self.total)
                    WRITES.note(p.grad.value)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.count, self.total = 0, 0.0
