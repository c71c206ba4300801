"""What a `Trainer` says when a loss or a gradient is not finite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.diagnose import debug
from autodiff.errors import NumericalError
from autodiff.random import Draws
from autodiff.tensor import Tensor

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["all_finite", "diagnose"]


def all_finite(parameters: Iterable[Tensor]) -> bool:
    """Whether all gradients are; one pass over memory each.

    >>> w = Tensor([1.0, 0.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> all_finite([w])
    True
    """
    for p in parameters:
        extra = p.extra
        if extra is None:
            continue
        if extra.rows:
            if not np.isfinite(extra.rows.summed()[1]).all():
                return False
        elif extra.grad is not None:
            g = extra.grad.value
            flat = g.reshape(-1)
            if flat.dtype.kind not in "fc" or np.isfinite(np.dot(flat, flat)):
                continue
            if not np.isfinite(flat).all():  # otherwise only the square was too large
                return False
    return True


def diagnose(trainer: Trainer, what: str, recent: Sequence[tuple[Any, list[tuple[int, int]]]]) -> str:
    """Compute a step again under `debug()`, with the same random numbers, and tell what it finds."""
    where = f"{what} at step {trainer.step + 1} (epoch {trainer.epoch + 1}, batch {trainer.batch})."
    lines = [f"{where} The run has stopped, and the step was not made."]
    bad = [name for name, p in trainer.model.named_parameters() if not np.isfinite(p.value).all()]
    if bad:
        lines.append(
            f"The weights themselves are not finite: {', '.join(bad[:5])}{', ...' * (len(bad) > 5)}. An earlier step "
            "has made them so. Take a smaller rate, or clip_norm=1.0."
        )
    else:
        lines.append(next(filter(None, map(_found(trainer), recent)), _NOTHING))
    saver = trainer._saver()
    if saver is not None and saver.path.exists():
        lines.append(f"The last checkpoint is {saver.path}.")
    return "\n".join(lines)


_NOTHING = (
    "Computed again, all of it was finite: the step depends on something else than its batch, its weights and "
    "autodiff's generators."
)


def _found(trainer: Trainer) -> Any:
    def run(step: tuple[Any, list[tuple[int, int]]]) -> str:
        batch, pairs = step
        trainer.optimizer.zero_grad()
        try:
            with debug(), Draws(pairs):
                trainer.compute(batch)[0].backward()
        except NumericalError as error:
            return "\n".join([str(error), *getattr(error, "__notes__", [])])
        return ""

    return run
