"""Adam and its relatives: steps by running means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.kernels import optimizer as kernels
from autodiff.kernels.policy import serves

from .optimizer import Optimizer, called


class _Adaptive(Optimizer):
    """What these rules share: two betas, eps, weight decay, and a count of steps."""

    elementwise = True

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "eps", "weight_decay")
        self._check_pair(group, "betas")
        self._check_range(group, "betas", below=1.0)

    def _decay(self, w: Any, g: Any, lr: float, weight_decay: float, decoupled: bool) -> tuple[Any, Any]:
        """Let the weights decay, which are written, or put that into the gradient."""
        if weight_decay and decoupled:
            w *= 1 - lr * weight_decay
        elif weight_decay:
            g = g + weight_decay * w
        return w, g


class Adam(_Adaptive):
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
        decoupled_weight_decay: shrink the weights instead, as `AdamW` does.

    Raises ValueError for options that are negative or not finite, and for betas outside [0, 1).

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adam([w], lr=0.1).step()
    >>> round(w.item(), 6)  # the first step is lr, whatever the gradient
    2.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
            amsgrad=amsgrad, maximize=maximize, decoupled_weight_decay=decoupled_weight_decay, l1=l1,
        )  # fmt: skip

    def in_one_pass(self, w: Any, options: dict[str, Any]) -> bool:
        return not options["amsgrad"] and serves("optimizer.adam", w)

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, amsgrad: bool, decoupled_weight_decay: bool,
    ) -> Any:  # fmt: skip
        t = self.count(state, w, "exp_avg", "exp_avg_sq")
        top = state.setdefault("max_exp_avg_sq", np.zeros_like(w)[()]) if amsgrad else None
        w, state["exp_avg"], state["exp_avg_sq"], top = kernels.adam(
            w, g, state["exp_avg"], state["exp_avg_sq"], top, t, lr, *betas, eps, weight_decay, decoupled_weight_decay,
            self.room(w),
        )  # fmt: skip
        if amsgrad:
            state["max_exp_avg_sq"] = top
        return w


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019): `w = w - lr weight_decay w`, then Adam's step.

    Args: as of `Adam`; `weight_decay` is 0.01 unless given.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> AdamW([w], lr=0.1, weight_decay=0.1).step()
    >>> round(w.item(), 6)  # 3 (1 - 0.01) - 0.1
    2.87
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, differentiable=differentiable,
            decoupled_weight_decay=True, l1=l1,
        )  # fmt: skip


class Adamax(_Adaptive):
    """Adam by the largest gradient instead of the root of their squares' mean (Kingma and Ba, 2015, section 7).

        g = gradient + weight_decay w
        m = beta1 m + (1 - beta1) g
        u = max(beta2 u, |g| + eps)
        w = w - lr m / ((1 - beta1^t) u)

    Args: as of `Adam`.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adamax([w], lr=0.1).step()
    >>> round(w.item(), 6)
    2.9
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
            maximize=maximize, l1=l1,
        )  # fmt: skip

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float,
    ) -> Any:  # fmt: skip
        t = self.count(state, w, "exp_avg", "exp_inf")
        w, g = self._decay(w, g, lr, weight_decay, False)
        w, state["exp_avg"], state["exp_inf"] = kernels.adamax(
            w, g, state["exp_avg"], state["exp_inf"], t, lr, *betas, eps, self.room(w)
        )
        return w


class NAdam(_Adaptive):
    """Adam with Nesterov's momentum (Dozat, 2016), its momentum warmed up.

        m, v = as Adam's
        mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)
        w = w - lr ((1 - mu_t) g / (1 - mu_1 ... mu_t) + mu_{t+1} m / (1 - mu_1 ... mu_{t+1})) / (sqrt(v') + eps)

    Args: as of `Adam`, and
        momentum_decay: how slowly the momentum reaches beta1.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> optimizer = NAdam([w], lr=0.1)
    >>> for _ in range(200):
    ...     optimizer.zero_grad()
    ...     (w * w).backward()
    ...     optimizer.step()
    >>> abs(w.item()) < 1e-3
    True
    """

    numbers = ("step", "mu_product")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
            momentum_decay=momentum_decay, decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, l1=l1,
        )  # fmt: skip

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        self._check_range(group, "momentum_decay")

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, momentum_decay: float, decoupled_weight_decay: bool,
    ) -> Any:  # fmt: skip
        t = self.count(state, w, "exp_avg", "exp_avg_sq")
        mu, after = [betas[0] * (1 - 0.5 * 0.96 ** (i * momentum_decay)) for i in (t, t + 1)]
        state["mu_product"] = product = state.get("mu_product", 1.0) * mu
        w, g = self._decay(w, g, lr, weight_decay, decoupled_weight_decay)
        w, state["exp_avg"], state["exp_avg_sq"] = kernels.nadam(
            w, g, state["exp_avg"], state["exp_avg_sq"], t, lr * (1 - mu) / (1 - product),
            lr * after / (1 - product * after), *betas, eps, self.room(w),
        )  # fmt: skip
        return w


