"""What to look at while a network learns: norms of gradients and weights, and how far a step goes, by layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autodiff.tensor import Tensor

from .optimizer import Optimizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = {
    "ratio": "norm of the update / norm of the weights",
    "gradient": "norm of the gradient",
    "weight": "norm of the weights",
    "update": "norm of the update",
}


class Watch:
    """Writes down the norms of each parameter's gradient, weights and update at an optimizer's steps.

    The ratio of update to weights should be about 1e-3: far below it a layer hardly learns, far above it jumps.
    Gradients that get smaller from layer to layer vanish.

    Args:
        optimizer: whose steps are watched.
        parameters: names and tensors: a model, `model.named_parameters()`, or a dict. Without them the parameters have
            their own names, or numbers.
        every: look at each, at every second, ... step: a look copies the weights.

    `history` has a list for each name and kind, "gradient", "weight", "update" and "ratio", and `steps` the numbers of
    the steps. A ratio is NaN while the weights are zero. `remove()`, or the end of a `with` block, ends it.

    >>> import nn, optim
    >>> model = nn.Linear(2, 1, generator=0)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> with Watch(optimizer, model) as watch:
    ...     model([[3.0, 4.0]]).sum().backward()
    ...     optimizer.step()
    >>> round(watch.history["weight"]["gradient"][0], 4), round(watch.history["weight"]["update"][0], 4)
    (5.0, 0.5)

    Raises ValueError for parameters that are not the optimizer's.
    """

    def __init__(self, optimizer: Optimizer, parameters: Any = None, every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"every is a number of steps, got {every}")
        self.every = every
        self.named = _named(optimizer, parameters)
        self.history: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in KINDS} for name in self.named}
        self.steps: list[int] = []
        self._count = 0
        self._before: dict[str, Any] = {}
        self._handles = [
            optimizer.register_step_pre_hook(self._look), optimizer.register_step_post_hook(self._note)
        ]  # fmt: skip

    def _look(self, *_: Any) -> None:
        if self._count % self.every == 0:
            self._before = {name: np.array(p.value) for name, p in self.named.items()}

    def _note(self, *_: Any) -> None:
        if self._count % self.every == 0 and self._before:
            self.steps.append(self._count)
            for name, p in self.named.items():
                before = self._before[name]
                weight, update = _norm(before), _norm(p.value - before)
                ratio = update / weight if weight else float("nan")
                for kind, value in zip(KINDS, (ratio, gradient_norm(p), weight, update), strict=True):
                    self.history[name][kind].append(value)
        self._count += 1

    def last(self, kind: str = "ratio") -> dict[str, float]:
        """The last value of each parameter."""
        _check(kind)
        return {name: values[kind][-1] for name, values in self.history.items() if values[kind]}

    def plot(self, kind: str = "ratio", ax: Axes | None = None) -> Axes:
        """Draw one kind over the steps, a line a parameter; into the given axes of matplotlib, or new ones."""
        _check(kind)
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(7, 4), layout="constrained").subplots()
        from matplotlib import colormaps

        colors = colormaps["viridis"](np.linspace(0, 0.9, max(2, len(self.history))))
        for (name, values), color in zip(self.history.items(), colors, strict=False):
            ax.plot(self.steps, values[kind], label=name, color=color, linewidth=1)
        if kind == "ratio":
            ax.axhline(1e-3, color="black", linestyle="--", linewidth=0.8, label="1e-3")
        if any(value > 0 for values in self.history.values() for value in values[kind]):
            ax.set_yscale("log")
        ax.set(xlabel="step", ylabel=KINDS[kind])
        ax.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
        return ax

    def remove(self) -> None:
        """Stop looking; what was written down stays."""
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def gradient_norm(p: Tensor) -> float:
    """The norm of a parameter's gradient, 0 without one; gradients of rows stay rows.

    >>> x = Tensor([3.0, 4.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> gradient_norm(x)
    10.0
    """
    if p.extra is not None and p.extra.rows:
        return _norm(p.extra.rows.summed()[1])
    return 0.0 if p.grad is None else _norm(p.grad.value)


def _norm(x: Any) -> float:
    x = np.asarray(x)
    return float(np.linalg.norm(x.reshape(-1).astype(complex if x.dtype.kind == "c" else float)))


def _check(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"a watch knows {', '.join(KINDS)}, not {kind!r}")


def _named(optimizer: Optimizer, parameters: Any) -> dict[str, Tensor]:
    own = [p for group in optimizer.param_groups for p in group["params"]]
    if parameters is None:
        return {p.name or str(i): p for i, p in enumerate(own)}
    if hasattr(parameters, "named_parameters"):
        parameters = parameters.named_parameters()
    pairs: Iterable[Any] = parameters.items() if isinstance(parameters, Mapping) else parameters
    known = set(own)
    named = {name: p for name, p in pairs if p in known}
    if not named:
        raise ValueError("none of these parameters is the optimizer's, so there is nothing to watch")
    return named
