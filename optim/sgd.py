"""Stochastic gradient descent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

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
        maximize: go up instead of down.

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
    ) -> None:
        super().__init__(
            params, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay,
            nesterov=nesterov, maximize=maximize,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "momentum", "weight_decay")
        self._check_range(group, "dampening", low=-math.inf)
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                "Nesterov's step needs momentum and no dampening, got "
                f"momentum={group['momentum']!r}, dampening={group['dampening']!r}"
            )

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, momentum: float,
        dampening: float, weight_decay: float, nesterov: bool,
    ) -> Any:  # fmt: skip
        room = self.room(w)
        if weight_decay:
            g = np.add(np.multiply(w, weight_decay, out=room), g, out=room)
        if momentum:
            v = state.get("momentum_buffer")
            if v is None:
                v = g.copy()
            else:
                v *= momentum
                v += g if dampening == 0 else (1 - dampening) * g
            state["momentum_buffer"] = v
            g = g + momentum * v if nesterov else v
        w -= np.multiply(g, lr, out=room)
        return w