class RAdam(_Adaptive):
    """Adam whose first steps, before the mean of squares can be trusted, go without it (Liu et al., 2020).

        m, v = as Adam's
        r = rho - 2 t beta2^t / (1 - beta2^t)      with rho = 2 / (1 - beta2) - 1
        w = w - lr m'                              where r <= 5, otherwise
        w = w - lr m' sqrt((1 - beta2^t) (r - 4) (r - 2) rho / ((rho - 4) (rho - 2) r)) / (sqrt(v) + eps)

    Args: as of `Adam`.

    >>> from autodiff import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> (w * w).backward()
    >>> RAdam([w], lr=0.1).step()
    >>> round(w.item(), 6)  # the first step is that of gradient descent
    2.4
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, differentiable=differentiable, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, l1=l1,
        )  # fmt: skip

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], eps: float,
        weight_decay: float, decoupled_weight_decay: bool,
    ) -> Any:  # fmt: skip
        t = self.count(state, w, "exp_avg", "exp_avg_sq")
        w, g = self._decay(w, g, lr, weight_decay, decoupled_weight_decay)
        correction = 1 - betas[1] ** t
        rho = 2 / (1 - betas[1]) - 1
        r = rho - 2 * t * betas[1] ** t / correction
        step = lr / (1 - betas[0] ** t)
        if r > 5:
            step *= math.sqrt(correction * (r - 4) * (r - 2) * rho / ((rho - 4) * (rho - 2) * r))
        w, state["exp_avg"], state["exp_avg_sq"] = kernels.radam(
            w, g, state["exp_avg"], state["exp_avg_sq"], step, r > 5, *betas, eps, self.room(w)
        )
        return w


class SparseAdam(_Adaptive):
    """Adam for gradients of rows, `nn.Embedding(sparse=True)`: rows that were not read keep their weights and means.

    The step of the rows is Adam's, with t the number of all steps. What a step costs grows with the rows that were
    read, and not with the table.

    Args: as of `Adam`.

    Raises TypeError for gradients that are whole arrays.

    >>> import nn
    >>> table = nn.Embedding(1000, 2, sparse=True)
    >>> before = table.weight.detach().numpy().copy()
    >>> table(np.array([3, 7, 3])).sum().backward()
    >>> SparseAdam(table.parameters(), lr=0.1).step()
    >>> np.flatnonzero((table.weight.detach().numpy() != before).any(axis=1)).tolist()
    [3, 7]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, maximize=maximize)

    def check(self, group: dict[str, Any]) -> None:
        super().check({**group, "weight_decay": 0.0})

    def takes_rows(self, options: dict[str, Any]) -> bool:
        return True

    def _check_job(self, p: Any, grad: Any, state: dict[str, Any] | None) -> None:
        raise TypeError(
            f"SparseAdam takes gradients of rows, those of an embedding with sparse=True, and the gradient of "
            f"{called(p)} is a whole array: use Adam. (It becomes one when .grad is read, in a trace, or by hooks.)"
        )

    def begin(self, state: dict[str, Any], w: Any, **options: Any) -> None:
        state |= {"step": 0, "exp_avg": np.zeros_like(w), "exp_avg_sq": np.zeros_like(w)}

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, betas: tuple[float, float], eps: float
    ) -> Any:
        state["step"] = t = state["step"] + 1
        w, state["exp_avg"], state["exp_avg_sq"], _ = kernels.adam(
            w, g, state["exp_avg"], state["exp_avg_sq"], None, t, lr, *betas, eps / math.sqrt(1 - betas[1] ** t)
        )
        return w
