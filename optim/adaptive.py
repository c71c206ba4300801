"""Steps of a size for each element, by the gradients that it has had: Adagrad, Adadelta, RMSprop, Rprop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.kernels import optimizer as kernels
from autodiff.kernels.policy import serves

from .optimizer import Optimizer


class Adagrad(Optimizer):
    """Steps that shrink by all gradients so far (Duchi, Hazan and Singer, 2011).

        g = gradient + weight_decay w
        sum = sum + g g
        w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(sum) + eps)

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: step size.
        lr_decay, weight_decay: as above.
        initial_accumulator_value: what the sum begins with.
        eps: keeps the division sound.

    Without weight decay, gradients of rows (`nn.Embedding(sparse=True)`) cost what their rows cost.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adagrad([w], lr=0.1).step()
    >>> round(w.item(), 6)
    2.9
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, eps=eps, maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def takes_rows(self, options: dict[str, Any]) -> bool:
        return not options["weight_decay"]

    def begin(self, state: dict[str, Any], w: Any, **options: Any) -> None:
        state |= {"step": 0, "sum": np.full_like(w, options["initial_accumulator_value"])[()]}

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, lr_decay: float, weight_decay: float,
        initial_accumulator_value: float, eps: float,
    ) -> Any:  # fmt: skip
        if not state:
            self.begin(state, w, initial_accumulator_value=initial_accumulator_value)
        state["step"] = t = state["step"] + 1
        g = kernels.decayed(w, g, weight_decay)
        w, state["sum"] = kernels.adagrad(w, g, state["sum"], lr / (1 + (t - 1) * lr_decay), eps, self.room(w))
        return w


class Adadelta(Optimizer):
    """Steps in the units of the weights, by the sizes of the steps before (Zeiler, 2012).

        g = gradient + weight_decay w
        v = rho v + (1 - rho) g g
        step = g sqrt(d + eps) / sqrt(v + eps)
        d = rho d + (1 - rho) step step
        w = w - lr step

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: a factor of the step.
        rho, weight_decay: as above.
        eps: the square of the first steps, and keeps the division sound.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adadelta([w]).step()
    >>> round(w.item(), 4)  # down by about sqrt(eps / (1 - rho))
    2.9968
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay,
            maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "eps", "weight_decay")
        self._check_range(group, "rho", below=math.nextafter(1, 2))

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, rho: float, eps: float, weight_decay: float
    ) -> Any:
        self.count(state, w, "square_avg", "acc_delta")
        g = kernels.decayed(w, g, weight_decay)
        w, state["square_avg"], state["acc_delta"] = kernels.adadelta(
            w, g, state["square_avg"], state["acc_delta"], lr, rho, eps, self.room(w)
        )
        return w


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squares (Hinton, 2012; centered: Graves, 2013).

        g = gradient + weight_decay w
        v = alpha v + (1 - alpha) g g
        mean = alpha mean + (1 - alpha) g                           (if centered)
        step = g / (sqrt(v - mean mean) + eps)                      (sqrt(v) if not centered)
        buffer = momentum buffer + step,  w = w - lr buffer         (w - lr step without momentum)

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: step size.
        alpha, weight_decay, momentum, centered: as above.
        eps: keeps the division sound.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> RMSprop([w], lr=0.01).step()
    >>> round(w.item(), 6)  # the first step is lr / sqrt(1 - alpha)
    2.9
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay,
            momentum=momentum, centered=centered, maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "alpha", "eps", "weight_decay", "momentum")

    def in_one_pass(self, w: Any, options: dict[str, Any]) -> bool:
        return not options["centered"] and serves("optimizer.rmsprop", w)

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, alpha: float, eps: float, weight_decay: float,
        momentum: float, centered: bool,
    ) -> Any:  # fmt: skip
        self.count(state, w, "square_avg")
        mean = state.setdefault("grad_avg", np.zeros_like(w)[()]) if centered else None
        buffer = state.setdefault("momentum_buffer", np.zeros_like(w)[()]) if momentum else None
        g = kernels.decayed(w, g, weight_decay)
        w, state["square_avg"], mean, buffer = kernels.rmsprop(
            w, g, state["square_avg"], mean, buffer, lr, alpha, eps, momentum, self.room(w)
        )
        if centered:
            state["grad_avg"] = mean
        if momentum:
            state["momentum_buffer"] = buffer
        return w


class Rprop(Optimizer):
    """Steps of a size that each element learns by the gradient's sign alone (Riedmiller and Braun, 1993).

        size = size eta+ where the sign stays, size eta- where it turns (there the gradient is taken as 0)
        w = w - sign(g) size

    It is for full batches: a sign that noise turns makes the step smaller.

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: the first size.
        etas: (eta-, eta+).
        step_sizes: the smallest and the largest size.

    >>> from autodiff import Tensor
    >>> w = Tensor([3.0, -3.0], requires_grad=True)
    >>> optimizer = Rprop([w], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> [round(x, 6) for x in w.tolist()]  # by 0.1, then by 0.12
    [2.78, -2.78]
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize, l1=l1
        )

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr")
        self._check_pair(group, "etas")
        self._check_pair(group, "step_sizes")
        self._check_range(group, "step_sizes", "etas")
        down, up = group["etas"]
        if not 0 < down < 1 < up:
            raise ValueError(f"{self._name}: etas shrink and grow the step, 0 < eta- < 1 < eta+, got {group['etas']!r}")
        if group["step_sizes"][0] > group["step_sizes"][1]:
            raise ValueError(f"{self._name}: step_sizes are (smallest, largest), got {group['step_sizes']!r}")

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, etas: tuple[float, float],
        step_sizes: tuple[float, float],
    ) -> Any:  # fmt: skip
        self.count(state, w, "prev")
        sizes = state.setdefault("step_size", np.full_like(w, lr)[()])
        w, state["prev"], state["step_size"] = kernels.rprop(w, g, state["prev"], sizes, *etas, *step_sizes)
        return w
