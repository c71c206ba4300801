"""Stochastic gradient descent, and its averaged kind."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.kernels import optimizer as kernels
from autodiff.kernels.policy import serves

from .optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted (Sutskever et al., 2013, as PyTorch writes it).

        g = gradient + weight_decay w
        v = momentum v + (1 - dampening) g        (v = g in the first step)
        w = w - lr v                              (Nesterov: w - lr (g + momentum v))

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: step size.
        momentum, dampening, weight_decay, nesterov: as above.

    Without momentum and weight decay, gradients of rows (`nn.Embedding(sparse=True)`) cost what their rows cost.
    After each example, down the half of its squared error, it is the rule of Widrow and Hoff (LMS), as in
    `nn.Adaline.fit`; the perceptron's rule is in `nn.Perceptron.fit`.

    Raises ValueError for options that are negative or not finite, and for Nesterov without momentum or with dampening.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.item()
    1.5
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, momentum=momentum, dampening=dampening,
            weight_decay=weight_decay, nesterov=nesterov, maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "momentum", "weight_decay")
        self._check_range(group, "dampening", low=-math.inf)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                "Nesterov's step needs momentum and no dampening, got "
                f"momentum={group['momentum']!r}, dampening={group['dampening']!r}"
            )

    def takes_rows(self, options: dict[str, Any]) -> bool:
        return not (options["momentum"] or options["weight_decay"])

    def in_one_pass(self, w: Any, options: dict[str, Any]) -> bool:
        return serves("optimizer.sgd", w)

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, momentum: float,
        dampening: float, weight_decay: float, nesterov: bool,
    ) -> Any:  # fmt: skip
        w, v = kernels.sgd(
            w, g, state.get("momentum_buffer"), lr, momentum, dampening, weight_decay, nesterov, self.room(w)
        )
        if momentum:
            state["momentum_buffer"] = v
        return w


class ASGD(Optimizer):
    """Gradient descent whose result is the mean of the places it came through (Polyak and Juditsky, 1992).

        g = gradient + weight_decay w
        w = (1 - lambd eta) w - eta g               with eta = lr / (1 + lambd lr t)^alpha of the step before
        mean = mean + mu (w - mean)                 with mu = 1 / max(1, t - t0)

    The mean is in the state: `optimizer.state[w]["ax"]`.

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: the first step size.
        lambd: how fast it falls, and how strongly the weights decay.
        alpha: the power by which it falls.
        t0: the step after which the mean begins; before it is w itself.
        weight_decay: as above.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> optimizer = ASGD([w], lr=0.1, t0=0)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     w.sum().backward()  # down by 0.1 a step
    ...     optimizer.step()
    >>> round(w.item(), 3), round(optimizer.state[w]["ax"].item(), 3)
    (2.8, 2.8)
    """

    elementwise = True
    numbers = ("step", "eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, lambd=lambd, alpha=alpha, t0=t0,
            weight_decay=weight_decay, maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "lambd", "alpha", "t0", "weight_decay")

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, lambd: float, alpha: float, t0: float,
        weight_decay: float,
    ) -> Any:  # fmt: skip
        t = self.count(state, w, "ax")
        w, state["ax"] = kernels.asgd(
            w, g, state["ax"], state.get("eta", lr), state.get("mu", 1.0), lambd, weight_decay, self.room(w)
        )
        state["eta"], state["mu"] = lr / (1 + lambd * lr * t) ** alpha, 1 / max(1, t - t0)
        return w


class Lion(Optimizer):
    """Steps of one size in each coordinate, by the sign of a running mean (Chen et al., 2023, algorithm 2).

        w = w - lr (sign(beta1 m + (1 - beta1) g) + weight_decay w)
        m = beta2 m + (1 - beta2) g

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: the size of the step; a third to a tenth of Adam's.
        betas: how much of m goes into the step, and how much of it is kept.
        weight_decay: as above, decoupled; three to ten times Adam's.

    >>> from autodiff import Tensor
    >>> w = Tensor([3.0, -0.1], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> Lion([w], lr=0.5).step()
    >>> w.tolist()
    [2.5, 0.4]
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize, l1=l1)

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "weight_decay")
        self._check_pair(group, "betas")
        self._check_range(group, "betas", below=1.0)

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], weight_decay: float
    ) -> Any:
        if not state:
            state["exp_avg"] = np.zeros_like(w)[()]
        w, state["exp_avg"] = kernels.lion(w, g, state["exp_avg"], lr, *betas, weight_decay, self.room(w))
        return w
