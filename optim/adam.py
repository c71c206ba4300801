"""Adam."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .optimizer import Optimizer


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma and Ba, 2015).

        g = gradient + weight_decay w
        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g g
        w = w - lr m' / (sqrt(v') + eps)      with m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: step size.
        betas: how much of the two means each step keeps.
        eps: keeps the division sound.
        weight_decay: as above.
        amsgrad: use the largest v so far instead of v (Reddi et al., 2018).
        maximize: go up instead of down.

    Raises ValueError for options that are negative or not finite, and for betas outside [0, 1).

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adam([w], lr=0.1).step()
    >>> round(w.item(), 6)  # the first step is lr, whatever the gradient
    2.9
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad,
            maximize=maximize,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "eps", "weight_decay")
        if not isinstance(group["betas"], tuple | list) or len(group["betas"]) != 2:
            raise ValueError(f"Adam: betas are two numbers, got {group['betas']!r}")
        self._check_range(group, "betas", below=1.0)

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float],
        eps: float, weight_decay: float, amsgrad: bool,
    ) -> Any:  # fmt: skip
        if np.iscomplexobj(w):
            raise TypeError("Adam takes real parameters: optimize real and imaginary part by themselves")
        (beta1, beta2), room = betas, self.room(w)
        if not state:
            state |= {
                "step": 0,
                "exp_avg": np.zeros_like(w)[()],
                "exp_avg_sq": np.zeros_like(w)[()],
            }
        state["step"] = t = state["step"] + 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        if weight_decay:
            g = g + weight_decay * w
        m *= beta1
        m += np.multiply(g, 1 - beta1, out=room)
        v *= beta2
        s = np.multiply(g, g, out=room)
        s *= 1 - beta2
        v += s
        state["exp_avg"], state["exp_avg_sq"] = m, v  # a scalar is a new one
        if amsgrad:
            top = state.setdefault("max_exp_avg_sq", np.zeros_like(w)[()])
            v = state["max_exp_avg_sq"] = np.maximum(top, v, out=top if type(top) is np.ndarray else None)
        # lr m' / (sqrt(v') + eps), with the corrections drawn into lr and eps
        correction = math.sqrt(1 - beta2**t)
        s = np.sqrt(v, out=room)
        s += eps * correction
        s = np.divide(m, s, out=room)
        s *= lr * correction / (1 - beta1**t)
        w -= s
        return w
