"""`Optimizer`: what all update rules share. A rule is one method, `update`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.graph import WRITES
from autodiff.tensor import Tensor

BLOCK = 32768  # numbers; a handful of such float32 arrays fit into a core's own cache


class Optimizer:
    """Parameters in groups, each group with its options, and a state for each parameter.

    A subclass passes its options' defaults to `__init__`, checks them in `check`, and computes one
    parameter's new value in `update`:

    >>> class SignSGD(Optimizer):
    ...     def __init__(self, params, lr=0.01):
    ...         super().__init__(params, lr=lr)
    ...     def update(self, w, g, state, *, lr):
    ...         w -= lr * np.sign(g)
    ...         return w
    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> SignSGD([p], lr=0.5).step()
    >>> p
    Tensor([0.5, 1.5], requires_grad=True)

    Args:
        params: the tensors to optimize, or a list of dicts with "params" and options of their own.
        defaults: options of the groups that do not give their own.

    Raises TypeError for what is no leaf that may require grad, ValueError for no parameters, for
    the same one twice, or options out of range.
    """

    param_groups: list[dict[str, Any]]
    state: dict[Tensor, dict[str, Any]]
    elementwise = True  # the rule looks at each number by itself, so that large arrays may come in blocks

    def __init__(self, params: Any, **defaults: Any) -> None:
        self.defaults = defaults
        self.param_groups = []
        self.state = {}
        self._rooms: dict[Any, Any] = {}
        if type(params) is Tensor:
            raise TypeError(f"{self._name} takes a list of parameters: write [parameter]")
        if hasattr(params, "parameters"):
            raise TypeError(f"{self._name} takes parameters: write model.parameters()")
        params = list(params)
        if not params:
            raise ValueError(
                f"{self._name} got no parameters. An iterator such as model.parameters() is empty "
                "once it was used: call it again. Does the model have any nn.Parameter?"
            )
        for group in params if isinstance(params[0], Mapping) else [{"params": params}]:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, group: Any) -> None:
        """Take in further parameters, as `{"params": [...], "lr": 0.1}`."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f'a parameter group is a dict with "params", got {describe(group)}. '
                "Give a list of Tensors, or a list of such dicts, not a mixture."
            )
        unknown = [key for key in group if key not in (*self.defaults, "params", "name")]
        if unknown:
            raise TypeError(f"{self._name} has no option {', '.join(unknown)}, only {', '.join(self.defaults)}")
        given = group["params"]
        params = [given] if type(given) is Tensor else list(given)
        taken = {p for other in self.param_groups for p in other["params"]}
        for p in params:
            self._check_parameter(p)
            if p in taken:
                raise ValueError(
                    f"{_called(p)} is given to {self._name} twice, and would be updated twice. "
                    "model.parameters() names each tensor once."
                )
            taken.add(p)
        group = {**self.defaults, **group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def _check_parameter(self, p: Any) -> None:
        if type(p) is not Tensor:
            hint = " Write parameters(), not named_parameters()." if isinstance(p, tuple) else ""
            raise TypeError(f"{self._name} optimizes Tensors, got {describe(p)}.{hint}")
        if p.node is not None:
            raise TypeError(
                f"{self._name} optimizes leaves, and {_called(p)} was computed by op "
                f"'{p.node.op.name}'. Optimize what it was computed from."
            )
        if not (p.requires_grad or p.is_parameter):
            raise TypeError(
                f"{_called(p)} does not require grad and would never change. "
                "Make it with nn.Parameter(...) or Tensor(..., requires_grad=True)."
            )

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError for options out of range; the subclass knows them."""

    def _check_range(self, group: dict[str, Any], *names: str, below: float = np.inf) -> None:
        """Raise ValueError unless these options lie in [0, below)."""
        for name in names:
            values = group[name] if isinstance(group[name], tuple | list) else (group[name],)
            if not all(0 <= value < below for value in values):
                limit = "not negative" if below == np.inf else f"in [0, {below:g})"
                raise ValueError(f"{self._name}: {name} must be {limit}, got {group[name]!r}")

    # -- a step ------------------------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Drop the gradients: `.grad` is None until the next backward pass."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update each parameter that has a gradient; the others, and their state, stay as they are.

        `closure`, if given, computes the loss and calls backward on it; it runs first, and its loss
        is returned.
        """
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            options = {name: _plain(group[name]) for name in self.defaults}
            sign = -1 if options.pop("maximize", False) else 1
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                g = grad.value if sign > 0 else -grad.value
                state = self.state.get(p)
                if state is None:
                    state = self.state[p] = {}
                large = self.elementwise and g.size > BLOCK and p.value.flags.c_contiguous and state
                update = self._update_in_blocks if large else self.update
                p.value = value = update(p.value, g, state, **options)
                if type(value) is np.ndarray:
                    WRITES.note(value)
        return loss

    def update(self, *arguments: Any, **options: Any) -> Any:
        """Compute a parameter's new value, `update(w, g, state, *, lr, ...)`.

        `w` is the value, `g` the gradient, which is only read, and `state` what the rule remembers.
        Returns the array `w` itself, written in place, or a new scalar: in-place operators
        (`w -= ...`) and NumPy's `out=self.room(w)` do right by both. Arrays of the state are written in
        place as well.
        """
        raise NotImplementedError(f"{self._name} has no update rule: write its `update`")

    def _update_in_blocks(self, w: Any, g: Any, state: dict[str, Any], **options: Any) -> Any:
        """Update a large array block by block: the rule's many passes find each block in the cache."""
        arrays = {name: v.reshape(-1) for name, v in state.items() if isinstance(v, np.ndarray)}
        flat_w, flat_g, block = w.reshape(-1), g.reshape(-1), state
        for start in range(0, w.size, BLOCK):
            part = slice(start, start + BLOCK)
            block = state | {name: array[part] for name, array in arrays.items()}
            self.update(flat_w[part], flat_g[part], block, **options)
        state |= {name: value for name, value in block.items() if name not in arrays}
        return w

    def room(self, like: Any) -> Any:
        """Return memory for a temporary of a large array's shape, always the same; otherwise None.

        Fresh memory is cheap where it is small, and costs page faults where it is large.
        """
        if type(like) is not np.ndarray or like.size < 4096:
            return None
        room = self._rooms.get(like.dtype)
        if room is None or room.size < like.size:
            room = self._rooms[like.dtype] = np.empty(like.size, like.dtype)
        return room[: like.size].reshape(like.shape)

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the groups' options and copies of the states, with numbers for the parameters."""
        number = {p: i for i, p in enumerate(self._parameters())}
        groups = [{**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups]
        state = {
            number[p]: {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in s.items()}
            for p, s in self.state.items()
        }
        return {"state": dict(sorted(state.items())), "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict()` of an optimizer of the same parameters gave.

        Raises ValueError where groups, options or shapes differ; then nothing has been changed.
        """
        saved, params = state_dict["param_groups"], self._parameters()
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in saved] != sizes:
            raise ValueError(
                f"{self._name} has groups of {sizes} parameters, "
                f"the state of {[len(group['params']) for group in saved]}"
            )
        for group in saved:
            missing = [name for name in self.defaults if name not in group]
            if missing:
                raise ValueError(f"the state has no {', '.join(missing)}: it is not that of {self._name}")
            self.check(group)
        state: dict[Tensor, dict[str, Any]] = {}
        for number, values in state_dict["state"].items():
            p = params[number]
            state[p] = {}
            for name, value in values.items():
                value = np.array(value)
                if value.shape not in ((), p.shape):
                    raise ValueError(
                        f"state {name!r} of parameter {number} is {describe(value)}, the parameter {describe(p)}"
                    )
                count = value.dtype.kind in "iu"
                state[p][name] = value.item() if count else value.astype(p.dtype)[()]
        for group, new in zip(self.param_groups, saved, strict=True):
            group.update({name: new[name] for name in new if name != "params"})
        self.state = state

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [f"{self._name}("]
        for group in self.param_groups:
            options = ", ".join(f"{name}={group[name]!r}" for name in self.defaults)
            elements = sum(p.size for p in group["params"])
            lines.append(f"  {len(group['params'])} tensors, {elements} numbers: {options}")
        return "\n".join([*lines, ")"])


def _called(p: Tensor) -> str:
    return f"{p.name or 'a tensor'} ({describe(p)})"


def _plain(option: Any) -> Any:
    """A Python number for a NumPy one, which would turn float32 into float64."""
    return option.item() if isinstance(option, np.generic) else option
