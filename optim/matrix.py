"""Steps that look at a parameter as a matrix: Muon, Adafactor."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.kernels import optimizer as kernels

from .optimizer import Optimizer


class Muon(Optimizer):
    """Momentum brought near to an orthogonal matrix (Jordan et al., 2024), for the weights of hidden layers.

        m = momentum m + (1 - momentum) g
        u = (1 - momentum) g + momentum m       (u = m without nesterov)
        w = w - lr weight_decay w - lr factor orthogonalized(u)

    `orthogonalized` has the singular vectors of u and singular values near 1; it takes `ns_steps` steps of the kind of
    Newton and Schulz, `s -> a s + b s^3 + c s^5`. They are made in the parameter's dtype (PyTorch rounds to bfloat16).

    Args:
        params: matrices, or a list of groups of these. Biases, norms, embeddings and the last layer go to `AdamW`.
        lr: step size.
        weight_decay, momentum, nesterov: as above.
        ns_coefficients: (a, b, c).
        eps: the least norm by which u is divided.
        ns_steps: how many steps orthogonalize.
        adjust_lr_fn: the factor for a matrix (A, B): None or "original" for sqrt(max(1, A / B)), "match_rms_adamw" for
            0.2 sqrt(max(A, B)), with which rates that were found for AdamW can be kept.

    Raises ValueError for parameters that are no matrices.

    >>> from autodiff import Tensor
    >>> w = Tensor(np.eye(2), requires_grad=True)
    >>> (w * Tensor([[3.0, 0.0], [0.0, 0.5]])).sum().backward()
    >>> Muon([w], lr=0.1, weight_decay=0.0).step()
    >>> [round(x, 1) for x in np.diag(w.detach().numpy()).tolist()]  # by about 0.1 in each direction
    [0.9, 0.9]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov,
            ns_coefficients=ns_coefficients, eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn, l1=l1,
        )  # fmt: skip

    def _check_parameter(self, p: Any) -> None:
        super()._check_parameter(p)
        if p.ndim != 2 or p.dtype.kind != "f":
            raise ValueError(
                f"Muon takes matrices of real numbers, got {describe(p.value)}. Give the other parameters to AdamW: "
                "[p for p in model.parameters() if p.ndim != 2]."
            )

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "weight_decay", "momentum", "eps", "ns_steps")
        if not isinstance(group["ns_coefficients"], tuple | list) or len(group["ns_coefficients"]) != 3:
            raise ValueError(f"Muon: ns_coefficients are three numbers, got {group['ns_coefficients']!r}")
        self._check_range(group, "ns_coefficients", low=-math.inf)
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f'Muon: adjust_lr_fn is None, "original" or "match_rms_adamw", got {group["adjust_lr_fn"]!r}'
            )

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, weight_decay: float, momentum: float,
        nesterov: bool, ns_coefficients: tuple[float, float, float], eps: float, ns_steps: int,
        adjust_lr_fn: str | None,
    ) -> Any:  # fmt: skip
        m = kernels.lerp(state.get("momentum_buffer", np.zeros_like(w)), g, 1 - momentum)
        state["momentum_buffer"] = m
        u = (1 - momentum) * g + momentum * m if nesterov else m
        u = kernels.orthogonalized(u, ns_coefficients, ns_steps, eps)
        rows, columns = w.shape
        factor = math.sqrt(max(1, rows / columns))
        if adjust_lr_fn == "match_rms_adamw":
            factor = 0.2 * math.sqrt(max(rows, columns))
        w *= 1 - lr * weight_decay
        w -= (lr * factor) * u
        return w


class Adafactor(Optimizer):
    """Adam's steps with the memory of a matrix's rows and columns only (Shazeer and Stern, 2018).

        R, C = running means of g g over columns and over rows, the new one of weight t^beta2_decay
        V = R C / mean(R)                       (of a vector: the running mean of g g itself)
        u = g / sqrt(V),  cut down to u / max(1, rms(u) / d)
        w = w - lr weight_decay w - max(eps2, rms(w)) min(lr, 1 / sqrt(t)) u

    Args:
        params: the parameters, or a list of groups: dicts with "params" and options of their own.
        lr: the largest step, relative to the weights.
        beta2_decay: as above, not positive.
        eps: eps1 (None: the dtype's own), which keeps V above eps1^2, and eps2, the shortest step.
        d: where the step is cut off.
        weight_decay: as above.

    >>> from autodiff import Tensor
    >>> w = Tensor(np.ones((200, 300)), requires_grad=True)
    >>> (w * w).sum().backward()
    >>> optimizer = Adafactor([w])
    >>> optimizer.step()
    >>> optimizer.state[w]["row_var"].shape, optimizer.state[w]["col_var"].shape
    ((200, 1), (1, 300))
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        l1: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, maximize=maximize, l1=l1
        )

    def _check_parameter(self, p: Any) -> None:
        super()._check_parameter(p)
        if p.dtype.kind != "f":
            raise ValueError(f"Adafactor takes real parameters, got {describe(p.value)}")

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "weight_decay")
        self._check_range(group, "d", low=1.0)
        self._check_range(group, "beta2_decay", low=-math.inf, below=math.ulp(0.0))
        self._check_pair(group, "eps")
        given = [eps for eps in group["eps"] if eps is not None]
        self._check_range({"eps": given}, "eps")
        if group["eps"][1] is None:
            raise ValueError("Adafactor: eps is (eps1 or None, eps2), got None for eps2")

    def update(
        self, w: Any, g: Any, state: dict[str, Any], *, lr: float, beta2_decay: float,
        eps: tuple[float | None, float], d: float, weight_decay: float,
    ) -> Any:  # fmt: skip
        if not state:
            zeros = np.zeros_like(w)
            state["step"] = 0
            if w.ndim > 1:
                state |= {"row_var": zeros[..., :1].copy(), "col_var": zeros[..., :1, :].copy()}
            else:
                state["variance"] = zeros[()]
        state["step"] = t = state["step"] + 1
        eps1 = float(np.finfo(w.dtype).eps) if eps[0] is None else eps[0]
        length = max(eps[1], kernels.rms(w)) * min(lr, t**-0.5)
        w *= 1 - lr * weight_decay
        w, *kept = kernels.adafactor(
            w, g, state.get("row_var"), state.get("col_var"), state.get("variance"), t**beta2_decay, length, eps1, d
        )
        state |= {n: v for n, v in zip(("row_var", "col_var", "variance"), kept, strict=True) if v is not None}
        return w
