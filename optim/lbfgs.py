"""L-BFGS: steps by the curvature that the last steps have shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from autodiff.config import enable_grad, is_traced
from autodiff.errors import GradientError
from autodiff.graph import WRITES
from autodiff.tensor import Tensor

from .optimizer import Optimizer, called

ARMIJO, CURVATURE = 1e-4, 0.9  # how much of the promised descent is enough, and how much of the slope may be left


class LBFGS(Optimizer):
    """Quasi-Newton steps with a limited memory (Nocedal, 1980; Liu and Nocedal, 1989), for smooth losses without noise.

        d = -H g,  with H the inverse of the Hessian as the last steps s and gradients' differences y make it out
        w = w + t d

    Args:
        params: the parameters, in one group.
        lr: the step length t, or the first one that the line search tries.
        max_iter: how many such steps one call of `step` makes at most.
        max_eval: how often it calls the closure at most; `max_iter * 5 // 4` unless given.
        tolerance_grad: it ends where no element of the gradient is larger,
        tolerance_change: or where neither a parameter nor the loss changes by more.
        history_size: how many pairs s, y are remembered.
        line_search_fn: None, or "strong_wolfe" to look for a t where the loss has fallen and its slope is small
            (Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6 with cubic interpolation).

    `step(closure)` needs the closure, which drops the gradients, computes the loss, calls backward and returns the
    loss. A trace cannot hold it, since the number of steps depends on the losses.

    >>> from autodiff import Tensor
    >>> w = Tensor([-1.2, 1.0], requires_grad=True)
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe", max_iter=100)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> [round(x, 3) for x in w.tolist()]
    [1.0, 1.0]
    """

    numbers = ("func_evals", "n_iter", "t", "H_diag", "prev_loss")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params, lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, history_size=history_size,
            line_search_fn=line_search_fn,
        )  # fmt: skip

    def add_param_group(self, group: Any) -> None:
        """Take in the one group; ValueError for a second one."""
        if self.param_groups:
            raise ValueError("LBFGS takes one group of parameters, for which it has one step length")
        super().add_param_group(group)

    def check(self, group: dict[str, Any]) -> None:
        self._check_range(group, "lr", "tolerance_grad", "tolerance_change")
        self._check_range(group, "max_iter", "max_eval", "history_size", low=1.0)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f'LBFGS: line_search_fn is None or "strong_wolfe", got {group["line_search_fn"]!r}')

    def _step(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            raise TypeError(
                "LBFGS looks at the loss several times in a step: pass step() a function that calls zero_grad(), "
                "computes the loss, calls backward() on it and returns it"
            )
        if is_traced():
            raise GradientError("LBFGS chooses its steps by the losses it meets, so that no trace can hold them")
        return _Run(self, enable_grad(closure)).run()

    def _loaded(self, name: str, value: Any, p: Tensor, what: str) -> Any:
        if name in ("func_evals", "n_iter"):
            return int(value)
        if name in self.numbers:
            return float(value)
        if name == "al":  # what PyTorch keeps between the two loops
            return []
        if name == "ro":
            return [float(v) for v in value]
        size = sum(q.size * (2 if q.dtype.kind == "c" else 1) for q in self._parameters())
        several = isinstance(value, list | tuple)
        arrays = [np.array(np.asarray(v)) for v in (value if several else [value])]
        if any(a.shape != (size,) for a in arrays):
            raise ValueError(f"{what} is for {arrays[0].size} numbers, and the parameters have {size}")
        return arrays if several else arrays[0]


class Point(NamedTuple):
    """A place on the line that is searched: the step length, the loss, the gradient, and its slope along the line."""

    t: float
    loss: float
    g: Any
    slope: float


class _Run:
    """One call of `step`."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        (group,) = optimizer.param_groups
        self.options = optimizer._rule(0, group).options
        self.params: list[Tensor] = group["params"]
        self.closure = closure
        self.state = optimizer.state.setdefault(self.params[0], {})
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)
        self.evaluations = 0
        self.result: Any = None

    def run(self) -> Any:
        """Step until one of the limits is met; return what the closure gave first."""
        options, state = self.options, self.state
        loss, g = self._evaluate()
        if not math.isfinite(loss) or not np.isfinite(g).all():
            raise ValueError(f"LBFGS cannot start: the loss is {loss}, and it and its gradient must be finite")
        first = self.result
        if np.abs(g).max() <= options["tolerance_grad"]:
            return first
        for i in range(1, options["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(g)
            state["d"], state["prev_flat_grad"], state["prev_loss"] = d, g, loss
            t = float(options["lr"])
            if state["n_iter"] == 1:
                t *= min(1.0, 1.0 / float(np.abs(g).sum()))
            state["t"] = t
            slope = float(g @ d)
            if slope > -options["tolerance_change"]:
                break
            before = loss
            if options["line_search_fn"]:
                start = [np.array(p.value) for p in self.params]

                def at(t: float, d: Any = d, start: Any = start) -> Point:
                    self._move(start, t, d)
                    loss, g = self._evaluate()
                    return Point(t, loss, g, float(g @ d))

                found = strong_wolfe(
                    at, Point(0.0, loss, g, slope), t, float(np.abs(d).max()), options["tolerance_change"],
                    options["max_eval"] - self.evaluations,
                )  # fmt: skip
                state["t"], loss, g, _ = found
                self._move(start, found.t, d)
            else:
                self._move([p.value for p in self.params], t, d)
                if i < options["max_iter"]:  # after the last step nobody asks
                    loss, g = self._evaluate()
            if (
                self.evaluations >= options["max_eval"]
                or np.abs(g).max() <= options["tolerance_grad"]
                or np.abs(d * state["t"]).max() <= options["tolerance_change"]
                or abs(loss - before) < options["tolerance_change"]
            ):
                break
        return first

    def _direction(self, g: Any) -> Any:
        """`-H g` by the two loops of Nocedal, with what the last step has shown taken in."""
        state = self.state
        if state["n_iter"] == 1:
            state |= {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            return -g
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = float(y @ s)
        if curvature > 1e-10:
            for name, value in (("old_dirs", y), ("old_stps", s), ("ro", 1 / curvature)):
                state[name] = [*state[name], value][-self.options["history_size"] :]
            state["H_diag"] = curvature / float(y @ y)
        pairs = list(zip(state["old_dirs"], state["old_stps"], state["ro"], strict=True))
        d, weights = -g, []
        for y, s, ro in reversed(pairs):
            weights.append(float(s @ d) * ro)
            d -= weights[-1] * y
        d *= state["H_diag"]
        for (y, s, ro), weight in zip(pairs, reversed(weights), strict=True):
            d += (weight - float(y @ d) * ro) * s
        return d

    def _evaluate(self) -> tuple[float, Any]:
        """The loss and the gradient of all parameters in a row, complex ones as pairs."""
        self.result = loss = self.closure()
        self.evaluations += 1
        self.state["func_evals"] += 1
        if loss is None:
            raise TypeError("the closure returned None: LBFGS needs the loss, so end it with `return loss`")
        parts = []
        for p in self.params:
            g = p.grad
            g = np.zeros_like(p.value) if g is None else g.value
            if g.shape != p.shape:
                raise ValueError(f"the gradient of {called(p)} has the shape {g.shape}")
            parts.append(_row(g))
        return float(loss.item() if hasattr(loss, "item") else loss), np.concatenate(parts)

    def _move(self, start: list[Any], t: float, d: Any) -> None:
        """Put the parameters at `start + t d`."""
        place = 0
        for p, x in zip(self.params, start, strict=True):
            row = _row(x)
            new = (row + t * d[place : place + row.size]).astype(row.dtype).view(p.dtype).reshape(p.shape)
            place += row.size
            if type(p.value) is np.ndarray:
                p.value[...] = new
            else:
                p.value = new[()]
        WRITES.note_all([p.value for p in self.params])


def _row(x: Any) -> Any:
    return np.ascontiguousarray(x).reshape(-1).view(x.real.dtype)


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, size: float, tolerance: float, limit: int
) -> Point:
    """Look along a line for a point whose loss has fallen and whose slope is small, calling `at` about `limit` times.

    `size` is the largest element of the direction: a bracket narrower than tolerance / size is not looked into.
    """

    def is_high(p: Point) -> bool:
        return not p.loss <= start.loss + ARMIJO * p.t * start.slope  # NaN is high too

    def is_flat(p: Point) -> bool:
        return abs(p.slope) <= -CURVATURE * start.slope

    before, now, calls = start, at(t), 0
    while calls < limit:  # go out until a minimum is between two points
        if is_high(now) or (calls > 1 and now.loss >= before.loss):
            break
        if is_flat(now):
            return now
        if now.slope >= 0:
            break
        t = _minimum(before, now, now.t + 0.01 * (now.t - before.t), 10 * now.t)
        before, now, calls = now, at(t), calls + 1
    else:
        before = start
    low, high = (before, now) if before.loss <= now.loss else (now, before)
    stuck = False
    while calls < limit and abs(high.t - low.t) * size >= tolerance:  # go in
        left, right = sorted((low.t, high.t))
        t = _minimum(low, high, left, right)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        now, calls = at(t), calls + 1
        if is_high(now) or now.loss >= low.loss:
            low, high = (low, now) if low.loss <= now.loss else (now, low)
            continue
        if is_flat(now):
            return now
        if now.slope * (high.t - low.t) >= 0:
            high = low
        low = now
    return low


def _minimum(a: Point, b: Point, left: float, right: float) -> float:
    """Where the cubic through two points with these slopes is lowest, or the middle of the bounds if it is nowhere."""
    if all(map(math.isfinite, (a.loss, b.loss, a.slope, b.slope))) and a.t != b.t:
        a, b = (a, b) if a.t <= b.t else (b, a)
        d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        square = d1 * d1 - a.slope * b.slope
        bottom = b.slope - a.slope + 2 * math.sqrt(square) if square >= 0 else 0.0
        if bottom:
            t = b.t - (b.t - a.t) * ((b.slope + math.sqrt(square) - d1) / bottom)
            return min(max(t, left), right)
    return (left + right) / 2
